"""Every page is valid HTML, but for what Material writes and no option changes."""

import json
import subprocess
from pathlib import Path

from sitekit.building import site_for_tests

ROOT = Path(__file__).parents[2]

# Style of writing, which no browser sees.
QUIET = {"no-trailing-whitespace": "off", "doctype-style": "off", "attribute-empty-style": "off"}
# HTML allows ids that begin with an underscore or a digit; only some selectors would need an escape.
RELAXED = {"valid-id": ["error", {"relaxed": True}]}
# Rule, and how its message begins: each is Material's own.
KNOWN = (
    ("unique-landmark", "Landmarks must have a non-empty and unique accessible name"),  # nested menus
    ("valid-autocomplete", 'autocomplete attribute cannot be used on <input type="checkbox">'),  # its toggles
    ("attribute-allowed-values", 'Attribute "tabindex" has invalid value ""'),  # a menu's label
    ("wcag/h32", "<form> element must have a submit button"),  # the search, and the palette
    ("no-implicit-button-type", "<button> is missing recommended"),  # the language menu's
    ("attribute-misuse", '"rel" attribute cannot be used on <a> in this context'),  # rel="edit"
)
# The report's chart in a notebook's output is styled as the file that the reader would open.
IN_NOTEBOOKS = (("no-inline-style", "Inline style is not allowed"),)


def test_every_page_is_valid(chromium, node_modules, tmp_path):
    site = site_for_tests(ROOT)[0]
    pages = sorted(site.rglob("*.html"))
    assert len(pages) > 90
    config = tmp_path / "htmlvalidate.json"
    rules = {**QUIET, **RELAXED}
    config.write_text(json.dumps({"extends": ["html-validate:recommended"], "root": True, "rules": rules}))
    command = ["node", node_modules / "html-validate" / "bin" / "html-validate.mjs", "--config", config]
    said = tmp_path / "said.json"  # a pipe would lose what is not read before it exits
    subprocess.run(
        [*command, "--formatter", f"json={said}", *pages], capture_output=True, timeout=300, check=False
    )
    found, known = [], set()
    for page in json.loads(said.read_text(encoding="utf-8")):
        where = Path(page["filePath"]).relative_to(site).as_posix()
        for fault in page["messages"]:
            allowed = KNOWN + (IN_NOTEBOOKS if "notebooks/" in where else ())
            fits = [
                item
                for item in allowed
                if fault["ruleId"] == item[0] and fault["message"].startswith(item[1])
            ]
            known |= set(fits)
            if not fits:
                found.append(f"{where}:{fault['line']}: {fault['message']} ({fault['ruleId']})")
    assert found == [], "\n".join(found)
    # What Material has mended leaves the list.
    assert known == {*KNOWN, *IN_NOTEBOOKS}
