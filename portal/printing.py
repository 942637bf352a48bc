"""Every print is counted: which copy of a label or register it is, who made it and when."""

from datetime import date, datetime, time

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from parcels.clocks import moment
from parcels.custody_models import Print, StationScan
from parcels.models import Parcel, Warehouse
from parcels.scanning import Mode
from portal.labels import Register, Waybill
from portal.station import Keeper, hold, label_name


def count(session: Session, about: str, parcel_id: int | None, by: str, now: datetime) -> int:
    """Count a print. Returns which copy it is, from 1. Whoever calls holds what the print is about."""
    copy = 1 + (session.scalar(select(func.max(Print.copy)).where(Print.about == about)) or 0)
    session.add(Print(about=about, parcel_id=parcel_id, copy=copy, by=by, at=now))
    return copy


def label_of(session: Session, parcel_id: int, keeper: Keeper, now: datetime) -> Waybill:
    """The label of a parcel, counted. Raises UnknownParcel."""
    parcel = hold(session, keeper, parcel_id)
    return waybill(parcel, count(session, label_name(parcel.id), parcel.id, keeper.name, now))


def waybill(parcel: Parcel, copy: int = 1) -> Waybill:
    """What stands on a parcel's label."""
    return Waybill(
        number=parcel.number,
        shop=parcel.shop.name,
        order=parcel.order_number,
        city=parcel.settlement.name if parcel.settlement else "",
        address=parcel.address,
        recipient=parcel.recipient,
        pieces=max(parcel.pieces, 1),
        weight_g=parcel.weight_g,
        cod_minor=parcel.cod_minor,
        currency=parcel.currency,
        copy=copy,
    )


def register_of(
    session: Session, keeper: Keeper, courier: str | None, taker: str, day: date, now: datetime
) -> Register:
    """What left a warehouse on a day: issued to one courier, or sent on by a carrier when `courier` is None."""
    warehouse = session.scalars(select(Warehouse).where(Warehouse.id == keeper.warehouse.id).with_for_update()).one()
    mode = Mode.SEND if courier is None else Mode.ISSUE
    begins = moment(day, time(0), warehouse.settlement.zone)
    here = StationScan.warehouse_id == warehouse.id, StationScan.at >= begins, StationScan.mode == mode.value
    query = select(StationScan).where(*here, StationScan.refusal.is_(None)).order_by(StationScan.id)
    scans = [scan for scan in session.scalars(query) if courier is None or scan.said.get("name") == courier]
    parcels = [session.get_one(Parcel, scan.parcel_id) for scan in scans if scan.parcel_id is not None]
    about = f"register:{warehouse.id}:{day.isoformat()}:{taker}"[:80]
    copy = count(session, about, None, keeper.name, now)
    return Register(f"{warehouse.name}, {keeper.name}", taker, day, copy, [waybill(parcel) for parcel in parcels])
