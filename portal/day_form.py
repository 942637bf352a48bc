"""The forms of the manager's days: what they say is kept, or the field that cannot be used is named."""

from collections.abc import Mapping
from datetime import date, datetime

from sqlalchemy.orm import Session

from portal import places
from portal.languages import _
from scheduling import days


class BadForm(ValueError):
    """A field that cannot be used; the text says which and what to do."""


def add(session: Session, form: Mapping[str, str], by: str, now: datetime) -> None:
    """Keep what a form says: a decreed change of a country, or a closed day of a settlement. Raises BadForm."""
    day, reason = _day(form.get("day", "")), form.get("reason", "").strip()[:120]
    if not reason:
        raise BadForm(_("Причины нет. Впишите, каким указом или почему, чтобы это поняли и через год."))
    try:
        if form.get("what") == "closed":
            place = places.find_settlement(session, form.get("settlement", "").strip(), form.get("region", "").strip())
            days.close(session, place.id, day, reason, by, now)
        else:
            days.decree(session, form.get("country", ""), day, form.get("is_working") == "1", reason, by, now)
    except places.UnknownPlace as problem:
        raise BadForm(_("Населённый пункт неизвестен или не один; допишите регион или впишите код.")) from problem
    except days.BadDay as problem:
        raise BadForm(bad_day(str(problem))) from problem


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
