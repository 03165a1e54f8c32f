"""`crm` in a process of its own on a test's database: `python -m tests.deployments.own_import URL ORG ADMIN ARGUMENT...`.

Workers are started as in the product, and may be killed like it.
"""

import json
import signal
import subprocess
import sys
from uuid import UUID

from crm_db.session import Identity
from deployments.cli import acting, main
from tests.conftest import Database, Org
from tests.house.code import ROOT


def start(database: Database, org: Org, *arguments: str) -> "subprocess.Popen[str]":
    """Begin a command."""
    acting_as = [database.app_url, str(org.org_id), str(org.admin_id)]
    return subprocess.Popen(
        [sys.executable, "-m", "tests.deployments.own_import", *acting_as, *arguments],
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def counts_of(process: "subprocess.Popen[str]") -> dict[str, int]:
    """What a finished import counted."""
    out, err = process.communicate(timeout=240)
    assert process.returncode == 0, err
    told: dict[str, int] = json.loads(out)
    return told


if __name__ == "__main__":
    url, org_id, admin_id, *rest = sys.argv[1:]
    acting.login = lambda: (url, Identity(UUID(org_id), UUID(admin_id), "admin"))
    sys.argv = ["crm", *rest]
    # As at a terminal: what a shell starts in the background ignores Ctrl-C, and so would whatever the tests start.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    main()
