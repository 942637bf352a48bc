"""What a promise is worth, on two pages: what the recipient is told, and what the manager sees and chooses."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
import time_machine
from flask import Flask
from sqlalchemy import select

from parcels import journal
from parcels.journal import NewFact
from parcels.models import Shop
from parcels.stages import Kind
from portal import links, ticking
from portal.transaction import reading, transaction
from scheduling import coverage, lessons
from tests.factories import ANADYR, NOW, TOMSK, make_parcel, make_staff, make_world
from tests.made_deliveries import delivered
from tests.web.test_account import Browser

SLOW = (3, 4, 5, 5, 6, 7, 8)
SAID = re.compile(r"В 98 из 100 случаев не позже \d+\s\w+\.")


@pytest.fixture(autouse=True)
def _now() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


def learn_from(app: Flask, promised_days: int, **learned: object) -> None:
    """A long past whose promises ended after so many working days; then the lesson of today."""
    with transaction() as session:
        shop = make_world(session)
        delivered(session, shop, SLOW, 400, NOW, promised_days=promised_days, **learned)
    ticking.learn(NOW)


def page_of_a_new_order(app: Flask, **query: str) -> str:
    with transaction() as session:
        parcel = make_parcel(session, session.scalars(select(Shop)).one())
        journal.record(session, parcel, NewFact(Kind.HANDED_OVER, "shop"), NOW)
        token = links.token_for(parcel)
    with app.app_context():  # one of its own, in which no other language has been spoken
        return app.test_client().get(f"/t/{token}", query_string=query).text.replace("\xa0", " ")


def test_the_recipient_is_told_what_the_date_is_worth(both: Flask) -> None:
    learn_from(both, promised_days=8, target=0.98)
    assert SAID.search(page_of_a_new_order(both))
    assert "in 98 of 100 cases" in page_of_a_new_order(both, lang="en")


def test_nothing_is_said_while_too_few_learned_promises_came_due(both: Flask) -> None:
    learn_from(both, promised_days=8)
    assert "из 100 случаев" not in page_of_a_new_order(both)


def test_nothing_is_said_of_promises_that_were_not_kept(both: Flask) -> None:
    learn_from(both, promised_days=5, target=0.98)
    assert "из 100 случаев" not in page_of_a_new_order(both)


def test_nothing_is_said_while_the_past_is_short(both: Flask) -> None:
    with transaction() as session:
        delivered(session, make_world(session), SLOW, 25, NOW, promised_days=8, target=0.98)
    ticking.learn(NOW)
    assert "из 100 случаев" not in page_of_a_new_order(both)


def test_it_disappears_from_an_open_page_when_it_is_borne_out_no_more(both: Flask) -> None:
    learn_from(both, promised_days=8, target=0.98)
    with transaction() as session:
        parcel = make_parcel(session, session.scalars(select(Shop)).one())
        journal.record(session, parcel, NewFact(Kind.HANDED_OVER, "shop"), NOW)
        token = links.token_for(parcel)
    browser = both.test_client()
    assert "из 100 случаев" in browser.get(f"/t/{token}").text
    with transaction() as session:
        lesson = lessons.newest(session)[0]
        lesson.stated = None
    assert "из 100 случаев" not in browser.get(f"/t/{token}").text


def test_another_share_begins_a_record_of_its_own(both: Flask) -> None:
    learn_from(both, promised_days=8, target=0.98)
    with transaction() as session:
        coverage.choose(session, 0.95, "Лев Громов", NOW)
    ticking.learn(NOW)
    assert "из 100 случаев" not in page_of_a_new_order(both)


def test_the_reserve_stands_among_the_reasons(both: Flask) -> None:
    learn_from(both, promised_days=8, target=0.98)
    page = page_of_a_new_order(both)
    assert "Запас на задержки сейчас" in page
    assert "Reserve for delays right now" in page_of_a_new_order(both, lang="en")


@pytest.fixture
def manager(app: Flask) -> Browser:
    with transaction() as session:
        shop = make_world(session)
        make_staff(session, "manager")
        make_staff(session, "operator")
        delivered(session, shop, SLOW, 300, NOW, promised_days=8, target=0.98)
        delivered(session, shop, (19, 20, 21), 140, NOW, per_day=2, settlement_id=ANADYR, promised_days=20)
    browser = Browser(app, "manager")
    browser.get("/manage/accuracy")
    return browser


def test_before_the_first_lesson_there_is_nothing_to_show(manager: Browser) -> None:
    assert "Показывать пока нечего" in manager.get("/manage/accuracy").text


def test_first_and_last_promise_by_region_with_the_far_ones_marked(manager: Browser) -> None:
    ticking.learn(NOW)
    page = manager.get("/manage/accuracy").text.replace("\xa0", " ")
    rows = re.findall(r"<tr>(.*?)</tr>", page, re.S)
    (far,) = [row for row in rows if re.search(r"<td>\s*Чукотский АО", row)]
    assert "раза дольше обычного" in far
    assert re.search(r"\d+,\d %|\d+ %", far)
    (near,) = [row for row in rows if re.search(r"<td>\s*Томская область", row)]
    assert "раза дольше" not in near
    assert {"Последнее обещание", "Первое обещание", "Худший месяц"} <= set(re.findall(r">\s*([^<>]+?)\s*<", page))


def test_the_manager_chooses_the_share(manager: Browser) -> None:
    assert manager.post("/manage/accuracy", percent="99,5").status_code == 303
    page = manager.get("/manage/accuracy").text
    assert 'value="99.5"' in page
    assert "Ольга Смирнова" in page
    with reading() as session:
        assert coverage.target(session) == 0.995


@pytest.mark.parametrize("percent", ["", "49.9", "100", "nan", "много", "1e400"])
def test_a_share_that_cannot_be_is_refused_and_nothing_changes(manager: Browser, percent: str) -> None:
    found = manager.post("/manage/accuracy", percent=percent)
    assert found.status_code == 422
    assert "Доля не записана" in found.text
    with reading() as session:
        assert coverage.newest(session) is None


def test_only_a_manager_may_choose(app: Flask, manager: Browser) -> None:
    operator = Browser(app, "operator")
    assert operator.get("/manage/accuracy").status_code == 403
    assert operator.post("/manage/accuracy", percent="60").status_code == 403


def test_a_region_is_judged_by_what_was_promised_there(manager: Browser) -> None:
    ticking.learn(NOW)
    with reading() as session:
        report = lessons.newest(session)[0].report
    regions = {line["name"]: line for line in report["regions"]}
    assert regions["Томская область"]["last"]["kept"] == 1.0
    assert regions["Чукотский АО"]["last"]["kept"] < 1.0
    assert [line["name"] for line in report["places"]] == [ANADYR, TOMSK]
