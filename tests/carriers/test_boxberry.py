"""Boxberry's words, as recorded and as its clients have seen them."""

from __future__ import annotations

import json
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from carriers.base import BadAnswer, Update, in_order
from carriers.boxberry import STATUSES, parse
from parcels.stages import Kind

RECORDED = Path(__file__).resolve().parents[1] / "data" / "boxberry"
MOSCOW = timezone(timedelta(hours=3))
POINT = "Москва (115478, Москва г, Каширское ш, д.24, строение 7)"


def said(*statuses: tuple[str, str, str | None]) -> bytes:
    return json.dumps([{"Date": date, "Name": name, "Comment": comment} for date, name, comment in statuses]).encode()


def test_the_recorded_answer_is_one_accepted_order() -> None:
    (update,) = parse((RECORDED / "response_listStatuses.json").read_bytes())

    assert update == Update(
        "boxberry",
        number="",
        kind=Kind.ORDER_ACCEPTED,
        occurred_at=datetime(2020, 12, 26, 12, 23, 26, tzinfo=MOSCOW),
        code="Загружен реестр ИМ",
        text="Загружен реестр ИМ",
    )
    assert update.record()["occurred_at"] == "2020-12-26T12:23:26+03:00"


def test_three_ways_to_write_a_date_are_one_way_of_a_parcel() -> None:
    answer = said(
        ("30.04.2019 15:35", "Загружен реестр ИМ", ""),
        ("2019-05-01T00:56:12", "Принято к доставке", None),
        ("2019-05-01 00:56:12", "Передано на сортировку", ""),
        ("03.05.2019 08:43:56", "Передан на доставку до Пункта выдачи", ""),
        ("2019-05-04T11:48:01+03:00", "Поступило в пункт выдачи", POINT),
    )

    updates = in_order(parse(answer))

    assert [update.kind for update in updates] == [
        Kind.ORDER_ACCEPTED,
        Kind.HANDED_OVER,
        Kind.AT_WAREHOUSE,
        Kind.PASSED,
        Kind.AT_PICKUP,
    ]
    assert [update.place for update in updates] == ["", "", "", "", POINT]
    assert updates[0].occurred_at == datetime(2019, 4, 30, 15, 35, tzinfo=MOSCOW)


def test_the_full_answer_knows_the_weight() -> None:
    (update,) = parse((RECORDED / "response_listStatusesFull.json").read_bytes())

    assert (update.kind, update.weight_g) == (Kind.ORDER_ACCEPTED, 4260)
    assert update.occurred_at == datetime(2020, 12, 26, 12, 23, tzinfo=MOSCOW)


@pytest.mark.parametrize(("name", "kind"), STATUSES.items())
def test_every_name_of_the_table_means_what_it_says(name: str, kind: Kind | None) -> None:
    found = [update.kind for update in parse(said(("2020-12-26 12:23:26", name.capitalize(), "")))]

    assert found == ([kind] if kind else [])


def test_a_name_nobody_has_told_us_is_unknown_and_keeps_its_words() -> None:
    (update,) = parse(said(("2020-12-26 12:23:26", "Выдано дронам", "с крыши")))

    assert (update.kind, update.code, update.text) == (Kind.UNKNOWN, "Выдано дронам", "Выдано дронам: с крыши")


def test_errors_are_handed_on_in_its_own_words() -> None:
    with pytest.raises(BadAnswer, match=r"^Ошибка в ответе Boxberry: Заказ не найден\.$"):
        parse('[{"err": "Заказ не найден"}]'.encode())
    with pytest.raises(BadAnswer, match="должны быть целыми числами"):
        parse((RECORDED / "error_message.json").read_bytes())


def test_half_a_letter_does_not_break_the_key() -> None:
    (update,) = in_order(parse(b'[{"Date": "2020-12-26 12:23:26", "Name": "x\\ud800\\u0000y", "Comment": ""}]'))

    assert update.text == "x y"
