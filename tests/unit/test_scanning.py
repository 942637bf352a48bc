"""What a scan means: each mode takes what belongs to it and says why it does not take the rest."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from parcels.custody import Holder, Role
from parcels.scanning import Desk, Mode, Seen, Why, decide, grams
from parcels.stages import Kind, fold

TODAY = date(2026, 11, 26)
HERE, ELSEWHERE = Holder(Role.WAREHOUSE, "Томск, склад", 7), Holder(Role.WAREHOUSE, "Омск", 8)
SHOP, LINE, COURIER = (Holder(role) for role in (Role.SHOP, Role.CARRIER, Role.COURIER))
DESK = Desk(7, None, TODAY)
SHOPS = Desk(7, 3, TODAY, weight_g=1700)
COURIERS = Desk(7, None, TODAY, zone_id=5)
ROAD = (Kind.ORDER_ACCEPTED, Kind.HANDED_OVER, Kind.AT_WAREHOUSE, Kind.DEPARTED, Kind.ARRIVED, Kind.TO_COURIER)


def seen(holder: Holder, *kinds: Kind, packed: bool = True, begins: bool = False, ends: bool = False) -> Seen:
    return Seen(fold(kinds), holder, 3, packed, begins, ends, TODAY, 5)


FIRST = seen(SHOP, Kind.ORDER_ACCEPTED, packed=False)
READY = seen(HERE, *ROAD[:5], ends=True)
RECALLED = seen(HERE, *ROAD[:5], Kind.RECALLED, ends=True)


@pytest.mark.parametrize(
    ("mode", "desk", "parcel", "answer"),
    [
        (Mode.PACK, SHOPS, FIRST, Kind.PACKED),
        (Mode.PACK, replace(SHOPS, weight_g=None), FIRST, Why.NO_WEIGHT),
        (Mode.PACK, SHOPS, seen(SHOP, Kind.ORDER_ACCEPTED), Why.ALREADY),
        (Mode.PACK, replace(SHOPS, shop_id=4), FIRST, Why.WRONG_WAREHOUSE),
        (Mode.PACK, replace(DESK, weight_g=9), FIRST, Why.WRONG_WAREHOUSE),
        (Mode.SEND, SHOPS, FIRST, Why.NOT_PACKED),
        (Mode.SEND, SHOPS, seen(SHOP, Kind.ORDER_ACCEPTED), Kind.HANDED_OVER),
        (Mode.SEND, SHOPS, seen(LINE, *ROAD[:2]), Why.ALREADY),
        (Mode.RECEIVE, DESK, seen(LINE, *ROAD[:2], begins=True), Kind.AT_WAREHOUSE),
        (Mode.RECEIVE, DESK, seen(LINE, *ROAD[:2]), Why.WRONG_WAREHOUSE),
        (Mode.RECEIVE, DESK, seen(HERE, *ROAD[:3], begins=True), Why.ALREADY),
        (Mode.SEND, DESK, seen(HERE, *ROAD[:3], begins=True), Kind.DEPARTED),
        (Mode.SEND, DESK, seen(ELSEWHERE, *ROAD[:3]), Why.NOT_HERE),
        (Mode.SEND, DESK, READY, Why.IN_CITY),
        (Mode.RECEIVE, DESK, seen(LINE, *ROAD[:4], ends=True), Kind.ARRIVED),
        (Mode.RECEIVE, DESK, seen(LINE, *ROAD[:4]), Why.WRONG_WAREHOUSE),
        (Mode.RECEIVE, DESK, seen(LINE, *ROAD[:5], ends=True), Kind.ARRIVED),
        (Mode.RECEIVE, DESK, READY, Why.ALREADY),
        (Mode.RECEIVE, DESK, seen(LINE, *ROAD[:2], begins=True, ends=True), Kind.AT_WAREHOUSE),
        (Mode.RECEIVE, DESK, seen(HERE, *ROAD[:3], begins=True, ends=True), Kind.ARRIVED),
        (Mode.RECEIVE, DESK, seen(COURIER, *ROAD, ends=True), Why.WITH_COURIER),
        (Mode.ISSUE, DESK, READY, Why.NO_COURIER),
        (Mode.ISSUE, COURIERS, READY, Kind.TO_COURIER),
        (Mode.ISSUE, COURIERS, seen(LINE, *ROAD[:5]), Why.NOT_HERE),
        (Mode.ISSUE, COURIERS, seen(COURIER, *ROAD), Why.ALREADY),
        (Mode.ISSUE, COURIERS, replace(READY, agreed_on=None), Why.NOT_AGREED),
        (Mode.ISSUE, COURIERS, replace(READY, agreed_on=TODAY + timedelta(days=1)), Why.WRONG_DAY),
        (Mode.ISSUE, replace(COURIERS, zone_id=6), READY, Why.WRONG_ZONE),
        (Mode.BACK, DESK, seen(COURIER, *ROAD, Kind.NOT_DELIVERED), Kind.BACK_AT_DEPOT),
        (Mode.BACK, DESK, seen(COURIER, *ROAD), Kind.BACK_AT_DEPOT),
        (Mode.BACK, DESK, seen(HERE, *ROAD, Kind.REFUSED), Why.ALREADY),
        (Mode.BACK, DESK, seen(LINE, *ROAD[:4]), Why.NOT_BACK),
        (Mode.SEND, DESK, seen(HERE, *ROAD, Kind.REFUSED), Kind.RETURNING),
        (Mode.RECEIVE, DESK, seen(LINE, *ROAD, Kind.RETURNING), Why.GOING_BACK),
        (Mode.BACK, SHOPS, seen(LINE, *ROAD, Kind.RETURNING), Kind.RETURNED),
        (Mode.SEND, DESK, RECALLED, Why.RECALLED),
        (Mode.ISSUE, COURIERS, RECALLED, Why.RECALLED),
        (Mode.RECEIVE, DESK, replace(RECALLED, holder=LINE), Kind.BACK_AT_DEPOT),
        (Mode.BACK, DESK, RECALLED, Kind.BACK_AT_DEPOT),
        (Mode.BACK, DESK, replace(RECALLED, is_set_aside=True), Why.ALREADY),
        (Mode.RECEIVE, DESK, replace(RECALLED, holder=LINE, is_set_aside=True), Kind.BACK_AT_DEPOT),
        (Mode.SEND, DESK, replace(RECALLED, is_set_aside=True, is_mislabelled=True), Kind.RETURNING),
        (Mode.BACK, SHOPS, RECALLED, Kind.RETURNED),
        (Mode.ISSUE, COURIERS, replace(READY, is_mislabelled=True), Why.READDRESSED),
        (Mode.RECEIVE, DESK, replace(seen(LINE, *ROAD[:4], ends=True), is_mislabelled=True), Kind.ARRIVED),
        (Mode.SEND, DESK, replace(READY, is_mislabelled=True), Why.IN_CITY),
    ],
)
def test_a_scan_is_a_fact_or_a_reason(mode: Mode, desk: Desk, parcel: Seen, answer: Kind | Why) -> None:
    assert decide(mode, desk, parcel) is answer


@pytest.mark.parametrize("mode", Mode)
def test_what_is_over_is_not_scanned(mode: Mode) -> None:
    assert decide(mode, replace(COURIERS, weight_g=5), seen(HERE, *ROAD, Kind.DELIVERED)) is Why.CLOSED


@pytest.mark.parametrize(
    ("written", "weight"),
    [
        *(("1700", 1700), ("1,7", 1700), (" 1.75 кг", 1750), ("850 г", 850), ("2kg", 2000), ("0", None), ("", None)),
        *(("много", None), ("1.2.3", None), ("-5", None), ("99999999", None), ("1e5", None), ("٣", None)),
        *(("9" * 400 + "кг", None), ("." * 2, None)),
    ],
)
def test_a_weight_is_read_as_scales_and_people_write_it(written: str, weight: int | None) -> None:
    assert grams(written) == weight
