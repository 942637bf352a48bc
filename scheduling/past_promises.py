"""What the journal says of a parcel's promise so far: the one in force, and what its buyer was last told."""

from dataclasses import dataclass
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from parcels.models import Fact, Parcel
from parcels.stages import Kind
from scheduling.delays import Told, told_in

#: Scans of the way: each can say something of the date.
SCANS = frozenset({Kind.HANDED_OVER, Kind.AT_WAREHOUSE, Kind.DEPARTED, Kind.PASSED, Kind.ARRIVED})
_AGREED = frozenset({Kind.SLOT_BOOKED, Kind.POSTPONED})
#: What happens to a promise: it is made, told, or taken back.
_OF_DATES = frozenset({Kind.PROMISED, Kind.PROMISE_WITHDRAWN, Kind.TOLD})
_READ = SCANS | _AGREED | _OF_DATES


@dataclass(frozen=True, slots=True)
class Past:
    """The facts that matter, by seq; `last` is the promise for the place to which the parcel goes now."""

    facts: list[Fact]
    last: Fact | None

    @property
    def is_withdrawn(self) -> bool:
        """Has the promise been taken back, with none since?"""
        made = [fact.kind for fact in self.facts if fact.kind in (Kind.PROMISED, Kind.PROMISE_WITHDRAWN)]
        return bool(made) and made[-1] is Kind.PROMISE_WITHDRAWN

    @property
    def told(self) -> Told | None:
        """What the buyer was last told; None when he was told that nobody knows, or nothing yet."""
        told: Told | None = None
        for fact in self.facts:
            if fact.kind is Kind.PROMISE_WITHDRAWN:
                told = None
            elif fact.kind is Kind.TOLD:
                told = told_in(fact.details)
            elif fact.kind is Kind.PROMISED:
                told = told_in(fact.details) or told or range_of(fact)
        return told

    def agreed_day(self, parcel: Parcel) -> date | None:
        """The day before which nothing is expected to come, where one is agreed."""
        if parcel.plan is None:
            return None
        last = next((fact.details for fact in reversed(self.facts) if fact.kind in _AGREED), {})
        day = last.get("day") or last.get("to")
        return date.fromisoformat(day) if day else None


def read(session: Session, parcel: Parcel) -> Past:
    """What the journal says of a parcel's promise."""
    query = select(Fact).where(Fact.parcel_id == parcel.id, Fact.kind.in_(_READ)).order_by(Fact.seq)
    facts = list(session.scalars(query))
    last = next((fact for fact in reversed(facts) if fact.kind is Kind.PROMISED), None)
    if last is not None and last.details["settlement"] != parcel.settlement_id:
        last = None
    return Past(facts, last)


def range_of(promised: Fact) -> Told:
    """The dates of a promise."""
    first = date.fromisoformat(promised.details["promised_from"])
    return Told(first, date.fromisoformat(promised.details["promised_to"]))
