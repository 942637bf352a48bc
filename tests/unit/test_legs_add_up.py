"""The legs of a promise as they are shown add up to the eye, in both columns, and no leg is shown backwards."""

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from portal.tracking_why import leg_days

START = date(2026, 11, 30)
cases = st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), min_size=1, max_size=6)


def leg(begins: tuple[int, int], ends: tuple[int, int]) -> dict[str, list[str]]:
    def span(days: tuple[int, int]) -> list[str]:
        return [(START + timedelta(days=n)).isoformat() for n in days]

    return {"begins": span(begins), "ends": span(ends)}


@given(cases)
def test_both_columns_add_up(days: list[tuple[int, int]]) -> None:
    legs, at = [], (0, 0)
    for low, high in days:
        following = (at[0] + low, at[1] + high)
        legs.append(leg(at, following))
        at = following
    if at[1] < at[0]:
        return
    shown = leg_days(legs)
    assert (sum(low for low, _ in shown), sum(high for _, high in shown)) == at
    assert all(0 <= low <= high for low, high in shown)
    assert [low for low, _ in shown] == [low for low, _ in days]


def test_the_reserve_is_nothing_or_its_days() -> None:
    road, reserve = leg((0, 0), (4, 5)), leg((4, 5), (4, 8))
    assert leg_days([road, reserve]) == [(4, 5), (0, 3)]
