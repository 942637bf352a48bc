"""What the shop's pages about telling show: a sample of the first message, and what telling has cost."""

from dataclasses import dataclass
from datetime import datetime

from flask import current_app
from sqlalchemy import case, func, select
from sqlalchemy.orm import Session

from parcels.models import Parcel
from portal.informing_form import bad_text
from sms import texts
from sms.models import Message, Status
from sms.occasions import Channel
from sms.segments import measure
from sms.texts import BadText, Names

SHOWN = 100
_EXAMPLE_ORDER, _EXAMPLE_DATES, _EXAMPLE_TOKEN = "48117", "26–27.11", "7Kq2mX9sPq2mX9s01Za"
_PAID = (Status.ACCEPTED, Status.DELIVERED, Status.UNDELIVERED)


@dataclass(frozen=True, slots=True)
class Sample:
    """A first message as it would arrive; with `problem` it cannot be sent."""

    text: str
    characters: int
    parts: int
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Month:
    """What was sent in a calendar month (`2026-11`, UTC); `minor` in kopecks."""

    month: str
    messages: int
    parts: int
    letters: int
    minor: int


@dataclass(frozen=True, slots=True)
class Line:
    """One message of a parcel."""

    order: str
    kind: str
    channel: str
    status: Status
    reason: str
    at: datetime
    parts: int
    minor: int


@dataclass(frozen=True, slots=True)
class Costs:
    """Months newest first, and the newest messages: of one order (`wanted`) or of all."""

    months: list[Month]
    lines: list[Line]
    wanted: str


def sample(shop: str, template: str) -> Sample:
    """The first message in the shop's own words, or the standard one when there are none."""
    link = f"{current_app.config['LINK_BASE']}/t/{_EXAMPLE_TOKEN}"
    names, known, template = Names(shop, _EXAMPLE_ORDER), {"dates": _EXAMPLE_DATES}, " ".join(template.split())
    try:
        if template:
            texts.check_own(template)
            text = texts.own(template, names, known, link, "ru")
        else:
            text = texts.sms("first_link", names, known, link, "ru")
    except BadText as problem:
        return Sample("", 0, 0, bad_text(problem))
    size = measure(text)
    return Sample(text, size.characters, size.parts)


def costs(session: Session, shop_id: int, wanted: str) -> Costs:
    """What telling has cost a shop. Args: `wanted` an order number, or empty."""
    return Costs(_months(session, shop_id), _lines(session, shop_id, wanted), wanted)


def _months(session: Session, shop_id: int) -> list[Month]:
    is_letter = Message.channel == Channel.EMAIL.value
    is_pg = session.get_bind().dialect.name == "postgresql"
    utc = func.timezone("UTC", Message.accepted_at)
    month = func.to_char(utc, "YYYY-MM") if is_pg else func.strftime("%Y-%m", Message.accepted_at)
    query = (
        select(
            month,
            func.sum(case((is_letter, 0), else_=1)),
            func.sum(Message.parts),
            func.sum(case((is_letter, 1), else_=0)),
            func.sum(Message.price_minor),
        )
        .where(Message.shop_id == shop_id, Message.accepted_at.is_not(None), Message.status.in_(_PAID))
        .group_by(month)
        .order_by(month.desc())
    )
    return [Month(*row) for row in session.execute(query)]


def _lines(session: Session, shop_id: int, wanted: str) -> list[Line]:
    query = (
        select(Message, Parcel.order_number)
        .join(Parcel, Parcel.id == Message.parcel_id)
        .where(Message.shop_id == shop_id, Message.status != Status.OWED)
        .order_by(Message.created_at.desc(), Message.id.desc())
    )
    if wanted:
        query = query.where(Parcel.shop_id == shop_id, Parcel.order_number == wanted)
    return [_line(message, order) for message, order in session.execute(query.limit(SHOWN))]


def _line(message: Message, order: str) -> Line:
    at = message.accepted_at or message.settled_at or message.created_at
    minor = message.price_minor if message.status in _PAID else 0
    reason = message.error or "" if message.status in (Status.DROPPED, Status.DEAD) else ""
    parts = message.parts if message.status in _PAID else 0
    return Line(order, message.kind, message.channel, message.status, reason, at, parts, minor)
