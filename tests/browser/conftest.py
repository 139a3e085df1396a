"""The site in a real Chromium, served below /sintonia/ as on the web."""

import functools
import http.server
import json
import os
import shutil
import subprocess
import threading
from pathlib import Path

import pytest

from sitekit.building import NO_BROWSER, find_browser, site_for_tests

ROOT = Path(__file__).parents[2]
HERE = Path(__file__).parent
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


class _Handler(http.server.SimpleHTTPRequestHandler):
    """Static files as GitHub Pages serves them: an unknown address gets the site's 404 page."""

    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        pass

    def send_error(self, code, message=None, explain=None):
        if code != 404:
            super().send_error(code, message, explain)
            return
        body = (Path(self.directory) / "sintonia" / "404.html").read_bytes()
        self.send_response(404)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@pytest.fixture(scope="session")
def chromium():
    executable = find_browser()
    if executable is None:
        # Without SINTONIA_REQUIRE_BROWSER=1 the tests were skipped before they came here.
        pytest.fail(f"SINTONIA_REQUIRE_BROWSER=1: {NO_BROWSER}", pytrace=False)
    from playwright.sync_api import Error, sync_playwright

    with sync_playwright() as playwright:
        try:
            browser = playwright.chromium.launch(executable_path=executable, args=FLAGS)
        except Error as error:
            pytest.fail(
                f"{executable}: found it does not start ({str(error).splitlines()[0]})", pytrace=False
            )
        yield browser
        browser.close()


def _missing_packages(reason):
    """Without npm or its packages the tests that need them are skipped, unless SINTONIA_REQUIRE_NODE=1."""
    if os.environ.get("SINTONIA_REQUIRE_NODE") == "1":
        pytest.fail(f"SINTONIA_REQUIRE_NODE=1: {reason}", pytrace=False)
    pytest.skip(reason)


@pytest.fixture(scope="session")
def node_modules(tmp_path_factory):
    """The packages of package.json, in the versions it pins: installed beside it, or for this run."""
    wanted = json.loads((HERE / "package.json").read_text(encoding="utf-8"))["devDependencies"]

    def version(name):
        installed = HERE / "node_modules" / name / "package.json"
        return installed.is_file() and json.loads(installed.read_text(encoding="utf-8"))["version"]

    if all(version(name) == wanted[name] for name in wanted):
        return HERE / "node_modules"
    if shutil.which("npm") is None:
        _missing_packages(
            "packages are missing and there is no npm: apt-get install npm, then npm ci in tests/browser"
        )
    folder = tmp_path_factory.mktemp("packages")
    for name in ("package.json", "package-lock.json", ".npmrc"):
        shutil.copy(HERE / name, folder)
    command = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=300, check=False)
    if done.returncode:
        _missing_packages(f"npm ci in tests/browser failed: {done.stderr.strip()[-200:]}")
    return folder / "node_modules"


@pytest.fixture(scope="session")
def axe(node_modules):
    """The source of axe-core."""
    return (node_modules / "axe-core" / "axe.min.js").read_text(encoding="utf-8")


@pytest.fixture(scope="session")
def site_url(chromium):
    """Asks for the browser first: without one, nothing is built."""
    site = site_for_tests(ROOT)[0]
    handler = functools.partial(_Handler, directory=str(site.parent))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/sintonia/"
    server.shutdown()
    server.server_close()


def watch_page(page, site_url, faults):
    """Writes down what a page asks for in vain or elsewhere, and what its console says."""

    def requested(request):
        if not request.url.startswith((site_url, "data:", "blob:")):
            faults.append(f"foreign or stray request: {request.url}")

    def answered(response):
        if response.status >= 400:
            faults.append(f"{response.status}: {response.url}")

    def failed(request):
        # Leaving a page cancels what it was still loading: that is the reader's doing.
        if request.failure != "net::ERR_ABORTED":
            faults.append(f"failed: {request.url} ({request.failure})")

    page.on("request", requested)
    page.on("response", answered)
    page.on("requestfailed", failed)
    page.on("pageerror", lambda error: faults.append(f"error: {error}"))
    page.on("console", lambda said: said.type == "error" and faults.append(f"console: {said.text}"))


@pytest.fixture(scope="session")
def watch():
    """`watch(page, site_url, faults)`, for a test that opens its pages itself."""
    return watch_page


@pytest.fixture
def open_page(chromium, site_url):
    """Opens an address of the site; in the end, all requests were ours and answered, the console silent."""
    contexts = []
    faults = []

    def open_page(address="", *, width=1280, height=900, locale="en", scheme="light"):
        context = chromium.new_context(
            viewport={"width": width, "height": height}, locale=locale, color_scheme=scheme
        )
        contexts.append(context)
        page = context.new_page()
        watch_page(page, site_url, faults)
        page.goto(site_url + address, wait_until="load")
        return page

    open_page.faults = faults
    yield open_page
    for context in contexts:
        context.close()
    assert faults == []
