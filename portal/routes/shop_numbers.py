"""The shop's page for numbers that a carrier gives out at hand-over: typed, scanned or uploaded, in pairs with ours."""

import tempfile
from pathlib import Path
from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user
from sqlalchemy.exc import IntegrityError

from carriers.registry import CARRIERS
from parcels.models import Shop
from portal import numbers, sheets
from portal.access import BODY_OF_STAFF, Rule, allow
from portal.extensions import now
from portal.matrix_words import bad_sheet
from portal.sheets import BadSheet
from portal.transaction import reading, transaction

bp = Blueprint("shop_numbers", __name__, url_prefix="/shop/numbers")


@bp.get("")
@allow(Rule.SHOP)
def listed() -> ResponseReturnValue:
    """The form."""
    return _page()


@bp.post("")
@allow(Rule.SHOP, body=sheets.MAX_FILE + BODY_OF_STAFF)
def take() -> ResponseReturnValue:
    """Take a list as a whole, or show what is wrong with each bad line."""
    carrier = request.form.get("carrier", "")
    try:
        text = _text()
    except BadSheet as unreadable:
        return _page(problem=bad_sheet(unreadable), chosen=carrier), 422
    if carrier not in CARRIERS or not text.strip():
        return _page(problem=numbers.no_numbers(), chosen=carrier), 422
    return _take(carrier, text)


def _take(carrier: str, text: str) -> ResponseReturnValue:
    try:
        with transaction() as session:
            count, news = numbers.take(session, _shop_id(), carrier, text, now())
    except numbers.BadNumbers as bad:
        return _page(troubles=bad.troubles, chosen=carrier, text=text), 422
    except IntegrityError:  # somebody else has just tied one of these numbers to an order
        return _page(problem=numbers.raced(), chosen=carrier, text=text), 409
    if not count:  # a heading alone
        return _page(problem=numbers.no_numbers(), chosen=carrier, text=text), 422
    flash({"count": count, "news": news, "carrier": CARRIERS[carrier].name})  # type: ignore[arg-type]  # any JSON
    return redirect(url_for("shop_numbers.listed"), 303)


def _text() -> str:
    """What was typed, else what is in the file; letters of old Windows are read, and Excel. Raises BadSheet."""
    typed, file = str(request.form.get("pairs", "")), request.files.get("file")
    content: bytes = b"" if typed.strip() or file is None else file.read()
    if content.startswith((sheets.XLSX, sheets.OLD_EXCEL)):
        with tempfile.NamedTemporaryFile(prefix="vekha-numbers-") as kept:
            kept.write(content)
            kept.flush()
            return sheets.written_out(Path(kept.name))
    text = typed if typed.strip() else sheets.text_of(content)
    return text.replace("\0", "")


def _shop_id() -> int:
    return int(current_user.shop_id or abort(403))


def _page(chosen: str = "", **shown: Any) -> str:
    with reading() as session:
        shop = session.get_one(Shop, _shop_id())
    carriers = sorted((carrier.name, code) for code, carrier in CARRIERS.items())
    return render_template(
        "pages/shop_numbers.html", shop=shop, carriers=carriers, chosen=chosen or shop.carrier, **shown
    )
