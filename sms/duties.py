"""FOLLOWER: which fact is told to whom, as rows of the outbox in the transaction of the fact itself.

A row says only what is owed and from when on; it is worded when it leaves, from what is true then.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zlib import crc32

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from parcels.clocks import local_date, moment
from parcels.models import Fact, Parcel
from parcels.stages import Kind
from parcels.storage import kept_until
from sms import ledger, preferences
from sms.models import Message, Status
from sms.occasions import MANNERS, Audience, Channel, Occasion
from sms.preferences import Preferences, Teller
from sms.story import MOVES

#: Causes of a withdrawal that the recipient is told of at once; otherwise it was his wish, or somebody is calling him.
TOLD = frozenset({"delay", "blackout", "incident"})
#: Fresh links that one phone gets in 24 hours, whoever asks and for whichever parcels.
FRESH_A_DAY = 5
#: What the recipient chose himself is confirmed when he can no longer take it back by one press.
CONFIRM_AFTER = timedelta(minutes=15)
DAY_BEFORE_AT, MORNING = time(18), time(10)
BEFORE_VISIT = timedelta(hours=1)
#: Days: before the end of storage, for the recipient and for the shop; after which a parcel counts as uncollected.
WARN_RECIPIENT, WARN_SHOP, UNCOLLECTED_AFTER = 2, 1, 5


@dataclass(frozen=True, slots=True)
class Duty:
    """Something owed because of a fact: `epoch` is the decision behind it, `due` from when on (None: now)."""

    occasion: Occasion
    epoch: str
    due: datetime | None = None
    about: dict[str, Any] = field(default_factory=dict)
    channels: tuple[Channel, ...] = tuple(Channel)


Owing = Callable[[Parcel, Fact, Preferences], Iterable[Duty]]


def follow(session: Session, parcel: Parcel, fact: Fact, now: datetime) -> None:
    """Follower of the journal. It wants to be told after the promise has been made."""
    choices = chosen(session, parcel)
    duties = list(owed(parcel, fact, choices))
    rows = [
        _row(parcel, fact, duty, channel, address, now)
        for duty in duties
        for channel, address in told_by_us(duty, parcel, choices)
        if duty.occasion is not Occasion.FRESH_LINK or not _is_over_cap(session, address, now)
    ]
    if rows and ledger.put_all(session, rows):
        session.info["outbox"] = True  # whoever commits this may wake the one who sends
    if duties and fact.seq > 1:
        said = [row["dedup_key"] for row in rows]
        _leave_out_replaced(session, fact, {duty.occasion for duty in duties}, said, now)


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
    return parcel.phone if is_sms else parcel.email


def owed(parcel: Parcel, fact: Fact, choices: Preferences) -> Iterable[Duty]:
    """What a fact owes, whoever is to tell it."""
    found = _OWED.get(fact.kind)
    return found(parcel, fact, choices) if found is not None else ()


def _first_link(parcel: Parcel, fact: Fact, _choices: Preferences) -> Iterator[Duty]:
    """Another phone or mailbox is a decision of its own, though the link stays as it is."""
    changed = fact.details.get("changed", [])
    if fact.kind is not Kind.DETAILS_CHANGED:
        yield Duty(Occasion.FIRST_LINK, str(parcel.link_epoch))
    elif "phone" in changed:
        yield Duty(Occasion.FIRST_LINK, f"{parcel.link_epoch}.{fact.seq}")
    elif "email" in changed:
        yield Duty(Occasion.FIRST_LINK, f"{parcel.link_epoch}.{fact.seq}", channels=(Channel.EMAIL,))


def _fresh_link(parcel: Parcel, fact: Fact, _choices: Preferences) -> Iterator[Duty]:
    hour = fact.recorded_at.astimezone(UTC)
    yield Duty(Occasion.FRESH_LINK, f"{parcel.link_epoch}.{hour:%Y%m%d%H}", channels=(Channel.SMS,))


def _in_city(parcel: Parcel, _fact: Fact, _choices: Preferences) -> Iterator[Duty]:
    yield Duty(Occasion.IN_CITY, str(parcel.settlement_id or 0))
    yield from _cash(parcel)


def _cash(parcel: Parcel) -> Iterator[Duty]:
    if parcel.cod_minor:
        yield Duty(Occasion.CASH, str(parcel.cod_minor))


def _at_pickup(parcel: Parcel, fact: Fact, choices: Preferences) -> Iterator[Duty]:
    """Arrival at a place of issue: told now, again every so many days, before storage ends; and to the shop."""
    place = f"{crc32((fact.details.get('address') or fact.place).encode()):08x}"
    arrived = local_date(fact.occurred_at, parcel.zone)
    until = kept_until(fact.details.get("kept_until"), parcel.promised_from, arrived)
    warned = until - timedelta(days=WARN_RECIPIENT)

    def due(day: date) -> datetime:
        return moment(day, MORNING, parcel.zone)

    yield Duty(Occasion.AT_PICKUP, place)
    day = arrived
    while choices.remind_every and (day := day + timedelta(days=choices.remind_every)) < warned:
        yield Duty(Occasion.STILL_WAITING, f"{place}.{day:%m%d}", due(day))
    if warned > arrived:
        yield Duty(Occasion.STORAGE_ENDS, place, due(warned))
    yield Duty(Occasion.UNCOLLECTED, place, due(arrived + timedelta(days=UNCOLLECTED_AFTER)))
    yield Duty(Occasion.PENALTY_NEAR, place, due(until - timedelta(days=WARN_SHOP)))
    yield from _cash(parcel)


def _once_each(occasion: Occasion) -> Owing:
    """Every such fact is news of its own."""
    return lambda _parcel, fact, _choices: [Duty(occasion, str(fact.seq))]


def _per_booking(occasion: Occasion) -> Owing:
    """Told once for what had been agreed, however often it is recorded."""
    return lambda _parcel, fact, _choices: [
        Duty(occasion, str(fact.details.get("booking", fact.seq)), _settled(fact), fact.details)
    ]


def _delay(parcel: Parcel, fact: Fact, choices: Preferences) -> Iterable[Duty]:
    return _per_booking(Occasion.DELAY)(parcel, fact, choices) if fact.details.get("cause") in TOLD else ()


def _delivered(_parcel: Parcel, _fact: Fact, _choices: Preferences) -> Iterable[Duty]:
    return Duty(Occasion.DELIVERED, "1"), Duty(Occasion.RECEIVED, "1")


def _settled(fact: Fact) -> datetime | None:
    """From when on a choice may be confirmed."""
    return fact.recorded_at + CONFIRM_AFTER if fact.source == "recipient" else None


def _booked(parcel: Parcel, fact: Fact, _choices: Preferences) -> Iterator[Duty]:
    details, epoch = fact.details, str(fact.details.get("booking", fact.seq))
    yield Duty(Occasion.BOOKED, epoch, _settled(fact), details)
    day_before = date.fromisoformat(details["day"]) - timedelta(days=1)
    eve = moment(day_before, DAY_BEFORE_AT, parcel.zone)
    if fact.recorded_at < eve - timedelta(hours=3):  # who has just chosen tomorrow knows it
        yield Duty(Occasion.DAY_BEFORE, epoch, eve, details)


def _with_courier(parcel: Parcel, fact: Fact, _choices: Preferences) -> Iterator[Duty]:
    details = fact.details
    yield Duty(Occasion.COURIER, str(fact.seq), about=details)
    if details.get("from") and details.get("day"):
        begins = moment(date.fromisoformat(details["day"]), time.fromisoformat(details["from"]), parcel.zone)
        if begins - BEFORE_VISIT > fact.recorded_at + BEFORE_VISIT:  # sooner it would say the morning's words again
            yield Duty(Occasion.HOUR_BEFORE, str(fact.seq), begins - BEFORE_VISIT, details)


_OWED: dict[Kind, Owing] = {
    Kind.ORDER_ACCEPTED: _first_link,
    Kind.LINK_REVOKED: _first_link,
    Kind.DETAILS_CHANGED: _first_link,
    Kind.LINK_REQUESTED: _fresh_link,
    **dict.fromkeys(MOVES, _once_each(Occasion.MOVED)),
    Kind.ARRIVED: _in_city,
    Kind.AT_PICKUP: _at_pickup,
    Kind.SLOT_BOOKED: _booked,
    Kind.POSTPONED: _per_booking(Occasion.POSTPONED),
    Kind.CHOICE_WITHDRAWN: _delay,
    Kind.REMINDED: _per_booking(Occasion.REMINDER),
    Kind.TO_COURIER: _with_courier,
    Kind.NOT_DELIVERED: _once_each(Occasion.MISSED),
    Kind.INCIDENT: _once_each(Occasion.INCIDENT),
    Kind.DELIVERED: _delivered,
}


def _is_over_cap(session: Session, phone: str, now: datetime) -> bool:
    kind = Message.kind == Occasion.FRESH_LINK.value
    recent = Message.recipient == phone, kind, Message.created_at > now - timedelta(days=1)
    sent = session.scalar(select(func.count()).select_from(Message).where(*recent))
    return (sent or 0) >= FRESH_A_DAY


def _leave_out_replaced(session: Session, fact: Fact, told: set[Occasion], said: list[str], now: datetime) -> None:
    """What has not left and is not news any more stays here; what holds an old link or phone is worded anew."""
    earlier = Message.parcel_id == fact.parcel_id, Message.seq < fact.seq, Message.dedup_key.not_in(said)
    unsent = Message.status.in_((Status.OWED, Status.QUEUED))
    replaced = {one.value for occasion in told for one in MANNERS[occasion].replaces}
    if replaced:
        left_out = {"status": Status.DROPPED, "settled_at": now, "error": "newer"}
        session.execute(update(Message).where(*earlier, unsent, Message.kind.in_(replaced)).values(left_out))
    if Occasion.FIRST_LINK in told:
        queued = Message.status == Status.QUEUED
        session.execute(update(Message).where(*earlier, queued).values(status=Status.OWED))


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
