"""How the portal talks to its database: what each connection is told, and the engine that only reads.

PostgreSQL: a pooled connection is looked at before it is handed out. A server that has gone has closed its end, which
one poll of the socket tells; asking it (`pool_pre_ping`) would cost a round trip for every page and every booking.
"""

from multiprocessing.connection import wait
from typing import Any

from flask import Flask, current_app
from sqlalchemy import Connection, Engine, event
from sqlalchemy.exc import InvalidatePoolError

from portal.extensions import db


def options(url: str) -> dict[str, Any]:
    """What SQLAlchemy is told about the database behind a URL; phones and texts stay out of its errors, so of logs."""
    if url.startswith("sqlite"):
        return {"connect_args": {"timeout": 30, "check_same_thread": False}, "hide_parameters": True}
    return {"pool_size": 10, "max_overflow": 10, "pool_use_lifo": True, "hide_parameters": True}


def init(app: Flask) -> None:
    """Tune the engine of an app and put one that only reads beside it, on the same pool."""
    with app.app_context():
        engine = db.engine
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _tune_sqlite)
        event.listen(engine, "begin", _begin_immediately)
        app.extensions["reading"] = engine.execution_options(reading=True)
    else:
        event.listen(engine, "checkout", _insist_on_life)
        app.extensions["reading"] = engine.execution_options(isolation_level="AUTOCOMMIT")


def reading_engine() -> Engine:
    """The same database for reading only: every statement stands alone and leaves no transaction open."""
    engine: Engine = current_app.extensions["reading"]
    return engine


def _tune_sqlite(connection: Any, _record: Any) -> None:
    """Make SQLite behave under load: WAL, and a wait instead of an error."""
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "busy_timeout=30000", "synchronous=FULL", "foreign_keys=ON"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_immediately(connection: Connection) -> None:
    """A writer takes its lock at once. A reader gets no BEGIN at all, so that no page ever waits for a writer."""
    if not connection.get_execution_options().get("reading"):
        connection.exec_driver_sql("BEGIN IMMEDIATE")


def _insist_on_life(connection: Any, _record: Any, _proxy: Any) -> None:
    """An idle server sends nothing: what can be read is its farewell, and then the whole pool is of no use."""
    if wait([connection], 0):
        raise InvalidatePoolError
