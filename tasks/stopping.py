"""Whether this process was asked to stop; long tasks look between two pieces of work, finish the one in hand, and end."""

from threading import Event

_asked = Event()


def ask() -> None:
    """Let running tasks come to an end."""
    _asked.set()


def asked() -> bool:
    """True once the process is to stop."""
    return _asked.is_set()


def wait(seconds: float) -> bool:
    """Sleep, but not past a request to stop; returns whether there was one."""
    return _asked.wait(seconds)
