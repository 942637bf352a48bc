"""A call is to a person: one operator per phone, a while between two calls, and all his parcels moved together."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, time, timedelta

import pytest
from flask import Flask
from sqlalchemy import false, func, select, text, true, update

from parcels import journal
from parcels.journal import NewFact
from parcels.models import Parcel
from parcels.stages import Kind
from portal.extensions import db
from portal.transaction import reading, transaction
from portal.verify import breaches
from scheduling import call_leases, calls
from scheduling.calendars import moment
from scheduling.calls import GAP, Outcome
from scheduling.models import Call
from tests.factories import NOW, make_parcel, make_staff, make_world
from tests.integration.test_contention import at_once

MARINA, RUSTAM = "+79130001242", "+79130001243"
OPERATORS = 8
MINUTE = timedelta(minutes=1)


def queued(*phones: str, now: datetime = NOW) -> list[int]:
    """A parcel in the queue for each phone, in this order, and eight operators. Returns the ids of the calls."""
    with transaction() as session:
        shop = make_world(session)
        for number in range(1, OPERATORS + 1):
            make_staff(session, "operator", login=f"operator{number}", id=number)
        made = []
        for number, phone in enumerate(phones):
            parcel = make_parcel(session, shop, phone=phone, recipient=f"Получатель {number}")
            made.append(calls.queue(session, parcel, "not_chosen", parcel.zone, now).id)
        return made


def take(operator: int, now: datetime = NOW) -> int | None:
    with transaction() as session:
        call = call_leases.take(session, operator, now)
        return call.id if call else None


def attempt(call_id: int, outcome: Outcome, now: datetime = NOW, operator: int = 1, **more: object) -> None:
    with transaction() as session:
        parcel = journal.lock(session, session.get_one(Call, call_id).parcel_id)
        call = call_leases.held_by(session, call_id, operator, now)
        calls.attempt(session, parcel, call, outcome, "Ольга", parcel.zone, now, **more)  # type: ignore[arg-type]


def leased_to_one_phone() -> int:
    """The most calls that are leased at once to one phone."""
    with reading() as session:
        count = select(func.count()).select_from(Call).join(Parcel, Parcel.id == Call.parcel_id)
        held = count.where(Call.leased_by.is_not(None), Call.closed_at.is_(None)).group_by(Parcel.phone)
        return max(session.scalars(held).all(), default=0)


def rush(app: Flask) -> list[int | None]:
    """Eight operators press «next» at the same moment, and nobody does it before the others have looked."""
    return at_once(app, [lambda number=number: take(number) for number in range(1, OPERATORS + 1)])


def without_the_wall() -> None:
    """A table that believes any lease."""
    with db.engine.begin() as connection:
        if db.engine.dialect.name == "postgresql":
            connection.execute(text("ALTER TABLE calls DROP CONSTRAINT uq_calls_leased_phone"))
            return
        made = connection.scalar(text("SELECT sql FROM sqlite_master WHERE name = 'calls'"))
        wall = "CONSTRAINT uq_calls_leased_phone UNIQUE (leased_phone)"
        assert wall in made
        connection.execute(text("PRAGMA writable_schema = ON"))
        open_ = made.replace(wall, "CHECK (1)")
        connection.execute(text("ALTER TABLE calls RENAME TO calls_before"))
        connection.execute(text("DROP INDEX uq_calls_open"))
        connection.execute(text("DROP INDEX ix_calls_due"))
        connection.execute(text("DROP INDEX ix_calls_rests_until"))
        connection.execute(text(open_))
        connection.execute(text("INSERT INTO calls SELECT * FROM calls_before"))
        connection.execute(text("DROP TABLE calls_before"))


def without_looking(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take calls without asking who is being rung; on SQLite one asks after the other, and would see it."""
    monkeypatch.setattr(calls, "_being_rung", lambda _now: select(Call.leased_phone).where(false()))
    monkeypatch.setattr(call_leases, "first_of_person", lambda _now: true())


def test_three_parcels_of_one_person_are_one_call_however_many_ask(both: Flask) -> None:
    ids = queued(MARINA, MARINA, MARINA, RUSTAM)
    answers = rush(both)
    assert sorted(call for call in answers if call is not None) == [ids[0], ids[3]]
    assert leased_to_one_phone() == 1


def test_without_the_guard_the_same_rush_rings_one_phone_twice(both: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    queued(MARINA, MARINA, MARINA, RUSTAM)
    without_the_wall()
    without_looking(monkeypatch)
    rush(both)
    assert leased_to_one_phone() > 1
    with transaction() as session:
        assert "I12" in {breach.invariant for breach in breaches(session)}


def test_the_table_itself_refuses_a_second_lease_of_one_phone(both: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """The wall alone: nobody looks first, and still one phone is rung once; the others get other people."""
    ids = queued(MARINA, MARINA, MARINA, RUSTAM)
    without_looking(monkeypatch)
    answers = rush(both)
    held = [call for call in answers if call is not None]
    assert len(set(held) & set(ids[:3])) == 1
    assert leased_to_one_phone() == 1
    with pytest.raises(Exception, match="leased_phone"), transaction() as session:
        session.execute(update(Call).where(Call.id.in_(ids[:2])).values(leased_by=1, leased_phone=MARINA))


def test_an_old_lease_of_the_same_phone_is_in_nobodys_way(both: Flask) -> None:
    first, second = queued(MARINA, MARINA)
    assert take(1) == first
    with transaction() as session:  # the first one is not due any more, its operator has gone home
        session.execute(update(Call).where(Call.id == first).values(due_at=NOW + timedelta(days=1)))
    assert [take(2, NOW + 14 * MINUTE), take(2, NOW + 15 * MINUTE)] == [None, second]
    assert leased_to_one_phone() == 1


@pytest.mark.parametrize("outcome", [Outcome.NO_ANSWER, Outcome.BUSY, Outcome.LATER, Outcome.AGREED])
def test_after_a_call_the_number_is_left_in_peace(both: Flask, outcome: Outcome) -> None:
    first, second = queued(MARINA, MARINA)
    assert take(1) == first
    attempt(first, outcome)
    with transaction() as session:
        calls.close(session, session.get_one(Parcel, session.get_one(Call, first).parcel_id), "over", NOW)
    assert [take(2, NOW + GAP - MINUTE), take(2, NOW + GAP)] == [None, second]


def test_a_parcel_that_comes_into_the_queue_just_after_a_call_waits_too(both: Flask) -> None:
    (first,) = queued(MARINA)
    take(1)
    attempt(first, Outcome.NO_ANSWER)
    with transaction() as session:
        shop = session.scalars(select(Parcel)).first().shop  # type: ignore[union-attr]
        parcel = make_parcel(session, shop, phone=MARINA)
        second = calls.queue(session, parcel, "missed", parcel.zone, NOW + MINUTE)
        assert second.due_at == NOW + GAP
        other = make_parcel(session, shop, phone=RUSTAM)
        assert calls.queue(session, other, "missed", other.zone, NOW + MINUTE).due_at == NOW + MINUTE


def test_who_asks_to_be_called_in_five_minutes_is(both: Flask) -> None:
    (first,) = queued(MARINA)
    take(1)
    attempt(first, Outcome.LATER, wanted=NOW + 5 * MINUTE)
    assert [take(2, NOW + 4 * MINUTE), take(2, NOW + 5 * MINUTE)] == [None, first]


def test_people_without_a_phone_are_not_one_person(both: Flask) -> None:
    first, second = queued("", "")
    assert [take(1), take(2)] == [first, second]


def test_the_queue_counts_people(both: Flask) -> None:
    ids = queued(*[MARINA] * 51, RUSTAM)
    with transaction() as session:
        assert calls.waiting(session, NOW) == (2, 0)
        line = calls.next_in_line(session, NOW)
        assert [(call.id, number) for call, _, number in line] == [(ids[0], 51), (ids[-1], 1)]


def test_who_is_on_the_line_already_is_spoken_to_about_his_next_parcel(both: Flask) -> None:
    first, second, other = queued(MARINA, MARINA, RUSTAM)
    take(1)
    attempt(first, Outcome.AGREED)
    with transaction() as session:
        calls.close(session, session.get_one(Parcel, session.get_one(Call, first).parcel_id), "chosen", NOW)
        held = call_leases.go_on(session, 1, MARINA, NOW)
        assert held is not None
        assert held.id == second
    assert take(2) == other
    assert leased_to_one_phone() == 1


def test_with_another_phone_the_call_is_nobodys(both: Flask) -> None:
    first, _ = queued(MARINA, RUSTAM)
    take(1)
    with transaction() as session:
        parcel = journal.lock(session, session.get_one(Call, first).parcel_id)
        parcel.phone = RUSTAM
        session.flush()
        journal.record(session, parcel, NewFact(Kind.LINK_REVOKED, "shop:x", details={"cause": "phone"}), NOW)
    with reading() as session:
        assert session.get_one(Call, first).leased_by is None
    with transaction() as session:
        assert "I12" not in {breach.invariant for breach in breaches(session)}


def two_leases(session: object) -> None:
    ids = session.scalars(select(Call.id).order_by(Call.id)).all()[:2]  # type: ignore[attr-defined]
    session.execute(update(Call).where(Call.id.in_(ids)).values(leased_by=1, leased_until=NOW + MINUTE))  # type: ignore[attr-defined]


def another_phone(session: object) -> None:
    session.execute(update(Call).values(leased_by=1, leased_until=NOW + MINUTE).where(Call.id == 1))  # type: ignore[attr-defined]


@pytest.mark.parametrize("damage", [two_leases, another_phone])
def test_verify_names_two_leased_calls_to_one_phone(both: Flask, damage: Callable[[object], None]) -> None:
    queued(MARINA, MARINA, RUSTAM)
    take(1)
    verify = both.test_cli_runner()
    assert "I12" not in verify.invoke(args=["verify"]).output
    call_leases_gone = update(Call).values(leased_by=None, leased_until=None, leased_phone=None)
    with transaction() as session:
        session.execute(call_leases_gone)
        damage(session)
    found = verify.invoke(args=["verify"])
    assert found.exit_code == 1
    assert "I12: " in found.output


def test_hours_of_a_person_are_his_own(app: Flask) -> None:
    """Not at night by his clock, whoever asks; at nine he is the first."""
    (call,) = queued(MARINA, now=moment(date(2026, 11, 16), time(23, 30), "Asia/Tomsk"))
    opens = moment(date(2026, 11, 17), time(9), "Asia/Tomsk")
    assert [take(1, opens - MINUTE), take(1, opens)] == [None, call]
