"""Photos at the door: what is believed to be one, whose it may be, and how long it is kept."""

from datetime import datetime, timedelta
from io import BytesIO
from typing import Any

from PIL import Image, ImageOps
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
FORMATS, KIND = ("JPEG", "PNG", "WEBP"), "image/jpeg"
#: What is kept of it, and what is taken for a bomb: the pixels that would have to be held in memory.
LONGEST_SIDE, MOST_PIXELS = 1600, 25_000_000
#: After that nobody disputes a hand-over any more, and a stranger's hall is nobody's business.
KEPT = timedelta(days=90)


class BadPhoto(ValueError):
    """What was sent is none: `reason` is one of empty, too_large, no_image, too_many."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def redrawn(body: bytes) -> bytes | None:
    """An image drawn anew as a JPEG that fits the longest side; None for what is none, or has too many pixels.

    What is kept is what can be seen: no place, no name of a phone, nothing after the image's end.
    """
    try:
        with Image.open(BytesIO(body), formats=FORMATS) as image:
            image.draft("RGB", (LONGEST_SIDE, LONGEST_SIDE))  # a JPEG is read smaller at once, whatever its size
            if image.width * image.height > MOST_PIXELS:
                return None
            shown = ImageOps.exif_transpose(image).convert("RGB")
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError, Image.DecompressionBombWarning):
        return None
    shown.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
    drawn = BytesIO()
    Image.frombytes("RGB", shown.size, shown.tobytes()).save(drawn, "JPEG", quality=85)
    return drawn.getvalue()


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
    if not body or len(body) > LARGEST:
        raise BadPhoto("too_large" if body else "empty")
    drawn = redrawn(body)
    if drawn is None:
        raise BadPhoto("no_image")
    count = select(func.count()).select_from(DoorPhoto).where(DoorPhoto.parcel_id == parcel.id)
    if (session.scalar(count) or 0) >= MOST:
        raise BadPhoto("too_many")
    photo = DoorPhoto(parcel_id=parcel.id, by=by, taken_at=at or now, kind=KIND, body=drawn)
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
