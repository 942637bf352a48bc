"""The dispatcher's entrances: the rounds of a day by zone, and one round, whose stops can be put in another order."""

from collections.abc import Callable
from datetime import date, datetime
from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from portal import dispatch_page, money_words, notices, round_words
from portal.access import Rule, allow
from portal.extensions import now
from portal.languages import _
from portal.notices import Notice
from portal.ticking import build_day
from portal.transaction import reading, transaction
from scheduling import round_changes
from scheduling.capacity import Changed, Impossible

bp = Blueprint("dispatch", __name__, url_prefix="/rounds")
Edit = Callable[[Session, datetime], None]


@bp.context_processor
def words() -> dict[str, Any]:
    """The words that the dispatcher's templates look up by value."""
    return {"notices": notices, "money_words": money_words}


@bp.get("")
@allow(Rule.OFFICE)
def listed() -> ResponseReturnValue:
    """The rounds of a day, by zone, with what is in no round."""
    with reading() as session:
        return render_template("pages/rounds.html", p=dispatch_page.of_day(session, _day(), now()))


@bp.post("/build")
@allow(Rule.OFFICE)
def build() -> ResponseReturnValue:
    """Build the rounds of a zone's day without waiting for the evening; what is built already is only added to."""
    day = _day() or abort(400)
    count = build_day(request.form.get("zone", default=0, type=int), day, now())
    flash(_("Рейсов собрано или дополнено: {n}.", n=count))
    return redirect(url_for("dispatch.listed", day=day.isoformat()), 303)


@bp.get("/<int:round_id>")
@allow(Rule.OFFICE)
def one(round_id: int) -> ResponseReturnValue:
    """A round with its stops."""
    return _page(round_id)


@bp.post("/<int:round_id>/shift")
@allow(Rule.OFFICE)
def shift(round_id: int) -> ResponseReturnValue:
    """Put a stop one place up or down."""
    by = 1 if request.form.get("to") == "down" else -1

    def edit(session: Session, moment: datetime) -> None:
        round_changes.shift(session, round_id, _whole("version"), _whole("booking"), by, moment)

    return _edit(round_id, edit)


@bp.post("/<int:round_id>/give")
@allow(Rule.OFFICE)
def give(round_id: int) -> ResponseReturnValue:
    """Give a stop to another courier."""

    def edit(session: Session, moment: datetime) -> None:
        round_changes.give(session, round_id, _whole("version"), _whole("booking"), _whole("round"), moment)

    return _edit(round_id, edit)


def _edit(round_id: int, edit: Edit) -> ResponseReturnValue:
    """Make a change of a round; or show the round as it is now and why nothing was changed."""
    try:
        with transaction() as session:
            edit(session, now())
    except LookupError:
        abort(404)
    except (Changed, Impossible) as problem:
        return _page(round_id, round_words.not_moved(problem), 409)
    return redirect(url_for("dispatch.one", round_id=round_id), 303)


def _page(round_id: int, notice: Notice | None = None, status: int = 200) -> ResponseReturnValue:
    with reading() as session:
        page = dispatch_page.of_round(session, round_id, now()) or abort(404)
        return render_template("pages/round_order.html", p=page, notice=notice), status


def _whole(name: str) -> int:
    return request.form.get(name, default=-1, type=int)


def _day() -> date | None:
    try:
        return date.fromisoformat(request.values.get("day", ""))
    except ValueError:
        return None
