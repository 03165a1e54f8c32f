"""Whether a submission comes from its source: by path token, API key, or a signature of its sender's kind."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from api.errors import Unproven
from api.proofs.candidate import Candidate
from api.proofs.schemes import BY_FORMAT, IN_HEADERS, OURS, Scheme, Sent, without_proof

__all__ = ["Candidate", "Sent", "is_signed", "proven_source", "token_suffices", "without_proof"]

_NOBODY = Candidate(UUID(int=0), UUID(int=0), "", "", {}, None, by_token=False, by_key=False)


def proven_source(candidates: Sequence[Candidate], sent: Sent, *, now: datetime) -> Candidate:
    """The one source that the sender is proven for; raises Unproven.

    A signature that is given must fit, whatever else proves the sender. Several orgs may have a source of one
    name: the proof says which is meant, and where it fits more than one, it proves nothing.
    """
    fitting = [one for one in candidates or [_NOBODY] if _is_proven(one, sent, now)]  # nobody takes as long
    if len(fitting) > 1:
        fitting = [one for one in fitting if one.by_token or one.by_key]
    if len(fitting) != 1:
        raise Unproven
    return fitting[0]


def token_suffices(source: Candidate) -> bool:
    """Whether the path token alone proves a sender; not where the format of the source has its sender sign."""
    return source.format not in BY_FORMAT or not BY_FORMAT[source.format].needed


def is_signed(source: Candidate, sent: Sent) -> bool:
    """Whether a request claims a signature, be it right or wrong."""
    return bool(_claimed(source, sent))


def _is_proven(one: Candidate, sent: Sent, now: datetime) -> bool:
    claimed = _claimed(one, sent)
    if not claimed:
        return one.by_key or (one.by_token and token_suffices(one))
    taken = _schemes(one)
    fits = [scheme.fits(sent, one.secret, now) and scheme in taken for scheme in claimed]
    return all(fits) and one.secret != ""


def _claimed(source: Candidate, sent: Sent) -> list[Scheme]:
    """The signatures that a request has: those in headers whoever may send them, and what the source looks for."""
    known = dict.fromkeys((*IN_HEADERS, *_schemes(source)))
    return [scheme for scheme in known if scheme.is_claimed(sent)]


def _schemes(source: Candidate) -> Sequence[Scheme]:
    """The signatures that a source takes: its sender's and ours; without a signing format, all in headers."""
    own = BY_FORMAT.get(source.format)
    return IN_HEADERS if own is None else (OURS, own)
