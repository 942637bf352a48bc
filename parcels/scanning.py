"""PURE what a scan at a station means: the fact it records, or the reason why the answer is red."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from parcels.custody import Holder, Role
from parcels.stages import GOING_BACK, Kind, Stage, State


class Mode(StrEnum):
    """What somebody at the station is doing."""

    PACK = "pack"
    RECEIVE = "receive"
    SEND = "send"
    ISSUE = "issue"
    BACK = "back"


class Why(StrEnum):
    """Why a scan is not accepted."""

    UNKNOWN_CODE = "unknown_code"
    SEVERAL = "several"
    REPEATED_ID = "repeated_id"
    CLOSED = "closed"
    GOING_BACK = "going_back"
    ALREADY = "already"
    WRONG_WAREHOUSE = "wrong_warehouse"
    NOT_HERE = "not_here"
    NOT_PACKED = "not_packed"
    NO_WEIGHT = "no_weight"
    NO_COURIER = "no_courier"
    WITH_COURIER = "with_courier"
    NOT_AGREED = "not_agreed"
    WRONG_DAY = "wrong_day"
    WRONG_ZONE = "wrong_zone"
    WRONG_COURIER = "wrong_courier"
    IN_CITY = "in_city"
    NOT_BACK = "not_back"
    RECALLED = "recalled"
    READDRESSED = "readdressed"


@dataclass(frozen=True, slots=True)
class Desk:
    """Where the scan is made: `shop_id` for a shop's own warehouse; `today` by its clock, `zone_id` of the courier who
    is given parcels (None: nobody is chosen), `weight_g` from the scale.
    """

    warehouse_id: int
    shop_id: int | None
    today: date
    zone_id: int | None = None
    weight_g: int | None = None


@dataclass(frozen=True, slots=True)
class Seen:
    """A parcel at a desk: whether it begins or ends its way in this city, the day and zone that are agreed, whether it
    has been put aside since the shop recalled it, whether its label names an address that is not its own any more, and
    whether a courier, by his own marks, still has to give it back (`is_awaited`).
    """

    state: State
    holder: Holder
    shop_id: int
    is_packed: bool
    is_origin: bool
    is_destination: bool
    agreed_on: date | None = None
    agreed_zone: int | None = None
    is_set_aside: bool = False
    is_mislabelled: bool = False
    is_awaited: bool = False

    def is_held_at(self, desk: Desk) -> bool:
        return self.holder.role is Role.WAREHOUSE and self.holder.id == desk.warehouse_id


def decide(mode: Mode, desk: Desk, seen: Seen) -> Kind | Why:
    """The fact that a scan records, or why it records none."""
    if seen.state.is_closed and not (mode is Mode.BACK and seen.is_awaited):
        return Why.CLOSED
    if desk.shop_id is not None and desk.shop_id != seen.shop_id:
        return Why.WRONG_WAREHOUSE
    answer = _DECIDE[mode](desk, seen)
    is_leaving = isinstance(answer, Kind) and mode in (Mode.SEND, Mode.ISSUE) and answer is not Kind.RETURNING
    return Why.READDRESSED if is_leaving and seen.is_mislabelled else answer


def _pack(desk: Desk, seen: Seen) -> Kind | Why:
    if seen.state.road is not Stage.ACCEPTED or seen.is_packed:
        return Why.ALREADY
    if desk.shop_id is None and not seen.is_origin:
        return Why.WRONG_WAREHOUSE
    return Kind.PACKED if desk.weight_g else Why.NO_WEIGHT


def _receive(desk: Desk, seen: Seen) -> Kind | Why:
    if seen.state.side is Stage.RECALLED:
        return _put_aside(desk, seen)
    if seen.state.side in GOING_BACK:
        return Why.GOING_BACK
    if seen.holder.role is Role.COURIER:
        return Why.WITH_COURIER
    road = seen.state.road
    is_last_leg = seen.is_destination and road is not Stage.ACCEPTED
    if seen.is_held_at(desk) and not (is_last_leg and road is Stage.AT_WAREHOUSE):
        return Why.ALREADY
    if is_last_leg and not (seen.is_origin and road is Stage.HANDED_OVER):
        return Kind.ARRIVED
    is_early = road in (Stage.ACCEPTED, Stage.HANDED_OVER, Stage.AT_WAREHOUSE)
    return Kind.AT_WAREHOUSE if seen.is_origin and is_early and desk.shop_id is None else Why.WRONG_WAREHOUSE


def _send(desk: Desk, seen: Seen) -> Kind | Why:
    if desk.shop_id is not None:
        if seen.state.road is not Stage.ACCEPTED or seen.state.side in GOING_BACK:
            return Why.ALREADY
        return Kind.HANDED_OVER if seen.is_packed else Why.NOT_PACKED
    if not seen.is_held_at(desk):
        return Why.NOT_HERE
    if seen.state.side is Stage.RECALLED and not seen.is_set_aside:
        return Why.RECALLED
    if seen.state.side in GOING_BACK:
        return Kind.RETURNING
    return Kind.DEPARTED if seen.state.road is Stage.AT_WAREHOUSE else Why.IN_CITY


def _issue(desk: Desk, seen: Seen) -> Kind | Why:
    if desk.zone_id is None:
        return Why.NO_COURIER
    if seen.holder.role is Role.COURIER:
        return Why.ALREADY
    if seen.state.side in GOING_BACK:
        return Why.RECALLED if seen.state.side is Stage.RECALLED else Why.GOING_BACK
    if not seen.is_held_at(desk):
        return Why.NOT_HERE
    if seen.agreed_on is None:
        return Why.NOT_AGREED
    if seen.agreed_on != desk.today:
        return Why.WRONG_DAY
    return Kind.TO_COURIER if seen.agreed_zone == desk.zone_id else Why.WRONG_ZONE


def _back(desk: Desk, seen: Seen) -> Kind | Why:
    if desk.shop_id is not None:
        return Kind.RETURNED if seen.state.side in GOING_BACK else Why.NOT_BACK
    if seen.state.side is Stage.RECALLED:
        return _put_aside(desk, seen)
    if seen.is_held_at(desk) and not seen.is_awaited:
        return Why.ALREADY
    is_on_way_back = seen.state.side in GOING_BACK or seen.holder.role is Role.COURIER or seen.is_awaited
    return Kind.BACK_AT_DEPOT if is_on_way_back else Why.NOT_BACK


def _put_aside(desk: Desk, seen: Seen) -> Kind | Why:
    """What the shop has recalled is put aside once, wherever it is found; then it is sent back like all others."""
    return Why.ALREADY if seen.is_held_at(desk) and seen.is_set_aside else Kind.BACK_AT_DEPOT


_DECIDE: dict[Mode, Callable[[Desk, Seen], Kind | Why]] = {
    Mode.PACK: _pack,
    Mode.RECEIVE: _receive,
    Mode.SEND: _send,
    Mode.ISSUE: _issue,
    Mode.BACK: _back,
}
MAX_GRAMS = 1_000_000
_LONGEST = 20


def grams(written: str) -> int | None:
    """A weight as a scale or a person writes it: «1700», «1,7», «1.7 кг», «1700 г»; None when it is no weight."""
    text = written.strip().lower().replace(",", ".").replace("\u00a0", " ")
    number = text.removesuffix("кг").removesuffix("kg").removesuffix("г").removesuffix("g").strip()
    is_kilos = "." in number or text.endswith(("кг", "kg"))
    if len(number) > _LONGEST or not number.replace(".", "", 1).isdecimal() or not number.isascii():
        return None
    weight = round(float(number) * 1000) if is_kilos else int(number)
    return weight if 0 < weight <= MAX_GRAMS else None
