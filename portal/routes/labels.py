"""What a warehouse prints: a parcel's label and the register of a hand-over. A print is counted, so it is a POST."""

from flask import Blueprint, Response, abort, request

from parcels.clocks import local_date
from parcels.journal import UnknownParcel
from parcels.models import Staff
from portal import labels, printing
from portal.access import Rule, allow
from portal.extensions import now
from portal.languages import _, language
from portal.routes.station import keeper_of
from portal.transaction import transaction

bp = Blueprint("labels", __name__, url_prefix="/station")


@bp.post("/label/<int:parcel_id>")
@allow(Rule.WAREHOUSE)
def label(parcel_id: int) -> Response:
    """The label of a parcel, as many pages as it has pieces; printed again it says which copy it is."""
    try:
        with transaction() as session:
            waybill = printing.label_of(session, parcel_id, keeper_of(session), now())
    except UnknownParcel:
        abort(404)
    return _pdf(labels.label(waybill, language()), waybill.number)


@bp.post("/register")
@allow(Rule.WAREHOUSE)
def register() -> Response:
    """What left this warehouse today: to one courier, or to the carrier."""
    courier_id = request.form.get("courier", type=int)
    with transaction() as session:
        keeper = keeper_of(session)
        courier = session.get(Staff, courier_id) if courier_id is not None else None
        if courier_id is not None and (courier is None or courier.role != "courier"):
            abort(404)
        name = courier.name if courier is not None else None
        day = local_date(now(), keeper.warehouse.settlement.zone)
        paper = printing.register_of(session, keeper, name, name or _("Перевозчик"), day, now())
    return _pdf(labels.register(paper, language()), f"register-{day.isoformat()}")


def _pdf(content: bytes, name: str) -> Response:
    headers = {"Content-Disposition": f'inline; filename="{name}.pdf"'}
    return Response(content, mimetype="application/pdf", headers=headers)
