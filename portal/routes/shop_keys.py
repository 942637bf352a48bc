"""The keys of a shop's programs: make one, see it once, revoke it."""

from flask import Blueprint, abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from parcels.models import Shop
from portal import api_keys
from portal.access import Rule, allow
from portal.api_keys import TooManyKeys
from portal.extensions import now
from portal.transaction import reading, transaction

bp = Blueprint("shop_keys", __name__, url_prefix="/shop/keys")
NAME_LENGTH = 80


@bp.get("")
@allow(Rule.SHOP)
def listed() -> ResponseReturnValue:
    """The keys that open something, and the form for one more."""
    return _page()


@bp.post("")
@allow(Rule.SHOP)
def make() -> ResponseReturnValue:
    """Make a key and show it, this once."""
    name = request.form.get("name", "").strip()[:NAME_LENGTH]
    if not name:
        return _page(problem="no_name"), 422
    try:
        with transaction() as session:
            made = api_keys.make(session, _shop_id(), name, current_user.name, now())
    except TooManyKeys:
        return _page(problem="too_many"), 409
    return _page(made=made), 201


@bp.post("/<int:key_id>/revoke")
@allow(Rule.SHOP)
def revoke(key_id: int) -> ResponseReturnValue:
    """Let a key open nothing any more; pressed twice it does no harm."""
    with transaction() as session:
        api_keys.revoke(session, _shop_id(), key_id, now())
    return redirect(url_for("shop_keys.listed"), 303)


def _shop_id() -> int:
    return int(current_user.shop_id or abort(403))


def _page(made: str = "", problem: str = "") -> str:
    with reading() as session:
        shop, keys = session.get_one(Shop, _shop_id()), api_keys.of_shop(session, _shop_id())
        return render_template("pages/shop_keys.html", shop=shop, keys=keys, made=made, problem=problem)
