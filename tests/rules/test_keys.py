"""Keys name where an effect comes from and stay the same for ever."""

from uuid import UUID

import pytest

from crm_db.rules import keys

ONE = UUID("00000000-0000-0000-0000-000000000001")
TWO = UUID("00000000-0000-0000-0000-000000000002")


def test_a_sequence_step_is_named_by_its_enrolment_and_position() -> None:
    assert keys.sequence_step(ONE, 3) == f"seq:{ONE}:3"


def test_an_owner_notice_is_named_by_its_lead_and_assignment() -> None:
    assert keys.owner_notice(ONE, TWO) == f"owner:{ONE}:{TWO}"


def test_what_a_person_wrote_cannot_take_the_key_of_anything_else() -> None:
    assert keys.one_off(f"seq:{ONE}:3") == f"one-off:seq:{ONE}:3"


def test_a_hold_is_named_by_its_task() -> None:
    assert keys.hold(ONE) == f"hold:{ONE}"


def test_a_version_is_named_by_its_entry_its_number_and_who_is_released() -> None:
    assert keys.entry_version(ONE, 2) == f"invite:{ONE}:2"
    assert keys.entry_version(ONE, 2, TWO) == f"invite:{ONE}:2:{TWO}"


@pytest.mark.parametrize(
    ("key", "n", "replayed"),
    [
        ("seq:x:3", 1, "seq:x:3:r1"),
        ("seq:x:3:r1", 2, "seq:x:3:r2"),
        ("seq:x:3:r9", 10, "seq:x:3:r10"),
        ("agenda:u:2026-11-01", 1, "agenda:u:2026-11-01:r1"),
    ],
)
def test_a_replay_of_a_replay_replaces_the_suffix(key: str, n: int, replayed: str) -> None:
    assert keys.replay(key, n) == replayed


def test_a_body_hash_is_the_sha256_of_the_raw_bytes() -> None:
    assert keys.body_hash(b"abc").hex().startswith("ba7816bf8f01cfea")
    assert len(keys.body_hash(b"")) == 32


def test_an_identity_lock_never_changes_between_releases() -> None:
    assert keys.identity_lock(ONE, "email", "anna@example.org") == 3108762158953409821


def test_identity_locks_are_signed_64_bit_and_differ_by_org_kind_and_value() -> None:
    locks = [
        keys.identity_lock(org, kind, value)
        for org in (ONE, TWO)
        for kind in ("email", "phone")
        for value in ("a", "b", "", "\ud800")
    ]
    assert len(set(locks)) == len(locks)
    assert all(-(2**63) <= lock < 2**63 for lock in locks)
    assert min(locks) < 0 < max(locks)
