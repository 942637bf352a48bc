"""PURE by when whoever holds a parcel must have passed it on: one table of steps, and the step that counts now."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum

from parcels.clocks import local, moment
from parcels.custody import Holder, Role
from parcels.stages import GOING_BACK, Stage, State

END_OF_DAY, MARKED_BY, BACK_BY = time(23, 59), time(23), time(12)
SATURDAY = 5
#: How long a parcel may lie where it only passes through.
#: How long after a courier's "handed in" a storekeeper's scan may take.
SCANNED_WITHIN = timedelta(hours=2)
RECEIVED_WITHIN, DEPARTS_WITHIN, RETURNED_WITHIN = timedelta(hours=24), timedelta(hours=24), timedelta(days=30)


Workdays = Callable[[date], date]


def no_weekend(day: date) -> date:
    """The day itself, or Monday: what is a day of work where nobody tells the feasts."""
    return day + timedelta(days=7 - day.weekday()) if day.weekday() >= SATURDAY else day


class Step(StrEnum):
    """The scan that is waited for; the holder of the parcel answers when it does not come."""

    HAND_OVER = "hand_over"
    RECEIVE = "receive"
    DEPART = "depart"
    ARRIVE = "arrive"
    ISSUE = "issue"
    MARK = "mark"
    BACK = "back"
    HAND_IN = "hand_in"
    RETURN = "return"


#: Steps whose moment moves with the promise or with what has been agreed.
MOVABLE = frozenset({Step.HAND_OVER, Step.ARRIVE, Step.ISSUE})


@dataclass(frozen=True, slots=True)
class View:
    """A parcel as its deadline sees it: who holds it `since` when, when the last scan was (`last_at`), the dates of
    its promise, the clocks at both ends, and the moment at which the agreed slot begins. `handing_in_at` is when the
    courier who holds it says that he hands it in. `workday` is the day itself or
    the next one on which warehouses work.
    """

    state: State
    holder: Holder
    since: datetime
    last_at: datetime
    zone: str
    origin_zone: str
    hand_over_by: date | None = None
    arrival_by: date | None = None
    slot_begins: datetime | None = None
    handing_in_at: datetime | None = None
    workday: Workdays = no_weekend


@dataclass(frozen=True, slots=True)
class Deadline:
    """A step and the moment until which it may be taken; None when nothing says until when."""

    step: Step
    at: datetime | None


def deadline(view: View) -> Deadline | None:
    """What the holder owes and by when; None where nobody need pass the parcel on."""
    if view.state.is_closed:
        return None
    is_handing_in = view.handing_in_at is not None and view.holder.role is Role.COURIER
    step = Step.HAND_IN if is_handing_in else step_of(view.state, view.holder)
    return None if step is None else Deadline(step, _BY[step](view))


def step_of(state: State, holder: Holder) -> Step | None:
    """The scan that is waited for next. Incidents and unknown words do not change where a parcel must go."""
    with_courier = holder.role is Role.COURIER
    if state.side in GOING_BACK:
        return Step.BACK if with_courier else Step.RETURN
    if state.side is Stage.MISSED:
        return Step.BACK if with_courier else None
    if state.side is Stage.AT_PICKUP:
        return None
    is_back = state.road is Stage.WITH_COURIER and holder.role is Role.WAREHOUSE
    return Step.ISSUE if is_back else _NEXT.get(state.road)


_NEXT = {
    Stage.ACCEPTED: Step.HAND_OVER,
    Stage.HANDED_OVER: Step.RECEIVE,
    Stage.AT_WAREHOUSE: Step.DEPART,
    Stage.IN_TRANSIT: Step.ARRIVE,
    Stage.IN_CITY: Step.ISSUE,
    Stage.WITH_COURIER: Step.MARK,
}


def _by_the_end_of(day: date | None, zone: str) -> datetime | None:
    return moment(day, END_OF_DAY, zone) if day is not None else None


def _on_workday(at: datetime, view: View) -> datetime:
    """The same hour, or that of the next working day: between warehouses nothing is owed at a weekend or on a feast."""
    there = local(at, view.origin_zone)
    return moment(view.workday(there.date()), there.time(), view.origin_zone)


def _evening(view: View) -> datetime:
    """23:00 of the day on which the courier took it, or of the next one if he took it later than that."""
    taken = local(view.since, view.zone)
    day = taken.date() if taken.time() < MARKED_BY else taken.date() + timedelta(days=1)
    return moment(day, MARKED_BY, view.zone)


def _next_noon(view: View) -> datetime:
    return moment(local(view.last_at, view.zone).date() + timedelta(days=1), BACK_BY, view.zone)


_BY: dict[Step, Callable[[View], datetime | None]] = {
    Step.HAND_OVER: lambda view: _by_the_end_of(view.hand_over_by, view.origin_zone),
    Step.RECEIVE: lambda view: _on_workday(view.since + RECEIVED_WITHIN, view),
    Step.DEPART: lambda view: _on_workday(view.since + DEPARTS_WITHIN, view),
    Step.ARRIVE: lambda view: _by_the_end_of(view.arrival_by, view.zone),
    Step.ISSUE: lambda view: view.slot_begins,
    Step.MARK: _evening,
    Step.BACK: _next_noon,
    Step.HAND_IN: lambda view: (view.handing_in_at or view.since) + SCANNED_WITHIN,
    Step.RETURN: lambda view: view.last_at + RETURNED_WITHIN,
}
