"""The form of docs/add-a-carrier.md makes a carrier as it stands: a seventh is read, asked, pushed and recorded."""

from __future__ import annotations

import json
import re
from pathlib import Path
from types import ModuleType

import pytest
from flask import Flask
from sqlalchemy import select

from carriers import following
from carriers.base import Carrier
from carriers.http import HttpLine
from carriers.registry import CARRIERS
from parcels.models import Fact
from parcels.stages import Kind
from portal import ticking
from portal.transaction import reading, transaction
from tests.carrier_server import Reply, carrier_server
from tests.carriers.hostile import HOSTILE, understood
from tests.factories import NOW, make_parcel, make_world

FORM = Path(__file__).resolve().parents[2] / "docs" / "add-a-carrier.md"


def event(code: str, at: str) -> dict[str, str]:
    return {"track": "FP1", "code": code, "at": at, "town": "Томск", "name": "Слова"}


def answer(*events: dict[str, str]) -> bytes:
    return json.dumps({"events": events}).encode()


@pytest.fixture
def fastpost(monkeypatch: pytest.MonkeyPatch) -> Carrier:
    """The carrier that the code of the form makes, registered."""
    module = ModuleType("fastpost")
    for block in re.findall(r"```python\n(.*?)```", FORM.read_text(), re.DOTALL):
        exec(compile(block, str(FORM), "exec"), module.__dict__)
    carrier: Carrier = module.__dict__["CARRIER"]
    monkeypatch.setitem(CARRIERS, carrier.code, carrier)
    return carrier


def test_its_parser_believes_nothing_hostile(fastpost: Carrier) -> None:
    assert {name for name, junk in HOSTILE.items() if understood(fastpost.parse, junk)} == set()


def test_it_is_asked_pushed_and_recorded_without_another_line_of_ours(app: Flask, fastpost: Carrier) -> None:
    with transaction() as session:
        parcel = make_parcel(session, make_world(session))
        following.follow(session, parcel, fastpost.code, "fp1", NOW)
    secret = "a-secret-of-more-than-16"
    with carrier_server() as server:
        server.answers("/track", Reply(answer(event("10", "2026-11-16T09:00:00"), event("77", "2026-11-16T10:00:00"))))
        app.extensions["carrier_line"] = HttpLine(5)
        app.config["CARRIERS"] = {
            "CARRIER_FASTPOST_API_KEY": "k",
            "CARRIER_FASTPOST_URL": server.url("/track"),
            "CARRIER_FASTPOST_PUSH_SECRET": secret,
        }
        assert ticking.tick(NOW).carriers == {"recorded": 1}
        assert server.seen[0].query == {"tracks": "FP1"}
    pushed = answer(event("40", "2026-11-16T11:30:00"))
    assert app.test_client().post(f"/webhooks/carriers/fastpost/{secret}", data=pushed).status_code == 200

    with reading() as session:
        told = session.scalars(select(Fact.kind).where(Fact.source == "fastpost").order_by(Fact.seq))
        assert list(told) == [Kind.HANDED_OVER, Kind.DELIVERED]
