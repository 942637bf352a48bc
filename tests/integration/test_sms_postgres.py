"""The outbox among several workers at once, on PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import chain
from threading import Barrier

import pytest
from sqlalchemy import Engine, create_engine, func, select
from sqlalchemy.orm import Session

from parcels import journal
from parcels.models import Base, Parcel
from sms import delivery, duties, receipts
from sms.models import Message, Receipt, Status
from tests.integration.test_sms_models import NOW, add_message, committed
from tests.servers import new_database

pytestmark = [pytest.mark.postgres, pytest.mark.xdist_group("servers")]
WORKERS = 6


@pytest.fixture
def engine(postgres_url: str) -> Iterator[Engine]:
    journal.wire()
    engine = create_engine(new_database(postgres_url, "vekha_outbox"), pool_size=WORKERS)
    Base.metadata.create_all(engine)
    yield engine
    engine.dispose()


def test_what_one_worker_holds_the_others_skip(engine: Engine) -> None:
    with committed(engine) as session:
        both = {add_message(session, "1"), add_message(session, "2")}
    with committed(engine) as one, committed(engine) as two, committed(engine) as three:
        claimed = [delivery.claim(session, NOW, 1) for session in (one, two, three)]
    assert [len(batch) for batch in claimed] == [1, 1, 0]
    assert {outgoing.message_id for batch in claimed for outgoing in batch} == both


def test_workers_in_a_race_claim_each_message_once(engine: Engine) -> None:
    with committed(engine) as session:
        messages = [add_message(session, str(n)) for n in range(60)]
    start = Barrier(WORKERS)

    def work() -> list[int]:
        start.wait()
        mine: list[int] = []
        while True:
            with committed(engine) as session:
                batch = delivery.claim(session, NOW, 3)
            if not batch:
                return mine
            mine += [outgoing.message_id for outgoing in batch]

    with ThreadPoolExecutor(WORKERS) as pool:
        claimed = [job.result(30) for job in [pool.submit(work) for _ in range(WORKERS)]]
    assert sorted(chain.from_iterable(claimed)) == messages


def test_the_same_receipt_from_all_sides_counts_once(engine: Engine) -> None:
    with committed(engine) as session:
        message_id = add_message(session, status=Status.SENDING)
    start = Barrier(WORKERS)

    def work() -> bool:
        start.wait()
        with committed(engine) as session:
            return receipts.apply(session, message_id, "SM1", "undelivered", "30003", NOW)

    with ThreadPoolExecutor(WORKERS) as pool:
        answers = [job.result(30) for job in [pool.submit(work) for _ in range(WORKERS)]]
    assert sorted(answers) == [False] * (WORKERS - 1) + [True]
    with Session(engine) as session:
        assert session.scalar(select(func.count()).select_from(Receipt)) == 1


def test_failures_and_new_links_of_one_parcel_do_not_deadlock(engine: Engine) -> None:
    journal.wire(duties.follow)
    rounds = 60
    with committed(engine) as session:
        add_message(session)
        parcel_id = session.scalars(select(Message.parcel_id)).one()
    start = Barrier(2)

    def revoke() -> None:
        start.wait()
        for _ in range(rounds):
            with committed(engine) as session:
                parcel: Parcel = journal.lock(session, parcel_id)
                journal.record(session, parcel, journal.NewFact(journal.Kind.LINK_REVOKED, "test"), NOW)

    def fail() -> None:
        """Receipts for what is back in the queue: the very rows that the other side wants to drop."""
        start.wait()
        for turn in range(rounds):
            with Session(engine) as session:
                waiting = Message.status.in_((Status.OWED, Status.QUEUED))
                unsent = session.scalars(select(Message.id).where(waiting)).all()
            for message_id in unsent:
                with committed(engine) as session:
                    receipts.apply(session, message_id, f"SM{turn}", "failed", None, NOW)

    with ThreadPoolExecutor(2) as pool:
        for job in [pool.submit(revoke), pool.submit(fail)]:
            job.result(60)
    journal.wire()
    with Session(engine) as session:
        left = set(session.scalars(select(Message.status)))
        assert left <= {Status.OWED, Status.QUEUED, Status.DROPPED, Status.UNDELIVERED}
        assert session.scalars(select(Parcel.link_epoch)).one() == rounds + 1
