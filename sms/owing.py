"""Which fact owes what: one table from kinds of fact to occasions, with the decision behind each and when it is due."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zlib import crc32

from parcels.clocks import local_date, moment
from parcels.models import Fact, Parcel
from parcels.stages import ON_THE_ROAD, Kind
from parcels.storage import last_day_after
from sms.hours import next_waking
from sms.occasions import Channel, Occasion
from sms.preferences import Preferences

#: Causes of a withdrawal that the recipient is told of at once; otherwise it was his wish, or somebody is calling him.
TOLD = frozenset({"delay", "blackout", "incident", "carrier", "carrier_silent"})
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


def owed(parcel: Parcel, fact: Fact, choices: Preferences) -> Iterable[Duty]:
    """What a fact owes, whoever is to tell it."""
    found = OWED.get(fact.kind)
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
    until = last_day_after([fact], parcel.promised_from, parcel.zone) or arrived
    warned = until - timedelta(days=WARN_RECIPIENT)

    def due(day: date) -> datetime:
        return moment(day, MORNING, parcel.zone)

    yield Duty(Occasion.AT_PICKUP, place)
    day, number = arrived, 0
    while choices.remind_every and (day := day + timedelta(days=choices.remind_every)) < warned:
        number += 1  # in the key instead of the day: the same arrival scanned again puts nothing off
        if due(day) > fact.recorded_at:
            yield Duty(Occasion.STILL_WAITING, f"{place}.{number}", due(day))
    if warned > arrived:
        yield Duty(Occasion.STORAGE_ENDS, place, due(warned))
    shops = parcel.shop.origin.zone
    yield Duty(Occasion.UNCOLLECTED, place, moment(arrived + timedelta(days=UNCOLLECTED_AFTER), MORNING, shops))
    yield Duty(Occasion.PENALTY_NEAR, place, moment(until - timedelta(days=WARN_SHOP), MORNING, shops))
    yield from _cash(parcel)


def _storage_ends(_parcel: Parcel, fact: Fact, _choices: Preferences) -> Iterator[Duty]:
    """Told to both sides, once for each last day."""
    epoch = f"until.{fact.details['kept_until']}"
    yield Duty(Occasion.STORAGE_ENDS, epoch, about=fact.details)
    yield Duty(Occasion.PENALTY_NEAR, epoch, about=fact.details)


def _once_each(occasion: Occasion) -> Owing:
    """Every such fact is news of its own."""
    return lambda _parcel, fact, _choices: [Duty(occasion, str(fact.seq))]


def _once_a_day(occasion: Occasion) -> Owing:
    """The same said twice on one day, by the carrier and by us, is one piece of news."""
    return lambda parcel, fact, _choices: [Duty(occasion, _local_day(parcel, fact))]


def _local_day(parcel: Parcel, fact: Fact) -> str:
    return f"{local_date(fact.occurred_at, parcel.zone):%Y%m%d}"


def _per_booking(occasion: Occasion) -> Owing:
    """Told once for what had been agreed, however often it is recorded."""
    return lambda _parcel, fact, _choices: [
        Duty(occasion, str(fact.details.get("booking", fact.seq)), _settled(fact), fact.details)
    ]


def _delay(parcel: Parcel, fact: Fact, choices: Preferences) -> Iterable[Duty]:
    return _per_booking(Occasion.DELAY)(parcel, fact, choices) if fact.details.get("cause") in TOLD else ()


def _later(_parcel: Parcel, fact: Fact, _choices: Preferences) -> Iterator[Duty]:
    """A promise that outruns what the buyer was told."""
    if fact.details.get("tells"):
        yield Duty(Occasion.DELAY, f"p{fact.seq}", about={"late": fact.details["cause"]})


def _nobody_knows(_parcel: Parcel, fact: Fact, _choices: Preferences) -> Iterator[Duty]:
    """A promise that is taken back: when it comes nobody knows, and when somebody answers is told."""
    yield Duty(Occasion.DELAY, f"w{fact.seq}", about={"late": "unknown", "answer_by": fact.details["answer_by"]})


def _delivered(_parcel: Parcel, _fact: Fact, _choices: Preferences) -> Iterable[Duty]:
    return Duty(Occasion.DELIVERED, "1"), Duty(Occasion.RECEIVED, "1")


def _cash_back(parcel: Parcel, fact: Fact, _choices: Preferences) -> Iterator[Duty]:
    """One letter for one payment: the fact that lists its orders owes it, and those that name this one owe nothing.

    What was paid, reversed and paid again is told again.
    """
    if "told_with" in fact.details:
        return
    minor = fact.details.get("cod_minor", parcel.cod_minor)
    alone = [[parcel.number, parcel.order_number, minor, parcel.currency]]
    epoch = str(1 + fact.details.get("again", 0))
    yield Duty(Occasion.CASH_BACK, epoch, about={"orders": alone, **fact.details})


def _settled(fact: Fact) -> datetime | None:
    """From when on a choice may be confirmed."""
    return fact.recorded_at + CONFIRM_AFTER if fact.source == "recipient" else None


def _booked(parcel: Parcel, fact: Fact, choices: Preferences) -> Iterator[Duty]:
    details, epoch = fact.details, str(fact.details.get("booking", fact.seq))
    yield Duty(Occasion.BOOKED, epoch, _settled(fact), details)
    day_before = date.fromisoformat(details["day"]) - timedelta(days=1)
    hour = min(DAY_BEFORE_AT, time(choices.ends - 1))  # still within the shop's hours
    eve = moment(day_before, hour, parcel.zone)
    if fact.recorded_at < eve - timedelta(hours=3):  # who has just chosen tomorrow knows it
        yield Duty(Occasion.DAY_BEFORE, epoch, eve, details)


def _with_courier(parcel: Parcel, fact: Fact, choices: Preferences) -> Iterator[Duty]:
    today = _local_day(parcel, fact)
    yield Duty(Occasion.COURIER, today, about=fact.details)
    yield from _hour_before(parcel, fact, choices, today)


def _visit_moved(parcel: Parcel, fact: Fact, choices: Preferences) -> Iterator[Duty]:
    yield Duty(Occasion.VISIT_MOVED, str(fact.seq), about=fact.details)
    yield from _hour_before(parcel, fact, choices, str(fact.seq))


def _hour_before(parcel: Parcel, fact: Fact, choices: Preferences, epoch: str) -> Iterator[Duty]:
    details = fact.details
    if details.get("from") and details.get("day"):
        begins = moment(date.fromisoformat(details["day"]), time.fromisoformat(details["from"]), parcel.zone)
        told = next_waking(fact.recorded_at, parcel.zone, choices.waking)
        if begins - BEFORE_VISIT > told + BEFORE_VISIT:  # sooner it would say the morning's words again
            yield Duty(Occasion.HOUR_BEFORE, epoch, begins - BEFORE_VISIT, details)


OWED: dict[Kind, Owing] = {
    Kind.ORDER_ACCEPTED: _first_link,
    Kind.LINK_REVOKED: _first_link,
    Kind.DETAILS_CHANGED: _first_link,
    Kind.LINK_REQUESTED: _fresh_link,
    **dict.fromkeys(ON_THE_ROAD, _once_each(Occasion.MOVED)),
    Kind.ARRIVED: _in_city,
    Kind.AT_PICKUP: _at_pickup,
    Kind.SLOT_BOOKED: _booked,
    Kind.POSTPONED: _per_booking(Occasion.POSTPONED),
    Kind.CHOICE_WITHDRAWN: _delay,
    Kind.PROMISED: _later,
    Kind.PROMISE_WITHDRAWN: _nobody_knows,
    Kind.REMINDED: _per_booking(Occasion.REMINDER),
    Kind.TO_COURIER: _with_courier,
    Kind.VISIT_MOVED: _visit_moved,
    Kind.NOT_DELIVERED: _once_a_day(Occasion.MISSED),
    Kind.INCIDENT: _once_a_day(Occasion.INCIDENT),
    Kind.STORAGE_ENDS: _storage_ends,
    Kind.STORAGE_OVER: _once_each(Occasion.EXPIRED),
    Kind.RECALLED: _once_each(Occasion.RECALLED),
    Kind.HANGING: _once_each(Occasion.HANGING),
    Kind.DELIVERED: _delivered,
    Kind.CASH_BACK: _cash_back,
}
