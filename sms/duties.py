"""FOLLOWER: which fact is told to whom, as rows of the outbox in the transaction of the fact itself.

A row says only what is owed and from when on; it is worded when it leaves, from what is true then.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from parcels.models import Fact, Parcel
from parcels.stages import Stage
from sms import ledger, preferences
from sms.models import Message, Status
from sms.occasions import MANNERS, Audience, Channel, Occasion
from sms.owing import Duty, owed
from sms.preferences import Preferences, Teller

#: Fresh links that one phone gets in 24 hours, whoever asks and for whichever parcels.
FRESH_A_DAY = 5


def follow(session: Session, parcel: Parcel, fact: Fact, now: datetime) -> None:
    """Follower of the journal. It wants to be told after the promise has been made."""
    choices = chosen(session, parcel)
    duties = [duty for duty in owed(parcel, fact, choices) if not _is_over_cap(session, parcel, duty, now)]
    rows = [
        _row(parcel, fact, duty, channel, address, now)
        for duty in duties
        for channel, address in told_by_us(duty, parcel, choices)
    ]
    if rows and ledger.put_all(session, rows):
        session.info["outbox"] = True  # whoever commits this may wake the one who sends
    if fact.seq > 1:
        _leave_out_replaced(session, parcel, fact, [duty for duty in duties if _is_so(duty, parcel)], now)


def chosen(session: Session, parcel: Parcel) -> Preferences:
    """The choices of a parcel's shop, read once per transaction."""
    known: dict[int, Preferences] = session.info.setdefault("preferences", {})
    if parcel.shop_id not in known:
        known[parcel.shop_id] = preferences.of_shop(session, parcel.shop_id)
    return known[parcel.shop_id]


def told_by_us(duty: Duty, parcel: Parcel, choices: Preferences) -> Iterator[tuple[Channel, str]]:
    """By which channels we owe a duty, and to which address."""
    for channel in duty.channels:
        address = address_of(parcel, choices, duty.occasion, channel)
        if address and choices.teller(duty.occasion, channel) is Teller.WE:
            yield channel, address


def address_of(parcel: Parcel, choices: Preferences, occasion: Occasion, channel: Channel) -> str:
    """Where an occasion is told by a channel; empty when there is no such address."""
    audience, is_sms = MANNERS[occasion].audience, channel is Channel.SMS
    if audience is Audience.OWNER:
        return choices.owner_phone if is_sms else choices.owner_email
    if audience is Audience.MANAGER:
        return "" if is_sms else choices.manager_email
    if audience is Audience.COLLECTOR:
        return "" if is_sms else choices.collector_email or choices.manager_email
    return parcel.phone if is_sms else parcel.email


#: What a late fact may say though the parcel has gone on: then it replaces nothing.
_SAYS = {
    Occasion.AT_PICKUP: Stage.AT_PICKUP,
    Occasion.MISSED: Stage.MISSED,
    Occasion.INCIDENT: Stage.INCIDENT,
    Occasion.COURIER: Stage.WITH_COURIER,
    Occasion.DELIVERED: Stage.DELIVERED,
    Occasion.RECEIVED: Stage.DELIVERED,
}


def _is_so(duty: Duty, parcel: Parcel) -> bool:
    return _SAYS.get(duty.occasion, parcel.stage) is parcel.stage


def _is_over_cap(session: Session, parcel: Parcel, duty: Duty, now: datetime) -> bool:
    """Has this phone been sent enough fresh links for a day?"""
    if duty.occasion is not Occasion.FRESH_LINK:
        return False
    phone, kind = parcel.phone, Message.kind == Occasion.FRESH_LINK.value
    recent = Message.recipient == phone, kind, Message.created_at > now - timedelta(days=1)
    sent = session.scalar(select(func.count()).select_from(Message).where(*recent))
    return (sent or 0) >= FRESH_A_DAY


def _leave_out_replaced(session: Session, parcel: Parcel, fact: Fact, news: list[Duty], now: datetime) -> None:
    """What has not left and is not news any more stays here; what holds an old link or phone is worded anew.

    By the channels of the news alone: a letter takes nothing from the phone. Nearly all news goes by every channel, so
    that this is one statement.
    """
    said = [key_of(parcel, duty, channel) for duty in news for channel in duty.channels]
    earlier = Message.parcel_id == fact.parcel_id, Message.seq < fact.seq, Message.dedup_key.not_in(said)
    for channels in sorted({duty.channels for duty in news}):
        occasions = {duty.occasion for duty in news if duty.channels == channels}
        to_leave = *earlier, Message.channel.in_(channels)
        if replaced := {one.value for occasion in occasions for one in MANNERS[occasion].replaces}:
            unsent = Message.status.in_((Status.OWED, Status.QUEUED)), Message.kind.in_(replaced)
            left_out = {"status": Status.DROPPED, "settled_at": now, "error": "newer"}
            session.execute(update(Message).where(*to_leave, *unsent).values(left_out))
        if Occasion.FIRST_LINK in occasions:
            queued = Message.status == Status.QUEUED
            session.execute(update(Message).where(*to_leave, queued).values(status=Status.OWED))


def key_of(parcel: Parcel, duty: Duty, channel: Channel) -> str:
    """What has been said once under this key is not said again."""
    return f"{parcel.id}:{duty.occasion.value}:{duty.epoch}:{channel.value}"


def _row(parcel: Parcel, fact: Fact, duty: Duty, channel: Channel, address: str, now: datetime) -> dict[str, Any]:
    manner = MANNERS[duty.occasion]
    return {
        "parcel_id": parcel.id,
        "shop_id": parcel.shop_id,
        "kind": duty.occasion.value,
        "channel": channel.value,
        "audience": manner.audience.value,
        "priority": int(manner.priority),
        "dedup_key": key_of(parcel, duty, channel),
        "seq": fact.seq,
        "about": duty.about,
        "recipient": address,
        "due_at": duty.due or now,
        "created_at": now,
    }
