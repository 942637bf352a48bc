"""The page that is measured: a parcel with 12 facts, 3 messages and 28 slots in its window, one day marked because two
neighbours are visited then, asked for over WSGI.
"""

from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from importlib import import_module
from typing import Any
from unittest.mock import patch

from flask import Flask
from sqlalchemy import Engine, delete, func, select
from sqlalchemy.orm import Session
from werkzeug.test import EnvironBuilder, run_wsgi_app

from bench.places import NOW, postgres_database, settings_for, sqlite_database
from parcels.models import Base, Parcel, Shop
from parcels.stages import Kind
from portal import create_app, links
from portal.access import Rule, allow
from portal.extensions import db
from portal.page_cache import PageCache
from portal.transaction import transaction
from scheduling import booking
from scheduling.booking import Asker, window_of
from scheduling.models import Slot
from sms.models import Message, Status
from tests.factories import TOMSK, make_parcel, make_world, travel, zone_of

FACTS, MESSAGES, SLOTS = 12, 3, 28
_JOURNEY = (Kind.HANDED_OVER, Kind.AT_WAREHOUSE, Kind.DEPARTED)
#: What a phone sends along with its request.
BROWSER = {
    "Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
    "Accept-Encoding": "gzip, deflate, br",
    "Accept-Language": "ru-RU,ru;q=0.9",
    "User-Agent": "Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 (KHTML) Chrome/140 Mobile Safari/537.36",
}
Environ = dict[str, Any]
#: A view that does nothing, to see what the product's middleware alone costs.
EMPTY = "/empty"


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back."""

    status: int
    headers: dict[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Case:
    """The app with its parcel, and the path of the parcel's page."""

    app: Flask
    engine: Engine
    path: str

    def environ(self, path: str = "", **headers: str) -> Environ:
        """A request as the server hands it over; take a copy for each call."""
        builder = EnvironBuilder(path or self.path, base_url="https://veha.example", headers={**BROWSER, **headers})
        return builder.get_environ()

    def forget(self) -> None:
        """Make the next page one that has to be made anew."""
        self.app.extensions["pages"] = PageCache(size=2_000)

    def get(self, path: str = "", **headers: str) -> Answer:
        """One answer of the app, whole."""
        body, status, received = run_wsgi_app(self.app.wsgi_app, self.environ(path, **headers))
        return Answer(int(status.split()[0]), dict(received), b"".join(body))


@contextmanager
def tracking_case(database: str) -> Iterator[Case]:
    """The case on `sqlite` or `postgresql`. The clock stands still, so that nothing expires while it is measured."""
    with ExitStack() as stack:
        source = sqlite_database() if database == "sqlite" else postgres_database("bench_page")
        app = create_app(settings_for(stack.enter_context(source)))
        app.add_url_rule(EMPTY, view_func=allow(Rule.LINK)(lambda: "hello"), endpoint="empty")
        stack.enter_context(app.app_context())
        engine = db.engine
        stack.callback(engine.dispose)
        Base.metadata.create_all(engine)
        with transaction() as session:
            token, moment = _furnish(session)
            session.info.pop("outbox", None)  # nobody is there to be nudged
        stack.enter_context(patch.object(import_module("portal.routes.tracking"), "now", lambda: moment))
        yield Case(app, engine, f"/t/{token}")


#: A message as it was sent; what is owed at the start has no words yet.
SAID = "Тёплый дом, 117: привезём 26–27.11. Время: veha.ru/t/7Kq2mX9sPq2mX9s01"


def call(app: Any, environ: Environ) -> None:
    """One request, as cheaply as a server could make it: the body is read and closed."""
    body: Iterable[bytes] = app(environ.copy(), _nothing)
    for _chunk in body:
        continue
    if hasattr(body, "close"):
        body.close()


def _nothing(_status: str, _headers: object, _error: object = None) -> Any:
    return None


def _furnish(session: Session) -> tuple[str, datetime]:
    shop = make_world(session)
    parcel = make_parcel(session, shop)
    at = travel(session, parcel, _JOURNEY)
    while parcel.version < FACTS:
        at = travel(session, parcel, [Kind.PASSED], at)
    _send_messages(session, parcel)
    window = window_of(parcel)
    _book_neighbours(session, shop, window.first + timedelta(days=1), at)
    inside = (Slot.zone_id == zone_of(session, TOMSK).id, Slot.day.between(window.first, window.last))
    slots = session.scalars(select(Slot).where(*inside).order_by(Slot.starts, Slot.day)).all()
    session.execute(delete(Slot).where(Slot.id.in_([slot.id for slot in slots[SLOTS:]])))
    counts = (
        parcel.version,
        session.scalar(select(func.count(Message.id)).where(Message.parcel_id == parcel.id)),
        session.scalar(_count(inside)),
    )
    if counts != (FACTS, MESSAGES, SLOTS):
        raise RuntimeError(f"facts, messages, slots are {counts}")
    return links.token_for(parcel), at + timedelta(hours=1)


def _book_neighbours(session: Session, shop: Shop, day: date, now: datetime) -> None:
    """Two parcels to the same street on one day of the window."""
    for hour in (10, 14):
        other = make_parcel(session, shop, address="Нахимова, 40")
        travel(session, other, _JOURNEY)
        booking.book(session, other, day, time(hour), Asker("recipient", other.version), now)


def _count(inside: tuple[Any, ...]) -> Any:
    return select(func.count(Slot.id)).where(*inside)


def _send_messages(session: Session, parcel: Parcel) -> None:
    """The first message has gone; two more of the same kind of text follow it."""
    first = session.scalars(select(Message).where(Message.parcel_id == parcel.id)).one()
    first.status, first.accepted_at, first.settled_at = Status.DELIVERED, NOW, NOW + timedelta(minutes=1)
    for n in (1, 2):
        at = NOW + timedelta(hours=9 * n)
        session.add(
            Message(
                parcel_id=parcel.id, shop_id=parcel.shop_id, kind=first.kind, dedup_key=f"{first.dedup_key}:{n}",
                recipient=first.recipient, text=SAID, language="ru", parts=1, status=Status.DELIVERED,
                provider="twilio", due_at=at, created_at=at, accepted_at=at, settled_at=at,
            )
        )  # fmt: skip
    session.flush()
