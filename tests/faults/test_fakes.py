"""Through the provider fakes: whatever fails, before or after its work, each message is accepted once and is known as sent."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from deployments.fakes.process import environment
from integrations.testing import Fakes, FakeServer, running_fakes
from integrations.testing.faults import Plan, Scripted
from tasks import senders
from tests.faults import crashing
from tests.faults.bench import Bench
from tests.faults.breaches import LOST, TWICE
from tests.faults.conftest import PEOPLE
from tests.faults.crashing import Death
from tests.faults.points import EMAIL, capture_step, deliver_step, point, settle_step

PATIENCE_SECONDS = 60.0
HURRIED = {"CRM_HTTP_TIMEOUT": "0.5", "CRM_HTTP_CONNECT_TIMEOUT": "5"}
NOTHING_LEFT = """
    select not exists (select from crm_messages where status in ('claimed', 'sending', 'unknown')
                       or status = 'scheduled' and (due_at <= now() or attempts > 0))
"""
Through = Callable[..., FakeServer]


@pytest.fixture
def through(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> Iterator[Through]:
    """Lets the bench's messages go through fakes that follow a plan; `settle` is CRM_SETTLE_SECONDS."""
    with running_fakes(Fakes(seed=1)) as server:

        def through(plan: Plan, *, settle: float) -> FakeServer:
            server.fakes.follow(plan)
            bench.fakes = server
            bench.providers = {**environment(server.url), **HURRIED, "CRM_SETTLE_SECONDS": f"{settle:g}"}
            for name, value in bench.providers.items():
                monkeypatch.setenv(name, value)
            senders.forget()
            return server

        yield through
    senders.forget()


def prepare() -> None:
    """Everything up to the first messages, none of them sent."""
    capture_step()


def work_until_rest(bench: Bench) -> None:
    """Deliver and settle until nothing is left; tries again come at once, looks at what is in doubt when they are due."""
    with patience("not at rest") as look:
        while look():
            bench.let_leases_end()
            deliver_step()
            settle_step()
            if bench.one(NOTHING_LEFT):
                return
            time.sleep(0.05)


@contextmanager
def patience(why: str) -> Iterator[Callable[[], bool]]:
    """Something that may be asked whether to go on; it raises when that took too long."""
    until = time.monotonic() + PATIENCE_SECONDS

    def look() -> bool:
        assert time.monotonic() < until, why
        return True

    yield look


def states(bench: Bench) -> dict[str, int]:
    """How many messages are in which state."""
    return dict(bench.all("select status, count(*) from crm_messages group by 1"))


def test_with_thirty_faults_in_a_hundred_and_dying_workers_each_message_is_accepted_once(
    bench: Bench, through: Through
) -> None:
    server = through(Plan(seed=4, share=0.3, hang_seconds=2), settle=0.3)
    prepare()
    for call in (2, 1):
        crashing.die_at(Death(point(EMAIL, "P9"), call), bench.environment)
        bench.let_leases_end()
    crashing.die_at(Death(point(EMAIL, "P5")), bench.environment)
    work_until_rest(bench)
    assert bench.breaches() == []
    summary = server.fakes.summary()
    assert summary["twice"] == {} and summary["answer_lost"]["email"] > 0
    assert (
        bench.one("select count(*) from crm_messages where status = 'sent' and provider = 'sendgrid'")
        == 2 * PEOPLE
    )


@pytest.mark.parametrize("kind", ["500", "cut", "hang"])
def test_what_was_accepted_and_then_failed_is_in_doubt_until_it_is_looked_up(
    bench: Bench, through: Through, kind: str
) -> None:
    server = through(Plan(script=(Scripted(kind, after=True, times=3),), hang_seconds=2), settle=0.5)
    prepare()
    deliver_step()
    assert states(bench)["unknown"] == 3
    assert server.fakes.summary()["answer_lost"] == {"email": 3}
    work_until_rest(bench)
    assert bench.breaches() == []
    assert bench.one("select count(*) from crm_messages where attempts > 1") == 0


def test_what_failed_before_it_was_accepted_is_sent_again_only_after_the_third_look(
    bench: Bench, through: Through
) -> None:
    server = through(Plan(script=(Scripted("500", times=2), Scripted("cut"))), settle=0.2)
    prepare()
    deliver_step()
    assert states(bench)["unknown"] == 3
    work_until_rest(bench)
    assert bench.breaches() == []
    assert server.fakes.summary()["answer_lost"] == {}
    assert bench.one("select count(*) from crm_messages where attempts = 2") == 3


def test_a_provider_that_wants_us_to_wait_is_surely_unsent_and_tried_again(
    bench: Bench, through: Through
) -> None:
    through(Plan(script=(Scripted("429", times=2), Scripted("503", times=2))), settle=0.2)
    prepare()
    deliver_step()
    assert "unknown" not in states(bench)
    work_until_rest(bench)
    assert bench.breaches() == []


LATE = Plan(script=(Scripted("500", after=True, times=4),), lag_seconds=2.5)


def test_a_lookup_that_lags_sends_nothing_twice_when_settling_takes_longer(
    bench: Bench, through: Through
) -> None:
    through(LATE, settle=3)
    prepare()
    work_until_rest(bench)
    assert bench.breaches() == []


def test_a_settle_time_shorter_than_the_lag_would_send_twice_and_the_recount_sees_it(
    bench: Bench, through: Through
) -> None:
    """The other way round: without this the test above might hold for no reason."""
    through(LATE, settle=0.1)
    prepare()
    work_until_rest(bench)
    assert TWICE in {breach.kind for breach in bench.breaches()}


@pytest.fixture
def sound(bench: Bench, through: Through) -> Bench:
    """A bench whose messages all went through the fakes, and whose recount finds nothing."""
    through(Plan(), settle=0.2)
    prepare()
    work_until_rest(bench)
    assert bench.breaches() == []
    return bench


def accepted_again(bench: Bench, **changes: str) -> None:
    """As if the provider had taken one more message like its first one."""
    assert bench.fakes is not None
    first = bench.fakes.fakes.log.entries[0]
    values = {"message_id": first.message_id, "provider_id": "p", "to": first.to, "words": "Hello"}
    bench.fakes.fakes.log.accept("sendgrid", "email", **(values | changes))


def forget_all(bench: Bench) -> None:
    """As if the provider had accepted nothing."""
    assert bench.fakes is not None
    bench.fakes.fakes = Fakes()


WELCOME = "(select id from crm_messages where template = 'welcome' order by id limit 1)"
BREAKS: dict[str, tuple[str, Callable[[Bench], object]]] = {
    "a message that was accepted again": (TWICE, accepted_again),
    "an accepted message that no row knows": (
        TWICE,
        lambda bench: accepted_again(bench, message_id="00000000-0000-7000-8000-000000000000"),
    ),
    "a text that nobody sent": (
        TWICE,
        lambda bench: accepted_again(bench, message_id="", to="+15005550010"),
    ),
    "an accepted message that is called unsent": (
        LOST,
        lambda bench: bench.execute(
            f"update crm_messages set status = 'scheduled', due_at = now() where id = {WELCOME}"
        ),
    ),
    "a doubt that stays": (
        LOST,
        lambda bench: bench.execute(f"update crm_messages set status = 'unknown' where id = {WELCOME}"),
    ),
    "a sent message that nobody accepted": (LOST, forget_all),
    "a text that nobody accepted": (
        LOST,
        lambda bench: bench.execute(
            "update crm_messages set channel = 'sms', provider = 'twilio', rendered = '{\"to\": \"+15005550010\"}'"
            f" where id = {WELCOME}"
        ),
    ),
}


@pytest.mark.parametrize("case", BREAKS)
def test_the_recount_over_the_fakes_finds(sound: Bench, case: str) -> None:
    kind, break_it = BREAKS[case]
    break_it(sound)
    assert kind in {breach.kind for breach in sound.breaches()}
