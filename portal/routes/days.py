"""The manager's days: decreed changes of working days, closed days of a settlement, years that somebody vouches for."""

from datetime import date

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from portal import day_form, day_page
from portal.access import Rule, allow
from portal.extensions import now
from portal.languages import language
from portal.transaction import reading, transaction
from scheduling import days
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
    try:
        with transaction() as session:
            day_form.add(session, request.form, current_user.name, now())
    except day_form.BadForm as problem:
        return _page(str(problem)), 422
    return redirect(url_for("days.listed"), 303)


@bp.post("/remove")
@allow(Rule.MANAGER)
def remove() -> ResponseReturnValue:
    """Forget one; pressed twice it does no harm."""
    form = request.form
    try:
        day = date.fromisoformat(form.get("day", ""))
    except ValueError:
        return _page(day_form.bad_day("")), 422
    with transaction() as session:
        if form.get("settlement", "").isdecimal():
            days.reopen(session, int(form["settlement"]), day)
        else:
            days.undo_decree(session, form.get("country", ""), day)
    return redirect(url_for("days.listed"), 303)


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


def _page(problem: str) -> str:
    with reading() as session:
        shown = day_page.page(session, now(), language())
    return render_template("pages/days.html", problem=problem, form=request.form, **shown)
