"""From a token to the recipient's page: read, check the link, build or take from the cache, answer."""

from datetime import UTC, date, datetime, time
from typing import Any

from flask import Response, abort, current_app, make_response, request

from parcels.stages import Kind, Stage
from portal import languages, links, page_cache, tracking_page, tracking_rows
from portal.htmx import wants_fragment
from portal.languages import language
from portal.links import BadLink, EndedLink
from portal.page_cache import PageCache
from portal.rendering import render
from portal.tracking_picker import Wish
from portal.transaction import looking
from scheduling.calendars import moment

LOOK = Wish()


def respond(token: str, now: datetime, wish: Wish = LOOK, status: int = 200) -> Response:
    """The page of a token, or its inner part when htmx asks; 304 when the visitor has it. Raises BadLink, EndedLink."""
    fragment = wants_fragment()
    pages: PageCache = current_app.extensions["pages"]
    packed, story, tag = None, None, ""
    with looking() as connection:
        head = _checked(tracking_rows.head_of(connection, links.parcel_id_of(token)), token, now)
        stamps = (head.version, head.link_epoch, head.free_slots, head.last_message, head.stated)
        key = (head.id, *stamps, language(), fragment)
        if wish is LOOK:
            tag = page_cache.tag_of(key, now)
            if _has_it_already(tag):
                return _tagged(make_response("", 304), tag)
            packed = pages.get(key, now)
        if packed is None:
            story = tracking_rows.story_of(connection, head)
    if story is not None:
        page = tracking_page.build(head, story, token, now, language(), wish)
        body = render("fragments/tracking.html" if fragment else "pages/tracking.html", p=page)
        if wish is not LOOK:
            return make_response(body, status)
        packed = page_cache.pack(body.encode())
        if page.fresh_until is not None:
            pages.put(key, packed, page.fresh_until)
    return _tagged(_unpacked_if_need_be(packed or b"", status), tag)


def _has_it_already(tag: str) -> bool:
    return request.method in ("GET", "HEAD") and request.if_none_match.contains_weak(tag)


def _tagged(response: Response, tag: str) -> Response:
    response.set_etag(tag, weak=True)
    return response


def _unpacked_if_need_be(packed: bytes, status: int) -> Response:
    """The page as it is kept, or plain for somebody who does not take gzip."""
    if page_cache.takes_gzip(request.headers.get("Accept-Encoding", "")):
        return Response(packed, status, {"Content-Encoding": "gzip"}, mimetype="text/html")
    return Response(page_cache.unpack(packed), status, mimetype="text/html")


def calendar_entry(token: str, now: datetime) -> dict[str, Any]:
    """What the calendar file says about the agreed slot. Raises BadLink, EndedLink; 404 when nothing is agreed."""
    with looking() as connection:
        head = _checked(tracking_rows.head_of(connection, links.parcel_id_of(token)), token, now)
        story = tracking_rows.story_of(connection, head)
    booked = next((f for f in reversed(story.facts) if f.kind is Kind.SLOT_BOOKED), None)
    if head.plan is not Stage.SCHEDULED or booked is None:
        abort(404)
    day = date.fromisoformat(booked.details["day"])
    hours = [moment(day, time.fromisoformat(booked.details[end]), head.city_zone) for end in ("starts", "ends")]
    return {"head": head, "starts": hours[0], "ends": hours[1], "stamp": booked.at.astimezone(UTC)}


def _checked(head: Any, token: str, now: datetime) -> Any:
    """The head of a genuine and open link."""
    if head is None or not links.is_genuine(token, head.id, head.link_epoch):
        raise BadLink
    if links.is_over(head.closed_at, now):
        raise EndedLink(head.stage)
    languages.prefer(head.language)
    return head
