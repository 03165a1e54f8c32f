"""A browser and a running stack. Without Chromium the tests are skipped by name; `make browser` requires it."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect, sync_playwright

from tests.faults.own_stack import OwnStack, own_stack

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
QUIET = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@pytest.fixture(scope="package")
def stack() -> Iterator[OwnStack]:
    """A stack of these tests' own."""
    if CHROMIUM is None:
        if os.environ.get("CRM_REQUIRE_BROWSER"):
            pytest.fail("Chromium is missing: apt-get install chromium")
        pytest.skip("Chromium is not installed (Debian: apt-get install chromium)")
    with own_stack() as running:
        yield running


@pytest.fixture
def page(stack: OwnStack, tmp_path: Path) -> Iterator[Page]:
    """An empty page of a fresh browser, at home in a folder of the test; nothing but this machine is reached."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM, args=list(QUIET), env={**os.environ, "HOME": str(tmp_path)}
        )
        fresh = browser.new_page(viewport={"width": 1400, "height": 900})
        fresh.set_default_timeout(60_000)
        expect.set_options(timeout=60_000)  # else five seconds, whatever the machine is doing
        yield fresh
        browser.close()


@pytest.fixture(scope="session")
def pictures() -> Path:
    """Where screenshots go, for whoever wants to look."""
    folder = Path(os.environ.get("CRM_PICTURES", "build/pictures"))
    folder.mkdir(parents=True, exist_ok=True)
    return folder
