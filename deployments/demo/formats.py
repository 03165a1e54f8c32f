"""One person as the makers of forms and ads post them: Google Ads, Meta, Typeform, Webflow, Jotform, HubSpot."""

import json
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlencode

from deployments.demo.people import Person


def fields_of(person: Person) -> dict[str, str]:
    """What such a form asks for; numbers in international writing, since these senders know no home country."""
    given = {
        "first_name": person.first_name,
        "last_name": person.last_name,
        "email": person.email,
        "phone": f"+{person.phone.code}{person.phone.national}" if person.phone else None,
        "company": person.company,
        "notes": person.wish,
    }
    return {name: value for name, value in given.items() if value}


def google_ads(person: Person, secret: str) -> bytes:
    """A lead form of Google Ads; `google_key` is its proof."""
    columns = {
        "first_name": "FIRST_NAME",
        "last_name": "LAST_NAME",
        "email": "EMAIL",
        "phone": "PHONE_NUMBER",
        "company": "COMPANY_NAME",
    }
    fields = fields_of(person)
    answers = [
        {"column_id": column, "column_name": column.replace("_", " ").title(), "string_value": fields[name]}
        for name, column in columns.items()
        if name in fields
    ]
    about = {
        "lead_id": f"g-{person.number}",
        "api_version": "1.0",
        "form_id": 101,
        "campaign_id": 202,
        "is_test": False,
    }
    return as_json({**about, "user_column_data": answers, "google_key": secret})


def meta_lead(person: Person, number: int) -> dict[str, Any]:
    """A lead as Graph gives it."""
    named = {"notes": "your_message", "phone": "phone_number", "company": "company_name"}
    answers = [
        {"name": named.get(name, name), "values": [value]} for name, value in fields_of(person).items()
    ]
    return {
        "id": str(number),
        "created_time": "2026-01-01T08:00:00+0000",
        "form_id": "303",
        "field_data": answers,
    }


def meta_webhook(number: int) -> bytes:
    """What Meta posts of a lead: its id and no word of what it holds."""
    value = {"leadgen_id": str(number), "form_id": "303", "page_id": "404", "created_time": 1_767_225_600}
    change = {"field": "leadgen", "value": value}
    return as_json({"object": "page", "entry": [{"id": "404", "time": 1_767_225_600, "changes": [change]}]})


def typeform(person: Person) -> bytes:
    """A response to a typeform: questions in its definition, answers by their types."""
    types = {"email": "email", "phone": "phone_number"}
    wordings = {
        "first_name": "First name",
        "last_name": "Last name",
        "email": "Your e-mail address",
        "phone": "Your phone number",
        "company": "Company",
        "notes": "Anything else?",
    }
    questions, answers = [], []
    for name, value in fields_of(person).items():
        kind = types.get(name, "text")
        field = {"id": f"f_{name}", "ref": name, "type": kind if name in types else "short_text"}
        questions.append({**field, "title": wordings[name]})
        answers.append({"type": kind, kind: value, "field": field})
    definition = {"id": "aBc123", "title": "Demo request", "fields": questions}
    about = {"form_id": "aBc123", "token": f"t-{person.number}"}
    response = {**about, "definition": definition, "answers": answers}
    return as_json(
        {"event_id": f"e-{person.number}", "event_type": "form_response", "form_response": response}
    )


def webflow(person: Person) -> bytes:
    """A form on a Webflow page."""
    words = {"first_name": "First name", "last_name": "Last name", "notes": "Message"}
    data = {words.get(name, name.title()): value for name, value in fields_of(person).items()}
    payload = {"name": "Contact", "siteId": "s-1", "formId": "w-1", "id": f"w-{person.number}", "data": data}
    return as_json({"triggerType": "form_submission", "payload": payload})


def jotform(person: Person) -> bytes:
    """A submission of a Jotform: a form whose rawRequest is JSON."""
    fields = fields_of(person)
    raw: dict[str, Any] = {
        "q3_name": {"first": fields["first_name"], "last": fields["last_name"]},
        "q4_email": fields.get("email", ""),
        "q5_phoneNumber": {"full": fields["phone"]} if "phone" in fields else "",
        "q6_company": fields["company"],
        "q7_message": fields.get("notes", ""),
    }
    about = {"formID": "505", "submissionID": f"j-{person.number}", "formTitle": "Contact"}
    return urlencode({**about, "rawRequest": json.dumps(raw)}).encode()


def hubspot(person: Person) -> bytes:
    """A form of HubSpot's: a list of property names and values."""
    names = {"first_name": "firstname", "last_name": "lastname", "notes": "message"}
    answers = [
        {"objectTypeId": "0-1", "name": names.get(name, name), "value": value}
        for name, value in fields_of(person).items()
    ]
    context = {"pageUri": "https://www.example.com/demo", "pageName": "Demo"}
    return as_json(
        {"submissionId": f"h-{person.number}", "formGuid": "4f2e", "fields": answers, "context": context}
    )


BODIES: Mapping[str, Callable[[Person], bytes]] = {
    "typeform": typeform,
    "webflow": webflow,
    "jotform": jotform,
    "hubspot": hubspot,
}
NAMES = ("google-ads", "meta", *BODIES)


def as_json(value: object) -> bytes:
    """The bytes of a JSON body."""
    return json.dumps(value, ensure_ascii=False).encode()
