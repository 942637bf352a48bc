"""What carriers tell becomes facts: bound to the parcel whose number it is, once each, in the order of happening."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from carriers import unknown_codes
from carriers.base import Carrier, Update, in_order
from carriers.following import BadNumber, Followed, clean
from carriers.models import Tracking
from carriers.polling import next_poll
from carriers.registry import CARRIERS
from parcels import journal, money
from parcels.journal import NewFact
from parcels.models import Fact, Parcel
from parcels.stages import ROAD, Kind, advance

#: A carrier's clock may stand in another zone than we think; what is further ahead has not happened.
AHEAD = timedelta(days=1)
_PLACE_LENGTH = 120
RECORDED, KNOWN, LATE, AHEAD_OF_TIME, UNKNOWN = "recorded", "known", "late", "ahead", "unknown"


def bound(updates: Iterable[Update], asked: Sequence[Followed]) -> tuple[dict[int, list[Update]], int]:
    """The updates by the id of the row they are about, and how many are about none of those asked for.

    An answer that repeats no number is about the one number that was asked for; any other number is not believed.
    """
    ids = {row.number: row.id for row in asked}
    ours: dict[int, list[Update]] = {}
    strange = 0
    for said in in_order(updates):
        number = said.number or (asked[0].number if len(asked) == 1 else "")
        row_id = ids.get(_cleaned(number))
        if row_id is None:
            strange += 1
        else:
            ours.setdefault(row_id, []).append(said)
    return ours, strange


def take(
    session: Session, carrier: Carrier, row_id: int, updates: Iterable[Update], now: datetime, chance: float
) -> Counter[str]:
    """Record what a carrier says of a followed parcel, and say when it is asked about again.

    Returns: how many updates were recorded, known, late or ahead of time, and how many of the recorded are unknown.
    """
    parcel_id = session.scalars(select(Tracking.parcel_id).where(Tracking.id == row_id)).one()
    parcel = journal.lock(session, parcel_id)
    row = session.get_one(Tracking, row_id, populate_existing=True)
    newest = _newest(session, parcel, carrier.code)
    standing = _last_code(session, parcel, carrier.code) if carrier.is_snapshot else None
    outcomes: Counter[str] = Counter()
    for said in in_order(updates):
        if said.kind is Kind.UNKNOWN:
            unknown_codes.note(session, said, parcel_id, now)
        if said.money is said.kind:
            _tell_money(session, parcel, carrier, said, now, at=said.occurred_at)
            continue
        outcome = KNOWN if said.code == standing else _record(session, parcel, said, newest, now)
        outcomes[outcome] += 1
        outcomes[UNKNOWN] += outcome == RECORDED and said.kind is Kind.UNKNOWN
        if said.money is not None:
            _tell_money(session, parcel, carrier, said, now)
        if outcome == RECORDED:
            newest = max(newest, said.occurred_at) if newest else said.occurred_at
    row.failures = 0
    if outcomes[RECORDED]:
        row.last_changed_at = now
    _plan(session, row, parcel, now, chance)
    session.flush()
    return outcomes


def put_off(session: Session, row_id: int, now: datetime, chance: float) -> None:
    """The carrier has nothing to say of this number, or will not: ask again, each time later."""
    row = session.get_one(Tracking, row_id, populate_existing=True)
    row.failures += 1
    _plan(session, row, session.get_one(Parcel, row.parcel_id), now, chance)
    session.flush()


def give_back(session: Session, row_id: int, now: datetime) -> None:
    """The question has not been asked after all: it is due as before, and the breaker says when."""
    session.get_one(Tracking, row_id, populate_existing=True).next_poll_at = now
    session.flush()


def followed_as(session: Session, carrier: str, updates: Iterable[Update]) -> list[Followed]:
    """The rows that pushed updates are about."""
    numbers = {_cleaned(said.number) for said in updates} - {""}
    query = select(Tracking.id, Tracking.parcel_id, Tracking.number).where(Tracking.carrier == carrier)
    return [Followed(*row) for row in session.execute(query.where(Tracking.number.in_(numbers)).order_by(Tracking.id))]


def _cleaned(number: str) -> str:
    try:
        return clean(number)
    except BadNumber:
        return ""


def _plan(session: Session, row: Tracking, parcel: Parcel, now: datetime, chance: float) -> None:
    quiet = now - (row.last_changed_at or row.followed_at)
    carrier = CARRIERS.get(row.carrier)
    is_money_out = (
        parcel.closed_at is not None
        and carrier is not None
        and carrier.tells_money
        and money.is_with(session, parcel.id, row.carrier)
    )
    pause = next_poll(parcel.stage, quiet, row.failures, chance, is_money_out)
    row.next_poll_at = None if pause is None else now + pause


def _newest(session: Session, parcel: Parcel, carrier: str) -> datetime | None:
    """When the latest happened of all that this carrier has told of the parcel."""
    told = Fact.parcel_id == parcel.id, Fact.source == carrier
    return session.scalar(select(func.max(Fact.occurred_at)).where(*told))


def _last_code(session: Session, parcel: Parcel, carrier: str) -> str | None:
    """The code that this carrier told last."""
    told = select(Fact.details).where(Fact.parcel_id == parcel.id, Fact.source == carrier)
    details = session.scalar(told.order_by(Fact.seq.desc()).limit(1))
    return details.get("code") if details else None


def _record(session: Session, parcel: Parcel, said: Update, newest: datetime | None, now: datetime) -> str:
    if said.occurred_at > now + AHEAD:
        return AHEAD_OF_TIME
    fact = NewFact(
        said.kind,
        said.carrier,
        at=said.occurred_at,
        place=said.place[:_PLACE_LENGTH],
        details=_details(said),
        dedup_key=f"{said.carrier}:{said.key}",
    )
    is_late = newest is not None and said.occurred_at < newest and not _leads_on(parcel, said.kind)
    if is_late:
        fact = replace(fact, kind=Kind.LATE_NEWS, details={**fact.details, "kind": said.kind.value})
    if journal.record(session, parcel, fact, now) is None:
        return KNOWN
    return LATE if is_late else RECORDED


def _tell_money(
    session: Session, parcel: Parcel, carrier: Carrier, said: Update, now: datetime, at: datetime | None = None
) -> None:
    """What a carrier says of money that it has. Where it names no moment, it counts from when we hear of it."""
    if said.money is None or not money.is_with(session, parcel.id, carrier.code):
        return
    details = {**_details(said), "source": carrier.name}
    key = f"{said.carrier}:{said.money.value}"
    journal.record(session, parcel, NewFact(said.money, said.carrier, at=at, details=details, dedup_key=key), now)


def _leads_on(parcel: Parcel, kind: Kind) -> bool:
    """Does an older operation, told late, change nothing, or bring the parcel further on its road?

    Any other one would take it back, or lay over it what is past: a missed delivery before today's, an old puzzle.
    """
    after = advance(parcel.state, kind)
    return after == parcel.state or after.is_closed or ROAD.index(after.road) > ROAD.index(parcel.road)


def _details(said: Update) -> dict[str, object]:
    """The carrier's own words and figures, as far as it has any."""
    found = {"code": said.code, "text": said.text, "cash_due": said.cash_due, "weight_g": said.weight_g}
    return {name: value for name, value in found.items() if value not in ("", None)}
