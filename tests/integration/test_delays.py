"""A parcel that does not come: its range is widened twice, its buyer is told each time, and then a person answers."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

import pytest
from flask import Flask
from sqlalchemy import select, update

from parcels import journal
from parcels.journal import NewFact
from parcels.models import Fact
from parcels.stages import Kind
from portal.ticking import sweep
from portal.transaction import reading, transaction
from portal.verify import breaches
from scheduling import booking, lessons
from scheduling.lesson_models import KeptLesson
from scheduling.lesson_rows import carried
from scheduling.models import Call
from scheduling.policy import Reason, Refusal
from sms import wording
from sms.models import Message, Status
from sms.occasions import Channel
from sms.wording import Desk
from tests.factories import NOW, TOMSK
from tests.integration.test_agenda import ON_THE_ROAD, book, facts, happen, new_parcel, open_calls, parcel_of, tomsk

#: The last moment of the day by which the parcel should be in Tomsk.
DUE = tomsk(23, time(23, 59))


def pass_by(days: int, since: datetime = DUE) -> None:
    """Sweep every three hours of some days, and in the last minute of each of them."""
    for day in range(days + 1):
        for hours in (4, 8, 12, 16, 20, 22, 23, 24):
            sweep(since + timedelta(days=day - 1, hours=hours))


def ranges(parcel_id: int) -> list[tuple[str, str]]:
    return [
        (fact.details["promised_from"][5:], fact.details["promised_to"][5:]) for fact in facts(parcel_id, Kind.PROMISED)
    ]


def told(kind: str = "delay") -> list[dict[str, str]]:
    with reading() as session:
        query = select(Message.about).where(Message.kind == kind, Message.channel == "sms").order_by(Message.id)
        return list(session.scalars(query))


def test_a_late_parcel_gets_a_wider_range_twice_and_then_a_person(both: Flask) -> None:
    parcel_id = new_parcel(*ON_THE_ROAD)
    pass_by(30)
    *_, before, once, twice = ranges(parcel_id)
    assert before == ("11-21", "11-24")
    assert once == ("11-24", "11-27")
    assert twice == ("11-27", "12-02")
    (withdrawn,) = facts(parcel_id, Kind.PROMISE_WITHDRAWN)
    assert withdrawn.recorded_at == tomsk(23, time(23, 59)) + timedelta(days=8)
    assert parcel_of(parcel_id).promised_from is None
    assert open_calls() == ["overdue"]
    assert [about["late"] for about in told()] == ["delay", "delay", "unknown"]


def test_how_wide_says_the_way_s_own_record(app: Flask) -> None:
    parcel_id = new_parcel(*ON_THE_ROAD)
    with transaction() as session:
        lesson = lessons.teach(session, "cdek", NOW)
        lesson.delays = {"": [6, 9], "259|Томская область": [4, 12]}
        lessons.keep(session, lesson)
    pass_by(30)
    assert ranges(parcel_id)[-2:] == [("11-24", "11-28"), ("11-28", "12-06")]


def test_what_is_agreed_stands_no_more_once_nobody_knows(app: Flask) -> None:
    parcel_id = new_parcel(*ON_THE_ROAD)
    pass_by(7)
    book(parcel_id, date(2026, 12, 4), tomsk(30, time(12)))
    pass_by(6, since=DUE + timedelta(days=7))
    assert parcel_of(parcel_id).plan is None
    assert [about.get("late") for about in told()] == ["delay", "delay", "unknown"]
    assert [fact.details["cause"] for fact in facts(parcel_id, Kind.CHOICE_WITHDRAWN)] == ["no_date"]


def test_nothing_can_be_chosen_of_a_date_that_nobody_knows(app: Flask) -> None:
    parcel_id = new_parcel(*ON_THE_ROAD)
    pass_by(12)
    with transaction() as session:
        parcel = journal.lock(session, parcel_id)
        with pytest.raises(Refusal) as caught:
            booking.offered(session, parcel, tomsk(23, time(12)) + timedelta(days=12))
    assert caught.value.reason is Reason.NO_PROMISE


def test_a_scan_brings_a_date_again_which_is_told_and_ends_the_call(app: Flask) -> None:
    parcel_id = new_parcel(*ON_THE_ROAD)
    pass_by(10)
    seen = tomsk(23, time(15)) + timedelta(days=11)
    happen(parcel_id, Kind.PASSED, seen)
    first, last = ranges(parcel_id)[-1]
    assert (first, last) == ("12-05", "12-10")
    assert (open_calls(), told()[-1]["late"]) == ([], "passed")
    pass_by(8, since=tomsk(23, time(23, 59)) + timedelta(days=11))
    assert len(facts(parcel_id, Kind.PROMISE_WITHDRAWN)) == 2


def test_a_scan_on_the_road_makes_no_promise_of_tomorrow(app: Flask) -> None:
    parcel_id = new_parcel(*ON_THE_ROAD)
    pass_by(1)
    happen(parcel_id, Kind.PASSED, tomsk(25, time(12)))
    assert ranges(parcel_id)[-1] == ("11-26", "11-27")
    assert len(told()) == 1


def test_an_arrival_after_all_is_a_day_and_no_more_delay(app: Flask) -> None:
    parcel_id = new_parcel(*ON_THE_ROAD)
    pass_by(2)
    happen(parcel_id, Kind.ARRIVED, tomsk(26, time(9)))
    assert ranges(parcel_id)[-1] == ("11-27", "11-27")
    assert len(told()) == 1


def test_a_shop_that_does_not_hand_over_is_waited_for_twice(app: Flask) -> None:
    parcel_id = new_parcel()
    for day in range(25):
        sweep(tomsk(17, time(23)) + timedelta(days=day, hours=3))
    assert [about["late"] for about in told()] == ["hand_over_late", "hand_over_late", "unknown"]
    assert open_calls() == ["overdue"]
    happen(parcel_id, Kind.HANDED_OVER, tomsk(17, time(12)) + timedelta(days=26))
    assert parcel_of(parcel_id).promised_from is not None
    assert open_calls() == []


def test_a_promise_that_gets_shorter_is_no_news(app: Flask) -> None:
    parcel_id = new_parcel(Kind.HANDED_OVER, Kind.DEPARTED, Kind.ARRIVED)
    assert (ranges(parcel_id)[-1], told()) == (("11-18", "11-18"), [])


def test_a_day_that_is_agreed_and_can_be_kept_is_disturbed_by_nothing(app: Flask) -> None:
    parcel_id = new_parcel(*ON_THE_ROAD)
    book(parcel_id, date(2026, 12, 4), tomsk(18, time(12)))
    with transaction() as session:
        parcel = journal.lock(session, parcel_id)
        journal.record(session, parcel, NewFact(Kind.CHOICE_WITHDRAWN, "recipient", details={"cause": "undo"}), NOW)
    assert told() == []


def test_coverage_counts_what_the_buyer_was_last_told(app: Flask) -> None:
    parcel_id = new_parcel(*ON_THE_ROAD)
    pass_by(10)
    happen(parcel_id, Kind.ARRIVED, tomsk(23, time(12)) + timedelta(days=12))
    with reading() as session:
        (parcel,) = carried(session, "cdek", tomsk(23, time(12)) + timedelta(days=20))
    assert parcel.last is not None
    assert parcel.last.latest == date(2026, 12, 2)
    assert parcel.came is not None
    assert parcel.came.date() > parcel.last.latest


def silent_breaches(now: datetime) -> list[str]:
    with reading() as session:
        return [breach.words for breach in breaches(session, now) if breach.invariant == "I14"]


def test_a_told_date_that_has_gone_by_in_silence_is_a_breach(both: Flask) -> None:
    new_parcel(*ON_THE_ROAD)
    later = tomsk(23, time(12)) + timedelta(days=15)
    pass_by(15)
    assert silent_breaches(later) == []
    with transaction() as session:
        session.execute(update(Call).values(closed_at=later))
        session.execute(update(Message).values(status="dropped"))
    (words,) = silent_breaches(later)
    assert "молчим" in words


def test_a_told_date_that_was_put_back_by_hand_is_a_breach(app: Flask) -> None:
    parcel_id = new_parcel(*ON_THE_ROAD)
    pass_by(1)
    assert silent_breaches(tomsk(25, time(12))) == []
    with transaction() as session:
        fact = session.scalars(
            select(Fact).where(Fact.parcel_id == parcel_id, Fact.kind == Kind.PROMISED).order_by(Fact.seq.desc())
        ).first()
        assert fact is not None
        fact.details = {**fact.details, "told": ["2026-11-20", "2026-11-24"]}
        session.execute(update(Message).values(status="delivered"))
        session.execute(update(Call).values(closed_at=NOW))
    assert len(silent_breaches(tomsk(25, time(12)))) == 1


def test_a_message_that_names_shorter_dates_is_what_he_was_told_last(app: Flask) -> None:
    """Told 21-24; a message worded later says less; a slip within the old range then outruns what he was told."""
    parcel_id = new_parcel(Kind.HANDED_OVER)
    with transaction() as session:
        parcel = journal.lock(session, parcel_id)
        shorter = facts(parcel_id, Kind.PROMISED)[-1].details | {
            "promised_to": "2026-11-23",
            "arrival_by": "2026-11-22",
        }
        journal.record(session, parcel, NewFact(Kind.PROMISED, "promise", details=shorter), tomsk(17, time(13)))
        session.execute(update(Message).where(Message.kind != "first_link").values(status="dropped"))
    with transaction() as session:
        (message_id,) = session.scalars(
            select(Message.id).where(Message.kind == "first_link", Message.channel == "sms")
        )
        desk = Desk(lambda _parcel: "veha.ru/t/1", {Channel.SMS: "console", Channel.EMAIL: "smtp"})
        assert wording.prepare(session, message_id, desk, tomsk(17, time(14))) is Status.QUEUED
    assert [fact.details["told"] for fact in facts(parcel_id, Kind.TOLD)] == [["2026-11-21", "2026-11-23"]]
    happen(parcel_id, Kind.DEPARTED, tomsk(17, time(15)))
    assert (ranges(parcel_id)[-1], told()[-1]["late"]) == (("11-21", "11-24"), "departed")


def test_the_lesson_says_how_late_the_late_ones_are(app: Flask) -> None:
    new_parcel()
    with transaction() as session:
        lessons.keep(session, lessons.teach(session, "cdek", NOW))
    with reading() as session:
        assert session.scalars(select(KeptLesson.delays)).one() == {}
        assert lessons.delays(session, "cdek") == {}
        assert TOMSK
