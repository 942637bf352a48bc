"""A drawn phone that shows what recipients were sent, for trying the product out where no real message leaves."""

from dataclasses import dataclass
from datetime import datetime

from flask import Blueprint, abort, current_app, render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from parcels.models import Parcel
from portal.access import Rule, allow
from portal.transaction import reading
from scheduling.calendars import local
from sms.models import Message
from sms.occasions import Channel

bp = Blueprint("phone", __name__)
SHOWN = 50


@dataclass(frozen=True, slots=True)
class Bubble:
    """One message on the screen; `at` by the recipient's clock, `link` without and `href` with what it opens."""

    to: str
    name: str
    at: datetime
    words: str
    link: str
    href: str


@bp.get("/phone")
@allow(Rule.PUBLIC)
def screen() -> ResponseReturnValue:
    """The newest messages, all of them or those to the number `to`. For trying out only."""
    if not current_app.config["IS_TRIAL"]:
        abort(404)
    wanted = _number(request.args.get("to", ""))
    with reading() as session:
        bubbles = _bubbles(session, wanted)
    return render_template("pages/phone.html", bubbles=bubbles, wanted=wanted)


def _bubbles(session: Session, wanted: str) -> list[Bubble]:
    """Newest first."""
    query = select(Message, Parcel).join(Parcel, Parcel.id == Message.parcel_id)
    query = query.where(Message.accepted_at.is_not(None))
    if wanted:
        query = query.where(Message.recipient == wanted)
    query = query.options(joinedload(Parcel.settlement)).order_by(Message.accepted_at.desc(), Message.id.desc())
    return [_bubble(message, parcel) for message, parcel in session.execute(query.limit(SHOWN))]


def _bubble(message: Message, parcel: Parcel) -> Bubble:
    if message.channel == Channel.EMAIL:
        return Bubble(message.recipient, parcel.recipient, _at(message, parcel), message.subject, "", "")
    words, _space, link = message.text.rpartition(" ")
    own = current_app.config["LINK_BASE"]
    href = current_app.config["PUBLIC_BASE_URL"] + link.removeprefix(own) if link.startswith(f"{own}/") else ""
    return Bubble(message.recipient, parcel.recipient, _at(message, parcel), words, link, href)


def _at(message: Message, parcel: Parcel) -> datetime:
    return local(message.accepted_at or message.created_at, parcel.zone)


def _number(written: str) -> str:
    """A number as people write it, in E.164; empty when there are no digits in it."""
    digits = "".join(letter for letter in written if letter.isascii() and letter.isdigit())
    if len(digits) == 11 and digits.startswith("8") and "+" not in written:
        digits = f"7{digits[1:]}"
    return f"+{digits}" if digits else ""
