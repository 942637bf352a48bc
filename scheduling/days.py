"""Which days count where: the calendar of a country with its decreed changes, and each settlement's closed days."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from parcels.deadlines import no_weekend
from scheduling.calendars import KNOWN, UnknownDay, WorkCalendar, calendar_of
from scheduling.day_models import ApprovedYear, ClosedDay, DayChange

#: So long before the known days end the manager is told: the longest lane and two weeks of waiting.
WARN_DAYS = 120


class BadDay(ValueError):
    """A change that cannot be kept; the text is a code of the reason: unknown_country, past, far, not_next."""


@dataclass(frozen=True, slots=True)
class Horizon:
    """Where the calendar of a country ends; `is_near` when promises will soon run into its end."""

    country: str
    last: date
    is_near: bool


def calendar_for(session: Session, country: str) -> WorkCalendar:
    """The calendar of a country (ISO 3166), with everything decreed since. Read once per session.

    Raises: UnknownDay for a country whose working days nobody has told us.
    """
    known: dict[str, WorkCalendar] = session.info.setdefault("calendars", {})
    if country not in KNOWN:
        raise UnknownDay(country)
    if country not in known:
        rows = session.execute(select(DayChange.day, DayChange.is_working).where(DayChange.country == country))
        changes = frozenset((row.day, row.is_working) for row in rows)
        known[country] = calendar_of(country, changes, _last_year(session, country))
    return known[country]


def workday(session: Session, country: str, day: date) -> date:
    """The day itself or the next on which a country's warehouses work; where nobody knows its days, no weekend."""
    try:
        return calendar_for(session, country).on_or_after(day)
    except UnknownDay:
        return no_weekend(day)


def closed_days(session: Session, settlement_id: int | None) -> frozenset[date]:
    """The days on which nothing is delivered in a settlement. Read once per session."""
    known: dict[int, frozenset[date]] | None = session.info.get("closed_days")
    if known is None:
        known = session.info["closed_days"] = all_closed_days(session)
    return known.get(settlement_id or 0, frozenset())


def all_closed_days(session: Session) -> dict[int, frozenset[date]]:
    """The closed days of every settlement that has any."""
    days: dict[int, set[date]] = {}
    for settlement_id, day in session.execute(select(ClosedDay.settlement_id, ClosedDay.day)):
        days.setdefault(settlement_id, set()).add(day)
    return {settlement_id: frozenset(closed) for settlement_id, closed in days.items()}


def _last_year(session: Session, country: str) -> int:
    """The last approved year that follows the known ones without a gap."""
    approved = set(session.scalars(select(ApprovedYear.year).where(ApprovedYear.country == country)))
    last = KNOWN[country][-1]
    while last + 1 in approved:
        last += 1
    return last


def horizons(session: Session, today: date) -> list[Horizon]:
    """Where each country's calendar ends, the nearest end first."""
    ends = [(calendar_for(session, country).last, country) for country in KNOWN]
    return [Horizon(country, last, last - today < timedelta(days=WARN_DAYS)) for last, country in sorted(ends)]


def keep_decree(
    session: Session, country: str, day: date, is_working: bool, reason: str, by: str, now: datetime
) -> None:
    """Keep a decreed change; a second one for the same day takes the place of the first. Raises BadDay."""
    if country not in KNOWN:
        raise BadDay("unknown_country")
    _check(day, now)
    change = DayChange(country=country, day=day, is_working=is_working, reason=reason, made_by=by, made_at=now)
    session.merge(change)
    forget(session)


def drop_decree(session: Session, country: str, day: date) -> None:
    """Take a decreed change back."""
    session.execute(delete(DayChange).where(DayChange.country == country, DayChange.day == day))
    forget(session)


def close(session: Session, settlement_id: int, day: date, reason: str, by: str, now: datetime) -> None:
    """Nothing is delivered in a settlement on this day. Raises BadDay."""
    _check(day, now)
    session.merge(ClosedDay(settlement_id=settlement_id, day=day, reason=reason, made_by=by, made_at=now))
    forget(session)


def reopen(session: Session, settlement_id: int, day: date) -> None:
    """A closed day of a settlement is a day like any other again."""
    session.execute(delete(ClosedDay).where(ClosedDay.settlement_id == settlement_id, ClosedDay.day == day))
    forget(session)


def approve(session: Session, country: str, year: int, by: str, now: datetime) -> None:
    """Vouch for the next year of a country, with the changes decreed for it. Raises BadDay for any other year."""
    if country not in KNOWN:
        raise BadDay("unknown_country")
    if year != _last_year(session, country) + 1:
        raise BadDay("not_next")
    session.add(ApprovedYear(country=country, year=year, made_by=by, made_at=now))
    forget(session)


def forget(session: Session) -> None:
    """Read the calendars anew when they are next asked for."""
    session.flush()
    for known in ("calendars", "closed_days", "services"):
        session.info.pop(known, None)


def _check(day: date, now: datetime) -> None:
    """A day long past changes nothing any more, one years ahead is a slip of the pen."""
    if day < now.date() - timedelta(days=1):
        raise BadDay("past")
    if day > now.date() + timedelta(days=3 * 366):
        raise BadDay("far")
