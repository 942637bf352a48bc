"""How each carrier is asked: the shape of the question, as a server sees it, and that its answer is understood."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Iterator
from contextlib import suppress
from datetime import date, time
from functools import partial
from urllib.parse import parse_qs
from xml.etree import ElementTree

import pytest

from carriers import cdek, topdelivery_dates
from carriers.base import BadAnswer, Carrier, Refused, Update
from carriers.days import NearDate
from carriers.http import HttpLine
from carriers.reading import understood
from carriers.registry import CARRIERS
from parcels.stages import Kind
from tests.carrier_server import CarrierServer, Reply, carrier_server
from tests.carriers.hostile import HOSTILE, RECORDED
from tests.carriers.test_published_lists import MONEY

ORDER = (
    b'{"entity": {"cdek_number": "110", "statuses": [{"code": "CREATED", "date_time": "2026-11-20T09:00:00+0000"}]}}'
)
TD = {"LOGIN": "shop & co", "PASSWORD": "<secret>", "HTTP_LOGIN": "door", "HTTP_PASSWORD": "key"}
#: What can be asked at all, so that a carrier without a test here is noticed.
ASKED = {"boxberry", "cdek", "ems", "nova_poshta", "russian_post", "topdelivery"}


@pytest.fixture(scope="module")
def shared() -> Iterator[CarrierServer]:
    with carrier_server() as running:
        yield running


@pytest.fixture
def server(shared: CarrierServer) -> CarrierServer:
    shared.seen.clear()
    shared.replies.clear()
    return shared


def fetched(code: str, server: CarrierServer, path: str, keys: dict[str, str], *numbers: str) -> list[Update]:
    carrier: Carrier = CARRIERS[code]
    assert carrier.fetch is not None
    assert set(carrier.keys) == set(keys)
    assert len(numbers) <= carrier.numbers_at_once
    return understood(carrier, carrier.fetch(HttpLine(5), keys | {"URL": server.url(path)}, numbers))


def test_every_carrier_that_can_be_asked_is_asked_here() -> None:
    assert {code for code, carrier in CARRIERS.items() if carrier.fetch} == ASKED


def test_nova_poshta_is_asked_about_a_hundred_at_once(server: CarrierServer) -> None:
    server.answers("/np", Reply(RECORDED["nova_poshta"]))
    numbers = [f"590000000000{number:02}" for number in range(100)]

    (update,) = fetched("nova_poshta", server, "/np", {"API_KEY": "k"}, *numbers)

    assert update.kind is Kind.DELIVERED
    (seen,) = server.seen
    assert (seen.method, seen.headers["content-type"]) == ("POST", "application/json")
    question = json.loads(seen.body)
    documents = question.pop("methodProperties")["Documents"]
    assert question == {"apiKey": "k", "modelName": "TrackingDocument", "calledMethod": "getStatusDocuments"}
    assert [document["DocumentNumber"] for document in documents] == numbers


def test_boxberry_is_asked_with_the_token_in_the_address(server: CarrierServer) -> None:
    server.answers("/json.php", Reply(RECORDED["boxberry"]))

    (update,) = fetched("boxberry", server, "/json.php", {"TOKEN": "a&b"}, "BBR 1")

    assert (update.number, update.kind) == ("", Kind.ORDER_ACCEPTED)
    (seen,) = server.seen
    assert (seen.method, seen.query) == ("GET", {"token": "a&b", "method": "ListStatuses", "ImId": "BBR 1"})


@pytest.mark.parametrize("code", ["russian_post", "ems"])
def test_russian_post_is_asked_by_soap_1_2(server: CarrierServer, code: str) -> None:
    server.answers("/rtm34", Reply(RECORDED["russian_post"]))

    updates = fetched(code, server, "/rtm34", {"LOGIN": "a<b", "PASSWORD": "c&d"}, "44334455667733")

    assert (len(updates), updates[-1].kind, updates[-1].carrier) == (8, Kind.DELIVERED, code)
    (seen,) = server.seen
    assert seen.headers["content-type"] == "application/soap+xml; charset=utf-8"
    root = ElementTree.fromstring(seen.body)
    assert root.tag == "{http://www.w3.org/2003/05/soap-envelope}Envelope"
    data = "{http://russianpost.org/operationhistory/data}"
    call = root.find(".//{http://russianpost.org/operationhistory}getOperationHistory")
    assert call is not None
    said = {element.tag.removeprefix(data): element.text for element in call.iter() if not len(element)}
    assert said == {
        "Barcode": "44334455667733",
        "MessageType": "0",
        "Language": "RUS",
        "login": "a<b",
        "password": "c&d",
    }


def test_the_post_is_asked_for_the_money_of_what_was_handed_out_against_money(server: CarrierServer) -> None:
    paid_for = RECORDED["russian_post"].replace(b"Payment>0<", b"Payment>234000<")
    assert paid_for != RECORDED["russian_post"]
    server.answers("/rtm34", Reply(paid_for), Reply(MONEY.encode()), Reply(paid_for), Reply(b"ill", 500))

    *history, sent, paid = fetched("russian_post", server, "/rtm34", {"LOGIN": "l", "PASSWORD": "p"}, "44334455667733")
    again = fetched("russian_post", server, "/rtm34", {"LOGIN": "l", "PASSWORD": "p"}, "44334455667733")

    assert (len(history), sent.kind, paid.kind) == (8, Kind.CASH_SENT, Kind.CASH_BACK)
    assert {sent.number, paid.number} == {"44334455667733"}
    assert len(again) == 8
    assert b'PostalOrderEventsForMailInput Barcode="44334455667733"' in server.seen[1].body


def signed_in(token: str) -> Reply:
    return Reply(json.dumps({"access_token": token, "expires_in": 3599}).encode())


def test_cdek_is_asked_with_a_token_that_is_kept_and_fetched_anew_when_it_is_refused(server: CarrierServer) -> None:
    server.answers("/v2/oauth/token", signed_in("one"), signed_in("two"))
    server.answers("/v2/orders", Reply(ORDER), Reply(ORDER), Reply(b"{}", 401), Reply(ORDER))
    keys, line = {"CLIENT_ID": "me", "CLIENT_SECRET": "hush", "URL": server.url("/v2")}, HttpLine(5)

    for _ in range(3):
        (update,) = understood(cdek.CARRIER, cdek.fetch(line, keys, ["110"]))
        assert (update.number, update.kind) == ("110", Kind.ORDER_ACCEPTED)

    form = {name: values[0] for name, values in parse_qs(server.seen[0].body.decode()).items()}
    assert form == {"grant_type": "client_credentials", "client_id": "me", "client_secret": "hush"}
    asked = server.asked("/v2/orders")
    assert {(seen.method, seen.query["cdek_number"]) for seen in asked} == {("GET", "110")}
    assert [seen.headers["authorization"] for seen in asked] == ["Bearer one"] * 3 + ["Bearer two"]


@pytest.mark.parametrize(
    ("reply", "error"),
    [
        (Reply(b'{"error": "invalid_client", "error_description": "Bad client credentials"}', 401), Refused),
        (Reply(b'{"token": "?"}'), BadAnswer),
    ],
)
def test_cdek_does_not_let_us_in(server: CarrierServer, reply: Reply, error: type[Exception]) -> None:
    server.answers("/v2/oauth/token", reply)
    with pytest.raises(error):
        fetched("cdek", server, "/v2", {"CLIENT_ID": "me", "CLIENT_SECRET": "x"}, "110")
    assert server.asked("/v2/orders") == []


def test_topdelivery_is_asked_with_both_of_its_keys(server: CarrierServer) -> None:
    answer = b"<r><requestResult><status>0</status></requestResult></r>"
    server.answers("/soap/w/2.0/", Reply(answer))

    assert fetched("topdelivery", server, "/soap", TD, "*4811*") == []

    (seen,) = server.seen
    assert seen.headers["authorization"] == f"Basic {b64encode(b'door:key').decode()}"
    assert seen.headers["soapaction"] == '"getOrdersInfo"'
    said = {element.tag.rpartition("}")[2]: element.text for element in ElementTree.fromstring(seen.body).iter()}
    assert (said["login"], said["password"], said["barcode"]) == ("shop & co", "<secret>", "*4811*")


def near(*days: str) -> bytes:
    said = "".join(f"<dateTimeIntervals>{day}</dateTimeIntervals>" for day in days)
    return f"<r><requestResult><status>0</status></requestResult>{said}</r>".encode()


def day(said: str, quota: str, *windows: tuple[str, str]) -> str:
    hours = "".join(f"<timeInterval><bTime>{a}</bTime><eTime>{b}</eTime></timeInterval>" for a, b in windows)
    return f"<date>{said}</date><quotas><available>{quota}</available></quotas>{hours}"


def test_near_dates_are_days_with_their_room_and_windows_and_what_is_unclear_is_none() -> None:
    whole = ("10:00:00", "18:00:00"), ("10:00:00", "22:00:00")
    answer = near(
        day("2026-05-08", "4", *whole),
        day("2026-05-09", "0", *whole),
        day("2026-05-10", "4"),
        day("someday", "4", *whole),
        day("2026-05-11", "many", *whole),
        day("2026-05-12", "1", ("ten", "18:00:00")),
    )
    windows = ((time(10), time(18)), (time(10), time(22)))
    assert topdelivery_dates.near_dates(answer) == [
        NearDate(date(2026, 5, 8), 4, windows),
        NearDate(date(2026, 5, 9), 0, windows),
        NearDate(date(2026, 5, 10), 4, ()),
    ]


@pytest.mark.parametrize("answer", HOSTILE.values(), ids=HOSTILE.keys())
def test_no_date_and_no_confirmation_is_believed_of(answer: bytes) -> None:
    for read in (topdelivery_dates.near_dates, partial(topdelivery_dates.order_id, number="1")):
        with pytest.raises(BadAnswer):
            read(answer)
    refusal = "no answer"
    with suppress(BadAnswer):
        refusal = topdelivery_dates.declined(answer)
    assert refusal


def test_a_wish_is_spelt_as_the_carrier_spells_it() -> None:
    asked = topdelivery_dates.ask_near_dates(TD, "815")
    wish = topdelivery_dates.ask_for(TD, "815", date(2026, 5, 8), (time(10), time(18)))

    assert {asked.url, wish.url} == {"https://is.topdelivery.ru/api/soap/c/2.0/"}
    assert [request.headers["SOAPAction"] for request in (asked, wish)] == [
        '"getNearDeliveryDatesIntervals"',
        '"editOrders"',
    ]
    root = ElementTree.fromstring(wish.body)
    assert (root.findtext(".//orderId"), root.findtext(".//workStatus/id")) == ("815", "2")
    desired = root.find(".//desireDateDelivery")
    assert desired is not None
    assert [element.text for element in desired.iter() if element.text] == ["2026-05-08", "10:00:00", "18:00:00"]


def outcome(status: str, message: str = "") -> bytes:
    return f"<r><requestResult><status>{status}</status><message>{message}</message></requestResult></r>".encode()


def test_a_wish_is_granted_or_declined_and_a_fault_is_neither() -> None:
    assert topdelivery_dates.declined(outcome("0")) == ""
    assert topdelivery_dates.declined(outcome("1", "нет места")) == "нет места"
    assert topdelivery_dates.declined(outcome("1")) == "без объяснения"
    with pytest.raises(BadAnswer):
        topdelivery_dates.declined(outcome("2", "нет места"))
    with pytest.raises(BadAnswer, match="Access denied"):
        topdelivery_dates.declined(b"<Body><Fault><faultstring>Access denied</faultstring></Fault></Body>")


@pytest.mark.parametrize("number", ["*4811*", "815A"])
def test_an_order_s_own_id_is_found_by_its_barcode_or_by_itself(number: str) -> None:
    others = "<orderIdentity><orderId>1</orderId><barcode>*1*</barcode></orderIdentity>"
    ours = "<orderIdentity><orderId>815a</orderId><barcode>*4811*</barcode></orderIdentity>"
    answer = f"<r><requestResult><status>0</status></requestResult><o>{others}</o><o>{ours}</o></r>".encode()
    assert topdelivery_dates.order_id(answer, number) == "815a"
    with pytest.raises(Refused, match="не знает"):
        topdelivery_dates.order_id(answer, "4812")
