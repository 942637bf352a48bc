"""The public API for shops: what a parcel would be promised, asked at checkout."""

from flask import Blueprint, current_app, jsonify, request
from flask.typing import ResponseReturnValue

from portal import estimates
from portal.access import Rule, allow
from portal.extensions import now
from portal.languages import _
from portal.limits import at_most
from portal.problems import problem
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
    book = current_app.extensions["estimates"].book(now())
    try:
        asked = estimates.question(book, request.args, moment)
        body = estimates.answer(book, asked, estimate(book.memory, asked))
    except estimates.BadQuestion as bad:
        return problem(bad.code, bad.words, bad.status, **bad.members)
    except NoLane:
        return problem("no_lane", _("В матрице нет такого направления."), 404)
    except UnknownDay:
        return problem("not_bookable", _("До этих дней календарь ещё не утверждён, сроков нет."), 422)
    response = jsonify(body)
    response.cache_control.public = True
    response.cache_control.max_age = CACHED if request.args.get("handed_over_at") else CACHED_NOW
    response.add_etag()
    return response.make_conditional(request)
