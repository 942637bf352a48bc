"""How long a parcel waits for its buyer: its window, what moves the end of it on, and how an operator extends it."""

from datetime import date, datetime, timedelta

from sqlalchemy.orm import Session

from parcels import journal
from parcels.journal import NewFact
from parcels.models import Parcel
from parcels.stages import Kind
from scheduling import slots
from scheduling.calendars import local_date
from scheduling.policy import Asker, Reason, Refusal, why_no_choice
from scheduling.slots import DayOffers
from scheduling.window import EXTENDS_BY, Cause, Window, answer_day, closes_at, moved_on
from scheduling.zones import Service, service_of, slot_rows

#: How far ahead free days are looked for when the window must move on.
SEEN_AHEAD = timedelta(days=35)


def window_of(parcel: Parcel) -> Window:
    """The days from which this parcel's recipient may choose. Raises Refusal when nothing can be chosen."""
    if parcel.promised_from is None:
        raise Refusal(Reason.NO_PROMISE)
    return Window.of(parcel.promised_from, parcel.choose_until)


def move_on(session: Session, parcel: Parcel, cause: Cause, now: datetime) -> bool:
    """After something that was not the buyer's doing, leave him days enough to choose from. Returns whether it moved.

    Args: `parcel` held by `journal.lock`.
    """
    service = service_of(session, parcel.settlement_id)
    if service is None or parcel.promised_from is None:
        return False
    today, window = local_date(now, service.timezone), window_of(parcel)
    ahead = Window(window.first, max(window.last, today + SEEN_AHEAD))
    last = moved_on(window, cause, _free(session, parcel, service, ahead, now), today)
    if last is None:
        return False
    details = {"kept_until": last.isoformat(), "cause": cause.value}
    journal.record(session, parcel, NewFact(Kind.WINDOW_MOVED, "agenda", details=details), now)
    return True


def extend(session: Session, parcel: Parcel, until: date, note: str, asker: Asker, now: datetime) -> None:
    """Keep a parcel for longer than it waits by itself, for a reason in words; also one that is only to go back.

    Args: `parcel` held by `journal.lock`. Raises: Refusal for somebody else than an operator, without a reason, or
    further than `EXTENDS_BY`; StaleVersion.
    """
    journal.insist_on(session, parcel, asker.seen)
    service = service_of(session, parcel.settlement_id)
    reason = why_no_choice(parcel.state, parcel.promised_from, service is not None, by_staff=asker.is_staff)
    if reason is not None:
        raise Refusal(reason)
    if not asker.is_staff or not note.strip():
        raise Refusal(Reason.NO_REASON)
    today = local_date(now, parcel.zone)
    if until <= max(today, window_of(parcel).last):
        raise Refusal(Reason.NO_LONGER)
    if until > today + EXTENDS_BY:
        raise Refusal(Reason.BEYOND_LIMIT)
    details = {"kept_until": until.isoformat(), "cause": Cause.OPERATOR.value, "note": note.strip()}
    journal.record(session, parcel, NewFact(Kind.WINDOW_MOVED, asker.name, details=details), now)


def days_of(session: Session, parcel: Parcel, service: Service, window: Window, now: datetime) -> list[DayOffers]:
    """The days of a window that have not closed yet, with their slots."""
    rows = slot_rows(session, service, window)
    return slots.offer(rows, window, service.closing, service.timezone, now, parcel.carrier_days)


def free_days(session: Session, parcel: Parcel, now: datetime) -> list[date]:
    """The days of the window that can still be chosen and have a free place; none where no courier goes."""
    service = service_of(session, parcel.settlement_id)
    if service is None or parcel.promised_from is None:
        return []
    return _free(session, parcel, service, window_of(parcel), now)


def answer_by(session: Session, parcel: Parcel, now: datetime) -> datetime | None:
    """Until when who has put off his choice must have made it, so that one free day is left for a call.

    Returns: `now` when there is no such day; None where no courier goes.
    """
    service = service_of(session, parcel.settlement_id)
    if service is None:
        return None
    day = answer_day(free_days(session, parcel, now))
    return closes_at(day, service.closing, service.timezone) if day is not None else now


def _free(session: Session, parcel: Parcel, service: Service, window: Window, now: datetime) -> list[date]:
    return [day.day for day in days_of(session, parcel, service, window, now) if not day.is_full]
