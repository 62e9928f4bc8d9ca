"""The board in a real browser: a model from an empty workspace, two people at once, and what a screen reader finds.

`MLOPS_SCREENSHOTS` names a folder for pictures of the pages, at desktop and phone width, light and dark.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.integration.board.browser import ADVICE, ARGUMENTS, find
from tests.integration.board.conftest import GOOD, Visitor
from tests.integration.service.process import Service, Switches

SECONDS = 60
SIZES = {"desktop": {"width": 1280, "height": 900}, "phone": {"width": 390, "height": 800}}
SERIOUS = ("serious", "critical")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    path = find()
    assert path is not None, ADVICE
    with sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=path, args=list(ARGUMENTS))
        yield found
        found.close()


@pytest.fixture(scope="module")
def service(tmp_path_factory) -> Iterator[Service]:
    found = Service(tmp_path_factory.mktemp("browser"), [], None, {}, Switches())
    yield found
    found.stop()


@pytest.fixture
def opened(browser: Browser, service: Service) -> Iterator[Page]:
    """A page; at its end nothing was complained of, and nothing asked for beyond this machine."""
    complaints, elsewhere = [], []
    context = browser.new_context(viewport=SIZES["desktop"], base_url=service.url)
    page = context.new_page()
    page.set_default_timeout(SECONDS * 1000)
    page.on("console", lambda told: told.type in ("error", "warning") and complaints.append(told.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on(
        "request", lambda asked: urlsplit(asked.url).netloc != urlsplit(service.url).netloc and elsewhere.append(asked)
    )
    yield page
    context.close()
    assert complaints == []
    assert [asked.url for asked in elsewhere if not asked.url.startswith("data:")] == []


def start(page: Page, title: str, **given: str) -> None:
    """Fills in the form and sends it."""
    page.goto("/")
    page.get_by_role("link", name="New training").first.click()
    page.get_by_label("Title").fill(title)
    page.get_by_label("Learning type").select_option("supervised")
    page.get_by_label("Algorithm").select_option("random_forest")
    page.get_by_label("Dataset id").fill(given.get("dataset_id", "iris"))
    page.get_by_label("Hyperparameters").fill(given.get("hyperparameters", "n_estimators: 95"))
    page.get_by_label("Evaluation threshold").fill("0.9")
    page.get_by_role("button", name="Start training").click()


def has(page: Page, label: str) -> None:
    expect(page.locator(".label", has_text=f"mlops:{label}")).to_be_visible(timeout=SECONDS * 1000)


def test_from_an_empty_workspace_to_a_model_that_is_live_again(opened: Page) -> None:
    """Everything in the browser, with one reply; nothing is loaded anew by hand."""
    opened.goto("/")
    expect(opened.get_by_text("Nothing here yet.")).to_be_visible()
    start(opened, "Wine", dataset_id="wine", hyperparameters="n_estimators: ten")
    expect(opened.locator("#hyperparameters-wrong")).to_contain_text("n_estimators")
    opened.get_by_label("Hyperparameters").fill("n_estimators: 10")
    opened.get_by_role("button", name="Start training").click()
    has(opened, "waiting")
    reply = opened.get_by_label("Comment")
    expect(reply).to_have_value(re.compile("^adjusted_hyperparameters:\n  "), timeout=SECONDS * 1000)
    reply.fill("adjusted_hyperparameters:\n  n_estimators: 95")
    opened.get_by_role("button", name="Comment", exact=True).click()
    has(opened, "registered")
    expect(opened.get_by_role("link", name="Train the model: done")).to_be_visible()
    start(opened, "Wine again", dataset_id="wine")
    has(opened, "registered")
    opened.get_by_role("link", name="Models", exact=True).click()
    opened.get_by_role("link", name="supervised-random-forest-wine").click()
    for version in ("1", "2"):
        opened.get_by_role("button", name=f"Approve version {version}").click()
        expect(opened.get_by_role("heading", name=f"Approved version {version}")).to_be_visible(timeout=SECONDS * 1000)
        opened.get_by_role("link", name="Models", exact=True).click()
        opened.get_by_role("link", name="supervised-random-forest-wine").click()
    opened.get_by_role("button", name="Roll back to version 1").click()
    expect(opened.get_by_role("heading", name="Rolled back to version 1")).to_be_visible(timeout=SECONDS * 1000)
    opened.get_by_role("link", name="Models", exact=True).click()
    expect(opened.get_by_role("row", name="supervised-random-forest-wine").get_by_role("cell").nth(2)).to_have_text("1")


def test_two_people_see_what_the_other_does(opened: Page, browser: Browser, service: Service) -> None:
    number = Visitor(service.url).open(hyperparameters="n_estimators: 10")
    opened.goto(f"/issues/{number}")
    has(opened, "waiting")
    other = browser.new_page(base_url=service.url)
    other.goto(f"/issues/{number}")
    other.get_by_label("Comment").fill("Good morning from the *other* one")
    other.get_by_role("button", name="Comment", exact=True).click()
    expect(opened.get_by_text("Good morning from the other one")).to_be_visible(timeout=SECONDS * 1000)
    draft = opened.get_by_label("Comment")
    draft.fill("What I write stays")
    other.get_by_role("button", name="/cancel").click()
    has(opened, "failed")
    expect(draft).to_have_value("What I write stays")
    expect(draft).to_be_focused()
    other.close()


def test_the_keyboard_is_enough(opened: Page) -> None:
    opened.goto("/new")
    opened.keyboard.press("Tab")
    expect(opened.get_by_role("link", name="To the content")).to_be_focused()
    opened.keyboard.press("Enter")
    for _ in range(2):
        opened.keyboard.press("Tab")
    opened.get_by_label("Title").focus()
    opened.keyboard.type("By keys")
    for text in ("sup", "random", "iris"):
        opened.keyboard.press("Tab")
        opened.keyboard.type(text)
    opened.keyboard.press("Enter")
    expect(opened.get_by_role("heading", name="By keys")).to_be_visible()


@pytest.fixture(scope="module")
def filled(service: Service) -> tuple[Visitor, int]:
    """A board with something on each page."""
    visitor = Visitor(service.url)
    numbers = [visitor.open(**{**GOOD, "hyperparameters": f"n_estimators: {trees}"}) for trees in (91, 95, 10)]
    return visitor, numbers[-1]


PAGES = {
    "issues": "/",
    "new": "/new",
    "issue": "/issues/{number}",
    "models": "/models",
    "group": "",
    "runs": "/runs?algorithm=random_forest",
    "data": "/data",
    "sign_in": "/sign-in",
    "log": "/issues/{number}/attempts/1/steps/Train",
    "not_found": "/issues/99999",
}


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", SIZES)
def test_no_serious_barrier(browser: Browser, service: Service, filled, size: str, scheme: str) -> None:
    """axe-core's rules, and no page that is wider than the screen."""
    _, number = filled
    context = browser.new_context(viewport=SIZES[size], color_scheme=scheme, base_url=service.url)
    page = context.new_page()
    page.goto(f"/issues/{number}")
    has(page, "waiting")
    for name, path in PAGES.items():
        if name == "group":
            page.goto("/models")
            page.locator("td a").first.click()
        else:
            page.goto(path.format(number=number))
        _keep(page, f"{name}-{size}-{scheme}")
        found = [
            f"{name}: {each['id']}: {node['html'][:200]}"
            for each in Axe().run(page).response["violations"]
            if each["impact"] in SERIOUS
            for node in each["nodes"]
        ]
        assert found == []
        wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wide <= 0, f"{name}: {wide} pixels too wide"
    context.close()


def _keep(page: Page, name: str) -> None:
    folder = os.environ.get("MLOPS_SCREENSHOTS")
    if folder:
        page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)
