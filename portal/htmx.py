"""htmx, wrapped: whether to answer with a fragment or a page, and the headers that tell the two apart.

Every answer to htmx says in `Vekha-Answer` what it is: `part` to be put into the page, or `notice`, words about why
there is none. What says neither comes from somebody between us and the browser; `static/portal.js` shows none of it.
"""

from typing import cast

from flask import Flask, Response, g
from flask import request as flask_request
from htmx_flask import Htmx
from htmx_flask.requests import HtmxAwareRequest

htmx = Htmx()
request = cast(HtmxAwareRequest, flask_request)


def wants_fragment() -> bool:
    """Does this request come from a block of a page, and not from somebody who needs the whole of it?"""
    return bool(request.htmx) and not request.htmx.history_restore_request and not request.htmx.boosted


def keep_apart(response: Response) -> Response:
    """After every request: page and fragment of one address never stand in for each other."""
    if response.mimetype == "text/html":
        response.headers.add("Vary", "HX-Request, Accept-Encoding")
    if wants_fragment():
        response.headers["Cache-Control"] = "no-store"
        response.headers["Vekha-Answer"] = "notice" if g.get("is_notice") else "part"
    return response


def init(app: Flask) -> None:
    """Bind htmx to an app; it replaces the app's request class by one that knows its headers."""
    htmx.init_app(app)
    app.after_request(keep_apart)
