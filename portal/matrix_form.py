"""The form that comes with a file of the matrix: where from, by which carrier, from which day on."""

import re
from collections.abc import Mapping
from datetime import date, datetime, timedelta

from sqlalchemy.orm import Session

from portal import places
from portal.languages import _
from portal.matrix_import import Source
from scheduling.calendars import local_date
from scheduling.promising import CARRIER

_CARRIER = re.compile(r"[a-z0-9_-]{1,32}")
#: A version may begin to count that far from today; further is a slip of the pen.
NEAREST, FURTHEST = timedelta(days=366), timedelta(days=366)


class BadForm(ValueError):
    """A field that cannot be used; the text says which and what to do."""


def source_of(session: Session, form: Mapping[str, str], name: str, by: str, now: datetime) -> Source:
    """What a form says about its file; an empty field takes the usual value. Raises BadForm."""
    if not name:
        raise BadForm(_("Файл не выбран. Выберите CSV или XLSX с матрицей."))
    try:
        origin = places.find_origin(session, form.get("origin", "").strip() or str(places.CHELYABINSK))
    except places.UnknownPlace as problem:
        raise BadForm(_("Город отправки неизвестен или не один; впишите его код.")) from problem
    carrier = form.get("carrier", "").strip().lower() or CARRIER
    if not _CARRIER.fullmatch(carrier):
        raise BadForm(_("Код перевозчика — латиница, цифры и дефис, до 32 знаков."))
    today = local_date(now, origin.zone)
    return Source(name, by, origin.id, _since(form.get("valid_from", "").strip(), today), carrier)


def _since(text: str, today: date) -> date:
    if not text:
        return today
    try:
        since = date.fromisoformat(text)
    except ValueError as problem:
        raise BadForm(_("Дата начала непонятна; впишите её как 2026-12-01.")) from problem
    if not today - NEAREST <= since <= today + FURTHEST:
        raise BadForm(_("Дата начала дальше года от сегодня; проверьте год."))
    return since
