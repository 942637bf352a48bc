"""The Flask extensions, made once and bound to an app by `create_app`; and the one clock of the portal."""

from datetime import UTC, datetime
from typing import Any, Literal

from flask import Flask
from flask_compress import Compress
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address
from flask_login import LoginManager
from flask_migrate import Migrate
from flask_sqlalchemy import SQLAlchemy
from flask_wtf import CSRFProtect
from sqlalchemy import Connection, Engine, event

from parcels.models import Base, UtcDateTime


def _plain_type(kind: str, item: Any, _context: Any) -> str | Literal[False]:
    """In a migration, our moments are plain columns with a time zone: old migrations must not need today's code."""
    return "sa.DateTime(timezone=True)" if kind == "type" and isinstance(item, UtcDateTime) else False


db = SQLAlchemy(model_class=Base, session_options={"expire_on_commit": False, "autoflush": True})
migrate = Migrate(render_as_batch=True, compare_type=True, render_item=_plain_type)
login = LoginManager()
csrf = CSRFProtect()
compress = Compress()
limiter = Limiter(get_remote_address, default_limits=[], headers_enabled=True)


def now() -> datetime:
    """The current moment. The only place where the portal reads the clock."""
    return datetime.now(UTC)


def tune_sqlite(app: Flask) -> None:
    """Make SQLite behave under load: WAL, a wait instead of an error, and BEGIN IMMEDIATE for writers.

    Readers (execution option `reading`) get no BEGIN at all, so that no page ever waits for a writer.
    """
    with app.app_context():
        engine = db.engine
    if engine.dialect.name != "sqlite":
        return

    @event.listens_for(engine, "connect")
    def on_connect(connection: Any, _record: Any) -> None:
        connection.isolation_level = None
        cursor = connection.cursor()
        for pragma in ("journal_mode=WAL", "busy_timeout=30000", "synchronous=FULL", "foreign_keys=ON"):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine, "begin")
    def on_begin(connection: Connection) -> None:
        if not connection.get_execution_options().get("reading"):
            connection.exec_driver_sql("BEGIN IMMEDIATE")


def reading_engine(engine: Engine) -> Engine:
    """The same database for reading only: every statement stands alone and leaves no transaction open."""
    if engine.dialect.name == "sqlite":
        return engine.execution_options(reading=True)
    return engine.execution_options(isolation_level="AUTOCOMMIT")
