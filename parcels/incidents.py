"""FOLLOWER and use cases: what went wrong with a parcel, whose fault it is to mend, and how it was mended."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, select, update
from sqlalchemy.orm import Session

from parcels.custody import Role, What
from parcels.custody_models import Holding, Incident, IncidentComment
from parcels.models import Fact, Parcel
from parcels.stages import Kind

ACCIDENT = "accident"
#: Money: another sum than was due was taken at the door; what was counted is not what should be there; none came.
SUM, CASH_GAP, CASH = "sum", "cash_gap", "cash"
OF_MONEY = (SUM, CASH_GAP, CASH)
#: The agenda's own word for a stop that nobody marked is the same trouble as the courier's deadline.
_STEP_OF = {"stop_not_marked": "mark"}
BY_SCAN = "scan"


class Changed(Exception):
    """Somebody else has changed the incident since the page that asks was shown."""


def follow(session: Session, parcel: Parcel, fact: Fact, now: datetime) -> None:
    """Follower of the journal: a missed deadline, an accident, or money that is not what it should be opens an
    incident, unless it is open already.
    """
    step = _step(fact)
    if step is None:
        return
    said = _said(fact)[:200]
    known = session.scalar(select(Incident).where(*_open(parcel.id), Incident.step == step))
    if known is not None:
        if said:
            comment(session, known.id, fact.source, said, now)
        return
    role, name = _named(fact) or _answers(session, parcel.id)
    incident = {"step": step, "seq": fact.seq, "role": role, "name": name, "said": said, "opened_at": now}
    session.add(Incident(parcel_id=parcel.id, **incident))


def _step(fact: Fact) -> str | None:
    """Which incident a fact opens; None for most."""
    details = fact.details
    if fact.kind in (Kind.DEADLINE_MISSED, Kind.INCIDENT):
        return details.get("step") or _STEP_OF.get(details.get("cause", ""), ACCIDENT)
    if fact.kind is Kind.CASH_HANDED_IN:
        return CASH_GAP if details.get("gap_minor") else None
    is_delivery = fact.kind is Kind.DELIVERED or details.get("kind") == Kind.DELIVERED
    return SUM if is_delivery and fact.source == "courier" and "due_minor" in details else None


def _said(fact: Fact) -> str:
    """What was said of it, the sums first where it is about money."""
    details = fact.details
    words = str(details.get("note") or details.get("text") or details.get("cause") or "")
    if fact.kind is Kind.CASH_HANDED_IN and "gap_minor" in details:
        return f"{details['gap_minor'] / 100:+.2f} {details['currency']}. {words}".strip(" .")
    if "due_minor" in details and fact.source == "courier":
        sums = f"{details['cod_minor'] / 100:.2f} / {details['due_minor'] / 100:.2f} {details['currency']}"
        return f"{sums}. {words}".strip(" .")
    return words


def _open(parcel_id: int) -> tuple[ColumnElement[bool], ...]:
    return Incident.parcel_id == parcel_id, Incident.resolved_at.is_(None)


def _named(fact: Fact) -> tuple[Role, str] | None:
    """Who answers, where the fact itself says so: a courier whose round has not left, or whose money is not right."""
    details = fact.details
    if "role" in details:
        return Role(details["role"]), details["name"]
    if fact.kind is Kind.CASH_HANDED_IN:
        return Role.COURIER, str(details.get("from", ""))
    is_delivery = fact.kind in (Kind.DELIVERED, Kind.LATE_NEWS)
    return (Role.COURIER, str(details.get("by", ""))) if is_delivery else None


def _answers(session: Session, parcel_id: int) -> tuple[Role, str]:
    """Who holds the parcel now, and therefore answers."""
    held = Holding.parcel_id == parcel_id, Holding.what == What.PARCEL, Holding.until.is_(None)
    row = session.execute(select(Holding.role, Holding.name).where(*held)).one_or_none()
    return (row.role, row.name) if row is not None else (Role.SHOP, "")


def end_by_scan(session: Session, parcel_ids: Sequence[int], steps: list[str], now: datetime) -> None:
    """The awaited scan has come: what was open because of it is over."""
    is_open = Incident.parcel_id.in_(parcel_ids), Incident.resolved_at.is_(None)
    over = update(Incident).where(*is_open, Incident.step.in_(steps))
    values = {"resolved_at": now, "ended_by": BY_SCAN, "version": Incident.version + 1}
    session.execute(over.values(values).execution_options(synchronize_session=False))


def assign(
    session: Session, incident_id: int, seen: int, staff_id: int | None, by: str, name: str, now: datetime
) -> None:
    """Give an incident to somebody, or to nobody. Raises Changed."""
    _change(session, incident_id, seen, {"assigned_to": staff_id})
    session.add(IncidentComment(incident_id=incident_id, by=by, at=now, text=f"→ {name or '—'}"))


def resolve(session: Session, incident_id: int, seen: int, by: str, sentence: str, now: datetime) -> None:
    """Close an incident with a sentence about how it was mended. Raises Changed."""
    _change(session, incident_id, seen, {"resolved_at": now, "ended_by": by, "resolution": sentence})


def comment(session: Session, incident_id: int, by: str, text: str, now: datetime) -> None:
    """Add a line; this never collides with what others do."""
    session.add(IncidentComment(incident_id=incident_id, by=by, at=now, text=text))


def _change(session: Session, incident_id: int, seen: int, values: dict[str, object]) -> None:
    as_seen = Incident.id == incident_id, Incident.version == seen, Incident.resolved_at.is_(None)
    done = session.execute(update(Incident).where(*as_seen).values(version=seen + 1, **values))
    if done.rowcount != 1:  # type: ignore[attr-defined]
        raise Changed(incident_id)
