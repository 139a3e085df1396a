"""The checker passes a tree in step and catches each way a translation drifts, at its line.

Every mutation below changes one thing in one file of a clean tree; the whole report it gives is
written out, so that neither a wrong line nor a second, spurious finding goes unseen.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from sitekit.findings import CannotReadError
from sitekit.languages import LANGUAGES, foreign
from sitekit.parity import check, main

ROOT = Path(__file__).resolve().parents[2]

SKELETON = """\
---
title: {title}
hide: [toc]
---
# {masks}

{intro} `labels` {in_} [TRL](https://huggingface.co/docs/trl/en/sft_trainer).

![figure: loss-masking](assets/figures/loss-masking.svg)

## {signs} {{#signs}}

[[loss-masking|{term}]] {sets} `-100` {at} {number} {tokens}[^1]

```python title="masks/show.py" hl_lines="2"
--8<-- "masks/show.py:listing"
```

```text title="{output}"
--8<-- "masks/show.out"
```

!!! note "{title}"
    {note}

??? tip
    {tip} [{index}](index.md#start).

### {table} {{#table}}

| {word} | `id` |
|---|---|
| {word} | 1 |
| {word} | 2 |

## {steps} {{#steps}}

- {word} `x`
- {word}
    1. {word}
    2. {word}

```json
{{"role": "user"}}
```

=== "{word}"
    {note}

{long}

[^1]: {note}
"""
WORDS = {
    "en": dict(
        title="Loss masks", masks="Masks", intro="Read the", in_="in", signs="Signs of a mask",
        term="A mask", sets="sets", at="at", number="1,024.5 MB of", tokens="memory.",
        output="output", note="Look before you train.", tip="See the", index="home page",
        table="The whole table", word="word", steps="Next steps",
        long="The model learns only from the tokens that the assistant wrote, and from none of "
        "the words that you asked it with.",
    ),
    "pt": dict(
        title="Máscaras de perda", masks="Máscaras", intro="Leia os", in_="em",
        signs="Sinais de uma máscara", term="Uma máscara", sets="põe", at="em",
        number="1.024,5 MB de", tokens="memória.", output="saída",
        note="Olhe antes de treinar.", tip="Veja a", index="página inicial",
        table="A tabela inteira", word="palavra", steps="Próximos passos",
        long="O modelo aprende apenas com os tokens que o assistente escreveu, e com nenhuma das "
        "palavras que você usou para perguntar.",
    ),
    "es": dict(
        title="Máscaras de pérdida", masks="Máscaras", intro="Lee los", in_="en",
        signs="Signos de una máscara", term="Una máscara", sets="pone", at="en",
        number="1 024,5 MB de", tokens="memoria.", output="salida",
        note="Mira antes de entrenar.", tip="Mira la", index="página de inicio",
        table="La tabla entera", word="palabra", steps="Próximos pasos",
        long="El modelo aprende solo de los tokens que escribió el asistente, y de ninguna de las "
        "palabras con las que tú preguntaste.",
    ),
    "zh": dict(
        title="损失掩码", masks="掩码", intro="阅读", in_="，见", signs="掩码的符号",
        term="掩码", sets="把", at="放在", number="1024.5 MB", tokens="内存处。",
        output="输出", note="训练之前先看一看。", tip="参见", index="首页",
        table="完整的表格", word="词", steps="后续步骤",
        long="模型只从助手写下的 token 中学习，而不会从你提问时所用的任何词语中学习，这一点很重要。",
    ),
}  # fmt: skip
HOMES = {"en": "Home", "pt": "Início", "es": "Inicio", "zh": "首页"}
READMES = {"en": "README.md", "pt": "README.pt.md", "es": "README.es.md", "zh": "README.zh.md"}
GLOSSARY = """\
- id: loss-masking
  en: {term: loss masking, text: Sets labels to `-100`., also: [masking]}
  pt: {term: máscara de perda, text: Põe os rótulos em `-100`.}
  es: {term: máscara de pérdida, text: Pone las etiquetas en `-100`.}
  zh: {term: 损失掩码, text: 把标签设为 `-100`。}
"""
FIGURE = """\
alt: {en: A drawing, pt: Um desenho, es: Un dibujo, zh: 一幅图}
caption: {en: Masks, pt: Máscaras, es: Máscaras, zh: 掩码}
user: {en: user, pt: usuário, es: usuario, zh: 用户}
"""
SITE = """\
site_url: !ENV [SITE_URL, "https://example.org/sintonia/"]
nav:
  - Home: index.md
plugins:
  - i18n:
      languages:
        - locale: pt
          nav_translations:
            Home: Início
        - locale: es
          nav_translations:
            Home: Inicio
        - locale: zh
          nav_translations:
            Home: 首页
        - locale: en
          default: true
"""


def write_tree(root: Path) -> Path:
    """Writes the clean four-language tree."""

    def put(name: str, text: str) -> None:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

    bar = " · ".join(f"[{lang}]({name})" for lang, name in READMES.items())
    for lang, words in WORDS.items():
        put(f"docs/{lang}/masks.md", SKELETON.format(**words))
        home = f"# {HOMES[lang]}\n\n## {words['steps']} {{#start}}\n\n## {words['word']} {{#more}}\n"
        put(f"docs/{lang}/index.md", home)
        cells = f"# {words['masks']}\n\n<!-- cell: load -->\n\n{words['note']}\n\n"
        put(f"docs/{lang}/notebooks/01.cells.md", cells + "<!-- cell: show -->\n")
        site = "https://example.org/sintonia/" + ("" if lang == "en" else f"{lang}/")
        put(
            READMES[lang],
            f"# {words['title']}\n\n{bar}\n\n## {words['steps']}\n\n[{words['word']}]({site}masks/) "
            f"[x](docs/{lang}/masks.md) [y](#{words['steps'].lower().replace(' ', '-')})\n\n"
            f"```bash\nmake test\nsintonia compare --lang {lang}\n```\n",
        )
    put("docs/en/notebooks/01.ipynb", "{}")
    put("docs/assets/glossary.yml", GLOSSARY)
    put("docs/assets/figures/loss-masking.words.yml", FIGURE)
    put("docs/assets/figures/loss-masking.svg", "<svg>\n<text>{{user}}</text>\n</svg>\n")
    put("code/sitekit/words.yml", "output: {en: Output, pt: Saída, es: Salida, zh: 输出}\n")
    put("mkdocs.yml", SITE)
    return root


@pytest.fixture(scope="module")
def clean(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tree(tmp_path_factory.mktemp("clean"))


@pytest.fixture
def tree(clean: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(clean, tmp_path / "tree"))


def change(root: Path, name: str, old: str, new: str) -> None:
    text = (root / name).read_text(encoding="utf-8")
    assert old in text, f"{name} lacks {old!r}"
    (root / name).write_text(text.replace(old, new, 1), encoding="utf-8")


MUTATIONS = [
    pytest.param(
        "docs/es/masks.md",
        "### La tabla",
        "## La tabla",
        [
            "docs/es/masks.md:29: found a heading of level 2, expected level 3 (docs/en/masks.md:29)",
        ],
        id="level",
    ),
    pytest.param(
        "docs/zh/masks.md",
        "## 后续步骤 {#steps}\n\n",
        "",
        [
            "docs/zh/masks.md:29: found no such heading after this one, expected "
            "heading ## {#steps} (docs/en/masks.md:36)",
        ],
        id="heading-lost",
    ),
    pytest.param(
        "docs/pt/masks.md",
        "### A tabela inteira {#table}\n",
        "### Mais {#more}\n\n### A tabela inteira {#table}\n",
        [
            "docs/pt/masks.md:29: found heading ### {#more}, expected no such heading (docs/en/masks.md:11)",
        ],
        id="heading-gained",
    ),
    pytest.param(
        "docs/pt/masks.md",
        "{#signs}",
        "{#sinais}",
        [
            "docs/pt/masks.md:11: found {#sinais}, expected {#signs} (docs/en/masks.md:11)",
        ],
        id="id-changed",
    ),
    pytest.param(
        "docs/es/masks.md",
        " {#table}",
        "",
        [
            "docs/es/masks.md:29: found a heading without an id, expected {#table} (docs/en/masks.md:29)",
        ],
        id="id-lost",
    ),
    pytest.param(
        "docs/en/masks.md",
        " {#table}",
        "",
        [
            "docs/en/masks.md:29: found a heading without an id, expected an explicit {#id}",
        ],
        id="id-lost-in-english",
    ),
    pytest.param(
        "docs/zh/masks.md",
        "{#steps}",
        "{#signs}",
        [
            "docs/zh/masks.md:36: found {#signs}, expected {#steps} (docs/en/masks.md:36)",
            "docs/zh/masks.md:36: found {#signs} again, expected it once (line 11)",
        ],
        id="id-twice",
    ),
    pytest.param(
        "docs/pt/masks.md",
        "# Máscaras\n",
        "# Máscaras {#masks}\n",
        [
            "docs/pt/masks.md:5: found {#masks} on the title, expected a title without an id",
        ],
        id="id-on-title",
    ),
    pytest.param(
        "docs/zh/masks.md",
        '--8<-- "masks/show.py:listing"\n',
        "",
        [
            "docs/zh/masks.md:11: found no such include in the section, expected "
            'include "masks/show.py:listing" (docs/en/masks.md:16)',
        ],
        id="include-lost",
    ),
    pytest.param(
        "docs/pt/masks.md",
        "show.py:listing",
        "show.py:start",
        [
            'docs/pt/masks.md:16: found include "masks/show.py:start", expected '
            'include "masks/show.py:listing" (docs/en/masks.md:16)',
        ],
        id="include-section",
    ),
    pytest.param(
        "docs/es/masks.md",
        "```json",
        "```yaml",
        [
            "docs/es/masks.md:43: found ```yaml, expected ```json (docs/en/masks.md:43)",
        ],
        id="fence-language",
    ),
    pytest.param(
        "docs/es/masks.md",
        'hl_lines="2"',
        'hl_lines="3"',
        [
            'docs/es/masks.md:15: found ```python hl_lines="3" title="masks/show.py", '
            'expected ```python hl_lines="2" title="masks/show.py" '
            "(docs/en/masks.md:15)",
        ],
        id="fence-lines",
    ),
    pytest.param(
        "docs/pt/masks.md",
        'title="masks/show.py"',
        'title="masks/mostra.py"',
        [
            'docs/pt/masks.md:15: found ```python hl_lines="2" '
            'title="masks/mostra.py", expected ```python hl_lines="2" '
            'title="masks/show.py" (docs/en/masks.md:15)',
        ],
        id="fence-title",
    ),
    pytest.param(
        "docs/zh/masks.md",
        '{"role": "user"}',
        '{"role": "用户"}',
        [
            'docs/zh/masks.md:44: found the fence\'s line \'{"role": "用户"}\', '
            'expected the fence\'s line \'{"role": "user"}\' (docs/en/masks.md:44)',
        ],
        id="fence-body",
    ),
    pytest.param(
        "docs/pt/masks.md",
        '{"role": "user"}\n```\n',
        '{"role": "user"}\n',
        [
            "docs/pt/masks.md:36: found no such note in the section, expected footnote "
            "text 1 (docs/en/masks.md:52)",
            "docs/pt/masks.md:36: found 0 paragraphs in the section, expected 2 "
            "paragraphs (docs/en/masks.md:36)",
            "docs/pt/masks.md:36: found no such tab in the section, expected tab (docs/en/masks.md:47)",
            "docs/pt/masks.md:43: found a fence of 8 lines, expected a fence of 1 line (docs/en/masks.md:43)",
            "docs/pt/masks.md:43: found a fence that is never closed, expected a closing line ```",
        ],
        id="fence-open",
    ),
    pytest.param(
        "docs/pt/masks.md",
        "`-100`",
        "`-10`",
        [
            "docs/pt/masks.md:13: found `-10`, expected `-100` (docs/en/masks.md:13)",
        ],
        id="code-changed",
    ),
    pytest.param(
        "docs/es/masks.md",
        "`labels`",
        "labels",
        [
            "docs/es/masks.md:5: found no `labels`, expected `labels` in the section (docs/en/masks.md:7)",
        ],
        id="code-lost",
    ),
    pytest.param(
        "docs/zh/masks.md",
        "训练之前",
        "`loss` 训练之前",
        [
            "docs/zh/masks.md:24: found `loss`, expected no `loss` in the section (docs/en/masks.md:11)",
        ],
        id="code-gained",
    ),
    pytest.param(
        "docs/pt/masks.md",
        "1.024,5",
        "1.025,5",
        [
            "docs/pt/masks.md:13: found 1.025,5 MB, expected 1,024.5 MB (docs/en/masks.md:13)",
        ],
        id="number-changed",
    ),
    pytest.param(
        "docs/pt/masks.md",
        "1.024,5 MB",
        "1,024.5,0 MB",
        [
            "docs/pt/masks.md:13: found 1,024.5,0 MB, expected 1,024.5 MB (docs/en/masks.md:13)",
        ],
        id="number-separator",
    ),
    pytest.param(
        "docs/zh/masks.md",
        "1024.5 MB",
        "1024.5 GB",
        [
            "docs/zh/masks.md:13: found 1024.5 GB, expected 1,024.5 MB (docs/en/masks.md:13)",
        ],
        id="number-unit",
    ),
    pytest.param(
        "docs/es/masks.md",
        "| palabra | 2 |",
        "| palabra | |",
        [
            "docs/es/masks.md:29: found no number 2, expected 2 in the section (docs/en/masks.md:34)",
        ],
        id="number-lost",
    ),
    pytest.param(
        "docs/zh/masks.md",
        "index.md#start",
        "index.md",
        [
            "docs/zh/masks.md:27: found link index.md, expected link index.md#start (docs/en/masks.md:27)",
        ],
        id="link-changed",
    ),
    pytest.param(
        "docs/pt/masks.md",
        "(index.md#start)",
        "(../es/index.md#start)",
        [
            "docs/pt/masks.md:27: found link ../es/index.md#start into the Spanish "
            "pages, expected one into the Portuguese pages (docs/en/masks.md:27)",
        ],
        id="link-foreign",
    ),
    pytest.param(
        "docs/es/masks.md",
        "docs/trl/en/",
        "docs/trl/es/",
        [
            "docs/es/masks.md:7: found link "
            "https://huggingface.co/docs/trl/es/sft_trainer, expected link "
            "https://huggingface.co/docs/trl/en/sft_trainer (docs/en/masks.md:7)",
        ],
        id="url-changed",
    ),
    pytest.param(
        "docs/zh/masks.md",
        "![figure: loss-masking](assets/figures/loss-masking.svg)\n\n",
        "",
        [
            "docs/zh/masks.md:5: found no such figure in the section, expected figure "
            "assets/figures/loss-masking.svg (docs/en/masks.md:9)",
        ],
        id="figure-lost",
    ),
    pytest.param(
        "docs/pt/masks.md",
        "![figure: loss-masking]",
        "![figure: perda]",
        [
            "docs/pt/masks.md:9: found ![figure: perda], expected ![figure: "
            "loss-masking] (docs/en/masks.md:9)",
        ],
        id="figure-name",
    ),
    pytest.param(
        "docs/es/masks.md",
        "!!! note",
        "!!! warning",
        [
            "docs/es/masks.md:23: found admonition !!! warning, expected admonition "
            "!!! note (docs/en/masks.md:23)",
        ],
        id="admonition-type",
    ),
    pytest.param(
        "docs/zh/masks.md",
        "??? tip",
        "???+ tip",
        [
            "docs/zh/masks.md:26: found admonition ???+ tip, expected admonition ??? "
            "tip (docs/en/masks.md:26)",
        ],
        id="admonition-fold",
    ),
    pytest.param(
        "docs/pt/masks.md",
        '!!! note "Máscaras de perda"\n    Olhe antes de treinar.\n\n??? tip\n    Veja '
        "a [página inicial](index.md#start).",
        '??? tip\n    Veja a [página inicial](index.md#start).\n\n!!! note "Máscaras '
        'de perda"\n    Olhe antes de treinar.',
        [
            "docs/pt/masks.md:23: found admonition ??? tip, expected admonition !!! "
            "note here (docs/en/masks.md:23)",
        ],
        id="admonition-order",
    ),
    pytest.param(
        "docs/es/masks.md",
        '=== "palabra"\n    ',
        "",
        [
            "docs/es/masks.md:36: found no such tab in the section, expected tab (docs/en/masks.md:47)",
        ],
        id="tab-lost",
    ),
    pytest.param(
        "docs/pt/masks.md",
        "| palavra | `id` |\n|---|---|\n",
        "| palavra | `id` |\n|---|---|\n| palavra | |\n",
        [
            "docs/pt/masks.md:31: found table of 4 rows x 2 columns, expected table of "
            "3 rows x 2 columns (docs/en/masks.md:31)",
        ],
        id="table-row",
    ),
    pytest.param(
        "docs/zh/masks.md",
        "| 词 | 2 |",
        "| 词 | 2 | 词 |",
        [
            "docs/zh/masks.md:34: found a table row of 3 cells, expected 2 as in its head",
        ],
        id="table-ragged",
    ),
    pytest.param(
        "docs/es/masks.md",
        "    2. palabra\n",
        "",
        [
            "docs/es/masks.md:40: found numbered list of 1, expected numbered list of "
            "2 (docs/en/masks.md:40)",
        ],
        id="list-length",
    ),
    pytest.param(
        "docs/zh/masks.md",
        "    1. 词\n    2. 词\n",
        "    - 词\n    - 词\n",
        [
            "docs/zh/masks.md:40: found bulleted list of 2, expected numbered list of "
            "2 (docs/en/masks.md:40)",
        ],
        id="list-kind",
    ),
    pytest.param(
        "docs/pt/masks.md",
        "memória.[^1]",
        "memória.",
        [
            "docs/pt/masks.md:11: found no footnote 1, expected footnote 1 in the "
            "section (docs/en/masks.md:13)",
        ],
        id="footnote-lost",
    ),
    pytest.param(
        "docs/es/masks.md",
        "[^1]: Mira antes de entrenar.\n",
        "",
        [
            "docs/es/masks.md:36: found no such note in the section, expected footnote "
            "text 1 (docs/en/masks.md:52)",
        ],
        id="footnote-text-lost",
    ),
    pytest.param(
        "docs/zh/masks.md",
        "[[loss-masking|掩码]]",
        "掩码",
        [
            "docs/zh/masks.md:11: found no term [[loss-masking]], expected term "
            "[[loss-masking]] in the section (docs/en/masks.md:13)",
        ],
        id="term-lost",
    ),
    pytest.param(
        "docs/pt/masks.md",
        "[[loss-masking|",
        "[[perda|",
        [
            "docs/pt/masks.md:13: found term [[perda]], expected term [[loss-masking]] (docs/en/masks.md:13)",
            "docs/pt/masks.md:13: found unknown term [[perda]], expected an id of docs/assets/glossary.yml",
        ],
        id="term-unknown",
    ),
    pytest.param(
        "docs/es/masks.md",
        "Lee los `labels`",
        "Lee los\n\n`labels` más",
        [
            "docs/es/masks.md:5: found 2 paragraphs in the section, expected 1 "
            "paragraph (docs/en/masks.md:5)",
        ],
        id="paragraph-lost",
    ),
    pytest.param(
        "docs/zh/masks.md",
        "模型只从助手写下的 token 中学习，而不会从你提问时所用的任何词语中学习，这一点很重要。",
        "The model learns only from the tokens that the assistant wrote, and not from what you asked.",
        [
            "docs/zh/masks.md:50: found paragraph in English ('The model learns only "
            "from the tokens t…'), expected Chinese (docs/en/masks.md:50)",
        ],
        id="left-in-english",
    ),
    pytest.param(
        "docs/pt/masks.md",
        "O modelo aprende apenas",
        "It is the only thing that the model learns from and you can see it. O modelo aprende apenas",
        [
            "docs/pt/masks.md:50: found paragraph in English ('It is the only thing "
            "that the model lea…'), expected Portuguese (docs/en/masks.md:50)",
        ],
        id="sentence-in-english",
    ),
    pytest.param(
        "docs/pt/masks.md",
        "O modelo aprende apenas com os tokens que o assistente escreveu, e com "
        "nenhuma das palavras que você usou para perguntar.",
        "El modelo aprende solo de los tokens que escribió el asistente, y de ninguna "
        "de las palabras con las que tú preguntaste.",
        [
            "docs/pt/masks.md:50: found paragraph in Spanish ('El modelo aprende solo "
            "de los tokens qu…'), expected Portuguese (docs/en/masks.md:50)",
        ],
        id="spanish-in-portuguese",
    ),
    pytest.param(
        "docs/es/masks.md",
        "Mira antes de entrenar.\n\n??? tip",
        "Look before you train.\n\n??? tip",
        [
            "docs/es/masks.md:24: found paragraph in English ('Look before you train.'), "
            "expected Spanish (docs/en/masks.md:24)",
        ],
        id="copied-short",
    ),
    pytest.param(
        "docs/pt/masks.md",
        "hide: [toc]",
        "hide: [navigation]",
        [
            "docs/pt/masks.md:3: found hide: [navigation], expected hide: [toc] (docs/en/masks.md:3)",
        ],
        id="front-value",
    ),
    pytest.param(
        "docs/es/masks.md",
        "hide: [toc]\n",
        "",
        [
            "docs/es/masks.md:1: found no hide in the front matter, expected hide: "
            "[toc] (docs/en/masks.md:3)",
        ],
        id="front-lost",
    ),
    pytest.param(
        "docs/es/notebooks/01.cells.md",
        "cell: load",
        "cell: plot",
        [
            "docs/es/notebooks/01.cells.md:3: found <!-- cell: plot -->, expected <!-- "
            "cell: load --> (docs/en/notebooks/01.cells.md:3)",
        ],
        id="cell-order",
    ),
    pytest.param(
        "docs/assets/glossary.yml",
        "term: 损失掩码",
        "term: ''",
        [
            "docs/assets/glossary.yml:5: found empty zh for loss-masking.term, "
            "expected words (docs/assets/glossary.yml:2)",
        ],
        id="glossary-empty",
    ),
    pytest.param(
        "docs/assets/glossary.yml",
        "  es: {term: máscara de pérdida, text: Pone las etiquetas en `-100`.}\n",
        "",
        [
            "docs/assets/glossary.yml:1: found no es for loss-masking, expected one as "
            "in en (docs/assets/glossary.yml:2)",
        ],
        id="glossary-lost",
    ),
    pytest.param(
        "docs/assets/glossary.yml",
        "rótulos em `-100`",
        "rótulos em `-1`",
        [
            "docs/assets/glossary.yml:3: found `-1` in pt loss-masking.text, expected "
            "`-100` (docs/assets/glossary.yml:2)",
        ],
        id="glossary-code",
    ),
    pytest.param(
        "docs/assets/glossary.yml",
        ", text: 把标签设为 `-100`。",
        "",
        [
            "docs/assets/glossary.yml:5: found no text in zh loss-masking, expected "
            "one as in en (docs/assets/glossary.yml:2)",
        ],
        id="glossary-key",
    ),
    pytest.param(
        "docs/assets/figures/loss-masking.words.yml",
        ", es: usuario",
        "",
        [
            "docs/assets/figures/loss-masking.words.yml:3: found no es for user, "
            "expected one as in en (docs/assets/figures/loss-masking.words.yml:3)",
        ],
        id="figure-word",
    ),
    pytest.param(
        "docs/assets/figures/loss-masking.svg",
        "{{user}}",
        "{{usr}}",
        [
            "docs/assets/figures/loss-masking.svg:2: found {{usr}}, expected a key of "
            "loss-masking.words.yml (docs/assets/figures/loss-masking.words.yml:1)",
            "docs/assets/figures/loss-masking.words.yml:3: found key user that the "
            "drawing lacks, expected {{user}} in docs/assets/figures/loss-masking.svg",
        ],
        id="figure-placeholder",
    ),
    pytest.param(
        "code/sitekit/words.yml",
        "zh: 输出",
        "zh: ''",
        [
            "code/sitekit/words.yml:1: found empty zh for output, expected words (code/sitekit/words.yml:1)",
        ],
        id="house-word",
    ),
    pytest.param(
        "mkdocs.yml",
        "            Home: Inicio\n",
        "            Casa: Inicio\n",
        [
            "mkdocs.yml:8: found no pt for 'Casa' in nav_translations, expected one (mkdocs.yml:12)",
            "mkdocs.yml:11: found no es for 'Home' in nav_translations, expected one (mkdocs.yml:3)",
            "mkdocs.yml:14: found no zh for 'Casa' in nav_translations, expected one (mkdocs.yml:12)",
        ],
        id="nav-title",
    ),
    pytest.param(
        "mkdocs.yml",
        "        - locale: zh\n          nav_translations:\n            Home: 首页\n",
        "",
        ["mkdocs.yml:4: found no locale zh for i18n, expected all four languages"],
        id="locale-lost",
    ),
    pytest.param(
        "README.es.md",
        "## Próximos",
        "### Próximos",
        [
            "README.es.md:5: found a heading of level 3, expected level 2 (README.md:5)",
        ],
        id="readme-level",
    ),
    pytest.param(
        "README.zh.md",
        "make test",
        "make tests",
        [
            "README.zh.md:10: found the fence's line 'make tests', expected the "
            "fence's line 'make test' (README.md:10)",
        ],
        id="readme-fence",
    ),
    pytest.param(
        "README.pt.md",
        " · [zh](README.zh.md)",
        "",
        [
            "README.pt.md:1: found no link to README.{lang}.md in zh, expected all four",
        ],
        id="readme-bar",
    ),
    pytest.param(
        "README.es.md",
        "sintonia/es/masks/",
        "sintonia/masks/",
        [
            "README.es.md:7: found link https://example.org/sintonia/masks/ into the "
            "English pages, expected one into the Spanish pages (README.md:7)",
        ],
        id="readme-site",
    ),
    pytest.param(
        "README.pt.md",
        "docs/pt/masks.md",
        "docs/pt/mask.md",
        [
            "README.pt.md:7: found link docs/pt/mask.md, expected a file that exists",
            "README.pt.md:7: found link docs/pt/mask.md, expected link docs/en/masks.md (README.md:7)",
        ],
        id="readme-file",
    ),
    pytest.param(
        "README.zh.md",
        "#后续步骤",
        "#后续",
        [
            "README.zh.md:7: found link #后续, expected a heading of this page",
            "README.zh.md:7: found link #后续, expected link #next-steps (README.md:7)",
        ],
        id="readme-anchor",
    ),
    pytest.param(
        "docs/es/index.md",
        "## Próximos pasos {#start}\n\n## palabra {#more}",
        "## palabra {#more}\n\n## Próximos pasos {#start}",
        [
            "docs/es/index.md:3: found heading ## {#more}, expected heading ## "
            "{#start} here (docs/en/index.md:3)",
        ],
        id="heading-order",
    ),
    pytest.param(
        "docs/pt/index.md",
        "## Próximos passos {#start}",
        "## 3 próximos passos {#start}",
        [
            "docs/pt/index.md:3: found 3, expected no such number in the section (docs/en/index.md:3)",
        ],
        id="number-gained",
    ),
]


def test_clean_tree_passes(clean: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--root", str(clean)]) == 0
    assert capsys.readouterr().out == "in step: 16 pages, 40 sections, 3 word lists, 4 languages\n"


@pytest.mark.parametrize(("name", "old", "new", "expected"), MUTATIONS)
def test_one_change_gives_this_report(tree: Path, name: str, old: str, new: str, expected: list[str]) -> None:
    change(tree, name, old, new)
    assert [str(finding) for finding in check(tree).findings] == expected


# Differences that are none: each language writes numbers, dates and its own name its own way.
EXCUSED = [
    ("en", "Two cores, see.", {"zh": "2 个核心。", "pt": "Dois núcleos.", "es": "2 núcleos."}),
    ("en", "It has 135 million of 1,000.", {"zh": "1.35 亿，1000。", "pt": "135 milhões de 1.000.",
                                             "es": "135 millones de 1000."}),
    ("en", "On 30 November 2026.", {"zh": "2026 年 11 月 30 日。", "pt": "30 de novembro de 2026.",
                                     "es": "2026-11-30."}),
    ("en", "In 90 s, 50% and 0.125.", {"zh": "90 秒，50%，0.125。", "pt": "90 segundos, 50 %, 0,125.",
                                        "es": "90 segundos, 50 %, 0.125."}),
    ("en", "Run `--lang en` with GPT-2.", {"zh": "用 GPT-2 运行 `--lang zh`。",
                                            "pt": "Com o GPT-2, rode `--lang pt`.",
                                            "es": "Con GPT-2, usa `--lang es`."}),
    ("en", "The top-10 are [here](masks.md).", {"zh": "前 10 个在[这里](masks.md)。",
                                                 "pt": "Os 10 primeiros: [aqui](masks.md).",
                                                 "es": "Los 10 mejores: [aquí](masks.md)."}),
    ("en", "Words. <!-- one note -->", {"zh": "词。", "pt": "Palavras.\n<!-- nota de 2\n\nlinhas -->",
                                         "es": "Palabras."}),
    ("en", "See [TRL][t].\n\n[t]: https://x.org/9", {
        "zh": "见 [TRL](https://x.org/9)。", "pt": "Veja [TRL][u].\n\n[u]: https://x.org/9",
        "es": "Mira [TRL](https://x.org/9)."}),
    ("en", "<!-- words -->\n```text\nhello\n```", {
        "zh": "<!-- words -->\n```text\n你好\n```", "pt": "<!-- words -->\n```text\nolá\n```",
        "es": "<!-- words -->\n```text\nhola\n```"}),
    ("en", WORDS["en"]["long"], {
        "zh": "<!-- lang: en -->\n" + WORDS["en"]["long"],
        "pt": "<!-- lang: en -->\n" + WORDS["en"]["long"], "es": WORDS["es"]["long"]}),
    ("en", "Sixty rows.", {"zh": "60 行。", "pt": "Sessenta linhas.", "es": "60 filas."}),
    ("en", "Two of 1,024 and one of 3.", {"zh": "2 个 1024 和 1 个 3。", "pt": "Dois de 1.024 e um de 3.",
                                         "es": "2 de 1024 y 1 de 3."}),
    ("en", "Read in\n12. That is all.", {"zh": "读 12。\n就这些。", "pt": "Lido em\n12. É tudo.",
                                        "es": "Leído en 12.\nEso es todo."}),
    ("en", "Read *The Way of It: what the model has to do with the words of it*.", {
        "zh": "参见 *The Way of It: what the model has to do with the words of it*。",
        "pt": "Leia *The Way of It: what the model has to do with the words of it*.",
        "es": "Lee *The Way of It: what the model has to do with the words of it*."}),
    ("en", "$$p = e^{\\frac{1}{3} \\sum \\text{tokens before } i}$$", {
        "zh": "$$p = e^{\\frac{1}{3} \\sum i \\text{ 之前的词元}}$$",
        "pt": "$$p = e^{\\frac{1}{3} \\sum \\text{tokens antes de } i}$$",
        "es": "$$p = e^{\\frac{1}{3} \\sum \\text{tokens anteriores a } i}$$"}),
    ("en", "> [!NOTE]\n> Look.", {"zh": "> [!NOTE]\n> 看。", "pt": "> [!NOTE]\n> Olhe.",
                                   "es": "> [!NOTE]\n> Mira."}),
]  # fmt: skip


@pytest.mark.parametrize(("lang", "text", "others"), EXCUSED)
def test_no_false_alarm(tree: Path, lang: str, text: str, others: dict[str, str]) -> None:
    for code, words in {lang: text, **others}.items():
        path = tree / f"docs/{code}/index.md"
        path.write_text(path.read_text(encoding="utf-8") + f"\n{words}\n", encoding="utf-8")
    assert [str(finding) for finding in check(tree).findings] == []


def test_a_word_excuses_no_altered_number(tree: Path) -> None:
    for code, words in {
        "en": "Four masks of 3.",
        "pt": "Quatro máscaras de 4.",
        "es": "Cuatro máscaras de 3.",
        "zh": "四个掩码，共 3 个。",
    }.items():
        path = tree / f"docs/{code}/index.md"
        path.write_text(path.read_text(encoding="utf-8") + f"\n{words}\n", encoding="utf-8")
    assert [str(finding) for finding in check(tree).findings] == [
        "docs/pt/index.md:7: found 4, expected 3 (docs/en/index.md:7)"
    ]


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_language_of_the_course_s_own_rows(lang: str) -> None:
    files = sorted((ROOT / "code/sintonia/data").glob(f"*/{lang}.jsonl"))
    rows = [json.loads(line) for path in files for line in path.open(encoding="utf-8")]
    texts = [message["content"] for row in rows for message in row["messages"]]
    assert len(texts) > 100
    assert [text for text in texts if foreign(text, lang)] == []
    # Left on another language's page, most sentences long enough to judge are seen.
    for other in set(LANGUAGES) - {lang}:
        judged = [text for text in texts if len(text) >= (30 if lang == "zh" else 90)]
        seen = [text for text in judged if foreign(text, other)]
        assert len(seen) >= 0.6 * len(judged) > 0, other


def test_a_missing_page_is_told_in_every_language_that_lacks_it(tree: Path) -> None:
    (tree / "docs/zh/index.md").unlink()
    (tree / "docs/pt/new.md").write_text("# Novo\n", encoding="utf-8")
    (tree / "README.es.md").unlink()
    assert [str(finding) for finding in check(tree).findings] == [
        "README.es.md:1: found no such file, expected the Spanish one (README.md:1)",
        "README.md:3: found link README.es.md, expected a file that exists",
        "README.pt.md:3: found link README.es.md, expected a file that exists",
        "README.zh.md:3: found link README.es.md, expected a file that exists",
        "docs/en/new.md:1: found no such file, expected the English one (docs/pt/new.md:1)",
        "docs/es/new.md:1: found no such file, expected the Spanish one (docs/pt/new.md:1)",
        "docs/zh/index.md:1: found no such file, expected the Chinese one (docs/en/index.md:1)",
        "docs/zh/new.md:1: found no such file, expected the Chinese one (docs/pt/new.md:1)",
    ]


def test_all_findings_come_at_once_and_sorted(tree: Path, capsys: pytest.CaptureFixture[str]) -> None:
    change(tree, "docs/zh/masks.md", "`-100`", "`-10`")
    change(tree, "docs/es/masks.md", "!!! note", "!!! tip")
    change(tree, "docs/es/masks.md", "```json", "```yaml")
    assert main(["--root", str(tree)]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert [line.split(" ")[0] for line in lines] == [
        "docs/es/masks.md:23:",
        "docs/es/masks.md:43:",
        "docs/zh/masks.md:13:",
        "3",
    ]
    assert lines[-1] == "3 findings: 16 pages, 40 sections, 3 word lists, 4 languages"


def test_json_is_one_object(tree: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--root", str(tree), "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {
        "status": "in step",
        "languages": ["en", "pt", "es", "zh"],
        "pages": 16,
        "sections": 40,
        "word_lists": 3,
        "locked": False,
        "findings": [],
        "lags": [],
    }
    change(tree, "docs/zh/masks.md", "`-100`", "`-10`")
    assert main(["--root", str(tree), "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["findings"] == [
        {
            "path": "docs/zh/masks.md",
            "line": 13,
            "kind": "code",
            "found": "`-10`",
            "expected": "`-100`",
            "reference": {"path": "docs/en/masks.md", "line": 13},
        }
    ]


def test_what_cannot_be_read_is_said_together(tree: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tree / "docs/assets/glossary.yml").write_text("- id: a\n  en: {term: [\n", encoding="utf-8")
    (tree / "docs/pt/masks.md").write_bytes(b"# M\xe1scaras\n")
    assert main(["--root", str(tree)]) == 2
    seen = capsys.readouterr()
    assert seen.out == ""
    first, second = seen.err.splitlines()
    assert first.startswith("docs/assets/glossary.yml:3: found YAML with ")
    assert second == ("docs/pt/masks.md: found byte 3 that is not UTF-8; expected UTF-8; save it so")
    assert main(["--root", str(tree), "--json"]) == 2
    assert json.loads(capsys.readouterr().out) == {
        "status": "unreadable",
        "errors": [first, second],
    }


def test_a_glossary_that_is_no_list(tree: Path) -> None:
    (tree / "docs/assets/glossary.yml").write_text("id: a\n", encoding="utf-8")
    with pytest.raises(CannotReadError, match="glossary.yml:1: found no list; expected a list"):
        check(tree)


def test_missing_trees(tmp_path: Path, tree: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "empty").mkdir()
    assert main(["--root", str(tmp_path / "empty")]) == 2
    assert "found no folder docs; expected docs/en" in capsys.readouterr().err
    shutil.rmtree(tree / "docs/zh")
    assert main(["--root", str(tree)]) == 2
    assert capsys.readouterr().err == (
        "docs/zh: found no folder; expected the Chinese pages; add the folder\n"
    )


def test_the_command_finds_its_root_and_loads_no_ml(clean: Path) -> None:
    code = (
        "import sys; from sitekit.parity import main; code = main([]);"
        "sys.exit(code or bool({'torch', 'transformers', 'trl', 'mkdocs'} & set(sys.modules)))"
    )
    run = subprocess.run(
        [sys.executable, "-c", code],
        cwd=clean / "docs/pt",
        env={"PYTHONPATH": str(ROOT / "code")},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (run.returncode, run.stderr) == (0, "")
    assert run.stdout.startswith("in step: 16 pages")


def test_usage_errors_exit_2(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(["--languages"])
    assert stopped.value.code == 2
