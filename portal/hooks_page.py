"""What a shop sees of its webhooks: its addresses, and the log of one of them."""

from collections import defaultdict
from typing import Any

from flask import abort
from sqlalchemy import func, select
from sqlalchemy.orm import Session, joinedload

from parcels.models import Shop
from sms.hook_events import EVENTS
from sms.hook_models import HookAttempt, HookDelivery, HookEndpoint, HookStatus

NEWEST = 50


def held(session: Session, shop_id: int, endpoint_id: int) -> HookEndpoint:
    """An address of this shop, held against everybody who sends to it; that of another is not found."""
    query = select(HookEndpoint).where(HookEndpoint.id == endpoint_id, HookEndpoint.shop_id == shop_id)
    return session.scalars(query.with_for_update(key_share=True)).one_or_none() or abort(404)


def count(session: Session, shop_id: int) -> int:
    """How many addresses of a shop are on."""
    query = select(func.count()).where(HookEndpoint.shop_id == shop_id, HookEndpoint.is_enabled)
    return session.scalar(query) or 0


def addresses(session: Session, shop_id: int) -> dict[str, Any]:
    """The addresses of a shop, those that are on first, and how much each of them did not get."""
    query = select(HookEndpoint).where(HookEndpoint.shop_id == shop_id)
    dead = func.count().filter(HookDelivery.status == HookStatus.DEAD)
    counts = select(HookDelivery.endpoint_id, dead).group_by(HookDelivery.endpoint_id)
    of_shop = counts.join(HookDelivery.endpoint).where(HookEndpoint.shop_id == shop_id)
    return {
        "shop": session.get_one(Shop, shop_id),
        "endpoints": session.scalars(query.order_by(HookEndpoint.is_enabled.desc(), HookEndpoint.id)).all(),
        "dead": dict(session.execute(of_shop).all()),
        "events": list(EVENTS.values()),
    }


def log(session: Session, shop_id: int, endpoint_id: int, only_dead: bool) -> dict[str, Any]:
    """One address with its newest deliveries and all their attempts."""
    shop = session.get_one(Shop, shop_id, options=[joinedload(Shop.origin)])
    of_shop = HookEndpoint.id == endpoint_id, HookEndpoint.shop_id == shop_id
    endpoint = session.scalars(select(HookEndpoint).where(*of_shop)).one_or_none() or abort(404)
    its = [HookDelivery.endpoint_id == endpoint.id]
    is_dead = HookDelivery.status == HookStatus.DEAD
    query = select(HookDelivery).where(*its, *([is_dead] if only_dead else [])).options(joinedload(HookDelivery.parcel))
    deliveries = session.scalars(query.order_by(HookDelivery.id.desc()).limit(NEWEST)).all()
    return {
        "shop": shop,
        "zone": shop.origin.zone,
        "endpoint": endpoint,
        "deliveries": deliveries,
        "attempts": _attempts(session, [delivery.id for delivery in deliveries]),
        "dead": session.scalar(select(func.count()).where(*its, is_dead)),
        "only_dead": only_dead,
        "events": list(EVENTS.values()),
    }


def _attempts(session: Session, ids: list[int]) -> dict[int, list[HookAttempt]]:
    made: dict[int, list[HookAttempt]] = defaultdict(list)
    query = select(HookAttempt).where(HookAttempt.delivery_id.in_(ids)).order_by(HookAttempt.number.desc())
    for attempt in session.scalars(query):
        made[attempt.delivery_id].append(attempt)
    return made
