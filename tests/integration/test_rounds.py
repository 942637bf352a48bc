"""A courier's day: what is on the sheet, taking the load, and marking each stop once."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, time, timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select

from parcels import journal
from parcels.journal import NewFact
from parcels.models import Fact, Parcel
from parcels.stages import Kind, Stage
from portal.transaction import reading, transaction
from portal.verify import breaches
from scheduling import booking, rounds
from scheduling.booking import Asker
from scheduling.calendars import moment
from scheduling.models import Slot
from scheduling.policy import Reason, Refusal
from scheduling.rounds import Courier, Standing, WhyNot, visiting_hour
from tests.factories import KALININGRAD, NOW, TOMSK, make_parcel, make_world, zone_of

TUESDAY = date(2026, 11, 24)
MORNING = moment(TUESDAY, time(9), "Asia/Tomsk")
NOON = moment(TUESDAY, time(12), "Asia/Tomsk")


def booked(*starts: time, kinds: tuple[Kind, ...] = (Kind.HANDED_OVER, Kind.DEPARTED, Kind.ARRIVED)) -> list[int]:
    """Parcels for Tuesday in Tomsk, one per hour named, that have come as far as `kinds` say."""
    with transaction() as session:
        shop = make_world(session)
        parcels = [make_parcel(session, shop) for _ in starts]
        for parcel, hour in zip(parcels, starts, strict=True):
            booking.book(session, parcel, TUESDAY, hour, Asker("recipient", parcel.version), NOW)
            for kind in kinds:
                journal.record(session, parcel, NewFact(kind, "carrier:test"), NOW + timedelta(days=1))
        return [parcel.id for parcel in parcels]


def load(now: datetime = MORNING, place: int = TOMSK) -> int:
    with transaction() as session:
        return rounds.load(session, zone_of(session, place).id, TUESDAY, Courier("Иван Петров", "+79130001122"), now)


def deliver(parcel_id: int, place: int = TOMSK, day: date = TUESDAY, now: datetime = NOON) -> None:
    with transaction() as session:
        rounds.deliver(session, journal.lock(session, parcel_id), zone_of(session, place).id, day, "Иван", now)


def fail(parcel_id: int, why: WhyNot = WhyNot.ABSENT, place: int = TOMSK) -> None:
    with transaction() as session:
        rounds.fail(session, journal.lock(session, parcel_id), zone_of(session, place).id, TUESDAY, "Иван", why, NOON)


def sheet() -> list[tuple[int, Standing]]:
    """The courier's sheet: parcel and standing, in the order of the stops."""
    with reading() as session:
        stops = rounds.stops_of(session, zone_of(session, TOMSK).id, TUESDAY)
        assert [stop.number for stop in stops] == list(range(1, len(stops) + 1))
        return [(stop.parcel.id, stop.standing) for stop in stops]


def parcel_of(parcel_id: int) -> Parcel:
    with reading() as session:
        return session.get_one(Parcel, parcel_id)


def facts(parcel_id: int, kind: Kind) -> list[Fact]:
    with reading() as session:
        return [fact for fact in journal.facts_of(session, session.get_one(Parcel, parcel_id)) if fact.kind is kind]


def refused(change: Callable[[], None]) -> Reason:
    with pytest.raises(Refusal) as caught:
        change()
    return caught.value.reason


def test_the_sheet_goes_by_the_hours_of_the_slots(app: Flask) -> None:
    evening, morning, day = booked(time(18), time(10), time(14))
    assert [parcel_id for parcel_id, _ in sheet()] == [morning, day, evening]


def test_the_courier_takes_what_lies_in_the_depot(both: Flask) -> None:
    booked(time(10), time(14))
    assert load() == 2
    assert [standing for _, standing in sheet()] == [Standing.LOADED, Standing.LOADED]


def test_a_second_taking_takes_nothing(both: Flask) -> None:
    (parcel_id,) = booked(time(10))
    assert [load(), load()] == [1, 0]
    assert len(facts(parcel_id, Kind.TO_COURIER)) == 1


def test_what_has_not_arrived_is_not_taken(app: Flask) -> None:
    (parcel_id,) = booked(time(10), kinds=(Kind.HANDED_OVER,))
    assert load() == 0
    assert sheet() == [(parcel_id, Standing.ON_THE_WAY)]


def test_what_an_incident_holds_up_is_not_taken(app: Flask) -> None:
    booked(time(10), kinds=(Kind.ARRIVED, Kind.INCIDENT))
    assert load() == 0


def test_a_delivery_ends_the_parcel_with_the_money_that_was_due(both: Flask) -> None:
    (parcel_id,) = booked(time(10))
    load()
    deliver(parcel_id)
    (fact,) = facts(parcel_id, Kind.DELIVERED)
    assert (fact.details["cod_minor"], fact.details["currency"], fact.details["by"]) == (499_000, "RUB", "Иван")
    assert (parcel_of(parcel_id).stage, parcel_of(parcel_id).closed_at) == (Stage.DELIVERED, NOON)
    assert sheet() == [(parcel_id, Standing.DELIVERED)]


def test_a_second_mark_of_a_delivery_changes_nothing(app: Flask) -> None:
    (parcel_id,) = booked(time(10))
    load()
    deliver(parcel_id)
    deliver(parcel_id, now=NOON + timedelta(minutes=1))
    assert [fact.occurred_at for fact in facts(parcel_id, Kind.DELIVERED)] == [NOON]


@pytest.mark.parametrize(
    ("why", "stage"),
    [
        (WhyNot.ABSENT, Stage.MISSED),
        (WhyNot.LATER, Stage.MISSED),
        (WhyNot.ADDRESS, Stage.MISSED),
        (WhyNot.REFUSED, Stage.REFUSED),
    ],
)
def test_a_failed_stop_says_why_stays_on_the_sheet_and_frees_its_place(both: Flask, why: WhyNot, stage: Stage) -> None:
    (parcel_id,) = booked(time(10))
    load()
    fail(parcel_id, why)
    assert parcel_of(parcel_id).stage is stage
    with transaction() as session:
        (stop,) = rounds.stops_of(session, zone_of(session, TOMSK).id, TUESDAY)
        assert (stop.standing, stop.why, stop.done_at) == (Standing.NOT_DELIVERED, why.value, NOON)
        assert session.scalar(select(func.sum(Slot.taken))) == 0
    with transaction() as session:
        assert breaches(session) == []


@pytest.mark.parametrize("why", [WhyNot.ABSENT, WhyNot.REFUSED])
def test_a_second_mark_of_a_failure_changes_nothing(app: Flask, why: WhyNot) -> None:
    (parcel_id,) = booked(time(10))
    load()
    fail(parcel_id, why)
    before = parcel_of(parcel_id).version
    fail(parcel_id, why)
    assert parcel_of(parcel_id).version == before


def test_a_missed_stop_of_the_morning_stays_marked_when_the_evening_is_agreed(app: Flask) -> None:
    (parcel_id,) = booked(time(10))
    load()
    fail(parcel_id)
    with transaction() as session:
        parcel = journal.lock(session, parcel_id)
        wednesday = TUESDAY + timedelta(days=1)
        booking.book(session, parcel, wednesday, time(14), Asker("recipient", parcel.version), NOON)
    assert sheet() == [(parcel_id, Standing.NOT_DELIVERED)]


@pytest.mark.parametrize("mark", [deliver, fail])
def test_a_parcel_of_another_zone_is_not_marked(both: Flask, mark: Callable[..., None]) -> None:
    (parcel_id,) = booked(time(10))
    load()
    assert refused(lambda: mark(parcel_id, place=KALININGRAD)) is Reason.NOT_ON_ROUND
    assert parcel_of(parcel_id).stage is Stage.WITH_COURIER


@pytest.mark.parametrize("mark", [deliver, fail])
def test_a_parcel_that_was_not_taken_is_not_marked(app: Flask, mark: Callable[..., None]) -> None:
    (parcel_id,) = booked(time(10))
    assert refused(lambda: mark(parcel_id)) is Reason.NOT_ON_ROUND
    assert parcel_of(parcel_id).stage is Stage.SCHEDULED


def test_a_parcel_of_another_day_is_not_marked(app: Flask) -> None:
    (parcel_id,) = booked(time(10))
    load()
    assert refused(lambda: deliver(parcel_id, day=TUESDAY + timedelta(days=1))) is Reason.NOT_ON_ROUND


def test_what_was_handed_over_cannot_be_marked_as_failed(app: Flask) -> None:
    (parcel_id,) = booked(time(10))
    load()
    deliver(parcel_id)
    assert refused(lambda: fail(parcel_id)) is Reason.NOT_ON_ROUND


def test_what_was_marked_as_failed_cannot_be_handed_over(app: Flask) -> None:
    (parcel_id,) = booked(time(10))
    load()
    fail(parcel_id)
    assert refused(lambda: deliver(parcel_id)) is Reason.NOT_ON_ROUND


def test_the_courier_of_another_city_takes_nothing(app: Flask) -> None:
    booked(time(10))
    assert load(place=KALININGRAD) == 0


def test_a_stop_that_was_moved_away_is_not_on_the_sheet(app: Flask) -> None:
    (parcel_id,) = booked(time(10))
    with transaction() as session:
        parcel = journal.lock(session, parcel_id)
        asker = Asker("recipient", parcel.version)
        booking.book(session, parcel, TUESDAY + timedelta(days=1), time(10), asker, NOW + timedelta(days=1))
    assert sheet() == []


@pytest.mark.parametrize(
    ("hours", "place", "count", "window"),
    [
        ((14, 18), 0, 1, ("15:30", "16:30")),
        ((14, 18), 0, 8, ("14:00", "15:00")),
        ((14, 18), 7, 8, ("17:00", "18:00")),
        ((14, 15), 3, 9, ("14:00", "15:00")),
    ],
)
def test_the_hour_a_recipient_is_told(hours: tuple[int, int], place: int, count: int, window: tuple[str, str]) -> None:
    begins, ends = visiting_hour(time(hours[0]), time(hours[1]), place, count)
    assert (f"{begins:%H:%M}", f"{ends:%H:%M}") == window


def test_who_carries_it_and_when_goes_into_the_journal(app: Flask) -> None:
    (parcel_id,) = booked(time(14))
    load()
    (given,) = facts(parcel_id, Kind.TO_COURIER)
    assert (given.details["name"], given.details["phone"]) == ("Иван", "+79130001122")
    assert (given.details["from"], given.details["until"]) == ("15:30", "16:30")
