"""The only writer of facts and stages: one fact in, stage folded, followers told, in the caller's transaction."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cache
from typing import Any

from sqlalchemy import Select, insert, select
from sqlalchemy.orm import Session, joinedload, make_transient_to_detached

from parcels.models import Fact, Parcel, Shop
from parcels.stages import DECISIVE, Kind, advance
from parcels.storage import agreed_until

Follower = Callable[[Session, Parcel, Fact, datetime], None]
_followers: list[Follower] = []
#: The columns of a parcel that its promise fills.
PROMISED_DATES = ("promised_from", "promised_to", "hand_over_by", "arrival_by")


@dataclass(frozen=True, slots=True)
class NewFact:
    """A fact that wants to be recorded.

    `at` is when it happened, with the source's own offset; without it the moment of recording counts.
    `dedup_key` names the fact at its source: a second one with the same key for the same parcel is dropped.
    """

    kind: Kind
    source: str
    at: datetime | None = None
    place: str = ""
    details: dict[str, Any] = field(default_factory=dict)
    dedup_key: str | None = None


class StaleVersion(Exception):
    """Something that matters has happened to the parcel since the page that asks for a change was shown."""


class UnknownParcel(LookupError):
    """There is no parcel with this id."""


def wire(*followers: Follower) -> None:
    """Say who is told of each fact, in this order. Called once, where the product is assembled."""
    _followers[:] = followers


def lock(session: Session, parcel_id: int) -> Parcel:
    """The parcel, held against everybody else until the transaction ends. Raises UnknownParcel."""
    parcel = session.scalars(held().where(Parcel.id == parcel_id)).one_or_none()
    if parcel is None:
        raise UnknownParcel(parcel_id)
    return parcel


@cache
def held(skip_locked: bool = False) -> Select[Parcel]:
    """Parcels to be held, as they are now, with the shop and the places that every follower asks for."""
    around = joinedload(Parcel.shop).joinedload(Shop.origin), joinedload(Parcel.settlement)
    query = select(Parcel).options(*around).with_for_update(of=Parcel, skip_locked=skip_locked)
    return query.execution_options(populate_existing=True)


def insist_on(session: Session, parcel: Parcel, seen_version: int) -> None:
    """Let a change pass only if the page it comes from told everything that matters for it.

    A message delivered meanwhile does not make a page old; a scan, a new promise or another choice does.
    Raises: StaleVersion.
    """
    if parcel.version == seen_version:
        return
    later = select(Fact.seq).where(Fact.parcel_id == parcel.id, Fact.seq > seen_version, Fact.kind.in_(DECISIVE))
    if seen_version > parcel.version or session.scalar(later.limit(1)) is not None:
        raise StaleVersion(f"parcel {parcel.id}: version {parcel.version}, seen {seen_version}")


def record(session: Session, parcel: Parcel, new: NewFact, now: datetime) -> Fact | None:
    """Write one fact about a parcel held by `lock` (or not yet seen by anybody else) and tell the followers.

    Returns: the fact, or None when one with the same `dedup_key` is already there.
    """
    if new.dedup_key is not None and _is_known(session, parcel, new.dedup_key):
        return None
    parcel.version += 1
    fact = _written(session, parcel, new, now)
    _apply(parcel, fact)
    with session.no_autoflush:  # the parcel is written once, when all have followed
        for follow in _followers:
            follow(session, parcel, fact, now)
    session.flush()
    return fact


def _written(session: Session, parcel: Parcel, new: NewFact, now: datetime) -> Fact:
    """The new fact, already in the database: who follows and reads the journal there finds what he is told of.

    The parcel is not written here, as a flush would do: that would be a second UPDATE for each fact.
    """
    happened = new.at or now
    offset = happened.utcoffset()
    columns = {
        "parcel_id": parcel.id,
        "seq": parcel.version,
        "kind": new.kind,
        "occurred_at": happened,
        "offset_minutes": int(offset.total_seconds() // 60) if offset else 0,
        "recorded_at": now,
        "source": new.source,
        "place": new.place,
        "dedup_key": new.dedup_key,
        "details": new.details,
    }
    with session.no_autoflush:
        session.execute(insert(Fact).values(columns))
    fact = Fact(**columns)
    make_transient_to_detached(fact)
    session.add(fact)
    return fact


def facts_of(session: Session, parcel: Parcel) -> list[Fact]:
    """All facts of a parcel in the order in which they became known."""
    return list(session.scalars(select(Fact).where(Fact.parcel_id == parcel.id).order_by(Fact.seq)))


def _is_known(session: Session, parcel: Parcel, key: str) -> bool:
    query = select(Fact.seq).where(Fact.parcel_id == parcel.id, Fact.dedup_key == key)
    return session.scalar(query) is not None


def _apply(parcel: Parcel, fact: Fact) -> None:
    """Carry the fact over into the parcel's own columns, so that they can be searched."""
    state = advance(parcel.state, fact.kind)
    parcel.road, parcel.side, parcel.plan, parcel.stage = state.road, state.side, state.plan, state.stage
    if state.is_closed and parcel.closed_at is None:
        parcel.closed_at = fact.occurred_at
        parcel.owner = parcel.next_action = parcel.next_action_at = None
    if (change := _COLUMNS.get(fact.kind)) is not None:
        change(parcel, fact.details)


def _promise(parcel: Parcel, details: Mapping[str, Any]) -> None:
    """The dates of a promise; each moves on until when a delivery may be agreed."""
    for column in PROMISED_DATES:
        setattr(parcel, column, date.fromisoformat(details[column]))
    parcel.choose_until = agreed_until(parcel.choose_until, date.fromisoformat(details["promised_from"]))


def _withdraw_promise(parcel: Parcel, _details: Mapping[str, Any]) -> None:
    for column in PROMISED_DATES:
        setattr(parcel, column, None)


def _move_window(parcel: Parcel, details: Mapping[str, Any]) -> None:
    parcel.choose_until = date.fromisoformat(details["kept_until"])


def _warn(parcel: Parcel, details: Mapping[str, Any]) -> None:
    parcel.warned_until = date.fromisoformat(details["kept_until"])


def _name_days(parcel: Parcel, details: Mapping[str, Any]) -> None:
    parcel.carrier_days = details.get("days")


def _send_elsewhere(parcel: Parcel, details: Mapping[str, Any]) -> None:
    """Another city has other days; those of the former one say nothing of it."""
    if "settlement" in details.get("changed", ()):
        parcel.carrier_days = parcel.choose_until = parcel.warned_until = None


def _revoke_link(parcel: Parcel, _details: Mapping[str, Any]) -> None:
    parcel.link_epoch += 1


#: What else a fact changes in the parcel's columns, beside its stage.
_COLUMNS: dict[Kind, Callable[[Parcel, Mapping[str, Any]], None]] = {
    Kind.PROMISED: _promise,
    Kind.PROMISE_WITHDRAWN: _withdraw_promise,
    Kind.WINDOW_MOVED: _move_window,
    Kind.STORAGE_ENDS: _warn,
    Kind.DAYS_OFFERED: _name_days,
    Kind.DETAILS_CHANGED: _send_elsewhere,
    Kind.LINK_REVOKED: _revoke_link,
}
