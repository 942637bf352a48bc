"""Rows become parcels once: good ones are taken, bad ones are named, and the same file again changes nothing."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from carriers.models import Tracking
from parcels.models import Fact, Parcel, Shop
from parcels.stages import Kind, Stage
from portal import intake
from portal.intake import BadOrder, BadPhone, Intake, normal_phone, start_tracking
from portal.tracking_story import is_redirect
from portal.transaction import transaction
from scheduling import booking
from sms.models import Message, Status
from tests.factories import KALININGRAD, NOW, make_world, travel

GOOD = {
    "order_number": "TD-1",
    "phone": "8 (913) 000-12-42",
    "recipient": "Марина Кузнецова",
    "settlement": "томск",
    "address": "ул. Нахимова, 12",
    "cod": "4 990,50",
    "pieces": "2",
    "weight_kg": "3,4",
}


@pytest.fixture
def session(app: Flask) -> Iterator[Session]:
    with transaction() as session:
        make_world(session)
        yield session


def take(session: Session, *rows: dict[str, str]) -> Intake:
    done = Intake("teply-dom")
    done.take(session, enumerate(rows, start=2), NOW)
    assert done.total == len(rows)
    return done


def the_parcel(session: Session, number: str = "TD-1") -> Parcel:
    return session.scalars(select(Parcel).where(Parcel.order_number == number)).one()


def kinds(session: Session, parcel: Parcel) -> list[Kind]:
    return list(session.scalars(select(Fact.kind).where(Fact.parcel_id == parcel.id).order_by(Fact.seq)))


def left_to_send(session: Session) -> list[Message]:
    return list(session.scalars(select(Message).where(Message.status == Status.OWED)))


def test_a_row_becomes_a_promised_parcel(session: Session) -> None:
    assert take(session, GOOD).created == 1
    parcel = the_parcel(session)
    assert (parcel.phone, parcel.cod_minor, parcel.pieces, parcel.weight_g) == ("+79130001242", 499050, 2, 3400)
    assert parcel.settlement is not None
    assert (parcel.settlement.name, parcel.owner, parcel.accepted_at) == ("Томск", "shop", NOW)
    assert kinds(session, parcel) == [Kind.ORDER_ACCEPTED, Kind.PROMISED]
    assert len(left_to_send(session)) == 1


def test_the_same_row_again_changes_nothing(session: Session) -> None:
    take(session, GOOD)
    version = the_parcel(session).version
    assert take(session, GOOD).unchanged == 1
    assert the_parcel(session).version == version


def test_two_fields_are_enough(session: Session) -> None:
    assert take(session, {"order_number": "TD-2", "phone": "+79130001243"}).created == 1
    assert the_parcel(session, "TD-2").settlement is None


def test_an_empty_cell_says_nothing(session: Session) -> None:
    take(session, GOOD)
    assert take(session, {**GOOD, "address": "", "cod": ""}).unchanged == 1


def test_a_change_is_recorded(session: Session) -> None:
    take(session, GOOD)
    assert take(session, {**GOOD, "address": "ул. Мира, 1", "settlement": "Калининград"}).updated == 1
    parcel = the_parcel(session)
    changed = session.scalars(select(Fact).where(Fact.kind == Kind.DETAILS_CHANGED)).one()
    assert changed.details == {"changed": ["address", "settlement"], "from_city": "Томск", "to_city": "Калининград"}
    assert kinds(session, parcel)[-1] is Kind.PROMISED
    assert parcel.settlement_id == KALININGRAD


def test_a_new_phone_gets_one_message_and_the_old_link_ends(session: Session) -> None:
    take(session, GOOD)
    take(session, {**GOOD, "phone": "+79130001299", "address": "ул. Мира, 1"})
    parcel = the_parcel(session)
    assert parcel.link_epoch == 2
    assert [message.recipient for message in left_to_send(session)] == ["+79130001299"]


def test_a_slot_in_another_city_is_given_back(session: Session) -> None:
    take(session, GOOD)
    parcel = the_parcel(session)
    offer = booking.offered(session, parcel, NOW)[0].offers[0].row
    booking.book(session, parcel, offer.day, offer.starts, booking.Asker("recipient", parcel.version), NOW)
    take(session, {**GOOD, "settlement": "Калининград"})
    assert booking.active_booking(session, parcel.id) is None
    assert parcel.stage is Stage.ACCEPTED


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"order_number": " "}, "no_order_number"),
        ({"order_number": "9" * 41}, "too_long"),
        ({"phone": ""}, "no_phone"),
        ({"phone": "12"}, "bad_phone"),
        ({"phone": "марина"}, "bad_phone"),
        ({"phone": "+7 913 000-12-42 доб. 5"}, "bad_phone"),
        ({"phone": "+7 351 263-12-42"}, "not_mobile"),
        ({"recipient": "я" * 121}, "too_long"),
        ({"settlement": "Нигде"}, "unknown_place"),
        ({"settlement": "Томск", "region": "Московская"}, "unknown_place"),
        ({"cod": "много"}, "bad_cod"),
        ({"cod": "-1"}, "bad_cod"),
        ({"cod": "4,990.50"}, "bad_cod"),
        ({"cod": "99999999"}, "bad_cod"),
        ({"cod": "1,005"}, "bad_cod"),
        ({"pieces": "0"}, "bad_pieces"),
        ({"pieces": "1,5"}, "bad_pieces"),
        ({"weight_kg": "0"}, "bad_weight"),
        ({"weight_kg": "тонна"}, "bad_weight"),
        ({"accepted_at": "вчера"}, "bad_accepted_at"),
        ({"accepted_at": "2026-12-31"}, "future"),
        ({"shop": "nobody"}, "unknown_shop"),
        ({"": "лишнее"}, "extra_cells"),
    ],
)
def test_a_bad_row_is_named_and_the_others_are_taken(session: Session, change: dict[str, str], reason: str) -> None:
    done = take(session, {**GOOD, "order_number": "TD-9"}, {**GOOD, **change})
    assert done.created == 1
    assert [(row.line, row.reason) for row in done.rejected] == [(3, reason)]
    assert done.rejected[0].words


def test_every_bad_cell_of_a_row_is_named(session: Session) -> None:
    bad = {
        **GOOD,
        "order_number": "",
        "phone": "12",
        "cod": "4,990",
        "settlement": "Нигде",
        "track": "№ 7",
        "email": "x",
    }
    words = take(session, bad).rejected[0].words
    parts = ("номера заказа", "телефон", "4,990", "Нигде", "трек-номер", "почту")
    assert [part for part in parts if part not in words] == []


@pytest.mark.parametrize("name", [*GOOD, "shop", "region", "email", "language", "accepted_at", "track", "carrier"])
@pytest.mark.parametrize("text", ["#Н/Д", "#REF!", "=VLOOKUP(A1;B1:C9;2)", "То\ufffdск"])
def test_what_cannot_be_read_is_never_nothing(session: Session, name: str, text: str) -> None:
    row = {**GOOD, "track": "RR123456785RU", "carrier": "russian_post", name: text}
    done = take(session, row)
    assert (done.created, len(done.rejected)) == (0, 1)
    assert name in done.rejected[0].words


def test_a_shop_that_cannot_be_read_is_not_the_one_of_the_command(session: Session) -> None:
    assert take(session, {**GOOD, "shop": " teply-dom "}).created == 1
    assert [row.reason for row in take(session, {**GOOD, "shop": "#Н/Д"}).rejected] == ["excel_error"]


def test_a_dash_is_nothing(session: Session) -> None:
    optional = ("recipient", "settlement", "region", "address", "email", "language", "cod", "pieces", "weight_kg")
    row = dict.fromkeys((*optional, "accepted_at", "track", "carrier"), "-")
    assert take(session, {**row, "order_number": "TD-1", "phone": GOOD["phone"]}).created == 1
    parcel = the_parcel(session)
    assert (parcel.settlement, parcel.address, parcel.email, parcel.cod_minor) == (None, "", "", 0)


def test_a_repeated_order_is_taken_once(session: Session) -> None:
    done = take(session, GOOD, {**GOOD, "address": "ул. Мира, 1"})
    assert (done.created, [row.reason for row in done.rejected]) == (1, ["repeated"])


def test_a_row_without_a_shop(session: Session) -> None:
    done = Intake()
    done.take(session, [(2, GOOD)], NOW)
    assert [row.reason for row in done.rejected] == ["no_shop"]


def test_accepted_at_is_the_clock_of_the_shop(session: Session) -> None:
    take(session, {**GOOD, "accepted_at": "2026-11-16T11:30"})
    assert the_parcel(session).accepted_at == NOW - timedelta(minutes=30)


def test_a_closed_parcel_is_not_changed(session: Session) -> None:
    take(session, GOOD)
    travel(session, the_parcel(session), [Kind.ARRIVED, Kind.TO_COURIER, Kind.DELIVERED])
    assert take(session, GOOD).unchanged == 1
    assert [row.reason for row in take(session, {**GOOD, "address": "ул. Мира, 1"}).rejected] == ["closed"]


def test_the_address_stays_while_the_courier_has_it(session: Session) -> None:
    take(session, GOOD)
    travel(session, the_parcel(session), [Kind.ARRIVED, Kind.TO_COURIER])
    assert [row.reason for row in take(session, {**GOOD, "address": "ул. Мира, 1"}).rejected] == ["with_courier"]


@pytest.mark.parametrize("text", ["+7 913 000-12-42", "8(913)0001242", "79130001242", "9130001242"])
def test_phones_as_people_write_them(text: str) -> None:
    assert normal_phone(text) == "+79130001242"


def test_the_form_of_two_fields(session: Session) -> None:
    shop = session.scalars(select(Shop)).one()
    first = start_tracking(session, shop.id, " 48117 ", "8 913 000-12-42", NOW)
    assert start_tracking(session, shop.id, "48117", "+79130001242", NOW) is first
    assert (first.order_number, first.version) == ("48117", 1)
    with pytest.raises(BadPhone):
        start_tracking(session, shop.id, "48118", "нет", NOW)
    with pytest.raises(BadOrder):
        start_tracking(session, shop.id, "", "+79130001242", NOW)


def test_a_number_of_the_post_and_a_phone_are_enough_to_follow_a_parcel(session: Session) -> None:
    shop = session.scalars(select(Shop)).one()
    shop.carrier = "russian_post"
    first = start_tracking(session, shop.id, "rr123456785ru", "8 913 000-12-42", NOW)
    followed = session.scalars(select(Tracking)).one()
    assert (followed.parcel_id, followed.carrier, followed.number) == (first.id, "russian_post", "RR123456785RU")

    take(session, {**GOOD, "order_number": "49000", "track": "80111200000018"})
    other = start_tracking(session, shop.id, "80111200000018", "+79130007777", NOW)
    assert (other.order_number, other.phone) == ("49000", "+79130007777")
    start_tracking(session, shop.id, "48117", "+79130001242", NOW)
    start_tracking(session, shop.id, "RR123456789RU", "+79130001242", NOW)  # its check digit says that it is none
    assert session.scalar(select(func.count()).select_from(Tracking)) == 2


def test_missing_columns_are_named() -> None:
    with pytest.raises(intake.BadColumns) as refused:
        intake.check_header(["phone", "cod"])
    assert "order_number" in refused.value.words


def test_the_first_address_is_no_redirect(session: Session) -> None:
    take(session, {"order_number": "117", "phone": GOOD["phone"]})
    take(session, {**GOOD, "order_number": "117"})
    changed = session.scalars(select(Fact).where(Fact.kind == Kind.DETAILS_CHANGED)).one()
    assert (changed.details["first"], is_redirect(changed.details)) == (True, False)
