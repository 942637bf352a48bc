"""A carrier's numbers that come at hand-over: a shop's list of pairs is taken whole, or each bad line is named."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from carriers import following
from carriers.models import Tracking
from carriers.number_pairs import Pair, Why, read_pairs
from carriers.registry import CARRIERS
from parcels.models import Parcel
from portal.languages import _

#: A day's register of the busiest shop; more is another kind of file.
MOST_LINES = 5_000


@dataclass(frozen=True, slots=True)
class Trouble:
    """A line that cannot be taken, as it was written, and why, in the reader's language."""

    line: int
    said: str
    words: str


class BadNumbers(ValueError):
    """Nothing of a list was taken."""

    def __init__(self, troubles: list[Trouble]) -> None:
        super().__init__(len(troubles))
        self.troubles = troubles


def take(session: Session, shop_id: int, carrier: str, text: str, now: datetime) -> tuple[int, int]:
    """Follow the orders of a list by the carrier's numbers. Returns how many pairs it has, how many of them are news.

    Raises: BadNumbers when any line is bad; the caller rolls back.
    """
    pairs, bad = read_pairs(text)
    if len(pairs) + len(bad) > MOST_LINES:
        raise BadNumbers([Trouble(MOST_LINES + 1, "", _("строк больше {n}; разделите список", n=MOST_LINES))])
    troubles = [Trouble(line.line, line.said, _why(line.why)) for line in bad]
    orders, news, seen = _orders(session, shop_id, pairs), 0, set[int]()
    for pair in pairs:
        try:
            news += _follow(session, orders.get(pair.ours), seen, carrier, pair.theirs, now)
        except _Bad as bad_pair:
            troubles.append(Trouble(pair.line, f"{pair.ours} → {pair.theirs}", str(bad_pair)))
    if troubles:
        raise BadNumbers(sorted(troubles, key=lambda trouble: trouble.line))
    return len(pairs), news


class _Bad(ValueError):
    """Why a pair cannot be taken, in words."""


def _follow(session: Session, parcel: Parcel | None, seen: set[int], carrier: str, number: str, now: datetime) -> bool:
    """Follow an order; is that news? `seen` are those of the list so far: two numbers of ours may be one order's."""
    if parcel is None:
        raise _Bad(_("такого заказа у вас нет"))
    if parcel.id in seen:
        raise _Bad(_why(Why.REPEATED))
    seen.add(parcel.id)
    try:
        return following.follow(session, parcel, carrier, number, now)
    except following.TakenNumber as error:
        raise _Bad(_("этот номер уже у другого заказа")) from error
    except following.BadNumber as error:
        raise _Bad(_("это не похоже на номер перевозчика")) from error


def no_numbers() -> str:
    """Nothing was sent that could be taken."""
    return _("Номеров нет. Впишите пары номеров или выберите файл.")


def raced() -> str:
    """Somebody else was quicker with one of the numbers."""
    return _("Кто-то вносит эти номера одновременно с вами. Ничего не принято: отправьте список ещё раз.")


def _why(why: Why) -> str:
    return {
        Why.COUNT: _("в строке не два номера"),
        Why.EMPTY: _("один из номеров пуст"),
        Why.REPEATED: _("такой номер уже был выше"),
    }[why]


def _orders(session: Session, shop_id: int, pairs: list[Pair]) -> dict[str, Parcel]:
    """The shop's orders by what stands in the list: its own number of the order, or ours."""
    written = {pair.ours for pair in pairs}
    ids = {int(text[2:]): text for text in written if text[:2].upper() == "VH" and _is_id(text[2:])}
    which = Parcel.order_number.in_(written) | Parcel.id.in_(ids)
    # Held in the order of their ids, so that two lists at once cannot block each other.
    held = select(Parcel).where(Parcel.shop_id == shop_id, which).order_by(Parcel.id).with_for_update()
    found = session.scalars(held).all()
    return {ids[parcel.id]: parcel for parcel in found if parcel.id in ids} | {
        parcel.order_number: parcel for parcel in found if parcel.order_number in written
    }


def _is_id(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 18


def of(session: Session, parcels: Sequence[Parcel]) -> dict[int, list[tuple[str, str]]]:
    """By which numbers parcels are followed: the carrier's name and its number, by parcel."""
    found: dict[int, list[tuple[str, str]]] = {}
    rows = select(Tracking).where(Tracking.parcel_id.in_([parcel.id for parcel in parcels])).order_by(Tracking.id)
    for row in session.scalars(rows):
        name = CARRIERS[row.carrier].name if row.carrier in CARRIERS else row.carrier
        found.setdefault(row.parcel_id, []).append((name, row.number))
    return found
