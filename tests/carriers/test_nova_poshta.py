"""Nova Poshta: one status a parcel, three ways to write a date, and nothing that is not said."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest

from carriers import nova_poshta
from carriers.base import BadAnswer
from parcels.stages import Kind
from tests.carriers.hostile import understood

DATA = Path(__file__).parents[1] / "data" / "carriers"
RECORDED = (DATA / "nova_poshta_tracking.json").read_bytes()


def answer(*documents: object) -> bytes:
    return json.dumps({"success": True, "data": documents, "errors": []}).encode()


def document(code: str, **said: Any) -> dict[str, Any]:
    since = {"TrackingUpdateDate": "2026-11-20 10:00:00"}
    return {"Number": "59000777777777", "StatusCode": code, "Status": "Слова", **since, **said}


def test_the_recorded_answer_is_understood_to_the_letter() -> None:
    [update] = nova_poshta.parse(RECORDED)
    record = update.record()
    assert len(record.pop("key")) == 24
    assert record == {
        "carrier": "nova_poshta",
        "number": "59000777777777",
        "kind": "delivered",
        "stage": "delivered",
        "occurred_at": "2022-03-08T15:16:47+02:00",
        "place": "Ісенґард",
        "code": "9",
        "text": "Відправлення отримано",
        "cash_due": None,
        "weight_g": 2000,
    }


def test_the_table_has_every_status_of_the_carrier_and_no_other() -> None:
    with (DATA / "nova_poshta_statuses.csv").open(encoding="utf-8") as listed:
        assert set(nova_poshta.KINDS) == {row["code"] for row in csv.DictReader(listed)}


@pytest.mark.parametrize("code", ["999", "90", "", "абв"])
def test_an_unknown_code_is_unknown_with_its_text(code: str) -> None:
    [update] = nova_poshta.parse(answer(document(code, Status="Телепортується")))
    assert (update.kind, update.code, update.text) == (Kind.UNKNOWN, code, "Телепортується")


@pytest.mark.parametrize("code", ["2", "3", "104", "112"])
def test_a_status_that_says_nothing_about_the_way_is_left_out(code: str) -> None:
    assert nova_poshta.parse(answer(document(code))) == []


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("2026-11-20 15:16:53", "2026-11-20T15:16:53+02:00"),
        ("20-07-2026 15:16:53", "2026-07-20T15:16:53+03:00"),
        ("20.11.2026 15:16:53", "2026-11-20T15:16:53+02:00"),
        ("15:16 20.07.2026", "2026-07-20T15:16:00+03:00"),
    ],
)
def test_a_date_is_read_in_each_of_its_ways_by_the_clocks_of_kyiv(said: str, meant: str) -> None:
    [update] = nova_poshta.parse(answer(document("5", DateLastMovementStatus=said)))
    assert update.occurred_at.isoformat() == meant


@pytest.mark.parametrize("said", ["0001-01-01 00:00:00", "0000-00-00 00:00:00", "01.01.1970 03:00:00", "", None, 0, []])
def test_a_date_that_is_not_said_gives_way_to_one_that_is(said: object) -> None:
    [update] = nova_poshta.parse(answer(document("9", RecipientDateTime=said)))
    assert update.occurred_at.isoformat() == "2026-11-20T10:00:00+02:00"


def test_a_plan_is_no_fact() -> None:
    plan = document("5", TrackingUpdateDate="0001-01-01 00:00:00", ScheduledDeliveryDate="2026-11-25 12:00:00")
    assert nova_poshta.parse(answer(plan)) == []


def test_what_was_handed_over_is_not_lost_for_lack_of_a_better_date() -> None:
    brought = {"TrackingUpdateDate": "0000-00-00 00:00:00", "ActualDeliveryDate": "2026-11-20 10:00:00"}
    [update] = nova_poshta.parse(answer(document("9", **brought), document("5", **brought)))
    assert (update.kind, update.occurred_at.isoformat()) == (Kind.DELIVERED, "2026-11-20T10:00:00+02:00")


def test_many_parcels_come_in_one_answer() -> None:
    found = nova_poshta.parse(answer(document("5"), document("7", Number="59000777777778")))
    assert [(update.number, update.kind) for update in found] == [
        ("59000777777777", Kind.DEPARTED),
        ("59000777777778", Kind.AT_PICKUP),
    ]


@pytest.mark.parametrize(
    ("said", "due"),
    [
        ({"AfterpaymentOnGoodsCost": "1250.50"}, 125_050),
        ({"AfterpaymentOnGoodsCost": 0, "RedeliverySum": 300}, 30_000),
        ({"RedeliverySum": ""}, None),
        ({"RedeliverySum": "NaN"}, None),
        ({"RedeliverySum": True}, None),
        ({"RedeliverySum": [1]}, None),
    ],
)
def test_cash_is_counted_in_kopiykas(said: dict[str, Any], due: int | None) -> None:
    assert nova_poshta.parse(answer(document("7", **said)))[0].cash_due == due


@pytest.mark.parametrize(
    ("errors", "sentence"),
    [
        (["API key expired"], "Ошибка в ответе Новой Почты: API key expired."),
        ({"59": "Document\nnumber is not correct."}, "Ошибка в ответе Новой Почты: Document number is not correct."),
        (None, "Ошибка в ответе Новой Почты: без объяснения."),
        ([{"deep": 1}, True], "Ошибка в ответе Новой Почты: без объяснения."),
    ],
)
def test_a_refusal_is_told_in_the_carrier_s_words(errors: object, sentence: str) -> None:
    with pytest.raises(BadAnswer) as refusal:
        nova_poshta.parse(json.dumps({"success": False, "data": [], "errors": errors}).encode())
    assert str(refusal.value) == sentence


@pytest.mark.parametrize("data", [None, {}, "parcels", 5, [None], ["59000777777777"], [[]], [document("5"), 1]])
def test_a_list_of_parcels_that_is_not_one_is_refused(data: object) -> None:
    with pytest.raises(BadAnswer):
        nova_poshta.parse(json.dumps({"success": True, "data": data}).encode())


@pytest.mark.parametrize("odd", [None, [], {}, True, 1.5, "", "\ud800", -1, 10**30])
@pytest.mark.parametrize(
    "field", ["Number", "StatusCode", "Status", "TrackingUpdateDate", "CityRecipient", "FactualWeight", "RedeliverySum"]
)
def test_a_field_of_a_wrong_type_breaks_nothing(field: str, odd: object) -> None:
    for code in ("5", "9", "999"):
        assert len(understood(nova_poshta.parse, answer({**document(code), field: odd}))) <= 1


@pytest.mark.parametrize(("code", "money"), [("9", None), ("10", Kind.CASH_SENT), ("11", Kind.CASH_BACK)])
def test_a_status_of_hand_over_may_tell_of_the_money_and_is_one_line_still(code: str, money: Kind | None) -> None:
    [update] = nova_poshta.parse(answer(document(code)))
    assert (update.kind, update.money) == (Kind.DELIVERED, money)
    assert "money" not in update.record()
