"""How a call ended, as the operator's form says it: the attempt, what was agreed, and when to call again."""

from collections.abc import Mapping
from datetime import date, datetime, time

from flask import abort
from sqlalchemy.orm import Session

from parcels import journal
from parcels.journal import NewFact
from parcels.models import Parcel
from parcels.stages import Kind
from portal.access import User
from scheduling import booking, calls, choosing
from scheduling.calendars import moment
from scheduling.calls import Outcome
from scheduling.models import Call
from scheduling.policy import Reason, Refusal

NOTE_LENGTH = 500


def settle(session: Session, call_id: int, form: Mapping[str, str], user: User, now: datetime) -> Parcel:
    """The attempt and everything that follows from it, in one transaction; the parcel is locked before its call.

    Raises: Refusal and StaleVersion, after which nothing may be kept; 400 and 404 for what no form of ours sends.
    """
    ended = _outcome(form)
    known = session.get(Call, call_id) or abort(404)
    parcel = journal.lock(session, known.parcel_id)
    call = calls.held_by(session, call_id, user.id, now)
    if ended is Outcome.AGREED:
        journal.insist_on(session, parcel, _seen(form))
    zone = parcel.zone
    wanted = _call_at(form, zone) if ended is Outcome.LATER else None
    note = form.get("note", "").strip()[:NOTE_LENGTH]
    calls.attempt(session, parcel, call, ended, user.name, zone, now, note, wanted)
    if ended is Outcome.AGREED:
        asker = booking.Asker(f"operator:{user.id}", seen=parcel.version)
        choosing.carry_out(session, parcel, form.get("slot", ""), asker, now)
    elif ended is Outcome.REFUSED:
        details = {"by": user.name, "call": call_id}
        journal.record(session, parcel, NewFact(Kind.REFUSED, "operator", details=details), now)
    return parcel


def _outcome(form: Mapping[str, str]) -> Outcome:
    """The outcome pressed. A refusal ends the delivery for good, so a slip of the finger must not be one."""
    try:
        ended = Outcome(form.get("outcome", ""))
    except ValueError:
        abort(400)
    if ended is Outcome.REFUSED and form.get("sure") != "yes":
        raise Refusal(Reason.NOT_SURE)
    return ended


def _seen(form: Mapping[str, str]) -> int:
    version = form.get("version", "")
    return int(version) if version.isascii() and version.isdigit() else -1


def _call_at(form: Mapping[str, str], zone: str) -> datetime | None:
    """When the recipient asked to be called, by his own clock; None when the form does not say."""
    written = form.get("call_at", "")
    if not written:
        return None
    day, _, clock = written.partition("T")
    try:
        return moment(date.fromisoformat(day), time.fromisoformat(clock), zone)
    except ValueError:
        raise Refusal(Reason.NOT_A_DATE) from None
