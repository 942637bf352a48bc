"""What the pages about cash on delivery show: what couriers bring, the tills of our warehouses, a shop's money."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session, joinedload

from parcels import money
from parcels.custody import Role
from parcels.custody_models import Holding
from parcels.models import Parcel
from parcels.money import Cash, Where
from parcels.money_models import Payout
from parcels.stages import GOING_BACK
from portal import hand_in_page
from portal.hand_in_page import HandIn
from portal.recalls_page import holder_words

#: So long what has come back stays on the shop's page.
REMEMBERED = timedelta(days=60)
#: So long a payment can be seen and reversed on the cashier's page, and so many of them.
REVERSIBLE, SHOWN = timedelta(days=14), 50


@dataclass(frozen=True, slots=True)
class Till:
    """What our warehouses have of one shop's money in one currency; `minor` is its sum."""

    shop: str
    currency: str
    cash: list[Cash]

    @property
    def minor(self) -> int:
        return sum(cash.minor for cash in self.cash)


@dataclass(frozen=True, slots=True)
class Desk:
    """The cashier's page: rounds whose money is to be counted, payments that wait for a second person, our tills, what
    was paid lately, and of that what has been reversed, by id.
    """

    to_count: list[HandIn]
    waiting: list[Payout]
    tills: list[Till]
    paid: list[Payout]
    reversed: frozenset[int]

    @property
    def short(self) -> list[Cash]:
        """Orders whose money was not whole when it was counted."""
        return [cash for till in self.tills for cash in till.cash if cash.short_minor]


@dataclass(frozen=True, slots=True)
class Total:
    """A line of the sums: where the money is and who has it, of how many orders, in minor units of a currency."""

    where: str
    who: str
    orders: int
    minor: int
    currency: str


@dataclass(frozen=True, slots=True)
class ShopMoney:
    """A shop's money: its sums, and order by order what has been taken from recipients. `prepaid` counts open orders
    without any.
    """

    totals: list[Total]
    cash: list[Cash]
    prepaid: int


def desk(session: Session, now: datetime) -> Desk:
    """Read the cashier's page."""
    around = joinedload(Payout.shop), joinedload(Payout.maker), joinedload(Payout.confirmer)
    is_waiting = Payout.done_at.is_(None), Payout.dropped_at.is_(None)
    waiting = session.scalars(select(Payout).where(*is_waiting).options(*around).order_by(Payout.id))
    lately = select(Payout).where(Payout.done_at > now - REVERSIBLE).options(*around)
    paid = list(session.scalars(lately.order_by(Payout.done_at.desc(), Payout.id.desc()).limit(SHOWN)))
    return Desk(
        to_count=[one for one in hand_in_page.open_ones(session, now) if one.owed],
        waiting=list(waiting),
        tills=tills(session),
        paid=paid,
        reversed=frozenset(row.reverses for row in paid if row.reverses is not None),
    )


def tills(session: Session) -> list[Till]:
    """By shop and currency, so that each can be paid out at once."""

    def owner(cash: Cash) -> tuple[str, int, str]:
        return cash.parcel.shop.name, cash.parcel.shop_id, cash.currency

    found = sorted(money.in_tills(session), key=lambda cash: (owner(cash), cash.parcel.id))
    return [Till(name, currency, list(cash)) for (name, _id, currency), cash in groupby(found, owner)]


def of_shop(session: Session, shop_id: int, now: datetime) -> ShopMoney:
    """All that is not there yet, and what came back lately."""
    lately = or_(Holding.role != Role.SHOP, Holding.since > now - REMEMBERED)
    cash = sorted(money.held(session, Parcel.shop_id == shop_id, lately), key=_place)
    is_open = Parcel.shop_id == shop_id, Parcel.closed_at.is_(None)
    coming = or_(Parcel.side.is_(None), Parcel.side.not_in(GOING_BACK))
    due = select(Parcel.currency, func.count(), func.sum(Parcel.cod_minor)).group_by(Parcel.currency)
    unpaid = session.execute(due.where(*is_open, coming, Parcel.cod_minor > 0).order_by(Parcel.currency))
    prepaid = session.scalar(select(func.count(Parcel.id)).where(*is_open, Parcel.cod_minor == 0)) or 0
    first = [Total("due", "", orders, int(minor), currency) for currency, orders, minor in unpaid]
    return ShopMoney([*first, *_totals(cash)], cash, prepaid)


def _place(cash: Cash) -> tuple[int, str, str, int]:
    return list(Where).index(cash.where), holder_words(cash.held.holder), cash.currency, cash.parcel.id


def _totals(cash: Iterable[Cash]) -> list[Total]:
    def alike(one: Cash) -> tuple[str, str, str]:
        return one.where.value, holder_words(one.held.holder), one.currency

    groups = [(key, list(group)) for key, group in groupby(cash, alike)]
    return [Total(where, who, len(of), sum(c.minor for c in of), currency) for (where, who, currency), of in groups]
