"""The share of promises to be kept: chosen by a manager, and stated on pages only while it is borne out."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from math import isfinite, sqrt
from typing import Final, NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from scheduling.learning import Carried
from scheduling.lesson_models import Coverage

USUAL, LEAST, MOST = 0.98, 0.5, 0.999
#: Promises made at a hand-over of so many days are recent.
RECENT: Final = timedelta(days=180)
#: Fewer settled promises than this bear nothing out.
ENOUGH: Final = 100
#: A record this many standard errors below the share is worse than chance would make it.
ERRORS: Final = 2.0


class BadCoverage(ValueError):
    """A share that cannot be chosen."""


class Worth(NamedTuple):
    """How many learned promises came due, and how many of them were kept."""

    kept: int
    judged: int


def newest(session: Session) -> Coverage | None:
    """What was chosen last, by whom and when; None while nobody has chosen."""
    return session.scalar(select(Coverage).order_by(Coverage.id.desc()).limit(1))


def target(session: Session) -> float:
    """The share of promises to be kept."""
    chosen = newest(session)
    return chosen.target if chosen is not None else USUAL


def choose(session: Session, share: float, by: str, now: datetime) -> None:
    """Choose the share, in steps of a thousandth; the same one again changes nothing. Raises BadCoverage."""
    if not isfinite(share) or not LEAST <= (wanted := round(share, 3)) <= MOST:
        raise BadCoverage(str(share))
    if wanted != target(session):
        session.add(Coverage(target=wanted, made_by=by, made_at=now))


def worth(parcels: Iterable[Carried], day: date, share: float) -> Worth:
    """What the learned promises of late were worth, of those given wholly learned at this share.

    A promise is judged once, as it stood at the hand-over: kept, broken, or still open and in no figure.
    """
    kept = judged = 0
    for parcel in parcels:
        given = parcel.handed_promise
        if given is None or given.target != share or parcel.handed.date() < day - RECENT:
            continue
        if parcel.came is not None or given.latest < day:
            judged += 1
            kept += parcel.came is not None and parcel.came.date() <= given.latest
    return Worth(kept, judged)


def is_borne_out(found: Worth, share: float) -> bool:
    """May the share be stated: are there enough promises, and not fewer kept than chance would explain?"""
    if found.judged < ENOUGH:
        return False
    return found.kept / found.judged >= share - ERRORS * sqrt(share * (1 - share) / found.judged)
