"""An ops person in the Prefect UI: each thing they do does what it says, and is there after a restart and an upgrade.

One story on one stack, in the order of the tests; each names what it needs.
"""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import psycopg
import pytest
import yaml
from playwright.sync_api import Page, expect

from deployments.environment import PROJECT
from tests.browser.prefect_pages import PrefectUi, wait_until
from tests.faults.own_stack import OwnStack, Source

at_length = pytest.mark.skipif(
    not os.environ.get("CRM_REQUIRE_BROWSER"), reason="minutes long: make browser runs it"
)
FLOWS = (
    "lead-capture",
    "message-delivery",
    "lead-scoring",
    "follow-up-scheduling",
    "housekeeping",
    "janitor",
)
PAUSE_SECONDS = 10.0
NEW_WORDS = "An upgrade says this in other words."
UP_SECONDS = 300.0


@pytest.fixture(scope="module")
def source(stack: OwnStack) -> Source:
    """A way to post leads."""
    return stack.add_source("browser")


@pytest.fixture
def ui(page: Page, stack: OwnStack, pictures: Path) -> PrefectUi:
    """Signed in."""
    ui = PrefectUi(page, stack, pictures)
    ui.sign_in()
    return ui


@pytest.fixture(scope="module")
def captured(stack: OwnStack, source: Source) -> None:
    """Three leads were posted and followed up."""
    for n in range(3):
        post(source, n)
    wait_until(lambda: len(list(stack.outbox.glob("*.eml"))) >= 3)


def post(source: Source, n: int) -> None:
    lead = {"name": f"Person {n}", "email": f"person{n}@example.com"}
    httpx.post(source.url, json=lead, headers={"X-API-Key": source.api_key}).raise_for_status()


def waiting(stack: OwnStack) -> int:
    pending: int = stack.status()["backlog"]["inbox_pending"]
    return pending


@contextmanager
def scoring_held(stack: OwnStack) -> Iterator[None]:
    """While the block lasts, a run of lead-scoring gets no further than its first look at the leads."""
    with psycopg.connect(stack.owner_url) as connection:
        connection.execute("lock table crm_leads in access exclusive mode")
        yield


def upgrade(stack: OwnStack, flow: str) -> None:
    """Start the stack from a checkout in which the entry of one flow reads otherwise."""
    checkout = stack.folder / "upgraded"
    checkout.mkdir(mode=0o711, exist_ok=True)
    for original in PROJECT.iterdir():
        if original.name != "prefect.yaml" and not original.name.startswith("."):
            (checkout / original.name).symlink_to(original)
    content = yaml.safe_load((PROJECT / "prefect.yaml").read_text(encoding="utf-8"))
    entry = next(one for one in content["deployments"] if one["name"] == flow)
    entry["description"] = NEW_WORDS
    entry["schedules"][0]["interval"] *= 2
    (checkout / "prefect.yaml").write_text(yaml.safe_dump(content), encoding="utf-8")
    subprocess.run(
        [sys.executable, "-m", "deployments.cli", "up", "--detach"],
        cwd=checkout,
        env={**stack.environment, "PYTHONPATH": str(checkout)},
        check=True,
        timeout=UP_SECONDS,
    )


def test_the_runs_of_posted_leads_can_be_seen(ui: PrefectUi, captured: None) -> None:
    ui.page.get_by_role("link", name="Runs").first.click()
    expect(ui.page.get_by_text("lead-capture").first).to_be_visible()
    expect(ui.page.get_by_text("message-delivery").first).to_be_visible()
    ui.picture("prefect-runs")


def test_every_flow_is_a_deployment_with_its_schedule(ui: PrefectUi, captured: None) -> None:
    ui.page.get_by_role("link", name="Deployments").first.click()
    for name in FLOWS:
        expect(ui.page.get_by_text(name).first).to_be_visible()
    ui.picture("prefect-deployments")


def test_the_latest_counts_of_each_flow_are_on_the_artifacts_page(ui: PrefectUi, captured: None) -> None:
    ui.open("artifacts")
    expect(ui.page.get_by_text("lead-capture").first).to_be_visible()
    ui.picture("prefect-artifacts")
    ui.open("artifacts/key/lead-capture")
    ui.page.locator("a[href*='/artifacts/artifact/']").first.click()
    link = ui.page.get_by_role("link", name="Records", exact=True).first
    expect(link).to_have_attribute("href", f"{ui.stack.credentials['api_url']}/api/crm/leads")
    ui.picture("prefect-artifact")


@at_length
def test_a_schedule_is_added(ui: PrefectUi) -> None:
    ui.open_deployment("housekeeping")
    ui.add_schedule(45)
    expect(ui.page.get_by_text("Every 45 minutes")).to_be_visible()
    assert sorted(one["schedule"]["interval"] for one in ui.deployment("housekeeping")["schedules"]) == [
        2700,
        3600,
    ]
    wait_until(lambda: len({run["created_by"]["id"] for run in ui.runs("housekeeping", "SCHEDULED")}) == 2)
    ui.picture("prefect-schedules")


@at_length
def test_a_pause_stops_the_intake_within_ten_seconds_and_what_waits_stays(
    ui: PrefectUi, captured: None, source: Source
) -> None:
    ui.open_deployment("lead-capture")
    ui.switch_schedule("Every")
    wait_until(lambda: ui.deployment("lead-capture")["schedules"][0]["active"] is False)
    ui.picture("prefect-paused")
    time.sleep(PAUSE_SECONDS)
    post(source, 100)
    time.sleep(PAUSE_SECONDS)
    assert waiting(ui.stack) == 1
    assert ui.stack.status()["prefect"]["paused_by_ops"] == ["lead-capture"]
    assert "paused by ops" in ui.stack.crm("flows", "list").stdout.replace("\n", " ")


@at_length
def test_a_run_is_started_with_a_parameter(ui: PrefectUi, captured: None) -> None:
    run_id = ui.start("lead-scoring", dry=True)
    run = ui.becomes(run_id, "COMPLETED")
    assert run["parameters"]["dry_run"] is True
    ui.open(f"runs/flow-run/{run_id}")
    expect(ui.page.get_by_text("Completed").first).to_be_visible()
    ui.picture("prefect-run")


@pytest.mark.parametrize("name", ["lead-capture", "message-delivery"])
@at_length
def test_a_hot_flow_is_started_by_hand_even_while_it_is_paused(
    ui: PrefectUi, captured: None, name: str
) -> None:
    run_id = ui.start(name, dry=True)
    assert ui.becomes(run_id, "COMPLETED")["parameters"]["dry_run"] is True


@at_length
def test_a_run_is_cancelled_and_really_ends(ui: PrefectUi, captured: None) -> None:
    with scoring_held(ui.stack):
        run_id = ui.start("lead-scoring", dry=False)
        ui.becomes(run_id, "RUNNING")
        ui.choose(run_id, "Cancel")
        ui.becomes(run_id, "CANCELLING")
        time.sleep(4)  # long enough for the intake to have looked
    ui.becomes(run_id, "CANCELLED")
    done = ui.api("POST", "task_runs/filter", {"flow_runs": {"id": {"any_": [run_id]}}})
    assert {task["state_type"] for task in done} <= {"COMPLETED"}


@at_length
def test_a_run_is_started_again(ui: PrefectUi, captured: None) -> None:
    cancelled = ui.runs("lead-scoring", "CANCELLED")[0]["id"]
    ui.choose(cancelled, "Retry")
    assert ui.becomes(cancelled, "COMPLETED")["run_count"] == 2


@at_length
def test_all_of_it_is_there_after_a_restart(ui: PrefectUi, source: Source) -> None:
    assert ui.stack.crm("down").returncode == 0
    assert ui.stack.crm("up", "--detach", seconds=UP_SECONDS).returncode == 0
    survived(ui)
    assert waiting(ui.stack) == 1


@at_length
def test_all_of_it_is_there_after_an_upgrade_of_one_entry(ui: PrefectUi, source: Source) -> None:
    assert ui.stack.crm("down").returncode == 0
    upgrade(ui.stack, "housekeeping")
    survived(ui)
    found = ui.deployment("housekeeping")
    assert found["description"] == NEW_WORDS
    assert sorted(one["schedule"]["interval"] for one in found["schedules"]) == [2700, 7200]


@at_length
def test_what_waited_is_worked_off_when_it_is_on_again(ui: PrefectUi, source: Source) -> None:
    ui.open_deployment("lead-capture")
    ui.switch_schedule("Every")
    wait_until(lambda: waiting(ui.stack) == 0)
    assert ui.stack.status()["prefect"]["paused_by_ops"] == []


def survived(ui: PrefectUi) -> None:
    """What the tests before did in the UI."""
    assert 2700 in [one["schedule"]["interval"] for one in ui.deployment("housekeeping")["schedules"]]
    assert [one["active"] for one in ui.deployment("lead-capture")["schedules"]] == [False]
    assert ui.stack.status()["prefect"]["paused_by_ops"] == ["lead-capture"]
