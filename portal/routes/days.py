"""The manager's days: decreed changes of working days, closed days of a settlement, years that somebody vouches for."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from portal import day_form, day_page
from portal.access import Rule, allow
from portal.extensions import now
from portal.languages import _, language
from portal.transaction import Session, reading, transaction
from scheduling import days
from scheduling.capacity import Occupant, Occupied
from scheduling.days import BadDay

bp = Blueprint("days", __name__, url_prefix="/manage/days")


@bp.get("")
@allow(Rule.MANAGER)
def listed() -> ResponseReturnValue:
    """All days to come that differ from the calendar, and the forms for more."""
    return _page("")


@bp.post("/add")
@allow(Rule.MANAGER)
def add() -> ResponseReturnValue:
    """Keep one more such day."""
    return _edit(day_form.add)


@bp.post("/remove")
@allow(Rule.MANAGER)
def remove() -> ResponseReturnValue:
    """Forget one; pressed twice it does no harm."""
    return _edit(day_form.remove)


@bp.post("/approve")
@allow(Rule.MANAGER)
def approve() -> ResponseReturnValue:
    """Vouch for the next year of a country."""
    try:
        with transaction() as session:
            year = request.form.get("year", type=int) or 0
            days.approve(session, request.form.get("country", ""), year, current_user.name, now())
    except BadDay as problem:
        return _page(day_form.bad_day(str(problem))), 422
    return redirect(url_for("days.listed"), 303)


def _edit(edit: Callable[[Session, Mapping[str, str], str, datetime], int]) -> ResponseReturnValue:
    """Make a change and tell what came of it; or show what cannot be used, or who stands in the way."""
    try:
        with transaction() as session:
            count = edit(session, request.form, current_user.name, now())
    except day_form.BadForm as problem:
        return _page(str(problem)), 422
    except Occupied as problem:
        return _page("", problem.by), 409
    if count:
        flash(_("Снято записей: {n}, всем уходит SMS.", n=count))
    return redirect(url_for("days.listed"), 303)


def _page(problem: str, in_the_way: Sequence[Occupant] = ()) -> str:
    with reading() as session:
        shown = day_page.page(session, now(), language())
    return render_template("pages/days.html", problem=problem, in_the_way=in_the_way, form=request.form, **shown)
