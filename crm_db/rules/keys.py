"""The keys that make an effect happen once: ledger keys, body hashes and lock numbers.

A key names where an effect comes from, never when it was planned: re-planning a step over midnight
keeps its key.
"""

import hashlib
import re
from uuid import UUID

_REPLAY_SUFFIX = re.compile(r":r\d+\Z")


def sequence_step(enrolment_id: UUID, step_position: int) -> str:
    """The one message that a step of a sequence makes for one enrolment."""
    return f"seq:{enrolment_id}:{step_position}"


def owner_notice(lead_id: UUID, assignment_id: UUID) -> str:
    """The note that tells an owner about one assignment of one lead."""
    return f"owner:{lead_id}:{assignment_id}"


def owner_again(lead_id: UUID, submission: str) -> str:
    """The note that tells an owner of one more submission by a lead of theirs."""
    return f"again:{lead_id}:{submission}"


def one_off(key: str) -> str:
    """A message that a person or program wrote by itself, under the key that it gave."""
    return f"one-off:{key}"


def hold(task_message_id: UUID) -> str:
    """The block in the owner's calendar that one call task makes."""
    return f"hold:{task_message_id}"


def entry_version(message_id: UUID, sequence: int, released: UUID | None = None) -> str:
    """A later version of the calendar entry that a message made; `released`: what one person gets who is out of it."""
    return f"invite:{message_id}:{sequence}" + (f":{released}" if released else "")


def alert_mail(alert_id: UUID, user_id: UUID) -> str:
    """The one e-mail that tells one administrator of one alert."""
    return f"alert:{alert_id}:{user_id}"


def replay(key: str, n: int) -> str:
    """The key of the `n`-th replay a person asked for; a replay of a replay counts from the original."""
    return f"{_REPLAY_SUFFIX.sub('', key)}:r{n}"


def body_hash(body: bytes) -> bytes:
    """SHA-256 of a submission's raw bytes (32 bytes): what makes two posts the same for 24 hours."""
    return hashlib.sha256(body).digest()


def identity_lock(org_id: UUID, kind: str, value: str) -> int:
    """The advisory lock of one identity in one org (`kind` is "email" or "phone"): a signed 64-bit number.

    The same in every process and release, so that two intakes wait for each other.
    """
    identity = "\0".join((str(org_id), kind, value)).encode("utf-8", "surrogatepass")
    return int.from_bytes(hashlib.sha256(identity).digest()[:8], "big", signed=True)
