"""The manager's page of slots, as a browser without JavaScript sees it; and the operator who takes something back."""

import re
from collections.abc import Iterator
from datetime import date, time, timedelta

import pytest
import time_machine
from flask import Flask
from sqlalchemy import select, update

from parcels import journal
from parcels.models import Parcel
from portal.transaction import reading, transaction
from scheduling import booking
from scheduling.booking import Asker
from scheduling.models import Call, Interval, Slot, Zone
from tests.factories import NOW, TOMSK, make_parcel, make_staff, make_world, zone_of
from tests.web.test_account import Browser

TUESDAY, DAY = date(2026, 11, 24), time(14)


@pytest.fixture
def parcel_id(app: Flask) -> Iterator[int]:
    """A parcel to Tomsk with a time on Tuesday, 24 November, from 14 to 18."""
    with transaction() as session:
        parcel = make_parcel(session, make_world(session))
        for role in ("manager", "operator"):
            make_staff(session, role)
        booking.book(session, parcel, TUESDAY, DAY, Asker("recipient", parcel.version), NOW)
    with time_machine.travel(NOW, tick=False):
        yield parcel.id


@pytest.fixture
def manager(app: Flask, parcel_id: int) -> Browser:
    return Browser(app, "manager")


def zone() -> Zone:
    with reading() as session:
        return zone_of(session, TOMSK)


def slot(day: date = TUESDAY, starts: time = DAY) -> Slot:
    with reading() as session:
        which = Slot.zone_id == zone_of(session, TOMSK).id, Slot.day == day, Slot.starts == starts
        return session.scalars(select(Slot).where(*which)).one()


def h1(page: str) -> str:
    return re.sub(r"\s+", " ", re.findall(r"<h1>(.*?)</h1>", page, re.S)[0].replace("\xa0", " ")).strip()


def test_a_manager_lands_on_the_fullest_zone_and_reads_the_finding(app: Flask, manager: Browser) -> None:
    assert manager.get("/").location == "/manage"
    page = manager.get("/manage").text
    assert h1(page) == "Томск: места есть на каждый день"
    assert re.search(r">1<small>/14</small>", page)
    assert page.count("не возим") >= 2  # Sunday evenings
    with transaction() as session:
        session.execute(update(Slot).where(Slot.day == TUESDAY).values(taken=Slot.capacity))
    page = manager.get(f"/manage?zone={zone().id}").text
    assert h1(page) == "Томск: во вторник, 24 ноября, мест нет"
    assert 'class="bar bad"' in page
    assert "style=" not in page


def test_nobody_else_gets_in(app: Flask, parcel_id: int) -> None:
    assert Browser(app, "operator").get("/manage").status_code == 403
    assert app.test_client().get("/manage").status_code == 303


def test_places_are_changed_on_a_page_of_their_own(manager: Browser) -> None:
    path = f"/manage/slot/{slot().id}"
    page = manager.get(path).text
    assert "Марина Кузнецова" in page
    assert manager.post(path, seen=14, capacity=20).status_code == 303
    assert slot().capacity == 20
    late = manager.post(path, seen=14, capacity=9)
    assert (late.status_code, slot().capacity) == (409, 20)
    assert "Сейчас: мест 20" in late.text
    refused = manager.post(path, seen=20, capacity=7, close=1)
    assert (refused.status_code, slot().capacity) == (409, 20)
    assert "Мешают записи: 1" in refused.text
    assert manager.post(path, seen=20, capacity="много").status_code == 422
    assert manager.get("/manage/slot/999999").status_code == 404


def test_a_day_is_closed_after_consent_to_the_named(manager: Browser, parcel_id: int) -> None:
    path = f"/manage/{zone().id}/blackout"
    manager.get("/manage")
    asked = manager.post(path, day="2026-11-24", why="Ледоход")
    assert asked.status_code == 409
    assert "Марина Кузнецова" in asked.text
    agreed = re.findall(r'name="agreed_to"\s+value="([\d,]+)"', asked.text)[0]
    assert manager.post(path, day="2026-11-24", why="Ледоход", agreed_to=agreed).status_code == 303
    assert "Снято записей: 1" in manager.get(f"/manage?zone={zone().id}").text
    with reading() as session:
        assert booking.active_booking(session, parcel_id) is None
    assert manager.post(f"/manage/{zone().id}/reopen", day="2026-11-24").status_code == 303
    assert slot().capacity == 14
    assert manager.post(path, day="вчера").status_code == 422


def test_the_week_and_the_closing_time(manager: Browser) -> None:
    path = f"/manage/{zone().id}/week"
    manager.get("/manage")
    seen = {"weekday": 1, "starts": "14:00", "seen_ends": "18:00", "seen_capacity": 14}
    assert manager.post(path, do="change", ends="18:00", capacity=16, also_open=1, **seen).status_code == 303
    assert slot(TUESDAY + timedelta(days=7)).capacity == 16
    assert slot().capacity == 14
    assert manager.post(path, do="change", ends="18:00", capacity=9, **seen).status_code == 409
    assert manager.post(path, do="add", weekday=1, starts="17:00", ends="19:00", capacity=3).status_code == 422
    assert manager.post(path, do="add", weekday=6, starts="18:00", ends="20:00", capacity=3).status_code == 303
    seen["seen_capacity"] = 16
    assert manager.post(path, do="remove", **seen).status_code == 303
    with reading() as session:
        assert session.get(Interval, (zone().id, 1, DAY)) is None
    assert manager.post(f"/manage/{zone().id}/closing", seen="18:00", closing="20:00").status_code == 303
    assert zone().closing == time(20)
    assert manager.post(f"/manage/{zone().id}/closing", seen="18:00", closing="19:00").status_code == 409
    assert manager.post("/manage/4321/closing", seen="18:00", closing="19:00").status_code == 404


def test_an_operator_finds_an_order_and_takes_back_what_is_agreed(app: Flask, parcel_id: int) -> None:
    desk = Browser(app, "operator")
    with reading() as session:
        parcel = session.get_one(Parcel, parcel_id)
    place = desk.get(f"/orders?number={parcel.order_number}").location
    assert place == f"/orders/{parcel_id}"
    assert desk.get(f"/orders?number={parcel.number}").location == place
    assert "Такого заказа нет" in desk.get("/orders?number=VH0").text
    page = desk.get(place).text
    assert "14–18" in page
    old = {"version": parcel.version, "then": "call", "note": "просит перенести"}
    assert desk.post(f"{place}/withdraw", cause="whim", **old).status_code == 400
    assert desk.post(f"{place}/withdraw", cause="request", **old).status_code == 303
    with reading() as session:
        assert session.scalars(select(Call.reason)).one() == "withdrawn"
        withdrawn = journal.facts_of(session, session.get_one(Parcel, parcel_id))[-2]
    assert withdrawn.details["note"] == "просит перенести"
    assert desk.post(f"{place}/withdraw", cause="request", **old).status_code == 409
    assert "Ничего не назначено" in desk.get(place).text
