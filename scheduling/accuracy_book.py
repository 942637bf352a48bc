"""What came of the promises: first and last one, by week, region and place, as the manager reads it."""

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable
from datetime import date, timedelta
from statistics import median
from typing import Any, Final

import numpy as np

from scheduling.accuracy_history import NEVER
from scheduling.accuracy_report import Figures, figures, is_settled
from scheduling.learning import Carried, Given

#: Promises are judged by hand-overs of so many days; weeks are shown for the last twelve.
LOOK_BACK, WEEKS = timedelta(days=180), 12
#: So many places are kept, those with the worst record.
PLACES: Final = 12
#: A region whose parcels take this many times as long as usual is an outlier; with fewer parcels nobody can tell.
FAR, FEW = 1.8, 5
Pick = Callable[[Carried], Given | None]
PICKS: Final[dict[str, Pick]] = {"last": lambda p: p.last, "first": lambda p: p.first}


def report(parcels: Iterable[Carried], day: date) -> dict[str, Any]:
    """The promises to parcels handed over of late, as JSON has it. `day` is today: nothing due later is in a figure."""
    recent = [p for p in parcels if day - LOOK_BACK <= p.handed.date() < day]
    return {
        **_both(recent, day),
        "early": _share_early(recent),
        "width": _width(recent),
        "weeks": _weeks(recent, day),
        "regions": _by(recent, day, lambda p: p.way.region),
        "places": _by(recent, day, lambda p: p.way.settlement)[:PLACES],
    }


def _both(parcels: list[Carried], day: date) -> dict[str, Any]:
    return {name: _record(judge(parcels, pick, day)) for name, pick in PICKS.items()}


def judge(parcels: Iterable[Carried], pick: Pick, day: date) -> Figures | None:
    """What one promise of each parcel was worth, of those settled before a day; None when none is."""
    rows = [(p.handed, p.came, given) for p in parcels if (given := pick(p)) is not None]
    if not rows:
        return None
    today = day.toordinal()
    handed = np.array([moment.toordinal() for moment, _came, _given in rows])
    came = np.array([moment.toordinal() if moment else NEVER for _handed, moment, _given in rows])
    latest = np.array([given.latest.toordinal() for _handed, _came, given in rows])
    settled = is_settled(came, latest, today)
    return figures(handed[settled], came[settled], latest[settled], today)


def _record(found: Figures | None) -> dict[str, Any] | None:
    if found is None:
        return None
    worst = found.worst
    return {
        "n": found.n,
        "kept": round(found.coverage, 4),
        "days": round(found.mean_days, 2),
        "worst": {"month": worst.month, "kept": round(worst.coverage, 4), "n": worst.n},
    }


def _share_early(parcels: list[Carried]) -> float | None:
    """The share that came before the first day of the last promise: a miss too."""
    came = [(p.came.date(), p.last.earliest) for p in parcels if p.came is not None and p.last is not None]
    return round(sum(day < first for day, first in came) / len(came), 4) if came else None


def _width(parcels: list[Carried]) -> float | None:
    """Mean days between the first and the last date of what was promised at the hand-over, both counted."""
    widths = [(p.handed_promise.latest - p.handed_promise.earliest).days + 1 for p in parcels if p.handed_promise]
    return round(sum(widths) / len(widths), 2) if widths else None


def _weeks(parcels: list[Carried], day: date) -> list[dict[str, Any]]:
    """The last weeks by their Mondays, the oldest first; a week without settled promises is left out."""
    groups = _groups(parcels, lambda p: p.handed.date() - timedelta(days=p.handed.weekday()))
    found = []
    for monday in sorted(groups)[-WEEKS:]:
        both = _both(groups[monday], day)
        if both["last"] is not None and both["first"] is not None:
            found.append({"monday": monday.isoformat(), **both})
    return found


def _by(parcels: list[Carried], day: date, key: Callable[[Carried], Hashable]) -> list[dict[str, Any]]:
    """A line for each region or place, the worst record first; `times` as long as usual its parcels take."""
    usual = _usual_days(parcels)
    lines = []
    for name, there in _groups(parcels, key).items():
        both, days = _both(there, day), _usual_days(there)
        times = round(days / usual, 2) if usual and days else None
        if both["last"] is not None and both["first"] is not None:
            is_far = times is not None and times >= FAR and both["last"]["n"] >= FEW
            lines.append({"name": name, "region": there[0].way.region, "times": times, "is_far": is_far, **both})
    return sorted(lines, key=lambda line: (line["last"]["kept"], -line["last"]["n"], str(line["name"])))


def _usual_days(parcels: list[Carried]) -> float | None:
    days = [(p.came.date() - p.handed.date()).days for p in parcels if p.came is not None]
    return float(median(days)) if days else None


def _groups(parcels: list[Carried], key: Callable[[Carried], Any]) -> dict[Any, list[Carried]]:
    groups: dict[Any, list[Carried]] = defaultdict(list)
    for parcel in parcels:
        groups[key(parcel)].append(parcel)
    return groups
