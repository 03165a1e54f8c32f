"""The stack a demo plays on: the one that runs, else one of its own that ends with it."""

import contextlib
import fcntl
import signal
import time
from collections.abc import Iterator
from types import FrameType

from deployments.cli.progress import StartView
from deployments.embedded.accounts import own_folder
from deployments.errors import DeploymentError, StartFailed
from deployments.local.detach import start_detached, stop_running
from deployments.local.run_state import lock_holder, read_state
from deployments.local.status import as_running
from deployments.settings import Settings
from integrations.settings import load_settings

POLL_SECONDS = 0.25
STOP_SECONDS = 120.0


@contextlib.contextmanager
def ready_stack(settings: Settings, view: StartView) -> Iterator[tuple[Settings, bool]]:
    """The settings of a ready stack, and whether it is ours: then it is stopped when the block ends.

    Raises StartFailed, PortTaken and their kin.
    """
    if lock_holder(settings.home) is not None:
        view.step("Using the stack that runs")
        _wait_until_ready(settings)
        yield as_running(settings), False
        return
    with view:
        start_detached(settings, view, tied=True)
    try:
        yield settings, True
    finally:
        _stop(settings, view)


@contextlib.contextmanager
def one_at_a_time(settings: Settings) -> Iterator[None]:
    """Raises DeploymentError while another demo plays on this CRM_HOME: each would count the other's leads."""
    with (own_folder(settings.home / "run") / "demo.lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise DeploymentError(f"A demo plays on {settings.home} already.") from None
        yield


def check_nobody_is_written_to() -> None:
    """Raises DeploymentError where e-mails or texts would leave this machine: the demo's people are made up."""
    settings = load_settings()
    outside = {settings.email_provider, settings.calendar_provider, settings.provider_phone} - {"local", ""}
    if outside:
        raise DeploymentError(
            f"The settings send to the world ({', '.join(sorted(outside))}), and the demo's people are made up; "
            "unset them for the demo, or use --providers fakes."
        )


@contextlib.contextmanager
def stoppable() -> Iterator[None]:
    """SIGTERM and SIGHUP end the block as Ctrl-C does, so that what was started is stopped."""
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = {number: signal.signal(number, _interrupt) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def stay_up(settings: Settings) -> None:
    """Until Ctrl-C, or until the stack is stopped by somebody else."""
    with contextlib.suppress(KeyboardInterrupt):
        while lock_holder(settings.home) is not None:
            time.sleep(POLL_SECONDS)


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _wait_until_ready(settings: Settings) -> None:
    """Wait for a `crm up` that is still starting; one that is stopping, or a migration, is not waited out."""
    deadline = time.monotonic() + settings.start_seconds
    while time.monotonic() < deadline and lock_holder(settings.home) is not None:
        state = read_state(settings.home)
        if state is not None and state.alive and state.phase == "ready":
            return
        if state is not None and state.alive and state.phase != "starting":
            break
        time.sleep(POLL_SECONDS)
    raise StartFailed(
        f"What runs for {settings.home} is not a stack that is or becomes ready; see crm status."
    )


def _stop(settings: Settings, view: StartView) -> None:
    """Stop the stack; another Ctrl-C meanwhile hurries it."""
    view.step("Stopping what was started; Ctrl-C hurries")
    try:
        stop_running(settings, STOP_SECONDS)
    except KeyboardInterrupt:
        stop_running(settings, STOP_SECONDS)
