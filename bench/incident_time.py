"""C1: how long after its deadline a missed hand-over is an incident, with 100,000 open parcels, 1,000 late, PostgreSQL.

The worker looks every `SWEEP_SECONDS`; to that comes the time in which one sweep opens what is late, fact, incident and
all followers included. The worst case is the last of a thousand that fall due at one moment.
"""

import time
from collections.abc import Iterator

from sqlalchemy import Connection, event, insert, text

from bench.figures import Figure, ceiling
from bench.places import NOW, plain_engine, postgres_database, settings_for
from parcels.models import Base, Settlement, Shop
from portal import create_app
from portal.extensions import db
from portal.ticking import watch
from portal.worker import SWEEP_SECONDS
from scheduling.models import Zone, ZoneSettlement

OPEN, LATE = 100_000, 1_000
_PARCELS = text(
    """
INSERT INTO parcels (shop_id, order_number, recipient, phone, settlement_id, address, cod_minor, currency, pieces,
    accepted_at, version, stage, road, link_epoch, promised_from, promised_to, hand_over_by, arrival_by,
    owner, next_action, next_action_at)
SELECT 1, n::text, 'Марина Кузнецова', '+7' || (9000000000 + n), 1, 'ул. Нахимова, 12, кв. 7', 499000, 'RUB', 2,
    :now, 1, 'in_transit', 'in_transit', 1, date '2026-11-21', date '2026-11-24', date '2026-11-17', date '2026-11-20',
    'recipient', 'ask', CAST(:now AS timestamptz) + interval '2 days'
FROM generate_series(1, :count) AS n
"""
)
_HOLDINGS = text(
    """
INSERT INTO holdings (parcel_id, what, seq, role, name, place, since, step, due_at)
SELECT id, 'parcel', 1, 'carrier', 'cdek', '', :now, 'arrive',
    CASE WHEN id % :every = 0 THEN CAST(:now AS timestamptz) ELSE CAST(:now AS timestamptz) + interval '2 days' END
FROM parcels
"""
)


def figures() -> Iterator[Figure]:
    """Fill a database, let a thousand deadlines pass at once, and sweep until nobody is late."""
    with postgres_database("custody") as url:
        with plain_engine(url) as engine, engine.begin() as connection:
            Base.metadata.create_all(connection)
            _fill(connection)
        app = create_app(settings_for(url))
        app.extensions["nudge"] = None
        with app.app_context():
            plans, swept = _swept()
            db.engine.dispose()
    note = f"{SWEEP_SECONDS:.0f} s between two looks, {swept:.1f} s to open {LATE} incidents one by one"
    what = f"s from a deadline to its incident, the last of {LATE} due at once among {OPEN} open, PG"
    yield Figure("C1", what, SWEEP_SECONDS + swept, 60, is_ceiling=True, note=note)
    yield ceiling("C1 plan", "times the sweep reads all holdings to find who is late", plans, 0)


def _fill(connection: Connection) -> None:
    place = {"id": 1, "name": "Томск", "region_code": "70", "region": "Томская область", "zone": "Asia/Tomsk"}
    connection.execute(insert(Settlement), place)
    connection.execute(insert(Shop), {"code": "s", "name": "Тёплый дом", "phone": "+78000000417", "origin_id": 1})
    connection.execute(insert(Zone), {"id": 1, "name": "Томск", "timezone": "Asia/Tomsk"})
    connection.execute(insert(ZoneSettlement), {"settlement_id": 1, "zone_id": 1})
    connection.execute(_PARCELS, {"now": NOW, "count": OPEN})
    connection.execute(_HOLDINGS, {"now": NOW, "every": OPEN // LATE})
    for table in ("parcels", "holdings"):
        connection.execute(text(f"ANALYZE {table}"))


def _swept() -> tuple[int, float]:
    """How many statements that look for the late ones go without an index, and the seconds until none is left."""
    asked: dict[str, object] = {}

    def listen(_c: object, _cursor: object, statement: str, parameters: object, *_: object) -> None:
        if "due_at <=" in statement and statement.startswith("SELECT"):
            asked.setdefault(statement, parameters)

    event.listen(db.engine, "before_cursor_execute", listen)
    began, done = time.perf_counter(), 0
    while steps := watch(NOW).total():
        done += steps
    seconds = time.perf_counter() - began
    event.remove(db.engine, "before_cursor_execute", listen)
    if done != LATE:
        raise RuntimeError(f"{done} incidents were opened instead of {LATE}")
    with db.engine.connect() as connection:
        plans = ["\n".join(connection.exec_driver_sql(f"EXPLAIN {s}", p).scalars()) for s, p in asked.items()]  # type: ignore[arg-type]
    return sum("Seq Scan" in plan for plan in plans), seconds
