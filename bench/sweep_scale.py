"""D1: the agenda's sweep over a thousand due parcels, among ten million and among one million, on PostgreSQL.

Each table is filled by one INSERT ... SELECT generate_series; indexes and keys are made afterwards. Both are logged
and durable as in production, and no parcel has a history. What a step itself does is left out, because it is
the same in both and would hide what is looked for: what remains is find, lock, plan the next step, write, commit.
"""

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from unittest.mock import patch

from flask import Flask
from sqlalchemy import Connection, ForeignKeyConstraint, UniqueConstraint, event, insert, text
from sqlalchemy.schema import AddConstraint, DropConstraint

from bench.figures import ROUNDS, Figure, ceiling, side_by_side
from bench.places import NOW, plain_engine, settings_for
from parcels.models import Base, Parcel, Settlement, Shop
from portal import create_app
from portal.extensions import db
from portal.ticking import sweep
from scheduling import agenda
from scheduling.models import Zone, ZoneSettlement
from tests.servers import new_database, postgres

SMALL, LARGE = 1_000_000, 10_000_000
DUE, BATCHES = 1_000, ROUNDS + 1
_KEYS = [c for c in Parcel.__table__.constraints if isinstance(c, ForeignKeyConstraint | UniqueConstraint)]
#: The due ones stand scattered all over the table; each thousand is due a minute after the one before.
_FILL = text(
    """
INSERT INTO parcels (shop_id, order_number, recipient, phone, settlement_id, address, cod_minor, currency, pieces,
    accepted_at, version, stage, road, link_epoch, promised_from, promised_to, hand_over_by, arrival_by,
    owner, next_action, next_action_at)
SELECT 1, n::text, 'Марина Кузнецова', '+7' || (9000000000 + n), 1, 'ул. Нахимова, 12, кв. 7', 499000, 'RUB', 2,
    :now, 0, 'in_transit', 'in_transit', 1, date '2026-11-21', date '2026-11-24', date '2026-11-17', date '2026-11-20',
    'recipient', 'ask', CASE WHEN n % :every = 0 AND n / :every <= :due * :batches
        THEN CAST(:now AS timestamptz) + mod(n / :every, :batches) * interval '1 minute'
        ELSE CAST(:now AS timestamptz) + interval '2 days' + mod(n, 1000000) * interval '1 second' END
FROM generate_series(1, :count) AS n
"""
)


def figures() -> Iterator[Figure]:
    """Build both tables, sweep both in turn, and look at the plans of what the sweep asked."""
    with TemporaryDirectory(prefix="vk") as folder, postgres(Path(folder)) as url:
        began = time.monotonic()
        small, large = (_filled(new_database(url, f"parcels_{count}"), count) for count in (SMALL, LARGE))
        took = time.monotonic() - began
        plans = [plan for app in (small, large) for plan in _plans(app)]
        ratios = side_by_side(_sweeper(large), _sweeper(small))
        for app in (small, large):
            with app.app_context():
                db.engine.dispose()
    note = f"find, lock, plan, write and commit each, without the deed itself; both tables were built in {took:.0f} s"
    what = f"s of a sweep with {DUE} due, PG: among {LARGE // 1_000_000}M parcels : among {SMALL // 1_000_000}M"
    yield Figure("D1", what, sorted(ratios)[len(ratios) // 2], 1.5, is_ceiling=True, rounds=ratios, note=note)
    astray = sum("Seq Scan" in plan or "Index Scan" not in plan for plan in plans)
    yield ceiling("D1 plans", f"of {len(plans)} statements that find and claim, those read without an index", astray, 0)


def _filled(url: str, count: int) -> Flask:
    """The product on a database of so many parcels."""
    with plain_engine(url) as engine:
        with engine.begin() as connection:
            Base.metadata.create_all(connection)
            _fill(connection, count)
        with engine.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
            connection.exec_driver_sql("VACUUM ANALYZE parcels")
            connection.exec_driver_sql("CHECKPOINT")
    app = create_app(settings_for(url))
    app.extensions["nudge"] = None
    return app


def _fill(connection: Connection, count: int) -> None:
    place = {"id": 1, "name": "Томск", "region_code": "70", "region": "Томская область", "zone": "Asia/Tomsk"}
    connection.execute(insert(Settlement), place)
    connection.execute(insert(Shop), {"code": "s", "name": "Тёплый дом", "phone": "+78000000417", "origin_id": 1})
    connection.execute(insert(Zone), {"id": 1, "name": "Томск", "timezone": "Asia/Tomsk"})
    connection.execute(insert(ZoneSettlement), {"settlement_id": 1, "zone_id": 1})
    for index in Parcel.__table__.indexes:
        index.drop(connection)
    for key in _KEYS:
        connection.execute(DropConstraint(key, isolate_from_table=False))
    numbers = {"now": NOW, "count": count, "due": DUE, "batches": BATCHES, "every": count // (DUE * BATCHES)}
    connection.execute(_FILL, numbers)
    for index in Parcel.__table__.indexes:
        index.create(connection)
    for key in _KEYS:
        connection.execute(AddConstraint(key, isolate_from_table=False))


def _sweeper(app: Flask) -> Callable[[], float]:
    """Seconds for the next thousand of a table, swept until nothing is due."""
    minutes = iter(range(1, BATCHES))
    return lambda: _sweep(app, next(minutes))


def _sweep(app: Flask, minute: int) -> float:
    now = NOW.replace(minute=minute)
    idle = dict.fromkeys(agenda.HANDLERS, lambda *_: None)
    with app.app_context(), patch.dict(agenda.HANDLERS, idle):
        began = time.perf_counter()
        done = 0
        while steps := sweep(now).total():
            done += steps
        seconds = time.perf_counter() - began
    if done != DUE:
        raise RuntimeError(f"{done} parcels were swept instead of {DUE}")
    return seconds


def _plans(app: Flask) -> list[str]:
    """How PostgreSQL reads the due parcels and claims one of them, after the first thousand has been swept."""
    asked: dict[str, Any] = {}

    def listen(_c: object, _cursor: object, statement: str, parameters: Any, *_: object) -> None:
        if "next_action_at <=" in statement:
            asked.setdefault(statement, parameters)

    with app.app_context():
        event.listen(db.engine, "before_cursor_execute", listen)
        _sweep(app, 0)
        event.remove(db.engine, "before_cursor_execute", listen)
        with db.engine.connect() as connection:
            return [
                "\n".join(connection.exec_driver_sql(f"EXPLAIN {statement}", parameters).scalars())
                for statement, parameters in asked.items()
            ]
