"""Photos at the door: what is believed to be one, whose it may be, and how long it is kept."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from parcels.models import Parcel
from parcels.stages import Stage
from scheduling.photo_models import DoorPhoto
from scheduling.policy import Reason, Refusal
from scheduling.round_models import Round
from scheduling.rounds import on_round

#: A phone's photo has two to four megabytes; of one hand-over so many say everything.
LARGEST, MOST = 5 * 1024 * 1024, 3
#: After that nobody disputes a hand-over any more, and a stranger's hall is nobody's business.
KEPT = timedelta(days=90)


class BadPhoto(ValueError):
    """What was sent is none: `reason` is one of empty, too_large, no_image, too_many."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def kind_of(body: bytes) -> str | None:
    """The media type of an image by its first bytes, whatever its name says; None for anything else."""
    if body.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if body.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    return "image/webp" if body[:4] == b"RIFF" and body[8:12] == b"WEBP" else None


def attach(
    session: Session, one: Round, parcel: Parcel, body: bytes, by: str, now: datetime, at: datetime | None = None
) -> DoorPhoto:
    """Keep a photo of a hand-over.

    Args: `parcel` held by `journal.lock`, so that two at once are not four; `at` is when it was taken if the phone
    could not send it at once. Raises: BadPhoto; Refusal when it was not handed over on this round; UnknownParcel.
    """
    on_round(session, one, parcel.id, at)
    if parcel.stage is not Stage.DELIVERED:
        raise Refusal(Reason.NOT_ON_ROUND)
    kind = kind_of(body)
    if not body or len(body) > LARGEST or kind is None:
        raise BadPhoto("empty" if not body else "too_large" if len(body) > LARGEST else "no_image")
    count = select(func.count()).select_from(DoorPhoto).where(DoorPhoto.parcel_id == parcel.id)
    if (session.scalar(count) or 0) >= MOST:
        raise BadPhoto("too_many")
    photo = DoorPhoto(parcel_id=parcel.id, by=by, taken_at=at or now, kind=kind, body=body)
    session.add(photo)
    session.flush()
    return photo


def of_parcel(session: Session, parcel_id: int) -> list[Any]:
    """The photos of a parcel without their bodies, the oldest first."""
    columns = (DoorPhoto.id, DoorPhoto.by, DoorPhoto.taken_at)
    return list(session.execute(select(*columns).where(DoorPhoto.parcel_id == parcel_id).order_by(DoorPhoto.id)))


def forget(session: Session, now: datetime) -> int:
    """Drop the photos that are old enough. Returns how many."""
    old = delete(DoorPhoto).where(DoorPhoto.taken_at < now - KEPT).returning(DoorPhoto.id)
    return len(session.scalars(old).all())
