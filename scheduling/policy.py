"""May the delivery of this parcel still be changed, and if not, which reason."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from parcels.stages import GOING_BACK, Stage, State
from scheduling.slots import Offer
from scheduling.window import BROKEN_BY_US as BROKEN_BY_US
from scheduling.window import Window

UNDO_FOR = timedelta(minutes=15)
#: Changes that the recipient makes himself; after that he speaks to a person.
CHANGES_BY_LINK = 5
#: After a reminder there is at least one evening left to choose.
ANSWER_DAYS = 2
#: What lies over a parcel while people find out what has happened to it: nothing is chosen until they have answered.
LOOKED_INTO = frozenset({Stage.INCIDENT, Stage.UNKNOWN})
#: So far a parcel may still be sent to another city.
BEFORE_ROAD = frozenset({Stage.ACCEPTED, Stage.HANDED_OVER, Stage.AT_WAREHOUSE})
#: Causes after which the recipient is left at least two hours to choose anew before he is called.
ASKED_ANEW = BROKEN_BY_US | {"request"}


class Reason(StrEnum):
    """Why a request was refused; each has its three sentences in `portal/notices.py`."""

    DELIVERED = "delivered"
    GOING_BACK = "going_back"
    RECALLED = "recalled"
    EXPIRED = "expired"
    NO_REASON = "no_reason"
    NO_LONGER = "no_longer"
    WITH_COURIER = "with_courier"
    LOOKED_INTO = "looked_into"
    NO_COURIER_HERE = "no_courier_here"
    NO_PROMISE = "no_promise"
    TOO_EARLY = "too_early"
    BEYOND_LIMIT = "beyond_limit"
    PAST_DAY = "past_day"
    CLOSED_DAY = "closed_day"
    TOO_LATE = "too_late"
    SLOT_FULL = "slot_full"
    CARRIER_FULL = "carrier_full"
    STALE = "stale"
    NOT_A_DATE = "not_a_date"
    UNDO_OVER = "undo_over"
    NOTHING_TO_UNDO = "nothing_to_undo"
    UNDO_TAKEN = "undo_taken"
    CALL_LOST = "call_lost"
    NOT_SURE = "not_sure"
    NOT_TO_CALL_AT = "not_to_call_at"
    NOT_CALLING_HOURS = "not_calling_hours"
    NOT_DECIDED = "not_decided"
    EXTENDED_ALREADY = "extended_already"
    NOT_AT_PICKUP = "not_at_pickup"
    NOT_ON_ROUND = "not_on_round"
    NOT_TO_LOAD = "not_to_load"
    NOTHING_LOADED = "nothing_loaded"
    NOBODY_NAMED = "nobody_named"
    OTHER_SUM = "other_sum"
    TOO_MANY_CHANGES = "too_many_changes"
    SET_ASIDE = "set_aside"
    COURIER_HAS_IT = "courier_has_it"
    OTHER_CITY = "other_city"


@dataclass(frozen=True, slots=True)
class Asker:
    """Who wants a change: `name` as it goes into the journal; `seen` is the version of the page it comes from."""

    name: str
    seen: int

    @property
    def is_staff(self) -> bool:
        """Does somebody of ours ask, who has found out what there is to know of the parcel?"""
        return self.name.startswith("operator")


_BACK = {Stage.RECALLED: Reason.RECALLED, Stage.EXPIRED: Reason.EXPIRED}


class Refusal(Exception):
    """A request that may not be carried out; nothing was changed.

    `wanted` is the slot asked for as (day, hour), `nearest` what is free instead.
    """

    def __init__(self, reason: Reason, wanted: tuple[date, int] | None = None, nearest: list[Offer] | None = None):
        super().__init__(reason.value)
        self.reason = reason
        self.wanted = wanted
        self.nearest = nearest or []


def why_no_choice(
    state: State, first_possible: date | None, has_courier: bool, *, by_staff: bool = False
) -> Reason | None:
    """Why nothing at all can be chosen for a parcel in this state; None when it can.

    What has happened to a parcel is found out by staff: what they agree lifts what lies over it, nobody else does.
    They may also agree what is only to go back because its storage is over, and what a courier has not marked.
    """
    if state.is_closed:
        return Reason.DELIVERED if state.stage is Stage.DELIVERED else Reason.GOING_BACK
    if state.side in GOING_BACK and not (by_staff and state.side is Stage.EXPIRED):
        return _BACK.get(state.side, Reason.GOING_BACK)
    if state.road is Stage.WITH_COURIER and not (by_staff and state.side is Stage.INCIDENT):
        return Reason.WITH_COURIER
    if state.side in LOOKED_INTO and not by_staff:
        return Reason.LOOKED_INTO
    if not has_courier:
        return Reason.NO_COURIER_HERE
    if first_possible is None:
        return Reason.NO_PROMISE
    return None


def why_no_recall(state: State) -> Reason | None:
    """Why the shop can neither recall nor redirect a parcel in this state; None when it can."""
    if state.is_closed or state.side in GOING_BACK:
        return why_no_choice(state, None, has_courier=False)
    return Reason.COURIER_HAS_IT if state.road is Stage.WITH_COURIER else None


def why_no_redirect(state: State, is_other_city: bool) -> Reason | None:
    """Why the shop cannot give a parcel another address: what has left for its city goes to no other one."""
    if (reason := why_no_recall(state)) is not None:
        return reason
    return Reason.OTHER_CITY if is_other_city and state.road not in BEFORE_ROAD else None


def why_not_day(day: date, window: Window, today: date) -> Reason | None:
    """Why this day cannot be chosen; None when it can."""
    if day < today:
        return Reason.PAST_DAY
    if day < window.first:
        return Reason.TOO_EARLY
    if day > window.last:
        return Reason.BEYOND_LIMIT
    return None


def reminder_days(window: Window, today: date) -> tuple[date, date]:
    """The first and the last day on which the recipient may be asked again; the last may lie before the first."""
    return max(window.first, today + timedelta(days=1)), window.last - timedelta(days=ANSWER_DAYS)


def why_no_reminder(on: date, window: Window, today: date) -> Reason | None:
    """Why nobody can be reminded on this day; None when he can."""
    first, last = reminder_days(window, today)
    if on <= today:
        return Reason.PAST_DAY
    if on > last:
        return Reason.BEYOND_LIMIT
    return Reason.TOO_EARLY if on < first else None


def why_no_undo(made_at: datetime, made_by: str, now: datetime) -> Reason | None:
    """Why a choice cannot be taken back by its maker; None when it can."""
    if made_by != "recipient":
        return Reason.NOTHING_TO_UNDO
    return Reason.UNDO_OVER if now >= made_at + UNDO_FOR else None
