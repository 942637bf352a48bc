"""Answers that no carrier should give and the network gives all the same: each is refused, or says nothing."""

from __future__ import annotations

import gzip
import random
from collections.abc import Iterable

import pytest

from carriers.base import BadAnswer, Parse, Update, in_order

_BOMB = b'<!DOCTYPE a [<!ENTITY x "ha"><!ENTITY y "&x;&x;&x;&x;">]><a>&y;</a>'
_PEEK = b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>'

HOSTILE: dict[str, bytes] = {
    "nothing": b"",
    "spaces": b" \r\n\t ",
    "one zero byte": b"\x00",
    "a page of a proxy": b"<html><body><h1>502 Bad Gateway</h1></body></html>",
    "a page that is no XML": b"<!DOCTYPE html><html><br><p>Log in</html>",
    "words": "Сервис временно недоступен".encode(),
    "words of Windows": "Ошибка".encode("cp1251"),
    "a cut JSON": b'[{"Date": "2020-12-26 12:23:26", "Na',
    "a cut XML": b"<Envelope><Body><getOrd",
    "null": b"null",
    "a number": b"42",
    "NaN": b'[{"Date": NaN, "Name": Infinity}]',
    "a list of lists": b"[[[]]]",
    "a list of nulls": b"[null, 1, true]",
    "another's JSON": b'{"success": true, "data": [{"Number": "20450000000000", "StatusCode": "9"}]}',
    "another's XML": b"<OperationHistoryData><historyRecord/></OperationHistoryData>",
    "lists for words": b'[{"Date": ["2020-12-26"], "Name": {"a": 1}, "Comment": true}]',
    "a thirteenth month": b'[{"Date": "2020-13-26 12:23:26", "Name": "x"}]',
    "the year 1970": '[{"Date": "1970-01-01 00:00:00", "Name": "Выдано"}]'.encode(),
    "the year 1": '[{"Date": "0001-01-01T00:00:00", "Name": "Выдано"}]'.encode(),
    "an endless number": b'[{"Date": 1' + b"0" * 9000 + b', "Name": "x"}]',
    "a number of no size": b'{"statuses": [], "Weight": 1e99999999999999999999}',
    "deep JSON": b"[" * 200_000,
    "deep XML": b"<a>" * 200_000 + b"</a>" * 200_000,
    "growing entities": _BOMB,
    "another file": _PEEK,
    "growing entities in UTF-16": ('<?xml version="1.0" encoding="utf-16"?>' + _BOMB.decode()).encode("utf-16"),
    "an unknown alphabet": b'<?xml version="1.0" encoding="klingon"?><Envelope/>',
    "a wide alphabet": b'<?xml version="1.0" encoding="utf-7"?><Envelope/>',
    "an empty envelope": b"<Envelope><Body/></Envelope>",
    "gzip": gzip.compress(b"[]" * 1000),
    "ten megabytes of noise": random.Random(7).randbytes(10_000_000),
    "ten megabytes of zeroes": b"0" * 10_000_000,
    "ten megabytes of one word": b'"' + b"x" * 10_000_000 + b'"',
}
#: For @each_hostile, so that a failure is named.
each_hostile = pytest.mark.parametrize("answer", HOSTILE.values(), ids=HOSTILE.keys())


def understood(parse: Parse, answer: bytes) -> list[Update]:
    """What is believed of an answer: nothing of a refused one. Anything but BadAnswer comes through and fails."""
    try:
        updates: Iterable[Update] = parse(answer)
        return in_order(updates)
    except BadAnswer as refusal:
        sentence = str(refusal)
        assert sentence.endswith(".")
        assert "\n" not in sentence
        return []
