"""The messages that a person must settle: dead ones, and those of which nobody knows for half an hour."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user
from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from parcels.models import Parcel, Shop
from portal import notices_messages
from portal.access import Rule, allow
from portal.extensions import now
from portal.informing_words import left_out_words
from portal.transaction import reading, transaction
from sms import guards, replays
from sms.models import Message

bp = Blueprint("messages", __name__)
CAPS_SHOWN_FOR = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Line:
    """A message with its parcel, the recipient's clock, and how often somebody has sent it again."""

    message: Message
    parcel: Parcel
    zone: str
    replayed: int


@bp.get("/messages")
@allow(Rule.OFFICE)
def listed() -> ResponseReturnValue:
    """All of them, the oldest first."""
    with reading() as session:
        lines, caps = _lines(session, now()), _caps(session, now())
    words = {"notices_messages": notices_messages, "left_out_words": left_out_words}
    return render_template("pages/messages.html", lines=lines, caps=caps, **words)


def _caps(session: Session, moment: datetime) -> list[tuple[Shop, guards.Hit]]:
    """Which shops have hit which caps lately."""
    hits = guards.hits(session, moment - CAPS_SHOWN_FOR)
    return [(session.get_one(Shop, hit.shop_id), hit) for hit in hits]


@bp.post("/messages/<int:message_id>/replay")
@allow(Rule.OFFICE)
def replay(message_id: int) -> ResponseReturnValue:
    """Send one again; pressed twice, or after it was settled, it does no harm."""
    with transaction() as session:
        is_done = replays.replay(session, message_id, current_user.name, now())
    flash("", "queued" if is_done else "settled")
    return redirect(url_for("messages.listed"), 303)


@bp.post("/messages/<int:message_id>/vouch")
@allow(Rule.OFFICE)
def vouch(message_id: int) -> ResponseReturnValue:
    """Somebody has seen an unknown message at the provider: it has left."""
    with transaction() as session:
        is_done = replays.vouch(session, message_id, now())
    flash("", "left" if is_done else "settled")
    return redirect(url_for("messages.listed"), 303)


def _lines(session: Session, moment: datetime) -> list[Line]:
    rows = replays.unresolved(session, moment)
    wanted = select(Parcel).where(Parcel.id.in_({message.parcel_id for message, _count in rows}))
    query = wanted.options(joinedload(Parcel.settlement))
    parcels = {parcel.id: parcel for parcel in session.scalars(query)}
    return [
        Line(message, parcels[message.parcel_id], parcels[message.parcel_id].zone, count) for message, count in rows
    ]
