"""When something is done: business hours, quiet hours, and clocks that change."""

import json
from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm_db.rules.due import (
    DEFAULT,
    BusinessHours,
    QuietHours,
    business_hours_from,
    due,
    holidays_of,
    local_moment,
)

BERLIN, NEW_YORK, HONOLULU = (
    ZoneInfo("Europe/Berlin"),
    ZoneInfo("America/New_York"),
    ZoneInfo("Pacific/Honolulu"),
)
WEEK = {weekday: ((time(9), time(17)),) for weekday in range(1, 6)}
OFFICE = BusinessHours(BERLIN, WEEK)
NIGHT = QuietHours(time(21), time(8))


def at(text: str, zone: tzinfo = BERLIN) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=zone)


@pytest.mark.parametrize(
    ("wanted", "business", "quiet", "expected", "codes"),
    [
        ("2026-11-06 18:40", None, None, "2026-11-06 18:40", []),
        ("2026-11-06 09:00", OFFICE, None, "2026-11-06 09:00", []),
        ("2026-11-06 08:59:59.999999", OFFICE, None, "2026-11-06 09:00", ["business_hours"]),
        ("2026-11-06 16:59:59.999999", OFFICE, None, "2026-11-06 16:59:59.999999", []),
        ("2026-11-06 17:00", OFFICE, None, "2026-11-09 09:00", ["business_hours"]),
        ("2026-11-07 12:00", OFFICE, None, "2026-11-09 09:00", ["business_hours"]),
        ("2026-11-06 20:59:59", None, NIGHT, "2026-11-06 20:59:59", []),
        ("2026-11-06 21:00", None, NIGHT, "2026-11-07 08:00", ["quiet_hours"]),
        ("2026-11-07 00:00", None, NIGHT, "2026-11-07 08:00", ["quiet_hours"]),
        ("2026-11-07 08:00", None, NIGHT, "2026-11-07 08:00", []),
        ("2026-11-06 12:30", None, QuietHours(time(12), time(14)), "2026-11-06 14:00", ["quiet_hours"]),
        (
            "2026-11-06 08:00",
            OFFICE,
            QuietHours(time(8, 30), time(9, 10)),
            "2026-11-06 09:10",
            ["business_hours", "quiet_hours"],
        ),
    ],
)
def test_a_moment_moves_to_business_hours_and_out_of_quiet_hours(
    wanted: str, business: BusinessHours | None, quiet: QuietHours | None, expected: str, codes: list[str]
) -> None:
    result = due(at(wanted), zone=BERLIN, business=business, quiet=quiet)
    assert result.at == at(expected)
    assert result.at.tzinfo is UTC
    assert [move.code for move in result.reasons] == codes


def test_the_reasons_read_as_a_rep_would_say_them_and_lead_from_wanted_to_due() -> None:
    lunch = QuietHours(time(8, 30), time(9, 10))
    result = due(at("2026-11-06 18:40"), zone=BERLIN, business=OFFICE, quiet=lunch)
    assert [move.words for move in result.reasons] == [
        "Fri 18:40 → Mon 09:00: outside business hours",
        "Mon 09:00 → Mon 09:10: in quiet hours",
    ]
    assert result.reasons[0].moved_from == at("2026-11-06 18:40")
    assert result.reasons[0].moved_to == result.reasons[1].moved_from
    assert result.reasons[1].moved_to == result.at


def test_a_far_move_names_its_dates() -> None:
    closed = frozenset(date(2026, 12, 21) + timedelta(days=n) for n in range(12))
    result = due(at("2026-12-21 10:00"), zone=BERLIN, business=BusinessHours(BERLIN, WEEK, closed))
    assert result.at == at("2027-01-04 09:00")
    assert [(move.code, move.words) for move in result.reasons] == [
        ("holiday", "Mon 2026-12-21 10:00 → Mon 2027-01-04 09:00: a holiday")
    ]


def test_nothing_is_due_before_it_is_allowed() -> None:
    result = due(at("2026-11-06 10:00"), zone=BERLIN, not_before=at("2026-11-06 06:00", NEW_YORK))
    assert result.at == at("2026-11-06 12:00")
    assert [move.words for move in result.reasons] == ["Fri 10:00 → Fri 12:00: not allowed earlier"]
    assert due(at("2026-11-06 10:00"), zone=BERLIN, not_before=at("2026-11-05 10:00")).reasons == ()


def test_business_hours_are_the_teams_and_quiet_hours_the_contacts() -> None:
    result = due(at("2026-11-06 09:00"), zone=NEW_YORK, business=OFFICE, quiet=NIGHT)
    assert result.at == at("2026-11-06 08:00", NEW_YORK) == at("2026-11-06 14:00")
    assert [move.words for move in result.reasons] == ["Fri 03:00 → Fri 08:00: in quiet hours"]


def test_where_the_hours_never_meet_quiet_hours_are_kept_and_the_reason_is_given() -> None:
    result = due(at("2026-11-06 09:00"), zone=HONOLULU, business=OFFICE, quiet=QuietHours(time(20), time(8)))
    assert result.at == at("2026-11-06 08:00", HONOLULU)
    assert [move.code for move in result.reasons] == ["quiet_hours", "no_common_hours"]


def test_a_team_on_holiday_for_ever_does_not_stop_the_search() -> None:
    closed = frozenset(date(2026, 1, 1) + timedelta(days=n) for n in range(1000))
    result = due(
        at("2026-11-06 22:00"), zone=BERLIN, business=BusinessHours(BERLIN, WEEK, closed), quiet=NIGHT
    )
    assert result.at == at("2026-11-07 08:00")
    assert [move.code for move in result.reasons] == ["quiet_hours", "no_common_hours"]


def test_naive_times_are_refused() -> None:
    naive = at("2026-11-06 10:00").replace(tzinfo=None)
    with pytest.raises(ValueError, match="aware"):
        due(naive, zone=BERLIN)
    with pytest.raises(ValueError, match="aware"):
        due(at("2026-11-06 10:00"), zone=BERLIN, not_before=naive)


@pytest.mark.parametrize(
    ("zone", "wall", "utc"),
    [
        ("Europe/Berlin", "2026-07-01 09:00", "2026-07-01 07:00"),
        ("Europe/Berlin", "2026-03-29 01:59", "2026-03-29 00:59"),
        ("Europe/Berlin", "2026-03-29 02:00", "2026-03-29 01:00"),
        ("Europe/Berlin", "2026-03-29 02:59", "2026-03-29 01:00"),
        ("Europe/Berlin", "2026-03-29 03:00", "2026-03-29 01:00"),
        ("Europe/Berlin", "2026-10-25 02:30", "2026-10-25 00:30"),
        ("Europe/Berlin", "2026-10-25 03:00", "2026-10-25 02:00"),
        ("America/New_York", "2026-03-08 02:30", "2026-03-08 07:00"),
        ("America/New_York", "2026-11-01 01:30", "2026-11-01 05:30"),
        ("Australia/Lord_Howe", "2026-10-04 02:15", "2026-10-03 15:30"),
        ("Australia/Lord_Howe", "2026-04-05 01:45", "2026-04-04 14:45"),
        ("Pacific/Apia", "2011-12-30 09:00", "2011-12-30 10:00"),
        ("Pacific/Apia", "2011-12-31 00:00", "2011-12-30 10:00"),
        ("Pacific/Apia", "2011-12-29 23:59", "2011-12-30 09:59"),
        ("America/Santiago", "2026-09-06 00:30", "2026-09-06 04:00"),
        ("America/Santiago", "2026-04-04 23:30", "2026-04-05 02:30"),
        ("Pacific/Kiritimati", "2026-01-01 00:00", "2025-12-31 10:00"),
    ],
)
def test_a_skipped_time_is_the_first_instant_after_the_gap_and_a_repeated_one_the_first(
    zone: str, wall: str, utc: str
) -> None:
    local = at(wall, ZoneInfo(zone))
    assert local_moment(local.date(), local.time(), ZoneInfo(zone)) == at(utc, UTC)


def test_the_clocks_of_casablanca_go_back_for_ramadan_and_forward_after() -> None:
    casablanca = ZoneInfo("Africa/Casablanca")
    days = [date(2026, 1, 1) + timedelta(days=n) for n in range(365)]
    moments = [local_moment(day, time(2, 30), casablanca) for day in days]
    steps = {later - earlier for earlier, later in pairwise(moments)}
    assert timedelta(days=1) in steps
    assert len(steps) > 1
    assert steps <= {timedelta(hours=hours, minutes=m) for hours in (23, 24, 25) for m in (0, 30)}


@pytest.mark.parametrize(
    ("opens", "closes", "expected"),
    [
        ("02:15", "02:30", "2026-10-25 01:15"),
        ("01:50", "02:30", "2026-10-25 01:00"),
        ("02:50", "03:30", "2026-10-25 00:50"),
    ],
)
def test_an_hour_that_comes_twice_opens_the_office_twice(opens: str, closes: str, expected: str) -> None:
    hours = BusinessHours(BERLIN, {7: ((time.fromisoformat(opens), time.fromisoformat(closes)),)})
    assert due(at("2026-10-25 00:45", UTC), zone=BERLIN, business=hours).at == at(expected, UTC)


ZONES = [
    "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Pacific/Apia", "Africa/Casablanca",
    "America/Santiago", "Pacific/Kiritimati", "Asia/Kathmandu", "America/St_Johns", "UTC",
]  # fmt: skip


@pytest.mark.parametrize("name", ZONES)
def test_nine_o_clock_comes_exactly_once_on_every_local_day_of_five_years(name: str) -> None:
    zone = ZoneInfo(name)
    hours = BusinessHours(zone, {weekday: ((time(9), time(17)),) for weekday in range(1, 8)})
    day, moment = date(2024, 1, 1), local_moment(date(2024, 1, 1), time(0), zone)
    while day < date(2029, 1, 1):
        found = due(moment, zone=zone, business=hours).at
        local = found.astimezone(zone)
        assert (local.date(), local.time()) == (day, time(9))
        day += timedelta(days=1)
        moment = found + timedelta(hours=8, minutes=1)


TIMES = st.times().map(lambda t: t.replace(second=0, microsecond=0)) | st.sampled_from(
    [time(0), time(2, 30), time(1)]
)
PAIRS = st.tuples(TIMES, TIMES).filter(lambda pair: pair[0] != pair[1])
SPANS = PAIRS.map(lambda pair: (min(pair), max(pair)))
CHANGES = st.sampled_from(
    ["2026-03-29", "2026-10-25", "2026-03-08", "2026-11-01", "2026-10-03",
     "2026-04-04", "2011-12-29", "2026-02-14", "2026-03-21", "2026-09-05"]
)  # fmt: skip
SHIFTS = st.timedeltas(-timedelta(3), timedelta(3))
MOMENTS = st.builds(lambda day, shift: at(day, UTC) + shift, CHANGES, SHIFTS)
SOME_ZONES = st.sampled_from(ZONES).map(ZoneInfo)


def _inside(local: datetime, hours: BusinessHours) -> bool:
    if local.date() in hours.holidays:
        return False
    periods = hours.days.get(local.isoweekday(), ())
    return any(opens <= local.time() < closes for opens, closes in periods)


def _is_quiet(local: datetime, quiet: QuietHours) -> bool:
    if quiet.start < quiet.end:
        return quiet.start <= local.time() < quiet.end
    return local.time() >= quiet.start or local.time() < quiet.end


@given(
    MOMENTS,
    SOME_ZONES,
    SOME_ZONES,
    st.dictionaries(st.integers(1, 7), SPANS.map(lambda s: (s,)), min_size=1),
    PAIRS,
)
def test_a_due_moment_is_in_business_hours_outside_quiet_hours_and_never_early(
    wanted: datetime,
    zone: ZoneInfo,
    team_zone: ZoneInfo,
    days: dict[int, tuple[tuple[time, time], ...]],
    quiet_times: tuple[time, time],
) -> None:
    hours, quiet = BusinessHours(team_zone, days), QuietHours(*quiet_times)
    result = due(wanted, zone=zone, business=hours, quiet=quiet)
    assert result.at >= wanted
    assert not _is_quiet(result.at.astimezone(zone), quiet)
    given_up = any(move.code == "no_common_hours" for move in result.reasons)
    assert given_up or _inside(result.at.astimezone(team_zone), hours)
    assert bool(result.reasons) is (given_up or result.at != wanted)


@given(MOMENTS, SOME_ZONES, st.dictionaries(st.integers(1, 7), SPANS.map(lambda s: (s,)), min_size=1), PAIRS)
def test_a_due_moment_is_the_first_that_suits(
    wanted: datetime,
    zone: ZoneInfo,
    days: dict[int, tuple[tuple[time, time], ...]],
    quiet_times: tuple[time, time],
) -> None:
    wanted = wanted.replace(minute=wanted.minute // 15 * 15, second=0, microsecond=0)
    hours, quiet = BusinessHours(zone, days), QuietHours(*quiet_times)
    result = due(wanted, zone=zone, business=hours, quiet=quiet)
    step = wanted
    while step < min(result.at, wanted + timedelta(days=8)):
        local = step.astimezone(zone)
        assert _is_quiet(local, quiet) or not _inside(local, hours)
        step += timedelta(minutes=15)


def test_the_default_hours_are_monday_to_friday_nine_to_five_and_survive_json() -> None:
    hours = business_hours_from(json.loads(json.dumps(DEFAULT)))
    assert hours == BusinessHours(ZoneInfo("UTC"), WEEK)


def test_hours_are_read_from_settings() -> None:
    data = {
        "zone": "Europe/Berlin",
        "days": {"6": [["10:00", "12:00"], ["13:30", "24:00"]]},
        "holidays": ["2026-12-26"],
    }
    hours = business_hours_from(data)
    assert hours.days == {6: ((time(10), time(12)), (time(13, 30), time(0)))}
    assert hours.is_open(at("2026-12-19 23:59"))
    assert not hours.is_open(at("2026-12-19 12:30"))
    assert not hours.is_open(at("2026-12-26 10:30"))


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"zone": "Nowhere/At_All", "days": {"1": [["09:00", "17:00"]]}},
        {"zone": "UTC", "days": {}},
        {"zone": "UTC", "days": {"1": []}},
        {"zone": "UTC", "days": {"0": [["09:00", "17:00"]]}},
        {"zone": "UTC", "days": {"8": [["09:00", "17:00"]]}},
        {"zone": "UTC", "days": {"Monday": [["09:00", "17:00"]]}},
        {"zone": "UTC", "days": {"1": [["17:00", "09:00"]]}},
        {"zone": "UTC", "days": {"1": [["09:00", "09:00"]]}},
        {"zone": "UTC", "days": {"1": [["09:00", "13:00"], ["12:00", "17:00"]]}},
        {"zone": "UTC", "days": {"1": [["09:00", "24:00"], ["12:00", "17:00"]]}},
        {"zone": "UTC", "days": {"1": [["09:00"]]}},
        {"zone": "UTC", "days": {"1": [[9, 17]]}},
        {"zone": "UTC", "days": {"1": 9}},
        {"zone": "UTC", "days": {"1": [["nine", "five"]]}},
        {"zone": "UTC", "days": {"1": [["09:00", "17:00"]]}, "holidays": ["Christmas"]},
        {"zone": "UTC", "days": {"1": [["09:00", "17:00"]]}, "holidays": "2026-12-25"},
    ],
)
def test_hours_that_make_no_sense_are_refused(data: Mapping[str, object]) -> None:
    with pytest.raises(ValueError, match=r"."):
        business_hours_from(data)


def test_quiet_hours_without_length_are_refused() -> None:
    with pytest.raises(ValueError, match="differ"):
        QuietHours(time(9), time(9))


def test_public_holidays_come_by_country_and_an_unknown_country_has_none() -> None:
    assert date(2026, 12, 25) in holidays_of("DE", [2026])
    assert holidays_of("de", [2026, 2027]) >= holidays_of("DE", [2027])
    assert holidays_of("XX", [2026]) == holidays_of("", [2026]) == holidays_of(None, [2026]) == frozenset()


def test_hours_that_meet_only_while_the_clocks_differ_are_not_waited_for():
    berlin = business_hours_from(
        {"zone": "Europe/Berlin", "days": {str(day): [["09:00", "17:00"]] for day in range(1, 6)}}
    )
    found = due(
        datetime(2026, 11, 22, 12, 0, tzinfo=UTC),
        zone=ZoneInfo("America/Los_Angeles"),
        business=berlin,
        quiet=QuietHours(time(21), time(8)),
    )
    assert found.at == datetime(2026, 11, 22, 16, 0, tzinfo=UTC)
    assert found.reasons[-1].code == "no_common_hours"
    assert len(found.reasons) < 5
