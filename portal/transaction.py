"""The one place where anything is committed: `transaction()` to change, `reading()` to look, `looking()` at rows."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection
from sqlalchemy.orm import Session

from portal.engines import reading_engine
from portal.extensions import db
from portal.nudge import nudge

__all__ = ["Connection", "Session", "looking", "reading", "transaction"]


@contextmanager
def transaction() -> Iterator[Session]:
    """A session whose work is committed as a whole at the end, or not at all.

    When a message or a webhook was written meanwhile (`session.info["outbox"]`, `["hooks"]`), the worker is nudged.
    """
    session: Session = db.session()
    try:
        yield session
        session.commit()
        work = [name for name in ("outbox", "hooks") if session.info.pop(name, False)]
    except BaseException:
        session.rollback()
        raise
    finally:
        db.session.remove()
    for name in work:
        nudge(name)


@contextmanager
def reading() -> Iterator[Session]:
    """A session for looking only. It takes no lock and holds no transaction open between two statements."""
    with Session(reading_engine(), autoflush=False, expire_on_commit=False) as session:
        yield session


def looking() -> Connection:
    """A bare connection for looking at rows, without the machinery for entities: `with looking() as connection`."""
    return reading_engine().connect()
