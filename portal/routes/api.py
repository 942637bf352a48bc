"""The public API for checkout: when a parcel would come, who brings it for how much, where it can be picked up."""

from typing import Any

from flask import Blueprint, current_app, jsonify, request
from flask.typing import ResponseReturnValue

from portal import checkout, estimates
from portal.access import Rule, allow
from portal.extensions import now
from portal.languages import _
from portal.limits import at_most
from portal.problems import problem
from portal.shelf import Shelf
from scheduling.calendars import UnknownDay
from scheduling.estimate import NoLane, estimate

bp = Blueprint("api", __name__, url_prefix="/api/v1")
#: An answer for a given hour holds as long as the matrix does; one for "now" only until the minute is over.
CACHED, CACHED_NOW = 300, 60


@bp.get("/estimate")
@allow(Rule.PUBLIC)
@at_most("300/minute", "GET")
def ask() -> ResponseReturnValue:
    """When a parcel would come, by courier and to a pick-up point."""
    moment = now().replace(second=0, microsecond=0) if not request.args.get("handed_over_at") else now()
    shelf, weight_g = _shelf(), estimates.weight(request.args)
    book = shelf.book(now())
    asked = estimates.question(book, request.args, moment)
    body = estimates.answer(book, asked, estimate(book.memory, asked), weight_g)
    shelf.want(asked, weight_g)
    return _kept(body)


@bp.get("/offers")
@allow(Rule.PUBLIC)
@at_most("300/minute", "GET")
def offers() -> ResponseReturnValue:
    """Every carrier that goes to a place: by when, for how much."""
    moment = now().replace(second=0, microsecond=0) if not request.args.get("handed_over_at") else now()
    shelf, weight_g = _shelf(), estimates.weight(request.args)
    book = shelf.book(now())
    asked = estimates.offers_question(book, request.args, moment)
    body = checkout.offers(book, asked, weight_g)
    shelf.want(asked, weight_g)
    return _kept(body)


@bp.get("/pickup-points")
@allow(Rule.PUBLIC)
@at_most("300/minute", "GET")
def pickup_points() -> ResponseReturnValue:
    """The pick-up points of a place, of one carrier or of all."""
    book = _shelf().book(now())
    place, near = estimates.settlement(book, request.args), estimates.near(request.args)
    carrier = request.args.get("carrier", "").strip().lower()
    return _kept(checkout.pickup_points(place, book.offers.points_in(place.id, carrier, near)))


def _shelf() -> Shelf:
    shelf: Shelf = current_app.extensions["estimates"]
    return shelf


def _kept(body: dict[str, Any]) -> ResponseReturnValue:
    """An answer that whoever asks may keep for a while."""
    response = jsonify(body)
    response.cache_control.public = True
    response.cache_control.max_age = CACHED if request.args.get("handed_over_at") else CACHED_NOW
    response.add_etag()
    return response.make_conditional(request)


@bp.errorhandler(estimates.BadQuestion)
def _not_understood(bad: estimates.BadQuestion) -> ResponseReturnValue:
    return problem(bad.code, bad.words, bad.status, **bad.members)


@bp.errorhandler(NoLane)
def _no_lane(_error: NoLane) -> ResponseReturnValue:
    return problem("no_lane", _("В матрице нет такого направления."), 404)


@bp.errorhandler(UnknownDay)
def _no_calendar(_error: UnknownDay) -> ResponseReturnValue:
    return problem("not_bookable", _("До этих дней календарь ещё не утверждён, сроков нет."), 422)
