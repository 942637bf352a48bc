"""Rows of a shop's file, or the two fields of its form, become parcels: each is taken whole or refused with a reason.

The same row again changes nothing; one that says something new changes the parcel and is recorded.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from parcels import journal
from parcels.journal import NewFact, StaleVersion
from parcels.models import Fact, Parcel, Shop
from parcels.stages import Kind, Stage
from portal import places, sheets
from portal.order_rows import KNOWN, REQUIRED, Faults, as_written, columns, normal_phone, order_number
from portal.order_rows import BadOrder as BadOrder
from portal.order_rows import BadPhone as BadPhone
from portal.table_header import Columns
from portal.tracking_story import is_readdressed
from portal.tracks import Track, track_of, typed_track
from scheduling import agreed, booking
from scheduling.booking import Asker
from scheduling.policy import Refusal, why_no_redirect
from scheduling.zones import service_of

#: The columns of a file of orders; `shop` says whose an order is.
COLUMNS = Columns(REQUIRED, frozenset({*KNOWN, "shop"}))
_SOURCE_LENGTH = 32


class BadColumns(ValueError):
    """The file lacks columns without which nothing can be taken; `words` names them."""

    def __init__(self, missing: list[str]) -> None:
        super().__init__(", ".join(missing))
        self.words = f"В файле нет столбцов: {', '.join(missing)}; добавьте их в первую строку."


@dataclass(frozen=True, slots=True)
class Rejected:
    """A refused row: its line in the file and why."""

    line: int
    reason: str
    words: str


@dataclass(frozen=True, slots=True)
class ReadRow:
    """A row that is understood: its order number, what it says by the parcel's columns, the carrier's number."""

    number: str
    said: dict[str, Any]
    track: Track | None


@dataclass(slots=True)
class Intake:
    """The intake of one file, over as many transactions as one likes. `default_shop` owns rows without a shop.

    created + updated + unchanged + len(rejected) is the number of rows taken in.
    """

    default_shop: str = ""
    created: int = 0
    updated: int = 0
    unchanged: int = 0
    rejected: list[Rejected] = field(default_factory=list)
    seen: dict[tuple[str, str], int] = field(default_factory=dict)

    @property
    def total(self) -> int:
        return self.created + self.updated + self.unchanged + len(self.rejected)

    def take(self, session: Session, rows: Iterable[sheets.Row], now: datetime) -> None:
        """Take some rows in. Their shops are locked, so that two intakes of one shop go one after the other."""
        batch = list(rows)
        shops = _shops_of(session, {self.default_shop, *(cells.get("shop", "").strip() for _, cells in batch)})
        for line, cells in batch:
            try:
                outcome = self._take_row(session, shops, line, cells, now)
            except BadOrder as error:
                self.rejected.append(Rejected(line, error.reason, error.words))
            else:
                setattr(self, outcome, getattr(self, outcome) + 1)

    def _take_row(
        self, session: Session, shops: dict[str, Shop], line: int, cells: Mapping[str, str], now: datetime
    ) -> str:
        if sheets.BEYOND in cells:
            raise BadOrder("extra_cells", cells[sheets.BEYOND])
        code = as_written(cells, "shop") or self.default_shop
        if code not in shops:
            raise BadOrder("unknown_shop" if code else "no_shop", code)
        read = _read(session, shops[code], cells, now)
        if (code, read.number) in self.seen:
            raise BadOrder("repeated", self.seen[code, read.number])
        outcome = _take_row(session, shops[code], read, now)[1]
        self.seen[code, read.number] = line
        return outcome


def check_header(header: Iterable[str]) -> None:
    """Raises BadColumns when a required column is missing."""
    missing = [name for name in REQUIRED if name not in set(header)]
    if missing:
        raise BadColumns(missing)


def start_tracking(session: Session, shop_id: int, number: str, phone: str, now: datetime) -> Parcel:
    """The shop's form of two fields: a parcel that is not known yet begins, a known one gets the phone.

    The number is the shop's, or the one that its carrier has given, by which the parcel is then followed.
    Raises: BadPhone; BadOrder when there is no number or the parcel has reached its end.
    """
    shop = session.scalars(_locking_shops().where(Shop.id == shop_id)).one()
    order, track = typed_track(session, shop, order_number(number))
    parcel = _take(session, shop, order, {"phone": normal_phone(phone)}, now)[0]
    if track is not None and parcel.closed_at is None:
        track.follow(session, parcel, now)
    return parcel


def take_order(session: Session, shop_id: int, cells: Mapping[str, str], now: datetime) -> tuple[Parcel, str]:
    """One order from a shop's program, by the rules of its files. Returns it and created, updated or unchanged.

    Raises: BadOrder.
    """
    shop = session.scalars(_locking_shops().where(Shop.id == shop_id)).one()
    return _take_row(session, shop, _read(session, shop, cells, now), now)


def redirect(session: Session, parcel: Parcel, cells: Mapping[str, str], asker: Asker, now: datetime) -> bool:
    """The shop sends a parcel held by `journal.lock` to another address. Returns whether that was news.

    Args: `cells` settlement, region and address as a row has them. Raises: BadOrder; Refusal; StaleVersion, also when
    the address is not the one that was shown.
    """
    journal.insist_on(session, parcel, asker.seen)
    _insist_on_address(session, parcel, asker.seen)
    said = columns(session, parcel.shop, {**_elsewhere(parcel, cells), "phone": parcel.phone}, now)
    asked = {name: value for name, value in said.items() if name in ("settlement", "address")}
    new = {name: value for name, value in asked.items() if value != getattr(parcel, name)}
    is_other_city = "settlement" in new
    if (reason := why_no_redirect(parcel.state, is_other_city)) is not None:
        raise Refusal(reason)
    if "address" not in said or (is_other_city and "address" not in new):
        raise BadOrder("no_address")
    if new:
        _change(session, parcel, new, now)
    return bool(new)


def _elsewhere(parcel: Parcel, cells: Mapping[str, str]) -> dict[str, str]:
    """The cells without the name of the place where the parcel goes anyway: other places may be called the same."""
    here = parcel.settlement.name if parcel.settlement is not None else ""
    stays = places.is_name_of(here, cells.get("settlement", "")) and not cells.get("region", "").strip()
    return {name: text for name, text in cells.items() if name == "address" or not stays}


def _insist_on_address(session: Session, parcel: Parcel, seen: int) -> None:
    later = Fact.parcel_id == parcel.id, Fact.seq > seen, Fact.kind == Kind.DETAILS_CHANGED
    if any(is_readdressed(details) for details in session.scalars(select(Fact.details).where(*later))):
        raise StaleVersion(f"parcel {parcel.id}: another address since version {seen}")


def _shops_of(session: Session, codes: set[str]) -> dict[str, Shop]:
    """The shops with these codes, locked in the order of their ids."""
    return {shop.code: shop for shop in session.scalars(_locking_shops().where(Shop.code.in_(codes)))}


def _locking_shops() -> Select[Shop]:
    return select(Shop).order_by(Shop.id).with_for_update(key_share=True)


def _read(session: Session, shop: Shop, cells: Mapping[str, str], now: datetime) -> ReadRow:
    """All that a row says. Raises: BadOrder that names every bad cell, before anything is written."""
    faults = Faults()
    number = faults.unless(lambda: order_number(cells.get("order_number", ""))) or ""
    said = faults.unless(lambda: columns(session, shop, cells, now)) or {}
    track = faults.unless(lambda: track_of(session, shop, number, cells))
    faults.raise_them()
    return ReadRow(number, said, track)


def _take_row(session: Session, shop: Shop, read: ReadRow, now: datetime) -> tuple[Parcel, str]:
    """Take in all that a row says. Raises BadOrder."""
    parcel, outcome = _take(session, shop, read.number, read.said, now)
    is_new = read.track is not None and parcel.closed_at is None and read.track.follow(session, parcel, now)
    return parcel, "updated" if is_new and outcome == "unchanged" else outcome


def _take(session: Session, shop: Shop, number: str, said: dict[str, Any], now: datetime) -> tuple[Parcel, str]:
    """Create or change one parcel of a locked shop. Returns it and one of created, updated, unchanged."""
    of_order = select(Parcel.id).where(Parcel.shop_id == shop.id, Parcel.order_number == number)
    parcel_id = session.scalar(of_order)
    if parcel_id is None:
        return _create(session, shop, number, said, now), "created"
    parcel = journal.lock(session, parcel_id)
    changed = sorted(name for name, value in said.items() if getattr(parcel, name) != value)
    if not changed:
        return parcel, "unchanged"
    if parcel.closed_at is not None:
        raise BadOrder("closed")
    if parcel.road is Stage.WITH_COURIER and {"settlement", "address"} & set(changed):
        raise BadOrder("with_courier")
    _change(session, parcel, {name: said[name] for name in changed}, now)
    return parcel, "updated"


def _create(session: Session, shop: Shop, number: str, said: dict[str, Any], now: datetime) -> Parcel:
    values = {"accepted_at": now, **said}
    parcel = Parcel(shop=shop, order_number=number, owner="shop", next_action="hand_over", next_action_at=now, **values)
    session.add(parcel)
    session.flush()
    fact = NewFact(Kind.ORDER_ACCEPTED, source(shop.code), at=parcel.accepted_at, place=shop.name)
    journal.record(session, parcel, fact, now)
    return parcel


def _change(session: Session, parcel: Parcel, new: dict[str, Any], now: datetime) -> None:
    """Write new values down and record them.

    A new phone gets a new link, and the old link, which its former owner has, is void: that is the fact LINK_REVOKED,
    and it alone makes a message. So the phone is not named in DETAILS_CHANGED, which would make another one.
    """
    before, is_first = parcel.settlement.name if parcel.settlement else "", not (parcel.settlement or parcel.address)
    for name, value in new.items():
        setattr(parcel, name, value)
    session.flush()
    by = source(parcel.shop.code)
    if "settlement" in new:
        _leave_zone(session, parcel, by, now)
    if {"settlement", "address"} & set(new):
        agreed.readdress(session, parcel)
    changed = [name for name in new if name != "phone"]
    if changed:
        cities = {"from_city": before, "to_city": new["settlement"].name} if "settlement" in new else {}
        details = {"changed": changed, **cities}
        if is_first and is_readdressed(details):
            details["first"] = True
        journal.record(session, parcel, NewFact(Kind.DETAILS_CHANGED, by, details=details), now)
    if "phone" in new:
        journal.record(session, parcel, NewFact(Kind.LINK_REVOKED, by, details={"cause": "phone"}), now)


def _leave_zone(session: Session, parcel: Parcel, by: str, now: datetime) -> None:
    """A place in a slot of other couriers is of no use at the new address."""
    held = booking.active_booking(session, parcel.id)
    service = service_of(session, parcel.settlement_id)
    if held is not None and (service is None or (held.slot is not None and held.slot.zone_id != service.zone_id)):
        booking.withdraw(session, parcel, by, "address_changed", now)


def source(shop_code: str) -> str:
    """A shop as the journal names it."""
    return f"shop:{shop_code}"[:_SOURCE_LENGTH]
