"""Photos at the door: the courier adds them, the office sees them, nobody else does."""

from flask import Blueprint, Response, abort, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from parcels.journal import UnknownParcel
from portal import courier_day, round_words
from portal.access import BODY_OF_STAFF, Rule, allow
from portal.courier_day import Said
from portal.extensions import now
from portal.transaction import reading, transaction
from scheduling import photos
from scheduling.photo_models import DoorPhoto
from scheduling.photos import BadPhoto
from scheduling.policy import Refusal

bp = Blueprint("photos", __name__)


@bp.post("/round/<int:parcel_id>/photo")
@allow(Rule.COURIER, body=photos.LARGEST + BODY_OF_STAFF)
def add(parcel_id: int) -> ResponseReturnValue:
    """A photo of a parcel that has just been handed over; what is none is refused with a sentence."""
    moment, form, sent = now(), request.form.to_dict(), request.files.get("photo")
    body = sent.read(photos.LARGEST + 1) if sent is not None else b""
    try:
        with transaction() as session:
            zone = courier_day.zone_of(session, current_user).timezone
            said = Said("photo", form, parcel_id, photo=body)
            flash(courier_day.carry_out(session, current_user, zone, said, moment))
    except (UnknownParcel, Refusal):
        abort(409)
    except BadPhoto as problem:
        flash(round_words.bad_photo(problem.reason), "problem")
    return redirect(url_for("rounds.stop", parcel_id=parcel_id, day=courier_day.day_of(form, zone, moment)), 303)


@bp.get("/orders/<int:parcel_id>/photos/<int:photo_id>")
@allow(Rule.OPERATOR)
def show(parcel_id: int, photo_id: int) -> ResponseReturnValue:
    """One photo, for those who settle what has been handed over."""
    with reading() as session:
        photo = session.get(DoorPhoto, photo_id)
        if photo is None or photo.parcel_id != parcel_id:
            abort(404)
        return Response(photo.body, mimetype=photo.kind, headers={"Content-Disposition": "inline"})
