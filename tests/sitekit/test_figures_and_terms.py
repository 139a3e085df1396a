"""Figures, terms and the glossary: what pages write, what readers get, what stops a build."""

import re

import pytest

from sitekit.figures import Figures
from sitekit.glossary import Glossary, check_entries
from sitekit.pages import expand_markdown, fill_html, prose_lines
from sitekit.settings import LANGUAGES, Problem
from sitekit.words import check_words, load_words

SVG = """<?xml version="1.0"?>
<!-- drawn by hand -->
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 420 90" width="420" role="presentation">
  <defs><marker id="tip"><path d="M0 0"/></marker></defs>
  <path class="fig-line" marker-end="url(#tip)" d="M0 0h9"/>
  <text class="fig-text">{{who}}</text>
</svg>
"""


def four(**words):
    return {lang: words.get(lang, f"{lang} word") for lang in LANGUAGES}


def entry(term_id, **terms):
    return {"id": term_id} | {
        lang: {"term": terms.get(lang, term_id), "text": f"Text *{lang}*."} for lang in LANGUAGES
    }


@pytest.fixture
def figures(tmp_path):
    words = "\n".join(
        f"{key}: {{en: {key} en, pt: '{key} <pt> & \"x\"', es: {key} es, zh: 字}}"
        for key in ("who", "alt", "caption")
    )
    (tmp_path / "mask.svg").write_text(SVG, encoding="utf-8")
    (tmp_path / "mask.words.yml").write_text(words, encoding="utf-8")
    return Figures(tmp_path)


@pytest.fixture
def glossary():
    return Glossary(
        [entry("loss-masking", pt="mascaramento", es="enmascaramiento", zh="损失掩码"), entry("adapter")]
    )


def expand(text, figures, glossary, **more):
    options = {"where": "docs/pt/masks.md", "lang": "pt", "page_uri": "masks.md"} | more
    return expand_markdown(text, figures=figures, glossary=glossary, **options)


def test_figure_is_inlined_with_the_words_of_the_page(figures, glossary):
    markdown, findings = expand("A\n\n![figure: mask](assets/figures/mask.svg)\n", figures, glossary)
    assert findings == []
    html = fill_html(markdown.splitlines()[2], lang="pt", glossary=glossary, figures=figures)
    assert html.startswith('<figure class="fig" id="fig-mask"><svg ')
    assert 'role="img" aria-labelledby="fig-mask-title"' in html
    assert '<title id="fig-mask-title">alt &lt;pt&gt; &amp; "x"</title>' in html
    assert '<text class="fig-text">who &lt;pt&gt; &amp; "x"</text>' in html
    assert html.endswith('<figcaption>caption &lt;pt&gt; &amp; "x"</figcaption></figure>')
    # Ids are the page's own, sizes the stylesheet's; prolog, comments and the other role are gone.
    assert 'id="fig-mask-tip"' in html and "url(#fig-mask-tip)" in html
    assert not re.search(r'<\?xml|drawn by|presentation|width="420"|\n', html)


def test_figure_follows_the_language(figures):
    assert ">字</text>" in figures.html("mask", "zh")
    assert ">who es</text>" in figures.html("mask", "es")


def test_unknown_figure_is_named_with_line_and_choice(figures, glossary):
    text = "---\nx\n---\n" + "![figure: none](assets/figures/none.svg)"
    _, findings = expand(text, figures, glossary, first_line=5)
    assert findings == ["docs/pt/masks.md:8: none.svg: found no such figure; expected one of: mask"]


def test_figure_path_must_be_the_figures(figures, glossary):
    _, findings = expand("![figure: mask](img/mask.svg)", figures, glossary)
    assert findings == ["docs/pt/masks.md:1: found img/mask.svg; expected assets/figures/mask.svg"]


def test_figure_words_must_match_the_drawing(tmp_path):
    (tmp_path / "f.svg").write_text("<svg>\n<text>{{a}}</text></svg>", encoding="utf-8")
    (tmp_path / "f.words.yml").write_text(
        "b: {en: x, pt: x, es: x}\nalt: {en: 1, pt: 1, es: 1, zh: 1}", encoding="utf-8"
    )
    assert Figures(tmp_path).findings("f") == [
        "f.svg:2: found {{a}}; expected a key of f.words.yml",
        "f.words.yml: found no key 'caption'; expected one",
        "f.words.yml: found key 'b'; expected {{b}} in f.svg",
        "f.words.yml: b: found no word for zh; expected pt, es, zh and en",
    ]
    with pytest.raises(Problem, match="f.svg:2"):
        Figures(tmp_path).html("f", "en")


def test_broken_yaml_is_a_finding(tmp_path):
    (tmp_path / "f.svg").write_text("<svg/>", encoding="utf-8")
    (tmp_path / "f.words.yml").write_text("a: [", encoding="utf-8")
    assert "found YAML that does not parse" in Figures(tmp_path).findings("f")[0]


def test_term_becomes_a_link_with_its_definition(figures, glossary):
    markdown, findings = expand("O [[loss-masking|mascarar]] e [[adapter]].", figures, glossary)
    assert findings == []
    assert markdown == (
        'O [mascarar](glossary.md#loss-masking){ .term data-term="loss-masking" }'
        ' e [adapter](glossary.md#adapter){ .term data-term="adapter" }.\n'
    )
    html = '<p><a class="term" data-term="adapter" href="../glossary/#adapter">x</a></p>'
    filled = fill_html(html, lang="pt", glossary=glossary, figures=figures)
    assert filled == '<p><a class="term" href="../glossary/#adapter" title="Text pt.">x</a></p>'


def test_term_links_climb_from_folders(figures, glossary):
    markdown, _ = expand("[[adapter]]", figures, glossary, page_uri="notebooks/x.md")
    assert "(../glossary.md#adapter)" in markdown


def test_unknown_term_is_named_with_line_and_choice(figures, glossary):
    _, findings = expand("a\n\n[[lora]] [[adapter]] [[x|y]]", figures, glossary)
    assert [finding.split(" (")[0] for finding in findings] == [
        "docs/pt/masks.md:3: found [[lora]]; expected a term of docs/assets/glossary.yml",
        "docs/pt/masks.md:3: found [[x]]; expected a term of docs/assets/glossary.yml",
    ]


@pytest.mark.parametrize(
    "text", ["```python\nx[[0]]\n```\n", "    ~~~\n    [[a]]\n    ~~~\n", "`[[a]]` and ``[[`b]]``\n"]
)
def test_code_is_left_alone(figures, glossary, text):
    assert expand(text, figures, glossary) == (text, [])


def test_fence_ends_only_at_its_own_kind():
    text = "````\n```\n[[a]]\n````\nb"
    assert [prose for _, _, prose in prose_lines(text)] == [False, False, False, False, True]


@pytest.mark.parametrize(
    ("lang", "order"), [("pt", ["adapter", "loss-masking"]), ("zh", ["adapter", "loss-masking"])]
)
def test_glossary_page_lists_every_term(figures, glossary, lang, order):
    markdown, findings = expand("# G\n\n<!-- glossary -->\n", figures, glossary, lang=lang)
    assert findings == []
    assert re.findall(r"^### .*\{#(.*)\}$", markdown, re.MULTILINE) == order
    if lang == "pt":
        assert "### mascaramento {#loss-masking}" in markdown
        assert '<span lang="zh">损失掩码</span>' in markdown


def test_glossary_order_ignores_accents():
    found = Glossary([entry("b", pt="época"), entry("a", pt="zero"), entry("c", pt="dado")])
    terms = re.findall(r"^### (\S+)", found.markdown("pt"), re.MULTILINE)
    assert terms == ["dado", "época", "zero"]


def test_glossary_faults_come_all_at_once():
    bad = entry("a") | {"zh": {"term": " "}}
    assert check_entries([bad, entry("a"), "x"], "g.yml") == [
        "g.yml: a: found no zh term; expected one",
        "g.yml: a: found no zh text; expected one",
        "g.yml: entry 2: found id 'a' again; expected it once (entry 1)",
        "g.yml: entry 3: found str; expected a mapping",
    ]
    assert check_entries({}, "g.yml") == ["g.yml: found dict; expected a list of terms"]


def test_glossary_file_that_does_not_parse(tmp_path):
    path = tmp_path / "glossary.yml"
    path.write_text("- id: [", encoding="utf-8")
    with pytest.raises(Problem, match="glossary.yml: found YAML that does not parse"):
        Glossary.load(path)
    assert Glossary.load(tmp_path / "none.yml").entries == {}


def test_house_words_are_complete():
    assert check_words(load_words(), "words.yml") == []
    assert check_words({"a": 3}, "w")[0].startswith("w: a: found 3")
