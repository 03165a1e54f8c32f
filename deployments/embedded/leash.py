"""Run a program that ends when the process that started it ends, under another account where asked.

Used as a script (`python -I -S leash.py SIGNAL PARENT UID GID PROGRAM ARGUMENT...`), so that nothing of it
runs between fork and exec of a parent with threads. UID and GID are `-` to stay who we are. Where the system
knows no parent-death signal the program just runs.
"""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1


def die_with(parent: int, number: int) -> None:
    """Ask the kernel for signal `number` when the parent ends; leave at once if it already has."""
    if not sys.platform.startswith("linux"):
        return
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, number, 0, 0, 0)
    if os.getppid() != parent:
        sys.exit(1)


def become(uid: str, gid: str) -> None:
    """Give up root for good: no extra groups, real, effective and saved ids all changed."""
    if uid == "-":
        return
    os.setgroups([])
    os.setgid(int(gid))
    os.setuid(int(uid))


def main(arguments: list[str]) -> None:
    """Replace this process by the program. The account comes first: changing it clears the death signal."""
    number, parent, uid, gid, *program = arguments
    os.umask(0o077)
    become(uid, gid)
    die_with(int(parent), int(signal.Signals[number]))
    os.execv(program[0], program)  # noqa: S606  # The program is our caller's; a shell is what we avoid.


if __name__ == "__main__":
    main(sys.argv[1:])
