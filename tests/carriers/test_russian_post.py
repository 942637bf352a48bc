"""Russian Post: a real answer is understood to the letter, and nothing that is not one is believed."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from carriers import russian_post
from carriers.base import BadAnswer, in_order
from carriers.russian_post_codes import FINAL, KINDS
from parcels.stages import Kind

DATA = Path(__file__).parents[1] / "data" / "carriers"
RECORDED = (DATA / "russian_post_history.xml").read_bytes()


def history(*records: str) -> bytes:
    inside = "".join(f"<d:historyRecord>{record}</d:historyRecord>" for record in records)
    history = f"<d:OperationHistoryData>{inside}</d:OperationHistoryData>"
    answer = f'<h:getOperationHistoryResponse xmlns:h="history">{history}</h:getOperationHistoryResponse>'
    return f'<S:Envelope xmlns:S="soap" xmlns:d="data"><S:Body>{answer}</S:Body></S:Envelope>'.encode()


def operation(code: str, when: str, name: str = "") -> str:
    kind, _, attribute = code.partition(".")
    attribute = f"<d:OperAttr><d:Id>{attribute}</d:Id><d:Name>{name}</d:Name></d:OperAttr>" if attribute else ""
    oper_type = f"<d:OperType><d:Id>{kind}</d:Id></d:OperType>"
    parameters = f"{oper_type}{attribute}<d:OperDate>{when}</d:OperDate>"
    return f"<d:OperationParameters>{parameters}</d:OperationParameters>"


BARCODE = "<d:ItemParameters><d:Barcode>44334455667733</d:Barcode></d:ItemParameters>"
WHEN = "2026-11-20T10:00:00.000+05:00"


def test_the_recorded_answer_is_understood_to_the_letter() -> None:
    lines = [
        (line["kind"], line["occurred_at"], line["place"], line["code"], line["cash_due"], line["weight_g"])
        for line in (update.record() for update in in_order(russian_post.parse(RECORDED)))
    ]
    assert lines == [
        ("handed_over", "2016-07-16T12:01:00+04:00", "Самара 63", "1.1", 0, 291),
        ("passed", "2016-07-18T20:31:27.001000+04:00", "Самара МСЦ", "8.3", None, None),
        ("departed", "2016-07-19T06:37:22.001000+04:00", "Самара МСЦ", "8.4", None, None),
        ("passed", "2016-07-20T19:33:00+03:00", "Московский АСЦ Цех Посылок", "8.0", 0, None),
        ("departed", "2016-07-21T02:53:00+03:00", "Московский АСЦ Цех Логистики", "8.4", 0, None),
        ("departed", "2016-07-21T12:24:00+03:00", "Тверь Почтамт", "8.4", None, 291),
        ("arrived", "2016-07-21T12:39:00+03:00", "Тверь 100", "8.2", None, 291),
        ("delivered", "2016-07-21T12:49:00+03:00", "Тверь 100", "2.1", None, 291),
    ]


def test_every_update_names_its_parcel_and_repeats_the_post_s_words() -> None:
    last = in_order(russian_post.parse(RECORDED))[-1]
    assert (last.carrier, last.number, last.text) == ("russian_post", "44334455667733", "Вручение: Вручение адресату")


def test_an_ems_parcel_is_read_by_the_same_parser() -> None:
    assert {update.carrier for update in russian_post.parse_ems(RECORDED)} == {"ems"}


def test_the_table_has_every_operation_of_the_post_and_no_other() -> None:
    with (DATA / "russian_post_operations.csv").open(encoding="utf-8") as listed:
        codes = {f"{row['oper_type']}.{row['oper_attr']}" for row in csv.DictReader(listed)}
    assert len(codes) == 446
    assert set(KINDS) == codes
    assert codes >= FINAL


def test_another_envelope_and_another_declared_encoding_change_nothing() -> None:
    inner = RECORDED.partition(b"<S:Body>")[2].partition(b"</S:Body>")[0]
    bare = b"<?xml version='1.0' encoding='windows-1251'?>" + inner
    assert russian_post.parse(bare) == russian_post.parse(RECORDED)


def test_a_final_operation_is_never_on_the_way() -> None:
    assert {KINDS[code] for code in FINAL} == {Kind.DELIVERED, Kind.RETURNED, Kind.INCIDENT}


@pytest.mark.parametrize("code", ["8.999", "777.1", "1.0", "абв.1"])
def test_an_unknown_code_is_unknown_with_its_text(code: str) -> None:
    [update] = russian_post.parse(history(BARCODE + operation(code, WHEN, "Телепортация")))
    assert (update.kind, update.code, update.text) == (Kind.UNKNOWN, code, "Телепортация")


def test_an_operation_that_says_nothing_about_the_way_is_left_out() -> None:
    assert russian_post.parse(history(BARCODE + operation("41.1", WHEN, "Сумма платежа удержана УО"))) == []


def test_an_operation_without_attributes_is_the_one_with_zero() -> None:
    [update] = russian_post.parse(history(BARCODE + operation("10", WHEN)))
    assert (update.code, update.kind) == ("10.0", Kind.DEPARTED)


def test_a_missing_group_of_the_parcel_s_number_is_made_up_from_its_neighbours() -> None:
    updates = russian_post.parse(history(BARCODE + operation("1.1", WHEN), operation("8.1", WHEN)))
    assert [update.number for update in updates] == ["44334455667733"] * 2


def test_two_operations_of_one_instant_stay_as_the_post_has_them_and_an_older_one_goes_before() -> None:
    old = "2026-11-20T04:59:00.000+00:00"
    answer = history(*(BARCODE + operation(code, when) for code, when in [("8.4", WHEN), ("8.3", WHEN), ("1.1", old)]))
    assert [update.code for update in in_order(russian_post.parse(answer))] == ["1.1", "8.4", "8.3"]


@pytest.mark.parametrize(
    "when", ["0001-01-01T00:00:00", "1970-01-01T03:00:00+03:00", "9999-12-31T23:59:59-12:00", "", "вчера", "NaN"]
)
def test_an_operation_without_a_believable_date_is_left_out(when: str) -> None:
    assert (
        russian_post.parse(history(BARCODE + operation("1.1", when), BARCODE + operation("8.1", WHEN)))[0].code == "8.1"
    )


@pytest.mark.parametrize(
    "fault",
    [
        "<Reason><Text>Доступ\n запрещён.</Text></Reason>",
        "<faultcode>S:Client</faultcode><faultstring>Доступ запрещён</faultstring>",
    ],
)
def test_a_fault_is_told_in_the_post_s_words(fault: str) -> None:
    with pytest.raises(BadAnswer, match=r"^Ошибка в ответе Почты России: Доступ запрещён\.$"):
        russian_post.parse(f"<Envelope><Body><Fault>{fault}</Fault></Body></Envelope>".encode())


@pytest.mark.parametrize(
    "record",
    [
        "",
        BARCODE,
        operation("1.1", WHEN),
        BARCODE + "<d:OperationParameters/>",
        f"{BARCODE}<d:OperationParameters><d:OperDate>{WHEN}</d:OperDate></d:OperationParameters>",
    ],
)
def test_a_record_that_tells_nothing_is_nothing(record: str) -> None:
    assert russian_post.parse(history(record)) == []


@pytest.mark.parametrize("mass", ["NaN", "Infinity", "-5", "1e99", "много", "0", "²", "1_0_0_0_0_0_0_0_0_0_0_0_0_0"])
def test_a_weight_that_cannot_be_is_not_said(mass: str) -> None:
    item = BARCODE.replace("</d:Barcode>", f"</d:Barcode><d:Mass>{mass}</d:Mass>")
    assert russian_post.parse(history(item + operation("1.1", WHEN)))[0].weight_g is None
