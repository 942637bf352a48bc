"""What must happen next with a parcel, who owes it and by when: one pure decision from its state and its dates."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum

from parcels.stages import BEFORE_CITY, GOING_BACK, Stage, State
from scheduling.calendars import CALLS_FROM, calling_window, local_date, moment
from scheduling.slots import Window, closes_at

END_OF_DAY = time(23, 59)
LOADING = time(8)
REMIND_AT = time(10)
#: Somebody who has been told of a delay has so long to choose before he is called.
ANSWER_TIME = timedelta(hours=2)
#: So long before storage at a place of issue ends its recipient is called; the last SMS goes a day earlier.
CALLED_BEFORE_END = timedelta(days=1)
RETURN_WITHIN = timedelta(days=30)
UNKNOWN_PLACE_AFTER = timedelta(days=1)


class Action(StrEnum):
    """The next thing somebody owes a parcel."""

    HAND_OVER = "hand_over"
    ARRIVE = "arrive"
    ASK = "ask"
    CALL = "call"
    REMIND = "remind"
    DELIVER = "deliver"
    COLLECT = "collect"
    SEND_BACK = "send_back"


@dataclass(frozen=True, slots=True)
class Step:
    """Who does what by when (UTC)."""

    owner: str
    action: Action
    at: datetime


@dataclass(frozen=True, slots=True)
class Agreed:
    """The slot that was agreed, in local time of the recipient."""

    day: date
    ends: time


@dataclass(frozen=True, slots=True)
class Outlook:
    """A parcel as the decision sees it; `closing` is None where no courier goes.

    `remind_on` is a day to ask again, `is_reminded` whether that has been done; `told_at` is when we took back what
    had been agreed, if nothing has been agreed since; `kept_until` the last day of storage at a place of issue.
    """

    state: State
    timezone: str
    origin_zone: str
    closing: time | None
    promised_from: date | None
    hand_over_by: date | None
    arrival_by: date | None
    agreed: Agreed | None
    postponed_to: date | None
    call_closes_at: datetime | None
    remind_on: date | None = None
    is_reminded: bool = False
    told_at: datetime | None = None
    kept_until: date | None = None


def ask_deadline(first_day: date, closing: time, timezone: str, told_at: datetime | None = None) -> datetime:
    """Until when the recipient may choose before an operator asks him: the closing time before the first day.

    When that is outside calling hours, the call comes when they begin again. Who was told of a delay at `told_at` has
    two hours at least.
    """
    deadline = closes_at(first_day, closing, timezone)
    if told_at is not None:
        deadline = max(deadline, told_at + ANSWER_TIME)
    return calling_window(deadline, timezone)[0]


def answer_deadline(told_at: datetime, timezone: str) -> datetime:
    """When somebody is called whose parcel is in the city and who was told at `told_at` that his slot is not kept."""
    return calling_window(told_at + ANSWER_TIME, timezone)[0]


def deadline_of(view: Outlook) -> datetime | None:
    """The deadline that the recipient's page states for choosing; None where it states none."""
    if view.closing is None or view.promised_from is None or view.state.side is not None or view.agreed is not None:
        return None
    if view.remind_on is not None:
        last_day = Window.from_first_possible(view.promised_from).last
        return ask_deadline(last_day, view.closing, view.timezone)
    if view.postponed_to is not None:
        return ask_deadline(view.postponed_to, view.closing, view.timezone)
    if view.state.road is Stage.IN_CITY:
        return answer_deadline(view.told_at, view.timezone) if view.told_at else None
    return ask_deadline(view.promised_from, view.closing, view.timezone, view.told_at)


def next_step(view: Outlook, now: datetime) -> Step:
    """The next step of an open parcel. There always is one, and it always has an owner."""
    if view.call_closes_at is not None:
        return _while_in_queue(view, view.call_closes_at, now)
    if view.state.side is not None:
        return _beside_the_road(view, now)
    if view.state.road is Stage.WITH_COURIER:
        day = view.agreed.day if view.agreed else local_date(now, view.timezone)
        return Step("courier", Action.DELIVER, moment(day, END_OF_DAY, view.timezone))
    if view.agreed is not None:
        return _agreed(view, view.agreed)
    if view.postponed_to is not None and view.closing is not None:
        return Step("recipient", Action.ASK, ask_deadline(view.postponed_to, view.closing, view.timezone))
    if view.remind_on is not None and view.closing is not None and view.promised_from is not None:
        return _remind(view, view.remind_on, Window.from_first_possible(view.promised_from).last, view.closing)
    return _open_road(view, now)


def _while_in_queue(view: Outlook, closes_at: datetime, now: datetime) -> Step:
    """Somebody is to be called; meanwhile the carrier's own duty still falls due, and a new promise with it."""
    call = Step("call_centre", Action.CALL, closes_at)
    if view.state.side is not None or view.state.road not in BEFORE_CITY or view.promised_from is None:
        return call
    return min(call, _carrier_owes(view, now), key=lambda step: step.at)


def _remind(view: Outlook, on: date, last_day: date, closing: time) -> Step:
    """He asked to be asked again; after that he has until the last day closes."""
    if not view.is_reminded:
        return Step("recipient", Action.REMIND, moment(on, REMIND_AT, view.timezone))
    return Step("recipient", Action.ASK, ask_deadline(last_day, closing, view.timezone))


def _beside_the_road(view: Outlook, now: datetime) -> Step:
    if view.state.side is Stage.MISSED:
        tomorrow = local_date(now, view.timezone) + timedelta(days=1)
        return Step("recipient", Action.ASK, moment(tomorrow, CALLS_FROM, view.timezone))
    if view.state.side is Stage.AT_PICKUP:
        kept_until = view.kept_until or local_date(now, view.timezone)
        return Step("recipient", Action.COLLECT, collect_call_at(kept_until, view.timezone, now))
    if view.state.side in GOING_BACK:
        return Step("carrier", Action.SEND_BACK, now + RETURN_WITHIN)
    return Step("call_centre", Action.ASK, calling_window(now, view.timezone)[0])


def collect_call_at(kept_until: date, timezone: str, now: datetime) -> datetime:
    """When somebody is called who has not collected his parcel: after the reminders, a day before storage ends.

    Where that is over, on the last day; where he was told only today, he has two hours at least.
    """
    for day in (kept_until - CALLED_BEFORE_END, kept_until):
        begins = moment(day, CALLS_FROM, timezone)
        if begins > now:
            return begins
    return calling_window(now + ANSWER_TIME, timezone)[0]


def _agreed(view: Outlook, agreed: Agreed) -> Step:
    if view.state.road in BEFORE_CITY:
        return Step("carrier", Action.ARRIVE, moment(agreed.day, LOADING, view.timezone))
    over = moment(agreed.day, agreed.ends, view.timezone) + timedelta(hours=1)
    return Step("courier", Action.DELIVER, over)


def _open_road(view: Outlook, now: datetime) -> Step:
    """Nothing is agreed: whichever comes first, the carrier's next duty or the moment to ask the recipient."""
    if view.promised_from is None:
        return Step("call_centre", Action.ASK, calling_window(now + UNKNOWN_PLACE_AFTER, view.timezone)[0])
    if view.closing is None:
        return _to_pickup(view, now)
    if view.state.road is Stage.IN_CITY:
        told = answer_deadline(view.told_at, view.timezone) if view.told_at else now
        return Step("recipient", Action.ASK, calling_window(max(now, told), view.timezone)[0])
    asks = Step("recipient", Action.ASK, ask_deadline(view.promised_from, view.closing, view.timezone, view.told_at))
    return min(asks, _carrier_owes(view, now), key=lambda step: step.at)


def _to_pickup(view: Outlook, now: datetime) -> Step:
    """Where no courier goes nothing is asked; the parcel goes to a place of issue."""
    if view.state.road in BEFORE_CITY:
        return _carrier_owes(view, now)
    return Step("carrier", Action.ASK, calling_window(now + timedelta(days=2), view.timezone)[0])


def _carrier_owes(view: Outlook, now: datetime) -> Step:
    if view.state.road is Stage.ACCEPTED and view.hand_over_by is not None:
        return Step("shop", Action.HAND_OVER, moment(view.hand_over_by, END_OF_DAY, view.origin_zone))
    by = view.arrival_by or local_date(now, view.timezone)
    return Step("carrier", Action.ARRIVE, moment(by, END_OF_DAY, view.timezone))
