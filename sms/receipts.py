"""What the provider reports of a message later: twice, late, out of order, or forged by somebody else."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session
from twilio.request_validator import RequestValidator

from parcels import journal
from sms import ledger, strays
from sms.models import Message, Receipt, Status

#: Our own word for "the provider answered that it has it".
TAKEN = "taken"
#: Twilio's words. Any other is kept with the receipt and moves nothing.
_MEANS = {
    "accepted": Status.ACCEPTED,
    "scheduled": Status.ACCEPTED,
    "queued": Status.ACCEPTED,
    "sending": Status.ACCEPTED,
    "sent": Status.ACCEPTED,
    "delivered": Status.DELIVERED,
    "read": Status.DELIVERED,
    "undelivered": Status.UNDELIVERED,
    "failed": Status.UNDELIVERED,
    "canceled": Status.UNDELIVERED,
}


def apply(session: Session, message_id: int, provider_id: str, status: str, error: str | None, now: datetime) -> bool:
    """Take in one receipt: `status` in Twilio's words, `error` its error code if there is one.

    Returns: whether it was new; False for a repeated one and for a message that we do not have, which is kept aside.
    """
    parcel_id = session.scalar(select(Message.parcel_id).where(Message.id == message_id))
    if parcel_id is None:
        strays.keep(session, provider_id, status, error, now)
        return False
    means = _MEANS.get(status)
    if means is Status.UNDELIVERED:
        journal.lock(session, parcel_id)  # its failure is a fact; the parcel comes before the message
    values = {
        "message_id": message_id,
        "provider_id": provider_id[:64],
        "status": status[:24],
        "error": error[:120] if error else None,
        "received_at": now,
    }
    if ledger.put(session, Receipt, values) is None:
        return False
    if means is Status.UNDELIVERED:
        ledger.fail(session, message_id, means, f"{status}: {error or '-'}", now)
    elif means is not None:
        ledger.accept(session, message_id, provider_id, now, is_delivered=means is Status.DELIVERED)
    ledger.name(session, message_id, provider_id)
    return True


def apply_by_name(session: Session, provider_id: str, status: str, now: datetime) -> bool:
    """Take in a receipt that names its message by the provider's id only; otherwise as `apply`."""
    message_id = session.scalar(select(Message.id).where(Message.provider_id == provider_id[:64]).limit(1))
    return apply(session, message_id or 0, provider_id, status, None, now)


def adopt(session: Session, now: datetime) -> int:
    """Apply the receipts that came before we knew their messages. Returns how many there were."""
    found = strays.found(session)
    for stray, message_id in found:
        apply(session, message_id, stray.provider_id, stray.status, stray.error, now)
        session.delete(stray)
    return len(found)


def witness(session: Session, message_id: int, provider_id: str, now: datetime) -> None:
    """Keep that the provider took a message, when it is no news: under a second name it is a duplicate (I5)."""
    known = session.scalar(select(Message.provider_id).where(Message.id == message_id))
    if known is not None and known != provider_id:
        values = {"message_id": message_id, "provider_id": provider_id[:64], "status": TAKEN, "received_at": now}
        ledger.put(session, Receipt, values)


def is_genuine(auth_token: str, url: str, params: Mapping[str, str], signature: str) -> bool:
    """Was this request signed by Twilio for our account?

    Args: `url` is the public address with its query, as Twilio was given it; `params` the form, a MultiDict keeps
    its repeated fields. Without a token nothing is genuine: an empty key would be everybody's key.
    """
    return bool(auth_token) and bool(RequestValidator(auth_token).validate(url, params, signature))
