"""Invariant I10 of a live database: each webhook is owed, and comes to an end that is written down."""

from datetime import datetime, timedelta

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from parcels.models import Fact, Parcel
from portal.extensions import now
from sms import hooks, preferences
from sms.hook_events import EVENTS
from sms.hook_models import OPEN, HookDelivery, HookEndpoint, HookStatus
from sms.preferences import Preferences

#: A round comes every five seconds; so long may workers stand still before somebody is told.
PATIENCE = timedelta(minutes=10)
#: A fact recorded while its address was being saved belongs to neither side.
AT_ONCE = timedelta(minutes=1)


def webhooks_come_to_an_end(session: Session) -> list[str]:
    """I10: each webhook is delivered, or dead with a reason, or waits for a moment that has not long gone by."""
    is_open = HookDelivery.status.in_(OPEN)
    has_no_end = HookDelivery.status.not_in(OPEN) & HookDelivery.settled_at.is_(None)
    is_silent = (HookDelivery.status == HookStatus.DEAD) & HookDelivery.reason.is_(None)
    has_two = is_open & or_(HookDelivery.settled_at.is_not(None), HookDelivery.reason.is_not(None))
    query = select(HookDelivery, HookEndpoint).join(HookDelivery.endpoint)
    return [
        f"вебхук {delivery.id}: {words}"
        for delivery, endpoint in session.execute(query.where(or_(is_open, has_no_end, is_silent, has_two)))
        for words in _wrong(delivery, endpoint, now() - PATIENCE)
    ]


def webhooks_are_owed(session: Session) -> list[str]:
    """I10: whatever happened since an address is on, and that it wants, is owed to it."""
    found: list[str] = []
    for endpoint in session.scalars(select(HookEndpoint).where(HookEndpoint.is_enabled)):
        kinds = [kind for kind, event in EVENTS.items() if hooks.wants(endpoint, event)]
        is_its = (HookDelivery.endpoint_id == endpoint.id) & (HookDelivery.parcel_id == Fact.parcel_id)
        query = (
            select(Fact.parcel_id, Fact.seq, Fact.kind, Fact.recorded_at)
            .join(Parcel, Parcel.id == Fact.parcel_id)
            .outerjoin(HookDelivery, is_its & (HookDelivery.seq == Fact.seq))
            .where(Parcel.shop_id == endpoint.shop_id, Fact.kind.in_(kinds), HookDelivery.id.is_(None))
            .where(Fact.recorded_at > endpoint.enabled_at + AT_ONCE)
        )
        chosen = preferences.history(session, endpoint.shop_id)
        found += [
            f"посылка {fact.parcel_id}, факт {fact.seq}: нет вебхука для адреса {endpoint.id}"
            for fact in session.execute(query)
            if not _was_silent(EVENTS[fact.kind], fact.recorded_at, chosen)
        ]
    return found


def _was_silent(event: str, at: datetime, chosen: list[tuple[datetime, Preferences]]) -> bool:
    """Had the shop chosen to be told nothing of this event, give or take the minute of the choice?"""
    silent = False
    for since, choices in chosen:
        if since > at + AT_ONCE:
            break
        is_silent = event in choices.silent_events
        silent = is_silent or (silent and since > at - AT_ONCE)
    return silent


def _wrong(delivery: HookDelivery, endpoint: HookEndpoint, long_ago: datetime) -> list[str]:
    if delivery.status not in OPEN:
        return ["закончен, а когда или почему, не записано"]
    if delivery.settled_at is not None or delivery.reason is not None:
        return ["ещё в пути, но уже закончен"]
    if delivery.status is HookStatus.SENDING:
        is_stuck = delivery.lease_until is None or delivery.lease_until < long_ago
        return ["отправляется и не кончает"] if is_stuck else []
    if not endpoint.is_enabled and (endpoint.disabled_at or long_ago) <= long_ago:
        return ["ждёт, хотя адрес выключен"]
    has_turns = any(moment is not None and moment >= long_ago for moment in (endpoint.tried_at, endpoint.resting_until))
    is_overdue = delivery.due_at < long_ago and not has_turns
    return ["пора отправлять, а никто не берётся"] if is_overdue or delivery.give_up_at < long_ago else []
