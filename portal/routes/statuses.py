"""Statuses of carriers that nobody understands: the manager sees each once, and says that he has seen to it."""

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from carriers import unknown_codes
from carriers.registry import CARRIERS
from portal.access import Rule, allow
from portal.extensions import now
from portal.transaction import reading, transaction

bp = Blueprint("statuses", __name__, url_prefix="/manage/statuses")


@bp.get("")
@allow(Rule.MANAGER)
def listed() -> ResponseReturnValue:
    """What nobody has seen to, the oldest first."""
    with reading() as session:
        found = unknown_codes.open_codes(session)
        names = {code: carrier.name for code, carrier in CARRIERS.items()}
        return render_template("pages/statuses.html", found=found, names=names)


@bp.post("/settle")
@allow(Rule.MANAGER)
def settle() -> ResponseReturnValue:
    """Take one off the list; pressed twice it does no harm."""
    with transaction() as session:
        carrier, code = request.form.get("carrier", ""), request.form.get("code", "")
        unknown_codes.settle(session, carrier, code, current_user.name, now())
    return redirect(url_for("statuses.listed"), 303)
