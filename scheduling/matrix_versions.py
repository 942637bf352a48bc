"""Back to the version of the matrix before, and forward again. Lanes stay: promises keep the version they came from."""

from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from scheduling.models import Matrix


def withdraw(session: Session, key: int, now: datetime) -> bool:
    """Let the versions before an upload's count again. Promises already given keep theirs.

    Args: `key` of the upload, or minus the id of a version that came with none.
    Returns: whether anything changed; not when there is nothing to go back to, or somebody was faster.
    """
    versions = session.scalars(select(Matrix).where(_of(key), Matrix.withdrawn_at.is_(None))).all()
    if not any(has_predecessor(session, version) for version in versions):
        return False
    return _set_withdrawn(session, key, now)


def restore(session: Session, key: int) -> bool:
    """Let a withdrawn upload count again, where nothing newer does. Returns whether anything changed."""
    return _set_withdrawn(session, key, None)


def _set_withdrawn(session: Session, key: int, at: datetime | None) -> bool:
    was = Matrix.withdrawn_at.is_(None) if at else Matrix.withdrawn_at.is_not(None)
    changed = update(Matrix).where(_of(key), was).values(withdrawn_at=at).returning(Matrix.id)
    return bool(session.scalars(changed.execution_options(synchronize_session="fetch")).all())


def _of(key: int) -> Any:
    return Matrix.upload_id == key if key > 0 else Matrix.id == -key


def has_predecessor(session: Session, version: Matrix) -> bool:
    """Is there an earlier version of the same carrier and origin that would count instead?"""
    query = select(Matrix.id).where(
        Matrix.carrier == version.carrier,
        Matrix.origin_id == version.origin_id,
        Matrix.withdrawn_at.is_(None),
        Matrix.id != version.id,
        Matrix.valid_from <= version.valid_from,
    )
    return session.scalar(query.limit(1)) is not None
