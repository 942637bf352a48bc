"""InTime's answers. None is public: these are built from the wrapping and the names its clients read."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest

from carriers.base import BadAnswer, Update
from carriers.intime import STATUSES, parse
from parcels.stages import Kind


def answered(method: str, rows: str) -> bytes:
    return f"""<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"><soapenv:Body>
<Entries_{method} xmlns="http://ws.wso2.org/dataservice">{rows}</Entries_{method}>
</soapenv:Body></soapenv:Envelope>""".encode()


def row(date: str, number: str = "7", name: str = "Прибув на склад", method: str = "get_decl_status_hist") -> str:
    return f"""<Entry_{method}><decl_num>30001508686</decl_num><status_id>{number}</status_id>
<status_name_ua>{name}</status_name_ua><status_date>{date}</status_date><locality_name_ua>Київ</locality_name_ua>
</Entry_{method}>"""


def test_a_history_is_read_in_its_order_and_in_its_own_time() -> None:
    when = datetime(2018, 5, 6, 9, tzinfo=timezone(timedelta(hours=3)))

    updates = parse(
        answered("get_decl_status_hist", row("2018-05-06 09:00:00") + row("06.05.2018 09:00", "8", "Видано"))
    )

    assert updates == [
        Update("intime", "30001508686", Kind.UNKNOWN, when, "Київ", "7", "Прибув на склад"),
        Update("intime", "30001508686", Kind.UNKNOWN, when, "Київ", "8", "Видано"),
    ]


def test_no_code_has_a_meaning_yet_so_every_code_is_unknown_and_keeps_its_words() -> None:
    (update,) = parse(answered("declaration_status_hist", row("2018-05-06", method="declaration_status_hist")))

    assert STATUSES == {}
    assert (update.kind, update.code, update.text) == (Kind.UNKNOWN, "7", "Прибув на склад")


@pytest.mark.parametrize("date", ["", "0001-01-01T00:00:00", "1970-01-01 00:00:00"])
def test_what_has_no_date_is_left_out(date: str) -> None:
    assert parse(answered("get_decl_status_hist", row(date))) == []


def test_a_directory_and_an_empty_history_say_nothing() -> None:
    town = "<Entry_get_locality_by_id><id>112</id><locality_name_ru>Киев</locality_name_ru></Entry_get_locality_by_id>"

    assert parse(answered("get_locality_by_id", town)) == []
    assert parse(answered("get_decl_status_hist", "")) == []


def test_errors_are_handed_on_in_its_own_words() -> None:
    refusal = "<Entry_declaration_ins_upd><res>20101 - невірний ключ</res></Entry_declaration_ins_upd>"

    with pytest.raises(BadAnswer, match="Ошибка в ответе InTime: 20101 - невірний ключ"):
        parse(answered("declaration_ins_upd", refusal))
    with pytest.raises(BadAnswer, match="no key"):
        parse(b"<Envelope><Body><Fault><faultstring>no key</faultstring></Fault></Body></Envelope>")


def test_a_number_that_was_issued_is_no_event() -> None:
    issued = "<Entry_declaration_ins_upd><res>OK</res><decl_id>30001508686</decl_id></Entry_declaration_ins_upd>"

    assert parse(answered("declaration_ins_upd", issued)) == []
