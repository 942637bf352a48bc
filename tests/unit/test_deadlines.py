"""By when a parcel must be passed on: the table of steps, by the clocks of both ends."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from parcels.custody import Holder, Role
from parcels.deadlines import Deadline, Step, View, deadline
from parcels.stages import Kind, fold

SINCE = datetime(2026, 11, 16, 6, tzinfo=UTC)
ROAD = (Kind.ORDER_ACCEPTED, Kind.HANDED_OVER, Kind.AT_WAREHOUSE, Kind.DEPARTED, Kind.ARRIVED, Kind.TO_COURIER)
SLOT = datetime(2026, 11, 21, 3, tzinfo=UTC)
SHOP, LINE, STORE, COURIER = (Holder(role) for role in (Role.SHOP, Role.CARRIER, Role.WAREHOUSE, Role.COURIER))


def at(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 11, day, hour, minute, tzinfo=UTC)


def seen(holder: Holder, *kinds: Kind) -> View:
    dates = {"hand_over_by": date(2026, 11, 17), "arrival_by": date(2026, 11, 20)}
    clocks = {"zone": "Asia/Tomsk", "origin_zone": "Asia/Yekaterinburg"}
    return View(fold(kinds), holder, SINCE, SINCE + timedelta(hours=5), **clocks, **dates, slot_begins=SLOT)


@pytest.mark.parametrize(
    ("holder", "kinds", "step", "by"),
    [
        (SHOP, ROAD[:1], Step.HAND_OVER, at(17, 18, 59)),
        (SHOP, (*ROAD[:1], Kind.PACKED), Step.HAND_OVER, at(17, 18, 59)),
        (LINE, ROAD[:2], Step.RECEIVE, at(17, 6)),
        (STORE, ROAD[:3], Step.DEPART, at(17, 6)),
        (LINE, ROAD[:4], Step.ARRIVE, at(20, 16, 59)),
        (LINE, (*ROAD[:4], Kind.INCIDENT), Step.ARRIVE, at(20, 16, 59)),
        (STORE, ROAD[:5], Step.ISSUE, SLOT),
        (COURIER, ROAD, Step.MARK, at(16, 16)),
        (COURIER, (*ROAD, Kind.NOT_DELIVERED), Step.BACK, at(17, 5)),
        (COURIER, (*ROAD, Kind.REFUSED), Step.BACK, at(17, 5)),
        (STORE, (*ROAD, Kind.BACK_AT_DEPOT), Step.ISSUE, SLOT),
        (LINE, (*ROAD, Kind.REFUSED, Kind.RETURNING), Step.RETURN, SINCE + timedelta(days=30, hours=5)),
    ],
)
def test_each_step_has_its_moment(holder: Holder, kinds: tuple[Kind, ...], step: Step, by: datetime) -> None:
    assert deadline(seen(holder, *kinds)) == Deadline(step, by)


@pytest.mark.parametrize("last", [Kind.DELIVERED, Kind.AT_PICKUP, Kind.NOT_DELIVERED])
def test_where_it_may_rest_nobody_owes_anything(last: Kind) -> None:
    assert deadline(seen(STORE, *ROAD[:5], last)) is None


def test_without_a_promise_or_a_slot_the_step_has_no_moment() -> None:
    unknown = {"hand_over_by": None, "arrival_by": None, "slot_begins": None}
    for holder, kinds in ((SHOP, ROAD[:1]), (LINE, ROAD[:4]), (STORE, ROAD[:5])):
        owes = deadline(replace(seen(holder, *kinds), **unknown))
        assert owes is not None
        assert owes.at is None


def test_a_courier_who_loads_late_at_night_has_the_next_evening() -> None:
    late = replace(seen(COURIER, *ROAD), since=at(16, 16, 30))
    assert deadline(late) == Deadline(Step.MARK, at(17, 16))


def test_nothing_is_owed_between_warehouses_at_a_weekend() -> None:
    for taken in (at(20, 10), at(21, 10)):  # a Friday, a Saturday
        assert deadline(replace(seen(STORE, *ROAD[:3]), since=taken)) == Deadline(Step.DEPART, at(23, 10))


def test_nor_on_a_feast() -> None:
    feast = replace(seen(STORE, *ROAD[:3]), workday=lambda day: max(day, date(2026, 11, 19)))
    assert deadline(feast) == Deadline(Step.DEPART, at(19, 6))
