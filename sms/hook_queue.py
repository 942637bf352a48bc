"""How a webhook leaves: claim, send, settle. Two commits of the caller's around the network, none of it within.

for hook in claim(session, now, limit, doubtful): commit, sender.send(hook), settle(...), commit
"""

from datetime import datetime, timedelta
from typing import TypeVar

from sqlalchemy import ColumnElement, Select, or_, select, update
from sqlalchemy.orm import Session

from sms import hooks
from sms.hook_events import PING
from sms.hook_ladder import LADDER, rest, wait
from sms.hook_models import OPEN, HookAttempt, HookDelivery, HookEndpoint, HookStatus, Why
from sms.hook_secrets import keys
from sms.webhook import Answer, OutgoingHook

Row = TypeVar("Row")
#: More than three times what an attempt may take.
LEASE = timedelta(seconds=60)
BATCH = 500
#: What the log says of an attempt whose worker never came back.
INTERRUPTED = "interrupted"


def claim(session: Session, now: datetime, limit: int, doubtful: int) -> list[OutgoingHook]:
    """Take the next delivery of each address that may have a turn, to send it within the lease of 60 s.

    Those that answered the last time go first; of those that failed, no more than `doubtful`. The attempt is counted
    here, before the work. An address whose lease has run out gets the interrupted delivery once more.
    """
    sound = session.scalars(_ready(now).where(HookEndpoint.failures == 0).limit(limit)).all()
    room = min(doubtful, limit - len(sound))
    failing = session.scalars(_ready(now).where(HookEndpoint.failures > 0).limit(room)).all() if room > 0 else []
    taken = (_take(session, endpoint, now) for endpoint in (*sound, *failing))
    return [hook for hook in taken if hook is not None]


def settle(session: Session, hook: OutgoingHook, answer: Answer, now: datetime, chance: float) -> HookStatus:
    """Write down what came of an attempt. Returns where its delivery stands now.

    Args: `chance` from 0 to 1 is the jitter. A worker that wakes up after its lease changes nothing of a later
    attempt, except that "delivered" always counts.
    """
    endpoint = session.scalars(_held(select(HookEndpoint).where(HookEndpoint.id == hook.endpoint_id))).one()
    delivery = session.scalars(_held(select(HookDelivery).where(HookDelivery.id == hook.delivery_id))).one()
    _log(session, hook, answer)
    if answer.is_delivered:
        _end(delivery, HookStatus.DELIVERED, None, now)
        hooks.wake(endpoint)
    elif delivery.status is HookStatus.SENDING and delivery.attempts == hook.attempt:
        _failed(session, endpoint, delivery, answer, now, chance)
    session.flush()
    return delivery.status


def tidy(session: Session, now: datetime) -> int:
    """Bury what is owed to an address that is off, and what has waited too long. Returns how many.

    Turning an address off buries what it sees; a fact recorded at that very moment is buried here.
    """
    is_left = or_(HookDelivery.status == HookStatus.PENDING, HookDelivery.lease_until <= now)
    is_over = or_(HookDelivery.give_up_at <= now, HookEndpoint.is_enabled.is_(False))
    query = select(HookDelivery.id, HookEndpoint.disabled_because).join(HookDelivery.endpoint)
    locking = query.where(HookDelivery.status.in_(OPEN), is_left, is_over).limit(BATCH)
    found = session.execute(locking.with_for_update(skip_locked=True, of=HookDelivery)).all()
    for delivery_id, because in found:
        ended = {"status": HookStatus.DEAD, "reason": because or Why.EXPIRED, "settled_at": now, "lease_until": None}
        session.execute(update(HookDelivery).where(HookDelivery.id == delivery_id).values(**ended))
    return len(found)


def _ready(now: datetime) -> Select[HookEndpoint]:
    """Addresses that are on, rested, with something due and nothing in flight; who waits longest for a turn first."""
    due = _of(HookDelivery.status == HookStatus.PENDING, HookDelivery.due_at <= now)
    interrupted = _of(HookDelivery.status == HookStatus.SENDING, HookDelivery.lease_until <= now)
    flying = _of(HookDelivery.status == HookStatus.SENDING, HookDelivery.lease_until > now)
    is_rested = or_(HookEndpoint.resting_until.is_(None), HookEndpoint.resting_until <= now)
    query = select(HookEndpoint).where(HookEndpoint.is_enabled, is_rested, or_(due, interrupted), ~flying)
    order = HookEndpoint.tried_at.asc().nulls_first(), HookEndpoint.id
    return _held(query.order_by(*order), skip_locked=True)


def _of(*conditions: ColumnElement[bool]) -> ColumnElement[bool]:
    return select(HookDelivery.id).where(HookDelivery.endpoint_id == HookEndpoint.id, *conditions).exists()


def _held(query: Select[Row], skip_locked: bool = False) -> Select[Row]:
    return query.with_for_update(skip_locked=skip_locked, key_share=True).execution_options(populate_existing=True)


def _take(session: Session, endpoint: HookEndpoint, now: datetime) -> OutgoingHook | None:
    delivery = _next(session, endpoint, now)
    if delivery is None:
        return None
    if delivery.status is HookStatus.SENDING:
        lost = HookAttempt(delivery_id=delivery.id, number=delivery.attempts, made_at=now, milliseconds=0)
        lost.error = INTERRUPTED
        session.merge(lost)
        if delivery.rung >= len(LADDER):
            _end(delivery, HookStatus.DEAD, Why.EXHAUSTED, now)
            return None
    delivery.status, delivery.lease_until = HookStatus.SENDING, now + LEASE
    delivery.attempts, delivery.rung = delivery.attempts + 1, delivery.rung + 1
    endpoint.tried_at = now
    session.flush()
    return OutgoingHook(
        delivery_id=delivery.id,
        endpoint_id=endpoint.id,
        message_id=delivery.message_id,
        url=endpoint.url,
        body=delivery.body,
        keys=keys(endpoint.secrets, now),
        at=now,
        attempt=delivery.attempts,
        is_doubtful=endpoint.failures > 0,
    )


def _next(session: Session, endpoint: HookEndpoint, now: datetime) -> HookDelivery | None:
    """What an address gets next, asked while it is held: then nobody else can be sending to it unseen."""
    its = select(HookDelivery).where(HookDelivery.endpoint_id == endpoint.id)
    flying = session.scalars(_held(its.where(HookDelivery.status == HookStatus.SENDING))).one_or_none()
    if flying is not None:
        return flying if flying.lease_until is None or flying.lease_until <= now else None
    due = its.where(HookDelivery.status == HookStatus.PENDING, HookDelivery.due_at <= now)
    order = (HookDelivery.event != PING, HookDelivery.due_at, HookDelivery.id)
    return session.scalars(_held(due.order_by(*order).limit(1))).one_or_none()


def _failed(
    session: Session, endpoint: HookEndpoint, delivery: HookDelivery, answer: Answer, now: datetime, chance: float
) -> None:
    endpoint.failures += 1
    endpoint.resting_until = now + rest(endpoint.failures, answer.retry_after)
    pause = wait(delivery.rung, chance, answer.retry_after)
    if answer.is_gone:
        _end(delivery, HookStatus.DEAD, Why.GONE, now)
        hooks.disable(session, endpoint, Why.GONE, now)
    elif not endpoint.is_enabled:
        _end(delivery, HookStatus.DEAD, endpoint.disabled_because, now)
    elif pause is None:
        _end(delivery, HookStatus.DEAD, Why.EXHAUSTED, now)
    else:
        delivery.status, delivery.lease_until, delivery.due_at = HookStatus.PENDING, None, now + pause


def _end(delivery: HookDelivery, to: HookStatus, reason: Why | None, now: datetime) -> None:
    delivery.status, delivery.reason, delivery.settled_at, delivery.lease_until = to, reason, now, None


def _log(session: Session, hook: OutgoingHook, answer: Answer) -> None:
    made = HookAttempt(delivery_id=hook.delivery_id, number=hook.attempt, made_at=hook.at)
    made.status, made.error = answer.status, answer.error
    made.milliseconds, made.answer = answer.milliseconds, answer.text
    session.merge(made)
