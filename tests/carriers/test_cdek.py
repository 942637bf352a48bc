"""CDEK: events that are pushed and orders that are asked for, understood alike."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest

from carriers import cdek
from carriers.base import BadAnswer, in_order
from parcels.stages import Kind
from tests.carriers.hostile import understood

DATA = Path(__file__).parents[1] / "data" / "carriers"
RECORDED = (DATA / "cdek_webhook.json").read_bytes()


def status(code: str, when: object = "2026-11-20T10:00:00+0500", **said: Any) -> dict[str, Any]:
    return {"code": code, "name": "Слова", "date_time": when, "city": "Челябинск", **said}


def order(*statuses: object, **said: Any) -> bytes:
    return json.dumps({"entity": {"cdek_number": "1106153417", "statuses": statuses, **said}}).encode()


def event(**said: Any) -> bytes:
    recorded = json.loads(RECORDED)
    return json.dumps({**recorded, "attributes": {**recorded["attributes"], **said}}).encode()


def test_the_recorded_event_is_understood_to_the_letter() -> None:
    [update] = cdek.parse(RECORDED)
    record = update.record()
    assert len(record.pop("key")) == 24
    assert record == {
        "carrier": "cdek",
        "number": "1106153417",
        "kind": "delivered",
        "stage": "delivered",
        "occurred_at": "2019-07-11T12:41:43+07:00",
        "place": "Новосибирск",
        "code": "DELIVERED",
        "text": "Вручен",
        "cash_due": None,
        "weight_g": None,
    }


def test_an_asked_order_tells_its_whole_way() -> None:
    package = {"weight": 900, "items": [{"payment": {"value": 1250.5}, "amount": 2}, {"payment": {"value": 0}}]}
    latest_first = [
        status("TAKEN_BY_COURIER", "2026-11-22T09:00:00+0700", city="Томск", name="Выдан на доставку"),
        status("SENT_TO_RECIPIENT_CITY", "2026-11-20T18:00:00+0500", name="Отправлен в г. получатель"),
        status("CREATED", "2026-11-20T09:00:00+0000", city="Офис СДЭК", name="Создан"),
    ]
    answer = order(*latest_first, packages=[package, {"weight": 100}], delivery_recipient_cost={"value": 300})
    told = [
        (update.kind, update.occurred_at.isoformat(), update.place, update.text, update.cash_due, update.weight_g)
        for update in in_order(cdek.parse(answer))
    ]
    assert told == [
        (Kind.ORDER_ACCEPTED, "2026-11-20T09:00:00+00:00", "Офис СДЭК", "Создан", 280_100, 1000),
        (Kind.DEPARTED, "2026-11-20T18:00:00+05:00", "Челябинск", "Отправлен в г. получатель", 280_100, 1000),
        (Kind.TO_COURIER, "2026-11-22T09:00:00+07:00", "Томск", "Выдан на доставку", 280_100, 1000),
    ]


def test_the_table_has_every_status_of_the_carrier_by_its_name_and_no_other() -> None:
    with (DATA / "cdek_statuses.csv").open(encoding="utf-8") as listed:
        names = {row["code"]: row["name_ru"] for row in csv.DictReader(listed)}
    assert {code: name for code, (_, name) in cdek.STATUSES.items()} == names


def test_every_newer_name_stands_for_a_status_that_is_known_and_is_none_itself() -> None:
    assert set(cdek.SYNONYMS.values()) <= set(cdek.STATUSES)
    assert not set(cdek.SYNONYMS) & set(cdek.STATUSES)
    assert cdek.parse(order(status("ISSUED_FOR_DELIVERY")))[0].kind is Kind.TO_COURIER


def test_an_unknown_code_is_unknown_with_its_text() -> None:
    [asked] = cdek.parse(order(status("TELEPORTED", name="Телепортирован")))
    [pushed] = cdek.parse(event(code="TELEPORTED"))
    assert (asked.kind, asked.code, asked.text) == (Kind.UNKNOWN, "TELEPORTED", "Телепортирован")
    assert (pushed.kind, pushed.text) == (Kind.UNKNOWN, "TELEPORTED")


def test_a_removed_order_says_nothing_about_the_way() -> None:
    assert cdek.parse(order(status("REMOVED"))) == []


def test_a_status_that_was_crossed_out_is_left_out() -> None:
    assert cdek.parse(order(status("DELIVERED", deleted=True))) == []
    assert cdek.parse(event(deleted=True)) == []


def test_an_event_about_a_printed_form_is_not_about_the_way() -> None:
    assert cdek.parse(b'{"type": "PRINT_FORM", "attributes": {"type": "WAYBILL", "url": "https://api"}}') == []


@pytest.mark.parametrize(
    ("code", "kind"),
    [("DELIVERED", Kind.RETURNED), ("SENT_TO_RECIPIENT_CITY", Kind.RETURNING), ("TELEPORTED", Kind.UNKNOWN)],
)
def test_the_order_that_brings_a_refused_parcel_back_is_never_delivered(code: str, kind: Kind) -> None:
    assert cdek.parse(event(code=code, is_return=True))[0].kind is kind


def test_statuses_of_one_instant_stay_as_the_carrier_has_them() -> None:
    found = in_order(cdek.parse(order(status("SENT_TO_TRANSIT_CITY"), status("ACCEPTED_IN_TRANSIT_CITY"))))
    assert [update.kind for update in found] == [Kind.DEPARTED, Kind.PASSED]


def test_told_latest_first_those_of_one_instant_are_so_too() -> None:
    codes = ("TAKEN_BY_COURIER", "ACCEPTED_AT_RECIPIENT_CITY_WAREHOUSE", "ARRIVED_AT_RECIPIENT_CITY", "CREATED")
    told = [status(code, f"2026-11-2{day}T10:00:00+0500") for code, day in zip(codes, (3, 2, 2, 1), strict=True)]
    assert [update.code for update in in_order(cdek.parse(order(*told)))] == list(reversed(codes))


def test_asked_or_pushed_by_whichever_clock_it_is_one_event() -> None:
    same = {"name": "Вручен", "city": "Новосибирск"}
    [asked] = cdek.parse(order(status("DELIVERED", "2019-07-11T05:41:43+0000", **same)))
    [pushed] = cdek.parse(event(city=None, city_name="Новосибирск", city_code="270"))
    assert (asked.key, pushed.place) == (pushed.key, "Новосибирск")
    assert asked.key != cdek.parse(event(status_date_time="2019-07-11T12:41:44+0700"))[0].key


def test_an_event_with_a_number_for_a_code_is_unknown_by_it() -> None:
    [update] = cdek.parse(event(code=None))
    assert (update.kind, update.code, update.text) == (Kind.UNKNOWN, "4", "4")


@pytest.mark.parametrize(
    "when", ["0001-01-01T00:00:00+0000", "1970-01-01T00:00:00+0000", "2026-11-20T10:00:00", "", None, 0, [], "NaN"]
)
def test_a_status_without_a_date_to_believe_is_left_out(when: object) -> None:
    assert cdek.parse(order(status("DELIVERED", when))) == []


def test_an_event_without_the_date_of_its_status_has_its_own() -> None:
    [update] = cdek.parse(event(status_date_time="0001-01-01T00:00:00+0000"))
    assert update.occurred_at.isoformat() == "2019-07-11T13:07:34+07:00"


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        ({"requests": [{"errors": [{"message": "Order not found."}]}]}, "Ошибка в ответе СДЭК: Order not found."),
        ({"errors": [{"message": "a"}, {"message": "b"}]}, "Ошибка в ответе СДЭК: a; b."),
        ({"error": "invalid_client", "error_description": "Bad\nkey"}, "Ошибка в ответе СДЭК: Bad key."),
        ({"errors": [{"code": "v2_token_expired", "message": ""}]}, "Ошибка в ответе СДЭК: v2_token_expired."),
        ({"requests": [None, {"errors": "?"}, {"errors": [1]}]}, "В ответе СДЭК нет ни заказа, ни события."),
    ],
)
def test_a_refusal_is_told_in_the_carrier_s_words(answer: object, sentence: str) -> None:
    with pytest.raises(BadAnswer) as refusal:
        cdek.parse(json.dumps(answer).encode())
    assert str(refusal.value) == sentence


@pytest.mark.parametrize("statuses", [None, {}, "DELIVERED", 5, [None], [[]], ["DELIVERED"]])
def test_a_list_of_statuses_that_is_not_one_is_refused(statuses: object) -> None:
    with pytest.raises(BadAnswer):
        cdek.parse(json.dumps({"entity": {"cdek_number": "1", "statuses": statuses}}).encode())


@pytest.mark.parametrize("odd", [None, [], {}, True, 1.5, "", "\ud800", -1, 10**30, [None], [{"items": [1, {}]}]])
@pytest.mark.parametrize("field", ["cdek_number", "number", "packages", "delivery_recipient_cost", "is_return"])
def test_a_field_of_a_wrong_type_breaks_nothing(field: str, odd: object) -> None:
    assert len(understood(cdek.parse, order(status("DELIVERED"), status("TELEPORTED"), **{field: odd}))) <= 2
    assert len(understood(cdek.parse, order({**status("DELIVERED"), "code": odd, "name": odd, "city": odd}))) <= 1
    assert len(understood(cdek.parse, event(**{field: odd}))) <= 1


@pytest.mark.parametrize(
    ("said", "money"),
    [
        ({"transacted_payment": True}, Kind.CASH_BACK),
        ({"transacted_payment": True, "is_return": True}, None),
        ({"transacted_payment": "true"}, None),
        ({}, None),
    ],
)
def test_an_order_tells_that_its_money_has_been_transferred(said: dict[str, Any], money: Kind | None) -> None:
    waiting, handed_over = cdek.parse(order(status("TAKEN_BY_COURIER"), status("DELIVERED"), **said))
    assert (waiting.money, handed_over.money) == (None, money)
