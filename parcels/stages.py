"""Stages of a parcel, kinds of fact, and the one table that says which fact moves which stage.

A parcel's state has three parts. `road` is how far it has come on the main road and only a missed
delivery takes it back. `side` is what lies over it for a while (missed, incident, unknown ...). `plan`
is what has been agreed with the recipient. The visible stage follows from the three.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum


class Stage(StrEnum):
    """What the recipient sees; the order of the first seven is the main road."""

    ACCEPTED = "accepted"
    HANDED_OVER = "handed_over"
    AT_WAREHOUSE = "at_warehouse"
    IN_TRANSIT = "in_transit"
    IN_CITY = "in_city"
    WITH_COURIER = "with_courier"
    DELIVERED = "delivered"
    SCHEDULED = "scheduled"
    POSTPONED = "postponed"
    MISSED = "missed"
    AT_PICKUP = "at_pickup"
    INCIDENT = "incident"
    UNKNOWN = "unknown"
    REFUSED = "refused"
    RETURNING = "returning"
    RETURNED = "returned"
    RECALLED = "recalled"
    EXPIRED = "expired"


class Kind(StrEnum):
    """What can be recorded about a parcel."""

    ORDER_ACCEPTED = "order_accepted"
    HANDED_OVER = "handed_over"
    AT_WAREHOUSE = "at_warehouse"
    DEPARTED = "departed"
    PASSED = "passed"
    ARRIVED = "arrived"
    TO_COURIER = "to_courier"
    DELIVERED = "delivered"
    NOT_DELIVERED = "not_delivered"
    AT_PICKUP = "at_pickup"
    INCIDENT = "incident"
    UNKNOWN = "unknown"
    REFUSED = "refused"
    RETURNING = "returning"
    RETURNED = "returned"
    RECALLED = "recalled"

    SLOT_BOOKED = "slot_booked"
    POSTPONED = "postponed"
    CHOICE_WITHDRAWN = "choice_withdrawn"
    REMINDED = "reminded"
    WINDOW_MOVED = "window_moved"
    STORAGE_ENDS = "storage_ends"
    STORAGE_OVER = "storage_over"

    PACKED = "packed"
    HANDING_IN = "handing_in"
    BACK_AT_DEPOT = "back_at_depot"
    DEADLINE_MISSED = "deadline_missed"
    CASH_HANDED_IN = "cash_handed_in"
    CASH_SENT = "cash_sent"
    CASH_BACK = "cash_back"
    CASH_TAKEN_BACK = "cash_taken_back"

    PROMISED = "promised"
    PROMISE_WITHDRAWN = "promise_withdrawn"
    TOLD = "told"
    HAND_OVER_LATE = "hand_over_late"
    HANGING = "hanging"
    LATE_NEWS = "late_news"
    DETAILS_CHANGED = "details_changed"
    CALL_QUEUED = "call_queued"
    CALL_ATTEMPTED = "call_attempted"
    MESSAGE_FAILED = "message_failed"
    LINK_REVOKED = "link_revoked"
    LINK_REQUESTED = "link_requested"
    VISIT_MOVED = "visit_moved"
    DAYS_OFFERED = "days_offered"
    DAY_TAKEN = "day_taken"
    DAY_REFUSED = "day_refused"


ROAD: tuple[Stage, ...] = (
    Stage.ACCEPTED,
    Stage.HANDED_OVER,
    Stage.AT_WAREHOUSE,
    Stage.IN_TRANSIT,
    Stage.IN_CITY,
    Stage.WITH_COURIER,
    Stage.DELIVERED,
)
_RANK = {stage: rank for rank, stage in enumerate(ROAD)}
FINAL = frozenset({Stage.DELIVERED, Stage.RETURNED})
BEFORE_CITY = frozenset(ROAD[: _RANK[Stage.IN_CITY]])
GOING_BACK = frozenset({Stage.REFUSED, Stage.RETURNING, Stage.RECALLED, Stage.EXPIRED})
#: Nobody has sent it back yet: the parcel may have been handed over before that was known.
ONLY_TO_GO_BACK = frozenset({Stage.RECALLED, Stage.EXPIRED})
#: Scans that say that a parcel moves towards the recipient's city.
ON_THE_ROAD = (Kind.HANDED_OVER, Kind.AT_WAREHOUSE, Kind.DEPARTED, Kind.PASSED)
#: What has become of a parcel in the city; an older scan of its arrival does not undo it.
PAST_ARRIVAL = frozenset({Stage.MISSED, Stage.AT_PICKUP})


@dataclass(frozen=True, slots=True)
class State:
    """Where a parcel stands: furthest point of the road, what lies over it, what was agreed."""

    road: Stage = Stage.ACCEPTED
    side: Stage | None = None
    plan: Stage | None = None

    @property
    def stage(self) -> Stage:
        """The one stage shown to people."""
        if self.road is Stage.DELIVERED:
            return self.road
        if self.side is not None:
            return self.side
        if self.road is Stage.WITH_COURIER:
            return self.road
        return self.plan or self.road

    @property
    def is_closed(self) -> bool:
        return self.stage in FINAL


@dataclass(frozen=True, slots=True)
class Move:
    """What one kind of fact does: forward on the road, or set a side or a plan, from where it may."""

    road: Stage | None = None
    side: Stage | None = None
    plan: Stage | None = None
    drops_plan: bool = False
    steps_back: bool = False


_MOVES: dict[Kind, Move] = {
    Kind.ORDER_ACCEPTED: Move(road=Stage.ACCEPTED),
    Kind.HANDED_OVER: Move(road=Stage.HANDED_OVER),
    Kind.AT_WAREHOUSE: Move(road=Stage.AT_WAREHOUSE),
    Kind.DEPARTED: Move(road=Stage.IN_TRANSIT),
    Kind.PASSED: Move(road=Stage.IN_TRANSIT),
    Kind.ARRIVED: Move(road=Stage.IN_CITY),
    Kind.TO_COURIER: Move(road=Stage.WITH_COURIER),
    Kind.DELIVERED: Move(road=Stage.DELIVERED),
    Kind.NOT_DELIVERED: Move(road=Stage.IN_CITY, side=Stage.MISSED, drops_plan=True, steps_back=True),
    Kind.AT_PICKUP: Move(road=Stage.IN_CITY, side=Stage.AT_PICKUP, drops_plan=True),
    Kind.INCIDENT: Move(side=Stage.INCIDENT),
    Kind.UNKNOWN: Move(side=Stage.UNKNOWN),
    Kind.REFUSED: Move(side=Stage.REFUSED, drops_plan=True),
    Kind.RETURNING: Move(side=Stage.RETURNING, drops_plan=True),
    Kind.RETURNED: Move(side=Stage.RETURNED, drops_plan=True),
    Kind.RECALLED: Move(side=Stage.RECALLED, drops_plan=True),
    Kind.STORAGE_OVER: Move(side=Stage.EXPIRED, drops_plan=True),
    Kind.SLOT_BOOKED: Move(plan=Stage.SCHEDULED),
    Kind.POSTPONED: Move(plan=Stage.POSTPONED),
    Kind.CHOICE_WITHDRAWN: Move(drops_plan=True),
}
#: Facts after which a page shown before them is too old to decide from.
DECISIVE = frozenset(_MOVES) | {Kind.PROMISED, Kind.PROMISE_WITHDRAWN}


def advance(state: State, kind: Kind) -> State:
    """The state after one more fact. Late, repeated and older facts leave it as it is.

    Args: `state` so far; `kind` of the fact that has just been recorded.
    Returns: the new state; the same one when this fact moves nothing.
    """
    move = _MOVES.get(kind)
    if move is None or state.is_closed:
        return state
    if state.side in GOING_BACK and not _moves_on(state, move):
        return state
    if move.plan is not None:
        return _agreed(state, move.plan)
    if move.steps_back:
        return State(road=Stage.IN_CITY, side=move.side)
    if move.road is not None:
        return _forward(state, move)
    return replace(state, side=move.side or state.side, plan=None if move.drops_plan else state.plan)


def _moves_on(state: State, move: Move) -> bool:
    """What goes back goes on going back, as long as it is not only to: that may come too late, or be taken back."""
    is_too_late = state.side in ONLY_TO_GO_BACK and move.road is Stage.DELIVERED
    is_kept_on = state.side is Stage.EXPIRED and move.plan is not None
    return is_too_late or is_kept_on or move.side in (Stage.RETURNING, Stage.RETURNED)


def is_news(state: State, kind: Kind) -> bool:
    """Was this scan news? Args: `state` after it; a late or repeated one has left another road or side there."""
    move = _MOVES.get(kind, Move())
    if move.road is None:
        return move.side is not None and state.side is move.side and state.road is not Stage.DELIVERED
    return state.road is move.road and state.side is move.side


def _agreed(state: State, plan: Stage) -> State:
    """A new agreement ends what lay over the parcel. What the courier has is agreed anew only after an incident."""
    if state.road is not Stage.WITH_COURIER:
        return replace(state, side=None, plan=plan)
    return State(road=Stage.IN_CITY, plan=plan) if state.side is Stage.INCIDENT else state


def _forward(state: State, move: Move) -> State:
    """A scan moves the parcel forward or, at the same place, lifts what lay over it; never back."""
    road = move.road or state.road
    is_old_news = road is state.road and move.side is None and state.side in PAST_ARRIVAL
    if _RANK[road] < _RANK[state.road] or is_old_news:
        return state
    return State(road=road, side=move.side, plan=None if move.drops_plan else state.plan)


def fold(kinds: Iterable[Kind]) -> State:
    """The state that a journal, in the order of its `seq`, adds up to."""
    state = State()
    for kind in kinds:
        state = advance(state, kind)
    return state
