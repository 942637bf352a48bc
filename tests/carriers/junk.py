"""What comes instead of an answer when a carrier is ill, or somebody else is answering."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from random import Random

from carriers.base import BadAnswer, Update, in_order

BOMB = b"<!DOCTYPE a [<!ENTITY b '" + b"x" * 10_000 + b"'>]><Envelope><Body>" + b"&b;" * 10_000 + b"</Body></Envelope>"

JUNK = {
    "nothing": b"",
    "blanks": b" \n\t ",
    "a page": b"<!doctype html><html><body><h1>502 Bad Gateway</h1></body></html>",
    "half a page": b"<html><body><p>Service Unavailable",
    "null": b"null",
    "not a number": b"NaN",
    "a number": b"1e999999",
    "a list": b"[]",
    "a bare word": b"OK",
    "an empty object": b"{}",
    "another's object": b'{"status": "ok", "parcels": [{"id": 1}]}',
    "NaN inside": b'{"success": true, "data": NaN, "entity": Infinity}',
    "half an object": b'{"success": true, "data": [{"Number": "59',
    "an empty document": b"<?xml version='1.0'?><a/>",
    "another's envelope": b"<Envelope><Body><orders/></Body></Envelope>",
    "an endless list": b"[" * 200_000,
    "endless objects": b'{"data":' * 100_000,
    "endless elements": b"<a>" * 100_000,
    "a long number": b'{"data": ' + b"9" * 20_000 + b"}",
    "zeros": b"\0" * 1000,
    "UTF-16": "<Envelope/>".encode("utf-16"),
    "windows-1251": "<a>Посылка</a>".encode("cp1251"),
    "half a letter": "Посылка".encode()[:-1],
    "a lone surrogate": b'{"data": "\\ud800"}',
    "an archive": gzip.compress(b"<a/>" * 1000),
    "entities": BOMB,
    "noise": Random(5).randbytes(1_000_000),
    "elements as deep as they fit": b"<a>" * 999_999,
    "10 MB of letters": b"a" * 10_000_000,
}


def survives(parse: Callable[[bytes], list[Update]], answer: bytes) -> list[Update]:
    """What was understood of an answer, nothing if it was refused; anything else blows up."""
    try:
        updates = in_order(parse(answer))
    except BadAnswer:
        return []
    assert all(update.record()["key"] for update in updates)
    return updates
