"""Keeping the database fit: partitions ahead of time, no keys whose time is over."""

from collections import Counter

from crm_db.actions import housekeeping
from tasks import stopping
from tasks.guard import crm_task
from tasks.tally import Tally, Window
from tasks.work import units_of_work

KEYS_PER_TRANSACTION = 5_000


@crm_task("make-partitions")
def make_partitions(window: Window) -> Tally:
    """Make the partitions of the coming months."""
    with units_of_work(dry_run=window.dry_run) as begin, begin() as session:
        return Counter(partitions=housekeeping.make_partitions(session))


@crm_task("drop-expired-keys")
def drop_expired_keys(window: Window) -> Tally:
    """Delete idempotency keys whose retention is over, a batch a transaction."""
    total: Tally = Counter(expired_keys=0)
    with units_of_work(dry_run=window.dry_run) as begin:
        while not stopping.asked():
            with begin() as session:
                dropped = housekeeping.drop_expired_keys(session, limit=KEYS_PER_TRANSACTION)
            total["expired_keys"] += dropped
            if dropped < KEYS_PER_TRANSACTION:
                break
    return total
