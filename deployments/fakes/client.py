"""Asking the fakes what they took, and telling them what shall go wrong."""

from typing import Any

import httpx

from deployments.errors import DeploymentError
from deployments.fakes.process import Running

TIMEOUT_SECONDS = 20.0


class FakesClient:
    """The pages below /_fake/ of one fakes process."""

    def __init__(self, running: Running) -> None:
        self.url = running.url

    def status(self) -> dict[str, Any]:
        """What they do and have met so far."""
        return self._ask("GET", "status")

    def log(self, since: int = 0) -> dict[str, Any]:
        """What they accepted, from this entry on, and what they refused."""
        return self._ask("GET", f"log?since={since}")

    def summary(self) -> dict[str, Any]:
        """How often each message was accepted."""
        return self._ask("GET", "summary")

    def faults(self, plan: dict[str, Any]) -> dict[str, Any]:
        """Let these faults happen from now on; an empty plan ends them. Returns the whole plan."""
        return self._ask("POST", "faults", plan)

    def webhooks(self, manner: dict[str, Any]) -> dict[str, Any]:
        """Where news go from now on, and how badly."""
        return self._ask("POST", "webhooks", manner)

    def put_lead(self, lead: dict[str, Any]) -> None:
        """Let Graph know a lead."""
        self._ask("POST", "leads", lead)

    def reset(self) -> None:
        """Forget everything."""
        self._ask("POST", "reset")

    def _ask(self, method: str, page: str, value: object = None) -> dict[str, Any]:
        try:
            answer = httpx.request(
                method, f"{self.url}/_fake/{page}", json=value, timeout=TIMEOUT_SECONDS, trust_env=False
            )
            content: dict[str, Any] = answer.json()
        except (httpx.HTTPError, ValueError) as error:
            raise DeploymentError(
                f"The fakes at {self.url} do not answer ({type(error).__name__})."
            ) from None
        if answer.is_error:
            raise DeploymentError(f"The fakes refused: {content.get('error', answer.status_code)}.")
        return content
