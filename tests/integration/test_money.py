"""Cash on delivery on its way to the shop: carriers tell of it, tills are paid out once, one letter per payment."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import date, timedelta

import pytest
from flask import Flask
from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from carriers import following, nova_poshta, sync
from carriers.models import Tracking
from parcels import journal, money
from parcels.custody import Role, What
from parcels.custody_models import Holding
from parcels.journal import NewFact
from parcels.models import Fact, Parcel, Shop
from parcels.money import Cash, Changed, Payment, Where
from parcels.stages import Kind
from portal.ticking import tick
from portal.transaction import reading, transaction
from portal.verify import breaches
from portal.verify_custody import everything_is_held
from sms import preferences
from sms.models import Message, Status
from sms.preferences import Preferences
from tests.carriers.test_nova_poshta import answer, document
from tests.factories import NOW, make_parcel, make_world

HOUR = timedelta(hours=1)
PAYMENT = Payment("П-117", date(2026, 11, 20), "operator:1", "Ольга Смирнова")


def paid_in(count: int, **choices: str) -> list[Parcel]:
    """Parcels whose money a courier has handed in at the warehouse in Tomsk; the last brought less than was due."""
    with transaction() as session:
        shop = make_world(session)
        preferences.choose(session, shop.id, Preferences(**choices), "магазин", NOW)  # type: ignore[arg-type]
        parcels = [make_parcel(session, shop) for _ in range(count)]
        for number, parcel in enumerate(parcels, start=1):
            sum_ = {"cod_minor": 4_000_00} if number == count else {}
            for kind in (Kind.TO_COURIER, Kind.DELIVERED, Kind.CASH_HANDED_IN):
                details = {"by": "Сергей Ким", "warehouse": 7, **sum_}
                fact = NewFact(kind, "courier", NOW, "Томск, склад", details)
                journal.record(session, parcel, fact, NOW)
        return parcels


def tills() -> list[Cash]:
    with reading() as session:
        return money.in_tills(session)


def pay(keys: list[str]) -> list[Cash]:
    with transaction() as session:
        return money.pay_out(session, keys, PAYMENT, NOW + HOUR)


def letters() -> list[Message]:
    with reading() as session:
        return list(session.scalars(select(Message).where(Message.kind == "cash_back")))


def test_a_payment_of_many_orders_is_one_letter_that_lists_them(both: Flask) -> None:
    first, second, third = paid_in(3, collector_email="courier@example.org", manager_email="m@example.org")
    assert [cash.minor for cash in tills()] == [4_990_00, 4_990_00, 4_000_00]
    keys = [cash.key for cash in tills()][1:]
    pay(keys)
    assert [cash.parcel.id for cash in tills()] == [first.id]
    tick(NOW + HOUR)
    (letter,) = letters()
    assert (letter.recipient, letter.status, letter.parcel_id) == ("courier@example.org", Status.ACCEPTED, second.id)
    lines = letter.text.splitlines()
    assert "Платёж: П-117" in lines
    assert "Дата: 20.11.2026" in lines
    assert "Откуда: Томск, склад" in lines
    at = lines.index("Накладные:")
    assert lines[at + 1 : at + 4] == [
        f"{second.number}, {second.order_number}, 4990 ₽",
        f"{third.number}, {third.order_number}, 4000 ₽",
        "Всего: 8990 ₽",
    ]
    assert first.order_number not in letter.text
    assert "К оплате" not in letter.text
    with pytest.raises(Changed):
        pay(keys)
    with pytest.raises(Changed):
        pay([tills()[0].key, keys[0]])
    with reading() as session:
        assert [cash.where for cash in money.held(session)] == [Where.TAKEN, Where.BACK, Where.BACK]
    with transaction() as session:
        assert breaches(session) == []


def test_without_an_address_of_its_own_the_manager_is_written_to(app: Flask) -> None:
    paid_in(1, manager_email="m@example.org")
    pay([tills()[0].key])
    assert [letter.recipient for letter in letters()] == ["m@example.org"]


@pytest.mark.postgres
@pytest.mark.parametrize("both", ["postgresql"], indirect=True)
def test_two_who_hand_over_the_same_money_do_it_once(both: Flask) -> None:
    paid_in(2, collector_email="c@example.org")
    keys = [cash.key for cash in tills()]

    def hand_over(mine: list[str]) -> bool:
        with both.app_context(), suppress(Changed):
            pay(mine)
            return True
        return False

    with ThreadPoolExecutor(2) as threads:
        done = list(threads.map(hand_over, (keys, keys[::-1])))
    assert sorted(done) == [False, True]
    assert len(letters()) == 1


def of(statement: object) -> Callable[[Session], object]:
    return lambda session: session.execute(statement)  # type: ignore[call-overload]


@pytest.mark.parametrize(
    "damage",
    [
        of(update(Holding).where(Holding.role == Role.SHOP, Holding.what == What.CASH).values(role=Role.WAREHOUSE)),
        of(delete(Fact).where(Fact.kind == Kind.CASH_BACK)),
    ],
)
def test_money_that_came_back_by_no_fact_is_seen(app: Flask, damage: Callable[[Session], object]) -> None:
    paid_in(1)
    pay([tills()[0].key])
    with transaction() as session:
        assert everything_is_held(session) == []
        damage(session)
        assert everything_is_held(session) != []


def told(row_id: int, code: str, hours: int) -> Tracking:
    """Nova Poshta is asked, and answers with a status."""
    said = nova_poshta.parse(answer(document(code, RecipientDateTime="17.11.2026 10:00:00")))
    with transaction() as session:
        sync.take(session, nova_poshta.CARRIER, row_id, said, NOW + timedelta(days=1, hours=hours), 0.5)
    with reading() as session:
        return session.get_one(Tracking, row_id)


def test_a_carrier_is_asked_until_it_has_paid_the_money_out(app: Flask) -> None:
    with transaction() as session:
        shop = make_world(session)
        preferences.choose(session, shop.id, Preferences(collector_email="c@example.org"), "магазин", NOW)
        parcel = make_parcel(session, session.get_one(Shop, shop.id))
        following.follow(session, parcel, "nova_poshta", "59000777777777", NOW)
        row_id = session.scalars(select(Tracking.id)).one()
    assert told(row_id, "9", 0).next_poll_at == NOW + timedelta(days=1, hours=12)
    assert told(row_id, "10", 12).next_poll_at is not None
    with transaction() as session:
        (cash,) = money.held(session)
        assert (cash.where, cash.held.role, cash.held.name) == (Where.SENT, Role.CARRIER, "nova_poshta")
        assert following.claim(session, "nova_poshta", (), False, 9, NOW + timedelta(days=3))
    assert told(row_id, "11", 24).next_poll_at is None
    told(row_id, "11", 25)
    with reading() as session:
        kinds = session.scalars(select(Fact.kind).where(Fact.source == "nova_poshta").order_by(Fact.seq)).all()
    assert kinds == [*(Kind.DELIVERED, Kind.DELIVERED, Kind.CASH_SENT), *(Kind.DELIVERED, Kind.CASH_BACK)]
    tick(NOW + timedelta(days=3))
    (letter,) = letters()
    assert f"{parcel.number}, {parcel.order_number}, 4990 ₽" in letter.text
    assert "Откуда: Новая Почта" in letter.text
    with reading() as session:
        assert [cash.where for cash in money.held(session)] == [Where.BACK]
    with transaction() as session:
        assert [b for b in breaches(session) if b.invariant in ("I4", "I13")] == []


def test_a_carrier_says_nothing_of_money_that_it_does_not_have(app: Flask) -> None:
    (parcel,) = paid_in(1)
    with transaction() as session:
        following.follow(session, session.get_one(Parcel, parcel.id), "nova_poshta", "59000777777777", NOW)
        row_id = session.scalars(select(Tracking.id)).one()
    assert told(row_id, "11", 0).next_poll_at is None
    assert [cash.held.role for cash in tills()] == [Role.WAREHOUSE]
