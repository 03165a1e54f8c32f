"""How each process shows that it works: by answering, or by a sign of life it writes."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import psutil

from crm_db.clock import utc_now

PROBE_SECONDS = 5.0
FRESH = timedelta(seconds=60)
Probe = Callable[[], bool]
WORK_POOL = "crm"
WORKER = "crm-worker"


def http_ok(url: str, auth: str | None = None) -> Probe:
    """Ready when this address answers 200; with `auth` (user:password) only our own does, no stranger."""
    login = (auth.partition(":")[0], auth.partition(":")[2]) if auth else None
    # Made once, because making a client reads all certificates of the machine.
    client = httpx.Client(auth=login, timeout=PROBE_SECONDS)

    def ready() -> bool:
        try:
            return client.get(url).status_code == httpx.codes.OK
        except httpx.HTTPError:
            return False

    return ready


def sign_of_life(path: Path, instance: str) -> Probe:
    """Ready when an intake of this `crm up` that still lives wrote its file within the last minute."""

    def ready() -> bool:
        life = read_sign(path)
        if life is None or life.get("instance") != instance or not _is_fresh(life.get("at")):
            return False
        pid = life.get("pid")
        return isinstance(pid, int) and psutil.pid_exists(pid)

    return ready


def read_sign(path: Path) -> dict[str, object] | None:
    """What an intake wrote last: pid, at (ISO), instance, prefect (whether it reaches Prefect)."""
    try:
        content = json.loads(path.read_text())
    except (OSError, ValueError):
        return None
    return content if isinstance(content, dict) else None


class WorkerOnline:
    """Ready when Prefect has heard of the worker since its last start. `auth` is user:password."""

    def __init__(self, prefect_url: str, auth: str) -> None:
        user, _, password = auth.partition(":")
        self._client = httpx.Client(auth=(user, password), timeout=PROBE_SECONDS)
        self._url = f"{prefect_url}/api/work_pools/{WORK_POOL}/workers/filter"
        self._since = utc_now()

    def starts(self) -> None:
        """What was heard so far was another process."""
        self._since = utc_now()

    def __call__(self) -> bool:
        try:
            answer = self._client.post(self._url, json={}).raise_for_status()
            beats = [item["last_heartbeat_time"] for item in answer.json() if item["name"] == WORKER]
        except (httpx.HTTPError, ValueError, KeyError):
            return False
        return any(beat and _moment(beat) > self._since for beat in beats)


def _is_fresh(at: object) -> bool:
    return isinstance(at, str) and utc_now() - _moment(at) < FRESH


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
