"""What the recipient and the shop's program see of a carrier that plans days: only its own hours, and its answer."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta

import pytest
import time_machine
from flask import Flask

from carriers import following, telling
from carriers.errands import What
from carriers.registry import CARRIERS
from parcels import journal
from parcels.journal import NewFact
from parcels.models import Parcel
from parcels.stages import Kind, Stage
from portal import api_orders, links
from portal.transaction import reading, transaction
from tests.factories import NOW, make_parcel, make_world, travel
from tests.web.test_tracking import Recipient, text_of

LATER = NOW + timedelta(hours=18)
DAYS = {"2026-11-22": [["10:00", "18:00"]], "2026-11-23": []}
"""A Sunday with two of our three intervals, and a Monday that is full."""


@pytest.fixture(autouse=True)
def _clock() -> Iterator[None]:
    with time_machine.travel(LATER, tick=False):
        yield


@pytest.fixture
def marina(app: Flask) -> Recipient:
    """Marina's parcel is on its way with TopDelivery, which has named two days of her window."""
    with transaction() as session:
        parcel = make_parcel(session, make_world(session))
        travel(session, parcel, (Kind.HANDED_OVER,))
        following.follow(session, parcel, "topdelivery", "TD1", NOW)
        named = NewFact(Kind.DAYS_OFFERED, "carrier:topdelivery", details={"by": "TopDelivery", "days": DAYS})
        journal.record(session, parcel, named, NOW)
        return Recipient(app.test_client(), parcel.id, links.token_for(parcel))


def answer(marina: Recipient, said: str) -> None:
    """What TopDelivery says to the wish that is due, once its own id of the order is known."""
    with transaction() as session:
        errand = telling.claim(session, "topdelivery", (), False, LATER)
        assert errand is not None
        telling.settle(session, CARRIERS["topdelivery"], errand, "815", LATER, 0.5)
        errand = telling.claim(session, "topdelivery", (), False, LATER)
        assert errand is not None
        assert errand.what is What.TELL
        telling.settle(session, CARRIERS["topdelivery"], errand, said, LATER, 0.5)


def free(page: str) -> list[str]:
    return re.findall(r'name="slot"\s+value="([^"]+)"', page)


def test_only_the_carrier_s_hours_are_offered_on_the_page_and_by_the_api(marina: Recipient) -> None:
    page = marina.look("/slot")
    assert set(free(page)) == {"2026-11-22T10:00", "2026-11-22T14:00"}
    assert "всё занято" in text_of(page)
    with reading() as session:
        offered = api_orders.offered(session, session.get_one(Parcel, marina.parcel_id), LATER)
    states = {slot["slot"]: slot["state"] for day in offered["days"] for slot in day["slots"]}
    assert {slot for slot, state in states.items() if state == "free"} == set(free(page))

    refused = marina.press("slot", slot="2026-11-24T14:00")
    assert refused.status_code == 409
    assert "На это время у перевозчика нет места" in text_of(refused.text)
    assert set(free(refused.text.split("Все дни")[0])) == {"2026-11-22T10:00", "2026-11-22T14:00"}


def test_the_recipient_sees_that_the_carrier_has_confirmed(marina: Recipient) -> None:
    marina.press("slot", slot="2026-11-22T10:00")
    page = marina.look()
    assert ("подтвердил" in page, "Ждём подтверждения перевозчика" in page) == (False, True)
    answer(marina, "")
    page = text_of(marina.look())
    assert "Ждём подтверждения" not in page
    assert "TopDelivery подтвердил время Привезёт: вс, 22 ноября, с 10 до 14" in page
    assert "TopDelivery confirmed the time" in marina.client.get(f"/t/{marina.token}?lang=en").text


def test_a_time_that_is_not_confirmed_is_taken_back_with_an_apology(marina: Recipient) -> None:
    marina.press("slot", slot="2026-11-22T10:00")
    with transaction() as session:
        (late,) = telling.due_to_give_up(session, "topdelivery", (), False, LATER + timedelta(days=9))
        telling.give_up(session, CARRIERS["topdelivery"], *late, LATER + timedelta(days=9))
    page = text_of(marina.look())
    assert "Перевозчик не подтвердил это время, его пришлось снять. Простите." in page
    assert marina.parcel.stage is not Stage.SCHEDULED


def test_the_nearest_free_day_is_shown_however_many_full_ones_stand_before_it(marina: Recipient) -> None:
    full = {f"2026-11-{day}": [] for day in range(22, 28)}
    with transaction() as session:
        parcel = journal.lock(session, marina.parcel_id)
        days = {"by": "TopDelivery", "days": full | {"2026-11-29": [["10:00", "18:00"]]}}
        journal.record(session, parcel, NewFact(Kind.DAYS_OFFERED, "carrier:topdelivery", details=days), NOW)
    assert "2026-11-29T10:00" in free(marina.look())
