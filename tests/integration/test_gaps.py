"""Cities that no file has a row for: days of their neighbours, marked, promised, replaced by the first row."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from flask import Flask
from flask_migrate import stamp, upgrade
from sqlalchemy import Integer, cast, delete, func, select, update
from sqlalchemy.orm import Session

from parcels.models import Parcel, Settlement, Shop
from portal import matrix_import, places, up
from portal.extensions import db
from portal.transaction import reading, transaction
from scheduling import matrix
from scheduling.gaps import Spotted, estimates
from scheduling.matrix import LaneRow
from scheduling.models import Lane, Matrix, MatrixUpload, ZoneSettlement
from scheduling.promise import Unit
from scheduling.zones import service_of
from tests.factories import NOW, make_parcel
from tests.integration.test_custody import MIGRATIONS

NOVOSIBIRSK, BERDSK, SEVASTOPOL, ST_PETERSBURG = 954_000_001, 1_962, 992_000_000, 137
HERE = (55.0, 83.0)


def place(code: int, km_north: float, *, region: str = "54", is_city: bool = True, name: str = "") -> Spotted:
    spot = (HERE[0] + km_north / 111.2, HERE[1])
    return Spotted(code, (region, name or f"Город {code}"), spot, is_city)


def lane(code: int, low: int, high: int, *, courier: bool = True) -> LaneRow:
    return LaneRow(code, low, high, courier)


def test_a_city_gets_the_days_of_its_three_nearest_neighbours() -> None:
    lanes = [lane(1, 4, 5, courier=False), lane(2, 3, 6), lane(3, 5, 7), lane(4, 9, 20)]
    known = [place(1, 10), place(2, 20), place(3, 30), place(4, 40), place(5, 0)]
    assert estimates(lanes, known) == [LaneRow(5, 3, 7, False, is_estimate=True)]


def test_neighbours_are_of_the_same_region_where_it_has_any() -> None:
    known = [place(1, 5, region="42"), place(2, 300), place(5, 0)]
    assert estimates([lane(1, 1, 1), lane(2, 8, 9)], known) == [LaneRow(5, 8, 9, True, is_estimate=True)]


def test_a_region_without_any_is_told_by_near_places_of_others() -> None:
    known = [place(1, 300, region="23"), place(2, 900, region="61"), place(SEVASTOPOL, 0, region="92")]
    assert estimates([lane(1, 6, 8), lane(2, 1, 30)], known) == [LaneRow(SEVASTOPOL, 6, 8, True, is_estimate=True)]
    assert estimates([lane(2, 1, 30)], known) == []


def test_a_table_of_one_region_says_nothing_of_others() -> None:
    known = [place(1, 0, region="70"), place(5, 10, region="54")]
    assert estimates([lane(1, 1, 2)], known) == []


def test_working_and_calendar_days_are_not_mixed() -> None:
    calendar = replace(lane(2, 1, 30), unit=Unit.CALENDAR)
    known = [place(1, 5), place(2, 10), place(5, 0)]
    assert estimates([lane(1, 3, 4), calendar], known) == [LaneRow(5, 3, 4, True, is_estimate=True)]


def test_a_village_and_a_city_with_another_code_get_none() -> None:
    known = [place(1, 1, name="Томск"), place(2, 2, name="Томск"), place(3, 3, is_city=False)]
    assert estimates([lane(1, 3, 4)], known) == []


@pytest.fixture
def shipped(app: Flask) -> int:
    """A database with the files of the product; the version of the matrix."""
    with transaction() as session:
        places.load(session)
        version = matrix_import.import_matrix(session, places.DAYS_FROM_CHELYABINSK, matrix_import.SHIPPED, NOW).version
        assert version is not None
        return version.id


def test_every_city_of_russia_can_be_promised(shipped: int) -> None:
    with reading() as session:
        there = select(Lane.settlement_id).where(Lane.matrix_id == shipped)
        cities = select(Settlement.region_code, Settlement.name).where(Settlement.is_city)
        assert set(session.execute(cities.where(Settlement.id.not_in(there)))) <= set(
            session.execute(cities.where(Settlement.id.in_(there)))
        )
        told = session.execute(select(func.count(), func.sum(cast(Lane.is_estimate, Integer))).select_from(Lane)).one()
        assert tuple(told) == (3584, 492)


@pytest.mark.parametrize("code", [NOVOSIBIRSK, SEVASTOPOL])
def test_a_recipient_there_gets_a_promise_and_can_choose(shipped: int, code: int) -> None:
    with transaction() as session:
        parcel = parcel_to(session, code)
        assert parcel.promised_from is not None
        assert service_of(session, code) is not None


def parcel_to(session: Session, code: int) -> Parcel:
    shop = session.scalars(select(Shop)).first() or Shop(
        code="s", name="Тёплый дом", phone="+78000000417", origin_id=places.CHELYABINSK
    )
    session.add(shop)
    session.flush()
    return make_parcel(session, shop, settlement_id=code)


def test_the_first_real_row_replaces_the_estimate(shipped: int) -> None:
    with transaction() as session:
        rows = [one for one in matrix.lanes_of(session, shipped) if not one.is_estimate]
        (estimate,) = [one for one in matrix.lanes_of(session, shipped) if one.settlement_id == NOVOSIBIRSK]
        assert estimate.is_estimate
        today = date(2026, 11, 16)
        version, _new = matrix.store(session, [*rows, lane(NOVOSIBIRSK, 1, 2)], "cdek", places.CHELYABINSK, today, NOW)
        found = matrix.find_lane(session, version.id, NOVOSIBIRSK)
        assert found is not None
        assert (found.days_min, found.days_max, found.is_estimate) == (1, 2, False)
        assert matrix.find_lane(session, version.id, SEVASTOPOL) is not None


def test_a_file_without_the_estimated_cities_takes_nothing_away(shipped: int) -> None:
    with transaction() as session:
        again = matrix_import.import_matrix(session, places.DAYS_FROM_CHELYABINSK, matrix_import.SHIPPED, NOW)
        assert not again.is_new


def test_another_carriers_table_gets_no_estimates(shipped: int) -> None:
    with transaction() as session:
        rows = [one for one in matrix.lanes_of(session, shipped) if not one.is_estimate]
        version, _new = matrix.store(session, rows, "boxberry", places.CHELYABINSK, date(2026, 1, 1), NOW)
        assert matrix.find_lane(session, version.id, NOVOSIBIRSK) is None


def test_an_older_database_gets_estimates_and_couriers_once(both: Flask) -> None:
    """As version 0016 left it: no city of our own codes, no estimates, no courier in St Petersburg."""
    with transaction() as session:
        places.load(session)
        matrix_import.import_matrix(session, places.DAYS_FROM_CHELYABINSK, matrix_import.SHIPPED, NOW)
        waiting = parcel_to(session, ST_PETERSBURG).id
    with transaction() as session:
        lanes, later = [lane(ST_PETERSBURG, 3, 4, courier=False)], date(2027, 1, 1)
        mine, _new = matrix.store(session, lanes, "cdek", places.CHELYABINSK, later, NOW)
        upload = MatrixUpload(name="mine.csv", made_by="Ольга", made_at=NOW, expires_at=NOW, digest="", summary={})
        session.add(upload)
        session.flush()
        mine.upload_id = upload.id
        session.execute(delete(Lane).where(Lane.is_estimate))
        session.execute(delete(ZoneSettlement).where(ZoneSettlement.settlement_id == ST_PETERSBURG))
        session.execute(update(Lane).where(Lane.settlement_id == ST_PETERSBURG).values(has_courier=False))
        was = session.get_one(Parcel, waiting).version
    db.session.remove()
    with db.engine.begin() as connection:
        for table, names in (("settlements", ("lat", "lon", "is_city")), ("lanes", ("is_estimate",))):
            for name in names:
                connection.exec_driver_sql(f"ALTER TABLE {table} DROP COLUMN {name}")
    stamp(directory=str(MIGRATIONS), revision="0016")
    upgrade(directory=str(MIGRATIONS), revision="0017")
    stamp(directory=str(MIGRATIONS), revision="head")  # the tables of today are there already
    said: list[str] = []
    up.prepare(NOW, False, said.append)
    up.prepare(NOW, False, said.append)
    estimated = "Сроки для городов, которых нет в матрице, взяты по соседям: 492."
    assert [words for words in said if "по соседям" in words] == [estimated]
    with reading() as session:
        couriers = select(Lane.has_courier).where(Lane.settlement_id == ST_PETERSBURG).order_by(Lane.matrix_id)
        assert session.scalars(couriers).all() == [True, False]
        assert service_of(session, ST_PETERSBURG) is not None
        assert session.get_one(Parcel, waiting).version == was
        assert session.scalar(select(func.count()).select_from(Matrix)) == 2
