"""Names of senders: asked for by a shop, let in by a manager, and nobody's twice."""

from __future__ import annotations

import pytest
from flask import Flask
from sqlalchemy import select

from parcels.models import Shop
from portal.ticking import tick
from portal.transaction import reading, transaction
from sms import sender_names
from sms.models import Message
from sms.sender_names import Standing
from tests.factories import NOW, make_parcel, make_staff, make_world
from tests.web.test_account import Browser
from tests.web.test_informing import PAGE, USUAL

MANAGE = "/manage/senders"


@pytest.fixture
def shop_id(both: Flask) -> int:
    with transaction() as session:
        shop = make_world(session)
        make_staff(session, "shop", shop_id=shop.id)
        make_staff(session, "manager")
        return shop.id


def sender_of_next_sms(shop_id: int, order: str) -> str:
    with transaction() as session:
        parcel = make_parcel(session, session.get_one(Shop, shop_id), order_number=order)
    tick(NOW)
    with reading() as session:
        return session.scalars(select(Message.sender).where(Message.parcel_id == parcel.id)).one()


def test_sms_leave_under_a_name_only_once_a_manager_has_let_it_in(both: Flask, shop_id: int) -> None:
    shop, manager = Browser(both, "shop"), Browser(both, "manager")
    shop.get(PAGE)
    shop.post(PAGE, **USUAL)
    assert "ждёт подтверждения" in shop.get(PAGE).text
    assert sender_of_next_sms(shop_id, "1") == "pochta"
    assert "TeplyDom" in manager.get(MANAGE).text
    decision = {"skeleton": sender_names.skeleton_of("TeplyDom"), "name": "TeplyDom", "decision": "approve"}
    assert manager.post(MANAGE, **decision).status_code == 303
    assert sender_of_next_sms(shop_id, "2") == "TeplyDom"
    assert "ждёт подтверждения" not in shop.get(PAGE).text
    manager.post(MANAGE, **decision | {"decision": "refuse"})
    assert sender_of_next_sms(shop_id, "3") == "pochta"


def test_a_name_that_changed_meanwhile_is_not_let_in_unseen(both: Flask, shop_id: int) -> None:
    with transaction() as session:
        sender_names.ask(session, shop_id, "TeplyDom", NOW)
        sender_names.ask(session, shop_id, "TEPLY-D0M", NOW)
        shown = sender_names.skeleton_of("TeplyDom")
        assert not sender_names.decide(session, shown, "TeplyDom", "manager", NOW, is_approved=True)
        assert sender_names.standing(session, shop_id, "TEPLY-D0M") is Standing.WAITS


def test_no_two_shops_write_under_names_that_look_alike(both: Flask, shop_id: int) -> None:
    with transaction() as session:
        other = Shop(
            code="other", name="Другой", phone="+79130000000", origin_id=session.get_one(Shop, shop_id).origin_id
        )
        session.add(other)
        session.flush()
        sender_names.ask(session, shop_id, "TeplyDom", NOW)
        assert sender_names.ask(session, other.id, "Tep1y-Dom", NOW) is Standing.OF_ANOTHER
        assert sender_names.in_use(session, other.id, "TeplyDom") == "pochta"


RESERVED = ("Sberbank", "Sb3rbank", "SBER-BANK", "Sber", "Gosuslugi", "G0suslugi", "VTB", "MySberbank", "CDEK", "Bank")


@pytest.mark.parametrize("name", RESERVED)
def test_nobody_writes_under_the_name_of_a_bank_or_the_state(both: Flask, shop_id: int, name: str) -> None:
    shop = Browser(both, "shop")
    shop.get(PAGE)
    answer = shop.post(PAGE, **USUAL | {"sender": name})
    assert (answer.status_code, "похоже на чужое" in answer.text) == (422, True)
