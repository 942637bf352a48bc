"""A day is chosen, or a number tied, at the very moment when somebody else is at the same parcel."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import event, func, select, text, update

from carriers import following, telling
from carriers.models import CarrierWish, Outcome, Tracking
from parcels import journal
from parcels.models import Parcel
from portal.extensions import db
from portal.transaction import reading, transaction
from scheduling import booking
from tests.factories import NOW
from tests.integration.test_wishing import OTHER, book, parcel_at, wish

pytestmark = [pytest.mark.postgres, pytest.mark.parametrize("both", ["postgresql"], indirect=True)]
HOUR = timedelta(hours=1)


def meanwhile(app: Flask, pool: ThreadPoolExecutor, work: Callable[[], Any]) -> Future[Any]:
    """Begin something on another thread; it is waiting for a lock when this returns."""

    def run() -> Any:
        with app.app_context():
            return work()

    begun = pool.submit(run)
    with reading() as session:
        while not begun.done() and not session.scalar(text("SELECT count(*) FROM pg_locks WHERE NOT granted")):
            session.rollback()
    return begun


def test_a_choice_made_while_old_wishes_are_taken_up_is_told(both: Flask) -> None:
    parcel_id = parcel_at()
    book(parcel_id)
    with transaction() as session:
        booking.withdraw(session, journal.lock(session, parcel_id), "operator", "request", NOW)

    def stop_before_the_lock(_c: Any, _cursor: Any, sql: str, values: Any, *_rest: Any) -> tuple[str, Any]:
        """What the claim reads is as old as its beginning; what it locks is not."""
        is_claim = "FROM carrier_wishes" in sql and "SKIP LOCKED" in sql
        return sql.replace(
            "WHERE ", "WHERE (SELECT pg_advisory_xact_lock(1)) IS NOT NULL AND "
        ) if is_claim else sql, values

    def claim() -> None:
        with transaction() as session:
            telling.claim(session, "topdelivery", (), False, NOW + HOUR)

    event.listen(db.engine, "before_cursor_execute", stop_before_the_lock, retval=True)
    with ThreadPoolExecutor(1) as pool, db.engine.connect() as gate:
        gate.execute(select(func.pg_advisory_lock(1)))
        claimed = meanwhile(both, pool, claim)
        book(parcel_id, OTHER)
        gate.execute(select(func.pg_advisory_unlock(1)))
        claimed.result(10)
    assert wish().outcome is Outcome.WAITING


def test_another_number_and_an_answer_at_once_wait_for_each_other(both: Flask) -> None:
    parcel_id = parcel_at()

    def tie() -> None:
        with transaction() as session:
            following.follow(session, session.get_one(Parcel, parcel_id), "topdelivery", "TD2", NOW)

    with ThreadPoolExecutor(1) as pool:
        with transaction() as session:
            journal.lock(session, parcel_id)
            tied = meanwhile(both, pool, tie)
            session.execute(update(Tracking).values(failures=1))
            session.execute(update(CarrierWish).values(attempts=1))
        tied.result(10)
    with reading() as session:
        assert session.scalars(select(Tracking.number)).all() == ["TD2"]
