"""The courier's entrances: the stops of the day, taking the load, and marking each stop."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from flask import Blueprint, abort, current_app, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user
from sqlalchemy.orm import Session

from parcels import journal
from parcels.journal import UnknownParcel
from portal import notices, notices_staff, refusals
from portal.access import Rule, allow
from portal.extensions import now
from portal.languages import language
from portal.notices import Notice
from portal.transaction import reading, transaction
from scheduling import rounds
from scheduling.calendars import local_date
from scheduling.models import Zone
from scheduling.policy import Reason, Refusal
from scheduling.rounds import Courier, Standing, Stop, WhyNot

bp = Blueprint("rounds", __name__)


@dataclass(frozen=True, slots=True)
class Day:
    """A day of a zone as its courier sees it; `opened` is a stop taken out of its turn."""

    zone: Zone
    on: date
    today: date
    stops: list[Stop]
    opened: Stop | None = None

    @property
    def may_mark(self) -> bool:
        return self.on <= self.today

    @property
    def next(self) -> Stop | None:
        """The first stop that is not done and whose parcel is in the car."""
        return next((stop for stop in self.stops if stop.standing is Standing.LOADED), None)

    @property
    def done(self) -> list[Stop]:
        return [stop for stop in self.stops if stop.is_done]

    @property
    def ahead(self) -> list[Stop]:
        """Everything still to be done except what is next."""
        return [stop for stop in self.stops if not stop.is_done and stop != self.next]

    @property
    def in_depot(self) -> int:
        return sum(stop.standing is Standing.IN_DEPOT for stop in self.stops)

    @property
    def collected(self) -> dict[str, int]:
        """Money taken at the doors, in minor units by currency."""
        return _sums(stop for stop in self.stops if stop.standing is Standing.DELIVERED)

    @property
    def to_collect(self) -> dict[str, int]:
        return _sums(stop for stop in self.stops if not stop.is_done)


@bp.context_processor
def words() -> dict[str, Any]:
    """The words that the courier's templates look up by value."""
    return {"notices": notices}


@bp.get("/round")
@allow(Rule.COURIER)
def today() -> ResponseReturnValue:
    """The stops of today, or of the day in the address."""
    with reading() as session:
        return render_template("pages/round.html", day=_day(session, now()))


@bp.get("/round/<int:parcel_id>")
@allow(Rule.COURIER)
def stop(parcel_id: int) -> ResponseReturnValue:
    """One stop on a page of its own, to be marked out of turn."""
    with reading() as session:
        day = _day(session, now(), parcel_id)
    if day.opened is None:
        return _refused(Refusal(Reason.NOT_ON_ROUND))
    return render_template("pages/round.html", day=day)


def _courier() -> Courier:
    return Courier(current_user.name, current_user.phone)


@bp.post("/round/load")
@allow(Rule.COURIER)
def load() -> ResponseReturnValue:
    """Take over what lies in the depot for today; a second press finds nothing more to take."""
    moment = now()
    with transaction() as session:
        zone = _zone(session)
        rounds.load(session, zone.id, local_date(moment, zone.timezone), _courier(), moment)
    return redirect(url_for("rounds.today"), 303)


@bp.post("/round/<int:parcel_id>/delivered")
@allow(Rule.COURIER)
def delivered(parcel_id: int) -> ResponseReturnValue:
    """The parcel has been handed over."""
    return _mark(parcel_id, None)


@bp.post("/round/<int:parcel_id>/failed")
@allow(Rule.COURIER)
def failed(parcel_id: int) -> ResponseReturnValue:
    """The parcel has not been handed over, for a reason."""
    why = request.form.get("why", "")
    if why not in list(WhyNot):
        return _without_reason(parcel_id)
    return _mark(parcel_id, WhyNot(why))


def _mark(parcel_id: int, why: WhyNot | None) -> ResponseReturnValue:
    """Mark a stop: handed over, or not for the reason `why`. The same mark again changes nothing."""
    moment = now()
    try:
        with transaction() as session:
            zone = _zone(session)
            day = _marked_day(zone, moment)
            parcel = journal.lock(session, parcel_id)
            if why is None:
                rounds.deliver(session, parcel, zone.id, day, current_user.name, moment)
            else:
                rounds.fail(session, parcel, zone.id, day, current_user.name, why, moment)
    except UnknownParcel:
        abort(404)
    except Refusal as problem:
        return _refused(problem)
    return redirect(url_for("rounds.today", day=day.isoformat()), 303)


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


def _day(session: Session, moment: datetime, parcel_id: int | None = None) -> Day:
    zone = _zone(session)
    current = local_date(moment, zone.timezone)
    asked = _asked_day() or current
    stops = rounds.stops_of(session, zone.id, asked)
    opened = [stop for stop in stops if stop.parcel.id == parcel_id]
    return Day(zone, asked, current, stops, opened[-1] if opened else None)


def _sums(stops: Iterable[Stop]) -> dict[str, int]:
    sums: Counter[str] = Counter()
    for one in stops:
        sums[one.parcel.currency] += one.parcel.cod_minor
    return {currency: minor for currency, minor in sums.items() if minor}


def _refused(problem: Refusal) -> ResponseReturnValue:
    """The round once more, with why the mark was not kept."""
    notice: Notice = refusals.refusal(problem, language())
    with reading() as session:
        return render_template("pages/round.html", day=_day(session, now()), notice=notice), 409


def _without_reason(parcel_id: int) -> ResponseReturnValue:
    """The stop once more: without a reason a failed attempt is not kept."""
    with reading() as session:
        return render_template("pages/round.html", day=_day(session, now(), parcel_id), is_reasonless=True), 422
