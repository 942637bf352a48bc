"""Marks that waited in a courier's phone: each is taken once, in order, and answered for one by one.

What has happened is not refused because it is told late (decision 0015); what cannot be so is kept and said.
"""

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlalchemy.orm import Session

from parcels.journal import UnknownParcel
from portal import courier_day, round_words
from portal.access import User
from portal.courier_day import MAY_WAIT, NoReason, Said
from portal.languages import _, language
from portal.transaction import reading, transaction
from scheduling.mark_models import DeviceMark
from scheduling.photos import BadPhoto
from scheduling.policy import Refusal
from scheduling.round_closing import NotClosable
from scheduling.round_loading import WrongParcel

log = logging.getLogger("vekha.phone_marks")
#: So many marks in one request; an id or a field longer than this is none of ours.
MOST, ID_LENGTH, FIELD_LENGTH, FIELDS = 50, 40, 300, 12
#: Nothing waits in a phone for longer than this.
LONGEST_WAIT = timedelta(days=4)


class BadMarks(ValueError):
    """A request that no page of ours sends."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """A mark as the phone has it: its own id, what is said, and when it happened by our clock."""

    device: str
    id: str
    said: Said


def read(sent: Any, now: datetime, photo: bytes = b"") -> tuple[str, list[Waiting]]:
    """Whose marks a request brings, and they in the order in which they were made. Raises BadMarks.

    Args: `sent` as JSON has it; `photo` the body of a mark that tells of one. How long each has waited is the
    difference of two readings of the phone's clock, so that it may be hours wrong.
    """
    if not isinstance(sent, dict) or not isinstance(sent.get("marks"), list) or len(sent["marks"]) > MOST:
        raise BadMarks
    device, sent_at = _text(sent.get("device"), ID_LENGTH), _moment(sent.get("sent_at"))
    if not device:
        raise BadMarks
    return _text(sent.get("by"), ID_LENGTH), [_mark(device, one, sent_at, now, photo) for one in sent["marks"]]


def _mark(device: str, one: Any, sent_at: datetime | None, now: datetime, photo: bytes) -> Waiting:
    if not isinstance(one, dict) or not (client_id := _text(one.get("id"), ID_LENGTH)):
        raise BadMarks
    made_at = _moment(one.get("at"))
    waited = sent_at - made_at if sent_at is not None and made_at is not None else timedelta()
    fields = one.get("fields")
    if not isinstance(fields, dict) or len(fields) > FIELDS:
        raise BadMarks
    parcel = _text(one.get("parcel"), ID_LENGTH)
    said = Said(
        kind=_text(one.get("kind"), 16),
        fields={str(name)[:ID_LENGTH]: _text(value, FIELD_LENGTH) for name, value in fields.items()},
        parcel_id=int(parcel) if parcel.isascii() and parcel.isdigit() and len(parcel) < 18 else None,
        at=now - min(max(waited, timedelta()), LONGEST_WAIT),
        photo=photo,
    )
    return Waiting(device, client_id, said)


def take(user: User, zone: str, mark: Waiting, now: datetime) -> dict[str, str]:
    """Take one mark in, once. Returns its answer, the same when it comes again."""
    try:
        with transaction() as session:
            if (known := _known(session, mark)) is not None:
                return known
            kept = _kept(session, user, mark, now)
            try:
                with session.begin_nested():
                    kept.words = courier_day.carry_out(session, user, zone, mark.said, now)
                kept.is_taken = True
            except (Refusal, WrongParcel, NotClosable, NoReason, BadPhoto, UnknownParcel, KeyError) as problem:
                kept.words = _words(mark.said.kind, problem)
            return _answer(kept)
    except IntegrityError:  # the same mark, sent twice at once: the other one's answer counts
        with reading() as session:
            known = _known(session, mark)
        if known is None:
            raise
        return known
    except OperationalError:
        raise
    except Exception:
        log.exception("mark %s of a phone", mark.said.kind)
        return _set_aside(user, mark, now)


def _set_aside(user: User, mark: Waiting, now: datetime) -> dict[str, str]:
    """A mark that breaks us holds up no other: it is kept, and its courier is told to ring."""
    with transaction() as session:
        kept = _kept(session, user, mark, now)
        kept.words = _("У нас сбой на этой отметке. Она сохранена; позвоните диспетчеру.")
        return _answer(kept)


def _known(session: Session, mark: Waiting) -> dict[str, str] | None:
    query = select(DeviceMark).where(DeviceMark.device == mark.device, DeviceMark.client_id == mark.id)
    known = session.scalars(query).one_or_none()
    return None if known is None else _answer(known)


def _kept(session: Session, user: User, mark: Waiting, now: datetime) -> DeviceMark:
    said = mark.said
    kept = DeviceMark(
        device=mark.device,
        client_id=mark.id,
        staff_id=user.id,
        kind=said.kind if said.kind in MAY_WAIT else "",
        parcel=str(said.parcel_id or said.fields.get("code", "") or said.fields.get("unreadable", ""))[:ID_LENGTH],
        fields=dict(said.fields),
        happened_at=said.at,
        received_at=now,
        is_taken=False,
        words="",
    )
    session.add(kept)
    session.flush()
    return kept


def _answer(kept: DeviceMark) -> dict[str, str]:
    return {"id": kept.client_id, "state": "saved" if kept.is_taken else "refused", "words": kept.words}


def _words(kind: str, problem: Exception) -> str:
    """Why a mark does not count, in one line."""
    if kind == "photo":
        return round_words.bad_photo(problem.reason if isinstance(problem, BadPhoto) else "not_handed_over")
    if isinstance(problem, Refusal | WrongParcel | NotClosable):
        notice = round_words.problem(kind, problem, language())
        return f"{notice.happened}. {notice.means} {notice.now}"[:500]
    return _("Отметку не поняли. Обновите страницу и отметьте ещё раз.")


def _text(value: Any, longest: int) -> str:
    return value.strip()[:longest].replace("\x00", "") if isinstance(value, str) else ""


def _moment(value: Any) -> datetime | None:
    try:
        found = datetime.fromisoformat(_text(value, ID_LENGTH))
    except ValueError:
        return None
    return found if found.tzinfo is not None else None
