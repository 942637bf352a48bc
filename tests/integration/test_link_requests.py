"""Links that somebody asks for: the same work for every phone, and nothing written over the caps."""

from datetime import timedelta

from flask import Flask
from sqlalchemy import event, func, select

from parcels.models import Fact, Parcel
from parcels.stages import Kind
from portal import link_requests
from portal.engines import reading_engine
from portal.extensions import db
from portal.link_requests import LinkRequest
from portal.ticking import send_links
from portal.transaction import reading, transaction
from sms.duties import FRESH_A_DAY
from tests.factories import NOW, make_parcel, make_world

KNOWN, UNKNOWN = "+7 913 000-12-42", "+7 999 000-00-00"


def count(what: type[Fact] | type[LinkRequest]) -> int:
    with reading() as session:
        query = select(func.count()).select_from(what)
        return session.scalar(query.where(Fact.kind == Kind.LINK_REQUESTED) if what is Fact else query) or 0


def press(app: Flask, phone: str) -> tuple[list[str], str]:
    """The statements of one press, and what is answered."""
    said: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        said.append(statement)

    engines = {db.engine, reading_engine()}
    for engine in engines:
        event.listen(engine, "before_cursor_execute", note)
    try:
        return said, app.test_client().post("/fresh", data={"phone": phone}).text
    finally:
        for engine in engines:
            event.remove(engine, "before_cursor_execute", note)


def test_a_known_phone_is_the_same_work_as_an_unknown_one(both: Flask) -> None:
    with transaction() as session:
        make_parcel(session, make_world(session))
    known, unknown, again = press(both, KNOWN), press(both, UNKNOWN), press(both, KNOWN)
    assert known == unknown == again
    assert len(known[0]) <= 2
    assert count(LinkRequest) == 2
    assert count(Fact) == 0


def test_nothing_is_written_over_the_caps(both: Flask) -> None:
    with transaction() as session:
        parcel_id = make_parcel(session, make_world(session)).id
    for minute in range(0, 24 * 60, 20):
        at = NOW + timedelta(minutes=minute)
        with transaction() as session:
            link_requests.ask(session, "+79130001242", at)
            link_requests.ask(session, "+79990000000", at)
        send_links(at)
        assert count(LinkRequest) == 0
        assert count(Fact) == min(1 + minute // 60, FRESH_A_DAY)
    with reading() as session:
        assert session.get_one(Parcel, parcel_id).version <= FRESH_A_DAY * 2 + 3
