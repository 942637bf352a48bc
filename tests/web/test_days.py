"""The manager's days: decreed changes, closed days and approved years, on the page and in the promises."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta

import pytest
import time_machine
from flask import Flask
from sqlalchemy import select

from parcels.models import Parcel, Shop
from portal.transaction import reading, transaction
from scheduling import booking, days
from scheduling.calendars import UnknownDay
from scheduling.day_models import ClosedDay, DayChange
from tests.factories import NOW, TOMSK, make_parcel, make_staff, make_world
from tests.web.test_account import Browser


@pytest.fixture
def manager(app: Flask) -> Browser:
    with transaction() as session:
        make_world(session)
        make_staff(session, "manager")
    with time_machine.travel(NOW, tick=False):
        browser = Browser(app, "manager")
        browser.get("/manage/days")
    return browser


def promised() -> tuple[date | None, date | None]:
    """What an order of Monday noon to Tomsk is promised now."""
    with transaction() as session:
        parcel: Parcel = make_parcel(session, session.scalars(select(Shop)).one())
        return parcel.promised_from, parcel.promised_to


@time_machine.travel(NOW, tick=False)
def test_a_decreed_day_off_moves_the_promise_and_can_be_taken_back(manager: Browser) -> None:
    assert promised() == (date(2026, 11, 21), date(2026, 11, 24))
    form = {"what": "decree", "country": "RU", "day": "2026-11-19", "is_working": "0", "reason": "Указ № 1"}
    assert manager.post("/manage/days/add", **form).status_code == 303
    assert "Указ № 1" in manager.get("/manage/days").text
    assert promised() == (date(2026, 11, 24), date(2026, 11, 25))
    manager.post("/manage/days/add", **{**form, "day": "2026-11-21", "is_working": "1", "reason": "Перенос"})
    assert promised() == (date(2026, 11, 22), date(2026, 11, 24))
    for day in ("2026-11-19", "2026-11-21"):
        manager.post("/manage/days/remove", country="RU", day=day)
    assert promised() == (date(2026, 11, 21), date(2026, 11, 24))


@time_machine.travel(NOW, tick=False)
def test_a_closed_day_of_a_town_is_nobodys_day_there(manager: Browser) -> None:
    form = {"what": "closed", "settlement": "Томск", "day": "2026-11-24", "reason": "Переправа"}
    assert manager.post("/manage/days/add", **form).status_code == 303
    assert "Переправа" in manager.get("/manage/days").text
    assert promised() == (date(2026, 11, 21), date(2026, 11, 25))
    manager.post("/manage/days/remove", settlement=str(TOMSK), day="2026-11-24")
    assert promised() == (date(2026, 11, 21), date(2026, 11, 24))


@pytest.mark.parametrize(
    "form",
    [
        {"what": "closed", "settlement": "Томск", "day": "2026-11-24", "reason": "Переправа"},
        {"what": "decree", "country": "RU", "day": "2026-11-24", "is_working": "0", "reason": "Указ № 2"},
    ],
    ids=["closed", "decreed"],
)
@time_machine.travel(NOW, tick=False)
def test_who_has_a_time_that_day_is_shown_before_it_is_taken(manager: Browser, form: dict[str, str]) -> None:
    with transaction() as session:
        parcel = make_parcel(session, session.scalars(select(Shop)).one(), order_number="48117")
        booking.book(session, parcel, date(2026, 11, 24), time(14), booking.Asker("recipient", parcel.version), NOW)
    answer = manager.post("/manage/days/add", **form)
    assert answer.status_code == 409
    assert "На этот день уже записаны: 1. Пока ничего не изменено" in answer.text
    assert "Заказ 48117, Марина Кузнецова" in answer.text
    shown = answer.text.partition('role="alert"')[2].partition("</form>")[0]
    again = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', shown))
    assert manager.post("/manage/days/add", **again).status_code == 303
    page = manager.get("/manage/days").text
    assert "Снято записей: 1, всем уходит SMS." in page
    assert form["reason"] in page


@pytest.mark.parametrize(
    ("form", "words"),
    [
        ({"what": "closed", "settlement": "Нигде", "day": "2026-11-24", "reason": "x"}, "Населённый пункт неизвестен"),
        ({"what": "closed", "settlement": "Томск", "day": "24 ноября", "reason": "x"}, "День непонятен"),
        ({"what": "closed", "settlement": "Томск", "day": "2026-11-24", "reason": " "}, "Причины нет"),
        ({"what": "closed", "settlement": "Томск", "day": "2026-11-01", "reason": "x"}, "уже прошёл"),
        ({"what": "decree", "country": "RU", "day": "2062-11-24", "reason": "x"}, "больше трёх лет"),
        ({"what": "decree", "country": "XX", "day": "2026-11-24", "reason": "x"}, "Такой страны"),
    ],
)
@time_machine.travel(NOW, tick=False)
def test_what_cannot_be_kept_is_explained(manager: Browser, form: dict[str, str], words: str) -> None:
    answer = manager.post("/manage/days/add", **form)
    assert (answer.status_code, words in answer.text) == (422, True)
    with reading() as session:
        assert [*session.scalars(select(DayChange)), *session.scalars(select(ClosedDay))] == []


@time_machine.travel(NOW, tick=False)
def test_an_unknown_year_is_told_and_only_the_next_one_can_be_approved(manager: Browser) -> None:
    words = "Календарь 2028 года ещё не утверждён: дни после 31 декабря 2027 не предлагаются"
    assert words in manager.get("/manage/matrix").text
    assert "Казахстан" not in manager.get("/manage/matrix").text
    assert "Казахстан" in manager.get("/manage/days").text
    assert manager.post("/manage/days/approve", country="RU", year="2029").status_code == 422
    assert manager.post("/manage/days/approve", country="RU", year="2028").status_code == 303
    assert "Календарь 2029 года" in manager.get("/manage/matrix").text


@pytest.mark.parametrize("country", ["RU", "UA", "KZ", "BY"])
def test_a_year_is_unknown_until_somebody_vouches_for_it(both: Flask, country: str) -> None:
    with transaction() as session:
        last = days.calendar_for(session, country).last
        with pytest.raises(UnknownDay):
            days.calendar_for(session, country).is_working(last + timedelta(days=1))
        days.approve(session, country, last.year + 1, "Ольга", datetime(2026, 1, 1, tzinfo=UTC))
        days.keep_decree(session, country, last, False, "x", "Ольга", datetime(last.year, 1, 1, tzinfo=UTC))
    with transaction() as session:
        calendar = days.calendar_for(session, country)
        assert calendar.is_working(last) is False
        assert calendar.last == date(last.year + 1, 12, 31)


@pytest.mark.parametrize(
    ("country", "day", "is_working"),
    [
        ("RU", date(2026, 1, 9), False),
        ("BY", date(2026, 7, 3), False),
        ("KZ", date(2025, 3, 21), False),
        ("UA", date(2025, 8, 25), True),
    ],
)
def test_each_country_rests_on_its_own_days(app: Flask, country: str, day: date, is_working: bool) -> None:
    with transaction() as session:
        assert days.calendar_for(session, country).is_working(day) is is_working
