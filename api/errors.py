"""What a caller may meet, and the one table that turns a failure into an HTTP answer.

ApiError
├── BadSetting            the process cannot start as it is set
├── Unauthenticated       no API key, or one that does not count
├── Unproven              nothing proves that a submission comes from its source
├── FormRefused           a browser form is not one of the source's, or brings more than a form may
├── HandshakeRefused      a handshake does not name the source's verify token
├── BodyTooLarge          more bytes than the path takes
├── TooManyRequests       faster than the source may post
├── TooManySockets        more live connections than the key, or this process, may have
├── BadIdempotencyKey     not 1 to 255 visible ASCII characters
├── IdempotencyKeyReused  the key was used for another request
├── BadCursor             not a cursor that a list gave out
├── BadPrecondition       an If-Match that is no list of ETags
├── UnknownFlow           no automation of this name
├── BadParameters         the flow does not take these parameters
└── PrefectUnavailable    Prefect does not answer, or not as it should

Failures of the CRM's own (crm_db.errors, rules.parsing, rules.normalise) and of the database are in the
table too. Words that reach a caller come from our own classes only, never from a library or the database.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import psycopg
import psycopg_pool
import sqlalchemy.exc

from crm_db import errors as crm
from crm_db.rules import asking, normalise, parsing

RETRY_SECONDS = 2


class ApiError(Exception):
    """A failure of the HTTP face; the words may be shown to the caller."""

    def __init__(self, words: str, *, retry_after: int | None = None) -> None:
        super().__init__(words)
        self.retry_after = retry_after


class BadSetting(ApiError):
    """The process cannot start: an environment variable is missing or wrong."""


class Unauthenticated(ApiError):
    """No API key was given, or it is unknown, expired or revoked."""

    def __init__(self) -> None:
        super().__init__("Give a valid API key as X-API-Key or Authorization: Bearer.")


class Unproven(ApiError):
    """There is no such source, or the sender did not prove itself: both look alike on purpose."""

    def __init__(self) -> None:
        super().__init__(
            "There is no such source, or nothing proves the sender:"
            " use the source's token, its API key, or a signature."
        )


class FormRefused(ApiError):
    """A post by a public form token that does not come from the source's pages, or is more than a form."""


class HandshakeRefused(ApiError):
    """Somebody asked to be answered with a challenge without naming the source's verify token."""

    def __init__(self) -> None:
        super().__init__("There is no such source, or the verify token is not the token of its URL.")


class BodyTooLarge(ApiError):
    """The body has more bytes than this path takes."""

    def __init__(self, limit: int) -> None:
        super().__init__(f"The body may have {limit} bytes at the most.")


class TooManyRequests(ApiError):
    """The source posts faster than it may; `retry_after` is in whole seconds."""

    def __init__(self, retry_after: int) -> None:
        super().__init__("This source posts faster than it may.", retry_after=retry_after)


class TooManySockets(ApiError):
    """The key, or this process, has as many live connections as it may have."""

    def __init__(self) -> None:
        super().__init__(
            "There are too many live connections; close one, or try again later.", retry_after=30
        )


class BadIdempotencyKey(ApiError):
    """The header Idempotency-Key cannot be used as a key."""

    def __init__(self) -> None:
        super().__init__("Idempotency-Key takes 1 to 255 visible ASCII characters.")


class IdempotencyKeyReused(ApiError):
    """The same Idempotency-Key came with another request."""

    def __init__(self) -> None:
        super().__init__("This Idempotency-Key was used for another request.")


class BadCursor(ApiError):
    """The cursor is not one that this list gave out."""

    def __init__(self) -> None:
        super().__init__("Use a next_cursor of this list as it was given.")


class BadPrecondition(ApiError):
    """The header If-Match holds no ETags."""

    def __init__(self) -> None:
        super().__init__('If-Match takes ETags of this record, such as "3", or *.')


class UnknownFlow(ApiError):
    """Prefect has no deployment of this name."""

    def __init__(self) -> None:
        super().__init__("There is no flow of this name; GET /api/crm/flows lists them.")


class BadParameters(ApiError):
    """The flow does not take these parameters; the words name those it takes."""

    def __init__(self, known: list[str]) -> None:
        super().__init__(f"The flow takes: {', '.join(known) or 'no parameters'}; see its types in the UI.")


class PrefectUnavailable(ApiError):
    """Prefect's server is down or refuses us; leads are captured all the same."""

    def __init__(self) -> None:
        super().__init__("Prefect does not answer; try again shortly.", retry_after=5)


@dataclass(frozen=True)
class Answer:
    """How a class of failures is told: status, stable code ("" = the failure's own), and a title for people.

    `shows_words`: the failure's own words are the detail. `retry_after`: seconds, or as the failure says.
    """

    status: int
    code: str
    title: str
    shows_words: bool = True
    retry_after: int | None = None


_BUSY = Answer(503, "database_unavailable", "The database is not available", False, RETRY_SECONDS)
_CROSSED = Answer(503, "busy", "Others are changing the same records", False, 1)
_BAD_DATA = Answer(422, "bad_value", "A value cannot be stored", False)

ANSWERS: Mapping[type[Exception], Answer] = MappingProxyType(
    {
        Unauthenticated: Answer(401, "unauthenticated", "An API key is needed"),
        Unproven: Answer(401, "unproven", "The sender is not proven"),
        FormRefused: Answer(403, "form_refused", "This form cannot be taken"),
        HandshakeRefused: Answer(403, "handshake_refused", "The handshake is refused"),
        crm.NotAllowed: Answer(403, "forbidden", "The API key does not give this right"),
        crm.RecordNotFound: Answer(404, "not_found", "There is no such record"),
        UnknownFlow: Answer(404, "unknown_flow", "There is no such flow"),
        crm.InUse: Answer(409, "in_use", "Other records still need it"),
        crm.NotPossible: Answer(409, "not_possible", "It cannot be done as things stand"),
        crm.LastAdministrator: Answer(409, "last_administrator", "An administrator has to stay"),
        crm.VersionConflict: Answer(412, "version_conflict", "It was changed meanwhile"),
        crm.AlreadyExists: Answer(409, "already_exists", "The name is taken"),
        BodyTooLarge: Answer(413, "body_too_large", "The body is too large"),
        parsing.TooMany: Answer(413, "too_many_items", "The array has too many items"),
        parsing.Unreadable: Answer(422, "", "The body cannot be used"),
        normalise.Unusable: Answer(422, "", "No lead can be made of this"),
        crm.BadValue: Answer(422, "bad_value", "A value cannot be taken"),
        asking.Unanswerable: Answer(422, "bad_question", "The list cannot answer this"),
        BadPrecondition: Answer(422, "bad_precondition", "The precondition cannot be used"),
        BadCursor: Answer(422, "bad_cursor", "The cursor cannot be used"),
        BadParameters: Answer(422, "bad_parameters", "The flow does not take these parameters"),
        BadIdempotencyKey: Answer(422, "bad_idempotency_key", "The idempotency key cannot be used"),
        IdempotencyKeyReused: Answer(422, "idempotency_key_reused", "The idempotency key was used already"),
        TooManyRequests: Answer(429, "too_many_requests", "Too many submissions"),
        TooManySockets: Answer(429, "too_many_sockets", "Too many live connections"),
        PrefectUnavailable: Answer(503, "prefect_unavailable", "Prefect is not available"),
        sqlalchemy.exc.TimeoutError: _BUSY,
        sqlalchemy.exc.OperationalError: _BUSY,
        sqlalchemy.exc.InterfaceError: _BUSY,
        sqlalchemy.exc.DataError: _BAD_DATA,
        psycopg.errors.DeadlockDetected: _CROSSED,
        psycopg_pool.PoolTimeout: _BUSY,
        psycopg.OperationalError: _BUSY,
        psycopg.InterfaceError: _BUSY,
        psycopg.DataError: _BAD_DATA,
    }
)
"""Every class of failure that is not our own mistake; a subclass is answered like its nearest ancestor."""

UNEXPECTED = Answer(500, "internal_error", "Something went wrong here", False)


def answer_to(error: Exception) -> Answer:
    """How to tell a failure; UNEXPECTED for a class that the table does not know. What SQLAlchemy wraps comes first."""
    kinds = (*type(getattr(error, "orig", None)).__mro__, *type(error).__mro__)
    return next((ANSWERS[kind] for kind in kinds if kind in ANSWERS), UNEXPECTED)
