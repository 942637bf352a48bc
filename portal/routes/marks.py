"""The courier's page as an app that works without a network: its marks, its worker and its manifest."""

import json
from pathlib import Path
from typing import Any

from flask import Blueprint, Response, abort, current_app, jsonify, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from portal import courier_day, phone_marks
from portal.access import Rule, allow
from portal.extensions import now
from portal.languages import _
from portal.phone_marks import BadMarks
from portal.transaction import reading
from scheduling import photos

bp = Blueprint("marks", __name__, url_prefix="/round")
LARGEST = 256 * 1024
WORKER = {"Service-Worker-Allowed": "/round", "Cache-Control": "no-cache"}


@bp.post("/marks")
@allow(Rule.COURIER, body=LARGEST)
def take() -> ResponseReturnValue:
    """Marks that waited in the phone, in order. Each gets its own answer; what has none is sent again."""
    return _answers(_read(request.get_data()))


@bp.post("/photos")
@allow(Rule.COURIER, body=photos.LARGEST + LARGEST)
def take_photo() -> ResponseReturnValue:
    """A photo that waited in the phone: `told` is its mark, as `/round/marks` has it, `photo` the file."""
    sent = request.files.get("photo")
    body = sent.read(photos.LARGEST + 1) if sent is not None else b""
    return _answers(_read(request.form.get("told", "")), body)


def _read(said: str | bytes) -> Any:
    """JSON of a phone; what is none, or nested without end, is not looked at."""
    try:
        return json.loads(said)
    except (ValueError, RecursionError):
        abort(422)


def _answers(sent: Any, photo: bytes = b"") -> ResponseReturnValue:
    moment = now()
    try:
        by, marks = phone_marks.read(sent, moment, photo)
    except BadMarks:
        abort(422)
    if by != str(current_user.id):  # another courier signed in on this phone: his marks are not this one's
        abort(409)
    with reading() as session:
        zone = courier_day.zone_of(session, current_user)
    return jsonify(results=[phone_marks.take(current_user, zone.timezone, mark, moment) for mark in marks])


@bp.get("/worker.js")
@allow(Rule.PUBLIC)
def worker() -> Response:
    """The service worker, from an address above the pages that it serves."""
    script = Path(str(current_app.static_folder), "round-worker.js").read_bytes()
    return Response(script, headers=WORKER, mimetype="text/javascript")


@bp.get("/app.webmanifest")
@allow(Rule.PUBLIC)
def manifest() -> Response:
    """What a phone needs to keep the page as an app."""
    icon = {"src": current_app.jinja_env.globals["asset"]["icon.svg"], "sizes": "any", "type": "image/svg+xml"}  # type: ignore[index]
    app = jsonify(
        name=_("Веха: рейс курьера"),
        short_name=_("Рейс"),
        start_url=url_for("rounds.today"),
        scope="/round",
        display="standalone",
        background_color="#ffffff",
        theme_color="#ffffff",
        icons=[icon],
    )
    app.mimetype = "application/manifest+json"
    return app
