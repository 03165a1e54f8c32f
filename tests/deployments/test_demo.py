"""The demo's people and posts are repeatable and mean what they say, and its story notices what is missing."""

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime
from uuid import uuid4

import pytest

from crm_db.actions.sources import NewSource
from crm_db.queries.story import FirstAnswers, Tally
from crm_db.rules.mapping import read_fields
from crm_db.rules.normalise import normalise_lead
from crm_db.rules.parsing import payload_of
from deployments.demo import payloads
from deployments.demo.cast import Channels, Run
from deployments.demo.people import Person, people
from deployments.demo.phones import phone_number
from deployments.demo.plan import Plan, make_plan
from deployments.demo.sender import Answer, Answers
from deployments.demo.story import Found, Story

NOW = datetime(2026, 11, 22, tzinfo=UTC)


def channel(name: str) -> NewSource:
    return NewSource(uuid4(), name, f"token of {name}", f"secret of {name}", f"crm_live_aaaa_{name}")


RUN = Run(7, uuid4(), Channels(channel("website"), channel("partner"), channel("form")))
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
        ids = () if post.refused else tuple(str(uuid4()) for _ in range(post.count))
        answers.append(Answer(post, 401 if post.refused else 202, ids, 1))
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
