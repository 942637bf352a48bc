"""What a person must settle of the outbox: seen after half an hour, sent again by one press, counted."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from flask import Flask
from sqlalchemy import select, update

from portal import sending, verify
from portal.transaction import reading, transaction
from sms.models import Message, Status
from sms.replays import Replay
from tests.factories import NOW, make_parcel, make_staff, make_world
from tests.web.test_account import Browser

LATER = NOW + timedelta(minutes=31)


@pytest.fixture
def message_id(app: Flask) -> int:
    """A first message that has used up its attempts."""
    with transaction() as session:
        make_parcel(session, make_world(session), recipient="Марина Кузнецова", order_number="48117")
        for role in ("operator", "manager", "courier"):
            make_staff(session, role)
        message = session.scalars(select(Message)).one()
        message.status, message.attempts, message.error = Status.DEAD, 5, "20429: HTTP 429"
        message.settled_at = NOW
        return message.id


def become(**columns: object) -> None:
    with transaction() as session:
        session.execute(update(Message).values(**columns))


def message() -> Message:
    with reading() as session:
        return session.scalars(select(Message)).one()


@pytest.mark.parametrize("role", ["operator", "manager"])
def test_a_dead_message_is_seen_with_its_reason_and_sent_again_once(app: Flask, message_id: int, role: str) -> None:
    with time_machine.travel(LATER, tick=False):
        browser = Browser(app, role)
        page = browser.get("/messages").text
        assert "48117" in page
        assert "провайдер раз за разом отказывал" in page
        assert "20429: HTTP 429" in page
        for _ in range(2):
            assert browser.post(f"/messages/{message_id}/replay").status_code == 303
    assert (message().status, message().settled_at) == (Status.OWED, None)  # it had no words yet
    with reading() as session:
        assert [(replay.was, replay.by) for replay in session.scalars(select(Replay))] == [
            (Status.DEAD, "Ольга Смирнова")
        ]
    assert sending.deliver_messages(lambda: LATER) == {"accepted": 1}
    with transaction() as session:
        assert [breach for breach in verify.breaches(session) if breach.invariant == "I8"] == []


@time_machine.travel(LATER, tick=False)
def test_what_fails_once_more_is_back_with_the_count(app: Flask, message_id: int) -> None:
    browser = Browser(app, "operator")
    browser.get("/messages")
    browser.post(f"/messages/{message_id}/replay")
    become(status=Status.DEAD, attempts=6, settled_at=LATER)
    page = browser.get("/messages").text
    assert "отправляли снова: 1" in page
    assert "Попыток: 6" in page


@pytest.mark.parametrize(("minutes", "is_seen"), [(29, False), (31, True)])
def test_the_unknown_is_seen_after_half_an_hour(app: Flask, message_id: int, minutes: int, is_seen: bool) -> None:
    become(status=Status.UNKNOWN, settled_at=None, error="ReadTimeout")
    with time_machine.travel(NOW + timedelta(minutes=minutes), tick=False):
        page = Browser(app, "operator").get("/messages").text
    assert ("Человек мог его получить" in page) is is_seen
    assert ("Таких сообщений нет" in page) is not is_seen


@pytest.mark.parametrize("status", [Status.QUEUED, Status.ACCEPTED, Status.DELIVERED, Status.REFUSED])
@time_machine.travel(LATER, tick=False)
def test_what_is_settled_cannot_be_sent_again(app: Flask, message_id: int, status: Status) -> None:
    become(status=status)
    browser = Browser(app, "operator")
    browser.get("/messages")
    browser.post(f"/messages/{message_id}/replay")
    assert message().status is status
    assert "уже всё решилось" in browser.get("/messages").text


@time_machine.travel(LATER, tick=False)
def test_what_somebody_has_seen_at_the_provider_is_settled(app: Flask, message_id: int) -> None:
    become(status=Status.UNKNOWN, settled_at=None, error="ReadTimeout")
    browser = Browser(app, "operator")
    assert "видел у провайдера" in browser.get("/messages").text
    browser.post(f"/messages/{message_id}/vouch")
    assert (message().status, message().accepted_at) == (Status.ACCEPTED, LATER)
    assert "Таких сообщений нет" in browser.get("/messages").text
    browser.post(f"/messages/{message_id}/vouch")
    assert "уже всё решилось" in browser.get("/messages").text


def test_others_may_not_look(app: Flask, message_id: int) -> None:
    browser = Browser(app, "courier")
    assert browser.get("/messages").status_code == 403
    assert app.test_client().get("/messages").status_code == 303
