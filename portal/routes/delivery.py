"""What the recipient changes: a slot, a postponement, an undo. Every change is a POST with the seal of its page."""

from collections.abc import Callable
from datetime import datetime

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from parcels import journal
from parcels.journal import StaleVersion
from parcels.models import Parcel
from portal import link_requests, links, notices, refusals, tracking
from portal.access import Rule, allow
from portal.extensions import csrf, now
from portal.htmx import wants_fragment
from portal.languages import language, prefer
from portal.limits import at_most
from portal.order_rows import BadPhone, normal_phone
from portal.tracking_picker import Wish
from portal.transaction import Session, transaction
from scheduling import booking, choosing
from scheduling.booking import Asker
from scheduling.policy import Reason, Refusal

bp = Blueprint("delivery", __name__)
csrf.exempt(bp)  # its forms carry a seal of their own, which needs no cookie: see `links.seal`
Change = Callable[[Session, Parcel, Asker, datetime], object]


@bp.post("/t/<token>/slot")
@allow(Rule.LINK)
def choose(token: str) -> ResponseReturnValue:
    """Book the slot named by `slot`, e.g. `2026-11-26T14:00`."""

    def book(session: Session, parcel: Parcel, asker: Asker, at: datetime) -> None:
        booking.book(session, parcel, *choosing.slot_in(request.form.get("slot", "")), asker, at)

    return _change(token, book)


@bp.post("/t/<token>/postpone")
@allow(Rule.LINK)
def postpone(token: str) -> ResponseReturnValue:
    """Keep the parcel back until the day `until`."""

    def keep(session: Session, parcel: Parcel, asker: Asker, at: datetime) -> None:
        booking.postpone(session, parcel, choosing.day_in(request.form.get("until", "")), asker, at)

    return _change(token, keep)


@bp.post("/t/<token>/remind")
@allow(Rule.LINK)
def remind(token: str) -> ResponseReturnValue:
    """Choose nothing now, and be asked again on the day `on`."""

    def wait(session: Session, parcel: Parcel, asker: Asker, at: datetime) -> None:
        booking.remind(session, parcel, choosing.day_in(request.form.get("on", "")), asker, at)

    return _change(token, wait)


@bp.post("/t/<token>/undo")
@allow(Rule.LINK)
def undo(token: str) -> ResponseReturnValue:
    """Take the last choice back."""
    return _change(token, booking.undo)


def _change(token: str, change: Change) -> ResponseReturnValue:
    """Load, decide, commit; or show the page again with the reason and what can be done instead."""
    moment = now()
    try:
        with transaction() as session:
            parcel = links.open_link(session, token, moment)
            prefer(parcel.language)
            seen = links.version_sealed(parcel.id, request.form.get("seal", ""))
            if seen is None:
                return tracking.respond(token, moment, Wish(notice=notices.expired_form()), 400)
            change(session, journal.lock(session, parcel.id), Asker("recipient", seen), moment)
    except Refusal as error:
        return tracking.respond(token, moment, _answer_to(error), 409)
    except StaleVersion:
        return tracking.respond(token, moment, Wish(notice=notices.stale()), 409)
    if wants_fragment():
        return tracking.respond(token, moment)
    return redirect(url_for("tracking.page", token=token, _anchor="answer"), 303)


def _answer_to(error: Refusal) -> Wish:
    has_choice = error.reason not in (Reason.UNDO_OVER, Reason.NOTHING_TO_UNDO, Reason.UNDO_TAKEN)
    return Wish(change=has_choice, notice=refusals.refusal(error, language()), nearest=tuple(error.nearest))


@bp.post("/fresh")
@allow(Rule.PUBLIC)
@at_most("10/hour")
def fresh_link() -> ResponseReturnValue:
    """Send the open links of a phone to that phone. The answer is the same whether there are any or not."""
    try:
        phone = normal_phone(request.form.get("phone", ""))
    except BadPhone:
        return render_template("pages/home.html", is_bad_phone=True), 422
    with transaction() as session:
        link_requests.ask(session, phone, now())
    return render_template("pages/fresh_link.html")
