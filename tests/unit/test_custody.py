"""Who holds a parcel and its cash: a hand-over passes it on; what is late, repeated or no scan passes nothing."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parcels.custody import Holder, Role, Spell, What, fold
from parcels.stages import Kind

NOON = datetime(2026, 11, 16, 12, tzinfo=UTC)
SHOP, LINE, RECIPIENT = Holder(Role.SHOP), Holder(Role.CARRIER), Holder(Role.RECIPIENT)
STORE, KIM = Holder(Role.WAREHOUSE, "Томск, склад", 7), Holder(Role.COURIER, "Сергей Ким")


@dataclass
class Told:
    """A fact as custody sees it."""

    kind: Kind
    seq: int = 0
    source: str = "station:1"
    occurred_at: datetime = NOON
    recorded_at: datetime = NOON
    place: str = "Томск, склад"
    details: dict[str, Any] = field(default_factory=dict)


def journal(*kinds: Kind | Told) -> list[Told]:
    facts = [kind if isinstance(kind, Told) else Told(kind) for kind in kinds]
    for number, fact in enumerate(facts):
        fact.seq = number + 1
        fact.occurred_at = fact.occurred_at + timedelta(hours=number)
        fact.recorded_at = fact.recorded_at + timedelta(hours=number)
        fact.details = {"warehouse": 7, "by": "Сергей Ким", **fact.details}
    return facts


def holders(what: What, *kinds: Kind | Told, cod: int = 0) -> list[Holder]:
    return [spell.holder for spell in fold(journal(*kinds), cod) if spell.what is what]


ROAD = (Kind.ORDER_ACCEPTED, Kind.HANDED_OVER, Kind.AT_WAREHOUSE, Kind.DEPARTED, Kind.ARRIVED, Kind.TO_COURIER)


def test_every_scan_of_the_road_passes_the_parcel_on() -> None:
    assert holders(What.PARCEL, *ROAD, Kind.DELIVERED) == [SHOP, LINE, STORE, LINE, STORE, KIM, RECIPIENT]


@pytest.mark.parametrize(
    ("after", "holder"),
    [
        ((Kind.ORDER_ACCEPTED, Kind.PACKED, Kind.PROMISED, Kind.HAND_OVER_LATE), SHOP),
        ((*ROAD[:3], Kind.DEADLINE_MISSED, Kind.SLOT_BOOKED, Kind.INCIDENT), STORE),
        ((*ROAD, Kind.DEPARTED, Kind.ARRIVED), KIM),
        ((*ROAD, Kind.NOT_DELIVERED), KIM),
        ((*ROAD, Kind.NOT_DELIVERED, Kind.ARRIVED), KIM),
        ((*ROAD, Kind.NOT_DELIVERED, Kind.BACK_AT_DEPOT), STORE),
        ((*ROAD, Kind.REFUSED, Kind.ARRIVED), KIM),
        ((*ROAD, Kind.REFUSED, Kind.BACK_AT_DEPOT, Kind.RETURNING), LINE),
        ((*ROAD, Kind.REFUSED, Kind.RETURNING, Kind.RETURNED, Kind.ARRIVED), SHOP),
        ((*ROAD, Kind.DELIVERED, Kind.BACK_AT_DEPOT, Kind.RETURNED), RECIPIENT),
        ((Kind.ORDER_ACCEPTED, Kind.AT_PICKUP), Holder(Role.PICKUP, "Томск, склад")),
        ((*ROAD[:2], Told(Kind.ARRIVED, source="russian_post")), Holder(Role.CARRIER, "russian_post")),
        ((Kind.ORDER_ACCEPTED, Told(Kind.ORDER_ACCEPTED, source="cdek")), SHOP),
    ],
)
def test_who_did_not_scan_still_holds_it(after: tuple[Kind | Told, ...], holder: Holder) -> None:
    assert holders(What.PARCEL, *after)[-1] == holder


def test_cash_goes_from_the_door_to_the_till_and_is_nobodys_before() -> None:
    assert holders(What.CASH, *ROAD, cod=4990_00) == []
    assert holders(What.CASH, *ROAD, Kind.CASH_HANDED_IN, Kind.DELIVERED, cod=4990_00) == [KIM]
    assert holders(What.CASH, *ROAD, Kind.DELIVERED, Kind.CASH_HANDED_IN, Kind.DELIVERED, cod=1) == [KIM, STORE]
    assert holders(What.CASH, *ROAD, Kind.DELIVERED) == []
    assert holders(What.CASH, *ROAD, Kind.RETURNING, Kind.RETURNED, Kind.DELIVERED, cod=1) == []
    to_shop = (*ROAD, Kind.DELIVERED, Kind.CASH_HANDED_IN, Kind.CASH_BACK)
    assert holders(What.CASH, *to_shop, Kind.CASH_HANDED_IN, Kind.CASH_SENT, cod=1) == [KIM, STORE, SHOP]
    assert holders(What.CASH, *ROAD, Kind.CASH_BACK, cod=1) == []
    told = Told(Kind.DELIVERED, source="cdek")
    assert holders(What.CASH, *ROAD, told, cod=1) == [KIM], "what our courier carries he is paid for, whoever says so"
    sent = Told(Kind.CASH_SENT, source="cdek")
    assert holders(What.CASH, *ROAD[:2], told, sent, Kind.CASH_BACK, cod=1) == [Holder(Role.CARRIER, "cdek"), SHOP]
    by_post = Told(Kind.DELIVERED, source="russian_post")
    assert holders(What.CASH, *ROAD[:2], by_post, cod=1) == [Holder(Role.CARRIER, "russian_post")]


@given(
    st.lists(st.sampled_from(Kind), max_size=25),
    st.lists(st.integers(-100, 100), min_size=25, max_size=25),
    st.sampled_from(["station:1", "russian_post", "courier"]),
)
def test_at_every_minute_there_is_one_holder(kinds: list[Kind], skews: list[int], source: str) -> None:
    facts = journal(Kind.ORDER_ACCEPTED, *(Told(kind, source=source) for kind in kinds))
    for fact, skew in zip(facts[1:], skews, strict=False):
        fact.occurred_at += timedelta(hours=skew)
    spells = fold(facts, 100)
    for what in What:
        mine = [spell for spell in spells if spell.what is what]
        assert [spell.until for spell in mine[:-1]] == [spell.since for spell in mine[1:]]
        assert all(is_forward(spell) for spell in mine)
        assert what is What.CASH or mine[0].since == NOON
        assert all(spell.until is None for spell in mine[-1:])


def is_forward(spell: Spell) -> bool:
    return spell.until is None or spell.since <= spell.until
