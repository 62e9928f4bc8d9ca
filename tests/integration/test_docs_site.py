"""The pages as a site: built without a warning, complete, and nothing of it lies elsewhere. And the two READMEs."""

from __future__ import annotations

import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[2]
LOADS = {"link": "href", "script": "src", "img": "src", "iframe": "src", "source": "src"}
BLOCK = re.compile(r"^```(?:sh|python|yaml)\n(.*?)^```", re.DOTALL | re.MULTILINE)


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "sphinx", "-q", "-W", "--keep-going", "-E", "-b", "html", "docs", str(folder)]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return folder


def test_every_page_is_on_it(site):
    pages = {path.relative_to(PROJECT / "docs").with_suffix(".html") for path in (PROJECT / "docs").rglob("*.md")}
    assert len(pages) > 40
    assert [page for page in pages if not (site / page).is_file()] == []


class Loaded(HTMLParser):
    """What a page asks for by itself."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.addresses: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.addresses += [value for name, value in attrs if LOADS.get(tag) == name]


def test_nothing_is_loaded_from_elsewhere(site):
    asked = {address for page in site.rglob("*.html") for address in Loaded(page.read_text()).addresses}
    assert asked
    assert [address for address in asked if re.match(r"(?:https?:)?//", address)] == []


def test_what_the_customer_asked_for_is_there():
    names = {path.stem for path in (PROJECT / "docs").rglob("*.md")}
    assert {"first-issue", "add-an-algorithm", "to-aws", "troubleshoot", "system", "implementation"} <= names
    assert {"mcp", "tests", "project-structure"} <= names
    system = (PROJECT / "docs/explanation/system.md").read_text()
    assert system.count("```mermaid") == 2


def test_both_readmes_have_the_same_code_and_sections():
    english, japanese = ((PROJECT / name).read_text() for name in ("README.md", "README.ja.md"))
    commands = [[line.partition("  #")[0].strip() for block in BLOCK.findall(text) for line in block.splitlines()]
                for text in (english, japanese)]  # fmt: skip
    assert commands[0] == commands[1]
    assert len(re.findall(r"^## ", english, re.MULTILINE)) == len(re.findall(r"^## ", japanese, re.MULTILINE))


def test_the_tutorial_adds_the_algorithm_that_the_test_adds():
    """`test_contributor.py` does what the page says."""
    from tests.integration.test_contributor import FILE, LINE

    page = (PROJECT / "docs/tutorial/add-an-algorithm.md").read_text()
    lines = [line.removeprefix("   ") for line in page.splitlines()]
    assert FILE.strip() in "\n".join(lines)
    assert LINE.strip() in page
