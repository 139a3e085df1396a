"""The playground as a reader meets it: by keyboard, on a phone, with hostile input, and equal to Python."""

import base64
import importlib.util
import json
import os
import random
import time
from pathlib import Path

import pytest

from sitekit.building import NO_BROWSER, find_browser

if os.environ.get("SINTONIA_REQUIRE_BROWSER") != "1":
    if importlib.util.find_spec("playwright") is None:
        pytest.skip("playwright is not installed: make test installs it", allow_module_level=True)
    if find_browser() is None:
        pytest.skip(NO_BROWSER, allow_module_level=True)

ROOT = Path(__file__).parents[2]
LANGS = ("pt", "es", "zh", "en")
SECONDS = {"timeout": 20_000}
HOSTILE = "<img src=x onerror=\"document.title='owned'\"><script>document.title='owned'</script>"


def prefix(lang):
    return "" if lang == "en" else f"{lang}/"


def fragment(state):
    """A case as the page's address holds it."""
    text = state if isinstance(state, bytes) else json.dumps(state).encode()
    return "#case=" + base64.urlsafe_b64encode(text).decode().rstrip("=")


def shown(page, action=None):
    """Waits for the next answer or refusal, after `action` if there is one; seconds it took."""
    before = page.evaluate("+(document.querySelector('.pg').dataset.shown ?? 0)") if action else 0
    started = time.monotonic()
    if action:
        action()
    page.wait_for_function(
        "before => +(document.querySelector('.pg').dataset.shown ?? 0) > before", arg=before, **SECONDS
    )
    return time.monotonic() - started


@pytest.fixture
def playground(open_page):
    def open_playground(address="", lang="en", **options):
        page = open_page(f"{prefix(lang)}playground/{address}", locale=lang, **options)
        shown(page)
        return page

    return open_playground


def message(page, number=1):
    return page.locator(".pg-turn textarea").nth(number - 1)


def summary(page):
    return page.locator(".pg-status").inner_text()


def refusal(page):
    page.locator(".pg-refusal").wait_for(**SECONDS)
    return page.locator(".pg-refusal").inner_text()


@pytest.mark.parametrize("lang", LANGS)
def test_it_works_in_its_language(playground, site_url, lang):
    page = playground(lang=lang)
    assert page.locator(".pg-token").count() > 40
    tokens = page.locator(".pg-token").evaluate_all("all => all.map(token => token.dataset.id)")
    assert str(len(tokens)) in summary(page)
    assert tokens[0] == "1" and tokens[-2:] == ["2", "198"]
    link = page.locator(".pg-findings a").first.get_attribute("href")
    page.locator(".pg-findings a").first.click()
    page.wait_for_url(f"{site_url}{prefix(lang)}doctor/#t05")
    assert link.endswith("#t05") and page.locator("#t05").count() == 1


def test_nothing_of_it_is_loaded_elsewhere(open_page):
    page = open_page("glossary/")
    page.wait_for_load_state("networkidle")
    names = page.evaluate("performance.getEntriesByType('resource').map(entry => entry.name)")
    assert not [name for name in names if "assets/playground" in name]


def test_it_answers_as_python_does(open_page, playground):
    """200 of the contract's cases, through the worker that the page uses."""
    spec = importlib.util.spec_from_file_location("contract", ROOT / "tests" / "playground" / "contract.py")
    contract = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(contract)
    states = list(contract.generated_states(2000))
    dice = random.Random(200)
    chosen = dice.sample(states, 150) + [
        {**case["state"], "mode": dice.choice(contract.MODES)} for case in contract.course_cases(6)
    ]
    cases = [{"state": state, "expected": contract.answer(state)} for state in chosen[:200]]
    page = playground()
    source = (ROOT / "tests" / "playground" / "compare.mjs").read_text(encoding="utf-8")
    # As JSON in ASCII: a lone surrogate does not travel otherwise.
    report = page.evaluate(
        """async ([source, cases]) => {
          const url = URL.createObjectURL(new Blob([source], {type: "text/javascript"}));
          const {compare} = await import(url);
          const assets = new URL("../assets/playground/", location.href).href;
          const engine = await import(assets + "engine.js");
          const worker = new Worker(assets + "worker.js", {type: "module"});
          const next = () => new Promise(done => { worker.onmessage = ({data}) => done(data); });
          const file = new Uint8Array(await (await fetch(assets + "tokenizer.json")).arrayBuffer());
          worker.postMessage({file});
          await next();
          const report = {equal: 0, refused: 0, differences: []};
          for (const {state, expected} of JSON.parse(cases)) {
            const ask = () => { const answer = next(); worker.postMessage({state}); return answer; };
            const {refused, differences} = await compare(engine, expected, ask);
            if (differences.length) report.differences.push([state.template, ...differences]);
            else if (refused) report.refused += 1;
            else report.equal += 1;
          }
          worker.terminate();
          return report;
        }""",
        [source, json.dumps(cases)],
    )
    assert report["differences"] == []
    assert len(cases) == 200 and report["equal"] >= 140


def test_by_keyboard_and_read_aloud(playground):
    page = playground()
    tokens = page.locator("[role=listbox]")
    tokens.focus()
    for _ in range(3):
        page.keyboard.press("ArrowRight")
    active = tokens.get_attribute("aria-activedescendant")
    assert page.locator(f"#{active}").get_attribute("aria-label") == "You, 2683, not supervised"
    page.keyboard.press("End")
    page.keyboard.press("ArrowLeft")
    active = tokens.get_attribute("aria-activedescendant")
    assert page.locator(f"#{active}").get_attribute("aria-label") == "<|im_end|>, 2, supervised"
    assert page.locator(".pg-rows .pg-marked").first.inner_text() == "53"
    # Turns are added, moved and removed without a mouse, and the focus stays with them.
    shown(page, lambda: (page.get_by_text("Add a message").first.focus(), page.keyboard.press("Enter")))
    page.keyboard.type("Why?")
    page.wait_for_function("() => document.querySelector('.pg-status').textContent.startsWith('62')")
    page.locator(".pg-turn .pg-up").nth(2).focus()
    shown(page, lambda: page.keyboard.press("Enter"))
    assert message(page, 2).input_value() == "Why?"
    assert page.evaluate("document.activeElement.className").split()[1] == "pg-up"


def test_a_character_of_several_tokens_is_named(playground):
    page = playground(
        fragment({"messages": [{"role": "assistant", "content": "🧑‍🚀"}], "template": "chatml"})
    )
    labels = page.locator(".pg-token").evaluate_all("all => all.map(t => t.getAttribute('aria-label'))")
    assert any("part of 🧑" in label for label in labels)


def test_a_link_shares_the_case_and_is_never_html(playground):
    page = playground()
    shown(page, lambda: message(page).fill(HOSTILE))
    page.wait_for_function("() => location.hash.startsWith('#case=')")
    address = page.evaluate("location.hash")
    other = playground(address)
    assert message(other).input_value() == HOSTILE
    assert HOSTILE in other.locator(".pg-text").inner_text()
    assert other.locator(".pg img, .pg script").count() == 0
    assert other.title() != "owned"
    assert other.evaluate("Object.keys(localStorage).length + Object.keys(sessionStorage).length") <= 1


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("#case=%21%21", "address"),
        (fragment(b"no json"), "address"),
        (fragment(b"\xff\xfe"), "address"),
        (fragment([1]), "state"),
        (fragment({"messages": []}), "messages"),
        (fragment({"messages": [{"role": "bot", "content": ""}]}), "messages[0].role"),
        (fragment({"messages": [{"role": "user", "content": 1}]}), "messages[0].content"),
        (fragment({"messages": [{"role": "user", "content": "", "__proto__x": 1}]}), "__proto__x"),
        (fragment({"messages": [{"role": "user", "content": ""}], "max_length": -1}), "max_length"),
        (fragment({"messages": [{"role": "user", "content": "a" * 20_000}]}), "at most 16,000"),
    ],
)
def test_a_bad_address_is_refused_and_the_page_works(playground, address, said):
    page = playground(address)
    page.wait_for_function("() => document.querySelector('.pg-status').textContent")
    assert said in refusal(page)
    assert page.locator(".pg-token").count() > 40


def longest_pause(page):
    """Starts to measure how long the page stands still; the function returned gives milliseconds."""
    page.evaluate(
        """() => { window.pause = 0; let last = performance.now();
          const step = now => { window.pause = Math.max(window.pause, now - last); last = now;
            requestAnimationFrame(step); }; requestAnimationFrame(step); }"""
    )
    return lambda: page.evaluate("window.pause")


def paste(field, text):
    """What Ctrl+V does; Playwright's own typing of a long text takes a minute."""
    field.evaluate(
        """(field, text) => { const clipboardData = new DataTransfer();
          clipboardData.setData("text/plain", text);
          field.focus(); field.select();
          field.dispatchEvent(new ClipboardEvent("paste", {clipboardData, cancelable: true})); }""",
        text,
    )


def write_template(page, source):
    if not page.locator("textarea[aria-label='The template in Jinja']").is_visible():
        page.get_by_text("The template in Jinja").click()
    page.locator("textarea[aria-label='The template in Jinja']").fill(source)


@pytest.mark.parametrize(
    "source",
    [
        "{% for a in range(999999) %}{% for b in range(999999) %}{% endfor %}{% endfor %}",
        "{% set x = namespace(t='aaa') %}{% for a in range(999) %}{% set x.t = x.t ~ x.t %}{% endfor %}",
        "{% macro f(n) %}{{ f(n + 1) }}{% endmacro %}{{ f(0) }}",
        "{{ range(10 ** 9) }}",
    ],
)
def test_a_hostile_template_is_stopped(playground, source):
    page = playground()
    pause = longest_pause(page)
    took = shown(page, lambda: write_template(page, source))
    assert took < 8 and pause() < 2000
    assert refusal(page)
    # The page goes on, with a new worker if it must.
    page.locator(".pg-switches select").first.select_option("chatml")
    page.wait_for_function("() => document.querySelector('.pg-refusal').hidden", **SECONDS)
    assert page.locator(".pg-token").count() > 20


def test_large_input_does_not_hang_the_page(playground):
    page = playground()
    pause = longest_pause(page)
    took = shown(page, lambda: paste(message(page), "word 世界 😀 " * 10_000))
    assert took < 6 and pause() < 2000
    assert page.locator(".pg-token").count() == 600
    page.get_by_text("The conversation as JSON").first.click()
    turns = json.dumps([{"role": "user", "content": "a"}] * 10_000)
    shown(page, lambda: paste(page.get_by_label("The conversation as JSON").first, turns))
    assert "10,000 messages; at most 200" in refusal(page)
    assert pause() < 2000


@pytest.mark.parametrize(
    ("source", "line"),
    [
        ("{% for m in messages %}\n{{ m.content }\n{% endfor %}", "Line 2"),
        ("{{ 1 }}\n\n{% if x %}", "Line 3, column 1"),
        ("a\n{{ messages | nosuchfilter }}", "Line 2, column 1"),
        ("a\n  {{ raise_exception('not like this') }}", "Line 2, column 3: not like this"),
    ],
)
def test_a_template_error_says_where(playground, source, line):
    page = playground()
    shown(page, lambda: write_template(page, source))
    assert line in refusal(page)


def test_switches_change_the_rows(playground):
    page = playground()
    page.get_by_label("Example").select_option("packing")
    page.wait_for_function("() => document.querySelectorAll('.pg-rows tr').length === 6")
    assert "position_ids" in page.locator(".pg-rows").inner_text()
    page.get_by_label("Example").select_option("lengths")
    page.wait_for_function("() => /limit: 64/.test(document.querySelector('.pg-status').textContent)")
    assert page.locator(".pg-token.pg-cut").count() > 0
    assert page.locator(".pg-findings").inner_text().startswith("L0")
    page.get_by_label("Truncation").select_option("drop")
    page.wait_for_function("() => /left out/.test(document.querySelector('.pg-status').textContent)")


def test_it_works_without_a_network_once_it_is_there(playground):
    page = playground()
    page.context.set_offline(True)
    shown(page, lambda: message(page).fill("Olá"))
    assert "Olá" in page.locator(".pg-text").inner_text()
    page.context.set_offline(False)


@pytest.mark.parametrize("lang", LANGS)
def test_it_fits_a_small_phone(playground, lang):
    page = playground(lang=lang, width=360, height=740)
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    assert page.locator(".pg button:visible").evaluate_all(
        "all => all.every(button => button.getBoundingClientRect().height >= 24)"
    )


@pytest.mark.parametrize(
    ("lang", "scheme"), [("en", "light"), ("zh", "dark"), ("pt", "dark"), ("es", "light")]
)
def test_axe_finds_nothing(playground, axe, lang, scheme):
    page = playground(lang=lang, scheme=scheme)
    for fold in page.locator(".pg details").all():
        fold.evaluate("fold => { fold.open = true; }")
    page.locator("[role=listbox]").focus()
    page.evaluate(axe)
    found = page.evaluate(
        "async () => (await axe.run('.pg')).violations.map(v => [v.id, v.nodes.map(n => n.html)])"
    )
    assert found == []


def test_it_says_when_it_cannot_be_loaded(chromium, site_url):
    """In a context of its own: here a request that fails is what is wanted."""
    for missing in ("tokenizer.json", "engine.js"):
        page = chromium.new_page()
        page.route(f"**/{missing}", lambda route: route.abort())
        page.goto(f"{site_url}playground/")
        page.get_by_text("The playground could not be loaded").wait_for(**SECONDS)
        page.close()


def test_it_moves_nothing():
    css = (ROOT / "docs" / "assets" / "playground" / "playground.css").read_text(encoding="utf-8")
    assert "transition" not in css and "animation" not in css
