"""What is closed before its agreed day holds no place of it and stands in no round."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from pathlib import Path

import pytest
from flask import Flask
from flask_migrate import stamp, upgrade
from sqlalchemy import func, select, update

from parcels import journal
from parcels.journal import NewFact
from parcels.models import Fact, Parcel
from parcels.stages import Kind, Stage
from portal.extensions import db
from portal.transaction import reading, transaction
from portal.verify import breaches
from scheduling import booking, round_building, rounds
from scheduling.booking import Asker
from scheduling.calendars import moment
from scheduling.models import Booking, Slot
from scheduling.round_models import Round
from tests.factories import TOMSK, make_parcel, make_round, make_world, travel, zone_of

MIGRATIONS = Path(__file__).resolve().parents[2] / "portal" / "migrations"
DAY = date(2026, 11, 26)
THE_DAY_BEFORE = DAY - timedelta(days=1)
ARRIVED = (Kind.HANDED_OVER, Kind.DEPARTED, Kind.ARRIVED)


def agreed_for(day: date) -> int:
    """A parcel in its city whose recipient has chosen an hour of a day."""
    with transaction() as session:
        parcel = make_parcel(session, make_world(session))
        at = travel(session, parcel, ARRIVED)
        booking.book(session, parcel, day, time(14), Asker("recipient", parcel.version), at)
        return parcel.id


def tell(parcel_id: int, kind: Kind, at: datetime, source: str = "carrier:test", said: datetime | None = None) -> None:
    with transaction() as session:
        journal.record(session, journal.lock(session, parcel_id), NewFact(kind, source, said or at), at)


def places_taken() -> int:
    with reading() as session:
        return session.scalar(select(func.sum(Slot.taken))) or 0


def breaches_found() -> list[str]:
    with transaction() as session:
        return [breach.words for breach in breaches(session) if breach.invariant in ("I1", "I2", "I14")]


def noon(day: date) -> datetime:
    return moment(day, time(12), "Asia/Tomsk")


@pytest.mark.parametrize("source", ["courier", "carrier:test", "operator:1"])
@pytest.mark.parametrize("kind", [Kind.DELIVERED, Kind.RETURNED])
def test_what_is_closed_before_its_day_gives_the_place_back(app: Flask, kind: Kind, source: str) -> None:
    parcel_id = agreed_for(DAY)
    assert places_taken() == 1
    tell(parcel_id, kind, noon(THE_DAY_BEFORE), source)
    assert places_taken() == 0
    assert breaches_found() == []
    with transaction() as session:
        assert round_building.build(session, zone_of(session, TOMSK).id, DAY, noon(THE_DAY_BEFORE)) == []


def test_a_stop_that_stood_in_a_round_already_is_gone(both: Flask) -> None:
    parcel_id = agreed_for(DAY)
    with transaction() as session:
        (one,) = make_round(session, TOMSK, DAY, noon(THE_DAY_BEFORE))
        assert len(rounds.stops_of(session, one.id)) == 1
    tell(parcel_id, Kind.DELIVERED, noon(THE_DAY_BEFORE))
    with transaction() as session:
        one = session.scalars(select(Round)).one()
        assert rounds.stops_of(session, one.id) == []
    assert (places_taken(), breaches_found()) == (0, [])


def test_a_postponement_ends_with_the_parcel(app: Flask) -> None:
    parcel_id = agreed_for(DAY)
    with transaction() as session:
        parcel = journal.lock(session, parcel_id)
        booking.postpone(
            session, parcel, date(2026, 11, 28), Asker("recipient", parcel.version), noon(date(2026, 11, 18))
        )
    tell(parcel_id, Kind.DELIVERED, noon(THE_DAY_BEFORE))
    with reading() as session:
        assert booking.active_booking(session, parcel_id) is None
    assert breaches_found() == []


def test_the_place_of_the_day_itself_stays_used_whatever_is_told_later(app: Flask) -> None:
    parcel_id = agreed_for(DAY)
    tell(parcel_id, Kind.DELIVERED, noon(DAY))
    tell(parcel_id, Kind.DELIVERED, noon(DAY) + timedelta(days=2), said=noon(DAY) - timedelta(days=3))
    assert (places_taken(), breaches_found()) == (1, [])


def test_a_clock_that_is_fast_keeps_no_place(app: Flask) -> None:
    parcel_id = agreed_for(DAY)
    tell(parcel_id, Kind.DELIVERED, noon(THE_DAY_BEFORE), said=noon(DAY))
    assert places_taken() == 0


def test_a_ghost_is_seen(app: Flask) -> None:
    parcel_id = agreed_for(DAY)
    with transaction() as session:
        make_round(session, TOMSK, DAY, noon(THE_DAY_BEFORE))
    tell(parcel_id, Kind.DELIVERED, noon(THE_DAY_BEFORE))
    with transaction() as session:
        session.execute(update(Booking).values(is_active=True))
        session.execute(update(Slot).where(Slot.id == select(Booking.slot_id).scalar_subquery()).values(taken=1))
    found = breaches_found()
    assert any("запись" in words for words in found)
    assert any("в рейсе" in words for words in found)
    with reading() as session:
        parcel = session.get_one(Parcel, parcel_id)
        assert parcel.stage is Stage.DELIVERED
        assert session.scalar(select(func.count()).select_from(Fact)) is not None


def test_ghosts_of_before_are_laid_by_the_migration(both: Flask) -> None:
    ghost, kept = agreed_for(DAY), 0
    tell(ghost, Kind.DELIVERED, noon(THE_DAY_BEFORE))
    with transaction() as session:
        shop = session.get_one(Parcel, ghost).shop
        parcel = make_parcel(session, shop)
        booking.book(session, parcel, DAY, time(14), Asker("recipient", parcel.version), noon(date(2026, 11, 18)))
        kept = parcel.id
    tell(kept, Kind.DELIVERED, noon(DAY))
    with transaction() as session:
        session.execute(update(Booking).where(Booking.parcel_id == ghost).values(is_active=True))
        session.execute(update(Slot).where(Slot.taken == 1).values(taken=2))
    db.session.remove()
    stamp(directory=str(MIGRATIONS), revision="0015")
    upgrade(directory=str(MIGRATIONS), revision="0016")
    assert (places_taken(), breaches_found()) == (1, [])
