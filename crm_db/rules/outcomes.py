"""How one attempt to send can end. Only `NotSent` is tried again by itself; `Ambiguous` waits for evidence."""

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True)
class Sent:
    """The provider took it; `provider_id` is the provider's name for it."""

    provider: str
    provider_id: str


@dataclass(frozen=True)
class NotSent:
    """Surely not sent, and worth another try; `retry_after` is what the provider asked for."""

    code: str
    retry_after: timedelta | None = None


@dataclass(frozen=True)
class Refused:
    """Surely not sent, and another try would end the same way."""

    code: str


@dataclass(frozen=True)
class Ambiguous:
    """It may have been sent; sending again without evidence could send it twice.

    look_after: when its carrier can be asked what became of it; None: it cannot be asked, a person decides. looks: how many
    such looks have found nothing.
    """

    code: str
    look_after: timedelta | None = None
    looks: int = 0


Outcome = Sent | NotSent | Refused | Ambiguous
