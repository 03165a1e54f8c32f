"""The pages of the Prefect UI that ops use, as far as the tests need them (the one that 3.8.8 opens with)."""

import re
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from playwright.sync_api import Page, expect

from tests.faults.own_stack import OwnStack

PATIENCE_SECONDS = 120.0
ABOVE_THE_PATH = {"x": 0.0, "y": 0.0, "width": 1400.0, "height": 500.0}
"""What is shown of a deployment's page: below stands where the checkout is on this machine."""


@dataclass(frozen=True)
class PrefectUi:
    """An ops person who is signed in; `api` answers what the server has."""

    page: Page
    stack: OwnStack
    pictures: Path

    @property
    def address(self) -> str:
        """Where the UI is."""
        return self.stack.credentials["prefect_url"]

    def api(self, method: str, path: str, body: Any = None) -> Any:
        """The server's own word on it."""
        user, _, password = self.stack.credentials["prefect_auth"].partition(":")
        url = f"{self.address}/api/{path}"
        answer = httpx.request(method, url, json=body, auth=(user, password), timeout=30).raise_for_status()
        return answer.json() if answer.content else None

    def deployment(self, name: str) -> Any:
        """A deployment, as the server has it."""
        return self.api("GET", f"deployments/name/{name}/{name}")

    def runs(self, name: str, *states: str) -> list[Any]:
        """Runs of a deployment, the last begun first."""
        of = {
            "deployment_id": {"any_": [self.deployment(name)["id"]]},
            "state": {"type": {"any_": list(states)}},
        }
        found: list[Any] = self.api("POST", "flow_runs/filter", {"flow_runs": of, "sort": "START_TIME_DESC"})
        return found

    def run(self, run_id: str) -> Any:
        """A run, as the server has it."""
        return self.api("GET", f"flow_runs/{run_id}")

    def becomes(self, run_id: str, state: str) -> Any:
        """Wait until a run is in this state; returns it."""
        wait_until(lambda: self.run(run_id)["state_type"] == state)
        return self.run(run_id)

    def sign_in(self) -> None:
        """With the password of credentials.json."""
        self.page.goto(self.address)
        field = self.page.get_by_placeholder("admin:pass").or_(self.page.locator("input[type=password]"))
        field.first.fill(self.stack.credentials["prefect_auth"])
        self.page.keyboard.press("Enter")
        expect(self.page.get_by_role("link", name="Runs").first).to_be_visible()

    def open(self, path: str) -> None:
        """A page of the UI."""
        self.page.goto(f"{self.address}/v2/{path}")

    def open_deployment(self, name: str) -> None:
        """The page of a deployment."""
        self.open(f"deployments/deployment/{self.deployment(name)['id']}")
        expect(self.page.get_by_role("button", name="Schedule", exact=True)).to_be_visible()

    def add_schedule(self, minutes: int) -> None:
        """On a deployment's page: every so many minutes."""
        self.page.get_by_role("button", name="Schedule", exact=True).click()
        field = self.page.locator("input[name='schedule.interval_value']")
        field.fill(str(minutes))
        self.picture("prefect-add-schedule")
        self.page.get_by_role("button", name="Save").click()
        expect(field).to_be_hidden()

    def switch_schedule(self, words: str) -> None:
        """On a deployment's page: the switch of the schedule with these words."""
        self.page.get_by_role("switch", name=re.compile(words)).click()

    def start(self, name: str, *, dry: bool) -> str:
        """By the form of a custom run; returns the run's id."""
        before = {run["id"] for run in self._begun(name)}
        self.open(f"deployments/deployment/{self.deployment(name)['id']}/run")
        expect(self.page.get_by_text("Count what would be done")).to_be_visible()
        if dry:
            self.page.get_by_role("switch").first.click()
        self.picture("prefect-run-form")
        self.page.get_by_role("button", name="Submit").click()
        wait_until(lambda: {run["id"] for run in self._begun(name)} > before)
        return next(str(run["id"]) for run in self._begun(name) if run["id"] not in before)

    def choose(self, run_id: str, action: str) -> None:
        """On a run's page: an entry of its menu, and yes to the question that follows."""
        self.open(f"runs/flow-run/{run_id}")
        self.page.get_by_role("button", name="Open menu").last.click()
        self.page.get_by_role("menuitem", name=action).click()
        dialog = self.page.get_by_role("alertdialog").or_(self.page.get_by_role("dialog"))
        expect(dialog).to_be_visible()
        self.picture(f"prefect-{action.lower()}")
        dialog.get_by_role("button").filter(has_text=action).last.click()  # the first may be "no"

    def picture(self, name: str) -> None:
        """A screenshot, without the part that tells of this machine."""
        clip: Any = (
            ABOVE_THE_PATH if "/deployment/" in self.page.url and "/run" not in self.page.url else None
        )
        self.page.wait_for_timeout(700)  # a dialog fades in
        self.page.screenshot(path=self.pictures / f"{name}.png", clip=clip)

    def _begun(self, name: str) -> list[Any]:
        found = self.runs(name, "SCHEDULED", "PENDING", "RUNNING", "COMPLETED", "FAILED")
        return [run for run in found if not run["auto_scheduled"]]


def wait_until(happened: Any, seconds: float = PATIENCE_SECONDS) -> None:
    """Wait for something; raises TimeoutError."""
    until = time.monotonic() + seconds
    while not happened():
        if time.monotonic() > until:
            raise TimeoutError
        time.sleep(0.3)
