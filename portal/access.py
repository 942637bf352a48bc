"""Who may see and do what. Every route says its rule; a route without one is closed to everybody."""

from collections.abc import Callable
from enum import StrEnum
from typing import TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error
from flask import Flask, Response, abort, current_app, g, redirect, request, url_for
from flask_login import UserMixin, current_user
from sqlalchemy import select
from werkzeug.datastructures import WWWAuthenticate
from werkzeug.exceptions import Unauthorized

from parcels.models import Staff
from portal import api_keys
from portal.extensions import login
from portal.htmx import wants_fragment
from portal.transaction import reading


class SignedOut(Exception):
    """A block of a page asks for more, and whoever opened the page has signed out since."""


View = TypeVar("View", bound=Callable[..., object])
_hasher = PasswordHasher()


class Rule(StrEnum):
    """What opens a route: nothing at all, the token in its path, a key of a shop's program, or a role."""

    PUBLIC = "public"
    LINK = "link"
    SIGNATURE = "signature"
    KEY = "key"
    OPERATOR = "operator"
    COURIER = "courier"
    SHOP = "shop"
    MANAGER = "manager"
    WAREHOUSE = "warehouse"
    OFFICE = "office"
    STAFF = "staff"
    CASHIER = "cashier"
    TILLS = "tills"
    HAND_INS = "hand_ins"


#: Who may enter by a rule that is not the name of one role.
ROLES: dict[Rule, tuple[str, ...]] = {
    Rule.OFFICE: ("operator", "manager"),
    Rule.STAFF: ("operator", "courier", "shop", "manager", "warehouse"),
    Rule.CASHIER: (),
    Rule.TILLS: ("manager",),
    Rule.HAND_INS: ("operator", "manager", "warehouse"),
}
#: What the right of a cashier opens, to anybody of ours who has it. No role has it by itself.
_TO_CASHIERS = frozenset({Rule.CASHIER, Rule.TILLS, Rule.HAND_INS})
MAY_BE_CASHIER = frozenset({"operator", "manager", "warehouse"})


class User(UserMixin):
    """Somebody who has signed in."""

    def __init__(self, staff: Staff):
        self.id = staff.id
        self.name = staff.name
        self.role = staff.role
        self.shop_id = staff.shop_id
        self.zone_id = staff.zone_id
        self.warehouse_id = staff.warehouse_id
        self.phone = staff.phone
        self.is_cashier = staff.is_cashier and staff.role in MAY_BE_CASHIER


#: The most bytes of a body that a view reads unless it says otherwise: a stranger's form is small, and so is a
#: program's order; a page of staff may have hundreds of rows to tick.
BODY_OF_STRANGERS, BODY_OF_PROGRAMS, BODY_OF_STAFF = 16 * 1024, 64 * 1024, 256 * 1024
#: However large a file may be, the typed fields beside it stay in memory.
LARGEST_FIELDS = 512 * 1024


def allow(rule: Rule, body: int | None = None) -> Callable[[View], View]:
    """Mark a view with its rule, and with the most bytes of a body that it reads where that is not the usual."""

    def mark(view: View) -> View:
        view.__dict__["access_rule"] = rule
        view.__dict__["body_limit"] = body or _usual_body(rule)
        return view

    return mark


def _usual_body(rule: Rule) -> int:
    if rule in (Rule.PUBLIC, Rule.LINK, Rule.SIGNATURE):
        return BODY_OF_STRANGERS
    return BODY_OF_PROGRAMS if rule is Rule.KEY else BODY_OF_STAFF


def limit_body() -> None:
    """Before anybody reads the body: a larger one than its route expects is refused with 413, and is not read."""
    view = current_app.view_functions.get(request.endpoint or "")
    limit = getattr(view, "body_limit", BODY_OF_STRANGERS)
    request.max_content_length = limit
    request.max_form_memory_size = min(limit, LARGEST_FIELDS)


def rule_of(endpoint: str | None) -> Rule | None:
    """The rule of an endpoint; None for one that has none, which nobody may enter."""
    view = current_app.view_functions.get(endpoint or "")
    if endpoint == "static":
        return Rule.PUBLIC
    return getattr(view, "access_rule", None)


def guard() -> Response | None:
    """Before every request: let pass only what the route's rule opens."""
    if request.endpoint is None:
        return None
    rule = rule_of(request.endpoint)
    if rule is Rule.KEY:
        _let_in_by_key()
        return None
    if rule is None or (rule is not Rule.SIGNATURE and _comes_from_elsewhere()):
        abort(403)
    if rule in (Rule.PUBLIC, Rule.LINK, Rule.SIGNATURE):
        return None
    if not current_user.is_authenticated:
        if wants_fragment():
            raise SignedOut
        wanted = request.full_path if request.method == "GET" else None
        return redirect(url_for("account.sign_in", next=wanted), 303)  # type: ignore[return-value]
    if not _is_let_in(rule):
        abort(403)
    return None


def _is_let_in(rule: Rule) -> bool:
    """Does the role of whoever has signed in open a route, or his right of a cashier?"""
    if rule in _TO_CASHIERS and current_user.is_cashier:
        return True
    return current_user.role in ROLES.get(rule, (rule.value,))


def _let_in_by_key() -> None:
    """Find out whose key a program brings; without one it stays outside. A browser never sends it by itself."""
    offered = request.authorization
    with reading() as session:
        known = offered is not None and offered.type == "bearer" and api_keys.holder(session, offered.token or "")
    if not known:
        raise Unauthorized(www_authenticate=WWWAuthenticate("bearer"))
    g.caller = known


def _comes_from_elsewhere() -> bool:
    """Is this a change asked for by a page that is not ours?

    Our pages send no referrer, and then browsers say `Origin: null` even to ourselves; that alone proves nothing.
    """
    if request.method in ("GET", "HEAD", "OPTIONS"):
        return False
    site, origin = request.headers.get("Sec-Fetch-Site"), request.headers.get("Origin")
    if site not in (None, "same-origin", "none"):
        return True
    own = (request.host_url.rstrip("/"), current_app.config["PUBLIC_BASE_URL"])
    return origin not in (None, "null", *own)


def hash_password(password: str) -> str:
    """The argon2 hash to keep of a password."""
    return _hasher.hash(password)


def check_password(username: str, password: str) -> User | None:
    """The member of staff with this login and password; takes as long for an unknown login as for a known one."""
    with reading() as session:
        staff = session.scalar(select(Staff).where(Staff.login == username, Staff.is_active))
    known = staff.password_hash if staff else _NOBODY
    try:
        _hasher.verify(known, password)
    except Argon2Error:
        return None
    return User(staff) if staff else None


_NOBODY = _hasher.hash("nobody has this password")


@login.user_loader
def _load(user_id: str) -> User | None:
    with reading() as session:
        staff = session.get(Staff, int(user_id))
    return User(staff) if staff and staff.is_active else None


def init(app: Flask) -> None:
    """Put the guard before every request of an app."""
    app.before_request(guard)


def init_bodies(app: Flask) -> None:
    """Limit bodies; bound before whatever reads forms, and that is the check of forms' tokens."""
    app.before_request(limit_body)
