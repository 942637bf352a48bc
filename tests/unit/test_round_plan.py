"""A day shared among couriers: hours kept, nobody idle, what cannot be kept is said to be late."""

from datetime import time

from scheduling.round_plan import Visit, clock, put_in, share, timed
from scheduling.travel import Door

MORNING, DAY, EVENING = (600, 840), (840, 1080), (1080, 1320)


def visit(number: int, hours: tuple[int, int] = MORNING, address: str = "Ленина, 1", place: int = 1) -> Visit:
    return Visit(number, Door(place, address), *hours)


def test_hours_are_kept_and_told_as_an_hour_inside_of_the_slot() -> None:
    visits = [visit(n, hours, f"Улица {n}, 1") for n, hours in enumerate((EVENING, MORNING, DAY, MORNING, DAY))]
    (order,) = share(visits, 1)
    arrivals = timed(order)
    assert [a.visit.opens for a in arrivals] == sorted(v.opens for v in visits)
    assert not any(a.is_late for a in arrivals)
    assert all(a.visit.opens <= a.begins and a.ends <= a.visit.closes and a.ends - a.begins == 60 for a in arrivals)


def test_couriers_share_the_day_and_a_street_stays_together() -> None:
    visits = [visit(n, address=f"{'Ленина' if n % 2 else 'Усова'}, {n}") for n in range(10)]
    orders = share(visits, 2)
    assert sorted(len(order) for order in orders) in ([4, 6], [5, 5])
    assert max(len({v.door.address.split(",")[0] for v in order}) for order in orders) == 1


def test_a_day_nobody_can_drive_has_no_orders() -> None:
    assert share([], 3) == []
    assert share([visit(1)], 0) == []


def test_what_cannot_be_kept_is_late_and_said_so() -> None:
    visits = [visit(n, (600, 630), "Ленина, 1", place=n) for n in range(1, 4)]
    (order,) = share(visits, 1)
    arrivals = timed(order)
    assert sorted(v.booking for v in order) == [1, 2, 3]
    late = [a for a in arrivals if a.is_late]
    assert len(late) == 2
    assert all(a.begins >= a.visit.closes - 15 for a in late)


def test_a_late_booking_goes_behind_what_is_loaded() -> None:
    loaded = [visit(1), visit(2, DAY)]
    (order,) = put_in([loaded], visit(3, MORNING, "Ленина, 2"), [1])
    assert [v.booking for v in order] == [1, 3, 2]
    (order,) = put_in([loaded], visit(3, MORNING, "Ленина, 2"), [2])
    assert [v.booking for v in order] == [1, 2, 3]


def test_minutes_are_hours_on_the_wall() -> None:
    assert [clock(minute) for minute in (0, 615, 5000)] == [time(0), time(10, 15), time(23, 59)]
