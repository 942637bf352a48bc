"""Photos at the door: the courier adds them, the office sees them, nobody else does."""

from flask import Blueprint, Response, abort, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from parcels import journal
from parcels.journal import UnknownParcel
from portal import courier_day, round_words
from portal.access import Rule, allow
from portal.extensions import now
from portal.languages import _
from portal.transaction import reading, transaction
from scheduling import photos, rounds
from scheduling.models import Zone
from scheduling.photo_models import DoorPhoto
from scheduling.photos import BadPhoto
from scheduling.policy import Refusal

bp = Blueprint("photos", __name__)


@bp.post("/round/<int:parcel_id>/photo")
@allow(Rule.COURIER)
def add(parcel_id: int) -> ResponseReturnValue:
    """A photo of a parcel that has just been handed over; what is none is refused with a sentence."""
    moment, sent = now(), request.files.get("photo")
    body = sent.read(photos.LARGEST + 1) if sent is not None else b""
    try:
        with transaction() as session:
            zone = session.get(Zone, current_user.zone_id or 0) or abort(409)
            day = courier_day.day_of(request.form, zone.timezone, moment)
            one = rounds.round_of(session, current_user.id, day, lock=True) or abort(409)
            photos.attach(session, one, journal.lock(session, parcel_id), body, current_user.name, moment)
        flash(_("Фото сохранено."))
    except (UnknownParcel, Refusal):
        abort(409)
    except BadPhoto as problem:
        flash(round_words.bad_photo(problem.reason), "problem")
    return redirect(url_for("rounds.stop", parcel_id=parcel_id, day=day.isoformat()), 303)


@bp.get("/orders/<int:parcel_id>/photos/<int:photo_id>")
@allow(Rule.OPERATOR)
def show(parcel_id: int, photo_id: int) -> ResponseReturnValue:
    """One photo, for those who settle what has been handed over."""
    with reading() as session:
        photo = session.get(DoorPhoto, photo_id)
        if photo is None or photo.parcel_id != parcel_id:
            abort(404)
        return Response(photo.body, mimetype=photo.kind, headers={"Content-Disposition": "inline"})
