"""The warehouse's entrances: the station that scans, what is expected, a damaged parcel, and what is printed."""

from datetime import datetime, time
from typing import Any
from uuid import uuid4

from flask import Blueprint, abort, current_app, flash, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, joinedload

from parcels.clocks import local_date, moment
from parcels.custody_models import StationScan
from parcels.journal import UnknownParcel
from parcels.models import Parcel, Shop, Staff, Warehouse
from parcels.scanning import Mode, Why
from portal import notices_staff, station, station_words
from portal.access import Rule, allow
from portal.extensions import now
from portal.htmx import wants_fragment
from portal.languages import _, language
from portal.station import Asked, Keeper
from portal.transaction import reading, transaction

bp = Blueprint("station", __name__, url_prefix="/station")
LAST, EXPECTED = 10, 200


@bp.context_processor
def words() -> dict[str, Any]:
    """The words that the station's templates look up by value."""
    return {"station_words": station_words, "notices_staff": notices_staff}


@bp.get("")
@allow(Rule.WAREHOUSE)
def desk() -> ResponseReturnValue:
    """The field that is scanned into, in the mode of the address, and the answer to the last scan."""
    with reading() as session:
        keeper = keeper_of(session)
        mode = _mode(request.args.get("mode"), keeper.warehouse)
        scan_id = request.args.get("scan", type=int)
        scan = session.get(StationScan, scan_id) if scan_id is not None else None
        is_mine = scan is not None and scan.staff_id == keeper.id
        return render_template("pages/station.html", **_page(session, keeper, mode, scan if is_mine else None))


@bp.post("/scan")
@allow(Rule.WAREHOUSE)
def scan() -> ResponseReturnValue:
    """One scan. Sent again under the same id it changes nothing and is answered as before."""
    try:
        asked = Asked.of(request.form)
    except ValueError:
        abort(400)
    scan_id = _scanned(asked)
    with reading() as session:
        keeper, row = keeper_of(session), session.get_one(StationScan, scan_id)
        is_same = (row.code, row.mode) == (asked.code, asked.mode)
        if not is_same:
            row = StationScan(code=asked.code, mode=asked.mode, refusal=Why.REPEATED_ID, said={}, at=now())
        if wants_fragment():
            return render_template("fragments/station_answer.html", **_page(session, keeper, asked.mode, row))
        if not is_same:
            return render_template("pages/station.html", **_page(session, keeper, asked.mode, row)), 409
    return redirect(url_for("station.desk", mode=asked.mode.value, courier=asked.courier_id, scan=row.id), 303)


def _scanned(asked: Asked) -> int:
    """The id of the scan's row. When the same request came twice at once, the second finds what the first has left."""
    try:
        with transaction() as session:
            return station.scan(session, keeper_of(session), asked, now()).id
    except IntegrityError:
        with reading() as session:
            row = station.known(session, keeper_of(session), asked.client_id)
        if row is None:
            raise
        return row.id


@bp.post("/damaged")
@allow(Rule.WAREHOUSE)
def damaged() -> ResponseReturnValue:
    """The parcel in the hand is damaged; the dispatcher hears of it, and so does the recipient."""
    parcel_id = request.form.get("parcel", type=int)
    if parcel_id is None:
        abort(400)
    said = request.form
    try:
        with transaction() as session:
            keeper = keeper_of(session)
            station.damaged(session, keeper, parcel_id, said.get("note", ""), said.get("client", ""), now())
    except UnknownParcel:
        abort(404)
    flash(_("Записали: посылка повреждена. Диспетчер уже видит."))
    return redirect(url_for("station.desk", mode=said.get("mode"), courier=said.get("courier")), 303)


@bp.get("/expected")
@allow(Rule.WAREHOUSE)
def expected() -> ResponseReturnValue:
    """What is on its way to this warehouse."""
    with reading() as session:
        keeper = keeper_of(session)
        parcels, count = station.expected(session, keeper.warehouse, EXPECTED)
        return render_template("pages/station_expected.html", parcels=parcels, count=count, keeper=keeper)


def keeper_of(session: Session) -> Keeper:
    """Who asks; somebody without a warehouse has no station."""
    number = current_user.warehouse_id
    warehouse = session.get(Warehouse, number) if number is not None else None
    if warehouse is None:
        notice = notices_staff.no_warehouse()
        page = {"notice": notice, "title": notice.happened, "phone": current_app.config["SUPPORT_PHONE"]}
        abort(make_response(render_template("errors/notice.html", **page), 409))
    return Keeper(current_user.id, current_user.name, warehouse)


def _modes(warehouse: Warehouse) -> list[Mode]:
    """A shop's own warehouse packs, sends and takes back; the service's does everything."""
    return [Mode.PACK, Mode.SEND, Mode.BACK] if warehouse.shop_id is not None else list(Mode)


def _mode(asked: str | None, warehouse: Warehouse) -> Mode:
    modes = _modes(warehouse)
    default = Mode.PACK if warehouse.shop_id is not None else Mode.RECEIVE
    return Mode(asked) if asked in modes else default


def _page(session: Session, keeper: Keeper, mode: Mode, scan: StationScan | None) -> dict[str, Any]:
    """Everything the station shows."""
    warehouse = keeper.warehouse
    around = joinedload(Parcel.settlement), joinedload(Parcel.shop).joinedload(Shop.origin)
    parcel = session.get(Parcel, scan.parcel_id, options=around) if scan is not None and scan.parcel_id else None
    couriers = select(Staff).where(Staff.role == "courier", Staff.is_active).order_by(Staff.name)
    last = select(StationScan).where(StationScan.warehouse_id == warehouse.id).order_by(StationScan.id.desc())
    return {
        "keeper": keeper,
        "mode": mode.value,
        "modes": _modes(warehouse),
        "verdict": station_words.verdict(scan, parcel, language()) if scan is not None else None,
        "parcel": parcel,
        "couriers": session.scalars(couriers).all() if mode is Mode.ISSUE else [],
        "courier_id": request.values.get("courier", type=int),
        "client_id": uuid4().hex,
        "last": session.scalars(last.limit(LAST)).all(),
        "zone": warehouse.settlement.zone,
        "today": _today(session, warehouse, mode, now()),
        "expected": station.expected(session, warehouse, 0)[1],
    }


def _today(session: Session, warehouse: Warehouse, mode: Mode, at: datetime) -> int:
    """How many scans of this mode were accepted here since midnight."""
    midnight = moment(local_date(at, warehouse.settlement.zone), time(0), warehouse.settlement.zone)
    here = StationScan.warehouse_id == warehouse.id, StationScan.at >= midnight
    mine = *here, StationScan.mode == mode.value, StationScan.refusal.is_(None)
    return session.scalar(select(func.count()).select_from(StationScan).where(*mine)) or 0
