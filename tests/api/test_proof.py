"""What proves that a submission comes from its source."""

import hashlib
import json
from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID

import pytest
from starlette.datastructures import Headers

from api.errors import Unproven
from api.proofs import Candidate, Sent, proven_source
from tests.api.serving import signed

LEAD = b'{"email":"ada@analytical.example","name":"Ada Lovelace"}'
GOOD = signed("the secret", LEAD)
FORGED = {
    "empty": "",
    "scheme alone": "sha256=",
    "no scheme": GOOD.removeprefix("sha256="),
    "other scheme": GOOD.replace("sha256", "sha512"),
    "scheme in capitals": GOOD.replace("sha256", "SHA256"),
    "hex in capitals": "sha256=" + GOOD.removeprefix("sha256=").upper(),
    "first digit": "sha256=" + ("0" if GOOD[7] != "0" else "1") + GOOD[8:],
    "last digit": GOOD[:-1] + ("0" if GOOD[-1] != "0" else "1"),
    "one digit less": GOOD[:-1],
    "one digit more": GOOD + "0",
    "twice in one": f"{GOOD},{GOOD}",
    "good one last": f"sha256={'0' * 64},{GOOD}",
    "blank inside": GOOD.replace("=", "= "),
    "quoted": f'"{GOOD}"',
    "zeros": "sha256=" + "0" * 64,
    "another secret": signed("another secret", LEAD),
    "empty secret": signed("", LEAD),
    "secret with a line end": signed("the secret\n", LEAD),
    "another body": signed("the secret", LEAD + b"\n"),
    "the same JSON written anew": signed("the secret", json.dumps(json.loads(LEAD)).encode()),
    "empty body": signed("the secret", b""),
    "the hash without a key": "sha256=" + hashlib.sha256(LEAD).hexdigest(),
    "not ASCII": GOOD[:-1] + "é",
}
ONE = Candidate(UUID(int=1), UUID(int=2), "one", "the secret", {}, None, by_token=False, by_key=False)
PROVEN = replace(ONE, by_token=True, by_key=True)
OTHER = replace(ONE, org_id=UUID(int=3), source_id=UUID(int=4))


NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


def sent(*signatures: str) -> Sent:
    """The lead with these signatures in X-CRM-Signature."""
    raw = [(b"x-crm-signature", signature.encode("latin-1")) for signature in signatures]
    return Sent("POST", "http://crm.example/api/crm/capture/one", Headers(raw=raw), LEAD)


@pytest.mark.parametrize("given", FORGED.values(), ids=FORGED.keys())
def test_a_forged_signature_proves_nothing_even_beside_token_and_key(given: str) -> None:
    with pytest.raises(Unproven):
        proven_source([PROVEN], sent(given), now=NOW)


def test_a_source_without_a_secret_cannot_be_signed_for() -> None:
    with pytest.raises(Unproven):
        proven_source([replace(ONE, secret="")], sent(signed("", LEAD)), now=NOW)


@pytest.mark.parametrize(
    ("candidates", "signatures", "proven"),
    [
        ([ONE], [GOOD], ONE),
        ([PROVEN], [GOOD], PROVEN),
        ([replace(ONE, by_token=True)], [], replace(ONE, by_token=True)),
        ([replace(ONE, by_key=True)], [], replace(ONE, by_key=True)),
        ([replace(OTHER, secret="another"), ONE], [GOOD], ONE),
        ([OTHER, PROVEN], [GOOD], PROVEN),
        ([OTHER, PROVEN], [], PROVEN),
        ([], [], None),
        ([], [GOOD], None),
        ([ONE], [], None),
        ([ONE], [GOOD, GOOD], None),
        ([ONE, OTHER], [GOOD], None),
        ([PROVEN, replace(OTHER, by_token=True)], [], None),
    ],
)
def test_exactly_one_source_must_be_proven(
    candidates: list[Candidate], signatures: list[str], proven: Candidate | None
) -> None:
    if proven is None:
        with pytest.raises(Unproven):
            proven_source(candidates, sent(*signatures), now=NOW)
    else:
        assert proven_source(candidates, sent(*signatures), now=NOW) == proven
