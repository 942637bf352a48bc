"""Carriers' whole published lists of statuses: none of them is unknown, and each means what the carrier says."""

from __future__ import annotations

import json

import pytest

from carriers import boxberry, cdek, nova_poshta, russian_post, topdelivery
from carriers.base import BadAnswer, Carrier, in_order
from carriers.wire import check_fault, xml_of
from parcels.stages import Kind

NUMBER = "80085012345678"
#: Appendix 1 of CDEK's API 2.0 beside the statuses of `cdek_statuses.csv`, and the names of its pushed events.
LATER = {
    "SENT_TO_SENDER_CITY": Kind.RETURNING,
    "SEND_TO_SENDING_OFFICE": Kind.RETURNING,
    "ACCEPTED_IN_SENDER_CITY": Kind.RETURNING,
    "MET_AT_SENDING_OFFICE": Kind.RETURNING,
    "ENTERED_TO_TRANSIT_WAREHOUSE": Kind.PASSED,
    "ENTERED_TO_OFFICE_TRANSIT_WAREHOUSE": Kind.PASSED,
    "ENTERED_TO_RECIPIENT_CITY_WAREHOUSE": Kind.ARRIVED,
    "ENTERED_TO_DELIVERY_WAREHOUSE": Kind.ARRIVED,
    "ENTERED_TO_PICK_UP_POINT": Kind.ARRIVED,
    "ENTERED_TO_WAREHOUSE_ON_DEMAND": Kind.ARRIVED,
    "IN_CUSTOMS_INTERNATIONAL": Kind.PASSED,
    "SHIPPED_TO_DESTINATION": Kind.DEPARTED,
    "PASSED_TO_TRANSIT_CARRIER": Kind.DEPARTED,
    "IN_CUSTOMS_LOCAL": Kind.PASSED,
    "CUSTOMS_COMPLETE": Kind.PASSED,
    "POSTOMAT_POSTED": Kind.AT_PICKUP,
    "POSTOMAT_SEIZED": Kind.RETURNING,
    "POSTOMAT_RECEIVED": Kind.DELIVERED,
}


def cdek_order(code: str, name: str = "") -> bytes:
    status = {"code": code, "name": name, "date_time": "2026-10-01T10:00:00+0000"}
    return json.dumps({"entity": {"cdek_number": "1", "statuses": [status]}}).encode()


@pytest.mark.parametrize(("code", "kind"), LATER.items())
def test_cdek_s_later_statuses_mean_what_its_list_says(code: str, kind: Kind) -> None:
    (update,) = cdek.parse(cdek_order(code))
    assert update.kind is kind
    assert update.text != code


def test_an_order_that_cdek_cannot_read_says_nothing_of_the_way() -> None:
    assert cdek.parse(cdek_order("INVALID")) == []


def test_every_name_of_a_cdek_status_is_known() -> None:
    known = {*cdek.STATUSES, *cdek.LATER, *cdek.SYNONYMS}
    assert len(known) == len(cdek.STATUSES) + len(cdek.LATER) + len(cdek.SYNONYMS)
    for code in known:
        assert all(update.kind is not Kind.UNKNOWN for update in cdek.parse(cdek_order(code))), code


@pytest.mark.parametrize(
    ("error", "words"),
    [
        ({"err": True, "message": "Заказ не найден"}, "Заказ не найден"),
        ({"err": "true", "message": "Заказ не найден"}, "Заказ не найден"),
        ({"err": 1, "message": "Заказ не найден."}, "Заказ не найден"),
        ({"err": "Заказ не найден"}, "Заказ не найден"),
        ({"error": "Доступ запрещён"}, "Доступ запрещён"),
        ({"error": True, "message": ["Неверный ключ", "ещё"]}, "Неверный ключ"),
        ({"err": True}, "без объяснения"),
    ],
)
def test_boxberry_keeps_its_explanation(error: object, words: str) -> None:
    for answer in (error, [error]):
        with pytest.raises(BadAnswer, match=rf"^Ошибка в ответе Boxberry: {words}\.$"):
            boxberry.parse(json.dumps(answer).encode())


@pytest.mark.parametrize(
    "name", ["Поступило  в пункт выдачи", "ПОСТУПИЛО В ПУНКТ ВЫДАЧИ.", "Поступило в\u00a0пункт выдачи"]
)
def test_boxberry_s_names_are_read_however_they_are_set(name: str) -> None:
    assert boxberry.kind_of(name) is Kind.AT_PICKUP


@pytest.mark.parametrize(("code", "kind"), [("14", Kind.AT_PICKUP), ("108", Kind.REFUSED)])
def test_nova_poshta_s_older_statuses_are_known(code: str, kind: Kind) -> None:
    document = {"Number": "590000000001", "StatusCode": code, "Status": "Слова", "DateScan": "2026-11-16 10:00:00"}
    (update,) = nova_poshta.parse(json.dumps({"success": True, "data": [document]}).encode())
    assert update.kind is kind


def batch(*items: str) -> bytes:
    value = f'<value FileName="" DatePreparation="17.11.2026 17:20:48">{"".join(items)}</value>'
    return (
        '<S:Envelope xmlns:S="http://schemas.xmlsoap.org/soap/envelope/"><S:Body>'
        '<p:answerByTicketResponse xmlns:p="http://fclient.russianpost.org/postserver"'
        f' xmlns:f="http://fclient.russianpost.org">{value}</p:answerByTicketResponse></S:Body></S:Envelope>'
    ).encode()


def item(number: str, *operations: str) -> str:
    return f'<f:Item Barcode="{number}">{"".join(operations)}</f:Item>'


def operation(code: str, attribute: str, when: str, name: str = "Обработка") -> str:
    said = f'OperTypeID="{code}" OperCtgID="{attribute}" OperName="{name}" DateOper="{when}" IndexOper="634050"'
    return f"<f:Operation {said}/>"


UNFOUND = '<f:Error ErrorTypeID="12" ErrorName="Сообщение не найдено"/>'


def test_the_post_s_answer_by_ticket_is_read() -> None:
    first = item(
        NUMBER, operation("1", "1", "08.11.2026 17:07:00", "Прием"), operation("8", "2", "14.11.2026 03:25:00")
    )
    second = item("ra123456785ru", operation("2", "8", "16.11.2026 13:45:00", "Вручение"))
    told = [
        (update.number, update.kind, update.code, update.place, update.text, update.occurred_at.isoformat())
        for update in in_order(russian_post.parse(batch(first, second, item("1", UNFOUND))))
    ]
    assert told == [
        (NUMBER, Kind.HANDED_OVER, "1.1", "634050", "Прием", "2026-11-08T17:07:00+03:00"),
        (NUMBER, Kind.ARRIVED, "8.2", "634050", "Обработка", "2026-11-14T03:25:00+03:00"),
        ("RA123456785RU", Kind.DELIVERED, "2.8", "634050", "Вручение", "2026-11-16T13:45:00+03:00"),
    ]


def test_an_operation_of_a_ticket_that_nobody_knows_is_unknown_with_its_words() -> None:
    (update,) = russian_post.parse(batch(item(NUMBER, operation("8", "999", "14.11.2026 03:25:00", "Телепортация"))))
    assert (update.kind, update.code, update.text) == (Kind.UNKNOWN, "8.999", "Телепортация")


def test_a_ticket_that_is_not_ready_or_not_found_says_why() -> None:
    with pytest.raises(BadAnswer, match=r"^Ошибка в ответе Почты России: Сообщение не найдено\.$"):
        russian_post.parse(batch(item(NUMBER, UNFOUND)))
    waiting = b'<answerByTicketResponse><error ErrorTypeID="6" ErrorName="Not ready"/></answerByTicketResponse>'
    with pytest.raises(BadAnswer, match="Not ready"):
        russian_post.parse(waiting)
    with pytest.raises(BadAnswer, match="ни одного отправления"):
        russian_post.parse(batch())


MONEY = """<S:Envelope xmlns:S="http://www.w3.org/2003/05/soap-envelope"><S:Body>
<h:PostalOrderEventsForMailResponse xmlns:h="http://russianpost.org/operationhistory"
 xmlns:e="http://www.russianpost.org/RTM/DataExchangeESPP/Data"><e:PostalOrderEventsForMaiOutput>
<PostalOrderEvent Number="96598" EventDateTime="2026-11-11T15:04:37.000+03:00" EventType="1" EventName="Приём"
 IndexTo="141021" IndexEvent="298300" SumPaymentForward="234000"/>
<PostalOrderEvent Number="96598" EventDateTime="2026-11-12T16:49:13.000+03:00" EventType="3" EventName="Оплата"
 IndexTo="141021" IndexEvent="141021" SumPaymentForward="234000"/>
</e:PostalOrderEventsForMaiOutput></h:PostalOrderEventsForMailResponse></S:Body></S:Envelope>"""


def test_the_post_s_events_of_money_are_read() -> None:
    sent, paid = russian_post.parse(MONEY.encode())
    assert (sent.kind, sent.money, sent.cash_due, sent.text) == (
        *(Kind.CASH_SENT, Kind.CASH_SENT, 234_000),
        "Наложенный платёж: Приём",
    )
    assert (paid.kind, paid.occurred_at.isoformat(), paid.place) == (
        *(Kind.CASH_BACK, "2026-11-12T16:49:13+03:00"),
        "141021",
    )


def test_an_event_of_money_that_nobody_knows_is_unknown() -> None:
    (update, _paid) = russian_post.parse(MONEY.replace('EventType="1"', 'EventType="77"').encode())
    assert (update.kind, update.code, update.money) == (Kind.UNKNOWN, "money 77", None)


def test_no_events_of_money_are_no_error() -> None:
    empty = "<r><PostalOrderEventsForMaiOutput/></r>"
    assert russian_post.parse(empty.encode()) == []


FAULT = (
    "<S:Envelope xmlns:S='http://www.w3.org/2003/05/soap-envelope'><S:Body><S:Fault><S:Code><S:Value>S:Receiver</S:Value>"
    "</S:Code><S:Reason><S:Text xml:lang='en'>com.example.AuthorizationFault</S:Text></S:Reason><S:Detail>"
    "<n:AuthorizationFaultReason xmlns:n='u'>Неверный логин или пароль.</n:AuthorizationFaultReason></S:Detail>"
    "</S:Fault></S:Body></S:Envelope>"
)
OLD_FAULT = (
    "<Envelope><Body><Fault><faultcode>Client</faultcode><faultstring>Fault</faultstring><detail><e><message>"
    "Неверный логин или пароль</message></e></detail></Fault></Body></Envelope>"
)


@pytest.mark.parametrize("fault", [FAULT, OLD_FAULT])
@pytest.mark.parametrize("carrier", [russian_post.CARRIER, topdelivery.CARRIER])
def test_a_fault_is_told_by_the_sentence_in_its_detail(fault: str, carrier: Carrier) -> None:
    with pytest.raises(BadAnswer, match=r": Неверный логин или пароль\.$"):
        carrier.parse(fault.encode())


def test_a_fault_with_an_empty_detail_is_told_by_its_reason() -> None:
    with pytest.raises(BadAnswer, match=r": Нет доступа\.$"):
        check_fault(
            xml_of("<Fault><faultstring>Нет доступа</faultstring><detail> </detail></Fault>".encode(), "X"), "X"
        )
