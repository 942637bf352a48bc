"""Use cases of paying shops out: written down, confirmed by a second person where it is much, reversed by an entry."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from parcels import money
from parcels.money import Changed, Payment
from parcels.money_models import Payout

#: So long what one cashier has paid to a shop alone counts together: many small payments are a large one.
TOGETHER = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Cashier:
    """Who pays: his id among the staff, and his name."""

    id: int
    name: str

    @property
    def source(self) -> str:
        return f"cashier:{self.id}"


class OtherTotal(Exception):
    """The sum that was typed is not that of the orders that were chosen, which is `minor`."""

    def __init__(self, minor: int, currency: str):
        super().__init__(f"{minor} {currency}")
        self.minor, self.currency = minor, currency


class SamePerson(Exception):
    """Nobody confirms what he has written down himself."""


def propose(
    session: Session,
    keys: Sequence[str],
    total_minor: int,
    payment: Payment,
    cashier: Cashier,
    limit_minor: int,
    now: datetime,
) -> Payout:
    """Write a payment down, and carry it out at once unless it needs a second person.

    Args: `total_minor` as the cashier typed it from the payment; `limit_minor` is how much one person may pay to one
    shop within a day. Raises: Changed, OtherTotal.
    """
    found = money.standing(session, keys)
    first, total = found[0].parcel, sum(cash.minor for cash in found)
    if total != total_minor:
        raise OtherTotal(total, found[0].currency)
    row = Payout(
        shop_id=first.shop_id,
        currency=found[0].currency,
        total_minor=total,
        keys=sorted(keys),
        number=payment.number,
        paid_on=payment.day,
        made_by=cashier.id,
        made_at=now,
    )
    alone = _paid_alone(session, row, now)
    session.add(row)
    session.flush()
    if alone + total <= limit_minor:
        _carry_out(session, row, cashier, now)
    return row


def confirm(session: Session, payout_id: int, cashier: Cashier, now: datetime) -> Payout:
    """A second cashier confirms a payment. Raises: LookupError, Changed, SamePerson."""
    row = _waiting(session, payout_id)
    if row.made_by == cashier.id:
        raise SamePerson
    row.confirmed_by = cashier.id
    _carry_out(session, row, cashier, now)
    return row


def drop(session: Session, payout_id: int, now: datetime) -> None:
    """A payment that waits is not made after all. Raises: LookupError, Changed."""
    _waiting(session, payout_id).dropped_at = now


def reverse(session: Session, payout_id: int, reason: str, cashier: Cashier, now: datetime) -> Payout:
    """A payment that was made is taken back by an entry of its own: the money lies in our tills again.

    Raises: LookupError; Changed when it was not made, or is reversed already; ValueError without a reason.
    """
    if not reason.strip():
        raise ValueError("reason")
    row = _held(session, payout_id)
    known = session.scalar(select(Payout.id).where(Payout.reverses == row.id))
    if row.done_at is None or row.reverses is not None or known is not None:
        raise Changed
    payment = Payment(row.number, row.paid_on, cashier.source, cashier.name)
    money.take_back(session, row.keys, payment, reason.strip(), now)
    entry = Payout(
        shop_id=row.shop_id,
        currency=row.currency,
        total_minor=-row.total_minor,
        keys=row.keys,
        number=row.number,
        paid_on=row.paid_on,
        made_by=cashier.id,
        made_at=now,
        done_at=now,
        reverses=row.id,
        reason=reason.strip()[:300],
    )
    session.add(entry)
    session.flush()
    return entry


def _carry_out(session: Session, row: Payout, cashier: Cashier, now: datetime) -> None:
    """The money goes to the shop. Raises Changed when it is not what was written down any more."""
    payment = Payment(row.number, row.paid_on, cashier.source, cashier.name)
    paid = money.pay_out(session, row.keys, payment, now)
    if sum(cash.minor for cash in paid) != row.total_minor:
        raise Changed
    row.done_at = now
    session.flush()


def _paid_alone(session: Session, row: Payout, now: datetime) -> int:
    """What a cashier has paid to the same shop lately without anybody else."""
    same = Payout.made_by == row.made_by, Payout.shop_id == row.shop_id, Payout.currency == row.currency
    alone = Payout.confirmed_by.is_(None), Payout.done_at > now - TOGETHER, Payout.reverses.is_(None)
    return session.scalar(select(func.coalesce(func.sum(Payout.total_minor), 0)).where(*same, *alone)) or 0


def _held(session: Session, payout_id: int) -> Payout:
    query = select(Payout).where(Payout.id == payout_id).with_for_update(of=Payout)
    row = session.scalar(query.execution_options(populate_existing=True))
    if row is None:
        raise LookupError(f"payout {payout_id}")
    return row


def _waiting(session: Session, payout_id: int) -> Payout:
    row = _held(session, payout_id)
    if row.done_at is not None or row.dropped_at is not None:
        raise Changed
    return row
