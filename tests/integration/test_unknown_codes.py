"""A status that nobody understands: the manager hears of it once, with the carrier's words; money of the post."""

from __future__ import annotations

from datetime import timedelta

from flask import Flask
from sqlalchemy import select

from carriers import boxberry, following, russian_post, sync, unknown_codes
from carriers.base import Carrier, Update
from carriers.models import Tracking
from parcels import money
from parcels.models import Fact, Shop
from parcels.money import Where
from parcels.stages import Kind
from portal.transaction import reading, transaction
from tests.carriers.test_published_lists import MONEY
from tests.factories import NOW, make_parcel, make_staff, make_world
from tests.web.test_account import Browser

DAY = timedelta(days=1)


def followed(carrier: str, *numbers: str) -> list[int]:
    with transaction() as session:
        shop_id = make_world(session).id
        for number in numbers:
            parcel = make_parcel(session, session.get_one(Shop, shop_id))
            following.follow(session, parcel, carrier, number, NOW)
        return list(session.scalars(select(Tracking.id).order_by(Tracking.id)))


def told(row_id: int, carrier: Carrier, updates: list[Update], days: int = 1) -> None:
    with transaction() as session:
        sync.take(session, carrier, row_id, updates, NOW + days * DAY, 0.5)


def names(*said: str) -> list[Update]:
    rows = [
        f'{{"Date": "2026-11-1{n} 10:00:00", "Name": "{name}", "Comment": "слова"}}' for n, name in enumerate(said, 6)
    ]
    return boxberry.parse(f"[{','.join(rows)}]".encode())


def test_the_manager_hears_of_an_unknown_code_once_with_its_words(both: Flask) -> None:
    first, second = followed("boxberry", "1", "2")
    for row in (first, second, first):
        told(row, boxberry.CARRIER, names("Выдано дронам"))
    told(second, boxberry.CARRIER, names("Выдано дронам", "Унесено ветром"))
    with transaction() as session:
        make_staff(session, "manager")
    manager = Browser(both, "manager")
    assert "Непонятных статусов: 2" in manager.get("/incidents").text
    page = manager.get("/manage/statuses").text
    assert "Непонятных статусов: 2" in page
    assert page.count("Выдано дронам: слова") == 1
    assert "Boxberry" in page
    manager.post("/manage/statuses/settle", carrier="boxberry", code="Выдано дронам")
    told(first, boxberry.CARRIER, names("Выдано дронам"), days=2)
    assert "Выдано дронам" not in manager.get("/manage/statuses").text
    assert "Непонятных статусов: 1" in manager.get("/manage/statuses").text


def test_the_page_is_the_manager_s(app: Flask) -> None:
    with transaction() as session:
        make_world(session)
        make_staff(session, "operator")
        make_staff(session, "manager")
    assert Browser(app, "operator").get("/manage/statuses").status_code == 403
    assert "Все статусы понятны" in Browser(app, "manager").get("/manage/statuses").text


def test_an_unknown_code_that_is_told_late_is_heard_of_too(app: Flask) -> None:
    (row,) = followed("boxberry", "1")
    told(row, boxberry.CARRIER, names("Принято к доставке"))
    old = boxberry.parse('[{"Date": "2026-11-01 10:00:00", "Name": "Унесено ветром"}]'.encode())
    told(row, boxberry.CARRIER, old)
    with reading() as session:
        assert [one.code for one, _parcel in unknown_codes.open_codes(session)] == ["Унесено ветром"]


def test_the_post_tells_where_the_money_is(app: Flask) -> None:
    (row,) = followed("russian_post", "80085012345678")
    delivered = Update("russian_post", "80085012345678", Kind.DELIVERED, NOW, code="2.1", text="Вручение")
    told(row, russian_post.CARRIER, [delivered])
    with reading() as session:
        assert session.get_one(Tracking, row).next_poll_at is not None
    sent, paid = russian_post.parse(MONEY.replace("2026-11-1", "2026-11-2").encode())
    told(row, russian_post.CARRIER, [delivered, sent], days=2)
    with reading() as session:
        assert [cash.where for cash in money.held(session)] == [Where.SENT]
    told(row, russian_post.CARRIER, [delivered, sent, paid], days=8)
    with reading() as session:
        assert [cash.where for cash in money.held(session)] == [Where.BACK]
        kinds = select(Fact.kind, Fact.occurred_at).where(Fact.source == "russian_post").order_by(Fact.seq)
        assert [kind for kind, _at in session.execute(kinds)] == [Kind.DELIVERED, Kind.CASH_SENT, Kind.CASH_BACK]
        assert session.get_one(Tracking, row).next_poll_at is None
