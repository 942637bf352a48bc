"""The one place where anything is committed: `transaction()` to change, `reading()` to look."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.orm import Session

from portal.extensions import db, reading_engine
from portal.nudge import nudge

__all__ = ["Session", "reading", "transaction"]


@contextmanager
def transaction() -> Iterator[Session]:
    """A session whose work is committed as a whole at the end, or not at all.

    When a message was written meanwhile (`session.info["outbox"]`), the worker is nudged.
    """
    session: Session = db.session()
    try:
        yield session
        session.commit()
        has_mail = session.info.pop("outbox", False)
    except BaseException:
        session.rollback()
        raise
    finally:
        db.session.remove()
    if has_mail:
        nudge()


@contextmanager
def reading() -> Iterator[Session]:
    """A session for looking only. It takes no lock and holds no transaction open between two statements."""
    with Session(reading_engine(db.engine), autoflush=False, expire_on_commit=False) as session:
        yield session
