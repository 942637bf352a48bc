"""The daily lesson of each carrier: learned from the journal, kept in one row, read cheaply by whoever promises."""

from datetime import date, datetime, timedelta
from typing import Any, Final

from sqlalchemy import delete, func, select, tuple_
from sqlalchemy.orm import Session

from parcels.models import Settlement, Shop
from scheduling import accuracy_book, coverage
from scheduling import delays as delays_of
from scheduling import silences as silences_of
from scheduling.calendars import local_date
from scheduling.delays import Delays
from scheduling.learned import Learned, digest_of, learned_of
from scheduling.learning import learn
from scheduling.lesson_models import KeptLesson
from scheduling.lesson_rows import carried
from scheduling.silences import Silences

#: Older lessons are thrown away: the promises that were made from them keep what they took.
KEPT_DAYS: Final = timedelta(days=30)
#: Lessons of this process by their digest; a few carriers, and yesterday's at midnight.
_READ: dict[str, Learned] = {}
#: What only the lessons of today's rules have.
FORM = "open"
_MANY: Final = 32
_of_carrier = select(KeptLesson.carrier, func.max(KeptLesson.day)).group_by(KeptLesson.carrier)
_IS_NEWEST: Final = tuple_(KeptLesson.carrier, KeptLesson.day).in_(_of_carrier)


def day_of(now: datetime) -> date:
    """The day whose lesson counts."""
    return local_date(now, "UTC")


def due(session: Session, now: datetime) -> list[str]:
    """The carriers without a lesson of today at the share that is wanted now."""
    wanted = coverage.target(session)
    taught = select(KeptLesson.carrier).where(KeptLesson.day == day_of(now), KeptLesson.target == wanted)
    return list(session.scalars(select(Shop.carrier).where(Shop.carrier.not_in(taught)).distinct()))


def teach(session: Session, carrier: str, now: datetime) -> KeptLesson:
    """The lesson of today, not yet kept. Reads more than a year of the journal: seconds for ten thousand parcels."""
    day, target = day_of(now), coverage.target(session)
    parcels = carried(session, carrier, now)
    learned = learn(parcels, day, target, _country(session, carrier))
    found = coverage.worth(parcels, day, target)
    trust = learned.trust if learned is not None else 0.0
    body = learned.record() if learned is not None else None
    is_stated = trust >= 1 and coverage.is_borne_out(found, target)
    return KeptLesson(
        carrier=carrier,
        day=day,
        target=target,
        learned_at=now,
        parcels=len(parcels),
        trust=trust,
        kept=found.kept,
        judged=found.judged,
        stated=target if is_stated else None,
        digest=digest_of(body) if body else "",
        body=body,
        report=accuracy_book.report(parcels, day),
        silences=silences_of.learned(session, carrier, now),
        delays=delays_of.usual(parcels),
    )


def _country(session: Session, carrier: str) -> str:
    """Where most of the carrier's shops send from: whose working days count."""
    query = select(Settlement.country).join(Shop, Shop.origin_id == Settlement.id).where(Shop.carrier == carrier)
    most = query.group_by(Settlement.country).order_by(func.count().desc(), Settlement.country).limit(1)
    return session.scalars(most).one()


def keep(session: Session, lesson: KeptLesson) -> None:
    """Keep a lesson in the place of one of the same day, and throw old ones away."""
    session.merge(lesson)
    session.execute(delete(KeptLesson).where(KeptLesson.day < lesson.day - KEPT_DAYS))
    session.info.pop("lessons", None)


def newest(session: Session) -> list[KeptLesson]:
    """The newest lesson of each carrier, by its name."""
    return list(session.scalars(select(KeptLesson).where(_IS_NEWEST).order_by(KeptLesson.carrier)))


def silences(session: Session) -> dict[str, Silences]:
    """How long parcels are usually silent, by carrier and way."""
    rows = session.execute(select(KeptLesson.carrier, KeptLesson.silences).where(_IS_NEWEST))
    return {row.carrier: row.silences for row in rows}


def delays(session: Session, carrier: str) -> Delays:
    """How late a carrier's late parcels are, by way; nothing where nothing was learned."""
    newest_of = select(KeptLesson.delays).where(KeptLesson.carrier == carrier).order_by(KeptLesson.day.desc())
    return session.scalar(newest_of.limit(1)) or {}


def learned_for(session: Session, carrier: str) -> Learned | None:
    """What promises by a carrier are made from beside the matrix. Asked once per session, read once per process."""
    known: dict[str, str] | None = session.info.get("lessons")
    if known is None:
        known = session.info["lessons"] = digests(session)
    return _read(session, known.get(carrier, ""))


def digests(session: Session) -> dict[str, str]:
    """The names of the lessons that count now, by carrier; "" where nothing is learned."""
    rows = session.execute(select(KeptLesson.carrier, KeptLesson.digest).where(_IS_NEWEST))
    return {row.carrier: row.digest for row in rows}


def _read(session: Session, digest: str) -> Learned | None:
    if digest and digest not in _READ:
        body: dict[str, Any] | None = session.scalar(
            select(KeptLesson.body).where(KeptLesson.digest == digest).limit(1)
        )
        if body is None or FORM not in body:  # one of an older release: the next morning's counts
            return None
        if len(_READ) >= _MANY:
            _READ.clear()
        _READ[digest] = learned_of(body)
    return _READ.get(digest)
