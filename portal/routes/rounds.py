"""The courier's entrances: his round, the load scan, leaving, marking each stop, bringing back and closing the day."""

from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from flask import Blueprint, abort, current_app, flash, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user
from sqlalchemy.orm import Session

from parcels import journal
from parcels.journal import UnknownParcel
from portal import notices, notices_staff, refusals, round_page, round_words
from portal.access import Rule, allow
from portal.extensions import now
from portal.languages import _, language
from portal.notices import Notice
from portal.transaction import reading, transaction
from scheduling import round_closing, round_marks, rounds
from scheduling.calendars import local_date
from scheduling.models import Zone
from scheduling.policy import Reason, Refusal
from scheduling.round_closing import NotClosable
from scheduling.round_marks import HandedOver, WhyNot
from scheduling.round_models import Round
from scheduling.rounds import Courier, WrongParcel

bp = Blueprint("rounds", __name__)
#: Minor units: a sum above it is a slip of the finger, or of somebody who tries what happens.
MOST = 1_000_000_000
Change = Callable[[Session, Round, datetime], str]


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
        day = round_page.build(session, _zone(session), current_user.id, _asked_day(), now(), parcel_id)
        if day.opened is not None:
            return render_template("pages/round.html", day=day)
    return _page(refusals.refusal(Refusal(Reason.NOT_ON_ROUND), language()), 409)


@bp.post("/round/scan")
@allow(Rule.COURIER)
def scan() -> ResponseReturnValue:
    """Take the parcel that was scanned, or chosen from the list because its code cannot be read."""
    by_eye = request.form.get("unreadable", "")
    code = by_eye or request.form.get("code", "")

    def change(session: Session, one: Round, moment: datetime) -> str:
        taken = rounds.load(session, one, code, _courier(), moment, bool(by_eye))
        return _("В машине: {number}, адрес {n}.", number=taken.parcel.number, n=taken.place)

    return _change(change)


@bp.post("/round/start")
@allow(Rule.COURIER)
def start() -> ResponseReturnValue:
    """Out on the route."""

    def change(session: Session, one: Round, moment: datetime) -> str:
        rounds.start(session, one, moment)
        return _("Вы в пути. Хорошей дороги.")

    return _change(change)


@bp.post("/round/<int:parcel_id>/warned")
@allow(Rule.COURIER)
def warned(parcel_id: int) -> ResponseReturnValue:
    """The recipient has been rung an hour before."""

    def change(session: Session, one: Round, moment: datetime) -> str:
        rounds.warn(session, one, parcel_id, moment)
        return ""

    return _change(change)


@bp.post("/round/<int:parcel_id>/unanswered")
@allow(Rule.COURIER)
def unanswered(parcel_id: int) -> ResponseReturnValue:
    """The recipient was rung an hour before, and nobody answered."""

    def change(session: Session, one: Round, moment: datetime) -> str:
        round_marks.ring_in_vain(session, one, parcel_id, current_user.name, moment)
        return _("Звонок записан. Попробуйте ещё раз перед выездом к этому адресу.")

    return _change(change)


@bp.post("/round/<int:parcel_id>/delivered")
@allow(Rule.COURIER)
def delivered(parcel_id: int) -> ResponseReturnValue:
    """The parcel has been handed over."""
    form = request.form
    said = HandedOver(form.get("to", ""), _minor(form.get("cash", "0")), form.get("receipt", ""), form.get("note", ""))

    def change(session: Session, one: Round, moment: datetime) -> str:
        round_marks.deliver(session, journal.lock(session, parcel_id), one, said, current_user.name, moment)
        return ""

    return _change(change, parcel_id)


@bp.post("/round/<int:parcel_id>/failed")
@allow(Rule.COURIER)
def failed(parcel_id: int) -> ResponseReturnValue:
    """The parcel has not been handed over, for a reason."""
    why = request.form.get("why", "")
    if why not in list(WhyNot):
        return _page(parcel_id=parcel_id, status=422, is_reasonless=True)

    def change(session: Session, one: Round, moment: datetime) -> str:
        round_marks.fail(session, journal.lock(session, parcel_id), one, WhyNot(why), current_user.name, moment)
        return ""

    return _change(change, parcel_id)


@bp.post("/round/back")
@allow(Rule.COURIER)
def back() -> ResponseReturnValue:
    """A parcel that nobody took is back in the depot."""

    def change(session: Session, one: Round, moment: datetime) -> str:
        brought = rounds.bring_back(session, one, request.form.get("code", ""), current_user.name, moment)
        return _("На складе: {number}.", number=brought.parcel.number)

    return _change(change, wrong=round_words.not_to_return)


@bp.post("/round/close")
@allow(Rule.COURIER)
def close() -> ResponseReturnValue:
    """The day is over and everything adds up."""
    sums = {name.removeprefix("cash_"): _minor(value) for name, value in request.form.items() if name[:5] == "cash_"}

    def change(session: Session, one: Round, moment: datetime) -> str:
        round_closing.close(session, one, sums, moment)
        return _("Рейс закрыт. Спасибо.")

    return _change(change)


def _change(
    change: Change,
    parcel_id: int | None = None,
    wrong: Callable[[WrongParcel], Notice] = round_words.wrong_parcel,
) -> ResponseReturnValue:
    """Make a change of the courier's round; or show the round once more, with why nothing was kept."""
    moment = now()
    try:
        with transaction() as session:
            day = _marked_day(_zone(session), moment)
            one = rounds.round_of(session, current_user.id, day, lock=True)
            if one is None:
                raise Refusal(Reason.NOT_ON_ROUND)
            if done := change(session, one, moment):
                flash(done)
    except UnknownParcel:
        abort(404)
    except WrongParcel as problem:
        return _page(wrong(problem), 409)
    except NotClosable as problem:
        return _page(round_words.not_closable(problem.missing, language()), 409)
    except Refusal as problem:
        asks_again = problem.reason in (Reason.NOBODY_NAMED, Reason.OTHER_SUM)
        typed = request.form if asks_again else None
        return _page(refusals.refusal(problem, language()), 409, parcel_id if asks_again else None, typed=typed)
    return redirect(url_for("rounds.today", day=day.isoformat()), 303)


def _page(
    notice: Notice | None = None, status: int = 200, parcel_id: int | None = None, **more: object
) -> ResponseReturnValue:
    with reading() as session:
        day = round_page.build(session, _zone(session), current_user.id, _asked_day(), now(), parcel_id)
        return render_template("pages/round.html", day=day, notice=notice, **more), status


def _courier() -> Courier:
    return Courier(current_user.name, current_user.phone)


def _minor(written: str) -> int:
    """A sum as it is typed, in minor units; -1, which is nobody's due, when it is no sum."""
    try:
        minor = Decimal("".join(written.replace(",", ".").split()) or "0") * 100
        return int(minor) if 0 <= minor <= MOST else -1
    except ArithmeticError:  # neither a number nor within reach of one
        return -1


def _zone(session: Session) -> Zone:
    """The zone of the courier who asks; without one there is no round to show."""
    zone = session.get(Zone, current_user.zone_id) if current_user.zone_id is not None else None
    if zone is None:
        page = {"notice": notices_staff.no_zone(), "title": notices_staff.no_zone().happened}
        abort(
            make_response(render_template("errors/notice.html", phone=current_app.config["SUPPORT_PHONE"], **page), 409)
        )
    return zone


def _asked_day() -> date | None:
    """The day in the form or in the address."""
    try:
        return date.fromisoformat(request.values.get("day", ""))
    except ValueError:
        return None


def _marked_day(zone: Zone, moment: datetime) -> date:
    """The day a mark belongs to: that of the page, so that a round may end after midnight, but none to come."""
    current = local_date(moment, zone.timezone)
    return min(_asked_day() or current, current)
