"""The manager's page of promises: what came of them, by week, region and place, and which share of them is wanted."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from math import sqrt
from typing import Any

from babel.dates import format_skeleton
from babel.numbers import format_decimal, format_percent
from sqlalchemy import select
from sqlalchemy.orm import Session

from parcels.models import Settlement
from portal.accuracy_chart import Chart, chart
from portal.accuracy_words import state_words
from portal.formats import day_month
from portal.languages import _
from scheduling import coverage, lessons
from scheduling.coverage import ERRORS
from scheduling.lesson_models import Coverage, KeptLesson


@dataclass(frozen=True, slots=True)
class Line:
    """A week, a region or a place: its promises in words. `times` tells how much longer than usual it takes."""

    name: str
    small: str
    last: str
    first: str
    worst: str
    days: str
    n: int
    times: str = ""


@dataclass(frozen=True, slots=True)
class Figure:
    """One of the large figures: what, how much, and what that means."""

    what: str
    value: str
    small: str


@dataclass(slots=True)
class Page:
    """Everything the template shows. Without `lesson` nothing has been judged yet."""

    target: float
    chosen: Coverage | None
    carriers: list[str]
    lesson: KeptLesson | None = None
    state: str = ""
    figures: list[Figure] = field(default_factory=list)
    weeks: list[Line] = field(default_factory=list)
    regions: list[Line] = field(default_factory=list)
    places: list[Line] = field(default_factory=list)
    chart: Chart | None = None


def build(session: Session, carrier: str, language: str) -> Page:
    """Read what was learned of a carrier last, or of the first one."""
    newest = lessons.newest(session)
    page = Page(coverage.target(session), coverage.newest(session), [lesson.carrier for lesson in newest])
    lesson = next((lesson for lesson in newest if lesson.carrier == carrier), newest[0] if newest else None)
    if lesson is None:
        return page
    page.lesson, page.state = lesson, state_words(lesson, language)
    report = lesson.report
    if report["last"] is None or report["first"] is None:
        return page
    names = _names(session, [row["name"] for row in report["places"]])
    page.figures = _figures(report, lesson.target, language)
    page.weeks = [_line(row, _monday(row, language), "", language) for row in report["weeks"]]
    page.regions = [_line(row, row["name"], "", language) for row in report["regions"]]
    page.places = [_line(row, names.get(row["name"], ""), row["region"], language) for row in report["places"]]
    page.chart = chart(report["weeks"], lesson.target, language)
    return page


def percent(share: float, language: str) -> str:
    """«98,2 %»."""
    return format_percent(share, "#,##0.# %" if language == "ru" else "#,##0.#%", locale=language)


def days(count: float, language: str) -> str:
    """«1,8», for a column of days."""
    return format_decimal(count, "#,##0.0", locale=language)


def month_words(month: str, language: str) -> str:
    """«окт. 2026» of `2026-10`."""
    return format_skeleton("yMMM", date.fromisoformat(f"{month}-01"), locale=language)


def _names(session: Session, wanted: list[int]) -> dict[int, str]:
    query = select(Settlement.id, Settlement.name).where(Settlement.id.in_(wanted))
    return {row.id: row.name for row in session.execute(query)}


def _monday(row: Mapping[str, Any], language: str) -> str:
    return day_month(date.fromisoformat(row["monday"]), language)


def _figures(report: Mapping[str, Any], target: float, language: str) -> list[Figure]:
    last, first = report["last"], report["first"]
    error = ERRORS * sqrt(target * (1 - target) / last["n"])
    low, high = (percent(min(max(target + e, 0), 1), language) for e in (-error, error))
    found = [
        Figure(
            _("Последнее обещание"),
            percent(last["kept"], language),
            _("цель {target}, с учётом разброса {low}–{high}", target=percent(target, language), low=low, high=high),
        ),
        Figure(_("Первое обещание"), percent(first["kept"], language), _("то, что видели в первой SMS")),
    ]
    if report["early"] is not None:
        found.append(Figure(_("Приехали раньше"), percent(report["early"], language), _("тоже промах")))
    if report["width"] is not None:
        width = days(report["width"], language)
        found.append(Figure(_("Ширина обещания"), width, _("дней от первого до последнего, в среднем")))
    return found


def _line(row: Mapping[str, Any], name: str, small: str, language: str) -> Line:
    last, first = row["last"], row["first"]
    worst = last["worst"]
    times = _("в {n} раза дольше обычного", n=days(row["times"], language)) if row.get("is_far") else ""
    return Line(
        name=name,
        small=small,
        last=percent(last["kept"], language),
        first=percent(first["kept"], language),
        worst=f"{month_words(worst['month'], language)}: {percent(worst['kept'], language)}",
        days=days(last["days"], language),
        n=last["n"],
        times=times,
    )
