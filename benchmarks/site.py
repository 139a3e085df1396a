"""How soon a page of the site stands: first view under a slow network and a slow machine, weight, shifts.

    .venv/bin/python benchmarks/site.py [--site site] [--rounds 3]

1.6 Mbit/s, 150 ms a round trip, processor slowed four times, an empty cache, files sent packed as on the
web. Writes `benchmarks/results/site/`. Needs Chromium, and a built site or the means to build one.
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
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
RESULTS = HERE / "results" / "site"
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
PAGES = ("", "masks/", "lora/", "pt/masks/", "es/evaluation/", "zh/masks/", "notebooks/03-sft/", "glossary/")
NETWORK = {"offline": False, "latency": 150, "downloadThroughput": 200_000, "uploadThroughput": 93_750}
SLOWER = 4
WATCH = """
  window.seen = {paint: 0, shifts: 0};
  new PerformanceObserver(list => { for (const entry of list.getEntries()) seen.paint = entry.startTime; })
    .observe({type: "largest-contentful-paint", buffered: true});
  new PerformanceObserver(list => {
    for (const entry of list.getEntries()) if (!entry.hadRecentInput) seen.shifts += entry.value;
  }).observe({type: "layout-shift", buffered: true});
"""


class Packed(http.server.BaseHTTPRequestHandler):
    """Files of a folder, packed, with a round of HTTP/1.1 connections."""

    protocol_version = "HTTP/1.1"
    folder = Path()

    def log_message(self, *arguments: object) -> None:
        """Says nothing."""

    def do_GET(self) -> None:
        path = self.folder / self.path.partition("?")[0].lstrip("/")
        path = path / "index.html" if path.is_dir() else path
        if not path.is_file():
            self.send_error(404)
            return
        kind = {".html": "text/html", ".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
        data = packed(path)
        self.send_response(200)
        self.send_header(
            "Content-Type", f"{kind.get(path.suffix, 'application/octet-stream')}; charset=utf-8"
        )
        self.send_header("Content-Encoding", "gzip")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)


@functools.cache
def packed(path: Path) -> bytes:
    """A file's bytes as they travel."""
    return gzip.compress(path.read_bytes(), 9)


def main(arguments: list[str]) -> int:
    """Measure, write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--site", type=Path, help="a built site; without it, one is built")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--out", type=Path, default=RESULTS)
    options = parser.parse_args(arguments)
    sys.path.insert(0, str(ROOT / "code"))
    site = options.site or built()
    found = {"pages": in_chromium(site.resolve(), options.rounds), "conditions": conditions(options.rounds)}
    options.out.mkdir(parents=True, exist_ok=True)
    (options.out / "results.json").write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    (options.out / "README.md").write_text(table(found), encoding="utf-8")
    print(table(found))
    return 0


def built() -> Path:
    """The site, built for this run."""
    from sitekit.building import build_site

    out = Path(tempfile.mkdtemp(prefix="sintonia-site-")) / "sintonia"
    done = build_site(out)
    if done.returncode:
        raise SystemExit(done.stderr)
    return out


def conditions(rounds: int) -> dict[str, Any]:
    """What the figures hang on."""
    return {
        "python": platform.python_version(),
        "system": platform.system(),
        "cores": os.cpu_count(),
        "load": round(os.getloadavg()[0], 1),
        "rounds": rounds,
        "network": "1.6 Mbit/s, 150 ms",
        "processor": f"{SLOWER} times slower",
    }


def in_chromium(site: Path, rounds: int) -> dict[str, dict[str, Any]]:
    """Per page: milliseconds to the largest paint in each round, shifts, requests, packed bytes."""
    from playwright.sync_api import sync_playwright

    from sitekit.building import NO_BROWSER, find_browser

    executable = find_browser()
    if executable is None:
        raise SystemExit(NO_BROWSER)
    handler = type("Site", (Packed,), {"folder": site})
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    address = f"http://127.0.0.1:{server.server_port}/"
    found: dict[str, dict[str, Any]] = {}
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=FLAGS)
        for page in PAGES:
            lang = page.partition("/")[0] if page[:3] in ("pt/", "es/", "zh/") else "en"
            seen = [visit(browser, site, address + page, lang) for _ in range(rounds)]
            found[page or "home"] = {
                "largest_paint_ms": [round(item["paint"]) for item in seen],
                "shifts": round(max(item["shifts"] for item in seen), 4),
                "requests": seen[0]["requests"],
                "bytes_gz": seen[0]["bytes"],
            }
        browser.close()
    server.shutdown()
    return found


def visit(browser: Any, site: Path, url: str, lang: str) -> dict[str, Any]:
    """One first visit to a page."""
    context = browser.new_context(viewport={"width": 412, "height": 823}, locale=lang)
    context.add_init_script(WATCH)
    page = context.new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    session = context.new_cdp_session(page)
    session.send("Network.enable")
    session.send("Network.emulateNetworkConditions", NETWORK)
    session.send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})
    page.goto(url, wait_until="load", timeout=120_000)
    time.sleep(1)
    seen = page.evaluate("seen")
    root = url.split("/", 3)
    paths = [site / asking.split("/", 3)[3] for asking in set(asked) if asking.startswith("/".join(root[:3]))]
    sizes = [len(packed(path / "index.html" if path.is_dir() else path)) for path in paths]
    context.close()
    return {**seen, "requests": len(sizes), "bytes": sum(sizes)}


def table(found: dict[str, Any]) -> str:
    """The results as Markdown."""
    lines = [
        "# The first view of a page",
        "",
        "| Page | Largest paint, median (s) | Shifts | Requests | Packed (KB) |",
        "|---|---|---|---|---|",
    ]
    for page, row in found["pages"].items():
        paint = statistics.median(row["largest_paint_ms"]) / 1000
        lines.append(
            f"| {page} | {paint:.2f} | {row['shifts']} | {row['requests']} | {row['bytes_gz'] / 1000:.0f} |"
        )
    about = found["conditions"]
    lines += [
        "",
        f"Conditions: {about['network']}, processor {about['processor']}, {about['cores']} cores, load"
        f" {about['load']} when it ended, {about['rounds']} rounds a page, Python {about['python']}"
        f" on {about['system']}. Goals: 1.5 s, 0.02, 12 requests, 120 KB (a notebook page 140 KB). On a"
        " machine that does other work the first column tells of that work as well.",
        "",
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
