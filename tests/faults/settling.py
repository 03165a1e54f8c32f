"""Waiting until a stack has nothing left to do, which is when it may be recounted."""

import time

import psycopg

SETTLE_SECONDS = 1_200.0
"""Longer than the longest lease, a back-off after it, and the restart of the slowest process."""
QUIET_LOOKS = 4
_UNSETTLED = """
    select (select count(*) from crm_inbox where status = 'pending') as submissions,
           (select count(*) from crm_messages where status = 'unknown' and check_at is not null) as in_doubt,
           (select count(*) from crm_leads where automation = 'pending' and deleted_at is null) as leads,
           (select count(*) from crm_messages where status in ('claimed', 'sending')
            or status = 'scheduled' and (due_at <= now() or attempts > 0)) as messages,
           (select count(*) from crm_enrolments where state = 'active' and plan_at <= now()) as enrolments
"""


def cut_leases(owner_url: str) -> None:
    """As if the leases of the dead were over."""
    with psycopg.connect(owner_url) as connection:
        connection.execute("update crm_messages set lease_until = now() where lease_until > now()")
        connection.execute("update crm_inbox set lease_until = now() where lease_until > now()")


def settle(owner_url: str) -> list[str]:
    """Wait until nothing is left to do, several looks in a row; returns what is left when that takes too long."""
    until, quiet, what_is_left = time.monotonic() + SETTLE_SECONDS, 0, {"database": 1}
    while quiet < QUIET_LOOKS and time.monotonic() < until:
        what_is_left = left(owner_url)
        quiet = 0 if what_is_left else quiet + 1
        time.sleep(0.5)
    return [f"not settled: {number} {name}" for name, number in what_is_left.items()]


def left(owner_url: str) -> dict[str, int]:
    """What is still to do, by kind; only what there is."""
    try:
        with psycopg.connect(owner_url, connect_timeout=5) as connection:
            cursor = connection.execute(_UNSETTLED)
            row = cursor.fetchone() or ()
            names = [column.name for column in cursor.description or ()]
    except psycopg.OperationalError:
        return {"database": 1}
    return {name: number for name, number in zip(names, row, strict=True) if number}
