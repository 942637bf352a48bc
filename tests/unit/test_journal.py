"""The journal: facts are kept as they come, the parcel is what they add up to, and whoever listens is told."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import create_engine, select
from sqlalchemy.orm import Session

from parcels import journal
from parcels.journal import NewFact, StaleVersion, UnknownParcel
from parcels.models import Base, Fact, Parcel, Settlement, Shop
from parcels.stages import Kind, Stage, fold

NOW = datetime(2026, 11, 16, 7, 0, tzinfo=UTC)
PLAIN = sorted(set(Kind) - {Kind.PROMISED, Kind.WINDOW_MOVED, Kind.STORAGE_ENDS})


@pytest.fixture
def session() -> Iterator[Session]:
    """An empty database in memory, and a journal that nobody listens to."""
    yield from new_session()


def new_session() -> Iterator[Session]:
    journal.wire()
    engine = create_engine("sqlite://")
    Base.metadata.create_all(engine)
    with Session(engine) as session:
        place = {
            "name": "Челябинск",
            "region_code": "74",
            "region": "Челябинская область",
            "zone": "Asia/Yekaterinburg",
        }
        session.add(Settlement(id=1, population=None, **place))
        session.add(Shop(id=1, code="shop", name="Тёплый дом", phone="+78000000417", origin_id=1))
        yield session
    engine.dispose()
    journal.wire()


def new_parcel(session: Session) -> Parcel:
    step = {"owner": "shop", "next_action": "hand_over", "next_action_at": NOW}
    parcel = Parcel(shop_id=1, order_number="48117", phone="+79130001242", accepted_at=NOW, **step)
    session.add(parcel)
    session.flush()
    return parcel


def record(session: Session, parcel: Parcel, *kinds: Kind) -> None:
    for kind in kinds:
        journal.record(session, parcel, NewFact(kind, "test"), NOW)


def test_facts_are_numbered_without_gaps_and_the_version_is_the_last(session: Session) -> None:
    parcel = new_parcel(session)
    record(session, parcel, Kind.ORDER_ACCEPTED, Kind.HANDED_OVER, Kind.DEPARTED)
    assert [fact.seq for fact in journal.facts_of(session, parcel)] == [1, 2, 3]
    assert parcel.version == 3


def test_a_late_fact_is_kept_but_does_not_move_the_stage(session: Session) -> None:
    parcel = new_parcel(session)
    record(session, parcel, Kind.ARRIVED, Kind.DEPARTED)
    assert parcel.stage is Stage.IN_CITY
    assert [fact.kind for fact in journal.facts_of(session, parcel)] == [Kind.ARRIVED, Kind.DEPARTED]


def test_a_fact_keeps_its_own_moment_and_the_offset_of_its_source(session: Session) -> None:
    parcel = new_parcel(session)
    happened = datetime(2026, 11, 16, 9, 18, tzinfo=timezone(timedelta(hours=7)))
    journal.record(session, parcel, NewFact(Kind.ARRIVED, "carrier", at=happened), NOW)
    session.expire_all()
    (fact,) = journal.facts_of(session, parcel)
    assert (fact.occurred_at, fact.offset_minutes, fact.recorded_at) == (happened, 420, NOW)


def test_a_moment_without_an_offset_is_not_taken(session: Session) -> None:
    parcel = new_parcel(session)
    naive = NewFact(Kind.ARRIVED, "carrier", at=NOW.replace(tzinfo=None))
    with pytest.raises(Exception, match="naive datetime"):
        journal.record(session, parcel, naive, NOW)


def test_a_fact_that_is_already_known_is_dropped(session: Session) -> None:
    parcel = new_parcel(session)
    scan = NewFact(Kind.DEPARTED, "carrier", dedup_key="cdek:1:abc")
    first, second = (journal.record(session, parcel, scan, NOW) for _ in range(2))
    assert first is not None
    assert second is None
    assert parcel.version == 1


def test_the_same_key_for_another_parcel_is_another_fact(session: Session) -> None:
    one, other = new_parcel(session), Parcel(shop_id=1, order_number="2", phone="+7", accepted_at=NOW)
    other.owner, other.next_action, other.next_action_at = "shop", "hand_over", NOW
    session.add(other)
    session.flush()
    scan = NewFact(Kind.DEPARTED, "carrier", dedup_key="cdek:1:abc")
    assert all(journal.record(session, parcel, scan, NOW) for parcel in (one, other))


def test_a_delivered_parcel_is_closed_and_nobody_owes_it_anything(session: Session) -> None:
    parcel = new_parcel(session)
    record(session, parcel, Kind.DELIVERED)
    assert parcel.closed_at == NOW
    assert (parcel.owner, parcel.next_action, parcel.next_action_at) == (None, None, None)


def test_a_second_delivery_does_not_move_the_moment_of_the_first(session: Session) -> None:
    parcel = new_parcel(session)
    record(session, parcel, Kind.DELIVERED)
    journal.record(session, parcel, NewFact(Kind.DELIVERED, "carrier"), NOW + timedelta(hours=1))
    assert parcel.closed_at == NOW


def test_a_promise_is_carried_over_into_the_parcels_dates(session: Session) -> None:
    parcel = new_parcel(session)
    names = ("promised_from", "promised_to", "hand_over_by", "arrival_by")
    dates = dict(zip(names, ("2026-11-25", "2026-11-26", "2026-11-17", "2026-11-24"), strict=True))
    journal.record(session, parcel, NewFact(Kind.PROMISED, "promise", details=dates), NOW)
    assert {name: getattr(parcel, name).isoformat() for name in names} == dates


def test_a_revoked_link_begins_a_new_epoch(session: Session) -> None:
    parcel = new_parcel(session)
    record(session, parcel, Kind.LINK_REVOKED)
    assert parcel.link_epoch == 2


def test_followers_are_told_in_their_order_and_see_the_new_stage(session: Session) -> None:
    told: list[tuple[str, Stage, int]] = []
    journal.wire(
        lambda _session, parcel, fact, _now: told.append(("first", parcel.stage, fact.seq)),
        lambda _session, parcel, fact, _now: told.append(("second", parcel.stage, fact.seq)),
    )
    record(session, new_parcel(session), Kind.DEPARTED)
    assert told == [("first", Stage.IN_TRANSIT, 1), ("second", Stage.IN_TRANSIT, 1)]


def test_what_a_follower_records_comes_after_the_fact_it_answers(session: Session) -> None:
    def answer(session: Session, parcel: Parcel, fact: Fact, now: datetime) -> None:
        if fact.kind is Kind.ARRIVED:
            journal.record(session, parcel, NewFact(Kind.CALL_QUEUED, "agenda"), now)

    journal.wire(answer)
    parcel = new_parcel(session)
    record(session, parcel, Kind.ARRIVED)
    assert [fact.kind for fact in journal.facts_of(session, parcel)] == [Kind.ARRIVED, Kind.CALL_QUEUED]


@pytest.mark.parametrize("kind", [Kind.MESSAGE_FAILED, Kind.CALL_QUEUED, Kind.LINK_REQUESTED])
def test_a_page_is_not_old_because_of_something_beside_the_decision(session: Session, kind: Kind) -> None:
    parcel = new_parcel(session)
    record(session, parcel, Kind.DEPARTED)
    seen = parcel.version
    record(session, parcel, kind)
    journal.insist_on(session, parcel, seen)


@pytest.mark.parametrize("kind", [Kind.ARRIVED, Kind.SLOT_BOOKED, Kind.CHOICE_WITHDRAWN, Kind.UNKNOWN])
def test_a_page_is_old_once_something_that_matters_has_happened(session: Session, kind: Kind) -> None:
    parcel = new_parcel(session)
    record(session, parcel, Kind.DEPARTED)
    seen = parcel.version
    record(session, parcel, kind, Kind.MESSAGE_FAILED)
    with pytest.raises(StaleVersion):
        journal.insist_on(session, parcel, seen)


def test_a_version_that_never_was_is_refused(session: Session) -> None:
    parcel = new_parcel(session)
    record(session, parcel, Kind.DEPARTED)
    with pytest.raises(StaleVersion):
        journal.insist_on(session, parcel, parcel.version + 1)


def test_there_is_no_parcel_with_that_id(session: Session) -> None:
    with pytest.raises(UnknownParcel):
        journal.lock(session, 404)


@settings(max_examples=40)
@given(st.lists(st.sampled_from(PLAIN), max_size=12))
def test_the_database_has_what_the_facts_add_up_to(kinds: list[Kind]) -> None:
    for session in new_session():
        parcel = new_parcel(session)
        record(session, parcel, *kinds)
        session.expire_all()
        assert [fact.kind for fact in journal.facts_of(session, parcel)] == kinds
        assert (parcel.state, parcel.stage) == (fold(kinds), fold(kinds).stage)
        assert (parcel.closed_at is not None) is fold(kinds).is_closed


def test_who_follows_finds_the_fact_he_is_told_of_in_the_journal(session: Session) -> None:
    """Also what a follower records itself is there for those who come after it, and nothing is written twice."""
    parcel, seen = new_parcel(session), []

    def adds(session: Session, parcel: Parcel, fact: Fact, now: datetime) -> None:
        if fact.kind is Kind.AT_PICKUP:
            journal.record(session, parcel, NewFact(Kind.CALL_QUEUED, "adds"), now)

    def reads(session: Session, parcel: Parcel, fact: Fact, now: datetime) -> None:
        query = select(Fact.kind).where(Fact.parcel_id == parcel.id).order_by(Fact.seq)
        seen.append((fact.kind, list(session.scalars(query)), journal.facts_of(session, parcel)[-1]))

    journal.wire(adds, reads)
    fact = journal.record(session, parcel, NewFact(Kind.AT_PICKUP, "test", details={"address": "Ленина, 54"}), NOW)
    told = [kinds for _, kinds, _ in seen]
    assert told == [[Kind.AT_PICKUP, Kind.CALL_QUEUED], [Kind.AT_PICKUP, Kind.CALL_QUEUED]]
    session.commit()
    session.expire_all()
    first, second = journal.facts_of(session, parcel)
    assert (first.details, first.occurred_at, first.seq, second.seq) == ({"address": "Ленина, 54"}, NOW, 1, 2)
    assert first is fact


@pytest.mark.parametrize("kind", list(Kind))
def test_each_kind_of_fact_is_in_the_journal_when_it_is_told(session: Session, kind: Kind) -> None:
    parcel, seen = new_parcel(session), []

    def reads(session: Session, parcel: Parcel, fact: Fact, now: datetime) -> None:
        seen.append(session.scalar(select(Fact.kind).where(Fact.parcel_id == parcel.id, Fact.seq == fact.seq)))

    journal.wire(reads)
    day = "2026-11-25"
    dates = dict.fromkeys(("promised_from", "promised_to", "hand_over_by", "arrival_by", "kept_until"), day)
    journal.record(session, parcel, NewFact(kind, "test", details=dates), NOW)
    assert seen == [kind]
