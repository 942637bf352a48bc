"""Cash on delivery that our warehouses hold: seen by shop, and handed over to the shop with a payment's number."""

from datetime import date, timedelta
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from parcels import money
from parcels.money import Changed, Payment
from portal import money_page, notices_staff
from portal.access import Rule, allow
from portal.extensions import now
from portal.formats import counted
from portal.languages import _, language
from portal.notices import Notice
from portal.transaction import reading, transaction

bp = Blueprint("money", __name__, url_prefix="/money")
NUMBER_LENGTH = 40
AHEAD = timedelta(days=1)  # in the east of Russia the day begins before ours, which is that of UTC


@bp.context_processor
def words() -> dict[str, Any]:
    """What the templates look up by value."""
    return {"notices_staff": notices_staff}


@bp.get("")
@allow(Rule.OFFICE)
def tills() -> ResponseReturnValue:
    """What lies in our tills, by shop and currency."""
    return _page()


@bp.post("")
@allow(Rule.OFFICE)
def pay_out() -> ResponseReturnValue:
    """Hand the ticked money over to its shop: all of it in one payment, or nothing."""
    payment, keys = _payment(), request.form.getlist("cash")
    if payment is None or not keys:
        return _page(notices_staff.payment_unclear()), 422
    try:
        with transaction() as session:
            paid = money.pay_out(session, keys, payment, now())
    except Changed:
        return _page(notices_staff.money_gone()), 409
    orders = counted(len(paid), (_("заказ"), _("заказа"), _("заказов")), language())
    flash(_("Записано: передано магазину, {orders}. Письмо со списком уходит.", orders=orders))
    return redirect(url_for("money.tills"), 303)


def _payment() -> Payment | None:
    """The payment of the form; None when its number is missing, or its day is none or has not come anywhere yet."""
    number = " ".join(request.form.get("number", "").split())[:NUMBER_LENGTH]
    try:
        day = date.fromisoformat(request.form.get("day", ""))
    except ValueError:
        return None
    is_paid = day <= now().date() + AHEAD
    return Payment(number, day, f"operator:{current_user.id}", current_user.name) if number and is_paid else None


def _page(notice: Notice | None = None) -> str:
    with reading() as session:
        found = money_page.tills(session)
        typed = request.form if notice is not None else {}
        today = now().date().isoformat()
        return render_template("pages/money.html", tills=found, notice=notice, typed=typed, today=today)
