"""The call centre's entrances: the desk with the queue, the page of one call, and how a call ended."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user
from sqlalchemy import select
from sqlalchemy.orm import Session

from parcels import journal
from parcels.journal import StaleVersion
from parcels.models import Fact, Parcel, Settlement, Staff
from parcels.stages import Kind
from portal import calling, notices, notices_staff, refusals
from portal.access import Rule, allow
from portal.extensions import now
from portal.informing_words import occasion_words
from portal.languages import language
from portal.transaction import reading, transaction
from scheduling import booking, calls, slots
from scheduling.models import Call
from scheduling.policy import Refusal
from scheduling.zones import service_of
from sms.models import Message

bp = Blueprint("calls", __name__)
POSTPONE_BY = (7, 14)
UPCOMING = 12


@bp.context_processor
def words() -> dict[str, Any]:
    """The words that the templates of the desk look up by value."""
    return {
        "notices": notices,
        "notices_staff": notices_staff,
        "occasion_words": occasion_words,
        "as_date": date.fromisoformat,
    }


@dataclass(frozen=True, slots=True)
class Line:
    """A call as the queue shows it: `zone` is the recipient's own clock, `holder` who has taken the call."""

    call: Call
    parcel: Parcel
    zone: str
    holder: Staff | None


@bp.get("/calls")
@allow(Rule.OPERATOR)
def desk() -> ResponseReturnValue:
    """The queue, and the button that takes the next call of it."""
    with reading() as session:
        return render_template("pages/calls.html", **_desk(session, now()))


@bp.post("/calls/next")
@allow(Rule.OPERATOR)
def take_next() -> ResponseReturnValue:
    """Take the call that has waited longest; with an empty queue the desk says when the next one is due."""
    with transaction() as session:
        call = calls.take(session, current_user.id, now())
        call_id = call.id if call else None
    return _on_to(call_id)


@bp.get("/calls/<int:call_id>")
@allow(Rule.OPERATOR)
def show(call_id: int) -> ResponseReturnValue:
    """Whom to call, what to say, and what can be agreed."""
    with reading() as session:
        call = session.get(Call, call_id) or abort(404)
        if not _is_mine(call):
            return render_template("pages/calls.html", **_lost(session, call)), 409
        return render_template("pages/call.html", **_sheet(session, call, now()))


@bp.post("/calls/<int:call_id>/outcome")
@allow(Rule.OPERATOR)
def outcome(call_id: int) -> ResponseReturnValue:
    """Keep how a call ended together with what was agreed, and go on to the next call."""
    moment = now()
    try:
        with transaction() as session:
            parcel = calling.settle(session, call_id, request.form, current_user, moment)
            following = calls.take(session, current_user.id, moment)
            done, next_id = parcel.recipient or parcel.number, following.id if following else None
    except (Refusal, StaleVersion) as problem:
        return _again(call_id, problem)
    flash(done, request.form["outcome"])
    return _on_to(next_id)


@bp.post("/calls/<int:call_id>/release")
@allow(Rule.OPERATOR)
def release(call_id: int) -> ResponseReturnValue:
    """Give a call back to the queue without an attempt; one that is not held any more is simply not there."""
    with suppress(Refusal), transaction() as session:
        calls.let_go(session, calls.held_by(session, call_id, current_user.id, now()))
    return redirect(url_for("calls.desk"), 303)


def _on_to(call_id: int | None) -> ResponseReturnValue:
    """To the page of a call that has been taken, or to the desk when there was none."""
    return redirect(url_for("calls.show", call_id=call_id) if call_id else url_for("calls.desk"), 303)


def _is_mine(call: Call) -> bool:
    return call.closed_at is None and call.leased_by == current_user.id


def _again(call_id: int, problem: Refusal | StaleVersion) -> ResponseReturnValue:
    """Nothing was kept: the page once more with what stands in the way. A second press is sent on like the first."""
    with reading() as session:
        call = session.get(Call, call_id) or abort(404)
        if not _is_mine(call):
            if _is_second_press(session, call):
                return _on_to(session.scalar(select(Call.id).where(*_held(now()))))
            return render_template("pages/calls.html", **_lost(session, call)), 409
        notice = refusals.refusal(problem, language()) if isinstance(problem, Refusal) else notices.stale()
        nearest = problem.nearest if isinstance(problem, Refusal) else []
        kept = {"note": request.form.get("note", ""), "notice": notice, "nearest": nearest}
        return render_template("pages/call.html", **(_sheet(session, call, now()) | kept)), 409


def _is_second_press(session: Session, call: Call) -> bool:
    """Did this very form, with this very outcome, arrive before?"""
    query = select(Fact).where(Fact.parcel_id == call.parcel_id, Fact.kind == Kind.CALL_ATTEMPTED)
    sent = {
        "call": call.id,
        "attempt": request.form.get("attempt", default=0, type=int),
        "outcome": request.form.get("outcome"),
        "by": current_user.name,
    }
    return any(sent.items() <= fact.details.items() for fact in session.scalars(query))


def _held(moment: datetime) -> tuple[Any, ...]:
    """Conditions of the call that the operator has in hand."""
    return Call.leased_by == current_user.id, Call.leased_until > moment, Call.closed_at.is_(None)


def _desk(session: Session, moment: datetime) -> dict[str, Any]:
    """What the desk and the column on the left of a call show."""
    ready, others = calls.waiting(session, moment)
    lines = _lines(session, calls.next_in_line(session, moment), moment)
    in_hand = sum(line.holder is not None for line in lines)
    both = select(Call, Parcel).join(Parcel, Parcel.id == Call.parcel_id)
    upcoming = both.where(Call.closed_at.is_(None), Call.due_at > moment).order_by(Call.due_at, Call.id)
    return {
        "now": moment,
        "ready": ready,
        "in_hand": in_hand,
        "later": others - in_hand,
        "lines": lines,
        "upcoming": _lines(session, [(c, p) for c, p in session.execute(upcoming.limit(UPCOMING))], moment),
        "mine": session.execute(both.where(*_held(moment)).limit(1)).first(),
    }


def _lines(session: Session, rows: Sequence[tuple[Call, Parcel]], moment: datetime) -> list[Line]:
    # Kept in a name so that each parcel finds its settlement in the session instead of asking for it.
    places = session.scalars(select(Settlement).where(Settlement.id.in_({p.settlement_id for _, p in rows}))).all()
    leased = {c.id: c.leased_by for c, _ in rows if c.leased_until is not None and c.leased_until > moment}
    staff = {s.id: s for s in session.scalars(select(Staff).where(Staff.id.in_(leased.values())))}
    lines = [Line(c, p, p.zone, staff.get(leased.get(c.id) or 0)) for c, p in rows]
    del places
    return lines


def _lost(session: Session, call: Call) -> dict[str, Any]:
    """The desk, with why a call is not this operator's: what settled it, or who has it now."""
    moment = now()
    held = booking.active_booking(session, call.parcel_id)
    settled = held if held is not None and held.made_at == call.closed_at else None
    (line,) = _lines(session, [(call, session.get_one(Parcel, call.parcel_id))], moment)
    lost = {"call": call, "settled": settled, "slot": settled.slot if settled else None, "line": line}
    return _desk(session, moment) | {"lost": lost}


def _sheet(session: Session, call: Call, moment: datetime) -> dict[str, Any]:
    """The page of one call: the parcel, what can be agreed for it, and what has happened so far."""
    parcel = session.get_one(Parcel, call.parcel_id)
    days, shut = [], None
    try:
        days = booking.offered(session, parcel, moment, to_staff=True)
    except Refusal as reason:
        shut = refusals.refusal(reason, language())
    messages = select(Message).where(Message.parcel_id == parcel.id).order_by(Message.created_at.desc())
    held = booking.active_booking(session, parcel.id)
    return _desk(session, moment) | {
        "call": call,
        "parcel": parcel,
        "zone": parcel.zone,
        "days": days,
        "shut": shut,
        "later_days": _later_days(session, parcel, moment) if days else [],
        "proposed": slots.first_free(days),
        "held": held,
        "slot": held.slot if held else None,
        "facts": journal.facts_of(session, parcel)[::-1],
        "messages": session.scalars(messages).all(),
    }


def _later_days(session: Session, parcel: Parcel, moment: datetime) -> list[date]:
    """The days to which the parcel may still be postponed."""
    service, first = service_of(session, parcel.settlement_id), booking.window_of(parcel).first
    if service is None:
        return []
    days = (first + timedelta(days=n) for n in POSTPONE_BY)
    return [day for day in days if moment < slots.closes_at(day, service.closing, service.timezone)]
