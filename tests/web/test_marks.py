"""Marks that waited in a courier's phone: taken once, in order, told when they happened; and who may not send them."""

import json
from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from io import BytesIO
from typing import Any

import pytest
import time_machine
from flask import Flask
from sqlalchemy import select
from werkzeug.test import TestResponse

from parcels import journal
from parcels.journal import NewFact
from parcels.models import Fact, Parcel, Staff
from parcels.stages import Kind, Stage
from portal.transaction import reading, transaction
from scheduling import booking, recalling
from scheduling.mark_models import DeviceMark
from scheduling.photo_models import DoorPhoto
from scheduling.photos import redrawn
from tests.web.test_account import Browser
from tests.web.test_photos import JPEG
from tests.web.test_rounds import NOON, parcels, stage_of

__all__ = ["parcels"]
HOUR = timedelta(hours=1)
#: A phone that is three hours fast.
PHONE = NOON + 3 * HOUR


class Phone(Browser):
    """A courier's phone: what it sends, and with which token."""

    def send(self, *marks: dict[str, Any], **changed: Any) -> TestResponse:
        with self._app.app_context():
            return self._client.post("/round/marks", json=told(*marks, **changed), headers={"X-CSRFToken": self._token})

    def send_photo(self, mark: dict[str, Any], body: bytes, **changed: Any) -> TestResponse:
        return self.post("/round/photos", told=json.dumps(told(mark, **changed)), photo=(BytesIO(body), "photo"))


def told(*marks: dict[str, Any], **changed: Any) -> dict[str, Any]:
    with reading() as session:
        by = str(session.scalars(select(Staff.id).where(Staff.role == "courier")).one())
    return {"device": "phone-1", "by": by, "sent_at": PHONE.isoformat(), "marks": list(marks), **changed}


def scan(name: str, parcel_id: int, ago: timedelta = HOUR) -> dict[str, Any]:
    return mark(name, "scan", ago, code=f"VH{parcel_id:09d}")


def mark(name: str, kind: str, ago: timedelta = HOUR, parcel: str = "", **fields: str) -> dict[str, Any]:
    return {"id": name, "kind": kind, "parcel": parcel, "at": (PHONE - ago).isoformat(), "fields": fields}


@pytest.fixture
def phone(app: Flask, parcels: list[int]) -> Iterator[Phone]:
    with time_machine.travel(NOON, tick=False):
        phone = Phone(app, "courier")
        phone.get("/round")
        yield phone


def states(answer: TestResponse) -> list[tuple[str, str]]:
    assert answer.status_code == 200, answer.text
    return [(one["id"], one["state"]) for one in answer.get_json()["results"]]


def facts(parcel_id: int, kind: Kind) -> list[Fact]:
    with reading() as session:
        return list(session.scalars(select(Fact).where(Fact.parcel_id == parcel_id, Fact.kind == kind)))


def test_a_morning_without_a_network_is_told_at_noon_as_it_was(phone: Phone, parcels: list[int]) -> None:
    morning = [
        scan("a", parcels[1], 4 * HOUR),
        mark("b", "start", 3 * HOUR),
        mark("c", "delivered", 2 * HOUR, str(parcels[1]), to="Марина", cash="4990"),
    ]
    assert states(phone.send(*morning)) == [("a", "saved"), ("b", "saved"), ("c", "saved")]
    (delivered,) = facts(parcels[1], Kind.DELIVERED)
    assert (delivered.occurred_at, delivered.recorded_at) == (NOON - 2 * HOUR, NOON)
    assert "вручено в 10:00" in phone.get("/round").text


def test_the_same_marks_again_get_the_same_answers_and_change_nothing(phone: Phone, parcels: list[int]) -> None:
    marks = [scan("a", parcels[1]), mark("b", "scan", code="VH000999999")]
    first, again = phone.send(*marks), phone.send(*marks)
    assert first.get_json() == again.get_json()
    assert states(again) == [("a", "saved"), ("b", "refused")]
    assert "нет ни в одном рейсе" in again.get_json()["results"][1]["words"]
    assert len(facts(parcels[1], Kind.TO_COURIER)) == 1


def test_what_cannot_be_so_is_kept_and_said(phone: Phone, parcels: list[int]) -> None:
    one = str(parcels[1])
    phone.send(scan("a", parcels[1]), mark("b", "delivered", HOUR, one, to="Марина", cash="4990"))
    late = phone.send(mark("c", "failed", HOUR, one, why="absent"))
    assert states(late) == [("c", "refused")]
    assert stage_of(parcels[1]) is Stage.DELIVERED
    with reading() as session:
        kept = session.scalars(select(DeviceMark).where(DeviceMark.client_id == "c")).one()
    assert (kept.fields["why"], kept.is_taken) == ("absent", False)


def test_a_closed_round_still_hears_what_happened_before(phone: Phone, parcels: list[int]) -> None:
    """The incident of the evening has taken the time back; the next morning the phone finds a network."""
    with reading() as session:
        day = session.get_one(Parcel, parcels[0])
    assert day.stage is Stage.SCHEDULED
    with time_machine.travel(NOON + 20 * HOUR, tick=False):
        assert phone.send(scan("a", parcels[0])).status_code == 400, "the page's token is over"
        phone.get("/round")
        told = [
            scan("a", parcels[0], 22 * HOUR) | {"fields": {"code": f"VH{parcels[0]:09d}", "day": "2026-11-26"}},
            mark("b", "delivered", 20 * HOUR, str(parcels[0]), to="Марина", cash="", day="2026-11-26"),
        ]
        assert states(phone.send(*told)) == [("a", "saved"), ("b", "saved")]
    assert stage_of(parcels[0]) is Stage.DELIVERED


@pytest.mark.parametrize(
    "changed",
    [
        {"marks": "none"},
        {"marks": [{"id": "a"}] * 51},
        {"marks": [{"id": "", "kind": "scan", "fields": {}}]},
        {"marks": [{"id": "a", "kind": "scan", "fields": []}]},
        {"marks": [7]},
        {"device": ""},
        {"device": 7},
    ],
)
def test_what_no_phone_sends_is_refused_whole(phone: Phone, changed: dict[str, Any]) -> None:
    assert phone.send(**changed).status_code == 422
    with reading() as session:
        assert session.scalars(select(DeviceMark)).all() == []


def test_a_photo_is_taken_once_and_only_of_what_was_handed_over(phone: Phone, parcels: list[int]) -> None:
    one = str(parcels[1])
    early = phone.send_photo(mark("a", "photo", 3 * HOUR, one), JPEG)
    assert (states(early), "не отмечена вручённой" in early.get_json()["results"][0]["words"]) == (
        [("a", "refused")],
        True,
    )
    phone.send(scan("b", parcels[1]), mark("c", "delivered", 2 * HOUR, one, to="Марина", cash="4990"))
    for _time in range(2):
        assert states(phone.send_photo(mark("a", "photo", 2 * HOUR, one), JPEG)) == [("a", "refused")]
        assert states(phone.send_photo(mark("d", "photo", 2 * HOUR, one), JPEG)) == [("d", "saved")]
    assert phone.send_photo(mark("e", "photo", HOUR, one), JPEG, by="999").status_code == 409
    for nonsense in ("{", "[" * 100_000):
        assert phone.post("/round/photos", told=nonsense).status_code == 422
    with reading() as session:
        photo = session.scalars(select(DoorPhoto)).one()
    assert (photo.taken_at, photo.body) == (NOON - 2 * HOUR, redrawn(JPEG))


@pytest.mark.parametrize("kind", ["close", "erase", ""])
def test_a_kind_that_may_not_wait_is_answered_and_does_nothing(phone: Phone, kind: str) -> None:
    assert states(phone.send(mark("a", kind))) == [("a", "refused")]


def test_the_marks_of_another_courier_wait_for_him(phone: Phone, parcels: list[int]) -> None:
    assert phone.send(scan("a", parcels[1]), by="999").status_code == 409
    assert facts(parcels[1], Kind.TO_COURIER) == []


def test_without_a_session_or_a_token_nothing_is_taken(app: Flask, phone: Phone, parcels: list[int]) -> None:
    phone._token = "forged"
    assert phone.send(scan("a", parcels[1])).status_code == 400
    assert Phone(app).send(scan("a", parcels[1])).status_code in (303, 400)
    assert facts(parcels[1], Kind.TO_COURIER) == []


def test_the_worker_and_the_manifest_can_be_had(app: Flask) -> None:
    worker = app.test_client().get("/round/worker.js")
    assert (worker.status_code, worker.headers["Service-Worker-Allowed"]) == (200, "/round")
    manifest = app.test_client().get("/round/app.webmanifest").get_json(force=True)
    assert (manifest["start_url"], manifest["display"]) == ("/round", "standalone")


def put_off(parcel_id: int, at: datetime) -> None:
    """The recipient postpones his parcel."""
    with transaction() as session:
        parcel = journal.lock(session, parcel_id)
        later = date(2026, 11, 28)
        booking.postpone(session, parcel, later, booking.Asker("recipient", parcel.version), at)


def take_back(parcel_id: int, at: datetime) -> None:
    with transaction() as session:
        booking.withdraw(session, journal.lock(session, parcel_id), "operator:1", "incident", at)


def recall(parcel_id: int, at: datetime) -> None:
    with transaction() as session:
        parcel = journal.lock(session, parcel_id)
        recalling.recall(session, parcel, booking.Asker("shop:teply-dom", parcel.version), "", at)


def hand_out_elsewhere(parcel_id: int, at: datetime) -> None:
    with transaction() as session:
        parcel = journal.lock(session, parcel_id)
        journal.record(session, parcel, NewFact(Kind.DELIVERED, "carrier:test"), at)


@pytest.mark.parametrize("call_off", [put_off, take_back, recall, hand_out_elsewhere])
def test_what_was_called_off_before_it_was_scanned_is_not_told_late(
    phone: Phone, parcels: list[int], call_off: Callable[[int, datetime], None]
) -> None:
    call_off(parcels[1], NOON - 5 * HOUR)
    before = stage_of(parcels[1])
    one = str(parcels[1])
    told = phone.send(scan("a", parcels[1], 4 * HOUR), mark("b", "failed", 2 * HOUR, one, why="absent"))
    assert states(told) == [("a", "refused"), ("b", "refused")]
    form = phone.post("/round/scan", code=f"VH{parcels[1]:09d}")
    assert form.status_code == 409
    assert stage_of(parcels[1]) is before
    assert facts(parcels[1], Kind.LATE_NEWS) == []


@pytest.mark.parametrize("call_off", [put_off, take_back, recall])
def test_what_was_scanned_before_it_was_called_off_is_told_late(
    phone: Phone, parcels: list[int], call_off: Callable[[int, datetime], None]
) -> None:
    call_off(parcels[1], NOON - 3 * HOUR)
    assert states(phone.send(scan("a", parcels[1], 4 * HOUR))) == [("a", "saved")]


def test_nobody_leaves_with_what_was_called_off(phone: Phone, parcels: list[int]) -> None:
    for parcel_id in parcels:
        put_off(parcel_id, NOON - 5 * HOUR)
    assert states(phone.send(mark("a", "start", 3 * HOUR))) == [("a", "refused")]
    assert phone.post("/round/start").status_code == 409
