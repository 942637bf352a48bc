"""Where an address leads at which no page stands: a form's that a browser asks for again, one with a slash too many."""

from typing import Any

from flask import current_app, request, url_for
from werkzeug.exceptions import HTTPException
from werkzeug.routing import MapAdapter, RequestRedirect

from portal.access import Rule, rule_of

#: What a form's address says by its path, and the page above it by its query.
BY_QUERY = {"zone_id": "zone"}
_OF_PROGRAMS = (None, Rule.KEY, Rule.SIGNATURE)


def instead() -> str | None:
    """The page for somebody who asks for an address at which none stands, if there is one."""
    if request.method not in ("GET", "HEAD") or request.endpoint is not None:
        return None  # a page stands there, and it has said itself that what was asked for does not exist
    path = request.path
    bare = path.rstrip("/")
    if bare != path:
        return bare if _page_at(_addresses(), bare) else None
    return above(path)


def above(path: str) -> str | None:
    """The page that the form of an address stands on: the nearest one at or above it; None for programs' addresses."""
    addresses = _addresses()
    form = _found(addresses, path, "POST")
    if form is None or rule_of(form[0]) in _OF_PROGRAMS:
        return None
    while path:
        page = _page_at(addresses, path)
        if page is not None:
            said = {name: form[1][given] for given, name in BY_QUERY.items() if given in form[1]}
            return url_for(page[0], **page[1], **said)
        path = path.rpartition("/")[0]
    return url_for("account.home")


def _addresses() -> MapAdapter:
    addresses = current_app.create_url_adapter(request)
    if addresses is None:
        raise RuntimeError("Every request has an address.")
    return addresses


def _page_at(addresses: MapAdapter, path: str) -> tuple[str, dict[str, Any]] | None:
    page = _found(addresses, path, "GET")
    return page if page is not None and rule_of(page[0]) not in _OF_PROGRAMS else None


def _found(addresses: MapAdapter, path: str, method: str) -> tuple[str, dict[str, Any]] | None:
    """The endpoint at a path and what it is given."""
    try:
        endpoint, given = addresses.match(path, method=method)
    except (HTTPException, RequestRedirect):
        return None
    return endpoint, dict(given)
