"""An ops person in the Prefect UI: signs in, and sees what ran and what it counted."""

import time
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Page, expect

from tests.faults.own_stack import OwnStack

PATIENCE_SECONDS = 120.0


@pytest.fixture(scope="module")
def captured(stack: OwnStack) -> str:
    """Three leads were posted and followed up; the address of the Prefect UI."""
    source = stack.add_source("browser")
    for n in range(3):
        lead = {"name": f"Person {n}", "email": f"person{n}@example.com"}
        httpx.post(source.url, json=lead, headers={"X-API-Key": source.api_key}).raise_for_status()
    until = time.monotonic() + PATIENCE_SECONDS
    while len(list(stack.outbox.glob("*.eml"))) < 3 and time.monotonic() < until:
        time.sleep(0.2)
    return stack.credentials["prefect_url"]


def sign_in(page: Page, stack: OwnStack, address: str) -> None:
    page.goto(address)
    page.get_by_placeholder("admin:pass").or_(page.locator("input[type=password]")).first.fill(
        stack.credentials["prefect_auth"]
    )
    page.keyboard.press("Enter")
    expect(page.get_by_role("link", name="Runs").first).to_be_visible()


def test_the_runs_of_posted_leads_can_be_seen(
    page: Page, stack: OwnStack, captured: str, pictures: Path
) -> None:
    sign_in(page, stack, captured)
    page.get_by_role("link", name="Runs").first.click()
    expect(page.get_by_text("lead-capture").first).to_be_visible()
    expect(page.get_by_text("message-delivery").first).to_be_visible()
    page.screenshot(path=pictures / "prefect-runs.png")


def test_every_flow_is_a_deployment_with_its_schedule(
    page: Page, stack: OwnStack, captured: str, pictures: Path
) -> None:
    sign_in(page, stack, captured)
    page.get_by_role("link", name="Deployments").first.click()
    for name in ("lead-capture", "message-delivery", "lead-scoring", "follow-up-scheduling", "housekeeping"):
        expect(page.get_by_text(name).first).to_be_visible()
    page.screenshot(path=pictures / "prefect-deployments.png")
