"""One damage for each invariant, on both databases: before it nothing is said, after it the invariant is named."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, time, timedelta

import pytest
from flask import Flask
from sqlalchemy import delete, event, insert, select, text, update
from sqlalchemy.orm import Session

from parcels import journal
from parcels.journal import NewFact
from parcels.models import Fact, Parcel
from parcels.stages import Kind, Stage
from portal.extensions import db
from portal.transaction import transaction
from portal.verify import CHECKS, breaches
from scheduling import booking
from scheduling.day_models import ClosedDay
from scheduling.models import Booking, Call, Slot
from sms import delivery, hooks, receipts, wording
from sms.gateway import Accepted
from sms.hook_models import HookStatus
from sms.models import Message, Receipt, Status
from tests.factories import KALININGRAD, NOW, TOMSK, make_parcel, make_staff, make_world

Damage = Callable[[Session], object]
LATER = NOW + timedelta(minutes=1)


@pytest.fixture
def lived(both: Flask) -> Flask:
    """One parcel with a slot and a delivered message, one that is over; and a table that believes anything."""
    with transaction() as session:
        shop = make_world(session)
        parcel, other = make_parcel(session, shop), make_parcel(session, shop)
        row = booking.offered(session, parcel, NOW)[0].offers[0].row
        booking.book(session, parcel, row.day, row.starts, booking.Asker("recipient", parcel.version), NOW)
        journal.record(session, other, NewFact(Kind.DELIVERED, "carrier:test"), LATER)
    with transaction() as session:
        for message_id in wording.due(session, LATER, 100):
            wording.prepare(session, message_id, both.extensions["desk"], LATER)
        for number, message in enumerate(delivery.claim(session, LATER)):
            delivery.settle(session, message.message_id, Accepted(f"SM{number}"), LATER)
            receipts.apply(session, message.message_id, f"SM{number}", "delivered", None, LATER)
    believe_anything()
    return both


def believe_anything() -> None:
    """Take the walls down that would refuse the damage before anybody could verify it."""
    if db.engine.dialect.name == "postgresql":
        with db.engine.begin() as connection:
            for table, wall in (("slots", "taken"), ("parcels", "somebody_owns_it")):
                connection.execute(text(f"ALTER TABLE {table} DROP CONSTRAINT ck_{table}_{wall}"))
            connection.execute(text("DROP INDEX uq_bookings_active"))
        return
    db.engine.dispose()
    event.listen(db.engine, "connect", lambda raw, _record: raw.execute("PRAGMA ignore_check_constraints = ON"))
    with db.engine.begin() as connection:
        connection.execute(text("DROP INDEX uq_bookings_active"))


def of(statement: object) -> Damage:
    return lambda session: session.execute(statement)  # type: ignore[call-overload]


def second_booking(session: Session) -> None:
    held = session.scalars(select(Booking)).one()
    same = {"parcel_id": held.parcel_id, "slot_id": held.slot_id, "is_active": True, "made_by": "x", "made_at": NOW}
    session.execute(insert(Booking).values(**same))
    session.execute(update(Slot).where(Slot.id == held.slot_id).values(taken=2))


def call_in_vain(session: Session) -> None:
    parcel_id = session.scalars(select(Booking.parcel_id)).one()
    session.add(Call(parcel_id=parcel_id, reason="missed", queued_at=NOW, due_at=NOW, closes_at=LATER))


def rung_twice(session: Session) -> None:
    """Two leased calls to one phone, each to a parcel of its own."""
    other = make_parcel(session, session.scalars(select(Parcel)).first().shop)  # type: ignore[union-attr]
    third = make_parcel(session, other.shop)
    operator = make_staff(session, "operator")
    lease = {"leased_by": operator.id, "leased_until": LATER}
    same = {"reason": "missed", "queued_at": NOW, "due_at": NOW, "closes_at": LATER, **lease}
    session.add_all([Call(parcel_id=other.id, **same), Call(parcel_id=third.id, **same)])


def second_receipt(session: Session) -> None:
    message_id = session.scalars(select(Message.id).where(Message.provider_id.is_not(None))).one()
    session.add(Receipt(message_id=message_id, provider_id="SM77", status="sent", received_at=LATER))


def closed_long_ago(session: Session) -> None:
    day = session.scalars(select(Slot.day).join(Booking, Booking.slot_id == Slot.id)).one()
    session.add(ClosedDay(settlement_id=TOMSK, day=day, reason="x", made_by="x", made_at=NOW))


def webhook_without_an_end(session: Session) -> None:
    shop_id = session.scalars(select(Parcel.shop_id).limit(1)).one()
    endpoint = hooks.add(session, shop_id, "https://shop.test/", "", ["nothing"], b"k" * 32, NOW)
    hooks.ping(session, endpoint, NOW).status = HookStatus.DELIVERED


def address_that_nothing_is_owed_to(session: Session) -> None:
    shop_id = session.scalars(select(Parcel.shop_id).limit(1)).one()
    hooks.add(session, shop_id, "https://shop.test/", "", None, b"k" * 32, NOW - timedelta(days=1))


BOOKED = Parcel.plan == Stage.SCHEDULED
TAKEN = update(Slot).where(Slot.taken > 0)
SOLD = select(Booking.slot_id).where(Booking.is_active).scalar_subquery()
DAMAGES: list[tuple[str, str, Damage]] = [
    ("I1", "a place taken by nobody", of(TAKEN.values(taken=2))),
    ("I1", "a place given away twice", of(TAKEN.values(taken=0))),
    ("I1", "less than nothing taken", of(update(Slot).where(Slot.taken == 0).values(taken=-1))),
    ("I1", "more taken than there is", of(TAKEN.values(capacity=0))),
    ("I1", "a booking that ended and kept its place", of(update(Booking).values(is_active=False))),
    ("I2", "two active bookings", second_booking),
    ("I2", "another zone", of(update(Parcel).where(BOOKED).values(settlement_id=KALININGRAD))),
    ("I2", "a day after the fourteenth", of(TAKEN.values(day=date(2026, 12, 31), starts=time(9, 1)))),
    ("I2", "a day before the first", of(TAKEN.values(day=date(2026, 11, 17), starts=time(9, 1)))),
    ("I2", "a closed day", of(TAKEN.values(capacity=0))),
    ("I2", "a day closed in the settlement", closed_long_ago),
    ("I2", "a booking nobody recorded", of(delete(Fact).where(Fact.kind == Kind.SLOT_BOOKED))),
    ("I3", "closed, but somebody's", of(update(Parcel).where(BOOKED).values(closed_at=NOW))),
    ("I3", "open, but nobody's", of(update(Parcel).where(BOOKED).values(owner=None))),
    ("I3", "without a next step", of(update(Parcel).where(BOOKED).values(next_action=None))),
    ("I3", "without a time", of(update(Parcel).where(BOOKED).values(next_action_at=None))),
    ("I4", "no first message", of(update(Message).values(dedup_key=Message.dedup_key + "x", parcel_id=1))),
    ("I4", "a new link that nobody was sent", of(update(Parcel).values(link_epoch=2))),
    ("I4", "a fact that nobody was told", of(delete(Message).where(Message.kind == "booked"))),
    ("I5", "accepted twice", second_receipt),
    ("I5", "a receipt for another one", of(update(Message).values(provider_id="SM77"))),
    ("I7", "a version ahead", of(update(Parcel).values(version=Parcel.version + 1))),
    ("I7", "another stage", of(update(Parcel).values(stage=Stage.IN_TRANSIT))),
    ("I7", "another road", of(update(Parcel).values(road=Stage.IN_CITY))),
    ("I7", "a gap", of(update(Fact).where(Fact.kind == Kind.PROMISED).values(seq=77))),
    ("I7", "the last fact lost", of(delete(Fact).where(Fact.kind == Kind.DELIVERED))),
    ("I8", "queued again", of(update(Message).values(status=Status.QUEUED))),
    ("I8", "delivered, and now only accepted", of(update(Message).values(status=Status.ACCEPTED))),
    ("I8", "delivered, and now dead", of(update(Message).values(status=Status.DEAD))),
    ("I10", "a webhook that ended nobody knows when", webhook_without_an_end),
    ("I10", "facts that no webhook tells", address_that_nothing_is_owed_to),
    ("I12", "a call to somebody who has a time", call_in_vain),
    ("I12", "two leased calls to one phone", rung_twice),
]


@pytest.mark.parametrize(("invariant", "damage"), [pytest.param(i, d, id=f"{i} {words}") for i, words, d in DAMAGES])
def test_each_damage_is_named(lived: Flask, invariant: str, damage: Damage) -> None:
    verify = lived.test_cli_runner()
    sound = verify.invoke(args=["verify"])
    assert (sound.exit_code, sound.output) == (0, "Нарушений нет.\n")
    with transaction() as session:
        damage(session)
    found = verify.invoke(args=["verify"])
    assert found.exit_code == 1
    assert f"{invariant}: " in found.output


def test_every_check_has_its_damage(lived: Flask) -> None:
    """Each function of `verify` is what sees some damage, so none of them sleeps."""
    awake = set()
    for _, _, damage in DAMAGES:
        with transaction() as session:
            damage(session)
            session.flush()
            awake |= {check.__name__ for _, check in CHECKS if check(session)}
            session.rollback()
    assert awake == {check.__name__ for _, check in CHECKS}
    with transaction() as session:
        assert breaches(session) == []


# --- with a clock, while the worker runs

JUST, TOO_LONG = timedelta(seconds=60), timedelta(seconds=61)


def due(ago: timedelta) -> Damage:
    return of(update(Parcel).where(BOOKED).values(next_action_at=LATER - ago))


def sending(ago: timedelta) -> Damage:
    values = {"status": Status.SENDING, "accepted_at": None, "settled_at": None, "lease_until": LATER - ago}
    receipts_gone = delete(Receipt)
    sent = update(Message).where(Message.accepted_at.is_not(None)).values(**values)
    return lambda session: (session.execute(receipts_gone), session.execute(sent))


@pytest.mark.parametrize(
    ("invariant", "damage", "is_breach"),
    [
        ("I3", due(JUST), False),
        ("I3", due(TOO_LONG), True),
        ("I4", sending(JUST), False),
        ("I4", sending(TOO_LONG), True),
    ],
    ids=["due for a minute", "overdue", "just beyond its lease", "stuck in sending"],
)
def test_what_waits_too_long_for_a_running_worker_is_named(
    lived: Flask, invariant: str, damage: Damage, is_breach: bool
) -> None:
    with transaction() as session:
        damage(session)
    with transaction() as session:
        assert breaches(session) == []  # a worker that does not run is nobody's breach
    with transaction() as session:
        assert [breach.invariant for breach in breaches(session, LATER)] == [invariant] * is_breach
