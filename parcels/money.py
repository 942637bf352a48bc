"""Cash on delivery after the door: who has how much of it, and handing it to the shop it belongs to."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, func, select, text
from sqlalchemy.orm import Session, joinedload

from parcels import holdings, journal
from parcels.custody import Role, What
from parcels.custody_models import Holding
from parcels.journal import NewFact, UnknownParcel
from parcels.models import Fact, Parcel
from parcels.stages import Kind

#: Facts that say something of a parcel's money, and how much it is.
_TELLING = (Kind.DELIVERED, Kind.CASH_HANDED_IN, Kind.CASH_SENT, Kind.CASH_BACK, Kind.CASH_TAKEN_BACK)

_KEY = re.compile(r"([0-9]{1,18}):([0-9]{1,9})")
#: Written out, so that SQLite too finds its few rows by the index of them.
_IS_CASH = text("holdings.what = 'cash'")


class Where(StrEnum):
    """How far the money has come: taken from the recipient, on its way to the shop, there."""

    TAKEN = "taken"
    SENT = "sent"
    BACK = "back"


@dataclass(frozen=True, slots=True)
class Cash:
    """The money of one parcel: `minor` units of the parcel's currency, the open row of who has it, and, of what has
    come back, the number of the payment. `note` is what was said where another sum was taken than was due;
    `short_minor` is what was missing when a cashier counted it.
    """

    parcel: Parcel
    held: Holding
    where: Where
    minor: int
    payment: str = ""
    note: str = ""
    short_minor: int = 0

    @property
    def missing_minor(self) -> int:
        """How much less there is than was due; negative when it is more."""
        return self.parcel.cod_minor - self.minor

    @property
    def currency(self) -> str:
        return self.parcel.currency

    @property
    def key(self) -> str:
        """The parcel and the holding that a page showed: `12:7`."""
        return f"{self.parcel.id}:{self.held.seq}"


@dataclass(frozen=True, slots=True)
class Payment:
    """What the shop is given at once: the number of the payment and its day, from whom, and who says so."""

    number: str
    day: date
    source: str
    by: str


class Changed(Exception):
    """Some of the money has gone elsewhere since the page was shown; nothing has been recorded."""


def held(session: Session, *which: ColumnElement[bool]) -> list[Cash]:
    """The money that somebody has, by shop and parcel. Args: `which` conditions on `Holding` and `Parcel`."""
    query = select(Parcel, Holding).join(Holding, Holding.parcel_id == Parcel.id)
    query = query.where(_IS_CASH, Holding.until.is_(None), *which)
    rows = session.execute(query.options(joinedload(Parcel.shop)).order_by(Parcel.shop_id, Parcel.id)).all()
    ids = query.with_only_columns(Parcel.id)
    told = select(Fact).where(Fact.parcel_id.in_(ids), Fact.kind.in_(_TELLING)).order_by(Fact.parcel_id, Fact.seq)
    facts: dict[int, list[Fact]] = {}
    for fact in session.scalars(told):
        facts.setdefault(fact.parcel_id, []).append(fact)
    return [_cash(parcel, holding, facts.get(parcel.id, [])) for parcel, holding in rows]


def in_tills(session: Session) -> list[Cash]:
    """What our warehouses have."""
    return held(session, Holding.role == Role.WAREHOUSE)


def _cash(parcel: Parcel, holding: Holding, facts: Iterable[Fact]) -> Cash:
    """The last that was said of the sum counts: a courier may bring less than was due."""
    minor, payment, note, short, kinds = parcel.cod_minor, "", "", 0, set[Kind]()
    for fact in facts:
        minor = fact.details.get("cod_minor", minor)
        payment = str(fact.details.get("payment", payment))
        if fact.kind is Kind.DELIVERED:
            note = str(fact.details.get("note", note))
        if fact.kind is Kind.CASH_HANDED_IN:
            short = int(fact.details.get("short_minor", 0))
        kinds.add(fact.kind)
    if holding.role is Role.SHOP:
        where = Where.BACK
    else:
        is_on_way = holding.role is Role.CARRIER and Kind.CASH_SENT in kinds
        where = Where.SENT if is_on_way else Where.TAKEN
    note = note if minor != parcel.cod_minor else ""
    return Cash(parcel, holding, where, minor, payment, note=note, short_minor=short)


def standing(session: Session, keys: Sequence[str]) -> list[Cash]:
    """The money in our tills that is named, its parcels locked: all of it, of one shop and currency.

    Args: `keys` as `Cash.key` gave them. Raises Changed.
    """
    found = _locked(session, keys, Role.WAREHOUSE)
    is_one = len({(cash.parcel.shop_id, cash.currency) for cash in found}) == 1
    if not is_one or {cash.key for cash in found} != set(keys):
        raise Changed
    return found


def make_up(session: Session, key: str, source: str, by: str, now: datetime) -> Cash:
    """What was missing from an order when it was counted has been put into the till. Args: `key` as `Cash.key` gave it.

    Raises Changed when nothing is missing there any more.
    """
    (cash,) = standing(session, [key])
    if not cash.short_minor:
        raise Changed
    details = {
        "by": by,
        "cod_minor": cash.minor + cash.short_minor,
        "currency": cash.currency,
        "made_up_minor": cash.short_minor,
        "warehouse": cash.held.holder_id,
    }
    new = NewFact(Kind.CASH_HANDED_IN, source, place=cash.held.name, details=details)
    journal.record(session, cash.parcel, new, now)
    return cash


def _locked(session: Session, keys: Sequence[str], role: Role) -> list[Cash]:
    ids = sorted({_ids(key)[0] for key in keys})
    try:
        for parcel_id in ids:
            journal.lock(session, parcel_id)
    except UnknownParcel as error:
        raise Changed from error
    return held(session, Parcel.id.in_(ids), Holding.role == role)


def pay_out(session: Session, keys: Sequence[str], payment: Payment, now: datetime) -> list[Cash]:
    """Give one shop what our warehouses have of its money: all that is named, or nothing.

    Args: `keys` as `Cash.key` gave them. The fact of the first parcel lists all orders, and the letter hangs on it; the
    others name that parcel. Returns what was handed over. Raises Changed, also when it is of two shops or currencies.
    """
    found = standing(session, keys)
    first = found[0].parcel
    orders = [[cash.parcel.number, cash.parcel.order_number, cash.minor, cash.currency] for cash in found]
    for cash in found:
        told: dict[str, Any] = {"orders": orders} if cash.parcel is first else {"told_with": first.number}
        said = {"payment": payment.number, "paid_on": payment.day.isoformat(), "by": payment.by}
        details = {**said, "cod_minor": cash.minor, "currency": cash.currency, "source": cash.held.name, **told}
        if times := _times_paid(session, cash.parcel.id):
            details["again"] = times  # paid before and reversed: this payment is told anew
        journal.record(session, cash.parcel, NewFact(Kind.CASH_BACK, payment.source, details=details), now)
    return found


def _times_paid(session: Session, parcel_id: int) -> int:
    paid = Fact.parcel_id == parcel_id, Fact.kind == Kind.CASH_BACK
    return session.scalar(select(func.count()).select_from(Fact).where(*paid)) or 0


def take_back(session: Session, keys: Sequence[str], payment: Payment, reason: str, now: datetime) -> None:
    """A payment was a mistake: the money of its orders lies again where it lay before. Raises Changed.

    Args: `keys` as they were paid out; `payment` the number that is reversed, and who says so.
    """
    for cash in _locked(session, keys, Role.SHOP):
        before = _before(session, cash)
        if cash.payment != payment.number or before is None:
            raise Changed
        said = {"by": payment.by, "note": reason, "reversed": payment.number, "payment": ""}
        details = {**said, "cod_minor": cash.minor, "currency": cash.currency, "warehouse": before.holder_id}
        new = NewFact(Kind.CASH_TAKEN_BACK, payment.source, place=before.name, details=details)
        journal.record(session, cash.parcel, new, now)


def _before(session: Session, cash: Cash) -> Holding | None:
    """Who had the money before the shop."""
    earlier = Holding.parcel_id == cash.parcel.id, _IS_CASH, Holding.seq < cash.held.seq
    return session.scalar(select(Holding).where(*earlier).order_by(Holding.seq.desc()).limit(1))


def _ids(key: str) -> tuple[int, int]:
    """Raises Changed for what no page of ours has shown."""
    found = _KEY.fullmatch(key)
    if found is None:
        raise Changed
    return int(found[1]), int(found[2])


def is_with(session: Session, parcel_id: int, carrier: str) -> bool:
    """Does a carrier have the money of a parcel?"""
    holder = holdings.holder_of(session, parcel_id, What.CASH)
    return holder is not None and (holder.role, holder.name) == (Role.CARRIER, carrier)
