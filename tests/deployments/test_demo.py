"""The demo's people and posts are repeatable and mean what they say, and its story notices what is missing."""

import json
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import pytest
from sqlalchemy import text

from crm_db import session
from crm_db.actions.sources import NewSource
from crm_db.queries.story import Carried as Row
from crm_db.queries.story import FirstAnswers, Tally
from crm_db.rules import formats as senders_formats
from crm_db.rules.mapping import read_fields
from crm_db.rules.normalise import normalise_lead
from crm_db.rules.parsing import payload_of
from deployments.demo import cast, formats, payloads, running
from deployments.demo.carried import Carried, compare
from deployments.demo.cast import Channels, Run
from deployments.demo.people import Person, people
from deployments.demo.phones import phone_number
from deployments.demo.plan import Plan, make_plan
from deployments.demo.sender import Answer, Answers
from deployments.demo.story import Found, Story
from deployments.errors import DeploymentError
from deployments.settings import Settings
from tests.conftest import Database, Org

NOW = datetime(2026, 11, 22, tzinfo=UTC)


def channel(name: str) -> NewSource:
    return NewSource(uuid4(), name, f"token of {name}", f"secret of {name}", f"crm_live_aaaa_{name}")


SENDERS = {name: channel(name) for name in formats.NAMES}
RUN = Run(7, uuid4(), Channels(channel("website"), channel("partner"), channel("form"), SENDERS))
CAST = people(RUN.number, 80, ())


def e164(person: Person) -> str | None:
    return f"+{person.phone.code}{person.phone.national}" if person.phone else None


def test_the_same_run_has_the_same_people_and_posts_and_the_next_has_others() -> None:
    assert people(7, 80, ()) == CAST
    assert make_plan(RUN, CAST) == make_plan(RUN, CAST)
    next_emails = {person.email for person in people(8, 80, ()) if person.email}
    assert next_emails.isdisjoint(person.email for person in CAST)


def test_no_two_people_share_an_address_or_a_number_and_taken_numbers_are_left_alone() -> None:
    numbers = [number for number in map(e164, CAST) if number]
    emails = [person.email for person in CAST if person.email]
    assert len(set(numbers)) == len(numbers)
    assert len(set(emails)) == len(emails)
    assert set(map(e164, people(8, 80, set(numbers)))).isdisjoint(numbers)
    assert all(person.email or person.phone for person in CAST)


def test_a_country_whose_numbers_are_used_up_gives_none() -> None:
    assert phone_number("DE", 4_999) is not None
    assert phone_number("DE", 5_000) is None


@pytest.mark.parametrize("region", ["GB", "US", "DE"])
@pytest.mark.parametrize("style", sorted({*payloads.JSON_STYLES, *payloads.FORM_STYLES}))
def test_every_style_and_spelling_is_read_as_the_person_it_is(style: str, region: str) -> None:
    for way, person in enumerate(CAST):
        values = payloads.payload(person, style=style, region=region, way=way)
        bodies = [("application/json", payloads.as_json(values))]
        if style in payloads.FORM_STYLES:
            bodies += [
                ("application/x-www-form-urlencoded", payloads.as_form(values)),
                ("multipart/form-data; boundary=b", payloads.as_multipart(values, "b")),
            ]
        for content_type, body in bodies:
            read = normalise_lead(read_fields(payload_of(content_type, body), None), region=region, now=NOW)
            assert read.remarks == ()
            assert (read.email, read.phone) == (person.email, e164(person))
            assert (read.last_name, read.company, read.country) == (
                person.last_name,
                person.company,
                person.country.code,
            )
            assert (read.value, read.probability) == (person.value, person.probability)


@pytest.mark.parametrize("name", formats.NAMES)
def test_every_maker_of_forms_and_ads_is_read_as_the_person_it_is(name: str) -> None:
    for person in CAST:
        if name == "meta":
            bodies = [payloads.as_json(formats.meta_lead(person, person.number))]
        elif name == "google-ads":
            bodies = [formats.google_ads(person, "secret")]
        else:
            bodies = [formats.BODIES[name](person)]
        content_type = "application/x-www-form-urlencoded" if name == "jotform" else "application/json"
        (body,) = bodies
        reading = senders_formats.read("auto", payload_of(content_type, body), {})
        assert (reading.format, reading.is_test, reading.fetch_id) == (name, False, None)
        read = normalise_lead(read_fields(reading.payload, None), region="US", now=NOW)
        assert (read.email, read.phone, read.company) == (person.email, e164(person), person.company)
        assert (read.first_name, read.last_name) == (person.first_name, person.last_name)


def test_metas_webhook_names_the_lead_that_graph_is_told_of() -> None:
    plan = make_plan(RUN, CAST, with_graph=True)
    posted = [post.body for group in plan.groups for post in group if "X-Hub-Signature-256" in post.headers]
    ids = [senders_formats.read("meta", json.loads(body), {}).fetch_id for body in posted]
    assert sorted(map(str, ids)) == sorted(lead["id"] for lead in plan.meta_leads) != []
    assert make_plan(RUN, CAST).meta_leads == ()


@pytest.mark.parametrize("leads", [20, 80, 300])
def test_a_plan_has_some_of_everything_and_counts_what_it_posts(leads: int) -> None:
    plan = make_plan(RUN, people(RUN.number, leads, ()))
    posts = [post for group in plan.groups for post in group]
    assert plan.people == leads
    assert min(plan.merged, plan.repeated, plan.hopeless, plan.refused) >= 3
    assert plan.refused == sum(post.count for post in posts if post.refused)
    wanted = plan.people + plan.merged + plan.repeated + plan.hopeless + plan.refused
    assert plan.submissions == wanted
    kinds = Counter(post.headers["Content-Type"].split(";")[0] for post in posts)
    assert set(kinds) == {"application/json", "application/x-www-form-urlencoded", "multipart/form-data"}
    assert max(post.count for post in posts) > 1


def story_of(plan: Plan, tally: Tally, eml_files: int) -> Story:
    answers = []
    for post in (post for group in plan.groups for post in group):
        ids = () if post.refused or post.silent else tuple(str(uuid4()) for _ in range(post.count))
        answers.append(Answer(post, 401 if post.refused else post.status, ids, 1))
    # The last of the accepted singles are answered with the event of the first, as repeats are.
    singles = [index for index, answer in enumerate(answers) if len(answer.event_ids) == 1]
    for index in singles[-plan.repeated :]:
        answers[index] = replace(answers[index], event_ids=answers[singles[0]].event_ids)
    nothing = FirstAnswers(0, None, None, None)
    found = Found(tally, {"email": {"sent": 90}}, {}, nothing, (), eml_files)
    return Story(RUN, plan, Answers(tuple(answers)), found, {}, 1.0, 1.0)


PLAN = make_plan(RUN, CAST)
GOOD = Tally(
    events=PLAN.people + PLAN.merged + PLAN.hopeless,
    pending=0,
    new=PLAN.people,
    merged=PLAN.merged,
    dead=PLAN.hopeless,
    leads=PLAN.people,
    scored=PLAN.people,
    assigned=PLAN.people - 2,
    nobody_free=2,
    enrolled=PLAN.people,
    emails_sent=90,
    emails_local=90,
    unsettled=0,
)


def test_a_run_in_which_everything_is_accounted_for_reconciles() -> None:
    story = story_of(PLAN, GOOD, eml_files=90)
    assert [check.says for check in story.checks if not check.holds] == []
    assert story.as_dict()["reconciles"] is True


@pytest.mark.parametrize(
    "missing",
    [
        replace(GOOD, new=GOOD.new - 1),
        replace(GOOD, new=GOOD.new + 1, merged=GOOD.merged - 1, leads=GOOD.leads + 1),
        replace(GOOD, dead=GOOD.dead - 1, pending=1),
        replace(GOOD, scored=GOOD.scored - 1),
        replace(GOOD, assigned=GOOD.assigned - 1),
        replace(GOOD, enrolled=GOOD.enrolled - 1),
        replace(GOOD, events=GOOD.events + 1),
        replace(GOOD, unsettled=1),
        replace(GOOD, emails_local=GOOD.emails_local + 1),
    ],
)
def test_one_too_few_or_too_many_does_not_reconcile(missing: Tally) -> None:
    assert not story_of(PLAN, missing, eml_files=90).reconciles


def test_a_post_answered_otherwise_than_it_deserves_does_not_reconcile() -> None:
    story = story_of(PLAN, GOOD, eml_files=90)
    (first, *rest) = story.answers.every
    wrong = replace(story, answers=Answers((replace(first, status=500), *rest)))
    assert not wrong.reconciles


def entry(row: Row, told: str = "yes") -> dict[str, str]:
    """The fakes' log of a message that they accepted; a text carries no id of ours."""
    by_phone = row.channel == "sms"
    ours = "" if by_phone else str(row.id)
    return {
        "message_id": ours,
        "kind": row.channel,
        "to": row.to,
        "told": told,
        "key": ours or f"{row.channel}:{row.to}",
    }


def row(status: str = "sent", channel: str = "email", to: str = "jo@example.org") -> Row:
    """A message of the ledger that was handed to a fake."""
    return Row(uuid4(), channel, status, "sendgrid" if channel == "email" else "twilio", to)


EMAIL, TEXT = row(), row(channel="sms", to="+15005550010")


def with_fakes(carried: Carried) -> Story:
    """A sound story whose messages went to the fakes."""
    return replace(story_of(PLAN, replace(GOOD, emails_local=0), eml_files=0), carried=carried)


def test_what_the_fakes_accepted_once_and_the_ledger_knows_as_sent_reconciles() -> None:
    carried = compare([EMAIL, TEXT], [entry(EMAIL, "500"), entry(TEXT, "cut"), entry(row())], {"a": 2})
    assert carried == Carried(2, 2, 2, lost_answers=2, found_again=2, in_doubt=0, faults={"a": 2})
    assert with_fakes(carried).reconciles


@pytest.mark.parametrize(
    ("rows", "log"),
    [
        ([EMAIL], [entry(EMAIL), entry(EMAIL)]),
        ([TEXT], [entry(TEXT), entry(TEXT)]),
        ([EMAIL, TEXT], [entry(EMAIL)]),
        ([EMAIL], []),
        ([replace(EMAIL, status="unknown")], [entry(EMAIL, "500")]),
        ([replace(EMAIL, status="unknown")], []),
        ([replace(EMAIL, status="scheduled")], [entry(EMAIL, "500")]),
        ([replace(TEXT, status="scheduled")], [entry(TEXT, "500")]),
    ],
)
def test_what_left_twice_or_was_lost_or_stays_in_doubt_does_not_reconcile(
    rows: list[Row], log: list[dict[str, str]]
) -> None:
    assert not with_fakes(compare(rows, log, {})).reconciles


def test_the_demo_notices_people_who_work_here(org: Org, database: Database, reps: object) -> None:
    with session.bound_to(database.owner_url), session.unit_of_work(org.identity) as work:
        assert cast.others_work_here(work, org.org_id)
        work.execute(text("update crm_users set active = false where takes_leads"))
        cast.ensure_reps(work, org.org_id)
        assert not cast.others_work_here(work, org.org_id)


def test_the_demo_writes_to_nobody_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    running.check_nobody_is_written_to()
    monkeypatch.setenv("CRM_SMTP_URL", "smtp://127.0.0.1:1")
    with pytest.raises(DeploymentError, match="smtp"):
        running.check_nobody_is_written_to()


def test_two_demos_at_once_are_refused_in_one_sentence(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path)
    again = pytest.raises(DeploymentError, match="A demo plays")
    with running.one_at_a_time(settings), again, running.one_at_a_time(settings):
        pass
