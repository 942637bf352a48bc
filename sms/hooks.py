"""FOLLOWER and use cases of webhooks: which fact is owed to which address, and what a shop does with its addresses."""

from datetime import datetime
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from parcels.models import Fact, Parcel, Shop
from sms import duties, hook_events
from sms.hook_events import EVENTS, PING
from sms.hook_ladder import LIFETIME
from sms.hook_models import HookDelivery, HookEndpoint, HookStatus, Why
from sms.hook_secrets import rotated

#: Addresses of one shop that may be on at a time.
MOST = 10


class TooMany(Exception):
    """The shop has as many addresses as it may."""


class ChangedMeanwhile(Exception):
    """Somebody else of the shop has changed the address since it was shown."""


class IsOff(Exception):
    """Nothing is sent to an address that is off."""


def follow(session: Session, parcel: Parcel, fact: Fact, now: datetime) -> None:
    """Owe an event to every address of the parcel's shop that wants it, in the fact's own transaction."""
    event = EVENTS.get(fact.kind)
    if event is None:
        return
    wanting = select(HookEndpoint).where(HookEndpoint.shop_id == parcel.shop_id, HookEndpoint.is_enabled)
    for endpoint in session.scalars(wanting.order_by(HookEndpoint.id)):
        if wants(endpoint, event) and event not in duties.chosen(session, parcel).silent_events:
            told = hook_events.data(parcel.order_number, parcel.number, parcel.stage.value, fact.seq)
            owed = _owed(endpoint, f"msg_{parcel.number}_{fact.seq}", event, told, fact.occurred_at, now)
            owed.parcel_id, owed.seq = parcel.id, fact.seq
            session.add(owed)
            session.info["hooks"] = True  # whoever commits this may wake the one who sends


def wants(endpoint: HookEndpoint, event: str) -> bool:
    """Has the shop asked for this event at this address?"""
    return endpoint.events is None or event in endpoint.events


def add(
    session: Session, shop_id: int, url: str, description: str, events: list[str] | None, random: bytes, now: datetime
) -> HookEndpoint:
    """Keep one more address of a shop, checked before by the gate. Raises: TooMany."""
    _insist_on_room(session, shop_id)
    endpoint = HookEndpoint(
        shop_id=shop_id,
        url=url,
        description=description,
        events=events,
        secrets=rotated([], random, now),
        created_at=now,
        enabled_at=now,
    )
    session.add(endpoint)
    session.flush()
    return endpoint


def edit(
    endpoint: HookEndpoint, url: str, description: str, events: list[str] | None, seen: int, now: datetime
) -> None:
    """Send elsewhere, or tell of other things, from now on; what is owed already goes to the new address too.

    Args: `endpoint` held by the caller; `url` checked before by the gate; `seen` the version that was shown.
    Raises: ChangedMeanwhile.
    """
    if endpoint.version != seen:
        raise ChangedMeanwhile
    if url != endpoint.url:
        wake(endpoint)
    if events != endpoint.events:
        endpoint.enabled_at = now  # what happened before is not owed by the new choice
    endpoint.url, endpoint.description, endpoint.events = url, description, events
    endpoint.version += 1


def rotate(endpoint: HookEndpoint, random: bytes, now: datetime) -> str:
    """Give an address a new secret; the one before is good for another 24 hours. Returns the new one."""
    endpoint.secrets = rotated(endpoint.secrets, random, now)
    return endpoint.secrets[0]["key"]


def disable(session: Session, endpoint: HookEndpoint, because: Why, now: datetime) -> None:
    """Send nothing more to an address. What is owed to it is dead, and can be replayed when it is on again."""
    if not endpoint.is_enabled:
        return
    endpoint.is_enabled, endpoint.disabled_at, endpoint.disabled_because = False, now, because
    waiting = HookDelivery.endpoint_id == endpoint.id, HookDelivery.status == HookStatus.PENDING
    session.execute(update(HookDelivery).where(*waiting).values(status=HookStatus.DEAD, reason=because, settled_at=now))


def enable(session: Session, endpoint: HookEndpoint, now: datetime) -> None:
    """Send to an address again, from now on. Raises: TooMany."""
    if endpoint.is_enabled:
        return
    _insist_on_room(session, endpoint.shop_id)
    endpoint.is_enabled, endpoint.enabled_at = True, now
    endpoint.disabled_at = endpoint.disabled_because = None
    wake(endpoint)


def ping(session: Session, endpoint: HookEndpoint, now: datetime) -> HookDelivery:
    """Owe an address a test event, which goes before everything else. Raises: IsOff."""
    _insist_on(endpoint)
    wake(endpoint)
    told: dict[str, Any] = {"href": None, "order_number": None, "parcel": None, "stage": None, "version": None}
    name = f"msg_test_{round(now.timestamp() * 1_000_000)}"
    delivery = _owed(endpoint, name, PING, told, now, now)
    session.add(delivery)
    session.info["hooks"] = True
    session.flush()
    return delivery


def replay(session: Session, endpoint: HookEndpoint, now: datetime, delivery_id: int | None = None) -> int:
    """Begin again with one dead delivery of an address, or with all of them. Returns how many. Raises: IsOff."""
    _insist_on(endpoint)
    wake(endpoint)
    dead = [HookDelivery.endpoint_id == endpoint.id, HookDelivery.status == HookStatus.DEAD]
    if delivery_id is not None:
        dead.append(HookDelivery.id == delivery_id)
    anew = {"status": HookStatus.PENDING, "rung": 0, "due_at": now, "give_up_at": now + LIFETIME}
    ended = {"settled_at": None, "reason": None, "lease_until": None}
    changed = update(HookDelivery).where(*dead).values(**anew, **ended).returning(HookDelivery.id)
    session.info["hooks"] = True
    return len(session.scalars(changed).all())


def wake(endpoint: HookEndpoint) -> None:
    """Somebody wants to see it work: whatever failed before, its turn is now."""
    endpoint.failures, endpoint.resting_until = 0, None


def _insist_on(endpoint: HookEndpoint) -> None:
    if not endpoint.is_enabled:
        raise IsOff


def _insist_on_room(session: Session, shop_id: int) -> None:
    """Counted while the shop is held, so that two presses do not make eleven."""
    session.execute(select(Shop.id).where(Shop.id == shop_id).with_for_update(key_share=True))
    query = select(func.count()).where(HookEndpoint.shop_id == shop_id, HookEndpoint.is_enabled)
    if (session.scalar(query) or 0) >= MOST:
        raise TooMany


def _owed(
    endpoint: HookEndpoint,
    message: str,
    event: str,
    told: dict[str, Any],
    at: datetime,
    now: datetime,
) -> HookDelivery:
    return HookDelivery(
        endpoint_id=endpoint.id,
        message_id=message,
        event=event,
        body=hook_events.body(event, at, told),
        occurred_at=at,
        created_at=now,
        due_at=now,
        give_up_at=now + LIFETIME,
    )
