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
from portal.order_rows import BadOrder, as_written


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
    written = as_written(cells, "track")
    if not written:
        return None
    carrier = as_written(cells, "carrier").lower() or shop.carrier
    if carrier not in CARRIERS:
        raise BadOrder("bad_carrier", carrier)
    try:
        number = following.clean(written)
    except following.BadNumber as error:
        raise BadOrder("bad_track", written) from error
    track = Track(carrier, number)
    _insist_on_free(session, shop, order, track)
    return track


def typed_track(session: Session, shop: Shop, number: str) -> tuple[str, Track | None]:
    """What is typed as an order's number: the order, and the number of the shop's carrier if it plainly is one.

    Of a parcel that is followed by it already the order is that one's. Raises: BadOrder when it is another shop's.
    """
    carrier, cleaned = CARRIERS.get(shop.carrier), "".join(number.split()).upper()
    if carrier is None or carrier.knows is None or not carrier.knows(cleaned):
        return number, None
    track = Track(carrier.code, cleaned)
    holder = _holder(session, track)
    order = holder[1] if holder is not None and holder[0] == shop.id else number
    _insist_on_free(session, shop, order, track)
    return order, track


def _insist_on_free(session: Session, shop: Shop, order: str, track: Track) -> None:
    if _holder(session, track) not in (None, (shop.id, order)):
        raise BadOrder("taken_track", track.number)


def _holder(session: Session, track: Track) -> tuple[int, str] | None:
    """Shop and order of the parcel that is followed by a number."""
    followed = select(Parcel.shop_id, Parcel.order_number).join(Tracking, Tracking.parcel_id == Parcel.id)
    of_it = followed.where(Tracking.carrier == track.carrier, Tracking.number == track.number)
    row = session.execute(of_it).one_or_none()
    return (row.shop_id, row.order_number) if row is not None else None
