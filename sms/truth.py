"""Is what an owed message says still so? One predicate for each occasion, looked at when the message is to leave."""

from collections.abc import Callable
from datetime import timedelta

from parcels.clocks import local_date
from parcels.stages import BEFORE_CITY, GOING_BACK, ON_THE_ROAD, Kind, Stage
from sms.models import Message
from sms.occasions import Occasion
from sms.story import Story, is_hour_over

#: A parcel for which a visit is agreed is not kept for anything else.
_HAS_A_DAY = frozenset({Stage.SCHEDULED, Stage.WITH_COURIER})
Holds = Callable[[Message, Story], bool]
#: Of no use to somebody who has sent his order back.
_ONLY_COMING = frozenset({Occasion.FIRST_LINK, Occasion.CASH, Occasion.DELAY, Occasion.IN_CITY, Occasion.REMINDER})
_EVEN_AFTER_THE_END = frozenset(
    {
        *(Occasion.DELIVERED, Occasion.RECEIVED, Occasion.FRESH_LINK),
        *(Occasion.CASH_BACK, Occasion.RECALLED),
    }
)


def why_not_true(row: Message, told: Story) -> str:
    """Why a message is not to be sent any more: no_address, over, not_so_any_more; empty when it is still so."""
    occasion = Occasion(row.kind)
    if not row.recipient:
        return "no_address"
    if told.parcel.closed_at is not None and occasion not in _EVEN_AFTER_THE_END:
        return "over"
    if occasion in _ONLY_COMING and told.parcel.side in GOING_BACK:
        return "not_so_any_more"
    return "" if _HOLDS.get(occasion, _always)(row, told) else "not_so_any_more"


def _always(_row: Message, _told: Story) -> bool:
    return True


def _stage(stage: Stage) -> Holds:
    return lambda _row, told: told.parcel.stage is stage


def _newest_move(row: Message, told: Story) -> bool:
    """Only where it is now is news; a late scan tells where it has been."""
    newest = told.last(*ON_THE_ROAD)
    is_coming = told.parcel.road in BEFORE_CITY and told.parcel.side is None
    return is_coming and newest is not None and newest.seq == row.seq


def _silent_since(row: Message, told: Story) -> bool:
    """Nothing has been heard since; a parcel that moved again is nobody's worry."""
    newest = told.last(*ON_THE_ROAD)
    return told.parcel.road in BEFORE_CITY and (newest is None or newest.seq < row.seq)


def _in_city(_row: Message, told: Story) -> bool:
    parcel = told.parcel
    return parcel.road is Stage.IN_CITY and parcel.side is None and parcel.plan is not Stage.POSTPONED


def _still_agreed(row: Message, told: Story) -> bool:
    return "booking" in row.about and told.choice.get("booking") == row.about["booking"]


def _tomorrow(row: Message, told: Story) -> bool:
    return (
        told.parcel.side is None
        and _still_agreed(row, told)
        and row.about["day"] == (told.today + timedelta(days=1)).isoformat()
    )


def _with_courier_today(_row: Message, told: Story) -> bool:
    given = told.last(Kind.TO_COURIER)
    is_today = given is not None and local_date(given.occurred_at, told.parcel.zone) == told.today
    return is_today and told.parcel.stage is Stage.WITH_COURIER


def _hour_to_come(row: Message, told: Story) -> bool:
    return _with_courier_today(row, told) and not is_hour_over(told, row.about)


def _is_due(_row: Message, told: Story) -> bool:
    return told.parcel.cod_minor > 0


def _still_late(row: Message, told: Story) -> bool:
    """Nothing is agreed; and news of a date is none any more when it is in the city, or in trouble, or dated anew."""
    parcel = told.parcel
    if "late" not in row.about:
        return parcel.plan is None
    is_unknown = parcel.promised_from is None
    is_on_the_way = parcel.road in BEFORE_CITY and parcel.side is None
    return parcel.plan is None and is_on_the_way and is_unknown == (row.about["late"] == "unknown")


def _not_handed_over(_row: Message, told: Story) -> bool:
    return told.parcel.stage is not Stage.DELIVERED


def _still_stored(row: Message, told: Story) -> bool:
    last = told.parcel.choose_until
    if "kept_until" in row.about and last is not None:
        is_the_last = last.isoformat() == row.about["kept_until"]
        return is_the_last and told.today <= last and told.parcel.stage not in _HAS_A_DAY
    until = told.stored_until()
    return until is not None and told.today <= until


_HOLDS: dict[Occasion, Holds] = {
    Occasion.MOVED: _newest_move,
    Occasion.IN_CITY: _in_city,
    Occasion.AT_PICKUP: _stage(Stage.AT_PICKUP),
    Occasion.BOOKED: _still_agreed,
    Occasion.POSTPONED: _still_agreed,
    Occasion.REMINDER: _still_agreed,
    Occasion.DELAY: _still_late,
    Occasion.DAY_BEFORE: _tomorrow,
    Occasion.COURIER: _with_courier_today,
    Occasion.HOUR_BEFORE: _hour_to_come,
    Occasion.VISIT_MOVED: _hour_to_come,
    Occasion.CASH: _is_due,
    Occasion.DELIVERED: _stage(Stage.DELIVERED),
    Occasion.RECEIVED: _stage(Stage.DELIVERED),
    Occasion.RECALLED: _not_handed_over,
    Occasion.MISSED: _stage(Stage.MISSED),
    Occasion.INCIDENT: _stage(Stage.INCIDENT),
    Occasion.STILL_WAITING: _still_stored,
    Occasion.STORAGE_ENDS: _still_stored,
    Occasion.EXPIRED: _stage(Stage.EXPIRED),
    Occasion.HANGING: _silent_since,
    Occasion.UNCOLLECTED: _stage(Stage.AT_PICKUP),
    Occasion.PENALTY_NEAR: _still_stored,
}
