"""Processes left over from a `crm up` that was killed: known by pid and start, or by their environment."""

import psutil

from deployments.local.run_state import RunState, is_process

FINISH_SECONDS = 20.0


def stop_orphans(state: RunState) -> list[str]:
    """Stop what still runs of that `crm up`, except PostgreSQL (its Cluster does that); says what it was.

    The leash has asked most of them to stop already; they get time to finish, then they are killed.
    """
    orphans = find_orphans(state)
    names = [f"{process.name()} ({process.pid})" for process in orphans if process.is_running()]
    for process in orphans:
        _signal(process, "terminate")
    _, late = psutil.wait_procs(orphans, timeout=FINISH_SECONDS)
    for process in late:
        _signal(process, "kill")
    psutil.wait_procs(late, timeout=FINISH_SECONDS)
    return names


def find_orphans(state: RunState) -> list[psutil.Process]:
    """The recorded processes that still are the same ones, and all with the instance in their environment."""
    recorded = {
        view.pid
        for view in state.processes
        if view.pid
        and view.create_time
        and view.name != "postgres"
        and is_process(view.pid, view.create_time)
    }
    ours = {psutil.Process().pid, *(parent.pid for parent in psutil.Process().parents())}
    found = []
    for process in psutil.process_iter():
        if process.pid not in ours and (process.pid in recorded or _carries(process, state.instance)):
            found.append(process)
    return found


def _carries(process: psutil.Process, instance: str) -> bool:
    try:
        return bool(instance) and process.environ().get("CRM_INSTANCE") == instance
    except (psutil.Error, OSError):
        return False


def _signal(process: psutil.Process, action: str) -> None:
    try:
        if action == "kill":
            process.kill()
        else:
            process.terminate()
    except psutil.NoSuchProcess:
        return
