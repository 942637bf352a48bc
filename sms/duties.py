"""FOLLOWER: which fact is told to whom, as a row of the outbox in the transaction of the fact itself."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from parcels import journal
from parcels.models import Fact, Parcel
from parcels.stages import Kind
from sms import ledger, texts
from sms.models import Message, Status
from sms.segments import measure

FIRST_LINK, FRESH_LINK, DELAY = "first_link", "fresh_link", "delay"
#: Causes of a withdrawal that the recipient is told of at once; otherwise it was his wish, or somebody is calling him.
TOLD = frozenset({"delay", "blackout", "incident"})
LANGUAGE = "ru"
#: Fresh links that one phone gets in 24 hours, whoever asks and for whichever parcels.
FRESH_A_DAY = 5


def follower(link_for: Callable[[Parcel], str], provider: str) -> journal.Follower:
    """A follower of the journal that owes the recipient a link.

    Args: `link_for` gives the link of a parcel as it is written in a message, without scheme; `provider` is the
    name of the gateway that will send it. It wants to be told after the promise has been made.
    """

    def follow(session: Session, parcel: Parcel, fact: Fact, now: datetime) -> None:
        if fact.kind is Kind.LINK_REQUESTED:
            if parcel.phone and not _is_over_cap(session, parcel.phone, now):
                text = texts.fresh_link(parcel.shop.name, parcel.order_number, link_for(parcel), LANGUAGE)
                hour = f"{parcel.link_epoch}.{now.astimezone(UTC):%Y%m%d%H}"
                _owe(session, parcel, FRESH_LINK, _key(parcel, FRESH_LINK, hour), text, provider, now)
        elif fact.kind is Kind.CHOICE_WITHDRAWN and fact.details.get("cause") in TOLD:
            if parcel.phone:
                text = texts.delay(
                    parcel.shop.name, parcel.order_number, *_instead(parcel, fact), link_for(parcel), LANGUAGE
                )
                key = _key(parcel, DELAY, str(fact.details.get("booking", fact.seq)))
                _owe(session, parcel, DELAY, key, text, provider, now)
        elif (epoch := _epoch(parcel, fact)) is not None:
            key = _key(parcel, FIRST_LINK, epoch)
            _drop_older(session, parcel, key, now)
            if parcel.phone:
                dates = parcel.promised_from, parcel.promised_to
                text = texts.first_link(parcel.shop.name, parcel.order_number, *dates, link_for(parcel), LANGUAGE)
                _owe(session, parcel, FIRST_LINK, key, text, provider, now)

    return follow


def _instead(parcel: Parcel, fact: Fact) -> tuple[date | None, date | None]:
    """The days to name: those of the new promise, unless it is our day off, then the nearest free ones."""
    days = [date.fromisoformat(day) for day in fact.details.get("instead", [])]
    if days and (fact.details["cause"] != "delay" or parcel.promised_from is None):
        return days[0], days[-1]
    return parcel.promised_from, parcel.promised_to


def _epoch(parcel: Parcel, fact: Fact) -> str | None:
    """The decision that a first link is owed for; another phone is one, though the link stays as it is."""
    if fact.kind in (Kind.ORDER_ACCEPTED, Kind.LINK_REVOKED):
        return str(parcel.link_epoch)
    if fact.kind is Kind.DETAILS_CHANGED and "phone" in fact.details.get("changed", []):
        return f"{parcel.link_epoch}.{fact.seq}"
    return None


def _key(parcel: Parcel, kind: str, epoch: str) -> str:
    return f"{parcel.id}:{kind}:{epoch}:sms"


def _drop_older(session: Session, parcel: Parcel, key: str, now: datetime) -> None:
    """What has not left yet holds the old link or goes to the old phone."""
    stale = Message.parcel_id == parcel.id, Message.status == Status.QUEUED, Message.dedup_key != key
    session.execute(update(Message).where(*stale).values(status=Status.DROPPED, settled_at=now))


def _is_over_cap(session: Session, phone: str, now: datetime) -> bool:
    recent = Message.recipient == phone, Message.kind == FRESH_LINK, Message.created_at > now - timedelta(days=1)
    sent = session.scalar(select(func.count()).select_from(Message).where(*recent))
    return (sent or 0) >= FRESH_A_DAY


def _owe(session: Session, parcel: Parcel, kind: str, key: str, text: str, provider: str, now: datetime) -> None:
    values = {
        "parcel_id": parcel.id,
        "kind": kind,
        "dedup_key": key,
        "recipient": parcel.phone,
        "text": text,
        "language": LANGUAGE,
        "parts": measure(text).parts,
        "provider": provider,
        "due_at": now,
        "created_at": now,
    }
    if ledger.put(session, Message, values) is not None:
        session.info["outbox"] = True  # whoever commits this may wake the one who sends
