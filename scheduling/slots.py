"""Which windows may be offered: a decision about days and hours, made without a database."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from enum import StrEnum
from itertools import groupby
from typing import Any

from scheduling.calendars import local_date
from scheduling.window import LIMIT_DAYS as LIMIT_DAYS
from scheduling.window import Window as Window
from scheduling.window import closes_at as closes_at

#: What a carrier has said it has room for: windows (from, to) by local date, none on a day that is full.
Room = Mapping[date, Sequence[tuple[time, time]]]


class Availability(StrEnum):
    FREE = "free"
    FULL = "full"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class SlotRow:
    """A slot as it is in the database at this moment."""

    slot_id: int
    day: date
    starts: time
    ends: time
    free: int


def key_of(day: date, starts: time) -> str:
    """The name of a slot, e.g. `2026-11-26T14:00`."""
    return f"{day.isoformat()}T{starts:%H:%M}"


def read_key(key: str) -> tuple[date, time]:
    """The day and the hour that a key names. Raises ValueError for anything that `key_of` does not write."""
    day, _, clock = key.partition("T")
    named = date.fromisoformat(day), time.fromisoformat(clock)
    if key_of(*named) != key:
        raise ValueError(key)
    return named


@dataclass(frozen=True, slots=True)
class Offer:
    """A slot as somebody may see it: to be chosen, or why not."""

    row: SlotRow
    availability: Availability

    @property
    def is_free(self) -> bool:
        return self.availability is Availability.FREE

    @property
    def key(self) -> str:
        """How forms and programs name the slot."""
        return key_of(self.row.day, self.row.starts)


@dataclass(frozen=True, slots=True)
class DayOffers:
    """All slots of one day, in the order of their hours."""

    day: date
    offers: tuple[Offer, ...]

    @property
    def is_full(self) -> bool:
        return not any(offer.is_free for offer in self.offers)


def room_of(said: Mapping[str, Any] | None, window: Window, timezone: str, now: datetime) -> Room | None:
    """What a carrier has said of the days that can still be chosen; None where it has named none of them.

    Then it limits nothing: it has not spoken, or too long ago. Args: `said` as the fact `DAYS_OFFERED` keeps it.
    """
    if said is None:
        return None
    room = {
        date.fromisoformat(day): [(time.fromisoformat(begins), time.fromisoformat(ends)) for begins, ends in windows]
        for day, windows in said.items()
    }
    today = local_date(now, timezone)
    return room if any(day in window and day > today for day in room) else None


def has_room(row: SlotRow, room: Room | None) -> bool:
    """Does a slot lie within one of the carrier's windows of its day?"""
    return room is None or any(begins <= row.starts and row.ends <= ends for begins, ends in room.get(row.day, ()))


def judge(row: SlotRow, closing: time, timezone: str, now: datetime, room: Room | None = None) -> Availability:
    """May this slot be chosen at `now`?"""
    if now >= closes_at(row.day, closing, timezone):
        return Availability.CLOSED
    return Availability.FREE if row.free > 0 and has_room(row, room) else Availability.FULL


def offer(
    rows: Iterable[SlotRow],
    window: Window,
    closing: time,
    timezone: str,
    now: datetime,
    said: Mapping[str, Any] | None = None,
) -> list[DayOffers]:
    """The days of the window that can still be chosen, with their slots.

    Args: `rows` in the order of day and hour; `said` are the days that the carrier has named, for `room_of`.
    A day is left out when its closing time has passed.
    """
    days, room = [], room_of(said, window, timezone, now)
    for day, group in groupby((row for row in rows if row.day in window), key=lambda row: row.day):
        offers = tuple(Offer(row, judge(row, closing, timezone, now, room)) for row in group)
        if any(o.availability is not Availability.CLOSED for o in offers):
            days.append(DayOffers(day, offers))
    return days


def nearest(days: Iterable[DayOffers], wanted_day: date, wanted_from: time, count: int = 3) -> list[Offer]:
    """The free slots nearest to one that could not be had: same day first, then by distance in days and hours."""

    def distance(o: Offer) -> tuple[int, bool, int]:
        hours = abs((o.row.starts.hour - wanted_from.hour) * 60 + o.row.starts.minute - wanted_from.minute)
        return abs((o.row.day - wanted_day).days), o.row.day < wanted_day, hours

    return sorted((o for d in days for o in d.offers if o.is_free), key=distance)[:count]


def first_free(days: Iterable[DayOffers]) -> Offer | None:
    """The nearest free slot, proposed beforehand."""
    return next((o for d in days for o in d.offers if o.is_free), None)
