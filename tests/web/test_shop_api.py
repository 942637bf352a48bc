"""A shop's program: orders in, dates out, deliveries agreed by the same use cases as everybody's."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date, time, timedelta
from typing import Any

import pytest
import time_machine
from flask import Flask
from sqlalchemy import func, select, update
from werkzeug.test import TestResponse

from parcels import journal
from parcels.models import Fact, Parcel, Shop
from parcels.stages import Kind
from portal import api_keys, order_rows, ticking
from portal.api_models import ApiAnswer
from portal.transaction import reading, transaction
from portal.verify import breaches
from scheduling import booking
from scheduling.models import Booking, Call, Slot
from sms.models import Message
from tests.factories import CHELYABINSK, NOW, SettlementFactory, make_world, travel

ORDER = {
    "order_number": "A-1",
    "phone": "8 913 111-22-33",
    "settlement": "Томск",
    "address": "пр. Ленина, 1",
    "cod": 4990.5,
}
SLOT = "2026-11-24T14:00"
Json = dict[str, Any]


class Program:
    """A shop's program with its key."""

    def __init__(self, app: Flask, key: str) -> None:
        self.app, self.key = app, key

    def get(self, path: str, **headers: str) -> TestResponse:
        return self._ask("GET", path, headers)

    def post(self, path: str, body: Any, **headers: str) -> TestResponse:
        return self._ask("POST", path, headers, json=body)

    def _ask(self, method: str, path: str, headers: dict[str, str], **sent: Any) -> TestResponse:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        with self.app.app_context():
            url = f"/api/v1/parcels{path}"
            headers = {"Authorization": f"Bearer {self.key}", **named}
            return self.app.test_client().open(url, method=method, headers=headers, **sent)

    def choose(self, seen: object, body: Json, **headers: str) -> TestResponse:
        return self.post("/A-1/delivery", body, If_Match=f'"{seen}"', **headers)


@pytest.fixture(autouse=True)
def _now() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def program(both: Flask) -> Program:
    with transaction() as session:
        shop = make_world(session)
        return Program(both, api_keys.make(session, shop.id, "1С", "Ольга", NOW))


@pytest.fixture
def order(program: Program) -> Json:
    body: Json = program.post("", ORDER).get_json()
    return body


def problem(answer: TestResponse) -> tuple[int, str]:
    assert answer.mimetype == "application/problem+json"
    assert answer.get_json()["title"]
    return answer.status_code, answer.get_json()["code"]


def count(table: type[Any]) -> int:
    with reading() as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


def taken() -> int:
    with reading() as session:
        return session.scalar(select(func.sum(Slot.taken))) or 0


def happen(*kinds: Kind) -> None:
    with transaction() as session:
        parcel = journal.lock(session, session.scalars(select(Parcel.id)).one())
        travel(session, parcel, kinds)


# --- an order


def test_an_order_comes_in_and_is_told_when_it_arrives(program: Program) -> None:
    answer = program.post("", ORDER)
    assert answer.status_code == 201
    body = answer.get_json()
    assert (body["outcome"], body["order_number"], body["stage"]) == ("created", "A-1", "accepted")
    assert body["arrives_in_city"] == ["2026-11-20", "2026-11-23"]
    assert body["promise"] == ["2026-11-21", "2026-11-24"]
    assert (body["timezone"], body["delivery"]) == ("Asia/Tomsk", None)
    assert answer.headers["ETag"] == f'"{body["version"]}"'
    link = body["tracking_link"].removeprefix("http://localhost")
    assert program.app.test_client().get(link).status_code == 200
    with reading() as session:
        parcel = session.scalars(select(Parcel)).one()
        assert (parcel.phone, parcel.cod_minor) == ("+79131112233", 499_050)
    assert count(Message) == 1


def test_the_same_order_again_changes_nothing_and_new_words_change_it(program: Program, order: Json) -> None:
    again = program.post("", ORDER)
    assert (again.status_code, again.get_json()["outcome"]) == (200, "unchanged")
    changed = program.post("", {**ORDER, "address": "пр. Ленина, 2"})
    assert changed.get_json()["outcome"] == "updated"
    assert (count(Parcel), count(Message)) == (1, 1)


def test_where_it_is_costs_nothing_when_nothing_has_happened(program: Program, order: Json) -> None:
    answer = program.get("/A-1")
    assert answer.get_json() == {name: value for name, value in order.items() if name != "outcome"}
    assert program.get("/A-1", If_None_Match=answer.headers["ETag"]).status_code == 304
    happen(Kind.HANDED_OVER, Kind.DEPARTED)
    later = program.get("/A-1", If_None_Match=answer.headers["ETag"])
    assert (later.status_code, later.get_json()["stage"]) == (200, "in_transit")


def test_a_number_may_hold_a_slash(program: Program) -> None:
    program.post("", {**ORDER, "order_number": "А/1 б"})
    assert program.get("/А/1 б").get_json()["order_number"] == "А/1 б"
    assert program.get("/А/1 б/slots").get_json()["days"]


@pytest.mark.parametrize(
    ("change", "code", "member"),
    [
        ({"order_number": ""}, "no_order_number", "order_number"),
        ({"order_number": "9" * 41}, "too_long", None),
        ({"phone": "123"}, "bad_phone", "phone"),
        ({"phone": None}, "no_phone", "phone"),
        ({"cod": -5}, "bad_cod", "cod"),
        ({"cod": float("nan")}, "bad_cod", "cod"),
        ({"cod": True}, "bad_member", "cod"),
        ({"cod": "4,990"}, "bad_cod", "cod"),
        ({"cod": "4.990"}, "bad_cod", "cod"),
        ({"cod": "#N/A"}, "excel_error", "cod"),
        ({"weight_kg": "1,500"}, "bad_weight", "weight_kg"),
        ({"weight_kg": 1855}, "bad_weight", "weight_kg"),
        ({"email": "nope"}, "bad_email", "email"),
        ({"email": "марина@example.ru"}, "bad_email", "email"),
        ({"language": "kk"}, "bad_language", "language"),
        ({"order_number": "A16/slots"}, "bad_order_number", "order_number"),
        ({"order_number": 1.2e19}, "excel_rounded", "order_number"),
        ({"accepted_at": "0001-01-01T00:00:00"}, "bad_accepted_at", "accepted_at"),
        ({"accepted_at": "0001-01-01T00:00:00+14:00"}, "bad_accepted_at", "accepted_at"),
        ({"accepted_at": "9999-12-31T23:59:59-14:00"}, "future", "accepted_at"),
        ({"accepted_at": "1970-01-01"}, "bad_accepted_at", "accepted_at"),
        ({"pieces": 1.5}, "bad_pieces", "pieces"),
        ({"pieces": 10**400}, "bad_pieces", "pieces"),
        ({"weight_kg": "тонна"}, "bad_weight", "weight_kg"),
        ({"accepted_at": "2027-01-01"}, "future", "accepted_at"),
        ({"settlement": "Нигде"}, "unknown_place", "settlement"),
        ({"settlement": ["Томск"]}, "bad_member", "settlement"),
        ({"weight": 3}, "unknown_member", "weight"),
        ({"track": "№ 7"}, "bad_track", "track"),
        ({"track": "7", "carrier": "pony"}, "bad_carrier", "carrier"),
    ],
)
def test_what_cannot_be_taken_is_named(program: Program, change: Json, code: str, member: str | None) -> None:
    answer = program.post("", {**ORDER, **change})
    assert problem(answer) == (422, code)
    assert answer.get_json().get("member") == member
    assert count(Parcel) == 0


def test_all_that_is_bad_is_named_at_once(program: Program) -> None:
    answer = program.post("?lang=en", {**ORDER, "phone": "123", "email": "nope", "cod": "4,990"})
    assert problem(answer) == (422, "bad_phone")
    named = answer.get_json()["problems"]
    assert [(one["code"], one["member"]) for one in named] == [
        ("bad_phone", "phone"),
        ("bad_email", "email"),
        ("bad_cod", "cod"),
    ]
    assert "thousands" in named[2]["title"]


def test_a_number_of_json_needs_no_guessing(program: Program) -> None:
    program.post(
        "", {**ORDER, "order_number": 5012345678901234567, "cod": 0.1 + 0.2, "weight_kg": 1.855, "pieces": 2.0}
    )
    with reading() as session:
        parcel = session.scalars(select(Parcel)).one()
        assert (parcel.order_number, parcel.cod_minor) == ("5012345678901234567", 30)
        assert (parcel.weight_g, parcel.pieces) == (1855, 2)


@pytest.mark.parametrize(
    "again", [{"cod": "10.0"}, {"cod": 10.0}, {"cod": "10", "recipient": ""}, {"cod": 10, "email": None}]
)
def test_the_same_thing_in_other_words_is_the_same_request(program: Program, again: Json) -> None:
    first = program.post("", {**ORDER, "cod": 10}, Idempotency_Key="k")
    second = program.post("", {**ORDER, **again}, Idempotency_Key="k")
    assert (second.status_code, second.get_json()) == (first.status_code, first.get_json())
    assert problem(program.post("", {**ORDER, "cod": 11}, Idempotency_Key="k")) == (422, "key_used")


@pytest.mark.parametrize("day", ["0001-01-01", "9999-12-31", "0001-01-01T00:00", "1970-01-01"])
def test_a_day_that_nobody_can_deliver_on(program: Program, order: Json, day: str) -> None:
    for choice in ({"postpone_to": day}, {"slot": day if "T" in day else f"{day}T14:00"}):
        assert program.choose(order["version"], choice).status_code in (409, 422)


STRANGE = (
    "\0",
    "a\0b",
    "\ud800",
    "\u202e1",
    "а" * 9_000,
    "=1",
    "#REF!",
    "-",
    "NaN",
    0,
    -1,
    1e308,
    -0.0,
    2**63,
    10**30,
    "🙂",
)


@pytest.mark.parametrize("value", STRANGE, ids=lambda value: repr(value)[:20])
def test_whatever_a_program_sends_is_answered_in_words(program: Program, value: object) -> None:
    for member in order_rows.KNOWN:
        answer = program.post("", {**ORDER, member: value})
        assert answer.status_code < 500, (member, answer.text)


@pytest.mark.parametrize(
    "number", ["a%00b", "%ED%A0%80", "%FF", "9" * 5_000, "%2e%2e", "%23", "a%2Fslots", "%F0%9F%99%82"]
)
def test_a_number_that_is_none_is_not_found(program: Program, number: str) -> None:
    for path in (f"/{number}", f"/{number}/slots"):
        assert program.get(path).status_code in (400, 404, 308)
    assert program.post(f"/{number}/recall", {}, If_Match='"1"').status_code in (400, 404, 308)


def test_namesakes_are_listed(program: Program) -> None:
    with transaction() as session:
        for region, code in (("Московская область", "50"), ("Алтайский край", "22")):
            session.add(SettlementFactory(name="Троицк", region=region, region_code=code))
    answer = program.post("", {**ORDER, "settlement": "Троицк"})
    assert problem(answer) == (422, "ambiguous_place")
    assert len(answer.get_json()["candidates"]) == 2


@pytest.mark.parametrize(
    "raw", [b"", b"{", b"[]", b"1", b"\xff\xfe", b"[" * 60_000, b'{"pieces": ' + b"9" * 9_000 + b"}"]
)
def test_what_is_not_json_is_refused(program: Program, raw: bytes) -> None:
    headers = {"Authorization": f"Bearer {program.key}"}
    answer = program.app.test_client().post("/api/v1/parcels", data=raw, headers=headers)
    assert problem(answer) == (400, "not_json")


def test_a_huge_body_is_not_read(program: Program) -> None:
    assert problem(program.post("", {**ORDER, "address": "я" * 100_000})) == (413, "http_413")


def test_an_order_that_is_over_is_not_changed(program: Program, order: Json) -> None:
    happen(Kind.TO_COURIER)
    assert problem(program.post("", {**ORDER, "address": "пр. Ленина, 2"})) == (409, "with_courier")
    happen(Kind.DELIVERED)
    assert problem(program.post("", {**ORDER, "cod": 1})) == (409, "closed")


# --- whose it is


def test_another_shops_order_is_as_unknown_as_none(program: Program, order: Json) -> None:
    with transaction() as session:
        other = Shop(code="other", name="Другой", phone="+78000000417", origin_id=CHELYABINSK)
        session.add(other)
        session.flush()
        stranger = Program(program.app, api_keys.make(session, other.id, "1С", "Ольга", NOW))
    asked = (stranger.get("/A-1"), stranger.get("/A-1/slots"), stranger.choose(order["version"], {"slot": SLOT}))
    assert {problem(answer) for answer in asked} == {(404, "no_order")}
    assert problem(program.get("/A-2")) == (404, "no_order")
    assert taken() == 0


# --- the delivery


def test_a_slot_is_agreed_on_the_way_and_nobody_calls(program: Program, order: Json) -> None:
    days = program.get("/A-1/slots").get_json()
    assert days["version"] == order["version"]
    assert days["window"] == ["2026-11-21", "2026-12-05"]
    free = days["days"][3]
    assert (free["date"], free["closes_at"]) == ("2026-11-24", "2026-11-23T11:00:00+00:00")
    assert free["slots"][1] == {"slot": SLOT, "date": "2026-11-24", "from": "14:00", "to": "18:00", "state": "free"}
    answer = program.choose(days["version"], {"slot": SLOT})
    body = answer.get_json()
    assert (answer.status_code, body["stage"]) == (200, "scheduled")
    assert body["delivery"] == {
        "kind": "slot",
        "slot": SLOT,
        "date": "2026-11-24",
        "from": "14:00",
        "to": "18:00",
        "made_by": "shop",
    }
    with reading() as session:
        assert session.scalars(select(Booking.made_by)).one() == "shop:teply-dom"
    ticking.sweep(NOW + timedelta(days=7))
    assert count(Call) == 0
    with transaction() as session:
        assert [b for b in breaches(session) if b.invariant != "I3"] == []


def test_it_can_be_postponed(program: Program, order: Json) -> None:
    body = program.choose(order["version"], {"postpone_to": "2026-12-03"}).get_json()
    assert body["delivery"] == {"kind": "postponed", "to": "2026-12-03", "made_by": "shop"}
    assert body["stage"] == "postponed"


def test_the_recipients_page_says_who_chose(program: Program, order: Json) -> None:
    program.choose(order["version"], {"slot": SLOT})
    page = program.app.test_client().get(order["tracking_link"].removeprefix("http://localhost")).text
    assert "Через магазин: вт, 24 ноября" in page.replace("\u00a0", " ")


def test_without_a_version_nothing_is_changed(program: Program, order: Json) -> None:
    assert problem(program.post("/A-1/delivery", {"slot": SLOT})) == (428, "no_version")
    assert problem(program.post("/A-1/delivery", {"slot": SLOT}, If_Match="*")) == (428, "no_version")
    assert problem(program.post("/A-1/delivery", {"slot": SLOT}, If_Match='"x"')) == (422, "bad_version")
    assert taken() == 0


def test_a_stale_version_loses_and_sees_what_changed(program: Program, order: Json) -> None:
    with transaction() as session:
        parcel = journal.lock(session, session.scalars(select(Parcel.id)).one())
        row = booking.offered(session, parcel, NOW)[0].offers[0].row
        booking.book(session, parcel, row.day, row.starts, booking.Asker("recipient", parcel.version), NOW)
    answer = program.choose(order["version"], {"slot": SLOT})
    assert problem(answer) == (412, "stale")
    current = answer.get_json()["current"]
    assert (current["stage"], current["delivery"]["made_by"]) == ("scheduled", "recipient")
    assert program.choose(current["version"], {"slot": SLOT}).status_code == 200
    assert taken() == 1


def test_a_slot_that_has_gone_brings_the_three_nearest(program: Program, order: Json) -> None:
    with transaction() as session:
        tuesday = Slot.day == date(2026, 11, 24), Slot.starts == time(14)
        session.execute(update(Slot).where(*tuesday).values(capacity=1, taken=1))
    answer = program.choose(order["version"], {"slot": SLOT})
    assert problem(answer) == (409, "slot_full")
    assert [near["slot"] for near in answer.get_json()["nearest"]] == [
        *("2026-11-24T10:00", "2026-11-24T18:00", "2026-11-25T14:00")
    ]


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({}, 422, "one_of"),
        ({"slot": SLOT, "postpone_to": "2026-12-03"}, 422, "one_of"),
        ({"slot": "завтра"}, 422, "not_a_date"),
        ({"slot": "2026-11-24"}, 422, "not_a_date"),
        ({"postpone_to": "3 декабря"}, 422, "not_a_date"),
        ({"date": "2026-11-24"}, 422, "unknown_member"),
        ({"slot": "2026-11-01T14:00"}, 409, "past_day"),
        ({"slot": "2026-11-18T14:00"}, 409, "too_early"),
        ({"slot": "2026-12-24T14:00"}, 409, "beyond_limit"),
        ({"slot": "2026-11-24T15:00"}, 409, "closed_day"),
        ({"postpone_to": "2026-12-24"}, 409, "beyond_limit"),
    ],
)
def test_what_cannot_be_agreed_says_why(program: Program, order: Json, body: Json, status: int, code: str) -> None:
    assert problem(program.choose(order["version"], body)) == (status, code)
    assert (taken(), count(Booking)) == (0, 0)


def test_what_is_over_or_without_a_courier_cannot_be_agreed(program: Program, order: Json) -> None:
    program.post("", {**ORDER, "order_number": "A-2", "settlement": "Тихая"})
    assert problem(program.get("/A-2/slots")) == (409, "no_courier_here")
    with transaction() as session:
        first = session.scalars(select(Parcel.id).order_by(Parcel.id)).first()
        travel(session, journal.lock(session, first or 0), [Kind.TO_COURIER, Kind.DELIVERED])
    assert problem(program.choose(program.get("/A-1").get_json()["version"], {"slot": SLOT})) == (409, "delivered")


# --- twice


def test_a_repeated_request_is_answered_and_not_repeated(program: Program, order: Json) -> None:
    first = program.choose(order["version"], {"slot": SLOT}, Idempotency_Key="k1")
    happen(Kind.HANDED_OVER)
    again = program.choose(order["version"], {"slot": SLOT}, Idempotency_Key="k1")
    assert (again.status_code, again.get_json()) == (200, first.get_json())
    assert (taken(), count(Booking)) == (1, 1)
    other = program.choose(order["version"], {"slot": "2026-11-25T14:00"}, Idempotency_Key="k1")
    assert problem(other) == (422, "key_used")
    assert problem(program.choose(order["version"], {"slot": SLOT}, Idempotency_Key="")) == (422, "bad_key")


def test_a_created_order_is_answered_as_created_again(program: Program) -> None:
    answers = [program.post("", ORDER, Idempotency_Key="k") for _ in range(2)]
    assert [answer.status_code for answer in answers] == [201, 201]
    assert answers[0].get_json() == answers[1].get_json()
    assert problem(program.post("", {**ORDER, "cod": 1}, Idempotency_Key="k")) == (422, "key_used")


def test_a_refusal_is_not_kept(program: Program, order: Json) -> None:
    assert problem(program.choose(1, {"slot": SLOT}, Idempotency_Key="k"))[0] == 412
    assert program.choose(order["version"], {"slot": SLOT}, Idempotency_Key="k").status_code == 200


def test_answers_are_forgotten_after_three_days(program: Program, order: Json) -> None:
    program.choose(order["version"], {"slot": SLOT}, Idempotency_Key="k")
    assert (ticking.forget_answers(NOW + timedelta(days=2)), count(ApiAnswer)) == (0, 1)
    assert (ticking.forget_answers(NOW + timedelta(days=4)), count(ApiAnswer)) == (1, 0)


def test_sixteen_at_once_with_one_key_are_carried_out_once(program: Program, order: Json) -> None:
    def ask(_number: int) -> TestResponse:
        return program.choose(order["version"], {"slot": SLOT}, Idempotency_Key="k")

    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(ask, range(16)))
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.get_data() for answer in answers}) == 1
    with reading() as session:
        booked = select(func.count()).select_from(Fact).where(Fact.kind == Kind.SLOT_BOOKED)
        assert (session.scalar(booked), taken()) == (1, 1)


def test_a_shop_that_asks_too_often_waits(program: Program, order: Json) -> None:
    program.app.config["RATELIMIT_ENABLED"] = True
    answers = [program.get("/A-1").status_code for _ in range(601)]
    assert (answers[:600], answers[600]) == ([200] * 600, 429)
    assert problem(program.get("/A-1")) == (429, "http_429")


# --- recall and redirect


def test_an_order_is_recalled_once_by_the_version_that_was_seen(program: Program, order: Json) -> None:
    happen(Kind.HANDED_OVER)
    assert problem(program.post("/A-1/recall", {})) == (428, "no_version")
    assert problem(program.post("/A-1/recall", {}, If_Match='"1"')) == (412, "stale")
    seen = program.get("/A-1").headers["ETag"]
    for _twice in range(2):
        answer = program.post("/A-1/recall", {"note": "брак"}, If_Match=seen, Idempotency_Key="r-1")
        assert (answer.status_code, answer.get_json()["stage"]) == (200, "recalled")
    now = program.get("/A-1").headers["ETag"]
    assert problem(program.post("/A-1/recall", {}, If_Match=now)) == (409, "recalled")
    assert problem(program.post("/A-2/recall", {}, If_Match=now)) == (404, "no_order")


def test_an_order_is_redirected_while_it_has_not_left_for_its_city(program: Program, order: Json) -> None:
    seen = program.get("/A-1").headers["ETag"]
    elsewhere = {"settlement": "Калининград", "address": "ул. Мира, 1"}
    assert problem(program.post("/A-1/redirect", {"settlement": "Калининград"}, If_Match=seen)) == (422, "no_address")
    assert problem(program.post("/A-1/redirect", {"phone": "1"}, If_Match=seen)) == (422, "unknown_member")
    told = program.post("/A-1/redirect", elsewhere, If_Match=seen).get_json()
    assert (told["timezone"], told["promise"] != order["promise"]) == ("Europe/Kaliningrad", True)
    assert problem(program.post("/A-1/redirect", {"address": "ул. Мира, 2"}, If_Match=seen)) == (412, "stale")
    happen(Kind.HANDED_OVER, Kind.DEPARTED)
    now, back = program.get("/A-1").headers["ETag"], {"settlement": "Томск", "address": "пр. Ленина, 1"}
    assert problem(program.post("/A-1/redirect", back, If_Match=now)) == (409, "other_city")
