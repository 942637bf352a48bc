"""The recipient's page: looking only. A GET changes nothing, however often and by whomever it is fetched."""

from datetime import date

from flask import Blueprint, Response, render_template, request
from flask.typing import ResponseReturnValue

from portal import calendar_file, tracking
from portal.access import Rule, allow
from portal.extensions import now
from portal.tracking_picker import Wish

bp = Blueprint("tracking", __name__)


@bp.get("/t/<token>")
@allow(Rule.LINK)
def page(token: str) -> ResponseReturnValue:
    """The page as it is now."""
    return tracking.respond(token, now())


@bp.get("/t/<token>/slot")
@allow(Rule.LINK)
def choose(token: str) -> ResponseReturnValue:
    """The page with the picker open, from the day `from` on."""
    try:
        start = date.fromisoformat(request.args.get("from", ""))
    except ValueError:
        start = None
    return tracking.respond(token, now(), Wish(change=True, start=start))


@bp.get("/t/<token>/delivery.ics")
@allow(Rule.LINK)
def calendar(token: str) -> ResponseReturnValue:
    """The agreed slot as an entry for the recipient's own calendar."""
    text = render_template("calendar.ics", escaped=calendar_file.escaped, **tracking.calendar_entry(token, now()))
    return Response(calendar_file.folded(text), mimetype="text/calendar")
