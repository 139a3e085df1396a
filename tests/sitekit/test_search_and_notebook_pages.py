"""The search index's split and the notebook pages' diet, without MkDocs."""

import base64
import gzip
import json

from sitekit import search
from sitekit.notebook_pages import slim

PIXEL = base64.b64encode(b"\x89PNG pixel").decode()
HEAVY = "<script>alert(1)</script>" + "<style>.jp-a{color:red}</style>" * 3


def markdown_cell(body):
    return (
        '<div class="jp-Cell jp-MarkdownCell"><div class="jp-RenderedHTMLCommon jp-RenderedMarkdown">'
        f"{body}</div></div>"
    )


def code_cell(code, outputs="", tags=""):
    return (
        f'<div class="jp-Cell jp-CodeCell {tags}"><div class="jp-Cell">'
        '<div class="zeroclipboard-container"></div>'
        f'<div class="highlight-ipynb hl-python"><pre><span></span>{code}\n</pre></div>'
        f'<div class="clipboard-copy-txt">{code}</div>{outputs}</div></div>'
    )


def output(body, kind="jp-RenderedText"):
    return f'<div class="jp-OutputArea-child"><div class="{kind} jp-OutputArea-output">{body}</div></div>'


def notebook(*cells):
    return f'{HEAVY}<div class="jupyter-wrapper"><div class="jp-Notebook">{"".join(cells)}</div></div>{HEAVY}'


def test_cells_become_the_markup_of_other_pages():
    html = notebook(
        markdown_cell('<h1 id="titulo">Título<a class="anchor-link" href="#titulo">¶</a></h1><p>a</p>'),
        code_cell('<span class="nb">print</span>(1 &lt; 2)', output("<pre>True\n</pre>")),
    )
    page = slim(html, stem="x", actions='<p class="nb-actions"></p>', output_label="Saída")
    assert page.title == "Título"
    assert '<pre><span></span><code><span class="nb">print</span>(1 &lt; 2)\n</code></pre>' in page.html
    assert '<span class="nb-label">Saída</span>' in page.html
    assert '<pre class="nb-text" tabindex="0">True' in page.html
    assert page.html.index("<h1") < page.html.index("nb-actions") < page.html.index("<p>a</p>")
    for gone in ("jp-", "script", "style", "clipboard", "anchor-link"):
        assert gone not in page.html


def test_shared_anchor_moves_to_its_heading_and_into_the_contents():
    html = notebook(
        markdown_cell('<h1 id="">标题</h1>'),
        markdown_cell(
            '<p><a id="loss-masking"></a></p>\n<h2 id="">损失<a class="anchor-link" href="#">¶</a></h2>'
        ),
        markdown_cell('<h2 id="">无锚</h2><h3 id="">深</h3>'),
    )
    page = slim(html, stem="x")
    assert '<h2 id="loss-masking">损失<a class="headerlink" href="#loss-masking">¶</a></h2>' in page.html
    assert "<a id=" not in page.html
    (top,) = page.toc_tokens
    assert [(child["id"], child["name"]) for child in top["children"]] == [
        ("loss-masking", "损失"),
        ("section-3", "无锚"),
    ]


def test_pictures_become_files():
    html = notebook(
        code_cell("plot()", output(f'<img src="data:image/png;base64,{PIXEL}"/>', "jp-RenderedImage"))
    )
    page = slim(html, stem="01-x", picture_url=lambda name: f"../../assets/{name}")
    ((name, data),) = page.pictures.items()
    assert name.startswith("01-x-1-") and name.endswith(".png") and data == b"\x89PNG pixel"
    assert f'src="../../assets/{name}"' in page.html and "base64" not in page.html


def test_drawings_become_part_of_the_page():
    svg = (
        '<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-label="a curve" viewBox="0 0 4 2">'
        '<polyline fill="none" points="0,1 4,0"/></svg>'
    )
    data = base64.b64encode(svg.encode()).decode()
    html = notebook(
        code_cell("plot()", output(f'<img src="data:image/svg+xml;base64,{data}"/>', "jp-RenderedSVG"))
    )
    page = slim(html, stem="x")
    assert page.pictures == {} and "<img" not in page.html and "base64" not in page.html
    assert 'aria-label="a curve"' in page.html and 'viewBox="0 0 4 2"' in page.html
    assert 'points="0,1 4,0"' in page.html


def test_cells_for_colab_are_left_out():
    html = notebook(
        markdown_cell(
            '<p><a href="c"><img src="https://colab.research.google.com/assets/colab-badge.svg"/></a></p>'
        ),
        code_cell("%pip install", tags="celltag_notebook-only"),
        markdown_cell("<p>stays</p>"),
    )
    page = slim(html, stem="x")
    assert "stays" in page.html and "pip" not in page.html and "colab" not in page.html


def test_links_go_through_the_given_function():
    page = slim(
        notebook(markdown_cell('<p><a href="https://s/a/">x</a></p>')), stem="x", link=lambda url: "../a/"
    )
    assert 'href="../a/"' in page.html


def test_fences_in_prose_get_the_frame_of_code():
    page = slim(notebook(markdown_cell('<div class="highlight"><pre><span></span>x\n</pre></div>')), stem="x")
    assert '<div class="highlight"><pre><code><span></span>x\n</code></pre></div>' in page.html


def test_a_long_notebook_stays_light():
    cells = [
        markdown_cell("<p>" + "palavra " * 60 + "</p>") + code_cell("x = 1\n" * 12, output("<pre>1\n</pre>"))
    ] * 25
    page = slim(notebook(*cells), stem="x")
    assert len(gzip.compress(page.html.encode())) < 20_000


def write_index(folder, docs):
    (folder / "search").mkdir()
    data = {"config": {"lang": ["en"], "separator": "x", "pipeline": ["stemmer"], "fields": {}}, "docs": docs}
    (folder / "search" / "search_index.json").write_text(json.dumps(data), encoding="utf-8")


def test_indexes_are_written_by_language(tmp_path):
    docs = [
        {"location": "", "title": "Home", "text": "<p>mask</p>"},
        {"location": "pt/", "title": "Início", "text": "<p>a máscara</p>"},
        {"location": "zh/masks/#a", "title": "掩码", "text": "监督\u200b微调"},
        {"location": "", "title": "Home", "text": "again"},
    ]
    write_index(tmp_path, docs)
    assert search.write_indexes(tmp_path, ["pt", "es", "zh", "en"], "en") == {
        "pt": 1,
        "es": 0,
        "zh": 1,
        "en": 1,
    }
    part = json.loads((tmp_path / "pt/search/search_index.json").read_text(encoding="utf-8"))
    assert part["docs"] == [
        {
            "location": "",
            "title": "Início",
            "text": "<p>a máscara</p>",
            "fold": "inicio mascara",
            "fold_title": "inicio",
        }
    ]
    assert part["config"]["pipeline"] == []
    assert not list(tmp_path.rglob("*.tmp"))


def test_fold_takes_words_not_tags():
    assert search.fold_field('<code class="ação">É</code> não', "x") == "e nao"
    assert search.fold_field("plain words") == ""
