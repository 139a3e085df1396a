# ruff: noqa: E501 (a hostile template stands on one line)
"""Templates that would never end, or never stop growing, get an error, in threads too; honest ones do not."""

from __future__ import annotations

import concurrent.futures
import time
import tracemalloc

import jinja2
import pytest

from sintonia import InputError, render, sandbox
from sintonia.sandbox import compile_source, pieces
from sintonia.sandbox_limits import TemplateLimit, measure

TURNS = [{"role": "user", "content": "Oi"}]
# One a line: each would take minutes or gigabytes in the environment that transformers renders in, or is
# cut off there only by Python's own limits.
HOSTILE = r"""
{{ 'a' * 10**9 }}
{{ 10**9 * 'a' }}
{{ [1] * 10**9 }}
{{ 'a'.center(10**9) }}
{{ 'a'|center(10**9) }}
{{ 'a'.ljust(10**9) }}
{{ 'a'.rjust(width=10**9) }}
{{ '1'.zfill(10**9) }}
{{ '%1000000000d' % 1 }}
{{ '%*d' % (10**9, 1) }}
{{ '%.1000000000f' % 1.0 }}
{{ '%1000000000d'|format(1) }}
{{ '%*d'|format(10**9, 1) }}
{{ '{:1000000000}'.format(1) }}
{{ '{:{}}'.format(1, 10**9) }}
{{ '{:{w}}'.format(1, w=10**9) }}
{{ '{:.1000000000f}'.format(1.0) }}
{{ '{0:>{1}}'.format('a', 999999999) }}
{{ '{a:>{b}}'.format_map({'a': 'x', 'b': 999999999}) }}
{% set ns = namespace(x='a') %}{% for i in range(99) %}{% set ns.x = ns.x ~ ns.x %}{% endfor %}
{% set ns = namespace(x='a') %}{% for i in range(99) %}{% set ns.x = ns.x + ns.x %}{% endfor %}
{% set ns = namespace(x='a') %}{% for i in range(99) %}{% set ns.x = ns.x * 2 %}{% endfor %}
{% set ns = namespace(x='a') %}{% for i in range(99) %}{% set ns.x %}{{ ns.x }}{{ ns.x }}{% endset %}{% endfor %}
{% set ns = namespace(x='a') %}{% for i in range(99) %}{% set ns.x = '%s%s' % (ns.x, ns.x) %}{% endfor %}
{% set ns = namespace(x='a') %}{% for i in range(99) %}{% set ns.x = '{0}{0}'.format(ns.x) %}{% endfor %}
{% set ns = namespace(x='a') %}{% for i in range(99) %}{% set ns.x = [ns.x, ns.x] | join %}{% endfor %}
{% set ns = namespace(x='a') %}{% for i in range(99) %}{% set ns.x = ns.x.replace('a', 'aa') %}{% endfor %}
{% set ns = namespace(x='a') %}{% for i in range(99) %}{% set ns.x = ns.x | replace('a', 'aa') %}{% endfor %}
{% set ns = namespace(x='a') %}{% for i in range(99) %}{% set ns.x = ''.join([ns.x, ns.x]) %}{% endfor %}
{% set ns = namespace(x=[1]) %}{% for i in range(99) %}{% set ns.x = [ns.x, ns.x] %}{% endfor %}{{ ns.x }}
{% set ns = namespace(x=[1]) %}{% for i in range(99) %}{% set ns.x = (ns.x, ns.x) %}{% endfor %}{{ ns.x == ns.x }}
{% set ns = namespace(x=[1]) %}{% for i in range(99) %}{% set ns.x = {'a': ns.x, 'b': ns.x} %}{% endfor %}{{ ns.x | tojson }}
{% set ns = namespace(x=[1]) %}{% for i in range(99) %}{% set ns.x = dict(a=ns.x, b=ns.x) %}{% endfor %}{{ ns.x | string }}
{% set ns = namespace(x=[1]) %}{% for i in range(99) %}{% set ns.x = namespace(a=ns.x, b=ns.x) %}{% endfor %}{{ ns.x }}
{% set ns = namespace(x=[1]) %}{% for i in range(99) %}{% set ns.x = ns.x + ns.x %}{% endfor %}
{% set ns = namespace(x=[1]) %}{% for i in range(99) %}{% set ns.x = [ns.x] * 10 %}{% endfor %}{{ ns.x | upper }}
{% set ns = namespace(x=2) %}{% for i in range(99) %}{% set ns.x = ns.x * ns.x %}{% endfor %}
{% set ns = namespace(x=2) %}{% for i in range(99) %}{% set ns.x = ns.x ** ns.x %}{% endfor %}
{{ 1 | round(10**9) }}
{{ 1 | round(10**9, 'ceil') }}
{{ (1).to_bytes(10**9, 'big') }}
{{ ('a' * 10**6) | indent(10**8) }}
{{ ('a\n' * 10**5) | indent(10**6) }}
{{ ('a\n' * 10**4) | indent('b' * 10**4) }}
{{ ('a' * 10**6).replace('', 'b' * 10**6) }}
{{ ('a' * 10**6) | replace('', 'b' * 10**6) }}
{{ ('\t' * 10**6).expandtabs(10**6) }}
{{ ('a' * 10**6).translate({97: 'b' * 10**6}) }}
{{ ('b' * 10**6).join(range(10**5) | map('string')) }}
{{ range(10**5) | join('b' * 10**6) }}
{{ range(10**5) | map('string') | join('b' * 10**6) }}
{{ [1] | batch(10**9, 'x') | list }}
{{ [1] | slice(10**9, 'x') | list }}
{{ messages | tojson(indent=10**9) }}
{{ [[[[1]]]] | tojson(indent=10**7) }}
{{ lipsum(10**7) }}
{{ lipsum(n=10**7, html=false) }}
{{ strftime_now('%1000000000Y') }}
{% for i in range(99999) %}{% for j in range(99999) %}{% endfor %}{% endfor %}
{% for i in range(99999) %}{% for j in range(99999) %}{% if false %}{% endif %}{% endfor %}{% endfor %}
{% for i in range(99999) %}{% for j in range(99999) %}x{% endfor %}{% endfor %}
{% for i in range(99999) %}{{ range(99999) | list | length }}{% endfor %}
{% for i in range(99999) if range(99999) | sum == 1 %}{% endfor %}
{% for i in range(99999) %}{{ range(99999) | map('string') | map('upper') | select('equalto', 'x') | list | length }}{% endfor %}
{% for i in range(99999) %}{{ (range(99999) | sort(reverse=true) | unique | list) | length }}{% endfor %}
{% macro f(n) %}{% if n %}{{ f(n - 1) }}{{ f(n - 1) }}{% endif %}{% endmacro %}{{ f(99) }}
{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}
{% macro f(n) %}{{ caller() }}{% endmacro %}{% for i in range(99999) %}{% for j in range(99999) %}{% call f(1) %}x{% endcall %}{% endfor %}{% endfor %}
{% for x in [1, 2] recursive %}{{ loop([1, 2]) }}{% endfor %}
{% set x = 'a' * 10**7 %}{{ x }}{{ x }}
{% macro f() %}{{ 'a' * 9 * 10**6 }}{{ 'a' * 9 * 10**6 }}{% endmacro %}{% set x = f() %}
{% filter upper %}{% for i in range(99999) %}{{ 'a' * 10**4 }}{% endfor %}{% endfilter %}
{{ ('ab ' * 10**6) | wordwrap(1) }}
{{ ('http://a.b ' * 10**5) | urlize }}
{{ ('<a ' * 10**6) | striptags }}
{{ 'a' | truncate(10**9, true, 'b' * 10**7) ~ ('b' * 10**7) }}
{{ raise_exception('a' * 10**8) }}
{{ (messages | map(attribute='content.center') | first)(10**9) }}
{% set f = 'a'.center %}{{ f(10**9) }}
{{ {'f': 'a'.rjust}.f(10**9) }}
{{ ['a'.encode().center] | first }}{{ 'a'.encode().center(10**9) }}
{{ ('a' * 10**7) in ('a' * 10**7 ~ 'b') }}
{% block a %}{% for i in range(99999) %}{% for j in range(99999) %}{% endfor %}{% endfor %}{% endblock %}
{{ ('a' * 10**4).split('a') | map('replace', '', 'x' * 10**6) | join }}
{{ dict.fromkeys(range(10**5), 'x' * 10**6) }}
{{ range(10**5) | map('center', 10**6) | list | length }}
{{ cycler(*range(99999)).next() }}{% for i in range(99999) %}{% for j in range(99999) %}{{ '' }}{% endfor %}{% endfor %}
{% set ns = namespace(x='ab') %}{% for i in range(99) %}{% set ns.x = ns.x.join(['<', ns.x, '>']) %}{% endfor %}
{% set ns = namespace(x=2) %}{% for i in range(99) %}{% set ns.x = ns.x ** 9 %}{% endfor %}
{{ '{:{}}'.format(1, '999999999') }}
{{ '{a[b]:>{a[c]}}'.format(a={'b': 1, 'c': 999999999}) }}
""".strip().splitlines()
# Nesting that the parser, the compiler or Python itself cannot take.
NESTED = {
    "parentheses": "{{ " + "(" * 20_000 + "1" + ")" * 20_000 + " }}",
    "ifs": "{% if 1 %}" * 3_000 + "x" + "{% endif %}" * 3_000,
    "loops": "{% for i in [1] %}" * 30 + "x" + "{% endfor %}" * 30,
    "sum": "{{ 1 " + "+ 1" * 50_000 + " }}",
    "long": "{# " + "x" * 2_000_000 + " #}",
}


@pytest.fixture
def short_limit(monkeypatch):
    monkeypatch.setattr(sandbox, "TIME_LIMIT", 0.3)


@pytest.mark.parametrize("source", HOSTILE)
def test_a_hostile_template_gets_an_error(source, short_limit):
    begun = time.monotonic()
    with pytest.raises(InputError, match="found a template that fails on this conversation") as caught:
        render(TURNS, source)
    # Between two looks at the clock stands one operation, whose size is limited: seconds, on a busy machine.
    assert time.monotonic() - begun < 6
    assert len(str(caught.value)) < 1_000


@pytest.mark.parametrize("source", NESTED.values(), ids=NESTED)
def test_nesting_too_deep_to_read_gets_an_error(source):
    with pytest.raises(InputError, match="expected a valid Jinja template"):
        render(TURNS, source)


def test_the_limits_hold_in_threads(short_limit):
    endless = "{% for i in range(99999) %}{% for j in range(99999) %}{% endfor %}{% endfor %}"
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        waiting = [pool.submit(render, TURNS, endless) for _ in range(3)]
        honest = [pool.submit(render, TURNS, "chatml") for _ in range(3)]
        assert all("more than 0.3 seconds" in str(one.exception(20)) for one in waiting)
        assert {one.result(20).text for one in honest} == {"<|im_start|>user\nOi<|im_end|>\n"}


def test_a_refused_template_took_little_memory(short_limit):
    tracemalloc.start()
    try:
        for source in ("{{ 'a' * 10 ** 9 }}", "{{ 'a' | center(10 ** 9) }}", "{{ '%1000000000d' % 1 }}"):
            with pytest.raises(InputError, match="more than 1?0?,?[0-9,]+ (characters|items)"):
                render(TURNS, source)
        assert tracemalloc.get_traced_memory()[1] < 20_000_000
    finally:
        tracemalloc.stop()


HONEST = {
    "{{ '%s has %d' % ('a', 3) }}": "a has 3",
    "{{ '%05.2f' | format(3.14159) }}": "03.14",
    "{{ '{:>5}|{}'.format('a', 1) }}": "    a|1",
    "{{ '{a}'.format_map({'a': 1}) }}": "1",
    "{{ 'ab' * 3 }}{{ [1, 2] * 2 }}": "ababab[1, 2, 1, 2]",
    "{{ [1] + [2] }}{{ (1, 2) + (3,) }}{{ 2 ** 10 }}{{ 7 % 4 }}": "[1, 2](1, 2, 3)10243",
    "{{ 'a' ~ 1 ~ true ~ 2.5 }}": "a1True2.5",
    "{{ 'a-b'.split('-') | join('+') }}{{ 'a'.center(5) }}|": "a+b  a  |",
    "{{ ' a ' | trim }}{{ 'x' | upper }}{{ 'aXa' | replace('a', 'b') }}": "aXbXb",
    "{{ [3, 1, 2] | sort | join(',') }}{{ [1, 1, 2] | unique | list }}": "1,2,3[1, 2]",
    "{{ [{'a': 1}, {'a': 2}] | selectattr('a', 'equalto', 2) | map(attribute='a') | list }}": "[2]",
    "{{ range(5) | batch(2) | list }}{{ [1, 2] | sum }}{{ [1, 2] | max }}": "[[0, 1], [2, 3], [4]]32",
    "{{ {'b': 1, 'a': [1, 'ç<']} | tojson }}": '{"b": 1, "a": [1, "ç<"]}',
    "{{ {'a': 1} | tojson(indent=2) }}": '{\n  "a": 1\n}',
    "{{ {'b': 1, 'a': 2} | dictsort }}{{ {'a': 1}.items() | list }}": "[('a', 2), ('b', 1)][('a', 1)]",
    "{{ 'a\nb' | indent(2) }}{{ 3.7 | round | int }}{{ 'x' | length }}": "a\n  b41",
    "{% set ns = namespace(n=0) %}{% for i in range(3) %}{% set ns.n = ns.n + i %}{% endfor %}{{ ns.n }}": "3",
    "{% macro f(x) %}[{{ x }}]{% endmacro %}{{ f(1) ~ f('a') }}": "[1][a]",
    "{% for i in range(9) %}{% if i > 2 %}{% break %}{% endif %}{{ i }}{% endfor %}": "012",
    "{% for i in range(4) %}{% if i == 1 %}{% continue %}{% endif %}{{ i }}{% else %}no{% endfor %}": "023",
    "{% for i in [1, [2, [3]]] recursive %}{{ loop(i) if i is iterable else i }}{% endfor %}": "123",
    "{% set x %}a{{ 1 }}{% endset %}{{ x }}{% filter upper %}b{% endfilter %}": "a1B",
    "{% block b %}{{ messages | length }}{% endblock %}": "1",
    "{% set x = dict(a=1) %}{{ x.a }}{{ dict.fromkeys(['k'], 2).k }}": "12",
    "{% call(x) (namespace(f=1).f and cycler)('a').next | default('') %}{% endcall %}": None,
    "{{ undefined }}|{{ undefined | default('d') }}|{{ none is none }}": "|d|True",
}


@pytest.mark.parametrize("source", HONEST)
def test_an_honest_template_prints_what_jinja_prints(source):
    plain = jinja2.Environment(trim_blocks=True, lstrip_blocks=True, extensions=[jinja2.ext.loopcontrols])
    plain.filters["tojson"] = sandbox.sandbox().filters["tojson"]
    expected = HONEST[source]
    if expected is None:
        with pytest.raises(InputError):
            render(TURNS, source)
        return
    if "dict.fromkeys" not in source and "tojson" not in source:
        assert plain.from_string(source).render(messages=TURNS) == expected
    assert render(TURNS, source).text == expected


def test_what_is_printed_never_is_none():
    for source in (
        "{{ none }}",
        "{{ 'a' ~ none }}",
        "{{ 'a' + messages[0].x }}",
        "{{ messages[0].x | trim }}",
    ):
        turns = [{"role": "user", "content": "Oi", "x": None}]
        with pytest.raises(InputError, match="None printed as text"):
            render(turns, source)


def test_measure_counts_a_shared_list_as_often_as_it_is_printed():
    value = ["ab"]
    for _ in range(10):
        value = [value, value]
    assert measure(value) == 3 * 2**10 + 2**11 - 1  # strings of two characters, and lists
    for _ in range(40):
        value = [value, value]
    with pytest.raises(TemplateLimit, match="more than 10,000,000 characters"):
        measure(value)


def test_a_template_cannot_write_the_names_of_the_checks():
    for name in (sandbox.TICK, sandbox.TEXT, sandbox.JOIN, sandbox.SIZED):
        with pytest.raises(jinja2.TemplateSyntaxError):
            compile_source(sandbox.sandbox(), "{{ 1 | " + name + " }}")


def test_a_namespace_takes_no_underscored_name():
    for source in ("{% set ns = namespace(__x=1) %}", "{% set ns = namespace() %}{% set ns.__class__ = 1 %}"):
        with pytest.raises((jinja2.exceptions.SecurityError, jinja2.TemplateSyntaxError)):
            pieces(compile_source(sandbox.sandbox(), source), {})


def test_every_filter_of_jinja_is_there():
    assert set(sandbox.sandbox().filters) >= set(jinja2.Environment().filters)
