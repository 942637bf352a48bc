"""The outbox on a real database; also the rows that the other tests of messages stand on."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, create_engine, event, func, select
from sqlalchemy.orm import Session

import scheduling.models as scheduling_models
from parcels import journal
from parcels.models import Base, Fact, Parcel, Settlement, Shop
from parcels.stages import Kind
from sms import ledger
from sms.models import RANK, Message, Receipt, Status, may_become

NOW = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)
PHONE = "+79130001242"
TO_RECIPIENT = {"channel": "sms", "audience": "recipient"}
TABLES = (scheduling_models.Matrix, Message, Receipt)


def after(**span: float) -> datetime:
    return NOW + timedelta(**span)


def new_database(file: Path) -> Engine:
    """An SQLite file with every table, and foreign keys that are kept."""
    engine = create_engine(f"sqlite:///{file}")

    @event.listens_for(engine, "connect")
    def on_connect(connection: Any, _record: Any) -> None:
        connection.execute("PRAGMA foreign_keys=ON")

    Base.metadata.create_all(engine)
    return engine


@contextmanager
def committed(engine: Engine) -> Iterator[Session]:
    """One transaction, as one process would have it: nothing remembered from the one before."""
    with Session(engine) as session, session.begin():
        yield session


def add_shop(session: Session) -> None:
    """The shop and its town, unless they are there."""
    if session.get(Settlement, 1) is None:
        session.add(Settlement(id=1, name="Томск", region_code="70", region="Томская", zone="Asia/Tomsk"))
        session.add(Shop(id=1, code="dom", name="Тёплый дом", phone="+73512000000", origin_id=1))
        session.flush()


def add_parcel(session: Session, order: str = "117", phone: str = PHONE) -> Parcel:
    """An accepted parcel with a promise, its shop and its town."""
    add_shop(session)
    parcel = Parcel(
        shop_id=1,
        order_number=order,
        phone=phone,
        settlement_id=1,
        accepted_at=NOW,
        promised_from=date(2026, 11, 26),
        promised_to=date(2026, 11, 27),
        owner="shop",
        next_action="hand_over",
        next_action_at=NOW,
    )
    session.add(parcel)
    session.flush()
    return parcel


def add_message(session: Session, key: str = "first_link:1", **columns: Any) -> int:
    """A queued message that is due now, of a parcel of its own."""
    parcel = add_parcel(session, order=key)
    values: dict[str, Any] = {
        "parcel_id": parcel.id,
        "shop_id": parcel.shop_id,
        "kind": "first_link",
        "dedup_key": f"{parcel.id}:{key}:sms",
        "recipient": PHONE,
        "text": "Тёплый дом, 117: привезём 26–27.11. Время: veha.ru/t/7Kq2mX9s",
        "language": "ru",
        "parts": 1,
        "provider": "twilio",
        "status": Status.QUEUED,
        "due_at": NOW,
        "created_at": NOW,
    }
    message_id = ledger.put(session, Message, values | columns)
    assert message_id is not None
    return message_id


def message_of(engine: Engine, message_id: int) -> Message:
    """The message as the database has it now."""
    with Session(engine) as session:
        return session.scalars(select(Message).where(Message.id == message_id)).one()


def failures(engine: Engine) -> list[dict[str, Any]]:
    """What the journals say of messages that failed."""
    with Session(engine) as session:
        return [fact.details for fact in session.scalars(select(Fact).where(Fact.kind == Kind.MESSAGE_FAILED))]


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    journal.wire()
    engine = new_database(tmp_path / "outbox.sqlite3")
    yield engine
    engine.dispose()


def test_a_row_goes_in_once(engine: Engine) -> None:
    with committed(engine) as session:
        first = message_of_key(session, add_message(session))
        again = {c.key: getattr(first, c.key) for c in Message.__table__.columns if c.key != "id"}
        assert ledger.put(session, Message, again) is None
    with committed(engine) as session:
        assert session.scalar(select(func.count()).select_from(Message)) == 1


def message_of_key(session: Session, message_id: int) -> Message:
    return session.scalars(select(Message).where(Message.id == message_id)).one()


@pytest.mark.parametrize(("was", "to"), list(product(Status, Status)))
def test_no_status_goes_back(engine: Engine, was: Status, to: Status) -> None:
    with committed(engine) as session:
        message_id = add_message(session, status=was)
    with committed(engine) as session:
        moved = ledger.advance(session, message_id, to)
    now = message_of(engine, message_id).status
    assert moved is (was in may_become(to))
    assert now is (to if moved else was)
    assert RANK[now] >= RANK[was]


def test_a_failure_is_a_fact_once(engine: Engine) -> None:
    with committed(engine) as session:
        message_id = add_message(session)
    for to in (Status.REFUSED, Status.UNDELIVERED, Status.DEAD):
        with committed(engine) as session:
            ledger.fail(session, message_id, to, "21211: HTTP 400", NOW)
    (failure,) = failures(engine)
    assert failure == {"message": message_id, "status": "refused", "reason": "21211: HTTP 400"} | TO_RECIPIENT
    assert message_of(engine, message_id).settled_at == NOW


def test_a_message_that_is_not_there_cannot_fail(engine: Engine) -> None:
    with committed(engine) as session:
        assert ledger.fail(session, 404, Status.DEAD, "-", NOW) is False
