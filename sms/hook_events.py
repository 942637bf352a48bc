"""PURE which fact is which event of a webhook, and the thin body that tells of it: no personal data, ask the API."""

import json
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from parcels.stages import Kind
from sms.occasions import Occasion

PING = "test.ping"
EVENTS: dict[Kind, str] = {
    Kind.ORDER_ACCEPTED: "parcel.accepted",
    Kind.PACKED: "parcel.packed",
    Kind.HANDED_OVER: "parcel.handed_over",
    Kind.AT_WAREHOUSE: "parcel.at_warehouse",
    Kind.DEPARTED: "parcel.departed",
    Kind.PASSED: "parcel.passed",
    Kind.ARRIVED: "parcel.arrived",
    Kind.TO_COURIER: "parcel.with_courier",
    Kind.DELIVERED: "parcel.delivered",
    Kind.NOT_DELIVERED: "parcel.missed",
    Kind.AT_PICKUP: "parcel.at_pickup",
    Kind.INCIDENT: "parcel.incident",
    Kind.UNKNOWN: "parcel.unknown",
    Kind.REFUSED: "parcel.refused",
    Kind.RETURNING: "parcel.returning",
    Kind.RETURNED: "parcel.returned",
    Kind.RECALLED: "parcel.recalled",
    Kind.STORAGE_ENDS: "parcel.storage_ends",
    Kind.STORAGE_OVER: "parcel.expired",
    Kind.PROMISED: "parcel.promised",
    Kind.PROMISE_WITHDRAWN: "parcel.promise_withdrawn",
    Kind.SLOT_BOOKED: "parcel.scheduled",
    Kind.POSTPONED: "parcel.postponed",
    Kind.CHOICE_WITHDRAWN: "parcel.unscheduled",
    Kind.HAND_OVER_LATE: "parcel.hand_over_late",
    Kind.HANGING: "parcel.hanging",
    Kind.DAY_TAKEN: "parcel.day_taken",
    Kind.DAY_REFUSED: "parcel.day_refused",
    Kind.CASH_SENT: "parcel.cash_sent",
    Kind.CASH_BACK: "parcel.cash_back",
}
#: The events that say by webhook what an occasion says to people; the other events are for programs alone.
OF_OCCASION: dict[Occasion, tuple[str, ...]] = {
    Occasion.FIRST_LINK: ("parcel.accepted",),
    Occasion.MOVED: ("parcel.handed_over", "parcel.at_warehouse", "parcel.departed", "parcel.passed"),
    Occasion.IN_CITY: ("parcel.arrived",),
    Occasion.AT_PICKUP: ("parcel.at_pickup",),
    Occasion.BOOKED: ("parcel.scheduled",),
    Occasion.POSTPONED: ("parcel.postponed",),
    Occasion.DELAY: ("parcel.unscheduled",),
    Occasion.COURIER: ("parcel.with_courier",),
    Occasion.MISSED: ("parcel.missed",),
    Occasion.INCIDENT: ("parcel.incident",),
    Occasion.HANGING: ("parcel.hanging",),
    Occasion.DELIVERED: ("parcel.delivered",),
    Occasion.CASH_BACK: ("parcel.cash_back",),
    Occasion.RECALLED: ("parcel.recalled",),
    Occasion.STORAGE_ENDS: ("parcel.storage_ends",),
    Occasion.EXPIRED: ("parcel.expired",),
}
FOR_PROGRAMS: tuple[str, ...] = tuple(
    event for event in EVENTS.values() if not any(event in events for events in OF_OCCASION.values())
)


def body(event: str, at: datetime, data: dict[str, Any]) -> str:
    """The bytes that are signed and sent, the same in every attempt. `at` is when it happened."""
    moment = at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return json.dumps({"type": event, "timestamp": moment, "data": data}, ensure_ascii=False, separators=(",", ":"))


def data(order_number: str, parcel: str, stage: str, version: int) -> dict[str, Any]:
    """What an event says of a parcel: enough to know whether to ask, and where."""
    return {
        "order_number": order_number,
        "parcel": parcel,
        "stage": stage,
        "version": version,
        "href": f"/api/v1/parcels/{quote(order_number, safe='')}",
    }
