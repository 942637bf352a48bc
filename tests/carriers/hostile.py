"""Answers that no carrier should give and the network gives all the same: each is refused, or says nothing."""

from __future__ import annotations

import gzip
import json
import random
from collections.abc import Iterable, Iterator
from pathlib import Path

from carriers.base import BadAnswer, Parse, Update, in_order

DATA = Path(__file__).parents[1] / "data"
RECORDED = {
    "russian_post": (DATA / "carriers/russian_post_history.xml").read_bytes(),
    "nova_poshta": (DATA / "carriers/nova_poshta_tracking.json").read_bytes(),
    "cdek": (DATA / "carriers/cdek_webhook.json").read_bytes(),
    "boxberry": (DATA / "boxberry/response_listStatuses.json").read_bytes(),
}
#: Where a recorded answer has its dates, and what carriers and their programs write instead of one.
_DATES = {
    "russian_post": [b"2016-07-"],
    "nova_poshta": [b"2022-", b"-2022", b".2022"],
    "cdek": [b"2019-07-11", b"2019-07-"],
    "boxberry": [b"2020-12-26 12:23:26"],
}
_NO_DATES = (b"0001-01-01", b"1970-01-01", b"9999-12-31", b"NaN", b"\xd0\xb2\xd1\x87\xd0\xb5\xd1\x80\xd0\xb0", b"")

_BOMB = b'<!DOCTYPE a [<!ENTITY x "ha"><!ENTITY y "&x;&x;&x;&x;">]><a>&y;</a>'
_PEEK = b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>'
_LONG = b"<!DOCTYPE a [<!ENTITY b '" + b"x" * 10_000 + b"'>]><Envelope><Body>" + b"&b;" * 10_000 + b"</Body></Envelope>"
_MANY = b'{"success": true, "data": [' + b'{"Number":"1","StatusCode":"9"},' * 20_000 + b"null]}"

_BY_HAND: dict[str, bytes] = {
    "nothing": b"",
    "spaces": b" \r\n\t ",
    "only the mark of UTF-8": b"\xef\xbb\xbf",
    "one zero byte": b"\x00",
    "zeros": b"\0" * 1000,
    "a page of a proxy": b"<html><body><h1>502 Bad Gateway</h1></body></html>",
    "a page that is no XML": b"<!DOCTYPE html><html><br><p>Log in</html>",
    "half a page": b"<html><body><p>Service Unavailable",
    "a page of a portal to log in": b"<!doctype html><title>Wi-Fi</title><form action=/login></form>",
    "words": "Сервис временно недоступен".encode(),
    "words of Windows": "Ошибка".encode("cp1251"),
    "an XML of Windows": "<a>Посылка</a>".encode("cp1251"),
    "half a letter": "Посылка".encode()[:-1],
    "UTF-16": "<Envelope/>".encode("utf-16"),
    "a bare word": b"OK",
    "a word in quotes": b'"delivered"',
    "an answer of a mail server": b"220 mail.example.test ESMTP\r\n",
    "headers for a body": b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n{}",
    "null": b"null",
    "true": b"true",
    "a number": b"42",
    "a number of no size": b"1e999999",
    "not a number": b"NaN",
    "minus infinity": b"-Infinity",
    "an empty list": b"[]",
    "an empty object": b"{}",
    "NaN for a date": b'[{"Date": NaN, "Name": Infinity}]',
    "NaN inside": b'{"success": true, "data": NaN, "entity": Infinity}',
    "a list of lists": b"[[[]]]",
    "a list of nulls": b"[null, 1, true]",
    "another's object": b'{"status": "ok", "parcels": [{"id": 1, "status": "delivered"}]}',
    "an order of nobody": b'{"entity": {"statuses": [{"code": "DELIVERED", "date_time": "2026-11-20T10:00:00Z"}]}}',
    "an order that is a list": b'{"entity": [{"cdek_number": "1"}]}',
    "an order that is a word": b'{"entity": "DELIVERED"}',
    "an event of another type": b'{"type": "PHOTO_DOCUMENT", "attributes": {"code": "DELIVERED", "cdek_number": "1"}}',
    "an event without its things": b'{"type": "ORDER_STATUS", "attributes": []}',
    "success that is a word": b'{"success": "true", "data": [{"Number": "1", "StatusCode": "9"}]}',
    "success and nothing": b'{"success": true, "data": null}',
    "a parcel without a date": b'{"success": true, "data": [{"Number": "20450000000000", "StatusCode": "9"}]}',
    "a parcel without a number": b'{"success": true, "data": [{"StatusCode": "9", "DateScan": "15:16 08.03.2022"}]}',
    "parcels without dates, very many": _MANY,
    "lists for words": b'[{"Date": ["2020-12-26"], "Name": {"a": 1}, "Comment": true}]',
    "a list for a name": '[{"Date": "2020-12-26 12:23:26", "Name": ["Выдано"]}]'.encode(),
    "a thirteenth month": b'[{"Date": "2020-13-26 12:23:26", "Name": "x"}]',
    "the 30th of February": b'[{"Date": "30.02.2020 12:23:26", "Name": "x"}]',
    "the year 1970": '[{"Date": "1970-01-01 00:00:00", "Name": "Выдано"}]'.encode(),
    "the year 1": '[{"Date": "0001-01-01T00:00:00", "Name": "Выдано"}]'.encode(),
    "seconds since 1970": '[{"Date": 1608974606, "Name": "Выдано"}]'.encode(),
    "an error and a status": '[{"err": "нет такого"}, {"Date": "2020-12-26 12:23:26", "Name": "Выдано"}]'.encode(),
    "an endless number": b'[{"Date": 1' + b"0" * 9000 + b', "Name": "x"}]',
    "a long number": b'{"data": ' + b"9" * 20_000 + b"}",
    "a weight of no size": b'{"statuses": [], "Weight": 1e99999999999999999999}',
    "a lone surrogate": b'{"data": "\\ud800"}',
    "deep JSON": b"[" * 200_000,
    "deep objects": b'{"data":' * 100_000,
    "an empty document": b"<?xml version='1.0'?><a/>",
    "an empty envelope": b"<Envelope><Body/></Envelope>",
    "another's envelope": b"<Envelope><Body><orders/></Body></Envelope>",
    "a history of nothing": b"<OperationHistoryData><historyRecord/></OperationHistoryData>",
    "a fault without words": b"<Envelope><Body><Fault/></Body></Envelope>",
    "a fault beside an order": b"<Envelope><Body><Fault><faultstring>no</faultstring></Fault><r/></Body></Envelope>",
    "a result without a result": b"<r><requestResult/><orderInfo><orderIdentity/></orderInfo></r>",
    "a result that went wrong": b"<r><requestResult><status>1</status></requestResult></r>",
    "a row without a date": b"<a><Entry_decl_status_history><status_id>7</status_id></Entry_decl_status_history></a>",
    "deep XML": b"<a>" * 200_000 + b"</a>" * 200_000,
    "elements as deep as they fit": b"<a>" * 999_999,
    "growing entities": _BOMB,
    "long entities": _LONG,
    "another file": _PEEK,
    "growing entities in UTF-16": ('<?xml version="1.0" encoding="utf-16"?>' + _BOMB.decode()).encode("utf-16"),
    "an unknown alphabet": b'<?xml version="1.0" encoding="klingon"?><Envelope/>',
    "a wide alphabet": b'<?xml version="1.0" encoding="utf-7"?><Envelope/>',
    "gzip": gzip.compress(b"[]" * 1000),
    "a bomb of gzip": gzip.compress(b"\0" * 5_000_000),
    "noise": random.Random(5).randbytes(1_000_000),
    "ten megabytes of noise": random.Random(7).randbytes(10_000_000),
    "ten megabytes of zeroes": b"0" * 10_000_000,
    "ten megabytes of one word": b'"' + b"x" * 10_000_000 + b'"',
    "ten megabytes of spaces": b" " * 10_000_000,
}


def _torn() -> Iterator[tuple[str, bytes]]:
    """Recorded answers as they come when a connection ends early: nothing of the part that came is believed."""
    for code, answer in RECORDED.items():
        for tenth in range(1, 10):
            yield f"{tenth}0% of {code}", answer[: len(answer) * tenth // 10]


def _undated() -> Iterator[tuple[str, bytes]]:
    """Recorded answers in which no date is one."""
    for code, answer in RECORDED.items():
        for instead in _NO_DATES:
            without = answer
            for date in _DATES[code]:
                without = without.replace(date, instead)
            yield f"{code} dated {instead.decode()!r}", without


HOSTILE: dict[str, bytes] = _BY_HAND | dict(_torn()) | dict(_undated())


def understood(parse: Parse, answer: bytes) -> list[Update]:
    """What is believed of an answer: nothing of a refused one. Anything but BadAnswer comes through and fails."""
    try:
        updates: Iterable[Update] = parse(answer)
        believed = in_order(updates)
    except BadAnswer as refusal:
        sentence = str(refusal)
        assert sentence.endswith(".")
        assert "\n" not in sentence
        return []
    assert all(json.dumps(update.record()) for update in believed)
    return believed
