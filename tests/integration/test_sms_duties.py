"""Which facts owe the recipient a message, and which do not."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from parcels import journal
from parcels.journal import NewFact
from parcels.models import Parcel
from parcels.stages import Kind
from sms import duties
from sms.models import Message, Status
from tests.integration.test_sms_models import NOW, PHONE, add_parcel, after, committed, new_database


def link_for(parcel: Parcel) -> str:
    return f"veha.ru/t/{parcel.id}e{parcel.link_epoch}"


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    engine = new_database(tmp_path / "duties.sqlite3")
    journal.wire(duties.follower(link_for, "console"))
    yield engine
    journal.wire()
    engine.dispose()


def happens(engine: Engine, kind: Kind, now: datetime = NOW, phone: str | None = None, **details: Any) -> None:
    """A fact about the one parcel, which comes into being with its first."""
    with committed(engine) as session:
        parcel = session.scalar(select(Parcel)) or add_parcel(session)
        parcel.phone = parcel.phone if phone is None else phone
        journal.record(session, parcel, NewFact(kind, "test", details=details), now)


def outbox(engine: Engine) -> list[Message]:
    with Session(engine) as session:
        return list(session.scalars(select(Message).order_by(Message.id)))


def keys(engine: Engine) -> list[tuple[str, Status]]:
    return [(message.dedup_key, message.status) for message in outbox(engine)]


def test_an_accepted_order_owes_the_first_link(engine: Engine) -> None:
    happens(engine, Kind.ORDER_ACCEPTED)
    (message,) = outbox(engine)
    assert message.text == "Тёплый дом, 117: привезём 26–27.11. Время: veha.ru/t/1e1"
    assert (message.kind, message.channel, message.dedup_key) == ("first_link", "sms", "1:first_link:1:sms")
    assert (message.recipient, message.language, message.parts) == (PHONE, "ru", 1)
    assert (message.status, message.attempts, message.due_at) == (Status.QUEUED, 0, NOW)
    assert (message.provider, message.created_at) == ("console", NOW)


def test_the_same_decision_owes_one_message(engine: Engine) -> None:
    happens(engine, Kind.ORDER_ACCEPTED)
    happens(engine, Kind.ORDER_ACCEPTED, after(minutes=1))
    assert keys(engine) == [("1:first_link:1:sms", Status.QUEUED)]


def test_who_commits_is_told_that_there_is_mail(engine: Engine) -> None:
    with committed(engine) as session:
        parcel = add_parcel(session)
        journal.record(session, parcel, NewFact(Kind.ARRIVED, "test"), NOW)
        assert "outbox" not in session.info
        journal.record(session, parcel, NewFact(Kind.ORDER_ACCEPTED, "test"), NOW)
        assert session.info["outbox"] is True


def test_a_fact_that_is_rolled_back_owes_nothing(engine: Engine) -> None:
    with Session(engine) as session:
        journal.record(session, add_parcel(session), NewFact(Kind.ORDER_ACCEPTED, "test"), NOW)
        session.rollback()
    assert outbox(engine) == []


def test_without_a_phone_nothing_is_owed(engine: Engine) -> None:
    for kind in (Kind.ORDER_ACCEPTED, Kind.LINK_REVOKED, Kind.LINK_REQUESTED):
        happens(engine, kind, phone="")
    assert outbox(engine) == []


@pytest.mark.parametrize("kind", sorted(set(Kind) - {Kind.ORDER_ACCEPTED, Kind.LINK_REVOKED, Kind.LINK_REQUESTED}))
def test_other_facts_owe_nothing(engine: Engine, kind: Kind) -> None:
    with committed(engine) as session:
        parcel = add_parcel(session)
        for day in ("promised_from", "promised_to", "hand_over_by", "arrival_by"):
            setattr(parcel, day, None)
    dates = dict.fromkeys(("promised_from", "promised_to", "hand_over_by", "arrival_by"), "2026-11-26")
    happens(engine, kind, changed=["address"], **dates)
    assert outbox(engine) == []


def test_a_revoked_link_is_replaced_and_what_held_it_does_not_leave(engine: Engine) -> None:
    happens(engine, Kind.ORDER_ACCEPTED)
    happens(engine, Kind.LINK_REVOKED)
    assert keys(engine) == [("1:first_link:1:sms", Status.DROPPED), ("1:first_link:2:sms", Status.QUEUED)]
    assert outbox(engine)[1].text.endswith("veha.ru/t/1e2")
    assert outbox(engine)[0].settled_at == NOW


def test_another_phone_gets_the_link(engine: Engine) -> None:
    happens(engine, Kind.ORDER_ACCEPTED)
    happens(engine, Kind.DETAILS_CHANGED, changed=["address"])
    happens(engine, Kind.DETAILS_CHANGED, phone="+79130009999", changed=["address", "phone"])
    assert keys(engine) == [("1:first_link:1:sms", Status.DROPPED), ("1:first_link:1.3:sms", Status.QUEUED)]
    assert outbox(engine)[1].recipient == "+79130009999"


def test_another_phone_with_another_link_is_told_once(engine: Engine) -> None:
    with committed(engine) as session:
        parcel = add_parcel(session)
        journal.record(session, parcel, NewFact(Kind.ORDER_ACCEPTED, "test"), NOW)
        session.query(Message).update({"status": Status.ACCEPTED})
        parcel.phone = "+79130009999"
        journal.record(session, parcel, NewFact(Kind.DETAILS_CHANGED, "test", details={"changed": ["phone"]}), NOW)
        journal.record(session, parcel, NewFact(Kind.LINK_REVOKED, "test"), NOW)
    assert keys(engine) == [
        ("1:first_link:1:sms", Status.ACCEPTED),
        ("1:first_link:1.2:sms", Status.DROPPED),
        ("1:first_link:2:sms", Status.QUEUED),
    ]


def test_a_fresh_link_at_most_once_an_hour(engine: Engine) -> None:
    for minutes in (0, 10, 29):
        happens(engine, Kind.LINK_REQUESTED, after(minutes=minutes))
    assert keys(engine) == [("1:fresh_link:1.2026112009:sms", Status.QUEUED)]
    happens(engine, Kind.LINK_REQUESTED, after(minutes=30))
    assert keys(engine)[1:] == [("1:fresh_link:1.2026112010:sms", Status.QUEUED)]
    assert outbox(engine)[0].text == "Тёплый дом, 117: новая ссылка на ваш заказ: veha.ru/t/1e1"


def test_a_phone_gets_five_fresh_links_a_day(engine: Engine) -> None:
    for hours in range(8):
        happens(engine, Kind.LINK_REQUESTED, after(hours=hours))
    assert len(outbox(engine)) == duties.FRESH_A_DAY
    with committed(engine) as session:
        other = add_parcel(session, order="118")
        journal.record(session, other, NewFact(Kind.LINK_REQUESTED, "test"), after(hours=9))
    assert len(outbox(engine)) == duties.FRESH_A_DAY
    happens(engine, Kind.LINK_REQUESTED, after(hours=24))
    assert len(outbox(engine)) == duties.FRESH_A_DAY + 1
