"""TopDelivery's orders and histories. No answer of it is public: these are built from the fields its clients read."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest

from carriers.base import BadAnswer, Update, in_order
from carriers.topdelivery import REASONS, STATUSES, parse
from parcels.stages import Kind
from tests.carriers.hostile import understood

MOSCOW = timezone(timedelta(hours=3))
IDENTITY = (
    "<orderIdentity><orderId>815</orderId><barcode>*4811*</barcode><webshopNumber>TD-1</webshopNumber></orderIdentity>"
)


def answered(content: str, status: int = 0, message: str = "") -> bytes:
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<SOAP-ENV:Envelope xmlns:SOAP-ENV="http://schemas.xmlsoap.org/soap/envelope/" xmlns:td="http://is.topdelivery.ru/">
<SOAP-ENV:Body><td:getOrdersInfoResponse>
<requestResult><status>{status}</status><message>{message}</message></requestResult>
<ordersInfo><orderInfo>{content}</orderInfo></ordersInfo>
</td:getOrdersInfoResponse></SOAP-ENV:Body></SOAP-ENV:Envelope>""".encode()


def event(date: str, number: int = 3, name: str = "Смена статуса", value: str = "", comment: str = "") -> str:
    return f"""<events><date>{date}</date><eventType><id>{number}</id><name>{name}</name></eventType>
<newValue>{value}</newValue><city><name>Тверь</name></city><comment>{comment}</comment></events>"""


def test_an_order_with_its_history_is_read_to_the_letter() -> None:
    content = (
        IDENTITY
        + "<status><id>4</id><name>На складе</name></status><workStatus><id>2</id><name>В работе</name></workStatus>"
        + "<clientFullCost>2490.50</clientFullCost><desiredDateDelivery><date>2026-05-08</date>"
        + "<timeInterval><bTime>10:00:00</bTime><eTime>18:00:00</eTime></timeInterval></desiredDateDelivery>"
        + event("2026-05-06T09:00:00", value="На складе")
        + event("2026-05-06T12:30:00+04:00", number=20, name="edit_by_cc", comment="перезвонить 7 мая")
    )

    updates = in_order(parse(answered(content)))

    nine = datetime(2026, 5, 6, 9, tzinfo=MOSCOW)
    unknown = Kind.UNKNOWN
    stands = "На складе; желаемая дата 2026-05-08 10:00–18:00"
    assert updates == [
        Update("topdelivery", "*4811*", unknown, nine, "Тверь", "event 3", "Смена статуса: На складе"),
        Update("topdelivery", "*4811*", unknown, nine, "", "status 4", stands, cash_due=249050),
    ]


@pytest.mark.parametrize("name", ["desiredDateDelivery", "desireDateDelivery"])
def test_the_desired_date_is_found_under_both_of_its_names(name: str) -> None:
    status = "<status><id>4</id><name>На складе</name></status>"
    order = IDENTITY + status + f"<{name}><date>2026-05-08</date></{name}>" + event("2026-05-06T09:00:00", number=20)

    (update,) = parse(answered(order))

    assert update.text == "На складе; желаемая дата 2026-05-08"


@pytest.mark.parametrize(("number", "reason"), REASONS.items())
def test_each_of_the_eleven_reasons_is_a_parcel_not_delivered(number: str, reason: str) -> None:
    work = "<workStatus><id>5</id><name>отказ</name></workStatus>"
    deny = f"<denyParams><type>CALL</type><reason><id>{number}</id></reason></denyParams>"

    (update,) = parse(answered(IDENTITY + work + deny + event("2026-05-06T09:00:00", number=20)))

    assert (update.kind, update.text, update.code) == (Kind.NOT_DELIVERED, reason, f"reason {number}")


def test_the_reason_of_an_order_that_is_worked_on_again_is_old() -> None:
    work = "<workStatus><id>2</id><name>В работе</name></workStatus>"
    deny = "<denyParams><reason><id>6</id></reason></denyParams>"

    assert parse(answered(IDENTITY + work + deny + event("2026-05-06T09:00:00", number=20))) == []


def test_a_refusal_keeps_its_hour_whatever_is_written_after_it() -> None:
    work = "<workStatus><id>5</id><name>отказ</name></workStatus>"
    refusal = event("2026-05-06T09:00:00", number=20, value="отказ")

    (before,) = parse(answered(IDENTITY + work + refusal))
    (after,) = parse(answered(IDENTITY + work + refusal + event("2026-05-07T09:00:00", number=20)))

    assert before.key == after.key


def test_a_history_without_its_order_has_no_number() -> None:
    history = b"<r><requestResult><status>0</status></requestResult><orderEvents><events><event><date>06.05.2026 09:00"
    history += b"</date><eventType><id>3</id><name>x</name></eventType></event></events></orderEvents></r>"

    (update,) = parse(history)

    assert (update.number, update.occurred_at) == ("", datetime(2026, 5, 6, 9, tzinfo=MOSCOW))


def test_events_in_a_list_of_items_are_read() -> None:
    items = event("2026-05-06T09:00:00").replace("<events>", "<events><item>").replace("</events>", "</item></events>")

    (update,) = parse(answered(IDENTITY + items))

    assert (update.code, update.place) == ("event 3", "Тверь")


def test_every_code_of_the_table_has_a_kind_or_is_left_out_on_purpose() -> None:
    assert {code for code, kind in STATUSES.items() if kind is None} == {"work 2", "event 20"}


def test_a_code_nobody_has_told_us_is_unknown_and_keeps_its_words() -> None:
    (update,) = parse(
        answered(IDENTITY + event("2026-05-06T09:00:00", number=99, name="Отдан голубю", comment="белому"))
    )

    assert (update.kind, update.code, update.text) == (Kind.UNKNOWN, "event 99", "Отдан голубю: белому")


def test_what_has_no_date_is_left_out() -> None:
    assert parse(answered(IDENTITY + event("0001-01-01T00:00:00") + event("1970-01-01T00:00:00") + event(""))) == []


def test_errors_are_handed_on_in_its_own_words() -> None:
    with pytest.raises(BadAnswer, match=r"^Ошибка в ответе TopDelivery: Неверный пароль\.$"):
        parse(answered("", status=1, message="Неверный пароль."))
    with pytest.raises(BadAnswer, match="Access denied"):
        parse(b"<Envelope><Body><Fault><faultstring>Access denied</faultstring></Fault></Body></Envelope>")


def test_an_order_cut_in_half_is_refused() -> None:
    whole = answered(IDENTITY + event("2026-05-06T09:00:00"))

    assert understood(parse, whole[: len(whole) // 2]) == []
