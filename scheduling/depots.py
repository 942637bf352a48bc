"""Where the couriers of a zone come back to: the service's own warehouse there."""

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from parcels.journal import NewFact
from parcels.models import Warehouse
from parcels.stages import Kind
from scheduling.models import ZoneSettlement


def depot_of(session: Session, zone_id: int) -> Warehouse | None:
    """The service's warehouse of a zone; None where it has none."""
    query = select(Warehouse).join(ZoneSettlement, ZoneSettlement.settlement_id == Warehouse.settlement_id)
    return session.scalar(query.where(ZoneSettlement.zone_id == zone_id, Warehouse.shop_id.is_(None)).limit(1))


def at_depot(session: Session, zone_id: int, kind: Kind, details: dict[str, Any], source: str) -> NewFact:
    """What is taken from a courier in the evening, as a fact at the warehouse of his zone. Args: `source` who takes."""
    depot = depot_of(session, zone_id)
    if depot is None:
        return NewFact(kind, source, details=details)
    return NewFact(kind, source, place=depot.name, details={**details, "warehouse": depot.id})
