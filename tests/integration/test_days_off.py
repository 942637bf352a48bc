"""Closed days and decrees reach what is open already: nothing is offered there, and whoever had a time is told once."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, time
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask_migrate import upgrade
from sqlalchemy import delete, func, select, update

from parcels.models import Base, Fact, Parcel, Settlement
from parcels.stages import Kind
from portal import tracking_rows
from portal.extensions import db
from portal.transaction import looking, reading, transaction
from portal.verify import breaches
from scheduling import booking, capacity, changed_days, claiming, days, zones
from scheduling.capacity import Occupied
from scheduling.day_models import ClosedDay
from scheduling.models import Lane, Slot, Zone, ZoneSettlement
from scheduling.policy import Reason
from sms.models import Message
from tests.databases import insert_as_then
from tests.factories import CHELYABINSK, KALININGRAD, NOW, TOMSK, VILLAGE, make_world, zone_of
from tests.integration.test_booking import (
    DAY,
    FIRST,
    SOON,
    TUESDAY,
    WEDNESDAY,
    another,
    book,
    parcel_of,
    parcel_to_tomsk,
    refused,
    taken,
)
from tests.integration.test_capacity import black_out, slot_of, zone_id
from tests.integration.test_contention import at_once, choose, crowd

MIGRATIONS = Path(__file__).resolve().parents[2] / "portal" / "migrations"


@pytest.fixture
def parcel_id(both: Flask) -> Iterator[int]:
    yield from parcel_to_tomsk()


def close(day: date, *agreed: int) -> int:
    with transaction() as session:
        return changed_days.close(session, TOMSK, day, "Переправа", "Ольга", agreed, SOON)


def decree(day: date, *agreed: int, is_working: bool = False, country: str = "RU") -> int:
    with transaction() as session:
        return changed_days.decree(session, country, day, is_working, "Указ", "Ольга", agreed, SOON)


def undo(day: date, *agreed: int) -> int:
    with transaction() as session:
        return changed_days.undo_decree(session, "RU", day, agreed, SOON)


def offered(parcel_id: int) -> set[date]:
    with reading() as session:
        return {offer.day for offer in booking.offered(session, session.get_one(Parcel, parcel_id), SOON)}


def neighbour() -> int:
    """A parcel to a village that the couriers of Tomsk serve too."""
    with transaction() as session:
        session.add(ZoneSettlement(settlement_id=VILLAGE, zone_id=zone_of(session, TOMSK).id))
        session.execute(update(Lane).where(Lane.settlement_id == VILLAGE).values(days_min=4, days_max=5))
    return another(settlement_id=VILLAGE)


def told(parcel_id: int) -> int:
    with reading() as session:
        owed = select(func.count()).where(Message.parcel_id == parcel_id, Message.kind == "delay")
        return session.scalar(owed) or 0


def test_a_closed_day_is_neither_offered_nor_booked_and_opens_again(parcel_id: int) -> None:
    assert close(TUESDAY) == 0
    assert TUESDAY not in offered(parcel_id)
    refusal = refused(lambda: book(parcel_id, TUESDAY))
    assert refusal.reason is Reason.CLOSED_DAY
    assert TUESDAY not in {offer.row.day for offer in refusal.nearest}
    with transaction() as session:
        days.reopen(session, TOMSK, TUESDAY)
    assert TUESDAY in offered(parcel_id)
    book(parcel_id, TUESDAY)
    assert taken() == {"24.11 14": 1}


def test_it_is_closed_in_that_settlement_only(parcel_id: int) -> None:
    beyond = neighbour()
    close(TUESDAY)
    assert TUESDAY in offered(beyond)
    book(beyond, TUESDAY)
    assert slot_of(TUESDAY).capacity == 14


def test_the_recipients_page_does_not_show_it(parcel_id: int) -> None:
    def shown() -> tuple[int, set[date]]:
        with looking() as connection:
            head = tracking_rows.head_of(connection, parcel_id)
            return head.free_slots, {row.day for row in tracking_rows.story_of(connection, head).slots}

    before, there = shown()
    assert TUESDAY in there
    close(TUESDAY)
    after, there = shown()
    assert TUESDAY not in there
    assert after < before  # so that no page made before is kept


def test_the_claim_itself_refuses_a_closed_day(parcel_id: int) -> None:
    close(TUESDAY)
    slot = slot_of(TUESDAY)
    with transaction() as session:
        assert not claiming.claim(session, slot.id, None, TOMSK)
        assert claiming.claim(session, slot.id, None, VILLAGE)
        session.rollback()
    assert taken() == {}


def test_who_stands_in_the_way_is_named_and_nothing_is_changed(parcel_id: int) -> None:
    held = book(parcel_id, TUESDAY)
    with pytest.raises(Occupied) as caught:
        close(TUESDAY)
    assert [one.booking_id for one in caught.value.by] == [held]
    with reading() as session:
        assert session.get(ClosedDay, (TOMSK, TUESDAY)) is None
    assert taken() == {"24.11 14": 1}


def test_with_consent_the_place_is_given_back_and_the_buyer_is_told_once(parcel_id: int) -> None:
    beyond = neighbour()
    held, stays = book(parcel_id, TUESDAY), book(beyond, TUESDAY)
    assert stays
    assert close(TUESDAY, held) == 1
    assert (taken(), parcel_of(parcel_id).plan) == ({"24.11 14": 1}, None)
    assert (told(parcel_id), told(beyond)) == (1, 0)
    with reading() as session:
        fact = session.scalars(select(Fact).where(Fact.kind == Kind.CHOICE_WITHDRAWN)).one()
        assert (fact.source, fact.details["cause"], fact.details["note"]) == ("manager", "blackout", "Переправа")
        assert fact.details["instead"]
        assert TUESDAY.isoformat() not in fact.details["instead"]
    with transaction() as session:
        assert [b for b in breaches(session) if b.invariant != "I3"] == []


def test_closing_a_town_against_bookings_leaves_nobody_there(both: Flask) -> None:
    ids = crowd(12)
    slot = slot_of(TUESDAY)
    with transaction() as session:
        session.execute(update(Slot).where(Slot.id == slot.id).values(capacity=20))

    def shut() -> str:
        for _ in range(30):
            with reading() as session:
                agreed = [one.booking_id for one in capacity.occupants(session, slot.zone_id, slot.day)]
            try:
                close(TUESDAY, *agreed)
                return "closed"
            except Occupied:
                continue
        return "never"

    answers = at_once(both, [shut, *[lambda p=p: str(choose(p, DAY)) for p in ids]])
    assert answers[0] == "closed"
    assert slot_of(TUESDAY).taken == 0
    with reading() as session:
        assert all(booking.active_booking(session, p) is None for p in ids)


def test_a_decreed_day_off_takes_the_places_of_all_zones_and_gives_them_back(parcel_id: int) -> None:
    held = book(parcel_id, TUESDAY)
    with pytest.raises(Occupied):
        decree(TUESDAY)
    assert slot_of(TUESDAY).capacity == 14
    assert decree(TUESDAY, held) == 1
    assert (taken(), told(parcel_id)) == ({}, 1)
    with reading() as session:
        assert session.scalar(select(func.sum(Slot.capacity)).where(Slot.day == TUESDAY)) == 0
    assert refused(lambda: book(parcel_id, TUESDAY)).reason is Reason.CLOSED_DAY
    undo(TUESDAY)
    assert slot_of(TUESDAY).capacity == 14
    book(parcel_id, TUESDAY)


def test_a_decree_does_not_open_what_a_zone_has_closed(parcel_id: int) -> None:
    black_out(TUESDAY)
    decree(TUESDAY)
    undo(TUESDAY)
    assert slot_of(TUESDAY).capacity == 0


def test_a_decree_that_changes_nothing_leaves_places_set_by_hand(parcel_id: int) -> None:
    with transaction() as session:
        capacity.set_capacity(session, slot_of(TUESDAY).id, 14, 3, SOON)
    decree(TUESDAY, is_working=True)
    undo(TUESDAY)
    assert slot_of(TUESDAY).capacity == 3


def test_a_feast_declared_a_working_day_gets_its_places_and_loses_them_with_the_decree(parcel_id: int) -> None:
    feast = date(2026, 12, 31)
    with reading() as session:
        assert session.scalar(select(func.count()).where(Slot.day == feast)) == 0
    decree(feast, is_working=True)
    assert slot_of(feast).capacity == 14
    undo(feast)
    assert slot_of(feast).capacity == 0


def test_a_decree_of_another_country_is_nobodys_business_here(parcel_id: int) -> None:
    book(parcel_id, TUESDAY)
    assert decree(TUESDAY, country="BY") == 0
    assert slot_of(TUESDAY).capacity == 14


def test_each_zone_opens_by_the_calendar_of_its_country(parcel_id: int) -> None:
    """25 December is a feast in Belarus and a Friday in Russia; Kazakhstan has not told us about 2026 at all."""
    christmas, places = date(2026, 12, 25), {TOMSK: "KZ", KALININGRAD: "BY", CHELYABINSK: "RU"}
    with transaction() as session:
        session.execute(delete(Slot))
        session.execute(update(Zone).values(opened_until=None))
        for place, country in places.items():
            session.execute(update(Settlement).where(Settlement.id == place).values(country=country))
    with transaction() as session:
        zones.open_days(session, NOW)
    with reading() as session:
        days_of = {
            country: set(session.scalars(select(Slot.day).where(Slot.zone_id == zone_of(session, place).id)))
            for place, country in places.items()
        }
    assert days_of["KZ"] == set()
    assert max(days_of["BY"]) == date(2026, 12, 31)
    assert (christmas in days_of["BY"], christmas in days_of["RU"]) == (False, True)


def test_a_black_out_moves_the_promises_that_touch_it(parcel_id: int) -> None:
    untouched = another(settlement_id=KALININGRAD)
    was = parcel_of(untouched).version
    assert (parcel_of(parcel_id).promised_from, parcel_of(parcel_id).promised_to) == (FIRST, TUESDAY)
    black_out(TUESDAY)
    assert (parcel_of(parcel_id).promised_from, parcel_of(parcel_id).promised_to) == (FIRST, WEDNESDAY)
    with reading() as session:
        query = select(Fact.details).where(Fact.parcel_id == parcel_id, Fact.kind == Kind.PROMISED)
        assert session.scalars(query.order_by(Fact.seq.desc()).limit(1)).one()["cause"] == "blackout"
    assert parcel_of(untouched).version == was
    assert zone_id()


def test_places_made_before_on_a_weekend_feast_are_shut_but_for_what_is_agreed(both: Flask) -> None:
    with transaction() as session:
        make_world(session)
    kept = kept_rows("settlements", "zones", "zone_settlements")
    Base.metadata.drop_all(db.engine)
    upgrade(directory=str(MIGRATIONS), revision="0014")
    zone = {"zone_id": kept["zones"][0]["id"], "capacity": 9}
    slots = [
        {**zone, "day": day, "starts": time(hour), "ends": time(hour + 4), "taken": taken}
        for day in (date(2027, 1, 2), date(2027, 1, 9))
        for hour, taken in ((10, 0), (14, 1))
    ]
    with db.engine.begin() as connection:
        for name, rows in (*kept.items(), ("slots", slots)):
            insert_as_then(connection, name, rows)
    upgrade(directory=str(MIGRATIONS))
    with reading() as session:
        places = session.scalars(select(Slot.capacity).order_by(Slot.day, Slot.starts)).all()
    assert places == [0, 1, 9, 9]


def kept_rows(*names: str) -> dict[str, list[dict[str, Any]]]:
    """All rows of some tables."""
    with db.engine.connect() as connection:
        return {
            name: [dict(row._mapping) for row in connection.execute(select(Base.metadata.tables[name]))]
            for name in names
        }
