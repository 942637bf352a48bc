"""What may not be sent though it is true: to another country, too often, for more money than was agreed."""

from dataclasses import dataclass
from datetime import datetime, timedelta

import phonenumbers
from phonenumbers import NumberParseException
from sqlalchemy import case, func, select
from sqlalchemy.orm import Session

from sms.models import Message, Status
from sms.occasions import MANNERS, Audience, Channel, Occasion
from sms.preferences import Preferences

#: SMS of one shop to one number within 24 hours.
A_DAY_PER_NUMBER = 10
#: SMS to one number within 24 hours, whoever sends them.
OF_ALL_SHOPS = 20
#: The first SMS of a shop to a number leave though others have used it up; kept back for them from all the rest.
FIRST_OF_A_SHOP, WITH_RESERVE = 2, 30
#: Verdicts that say that somebody has hit a cap.
CAPS = ("number_cap", "all_shops_cap", "shop_cap")
_SENT = (Status.QUEUED, Status.SENDING, Status.UNKNOWN, Status.ACCEPTED, Status.UNDELIVERED, Status.DELIVERED)


@dataclass(frozen=True, slots=True)
class Verdict:
    """Why a message is not sent; `is_for_people` when somebody has to ring instead."""

    reason: str
    is_for_people: bool


@dataclass(frozen=True, slots=True)
class Hit:
    """A cap that a shop has hit: by how many messages, to how many numbers."""

    shop_id: int
    cap: str
    messages: int
    numbers: int


def judge(session: Session, row: Message, choices: Preferences, now: datetime) -> Verdict | None:
    """The verdict over a worded SMS, in the transaction that queues it; None lets it pass. Letters cost nothing."""
    if row.channel != Channel.SMS:
        return None
    manner = MANNERS[Occasion(row.kind)]
    is_his = manner.audience is Audience.RECIPIENT
    needs_answer = manner.needs_answer and is_his
    if not is_in(choices.countries, row.recipient):
        return Verdict("country", is_for_people=is_his)
    cap = _cap_of_number(session, row, now) if is_his else ""
    if cap:
        return Verdict(cap, needs_answer)
    if _spent_today(session, row.shop_id, now) + row.parts > choices.daily_parts:
        return Verdict("shop_cap", needs_answer)
    if is_his and not needs_answer and _parts(session, row.parcel_id) + row.parts > choices.budget:
        return Verdict("budget", is_for_people=False)
    return None


def is_in(countries: tuple[int, ...], phone: str) -> bool:
    """Does a number (E.164) belong to one of the calling codes?"""
    try:
        return phonenumbers.parse(phone).country_code in countries
    except NumberParseException:
        return False


def hits(session: Session, since: datetime) -> list[Hit]:
    """Which shops have hit which caps since a moment, the worst first."""
    count, phones = func.count(), func.count(Message.recipient.distinct())
    query = select(Message.shop_id, Message.error, count, phones).where(Message.created_at >= since)
    query = query.where(Message.error.in_(CAPS)).group_by(Message.shop_id, Message.error).order_by(count.desc())
    return [Hit(shop_id, cap or "", messages, numbers) for shop_id, cap, messages, numbers in session.execute(query)]


def _cap_of_number(session: Session, row: Message, now: datetime) -> str:
    """The cap that a message would exceed at its number; empty when it may leave.

    Of one shop first, so that it silences nobody but itself; then of all, but for the first messages of a shop.
    """
    lately = Message.recipient == row.recipient, Message.due_at > now - timedelta(days=1), Message.status.in_(_SENT)
    own = func.count(case((Message.shop_id == row.shop_id, 1)))
    sent, by_shop = session.execute(select(func.count(), own).select_from(Message).where(*lately)).one()
    if by_shop >= A_DAY_PER_NUMBER:
        return "number_cap"
    most = WITH_RESERVE if by_shop < FIRST_OF_A_SHOP else OF_ALL_SHOPS
    return "all_shops_cap" if sent >= most else ""


def _parts(session: Session, parcel_id: int) -> int:
    """Parts that a parcel's recipient was sent so far."""
    of_parcel = Message.parcel_id == parcel_id, Message.audience == Audience.RECIPIENT.value
    query = select(func.coalesce(func.sum(Message.parts), 0)).where(*of_parcel, Message.status.in_(_SENT))
    return session.scalar(query) or 0


def _spent_today(session: Session, shop_id: int, now: datetime) -> int:
    """Parts that a shop has paid for within 24 hours."""
    lately = Message.shop_id == shop_id, Message.due_at > now - timedelta(days=1)
    query = select(func.coalesce(func.sum(Message.parts), 0)).where(*lately, Message.status.in_(_SENT))
    return session.scalar(query) or 0
