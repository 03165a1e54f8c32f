"""Sources: who may post leads, and how what they post is read."""

import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from sqlalchemy import func, insert, select, update
from sqlalchemy.orm import Session

from crm_db.actions import api_keys, events
from crm_db.actions.writing import Removal, Writing
from crm_db.errors import AlreadyExists, BadValue, RecordNotFound
from crm_db.models import ApiKey, Source
from crm_db.rules import formats, places
from crm_db.rules.aliases import KNOWN_FIELDS
from crm_db.session import Identity

FORMATS = formats.NAMES
TOKEN_BYTES = 24
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
LONGEST_URL = 2_000
PROOFS = ("secret", "token", "form_token", "api_key")


@dataclass(frozen=True)
class NewSource:
    """A source with everything a sender may prove itself by; token, secret and key are shown this once.

    form_token: what stands in the public page of a browser form; None for other formats.
    """

    id: UUID
    name: str
    token: str
    secret: str
    api_key: str
    form_token: str | None = None

    def proofs(self, format: str, capture_url: str) -> dict[str, str]:
        """What the sender's settings ask for; the form's token stands in a public page, the others are secrets."""
        told = {
            "name": self.name,
            "secret": self.secret,
            "api_key": self.api_key,
            "url": f"{capture_url}/{self.token}",
        }
        if self.form_token is not None:
            told |= {"form_token": self.form_token, "form_url": f"{capture_url}/{self.form_token}"}
        return told | ({"verify_token": self.token} if format == "meta" else {})


def add(
    session: Session,
    identity: Identity,
    name: str,
    *,
    format: str = "auto",
    secret: str | None = None,
    region: str | None = None,
    mapping: Mapping[str, str] | None = None,
    honeypot: str | None = None,
    rate_per_minute: int | None = None,
    allowed_origins: Sequence[str] = (),
    thank_you_url: str | None = None,
    access_token: str | None = None,
) -> NewSource:
    """Let a system post leads as `name`.

    region: ISO-2 country that telephone numbers without a prefix belong to. mapping: lead field to path in the payload.
    honeypot: name of the field that people never see. rate_per_minute: most submissions a minute and API process.
    allowed_origins: pages a browser form may stand in ("https://www.example.com"). thank_you_url: where a browser goes after it.
    access_token: opens the sender's API where its posts bring only ids (Meta).
    Raises AlreadyExists for a taken name, BadValue for an unknown format or what is no address.
    """
    org_id = _org_of(identity)
    reading = {"format": format, "region": region, "mapping": dict(mapping or {}), "honeypot": honeypot}
    browsers = {"allowed_origins": list(allowed_origins), "thank_you_url": thank_you_url}
    values = _checked(reading | browsers | {"rate_per_minute": rate_per_minute})
    _check_name(name)
    if session.scalar(select(Source.id).where(Source.org_id == org_id, Source.name == name)) is not None:
        raise AlreadyExists("source", name)
    made = NewSource(
        id=session.execute(select(func.crm_uuid7())).scalar_one(),
        name=name,
        token=secrets.token_urlsafe(TOKEN_BYTES),
        secret=secret or secrets.token_urlsafe(TOKEN_BYTES),
        api_key="",
        form_token=secrets.token_urlsafe(TOKEN_BYTES) if format == "form" or allowed_origins else None,
    )
    session.execute(insert(Source).values(_row(made, org_id) | values | {"access_token": access_token}))
    events.record(session, org_id, "source.created", "source", [made.id])
    return replace(made, api_key=_new_key(session, org_id, made.id, name))


def change(session: Session, identity: Identity, name: str, **values: Any) -> None:
    """Change how an active source is read; what is not named stays, None takes a value away.

    values: format, region, mapping, honeypot, rate_per_minute, allowed_origins, thank_you_url, secret, access_token.
    Raises RecordNotFound, BadValue.
    """
    org_id = _org_of(identity)
    unknown = values.keys() - CHANGEABLE
    if unknown or not values:
        raise BadValue("values", f"name what to change: {', '.join(sorted(CHANGEABLE))}")
    changed = session.execute(
        update(Source)
        .where(Source.org_id == org_id, Source.name == name, Source.active)
        .values(_checked(values))
        .returning(Source.id)
    ).scalar_one_or_none()
    if changed is None:
        raise RecordNotFound("source", name)


def remove(session: Session, identity: Identity, name: str, *, now: datetime) -> None:
    """Stop taking leads from `name` and revoke its keys; what it sent stays. Raises RecordNotFound."""
    org_id = _org_of(identity)
    closed = session.execute(
        update(Source)
        .where(Source.org_id == org_id, Source.name == name, Source.active)
        .values(active=False, name=_closed_name(name, now))
        .returning(Source.id)
    ).scalar_one_or_none()
    if closed is None:
        raise RecordNotFound("source", name)
    _revoke_keys(session, org_id, closed, now)


def rotate(
    session: Session, identity: Identity, source_id: UUID, parts: Sequence[str], *, now: datetime
) -> tuple[dict[str, str], str]:
    """Make new proofs of these parts; the former stop counting at once. The new ones, shown this once, and the source's format.

    Raises RecordNotFound, BadValue.
    """
    org_id = _org_of(identity)
    question = select(Source.name, Source.format, Source.id).where(
        Source.org_id == org_id, Source.id == source_id, Source.active
    )
    held = session.execute(question.with_for_update()).one_or_none()
    if held is None:
        raise RecordNotFound("source", source_id)
    if unknown := set(parts) - set(PROOFS):
        del unknown
        raise BadValue("parts", f"are among {', '.join(PROOFS)}")
    fresh = {part: secrets.token_urlsafe(TOKEN_BYTES) for part in parts if part != "api_key"}
    if fresh:
        session.execute(update(Source).where(Source.org_id == org_id, Source.id == source_id).values(**fresh))
    if "api_key" in parts:
        _revoke_keys(session, org_id, source_id, now)
        fresh["api_key"] = _new_key(session, org_id, source_id, held.name)
    events.record(session, org_id, "source.rotated", "source", [source_id])
    return fresh, held.format


def complete(writing: Writing) -> None:
    """Hold a source that is changed against what can be read and proven; raises BadValue."""
    if writing.before is None:
        raise BadValue("source", "is made by itself: its secret is shown this once")
    if not writing.before["active"]:
        raise BadValue("active", "says that this source is closed; add another one")
    if writing.values.get("name") is not None:
        _check_name(writing.values["name"])
    if "access_token" in writing.values and not writing.values["access_token"]:
        writing.values["access_token"] = None
    writing.values.update(_checked(writing.values))


def part_with(removal: Removal) -> Mapping[str, Any]:
    """A source is closed: nothing more comes of it, its keys are revoked, its name is free; what it sent stays."""
    _revoke_keys(removal.session, removal.org_id, removal.before["id"], removal.now)
    if not removal.before["active"]:
        return {"active": False}
    return {"active": False, "name": _closed_name(removal.before["name"], removal.now)}


def _closed_name(name: str, now: datetime) -> str:
    return f"{name} (removed {now:%Y-%m-%d %H:%M:%S})"


def _new_key(session: Session, org_id: UUID, source_id: UUID, name: str) -> str:
    return api_keys.add(session, org_id, name=f"source {name}", scopes=["capture"], source_id=source_id)


def _revoke_keys(session: Session, org_id: UUID, source_id: UUID, now: datetime) -> None:
    session.execute(
        update(ApiKey)
        .where(ApiKey.org_id == org_id, ApiKey.source_id == source_id, ApiKey.revoked_at.is_(None))
        .values(revoked_at=now)
    )


def _check_name(name: str) -> None:
    if not _NAME.fullmatch(name):
        raise BadValue(
            "name", "is 1 to 100 letters, digits, dots, dashes and underscores: it stands in an address"
        )


def _org_of(identity: Identity) -> UUID:
    if identity.org_id is None:
        raise BadValue("org", "a source belongs to one org")
    return identity.org_id


def _row(made: NewSource, org_id: UUID) -> dict[str, Any]:
    return {
        "org_id": org_id,
        "id": made.id,
        "name": made.name,
        "token": made.token,
        "secret": made.secret,
        "form_token": made.form_token,
    }


CHANGEABLE = frozenset(
    {
        "format",
        "region",
        "mapping",
        "honeypot",
        "rate_per_minute",
        "allowed_origins",
        "thank_you_url",
        "secret",
        "access_token",
    }
)


def _checked(values: Mapping[str, Any]) -> dict[str, Any]:
    """The values as columns take them; raises BadValue, naming the field."""
    checked = dict(values)
    if "format" in checked and checked["format"] not in FORMATS:
        raise BadValue("format", f"is one of {', '.join(FORMATS)}")
    region = checked.get("region")
    if region is not None and not (len(region) == 2 and region.isascii() and places.country_code(region)):
        raise BadValue("region", "is a country's two letters, such as DE")
    if "secret" in checked and not checked["secret"]:
        raise BadValue("secret", "is what signs; a source has one always")
    if "allowed_origins" in checked:
        checked["allowed_origins"] = [_origin(given) for given in checked["allowed_origins"] or ()]
    if checked.get("thank_you_url") is not None and not _is_web_address(checked["thank_you_url"]):
        raise BadValue("thank_you_url", "is an address that begins with https:// or http://")
    if "mapping" in checked:
        checked["mapping"] = dict(checked["mapping"] or {})
        unknown = [name for name in checked["mapping"] if not _is_a_field(name)]
        if unknown:
            raise BadValue(
                "mapping",
                f"leads to no field of a lead by {unknown[0]}; fields of your own are custom.<name>",
            )
    return checked


def _is_a_field(name: str) -> bool:
    return name in KNOWN_FIELDS or (name.startswith("custom.") and name != "custom.")


def _origin(given: str) -> str:
    """An origin as browsers write it: scheme, host and port, nothing else."""
    parts = urlsplit(given.strip())
    if (
        not _is_web_address(given.strip())
        or parts.path.strip("/")
        or parts.query
        or parts.fragment
        or parts.username
    ):
        raise BadValue("origin", "is scheme and host, such as https://www.example.com")
    return f"{parts.scheme}://{parts.netloc}".lower()


def _is_web_address(given: str) -> bool:
    try:
        parts = urlsplit(given)
        usable = parts.scheme in {"http", "https"} and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        return False
    return usable and len(given) <= LONGEST_URL and given.isprintable() and " " not in given
