"""Where the parcel is, when it arrives, and what is agreed: three things, each from its own source."""

import re
from collections.abc import Iterator
from datetime import timedelta

import pytest
import time_machine
from flask import Flask

from parcels import journal
from parcels.journal import NewFact
from parcels.stages import Kind
from portal import links
from portal.transaction import transaction
from tests.factories import NOW, make_parcel, make_world, travel
from tests.web.test_tracking import ON_THE_WAY, Recipient, h1, text_of


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    """A Tuesday, 08:00 in Tomsk."""
    with time_machine.travel(NOW + timedelta(hours=18), tick=False) as traveller:
        yield traveller


@pytest.fixture
def marina(app: Flask, clock: time_machine.Traveller) -> Recipient:
    """Her parcel is on its way to Tomsk: in the city by the 23rd, promised for 21-24 November."""
    with transaction() as session:
        parcel = make_parcel(session, make_world(session))
        travel(session, parcel, ON_THE_WAY)
        return Recipient(app.test_client(), parcel.id, links.token_for(parcel))


def happen(recipient: Recipient, clock: time_machine.Traveller, kind: Kind, days: float, **details: object) -> None:
    at = NOW + timedelta(hours=18) + timedelta(days=days)
    clock.move_to(at)
    with transaction() as session:
        parcel = journal.lock(session, recipient.parcel_id)
        journal.record(session, parcel, NewFact(kind, "carrier:test", details=details), at)


def test_a_booking_bends_no_arrival(marina: Recipient) -> None:
    assert "не позже 23 ноября" in text_of(marina.look())
    marina.press("slot", slot="2026-11-21T14:00")
    page = text_of(marina.look())
    assert h1(marina.last.text if marina.last else "") == "Привезём в субботу, 21 ноября, с 14 до 18"
    assert "не позже 23 ноября" in page
    assert "Когда заказ будет в вашем городе" in page
    assert "Почему эта дата" not in page


def test_what_has_been_postponed_is_not_kept_until_that_day_but_comes_from_it_on(marina: Recipient) -> None:
    marina.look()
    marina.press("postpone", until="2026-11-28")
    assert h1(marina.look()) == "Привезём не раньше 28 ноября"
    assert "Храним до" not in marina.look()


def test_a_promised_day_that_has_gone_by_is_not_shown(marina: Recipient, clock: time_machine.Traveller) -> None:
    clock.move_to(NOW + timedelta(days=5, hours=18))
    page = marina.look()
    assert h1(page) == "Привезём 23 или 24 ноября"
    assert "Всего 7–8 дней" in text_of(page)  # counted from the 16th, as the headline has it


def test_with_the_courier_and_without_a_time_the_page_says_what_the_scan_says(
    marina: Recipient, clock: time_machine.Traveller
) -> None:
    happen(marina, clock, Kind.ARRIVED, 3)
    happen(marina, clock, Kind.TO_COURIER, 3.1)
    assert h1(marina.look()) == "Заказ у курьера, привезёт сегодня"
    clock.move_to(NOW + timedelta(days=4, hours=18))
    assert h1(marina.look()) == "Заказ у курьера, уточняем, когда привезёт"


def test_what_is_in_the_car_is_not_on_the_shelf(marina: Recipient, clock: time_machine.Traveller) -> None:
    happen(marina, clock, Kind.TO_COURIER, 3)
    happen(marina, clock, Kind.NOT_DELIVERED, 3.2, why="absent")
    assert "вернулся на склад" not in marina.look()
    happen(marina, clock, Kind.BACK_AT_DEPOT, 3.4)
    assert "вернулся на склад" in marina.look()


def test_no_leg_lasts_no_days(marina: Recipient) -> None:
    page = marina.look()
    assert not re.search(r"<td>0\s", page)
    assert "в тот же день" in page


def test_the_holidays_that_make_it_long_are_named(app: Flask) -> None:
    with time_machine.travel(NOW + timedelta(days=43), tick=False):
        now = NOW + timedelta(days=43)
        with transaction() as session:
            parcel = make_parcel(session, make_world(session, now), now)
            buyer = Recipient(app.test_client(), parcel.id, links.token_for(parcel))
        page = text_of(buyer.look())
    assert re.search(r"новогодние праздники 31 декабря – [78] января", page)
    assert "праздники" not in page.split("Дорога до вашего города")[0]
