"""The transition table: what each kind of fact does to a parcel at each stage."""

from __future__ import annotations

from itertools import accumulate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parcels.stages import FINAL, ROAD, Kind, Stage, State, advance, fold

START = {
    **{road: State(road) for road in ROAD},
    Stage.SCHEDULED: State(Stage.IN_TRANSIT, plan=Stage.SCHEDULED),
    Stage.POSTPONED: State(Stage.IN_TRANSIT, plan=Stage.POSTPONED),
    Stage.INCIDENT: State(Stage.IN_TRANSIT, side=Stage.INCIDENT),
    Stage.UNKNOWN: State(Stage.IN_TRANSIT, side=Stage.UNKNOWN),
    **{
        side: State(Stage.IN_CITY, side=side)
        for side in (
            *(Stage.MISSED, Stage.AT_PICKUP, Stage.REFUSED, Stage.RETURNING, Stage.RETURNED, Stage.RECALLED),
            Stage.EXPIRED,
        )
    },
}
SHORT = {
    "ac": Stage.ACCEPTED,
    "ho": Stage.HANDED_OVER,
    "wh": Stage.AT_WAREHOUSE,
    "tr": Stage.IN_TRANSIT,
    "ci": Stage.IN_CITY,
    "co": Stage.WITH_COURIER,
    "OK": Stage.DELIVERED,
    "sc": Stage.SCHEDULED,
    "po": Stage.POSTPONED,
    "mi": Stage.MISSED,
    "pp": Stage.AT_PICKUP,
    "in": Stage.INCIDENT,
    "un": Stage.UNKNOWN,
    "re": Stage.REFUSED,
    "rg": Stage.RETURNING,
    "rd": Stage.RETURNED,
    "ra": Stage.RECALLED,
    "ex": Stage.EXPIRED,
}
KINDS = (
    *(Kind.ORDER_ACCEPTED, Kind.HANDED_OVER, Kind.AT_WAREHOUSE, Kind.DEPARTED, Kind.PASSED, Kind.ARRIVED),
    *(Kind.TO_COURIER, Kind.DELIVERED, Kind.NOT_DELIVERED, Kind.AT_PICKUP, Kind.INCIDENT, Kind.UNKNOWN),
    *(Kind.REFUSED, Kind.RETURNING, Kind.RETURNED, Kind.SLOT_BOOKED, Kind.POSTPONED, Kind.CHOICE_WITHDRAWN),
    *(Kind.RECALLED, Kind.STORAGE_OVER),
)
SILENT = sorted(set(Kind) - set(KINDS))
#: Rows: the stage before. Columns: KINDS in their order. A dot: the stage stays.
TABLE = """
          oa ho wh de pa ar co OK nd pp in un re rg rd sb po cw ra so
ac        .  ho wh tr tr ci co OK mi pp in un re rg rd sc po .  ra ex
ho        .  .  wh tr tr ci co OK mi pp in un re rg rd sc po .  ra ex
wh        .  .  .  tr tr ci co OK mi pp in un re rg rd sc po .  ra ex
tr        .  .  .  .  .  ci co OK mi pp in un re rg rd sc po .  ra ex
ci        .  .  .  .  .  .  co OK mi pp in un re rg rd sc po .  ra ex
co        .  .  .  .  .  .  .  OK mi .  in un re rg rd .  .  .  ra ex
OK        .  .  .  .  .  .  .  .  .  .  .  .  .  .  .  .  .  .  .  .
sc        .  .  .  .  .  .  co OK mi pp in un re rg rd .  po tr ra ex
po        .  .  .  .  .  .  co OK mi pp in un re rg rd sc .  tr ra ex
mi        .  .  .  .  .  .  co OK .  pp in un re rg rd sc po .  ra ex
pp        .  .  .  .  .  .  co OK mi .  in un re rg rd sc po .  ra ex
in        .  .  .  tr tr ci co OK mi pp .  un re rg rd sc po .  ra ex
un        .  .  .  tr tr ci co OK mi pp in .  re rg rd sc po .  ra ex
re        .  .  .  .  .  .  .  .  .  .  .  .  .  rg rd .  .  .  .  .
rg        .  .  .  .  .  .  .  .  .  .  .  .  .  .  rd .  .  .  .  .
rd        .  .  .  .  .  .  .  .  .  .  .  .  .  .  .  .  .  .  .  .
ra        .  .  .  .  .  .  .  OK .  .  .  .  .  rg rd .  .  .  .  .
ex        .  .  .  .  .  .  .  OK .  .  .  .  .  rg rd sc po .  .  .
"""
CELLS = [
    (SHORT[row[0]], kind, SHORT[row[0]] if cell == "." else SHORT[cell])
    for row in map(str.split, TABLE.strip().splitlines()[1:])
    for kind, cell in zip(KINDS, row[1:], strict=True)
]
any_kinds = st.lists(st.sampled_from(list(Kind)), max_size=25)


def test_the_table_names_every_stage_and_every_kind_that_moves_one() -> None:
    assert {before for before, _, _ in CELLS} == set(Stage)
    assert all(START[stage].stage is stage for stage in Stage)
    assert len(CELLS) == len(Stage) * len(KINDS)


@pytest.mark.parametrize(("before", "kind", "after"), CELLS)
def test_what_a_fact_makes_of_a_stage(before: Stage, kind: Kind, after: Stage) -> None:
    assert advance(START[before], kind).stage is after


@pytest.mark.parametrize("kind", SILENT)
def test_a_fact_that_tells_nothing_of_the_way_moves_nothing(kind: Kind) -> None:
    assert [advance(state, kind) for state in START.values()] == list(START.values())


def test_a_late_scan_does_not_take_the_parcel_back() -> None:
    assert fold([Kind.ARRIVED, Kind.DEPARTED, Kind.HANDED_OVER]) == State(Stage.IN_CITY)


def test_a_missed_delivery_goes_back_to_the_city_without_its_slot() -> None:
    state = fold([Kind.SLOT_BOOKED, Kind.TO_COURIER, Kind.NOT_DELIVERED])
    assert state == State(Stage.IN_CITY, side=Stage.MISSED)


def test_a_new_slot_clears_a_missed_delivery() -> None:
    state = fold([Kind.TO_COURIER, Kind.NOT_DELIVERED, Kind.SLOT_BOOKED])
    assert state == State(Stage.IN_CITY, plan=Stage.SCHEDULED)


def test_a_repeated_arrival_does_not_hide_that_nobody_opened() -> None:
    assert fold([Kind.TO_COURIER, Kind.NOT_DELIVERED, Kind.ARRIVED]).stage is Stage.MISSED


def test_a_repeated_arrival_does_not_take_the_parcel_out_of_the_pickup_point() -> None:
    assert fold([Kind.ARRIVED, Kind.AT_PICKUP, Kind.ARRIVED]).stage is Stage.AT_PICKUP


def test_a_missed_parcel_can_be_laid_into_a_pickup_point() -> None:
    assert fold([Kind.TO_COURIER, Kind.NOT_DELIVERED, Kind.AT_PICKUP]).stage is Stage.AT_PICKUP


def test_what_was_agreed_survives_the_arrival() -> None:
    assert fold([Kind.SLOT_BOOKED, Kind.DEPARTED, Kind.ARRIVED]) == State(Stage.IN_CITY, plan=Stage.SCHEDULED)


def test_what_was_agreed_survives_an_unknown_word_of_the_carrier() -> None:
    kinds = [Kind.SLOT_BOOKED, Kind.UNKNOWN, Kind.PASSED]
    shown = [state.stage for state in accumulate(kinds, advance, initial=State())]
    assert shown == [Stage.ACCEPTED, Stage.SCHEDULED, Stage.UNKNOWN, Stage.SCHEDULED]


@pytest.mark.parametrize("kind", [Kind.DEPARTED, Kind.PASSED])
def test_an_unknown_word_is_lifted_by_the_next_scan_at_the_same_place(kind: Kind) -> None:
    assert fold([Kind.DEPARTED, Kind.UNKNOWN, kind]) == State(Stage.IN_TRANSIT)


def test_an_unknown_word_is_not_lifted_by_an_older_scan() -> None:
    assert fold([Kind.DEPARTED, Kind.UNKNOWN, Kind.HANDED_OVER]).stage is Stage.UNKNOWN


@given(any_kinds)
def test_folding_is_going_step_by_step(kinds: list[Kind]) -> None:
    assert fold(kinds) == list(accumulate(kinds, advance, initial=State()))[-1]


@given(any_kinds, any_kinds)
def test_what_is_final_stays_final(before: list[Kind], after: list[Kind]) -> None:
    final = fold([*before, Kind.RETURNED])
    assert final.stage in FINAL
    assert fold([*before, Kind.RETURNED, *after]) == final


@given(any_kinds)
def test_only_a_missed_delivery_takes_the_parcel_back_on_its_road(kinds: list[Kind]) -> None:
    states = list(accumulate(kinds, advance, initial=State()))
    back = {k for k, a, b in zip(kinds, states, states[1:], strict=False) if ROAD.index(b.road) < ROAD.index(a.road)}
    assert back <= {Kind.NOT_DELIVERED}


@given(any_kinds, st.sampled_from(list(Kind)))
def test_the_same_fact_twice_is_as_good_as_once(kinds: list[Kind], kind: Kind) -> None:
    assert fold([*kinds, kind, kind]) == fold([*kinds, kind])


@given(any_kinds)
def test_nothing_is_agreed_for_a_parcel_that_was_missed_or_goes_back(kinds: list[Kind]) -> None:
    state = fold(kinds)
    without_plan = {Stage.MISSED, Stage.AT_PICKUP, Stage.REFUSED, Stage.RETURNING, Stage.RETURNED, Stage.RECALLED}
    assert state.side not in without_plan or state.plan is None
