"""The call centre's entrances: the desk with the queue, the page of one call, and how a call ended."""

from contextlib import suppress
from datetime import date
from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user
from sqlalchemy import select
from sqlalchemy.orm import Session

from parcels.journal import StaleVersion
from parcels.models import Fact
from parcels.stages import Kind
from portal import call_desk, call_sheet, call_words, calling, notices, notices_staff, refusals
from portal.access import Rule, allow
from portal.extensions import now
from portal.informing_words import occasion_words
from portal.languages import language
from portal.transaction import reading, transaction
from scheduling import call_leases
from scheduling.models import Call
from scheduling.policy import Refusal

bp = Blueprint("calls", __name__)


@bp.context_processor
def words() -> dict[str, Any]:
    """The words that the templates of the desk look up by value."""
    return {
        "notices": notices,
        "notices_staff": notices_staff,
        "occasion_words": occasion_words,
        "as_date": date.fromisoformat,
    }


@bp.get("/calls")
@allow(Rule.OPERATOR)
def desk() -> ResponseReturnValue:
    """The queue, and the button that takes the next call of it."""
    with reading() as session:
        return render_template("pages/calls.html", **call_desk.desk(session, now()))


@bp.post("/calls/next")
@allow(Rule.OPERATOR)
def take_next() -> ResponseReturnValue:
    """Take the call that has waited longest; with an empty queue the desk says when the next one is due."""
    with transaction() as session:
        call = call_leases.take(session, current_user.id, now())
        call_id = call.id if call else None
    return _on_to(call_id)


@bp.get("/calls/<int:call_id>")
@allow(Rule.OPERATOR)
def show(call_id: int) -> ResponseReturnValue:
    """Whom to call, what to say, and what can be agreed."""
    with reading() as session:
        call = session.get(Call, call_id) or abort(404)
        if not call_desk.is_mine(call):
            return render_template("pages/calls.html", **call_desk.lost(session, call, now())), 409
        return render_template("pages/call.html", **call_sheet.sheet(session, call, now()))


@bp.post("/calls/<int:call_id>/outcome")
@allow(Rule.OPERATOR)
def outcome(call_id: int) -> ResponseReturnValue:
    """Keep how a call ended together with what was agreed, and go on to the next call."""
    moment = now()
    try:
        with transaction() as session:
            settled = calling.settle(session, call_id, request.form, current_user, moment)
            following = calling.following(session, settled, current_user.id, moment)
            done, next_id = call_words.settled(settled), following.id if following else None
    except (Refusal, StaleVersion) as problem:
        return _again(call_id, problem)
    flash(done, request.form["outcome"])  # type: ignore[arg-type]
    return _on_to(next_id)


@bp.post("/calls/<int:call_id>/release")
@allow(Rule.OPERATOR)
def release(call_id: int) -> ResponseReturnValue:
    """Give a call back to the queue without an attempt; one that is not held any more is simply not there."""
    with suppress(Refusal), transaction() as session:
        call_leases.let_go(session, call_leases.held_by(session, call_id, current_user.id, now()))
    return redirect(url_for("calls.desk"), 303)


def _on_to(call_id: int | None) -> ResponseReturnValue:
    """To the page of a call that has been taken, or to the desk when there was none."""
    return redirect(url_for("calls.show", call_id=call_id) if call_id else url_for("calls.desk"), 303)


def _again(call_id: int, problem: Refusal | StaleVersion) -> ResponseReturnValue:
    """Nothing was kept: the page once more with what stands in the way. A second press is sent on like the first."""
    with reading() as session:
        call = session.get(Call, call_id) or abort(404)
        if not call_desk.is_mine(call):
            if _is_second_press(session, call):
                return _on_to(session.scalar(select(Call.id).where(*call_desk.held(now()))))
            return render_template("pages/calls.html", **call_desk.lost(session, call, now())), 409
        notice = refusals.refusal(problem, language()) if isinstance(problem, Refusal) else notices.stale()
        nearest = problem.nearest if isinstance(problem, Refusal) else []
        kept = {"note": request.form.get("note", ""), "notice": notice, "nearest": nearest}
        return render_template("pages/call.html", **(call_sheet.sheet(session, call, now()) | kept)), 409


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
