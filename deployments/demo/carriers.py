"""`crm demo --providers fakes`: a stack of its own whose e-mail and telephone are the provider fakes.

It has a CRM_HOME below the ordinary one, so that both demos can run side by side, and its settings reach it through this
process's environment, which is put back afterwards.
"""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from deployments.cli.progress import StartView
from deployments.errors import DeploymentError
from deployments.fakes import process
from deployments.fakes.client import FakesClient
from deployments.local.ports import is_free
from deployments.local.run_state import lock_holder, read_state
from deployments.settings import Settings, load_settings

FOLDER = "with-fakes"
PORTS_ABOVE = 10
PORTS_TRIED = 50
SETTLE_SECONDS = 2
HTTP_SECONDS = 3
HANG_SECONDS = HTTP_SECONDS + 1.0
NOT_FOR_THIS = ("CRM_DATABASE_URL", "CRM_SMTP_URL", "CRM_PROVIDER_CALENDAR")
"""What the user set for the ordinary stack and would lead this one astray."""


@contextmanager
def led_to_fakes(settings: Settings, view: StartView, share: float) -> Iterator[tuple[Settings, FakesClient]]:
    """The settings of the stack that goes with the fakes, and the fakes, which let this share of the calls fail.

    They are started when they do not run, and then end with the block.
    """
    home = settings.home / FOLDER
    running, is_ours = process.find(home), False
    if running is None:
        if lock_holder(home) is not None:
            raise DeploymentError(
                f"The stack in {home} has lost its fakes; stop it: CRM_HOME={home} crm down."
            )
        view.step("Fakes of SendGrid, Twilio and Graph")
        running, is_ours = process.start(home, port=0, seed=1, tied=True), True
    fakes = FakesClient(running)
    try:
        fakes.faults({"share": share, "after_share": 0.5, "hang_seconds": HANG_SECONDS})
        with _environment(_settings_for(settings, running.url)):
            yield load_settings(), fakes
    finally:
        if is_ours:
            process.stop(home)


def _settings_for(settings: Settings, url: str) -> dict[str, str]:
    """The environment of the stack; one that runs keeps its ports."""
    home = settings.home / FOLDER
    state = read_state(home) if lock_holder(home) is not None else None
    ports = state.ports if state is not None else {}
    found = {
        "CRM_HOME": str(home),
        "CRM_API_PORT": str(ports.get("api") or _free_port(settings.api_port)),
        "CRM_PREFECT_PORT": str(ports.get("prefect") or _free_port(settings.prefect_port)),
        "CRM_SETTLE_SECONDS": str(SETTLE_SECONDS),
        "CRM_HTTP_TIMEOUT": str(HTTP_SECONDS),
    }
    if settings.data_dir is not None:
        found["CRM_DATA_DIR"] = str(settings.data_dir.with_name(f"{settings.data_dir.name}-{FOLDER}"))
    return {**found, **process.environment(url)}


def _free_port(beside: int) -> int:
    """A free port a little above the ordinary stack's; raises DeploymentError when there is none."""
    first = min(beside + PORTS_ABOVE, 65_535 - PORTS_TRIED)
    for port in range(first, first + PORTS_TRIED):
        if is_free(port):
            return port
    raise DeploymentError(f"No port from {first} on is free for the demo with fakes.")


@contextmanager
def _environment(values: Mapping[str, str]) -> Iterator[None]:
    """These variables for this process and what it starts, as long as the block lasts."""
    before = dict(os.environ)
    os.environ.update(values)
    for name in NOT_FOR_THIS:
        os.environ.pop(name, None)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)
