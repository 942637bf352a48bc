"""Two thousand messages, a hundred killed workers, a provider at its worst: `make campaign-messages`."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from random import Random
from uuid import uuid4

import pytest

from parcels.models import Base
from portal.config import Settings
from portal.extensions import db
from sms.models import Message, Status
from tests import storm
from tests.fake_twilio import FakeTwilio, fake_twilio
from tests.servers import new_database

MESSAGES, KILLS = int(os.environ.get("MESSAGES", "2000")), int(os.environ.get("KILLS", "100"))
#: Of the 5 minutes; what is open then is drained without further kills.
RAGE_SECONDS = 210
pytestmark = pytest.mark.campaign


@pytest.fixture
def fake() -> Iterator[FakeTwilio]:
    random = Random()
    with fake_twilio(fault=storm.random_fault(random, 0.25), latency=0.02) as fake:
        fake.lag = lambda: storm.STEP * random.choice((0, 0, 1)) * 1.5
        yield fake


def test_nothing_is_lost_and_nothing_is_doubled(
    settings: Settings, postgres_url: str, fake: FakeTwilio, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("READ_SECONDS", "TOTAL_SECONDS"):
        monkeypatch.setattr(storm.wire, name, 0.5)
    settings = replace(settings, database_url=new_database(postgres_url, f"c{uuid4().hex[:12]}"))
    app = storm.worker_app(settings, fake.config)
    with app.app_context():
        Base.metadata.create_all(db.engine)
        storm.owe(MESSAGES, steps=10)
        conductor = storm.Storm(app, settings, fake, Random())
        conductor.rage(KILLS, share=0.01, seconds=RAGE_SECONDS)
        conductor.drain()
        conductor.tell_receipts()
        print("", storm.table(fake, conductor), sep="\n")
        assert conductor.tally.kills >= KILLS
        assert storm.lost(fake) == []
        assert fake.doubles() == {}
        assert storm.count(Message.status.in_(storm.OURS)) == 0
        assert storm.count() - storm.count(Message.status == Status.DEAD) == len(fake.kept)
        assert storm.shown(conductor.moment) == storm.count(Message.status == Status.DEAD)
        assert storm.breaches("I5") == storm.breaches("I8") == []
        db.session.remove()
        db.engine.dispose()
