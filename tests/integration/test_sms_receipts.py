"""Receipts come twice, late, in any order and for messages nobody has; the outbox moves forward only."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import permutations
from pathlib import Path

import pytest
from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from parcels import journal
from sms import receipts
from sms.models import Receipt, Status
from tests.integration.test_sms_models import (
    NOW,
    TO_RECIPIENT,
    add_message,
    after,
    committed,
    failures,
    message_of,
    new_database,
)


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    journal.wire()
    engine = new_database(tmp_path / "receipts.sqlite3")
    yield engine
    engine.dispose()


@pytest.fixture
def message_id(engine: Engine) -> int:
    with committed(engine) as session:
        return add_message(session, status=Status.SENDING)


def apply(engine: Engine, message_id: int, status: str, error: str | None = None, sid: str = "SM1") -> bool:
    with committed(engine) as session:
        return receipts.apply(session, message_id, sid, status, error, after(seconds=5))


def count(engine: Engine) -> int:
    with Session(engine) as session:
        return session.scalar(select(func.count()).select_from(Receipt)) or 0


@pytest.mark.parametrize(
    ("word", "status"),
    [
        ("queued", Status.ACCEPTED),
        ("sending", Status.ACCEPTED),
        ("sent", Status.ACCEPTED),
        ("delivered", Status.DELIVERED),
        ("read", Status.DELIVERED),
        ("undelivered", Status.UNDELIVERED),
        ("failed", Status.UNDELIVERED),
        ("teleported", Status.SENDING),
    ],
)
def test_what_each_word_means(engine: Engine, message_id: int, word: str, status: Status) -> None:
    assert apply(engine, message_id, word) is True
    message = message_of(engine, message_id)
    assert (message.status, message.provider_id) == (status, "SM1")
    assert (message.settled_at is not None) is (status in (Status.DELIVERED, Status.UNDELIVERED))


def test_twice_is_once(engine: Engine, message_id: int) -> None:
    assert apply(engine, message_id, "undelivered", "30003") is True
    assert apply(engine, message_id, "undelivered", "30003") is False
    assert apply(engine, message_id, "failed", "30003") is True
    assert count(engine) == 2
    undelivered = {"message": message_id, "status": "undelivered", "reason": "undelivered: 30003"}
    assert failures(engine) == [undelivered | TO_RECIPIENT]


@pytest.mark.parametrize("order", list(permutations(("queued", "sent", "delivered"))))
def test_in_any_order(engine: Engine, message_id: int, order: tuple[str, ...]) -> None:
    for word in order:
        apply(engine, message_id, word)
    message = message_of(engine, message_id)
    assert (message.status, message.accepted_at) == (Status.DELIVERED, after(seconds=5))
    assert count(engine) == 3


@pytest.mark.parametrize(
    ("order", "told"), [(("delivered", "undelivered"), 0), (("undelivered", "sent", "delivered"), 1)]
)
def test_a_delivery_stands_above_a_failure(engine: Engine, message_id: int, order: tuple[str, ...], told: int) -> None:
    for word in order:
        apply(engine, message_id, word)
    assert message_of(engine, message_id).status is Status.DELIVERED
    assert len(failures(engine)) == told


def test_an_unknown_message_is_nobodys(engine: Engine) -> None:
    assert apply(engine, 404, "delivered") is False
    assert count(engine) == 0


def test_a_second_sid_is_a_duplicate_that_can_be_seen(engine: Engine, message_id: int) -> None:
    apply(engine, message_id, "sent", sid="SM1")
    apply(engine, message_id, "sent", sid="SM2")
    assert message_of(engine, message_id).provider_id == "SM1"
    with Session(engine) as session:
        sids = select(func.count(Receipt.provider_id.distinct())).where(Receipt.message_id == message_id)
        assert session.scalar(sids) == 2


def test_a_receipt_keeps_what_it_said(engine: Engine, message_id: int) -> None:
    apply(engine, message_id, "x" * 99, "y" * 999)
    with Session(engine) as session:
        receipt = session.scalars(select(Receipt)).one()
    assert (receipt.status, receipt.error) == ("x" * 24, "y" * 120)
    assert receipt.received_at > NOW
