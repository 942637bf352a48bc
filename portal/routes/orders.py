"""The operator's entrance to any order: find it by its number, see what is agreed, take that back."""

from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user
from sqlalchemy import select
from sqlalchemy.orm import Session

from parcels import journal
from parcels.journal import StaleVersion
from parcels.models import Parcel
from parcels.numbers import parcel_id_in
from portal import notices, notices_staff, refusals
from portal.access import Rule, allow
from portal.extensions import now
from portal.informing_words import occasion_words
from portal.languages import _, language
from portal.notices import Notice
from portal.transaction import reading, transaction
from scheduling import booking, photos, taking_back
from scheduling.booking import Asker
from scheduling.policy import Refusal
from scheduling.taking_back import Cause

bp = Blueprint("orders", __name__, url_prefix="/orders")
SHOWN = 20
NOTE_LENGTH = 200


@bp.context_processor
def words() -> dict[str, Any]:
    """What the templates look up by value."""
    return {"notices": notices, "notices_staff": notices_staff, "occasion_words": occasion_words, "causes": list(Cause)}


@bp.get("")
@allow(Rule.OPERATOR)
def find() -> ResponseReturnValue:
    """Orders with a number, the shop's own or ours; a single one is opened at once."""
    number = request.args.get("number", "").strip()
    with reading() as session:
        found = _found(session, number)
        if len(found) == 1:
            return redirect(url_for("orders.show", parcel_id=found[0].id), 303)
        return render_template("pages/orders.html", number=number, found=found)


@bp.get("/<int:parcel_id>")
@allow(Rule.OPERATOR)
def show(parcel_id: int) -> ResponseReturnValue:
    """One order, and what is agreed for it."""
    return _sheet(parcel_id)


@bp.post("/<int:parcel_id>/withdraw")
@allow(Rule.OPERATOR)
def withdraw(parcel_id: int) -> ResponseReturnValue:
    """Take back what is agreed, with a reason; then call, or let the recipient choose by link."""
    cause, by_phone = request.form.get("cause", ""), request.form.get("then") == "call"
    note = request.form.get("note", "").strip()[:NOTE_LENGTH]
    if cause not in set(Cause):
        abort(400)
    asker = Asker(f"operator:{current_user.id}", request.form.get("version", default=-1, type=int))
    try:
        with transaction() as session:
            parcel = journal.lock(session, parcel_id)
            taking_back.take_back(session, parcel, Cause(cause), note, asker, now(), by_phone=by_phone)
    except Refusal as problem:
        return _sheet(parcel_id, refusals.refusal(problem, language())), 409
    except StaleVersion:
        return _sheet(parcel_id, notices_staff.stale()), 409
    flash(_("Сняли. Заказ в очереди звонков.") if by_phone else _("Сняли. Получатель может выбрать новое время."))
    return redirect(url_for("orders.show", parcel_id=parcel_id), 303)


def _found(session: Session, number: str) -> list[Parcel]:
    own = parcel_id_in(number)
    which = Parcel.id == own if own is not None else Parcel.order_number == number
    return list(session.scalars(select(Parcel).where(which).order_by(Parcel.id.desc()).limit(SHOWN))) if number else []


def _sheet(parcel_id: int, notice: Notice | None = None) -> str:
    with reading() as session:
        parcel = session.get(Parcel, parcel_id) or abort(404)
        held = booking.active_booking(session, parcel.id)
        slot = held.slot if held else None
        taken = photos.of_parcel(session, parcel.id)
        return render_template("pages/order.html", parcel=parcel, held=held, slot=slot, notice=notice, photos=taken)
