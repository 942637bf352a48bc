"""What must happen next with a parcel, who owes it and by when: one pure decision from its state and its dates."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum

from parcels.stages import BEFORE_CITY, GOING_BACK, Stage, State
from scheduling.calendars import CALLS_FROM, calling_window, local_date, moment
from scheduling.window import closes_at, ends_at, warns_at

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
    WARN = "warn"
    END_STORAGE = "end_storage"
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
    had been agreed, if nothing has been agreed since; `kept_until` the last day on which it is kept for him, and
    `is_warned` whether he has been told that it is. `answer_by` is until when somebody who has put off his choice must
    have made it, so that a day is left for a call.
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
    is_warned: bool = False
    answer_by: datetime | None = None


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
    if view.remind_on is not None or view.postponed_to is not None:
        return _put_off_deadline(view)
    if view.state.road is Stage.IN_CITY:
        return answer_deadline(view.told_at, view.timezone) if view.told_at else None
    return ask_deadline(view.promised_from, view.closing, view.timezone, view.told_at)


def put_off_deadline(answer_by: datetime, postponed_to: date | None, closing: time, timezone: str) -> datetime:
    """Until when he must have chosen who was to be reminded, or has put the parcel off to a later day."""
    ends = answer_by if postponed_to is None else min(answer_by, closes_at(postponed_to, closing, timezone))
    return calling_window(ends, timezone)[0]


def _put_off_deadline(view: Outlook) -> datetime | None:
    is_put_off = view.remind_on is not None or view.postponed_to is not None
    if not is_put_off or view.closing is None:
        return None
    ends = view.answer_by
    if ends is None:
        ends = closes_at(view.postponed_to or view.kept_until or view.remind_on, view.closing, view.timezone)
    return put_off_deadline(ends, view.postponed_to, view.closing, view.timezone)


def next_step(view: Outlook, now: datetime) -> Step:
    """The next step of an open parcel. There always is one, and it always has an owner.

    Whatever is agreed or asked: the shop and the carrier owe the road, and storage ends on its day.
    """
    return min([_wanted(view, now), *_road(view, now), *_storage(view, now)], key=lambda step: step.at)


def _road(view: Outlook, now: datetime) -> list[Step]:
    """What shop or carrier owes a parcel that is not in its city; nothing while nobody knows where it is."""
    is_on_its_way = view.state.road in BEFORE_CITY and view.state.side is None
    return [_carrier_owes(view, now)] if is_on_its_way and view.promised_from is not None else []


def _storage(view: Outlook, now: datetime) -> list[Step]:
    """What comes at the end of storage: being told of it beforehand, then the way back; nothing with a time agreed.

    At a place of issue the messages about its term are owed from the arrival on, and a term that is over when it is
    told leaves a day.
    """
    is_kept = view.state.road is Stage.IN_CITY and view.state.side not in GOING_BACK and view.agreed is None
    if view.kept_until is None or not is_kept:
        return []
    if view.state.side is Stage.AT_PICKUP:
        last = max(view.kept_until, local_date(now, view.timezone))
        return [Step("recipient", Action.END_STORAGE, ends_at(last, view.timezone))]
    if view.is_warned:
        return [Step("recipient", Action.END_STORAGE, ends_at(view.kept_until, view.timezone))]
    return [Step("recipient", Action.WARN, warns_at(view.kept_until, view.timezone))]


def _wanted(view: Outlook, now: datetime) -> Step:
    """The step that the road, or what is agreed, asks for."""
    if view.call_closes_at is not None:
        return Step("call_centre", Action.CALL, view.call_closes_at)
    if view.state.side is not None:
        return _beside_the_road(view, now)
    if view.state.road is Stage.WITH_COURIER:
        day = view.agreed.day if view.agreed else local_date(now, view.timezone)
        return Step("courier", Action.DELIVER, moment(day, END_OF_DAY, view.timezone))
    if view.agreed is not None:
        return _agreed(view, view.agreed, now)
    if view.remind_on is not None and not view.is_reminded:
        return Step("recipient", Action.REMIND, moment(view.remind_on, REMIND_AT, view.timezone))
    if (answers := _put_off_deadline(view)) is not None:
        return Step("recipient", Action.ASK, answers)
    return _open_road(view, now)


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


def _agreed(view: Outlook, agreed: Agreed, now: datetime) -> Step:
    """An agreed day is looked at when its choice closes and its round is built, and again when the cars are loaded."""
    if view.state.road in BEFORE_CITY:
        loading = moment(agreed.day, LOADING, view.timezone)
        built = closes_at(agreed.day, view.closing, view.timezone) if view.closing is not None else loading
        return Step("carrier", Action.ARRIVE, built if now < built < loading else loading)
    over = moment(agreed.day, agreed.ends, view.timezone) + timedelta(hours=1)
    return Step("courier", Action.DELIVER, over)


def _open_road(view: Outlook, now: datetime) -> Step:
    """Nothing is agreed: the moment to ask the recipient."""
    if view.promised_from is None:
        return Step("call_centre", Action.ASK, calling_window(now + UNKNOWN_PLACE_AFTER, view.timezone)[0])
    if view.closing is None:
        return _to_pickup(view, now)
    if view.state.road is Stage.IN_CITY:
        told = answer_deadline(view.told_at, view.timezone) if view.told_at else now
        return Step("recipient", Action.ASK, calling_window(max(now, told), view.timezone)[0])
    return Step("recipient", Action.ASK, ask_deadline(view.promised_from, view.closing, view.timezone, view.told_at))


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
