"""Who holds what is written with each fact; a missed deadline opens an incident by itself, and the scan ends it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Thread

import pytest
from flask import Flask
from flask_migrate import upgrade
from sqlalchemy import delete, select, text, update
from sqlalchemy.orm import Session

from parcels import incidents, journal
from parcels.custody import Role, What
from parcels.custody_models import Holding, Incident
from parcels.deadlines import Step
from parcels.journal import NewFact
from parcels.models import Base, Fact, Parcel
from parcels.stages import Kind
from portal import ticking
from portal.extensions import db
from portal.transaction import reading, transaction
from portal.verify import breaches
from portal.verify_custody import everything_is_held
from tests.databases import insert_as_then
from tests.factories import NOW, make_parcel, make_staff, make_world, travel

MIGRATIONS = Path(__file__).resolve().parents[2] / "portal" / "migrations"
HOUR = timedelta(hours=1)


def begin(**changes: object) -> int:
    with transaction() as session:
        return make_parcel(session, make_world(session), **changes).id


def tell(parcel_id: int, kind: Kind, at: datetime, source: str = "station:1", **details: object) -> None:
    with transaction() as session:
        parcel = journal.lock(session, parcel_id)
        journal.record(session, parcel, NewFact(kind, source, at, "Челябинск, склад", details), at)


def now_of(parcel_id: int, what: What = What.PARCEL) -> Holding:
    with reading() as session:
        mine = Holding.parcel_id == parcel_id, Holding.what == what, Holding.until.is_(None)
        return session.scalars(select(Holding).where(*mine)).one()


def open_incidents() -> list[Incident]:
    with reading() as session:
        return list(session.scalars(select(Incident).where(Incident.resolved_at.is_(None))))


def test_the_rows_are_what_the_facts_add_up_to(app: Flask) -> None:
    parcel_id = begin()
    with transaction() as session:
        road = [Kind.HANDED_OVER, Kind.AT_WAREHOUSE, Kind.DEPARTED, Kind.PASSED, Kind.ARRIVED, Kind.DEPARTED]
        at = travel(session, session.get_one(Parcel, parcel_id), road)
    tell(parcel_id, Kind.TO_COURIER, at + HOUR, "courier", by="Сергей Ким")
    assert (now_of(parcel_id).role, now_of(parcel_id).name) == (Role.COURIER, "Сергей Ким")
    tell(parcel_id, Kind.DELIVERED, at + 2 * HOUR, "courier", by="Сергей Ким")
    assert now_of(parcel_id, What.CASH).name == "Сергей Ким"
    tell(parcel_id, Kind.CASH_HANDED_IN, at + 3 * HOUR, "courier", warehouse=7)
    assert (now_of(parcel_id, What.CASH).role, now_of(parcel_id, What.CASH).holder_id) == (Role.WAREHOUSE, 7)
    with transaction() as session:
        assert [b for b in breaches(session) if b.invariant == "I13"] == []


def of(statement: object) -> Callable[[Session], object]:
    return lambda session: session.execute(statement)  # type: ignore[call-overload]


@pytest.mark.parametrize(
    "damage",
    [
        of(delete(Holding)),
        of(delete(Holding).where(Holding.what == What.CASH)),
        of(update(Holding).where(Holding.until.is_(None)).values(name="Никто")),
        of(update(Holding).where(Holding.until.is_(None)).values(until=NOW + timedelta(days=9))),
        of(update(Holding).where(Holding.until.is_not(None)).values(until=NOW - HOUR)),
        of(update(Holding).where(Holding.until.is_(None)).values(since=NOW)),
        of(update(Fact).where(Fact.kind == Kind.TO_COURIER).values(kind=Kind.PASSED)),
    ],
)
def test_a_second_holder_or_none_is_seen(app: Flask, damage: Callable[[Session], object]) -> None:
    parcel_id = begin()
    for n, kind in enumerate((Kind.HANDED_OVER, Kind.TO_COURIER, Kind.DELIVERED)):
        tell(parcel_id, kind, NOW + n * HOUR + HOUR, "courier", by="Сергей Ким")
    with transaction() as session:
        assert everything_is_held(session) == []
        damage(session)
    done = app.test_cli_runner().invoke(args=["verify"])
    assert done.exit_code == 1
    assert f"I13: посылка {parcel_id}: " in done.output


def test_a_missed_deadline_is_an_incident_until_the_scan_comes(both: Flask) -> None:
    parcel_id = begin()
    tell(parcel_id, Kind.HANDED_OVER, NOW + HOUR)
    tell(parcel_id, Kind.AT_WAREHOUSE, NOW + 2 * HOUR, warehouse=7)
    late = now_of(parcel_id).due_at
    assert late == NOW + 26 * HOUR
    assert ticking.watch(late - timedelta(seconds=1)) == {}
    assert ticking.watch(late) == {"depart": 1}
    assert ticking.watch(late + HOUR) == {}
    (incident,) = open_incidents()
    assert (incident.step, incident.role, incident.name) == ("depart", Role.WAREHOUSE, "Челябинск, склад")
    tell(parcel_id, Kind.DEPARTED, late + 2 * HOUR)
    assert open_incidents() == []
    with reading() as session:
        ended = session.scalars(select(Incident)).one()
        assert (ended.ended_by, ended.resolved_at) == (incidents.BY_SCAN, late + 2 * HOUR)


def test_a_late_shop_is_an_incident_though_the_promise_has_moved_on(app: Flask) -> None:
    parcel_id = begin()
    late = now_of(parcel_id).due_at
    assert late is not None
    done = ticking.tick(late)
    assert (done.steps["hand_over"], done.missed) == (1, {"hand_over": 1})
    again = now_of(parcel_id)
    assert again.step == Step.HAND_OVER
    assert again.due_at is not None
    assert again.due_at > late
    assert ticking.watch(again.due_at) == {"hand_over": 1}, "the next promised day is a deadline of its own"
    assert len(open_incidents()) == 1


def test_a_warehouse_owes_nothing_in_the_first_days_of_january(app: Flask) -> None:
    parcel_id = begin()
    tell(parcel_id, Kind.AT_WAREHOUSE, datetime(2026, 12, 31, 7, tzinfo=UTC), warehouse=1)
    assert now_of(parcel_id).due_at == datetime(2027, 1, 11, 7, tzinfo=UTC)


def test_an_accident_stays_until_somebody_mends_it(app: Flask) -> None:
    parcel_id = begin()
    tell(parcel_id, Kind.INCIDENT, NOW, cause="damaged", note="Угол смят")
    tell(parcel_id, Kind.HANDED_OVER, NOW + HOUR)
    (incident,) = open_incidents()
    assert (incident.step, incident.role, incident.said) == (incidents.ACCIDENT, Role.SHOP, "Угол смят")
    with transaction() as session:
        incidents.resolve(session, incident.id, incident.version, "Ольга", "Перепаковали", NOW)
    with pytest.raises(incidents.Changed), transaction() as session:
        incidents.assign(session, incident.id, incident.version, None, "Лев", "", NOW)


@pytest.mark.postgres
def test_two_sweeps_open_one_incident(both: Flask) -> None:
    parcel_id = begin()
    late = now_of(parcel_id).due_at or NOW

    def watch() -> None:
        with both.app_context():
            ticking.watch(late)

    sweeps = [Thread(target=watch) for _ in range(2)]
    for sweep in sweeps:
        sweep.start()
    for sweep in sweeps:
        sweep.join()
    assert len(open_incidents()) == 1
    with reading() as session:
        assert len(list(session.scalars(select(Fact).where(Fact.kind == Kind.DEADLINE_MISSED)))) == 1


def test_an_older_database_is_filled_in(both: Flask) -> None:
    parcel_id = begin()
    tell(parcel_id, Kind.HANDED_OVER, NOW + HOUR)
    tell(parcel_id, Kind.DELIVERED, NOW + 2 * HOUR)
    with transaction() as session:
        waiting = make_parcel(session, session.get_one(Parcel, parcel_id).shop).id
    with db.engine.connect() as connection:
        kept = {
            table: [dict(row._mapping) for row in connection.execute(select(table))]
            for table in Base.metadata.sorted_tables
            if table.name in ("settlements", "shops", "parcels", "facts")
        }
    Base.metadata.drop_all(db.engine)
    upgrade(directory=str(MIGRATIONS), revision="0003")
    with db.engine.begin() as connection:
        for table, rows in kept.items():
            insert_as_then(connection, table.name, rows)
    upgrade(directory=str(MIGRATIONS))
    with transaction() as session:
        assert everything_is_held(session) == []
        make_staff(session, "warehouse")
    assert ticking.watch(NOW + HOUR) == {"planned": 1}
    assert now_of(waiting).step == Step.HAND_OVER
    with db.engine.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM holdings WHERE until IS NULL")).scalar() == 3
