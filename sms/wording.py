"""How a message that is owed is worded, put off, or left out: decided when it is about to leave, from what is true.

`prepare` brings one message from owed to queued. What became untrue while it waited is dropped with a reason; what
would come at night waits for the morning; what costs more than was agreed is not sent, and a person hears of it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from parcels import journal
from parcels.journal import NewFact
from parcels.models import Parcel
from parcels.stages import Kind, Stage
from sms import duties, guards, ledger, opt_out, sender_names, story, texts
from sms.hours import ALWAYS, next_waking
from sms.models import Message, Status
from sms.occasions import MANNERS, Audience, Channel, Occasion
from sms.phrases import DASH, RU
from sms.preferences import Preferences, Teller
from sms.segments import measure
from sms.story import Story
from sms.texts import Names
from sms.truth import why_not_true

#: Worded so long ago and not sent yet: what it says may be untrue by now, and the hour a wrong one.
STALE = timedelta(minutes=15)
#: A message that could not be worded so often has a fault in it that time does not heal.
FAULTS = 4


@dataclass(frozen=True, slots=True)
class Desk:
    """What wording needs of the product around it.

    `link_for` gives a parcel's link as it stands in an SMS, without scheme; `scheme` what goes before it in a letter;
    `stop_for` the address that ends letters to a parcel's mailbox; `providers` who sends what, by channel.
    """

    link_for: Callable[[Parcel], str]
    providers: dict[Channel, str]
    scheme: str = "https://"
    stop_for: Callable[[Parcel], str] = lambda _parcel: ""


def due(session: Session, now: datetime, limit: int) -> list[int]:
    """Ids of messages to be worded now, the most urgent first."""
    owed = Message.status == Status.OWED, Message.due_at <= now
    query = select(Message.id).where(*owed).order_by(Message.priority, Message.due_at, Message.id)
    return list(session.scalars(query.limit(limit)))


def reconsider(session: Session, now: datetime) -> int:
    """What was worded and has waited too long is owed again. Returns how many."""
    waited = Message.status == Status.QUEUED, Message.due_at <= now - STALE
    first = select(Message.id).where(*waited).order_by(Message.id).with_for_update(skip_locked=True)
    again = update(Message).where(Message.id.in_(first.scalar_subquery())).values(status=Status.OWED)
    return len(session.scalars(again.returning(Message.id)).all())


def put_off(session: Session, message_id: int, now: datetime) -> None:
    """A message whose wording failed by a fault of ours is tried again, a few times, and then a person sees it."""
    is_owed = Message.status == Status.OWED
    faults = (session.scalar(select(Message.looks).where(Message.id == message_id)) or 0) + 1
    if faults >= FAULTS:
        ledger.fail(session, message_id, Status.DEAD, "wording", now, is_owed)
    else:
        again = update(Message).where(Message.id == message_id, is_owed)
        session.execute(again.values(looks=faults, due_at=now + STALE))


def prepare(session: Session, message_id: int, desk: Desk, now: datetime) -> Status | None:
    """Word one message that is owed and due.

    Returns: its status now: queued, owed still (put off), dropped, or dead; None when somebody else has it.
    """
    mine = Message.id == message_id, Message.status == Status.OWED, Message.due_at <= now
    parcel_id = session.scalar(select(Message.parcel_id).where(*mine))
    if parcel_id is None:
        return None
    parcel = journal.lock(session, parcel_id)
    row = session.scalar(select(Message).where(*mine).with_for_update())
    if row is None:
        return None
    choices, occasion = duties.chosen(session, parcel), Occasion(row.kind)
    told = story.read(session, parcel, now)
    row.recipient = duties.address_of(parcel, choices, occasion, Channel(row.channel))
    if reason := _why_not(session, row, told, choices):
        return _drop(row, reason, now)
    waking = ALWAYS if MANNERS[occasion].at_once else choices.waking
    zone = parcel.zone if row.audience == Audience.RECIPIENT else parcel.shop.origin.zone
    if (begins := next_waking(now, zone, waking)) > now:
        row.due_at = begins
        return row.status
    _word(row, told, choices, desk)
    if row.channel == Channel.SMS:
        row.sender = sender_names.in_use(session, row.shop_id, choices.sender)
    _note_dates(session, row, told, now)
    return _send_or_not(session, row, choices, now)


def _note_dates(session: Session, row: Message, told: Story, now: datetime) -> None:
    """A message that names other dates than the buyer was told so far is what he was told last from now on."""
    parcel = told.parcel
    if row.audience != Audience.RECIPIENT or parcel.promised_from is None or parcel.promised_to is None:
        return
    named = story.known_of(told, row.about, row.language).get("dates")
    if named != story.dates_between(parcel.promised_from, parcel.promised_to, DASH[row.language]):
        return
    dates = [parcel.promised_from.isoformat(), parcel.promised_to.isoformat()]
    before = next((fact.details["told"] for fact in reversed(told.facts) if "told" in fact.details), dates)
    if named in row.text and before != dates:
        details = {"told": dates, "message": row.id}
        journal.record(session, parcel, NewFact(Kind.TOLD, "sms", details=details), now)


def _why_not(session: Session, row: Message, told: Story, choices: Preferences) -> str:
    """Why a message is left out; empty when it is not."""
    if choices.teller(Occasion(row.kind), Channel(row.channel)) is not Teller.WE:
        return "not_ours"
    return why_not_true(row, told) or ("stopped" if opt_out.is_stopped(session, row.recipient) else "")


def _drop(row: Message, reason: str, now: datetime) -> Status:
    row.status, row.settled_at, row.error = Status.DROPPED, now, reason
    return row.status


def _send_or_not(session: Session, row: Message, choices: Preferences, now: datetime) -> Status:
    verdict = guards.judge(session, row, choices, now)
    if verdict is None:
        row.status, row.due_at, row.looks = Status.QUEUED, now, 0
        return row.status
    if not verdict.is_for_people:
        return _drop(row, verdict.reason, now)
    session.flush()
    ledger.fail(session, row.id, Status.DEAD, verdict.reason, now)
    return Status.DEAD


def _word(row: Message, told: Story, choices: Preferences, desk: Desk) -> None:
    parcel, key = told.parcel, phrase_key(Occasion(row.kind), row.about, told)
    is_his = row.audience == Audience.RECIPIENT
    row.language = parcel.language if is_his and parcel.language in texts.LANGUAGES else "ru"
    is_of_many = len(row.about.get("orders", ())) > 1
    names = Names(parcel.shop.name, parcel.order_number if choices.with_order and not is_of_many else "")
    known = story.known_of(told, row.about, row.language)
    link = desk.link_for(parcel) if is_his else "" if "orders" in row.about else parcel.number
    row.provider = desk.providers[Channel(row.channel)]
    if row.channel == Channel.EMAIL:
        url = desk.scheme + link if is_his else link
        row.unsubscribe = desk.stop_for(parcel) if is_his else ""
        letter = texts.letter(key, names, known, url, row.unsubscribe, row.language)
        row.subject, row.text = letter.subject, letter.text
        return
    if key == Occasion.FIRST_LINK and choices.first_text and texts.is_sendable(choices.first_text):
        row.text = texts.own(choices.first_text, names, known, link, row.language)
    else:
        row.text = texts.sms(key, names, known, link, row.language)
    row.parts = measure(row.text).parts
    row.price_minor = row.parts * choices.price_minor


def phrase_key(occasion: Occasion, about: dict[str, Any], told: Story) -> str:
    """Which row of the phrases an occasion is told by."""
    if occasion is Occasion.BOOKED and about.get("moved"):
        return "rebooked"
    if occasion is Occasion.POSTPONED and "remind_on" in about:
        return "postponed_reminder"
    if occasion is Occasion.DELAY:
        return _delay_key(about)
    if occasion is Occasion.IN_CITY and told.parcel.plan is Stage.SCHEDULED:
        return "in_city_agreed"
    if occasion is Occasion.INCIDENT:
        return _incident_key(told)
    return occasion.value


def _delay_key(about: dict[str, Any]) -> str:
    """Why it is later: whose delay it is, where that is known; or that a time cannot be kept for another reason."""
    if "late" in about:
        key = f"late_{about['late']}"
        return key if key in RU else Occasion.DELAY.value
    return Occasion.DELAY.value if about.get("cause") == "delay" else "slot_lost"


def _incident_key(told: Story) -> str:
    """What went wrong last, where it is more than a delay."""
    trouble = told.last(Kind.INCIDENT)
    key = f"incident_{trouble.details.get('cause')}" if trouble is not None else ""
    return key if key in RU else Occasion.INCIDENT.value
