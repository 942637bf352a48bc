"""A courier's day: what is on the sheet, taking the load, and marking each stop once."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, time, timedelta

import pytest
from flask import Flask
from sqlalchemy import event, func, select
from sqlalchemy.orm import Session

from parcels import holdings, journal, money
from parcels.custody import Role, What
from parcels.custody_models import Incident
from parcels.journal import NewFact
from parcels.models import Fact, Parcel, Shop
from parcels.stages import Kind, Stage
from portal.extensions import db
from portal.ticking import build_rounds, find_late_rounds, settle_rounds, watch
from portal.transaction import reading, transaction
from portal.verify import breaches
from scheduling import (
    booking,
    recalling,
    round_building,
    round_changes,
    round_closing,
    round_counting,
    round_loading,
    round_marks,
    rounds,
)
from scheduling.booking import Asker
from scheduling.calendars import moment
from scheduling.capacity import Changed
from scheduling.models import Booking, Slot
from scheduling.policy import Reason, Refusal
from scheduling.round_closing import Missing, NotClosable
from scheduling.round_counting import Differs, NothingToCount, Teller
from scheduling.round_loading import Courier, WrongParcel
from scheduling.round_marks import HandedOver, WhyNot
from scheduling.round_models import Round
from scheduling.rounds import Standing
from tests.factories import KALININGRAD, NOW, TOMSK, make_parcel, make_round, make_staff, make_world, zone_of

TUESDAY = date(2026, 11, 24)
MORNING = moment(TUESDAY, time(9), "Asia/Tomsk")
NOON = moment(TUESDAY, time(12), "Asia/Tomsk")
PAID = HandedOver("Марина Кузнецова", 499_000, "00123")


def booked(*starts: time, kinds: tuple[Kind, ...] = (Kind.HANDED_OVER, Kind.DEPARTED, Kind.ARRIVED)) -> list[int]:
    """Parcels for Tuesday in Tomsk, one per hour named, that have come as far as `kinds` say."""
    with transaction() as session:
        shop = make_world(session)
        parcels = [make_parcel(session, shop) for _ in starts]
        for parcel, hour in zip(parcels, starts, strict=True):
            booking.book(session, parcel, TUESDAY, hour, Asker("recipient", parcel.version), NOW)
            for kind in kinds:
                journal.record(session, parcel, NewFact(kind, "carrier:test"), NOW + timedelta(days=1))
        return [parcel.id for parcel in parcels]


COURIER = Courier("Иван Петров", "+79130001122")


def the_round(session: Session) -> Round:
    """Tuesday's round in Tomsk, built when it is asked for first and completed ever after."""
    return make_round(session, TOMSK, TUESDAY, NOW)[0]


def load(now: datetime = MORNING) -> None:
    """Everything that may be taken is scanned."""
    with transaction() as session:
        one = the_round(session)
        for stop in rounds.stops_of(session, one.id):
            round_loading.load(session, one, stop.parcel.number, COURIER, now)


def deliver(parcel_id: int, now: datetime = NOON, said: HandedOver = PAID) -> None:
    with transaction() as session:
        round_marks.deliver(session, journal.lock(session, parcel_id), the_round(session), said, "Иван", now)


def fail(parcel_id: int, why: WhyNot = WhyNot.ABSENT) -> None:
    with transaction() as session:
        round_marks.fail(session, journal.lock(session, parcel_id), the_round(session), why, "Иван", NOON)


def sheet() -> list[tuple[int, Standing]]:
    """The courier's sheet: parcel and standing, in the order of the stops."""
    with transaction() as session:
        stops = rounds.stops_of(session, the_round(session).id)
        assert [stop.number for stop in stops] == list(range(1, len(stops) + 1))
        return [(stop.parcel.id, stop.standing) for stop in stops]


def parcel_of(parcel_id: int) -> Parcel:
    with reading() as session:
        return session.get_one(Parcel, parcel_id)


def facts(parcel_id: int, kind: Kind) -> list[Fact]:
    with reading() as session:
        return [fact for fact in journal.facts_of(session, session.get_one(Parcel, parcel_id)) if fact.kind is kind]


def refused(change: Callable[[], None]) -> Reason:
    with pytest.raises(Refusal) as caught:
        change()
    return caught.value.reason


def test_the_sheet_goes_by_the_hours_of_the_slots(app: Flask) -> None:
    evening, morning, day = booked(time(18), time(10), time(14))
    assert [parcel_id for parcel_id, _ in sheet()] == [morning, day, evening]


def test_only_what_was_scanned_is_with_the_courier(both: Flask) -> None:
    first, second = booked(time(10), time(14))
    with transaction() as session:
        one = the_round(session)
        for _twice in range(2):
            round_loading.load(session, one, f"VH{first:09d}", COURIER, MORNING)
    assert sheet() == [(first, Standing.LOADED), (second, Standing.IN_DEPOT)]
    assert len(facts(first, Kind.TO_COURIER)) == 1


def test_a_parcel_of_nobody_or_of_another_round_is_not_taken(app: Flask) -> None:
    with transaction() as session:
        shop = make_world(session)
        for login, name in (("first", "Анна"), ("second", "Борис")):
            make_staff(session, "courier", login, zone_id=zone_of(session, TOMSK).id).name = name
        parcels = [make_parcel(session, shop) for _ in range(4)]
        for parcel in parcels:
            booking.book(session, parcel, TUESDAY, time(10), Asker("recipient", parcel.version), NOW)
        one, other = make_round(session, TOMSK, TUESDAY, NOW)
        stops = rounds.stops_of(session, other.id)
        assert 1 <= len(stops) <= 3
        for code, elsewhere in ((stops[0].parcel.number, (other.name, "Борис")), ("VH000999999", None), ("?!", None)):
            with pytest.raises(WrongParcel) as caught:
                round_loading.load(session, one, code, COURIER, MORNING)
            assert caught.value.elsewhere == elsewhere
        assert stops[0].parcel.stage is Stage.SCHEDULED


def test_a_code_that_cannot_be_read_is_said_to_be_so(app: Flask) -> None:
    (parcel_id,) = booked(time(10), kinds=(Kind.HANDED_OVER,))
    assert sheet() == [(parcel_id, Standing.ON_THE_WAY)]
    with transaction() as session:
        round_loading.load(session, the_round(session), str(parcel_id), COURIER, MORNING, by_eye=True)
    assert facts(parcel_id, Kind.TO_COURIER)[0].details["unreadable"] is True
    assert sheet() == [(parcel_id, Standing.LOADED)]


def test_what_an_incident_holds_up_is_not_taken(app: Flask) -> None:
    booked(time(10), kinds=(Kind.ARRIVED, Kind.INCIDENT))
    assert refused(load) is Reason.NOT_TO_LOAD


def test_what_the_shop_has_recalled_is_not_taken_and_leaves_the_sheet(app: Flask) -> None:
    recalled, other = booked(time(10), time(14))
    assert len(sheet()) == 2
    with transaction() as session:
        parcel = journal.lock(session, recalled)
        recalling.recall(session, parcel, Asker("shop:teply-dom", parcel.version), "", MORNING)
    assert [parcel_id for parcel_id, _ in sheet()] == [other]

    def take() -> None:
        with transaction() as session:
            round_loading.load(session, the_round(session), f"VH{recalled:09d}", COURIER, MORNING)

    assert refused(take) is Reason.SET_ASIDE


def test_what_was_at_the_door_before_its_recall_was_heard_of_is_handed_over(app: Flask) -> None:
    (parcel_id,) = booked(time(10))
    assert sheet() == [(parcel_id, Standing.IN_DEPOT)]
    with transaction() as session:
        parcel = journal.lock(session, parcel_id)
        recalling.recall(session, parcel, Asker("shop:teply-dom", parcel.version), "", MORNING)
    with transaction() as session:
        one = the_round(session)
        round_loading.load(session, one, f"VH{parcel_id:09d}", COURIER, NOON, at=MORNING)
        round_marks.deliver(session, journal.lock(session, parcel_id), one, PAID, "Иван", NOON, at=NOON)
    assert parcel_of(parcel_id).stage is Stage.DELIVERED
    assert sheet() == [(parcel_id, Standing.DELIVERED)]


def test_a_delivery_ends_the_parcel_with_the_money_that_was_due(both: Flask) -> None:
    (parcel_id,) = booked(time(10))
    load()
    deliver(parcel_id)
    (fact,) = facts(parcel_id, Kind.DELIVERED)
    assert (fact.details["cod_minor"], fact.details["currency"], fact.details["by"]) == (499_000, "RUB", "Иван")
    assert (parcel_of(parcel_id).stage, parcel_of(parcel_id).closed_at) == (Stage.DELIVERED, NOON)
    assert sheet() == [(parcel_id, Standing.DELIVERED)]


def test_another_sum_wants_a_word_and_somebody_a_name(app: Flask) -> None:
    (parcel_id,) = booked(time(10))
    load()
    assert refused(lambda: deliver(parcel_id, said=HandedOver("Марина", 100_000))) is Reason.OTHER_SUM
    assert refused(lambda: deliver(parcel_id, said=HandedOver(" ", 499_000))) is Reason.NOBODY_NAMED
    assert parcel_of(parcel_id).stage is Stage.WITH_COURIER
    deliver(parcel_id, said=HandedOver("Марина", 100_000, "", "остальное картой"))
    details = facts(parcel_id, Kind.DELIVERED)[0].details
    assert (details["cod_minor"], details["due_minor"], details["note"]) == (100_000, 499_000, "остальное картой")


def test_a_second_mark_of_a_delivery_changes_nothing(app: Flask) -> None:
    (parcel_id,) = booked(time(10))
    load()
    deliver(parcel_id)
    deliver(parcel_id, now=NOON + timedelta(minutes=1))
    assert [fact.occurred_at for fact in facts(parcel_id, Kind.DELIVERED)] == [NOON]


@pytest.mark.parametrize(
    ("why", "stage"),
    [
        (WhyNot.ABSENT, Stage.MISSED),
        (WhyNot.NO_ANSWER, Stage.MISSED),
        (WhyNot.NO_MONEY, Stage.REFUSED),
    ],
)
def test_a_failed_stop_says_why_stays_on_the_sheet_and_frees_its_place(both: Flask, why: WhyNot, stage: Stage) -> None:
    (parcel_id,) = booked(time(10))
    load()
    fail(parcel_id, why)
    assert parcel_of(parcel_id).stage is stage
    assert facts(parcel_id, Kind.REFUSED if stage is Stage.REFUSED else Kind.NOT_DELIVERED)[0].details["why"] == why
    with transaction() as session:
        (stop,) = rounds.stops_of(session, the_round(session).id)
        assert (stop.standing, stop.why, stop.done_at) == (Standing.NOT_DELIVERED, why.value, NOON)
        assert session.scalar(select(func.sum(Slot.taken))) == 0
    with transaction() as session:
        assert breaches(session) == []


@pytest.mark.parametrize("why", [WhyNot.ABSENT, WhyNot.REFUSED])
def test_a_second_mark_of_a_failure_changes_nothing(app: Flask, why: WhyNot) -> None:
    (parcel_id,) = booked(time(10))
    load()
    fail(parcel_id, why)
    before = parcel_of(parcel_id).version
    fail(parcel_id, why)
    assert parcel_of(parcel_id).version == before


def test_a_missed_stop_of_the_morning_stays_marked_when_the_evening_is_agreed(app: Flask) -> None:
    (parcel_id,) = booked(time(10))
    load()
    fail(parcel_id)
    with transaction() as session:
        parcel = journal.lock(session, parcel_id)
        wednesday = TUESDAY + timedelta(days=1)
        booking.book(session, parcel, wednesday, time(14), Asker("recipient", parcel.version), NOON)
    assert sheet() == [(parcel_id, Standing.NOT_DELIVERED)]


@pytest.mark.parametrize("mark", [deliver, fail])
def test_a_parcel_that_was_not_taken_is_not_marked(app: Flask, mark: Callable[..., None]) -> None:
    (parcel_id,) = booked(time(10))
    assert refused(lambda: mark(parcel_id)) is Reason.NOT_ON_ROUND
    assert parcel_of(parcel_id).stage is Stage.SCHEDULED


@pytest.mark.parametrize("late", [False, True])
def test_what_the_warehouse_took_back_is_with_the_courier_only_after_another_scan(app: Flask, late: bool) -> None:
    (parcel_id,) = booked(time(10))
    load()
    back, again = MORNING + timedelta(minutes=5), MORNING + timedelta(minutes=9)
    with transaction() as session:
        told = NewFact(Kind.BACK_AT_DEPOT, "station:3", place="Томск, склад", details={"warehouse": 3})
        journal.record(session, journal.lock(session, parcel_id), told, back)
        round_loading.take_back(session, parcel_id, back)
    assert sheet() == [(parcel_id, Standing.IN_DEPOT)]
    assert refused(lambda: deliver(parcel_id)) is Reason.NOT_ON_ROUND
    code, known = f"VH{parcel_id:09d}", MORNING if late else None
    with transaction() as session:
        if known:
            round_loading.load(session, the_round(session), code, COURIER, NOON, at=known)
        stop = rounds.stops_of(session, the_round(session).id)[0]
        assert stop.standing is Standing.IN_DEPOT  # what the phone tells of before has been undone since
        round_loading.load(session, the_round(session), code, COURIER, again, at=again if late else None)
    assert sheet() == [(parcel_id, Standing.LOADED)]
    deliver(parcel_id)
    with reading() as session:
        assert breaches(session) == []


def test_what_was_handed_over_cannot_be_marked_as_failed(app: Flask) -> None:
    (parcel_id,) = booked(time(10))
    load()
    deliver(parcel_id)
    assert refused(lambda: fail(parcel_id)) is Reason.NOT_ON_ROUND


def test_what_was_marked_as_failed_cannot_be_handed_over(app: Flask) -> None:
    (parcel_id,) = booked(time(10))
    load()
    fail(parcel_id)
    assert refused(lambda: deliver(parcel_id)) is Reason.NOT_ON_ROUND


def test_a_stop_that_was_moved_away_is_not_on_the_sheet(app: Flask) -> None:
    (parcel_id,) = booked(time(10))
    assert sheet() == [(parcel_id, Standing.IN_DEPOT)]
    with transaction() as session:
        parcel = journal.lock(session, parcel_id)
        asker = Asker("recipient", parcel.version)
        booking.book(session, parcel, TUESDAY + timedelta(days=1), time(10), asker, NOW + timedelta(days=1))
    assert sheet() == []


def test_who_carries_it_and_when_goes_into_the_journal(app: Flask) -> None:
    (parcel_id,) = booked(time(14))
    load()
    (given,) = facts(parcel_id, Kind.TO_COURIER)
    assert (given.details["name"], given.details["phone"]) == ("Иван", "+79130001122")
    assert (given.details["from"], given.details["until"]) == ("14:00", "15:00")


def test_a_round_is_handed_in_when_all_is_marked_and_said_and_closed_when_it_is_taken_over(both: Flask) -> None:
    paid, missed = booked(time(10), time(14))
    load()
    cash = {"RUB": 499_000}
    assert lacks(cash).unmarked == [1, 2]
    deliver(paid)
    fail(missed)
    assert (lacks(cash).unmarked, lacks(cash).to_return, lacks(cash).is_cash_short) == ([], [2], False)
    with transaction() as session:
        for _twice in range(2):
            round_loading.bring_back(session, the_round(session), f"VH{missed:09d}", "Иван", NOON)
    assert len(facts(missed, Kind.HANDING_IN)) == 1
    assert lacks({"RUB": 1}).is_cash_short
    with transaction() as session:
        round_closing.close(session, the_round(session), cash, NOON)
    with transaction() as session:
        one = the_round(session)
        assert (one.handed_at, one.cash_handed, one.closed_at) == (NOON, cash, None), "his word closes nothing"
    assert (holder(missed), has_cash(paid)) == ((Role.COURIER, "Иван Петров"), (Role.COURIER, "Иван"))
    later = NOON + timedelta(hours=1)
    scan_back(missed, later)
    assert closed_at() is None
    assert count_money(cash, later) == {}
    assert closed_at() == later
    assert has_cash(paid) == (Role.WAREHOUSE, "")
    with transaction() as session:
        assert breaches(session) == []


def scan_back(parcel_id: int, at: datetime) -> None:
    """A storekeeper scans what a courier gives him."""
    with transaction() as session:
        told = NewFact(Kind.BACK_AT_DEPOT, "station:3", place="Томск, склад", details={"warehouse": 3})
        journal.record(session, journal.lock(session, parcel_id), told, at)
        stop = round_loading.take_back(session, parcel_id, at)
        assert stop is not None
        round_closing.settle(session, stop.round_id, at)


def count_money(cash: dict[str, int], at: datetime, gap: dict[str, int] | None = None) -> dict[str, int]:
    with transaction() as session:
        teller = Teller(7, "Ирина Рогова")
        return round_counting.count(session, the_round(session).id, cash, gap or {}, teller, at)


def closed_at() -> datetime | None:
    with transaction() as session:
        return the_round(session).closed_at


def holder(parcel_id: int) -> tuple[Role, str] | None:
    with reading() as session:
        found = holdings.holder_of(session, parcel_id)
        return (found.role, found.name) if found is not None else None


def open_steps() -> list[tuple[str, str, str]]:
    with reading() as session:
        rows = session.scalars(select(Incident).where(Incident.resolved_at.is_(None)).order_by(Incident.id))
        return [(row.step, row.name, row.said) for row in rows]


def test_what_he_says_he_handed_in_and_nobody_scans_is_an_incident_within_hours(both: Flask) -> None:
    (missed,) = booked(time(10))
    load()
    fail(missed)
    with transaction() as session:
        round_loading.bring_back(session, the_round(session), f"VH{missed:09d}", "Иван", NOON)
    assert watch(NOON + timedelta(hours=1)) == {}
    assert watch(NOON + timedelta(hours=2)) == {"hand_in": 1}
    assert open_steps() == [("hand_in", "Иван Петров", "")]
    scan_back(missed, NOON + timedelta(hours=3))
    assert open_steps() == []
    with transaction() as session:
        assert breaches(session) == []


def test_his_word_ends_no_incident_of_his_own(app: Flask) -> None:
    (missed,) = booked(time(10))
    load()
    fail(missed)
    late = NOON + timedelta(days=1)
    assert watch(late) == {"back": 1}
    with transaction() as session:
        round_loading.bring_back(session, the_round(session), f"VH{missed:09d}", "Иван", late)
    assert [step for step, _name, _said in open_steps()] == ["back"]


def test_a_gap_is_shown_first_and_then_an_incident_on_the_courier(both: Flask) -> None:
    first, second = booked(time(10), time(14))
    load()
    deliver(first)
    deliver(second)
    short = {"RUB": 974_000}
    with pytest.raises(Differs) as caught:
        count_money(short, NOON)
    assert caught.value.gap == {"RUB": -24_000}
    assert has_cash(first) == (Role.COURIER, "Иван")
    with pytest.raises(Differs):
        count_money(short, NOON, gap={"RUB": -1})
    assert count_money(short, NOON, gap={"RUB": -24_000}) == {"RUB": -24_000}
    assert open_steps() == [("cash_gap", "Ольга Смирнова", "-240.00 RUB")]
    with reading() as session:
        assert [cash.minor for cash in money.in_tills(session)] == [499_000, 475_000]
        whole, broken = money.in_tills(session)
        assert (whole.short_minor, broken.short_minor) == (0, 24_000)
    with pytest.raises(NothingToCount):
        count_money(short, NOON)
    with transaction() as session:
        money.make_up(session, broken.key, "cashier:7", "Ирина Рогова", NOON)
    for key in (whole.key, broken.key):
        with pytest.raises(money.Changed), transaction() as session:
            money.make_up(session, key, "cashier:7", "Ирина Рогова", NOON)
    with reading() as session:
        assert [cash.minor for cash in money.in_tills(session)] == [499_000, 499_000]
    with transaction() as session:
        assert breaches(session) == []


def test_a_courier_who_cannot_hand_in_what_he_should_is_freed_by_scan_and_count_alone(both: Flask) -> None:
    paid, missed = booked(time(10), time(14))
    load()
    deliver(paid)
    count_money({"RUB": 0}, NOON, gap={"RUB": -499_000})
    assert closed_at() is None
    fail(missed)
    assert settle_rounds(NOON) == 0
    scan_back(missed, NOON + timedelta(hours=1))
    assert closed_at() == NOON + timedelta(hours=1)
    assert lacks_nothing()


def lacks_nothing() -> bool:
    with transaction() as session:
        return breaches(session) == []


def test_after_the_count_he_hands_in_without_a_sum(app: Flask) -> None:
    (paid,) = booked(time(10))
    load()
    deliver(paid)
    count_money({"RUB": 499_000}, NOON)
    with transaction() as session:
        round_closing.close(session, the_round(session), {}, NOON)


def test_a_surplus_is_an_incident_too(app: Flask) -> None:
    (parcel_id,) = booked(time(10))
    load()
    deliver(parcel_id)
    count_money({"RUB": 500_000}, NOON, gap={"RUB": 1_000})
    assert open_steps() == [("cash_gap", "Ольга Смирнова", "+10.00 RUB")]
    with reading() as session:
        assert [cash.minor for cash in money.in_tills(session)] == [499_000]


def test_money_that_does_not_come_by_the_next_noon_is_an_incident_once(both: Flask) -> None:
    (parcel_id,) = booked(time(10))
    load()
    deliver(parcel_id)
    with transaction() as session:
        round_closing.close(session, the_round(session), {"RUB": 499_000}, NOON)
    assert settle_rounds(NOON + timedelta(hours=23)) == 0
    assert settle_rounds(NOON + timedelta(hours=24)) == 1
    assert settle_rounds(NOON + timedelta(hours=25)) == 0
    assert open_steps() == [("cash", "Ольга Смирнова", "Т-1: 4990.00 RUB")]


def test_another_sum_at_the_door_is_an_incident_with_what_he_says(app: Flask) -> None:
    (parcel_id,) = booked(time(10))
    load()
    deliver(parcel_id, said=HandedOver("Марина", 250_000, "", "вернул одну вещь"))
    assert open_steps() == [("sum", "Иван", "2500.00 / 4990.00 RUB. вернул одну вещь")]


def test_another_sum_that_is_told_late_without_a_word_is_kept_and_asked_about(app: Flask) -> None:
    (parcel_id,) = booked(time(10))
    load()
    with transaction() as session:
        said, parcel = HandedOver("Марина", 0), journal.lock(session, parcel_id)
        round_marks.deliver(session, parcel, the_round(session), said, "Иван", NOON, at=NOON - timedelta(hours=1))
    assert parcel_of(parcel_id).stage is Stage.DELIVERED
    assert open_steps() == [("sum", "Иван", "0.00 / 4990.00 RUB")]


def lacks(cash: dict[str, int]) -> Missing:
    with pytest.raises(NotClosable) as caught, transaction() as session:
        round_closing.close(session, the_round(session), cash, NOON)
    return caught.value.missing


def test_a_round_that_has_not_begun_is_late_once(both: Flask) -> None:
    booked(time(10))
    with transaction() as session:
        one = the_round(session)
        assert one.start_by == moment(TUESDAY, time(9, 30), "Asia/Tomsk")
        assert refused(lambda: rounds.start(session, one, MORNING)) is Reason.NOTHING_LOADED
    assert find_late_rounds(one.start_by - timedelta(seconds=1)) == []
    assert find_late_rounds(one.start_by) == [one.id]
    assert find_late_rounds(NOON) == []


def test_rounds_are_built_when_the_choice_is_closed_and_take_in_who_comes_late(both: Flask) -> None:
    first, second = booked(time(18), time(10))
    evening = moment(TUESDAY - timedelta(days=1), time(18), "Asia/Tomsk")
    with transaction() as session:
        make_staff(session, "courier", zone_id=zone_of(session, TOMSK).id)
    assert (build_rounds(evening - timedelta(minutes=1)), build_rounds(evening), build_rounds(evening)) == (0, 1, 0)
    assert [parcel_id for parcel_id, _ in sheet()] == [second, first]
    with transaction() as session:
        shop = session.scalars(select(Shop)).one()
        late = make_parcel(session, shop)
        slot = session.scalars(
            select(Slot).where(Slot.zone_id == zone_of(session, TOMSK).id, Slot.day == TUESDAY, Slot.starts == time(14))
        ).one()
        slot.taken += 1
        held = Booking(parcel_id=late.id, slot_id=slot.id, made_by="operator", made_at=evening)
        session.add(held)
    assert build_rounds(evening) == 1
    assert [parcel_id for parcel_id, _ in sheet()] == [second, late.id, first]


def test_who_was_told_an_hour_hears_when_it_changes(both: Flask) -> None:
    booked(time(10), time(10))
    load()
    (first, _), (second, _) = sheet()
    with transaction() as session:
        one = the_round(session)
        stops = rounds.stops_of(session, one.id)
        hours = {stop.parcel.id: stop.at.arrives_from for stop in stops}
        round_changes.shift(session, one.id, one.version, stops[0].at.booking_id, 1, NOON)
        moved = {stop.parcel.id: stop.at.arrives_from for stop in rounds.stops_of(session, one.id)}
    assert [parcel_id for parcel_id, _ in sheet()] == [second, first]
    told = {parcel_id: len(facts(parcel_id, Kind.VISIT_MOVED)) for parcel_id in (first, second)}
    assert told == {parcel_id: int(hours[parcel_id] != moved[parcel_id]) for parcel_id in (first, second)}
    with pytest.raises(Changed), transaction() as session:
        round_changes.shift(session, one.id, 1, stops[0].at.booking_id, 1, NOON)


@pytest.mark.postgres
@pytest.mark.parametrize("both", ["postgresql"], indirect=True)
def test_a_parcel_moved_while_it_is_scanned_is_not_loaded(both: Flask) -> None:
    (parcel_id,) = booked(time(10))
    with transaction() as session:
        the_round(session)
    moved: list[int] = []

    def move(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        if "FOR UPDATE OF parcels" in statement and not moved:
            moved.append(parcel_id)
            with Session(db.engine) as other:
                parcel = journal.lock(other, parcel_id)
                asker = Asker("recipient", parcel.version)
                booking.book(other, parcel, TUESDAY + timedelta(days=1), time(10), asker, NOW + timedelta(days=1))
                other.commit()

    event.listen(db.engine, "before_cursor_execute", move)
    try:
        with transaction() as session:
            one = session.scalars(select(Round)).one()
            refusal = refused(lambda: round_loading.load(session, one, f"VH{parcel_id:09d}", COURIER, MORNING) and None)
    finally:
        event.remove(db.engine, "before_cursor_execute", move)
    assert (refusal, moved) == (Reason.NOT_TO_LOAD, [parcel_id])


def test_what_was_loaded_while_an_order_was_sought_keeps_its_place(app: Flask) -> None:
    (first,) = booked(time(10))
    with transaction() as session:
        one = the_round(session)
        late = make_parcel(session, session.get_one(Parcel, first).shop)
        booking.book(session, late, TUESDAY, time(10), Asker("recipient", late.version), NOW)
        draft = round_building.read(session, one.zone_id, TUESDAY)
        round_loading.load(session, one, f"VH{first:09d}", COURIER, MORNING)
        assert round_building.keep(session, draft, round_building.plan(draft), MORNING) == []
        again = round_building.read(session, one.zone_id, TUESDAY)
        assert round_building.keep(session, again, round_building.plan(again), MORNING) == [one.id]


def test_a_courier_who_changes_his_zone_has_one_round_a_day(app: Flask) -> None:
    booked(time(10))
    with transaction() as session:
        courier = the_round(session).courier
        other = zone_of(session, KALININGRAD).id
        courier.zone_id = other
        parcel = make_parcel(session, session.scalars(select(Shop)).one(), settlement_id=KALININGRAD)
        booking.book(session, parcel, date(2026, 11, 26), time(10), Asker("recipient", parcel.version), NOW)
        session.scalars(select(Round)).one().day = date(2026, 11, 26)
        assert round_building.build(session, other, date(2026, 11, 26), NOW) == []


def test_money_for_what_a_carrier_calls_delivered_is_still_the_courier_s(app: Flask) -> None:
    (parcel_id,) = booked(time(10))
    load()
    with transaction() as session:
        journal.record(session, journal.lock(session, parcel_id), NewFact(Kind.DELIVERED, "cdek"), NOON)
    assert lacks({}).taken == {"RUB": 499_000}
    with transaction() as session:
        round_closing.close(session, the_round(session), {"RUB": 499_000}, NOON)
    count_money({"RUB": 499_000}, NOON)
    assert has_cash(parcel_id) == (Role.WAREHOUSE, "")
    with transaction() as session:
        assert breaches(session) == []


def carrier_says_delivered(parcel_id: int) -> None:
    with transaction() as session:
        journal.record(session, journal.lock(session, parcel_id), NewFact(Kind.DELIVERED, "cdek"), NOON)


def has_cash(parcel_id: int) -> tuple[Role, str] | None:
    with reading() as session:
        held = holdings.holder_of(session, parcel_id, What.CASH)
        return (held.role, held.name) if held is not None else None


def test_what_nobody_marked_in_time_still_has_its_money_asked_for(app: Flask) -> None:
    (parcel_id,) = booked(time(10))
    load()
    with transaction() as session:
        booking.withdraw(session, journal.lock(session, parcel_id), "agenda", "stop_not_marked", NOON)
    carrier_says_delivered(parcel_id)
    assert has_cash(parcel_id) == (Role.COURIER, "Иван Петров")
    assert lacks({}).taken == {"RUB": 499_000}


def test_of_what_a_carrier_calls_delivered_the_courier_has_the_money_or_the_parcel(app: Flask) -> None:
    (parcel_id,) = booked(time(10))
    load()
    fail(parcel_id)
    carrier_says_delivered(parcel_id)
    assert lacks({}).taken == {"RUB": 499_000}
    with transaction() as session:
        round_loading.bring_back(session, the_round(session), f"VH{parcel_id:09d}", "Иван", NOON)
        round_closing.close(session, the_round(session), {}, NOON)


def test_a_closed_round_takes_no_more_money(app: Flask) -> None:
    (parcel_id,) = booked(time(10))
    load()
    carrier_says_delivered(parcel_id)
    with transaction() as session:
        round_closing.close(session, the_round(session), {"RUB": 499_000}, NOON)
    count_money({"RUB": 499_000}, NOON)
    less = HandedOver("Марина Кузнецова", 100_000, "", "скидка")
    assert refused(lambda: deliver(parcel_id, said=less)) is Reason.NOT_ON_ROUND


def test_a_parcel_loaded_anew_is_in_one_round_only(app: Flask) -> None:
    (parcel_id,) = booked(time(10))
    load()
    with transaction() as session:
        journal.record(session, journal.lock(session, parcel_id), NewFact(Kind.NOT_DELIVERED, "cdek"), NOON)
    thursday, then = date(2026, 11, 26), NOON + timedelta(days=2)
    with transaction() as session:
        parcel = journal.lock(session, parcel_id)
        booking.book(session, parcel, thursday, time(10), Asker("recipient", parcel.version), NOON)
    with transaction() as session:
        one = make_round(session, TOMSK, thursday, then)[0]
        round_loading.load(session, one, f"VH{parcel_id:09d}", COURIER, then)
    assert sheet() == []
    carrier_says_delivered(parcel_id)
    assert sheet() == []


def test_the_money_is_with_the_courier_who_says_that_he_took_it(app: Flask) -> None:
    (parcel_id,) = booked(time(10))
    assert sheet() == [(parcel_id, Standing.IN_DEPOT)]
    with transaction() as session:
        parcel = journal.lock(session, parcel_id)
        recalling.recall(session, parcel, Asker("shop:teply-dom", parcel.version), "", MORNING)
    with transaction() as session:
        one = the_round(session)
        round_loading.load(session, one, f"VH{parcel_id:09d}", COURIER, NOON, at=MORNING)
        taken = holdings.holder_of(session, parcel_id)
        assert taken is not None
        assert (taken.role, taken.name) == (Role.COURIER, "Иван Петров")
        round_marks.deliver(session, journal.lock(session, parcel_id), one, PAID, COURIER.name, NOON, at=NOON)
    assert has_cash(parcel_id) == (Role.COURIER, "Иван Петров")
    with transaction() as session:
        round_closing.close(session, the_round(session), {"RUB": 499_000}, NOON)
        assert breaches(session) == []
