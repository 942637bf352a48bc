"""FOLLOWER: what must happen next with a parcel, whose it is and by when; and the sweep over what is due.

The database is the only timer. After every fact the next step is decided anew by `next_step`, a pure function;
when its moment has come and nothing has happened, `HANDLERS` say what the silence means.
"""

from collections.abc import Callable
from datetime import date, datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from parcels import journal
from parcels.journal import NewFact
from parcels.models import Fact, Parcel
from parcels.stages import BEFORE_CITY, GOING_BACK, Kind, Stage
from parcels.storage import last_day_after
from scheduling import booking, call_leases, calls, changes, promising, waiting
from scheduling.calendars import local_date, moment
from scheduling.delays import LateLeg
from scheduling.steps import LOADING, RETURN_WITHIN, Action, Agreed, Outlook, deadline_of, next_step
from scheduling.window import Cause, cause_of
from scheduling.zones import service_of

BATCH = 500
OVERDUE = "overdue"
RETRY_AFTER = timedelta(minutes=15)
_SETTLES_CALL = {
    Kind.SLOT_BOOKED: "chosen",
    Kind.POSTPONED: "postponed",
    Kind.TO_COURIER: "with_courier",
    Kind.REFUSED: "refused",
    Kind.RETURNING: "returning",
    Kind.RECALLED: "recalled",
    Kind.STORAGE_OVER: "storage_over",
}
#: A parcel that has come to a place of issue is spoken about near the end of its storage; until then these calls stay.
_OF_USE_AT_PICKUP = ("at_pickup", "unreachable")
_ENDS_PLAN = {Kind.NOT_DELIVERED: "missed", Kind.AT_PICKUP: "at_pickup", Kind.REFUSED: "refused"}


def follow(session: Session, parcel: Parcel, fact: Fact, now: datetime) -> None:
    """Follower of the journal."""
    if fact.kind is Kind.LINK_REQUESTED:
        return
    _keep_queue_true(session, parcel, fact, now)
    _end_plan(session, parcel, fact, now)
    if fact.kind is Kind.PROMISE_WITHDRAWN:  # whatever else he was to be asked, this is what he wants to know
        calls.close(session, parcel, "no_date", now)
        calls.queue(session, parcel, "overdue", parcel.zone, now)
    if _is_unreachable(fact) and parcel.plan is None and _is_still_coming(parcel):
        calls.queue(session, parcel, "unreachable", parcel.zone, now)
    if (moves := cause_of(fact.kind, fact.details)) is not None and _is_still_coming(parcel):
        waiting.move_on(session, parcel, moves, now)
    replan(session, parcel, now)


def _end_plan(session: Session, parcel: Parcel, fact: Fact, now: datetime) -> None:
    """What is agreed ends with what happens to the parcel, or with a promise or a carrier that cannot keep it."""
    is_over = parcel.plan is None or parcel.closed_at is not None
    if is_over and not _was_kept(session, parcel, now):
        booking.release(session, parcel, _ENDS_PLAN.get(fact.kind, fact.kind.value), now)
    if (cause := _ends_agreement(session, parcel, fact)) is not None:
        booking.withdraw(session, parcel, "agenda", cause, now)


def _keep_queue_true(session: Session, parcel: Parcel, fact: Fact, now: datetime) -> None:
    """What a fact makes of the open call to a parcel's recipient: settled, or to another number."""
    if (outcome := _settles_call(session, parcel, fact)) is not None:
        calls.close(session, parcel, outcome, now)
    if fact.kind is Kind.LINK_REVOKED:
        call_leases.follow_phone(session, parcel)
    if fact.kind is Kind.AT_PICKUP and parcel.side is Stage.AT_PICKUP:
        calls.close(session, parcel, "at_pickup", now, unless=_OF_USE_AT_PICKUP)


def _was_kept(session: Session, parcel: Parcel, now: datetime) -> bool:
    """Was it handed over on the day that was agreed, or later? Then the place in that day has been used, and stays
    taken; a later day is not needed any more, whatever clock says when the parcel was handed over.
    """
    if parcel.stage is not Stage.DELIVERED or parcel.closed_at is None:
        return False
    held = booking.active_booking(session, parcel.id)
    happened = min(parcel.closed_at, now)
    return held is not None and held.slot is not None and held.slot.day <= local_date(happened, parcel.zone)


def _ends_agreement(session: Session, parcel: Parcel, fact: Fact) -> str | None:
    """Why what is agreed cannot be kept after a fact; None when it can."""
    if fact.kind is Kind.PROMISED and _promise_outruns_slot(session, parcel):
        return "delay"
    if fact.kind is Kind.PROMISE_WITHDRAWN:
        return "no_date"
    if fact.kind is Kind.DAY_REFUSED and _is_agreed(session, parcel, fact):
        return str(fact.details["cause"])
    return None


def _is_agreed(session: Session, parcel: Parcel, fact: Fact) -> bool:
    """Is the day that the carrier will not come still what is agreed, and with no courier yet?"""
    if parcel.plan is not Stage.SCHEDULED or parcel.road is Stage.WITH_COURIER:
        return False
    held = booking.active_booking(session, parcel.id)
    return held is not None and held.id == fact.details.get("booking")


def _settles_call(session: Session, parcel: Parcel, fact: Fact) -> str | None:
    """What a fact makes of an open call: its outcome, or None when somebody still has to ring.

    A scan that lifts an incident from a parcel with a slot settles it too: its time stands as agreed.
    """
    if parcel.closed_at is not None:
        return parcel.stage.value
    if fact.kind is Kind.PROMISED and fact.seq > 2 and _is_about_the_date(session, parcel):
        return "dated"
    return _SETTLES_CALL.get(fact.kind) or ("chosen" if parcel.stage is Stage.SCHEDULED else None)


def _is_about_the_date(session: Session, parcel: Parcel) -> bool:
    """Does somebody have to ring only because nobody knew when it comes?"""
    call = calls.open_call(session, parcel.id)
    return call is not None and call.reason == OVERDUE


def _is_unreachable(fact: Fact) -> bool:
    """Did an SMS to the recipient fail? A letter that comes back, or one to the shop, leaves him his phone."""
    to_phone = fact.details.get("channel", "sms") == "sms" and fact.details.get("audience", "recipient") == "recipient"
    return fact.kind is Kind.MESSAGE_FAILED and to_phone


def _is_still_coming(parcel: Parcel) -> bool:
    return parcel.closed_at is None and parcel.side not in GOING_BACK


def replan(session: Session, parcel: Parcel, now: datetime) -> None:
    """Write down the next step of a parcel as it stands."""
    step = None if parcel.closed_at is not None else next_step(outlook(session, parcel, now), now)
    parcel.owner = step.owner if step else None
    parcel.next_action = step.action.value if step else None
    parcel.next_action_at = step.at if step else None


def outlook(session: Session, parcel: Parcel, now: datetime) -> Outlook:
    """Everything the decision about the next step needs, read once."""
    service = service_of(session, parcel.settlement_id)
    held = booking.active_booking(session, parcel.id) if parcel.plan else None
    call = calls.open_call(session, parcel.id)
    slot = held.slot if held else None
    kept_until = _kept_until(session, parcel)
    return Outlook(
        state=parcel.state,
        timezone=parcel.zone,
        origin_zone=parcel.shop.origin.zone,
        closing=service.closing if service else None,
        promised_from=parcel.promised_from,
        hand_over_by=parcel.hand_over_by,
        arrival_by=parcel.arrival_by,
        agreed=Agreed(slot.day, slot.ends) if slot else None,
        postponed_to=held.postponed_to if held else None,
        call_closes_at=call.closes_at if call else None,
        remind_on=held.remind_on if held else None,
        is_reminded=held is not None and held.reminded_at is not None,
        told_at=changes.taken_back_at(session, parcel.id) if parcel.plan is None else None,
        kept_until=kept_until,
        is_warned=parcel.warned_until is not None and parcel.warned_until == kept_until,
        answer_by=waiting.answer_by(session, parcel, now) if parcel.plan is Stage.POSTPONED else None,
    )


def _kept_until(session: Session, parcel: Parcel) -> date | None:
    """The last day on which a parcel waits for its recipient; a place of issue has its own term."""
    if parcel.side is Stage.AT_PICKUP:
        scans = select(Fact).where(Fact.parcel_id == parcel.id, Fact.kind == Kind.AT_PICKUP).order_by(Fact.seq)
        return last_day_after(session.scalars(scans), parcel.promised_from, parcel.zone)
    return waiting.window_of(parcel).last if parcel.promised_from is not None else None


def _promise_outruns_slot(session: Session, parcel: Parcel) -> bool:
    """Is a day agreed that the parcel can no longer keep? What the courier carries keeps it, despite any late scan."""
    if parcel.road is Stage.WITH_COURIER:
        return False
    held = booking.active_booking(session, parcel.id)
    day = (held.slot.day if held.slot else held.postponed_to) if held else None
    return day is not None and parcel.promised_from is not None and day < parcel.promised_from


def due(session: Session, now: datetime, limit: int = BATCH) -> list[int]:
    """Ids of parcels whose next step is due, the oldest first."""
    query = select(Parcel.id).where(Parcel.next_action_at <= now).order_by(Parcel.next_action_at).limit(limit)
    return list(session.scalars(query))


def act(session: Session, parcel_id: int, now: datetime) -> Action | None:
    """Do what the passing of time means for one parcel, in a transaction of its own.

    Returns: what was due; None when somebody else is at it or it is not due any more.
    """
    query = journal.held(skip_locked=True).where(Parcel.id == parcel_id, Parcel.next_action_at <= now)
    parcel = session.scalar(query)
    if parcel is None or parcel.next_action is None:
        return None
    action = Action(parcel.next_action)
    HANDLERS[action](session, parcel, now)
    replan(session, parcel, now)
    is_the_same = parcel.next_action == action.value
    if is_the_same and parcel.next_action_at is not None and parcel.next_action_at <= now:
        parcel.next_action_at = now + timedelta(hours=1)
    return action


def put_off(session: Session, parcel_id: int, now: datetime) -> None:
    """A step that could not be done is tried again in a quarter of an hour; meanwhile it holds up nobody else."""
    late = update(Parcel).where(Parcel.id == parcel_id, Parcel.next_action_at <= now)
    session.execute(late.values(next_action_at=now + RETRY_AFTER))


def _ask(session: Session, parcel: Parcel, now: datetime) -> None:
    """Nobody has chosen: an operator asks, unless the deadline has meanwhile been moved."""
    deadline = deadline_of(outlook(session, parcel, now))
    if deadline is not None and now < deadline:
        return
    calls.queue(session, parcel, _why_call(parcel), parcel.zone, now)


def _why_call(parcel: Parcel) -> str:
    if parcel.settlement_id is None:
        return "no_address"
    if parcel.side is not None:
        return parcel.side.value
    return "postponed" if parcel.plan is Stage.POSTPONED else "not_chosen"


def _put_off_call(session: Session, parcel: Parcel, now: datetime) -> None:
    call = calls.open_call(session, parcel.id)
    if call is not None:
        calls.put_off(session, call, parcel.zone, now)


def _late_hand_over(session: Session, parcel: Parcel, now: datetime) -> None:
    day = local_date(now, parcel.shop.origin.zone).isoformat()
    journal.record(session, parcel, NewFact(Kind.HAND_OVER_LATE, "agenda", dedup_key=f"late:{day}"), now)


def _not_arrived(session: Session, parcel: Parcel, now: datetime) -> None:
    """The parcel is later than promised: say so with a new range; a slot that it cannot make is given back."""
    promising.put_off(session, parcel, LateLeg.ARRIVAL, now, cause="delay")
    held = booking.active_booking(session, parcel.id) if parcel.plan is Stage.SCHEDULED else None
    is_lost = held is not None and held.slot is not None and now >= moment(held.slot.day, LOADING, parcel.zone)
    if is_lost and parcel.road in BEFORE_CITY:
        booking.withdraw(session, parcel, "agenda", "delay", now)


def _not_delivered(session: Session, parcel: Parcel, now: datetime) -> None:
    """The slot is over and nobody has marked the stop: that is an incident, and a person finds out."""
    journal.record(session, parcel, NewFact(Kind.INCIDENT, "agenda", details={"cause": "stop_not_marked"}), now)
    booking.withdraw(session, parcel, "agenda", "stop_not_marked", now)


def _remind(session: Session, parcel: Parcel, now: datetime) -> None:
    """The recipient wanted to be asked again today: say so once, and leave him the time until the last day closes."""
    held = booking.active_booking(session, parcel.id)
    if held is None or held.remind_on is None:
        return
    held.reminded_at = held.reminded_at or now
    details = {"booking": held.id, "on": held.remind_on.isoformat()}
    fact = NewFact(Kind.REMINDED, "agenda", details=details, dedup_key=f"reminded:{held.id}")
    journal.record(session, parcel, fact, now)


def _warn(session: Session, parcel: Parcel, now: datetime) -> None:
    """The last day is near: buyer and shop are told, once for each last day; it is put off when no place is free."""
    if not waiting.free_days(session, parcel, now) and waiting.move_on(session, parcel, Cause.FULL, now):
        return
    kept_until = waiting.window_of(parcel).last.isoformat()
    journal.record(session, parcel, NewFact(Kind.STORAGE_ENDS, "agenda", details={"kept_until": kept_until}), now)


def _end_storage(session: Session, parcel: Parcel, now: datetime) -> None:
    """Nobody has agreed anything up to the last day: the parcel is to go back, until a day that is named."""
    kept_until = _kept_until(session, parcel) or local_date(now, parcel.zone)
    back_by = local_date(now, parcel.zone) + RETURN_WITHIN
    details = {"kept_until": kept_until.isoformat(), "back_by": back_by.isoformat()}
    journal.record(session, parcel, NewFact(Kind.STORAGE_OVER, "agenda", details=details), now)


def _not_sent_back(session: Session, parcel: Parcel, now: datetime) -> None:
    """A person asks why it is not back. Who let storage end without a word knows nothing of it; its holder answers."""
    if parcel.side is not Stage.EXPIRED:
        _ask(session, parcel, now)


HANDLERS: dict[Action, Callable[[Session, Parcel, datetime], None]] = {
    Action.ASK: _ask,
    Action.CALL: _put_off_call,
    Action.REMIND: _remind,
    Action.HAND_OVER: _late_hand_over,
    Action.ARRIVE: _not_arrived,
    Action.DELIVER: _not_delivered,
    Action.COLLECT: _ask,
    Action.WARN: _warn,
    Action.END_STORAGE: _end_storage,
    Action.SEND_BACK: _not_sent_back,
}
