"""The playground's budgets: what is fetched, how soon it answers, how fast an edit shows, and the contract.

    .venv/bin/python benchmarks/playground.py

Builds the site, opens it in Chromium, and writes `benchmarks/results/playground/`. Needs Node and Chromium.
"""

from __future__ import annotations

import argparse
import functools
import gzip
import http.server
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import threading
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
RESULTS = HERE / "results" / "playground"
BUNDLE = ROOT / "docs" / "assets" / "playground"
SCRIPTS = ("playground.js", "worker.js", "engine.js")
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
ROUNDS = 5
EDITS = 21
SENTENCE = "The depth of the sea is two metres. "

# Chromium throttles the page's own thread, never a worker's: so the engine is run on the page's as well.
ON_THE_PAGE = """async state => {
  const began = performance.now();
  const assets = new URL("../assets/playground/", location.href).href;
  const {Tokenizer, analyse} = await import(assets + "engine.js?again=" + began);
  const tokenizer = new Tokenizer(await (await fetch(assets + "tokenizer.json")).json());
  analyse(state, tokenizer);
  return performance.now() - began;
}"""
EDIT = """async count => {
  const field = document.querySelector(".pg-turn textarea"), root = document.querySelector(".pg");
  const times = [];
  for (let edit = 0; edit < count; edit += 1) {
    const answered = new Promise(done => new MutationObserver((_, watcher) => {
      watcher.disconnect(); done(); }).observe(root, {attributeFilter: ["data-shown"]}));
    const began = performance.now();
    const at = field.value.length >> 1;
    field.value = field.value.slice(0, at) + "x" + field.value.slice(at);
    field.dispatchEvent(new Event("input"));
    await answered;
    root.getBoundingClientRect();
    times.push(performance.now() - began);
    await new Promise(done => setTimeout(done, 50));
  }
  return times;
}"""


def main(arguments: list[str]) -> int:
    """Measure, write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=RESULTS)
    options = parser.parse_args(arguments)
    sys.path.insert(0, str(ROOT / "code"))
    found: dict[str, Any] = {"bytes_gz": sizes(), "contract": contract()}
    found |= in_chromium()
    found["conditions"] = {
        "python": platform.python_version(),
        "system": platform.system(),
        "cores": os.cpu_count(),
        "load": round(os.getloadavg()[0], 1),
        "node": subprocess.run(["node", "--version"], capture_output=True, text=True).stdout.strip(),
    } | found.pop("conditions")
    options.out.mkdir(parents=True, exist_ok=True)
    (options.out / "results.json").write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    (options.out / "README.md").write_text(table(found), encoding="utf-8")
    print(table(found))
    return 0


def sizes() -> dict[str, int]:
    """Bytes of each file, as a server that packs sends them."""
    names = (*SCRIPTS, "playground.css", "tokenizer.json")
    return {name: len(gzip.compress((BUNDLE / name).read_bytes(), 9)) for name in names}


def contract() -> dict[str, Any]:
    """Python's answers against the bundle's: tests/playground/run_contract.mjs."""
    tests = ROOT / "tests" / "playground"
    with tempfile.TemporaryDirectory() as folder:
        cases = Path(folder) / "cases.jsonl"
        environment = {**os.environ, "PYTHONPATH": str(ROOT / "code")}
        subprocess.run([sys.executable, str(tests / "contract.py"), str(cases)], env=environment, check=True)
        command = ["node", str(tests / "run_contract.mjs"), str(BUNDLE), str(cases)]
        done = subprocess.run(command, capture_output=True, encoding="utf-8", check=True)
    report = json.loads(done.stdout)
    return {name: report[name] for name in ("answers", "equal", "both_refused", "refused", "count")}


def in_chromium() -> dict[str, Any]:
    """First answers at a sixth of the speed, and edits of 4,000 tokens at full speed; milliseconds."""
    from playwright.sync_api import sync_playwright

    from sitekit.building import find_browser, site_for_tests

    site = site_for_tests(ROOT)[0]
    handler = functools.partial(_Quiet, directory=str(site.parent))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    address = f"http://127.0.0.1:{server.server_port}/sintonia/playground/"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_browser(), args=FLAGS)
        first, engine = [], []
        for _ in range(ROUNDS):
            page = browser.new_page()
            page.context.new_cdp_session(page).send("Emulation.setCPUThrottlingRate", {"rate": 6})
            page.goto(address, wait_until="commit")
            page.wait_for_selector(".pg[data-shown]", timeout=60_000)
            first.append(page.evaluate("performance.now()"))
            state = {"messages": [{"role": "user", "content": SENTENCE}]}
            engine.append(page.evaluate(ON_THE_PAGE, state))
            page.close()
        page = browser.new_page()
        page.goto(address)
        page.wait_for_selector(".pg[data-shown]")
        page.evaluate(
            """text => { const field = document.querySelector(".pg-turn textarea"); field.value = text;
              field.dispatchEvent(new Event("input")); }""",
            SENTENCE * 440,
        )
        page.wait_for_timeout(1500)
        tokens = page.locator(".pg-status").inner_text().split()[0]
        edits = page.evaluate(EDIT, EDITS)
        result = {
            "first_answer_6x_ms": [round(each) for each in first],
            "engine_on_page_6x_ms": [round(each) for each in engine],
            "edit_ms": [round(each, 1) for each in edits],
            "edit_tokens": int(tokens.replace(",", "")),
            "conditions": {"chromium": browser.version},
        }
        browser.close()
    server.shutdown()
    return result


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *arguments: Any) -> None:
        pass


def table(found: dict[str, Any]) -> str:
    """The results as a page."""
    size, said = found["bytes_gz"], found["contract"]
    scripts = sum(size[name] for name in SCRIPTS)
    conditions = ", ".join(f"{name} {value}" for name, value in found["conditions"].items())
    refused = ", ".join(f"{name} {count}" for name, count in sorted(said["refused"].items()))
    edit = f"an edit shown, {found['edit_tokens']:,} tokens, unthrottled"
    first, engine = (_ms(found[name]) for name in ("first_answer_6x_ms", "engine_on_page_6x_ms"))
    alone = said["answers"] - said["equal"] - said["both_refused"] - said["count"]
    rows = [
        ("JavaScript, packed", f"{scripts / 1000:.1f} KB", "40 KB"),
        ("tokenizer, packed", f"{size['tokenizer.json'] / 1000:.1f} KB", "450 KB"),
        ("first answer after opening the page, 6x CPU throttle", first, "2,500 ms"),
        ("engine, tokenizer and answer on the throttled thread", engine, "2,500 ms"),
        (edit, _ms(found["edit_ms"]), "50 ms"),
    ]
    lines = "\n".join(f"| {what} | {value} | {limit} |" for what, value, limit in rows)
    return f"""# The playground's budgets

`benchmarks/playground.py`. Times are the median of {ROUNDS} openings and of {EDITS} edits, the fastest and
the slowest in brackets. Chromium's throttle slows the page's thread and not the worker's, in which the engine
runs; the fourth line is the engine's whole work on the throttled thread, which no reader's page does.

| What | Measured | Budget |
|---|---:|---:|
{lines}

## The contract

{said["answers"]:,} answers of Python (976 rows x 9 templates x 3 masking modes, and 2,000 generated
conversations) against the bundle in Node: {said["equal"]:,} equal in text, spans, ids, offsets, mask,
truncation, packs and padding; {said["both_refused"]:,} refused by both; {alone:,} refused by the page
alone, with its reason; **{said["count"]:,} differences**. Reasons: {refused}.

Conditions: {conditions}.
"""


def _ms(times: list[float]) -> str:
    return f"{statistics.median(times):,.0f} ms ({min(times):,.0f} to {max(times):,.0f})"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
