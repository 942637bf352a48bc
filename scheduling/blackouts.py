"""Use cases of the manager: a day on which nobody drives in a zone, and that it is a day like any other again."""

from collections.abc import Iterable
from datetime import date, datetime

from sqlalchemy import delete
from sqlalchemy.orm import Session

from scheduling import days, days_off
from scheduling.calendars import local_date
from scheduling.capacity import Changed, Impossible, hold
from scheduling.days_off import NOTE_LENGTH, Off
from scheduling.models import Blackout
from scheduling.zones import country_of


def black_out(
    session: Session, zone_id: int, day: date, why: str, by: str, agreed_to: Iterable[int], now: datetime
) -> int:
    """Close a day of a zone. The bookings in `agreed_to` (their ids) are withdrawn and their buyers are told.

    Returns: how many bookings were withdrawn. Raises: LookupError; Impossible on a day that has begun; Changed when the
    day is closed already; Occupied when there are bookings that the manager has not agreed to withdraw.
    """
    zone = hold(session, zone_id)
    if day <= local_date(now, zone.timezone):
        raise Impossible("past")
    if session.get(Blackout, (zone_id, day)) is not None:
        raise Changed("blackout")
    session.add(Blackout(zone_id=zone_id, day=day, why=why.strip()[:NOTE_LENGTH], made_by=by, made_at=now))
    days.forget(session)
    count = days_off.clear(session, Off([zone_id], day), agreed_to, by, why.strip(), now)
    days_off.shut(session, [zone_id], day)
    return count


def reopen(session: Session, zone_id: int, day: date) -> None:
    """Drive on a day after all: its slots are again those of the week. Raises LookupError; Changed when it is open."""
    zone = hold(session, zone_id)
    gone = delete(Blackout).where(Blackout.zone_id == zone_id, Blackout.day == day)
    if session.connection().execute(gone).rowcount != 1:
        raise Changed("open")
    days.forget(session)
    days_off.open_again(session, zone, day, days.calendar_for(session, country_of(session, zone_id)))
