"""The operator's desk: take a call, agree or not, and be told exactly when somebody else was faster."""

from collections.abc import Iterator
from datetime import date, time, timedelta

import pytest
import time_machine
from flask import Flask
from sqlalchemy import select

from parcels import journal
from parcels.journal import NewFact
from parcels.models import Fact, Parcel, Staff
from parcels.stages import Kind, Stage
from portal import links
from portal.extensions import now
from portal.transaction import reading, transaction
from scheduling import booking, calls
from scheduling.calendars import local_date, moment
from scheduling.models import Booking, Call, Slot
from tests.factories import ANADYR, NOW, make_parcel, make_staff, make_world, travel
from tests.web.test_account import Browser

#: Tuesday, 17 November, 13:00 in Tomsk.
ONE = NOW + timedelta(days=1, hours=-1)
ARRIVED = (Kind.HANDED_OVER, Kind.DEPARTED, Kind.ARRIVED)
THURSDAY = "2026-11-19T14:00"


@pytest.fixture
def queued(app: Flask) -> list[int]:
    """Two calls that may be made now, the first of them waiting longer; both parcels are in the city."""
    with transaction() as session:
        shop = make_world(session, NOW - timedelta(days=2))
        make_staff(session, "operator")
        make_staff(session, "operator", "second").name = "Пётр Ильин"
        made = []
        for minutes, name, phone in ((90, "Марина Кузнецова", "+79130001242"), (20, "Рустам Гареев", "+79130001243")):
            parcel = make_parcel(session, shop, NOW - timedelta(days=2), recipient=name, phone=phone)
            travel(session, parcel, ARRIVED, NOW - timedelta(days=2))
            made.append(calls.queue(session, parcel, "not_chosen", "Asia/Tomsk", ONE - timedelta(minutes=minutes)).id)
        return made


@pytest.fixture
def operator(app: Flask, queued: list[int]) -> Iterator[Browser]:
    with time_machine.travel(ONE, tick=False):
        desk = Browser(app, "operator")
        desk.get("/calls")
        yield desk


def take(desk: Browser) -> int:
    """Press the big button; the id of the call whose page is open then."""
    place = desk.post("/calls/next").location
    assert desk.get(place).status_code == 200
    return int(place.rsplit("/", 1)[1])


def sheet(call_id: int) -> dict[str, object]:
    """The hidden fields of a call's form as it stands now."""
    with reading() as session:
        call = session.get_one(Call, call_id)
        return {"version": session.get_one(Parcel, call.parcel_id).version, "attempt": call.attempts + 1}


def parcel_of(call_id: int) -> Parcel:
    with reading() as session:
        return session.get_one(Parcel, session.get_one(Call, call_id).parcel_id)


def attempts(call_id: int) -> list[dict[str, object]]:
    with reading() as session:
        query = select(Fact).where(Fact.kind == Kind.CALL_ATTEMPTED).order_by(Fact.seq)
        return [fact.details for fact in session.scalars(query) if fact.details["call"] == call_id]


def test_the_desk_shows_the_queue_with_everybodys_own_clock(operator: Browser) -> None:
    page = operator.get("/calls").text
    assert "Ждут звонка: 2\u00a0получателя" in page
    assert page.index("Марина Кузнецова") < page.index("Рустам Гареев")
    assert "Томск, 13:00" in page
    assert "не выбрал время сам" in page
    assert "ждёт 1 ч 30 мин" in page
    assert "1-я попытка" in page


def test_with_nobody_to_call_the_desk_says_when(app: Flask, queued: list[int]) -> None:
    with transaction() as session:
        for call in session.scalars(select(Call)):
            call.due_at, call.closes_at = ONE + timedelta(hours=2), ONE + timedelta(hours=8)
    with time_machine.travel(ONE, tick=False):
        desk = Browser(app, "operator")
        assert "через 2 ч 1 мин" in desk.get("/calls").text
        assert "Марина Кузнецова, вт, 17\u00a0ноября, в 15:00 по времени получателя" in desk.get("/calls").text
        assert desk.post("/calls/next").location == "/calls"


def test_two_operators_get_two_calls_and_the_same_one_again(app: Flask, operator: Browser, queued: list[int]) -> None:
    second = Browser(app, "second")
    second.get("/calls")
    assert [take(operator), take(second)] == queued
    assert take(operator) == queued[0]
    assert "Пётр Ильин" in operator.get("/calls").text


def test_the_call_page_says_whom_when_and_what(operator: Browser) -> None:
    page = operator.get(f"/calls/{take(operator)}").text
    assert "+7\u00a0913\u00a0000-12-42" in page
    assert "Томск, 13:00. Звонить можно до 21:00" in page
    assert "в среду, 18\u00a0ноября, с\u00a010 до\u00a014" in page
    assert 'value="2026-11-18T10:00"' in page
    assert "В городе" in page
    assert "4\u00a0990\u00a0₽" in page
    assert "Принят магазином" in page
    assert "SMS: Отслеживание начато" in page


def test_agreed_books_the_slot_closes_the_call_and_opens_the_next(operator: Browser, queued: list[int]) -> None:
    call_id = take(operator)
    form = {"slot": THURSDAY, "note": "после обеда", **sheet(call_id)}
    answer = operator.post(f"/calls/{call_id}/outcome", outcome="agreed", **form)
    assert (answer.status_code, answer.location) == (303, f"/calls/{queued[1]}")
    assert "Записано. Марина Кузнецова: договорились" in " ".join(operator.get(answer.location).text.split())
    parcel = parcel_of(call_id)
    assert parcel.stage is Stage.SCHEDULED
    (details,) = attempts(call_id)
    assert (details["outcome"], details["by"], details["note"]) == ("agreed", "Ольга Смирнова", "после обеда")
    with reading() as session:
        held = session.scalars(select(Booking).where(Booking.parcel_id == parcel.id, Booking.is_active)).one()
        staff_id = session.scalars(select(Staff.id).where(Staff.login == "operator")).one()
        slot = session.get_one(Slot, held.slot_id)
        assert (held.made_by, slot.taken) == (f"operator:{staff_id}", 1)
        assert f"{slot.day}T{slot.starts:%H:%M}" == THURSDAY
        assert session.get_one(Call, call_id).closed_at is not None


def test_a_day_without_hours_postpones(operator: Browser) -> None:
    call_id = take(operator)
    later = parcel_of(call_id).promised_from + timedelta(days=7)
    assert f'value="{later.isoformat()}"' in operator.get(f"/calls/{call_id}").text
    operator.post(f"/calls/{call_id}/outcome", outcome="agreed", slot=later.isoformat(), **sheet(call_id))
    assert parcel_of(call_id).stage is Stage.POSTPONED


@pytest.mark.parametrize("outcome", ["no_answer", "busy", "later"])
def test_an_attempt_in_vain_waits_for_its_next_hour(operator: Browser, outcome: str) -> None:
    call_id = take(operator)
    answer = operator.post(f"/calls/{call_id}/outcome", outcome=outcome, **sheet(call_id))
    assert answer.status_code == 303
    with reading() as session:
        call = session.get_one(Call, call_id)
    assert (call.attempts, call.closed_at, call.leased_by, call.due_at > ONE) == (1, None, None, True)


def test_a_refusal_sends_the_parcel_back(operator: Browser) -> None:
    call_id = take(operator)
    operator.post(f"/calls/{call_id}/outcome", outcome="refused", sure="yes", **sheet(call_id))
    assert parcel_of(call_id).stage is Stage.REFUSED
    assert operator.get(f"/calls/{call_id}").status_code == 409


def test_a_slip_of_the_finger_refuses_no_order(operator: Browser) -> None:
    call_id = take(operator)
    answer = operator.post(f"/calls/{call_id}/outcome", outcome="refused", **sheet(call_id))
    assert answer.status_code == 409
    assert "Отказ не записан" in answer.text
    assert parcel_of(call_id).side is None
    assert attempts(call_id) == []


def test_who_asks_to_be_called_at_six_is_called_at_six(operator: Browser) -> None:
    call_id = take(operator)
    with reading() as session:
        zone = session.get_one(Parcel, session.get_one(Call, call_id).parcel_id).zone
    tomorrow = local_date(now(), zone) + timedelta(days=1)
    operator.post(f"/calls/{call_id}/outcome", outcome="later", call_at=f"{tomorrow}T18:00", **sheet(call_id))
    with reading() as session:
        assert session.get_one(Call, call_id).due_at == moment(tomorrow, time(18), zone)


@pytest.mark.parametrize("wanted", ["2020-01-01T18:00", "2099-01-01T18:00"])
def test_an_hour_that_is_over_or_far_away_is_said_and_not_moved(operator: Browser, wanted: str) -> None:
    call_id = take(operator)
    answer = operator.post(f"/calls/{call_id}/outcome", outcome="later", call_at=wanted, **sheet(call_id))
    assert answer.status_code == 409
    assert "оно прошло или слишком далеко" in answer.text
    assert attempts(call_id) == []


def test_a_second_press_changes_nothing_and_goes_on(operator: Browser, queued: list[int]) -> None:
    call_id, form = take(operator), sheet(queued[0])
    for _press in range(2):
        answer = operator.post(f"/calls/{call_id}/outcome", outcome="no_answer", **form)
        assert (answer.status_code, answer.location) == (303, f"/calls/{queued[1]}")
    assert len(attempts(call_id)) == 1


@pytest.mark.parametrize("choice", ["", "tomorrow", "2026-13-01T10:00"])
def test_agreed_about_nothing_keeps_nothing(operator: Browser, choice: str) -> None:
    call_id = take(operator)
    answer = operator.post(f"/calls/{call_id}/outcome", outcome="agreed", slot=choice, note="слова", **sheet(call_id))
    assert answer.status_code == 409
    assert "Мы не поняли, какое время вы выбрали" in answer.text
    assert ">слова</textarea>" in answer.text
    assert attempts(call_id) == []


def test_a_taken_slot_brings_the_page_back_with_what_is_free(operator: Browser) -> None:
    call_id = take(operator)
    form = sheet(call_id)
    with transaction() as session:
        for slot in session.scalars(select(Slot).where(Slot.day == date(2026, 11, 19), Slot.starts == time(14))):
            slot.taken = slot.capacity
    answer = operator.post(f"/calls/{call_id}/outcome", outcome="agreed", slot=THURSDAY, **form)
    assert answer.status_code == 409
    assert "только что заняли" in answer.text
    assert attempts(call_id) == []
    assert operator.get(f"/calls/{call_id}").status_code == 200, "the call is still hers"


def test_what_happened_meanwhile_stops_an_agreement(operator: Browser) -> None:
    call_id = take(operator)
    old = sheet(call_id)
    with transaction() as session:
        parcel = journal.lock(session, session.get_one(Call, call_id).parcel_id)
        journal.record(session, parcel, NewFact(Kind.INCIDENT, "carrier:test"), ONE)
    answer = operator.post(f"/calls/{call_id}/outcome", outcome="agreed", slot=THURSDAY, **old)
    assert (answer.status_code, "Пока страница была открыта" in answer.text) == (409, True)
    assert attempts(call_id) == []
    again = operator.post(f"/calls/{call_id}/outcome", outcome="agreed", slot=THURSDAY, **sheet(call_id))
    assert again.status_code == 303


def test_when_the_recipient_was_faster_it_is_said(operator: Browser) -> None:
    call_id = take(operator)
    old = sheet(call_id)
    with transaction() as session:
        parcel = journal.lock(session, parcel_of(call_id).id)
        booking.book(session, parcel, date(2026, 11, 19), time(14), booking.Asker("recipient", parcel.version), ONE)
    posted = operator.post(f"/calls/{call_id}/outcome", outcome="no_answer", **old)
    for answer in (posted, operator.get(f"/calls/{call_id}")):
        assert answer.status_code == 409
        assert "получатель только что выбрал сам, в четверг, 19\u00a0ноября, с\u00a014 до\u00a018" in answer.text
    assert attempts(call_id) == []


def test_a_call_of_somebody_else_is_not_shown(app: Flask, operator: Browser) -> None:
    call_id = take(operator)
    second = Browser(app, "second")
    second.get("/calls")
    posted = second.post(f"/calls/{call_id}/outcome", outcome="refused", **sheet(call_id))
    for answer in (posted, second.get(f"/calls/{call_id}")):
        assert answer.status_code == 409
        assert "звонок взял другой оператор, Ольга Смирнова" in answer.text
    assert parcel_of(call_id).stage is Stage.IN_CITY


def test_a_call_can_be_given_back(operator: Browser, queued: list[int]) -> None:
    call_id = take(operator)
    for _press in range(2):
        assert operator.post(f"/calls/{call_id}/release").location == "/calls"
    assert "этот звонок сейчас ни за кем" in operator.get(f"/calls/{call_id}").text
    assert take(operator) == queued[0]


def test_strange_requests_get_plain_answers(operator: Browser) -> None:
    call_id = take(operator)
    assert operator.post(f"/calls/{call_id}/outcome", outcome="bribed").status_code == 400
    assert operator.get("/calls/999").status_code == 404
    assert operator.post("/calls/999/outcome", outcome="busy").status_code == 404


def test_where_no_choice_is_possible_the_other_outcomes_stay(app: Flask, operator: Browser) -> None:
    with transaction() as session:
        shop = session.scalars(select(Parcel)).first().shop
        parcel = make_parcel(session, shop, ONE, settlement_id=None, address="", phone="+79130001244")
        call_id = calls.queue(session, parcel, "no_address", "Asia/Tomsk", ONE - timedelta(hours=3)).id
    page = operator.get(f"/calls/{take(operator)}").text
    assert f"/calls/{call_id}/outcome" in page
    assert ('value="agreed"' in page, 'value="later"' in page) == (False, True)


# --- a call is to a person


@pytest.fixture
def three(app: Flask, queued: list[int]) -> list[int]:
    """Two more calls to the first one's phone: one like his, one to another city. Returns the ids of their parcels."""
    with transaction() as session:
        parcel = session.get_one(Parcel, session.get_one(Call, queued[0]).parcel_id)
        made = []
        for place in (parcel.settlement_id, ANADYR):
            then = NOW - timedelta(days=2)
            other = make_parcel(session, parcel.shop, then, phone=parcel.phone, settlement_id=place)
            travel(session, other, ARRIVED, then)
            calls.queue(session, other, "not_chosen", other.zone, ONE - timedelta(minutes=10))
            made.append(other.id)
        return [parcel.id, *made]


def versions(ids: list[int]) -> dict[str, object]:
    with reading() as session:
        return {f"version-{one}": session.get_one(Parcel, one).version for one in ids}


def call_to(parcel_id: int) -> Call:
    with reading() as session:
        return session.scalars(select(Call).where(Call.parcel_id == parcel_id)).one()


def test_all_that_a_person_waits_for_is_on_one_screen(operator: Browser, three: list[int]) -> None:
    page = " ".join(operator.get(f"/calls/{take(operator)}").text.split())
    with reading() as session:
        numbers = [session.get_one(Parcel, one).order_number for one in three[1:]]
    assert all(number in page for number in numbers)
    assert f'name="also" value="{three[1]}"' in page
    assert f'name="also" value="{three[2]}"' not in page, "another city has other couriers"
    assert "3\u00a0заказа" in operator.get("/calls").text


def test_one_answer_is_for_several_parcels(operator: Browser, three: list[int], queued: list[int]) -> None:
    call_id = take(operator)
    form = {"slot": THURSDAY, "also": three[1], **sheet(call_id), **versions(three)}
    answer = operator.post(f"/calls/{call_id}/outcome", outcome="agreed", **form)
    assert [call_to(one).outcome for one in three] == ["chosen", "chosen", None]
    assert answer.location == f"/calls/{call_to(three[2]).id}", "he is on the line, and waits for one more"
    third = call_to(three[2]).id
    operator.post(f"/calls/{third}/outcome", outcome="no_answer", **sheet(third))
    assert operator.post("/calls/next").location == f"/calls/{queued[1]}"


@pytest.mark.parametrize("outcome", ["no_answer", "busy", "later"])
def test_who_did_not_answer_is_not_rung_again_about_his_next_parcel(
    operator: Browser, three: list[int], queued: list[int], outcome: str
) -> None:
    call_id = take(operator)
    answer = operator.post(f"/calls/{call_id}/outcome", outcome=outcome, **sheet(call_id))
    assert answer.location == f"/calls/{queued[1]}"
    assert len({call_to(one).due_at for one in three[:2]}) == 1
    assert all(call_to(one).due_at > ONE and call_to(one).attempts == 1 for one in three)


def test_what_cannot_be_agreed_for_one_of_them_is_agreed_for_none(operator: Browser, three: list[int]) -> None:
    call_id = take(operator)
    old = {"slot": THURSDAY, "also": three[1], **sheet(call_id), **versions(three)}
    with transaction() as session:
        journal.record(session, journal.lock(session, three[1]), NewFact(Kind.INCIDENT, "carrier:test"), ONE)
    answer = operator.post(f"/calls/{call_id}/outcome", outcome="agreed", **old)
    assert answer.status_code == 409
    assert [parcel.stage for parcel in map(parcel_of, [call_id])] == [Stage.IN_CITY]
    assert attempts(call_id) == []


@pytest.mark.parametrize("stranger", [2, 999_999])
def test_a_parcel_of_somebody_else_is_not_settled_along(
    operator: Browser, three: list[int], queued: list[int], stranger: int
) -> None:
    call_id = take(operator)
    other = parcel_of(queued[1]).id if stranger == 2 else stranger
    form = {"slot": THURSDAY, "also": other, **sheet(call_id), f"version-{other}": 1}
    assert operator.post(f"/calls/{call_id}/outcome", outcome="agreed", **form).status_code == 409
    assert attempts(call_id) == []
    assert parcel_of(queued[1]).stage is Stage.IN_CITY


# --- calling hours


@pytest.mark.parametrize("clock", ["23:30", "21:00", "08:59", "00:00"])
def test_an_hour_at_night_is_refused_and_not_moved(operator: Browser, clock: str) -> None:
    call_id = take(operator)
    answer = operator.post(
        f"/calls/{call_id}/outcome", outcome="later", call_at=f"2026-11-18T{clock}", **sheet(call_id)
    )
    assert answer.status_code == 409
    assert "только с 9 до 21 по его часам" in answer.text
    assert attempts(call_id) == []


def test_when_he_is_called_again_is_said(operator: Browser) -> None:
    call_id = take(operator)
    form = {"outcome": "later", "call_at": "2026-11-18T09:00", **sheet(call_id)}
    page = operator.get(operator.post(f"/calls/{call_id}/outcome", **form).location).text
    assert "Позвоним снова: ср, 18\u00a0ноября, 09:00, по часам получателя." in page


def test_his_own_page_says_when_we_ring(app: Flask, operator: Browser) -> None:
    call_id = take(operator)
    page = app.test_client().get(f"/t/{links.token_for(parcel_of(call_id))}").text
    assert "Мы уже звоним вам." in page
    operator.post(f"/calls/{call_id}/outcome", outcome="later", call_at="2026-11-18T09:00", **sheet(call_id))
    page = app.test_client().get(f"/t/{links.token_for(parcel_of(call_id))}").text
    assert "Позвоним вам: ср, 18\u00a0ноября, 09:00." in page
    assert "Мы уже звоним вам." not in page
    with time_machine.travel(moment(date(2026, 11, 18), time(9, 5), "Asia/Tomsk"), tick=False):
        assert "Мы уже звоним вам." in app.test_client().get(f"/t/{links.token_for(parcel_of(call_id))}").text
    with time_machine.travel(moment(date(2026, 11, 18), time(21, 30), "Asia/Tomsk"), tick=False):
        page = app.test_client().get(f"/t/{links.token_for(parcel_of(call_id))}").text
    assert "Позвоним вам: чт, 19\u00a0ноября, 09:00." in page


# --- the script by what the call is about


def at_pickup(call_id: int, **details: object) -> int:
    """The first parcel lies at a place of issue, and somebody is called about it. Returns the call."""
    with transaction() as session:
        parcel = journal.lock(session, session.get_one(Call, call_id).parcel_id)
        told = {"address": "пр. Ленина, 54", "open": "9–20", "kept_until": "2026-11-18", **details}
        journal.record(session, parcel, NewFact(Kind.AT_PICKUP, "carrier:test", details=told), ONE)
        return calls.queue(session, parcel, "at_pickup", parcel.zone, ONE - timedelta(hours=2)).id


@pytest.fixture
def waits(queued: list[int], operator: Browser) -> int:
    at_pickup(queued[0])
    return take(operator)


def test_a_call_about_a_pickup_point_names_place_and_last_day(operator: Browser, waits: int) -> None:
    page = operator.get(f"/calls/{waits}").text
    assert "пр. Ленина, 54, 9–20" in page
    assert "в среду, 18\u00a0ноября" in page
    assert "курьер не ездит" not in page
    for outcome in ("collects", "extended", "refused", "no_answer", "later"):
        assert f'value="{outcome}"' in page
    assert " checked" not in page.split('id="agree"')[1].split("</form>")[0]


def test_who_comes_in_time_is_called_again_only_after_the_last_day(operator: Browser, waits: int) -> None:
    operator.post(f"/calls/{waits}/outcome", outcome="collects", **sheet(waits))
    with reading() as session:
        call = session.get_one(Call, waits)
    assert (call.closed_at, call.due_at) == (None, moment(date(2026, 11, 19), time(9), "Asia/Tomsk"))


def test_storage_is_extended_once(operator: Browser, waits: int) -> None:
    operator.post(f"/calls/{waits}/outcome", outcome="extended", **sheet(waits))
    parcel = parcel_of(waits)
    assert parcel.next_action_at == moment(date(2026, 11, 24), time(9), "Asia/Tomsk")
    with reading() as session:
        assert session.get_one(Call, waits).outcome == "extended"
    with transaction() as session:  # the carrier scans it again, and knows nothing of it
        fact = NewFact(Kind.AT_PICKUP, "carrier:test", details={"address": "пр. Ленина, 54"})
        journal.record(session, journal.lock(session, parcel.id), fact, ONE)
    assert parcel_of(waits).next_action_at == parcel.next_action_at
    with transaction() as session:
        held = journal.lock(session, parcel.id)
        again = calls.queue(session, held, "at_pickup", held.zone, ONE - timedelta(hours=3)).id
        session.get_one(Call, again).due_at = ONE - timedelta(hours=3)
        session.get_one(Call, waits).rests_until = None
    operator.post(f"/calls/{take(operator)}/release")
    assert take(operator) == again
    assert 'value="extended"' not in operator.get(f"/calls/{again}").text
    answer = operator.post(f"/calls/{again}/outcome", outcome="extended", **sheet(again))
    assert (answer.status_code, "уже продлевали" in answer.text) == (409, True)


def test_a_parcel_at_a_pickup_point_can_be_sent_back(operator: Browser, waits: int) -> None:
    operator.post(f"/calls/{waits}/outcome", outcome="refused", sure="yes", **sheet(waits))
    assert parcel_of(waits).stage is Stage.REFUSED


@pytest.mark.parametrize("cause", ["lost", "damaged", "sorting_stopped", ""])
def test_a_call_about_an_incident_proposes_no_day(operator: Browser, queued: list[int], cause: str) -> None:
    with transaction() as session:
        parcel = journal.lock(session, session.get_one(Call, queued[0]).parcel_id)
        journal.record(session, parcel, NewFact(Kind.INCIDENT, "carrier:test", details={"cause": cause}), ONE)
    call_id = take(operator)
    page = operator.get(f"/calls/{call_id}").text
    assert "Простите" in page
    assert "Удобно" not in page
    assert " checked" not in page
    operator.post(f"/calls/{call_id}/outcome", outcome="told", **sheet(call_id))
    with reading() as session:
        call = session.get_one(Call, call_id)
    assert (call.closed_at, call.due_at) == (None, ONE + timedelta(days=1))


@pytest.mark.parametrize("outcome", ["collects", "extended"])
def test_what_lies_at_no_pickup_point_is_not_collected(operator: Browser, outcome: str) -> None:
    call_id = take(operator)
    answer = operator.post(f"/calls/{call_id}/outcome", outcome=outcome, **sheet(call_id))
    assert (answer.status_code, attempts(call_id)) == (409, [])
