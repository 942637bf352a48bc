"""Was this message ours? Answered from the ledger, and only to whoever holds the whole text."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from parcels.models import Shop
from sms.marks import Mark, marks_of
from sms.models import Message, Status
from sms.occasions import Audience, Channel
from sms.preferences import DEFAULT_SENDER

#: The newest messages to a number that are compared; nobody has more of them for his parcels.
COMPARED = 200
_NEVER_LEFT = (Status.OWED, Status.QUEUED, Status.REFUSED, Status.DROPPED)


@dataclass(frozen=True, slots=True)
class Verdict:
    """`sent_at` when it is ours; else the marks that speak against it, none when there are none."""

    sent_at: datetime | None
    marks: tuple[Mark, ...] = ()


def judge(session: Session, phone: str, sender: str, text: str, own_host: str) -> Verdict:
    """Compare a text with what was sent to a number.

    Args: `phone` E.164; `sender` as the phone shows it, may be empty; `own_host` the host of our links. Every text of
    ours ends with a link that nobody can guess: who knows the whole of it has the message before him, so that the
    answer tells him nothing new. A text that bears a mark of phishing is never vouched for, whoever sent it; the name
    of its shop, which a manager has let in, is no mark.
    """
    wanted = _bare(text)
    rows = session.execute(
        select(Message.text, Message.sender, Message.accepted_at, Message.due_at, Shop.name)
        .join(Shop, Shop.id == Message.shop_id)
        .where(Message.recipient == phone, Message.channel == Channel.SMS.value, Message.attempts > 0)
        .where(Message.audience == Audience.RECIPIENT.value, Message.status.not_in(_NEVER_LEFT))
        .order_by(Message.created_at.desc())
        .limit(COMPARED)
    )
    sent = next((row for row in rows if _bare(row.text) == wanted), None)
    if sent is None:
        return Verdict(None, tuple(marks_of(text, own_host)))
    if marks := tuple(marks_of(sent.text.replace(sent.name, " "), own_host)):
        return Verdict(None, marks)
    if _is_another(sender, sent.sender):
        return Verdict(None, (Mark.SENDER,))
    return Verdict(sent.accepted_at or sent.due_at)


def _is_another(shown: str, ours: str) -> bool:
    """Does a phone show another name than ours? A provider may put its number in the place of it."""
    name = shown.strip().lower()
    is_number = not any(letter.isalpha() for letter in name)
    return not is_number and name != (ours or DEFAULT_SENDER).lower()


def _bare(text: str) -> str:
    return " ".join(text.split())
