"""Quiet hours: when somebody may be written to, by his own clock, on any day of the year."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sms.hours import ALWAYS, EVERY_DAY, Waking, next_waking

ZONES = ("Europe/Kaliningrad", "Europe/Moscow", "Asia/Tomsk", "Asia/Kamchatka", "Europe/Kyiv", "America/New_York")
WEEKDAYS_ONLY = 0b0011111


def at(text: str, zone: str = "Asia/Tomsk") -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone))


@pytest.mark.parametrize(
    ("now", "then"),
    [
        ("2026-11-20T08:59", "2026-11-20T09:00"),
        ("2026-11-20T09:00", "2026-11-20T09:00"),
        ("2026-11-20T20:59", "2026-11-20T20:59"),
        ("2026-11-20T21:00", "2026-11-21T09:00"),
        ("2026-12-31T23:30", "2027-01-01T09:00"),
    ],
)
def test_from_nine_to_nine(now: str, then: str) -> None:
    assert next_waking(at(now).astimezone(UTC), "Asia/Tomsk", Waking()) == at(then)


def test_whoever_rests_on_sunday_is_written_to_on_monday() -> None:
    saturday_night = at("2026-11-21T22:00")
    assert next_waking(saturday_night, "Asia/Tomsk", Waking(weekdays=WEEKDAYS_ONLY)) == at("2026-11-23T09:00")


def test_the_same_moment_is_night_in_one_place_and_day_in_another() -> None:
    now = datetime(2026, 11, 20, 5, tzinfo=UTC)
    assert next_waking(now, "Asia/Kamchatka", Waking()) == now
    assert next_waking(now, "Europe/Kaliningrad", Waking()) == datetime(2026, 11, 20, 7, tzinfo=UTC)


def test_an_hour_that_the_clock_skips_begins_when_it_goes_on() -> None:
    night = at("2026-03-29T01:00", "Europe/Kyiv")
    found = next_waking(night.astimezone(UTC), "Europe/Kyiv", Waking(3, 21))
    assert found.astimezone(ZoneInfo("Europe/Kyiv")).hour in (3, 4)


@pytest.mark.parametrize(
    ("starts", "ends", "days"), [(9, 9, 127), (21, 9, 127), (-1, 5, 127), (0, 25, 127), (9, 21, 0)]
)
def test_nobody_is_awake_never(starts: int, ends: int, days: int) -> None:
    with pytest.raises(ValueError, match="awake"):
        Waking(starts, ends, days)


@given(
    now=st.integers(1_577_836_800, 1_956_528_000).map(lambda second: datetime.fromtimestamp(second, UTC)),
    zone=st.sampled_from(ZONES),
    hours=st.tuples(st.integers(0, 23), st.integers(1, 24)).filter(lambda pair: pair[0] < pair[1]),
    weekdays=st.integers(1, EVERY_DAY),
)
def test_the_next_waking_moment_is_one_and_the_first(
    now: datetime, zone: str, hours: tuple[int, int], weekdays: int
) -> None:
    waking = Waking(*hours, weekdays)
    found = next_waking(now, zone, waking)
    local = found.astimezone(ZoneInfo(zone))
    is_after_a_skipped_hour = local.replace(fold=0).utcoffset() != (local - timedelta(hours=2)).utcoffset()
    assert now <= found <= now + timedelta(days=8)
    assert waking.holds(local) or is_after_a_skipped_hour
    assert next_waking(now, zone, ALWAYS) == now
