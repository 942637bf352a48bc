"""The product's own loop against a Twilio that keeps count: who dies, who freezes, who is asked to wait."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from multiprocessing.process import BaseProcess
from pathlib import Path
from uuid import uuid4

import pytest
from flask import Flask
from sqlalchemy import select, update

from parcels.models import Base
from portal import sending
from portal.config import Settings
from portal.extensions import db
from portal.transaction import reading, transaction
from sms import wire
from sms.gateway import Accepted, Gateway, Outcome, Outgoing
from sms.models import Message, Status
from tests import storm
from tests.factories import NOW
from tests.fake_twilio import FakeTwilio, fake_twilio
from tests.servers import new_database


@pytest.fixture(autouse=True)
def _in_a_hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("READ_SECONDS", "TOTAL_SECONDS"):
        monkeypatch.setattr(wire, name, 0.5)


@pytest.fixture
def fake() -> Iterator[FakeTwilio]:
    with fake_twilio() as fake:
        yield fake


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def settings(request: pytest.FixtureRequest, settings: Settings) -> Settings:
    if request.param == "postgresql":
        url = request.getfixturevalue("postgres_url")
        return replace(settings, database_url=new_database(url, f"o{uuid4().hex[:12]}"))
    return settings


@pytest.fixture
def app(settings: Settings, fake: FakeTwilio) -> Iterator[Flask]:
    app = storm.worker_app(settings, fake.config)
    with app.app_context():
        Base.metadata.create_all(db.engine)
        yield app
        db.session.remove()
        db.engine.dispose()


def deliver(minutes: float = 0) -> dict[str, int]:
    """One run of the loop, so many minutes after the beginning."""
    moment = NOW + timedelta(minutes=minutes)
    return dict(sending.deliver_messages(lambda: moment))


def messages() -> list[Message]:
    with reading() as session:
        return list(session.scalars(select(Message).order_by(Message.id)))


class Death(BaseException):
    """The worker is gone: nothing of it runs on."""


@dataclass
class Dying:
    """Hands every message over and dies before it can say so."""

    gateway: Gateway
    name: str = "twilio"

    def send(self, message: Outgoing) -> Outcome:
        self.gateway.send(message)
        raise Death

    def find(self, message: Outgoing) -> str | None:
        return self.gateway.find(message)


def test_the_known_disaster_sends_seven_messages_and_not_570(app: Flask, fake: FakeTwilio) -> None:
    """A worker that died after each send and before it wrote: seven people, one message each."""
    storm.owe(7, steps=1)
    with transaction() as session:
        session.execute(update(Message).values(due_at=NOW))
    app.extensions["sms_gateway"] = Dying(app.extensions["sms_gateway"])
    deaths = 0
    for minute in range(90):
        try:
            deliver(minute * 1.1)
        except Death:
            deaths += 1
    assert deaths
    assert len(fake.kept) == 7
    assert {kept.to for kept in fake.kept} == {message.recipient for message in messages()}
    assert {message.status for message in messages()} == {Status.ACCEPTED}


def test_what_a_provider_asks_to_wait_is_waited(app: Flask, fake: FakeTwilio) -> None:
    storm.owe(1, steps=1)
    fake.retry_after, fake.fault = "600", lambda: "429"
    assert deliver() == {"refused": 1}
    (message,) = messages()
    assert (message.status, message.due_at) == (Status.QUEUED, NOW + timedelta(minutes=10))
    fake.fault = lambda: ""
    assert deliver(9.9) == {}
    assert deliver(10) == {"accepted": 1}


def test_many_are_on_their_way_at_once(app: Flask, fake: FakeTwilio) -> None:
    storm.owe(30, steps=1)
    with transaction() as session:
        session.execute(update(Message).values(due_at=NOW))
    together, most = [0], [0]

    class Slow:
        name = "slow"

        def send(self, message: Outgoing) -> Outcome:
            together[0] += 1
            most[0] = max(most[0], together[0])
            time.sleep(0.05)
            together[0] -= 1
            return Accepted(f"S{message.message_id}")

    app.extensions["sms_gateway"] = Slow()
    assert deliver() == {"accepted": 30}
    assert most[0] > 10
    assert [message.provider_id for message in messages()] == [f"S{message.id}" for message in messages()]


def test_no_more_is_claimed_than_can_leave_soon(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, number in (("IN_FLIGHT", 4), ("AHEAD", 2), ("AT_ONCE", 2)):
        monkeypatch.setattr(sending, name, number)
    storm.owe(20, steps=1)
    with transaction() as session:
        session.execute(update(Message).values(due_at=NOW))
    claimed = []

    class Watcher:
        name = "watcher"

        def send(self, message: Outgoing) -> Outcome:
            time.sleep(0.02)
            claimed.append(storm.count(Message.status == Status.SENDING))
            return Accepted(f"S{message.message_id}")

    with app.app_context():
        app.extensions["sms_gateway"] = Pushed(app, Watcher())
        assert deliver() == {"accepted": 20}
    assert 4 <= max(claimed) <= 6


@dataclass
class Pushed:
    """Lets a gateway of the tests look into the database, which real ones never do."""

    app: Flask
    gateway: Gateway
    name: str = "watcher"

    def send(self, message: Outgoing) -> Outcome:
        with self.app.app_context():
            return self.gateway.send(message)

    def find(self, message: Outgoing) -> str | None:
        return None


def test_a_letter_goes_by_mail_and_an_sms_by_sms(app: Flask, fake: FakeTwilio) -> None:
    storm.owe(2, steps=1)
    with transaction() as session:
        session.execute(update(Message).values(due_at=NOW))
        session.execute(update(Message).where(Message.id == messages()[0].id).values(recipient="a@example.com"))
    assert deliver() == {"accepted": 2}
    assert len(fake.kept) == 1
    assert [(message.provider_id or "")[:7] for message in messages()] == ["console", fake.kept[0].sid[:7]]


def test_a_worker_that_wakes_up_too_late_sends_nothing(app: Flask, fake: FakeTwilio) -> None:
    storm.owe(1, steps=1)

    def clock() -> datetime:
        """Five minutes pass between the claim and the send."""
        with app.app_context():
            return NOW + timedelta(minutes=5 * storm.count(Message.status == Status.SENDING))

    assert sending.deliver_messages(clock) == {"late": 1}
    assert fake.kept == []
    for minute in (6, 7.1, 8.2):
        deliver(minute)
    assert len(fake.kept) == 1


def test_one_outcome_that_cannot_be_written_holds_up_no_other(
    app: Flask, fake: FakeTwilio, monkeypatch: pytest.MonkeyPatch
) -> None:
    storm.owe(3, steps=1)
    with transaction() as session:
        session.execute(update(Message).values(due_at=NOW))
    settle, broken = sending.delivery.settle, messages()[1].id

    def sometimes(session: object, message_id: int, *rest: object) -> bool:
        if message_id == broken:
            raise ArithmeticError
        return settle(session, message_id, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(sending.delivery, "settle", sometimes)
    assert deliver() == {"accepted": 2, "failed": 1}
    monkeypatch.undo()
    deliver(1.1)
    assert len(fake.kept) == 3
    assert {message.status for message in messages()} == {Status.ACCEPTED}


class Freezing:
    """Stands still, with the message in its hand, until somebody lets it go on."""

    name = "twilio"

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway

    def send(self, message: Outgoing) -> Outcome:
        os.kill(os.getpid(), signal.SIGSTOP)
        return self._gateway.send(message)


def freeze(settings: Settings, config: dict[str, str]) -> None:
    """A worker that freezes between the look at the clock and the request."""
    app = storm.worker_app(settings, config)
    app.extensions["sms_gateway"] = Freezing(app.extensions["sms_gateway"])
    with app.app_context():
        sending.deliver_messages(lambda: NOW)


@contextmanager
def frozen(settings: Settings, fake: FakeTwilio) -> Iterator[BaseProcess]:
    """A worker that has just frozen; a stopped process can only be killed, so it is, whatever the test says."""
    worker = storm.FORK.Process(target=freeze, args=(settings, fake.config), daemon=True)
    worker.start()
    try:
        wait_for(lambda: storm.count(Message.status == Status.SENDING) and is_frozen(worker.pid or 0))
        yield worker
    finally:
        worker.kill()
        worker.join()


def is_frozen(pid: int) -> bool:
    return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] == "T"


def wait_for(what: object, seconds: float = 90) -> None:
    deadline = time.monotonic() + seconds
    while not what():  # type: ignore[operator]
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_the_duplicate_of_a_frozen_worker_is_seen_and_counted(app: Flask, settings: Settings, fake: FakeTwilio) -> None:
    """Nobody can prevent it: the lease is long over when the worker comes back to life with the request half sent."""
    storm.owe(1, steps=1)
    with frozen(settings, fake) as worker:
        for minute in (1.1, 2.2):
            deliver(minute)
        assert (len(fake.kept), storm.breaches("I5")) == (1, [])
        os.kill(worker.pid or 0, signal.SIGCONT)
        worker.join(60)
    (message,) = messages()
    assert (worker.exitcode, len(fake.doubles())) == (0, 1)
    assert message.provider_id == fake.kept[0].sid
    assert storm.breaches("I5") == [f"сообщение {message.id}: у провайдера их 2"]
