"""Why this date: the legs of the promise in words, their sum, and each change of it with its cause."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from typing import Any

from parcels.stages import BEFORE_CITY, Kind
from portal.formats import counted, date_range, day_month
from portal.languages import _
from portal.tracking_rows import PastFact, Story
from portal.tracking_standing import HAS_OWN_HEADLINE, Standing, coming_days
from scheduling.calendars import local_date


@dataclass(frozen=True, slots=True)
class LegRow:
    """One leg in words: what, from when to when, how long."""

    what: str
    when: str
    long: str


@dataclass(frozen=True, slots=True)
class Why:
    """Why this date: the legs, their sum, and each change of the date with its cause."""

    title: str
    legs: list[LegRow]
    total: str
    changes: list[str]


def why(s: Standing, story: Story) -> Why | None:
    """The legs of the promise in force, and how it came to be what it is."""
    promises = [f for f in story.facts if f.kind is Kind.PROMISED]
    if not promises or s.head.stage in HAS_OWN_HEADLINE:
        return None
    legs, title = _as_of_today(s, promises[-1].details["legs"]), _("Почему эта дата")
    if s.slot is not None or s.postponed is not None:
        # The headline is what was agreed: the legs tell when the parcel reaches the city, and no more.
        legs, title = legs[:-1], _("Когда заказ будет в вашем городе")
    if not legs or s.is_undated:
        return None
    days = leg_days(legs)
    rows = [
        LegRow(
            _leg_words(s, leg), _leg_when(leg, s.language) + _feasts(leg, s.language), _in_words(low, high, s.language)
        )
        for leg, (low, high) in zip(legs, days, strict=True)
    ]
    total = _in_words(sum(low for low, _high in days), sum(high for _low, high in days), s.language)
    changes = [_change(before, after, s) for before, after in pairwise(promises) if _dates(before) != _dates(after)]
    return Why(title, rows, total, changes)


def _leg_words(s: Standing, leg: dict[str, Any]) -> str:
    match leg["kind"]:
        case "shop":
            return _("Магазин собирает и передаёт")
        case "late":
            return _("Магазин передал позже") if leg["past"] else _("Магазин задерживает передачу")
        case "origin":
            return _("Склад: {city}", city=s.head.origin)
        case "road":
            return _("Дорога до вашего города")
        case "reserve":
            return _("Запас на задержки сейчас")
    return _("Разбор в вашем городе и курьер")


def _leg_when(leg: dict[str, Any], language: str) -> str:
    begins, ends = date.fromisoformat(leg["begins"][0]), date.fromisoformat(leg["ends"][1])
    return date_range(begins, ends, language) if (ends - begins).days != 1 else _span(begins, ends, language)


def _feasts(leg: Mapping[str, Any], language: str) -> str:
    """Why it takes so long: the public holidays within, New Year's by their name."""
    if "feasts" not in leg:
        return ""
    first, last = (date.fromisoformat(day) for day in leg["feasts"])
    when = day_month(first, language) if first == last else _span(first, last, language)
    if first <= date(last.year, 1, 8) and last.month == 1:
        return _(", новогодние праздники {when}", when=when)
    return _(", праздники {when}", when=when)


def _span(begins: date, ends: date, language: str) -> str:
    """From one day to the next is a stretch here, not a choice."""
    if begins.month == ends.month:
        return f"{begins.day}–{day_month(ends, language)}"
    return f"{day_month(begins, language)} – {day_month(ends, language)}"


def _as_of_today(s: Standing, legs: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The legs with what cannot end any more before today left out, so that they lead to the dates in the headline."""
    shown: list[dict[str, Any]] = []
    begins = legs[0]["begins"][0]
    for leg in legs:
        early, late = leg["ends"]
        if not leg["past"]:
            early = min(max(early, s.today.isoformat()), late)
        shown.append({**leg, "begins": [begins, leg["begins"][1]], "ends": [early, late]})
        begins = early
    if s.head.promised_from is not None and not s.is_undated:
        shown[-1]["ends"] = [day.isoformat() for day in coming_days(s)]
    return shown


def leg_days(legs: Sequence[Mapping[str, Any]]) -> list[tuple[int, int]]:
    """The least and the most calendar days of each leg; both columns add up to the first and the last date.

    A late parcel may wait less for a working day than an early one. What its leg would then be shorter by is taken
    from the leg before it, where the late case is longer, or else from the one after.
    """
    early = [_days_of(leg, 0) for leg in legs]
    wider = [_days_of(leg, 1) - low for leg, low in zip(legs, early, strict=True)]
    lacking = 0
    for order in (range(len(legs) - 1, -1, -1), range(len(legs))):
        for n in order:
            width = wider[n] + lacking
            wider[n], lacking = max(width, 0), min(width, 0)
    return [(low, low + width) for low, width in zip(early, wider, strict=True)]


def _days_of(leg: Mapping[str, Any], case: int) -> int:
    return (date.fromisoformat(leg["ends"][case]) - date.fromisoformat(leg["begins"][case])).days


def _in_words(low: int, high: int, language: str) -> str:
    """«в тот же день», «2 дня» or «0–3 дня»."""
    if high == 0:
        return _("в тот же день")
    return counted(high, _days(), language) if low == high else f"{low}–{counted(high, _days(), language)}"


def _days() -> tuple[str, str, str]:
    return _("день"), _("дня"), _("дней")


def stated(s: Standing, story: Story) -> str:
    """What the promise is worth, where that may be said; "" otherwise.

    It may while the learned date is in force, wholly learned, and the record of such promises bears its share out.
    """
    promise = next((f for f in reversed(story.facts) if f.kind is Kind.PROMISED), None)
    learned = promise.details.get("learned") if promise else None
    if learned is None or not learned["holds"] or learned["trust"] < 1 or learned["target"] != s.head.stated:
        return ""
    if s.head.plan is not None or s.was or s.head.road not in BEFORE_CITY or s.head.stage in HAS_OWN_HEADLINE:
        return ""
    n, of = share_of(s.head.stated)
    return _("В {n} из {of} случаев не позже {day}.", n=n, of=of, day=day_month(s.head.promised_to, s.language))


def share_of(share: float) -> tuple[int, int]:
    """A share in whole cases: 98 of 100, or 985 of 1000."""
    thousandths = round(share * 1000)
    return (thousandths, 1000) if thousandths % 10 else (thousandths // 10, 100)


def _dates(promise: PastFact) -> tuple[str, str]:
    return promise.details["promised_from"], promise.details["promised_to"]


def _change(before: PastFact, after: PastFact, s: Standing) -> str:
    was = date_range(
        date.fromisoformat(before.details["promised_from"]),
        date.fromisoformat(before.details["promised_to"]),
        s.language,
    )
    day = day_month(local_date(after.at, s.zone), s.language)
    return _("{day} дата изменилась, было {was}. {cause}", day=day, was=was, cause=_cause(str(after.details["cause"])))


def _cause(cause: str) -> str:
    return {
        "hand_over_late": _("Магазин ещё не передал заказ."),
        "handed_over": _("Магазин передал заказ не в тот день, что обещал."),
        "at_warehouse": _("Магазин передал заказ не в тот день, что обещал."),
        "departed": _("Заказ выехал не в тот день, что мы ждали."),
        "passed": _("Заказ идёт не так, как мы ждали."),
        "arrived": _("Заказ приехал в город не в тот день, что мы ждали."),
        "delay": _("Заказ ещё не приехал в ваш город."),
        "details_changed": _("Изменился адрес."),
        "blackout": _("В один из этих дней курьеры не ездят."),
    }.get(cause, "")
