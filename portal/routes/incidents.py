"""What went wrong and waits to be mended: the list, one incident with its parcel's story, and what is done about it."""

from datetime import date
from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user
from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from carriers import unknown_codes
from parcels import holdings, incidents, journal
from parcels.custody import Role
from parcels.custody_models import Incident, IncidentComment
from parcels.deadlines import Step
from parcels.models import Parcel, Staff
from portal import notices, notices_staff
from portal.access import ROLES, Rule, allow
from portal.extensions import now
from portal.informing_words import occasion_words
from portal.languages import _
from portal.notices import Notice
from portal.transaction import reading, transaction
from scheduling import rounds

bp = Blueprint("incidents", __name__, url_prefix="/incidents")
SHOWN, SENTENCE = 100, 300
STEPS = (*(step.value for step in Step), rounds.LEAVE, incidents.ACCIDENT, *incidents.OF_MONEY)


@bp.context_processor
def words() -> dict[str, Any]:
    """What the templates look up by value."""
    return {
        "notices": notices,
        "notices_staff": notices_staff,
        "occasion_words": occasion_words,
        "as_date": date.fromisoformat,
    }


@bp.get("")
@allow(Rule.OFFICE)
def listed() -> ResponseReturnValue:
    """What is open, the oldest first; by who works on it, by step and by who answers."""
    asked = {name: request.args.get(name, "") for name in ("whose", "step", "role")}
    with reading() as session:
        query = select(Incident).where(Incident.resolved_at.is_(None), *_asked(asked))
        around = joinedload(Incident.parcel).options(joinedload(Parcel.shop), joinedload(Parcel.settlement))
        query = query.options(around, joinedload(Incident.assignee)).order_by(Incident.opened_at, Incident.id)
        found = session.scalars(query.limit(SHOWN + 1)).all()
        strange = unknown_codes.count_open(session) if current_user.role == "manager" else 0
        told = {"found": found[:SHOWN], "more": len(found) > SHOWN, "asked": asked, "strange": strange}
        return render_template("pages/incidents.html", steps=STEPS, roles=Role, **told)


def _asked(asked: dict[str, str]) -> list[Any]:
    found: list[Any] = []
    if asked["whose"] == "mine":
        found.append(Incident.assigned_to == current_user.id)
    if asked["whose"] == "nobody":
        found.append(Incident.assigned_to.is_(None))
    if asked["step"] in STEPS:
        found.append(Incident.step == asked["step"])
    if asked["role"] in set(Role):
        found.append(Incident.role == Role(asked["role"]))
    return found


@bp.get("/<int:incident_id>")
@allow(Rule.OFFICE)
def show(incident_id: int) -> ResponseReturnValue:
    """One incident and the story of its parcel."""
    with reading() as session:
        return _sheet(session, incident_id)


@bp.post("/<int:incident_id>/assign")
@allow(Rule.OFFICE)
def assign(incident_id: int) -> ResponseReturnValue:
    """Give it to oneself, to somebody else, or back to nobody."""
    wanted = request.form.get("to", type=int)
    with reading() as session:
        names = {member.id: member.name for member in _office(session)}
    if wanted and wanted not in names:
        abort(400)
    return _change(
        incident_id,
        lambda session, seen, moment: incidents.assign(
            session, incident_id, seen, wanted or None, current_user.name, names.get(wanted or 0, ""), moment
        ),
    )


@bp.post("/<int:incident_id>/resolve")
@allow(Rule.OFFICE)
def resolve(incident_id: int) -> ResponseReturnValue:
    """Close it with a sentence about how it was mended."""
    sentence = request.form.get("sentence", "").strip()[:SENTENCE]
    if not sentence:
        with reading() as session:
            return _sheet(session, incident_id, is_wordless=True), 422
    return _change(
        incident_id,
        lambda session, seen, moment: incidents.resolve(
            session, incident_id, seen, current_user.name, sentence, moment
        ),
    )


@bp.post("/<int:incident_id>/comment")
@allow(Rule.OFFICE)
def comment(incident_id: int) -> ResponseReturnValue:
    """Add a line for whoever works on it next."""
    text = request.form.get("text", "").strip()[:SENTENCE]
    with transaction() as session:
        if text and session.get(Incident, incident_id) is not None:
            incidents.comment(session, incident_id, current_user.name, text, now())
    return redirect(url_for("incidents.show", incident_id=incident_id), 303)


def _change(incident_id: int, change: Any) -> ResponseReturnValue:
    """Make a change by the version that the page showed; the loser sees how it stands now."""
    seen = request.form.get("version", default=-1, type=int)
    try:
        with transaction() as session:
            change(session, seen, now())
    except incidents.Changed:
        with reading() as session:
            return _sheet(session, incident_id, _stale()), 409
    flash(_("Записано."))
    return redirect(url_for("incidents.show", incident_id=incident_id), 303)


def _stale() -> Notice:
    return Notice(
        happened=_("Пока страница была открыта, инцидент изменили"),
        means=_("Ваше действие не записано."),
        now=_("Вот как дела сейчас. Если оно ещё нужно, повторите."),
        tone="warn",
    )


def _office(session: Session) -> list[Staff]:
    query = select(Staff).where(Staff.role.in_(ROLES[Rule.OFFICE]), Staff.is_active)
    return list(session.scalars(query.order_by(Staff.name)))


def _sheet(session: Session, incident_id: int, notice: Notice | None = None, is_wordless: bool = False) -> str:
    incident = session.get(Incident, incident_id) or abort(404)
    said = select(IncidentComment).where(IncidentComment.incident_id == incident_id)
    return render_template(
        "pages/incident.html",
        incident=incident,
        parcel=incident.parcel,
        zone=incident.parcel.zone,
        holder=holdings.holder_of(session, incident.parcel_id),
        comments=session.scalars(said.order_by(IncidentComment.id)).all(),
        facts=journal.facts_of(session, incident.parcel)[::-1],
        office=_office(session),
        notice=notice,
        is_wordless=is_wordless,
    )
