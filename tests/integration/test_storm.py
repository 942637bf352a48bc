"""Workers are killed while a provider misbehaves: nothing is lost, nothing is doubled; in short, see tests/campaign."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from random import Random
from uuid import uuid4

import pytest
from flask import Flask

from parcels.models import Base
from portal.config import Settings
from portal.extensions import db
from sms.models import Message, Status
from tests import storm
from tests.fake_twilio import FakeTwilio, fake_twilio
from tests.servers import new_database

pytestmark = [pytest.mark.postgres, pytest.mark.xdist_group("servers")]


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeTwilio]:
    random = Random(7)
    with fake_twilio(fault=storm.random_fault(random, 0.25), latency=0.02) as fake:
        fake.lag = lambda: storm.STEP * random.choice((0, 0, 1)) * 1.5
        yield fake


@pytest.fixture
def settings(settings: Settings, postgres_url: str) -> Settings:
    return replace(settings, database_url=new_database(postgres_url, f"s{uuid4().hex[:12]}"))


@pytest.fixture
def app(settings: Settings, fake: FakeTwilio, monkeypatch: pytest.MonkeyPatch) -> Iterator[Flask]:
    for module, name in ((storm.wire, "READ_SECONDS"), (storm.wire, "TOTAL_SECONDS")):
        monkeypatch.setattr(module, name, 0.5)
    app = storm.worker_app(settings, fake.config)
    with app.app_context():
        Base.metadata.create_all(db.engine)
        yield app
        db.session.remove()
        db.engine.dispose()


def test_nothing_is_lost_and_nothing_is_doubled(app: Flask, settings: Settings, fake: FakeTwilio) -> None:
    storm.owe(200, steps=4)
    conductor = storm.Storm(app, settings, fake, Random(11))
    conductor.rage(kills=10, share=0.02, seconds=60)
    conductor.drain()
    conductor.tell_receipts()
    print(storm.table(fake, conductor))
    assert conductor.tally.kills >= 10
    assert storm.lost(fake) == []
    assert fake.doubles() == {}
    assert storm.count(Message.status.in_(storm.OURS)) == 0
    assert storm.count() - storm.count(Message.status == Status.DEAD) == len(fake.kept)
    assert storm.shown(conductor.moment) == storm.count(Message.status == Status.DEAD)
    assert storm.breaches("I5") == storm.breaches("I8") == []
