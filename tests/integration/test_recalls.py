"""A shop wants its parcel back, or sends it elsewhere: what was agreed is given back, and one message tells of it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from parcels import holdings, journal
from parcels.custody import Role
from parcels.journal import NewFact, StaleVersion
from parcels.models import Fact, Parcel
from parcels.stages import Kind, Stage
from portal import intake, links, recalls_page
from portal.order_rows import BadOrder
from portal.ticking import tick
from portal.transaction import reading, transaction
from portal.verify import breaches
from scheduling import booking, calls, recalling
from scheduling.booking import Asker
from scheduling.models import Booking, Slot
from scheduling.policy import Reason, Refusal
from scheduling.slots import Availability
from sms.models import Message, Status
from tests.factories import KALININGRAD, NOW, TOMSK, make_parcel, make_world, travel

SHOP = "shop:teply-dom"
ROAD = [Kind.HANDED_OVER, Kind.DEPARTED]
LATER = NOW + timedelta(days=1)


def begin(*kinds: Kind) -> int:
    with transaction() as session:
        parcel = make_parcel(session, make_world(session), email="marina@example.org")
        travel(session, parcel, kinds)
        return parcel.id


def parcel_of(parcel_id: int) -> Parcel:
    with reading() as session:
        return session.get_one(Parcel, parcel_id)


def recall(parcel_id: int, seen: int | None = None) -> None:
    with transaction() as session:
        parcel = journal.lock(session, parcel_id)
        recalling.recall(session, parcel, Asker(SHOP, parcel.version if seen is None else seen), "", LATER)


def redirect(parcel_id: int, seen: int | None = None, **cells: str) -> bool:
    with transaction() as session:
        parcel = journal.lock(session, parcel_id)
        return intake.redirect(session, parcel, cells, Asker(SHOP, parcel.version if seen is None else seen), LATER)


def sound() -> None:
    with transaction() as session:
        assert breaches(session) == []


def test_a_recall_gives_back_what_was_agreed_and_is_told_once(both: Flask) -> None:
    parcel_id = begin(*ROAD)
    with transaction() as session:
        parcel = journal.lock(session, parcel_id)
        row = booking.offered(session, parcel, NOW)[0].offers[0].row
        booking.book(session, parcel, row.day, row.starts, Asker("recipient", parcel.version), NOW)
    recall(parcel_id)
    tick(LATER)
    with reading() as session:
        parcel = session.get_one(Parcel, parcel_id)
        assert (parcel.stage, parcel.plan, parcel.next_action) == (Stage.RECALLED, None, "send_back")
        assert session.scalars(select(Booking.is_active)).all() == [False]
        assert set(session.scalars(select(Slot.taken))) == {0}
        told = session.scalars(select(Message).where(Message.status != Status.DROPPED).order_by(Message.id)).all()
        sms, letter = (message for message in told if message.kind == "recalled")
    assert "магазин отозвал" in sms.text
    assert "Телефон магазина: +78000000417" in letter.text
    assert "Когда ждать" not in letter.text
    for again in (recall, redirect):
        with pytest.raises(Refusal) as no:
            again(parcel_id)
        assert no.value.reason is Reason.RECALLED
    sound()


def test_a_recall_closes_an_open_call_and_one_that_the_shop_still_has_is_over(app: Flask) -> None:
    parcel_id = begin()
    with transaction() as session:
        calls.queue(session, journal.lock(session, parcel_id), "unreachable", "Asia/Tomsk", NOW)
    recall(parcel_id)
    with reading() as session:
        assert session.get_one(Parcel, parcel_id).stage is Stage.RETURNED
        assert calls.open_call(session, parcel_id) is None
        token = links.token_for(session.get_one(Parcel, parcel_id))
    assert "Магазин отозвал заказ" in app.test_client().get(f"/t/{token}").text
    with reading() as session:
        assert holdings.holder_of(session, parcel_id) is not None
        kinds = session.scalars(select(Fact.kind).order_by(Fact.seq.desc()).limit(2)).all()
    assert kinds == [Kind.RETURNED, Kind.RECALLED]
    tick(LATER)
    with reading() as session:
        told = session.scalars(select(Message.status).where(Message.kind == "recalled")).all()
    assert told == [Status.ACCEPTED, Status.ACCEPTED]
    sound()


def test_what_was_handed_over_before_the_recall_came_is_delivered(app: Flask) -> None:
    parcel_id = begin(*ROAD)
    recall(parcel_id)
    with transaction() as session:
        journal.record(session, journal.lock(session, parcel_id), NewFact(Kind.ARRIVED, "station:1"), LATER)
        journal.record(session, journal.lock(session, parcel_id), NewFact(Kind.DELIVERED, "cdek"), LATER)
    assert parcel_of(parcel_id).stage is Stage.DELIVERED
    with reading() as session:
        holder = holdings.holder_of(session, parcel_id)
        assert holder is not None
        assert holder.role is Role.RECIPIENT
    sound()


@pytest.mark.parametrize(
    ("kinds", "reason"),
    [
        ((*ROAD, Kind.ARRIVED, Kind.TO_COURIER), Reason.COURIER_HAS_IT),
        ((*ROAD, Kind.DELIVERED), Reason.DELIVERED),
        ((*ROAD, Kind.REFUSED), Reason.GOING_BACK),
    ],
)
def test_what_cannot_be_stopped_is_neither_recalled_nor_redirected(
    app: Flask, kinds: tuple[Kind, ...], reason: Reason
) -> None:
    parcel_id = begin(*kinds)
    for change in (lambda: recall(parcel_id), lambda: redirect(parcel_id, address="ул. Мира, 1")):
        with pytest.raises(Refusal) as no:
            change()
        assert no.value.reason is reason


def test_a_redirect_promises_anew_and_takes_nobody_s_place(both: Flask) -> None:
    parcel_id = begin()
    before = parcel_of(parcel_id)
    with transaction() as session:
        parcel = journal.lock(session, parcel_id)
        row = booking.offered(session, parcel, NOW)[0].offers[0].row
        booking.book(session, parcel, row.day, row.starts, Asker("recipient", parcel.version), NOW)
    seen = parcel_of(parcel_id).version
    with pytest.raises(BadOrder, match="no_address"):
        redirect(parcel_id, settlement="Калининград")
    assert redirect(parcel_id, settlement="Калининград", address="ул. Мира, 1")
    assert not redirect(parcel_id, settlement="Калининград", address="ул. Мира, 1")
    with pytest.raises(StaleVersion):
        redirect(parcel_id, seen, address="ул. Мира, 2")
    after = parcel_of(parcel_id)
    assert (after.settlement_id, after.address, after.plan) == (KALININGRAD, "ул. Мира, 1", None)
    assert (after.promised_from or NOW.date()) > (before.promised_from or NOW.date())
    with reading() as session:
        told = session.scalars(select(Fact).where(Fact.kind == Kind.DETAILS_CHANGED)).one()
    assert (told.source, told.details["to_city"]) == (SHOP, "Калининград")
    sound()


def test_what_is_on_its_way_gets_another_house_but_no_other_city(app: Flask) -> None:
    parcel_id = begin(*ROAD)
    seen = parcel_of(parcel_id).version
    with pytest.raises(Refusal) as no:
        redirect(parcel_id, settlement="Калининград", address="Ленинский пр., 5")
    assert no.value.reason is Reason.OTHER_CITY
    assert redirect(parcel_id, seen, settlement="Томск", address="ул. Мира, 1")
    with pytest.raises(StaleVersion):
        redirect(parcel_id, seen, address="ул. Мира, 2")
    assert (parcel_of(parcel_id).settlement_id, parcel_of(parcel_id).address) == (TOMSK, "ул. Мира, 1")


def test_the_days_of_the_old_city_limit_nothing_in_the_new_one(app: Flask) -> None:
    parcel_id = begin(Kind.HANDED_OVER)
    days = {"by": "TopDelivery", "days": {"2026-11-25": [["10:00", "14:00"]]}}
    with transaction() as session:
        parcel = journal.lock(session, parcel_id)
        journal.record(session, parcel, NewFact(Kind.DAYS_OFFERED, "carrier:topdelivery", details=days), NOW)
    redirect(parcel_id, address="ул. Мира, 1")
    assert parcel_of(parcel_id).carrier_days == days["days"]
    redirect(parcel_id, settlement="Калининград", address="Ленинский пр., 5")
    assert parcel_of(parcel_id).carrier_days is None
    with transaction() as session:
        offered = booking.offered(session, journal.lock(session, parcel_id), LATER)
    assert all(offer.availability is Availability.FREE for day in offered for offer in day.offers)


def test_other_changes_of_orders_do_not_push_a_recall_off_the_page(
    both: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recalls_page, "SHOWN", 2)
    parcel_id = begin(*ROAD)
    redirect(parcel_id, address="ул. Мира, 1")
    recall(parcel_id)
    with transaction() as session:
        parcel = journal.lock(session, parcel_id)
        for name in ("email", "weight_g"):
            changed = NewFact(Kind.DETAILS_CHANGED, SHOP, details={"changed": [name]})
            journal.record(session, parcel, changed, LATER + timedelta(days=1))
    with reading() as session:
        assert {line.is_recall for line in recalls_page.of_shop(session, parcel.shop_id)} == {True, False}
