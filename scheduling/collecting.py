"""What is agreed by phone about a parcel at a place of issue: it is collected in time, or kept longer, once."""

from datetime import date, datetime, timedelta

from sqlalchemy.orm import Session

from parcels import journal
from parcels.journal import NewFact
from parcels.models import Fact, Parcel
from parcels.stages import Kind, Stage
from parcels.storage import last_day_after
from scheduling import calls
from scheduling.calendars import CALLS_FROM, local_date, moment
from scheduling.policy import Reason, Refusal

EXTENDS_BY = timedelta(days=7)


def scans(session: Session, parcel: Parcel) -> list[Fact]:
    """What is known of a parcel at places of issue. Raises Refusal when it lies at none."""
    if parcel.side is not Stage.AT_PICKUP or parcel.closed_at is not None:
        raise Refusal(Reason.NOT_AT_PICKUP)
    return [fact for fact in journal.facts_of(session, parcel) if fact.kind is Kind.AT_PICKUP]


def kept_until(known: list[Fact], parcel: Parcel, now: datetime) -> date:
    """The last day of storage where a parcel lies."""
    return last_day_after(known, parcel.promised_from, parcel.zone) or local_date(now, parcel.zone)


def is_extended(known: list[Fact]) -> bool:
    """Has storage been extended at the place where the parcel lies?"""
    where = _where(known[-1]) if known else ""
    return any(fact.details.get("extended") and _where(fact) == where for fact in known)


def asked_again_at(known: list[Fact], parcel: Parcel, now: datetime) -> datetime:
    """When somebody who says that he collects it in time is called again: the morning after the last day."""
    last = max(kept_until(known, parcel, now), local_date(now, parcel.zone))
    return moment(last + timedelta(days=1), CALLS_FROM, parcel.zone)


def extend(session: Session, parcel: Parcel, by: str, now: datetime) -> date:
    """Keep a parcel held by `journal.lock` a week longer; its call is over.

    Returns: the new last day. Raises: Refusal when it lies nowhere, or has been kept longer before.
    """
    known = scans(session, parcel)
    if is_extended(known):
        raise Refusal(Reason.EXTENDED_ALREADY)
    until = max(kept_until(known, parcel, now), local_date(now, parcel.zone)) + EXTENDS_BY
    calls.close(session, parcel, "extended", now)
    here: dict[str, object] = {
        name: known[-1].details[name] for name in ("address", "open") if name in known[-1].details
    }
    details: dict[str, object] = {**here, "kept_until": until.isoformat(), "extended": True, "by": by}
    place = known[-1].place
    journal.record(session, parcel, NewFact(Kind.AT_PICKUP, "operator", place=place, details=details), now)
    return until


def _where(fact: Fact) -> str:
    return str(fact.details.get("address") or fact.place)
