"""The manager's entrances: places of the couriers by day, the week of a zone, its closed days and its closing time."""

from collections.abc import Callable
from datetime import date, datetime, time
from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user
from sqlalchemy.orm import Session

from portal import manage_page, notices, notices_staff
from portal.access import Rule, allow
from portal.extensions import now
from portal.languages import _, language
from portal.transaction import reading, transaction
from scheduling import blackouts, capacity, weekly
from scheduling.capacity import Changed, Impossible, Occupied
from scheduling.models import Slot, Zone
from scheduling.weekly import Followed, Hours

bp = Blueprint("manage", __name__, url_prefix="/manage")
Edit = Callable[[Session, datetime], str]


@bp.context_processor
def words() -> dict[str, Any]:
    """What the templates look up by value."""
    return {
        "notices": notices,
        "weekdays": manage_page.weekday_names(language()),
        "months": manage_page.month_names(language()),
    }


@bp.get("")
@allow(Rule.MANAGER)
def slots() -> ResponseReturnValue:
    """The next two weeks of a zone, by default of the one with most bookings."""
    with reading() as session:
        zone_id = request.args.get("zone", type=int) or manage_page.fullest(session, now())
        return _page(session, session.get(Zone, zone_id or 0) or abort(404))


@bp.get("/slot/<int:slot_id>")
@allow(Rule.MANAGER)
def slot(slot_id: int) -> ResponseReturnValue:
    """The places of one slot, to be changed, and who has one."""
    with reading() as session:
        return _slot_page(session, slot_id)


@bp.post("/slot/<int:slot_id>")
@allow(Rule.MANAGER)
def change_slot(slot_id: int) -> ResponseReturnValue:
    """Give a slot other places; none closes it."""
    wanted = 0 if request.form.get("close") else request.form.get("capacity", default=-1, type=int)
    try:
        with transaction() as session:
            seen = request.form.get("seen", default=-1, type=int)
            zone_id = capacity.set_capacity(session, slot_id, seen, wanted, now()).zone_id
    except LookupError:
        abort(404)
    except (Changed, Occupied, Impossible) as problem:
        with reading() as session:
            return _slot_page(session, slot_id, problem), _code(problem)
    flash(_("Записали: мест {n}.", n=wanted) if wanted else _("Этот час закрыт."))
    return redirect(url_for("manage.slots", zone=zone_id), 303)


@bp.post("/<int:zone_id>/week")
@allow(Rule.MANAGER)
def change_week(zone_id: int) -> ResponseReturnValue:
    """Add, change or remove a weekly interval."""

    def edit(session: Session, moment: datetime) -> str:
        key = (_whole("weekday"), _clock("starts"))
        rest = bool(request.form.get("also_open")), moment
        match request.form.get("do"):
            case "add":
                return _followed(weekly.add(session, zone_id, key, _hours(), *rest))
            case "remove":
                return _followed(weekly.remove(session, zone_id, key, _hours("seen_"), *rest))
        return _followed(weekly.change(session, zone_id, key, _hours("seen_"), _hours(), *rest))

    return _edit(zone_id, edit)


@bp.post("/<int:zone_id>/blackout")
@allow(Rule.MANAGER)
def black_out(zone_id: int) -> ResponseReturnValue:
    """Close a day; those who have a time on it and are named in the form get theirs withdrawn."""

    def edit(session: Session, moment: datetime) -> str:
        agreed = (int(n) for n in request.form.get("agreed_to", "").split(",") if n.isascii() and n.isdigit())
        by, why = f"manager:{current_user.id}", request.form.get("why", "")
        count = blackouts.black_out(session, zone_id, _day(), why, by, agreed, moment)
        return _("День закрыт. Снято записей: {n}, всем уходит SMS.", n=count) if count else _("День закрыт.")

    return _edit(zone_id, edit)


@bp.post("/<int:zone_id>/reopen")
@allow(Rule.MANAGER)
def reopen(zone_id: int) -> ResponseReturnValue:
    """Drive on a closed day after all."""

    def edit(session: Session, _moment: datetime) -> str:
        blackouts.reopen(session, zone_id, _day())
        return _("День снова открыт.")

    return _edit(zone_id, edit)


@bp.post("/<int:zone_id>/closing")
@allow(Rule.MANAGER)
def change_closing(zone_id: int) -> ResponseReturnValue:
    """Change until when a day may be chosen."""

    def edit(session: Session, moment: datetime) -> str:
        capacity.set_closing(session, zone_id, _clock("seen"), _clock("closing"), moment)
        return _("Время закрытия записи изменено.")

    return _edit(zone_id, edit)


def _edit(zone_id: int, edit: Edit) -> ResponseReturnValue:
    """Make a change of a zone and tell what came of it; or show the zone as it is now and what stood in the way."""
    try:
        with transaction() as session:
            done = edit(session, now())
    except LookupError:
        abort(404)
    except (Changed, Occupied, Impossible) as problem:
        with reading() as session:
            zone = session.get(Zone, zone_id) or abort(404)
            return _page(session, zone, problem), _code(problem)
    flash(done)
    return redirect(url_for("manage.slots", zone=zone_id), 303)


def _page(session: Session, zone: Zone, problem: Changed | Occupied | Impossible | None = None) -> str:
    page = manage_page.build(session, zone, now(), language())
    notice = notices_staff.not_changed(problem) if problem else None
    in_the_way = problem.by if isinstance(problem, Occupied) else []
    return render_template("pages/manage.html", p=page, notice=notice, in_the_way=in_the_way, moment=now())


def _slot_page(session: Session, slot_id: int, problem: Changed | Occupied | Impossible | None = None) -> str:
    shown = session.get(Slot, slot_id) or abort(404)
    zone = session.get_one(Zone, shown.zone_id)
    notice = notices_staff.not_changed(problem) if problem else None
    there = capacity.occupants(session, zone.id, shown.day, slot_id)
    return render_template("pages/manage_slot.html", slot=shown, zone=zone, notice=notice, there=there)


def _code(problem: Exception) -> int:
    return 422 if isinstance(problem, Impossible) else 409


def _followed(done: Followed) -> str:
    if done.changed or done.kept:
        return _(
            "Неделя изменена. Открытых дней изменено: {n}, с записями осталось как было: {kept}.",
            n=done.changed,
            kept=done.kept,
        )
    return _("Неделя изменена, открытые дни остались как были.")


def _whole(name: str) -> int:
    return request.form.get(name, default=-1, type=int)


def _clock(name: str) -> time:
    """An hour of the form. Raises Impossible."""
    try:
        return time.fromisoformat(request.form.get(name, "")).replace(tzinfo=None, second=0, microsecond=0)
    except ValueError:
        raise Impossible("hours") from None


def _day() -> date:
    """The day of the form. Raises Impossible."""
    try:
        return date.fromisoformat(request.form.get("day", ""))
    except ValueError:
        raise Impossible("day") from None


def _hours(prefix: str = "") -> Hours:
    return Hours(_clock(f"{prefix}ends"), _whole(f"{prefix}capacity"))
