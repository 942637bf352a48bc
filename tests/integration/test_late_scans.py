"""A scan that comes after the event it tells of changes no agreement that is being kept."""

from __future__ import annotations

from datetime import date, datetime, time

from flask import Flask

from parcels import journal
from parcels.journal import NewFact
from parcels.models import Parcel
from parcels.stages import Kind, Stage
from portal.transaction import reading, transaction
from scheduling import booking, round_loading, round_marks
from scheduling.booking import Asker
from scheduling.calendars import moment
from scheduling.round_loading import Courier
from scheduling.round_marks import HandedOver
from tests.factories import NOW, TOMSK, make_parcel, make_round, make_world

TUESDAY = date(2026, 11, 24)


def tomsk(day: int, hour: int) -> datetime:
    return moment(date(2026, 11, day), time(hour), "Asia/Tomsk")


def test_a_late_scan_does_not_take_the_slot_from_a_parcel_the_courier_carries(app: Flask) -> None:
    with transaction() as session:
        parcel = make_parcel(session, make_world(session))
        booking.book(session, parcel, TUESDAY, time(18), Asker("recipient", parcel.version), NOW)
        (one,) = make_round(session, TOMSK, TUESDAY, NOW)
        road = (Kind.HANDED_OVER, tomsk(17, 12)), (Kind.DEPARTED, tomsk(17, 18))
        for kind, at in road:
            journal.record(session, parcel, NewFact(kind, "carrier:test"), at)
        round_loading.load(session, one, parcel.number, Courier("Иван"), tomsk(24, 9))
        journal.record(session, parcel, NewFact(Kind.PASSED, "carrier:test", at=tomsk(21, 12)), tomsk(24, 19))
        round_marks.deliver(session, parcel, one, HandedOver("Марина", parcel.cod_minor), "Иван", tomsk(24, 20))
    with reading() as session:
        assert session.get_one(Parcel, parcel.id).stage is Stage.DELIVERED
