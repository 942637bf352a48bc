"""For machines: is the process there, and does it get on with its work."""

from datetime import timedelta

from flask import Blueprint, jsonify
from flask.typing import ResponseReturnValue
from sqlalchemy import func, select

from parcels.models import Parcel
from portal.access import Rule, allow
from portal.extensions import now
from portal.ticking import LATE
from portal.transaction import reading

bp = Blueprint("health", __name__)


@bp.get("/healthz")
@allow(Rule.PUBLIC)
def alive() -> ResponseReturnValue:
    """The process answers."""
    return jsonify(status="ok")


@bp.get("/readyz")
@allow(Rule.PUBLIC)
def ready() -> ResponseReturnValue:
    """The database answers and nothing has been due for more than a minute."""
    moment = now()
    with reading() as session:
        oldest = session.scalar(select(func.min(Parcel.next_action_at)).where(Parcel.next_action_at <= moment))
    late = moment - oldest if oldest else timedelta()
    return jsonify(oldest_due_seconds=int(late.total_seconds())), 200 if late <= LATE else 503
