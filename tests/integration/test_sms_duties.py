"""Which facts owe the recipient a message, and which do not."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from parcels import journal
from parcels.journal import NewFact
from parcels.models import Parcel
from parcels.stages import Kind
from sms import duties, preferences
from sms.models import Message, Status
from sms.occasions import Channel, Occasion
from sms.owing import OWED
from sms.preferences import PLANS, Preferences, Teller
from tests.integration.test_sms_models import NOW, PHONE, add_parcel, add_shop, after, committed, new_database


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    engine = new_database(tmp_path / "duties.sqlite3")
    journal.wire(duties.follow)
    yield engine
    journal.wire()
    engine.dispose()


def happens(
    engine: Engine,
    kind: Kind,
    now: datetime = NOW,
    phone: str | None = None,
    source: str = "test",
    place: str = "",
    **details: Any,
) -> None:
    """A fact about the one parcel, which comes into being with its first."""
    with committed(engine) as session:
        parcel = session.scalar(select(Parcel)) or add_parcel(session)
        parcel.phone = parcel.phone if phone is None else phone
        journal.record(session, parcel, NewFact(kind, source, place=place, details=details), now)


def prefer(engine: Engine, **choices: Any) -> None:
    with committed(engine) as session:
        add_shop(session)
        preferences.choose(session, 1, Preferences(**choices), "test", NOW)


def outbox(engine: Engine) -> list[Message]:
    with Session(engine) as session:
        return list(session.scalars(select(Message).order_by(Message.id)))


def keys(engine: Engine) -> list[tuple[str, Status]]:
    return [(message.dedup_key, message.status) for message in outbox(engine)]


def owed(engine: Engine) -> list[str]:
    """What is owed now, as occasion and channel."""
    return [f"{one.kind}:{one.channel}" for one in outbox(engine) if one.status is Status.OWED]


BOOKED: dict[str, Any] = {"booking": 7, "day": "2026-11-26", "starts": "14:00", "ends": "18:00", "moved": False}


def test_an_accepted_order_owes_the_first_link(engine: Engine) -> None:
    happens(engine, Kind.ORDER_ACCEPTED)
    (message,) = outbox(engine)
    assert (message.kind, message.channel, message.dedup_key) == ("first_link", "sms", "1:first_link:1:sms")
    assert (message.recipient, message.audience, message.priority) == (PHONE, "recipient", 0)
    assert (message.status, message.attempts, message.due_at, message.text) == (Status.OWED, 0, NOW, "")
    assert message.created_at == NOW


def test_the_same_decision_owes_one_message(engine: Engine) -> None:
    happens(engine, Kind.ORDER_ACCEPTED)
    happens(engine, Kind.ORDER_ACCEPTED, after(minutes=1))
    assert keys(engine) == [("1:first_link:1:sms", Status.OWED)]


def test_who_commits_is_told_that_there_is_mail(engine: Engine) -> None:
    with committed(engine) as session:
        parcel = add_parcel(session)
        journal.record(session, parcel, NewFact(Kind.CALL_QUEUED, "test"), NOW)
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


TELLING = {kind for kind in Kind if kind in OWED}


@pytest.mark.parametrize("kind", sorted(set(Kind) - TELLING))
def test_other_facts_owe_nothing(engine: Engine, kind: Kind) -> None:
    dates = dict.fromkeys(("promised_from", "promised_to", "hand_over_by", "arrival_by", "kept_until"), "2026-11-26")
    happens(engine, kind, changed=["address"], **dates)
    assert outbox(engine) == []


@pytest.mark.parametrize(
    ("kind", "details", "said"),
    [
        (Kind.DEPARTED, {}, []),
        (Kind.ARRIVED, {}, ["in_city:sms"]),
        (Kind.SLOT_BOOKED, BOOKED, ["booked:sms", "day_before:sms"]),
        (Kind.POSTPONED, {"booking": 7, "to": "2026-11-30"}, ["postponed:sms"]),
        (Kind.CHOICE_WITHDRAWN, {"cause": "delay", "booking": 7}, ["delay:sms"]),
        (Kind.CHOICE_WITHDRAWN, {"cause": "request", "booking": 7}, []),
        (Kind.REMINDED, {"booking": 7}, ["reminder:sms"]),
        (Kind.NOT_DELIVERED, {}, ["missed:sms"]),
        (Kind.INCIDENT, {}, ["incident:sms"]),
        (Kind.TO_COURIER, {"by": "Олег"}, ["courier:sms"]),
        (Kind.AT_PICKUP, {}, ["at_pickup:sms", *["still_waiting:sms"] * 3, "storage_ends:sms"]),
    ],
    ids=lambda value: value if isinstance(value, Kind) else "",
)
def test_the_standard_split(engine: Engine, kind: Kind, details: dict[str, Any], said: list[str]) -> None:
    happens(engine, kind, **details)
    assert owed(engine) == said


def test_all_moves_are_told_to_who_pays_for_it(engine: Engine) -> None:
    prefer(engine, tellers=preferences.deviations(PLANS["all_moves"]))
    happens(engine, Kind.DEPARTED)
    assert owed(engine) == ["moved:sms"]


def test_what_the_shop_tells_itself_is_not_told_twice(engine: Engine) -> None:
    prefer(engine, tellers={(Occasion.IN_CITY, Channel.SMS): Teller.SHOP})
    happens(engine, Kind.ARRIVED)
    assert owed(engine) == []


def test_the_first_link_cannot_be_given_away(engine: Engine) -> None:
    prefer(engine, tellers={(Occasion.FIRST_LINK, Channel.SMS): Teller.SHOP})
    happens(engine, Kind.ORDER_ACCEPTED)
    assert owed(engine) == ["first_link:sms"]


def test_who_has_a_mailbox_gets_a_letter_on_every_change(engine: Engine) -> None:
    with committed(engine) as session:
        add_parcel(session).email = "marina@example.org"
    for kind in (Kind.ORDER_ACCEPTED, Kind.DEPARTED, Kind.ARRIVED, Kind.DELIVERED):
        happens(engine, kind)
    letters = [one.kind for one in outbox(engine) if one.channel == "email"]
    assert letters == ["first_link", "moved", "in_city", "delivered"]


def test_the_shop_hears_of_the_money_and_of_what_nobody_collects(engine: Engine) -> None:
    prefer(engine, owner_phone="+79990000001", manager_email="m@example.org")
    happens(engine, Kind.AT_PICKUP, place="Томск, пункт выдачи")
    assert [one.kind for one in outbox(engine) if one.recipient == "m@example.org"] == ["uncollected", "penalty_near"]
    happens(engine, Kind.DELIVERED, after(days=1))
    assert owed(engine) == ["received:sms"]


def test_a_new_time_replaces_what_was_to_be_said_of_the_old_one(engine: Engine) -> None:
    happens(engine, Kind.SLOT_BOOKED, **BOOKED)
    happens(engine, Kind.SLOT_BOOKED, after(minutes=5), **BOOKED | {"booking": 8, "day": "2026-11-27"})
    assert [(one.dedup_key, one.error) for one in outbox(engine) if one.status is Status.DROPPED] == [
        ("1:booked:7:sms", "newer"),
        ("1:day_before:7:sms", "newer"),
    ]
    assert owed(engine) == ["booked:sms", "day_before:sms"]


def test_the_recipients_own_choice_is_confirmed_when_it_is_final(engine: Engine) -> None:
    happens(engine, Kind.SLOT_BOOKED, source="recipient", **BOOKED)
    happens(engine, Kind.SLOT_BOOKED, source="operator", **BOOKED | {"booking": 8})
    assert [one.due_at for one in outbox(engine) if one.kind == "booked"] == [after(minutes=15), NOW]


def test_the_day_before_is_the_recipients_day(engine: Engine) -> None:
    happens(engine, Kind.SLOT_BOOKED, **BOOKED)
    eve = next(one for one in outbox(engine) if one.kind == "day_before")
    assert eve.due_at.astimezone(ZoneInfo("Asia/Tomsk")).isoformat() == "2026-11-25T18:00:00+07:00"


def test_who_chose_tomorrow_this_evening_knows_it(engine: Engine) -> None:
    happens(engine, Kind.SLOT_BOOKED, datetime(2026, 11, 25, 10, tzinfo=UTC), **BOOKED)
    assert owed(engine) == ["booked:sms"]


def test_an_hour_before_the_courier_comes(engine: Engine) -> None:
    window = {"by": "Олег", "day": "2026-11-20", "from": "19:30", "until": "20:30"}
    happens(engine, Kind.TO_COURIER, **window)
    assert [(one.kind, one.due_at) for one in outbox(engine)] == [
        ("courier", NOW),
        ("hour_before", datetime(2026, 11, 20, 11, 30, tzinfo=UTC)),
    ]


@pytest.mark.parametrize(("every", "days"), [(0, []), (5, [25, 30, 5]), (10, [30]), (20, [])])
def test_reminders_come_as_often_as_the_shop_chose(engine: Engine, every: int, days: list[int]) -> None:
    prefer(engine, remind_every=every)
    happens(engine, Kind.AT_PICKUP, place="Томск, пункт выдачи")
    waiting = [one.due_at.astimezone(ZoneInfo("Asia/Tomsk")) for one in outbox(engine) if one.kind == "still_waiting"]
    assert [(when.day, when.hour) for when in waiting] == [(day, 10) for day in days]


def test_the_same_arrival_scanned_twice_is_told_once(engine: Engine) -> None:
    for minutes in (0, 7):
        happens(engine, Kind.ARRIVED, after(minutes=minutes))
        happens(engine, Kind.AT_PICKUP, after(minutes=minutes), place="Томск, пункт выдачи")
    kinds = [one.kind for one in outbox(engine)]
    assert (kinds.count("in_city"), kinds.count("at_pickup")) == (1, 1)


def test_a_revoked_link_is_replaced_and_what_held_it_does_not_leave(engine: Engine) -> None:
    happens(engine, Kind.ORDER_ACCEPTED)
    happens(engine, Kind.LINK_REVOKED)
    assert keys(engine) == [("1:first_link:1:sms", Status.DROPPED), ("1:first_link:2:sms", Status.OWED)]
    assert outbox(engine)[0].settled_at == NOW


def test_another_phone_gets_the_link(engine: Engine) -> None:
    happens(engine, Kind.ORDER_ACCEPTED)
    happens(engine, Kind.DETAILS_CHANGED, changed=["address"])
    happens(engine, Kind.DETAILS_CHANGED, phone="+79130009999", changed=["address", "phone"])
    assert keys(engine) == [("1:first_link:1:sms", Status.DROPPED), ("1:first_link:1.3:sms", Status.OWED)]
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
        ("1:first_link:2:sms", Status.OWED),
    ]


def test_a_fresh_link_at_most_once_an_hour(engine: Engine) -> None:
    for minutes in (0, 10, 29):
        happens(engine, Kind.LINK_REQUESTED, after(minutes=minutes))
    assert keys(engine) == [("1:fresh_link:1.2026112009:sms", Status.OWED)]
    happens(engine, Kind.LINK_REQUESTED, after(minutes=30))
    assert keys(engine)[1:] == [("1:fresh_link:1.2026112010:sms", Status.OWED)]


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
