"""The courier's page: the order of the day, taking the load, marks that may be pressed twice."""

import re
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta

import pytest
import time_machine
from flask import Flask
from sqlalchemy import select, update
from werkzeug.test import TestResponse

from parcels import journal
from parcels.models import Fact, Parcel, Warehouse
from parcels.stages import Kind, Stage
from portal import links
from portal.transaction import reading, transaction
from scheduling import booking
from scheduling.round_models import Round, RoundStop
from tests.factories import KALININGRAD, NOW, TOMSK, make_parcel, make_round, make_staff, make_world, travel, zone_of
from tests.web.test_account import Browser

TODAY = date(2026, 11, 26)
#: Thursday noon in Tomsk.
NOON = datetime.combine(TODAY, time(5), NOW.tzinfo)
ARRIVED = (Kind.HANDED_OVER, Kind.DEPARTED, Kind.ARRIVED)


@pytest.fixture
def parcels(app: Flask) -> list[int]:
    """Two parcels in the depot, for the morning and the day, and one for the evening that has not arrived."""
    with transaction() as session:
        shop = make_world(session)
        make_staff(session, "courier", zone_id=zone_of(session, TOMSK).id)
        made = []
        for hour, address, kinds, cod in (
            (14, "Учебная, 20", ARRIVED, 0),
            (10, "Нахимова, 12, кв. 7", ARRIVED, 499_000),
            (18, "Усова, 21/2", ARRIVED[:2], 89_000),
        ):
            parcel = make_parcel(session, shop, address=address, cod_minor=cod)
            at = travel(session, parcel, kinds)
            booking.book(session, parcel, TODAY, time(hour), booking.Asker("recipient", parcel.version), at)
            made.append(parcel.id)
        make_round(session, TOMSK, TODAY, NOON - timedelta(hours=12))
        return made


@pytest.fixture
def courier(app: Flask, parcels: list[int]) -> Iterator[Browser]:
    with time_machine.travel(NOON, tick=False):
        courier = Browser(app, "courier")
        courier.get("/round")
        yield courier


def stage_of(parcel_id: int) -> Stage:
    with reading() as session:
        return session.get_one(Parcel, parcel_id).stage


def count_of(parcel_id: int, kind: Kind) -> int:
    with reading() as session:
        return len(session.scalars(select(Fact).where(Fact.parcel_id == parcel_id, Fact.kind == kind)).all())


def take(courier: Browser, *parcels: int) -> None:
    for parcel_id in parcels:
        assert courier.post("/round/scan", code=f"VH{parcel_id:09d}").status_code == 303


def hand_over(courier: Browser, parcel_id: int, cash: str = "", **more: str) -> TestResponse:
    return courier.post(f"/round/{parcel_id}/delivered", to="Марина", cash=cash, **more)


def test_stops_stand_in_the_order_of_the_round(courier: Browser) -> None:
    page = courier.get("/round").text
    screen = page[: page.index("sheet-print")]
    places = [screen.rindex(address) for address in ("Нахимова, 12", "Учебная, 20", "Усова, 21/2")]
    assert places == sorted(places)
    assert "0 из 3" in page
    assert "Рейс Т-1" in page
    assert '<body class="courier"' in page
    assert 'action="/round/scan"' in page
    assert "Ещё не в городе" in page
    assert "Вручил" not in page, "nothing is in the car yet"
    assert re.search(r'data-mark="start"[^>]+hidden', page), "and nobody leaves with nothing"


def test_each_parcel_is_scanned_into_the_car(courier: Browser, parcels: list[int]) -> None:
    take(courier, parcels[1], parcels[1], parcels[0])
    assert [stage_of(p) for p in parcels] == [Stage.WITH_COURIER, Stage.WITH_COURIER, Stage.SCHEDULED]
    assert count_of(parcels[1], Kind.TO_COURIER) == 1
    page = courier.get("/round").text
    box = page[page.index('id="next"') : page.index("</section>", page.index('id="next"'))]
    assert "Нахимова, 12" in box
    assert "4\u00a0990\u00a0₽" in box
    assert 'href="tel:+79130001242"' in box
    assert 'href="geo:0,0?q=' in box
    answer = courier.post("/round/scan", code="VH000999999")
    assert (answer.status_code, "нет ни в одном рейсе" in answer.text) == (409, True)
    assert courier.post("/round/scan", unreadable=f"VH{parcels[2]:09d}").status_code == 303
    assert stage_of(parcels[2]) is Stage.WITH_COURIER


def test_the_day_from_leaving_to_closing(app: Flask, courier: Browser, parcels: list[int]) -> None:
    assert courier.post("/round/start").status_code == 409
    take(courier, *parcels)
    assert "Позвоните за час" in courier.get("/round").text
    assert courier.post(f"/round/{parcels[1]}/warned").status_code == 303
    assert "предупреждён" in courier.get("/round").text
    assert courier.post("/round/start").status_code == 303
    hand_over(courier, parcels[1], "4990")
    hand_over(courier, parcels[0])
    courier.post(f"/round/{parcels[2]}/failed", why="quality")
    courier.post(f"/round/{parcels[2]}/failed", why="bad_quality")
    early = courier.post("/round/close", cash_RUB="4990")
    assert early.status_code == 409
    assert "Не отсканированы на складе посылки с адресов: 3." in early.text
    assert courier.post("/round/back", code=f"VH{parcels[0]:09d}").status_code == 409
    assert courier.post("/round/back", code=f"VH{parcels[2]:09d}").status_code == 303
    assert "ждём скана склада" in courier.get("/round").text
    assert "Деньги не сходятся" in courier.post("/round/close", cash_RUB="4900").text
    assert courier.post("/round/close", cash_RUB="4 990,00").status_code == 303
    page = courier.get("/round").text
    assert "Вы сдаёте рейс" in page
    assert "за вами посылок: 1, денег: 4\u00a0990\u00a0₽" in page
    taken_over(app, parcels[2])
    page = courier.get("/round").text
    assert "склад принял в 12:00" in page
    assert "Рейс закрыт в 12:00" in page
    assert "За вами ничего нет" in page


def taken_over(app: Flask, parcel_id: int) -> None:
    """A storekeeper scans the parcel that comes back; a cashier counts the money."""
    with transaction() as session:
        depot = Warehouse(name="Томск, склад", settlement_id=TOMSK)
        session.add(depot)
        session.flush()
        make_staff(session, "warehouse", warehouse_id=depot.id)
        make_staff(session, "operator", "cashier", is_cashier=True)
        make_staff(session, "operator")
    listed = Browser(app, "operator").get("/hand-ins").text
    assert "говорит, что сдал" in listed
    assert "Говорит, что сдаёт рейс" in listed
    keeper, cashier = Browser(app, "warehouse"), Browser(app, "cashier")
    assert "говорит, что сдал" in keeper.get("/hand-ins").text
    scan = {"mode": "back", "client": "a", "code": f"VH{parcel_id:09d}"}
    answer = keeper.post("/station/scan", **scan)
    assert "Принята от курьера" in keeper.get(answer.location or "").text
    page = cashier.get("/money").text
    round_id = re.findall(r'id="count-(\d+)"', page)[0]
    gap = cashier.post("/money/count", round=round_id, counted_RUB="4 900")
    assert (gap.status_code, "Не сходится: \u221290\u00a0₽" in gap.text) == (409, True)
    assert 'name="gap_RUB" value="-9000"' in gap.text
    assert cashier.post("/money/count", round=round_id, counted_RUB="4990").status_code == 303
    assert cashier.post("/money/count", round=round_id, counted_RUB="4990").status_code == 409
    assert cashier.post("/money/count", round="999", counted_RUB="4990").status_code == 404
    assert cashier.post("/money/count", round=round_id).status_code == 422
    assert "Сдавать некому" in keeper.get("/hand-ins").text


def test_the_recipient_sees_how_many_come_before_him(app: Flask, courier: Browser, parcels: list[int]) -> None:
    take(courier, *parcels)
    with reading() as session:
        link = f"/t/{links.token_for(session.get_one(Parcel, parcels[2]))}"
    assert "Перед вами" not in app.test_client().get(link).text
    courier.post("/round/start")
    with time_machine.travel(NOON + timedelta(minutes=1), tick=False):
        assert "Перед вами 2\u00a0адреса" in app.test_client().get(link).text
    hand_over(courier, parcels[1], "4990")
    with time_machine.travel(NOON + timedelta(minutes=2), tick=False):
        page = app.test_client().get(link).text
    assert "Перед вами 1\u00a0адрес." in page
    assert "с\u00a018 до\u00a018:30" in page


def test_who_waits_for_longer_than_the_named_hour_is_told_so(app: Flask, courier: Browser, parcels: list[int]) -> None:
    take(courier, *parcels)
    with reading() as session:
        link = f"/t/{links.token_for(session.get_one(Parcel, parcels[1]))}"
    page = app.test_client().get(link).text
    assert re.search(r"<h1>Курьер опаздывает: ждали [^<]+, с\u00a010 до\u00a011</h1>", page)
    assert "Простите. Позвоните нам" in page
    assert re.search(r'hx-get="[^"]+"\s+hx-trigger="every 60s"', page), "an open page asks anew by itself"
    courier.post("/round/start")
    with time_machine.travel(NOON + timedelta(minutes=1), tick=False):
        page = app.test_client().get(link).text
    assert "<h1>Сегодня с\u00a012:05 до\u00a012:35</h1>" in page
    assert "<s>с\u00a010 до\u00a011</s>. Простите." in page


def test_a_double_press_is_harmless_and_the_money_is_counted(courier: Browser, parcels: list[int]) -> None:
    take(courier, *parcels[:2])
    for slip in ("100", "-4990", "1e999999", "NaN", "много"):
        assert "сумма не та" in hand_over(courier, parcels[1], slip).text
    for _press in range(2):
        answer = hand_over(courier, parcels[1], "4990", day="2026-11-26")
        assert (answer.status_code, answer.location) == (303, "/round?day=2026-11-26")
    assert count_of(parcels[1], Kind.DELIVERED) == 1
    page = courier.get("/round").text
    assert "1 из 3" in page
    assert "вручено в 12:00" in page
    assert "Учебная, 20" in page[page.index('id="next"') :]
    assert "денег не брать" in page
    assert "4\u00a0990\u00a0₽" in page[page.index("Деньги на руках") : page.index("Осталось получить")]


def test_what_was_typed_is_kept_when_the_sum_is_refused(courier: Browser, parcels: list[int]) -> None:
    take(courier, parcels[1])
    page = hand_over(courier, parcels[1], "4 900", receipt="00123", note="").text
    for kept in ('value="Марина"', 'value="4 900"', 'value="00123"'):
        assert kept in page
    assert 'value="4990.00"' not in page


def test_a_call_in_vain_is_told_and_the_stop_stays(app: Flask, courier: Browser, parcels: list[int]) -> None:
    take(courier, parcels[1])
    for _press in range(2):
        page = courier.post(f"/round/{parcels[1]}/unanswered")
        assert page.status_code == 303
    assert "Позвоните за час" in courier.get("/round").text
    assert count_of(parcels[1], Kind.CALL_ATTEMPTED) == 1
    with reading() as session:
        link = f"/t/{links.token_for(session.get_one(Parcel, parcels[1]))}"
    page = app.test_client().get(link).text
    assert "Звонок курьера" in page
    assert "Вы не ответили" in page
    hand_over(courier, parcels[1], "4990")
    assert courier.post(f"/round/{parcels[1]}/unanswered").status_code == 409


@pytest.mark.parametrize(("why", "stage"), [("absent", Stage.MISSED), ("changed_mind", Stage.REFUSED)])
def test_a_failed_stop_keeps_its_reason(courier: Browser, parcels: list[int], why: str, stage: Stage) -> None:
    take(courier, *parcels[:2])
    for _press in range(2):
        assert courier.post(f"/round/{parcels[0]}/failed", why=why).status_code == 303
    assert stage_of(parcels[0]) is stage


def test_without_a_reason_nothing_is_kept(courier: Browser, parcels: list[int]) -> None:
    take(courier, *parcels[:2])
    page = courier.post(f"/round/{parcels[0]}/failed", day="2026-11-26")
    assert page.status_code == 422
    assert "не выбрана причина" in page.text
    assert stage_of(parcels[0]) is Stage.WITH_COURIER


def test_any_stop_can_be_opened_and_marked_out_of_turn(courier: Browser, parcels: list[int]) -> None:
    take(courier, *parcels[:2])
    page = courier.get(f"/round/{parcels[0]}?day=2026-11-26")
    assert page.status_code == 200
    assert f'action="/round/{parcels[0]}/delivered"' in page.text
    assert f'action="/round/{parcels[1]}/delivered"' not in page.text
    assert hand_over(courier, parcels[0], day="2026-11-26").status_code == 303
    assert stage_of(parcels[0]) is Stage.DELIVERED


def test_a_parcel_of_another_round_is_refused(app: Flask, courier: Browser, parcels: list[int]) -> None:
    with transaction() as session:
        shop = session.get_one(Parcel, parcels[0]).shop
        foreign = make_parcel(session, shop, settlement_id=KALININGRAD).id
    for path in (f"/round/{foreign}/delivered", f"/round/{parcels[2]}/delivered"):
        answer = courier.post(path)
        assert answer.status_code == 409
        assert "Эту посылку сейчас отметить нельзя" in answer.text
    assert courier.get(f"/round/{foreign}").status_code == 409
    assert courier.post("/round/999999/delivered").status_code == 404


def test_tomorrow_is_shown_and_cannot_be_marked(app: Flask, courier: Browser, parcels: list[int]) -> None:
    with time_machine.travel(NOON - timedelta(days=1), tick=False):
        early = Browser(app, "courier")
        page = early.get("/round?day=2026-11-26").text
        assert "Нахимова, 12" in page
        assert "Погрузка" not in page
        assert early.post(f"/round/{parcels[1]}/delivered", day="2026-11-26", to="Марина").status_code == 409
    assert "Рейс на этот день ещё не собран" in courier.get("/round?day=2026-12-01").text
    assert "0 из 3" in courier.get("/round?day=nonsense").text


def test_a_round_still_driven_after_midnight_is_found(app: Flask, courier: Browser, parcels: list[int]) -> None:
    take(courier, parcels[1])
    courier.post("/round/start")
    with time_machine.travel(NOON + timedelta(hours=12, minutes=10), tick=False):
        night = Browser(app, "courier")
        assert "Нахимова, 12" in night.get("/round").text
        assert hand_over(night, parcels[1], "4990", day="2026-11-26").status_code == 303
    assert stage_of(parcels[1]) is Stage.DELIVERED
    with time_machine.travel(NOON + timedelta(hours=16, minutes=1), tick=False):
        assert "Рейс на этот день ещё не собран" in Browser(app, "courier").get("/round").text


def test_names_and_addresses_are_gone_on_the_second_day_after(courier: Browser, parcels: list[int], app: Flask) -> None:
    take(courier, *parcels)
    hand_over(courier, parcels[1], "4990")
    with transaction() as session:
        session.execute(update(Round).values(closed_at=NOON, handed_at=NOON))
    people = ("Нахимова", "Учебная", "Марина", "913")
    for days, is_seen in ((1, True), (2, False), (120, False)):
        with time_machine.travel(NOON + timedelta(days=days), tick=False):
            later = Browser(app, "courier")
            for path in ("/round?day=2026-11-26", f"/round/{parcels[1]}?day=2026-11-26"):
                page = later.get(path)
                assert page.status_code == 200
                assert [word in page.text for word in people[:1]] == [is_seen]
                assert is_seen or not any(word in page.text for word in people)
                assert is_seen or f"VH{parcels[1]:09d}" in page.text
            wrong = later.post("/round/scan", code="VH000999999", day="2026-11-26")
            assert is_seen or not any(word in wrong.text for word in people)


def test_a_round_that_nobody_closed_names_people_for_a_week(courier: Browser, app: Flask) -> None:
    for days, is_seen in ((7, True), (8, False)):
        with time_machine.travel(NOON + timedelta(days=days), tick=False):
            assert ("Нахимова" in Browser(app, "courier").get("/round?day=2026-11-26").text) == is_seen


def test_money_that_was_not_taken_is_seen_by_office_and_shop(app: Flask, courier: Browser, parcels: list[int]) -> None:
    take(courier, parcels[1])
    assert hand_over(courier, parcels[1], "4000", note="вернул одну вещь").status_code == 303
    with transaction() as session:
        make_staff(session, "operator")
        make_staff(session, "shop", shop_id=session.get_one(Parcel, parcels[1]).shop_id)
        one, number = session.scalars(select(Round)).one().id, session.get_one(Parcel, parcels[1]).order_number
    desk = Browser(app, "operator")
    gap = "взяли 4\u00a0000\u00a0₽ из 4\u00a0990\u00a0₽"
    assert f"{gap}, \u2212990\u00a0₽" in desk.get(f"/rounds/{one}").text
    listed = desk.get("/incidents?step=sum").text
    assert "У двери взяли не ту сумму" in listed
    assert number in listed
    page = Browser(app, "shop").get("/shop/money").text
    assert "к оплате было 4\u00a0990\u00a0₽: вернул одну вещь" in page


def test_the_page_knows_the_sum_and_the_dispatcher(courier: Browser, parcels: list[int]) -> None:
    take(courier, parcels[1])
    page = courier.get("/round").text
    assert 'data-due="499000"' in page
    assert 'data-less="Не хватает {sum}.' in page
    assert "Диспетчер" in page
    assert 'href="tel:+78000000417"' in page


def test_the_sheet_of_paper_lists_what_is_still_to_do(courier: Browser, parcels: list[int]) -> None:
    take(courier, *parcels[:2])
    hand_over(courier, parcels[1], "4990")
    page = courier.get("/round").text
    sheet = page[page.index("sheet-print") :]
    with reading() as session:
        numbers = [session.get_one(Parcel, p).number for p in parcels]
    assert [number in sheet for number in numbers] == [True, False, True]
    assert "+7\u00a0913\u00a0000-12-42" in sheet
    assert "3,4\u00a0кг" in sheet


def test_a_courier_without_a_zone_has_no_round(app: Flask, courier: Browser) -> None:
    with transaction() as session:
        make_staff(session, "courier", "newcomer")
    page = Browser(app, "newcomer").get("/round")
    assert page.status_code == 409
    assert "За вами не закреплён район" in page.text


def test_marks_are_facts_with_the_courier_in_them(courier: Browser, parcels: list[int]) -> None:
    take(courier, *parcels[:2])
    courier.post(f"/round/{parcels[0]}/failed", why="address")
    with reading() as session:
        last = journal.facts_of(session, session.get_one(Parcel, parcels[0]))
    fact = next(fact for fact in last if fact.kind is Kind.NOT_DELIVERED)
    assert (fact.details["by"], fact.details["why"]) == ("Ольга Смирнова", "address")


def test_the_dispatcher_changes_the_order_of_a_round(app: Flask, courier: Browser, parcels: list[int]) -> None:
    take(courier, parcels[1])
    with transaction() as session:
        make_staff(session, "operator")
        one = session.scalars(select(Round)).one()
        first = session.scalars(select(RoundStop).where(RoundStop.place == 1)).one().booking_id
    desk = Browser(app, "operator")
    listed = desk.get("/rounds?day=2026-11-26").text
    assert "Т-1" in listed
    assert "не выехал вовремя" in listed
    assert f'action="/rounds/{one.id}/shift"' in desk.get(f"/rounds/{one.id}").text
    wish = {"version": str(one.version), "booking": str(first), "to": "down"}
    assert desk.post(f"/rounds/{one.id}/shift", **wish).status_code == 303
    again = desk.post(f"/rounds/{one.id}/shift", **wish)
    assert (again.status_code, "рейс изменился" in again.text) == (409, True)
    page = courier.get("/round").text
    assert page.index("Учебная, 20", page.index("sheet-print")) < page.index("Нахимова, 12", page.index("sheet-print"))
    assert count_of(parcels[1], Kind.VISIT_MOVED) == 1
    assert desk.post("/rounds/999/shift", **wish).status_code == 404
    assert desk.post("/rounds/build", day="2026-11-26", zone="1").status_code == 303
