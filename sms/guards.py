"""What may not be sent though it is true: to another country, too often, for more money than was agreed."""

from dataclasses import dataclass
from datetime import datetime, timedelta

import phonenumbers
from phonenumbers import NumberParseException
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from sms.models import Message, Status
from sms.occasions import MANNERS, Audience, Channel, Occasion
from sms.preferences import Preferences

#: SMS to one number within 24 hours, whoever sends them.
A_DAY_PER_NUMBER = 10
_SENT = (Status.QUEUED, Status.SENDING, Status.UNKNOWN, Status.ACCEPTED, Status.UNDELIVERED, Status.DELIVERED)


@dataclass(frozen=True, slots=True)
class Verdict:
    """Why a message is not sent; `is_for_people` when somebody has to ring instead."""

    reason: str
    is_for_people: bool


def judge(session: Session, row: Message, choices: Preferences, now: datetime) -> Verdict | None:
    """The verdict over a worded SMS, in the transaction that queues it; None lets it pass. Letters cost nothing."""
    if row.channel != Channel.SMS:
        return None
    manner = MANNERS[Occasion(row.kind)]
    is_his = manner.audience is Audience.RECIPIENT
    needs_answer = manner.needs_answer and is_his
    if not is_in(choices.countries, row.recipient):
        return Verdict("country", is_for_people=is_his)
    if is_his and _sent_today(session, row.recipient, now) >= A_DAY_PER_NUMBER:
        return Verdict("number_cap", needs_answer)
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


def _sent_today(session: Session, phone: str, now: datetime) -> int:
    """SMS to a number within 24 hours."""
    lately = Message.recipient == phone, Message.due_at > now - timedelta(days=1)
    query = select(func.count()).select_from(Message).where(*lately, Message.status.in_(_SENT))
    return session.scalar(query) or 0


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
