"""Sources: adding and changing them, and what a submission of one would become."""

import json
from typing import Any

import pytest
from sqlalchemy import text

from crm_db import session
from crm_db.actions import sources
from crm_db.errors import AlreadyExists, BadValue, RecordNotFound
from crm_db.queries import previews
from crm_db.queries import sources as questions
from crm_db.queries.previews import Preview
from crm_db.rules.formats import NAMES
from crm_db.rules.parsing import Unreadable
from tests.crm_db.test_capture import META, NOW, capture, post, rows


@pytest.fixture
def as_admin(database, org):
    """Runs work as the org's administrator, through the API's login."""

    def run(work: Any) -> Any:
        with session.bound_to(database.app_url), session.unit_of_work(org.identity) as opened:
            return work(opened)

    return run


def row_of(database, name: str) -> Any:
    with session.bound_to(database.flow_url), session.unit_of_work() as work:
        wanted = text(
            "select name, format, region, mapping, allowed_origins, thank_you_url, access_token, secret"
            " from crm_sources where name = :name"
        )
        return work.execute(wanted, {"name": name}).mappings().one()


def test_a_form_has_a_public_token_beside_its_secret_one(database, org, as_admin):
    made = as_admin(
        lambda work: sources.add(
            work,
            org.identity,
            "page",
            format="form",
            allowed_origins=["https://WWW.Example.com/", "http://localhost:8080"],
            thank_you_url="https://www.example.com/thanks?from=form",
        )
    )
    assert made.form_token
    assert made.form_token not in (made.token, made.secret, made.api_key)
    row = row_of(database, "page")
    assert row["allowed_origins"] == ["https://www.example.com", "http://localhost:8080"]
    assert row["thank_you_url"] == "https://www.example.com/thanks?from=form"


@pytest.mark.parametrize("format", NAMES)
def test_every_format_can_be_set(org, as_admin, format):
    made = as_admin(lambda work: sources.add(work, org.identity, "one", format=format))
    assert (made.form_token is not None) is (format == "form")


def test_the_token_of_the_senders_api_is_kept_for_the_flows_alone(database, org, as_admin):
    as_admin(lambda work: sources.add(work, org.identity, "page", format="meta", access_token="EAAB"))
    assert row_of(database, "page")["access_token"] == "EAAB"


@pytest.mark.parametrize(
    "values",
    [
        {"format": "salesforce"},
        {"region": "Germany"},
        {"thank_you_url": "javascript:alert(1)"},
        {"thank_you_url": "/thanks"},
        {"thank_you_url": "https://exa mple.com"},
        {"allowed_origins": ["www.example.com"]},
        {"allowed_origins": ["https://www.example.com/form"]},
        {"allowed_origins": ["https://user@example.com"]},
        {"allowed_origins": ["*"]},
        {"allowed_origins": ["null"]},
    ],
)
def test_what_cannot_be_taken_is_refused_when_adding_and_when_changing(org, as_admin, values):
    with pytest.raises(BadValue):
        as_admin(lambda work: sources.add(work, org.identity, "page", **values))
    as_admin(lambda work: sources.add(work, org.identity, "page"))
    with pytest.raises(BadValue):
        as_admin(lambda work: sources.change(work, org.identity, "page", **values))


def test_a_change_leaves_alone_what_it_does_not_name(database, org, as_admin):
    as_admin(lambda work: sources.add(work, org.identity, "page", region="GB", mapping={"email": "a.b"}))
    as_admin(
        lambda work: sources.change(work, org.identity, "page", mapping={"email": "c"}, format="webflow")
    )
    row = row_of(database, "page")
    assert (row["region"], row["mapping"], row["format"]) == ("GB", {"email": "c"}, "webflow")
    as_admin(lambda work: sources.change(work, org.identity, "page", region=None, mapping=None))
    row = row_of(database, "page")
    assert (row["region"], row["mapping"], row["format"]) == (None, {}, "webflow")


def test_only_a_source_that_is_there_can_be_changed_and_only_what_may_be(org, as_admin):
    with pytest.raises(RecordNotFound):
        as_admin(lambda work: sources.change(work, org.identity, "nowhere", region="DE"))
    as_admin(lambda work: sources.add(work, org.identity, "page"))
    for values in ({}, {"token": "mine"}, {"secret": ""}, {"org_id": org.org_id}):
        with pytest.raises(BadValue):
            as_admin(lambda work, values=values: sources.change(work, org.identity, "page", **values))
    with pytest.raises(AlreadyExists):
        as_admin(lambda work: sources.add(work, org.identity, "page"))


def preview(as_admin: Any, org: Any, name: str, body: Any) -> list[Preview]:
    sent = body if isinstance(body, bytes) else json.dumps(body).encode()

    def work(opened: Any) -> list[Preview]:
        source = questions.named(opened, org.org_id, name)
        assert source is not None
        return previews.previews(opened, org.org_id, source, "", sent, now=NOW)

    found: list[Preview] = as_admin(work)
    return found


def test_a_preview_tells_the_lead_and_writes_nothing(as_flow, org, source, as_admin):
    (seen,) = preview(
        as_admin,
        org,
        "website",
        {"email": "A@example.com", "phone": "020 7946 0018", "plan": "Team", "id": 7},
    )
    assert (seen.outcome, seen.format, seen.sender_id) == ("new", "json", "7")
    assert seen.lead["email"] == "a@example.com"
    assert seen.lead["phone"] == "+442079460018"
    assert seen.custom == {"plan": "Team"}
    assert (
        rows("select 1 from crm_leads union all select 1 from crm_inbox union all select 1 from crm_keys")
        == []
    )


def test_a_preview_says_whom_it_would_merge_into(as_flow, org, source, as_admin):
    post(as_flow, org, source.id, {"email": "a@example.com"})
    capture()
    (lead,) = rows("select id from crm_leads")
    known, new, same = preview(
        as_admin,
        org,
        "website",
        [{"email": "A@example.com"}, {"email": "b@example.com"}, {"email": "B@example.com"}],
    )
    assert (known.outcome, known.merges_into, known.matched) == ("merged", lead["id"], "same e-mail")
    assert new.outcome == "new"
    assert (same.outcome, same.merges_into, same.same_as) == ("merged", None, 2)


def test_a_preview_of_what_would_be_dead_says_why_and_what_would_help(org, source, as_admin):
    dead, unreadable = (
        preview(as_admin, org, "website", body)[0]
        for body in ({"deep": {"mail": "a@example.com"}}, b"{not json")
    )
    assert dead.outcome == unreadable.outcome == "dead"
    assert dead.diagnosis is not None
    assert dead.diagnosis.mapping == {"email": "deep.mail"}
    assert unreadable.diagnosis is not None
    assert (unreadable.diagnosis.problem or "").startswith("not_json")


def test_a_preview_of_a_meta_webhook_has_an_entry_for_each_lead_and_says_that_it_is_fetched(
    org, source, as_admin
):
    changes = [{"field": "leadgen", "value": {"leadgen_id": str(number)}} for number in (11, 12)]
    seen = preview(as_admin, org, "website", {**META, "entry": [{"id": "9", "changes": changes}]})
    assert [(one.outcome, one.fetch_id) for one in seen] == [("fetch", "11"), ("fetch", "12")]


def test_a_body_that_would_be_refused_whole_is(org, source, as_admin):
    with pytest.raises(Unreadable):
        preview(as_admin, org, "website", b"")


def test_a_token_that_ran_out_is_replaced(org, database, as_admin):
    as_admin(lambda work: sources.add(work, org.identity, "page", format="meta", access_token="old"))
    as_admin(lambda work: sources.change(work, org.identity, "page", access_token="new", secret="other"))
    row = row_of(database, "page")
    assert (row["access_token"], row["secret"]) == ("new", "other")
