"""What couriers say they have handed in: for the storekeeper who scans it, the cashier who counts, and the office."""

from typing import Any

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue
from flask_login import current_user

from parcels.models import Warehouse
from portal import hand_in_page, notices_staff
from portal.access import Rule, allow
from portal.extensions import now
from portal.transaction import reading

bp = Blueprint("hand_ins", __name__, url_prefix="/hand-ins")


@bp.context_processor
def words() -> dict[str, Any]:
    """What the templates look up by value."""
    return {"notices_staff": notices_staff}


@bp.get("")
@allow(Rule.HAND_INS)
def listed() -> ResponseReturnValue:
    """Round by round: which parcels wait for a scan, and which money for a count. A storekeeper sees his own place."""
    with reading() as session:
        number = current_user.warehouse_id if current_user.role == "warehouse" else None
        warehouse = session.get(Warehouse, number) if number is not None else None
        found = hand_in_page.open_ones(session, now(), warehouse)
        return render_template("pages/hand_ins.html", found=found)
