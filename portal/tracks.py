"""The carrier's own number of a shop's order: which it is, at which carrier, and whether it may be followed."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from carriers import following
from carriers.models import Tracking
from carriers.registry import CARRIERS
from parcels.models import Parcel, Shop
from portal.order_rows import BadOrder


@dataclass(frozen=True, slots=True)
class Track:
    """A number of a carrier's that may be tied to an order."""

    carrier: str
    number: str

    def follow(self, session: Session, parcel: Parcel, now: datetime) -> bool:
        """Follow the parcel by it. Returns: is that new?"""
        return following.follow(session, parcel, self.carrier, self.number, now)


def track_of(session: Session, shop: Shop, order: str, cells: Mapping[str, str]) -> Track | None:
    """What a row says of the carrier's number, at the carrier of the shop unless it names another; None for nothing.

    Raises: BadOrder for what is no number, no carrier, or the number of another order.
    """
    written = cells.get("track", "").strip()
    if not written:
        return None
    carrier = cells.get("carrier", "").strip().lower() or shop.carrier
    if carrier not in CARRIERS:
        raise BadOrder("bad_carrier", carrier)
    try:
        number = following.clean(written)
    except following.BadNumber as error:
        raise BadOrder("bad_track", written) from error
    holder = select(Parcel.shop_id, Parcel.order_number).join(Tracking, Tracking.parcel_id == Parcel.id)
    held = session.execute(holder.where(Tracking.carrier == carrier, Tracking.number == number)).one_or_none()
    if held is not None and tuple(held) != (shop.id, order):
        raise BadOrder("taken_track", number)
    return Track(carrier, number)
