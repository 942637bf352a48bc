"""The manager's page of a zone: what is taken on the next two weeks, its week, and its closed days."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from itertools import groupby

from babel.dates import get_month_names
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from portal.formats import in_sentence, moscow_offset, words
from portal.languages import _
from scheduling.calendars import local_date
from scheduling.models import Blackout, Interval, Slot, Zone
from scheduling.weekly import intervals

DAYS = 14
#: From this share of taken places on, a slot is as good as full.
NEARLY = 0.85


@dataclass(frozen=True, slots=True)
class Cell:
    """A slot of the grid; without one nobody drives then. `tone` is "", warn or bad; `percent` of places taken."""

    slot: Slot | None
    tone: str = ""
    percent: int = 0

    @property
    def is_open(self) -> bool:
        return self.slot is not None and self.slot.capacity > 0


@dataclass(frozen=True, slots=True)
class Row:
    """The same hours on all days."""

    starts: time
    ends: time
    cells: list[Cell]


@dataclass(slots=True)
class Page:
    """Everything the template shows of one zone."""

    zone: Zone
    name: str
    finding: str
    today: date
    days: list[date]
    months: list[tuple[int, int]]
    rows: list[Row]
    week: list[Interval]
    blackouts: list[Blackout]
    zones: list[tuple[int, str]] = field(default_factory=list)


def build(session: Session, zone: Zone, now: datetime, language: str) -> Page:
    """Read a zone."""
    today = local_date(now, zone.timezone)
    days = [today + timedelta(days=n) for n in range(1, DAYS + 1)]
    query = select(Slot).where(Slot.zone_id == zone.id, Slot.day.between(days[0], days[-1]))
    slots = list(session.scalars(query.order_by(Slot.starts, Slot.ends, Slot.day)))
    closed = select(Blackout).where(Blackout.zone_id == zone.id, Blackout.day >= today).order_by(Blackout.day)
    name = zone.name.split(", ")[0]
    return Page(
        zone=zone,
        name=name,
        finding=_("{zone}: {finding}", zone=name, finding=_finding(slots, language)),
        today=today,
        days=days,
        months=[(month, len(list(group))) for month, group in groupby(day.month for day in days)],
        rows=_rows(slots, days),
        week=intervals(session, zone.id),
        blackouts=list(session.scalars(closed)),
        zones=zone_names(session, now, language),
    )


def zone_names(session: Session, now: datetime, language: str) -> list[tuple[int, str]]:
    """Every zone as a manager knows it; where a region has several clocks, with the clock."""
    names = []
    for zone in session.scalars(select(Zone)):
        place, _comma, rest = zone.name.rpartition(", ")
        clock = moscow_offset(zone.timezone, now, language)
        names.append((zone.id, f"{place}, {clock}" if "/" in rest else zone.name))
    return sorted(names, key=lambda pair: pair[1])


def fullest(session: Session, now: datetime) -> int | None:
    """The zone in which most places are taken from now on; None when there are no zones."""
    busy = select(Slot.zone_id).where(Slot.day >= now.date()).group_by(Slot.zone_id)
    found = session.scalar(busy.order_by(func.sum(Slot.taken).desc(), Slot.zone_id).limit(1))
    return found if found is not None else session.scalar(select(func.min(Zone.id)))


def _finding(slots: Sequence[Slot], language: str) -> str:
    """The one thing to know about the next days, as the end of a sentence."""
    days: dict[date, list[Slot]] = {}
    for slot in sorted(slots, key=lambda slot: slot.day):
        if slot.capacity:
            days.setdefault(slot.day, []).append(slot)
    shares = {day: sum(s.taken for s in there) / sum(s.capacity for s in there) for day, there in days.items()}
    full = next((day for day, share in shares.items() if share >= 1), None)
    if full is not None:
        return _("{day}, мест нет", day=in_sentence(full, language))
    tight = next((day for day, share in shares.items() if share >= NEARLY), None)
    if tight is not None:
        return _("{day}, мест почти нет", day=in_sentence(tight, language))
    return _("места есть на каждый день") if days else _("две недели не возим")


def _rows(slots: Sequence[Slot], days: Sequence[date]) -> list[Row]:
    rows = []
    for (starts, ends), group in groupby(slots, key=lambda slot: (slot.starts, slot.ends)):
        there = {slot.day: slot for slot in group}
        if any(slot.capacity for slot in there.values()):
            rows.append(Row(starts, ends, [_cell(there.get(day)) for day in days]))
    return rows


def _cell(slot: Slot | None) -> Cell:
    if slot is None or slot.capacity == 0:
        return Cell(slot)
    share = slot.taken / slot.capacity
    return Cell(slot, "bad" if share >= 1 else "warn" if share >= NEARLY else "", round(100 * share))


def weekday_names(language: str) -> tuple[str, ...]:
    """Short names of the days of the week, Monday first."""
    return words(language).short_days


def month_names(language: str) -> dict[int, str]:
    """Names of the months as a heading has them, 1 = January."""
    return dict(get_month_names("wide", "stand-alone", language))
