"""What the manager sees of days: decreed changes, closed days of settlements, and where each calendar ends."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from parcels.models import Settlement
from portal.languages import _
from scheduling import days
from scheduling.calendars import KNOWN, local_date
from scheduling.day_models import ClosedDay, DayChange
from scheduling.promising import COUNTRY


@dataclass(frozen=True, slots=True)
class End:
    """Where the calendar of a country ends, in words; `next_year` is what somebody may approve."""

    country: str
    name: str
    words: str
    next_year: int
    is_near: bool


def country_name(country: str) -> str:
    """The country whose working days are meant."""
    return {"RU": _("Россия"), "UA": _("Украина"), "KZ": _("Казахстан"), "BY": _("Беларусь")}.get(country, country)


def ends(session: Session, now: datetime, language: str) -> list[End]:
    """Where the calendars of all countries end."""
    found = []
    for horizon in days.horizons(session, local_date(now, "UTC")):
        year = horizon.last.year + 1
        words = _(
            "Календарь {year} года ещё не утверждён: дни после 31 декабря {last} не предлагаются",
            year=year,
            last=year - 1,
        )
        found.append(End(horizon.country, country_name(horizon.country), words, year, horizon.is_near))
    return found


def notices_of(session: Session, now: datetime, language: str) -> list[End]:
    """The ends that matter: of countries we deliver in, and our own."""
    used = set(session.scalars(select(Settlement.country).distinct())) | {COUNTRY}
    return [end for end in ends(session, now, language) if end.country in used]


def page(session: Session, now: datetime, language: str) -> dict[str, Any]:
    """Everything the page of days shows."""
    since = local_date(now, "UTC")
    changes = select(DayChange).where(DayChange.day >= since).order_by(DayChange.day, DayChange.country)
    closed = (
        select(ClosedDay, Settlement)
        .join(Settlement, Settlement.id == ClosedDay.settlement_id)
        .where(ClosedDay.day >= since)
        .order_by(ClosedDay.day, Settlement.name)
    )
    return {
        "changes": [(change, country_name(change.country)) for change in session.scalars(changes)],
        "closed": session.execute(closed).all(),
        "ends": ends(session, now, language),
        "countries": [(code, country_name(code)) for code in sorted(KNOWN)],
    }
