"""M10: a parcel that has been silent for longer than its way usually is, is noticed once, and the shop is told."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from parcels import journal
from parcels.journal import NewFact
from parcels.models import Fact, Shop
from parcels.stages import Kind
from portal.ticking import learn, notice_hanging, tick
from portal.transaction import reading, transaction
from scheduling import hanging, lessons
from sms import preferences
from sms.models import Message, Status
from sms.preferences import Preferences
from tests.factories import NOW, make_parcel, make_staff, make_world, travel
from tests.made_deliveries import delivered
from tests.web.test_account import Browser

MANAGER = "m@example.org"


@pytest.fixture
def parcel_id(both: Flask) -> int:
    """A parcel that left at `NOW`, of a shop that wants to know."""
    with transaction() as session:
        shop = make_world(session)
        make_staff(session, "shop", shop_id=shop.id)
        preferences.choose(session, shop.id, Preferences(manager_email=MANAGER), "магазин", NOW)
        parcel = make_parcel(session, shop)
        travel(session, parcel, [Kind.HANDED_OVER, Kind.DEPARTED])
        return parcel.id


def noticed(parcel_id: int) -> list[Fact]:
    with reading() as session:
        return list(session.scalars(select(Fact).where(Fact.parcel_id == parcel_id, Fact.kind == Kind.HANGING)))


def scan(parcel_id: int, kind: Kind, at: datetime) -> None:
    with transaction() as session:
        journal.record(session, journal.lock(session, parcel_id), NewFact(kind, "carrier:test"), at)


def test_a_silence_is_noticed_once_and_again_only_after_a_move(parcel_id: int) -> None:
    late = NOW + timedelta(days=30)
    assert notice_hanging(NOW + timedelta(days=2)) == 0
    assert [notice_hanging(late), notice_hanging(late + timedelta(hours=1))] == [1, 0]
    scan(parcel_id, Kind.PASSED, late + timedelta(hours=2))
    assert notice_hanging(late + timedelta(hours=3)) == 0
    assert notice_hanging(late + timedelta(days=30)) == 1
    assert len(noticed(parcel_id)) == 2


def test_what_has_arrived_does_not_hang(parcel_id: int) -> None:
    scan(parcel_id, Kind.ARRIVED, NOW + timedelta(days=1))
    assert notice_hanging(NOW + timedelta(days=60)) == 0


def test_one_that_moves_while_it_is_looked_at_is_left_alone(parcel_id: int) -> None:
    late = NOW + timedelta(days=30)
    with reading() as session:
        ((found, may),) = hanging.find(session, late)
    scan(parcel_id, Kind.PASSED, late)
    with transaction() as session:
        assert not hanging.notice(session, journal.lock(session, found), may, late)


def test_the_shop_sees_it_and_its_manager_gets_a_letter(both: Flask, parcel_id: int) -> None:
    late = NOW + timedelta(days=30)
    notice_hanging(late)
    assert "нет движения с" in Browser(both, "shop").get("/shop").text
    tick(late)
    with reading() as session:
        letter = session.scalars(select(Message).where(Message.kind == "hanging")).one()
    assert (letter.recipient, letter.channel, letter.status) == (MANAGER, "email", Status.ACCEPTED)
    assert "нет движения дольше обычного" in letter.text


def test_what_is_usual_is_learned_from_parcels_that_arrived(app: Flask) -> None:
    with transaction() as session:
        delivered(session, make_world(session), (3, 4, 5), 200, NOW)
    learn(NOW)
    with reading() as session:
        (silences,) = lessons.silences(session).values()
        shop = session.scalars(select(Shop)).one()
    assert [name for name in silences if name] == [name for name in silences if name.startswith(f"{shop.origin_id}|")]
    assert 72 < silences[""] < 24 * 9
