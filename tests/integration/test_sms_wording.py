"""What is owed is worded when it leaves: from what is true then, in waking hours, once, and within what it may cost."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from parcels import journal
from parcels.journal import NewFact
from parcels.models import Parcel, Settlement, Shop
from parcels.stages import Kind
from sms import delivery, duties, guards, preferences, wording
from sms.models import Message, Status
from sms.occasions import Channel, Occasion
from sms.preferences import PLANS, Preferences, Teller
from sms.segments import measure
from sms.wording import Desk
from tests.integration.test_sms_models import NOW, PHONE, add_parcel, add_shop, after, committed, failures, new_database

DESK = Desk(
    lambda parcel: f"veha.ru/t/{parcel.id}e{parcel.link_epoch}", {Channel.SMS: "console", Channel.EMAIL: "smtp"}
)
BOOKED: dict[str, Any] = {"booking": 7, "day": "2026-11-26", "starts": "14:00", "ends": "18:00", "moved": False}
ALL_MOVES = preferences.deviations(PLANS["all_moves"])


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    engine = new_database(tmp_path / "wording.sqlite3")
    journal.wire(duties.follow)
    yield engine
    journal.wire()
    engine.dispose()


def tomsk(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo("Asia/Tomsk"))


def parcel_with(engine: Engine, **columns: Any) -> None:
    with committed(engine) as session:
        parcel = session.scalar(select(Parcel)) or add_parcel(session)
        for name, value in columns.items():
            setattr(parcel, name, value)


def happens(engine: Engine, kind: Kind, now: datetime = NOW, place: str = "", **details: Any) -> None:
    with committed(engine) as session:
        parcel = session.scalar(select(Parcel)) or add_parcel(session)
        journal.record(session, parcel, NewFact(kind, "test", place=place, details=details), now)


def prefer(engine: Engine, **choices: Any) -> None:
    with committed(engine) as session:
        add_shop(session)
        preferences.choose(session, 1, Preferences(**choices), "test", NOW)


def word(engine: Engine, now: datetime = NOW) -> list[Status | None]:
    """One round of wording."""
    with committed(engine) as session:
        due = wording.due(session, now, 100)
    found = []
    for message_id in due:
        with committed(engine) as session:
            found.append(wording.prepare(session, message_id, DESK, now))
    return found


def told(engine: Engine) -> list[str]:
    """The texts that are ready to go, in the order in which they go."""
    with Session(engine) as session:
        ready = select(Message.text).where(Message.status == Status.QUEUED)
        return list(session.scalars(ready.order_by(Message.priority, Message.id)))


def dropped(engine: Engine) -> list[tuple[str, str | None]]:
    with Session(engine) as session:
        rows = select(Message.kind, Message.error).where(Message.status == Status.DROPPED).order_by(Message.id)
        return [(kind, error) for kind, error in session.execute(rows)]


def test_an_order_gets_its_first_message(engine: Engine) -> None:
    happens(engine, Kind.ORDER_ACCEPTED)
    assert word(engine) == [Status.QUEUED]
    assert told(engine) == ["Тёплый дом, 117: привезём 26–27.11. Время: veha.ru/t/1e1"]
    with Session(engine) as session:
        row = session.scalars(select(Message)).one()
        assert (row.sender, row.parts, row.price_minor, row.provider, row.language) == (
            "pochta",
            1,
            350,
            "console",
            "ru",
        )


def test_it_is_written_in_the_recipients_language(engine: Engine) -> None:
    parcel_with(engine, language="uk")
    happens(engine, Kind.ORDER_ACCEPTED)
    word(engine)
    assert told(engine) == ["Тёплый дом, 117: привеземо 26–27.11. Час: veha.ru/t/1e1"]


def test_the_link_is_the_one_that_opens_when_it_leaves(engine: Engine) -> None:
    happens(engine, Kind.ORDER_ACCEPTED)
    word(engine)
    happens(engine, Kind.LINK_REVOKED)
    word(engine)
    assert [text[-3:] for text in told(engine)] == ["1e2"]
    assert dropped(engine) == [("first_link", "newer")]


def test_at_night_it_waits_for_the_recipients_morning(engine: Engine) -> None:
    happens(engine, Kind.ORDER_ACCEPTED, tomsk("2026-11-20T23:10"))
    assert word(engine, tomsk("2026-11-20T23:10")) == [Status.OWED]
    assert word(engine, tomsk("2026-11-21T08:59")) == []
    assert word(engine, tomsk("2026-11-21T09:00")) == [Status.QUEUED]


def test_a_link_he_asks_for_this_minute_comes_at_any_hour(engine: Engine) -> None:
    happens(engine, Kind.LINK_REQUESTED, tomsk("2026-11-20T03:00"))
    assert word(engine, tomsk("2026-11-20T03:00")) == [Status.QUEUED]


def test_moves_that_pile_up_overnight_become_one_message(engine: Engine) -> None:
    prefer(engine, tellers=ALL_MOVES)
    for hour, kind, place in ((22, Kind.AT_WAREHOUSE, "Челябинск"), (23, Kind.DEPARTED, "Челябинск")):
        happens(engine, kind, tomsk(f"2026-11-20T{hour}:00"), place)
        word(engine, tomsk(f"2026-11-20T{hour}:00"))
    happens(engine, Kind.PASSED, tomsk("2026-11-21T04:00"), "Омск")
    word(engine, tomsk("2026-11-21T09:00"))
    assert told(engine) == ["Тёплый дом, 117: в пути, Омск. Ждите 26–27.11: veha.ru/t/1e1"]


def test_where_it_was_long_ago_is_no_news(engine: Engine) -> None:
    prefer(engine, tellers=ALL_MOVES)
    happens(engine, Kind.PASSED, place="Омск")
    word(engine)
    with committed(engine) as session:
        parcel = journal.lock(session, 1)
        late = NewFact(Kind.DEPARTED, "test", at=NOW - timedelta(days=1), place="Челябинск")
        journal.record(session, parcel, late, after(minutes=1))
    word(engine, after(minutes=1))
    assert dropped(engine)[-1] == ("moved", "not_so_any_more")


def test_a_delivered_parcel_gets_no_reminder(engine: Engine) -> None:
    happens(engine, Kind.AT_PICKUP, place="Томск, пункт выдачи")
    word(engine)
    happens(engine, Kind.DELIVERED, after(days=1))
    for day in range(20):
        word(engine, after(days=day))
    assert [kind for kind, _ in dropped(engine)] == ["at_pickup", *["still_waiting"] * 3, "storage_ends"]
    assert told(engine) == []


def test_the_place_of_issue_has_its_address_hours_and_last_day(engine: Engine) -> None:
    happens(engine, Kind.AT_PICKUP, address="пр. Ленина, 54", open="9–20", kept_until="2026-12-01")
    word(engine)
    assert told(engine) == ["Тёплый дом, 117: пр. Ленина, 54, 9–20. veha.ru/t/1e1"]
    word(engine, tomsk("2026-11-29T10:00"))
    assert any("хранится до 01.12, потом возврат" in text for text in told(engine))


def test_what_is_to_be_paid_and_what_it_weighs(engine: Engine) -> None:
    parcel_with(engine, cod_minor=1_290_050, weight_g=3400)
    happens(engine, Kind.ARRIVED)
    word(engine)
    assert "Тёплый дом, 117: к оплате 12 900,50 ₽, вес 3,4 кг: veha.ru/t/1e1" in told(engine)


def test_a_new_time_and_a_moved_one(engine: Engine) -> None:
    happens(engine, Kind.SLOT_BOOKED, **BOOKED)
    word(engine)
    assert told(engine) == ["Тёплый дом, 117: привезём 26.11 14–18. Изменить: veha.ru/t/1e1"]
    happens(engine, Kind.SLOT_BOOKED, **BOOKED | {"booking": 8, "moved": True, "starts": "10:00", "ends": "14:00"})
    word(engine)
    assert told(engine) == ["Тёплый дом, 117: новое время, 26.11 10–14. Изменить: veha.ru/t/1e1"]


def test_what_was_taken_back_meanwhile_is_not_confirmed(engine: Engine) -> None:
    happens(engine, Kind.SLOT_BOOKED, **BOOKED)
    happens(engine, Kind.CHOICE_WITHDRAWN, after(minutes=1), cause="request", booking=7)
    word(engine, after(minutes=2))
    assert dropped(engine) == [("booked", "not_so_any_more")]


def test_the_evening_before(engine: Engine) -> None:
    parcel_with(engine, cod_minor=499_000)
    happens(engine, Kind.SLOT_BOOKED, **BOOKED)
    word(engine)
    word(engine, tomsk("2026-11-25T18:00"))
    assert "Тёплый дом, 117: завтра 14–18, к оплате 4990 ₽: veha.ru/t/1e1" in told(engine)


def test_the_eve_that_nobody_could_tell_is_left_out_the_next_day(engine: Engine) -> None:
    happens(engine, Kind.SLOT_BOOKED, **BOOKED)
    word(engine)
    word(engine, tomsk("2026-11-26T09:00"))
    assert dropped(engine) == [("day_before", "not_so_any_more")]


def test_the_morning_with_the_courier_and_an_hour_before(engine: Engine) -> None:
    morning = tomsk("2026-11-26T09:05")
    courier = {"by": "Олег Ким", "name": "Олег", "phone": "+79130001122", "day": "2026-11-26"}
    happens(engine, Kind.TO_COURIER, morning, **courier, **{"from": "14:00", "until": "15:00"})
    word(engine, morning)
    assert told(engine) == ["Тёплый дом, 117: сегодня 14–15, Олег +79130001122: veha.ru/t/1e1"]
    word(engine, tomsk("2026-11-26T13:00"))
    assert "курьер будет 14–15" in told(engine)[1]
    happens(engine, Kind.DELIVERED, tomsk("2026-11-26T12:30"))


def test_an_hour_before_is_not_said_of_what_is_handed_over(engine: Engine) -> None:
    morning = tomsk("2026-11-26T09:05")
    happens(engine, Kind.TO_COURIER, morning, day="2026-11-26", **{"from": "14:00", "until": "15:00"})
    word(engine, morning)
    happens(engine, Kind.DELIVERED, tomsk("2026-11-26T11:30"))
    word(engine, tomsk("2026-11-26T13:00"))
    assert [kind for kind, _ in dropped(engine)] == ["courier", "hour_before"]


def test_the_owner_hears_what_was_paid(engine: Engine) -> None:
    prefer(engine, owner_phone="+79990000001")
    parcel_with(engine, cod_minor=499_000)
    happens(engine, Kind.DELIVERED)
    word(engine)
    assert told(engine) == ["Тёплый дом, 117: вручён, принято 4990 ₽. VH000000001"]


def test_a_letter_has_a_subject_and_a_whole_address(engine: Engine) -> None:
    parcel_with(engine, email="marina@example.org")
    happens(engine, Kind.NOT_DELIVERED)
    word(engine)
    with Session(engine) as session:
        letter = session.scalars(select(Message).where(Message.channel == "email")).one()
    assert letter.subject == "Тёплый дом, 117: не застали вас"
    assert "https://veha.ru/t/1e1" in letter.text
    assert (letter.parts, letter.price_minor, letter.provider) == (0, 0, "smtp")


def test_a_spent_budget_leaves_only_what_needs_an_answer(engine: Engine) -> None:
    prefer(engine, budget=1)
    happens(engine, Kind.ORDER_ACCEPTED)
    happens(engine, Kind.SLOT_BOOKED, **BOOKED)
    happens(engine, Kind.NOT_DELIVERED, after(minutes=1))
    word(engine, after(minutes=1))
    assert any("не застали" in text for text in told(engine))
    happens(engine, Kind.SLOT_BOOKED, after(minutes=2), **BOOKED | {"booking": 8})
    word(engine, after(minutes=2))
    assert ("booked", "budget") in dropped(engine)


def test_another_country_costs_what_nobody_agreed_to_and_is_rung_up(engine: Engine) -> None:
    parcel_with(engine, phone="+14155550100")
    happens(engine, Kind.ORDER_ACCEPTED)
    assert word(engine) == [Status.DEAD]
    (failure,) = failures(engine)
    assert failure["reason"] == "country"


def test_one_number_is_not_written_to_all_day(engine: Engine) -> None:
    with committed(engine) as session:
        for order in range(guards.A_DAY_PER_NUMBER + 2):
            parcel = add_parcel(session, str(order))
            journal.record(session, parcel, NewFact(Kind.ORDER_ACCEPTED, "test"), NOW)
    assert word(engine).count(Status.QUEUED) == guards.A_DAY_PER_NUMBER
    assert [failure["reason"] for failure in failures(engine)] == ["number_cap"] * 2


def orders_of(engine: Engine, shop_id: int, count: int) -> None:
    """So many new orders of a shop to one phone."""
    with committed(engine) as session:
        add_shop(session)
        if session.get(Shop, shop_id) is None:
            session.add(Shop(id=shop_id, code=f"s{shop_id}", name=f"М{shop_id}", phone="+73512000000", origin_id=1))
            session.flush()
        for order in range(count):
            parcel = add_parcel(session, f"{shop_id}-{order}")
            parcel.shop_id = shop_id
            session.flush()
            session.expire(parcel, ["shop"])
            journal.record(session, parcel, NewFact(Kind.ORDER_ACCEPTED, "test"), NOW)


def test_a_shop_with_sixty_orders_to_one_phone_silences_only_itself(engine: Engine) -> None:
    orders_of(engine, 1, 60)
    assert word(engine).count(Status.QUEUED) == guards.A_DAY_PER_NUMBER
    orders_of(engine, 2, 3)
    assert word(engine) == [Status.QUEUED] * 3


def test_the_first_link_of_one_more_shop_is_kept_a_place(engine: Engine) -> None:
    for shop_id in (1, 2):
        orders_of(engine, shop_id, guards.A_DAY_PER_NUMBER)
    word(engine)
    orders_of(engine, 3, 3)
    assert word(engine) == [Status.QUEUED, Status.QUEUED, Status.DEAD]
    assert [failure["reason"] for failure in failures(engine)] == ["all_shops_cap"]


def test_however_many_shops_one_phone_is_not_written_to_without_end(engine: Engine) -> None:
    for shop_id in range(1, 41):
        orders_of(engine, shop_id, 1)
    assert word(engine).count(Status.QUEUED) == guards.WITH_RESERVE


def test_who_hits_caps_is_known(engine: Engine) -> None:
    orders_of(engine, 1, 60)
    word(engine)
    with Session(engine) as session:
        (hit,) = guards.hits(session, NOW - timedelta(days=7))
    assert (hit.shop_id, hit.cap, hit.messages, hit.numbers) == (1, "number_cap", 50, 1)


def test_the_shop_pays_no_more_a_day_than_it_wants_to(engine: Engine) -> None:
    prefer(engine, daily_parts=0)
    happens(engine, Kind.ORDER_ACCEPTED)
    assert word(engine) == [Status.DEAD]
    assert failures(engine)[0]["reason"] == "shop_cap"


def test_the_shops_own_first_words(engine: Engine) -> None:
    prefer(engine, first_text="{shop}: заказ {order} едет, {link}")
    happens(engine, Kind.ORDER_ACCEPTED)
    word(engine)
    assert told(engine) == ["Тёплый дом: заказ 117 едет, veha.ru/t/1e1"]


def test_what_waited_too_long_is_thought_over_again(engine: Engine) -> None:
    happens(engine, Kind.NOT_DELIVERED)
    word(engine)
    happens(engine, Kind.DELIVERED, after(minutes=5))
    with committed(engine) as session:
        session.query(Message).filter_by(kind="missed").update({"status": Status.QUEUED})
    later = after(minutes=20)
    with committed(engine) as session:
        assert wording.reconsider(session, later) == 1
    word(engine, later)
    assert ("missed", "over") in dropped(engine)


def test_an_invitation_overtakes_a_mass_of_reminders(engine: Engine) -> None:
    with committed(engine) as session:
        for order in range(8):
            parcel = add_parcel(session, str(order), phone=f"+7913000{order:04}")
            journal.record(session, parcel, NewFact(Kind.AT_PICKUP, "test", place="Томск"), NOW - timedelta(days=6))
        session.query(Message).filter(Message.kind != "still_waiting").update({"status": Status.ACCEPTED})
        last = add_parcel(session, "new")
        journal.record(session, last, NewFact(Kind.ORDER_ACCEPTED, "test"), NOW)
    assert set(word(engine)) == {Status.QUEUED}
    with committed(engine) as session:
        first, *_ = delivery.claim(session, NOW, limit=3)
    assert first.text.startswith("Тёплый дом, new")


@pytest.mark.parametrize("kind", sorted(Occasion))
def test_every_occasion_can_be_worded(engine: Engine, kind: Occasion) -> None:
    with committed(engine) as session:
        parcel = add_parcel(session)
        parcel.promised_from = date(2026, 11, 26)
        story = wording.story.read(session, parcel, NOW)
        row = Message(kind=kind.value, channel="sms", audience="recipient", about={}, recipient=PHONE)
        wording._word(row, story, Preferences(), DESK)
    assert measure(row.text).parts == 1


# --- what went wrong once


def statuses(engine: Engine, kind: str) -> list[Status]:
    with Session(engine) as session:
        return list(session.scalars(select(Message.status).where(Message.kind == kind).order_by(Message.id)))


def test_a_mailbox_that_is_told_later_takes_nothing_from_the_phone(engine: Engine) -> None:
    happens(engine, Kind.ORDER_ACCEPTED, tomsk("2026-11-20T23:00"))
    parcel_with(engine, email="marina@example.org")
    happens(engine, Kind.DETAILS_CHANGED, tomsk("2026-11-20T23:10"), changed=["email"])
    assert set(word(engine, tomsk("2026-11-21T09:00"))) == {Status.QUEUED}
    assert statuses(engine, "first_link") == [Status.QUEUED, Status.QUEUED]


def test_who_has_refused_hears_nothing_of_tomorrow(engine: Engine) -> None:
    happens(engine, Kind.SLOT_BOOKED, **BOOKED)
    happens(engine, Kind.REFUSED, after(days=1))
    word(engine, tomsk("2026-11-25T18:00"))
    assert statuses(engine, "day_before") == [Status.DROPPED]


def test_an_incident_that_passes_leaves_the_eve_as_it_was(engine: Engine) -> None:
    happens(engine, Kind.SLOT_BOOKED, **BOOKED)
    happens(engine, Kind.INCIDENT, after(hours=1))
    happens(engine, Kind.ARRIVED, after(hours=2))
    word(engine, tomsk("2026-11-25T18:00"))
    assert statuses(engine, "day_before") == [Status.QUEUED]


@pytest.mark.parametrize(
    ("cause", "words"),
    [
        ("damaged", "посылка повреждена"),
        ("lost", "посылка потерялась"),
        ("stop_not_marked", "где курьер"),
        ("sorting_stopped", "задержка"),
    ],
)
def test_an_incident_is_told_by_what_it_is(engine: Engine, cause: str, words: str) -> None:
    happens(engine, Kind.INCIDENT, cause=cause)
    word(engine)
    (text,) = told(engine)
    assert words in text
    assert measure(text).parts == 1


def test_what_went_back_was_not_handed_over(engine: Engine) -> None:
    prefer(engine, owner_phone="+79990000001")
    happens(engine, Kind.REFUSED)
    happens(engine, Kind.DELIVERED, after(minutes=1))
    word(engine, after(minutes=1))
    assert statuses(engine, "received") == [Status.DROPPED]


def test_a_late_scan_of_a_place_of_issue_takes_nothing_from_the_courier(engine: Engine) -> None:
    morning = tomsk("2026-11-26T09:05")
    happens(engine, Kind.TO_COURIER, morning, day="2026-11-26", **{"from": "14:00", "until": "15:00"})
    happens(engine, Kind.AT_PICKUP, morning + timedelta(minutes=1), place="Томск, пункт выдачи")
    word(engine, tomsk("2026-11-26T13:00"))
    assert statuses(engine, "hour_before") == [Status.QUEUED]


def test_the_owner_hears_of_every_parcel(engine: Engine) -> None:
    prefer(engine, owner_phone="+79990000001")
    with committed(engine) as session:
        for order in range(guards.A_DAY_PER_NUMBER + 3):
            journal.record(session, add_parcel(session, str(order)), NewFact(Kind.DELIVERED, "test"), NOW)
    word(engine)
    assert set(statuses(engine, "received")) == {Status.QUEUED}


def test_an_arrival_that_becomes_known_late_does_not_remind_at_once(engine: Engine) -> None:
    with committed(engine) as session:
        late = NewFact(Kind.AT_PICKUP, "test", at=NOW - timedelta(days=11), place="Томск")
        journal.record(session, add_parcel(session), late, NOW)
    word(engine)
    assert statuses(engine, "at_pickup") == [Status.QUEUED]
    assert Status.QUEUED not in statuses(engine, "still_waiting")


def test_a_shop_that_sleeps_early_tells_the_eve_before_it_sleeps(engine: Engine) -> None:
    prefer(engine, ends=18)
    happens(engine, Kind.SLOT_BOOKED, **BOOKED)
    word(engine, tomsk("2026-11-25T17:00"))
    assert statuses(engine, "day_before") == [Status.QUEUED]


def test_two_scans_of_one_hand_over_are_one_message(engine: Engine) -> None:
    for minutes in (0, 20):
        happens(engine, Kind.TO_COURIER, tomsk("2026-11-26T09:05") + timedelta(minutes=minutes))
    assert len(statuses(engine, "courier")) == 1


def test_the_owner_is_written_to_by_his_own_clock(engine: Engine) -> None:
    prefer(engine, owner_phone="+79990000001")
    with committed(engine) as session:
        parcel = add_parcel(session)
        session.add(Settlement(id=2, name="Анадырь", region_code="87", region="Чукотский АО", zone="Asia/Anadyr"))
        session.flush()
        parcel.settlement_id = 2
    noon_in_anadyr = datetime(2026, 11, 20, 0, tzinfo=UTC)  # 7 in Tomsk
    happens(engine, Kind.DELIVERED, noon_in_anadyr)
    word(engine, noon_in_anadyr)
    assert statuses(engine, "received") == [Status.OWED]


def test_what_the_shop_has_taken_over_meanwhile_is_left_to_it(engine: Engine) -> None:
    happens(engine, Kind.ARRIVED, tomsk("2026-11-20T23:00"))
    prefer(engine, tellers={(Occasion.IN_CITY, Channel.SMS): Teller.SHOP})
    word(engine, tomsk("2026-11-21T09:00"))
    assert dropped(engine) == [("in_city", "not_ours")]


def test_the_hour_is_not_told_when_it_is_over(engine: Engine) -> None:
    happens(engine, Kind.TO_COURIER, tomsk("2026-11-26T07:30"), day="2026-11-26", **{"from": "14:00", "until": "15:00"})
    word(engine, tomsk("2026-11-26T15:20"))  # nobody sent anything before
    assert statuses(engine, "hour_before") == [Status.DROPPED]
    assert told(engine) == ["Тёплый дом, 117: привезём сегодня: veha.ru/t/1e1"]


def test_a_courier_who_comes_first_thing_is_announced_once(engine: Engine) -> None:
    happens(engine, Kind.TO_COURIER, tomsk("2026-11-26T07:30"), day="2026-11-26", **{"from": "10:00", "until": "11:00"})
    word(engine, tomsk("2026-11-26T09:00"))
    assert len(told(engine)) == 1
