"""A message leaves: claimed, sent, settled; and what happens when the worker dies or the outcome is not known."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest
from sqlalchemy import Engine
from sqlalchemy.exc import NoResultFound

from parcels import journal
from sms import console, delivery, receipts
from sms.delivery import BACKOFF, MAX_ATTEMPTS
from sms.gateway import Accepted, Outcome, Outgoing, Refused, Unknown
from sms.models import Message, Status
from tests.integration.test_sms_models import (
    NOW,
    PHONE,
    TO_RECIPIENT,
    add_message,
    after,
    committed,
    failures,
    message_of,
    new_database,
)

BUSY = Refused("20429", "HTTP 429", is_final=False)


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    journal.wire()
    engine = new_database(tmp_path / "delivery.sqlite3")
    yield engine
    engine.dispose()


@pytest.fixture
def message_id(engine: Engine) -> int:
    with committed(engine) as session:
        return add_message(session)


def claim(engine: Engine, now: datetime = NOW, limit: int = 7) -> list[Outgoing]:
    with committed(engine) as session:
        return delivery.claim(session, now, limit, "https://veha.ru/webhooks/twilio")


def settle(engine: Engine, message_id: int, outcome: Outcome, now: datetime = NOW, attempt: int | None = None) -> bool:
    with committed(engine) as session:
        return delivery.settle(session, message_id, outcome, now, attempt)


def overdue(engine: Engine, now: datetime) -> list[int]:
    with committed(engine) as session:
        return [outgoing.message_id for outgoing in delivery.overdue(session, now)]


def looked_up(engine: Engine, message_id: int, found: str | None, now: datetime) -> Status:
    with committed(engine) as session:
        return delivery.looked_up(session, message_id, found, now)


def receipt(engine: Engine, message_id: int, status: str, now: datetime = NOW, sid: str = "SM1") -> bool:
    with committed(engine) as session:
        return receipts.apply(session, message_id, sid, status, None, now)


def state(message: Message) -> tuple[Status, int, datetime]:
    return message.status, message.attempts, message.due_at


def test_claim_send_settle(engine: Engine, message_id: int) -> None:
    (outgoing,) = claim(engine)
    assert (outgoing.message_id, outgoing.to, outgoing.attempt) == (message_id, PHONE, 1)
    assert outgoing.link == "veha.ru/t/7Kq2mX9s"
    assert outgoing.callback_url == "https://veha.ru/webhooks/twilio"
    assert message_of(engine, message_id).lease_until == after(seconds=60)
    assert settle(engine, message_id, Accepted("SM1"), after(seconds=1)) is True
    message = message_of(engine, message_id)
    assert (message.status, message.provider_id, message.attempts) == (Status.ACCEPTED, "SM1", 1)
    assert (message.accepted_at, message.lease_until, message.settled_at) == (after(seconds=1), None, None)
    assert failures(engine) == []


def test_claimed_once_the_oldest_first_and_only_when_due(engine: Engine) -> None:
    with committed(engine) as session:
        late, first, second = (add_message(session, str(n), due_at=after(minutes=m)) for n, m in enumerate((1, -2, -1)))
    assert [outgoing.message_id for outgoing in claim(engine, limit=1)] == [first]
    assert [outgoing.message_id for outgoing in claim(engine)] == [second]
    assert claim(engine) == []
    assert [outgoing.message_id for outgoing in claim(engine, after(minutes=1))] == [late]


def test_a_final_refusal_is_told_to_people(engine: Engine, message_id: int) -> None:
    claim(engine)
    assert settle(engine, message_id, Refused("21211", "HTTP 400", is_final=True)) is True
    assert message_of(engine, message_id).status is Status.REFUSED
    assert failures(engine) == [
        {"message": message_id, "status": "refused", "reason": "21211: HTTP 400"} | TO_RECIPIENT
    ]
    assert claim(engine, after(days=1)) == []


def test_a_passing_refusal_waits_longer_each_time_and_ends(engine: Engine, message_id: int) -> None:
    now = NOW
    for attempt, wait in enumerate(BACKOFF, start=1):
        assert len(claim(engine, now)) == 1
        settle(engine, message_id, BUSY, now)
        assert state(message_of(engine, message_id)) == (Status.QUEUED, attempt, now + wait)
        assert claim(engine, now) == []
        now += wait
    claim(engine, now)
    settle(engine, message_id, BUSY, now)
    assert state(message_of(engine, message_id))[:2] == (Status.DEAD, MAX_ATTEMPTS)
    assert failures(engine) == [{"message": message_id, "status": "dead", "reason": "20429: HTTP 429"} | TO_RECIPIENT]


def test_a_crash_between_claim_and_settle_is_looked_up_not_resent(engine: Engine, message_id: int) -> None:
    claim(engine)
    assert overdue(engine, after(seconds=59)) == []
    assert claim(engine, after(seconds=61)) == []
    assert overdue(engine, after(seconds=60)) == [message_id]
    assert message_of(engine, message_id).status is Status.UNKNOWN
    assert overdue(engine, after(seconds=61)) == []  # somebody else is asking already
    assert looked_up(engine, message_id, "SM7", after(seconds=61)) is Status.ACCEPTED
    assert message_of(engine, message_id).provider_id == "SM7"
    assert message_of(engine, message_id).attempts == 1


def test_not_found_twice_is_sent_again(engine: Engine, message_id: int) -> None:
    claim(engine)
    settle(engine, message_id, Unknown("ReadTimeout"))
    assert state(message_of(engine, message_id)) == (Status.UNKNOWN, 1, after(seconds=60))
    assert overdue(engine, after(seconds=60)) == [message_id]
    assert looked_up(engine, message_id, None, after(seconds=60)) is Status.UNKNOWN
    assert overdue(engine, after(seconds=119)) == []
    assert overdue(engine, after(seconds=120)) == [message_id]
    assert looked_up(engine, message_id, None, after(seconds=120)) is Status.QUEUED
    (again,) = claim(engine, after(seconds=120))
    assert again.attempt == 2
    assert message_of(engine, message_id).looks == 0


def test_a_look_up_that_fails_is_made_again_and_counts_as_none(engine: Engine, message_id: int) -> None:
    claim(engine)
    settle(engine, message_id, Unknown("ReadTimeout"))
    for minute in range(1, 30):
        assert overdue(engine, after(minutes=minute)) == [message_id]
    assert message_of(engine, message_id).looks == 0
    assert message_of(engine, message_id).status is Status.UNKNOWN


def test_what_never_arrives_dies_after_the_last_attempt(engine: Engine, message_id: int) -> None:
    now = NOW
    for _attempt in range(MAX_ATTEMPTS):
        assert len(claim(engine, now)) == 1
        settle(engine, message_id, Unknown("ReadTimeout"), now)
        for _look in range(delivery.LOOKS):
            now += delivery.LOOK_AFTER
            assert overdue(engine, now) == [message_id]
            looked_up(engine, message_id, None, now)
    assert message_of(engine, message_id).status is Status.DEAD
    assert [failure["reason"] for failure in failures(engine)] == ["not found"]


def test_a_receipt_before_settle_stays(engine: Engine, message_id: int) -> None:
    claim(engine)
    receipt(engine, message_id, "delivered", after(seconds=1))
    for outcome in (Accepted("SM1"), Unknown("ReadTimeout"), BUSY, Refused("1", "-", is_final=True)):
        assert settle(engine, message_id, outcome, after(seconds=2)) is False
    message = message_of(engine, message_id)
    assert (message.status, message.provider_id, message.settled_at) == (Status.DELIVERED, "SM1", after(seconds=1))
    assert failures(engine) == []


@pytest.mark.parametrize("found", ["SM1", None])
def test_a_receipt_during_a_look_up_stays(engine: Engine, message_id: int, found: str | None) -> None:
    claim(engine)
    overdue(engine, after(seconds=60))
    receipt(engine, message_id, "sent")
    assert looked_up(engine, message_id, found, after(seconds=61)) is Status.ACCEPTED
    assert looked_up(engine, message_id, found, after(seconds=62)) is Status.ACCEPTED


def test_a_worker_that_wakes_up_late_spoils_nothing(engine: Engine, message_id: int) -> None:
    claim(engine)
    for second in (60, 120):
        overdue(engine, after(seconds=second))
        looked_up(engine, message_id, None, after(seconds=second))
    claim(engine, after(seconds=120))
    assert settle(engine, message_id, BUSY, after(seconds=121), attempt=1) is False
    assert settle(engine, message_id, Unknown("ReadTimeout"), after(seconds=121), attempt=1) is False
    assert message_of(engine, message_id).status is Status.SENDING
    assert settle(engine, message_id, Accepted("SM1"), after(seconds=122), attempt=1) is True


def test_a_late_acceptance_stops_the_next_attempt(engine: Engine, message_id: int) -> None:
    claim(engine)
    for second in (60, 120):
        overdue(engine, after(seconds=second))
        looked_up(engine, message_id, None, after(seconds=second))
    assert settle(engine, message_id, Accepted("SM1"), after(seconds=121)) is True
    assert claim(engine, after(seconds=121)) == []


def test_a_look_up_knows_what_belongs_to_other_messages(engine: Engine) -> None:
    with committed(engine) as session:
        add_message(session, "1", provider_id="SM1", status=Status.ACCEPTED)
        add_message(session, "2", provider_id="SM2", status=Status.ACCEPTED, recipient="+79130000000")
        add_message(session, "3", status=Status.UNKNOWN)
    with committed(engine) as session:
        (outgoing,) = delivery.overdue(session, NOW)
    assert outgoing.taken == {"SM1"}


def test_a_look_up_of_nothing(engine: Engine) -> None:
    with pytest.raises(NoResultFound):
        looked_up(engine, 404, None, NOW)


def test_the_console_takes_everything_and_logs_no_number_and_no_link(
    engine: Engine, message_id: int, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    gateway = console.gateway({})
    (outgoing,) = claim(engine)
    assert (gateway.name, gateway.send(outgoing)) == ("console", Accepted(f"console-{message_id}"))
    assert gateway.find(outgoing) == f"console-{message_id}"
    assert [record.name for record in caplog.records] == ["vekha.sms"]
    assert f"message {message_id} " in caplog.text
    assert PHONE not in caplog.text
    assert outgoing.link not in caplog.text
