"""What a shop's program is told of its order: where it is, when it comes, what is agreed, what can be chosen."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from flask import current_app
from sqlalchemy import select
from sqlalchemy.orm import Session

from parcels.models import Fact, Parcel
from parcels.stages import Kind
from portal import links
from scheduling import booking, slots
from scheduling.models import Booking
from scheduling.slots import Offer
from scheduling.zones import service_of


def find(session: Session, shop_id: int, number: str) -> Parcel | None:
    """An order of a shop by the shop's own number."""
    which = Parcel.shop_id == shop_id, Parcel.order_number == number
    return session.scalar(select(Parcel).where(*which))


def told(session: Session, parcel: Parcel) -> dict[str, Any]:
    """An order as it stands. Everything in it changes only with `version`."""
    held = booking.active_booking(session, parcel.id)
    return {
        "order_number": parcel.order_number,
        "number": parcel.number,
        "version": parcel.version,
        "stage": parcel.stage.value,
        "timezone": parcel.zone,
        "arrives_in_city": _arrival(session, parcel),
        "promise": _days(parcel.promised_from, parcel.promised_to),
        "delivery": _agreed(held) if held is not None else None,
        "tracking_link": f"{current_app.config['PUBLIC_BASE_URL']}/t/{links.token_for(parcel)}",
    }


def _arrival(session: Session, parcel: Parcel) -> list[str] | None:
    """When it is expected in the city, or came there: from and to; None while nobody knows."""
    if parcel.promised_from is None:
        return None
    last = select(Fact.details).where(Fact.parcel_id == parcel.id, Fact.kind == Kind.PROMISED)
    details = session.scalar(last.order_by(Fact.seq.desc()).limit(1))
    return [details["arrival_from"], details["arrival_by"]] if details else None


def _days(*days: Any) -> list[str] | None:
    return [day.isoformat() for day in days] if all(days) else None


def _agreed(held: Booking) -> dict[str, Any]:
    """What is agreed, and who agreed to it: `recipient`, `operator` or `shop`."""
    by = held.made_by.partition(":")[0]
    if held.slot is not None:
        return {"kind": "slot", **_slot(held.slot), "made_by": by}
    if held.postponed_to is not None:
        return {"kind": "postponed", "to": held.postponed_to.isoformat(), "made_by": by}
    return {"kind": "remind", "on": held.remind_on.isoformat() if held.remind_on else None, "made_by": by}


def _slot(slot: Any) -> dict[str, str]:
    """A slot: its key, and what the key stands for."""
    return {
        "slot": slots.key_of(slot.day, slot.starts),
        "date": slot.day.isoformat(),
        "from": f"{slot.starts:%H:%M}",
        "to": f"{slot.ends:%H:%M}",
    }


def offered(session: Session, parcel: Parcel, now: datetime) -> dict[str, Any]:
    """The days and hours that can be chosen now, until when each, and how far it can be postponed. Raises Refusal."""
    days = booking.offered(session, parcel, now)
    window, service = booking.window_of(parcel), service_of(session, parcel.settlement_id)
    return {
        "order_number": parcel.order_number,
        "version": parcel.version,
        "timezone": parcel.zone,
        "window": [window.first.isoformat(), window.last.isoformat()],
        "days": [
            {
                "date": day.day.isoformat(),
                "closes_at": slots.closes_at(day.day, service.closing, service.timezone).isoformat(),
                "slots": [{**_slot(offer.row), "state": offer.availability.value} for offer in day.offers],
            }
            for day in days
            if service is not None
        ],
    }


def nearest(offers: Iterable[Offer]) -> list[dict[str, str]]:
    """Free slots to choose instead."""
    return [_slot(offer.row) for offer in offers]
