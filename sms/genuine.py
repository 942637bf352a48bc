"""Was this message ours? Answered from the ledger, and only to whoever holds the whole text."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import select
from sqlalchemy.orm import Session

from sms.models import Message, Status
from sms.occasions import Audience, Channel
from sms.preferences import DEFAULT_SENDER

#: The newest messages to a number that are compared; nobody has more of them for his parcels.
COMPARED = 200
_NEVER_LEFT = (Status.OWED, Status.QUEUED, Status.REFUSED, Status.DROPPED)
_ADDRESS = re.compile(r"(?:https?://)?((?:[\w-]+\.)+[^\W\d_]{2,})(?::\d+)?(/\S*)?", re.IGNORECASE)
_MONEY = re.compile(r"\b(?:карт\w*|cvv|cvc|оплатит\w*|перевод\w*|доплат\w*|пошлин\w*|card|payment)\b", re.IGNORECASE)
_PRIVATE = re.compile(r"\b(?:код\w*|парол\w*|паспорт\w*|пин-?код\w*|code|password|pin)\b", re.IGNORECASE)
_HURRY = re.compile(
    r"\b(?:срочно|немедленно|заблокир\w*|последн\w+ предупрежд\w*|urgent\w*|immediately)\b", re.IGNORECASE
)


class Mark(StrEnum):
    """What gives a foreign message away."""

    LINK = "link"
    SENDER = "sender"
    MONEY = "money"
    PRIVATE = "private"
    HURRY = "hurry"


@dataclass(frozen=True, slots=True)
class Verdict:
    """`sent_at` when it is ours; else the marks that speak against it, none when there are none."""

    sent_at: datetime | None
    marks: tuple[Mark, ...] = ()


def judge(session: Session, phone: str, sender: str, text: str, own_host: str) -> Verdict:
    """Compare a text with what was sent to a number.

    Args: `phone` E.164; `sender` as the phone shows it, may be empty; `own_host` the host of our links. Every text of
    ours ends with a link that nobody can guess: who knows the whole of it has the message before him, so that the
    answer tells him nothing new.
    """
    wanted = _bare(text)
    rows = session.execute(
        select(Message.text, Message.sender, Message.accepted_at, Message.due_at)
        .where(Message.recipient == phone, Message.channel == Channel.SMS.value, Message.attempts > 0)
        .where(Message.audience == Audience.RECIPIENT.value, Message.status.not_in(_NEVER_LEFT))
        .order_by(Message.created_at.desc())
        .limit(COMPARED)
    )
    sent = next((row for row in rows if _bare(row.text) == wanted), None)
    if sent is None:
        return Verdict(None, tuple(marks_of(text, own_host)))
    if _is_another(sender, sent.sender):
        return Verdict(None, (Mark.SENDER,))
    return Verdict(sent.accepted_at or sent.due_at)


def _is_another(shown: str, ours: str) -> bool:
    """Does a phone show another name than ours? A provider may put its number in the place of it."""
    name = shown.strip().lower()
    is_number = not any(letter.isalpha() for letter in name)
    return not is_number and name != (ours or DEFAULT_SENDER).lower()


def marks_of(text: str, own_host: str) -> Iterable[Mark]:
    """What in a text is never in one of ours."""
    own = own_host.split(":", maxsplit=1)[0].lower()
    if any(host.lower() != own for host, _path in _ADDRESS.findall(text)):
        yield Mark.LINK
    for mark, pattern in ((Mark.MONEY, _MONEY), (Mark.PRIVATE, _PRIVATE), (Mark.HURRY, _HURRY)):
        if pattern.search(text):
            yield mark


def _bare(text: str) -> str:
    return " ".join(text.split())
