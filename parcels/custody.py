"""PURE who holds a parcel and its cash and answers for it: a hand-over is the receiver's scan, or a cashier's count.

What the giver says of it (`Kind.HANDING_IN`) passes nothing on.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol

from parcels.stages import Kind, Stage, State, advance, is_news


class What(StrEnum):
    """What somebody may hold."""

    PARCEL = "parcel"
    CASH = "cash"


class Role(StrEnum):
    """As what somebody holds it."""

    SHOP = "shop"
    WAREHOUSE = "warehouse"
    CARRIER = "carrier"
    COURIER = "courier"
    PICKUP = "pickup"
    RECIPIENT = "recipient"


@dataclass(frozen=True, slots=True)
class Holder:
    """Who holds something: `name` of a courier or place, code of a carrier ("" for our own line-haul), and `id` of
    the warehouse that scanned it.
    """

    role: Role
    name: str = ""
    id: int | None = None


@dataclass(frozen=True, slots=True)
class Spell:
    """One time of holding, begun by the fact `seq`; `until` is None as long as it lasts."""

    what: What
    seq: int
    holder: Holder
    since: datetime
    until: datetime | None = None


class Scan(Protocol):
    """What custody needs to know of a fact."""

    @property
    def seq(self) -> int: ...
    @property
    def kind(self) -> Kind: ...
    @property
    def source(self) -> str: ...
    @property
    def occurred_at(self) -> datetime: ...
    @property
    def recorded_at(self) -> datetime: ...
    @property
    def place(self) -> str: ...
    @property
    def details(self) -> dict[str, Any]: ...


#: Sources of facts that are our own people; every other source is the code of a carrier.
_OWN = frozenset(
    {
        "terminal",
        "station",
        "courier",
        "operator",
        "cashier",
        "agenda",
        "shop",
        "recipient",
        "promise",
        "custody",
    }
)
_AT_A_DESK = frozenset({Kind.AT_WAREHOUSE, Kind.ARRIVED, Kind.BACK_AT_DEPOT})
_ON_THE_ROAD = frozenset({Kind.HANDED_OVER, Kind.DEPARTED, Kind.PASSED, Kind.RETURNING})
_OF_MONEY = frozenset({Kind.CASH_HANDED_IN, Kind.CASH_SENT, Kind.CASH_BACK, Kind.CASH_TAKEN_BACK})
#: Kinds after which somebody else may hold the parcel or its cash.
HAND_OVERS = frozenset(
    {
        *_AT_A_DESK,
        *_ON_THE_ROAD,
        *_OF_MONEY,
        *(Kind.TO_COURIER, Kind.AT_PICKUP, Kind.DELIVERED, Kind.RETURNED),
    }
)


def is_own(source: str) -> bool:
    """Is a fact our own people's word, and not a carrier's?"""
    return source.split(":", maxsplit=1)[0] in _OWN


def passes(state: State, scan: Scan, parcel: Holder | None, cash: Holder | None, cod_minor: int) -> dict[What, Holder]:
    """What a scan makes somebody else hold; nothing when it is no hand-over, or late, or repeated.

    Args: `state` after the scan; who held `parcel` and `cash` before it (None: nobody yet); `cod_minor` is what the
    recipient pays on delivery.
    """
    holder = Holder(Role.SHOP) if parcel is None else _taker(state, scan, parcel)
    changes = {} if holder == parcel else {What.PARCEL: holder}
    if scan.kind in _OF_MONEY and cash is not None:
        money = _till(scan, cash)
        return changes | ({} if money == cash else {What.CASH: money})
    is_paid = cash is None and bool(changes) and holder.role is Role.RECIPIENT
    if is_paid and parcel is not None and scan.details.get("cod_minor", cod_minor):
        changes[What.CASH] = _paid(scan, parcel)
    return changes


def _paid(scan: Scan, parcel: Holder) -> Holder:
    """Who takes the money at the door. Args: `parcel` is who held it until then."""
    if scan.source == "courier" and scan.details.get("by"):
        return Holder(Role.COURIER, str(scan.details["by"]))  # he says so himself, whoever we thought had it
    # Whoever says that it was delivered: what our courier carries, he is paid for.
    is_ours = is_own(scan.source) or parcel.role is Role.COURIER
    return parcel if is_ours else Holder(Role.CARRIER, scan.source)


def _till(scan: Scan, cash: Holder) -> Holder:
    """Who has the money after a fact about it. What has come back to the shop is nobody else's any more, unless the
    payment itself is reversed.
    """
    if scan.kind is Kind.CASH_TAKEN_BACK:
        return _at_desk(scan) if cash.role is Role.SHOP and is_own(scan.source) else cash
    if cash.role is Role.SHOP or (scan.kind is Kind.CASH_SENT and is_own(scan.source)):
        return cash
    return Holder(Role.SHOP) if scan.kind is Kind.CASH_BACK else _at_desk(scan)


def _taker(state: State, scan: Scan, current: Holder) -> Holder:
    if scan.kind is Kind.BACK_AT_DEPOT:
        return current if state.is_closed else _at_desk(scan)
    # What a courier had taken before its recall was heard of is in his car, although that moves it nowhere.
    is_taken_along = scan.kind is Kind.TO_COURIER and state.side is Stage.RECALLED
    if scan.kind not in HAND_OVERS or not (is_taken_along or is_news(state, scan.kind)):
        return current
    return _by_kind(scan, current)


def _by_kind(scan: Scan, current: Holder) -> Holder:
    if scan.kind is Kind.DELIVERED:
        return Holder(Role.RECIPIENT)
    if scan.kind is Kind.RETURNED:
        return Holder(Role.SHOP)
    if not is_own(scan.source):
        return Holder(Role.CARRIER, scan.source)
    if scan.kind in _AT_A_DESK:
        return _at_desk(scan)
    if scan.kind in _ON_THE_ROAD:
        return Holder(Role.CARRIER)
    if scan.kind is Kind.TO_COURIER:
        return Holder(Role.COURIER, str(scan.details.get("by", "")))
    return Holder(Role.PICKUP, scan.place) if scan.kind is Kind.AT_PICKUP else current


def _at_desk(scan: Scan) -> Holder:
    if not is_own(scan.source):
        return Holder(Role.CARRIER, scan.source)
    return Holder(Role.WAREHOUSE, scan.place, scan.details.get("warehouse"))


def began_at(scan: Scan, before: datetime | None) -> datetime:
    """When a holding begins: when it happened, but not in the future, and not before the one it ends."""
    happened = min(scan.occurred_at, scan.recorded_at)
    return happened if before is None else max(happened, before)


def fold(scans: Iterable[Scan], cod_minor: int) -> list[Spell]:
    """All times of holding that a journal, in the order of its `seq`, adds up to."""
    state, done = State(), list[Spell]()
    last: dict[What, Spell] = {}
    for scan in scans:
        state = advance(state, scan.kind)
        parcel, cash = (last[what].holder if what in last else None for what in What)
        for what, holder in passes(state, scan, parcel, cash, cod_minor).items():
            since = began_at(scan, last[what].since if what in last else None)
            if what in last:
                done.append(replace(last[what], until=since))
            last[what] = Spell(what, scan.seq, holder, since)
    return sorted((*done, *last.values()), key=lambda spell: (spell.what, spell.seq))
