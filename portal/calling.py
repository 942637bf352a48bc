"""How a call ended, as the operator's form says it: the attempt, what was agreed, and when to call again."""

from dataclasses import dataclass
from datetime import date, datetime, time

from flask import abort
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict

from parcels import journal
from parcels.journal import NewFact
from parcels.models import Parcel
from parcels.stages import Kind
from portal.access import User
from scheduling import booking, call_leases, calls, choosing, collecting, people
from scheduling.calendars import moment
from scheduling.calls import Outcome
from scheduling.models import Call
from scheduling.people import Person
from scheduling.policy import Reason, Refusal

NOTE_LENGTH = 500
#: One answer may be for so many parcels of a person at once.
PARCELS = 50
Form = MultiDict[str, str]


@dataclass(frozen=True, slots=True)
class Settled:
    """What came of a call: to whom it was, and when he is called again; `goes_on` while he is still on the line."""

    parcel: Parcel
    again_at: datetime | None
    goes_on: bool


@dataclass(frozen=True, slots=True)
class Said:
    """What the form says, once: by whom, when, with which note."""

    form: Form
    ended: Outcome
    user: User
    note: str
    now: datetime


def settle(session: Session, call_id: int, form: Form, user: User, now: datetime) -> Settled:
    """The attempt and everything that follows from it for all parcels it is about, in one transaction.

    Parcels are locked in the order of their ids, then calls in that of theirs. Raises: Refusal and StaleVersion, after
    which nothing may be kept; 400 and 404 for what no form of ours sends.
    """
    said = Said(form, _outcome(form), user, form.get("note", "").strip()[:NOTE_LENGTH], now)
    known = session.get(Call, call_id) or abort(404)
    person = people.locked(session, known.parcel_id, _also(form))
    head = person.parcels[known.parcel_id]
    call = call_leases.held_by(session, call_id, user.id, now)
    if said.ended in calls.NOT_SPOKEN:
        return Settled(head, _call_again(session, person, call, said), goes_on=False)
    for parcel in (head, *person.named):
        _decide(session, parcel, person.call_of(parcel), said)
    return Settled(head, None, goes_on=True)


def following(session: Session, settled: Settled, operator_id: int, now: datetime) -> Call | None:
    """The call that comes after: about the same person's next parcel while he is on the line, else the next person."""
    same = call_leases.go_on(session, operator_id, settled.parcel.phone, now) if settled.goes_on else None
    return same or call_leases.take(session, operator_id, now)


def _also(form: Form) -> set[int]:
    """The other parcels of the same person for which the form's answer is meant too."""
    written = form.getlist("also")[:PARCELS]
    return {int(value) for value in written if value.isascii() and value.isdigit()}


def _call_again(session: Session, person: Person, call: Call, said: Said) -> datetime:
    """Nothing was agreed: everything that this person waits for is put off together. Returns until when."""
    head, name, now = person.parcels[call.parcel_id], said.user.name, said.now
    wanted = _call_at(said.form, head.zone) if said.ended is Outcome.LATER else None
    if wanted is not None:
        calls.insist_on_hour(wanted, head.zone, now)
    tries = max(one.attempts for one in person.calls)
    calls.attempt(session, head, call, said.ended, name, head.zone, now, said.note, wanted, tries)
    for other in person.calls:
        if other.due_at < call.due_at:
            parcel = person.parcels[other.parcel_id]
            calls.attempt(session, parcel, other, said.ended, name, parcel.zone, now, "", call.due_at, tries)
    return call.due_at


def _decide(session: Session, parcel: Parcel, call: Call | None, said: Said) -> None:
    """What he said about one of his parcels."""
    if said.ended in (Outcome.AGREED, Outcome.COLLECTS, Outcome.EXTENDED):
        journal.insist_on(session, parcel, _seen(said.form, parcel.id))
    again = None
    if said.ended is Outcome.COLLECTS:
        again = collecting.asked_again_at(collecting.scans(session, parcel), parcel, said.now)
    if call is not None:
        calls.attempt(session, parcel, call, said.ended, said.user.name, parcel.zone, said.now, said.note, again)
    if said.ended in _FOLLOWS:
        _FOLLOWS[said.ended](session, parcel, said)


def _agree(session: Session, parcel: Parcel, said: Said) -> None:
    asker = booking.Asker(f"operator:{said.user.id}", seen=parcel.version)
    choosing.carry_out(session, parcel, said.form.get("slot", ""), asker, said.now)


def _refuse(session: Session, parcel: Parcel, said: Said) -> None:
    journal.record(session, parcel, NewFact(Kind.REFUSED, "operator", details={"by": said.user.name}), said.now)


def _extend(session: Session, parcel: Parcel, said: Said) -> None:
    collecting.extend(session, parcel, said.user.name, said.now)


#: What an outcome does beside being kept as an attempt.
_FOLLOWS = {Outcome.AGREED: _agree, Outcome.REFUSED: _refuse, Outcome.EXTENDED: _extend}


def _outcome(form: Form) -> Outcome:
    """The outcome pressed. A refusal ends the delivery for good, so a slip of the finger must not be one."""
    try:
        ended = Outcome(form.get("outcome", ""))
    except ValueError:
        abort(400)
    if ended is Outcome.REFUSED and form.get("sure") != "yes":
        raise Refusal(Reason.NOT_SURE)
    return ended


def _seen(form: Form, parcel_id: int) -> int:
    """The version of a parcel that the operator saw; the one of the call itself stands in the field `version`."""
    version = form.get(f"version-{parcel_id}", form.get("version", ""))
    return int(version) if version.isascii() and version.isdigit() else -1


def _call_at(form: Form, zone: str) -> datetime | None:
    """When the recipient asked to be called, by his own clock; None when the form does not say."""
    written = form.get("call_at", "")
    if not written:
        return None
    day, _, clock = written.partition("T")
    try:
        return moment(date.fromisoformat(day), time.fromisoformat(clock), zone)
    except ValueError:
        raise Refusal(Reason.NOT_A_DATE) from None
