"""The pages in a real browser: they open, nothing is said on the console, and every link leads on.

Chromium without a window; where it is not installed these tests are left out.
"""

import re
import shutil
import subprocess
from dataclasses import replace

import pytest

pytest.importorskip("jax")

from conformance.portraits import curves, heats
from conformance.record import Report
from conformance.reports import matrix, write
from conformance.reports.html import to_html

from ..conformance.test_reports import BROKEN, DIGITS, POLLS, PROVENANCE, SOFTMAX, UNDECIDED, WRONG

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed")

HOSTILE = replace(WRONG, id="<script>alert(1)</script>", finding='"><img src=x onerror=alert(1)>')
PASSING = Report(
    PROVENANCE,
    (SOFTMAX, replace(SOFTMAX, id="jacobian.ReLU"), POLLS),
    (DIGITS,),
    curves=curves({"Tanh", "ReLU"}),
    heats=heats({"Softmax"}),
)
PAGES = {
    "passing": PASSING,
    "failing": replace(PASSING, properties=(SOFTMAX, WRONG, UNDECIDED, BROKEN)),
    "hostile": replace(PASSING, properties=(SOFTMAX, HOSTILE)),
    "500 findings": replace(
        PASSING, properties=tuple(replace(WRONG, id=f"vjp.{i}") for i in range(500))
    ),
    "nothing": Report(PROVENANCE, (), ()),
}


def opened(page, folder, *options):
    """The document as the browser has it, after any script would have run; and its console."""
    (folder / "page.html").write_text(page, encoding="utf-8")
    command = [
        CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", "--enable-logging=stderr",
        "--disable-background-networking", f"--user-data-dir={folder / 'profile'}",
        "--virtual-time-budget=2000", *options, "--dump-dom", str(folder / "page.html"),
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    return done.stdout, [line for line in done.stderr.splitlines() if ":CONSOLE" in line]


@pytest.mark.parametrize("name", PAGES)
def test_a_report_opens_and_its_links_lead_on(name, tmp_path):
    document, console = opened(to_html(PAGES[name]), tmp_path)
    assert console == []
    assert document.count("<main>") == 1
    assert "<script" not in document
    assert "onerror" not in re.sub("&lt;.*?&gt;", "", document)
    ids = set(re.findall(r' id="([^"]*)"', document))
    links = re.findall(r' href="#([^"]*)"', document)
    assert set(links) <= ids
    assert links


def test_the_filter_leaves_what_failed(tmp_path):
    """The browser measures the rows: what is filtered away has no height."""
    page = to_html(PAGES["failing"])
    assert 'id="show-failed"' in page
    assert 'id="show-failed"' not in to_html(PASSING)
    probe = """<script>onload = () => { document.title = [...document.querySelectorAll(
        ".properties tbody tr[id]")].map(r => r.className + r.getBoundingClientRect().height)
        .join(" ") }</script>"""
    heights = {}
    for choice in ("show-all", "show-failed"):
        chosen = page.replace(" checked", "").replace(f'id="{choice}"', f'id="{choice}" checked')
        chosen = re.sub("<meta http-equiv=.*?>", "", chosen).replace("</body>", f"{probe}</body>")
        document, console = opened(chosen, tmp_path)
        assert console == []
        heights[choice] = dict(
            re.findall(r"(conforms|disagrees|undecided|error)(\d+)", document.split("<title>")[1])
        )
    assert all(int(height) > 0 for height in heights["show-all"].values())
    assert heights["show-failed"]["conforms"] == "0"
    assert all(int(heights["show-failed"][bad]) > 0 for bad in ("disagrees", "undecided", "error"))


def test_a_matrix_opens(tmp_path):
    files = []
    for name in ("py311", "py312"):
        write(PASSING, tmp_path / name)
        files.append((tmp_path / name / "conformance.json", PASSING))
    document, console = opened(matrix.to_html(matrix.join(files)), tmp_path)
    assert console == []
    assert "py311" in document
    assert "py312" in document


def test_an_error_on_the_console_would_be_seen(tmp_path):
    _, console = opened("<!DOCTYPE html><script>console.error('oh')</script>", tmp_path)
    assert len(console) == 1
