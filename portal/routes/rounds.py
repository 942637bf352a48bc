"""The courier's entrances: his round, the load scan, leaving, marking each stop, bringing back and closing the day."""

from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user
from sqlalchemy.orm import Session

from parcels.journal import UnknownParcel
from portal import courier_day, notices, refusals, round_page, round_words
from portal.access import Rule, allow
from portal.courier_day import Said
from portal.extensions import now
from portal.languages import language
from portal.notices import Notice
from portal.round_page import Day
from portal.transaction import reading, transaction
from scheduling import round_marks
from scheduling.policy import Reason, Refusal
from scheduling.round_closing import NotClosable
from scheduling.round_loading import WrongParcel

bp = Blueprint("rounds", __name__)


@bp.context_processor
def words() -> dict[str, Any]:
    """The words that the courier's templates look up by value."""
    return {"notices": notices, "refusals_at_door": round_marks.REFUSALS, "not_met": round_marks.NOT_MET}


@bp.get("/round")
@allow(Rule.COURIER)
def today() -> ResponseReturnValue:
    """The round of today, or of the day in the address."""
    return _page()


@bp.get("/round/<int:parcel_id>")
@allow(Rule.COURIER)
def stop(parcel_id: int) -> ResponseReturnValue:
    """One stop on a page of its own, to be marked out of turn."""
    with reading() as session:
        day = _day(session, parcel_id)
        if day.opened is not None:
            return render_template(_template(day), day=day)
    return _page(refusals.refusal(Refusal(Reason.NOT_ON_ROUND), language()), 409)


@bp.post("/round/scan")
@allow(Rule.COURIER)
def scan() -> ResponseReturnValue:
    """Take the parcel that was scanned, or chosen from the list because its code cannot be read."""
    return _do("scan")


@bp.post("/round/start")
@allow(Rule.COURIER)
def start() -> ResponseReturnValue:
    """Out on the route."""
    return _do("start")


@bp.post("/round/<int:parcel_id>/warned")
@allow(Rule.COURIER)
def warned(parcel_id: int) -> ResponseReturnValue:
    """The recipient has been rung an hour before."""
    return _do("warned", parcel_id)


@bp.post("/round/<int:parcel_id>/unanswered")
@allow(Rule.COURIER)
def unanswered(parcel_id: int) -> ResponseReturnValue:
    """The recipient was rung an hour before, and nobody answered."""
    return _do("unanswered", parcel_id)


@bp.post("/round/<int:parcel_id>/delivered")
@allow(Rule.COURIER)
def delivered(parcel_id: int) -> ResponseReturnValue:
    """The parcel has been handed over."""
    return _do("delivered", parcel_id)


@bp.post("/round/<int:parcel_id>/failed")
@allow(Rule.COURIER)
def failed(parcel_id: int) -> ResponseReturnValue:
    """The parcel has not been handed over, for a reason."""
    return _do("failed", parcel_id)


@bp.post("/round/back")
@allow(Rule.COURIER)
def back() -> ResponseReturnValue:
    """A parcel that nobody took is back in the depot."""
    return _do("back")


@bp.post("/round/close")
@allow(Rule.COURIER)
def close() -> ResponseReturnValue:
    """The day is over and everything adds up."""
    return _do("close")


def _do(kind: str, parcel_id: int | None = None) -> ResponseReturnValue:
    """Do what the courier says; or show the round once more, with why nothing was kept."""
    moment, form = now(), request.form.to_dict()
    try:
        with transaction() as session:
            zone = courier_day.zone_of(session, current_user).timezone
            if told := courier_day.carry_out(session, current_user, zone, Said(kind, form, parcel_id), moment):
                flash(told)
    except UnknownParcel:
        abort(404)
    except courier_day.NoReason:
        return _page(parcel_id=parcel_id, status=422, is_reasonless=True)
    except (WrongParcel, NotClosable, Refusal) as problem:
        asks_again = isinstance(problem, Refusal) and problem.reason in (Reason.NOBODY_NAMED, Reason.OTHER_SUM)
        notice = round_words.problem(kind, problem, language())
        return _page(notice, 409, parcel_id if asks_again else None, typed=form if asks_again else None)
    return redirect(url_for("rounds.today", day=courier_day.day_of(form, zone, moment).isoformat()), 303)


def _page(
    notice: Notice | None = None, status: int = 200, parcel_id: int | None = None, **more: object
) -> ResponseReturnValue:
    with reading() as session:
        day = _day(session, parcel_id)
        return render_template(_template(day), day=day, notice=notice, **more), status


def _template(day: Day) -> str:
    """The page of a day: of one long over it names nobody."""
    return "pages/round_past.html" if day.is_past else "pages/round.html"


def _day(session: Session, parcel_id: int | None) -> Day:
    asked = courier_day.asked_day(request.values)
    zone = courier_day.zone_of(session, current_user)
    return round_page.build(session, zone, current_user.id, asked, now(), parcel_id)
