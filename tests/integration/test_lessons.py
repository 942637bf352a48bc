"""The daily lesson in the running product: it takes over as deliveries come in, and a promise once given stays."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from flask import Flask
from sqlalchemy import select

from parcels import journal
from parcels.journal import NewFact
from parcels.models import Fact, Parcel, Shop
from parcels.stages import Kind
from portal import ticking
from portal.transaction import reading, transaction
from scheduling import coverage, lessons, promising
from scheduling.coverage import BadCoverage, Worth, is_borne_out
from scheduling.lesson_models import Coverage, KeptLesson
from scheduling.lesson_rows import carried
from tests.factories import NOW, TOMSK, make_parcel, make_world, travel
from tests.made_deliveries import DAY, delivered

#: Working days that made deliveries took: longer than the matrix says of Tomsk.
SLOW = (3, 4, 5, 5, 6, 7, 8)


@pytest.fixture
def busy(both: Flask) -> Flask:
    """A shop with a long past, not learned from yet."""
    with transaction() as session:
        delivered(session, make_world(session), SLOW, 400, NOW)
    return both


def handed_over() -> Parcel:
    """A new order to Tomsk that has just been handed over."""
    with transaction() as session:
        parcel = make_parcel(session, session.scalars(select(Shop)).one())
        journal.record(session, parcel, NewFact(Kind.HANDED_OVER, "shop"), NOW)
    return parcel


def promise_of(parcel: Parcel) -> dict[str, Any]:
    with reading() as session:
        query = select(Fact.details).where(Fact.parcel_id == parcel.id, Fact.kind == Kind.PROMISED)
        details: dict[str, Any] = session.scalars(query.order_by(Fact.seq.desc())).first() or {}
        return details


def test_the_learned_date_takes_over(busy: Flask) -> None:
    by_matrix = promise_of(handed_over())
    assert ticking.learn(NOW) == ["cdek"]
    learned = promise_of(handed_over())
    assert learned["promised_from"] == by_matrix["promised_from"]
    assert learned["promised_to"] > by_matrix["promised_to"] == learned["learned"]["by_matrix"]
    assert learned["learned"]["trust"] == 1
    assert "reserve" in [leg["kind"] for leg in learned["legs"]]
    assert learned["legs"][-1]["ends"] == [learned["promised_from"], learned["promised_to"]]


def test_a_small_past_changes_nothing(both: Flask) -> None:
    with transaction() as session:
        delivered(session, make_world(session), SLOW, 25, NOW)
    before = promise_of(handed_over())
    ticking.learn(NOW)
    assert promise_of(handed_over()) == before
    assert "learned" not in before


def test_some_deliveries_move_it_a_part_of_the_way(both: Flask) -> None:
    with transaction() as session:
        delivered(session, make_world(session), SLOW, 120, NOW)
    ticking.learn(NOW)
    assert 0 < promise_of(handed_over())["learned"]["trust"] < 1


def test_a_lesson_is_learned_once_a_day_and_at_each_other_share(busy: Flask) -> None:
    assert [ticking.learn(NOW), ticking.learn(NOW)] == [["cdek"], []]
    with transaction() as session:
        coverage.choose(session, 0.9, "Лев Громов", NOW)
    assert [ticking.learn(NOW), ticking.learn(NOW)] == [["cdek"], []]
    assert ticking.learn(NOW + DAY) == ["cdek"]
    with reading() as session:
        assert [row.day for row in lessons.newest(session)] == [(NOW + DAY).date()]


def test_old_lessons_are_thrown_away(busy: Flask) -> None:
    ticking.learn(NOW)
    ticking.learn(NOW + 40 * DAY)
    with reading() as session:
        assert list(session.scalars(select(KeptLesson.day))) == [(NOW + 40 * DAY).date()]


def test_a_lower_share_promises_earlier(busy: Flask) -> None:
    ticking.learn(NOW)
    cautious = promise_of(handed_over())
    with transaction() as session:
        coverage.choose(session, 0.6, "Лев Громов", NOW)
    ticking.learn(NOW)
    bold = promise_of(handed_over())
    assert bold["promised_to"] < cautious["promised_to"]
    assert (cautious["learned"]["target"], bold["learned"]["target"]) == (0.98, 0.6)


def test_what_was_promised_at_the_hand_over_stays(busy: Flask) -> None:
    ticking.learn(NOW)
    parcel = handed_over()
    given = promise_of(parcel)
    with transaction() as session:
        coverage.choose(session, 0.6, "Лев Громов", NOW)
    ticking.learn(NOW + DAY)
    with transaction() as session:
        travel(session, journal.lock(session, parcel.id), [Kind.DEPARTED], NOW + DAY)
    later = promise_of(parcel)
    assert (later["cause"], later["promised_to"]) == ("departed", given["promised_to"])
    assert later["learned"] == given["learned"]


def test_the_lesson_of_the_hand_over_counts_not_that_of_the_order(busy: Flask) -> None:
    ticking.learn(NOW)
    with transaction() as session:
        parcel = make_parcel(session, session.scalars(select(Shop)).one())
        coverage.choose(session, 0.6, "Лев Громов", NOW)
    ticking.learn(NOW)
    with transaction() as session:
        held = journal.lock(session, parcel.id)
        journal.record(session, held, NewFact(Kind.HANDED_OVER, "shop"), NOW + DAY)
    assert promise_of(parcel)["learned"]["target"] == 0.6


def test_a_hand_over_on_the_day_makes_the_date_stay(busy: Flask) -> None:
    """Nothing moves but that the promise is given now, and that is kept."""
    ticking.learn(NOW)
    with transaction() as session:
        parcel = make_parcel(session, session.scalars(select(Shop)).one())
    before = promise_of(parcel)
    with transaction() as session:
        held = journal.lock(session, parcel.id)
        journal.record(session, held, NewFact(Kind.HANDED_OVER, "shop"), NOW + DAY)
    after = promise_of(parcel)
    assert (before["learned"]["is_given"], after["learned"]["is_given"]) == (False, True)
    assert before["promised_to"] == after["promised_to"]


def test_who_can_no_longer_make_it_gets_the_range_of_the_matrix(busy: Flask) -> None:
    ticking.learn(NOW)
    parcel = handed_over()
    given = promise_of(parcel)
    late = NOW + 20 * DAY
    with transaction() as session:
        promising.refresh(session, journal.lock(session, parcel.id), late, "delay")
    now = promise_of(parcel)
    assert now["promised_from"] > given["promised_to"]
    assert now["learned"] == {**given["learned"], "holds": False}
    assert "reserve" not in [leg["kind"] for leg in now["legs"]]


def test_in_the_city_there_is_a_day_and_no_reserve(busy: Flask) -> None:
    ticking.learn(NOW)
    parcel = handed_over()
    with transaction() as session:
        travel(session, journal.lock(session, parcel.id), [Kind.DEPARTED, Kind.ARRIVED], NOW)
    details = promise_of(parcel)
    assert details["promised_from"] == details["promised_to"]
    assert details["learned"]["holds"] is False


def test_the_shop_is_told_the_same_at_checkout(busy: Flask) -> None:
    ticking.learn(NOW)
    with time_machine.travel(NOW, tick=False):
        body = busy.test_client().get(f"/api/v1/estimate?settlement={TOMSK}").get_json()
    details = promise_of(handed_over())
    courier = body["variants"]["courier"]
    assert (courier["earliest"], courier["latest"]) == (details["promised_from"], details["promised_to"])
    assert [leg["kind"] for leg in courier["legs"]] == ["origin", "road", "reserve", "city"]


def test_checkout_learns_of_a_new_lesson_within_seconds(busy: Flask) -> None:
    path, seen = f"/api/v1/estimate?settlement={TOMSK}", []
    for seconds in (0, 6):
        with time_machine.travel(NOW + timedelta(seconds=seconds), tick=False):
            seen.append(busy.test_client().get(path).get_json()["variants"]["courier"]["latest"])
        ticking.learn(NOW)
    assert seen[0] < seen[1]


def test_a_day_that_the_recipient_wanted_later_is_no_delay(both: Flask) -> None:
    with transaction() as session:
        parcel = make_parcel(session, make_world(session))
        arrived = travel(session, parcel, [Kind.HANDED_OVER, Kind.DEPARTED, Kind.ARRIVED])
        wanted = (NOW + 10 * DAY).date().isoformat()
        journal.record(session, parcel, NewFact(Kind.POSTPONED, "recipient", details={"to": wanted}), arrived)
        journal.record(session, parcel, NewFact(Kind.DELIVERED, "courier"), NOW + 9 * DAY)
    with reading() as session:
        (found,) = carried(session, "cdek", NOW + 12 * DAY)
    assert found.came is not None
    assert found.came.date() == arrived.date() + DAY


def test_a_chosen_day_that_we_missed_is_a_delay(both: Flask) -> None:
    with transaction() as session:
        parcel = make_parcel(session, make_world(session))
        arrived = travel(session, parcel, [Kind.HANDED_OVER, Kind.DEPARTED, Kind.ARRIVED])
        wanted = (NOW + 5 * DAY).date().isoformat()
        journal.record(session, parcel, NewFact(Kind.POSTPONED, "recipient", details={"to": wanted}), arrived)
        journal.record(session, parcel, NewFact(Kind.DELIVERED, "courier"), NOW + 9 * DAY)
    with reading() as session:
        (found,) = carried(session, "cdek", NOW + 12 * DAY)
    assert found.came is not None
    assert found.came.date() == (NOW + 9 * DAY).date()


def test_what_goes_back_teaches_nothing_and_what_is_on_its_way_does(both: Flask) -> None:
    with transaction() as session:
        shop = make_world(session)
        back, coming = make_parcel(session, shop), make_parcel(session, shop)
        for parcel, kinds in ((back, (Kind.HANDED_OVER, Kind.REFUSED)), (coming, (Kind.HANDED_OVER,))):
            travel(session, parcel, kinds)
        make_parcel(session, shop)
    with reading() as session:
        (found,) = carried(session, "cdek", NOW + DAY)
    assert (found.came, found.by_matrix) == (None, coming.promised_to)


@pytest.mark.parametrize("share", [0.49, 0.9996, 1.0, -1.0, float("nan"), float("inf")])
def test_a_share_that_cannot_be_chosen(app: Flask, share: float) -> None:
    with transaction() as session, pytest.raises(BadCoverage):
        coverage.choose(session, share, "x", NOW)


def test_the_share_is_kept_with_who_and_when(both: Flask) -> None:
    with transaction() as session:
        coverage.choose(session, 0.98, "Лев Громов", NOW)  # the usual one: nothing to be kept
        coverage.choose(session, 0.985, "Лев Громов", NOW)
        coverage.choose(session, 0.985, "Ольга Смирнова", NOW + DAY)
    with reading() as session:
        rows = session.scalars(select(Coverage)).all()
    assert [(row.target, row.made_by, row.made_at) for row in rows] == [(0.985, "Лев Громов", NOW)]


@pytest.mark.parametrize(
    ("kept", "judged", "is_said"),
    [(99, 99, False), (98, 100, True), (96, 100, True), (95, 100, False), (980, 1000, True), (968, 1000, False)],
)
def test_a_share_is_stated_while_chance_explains_what_is_missing(kept: int, judged: int, is_said: bool) -> None:
    assert is_borne_out(Worth(kept, judged), 0.98) is is_said


def test_a_lesson_that_an_older_release_kept_says_nothing(busy: Flask) -> None:
    assert ticking.learn(NOW) == ["cdek"]
    with transaction() as session:
        for kept in session.scalars(select(KeptLesson).where(KeptLesson.body.is_not(None))):
            kept.body = {name: value for name, value in (kept.body or {}).items() if name != "open"}
            kept.digest = "of-old"
    with reading() as session:
        carriers = list(session.scalars(select(KeptLesson.carrier)))
        assert carriers
        assert [lessons.learned_for(session, carrier) for carrier in carriers] == [None] * len(carriers)
