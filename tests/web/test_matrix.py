"""The manager's matrix: shown before it is written, applied exactly as shown, and taken back by one press."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from io import BytesIO
from random import Random

import openpyxl
import pytest
from flask import Flask
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from parcels import journal
from parcels.models import Shop
from portal import matrix_import, places
from portal.transaction import reading, transaction
from scheduling import matrix, promising
from scheduling.calendars import local_date
from scheduling.models import Lane, Matrix, MatrixUpload
from tests.factories import CHELYABINSK, NOW, TOMSK, SettlementFactory, make_parcel, make_staff, make_world
from tests.web.test_account import Browser

HEADER = "code;days_min;days_max;courier\n"
#: What the factories' world knows, except that Tomsk is a day slower, Anadyr is gone and the village has a courier.
CHANGED = f"{HEADER}259;2;3;да\n314;5;6;да\n152;6;8;да\n9001;6;9;да\n"


@pytest.fixture
def manager(app: Flask) -> Browser:
    with transaction() as session:
        make_world(session)
        make_staff(session, "manager")
    browser = Browser(app, "manager")
    browser.get("/manage/matrix")
    return browser


def sent(browser: Browser, content: str | bytes, name: str = "terms.csv", **form: str) -> TestResponse:
    raw = content.encode() if isinstance(content, str) else content
    return browser.post("/manage/matrix/upload", file=(BytesIO(raw), name), **form)


def tomsk_days() -> int:
    """The most days to Tomsk, as the version says that counts now."""
    with reading() as session:
        version = matrix.current(session, "cdek", CHELYABINSK, local_date(NOW, "UTC") + timedelta(days=365))
        lane = matrix.find_lane(session, version.id, TOMSK) if version else None
        return lane.days_max if lane else 0


def count(table: type[Matrix | MatrixUpload | Lane]) -> int:
    with reading() as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


def digest() -> str:
    with reading() as session:
        return session.scalars(select(MatrixUpload.digest).order_by(MatrixUpload.id.desc()).limit(1)).one()


def test_a_manager_works_here_and_nobody_else_does(app: Flask, manager: Browser) -> None:
    assert manager.get("/manage/matrix").status_code == 200
    with transaction() as session:
        make_staff(session, "operator")
    assert Browser(app, "operator").get("/manage/matrix").status_code == 403
    assert Browser(app, "operator").get("/manage/days").status_code == 403


def test_a_file_is_shown_before_anything_is_written(manager: Browser) -> None:
    answer = sent(manager, CHANGED)
    assert answer.status_code == 303
    page = manager.get(answer.location).text
    assert "Пока ничего не записано" in page
    assert "Изменится направлений: 3" in page
    assert "Челябинск → Томск" in page
    assert "4–5\u00a0рабочих дней, курьер" in page
    assert "5–6\u00a0рабочих дней, курьер" in page
    assert "Челябинск → Анадырь" in page
    assert "Челябинск → Тихая" in page
    assert (count(Matrix), tomsk_days()) == (1, 5)


def test_what_was_shown_is_applied_and_one_press_takes_it_back(manager: Browser) -> None:
    place = sent(manager, CHANGED).location
    manager.get(place)
    assert manager.post(f"{place}/apply", digest=digest()).location == "/manage/matrix"
    page = manager.get("/manage/matrix").text
    assert "Матрица применена" in page
    assert "terms.csv" in page
    assert "Ольга Смирнова" in page
    assert (tomsk_days(), count(Lane)) == (6, 9)
    key = page.split("/versions/")[1].split("/")[0]
    manager.post(f"/manage/matrix/versions/{key}/back")
    assert tomsk_days() == 5
    assert "Прежняя версия снова действует" in manager.get("/manage/matrix").text
    manager.post(f"/manage/matrix/versions/{key}/back")
    assert "Ничего не изменилось" in manager.get("/manage/matrix").text
    manager.post(f"/manage/matrix/versions/{key}/again")
    assert tomsk_days() == 6


def test_the_only_version_stays(manager: Browser) -> None:
    with reading() as session:
        only = session.scalars(select(Matrix)).one().id
    assert "Вернуть прежнюю" not in manager.get("/manage/matrix").text
    manager.post(f"/manage/matrix/versions/{-only}/back")
    assert tomsk_days() == 5


def test_a_promise_outlives_its_withdrawn_version(manager: Browser) -> None:
    place = sent(manager, CHANGED).location
    manager.get(place)
    manager.post(f"{place}/apply", digest=digest())
    with transaction() as session:
        shop = session.scalars(select(Shop)).one()
        parcel_id = make_parcel(session, shop, datetime.now(UTC)).id
        upload = session.scalars(select(MatrixUpload)).one().id
    manager.post(f"/manage/matrix/versions/{upload}/back")
    with transaction() as session:
        parcel = journal.lock(session, parcel_id)
        before, promised = parcel.promised_to, journal.facts_of(session, parcel)[-1].details["matrix"]
        assert promising.refresh(session, parcel, datetime.now(UTC), "delay") is False
        assert parcel.promised_to == before
        assert session.get_one(Matrix, promised).withdrawn_at is not None


@pytest.mark.parametrize("tamper", ["digest", "twice", "changed", "expired"])
def test_nothing_but_what_was_shown_is_applied(manager: Browser, tamper: str) -> None:
    place = sent(manager, CHANGED).location
    manager.get(place)
    shown = "0" * 64 if tamper == "digest" else digest()
    if tamper == "twice":
        manager.post(f"{place}/apply", digest=shown)
    if tamper == "changed":
        other = sent(manager, f"{HEADER}314;7;7;да\n").location
        manager.get(other)
        manager.post(f"{other}/apply", digest=digest())
    if tamper == "expired":
        with transaction() as session:
            session.scalars(select(MatrixUpload)).one().expires_at = NOW - timedelta(days=900)
    before = count(Matrix)
    answer = manager.post(f"{place}/apply", digest=shown)
    assert answer.status_code == 409
    assert "ничего не записано" in answer.text.lower()
    assert count(Matrix) == before


def test_a_file_of_bad_rows_alone_is_shown_too(manager: Browser) -> None:
    page = manager.get(sent(manager, HEADER + f"{TOMSK};5;2;да\n").location)
    assert page.status_code == 200
    assert "поменяйте их местами" in page.text


def test_bad_rows_are_named_and_the_file_cannot_be_applied(manager: Browser) -> None:
    rows = "314;-1;5;да\n314;nan;NaN;да\n152;6;8;да\n152;6;9;да\n9001;9;6;да\n777;1;2;да\n259;2;3;да;лишнее\n"
    place = sent(manager, HEADER + rows).location
    page = manager.get(place).text
    assert "Строк с ошибками: 6" in page
    assert "дни «-1–5» непонятны" in page
    assert "дни «nan–NaN» непонятны" in page
    assert "это направление уже было в строке 4" in page
    assert "поменяйте их местами" in page
    assert "населённого пункта с кодом 777 нет" in page
    assert "Применить" not in page
    assert manager.post(f"{place}/apply", digest=digest()).status_code == 409
    assert tomsk_days() == 5


@pytest.mark.parametrize(
    ("content", "name", "words"),
    [
        (b"\x00\x01\x02" * 100, "a.csv", "не похож на CSV"),
        (b"PK\x03\x04 no zip at all", "a.xlsx", "не похож на CSV"),
        ("city;days\nTomsk;4\n", "a.csv", "нет столбцов"),
        (HEADER, "a.csv", "нет ни одной строки"),
        ("", "a.csv", "нет ни одной строки"),
        ("code;code;days_min\n1;2;3\n", "a.csv", "встречается дважды"),
        (b"\xd0\xcf\x11\xe0old", "a.xls", "старый формат"),
        pytest.param("a;b\n" * 250_000, "a.csv", "больше 200 000 строк", id="too many rows"),
        (b"lorem ipsum dolor " * 580_000, "a.csv", "не похож на CSV"),
    ],
)
def test_hostile_files_are_refused_with_a_sentence(
    manager: Browser, content: str | bytes, name: str, words: str
) -> None:
    answer = sent(manager, content, name)
    assert (answer.status_code, words in answer.text) == (422, True)
    assert count(MatrixUpload) == 0


@pytest.mark.parametrize("name", ["terms.csv", "terms.xlsx"])
def test_ten_megabytes_of_noise_are_refused_with_a_sentence(manager: Browser, name: str) -> None:
    answer = sent(manager, Random(10).randbytes(10_000_000), name)
    assert (answer.status_code, "не похож на CSV" in answer.text) == (422, True)
    assert count(MatrixUpload) == 0


@pytest.mark.parametrize(
    ("form", "words"),
    [
        ({"origin": "Нигде"}, "Город отправки неизвестен"),
        ({"carrier": "Наш"}, "Код перевозчика"),
        ({"valid_from": "завтра"}, "Дата начала непонятна"),
        ({"valid_from": "2062-12-01"}, "дальше года"),
    ],
)
def test_a_field_that_cannot_be_used_is_named(manager: Browser, form: dict[str, str], words: str) -> None:
    answer = sent(manager, CHANGED, **form)
    assert (answer.status_code, words in answer.text) == (422, True)


def test_places_may_be_named_and_namesakes_are_refused(manager: Browser) -> None:
    with transaction() as session:
        for region, code in (("Московская область", "50"), ("Алтайский край", "22")):
            session.add(SettlementFactory(name="Троицк", region=region, region_code=code))
    head = "settlement;region;days_min;days_max;courier\n"
    place = sent(manager, f"{head}Томск;;5;6;да\nТроицк;;1;2;да\nНигде;;1;2;да\n").location
    page = manager.get(place).text
    assert "«Троицк» — не одно место" in page
    assert "«Нигде» нет" in page
    assert "Строк с ошибками: 2" in page


def test_merged_cells_of_a_workbook_are_bad_rows(manager: Browser) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for row in (["code", "days_min", "days_max", "courier"], [314, 4, 5, "да"], [152, 6, 8, "да"], [259, 2, 3, "да"]):
        sheet.append(row)
    sheet.merge_cells("B2:B4")
    content = BytesIO()
    book.save(content)
    page = manager.get(sent(manager, content.getvalue(), "terms.xlsx").location).text
    assert "Строк с ошибками: 2" in page
    assert "дни «–8» непонятны" in page


@pytest.fixture
def shipped(app: Flask) -> Browser:
    """A manager who looks at the files that come with the product."""
    with transaction() as session:
        places.load(session)
        matrix_import.import_matrix(session, places.DAYS_FROM_CHELYABINSK, matrix_import.SHIPPED, NOW)
        make_staff(session, "manager")
    return Browser(app, "manager")


def test_the_manager_sees_which_days_are_estimates(shipped: Browser) -> None:
    page = shipped.get("/manage/matrix").text
    assert "3092" in page
    assert "и оценок 492" in page
    estimates = shipped.get("/manage/matrix/estimates").text
    assert "Сроки по соседям: 492" in estimates
    assert "Челябинск → Новосибирск, Новосибирская область" in estimates
    assert estimates.count("оценка по соседям") == 492


def test_a_file_that_has_an_estimated_city_shows_what_its_row_replaces(shipped: Browser) -> None:
    shown = shipped.get(sent(shipped, f"{HEADER}954000001;1;2;да\n").location).text
    assert "оценка по соседям" in shown
    assert "1–2\u00a0рабочих дня, курьер" in shown
    assert "Изменится направлений: 3093" in shown
