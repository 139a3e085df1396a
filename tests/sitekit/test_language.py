"""Spelling, long sentences and Chinese typography: each kind of fault is found at its file and line.

Each mutation changes one thing in one file of a clean tree; the findings are written out whole, so that
neither a wrong line nor a second, spurious finding goes unseen. The course's own texts come last.
"""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest

from sitekit import spellcheck, typography
from sitekit.findings import CannotReadError
from sitekit.language import check, main, new_words
from sitekit.sentences import ALLOWED, check_sentences, sentences
from sitekit.spellcheck import check_spelling
from sitekit.texts import texts
from sitekit.typography import check_typography

ROOT = Path(__file__).resolve().parents[2]
REQUIRED = os.environ.get("SINTONIA_REQUIRE_LANGUAGE") == "1"

# Where CI says that they must be there, a missing program is a failure of the tests that need it.
needs_hunspell = pytest.mark.skipif(bool(spellcheck.missing()) and not REQUIRED, reason=spellcheck.missing())
needs_autocorrect = pytest.mark.skipif(
    bool(typography.missing()) and not REQUIRED, reason=typography.missing() or "there"
)

PAGE = """\
---
title: {title}
---
# {title}

{first}
{second} `wrnog` $wrnog$ [{link}](https://example.org/wrnog) [[wrnog|{term}]] <!-- wrnog -->

```python title="wrnog.py"
wrnog = 1
```

- {item}
"""
WORDS = {
    "en": dict(
        title="The mask",
        first="The model learns from its own words.",
        second="It reads the labels of Sintonia,",
        link="La máscara",
        term="the loss",
        item="A pretrained model's weights do not change.",
    ),
    "pt": dict(
        title="A máscara",
        first="O modelo aprende com as próprias palavras.",
        second="Ele lê os rótulos da Sintonia,",
        link="The mask",
        term="a perda",
        item="Use-o no pré-treino: torná-lo rápido é fácil.",
    ),
    "es": dict(
        title="La máscara",
        first="El modelo aprende de sus propias palabras.",
        second="Lee las etiquetas de Sintonia,",
        link="The mask",
        term="la pérdida",
        item="Aplícale la plantilla y después muéstraselo.",
    ),
    "zh": dict(
        title="掩码",
        first="模型从自己写的话里学习，用 3 个 GPU。",
        second="它读 Sintonia 的标签",
        link="The mask",
        term="损失",
        item="预训练模型的权重不变。",
    ),
}
LONG = " ".join(["word"] * 36)


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    for lang, words in WORDS.items():
        page = tmp_path / "docs" / lang / "masks.md"
        page.parent.mkdir(parents=True)
        page.write_text(PAGE.format(**words), "utf-8")
    figures = tmp_path / "docs" / "assets" / "figures"
    figures.mkdir(parents=True)
    entry = {"alt": {lang: f"{words['first']}{{{{count}}}}" for lang, words in WORDS.items()}}
    (figures / "mask.words.yml").write_text(json.dumps(entry, ensure_ascii=False, indent=2), "utf-8")
    lists = tmp_path / spellcheck.LISTS
    lists.mkdir(parents=True)
    for name, known in {"names": "Sintonia\n", "en": "pretrained\n"}.items():
        (lists / f"{name}.txt").write_text(known, "utf-8")
    for name in ("pt", "es", "zh", "replies", "long"):
        (lists / f"{name}.txt").write_text("", "utf-8")
    return tmp_path


def change(path: Path, old: str, new: str) -> None:
    text = path.read_text("utf-8")
    assert old in text, f"{path.name} has no {old!r}"
    path.write_text(text.replace(old, new, 1), "utf-8")


def found(tree: Path) -> list[tuple[str, int, str]]:
    findings = check_spelling(texts(tree), tree)
    return [(finding.path, finding.line, finding.found) for finding in sorted(findings)]


@needs_hunspell
@needs_autocorrect
def test_a_clean_tree_has_no_findings(tree, capsys):
    assert main(["--root", str(tree), "--require"]) == 0
    assert "no findings in " in capsys.readouterr().out


MISSPELT = {  # (line, what stood there, what stands there now, the word that is found)
    "en": [
        (6, "learns", "lerans", "lerans"),
        (6, "own words", "máscara words", "máscara"),
        (7, "Sintonia", "Sintonai", "Sintonai"),
        (7, "La máscara", "La mascraa", "mascraa"),
        (13, "pretrained", "pretained", "pretained"),
    ],
    "pt": [
        (2, "A máscara", "A máscra", "máscra"),
        (6, "aprende", "aprendee", "aprendee"),
        (6, "próprias", "own", "own"),
        (7, "rótulos", "rotulso", "rotulso"),
        (13, "pré-treino", "pré-treinno", "pré-treinno"),
        (13, "torná-lo", "tornná-lo", "tornná-lo"),
    ],
    "es": [
        (6, "palabras", "palabars", "palabars"),
        (7, "etiquetas", "etiqeutas", "etiqeutas"),
        (7, "la pérdida", "la pérdia", "pérdia"),
        (13, "Aplícale", "Alpícale", "Alpícale"),
        (13, "muéstraselo", "muestraseloo", "muestraseloo"),
    ],
    "zh": [(7, "The mask", "The msak", "msak")],
}


@needs_hunspell
@pytest.mark.parametrize("lang", MISSPELT)
def test_each_misspelt_word_is_found_where_it_stands(tree, lang):
    for _, old, new, _ in MISSPELT[lang]:
        change(tree / "docs" / lang / "masks.md", old, new)
    shown = f"docs/{lang}/masks.md"
    assert found(tree) == [(shown, line, f"the word {word!r}") for line, _, _, word in MISSPELT[lang]]


@needs_hunspell
def test_words_in_yaml_are_read(tree):
    change(tree / "docs" / "assets" / "figures" / "mask.words.yml", "propias", "porpias")
    assert found(tree) == [("docs/assets/figures/mask.words.yml", 5, "the word 'porpias'")]


@needs_hunspell
def test_a_listed_word_is_known_and_only_in_its_language(tree):
    change(tree / "docs" / "pt" / "masks.md", "modelo", "zorglub Prompt")
    change(tree / "docs" / "es" / "masks.md", "modelo", "zorglub")
    (tree / spellcheck.LISTS / "pt.txt").write_text("prompt\nzorglub\n", "utf-8")
    assert found(tree) == [("docs/es/masks.md", 6, "the word 'zorglub'")]
    assert new_words(check_spelling(texts(tree), tree)) == {"code/sitekit/spelling/es.txt": ["zorglub"]}


@needs_hunspell
def test_a_list_out_of_order_cannot_be_read(tree, capsys):
    (tree / spellcheck.LISTS / "pt.txt").write_text("zebra\nalfa\n", "utf-8")
    assert main(["--root", str(tree)]) == 2
    assert "code/sitekit/spelling/pt.txt:2: found 'alfa' after 'zebra'" in capsys.readouterr().err


@needs_autocorrect
@pytest.mark.parametrize(
    ("line", "old", "new", "expected"),
    [
        (6, "3 个 GPU", "3个 GPU", "3 个"),
        (6, "学习，用", "学习,用", "学习，用"),
        (7, "它读 Sintonia 的", "它读Sintonia 的", "它读 Sint"),
        (7, "标签 `wrnog`", "标签`wrnog`", "标签 x"),
        (7, "[[wrnog|损失]]", "损失[[wrnog|SFT]]损失", "损失 SFT"),
        (13, "模型的", "LoRA模型的", "LoRA 模型"),
        (13, "不变。", "不变.", "不变。"),
    ],
)
def test_chinese_typography_is_found_where_it_stands(tree, line, old, new, expected):
    change(tree / "docs" / "zh" / "masks.md", old, new)
    findings = check_typography(texts(tree), tree)
    assert [(finding.path, finding.line, finding.kind) for finding in findings] == [
        ("docs/zh/masks.md", line, "typography")
    ]
    assert expected in findings[0].expected and expected not in findings[0].found


@needs_autocorrect
def test_what_stays_as_it_is_stays(tree):
    change(tree / "docs" / "zh" / "masks.md", "学习，用", "学习,用")
    (tree / typography.AS_IT_IS).write_text("学习,用\n", "utf-8")
    assert check_typography(texts(tree), tree) == []


@pytest.mark.parametrize("lang", ["en", "pt", "es"])
def test_a_long_sentence_is_found_in_each_language(tree, lang):
    page = tree / "docs" / lang / "masks.md"
    shown = f"docs/{lang}/masks.md"
    change(page, WORDS[lang]["first"], f"{WORDS[lang]['first']} {LONG}.")
    findings = check_sentences(texts(tree), tree)
    first = "word word word word word word"
    assert [str(finding) for finding in findings] == [
        f"{shown}:6: found a sentence of 36 words ({first} …), expected at most 35"
    ]
    (tree / ALLOWED).write_text(f"{shown}: {first}\n", "utf-8")
    assert check_sentences(texts(tree), tree) == []


def test_a_sentence_of_35_words_passes_and_code_counts_as_one(tree):
    page = tree / "docs" / "en" / "masks.md"
    change(page, "The model", " ".join(["word"] * 34) + " `a b c. d`. The model")
    assert check_sentences(texts(tree), tree) == []


def test_an_allowance_that_nothing_needs_is_found(tree):
    (tree / ALLOWED).write_text("docs/en/masks.md: gone\n", "utf-8")
    assert [(f.path, f.line) for f in check_sentences(texts(tree), tree)] == [(ALLOWED, 1)]


def test_sentences_end_where_a_list_goes_on():
    assert [text for _, text in sentences("Write three:\n- one 1.5;\n- two.")] == [
        "Write three:",
        "- one 1.5;",
        "- two.",
    ]


def test_an_unreadable_file_is_named(tree):
    (tree / "docs" / "pt" / "masks.md").write_bytes(b"\xff")
    (tree / "docs" / "assets" / "figures" / "mask.words.yml").write_text("a: b: c\n", "utf-8")
    with pytest.raises(CannotReadError) as error:
        texts(tree)
    assert [fault.split(": found")[0] for fault in error.value.faults] == [
        "docs/assets/figures/mask.words.yml:1",
        "docs/pt/masks.md",
    ]


def test_without_hunspell_it_says_so_and_goes_on(tree, monkeypatch, capsys):
    monkeypatch.setattr(shutil, "which", lambda name: None)
    assert main(["--root", str(tree)]) == 0
    out = capsys.readouterr().out
    assert "spelling: not checked: hunspell is not installed; install hunspell hunspell-en-gb" in out
    assert main(["--root", str(tree), "--require"]) == 1


@needs_hunspell
def test_json_holds_the_findings(tree, capsys):
    change(tree / "docs" / "pt" / "masks.md", "aprende", "aprendee")
    assert main(["--root", str(tree), "--json"]) == 1
    (finding,) = json.loads(capsys.readouterr().out)["findings"]
    assert (finding["path"], finding["line"], finding["kind"]) == ("docs/pt/masks.md", 6, "spelling")


@needs_hunspell
@needs_autocorrect
def test_the_course_is_clean():
    findings = check(ROOT).findings
    assert not findings, "\n".join(map(str, findings))
