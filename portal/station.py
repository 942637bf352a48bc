"""A scan at a warehouse's station: decided, recorded once, and kept with its answer for whoever sends it again."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from parcels import holdings, journal
from parcels.custody import Holder, Role
from parcels.custody_models import Print, StationScan
from parcels.journal import NewFact, UnknownParcel
from parcels.models import Fact, Parcel, Staff, Warehouse
from parcels.numbers import parcel_id_in
from parcels.scanning import Desk, Mode, Seen, Why, decide, grams
from parcels.stages import Kind, Stage
from portal.tracking_story import is_readdressed
from scheduling import booking, round_closing, round_loading
from scheduling.calendars import local_date
from scheduling.models import Slot
from scheduling.zones import service_of

NOTE_LENGTH = 120


@dataclass(frozen=True, slots=True)
class Keeper:
    """Who scans, and at which warehouse."""

    id: int
    name: str
    warehouse: Warehouse

    @property
    def source(self) -> str:
        return f"station:{self.warehouse.id}"

    @property
    def here(self) -> dict[str, Any]:
        return {"warehouse": self.warehouse.id, "by": self.name}


@dataclass(frozen=True, slots=True)
class Asked:
    """What the page sends: its own id of the scan, the code as scanned or typed, and what the mode needs."""

    client_id: str
    mode: Mode
    code: str
    weight: str = ""
    courier_id: int | None = None

    @classmethod
    def of(cls, form: Mapping[str, str]) -> "Asked":
        """Raises ValueError for a form that is none of ours."""
        code, client_id = form.get("code", "").strip()[:64], form.get("client", "").strip()
        if not client_id or len(client_id) > 40:
            raise ValueError(client_id)
        courier = form.get("courier", "")
        mode, weight = Mode(form.get("mode", "")), form.get("weight", "")
        return cls(client_id, mode, code, weight, int(courier) if courier.isdecimal() else None)


def known(session: Session, keeper: Keeper, client_id: str) -> StationScan | None:
    """The scan that this page has sent under this id before."""
    same = StationScan.staff_id == keeper.id, StationScan.client_id == client_id
    return session.scalar(select(StationScan).where(*same))


def scan(session: Session, keeper: Keeper, asked: Asked, now: datetime) -> StationScan:
    """Decide about a scan and record its fact. The same request again changes nothing and gets the same answer."""
    before = known(session, keeper, asked.client_id)
    if before is not None:
        return before
    found = parcels_of(session, asked.code, keeper.warehouse.shop_id)
    parcel = journal.lock(session, found[0].id) if len(found) == 1 else None
    answer: Kind | Why = Why.SEVERAL if found else Why.UNKNOWN_CODE
    if parcel is not None:
        answer = _take(session, keeper, parcel, asked, now)
    row = StationScan(
        staff_id=keeper.id,
        client_id=asked.client_id,
        warehouse_id=keeper.warehouse.id,
        mode=asked.mode.value,
        code=asked.code,
        at=now,
        parcel_id=parcel.id if parcel is not None else None,
        refusal=answer.value if isinstance(answer, Why) else None,
        said=_said(session, parcel, answer),
    )
    session.add(row)
    session.flush()
    return row


def hold(session: Session, keeper: Keeper, parcel_id: int) -> Parcel:
    """A parcel that the keeper may lay his hands on, locked; for a shop's keeper no other shop's is there.

    Raises UnknownParcel.
    """
    parcel = journal.lock(session, parcel_id)
    if keeper.warehouse.shop_id not in (None, parcel.shop_id):
        raise UnknownParcel(parcel_id)
    return parcel


def parcels_of(session: Session, code: str, shop_id: int | None) -> list[Parcel]:
    """Parcels by our number on the label, or by the shop's number of the order; two at most, of one shop if asked."""
    own = parcel_id_in(code.replace(" ", ""))
    query = select(Parcel).where(Parcel.id == own if own is not None else Parcel.order_number == code)
    if shop_id is not None:
        query = query.where(Parcel.shop_id == shop_id)
    return list(session.scalars(query.limit(2)))


def _take(session: Session, keeper: Keeper, parcel: Parcel, asked: Asked, now: datetime) -> Kind | Why:
    courier = session.get(Staff, asked.courier_id) if asked.courier_id is not None else None
    zone_id = courier.zone_id if courier is not None and courier.role == "courier" else None
    today = local_date(now, keeper.warehouse.settlement.zone)
    weight = grams(asked.weight)
    answer = decide(
        asked.mode,
        Desk(keeper.warehouse.id, keeper.warehouse.shop_id, today, zone_id, weight),
        seen(session, keeper.warehouse, parcel),
    )
    if isinstance(answer, Why):
        return answer
    details = keeper.here
    if answer is Kind.PACKED:
        parcel.weight_g = weight
        details |= {"weight_g": weight, "pieces": parcel.pieces}
    if answer is Kind.TO_COURIER and courier is not None:
        try:
            details |= round_loading.hand_out(session, parcel.id, courier, today, now)
        except round_loading.WrongParcel:
            return Why.WRONG_COURIER
    if answer is Kind.BACK_AT_DEPOT:
        stop = round_loading.take_back(session, parcel.id, now)
        if stop is not None:
            round_closing.settle(session, stop.round_id, now, may_wait=False)
    journal.record(session, parcel, NewFact(answer, keeper.source, None, keeper.warehouse.name, details), now)
    return answer


def seen(session: Session, warehouse: Warehouse, parcel: Parcel) -> Seen:
    """A parcel as the decision sees it."""
    packed = select(Fact.seq).where(Fact.parcel_id == parcel.id, Fact.kind == Kind.PACKED).limit(1)
    held = booking.active_booking(session, parcel.id) if parcel.plan is Stage.SCHEDULED else None
    slot = held.slot if held is not None else None
    return Seen(
        state=parcel.state,
        holder=holdings.holder_of(session, parcel.id) or Holder(Role.SHOP),
        shop_id=parcel.shop_id,
        is_packed=session.scalar(packed) is not None,
        is_origin=parcel.shop.origin_id == warehouse.settlement_id,
        is_destination=_ends_here(session, warehouse, parcel),
        agreed_on=slot.day if slot is not None else None,
        agreed_zone=slot.zone_id if slot is not None else None,
        is_set_aside=parcel.side is Stage.RECALLED and _is_set_aside(session, parcel.id),
        is_mislabelled=_is_mislabelled(session, parcel.id),
        is_awaited=round_loading.is_awaited(session, parcel.id),
    )


def _is_set_aside(session: Session, parcel_id: int) -> bool:
    """Has it been put aside for the shop since it was recalled?"""
    kinds = select(Fact.kind).where(Fact.parcel_id == parcel_id, Fact.kind.in_((Kind.RECALLED, Kind.BACK_AT_DEPOT)))
    return session.scalar(kinds.order_by(Fact.seq.desc()).limit(1)) is Kind.BACK_AT_DEPOT


def _is_mislabelled(session: Session, parcel_id: int) -> bool:
    """Was its address changed after our last label was printed? Of labels that are not ours we know nothing."""
    printed = session.scalar(select(func.max(Print.at)).where(Print.about == label_name(parcel_id)))
    if printed is None:
        return False
    since = Fact.parcel_id == parcel_id, Fact.kind == Kind.DETAILS_CHANGED, Fact.recorded_at > printed
    return any(is_readdressed(details) for details in session.scalars(select(Fact.details).where(*since)))


def label_name(parcel_id: int) -> str:
    """Under which name the prints of a parcel's label are counted."""
    return f"label:{parcel_id}"


def _ends_here(session: Session, warehouse: Warehouse, parcel: Parcel) -> bool:
    """Is this the parcel's city, or one whose couriers go to its village?"""
    if parcel.settlement_id == warehouse.settlement_id:
        return True
    here, there = (service_of(session, place) for place in (warehouse.settlement_id, parcel.settlement_id))
    return here is not None and there is not None and here.zone_id == there.zone_id


def _said(session: Session, parcel: Parcel | None, answer: Kind | Why) -> dict[str, Any]:
    """What the answer was made of, so that it can be given again as it was."""
    if parcel is None:
        return {}
    holder = holdings.holder_of(session, parcel.id) or Holder(Role.SHOP)
    held = booking.active_booking(session, parcel.id) if parcel.plan is Stage.SCHEDULED else None
    slot: Slot | None = held.slot if held is not None else None
    return {
        "kind": answer.value if isinstance(answer, Kind) else None,
        "role": holder.role.value,
        "name": holder.name,
        "side": parcel.side.value if parcel.side else None,
        **({"day": slot.day.isoformat(), "from": f"{slot.starts:%H:%M}", "to": f"{slot.ends:%H:%M}"} if slot else {}),
    }


def damaged(session: Session, keeper: Keeper, parcel_id: int, note: str, client_id: str, now: datetime) -> bool:
    """Somebody has seen that a parcel is damaged: an accident, once per press. Was it recorded now?

    Raises UnknownParcel.
    """
    parcel = hold(session, keeper, parcel_id)
    details = {**keeper.here, "cause": "damaged", "note": note.strip()[:NOTE_LENGTH]}
    key = f"damaged:{keeper.id}:{client_id[:40]}"
    fact = NewFact(Kind.INCIDENT, keeper.source, None, keeper.warehouse.name, details, key)
    return parcel.closed_at is None and journal.record(session, parcel, fact, now) is not None


def expected(session: Session, warehouse: Warehouse, limit: int) -> tuple[list[Parcel], int]:
    """Parcels that are on their way to a warehouse, those due first, and how many there are in all."""
    query = select(Parcel).where(Parcel.closed_at.is_(None), *_coming(session, warehouse))
    count = session.scalar(query.with_only_columns(func.count(Parcel.id))) or 0
    rows = session.scalars(query.order_by(Parcel.hand_over_by, Parcel.arrival_by, Parcel.id).limit(limit))
    return list(rows), count


def _coming(session: Session, warehouse: Warehouse) -> tuple[Any, ...]:
    """A shop's own warehouse packs what was ordered; one of the service receives from shops and from the road."""
    if warehouse.shop_id is not None:
        return Parcel.shop_id == warehouse.shop_id, Parcel.road == Stage.ACCEPTED, Parcel.side.is_(None)
    return Parcel.settlement_id == warehouse.settlement_id, Parcel.road == Stage.IN_TRANSIT, Parcel.side.is_(None)
