"""The matrix of delivery times and the slot zones: what is taken from a file, what is refused, what is opened."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select

from parcels import journal
from parcels.journal import NewFact
from parcels.models import Parcel, Settlement
from parcels.stages import Kind
from portal.transaction import transaction
from scheduling import matrix, zones
from scheduling.calendars import calendar_of, local_date
from scheduling.matrix import BadFile, BadRow, LaneRow, check
from scheduling.models import Interval, Lane, Matrix, Slot, Zone, ZoneSettlement
from tests.factories import CHELYABINSK, NOW, TOMSK, VILLAGE, SettlementFactory, make_parcel, make_world, zone_of
from tests.integration.test_contention import at_once

HEADER = ("cdek_code", "days_min", "days_max", "courier")
KNOWN = {259, 314}
RUSSIA = calendar_of("RU")
LATER = NOW + timedelta(hours=1)


def checked(*rows: str) -> tuple[list[LaneRow], list[BadRow]]:
    """The rows of a file, written as its lines; the first one is line 2."""
    cells = [(line, dict(zip(HEADER, row.split(","), strict=True))) for line, row in enumerate(rows, start=2)]
    return check(cells, HEADER, KNOWN)


def lanes(**changes: int) -> list[LaneRow]:
    return [LaneRow(TOMSK, changes.get("low", 4), changes.get("high", 5), True)]


def count(table: type[Slot | Lane | Matrix]) -> int:
    with transaction() as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


def test_good_rows_become_lanes() -> None:
    good, bad = checked("314,4,5,да", "259,0,0,false")
    assert good == [LaneRow(314, 4, 5, True), LaneRow(259, 0, 0, False)]
    assert bad == []


def test_numbers_may_come_out_of_a_spreadsheet() -> None:
    assert checked(" 314.0,4.0,5.0, TRUE ")[0] == [LaneRow(314, 4, 5, True)]


@pytest.mark.parametrize(
    ("row", "reason", "value"),
    [
        ("314,6,5,1", "min_over_max", "6–5"),
        ("404,4,5,1", "unknown_settlement", "404"),
        ("Томск,4,5,1", "bad_code", "Томск"),
        (",4,5,1", "bad_code", ""),
        ("314,,5,1", "bad_days", "–5"),
        ("314,-1,5,1", "bad_days", "-1–5"),
        ("314,4.5,5,1", "bad_days", "4.5–5"),
        ("314,4,91,1", "too_long", "91"),
        ("314,4,5,maybe", "bad_courier", "maybe"),
    ],
)
def test_a_bad_row_is_named_with_its_line_and_reason(row: str, reason: str, value: str) -> None:
    assert checked("259,1,2,1", row)[1] == [BadRow(3, reason, value)]


def test_a_settlement_that_comes_twice_names_the_line_of_the_first() -> None:
    assert checked("314,4,5,1", "259,1,2,1", "314,4,6,1")[1] == [BadRow(4, "repeated", "2")]


def test_a_file_without_a_column_is_refused_as_a_whole() -> None:
    with pytest.raises(BadFile, match="missing_columns:days_max, courier"):
        check([(2, {"code": "314", "days_min": "4"})], ("code", "days_min"), KNOWN)


def test_an_empty_file_is_refused() -> None:
    with pytest.raises(BadFile, match="empty"):
        checked()


def test_the_same_lanes_again_are_no_new_version(both: Flask) -> None:
    with transaction() as session:
        make_world(session)
        newest = matrix.current(session, "cdek", CHELYABINSK, date(2026, 11, 16))
        assert newest is not None
        stored = session.scalars(select(Lane).where(Lane.matrix_id == newest.id))
        same = [LaneRow(s.settlement_id, s.days_min, s.days_max, s.has_courier) for s in stored]
        version, is_new = matrix.store(session, same[::-1], "cdek", CHELYABINSK, date(2026, 1, 1), LATER)
        assert (version.id, is_new) == (newest.id, False)
    assert count(Matrix) == 1


def test_another_day_in_a_lane_is_a_new_version_from_its_date_on(both: Flask) -> None:
    with transaction() as session:
        make_world(session)
        old = matrix.current(session, "cdek", CHELYABINSK, date(2026, 11, 30))
        new, is_new = matrix.store(session, lanes(high=6), "cdek", CHELYABINSK, date(2026, 12, 1), LATER)
        assert is_new
        assert matrix.current(session, "cdek", CHELYABINSK, date(2026, 11, 30)) is old
        assert matrix.current(session, "cdek", CHELYABINSK, date(2026, 12, 1)) is new


def test_a_promise_keeps_the_version_it_was_first_given_from(app: Flask) -> None:
    """The lane becomes twice as long after the order; the parcel is late only by what really happened to it."""
    with transaction() as session:
        shop = make_world(session)
        old = make_parcel(session, shop)
        matrix.store(session, lanes(low=8, high=10), "cdek", CHELYABINSK, date(2026, 1, 1), LATER)
        journal.record(session, old, NewFact(Kind.HANDED_OVER, "carrier:test"), LATER)
        assert old.promised_to == date(2026, 11, 21)
        assert make_parcel(session, shop, LATER).promised_to == date(2026, 12, 1)


@pytest.mark.parametrize("kind", [Kind.DEPARTED, Kind.PASSED])
def test_a_scan_on_the_road_says_that_the_parcel_has_left(app: Flask, kind: Kind) -> None:
    with transaction() as session:
        parcel = make_parcel(session, make_world(session))
        journal.record(session, parcel, NewFact(kind, "carrier:test"), LATER)
        assert (parcel.hand_over_by, parcel.promised_to) == (date(2026, 11, 16), date(2026, 11, 21))


def test_a_place_outside_the_matrix_is_promised_nothing(app: Flask) -> None:
    with transaction() as session:
        shop = make_world(session)
        session.add(SettlementFactory(id=77))
        session.flush()
        parcel = make_parcel(session, shop, settlement_id=77)
        assert (parcel.promised_from, parcel.owner) == (None, "call_centre")


def test_a_year_without_a_calendar_is_promised_nothing(app: Flask) -> None:
    with transaction() as session:
        shop = make_world(session)
        parcel = make_parcel(session, shop, datetime(2027, 12, 29, 7, tzinfo=NOW.tzinfo))
        assert parcel.promised_from is None


def test_where_no_courier_goes_there_is_a_promise_but_no_service(app: Flask) -> None:
    with transaction() as session:
        parcel = make_parcel(session, make_world(session), settlement_id=VILLAGE)
        assert zones.service_of(session, VILLAGE) is None
        assert parcel.promised_from is not None
        assert RUSSIA.is_working(parcel.promised_from)


def test_a_big_city_has_a_zone_of_its_own_and_villages_share_one(app: Flask) -> None:
    with transaction() as session:
        city = SettlementFactory(id=1, name="Томск")
        villages = [SettlementFactory(id=2, population=900), SettlementFactory(id=3, population=None)]
        session.add_all([city, *villages])
        session.flush()
        assert zones.assign(session, [city, *villages]) == 3
        assert [zone_of(session, place).name for place in (1, 2, 3)] == [
            "Томск, Томская область",
            "Томская область, Asia/Tomsk",
            "Томская область, Asia/Tomsk",
        ]


def test_cities_of_the_same_name_do_not_share_couriers(app: Flask) -> None:
    with transaction() as session:
        places = [SettlementFactory(id=n, name="Киров", region=region) for n, region in ((1, "Первая"), (2, "Вторая"))]
        session.add_all(places)
        session.flush()
        zones.assign(session, places)
        assert zone_of(session, 1).id != zone_of(session, 2).id


def test_a_second_assignment_assigns_nothing(app: Flask) -> None:
    with transaction() as session:
        make_world(session)
        assert zones.assign(session, list(session.scalars(select(Settlement).where(Settlement.id == TOMSK)))) == 0


def test_slots_are_opened_on_days_on_which_somebody_drives(app: Flask) -> None:
    with transaction() as session:
        make_world(session, datetime(2026, 12, 20, 7, tzinfo=NOW.tzinfo))
        days = set(session.scalars(select(Slot.day).where(Slot.zone_id == zone_of(session, TOMSK).id)))
    assert date(2026, 12, 30) in days
    assert not {date(2026, 12, 31), date(2027, 1, 1), date(2027, 1, 7)} & days


def test_days_are_opened_up_to_the_last_one_whose_calendar_is_known(app: Flask) -> None:
    with transaction() as session:
        make_world(session, datetime(2027, 12, 1, 7, tzinfo=NOW.tzinfo))
        assert session.scalar(select(func.max(Slot.day))) == date(2027, 12, 30)
        assert set(session.scalars(select(Zone.opened_until))) == {date(2027, 12, 31)}


def test_opening_again_opens_only_what_has_come_into_sight(both: Flask) -> None:
    with transaction() as session:
        make_world(session)
    with transaction() as session:
        assert zones.open_days(session, NOW) == 0
        places = select(Interval).join(Zone)
        tomorrow = {z.id: local_date(NOW, z.timezone) + timedelta(days=71) for z in session.scalars(select(Zone))}
        expected = sum(i.weekday == tomorrow[i.zone_id].weekday() for i in session.scalars(places))
        assert zones.open_days(session, NOW + timedelta(days=1)) == expected


def test_two_workers_open_each_slot_once(both: Flask) -> None:
    with transaction() as session:
        place = SettlementFactory(id=TOMSK)
        session.add(place)
        session.flush()
        zones.assign(session, [place])

    def open_days() -> int:
        with transaction() as session:
            return zones.open_days(session, NOW)

    at_once(both, [open_days] * 4)
    with transaction() as session:
        keys = session.execute(select(Slot.zone_id, Slot.day, Slot.starts)).all()
        assert len(keys) == len(set(keys)) > 0


def test_a_promise_falls_on_a_day_that_the_zone_serves(app: Flask) -> None:
    """Tomsk without weekends: what would come on Saturday comes on Monday."""
    with transaction() as session:
        shop = make_world(session)
        zone = zone_of(session, TOMSK)
        for interval in session.scalars(select(Interval).where(Interval.zone_id == zone.id, Interval.weekday >= 5)):
            interval.capacity = 0
        session.flush()
        session.info.pop("services", None)
        parcel: Parcel = make_parcel(session, shop)
        assert parcel.promised_from == date(2026, 11, 23)


def test_every_served_settlement_has_hours_and_a_closing_time(app: Flask) -> None:
    with transaction() as session:
        make_world(session)
        for place in session.scalars(select(ZoneSettlement.settlement_id)):
            service = zones.service_of(session, place)
            assert service is not None
            assert service.weekdays >= {0, 1, 2, 3, 4}
            assert service.closing == time(18)
