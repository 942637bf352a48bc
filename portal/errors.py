"""From an error of the domain to a page that says what happened, what it means and what to do now."""

import logging

from flask import Flask, current_app, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import DataError, OperationalError
from werkzeug.exceptions import BadRequest, HTTPException

from portal import links, notices, notices_staff, refusals, ways
from portal.access import SignedOut
from portal.courier_day import NoZone
from portal.htmx import wants_fragment
from portal.languages import _, language
from portal.links import BadLink, EndedLink
from portal.notices import Notice
from portal.problems import problem
from scheduling.policy import Refusal

log = logging.getLogger("vekha.errors")


def bad_link(error: BadLink) -> ResponseReturnValue:
    """Broken, foreign and revoked links look the same from outside.

    A full stop or a bracket that a phone took for a part of the link is left out first.
    """
    typed = (request.view_args or {}).get("token", "")
    bare = "".join(letter for letter in typed if letter in links.ALPHABET)
    if bare != typed and bare and request.method in ("GET", "HEAD"):
        return redirect(url_for(str(request.endpoint), token=bare), 302)
    return _link_page(notices.bad_link(), 404, is_ended=False)


def ended_link(error: EndedLink) -> ResponseReturnValue:
    """A link that has come to its end says why, and what can be sent for."""
    return _link_page(notices.ended_link(error.ended_as), 410, is_ended=True)


def _link_page(notice: Notice, code: int, is_ended: bool) -> ResponseReturnValue:
    """The page of a link that opens nothing, on which another can be sent for."""
    if wants_fragment():
        return _page(notice, code)
    return render_template("errors/link.html", notice=notice, is_ended=is_ended), code


def refused(error: Refusal) -> ResponseReturnValue:
    """A refusal that its page did not catch."""
    return _page(refusals.refusal(error, language()), 409)


def no_zone(_error: NoZone) -> ResponseReturnValue:
    """A courier without a district has no round."""
    return _page(notices_staff.no_zone(), 409)


def signed_out(_error: SignedOut) -> ResponseReturnValue:
    """A block cannot be replaced by the page where one signs in."""
    return _page(notices.signed_out(), 401)


def out_of_date(_error: CSRFError) -> ResponseReturnValue:
    """A form of staff whose session is not ours or over; the recipient's forms carry a seal and come by another way."""
    return _page(notices.expired_desk(), 400)


def database_down(error: OperationalError) -> ResponseReturnValue:
    """The ladder down ends at people: a page with the phone."""
    log.error("database: %s", type(error.orig).__name__)
    if request.path.startswith("/api/"):
        return problem("http_503", notices.our_fault().happened, 503)
    return _page(notices.our_fault(), 503)


def not_to_be_kept(error: DataError | OverflowError) -> ResponseReturnValue:
    """A number or a sign that no database takes was not typed on a page of ours."""
    log.warning("%s: %s", request.endpoint, type(error).__name__)
    return http(BadRequest())


def http(error: HTTPException) -> ResponseReturnValue:
    """Everything that HTTP has a number for."""
    code = error.code or 500
    if code == 304 or error.response is not None:
        return error
    if code in (404, 405) and (page := ways.instead()) is not None:
        return redirect(page, 302)
    wait = getattr(error, "retry_after", None)
    patience = {"Retry-After": str(wait)} if wait else {}
    if request.path.startswith("/api/"):
        words = notices.of_status(code).happened
        return problem(f"http_{code}", words, code, headers=dict(error.get_headers()) | patience)
    return *_page(notices.of_status(code), code), patience


def _page(notice: Notice, code: int) -> tuple[str, int]:
    """The words of an error: to a block of a page alone, to everybody else with a way back."""
    if wants_fragment():
        g.is_notice = True
        return render_template("fragments/problem.html", notice=notice), code
    title = _("Что-то пошло не так") if code >= 500 else notice.happened
    back = ways.above(request.path) if request.method == "POST" else None
    phone = current_app.config["SUPPORT_PHONE"]
    return render_template("errors/notice.html", notice=notice, title=title, phone=phone, back=back), code


def init(app: Flask) -> None:
    """Bind the pages to an app."""
    app.register_error_handler(BadLink, bad_link)
    app.register_error_handler(EndedLink, ended_link)
    app.register_error_handler(Refusal, refused)
    app.register_error_handler(NoZone, no_zone)
    app.register_error_handler(SignedOut, signed_out)
    app.register_error_handler(CSRFError, out_of_date)
    app.register_error_handler(OperationalError, database_down)
    app.register_error_handler(DataError, not_to_be_kept)
    app.register_error_handler(OverflowError, not_to_be_kept)
    app.register_error_handler(HTTPException, http)
