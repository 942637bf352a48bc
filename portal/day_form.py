"""The forms of the manager's days: what they say is kept, or the field that cannot be used is named."""

from collections.abc import Mapping
from datetime import date, datetime

from sqlalchemy.orm import Session

from portal import places
from portal.languages import _
from scheduling import changed_days, days


class BadForm(ValueError):
    """A field that cannot be used; the text says which and what to do."""


def add(session: Session, form: Mapping[str, str], by: str, now: datetime) -> int:
    """Keep what a form says: a decreed change of a country, or a closed day of a settlement.

    Returns: how many bookings were withdrawn. Raises: BadForm; Occupied when somebody has a time on the day and the
    form does not agree to withdraw it.
    """
    day, reason = _day(form.get("day", "")), form.get("reason", "").strip()[:120]
    if not reason:
        raise BadForm(_("Причины нет. Впишите, каким указом или почему, чтобы это поняли и через год."))
    try:
        if form.get("what") == "closed":
            place = places.find_settlement(session, form.get("settlement", "").strip(), form.get("region", "").strip())
            return changed_days.close(session, place.id, day, reason, by, agreed_to(form), now)
        is_working = form.get("is_working") == "1"
        return changed_days.decree(session, form.get("country", ""), day, is_working, reason, by, agreed_to(form), now)
    except places.UnknownPlace as problem:
        raise BadForm(_("Населённый пункт неизвестен или не один; допишите регион или впишите код.")) from problem
    except days.BadDay as problem:
        raise BadForm(bad_day(str(problem))) from problem


def remove(session: Session, form: Mapping[str, str], _by: str, now: datetime) -> int:
    """Forget a changed day. Returns how many bookings were withdrawn. Raises: BadForm; Occupied."""
    day = _day(form.get("day", ""))
    if form.get("settlement", "").isdecimal():
        days.reopen(session, int(form["settlement"]), day)
        return 0
    return changed_days.undo_decree(session, form.get("country", ""), day, agreed_to(form), now)


def agreed_to(form: Mapping[str, str]) -> set[int]:
    """The bookings that the manager has seen by name and agreed to withdraw."""
    return {int(n) for n in form.get("agreed_to", "").split(",") if n.isascii() and n.isdigit() and len(n) < 18}


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text.strip())
    except ValueError as problem:
        raise BadForm(_("День непонятен; впишите его как 2026-12-31.")) from problem


def bad_day(reason: str) -> str:
    """Why a day cannot be changed."""
    return {
        "unknown_country": _("Такой страны в календаре нет. Ничего не изменено."),
        "past": _("Этот день уже прошёл. Ничего не изменено."),
        "far": _("До этого дня больше трёх лет. Ничего не изменено, проверьте год."),
        "not_next": _("Утвердить можно только следующий год после последнего известного. Ничего не изменено."),
    }.get(reason, _("Ничего не изменено."))
