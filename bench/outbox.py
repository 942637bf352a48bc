"""D2: the outbox claimed in batches against one big statement. G2: many messages in flight to a slow provider."""

import time
from collections.abc import Iterator

from sqlalchemy import insert, select, text, update

from bench.figures import ROUNDS, Figure, floor, side_by_side
from bench.places import NOW, furnish, postgres_database, settings_for
from portal import create_app, sending
from portal.extensions import db
from portal.transaction import transaction
from sms import delivery
from sms.gateway import Accepted, Outcome, Outgoing
from sms.models import Message, Receipt, Status

CLAIMED, BATCH = 5_000, 500
SENT, SECONDS = 64 * 20, 0.1
_DUE = (
    select(Message.id).where(Message.status == Status.QUEUED, Message.due_at <= NOW).with_for_update(skip_locked=True)
)
_ALL = (
    update(Message)
    .where(Message.id.in_(_DUE.scalar_subquery()))
    .values(status=Status.SENDING, attempts=Message.attempts + 1, looks=0, lease_until=NOW, due_at=NOW + delivery.LEASE)
    .returning(Message.id, Message.recipient, Message.text, Message.attempts)
)


class Slow:
    """A provider that takes a tenth of a second over each message."""

    name = "slow"

    def send(self, message: Outgoing) -> Outcome:
        """Sleep, as a thread does that waits for an answer."""
        time.sleep(SECONDS)
        return Accepted(f"S{message.message_id}")

    def find(self, message: Outgoing) -> str | None:
        """Nobody asks."""
        return None


def figures() -> Iterator[Figure]:
    """Claim the same rows in both ways, then send as the worker does."""
    with postgres_database("bench_outbox") as url:
        furnish(url, slots=1, parcels=1)
        app = create_app(settings_for(url))
        app.extensions["sms_gateway"] = Slow()
        with app.app_context():
            ratios = side_by_side(_in_batches, _in_one)
            yield floor("D2", f"rows/s claimed, PG: batches of {BATCH} : one UPDATE ... RETURNING", ratios, 0.5)
            shares = tuple(_share_of_ideal() for _ in range(ROUNDS))
            what = f"messages/s to a provider of {SECONDS * 1000:.0f} ms, {sending.IN_FLIGHT} in flight : ideal"
            note = f"{SENT} messages: claimed, sent and settled, each outcome with its own commit"
            yield floor("G2", what, shares, 0.8, note)
            db.engine.dispose()


def _fill(count: int) -> None:
    rows = [
        {
            "parcel_id": 1,
            "shop_id": 1,
            "status": Status.QUEUED,
            "kind": "first_link",
            "dedup_key": f"{number}:first_link:1:sms",
            "recipient": "+79130001242",
            "text": f"Тёплый дом, {number}: привезём 26–27.11. Время: veha.ru/t/7Kq2mX9s",
            "language": "ru",
            "parts": 1,
            "provider": "slow",
            "due_at": NOW,
            "created_at": NOW,
        }
        for number in range(count)
    ]
    with transaction() as session:
        session.execute(text(f"TRUNCATE {Receipt.__tablename__}, {Message.__tablename__} CASCADE"))
        session.execute(insert(Message), rows)
    with db.engine.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
        connection.exec_driver_sql("VACUUM ANALYZE messages")


def _in_batches() -> float:
    _fill(CLAIMED)
    began, claimed = time.perf_counter(), 0
    while claimed < CLAIMED:
        with transaction() as session:
            claimed += len(delivery.claim(session, NOW, BATCH))
    return CLAIMED / (time.perf_counter() - began)


def _in_one() -> float:
    _fill(CLAIMED)
    began = time.perf_counter()
    with transaction() as session:
        claimed = len(session.execute(_ALL).all())
    return claimed / (time.perf_counter() - began)


def _share_of_ideal() -> float:
    _fill(SENT)
    began = time.perf_counter()
    sent = sending.deliver_messages(lambda: NOW)["accepted"]
    return (sent * SECONDS / sending.IN_FLIGHT) / (time.perf_counter() - began)
