"""How different senders write one person: field names, nesting, spellings of numbers."""

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from deployments.demo.people import Person

_NAMES = {
    "flat": {},
    "camel": {
        "first_name": "firstName", "last_name": "lastName", "email": "emailAddress", "phone": "phoneNumber",
        "company": "companyName", "title": "jobTitle", "value": "dealValue", "notes": "message",
    },
    "german": {
        "first_name": "Vorname", "last_name": "Nachname", "email": "E-Mail", "phone": "Telefon",
        "company": "Firma", "title": "Position", "value": "Betrag", "country": "Land", "notes": "Nachricht",
        "language": "Sprache",
    },
    "french": {
        "first_name": "prénom", "last_name": "nom_de_famille", "email": "courriel", "phone": "téléphone",
        "company": "société", "value": "budget", "country": "pays", "notes": "commentaire",
    },
}  # fmt: skip
JSON_STYLES = ("flat", "camel", "nested")
FORM_STYLES = ("flat", "german", "french", "camel")


def facts(person: Person, *, region: str, way: int) -> dict[str, Any]:
    """A person's fields by our names; `region` is the country by which the reader takes telephone numbers."""
    home = person.country
    spelt = person.phone.spelt(way, at_home=home.code == region) if person.phone else None
    given = {
        "first_name": person.first_name,
        "last_name": person.last_name,
        "email": person.email,
        "phone": spelt,
        "company": person.company,
        "title": person.title,
        "value": person.value,
        "currency": home.currency if person.value is not None else None,
        "probability": person.probability,
        "country": home.spellings[way % len(home.spellings)],
        "language": home.language,
        "notes": person.wish,
        "seats": person.seats,
        "plan": ("team", "business", "enterprise")[person.seats % 3],
    }
    return {name: value for name, value in given.items() if value is not None}


def payload(person: Person, *, style: str, region: str, way: int) -> dict[str, Any]:
    """What a sender of this style posts about a person, as an object for JSON."""
    fields = facts(person, region=region, way=way)
    utm = dict(zip(("source", "medium", "campaign"), person.utm, strict=True)) if person.utm else {}
    if style == "nested":
        nested: dict[str, Any] = {"contact": fields, "utm": utm}
        return nested if person.consent is None else {**nested, "consent": {"email": person.consent}}
    named = {_NAMES[style].get(name, name): value for name, value in fields.items()}
    named |= {f"utm_{name}": value for name, value in utm.items()}
    return named if person.consent is None else {**named, "consent": person.consent}


def form_fields(values: Mapping[str, Any]) -> dict[str, str]:
    """The same for a form: text only, yes and no in words, thousands marked."""
    words = {True: "yes", False: "no"}
    return {
        name: words[value]
        if isinstance(value, bool)
        else f"{value:,}"
        if isinstance(value, int)
        else str(value)
        for name, value in values.items()
    }


def as_json(value: object) -> bytes:
    """The bytes of a JSON body."""
    return json.dumps(value, ensure_ascii=False).encode()


def as_form(values: Mapping[str, Any]) -> bytes:
    """The bytes of a form as browsers send it."""
    return urlencode(form_fields(values)).encode()


def as_multipart(values: Mapping[str, Any], boundary: str) -> bytes:
    """The bytes of a form with parts, one of them a small file."""
    lines: list[str] = []
    for name, value in form_fields(values).items():
        lines += [f"--{boundary}", f'Content-Disposition: form-data; name="{name}"', "", value]
    lines += [f"--{boundary}", 'Content-Disposition: form-data; name="brief"; filename="brief.txt"']
    lines += ["Content-Type: text/plain", "", "What we need, in short.", f"--{boundary}--", ""]
    return "\r\n".join(lines).encode()
