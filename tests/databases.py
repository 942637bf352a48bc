"""PostgreSQL databases of one test worker: making one takes a tenth of a second, emptying it a tenth of that."""

from typing import Any
from uuid import uuid4

from sqlalchemy import Connection, column, create_engine, insert, inspect, make_url, table, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.pool import NullPool

from parcels.models import Base
from tests.servers import new_database

#: A database that a test has filled is slower ever after, and its plans are other ones.
MOST_GROWN = 8 * 1024 * 1024
_LOOK = text(
    "SELECT (SELECT count(*) FROM pg_class), (SELECT count(*) FROM pg_constraint), pg_database_size(current_database())"
)
_REWIND = """
DO $$ DECLARE used record; BEGIN
  FOR used IN SELECT schemaname, sequencename FROM pg_sequences WHERE last_value IS NOT NULL LOOP
    PERFORM setval(format('%%I.%%I', used.schemaname, used.sequencename), 1, false);
  END LOOP;
END $$
"""


class Databases:
    """Databases with every table and nothing in them; those given back are emptied and taken again."""

    def __init__(self, url: str) -> None:
        self._server, self._like, self._empty = url, f"empty{uuid4().hex[:8]}", list[str]()
        made = new_database(url, self._like)
        engine = create_engine(made, poolclass=NullPool)
        Base.metadata.create_all(engine)
        with engine.connect() as connection:
            self._tables, self._walls, self._size = connection.execute(_LOOK).one()

    def take(self) -> str:
        """The URL of an empty database that nobody else has."""
        return self._empty.pop() if self._empty else new_database(self._server, f"t{uuid4().hex[:12]}", self._like)

    def give_back(self, url: str) -> None:
        """Empty a database. One whose tables or constraints a test has changed, or that is still in use, is left."""
        try:
            if self._is_emptied(url):
                self._empty.append(url)
        except OperationalError:  # locked: whoever holds it ends with the server
            pass

    def _is_emptied(self, url: str) -> bool:
        engine = create_engine(make_url(url).update_query_dict({"options": "-c lock_timeout=2000"}), poolclass=NullPool)
        with engine.begin() as connection:
            tables, walls, size = connection.execute(_LOOK).one()
            if (tables, walls) != (self._tables, self._walls) or size > self._size + MOST_GROWN:
                return False
            connection.exec_driver_sql("SET session_replication_role = replica")  # no foreign key is looked at
            connection.exec_driver_sql("; ".join(f'DELETE FROM "{name}"' for name in Base.metadata.tables))
            connection.exec_driver_sql(_REWIND)
        return True


def insert_as_then(connection: Connection, name: str, rows: list[dict[str, Any]]) -> None:
    """Insert rows of today into a table of an earlier revision: the columns that it had then, and no defaults."""
    then = {known["name"] for known in inspect(connection).get_columns(name)}
    today = Base.metadata.tables[name].columns
    old = table(name, *(column(one.name, one.type) for one in today if one.name in then))
    connection.execute(insert(old), [{key: row[key] for key in row.keys() & then} for row in rows])
