"""The warehouse's station: a scan is answered in green or red, recorded once, and passes the parcel on."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
import time_machine
from flask import Flask
from sqlalchemy import func, select

from parcels import holdings, journal
from parcels.custody import Role
from parcels.custody_models import Incident, Print, StationScan
from parcels.journal import NewFact
from parcels.models import Fact, Parcel, Shop, Staff, Warehouse
from parcels.stages import Kind, Stage
from portal.transaction import reading, transaction
from scheduling import booking
from scheduling.calendars import local_date, moment
from scheduling.round_models import RoundStop
from tests.factories import CHELYABINSK, NOW, TOMSK, make_parcel, make_round, make_staff, make_world, travel, zone_of
from tests.web.test_account import Browser


@pytest.fixture
def world(app: Flask) -> Flask:
    """A shop's own warehouse, the service's at both ends, somebody at each, a courier and a parcel."""
    with transaction() as session:
        shop = make_world(session)
        places = (("Магазин, склад", CHELYABINSK, shop.id), ("Челябинск, склад", CHELYABINSK, None))
        for n, (name, place, shop_id) in enumerate((*places, ("Томск, склад", TOMSK, None))):
            session.add(Warehouse(id=n + 1, name=name, settlement_id=place, shop_id=shop_id))
            session.flush()
            make_staff(session, "warehouse", f"keeper{n + 1}", warehouse_id=n + 1)
        make_staff(session, "courier", zone_id=zone_of(session, TOMSK).id, phone="+78000000418")
        make_parcel(session, shop, order_number="48117")
    return app


def scan(keeper: Browser, mode: str, code: str, client: str = "", **more: object) -> str:
    answer = keeper.post("/station/scan", mode=mode, code=code, client=client or f"{mode}-{code}", **more)
    assert answer.status_code == 303
    return keeper.get(answer.location).text


def printed(keeper: Browser, path: str, **form: object) -> bytes:
    keeper.get("/station")
    with keeper._app.app_context():
        answer = keeper._client.post(path, data={"csrf_token": keeper._token, **form})
    assert answer.mimetype == "application/pdf"
    return answer.data


def parcel() -> Parcel:
    with reading() as session:
        return session.scalars(select(Parcel)).one()


def holder() -> tuple[Role, str]:
    with reading() as session:
        held = holdings.holder_of(session, parcel().id)
    assert held is not None
    return held.role, held.name


def count_of(kind: Kind) -> int:
    with reading() as session:
        return session.scalar(select(func.count()).select_from(Fact).where(Fact.kind == kind)) or 0


def test_a_parcel_goes_from_the_shops_table_to_the_courier(world: Flask) -> None:
    with time_machine.travel(NOW, tick=False) as clock:
        shop, here = (Browser(world, f"keeper{n}") for n in (1, 2))
        assert "Ещё не упакована" in scan(shop, "send", "48117")
        assert "Нет веса" in scan(shop, "pack", "48117", "a")
        assert "К отправке" in scan(shop, "pack", "48117", "b", weight="1,7")
        assert (parcel().weight_g, holder()[0]) == (1700, Role.SHOP)
        assert "Передана перевозчику" in scan(shop, "send", parcel().number, "c")
        assert holder() == (Role.CARRIER, "")
        clock.shift(timedelta(hours=3))
        assert "Принята на склад" in scan(here, "receive", parcel().number)
        assert holder() == (Role.WAREHOUSE, "Челябинск, склад")
        assert "Погрузите в машину" in scan(here, "send", parcel().number)
        assert holder() == (Role.CARRIER, "")
        clock.shift(timedelta(days=2))
        there = Browser(world, "keeper3")
        assert "Ждёт выбора времени" in scan(there, "receive", parcel().number)
        assert (parcel().road, holder()) == (Stage.IN_CITY, (Role.WAREHOUSE, "Томск, склад"))


def test_the_same_request_again_changes_nothing(world: Flask) -> None:
    with time_machine.travel(NOW, tick=False):
        keeper = Browser(world, "keeper1")
        for _ in range(2):
            assert "К отправке" in scan(keeper, "pack", "48117", "one", weight="1700")
        assert count_of(Kind.PACKED) == 1
        other = keeper.post("/station/scan", mode="send", code="48117", client="one")
        assert (other.status_code, count_of(Kind.HANDED_OVER)) == (409, 0)
        assert "Скан не записан" in other.text
        assert "Этот шаг уже отсканирован" in scan(keeper, "pack", "48117", "two", weight="1700")
        assert "Такого номера нет" in scan(keeper, "pack", "VH999", "three")
        with reading() as session:
            assert len(session.scalars(select(StationScan)).all()) == 3


def in_tomsk(world: Flask) -> tuple[datetime, datetime]:
    """The parcel lies in Tomsk, on the morning of the day that its recipient chose. Returns that morning and noon."""
    with transaction() as session:
        one = journal.lock(session, parcel().id)
        at = travel(session, one, [Kind.HANDED_OVER, Kind.AT_WAREHOUSE, Kind.DEPARTED])
        row = booking.offered(session, one, at)[-1].offers[0].row
        booking.book(session, one, row.day, row.starts, booking.Asker("recipient", one.version), at)
        morning = moment(row.day, row.starts, "Asia/Tomsk") - timedelta(hours=2)
    return morning, morning + timedelta(hours=5)


def test_the_courier_is_given_what_is_his_today_and_brings_back_the_rest(world: Flask) -> None:
    morning, noon = in_tomsk(world)
    with reading() as session:
        courier = session.scalars(select(Staff.id).where(Staff.role == "courier")).one()
    with time_machine.travel(morning - timedelta(days=1), tick=False):
        keeper = Browser(world, "keeper3")
        assert "Сначала «Приём»" in scan(keeper, "issue", "48117", "a", courier=courier)
        assert "Принята в городе" in scan(keeper, "receive", "48117", "b")
        assert holder() == (Role.WAREHOUSE, "Томск, склад")
        assert "не на сегодня" in scan(keeper, "issue", "48117", "c", courier=courier)
    with transaction() as session:
        make_round(session, TOMSK, local_date(morning, "Asia/Tomsk"), morning - timedelta(hours=12))
    with time_machine.travel(morning, tick=False):
        keeper = Browser(world, "keeper3")
        assert "Курьер не выбран" in scan(keeper, "issue", "48117", "d")
        assert "Выдана курьеру" in scan(keeper, "issue", "48117", "e", courier=courier)
        assert holder() == (Role.COURIER, "Ольга Смирнова")
        with reading() as session:
            taken = session.scalars(select(Fact).where(Fact.kind == Kind.TO_COURIER)).one()
        assert taken.details["phone"] == "+78000000418"
        assert taken.details["from"]
        assert printed(keeper, "/station/register", courier=courier).startswith(b"%PDF")
    with time_machine.travel(noon, tick=False):
        keeper = Browser(world, "keeper3")
        assert "числится за курьером" in scan(keeper, "receive", "48117", "f")
        with transaction() as session:
            one = journal.lock(session, parcel().id)
            journal.record(session, one, NewFact(Kind.NOT_DELIVERED, "courier"), noon)
        russian = f"мр{parcel().id:09d}"  # the scanner's keyboard has the Russian layout
        assert "Ждёт нового дня" in scan(keeper, "back", russian, "g")
        with reading() as session:
            assert session.scalars(select(RoundStop.back_at)).one() == noon
        assert holder() == (Role.WAREHOUSE, "Томск, склад")


def test_a_damaged_parcel_is_an_incident_once(world: Flask) -> None:
    keeper = Browser(world, "keeper1")
    for _ in range(2):
        keeper.post("/station/damaged", parcel=parcel().id, note="Смят угол", client="d", mode="pack")
    with reading() as session:
        assert [(one.step, one.said) for one in session.scalars(select(Incident))] == [("accident", "Смят угол")]
    assert parcel().stage is Stage.INCIDENT


def test_a_label_is_printed_and_counted(world: Flask) -> None:
    keeper = Browser(world, "keeper1")
    for _ in range(2):
        assert printed(keeper, f"/station/label/{parcel().id}").startswith(b"%PDF")
    with reading() as session:
        assert list(session.scalars(select(Print.copy).order_by(Print.id))) == [1, 2]


def test_a_fragment_answers_htmx_and_the_list_of_what_is_expected_is_there(world: Flask) -> None:
    keeper = Browser(world, "keeper1")
    assert "48117" in keeper.get("/station/expected").text
    page = keeper._seen(
        "POST",
        "/station/scan",
        data={"csrf_token": keeper._token, "mode": "send", "code": "48117", "client": "x"},
        headers={"HX-Request": "true"},
    )
    assert page.status_code == 200
    assert "<html" not in page.text
    assert 'id="verdict"' in page.text
    assert page.text.count("hx-swap-oob") == 2
    assert Browser(world, "courier").get("/station").status_code == 403


def test_warehouses_and_their_keepers_are_made_at_the_terminal(world: Flask) -> None:
    run = world.test_cli_runner()
    assert "заведён" in run.invoke(args=["warehouses", "add", "Томск, второй", "--city", str(TOMSK)]).output
    assert run.invoke(args=["warehouses", "add", "Томск, второй", "--city", str(TOMSK)]).exit_code == 1
    who = [
        "warehouses",
        "keeper",
        "nina",
        "--name",
        "Нина",
        "--warehouse",
        "Томск, второй",
        "--password",
        "long enough",
    ]
    assert "заведён" in run.invoke(args=who).output
    with reading() as session:
        assert session.scalars(select(Staff.role).where(Staff.login == "nina")).one() == "warehouse"


def test_a_shops_keeper_sees_no_other_shops_parcels(world: Flask) -> None:
    with transaction() as session:
        mine = session.scalars(select(Parcel)).one().shop
        other = Shop(code="other", name="Другой", phone="+78000000419", origin_id=CHELYABINSK, handling_days=1)
        session.add(other)
        session.flush()
        session.get_one(Warehouse, 1).shop_id = other.id
        assert mine.id != other.id
    keeper = Browser(world, "keeper1")
    assert "Такого номера нет" in scan(keeper, "pack", parcel().number, weight="1700")
    assert keeper.post(f"/station/label/{parcel().id}").status_code == 404
    assert keeper.post("/station/damaged", parcel=parcel().id, client="x").status_code == 404
    assert "48117" not in keeper.get("/station/expected").text


def test_what_no_database_can_hold_is_a_slip_and_no_fault_of_ours(both: Flask) -> None:
    with transaction() as session:
        make_world(session)
        session.add(Warehouse(id=1, name="Томск, склад", settlement_id=TOMSK))
        session.flush()
        make_staff(session, "warehouse", "keeper", warehouse_id=1)
        make_staff(session, "operator")
    both.testing = False
    keeper, desk = Browser(both, "keeper"), Browser(both, "operator")
    beyond = "9" * 30
    assert keeper.get(f"/station?scan={beyond}").status_code == 400
    for path in ("/incidents", "/orders", "/rounds"):
        assert desk.get(f"{path}/{beyond}").status_code == 400
    assert keeper.post("/station/damaged", parcel=beyond, client="x").status_code == 400
    assert keeper.post("/station/scan", mode="receive", code="VH\x00", client="x").status_code < 500
