"""Who is rung: everything that is open for one phone, seen on one screen and settled by one answer."""

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from parcels import journal
from parcels.journal import StaleVersion, UnknownParcel
from parcels.models import Parcel
from parcels.stages import GOING_BACK, Stage
from scheduling.models import Call

#: More parcels of one person than anybody reads out by phone.
SHOWN = 50


@dataclass(frozen=True, slots=True)
class Person:
    """A person held for a change: his parcels by id, those named beside the one he is called for, his open calls."""

    parcels: dict[int, Parcel]
    named: tuple[Parcel, ...]
    calls: tuple[Call, ...]

    def call_of(self, parcel: Parcel) -> Call | None:
        """The open call of one of his parcels."""
        return next((call for call in self.calls if call.parcel_id == parcel.id), None)


def open_parcels(session: Session, parcel: Parcel) -> list[Parcel]:
    """The other open parcels of the same recipient, the newest first; none for one without a phone."""
    if not parcel.phone:
        return []
    others = select(Parcel).where(Parcel.phone == parcel.phone, Parcel.id != parcel.id, Parcel.closed_at.is_(None))
    return list(session.scalars(others.order_by(Parcel.id.desc()).limit(SHOWN)))


def shares_answer(parcel: Parcel, other: Parcel) -> bool:
    """May one answer be meant for both? They go to one city, and what is to be said of them is alike."""
    if other.closed_at is not None or other.side in GOING_BACK or other.road is Stage.WITH_COURIER:
        return False
    return other.settlement_id == parcel.settlement_id and other.side is parcel.side


def open_calls(session: Session, phone: str, parcel_id: int) -> list[Call]:
    """The open calls to a phone, as they are; to one parcel's recipient where there is none."""
    return list(session.scalars(select(Call).join(Parcel, Parcel.id == Call.parcel_id).where(*_of(phone, parcel_id))))


def locked(session: Session, parcel_id: int, named: Iterable[int]) -> Person:
    """Hold everything that one answer may change: first parcels by their ids, then calls by theirs.

    Args: `named` are the other parcels the answer is for. Raises: StaleVersion when one of them is over by now, goes
    back, or has another phone; UnknownParcel.
    """
    phone = session.scalar(select(Parcel.phone).where(Parcel.id == parcel_id)) or ""
    wanted = set(named) - {parcel_id}
    ids = {parcel_id, *wanted, *(call.parcel_id for call in open_calls(session, phone, parcel_id))}
    held = session.scalars(journal.held().where(Parcel.id.in_(ids)).order_by(Parcel.id))
    parcels = {parcel.id: parcel for parcel in held}
    if parcel_id not in parcels:
        raise UnknownParcel(parcel_id)
    for other_id in wanted:
        if not _is_same(parcels.get(other_id), parcels[parcel_id]):
            raise StaleVersion(f"parcel {other_id} is not this person's any more")
    query = select(Call).where(Call.parcel_id.in_(parcels), Call.closed_at.is_(None)).order_by(Call.id)
    calls = session.scalars(query.with_for_update().execution_options(populate_existing=True)).all()
    return Person(parcels, tuple(parcels[other_id] for other_id in sorted(wanted)), tuple(calls))


def _of(phone: str, parcel_id: int) -> tuple[ColumnElement[bool], ...]:
    whose = Parcel.phone == phone if phone else Parcel.id == parcel_id
    return Call.closed_at.is_(None), whose


def _is_same(other: Parcel | None, parcel: Parcel) -> bool:
    if other is None or not parcel.phone:
        return False
    return other.phone == parcel.phone and other.closed_at is None and other.side not in GOING_BACK
