"""«Это ваше сообщение?»: anybody may have a message compared with what was sent. Changes nothing."""

from typing import Any

from flask import Blueprint, current_app, render_template, request
from flask.typing import ResponseReturnValue

from portal.access import Rule, allow
from portal.extensions import csrf
from portal.limits import at_most
from portal.order_rows import BadPhone, normal_phone
from portal.transaction import reading
from sms import genuine

bp = Blueprint("check", __name__)
csrf.exempt(bp)  # it only answers; a phone in an address would stay in logs, hence POST
LONGEST = 1_000


@bp.get("/check")
@allow(Rule.PUBLIC)
def form() -> ResponseReturnValue:
    """Ask for the message."""
    return _page()


@bp.post("/check")
@allow(Rule.PUBLIC)
@at_most("10/minute")
def answer() -> ResponseReturnValue:
    """Say whether it is ours, and when it was sent; otherwise what gives it away."""
    text, sender = request.form.get("text", "")[:LONGEST], request.form.get("sender", "")[:40]
    try:
        phone = normal_phone(request.form.get("phone", ""))
    except BadPhone:
        return _page(is_bad_phone=True), 422
    if not text.strip():
        return _page(is_empty=True), 422
    host = current_app.config["LINK_BASE"].split("/")[0]
    with reading() as session:
        return _page(verdict=genuine.judge(session, phone, sender, text, host))


def _page(**found: Any) -> str:
    return render_template("pages/check.html", form=request.form, **found)
