"""The shop's entrance: begin to track an order by its number and a phone, and see the newest ones."""

from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user
from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from parcels.models import Parcel, Shop
from portal import intake, notices, numbers
from portal.access import Rule, allow
from portal.extensions import now
from portal.transaction import reading, transaction
from scheduling import hanging
from scheduling.calendars import local_date
from sms.models import Message

bp = Blueprint("shop", __name__)
NEWEST = 50


@bp.context_processor
def words() -> dict[str, Any]:
    """The words that the shop's templates look up by value."""
    return {"notices": notices}


@bp.get("/shop")
@allow(Rule.SHOP)
def cabinet() -> ResponseReturnValue:
    """The form of two fields and the newest parcels."""
    with reading() as session:
        return render_template("pages/shop.html", **_newest(session))


@bp.post("/shop/track")
@allow(Rule.SHOP)
def track() -> ResponseReturnValue:
    """Begin to track an order, or give it another phone."""
    number, phone, moment = request.form.get("number", ""), request.form.get("phone", ""), now()
    try:
        with transaction() as session:
            parcel = intake.start_tracking(session, _shop_id(), number, phone, moment)
            owed = select(Message.id).where(Message.parcel_id == parcel.id, Message.created_at == moment)
            is_sent = session.scalar(owed.limit(1)) is not None
            started = {"number": parcel.order_number, "phone": parcel.phone, "is_sent": is_sent}
    except intake.BadOrder as problem:
        with reading() as session:
            page = _newest(session) | {"problem": problem, "number": number, "phone": phone}
            return render_template("pages/shop.html", **page), 422
    flash(started)  # type: ignore[arg-type]  # a session holds any JSON
    return redirect(url_for("shop.cabinet"), 303)


def _shop_id() -> int:
    """The shop of the person who asks; somebody without one has nothing to see here."""
    return int(current_user.shop_id or abort(403))


def _newest(session: Session) -> dict[str, Any]:
    shop_id = _shop_id()
    query = select(Parcel).where(Parcel.shop_id == shop_id).options(joinedload(Parcel.settlement))
    parcels = session.scalars(query.order_by(Parcel.id.desc()).limit(NEWEST)).all()
    shop = session.get_one(Shop, shop_id, options=[joinedload(Shop.origin)])
    since = {id_: local_date(at, shop.origin.zone) for id_, at in hanging.of(session, parcels).items()}
    return {"shop": shop, "parcels": parcels, "hanging": since, "tracks": numbers.of(session, parcels)}
