"""The recipient's page, as a browser without JavaScript sees it: look, choose, postpone, change one's mind."""

import gzip
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, time, timedelta

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from parcels import journal
from parcels.journal import NewFact
from parcels.models import Fact, Parcel, Shop
from parcels.stages import Kind, Stage
from portal import STATIC, links
from portal.ticking import send_links
from portal.transaction import reading, transaction
from scheduling import agreed, booking
from scheduling.models import Booking, Slot
from tests.factories import NOW, VILLAGE, make_parcel, make_world, travel, zone_of

SLOT_14 = time(14)
ON_THE_WAY = (Kind.HANDED_OVER, Kind.AT_WAREHOUSE, Kind.DEPARTED)


@dataclass
class Recipient:
    """Somebody with a link in his hand."""

    client: FlaskClient
    parcel_id: int
    token: str
    last: TestResponse | None = None

    def look(self, path: str = "", **query: str) -> str:
        self.last = self.client.get(f"/t/{self.token}{path}", query_string=query)
        return self.last.text

    def press(self, action: str, **form: str) -> TestResponse:
        page = self.last.text if self.last is not None else self.look()
        seal = re.search(r'name="seal" value="([^"]+)"', page)
        fields = {"seal": seal.group(1) if seal else "", **form}
        self.last = self.client.post(f"/t/{self.token}/{action}", data=fields)
        if self.last.status_code == 303:
            self.look()
        return self.last

    @property
    def parcel(self) -> Parcel:
        with reading() as session:
            return session.get_one(Parcel, self.parcel_id)


def h1(page: str) -> str:
    return re.sub(r"\s+", " ", re.findall(r"<h1>(.*?)</h1>", page, re.S)[0].replace("\xa0", " "))


def text_of(page: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page).replace("\xa0", " "))


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    """A Tuesday, 01:00 UTC, one day after the order was accepted; the parcel has left for Tomsk."""
    with time_machine.travel(NOW + timedelta(hours=18), tick=False) as traveller:
        yield traveller


@pytest.fixture
def marina(both: Flask, clock: time_machine.Traveller) -> Recipient:
    """Marina's parcel is on its way to Tomsk: promised for 21–24 November."""
    with transaction() as session:
        shop = make_world(session)
        parcel = make_parcel(session, shop)
        travel(session, parcel, ON_THE_WAY)
        token = links.token_for(parcel)
    return Recipient(both.test_client(), parcel.id, token)


def record(recipient: Recipient, kind: Kind, **details: object) -> None:
    with transaction() as session:
        parcel = journal.lock(session, recipient.parcel_id)
        at = NOW + timedelta(hours=18)
        journal.record(session, parcel, NewFact(kind, "carrier:test", details=dict(details)), at)


def test_the_answer_is_a_date_and_the_path_is_to_the_minute(marina: Recipient) -> None:
    page = marina.look()
    assert h1(page) == "Привезём 21–24 ноября"
    assert "Передан в доставку" in page
    assert ">20:00<small>" in page.replace("\n", "")  # 13:00 UTC by the clock of Tomsk
    assert "Томск, МСК+4" in text_of(page)


def test_what_nobody_understands_stands_there_in_the_carrier_s_own_words(marina: Recipient) -> None:
    record(marina, Kind.UNKNOWN, code="X-17", text="Передано <b>в КРЦ</b>")
    page = marina.look()
    assert "Передано &lt;b&gt;в КРЦ&lt;/b&gt;" in page
    assert "X-17" not in page


def test_no_day_count_and_no_code_stands_where_a_date_should(marina: Recipient) -> None:
    page = text_of(marina.look())
    assert not re.search(r"\d–\d\s+дн", page.split("Почему эта дата")[0])
    assert "in_transit" not in page


def test_the_legs_add_up_to_the_promise(marina: Recipient) -> None:
    page = marina.look()
    legs = re.findall(r"<td>(?:(\d+)–)?(\d+)\xa0д", page)
    *parts, total = [(int(low or high), int(high)) for low, high in legs]
    assert (sum(low for low, _ in parts), sum(high for _, high in parts)) == total


def test_choosing_a_slot_while_the_parcel_is_on_its_way(marina: Recipient) -> None:
    marina.look()
    marina.press("slot", slot="2026-11-23T14:00")
    assert h1(marina.look()) == "Привезём в понедельник, 23 ноября, с 14 до 18"
    assert marina.parcel.stage is Stage.SCHEDULED
    assert "Вернуть как было" in marina.look()


def test_a_day_on_which_two_neighbours_are_visited_is_marked(marina: Recipient, clock: time_machine.Traveller) -> None:
    doors = [("улица Нахимова 40", 22, 10), ("г. Томск, Нахимова, 2", 22, 14), ("Нахимова, 8", 23, 10)]
    with transaction() as session:
        shop = session.get_one(Parcel, marina.parcel_id).shop
        for address, day, hour in [*doors, ("Усова, 1", 24, 10), ("Усова, 3", 24, 10)]:
            parcel = make_parcel(session, shop, address=address)
            travel(session, parcel, ON_THE_WAY)
            asker = booking.Asker("recipient", parcel.version)
            booking.book(session, parcel, date(2026, 11, day), time(hour), asker, NOW + timedelta(hours=18))
    page = marina.look()
    assert re.findall(r"<legend>([^<]+)<span class=\"near\">([^<]+)</span>", page) == [
        ("вс, 22\xa0ноября", "курьер в вашем районе")
    ]
    assert "courier in your area" in marina.look(lang="en")
    assert not any(word in page for word in ("Нахимова 40", "Нахимова, 2", "Усова"))
    with transaction() as session:
        parcel = session.scalars(select(Parcel).where(Parcel.address == doors[0][0])).one()
        parcel.address = "Усова, 5"
        agreed.readdress(session, parcel)
    clock.shift(timedelta(minutes=1))
    assert "в вашем районе" not in marina.look()


def test_looking_changes_nothing_however_often(marina: Recipient) -> None:
    before = marina.parcel.version
    for path in ("", "/slot", "/slot?from=2026-11-25"):
        assert marina.client.get(f"/t/{marina.token}{path}").status_code == 200
    assert marina.parcel.version == before


def test_a_double_press_books_once(marina: Recipient) -> None:
    marina.look()
    first = marina.last
    marina.press("slot", slot="2026-11-23T14:00")
    marina.last = first
    marina.press("slot", slot="2026-11-23T14:00")
    with reading() as session:
        assert session.query(Booking).count() == 1
        assert session.query(Fact).filter_by(kind=Kind.SLOT_BOOKED).count() == 1


def test_undo_within_15_minutes_brings_the_open_choice_back(marina: Recipient, clock: time_machine.Traveller) -> None:
    marina.press("slot", slot="2026-11-23T14:00")
    clock.shift(timedelta(minutes=14))
    marina.look()
    marina.press("undo")
    assert h1(marina.look()) == "Привезём 21–24 ноября"
    with reading() as session:
        assert session.query(Slot).filter(Slot.taken > 0).count() == 0


def test_after_15_minutes_the_choice_stands(marina: Recipient, clock: time_machine.Traveller) -> None:
    marina.press("slot", slot="2026-11-23T14:00")
    page = marina.last
    clock.shift(timedelta(minutes=15, seconds=1))
    assert "Вернуть как было" not in marina.look()
    marina.last = page
    answer = marina.press("undo")
    assert answer.status_code == 409
    assert "прошло больше 15 минут" in answer.text


def test_a_second_press_on_undo_frightens_nobody(marina: Recipient) -> None:
    marina.press("slot", slot="2026-11-23T14:00")
    page = marina.last
    marina.press("undo")
    marina.last = page
    assert marina.press("undo").status_code == 200
    assert h1(marina.look()) == "Привезём 21–24 ноября"


def test_the_parcel_is_expected_before_the_courier_comes(marina: Recipient) -> None:
    assert "20 ноября" in text_of(marina.look()).split("Путь заказа")[1].split("В пути в ваш город")[0]
    marina.press("slot", slot="2026-11-21T14:00")
    upcoming = text_of(marina.look()).split("Что будет дальше")[1].split("В календарь")[0]
    assert upcoming.index("20 ноября") < upcoming.index("21 ноября")


def test_nothing_is_to_be_paid_for_what_goes_back(marina: Recipient) -> None:
    assert "К оплате" in marina.look()
    record(marina, Kind.REFUSED)
    assert "К оплате" not in marina.look()


def test_a_day_nobody_drives_is_no_day_to_postpone_to(marina: Recipient) -> None:
    marina.look()
    with transaction() as session:
        session.query(Slot).filter_by(day=date(2026, 11, 29)).delete()
    assert "курьер в ваш район не ездит" in text_of(marina.press("postpone", until="2026-11-29").text)
    assert marina.parcel.plan is None


def test_postponing_by_two_weeks_counts_from_the_first_possible_day(marina: Recipient) -> None:
    page = marina.look()
    assert 'value="2026-12-05"' in page  # 21 November + 14
    marina.press("postpone", until="2026-12-05")
    assert h1(marina.look()) == "Привезём не раньше 5 декабря"
    assert marina.parcel.stage is Stage.POSTPONED


@pytest.mark.parametrize(
    ("slot", "says"),
    [
        ("2026-12-06T10:00", "14 дней с первого возможного дня"),
        ("2026-11-20T10:00", "К этому дню заказ ещё не приедет"),
        ("2026-11-10T10:00", "Этот день уже прошёл"),
        ("2026-11-22T18:00", "курьер в ваш район не ездит"),
        ("завтра", "не поняли, какое время"),
        ("", "не поняли, какое время"),
    ],
)
def test_a_slot_that_cannot_be_had_says_why_and_changes_nothing(marina: Recipient, slot: str, says: str) -> None:
    marina.look()
    answer = marina.press("slot", slot=slot)
    assert answer.status_code == 409
    assert says in text_of(answer.text)
    assert marina.parcel.plan is None


def test_a_slot_gone_meanwhile_keeps_the_date_and_offers_the_three_nearest(marina: Recipient) -> None:
    marina.look()
    with transaction() as session:
        slot = session.query(Slot).filter_by(day=date(2026, 11, 23), starts=SLOT_14, zone_id=zone_of(session, 314).id)
        slot.update({"capacity": 1, "taken": 1})
    answer = marina.press("slot", slot="2026-11-23T14:00")
    assert answer.status_code == 409
    assert "23 ноября, с 14 часов, только что заняли" in text_of(answer.text)
    offered = re.findall(r'name="slot"\s+value="([^"]+)"', answer.text.split("Все дни")[0])
    assert offered == ["2026-11-23T10:00", "2026-11-23T18:00", "2026-11-24T14:00"]
    marina.press("slot", slot=offered[0])
    assert h1(marina.look()) == "Привезём в понедельник, 23 ноября, с 10 до 14"


def test_an_old_page_is_told_what_has_happened_meanwhile(marina: Recipient) -> None:
    marina.look()
    record(marina, Kind.ARRIVED)
    answer = marina.press("slot", slot="2026-11-23T14:00")
    assert answer.status_code == 409
    assert "с заказом кое-что произошло" in answer.text
    assert "Уже в вашем городе" in h1(answer.text)
    assert marina.parcel.plan is None


def test_a_message_that_arrives_meanwhile_makes_no_page_old(marina: Recipient) -> None:
    marina.look()
    record(marina, Kind.LINK_REQUESTED)
    assert marina.press("slot", slot="2026-11-23T14:00").status_code == 200
    assert marina.parcel.stage is Stage.SCHEDULED


def test_a_form_without_our_seal_changes_nothing(marina: Recipient) -> None:
    marina.look()
    answer = marina.client.post(f"/t/{marina.token}/slot", data={"slot": "2026-11-23T14:00", "seal": "1.forged"})
    assert answer.status_code == 400
    assert marina.parcel.plan is None


def test_a_press_that_comes_from_another_site_is_refused(marina: Recipient) -> None:
    page = marina.look()
    form = {"slot": "2026-11-23T14:00", "seal": re.findall(r'name="seal" value="([^"]+)"', page)[0]}
    for header in ({"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://evil.example"}):
        assert marina.client.post(f"/t/{marina.token}/slot", data=form, headers=header).status_code == 403
    assert marina.parcel.plan is None


def test_closing_time_is_18_the_evening_before_by_the_clock_of_the_city(
    marina: Recipient, clock: time_machine.Traveller
) -> None:
    clock.move_to(NOW.replace(day=22, hour=10, minute=59))  # 17:59 in Tomsk
    assert 'value="2026-11-23T14:00"' in marina.look()
    clock.move_to(NOW.replace(day=22, hour=11, minute=0))
    assert 'value="2026-11-23T14:00"' not in marina.look()
    assert "запись уже закрыта" in marina.press("slot", slot="2026-11-23T14:00").text


def test_broken_foreign_and_revoked_links_look_the_same(marina: Recipient) -> None:
    with transaction() as session:
        stranger = make_parcel(session, session.get_one(Shop, 1))
        foreign = links.token_for(Parcel(id=stranger.id, link_epoch=9))
    record(marina, Kind.LINK_REVOKED)
    answers = [marina.client.get(f"/t/{token}") for token in ("abc", foreign, marina.token, "0" * 19)]
    assert {answer.status_code for answer in answers} == {404}
    assert len({answer.text for answer in answers}) == 1
    assert "Пришлём новую" in answers[0].text


def test_the_link_ends_30_days_after_the_parcel_does(marina: Recipient, clock: time_machine.Traveller) -> None:
    record(marina, Kind.DELIVERED)
    clock.shift(timedelta(days=29))
    assert h1(marina.look()).startswith("Вручили")
    clock.shift(timedelta(days=2))
    page = marina.look()
    assert marina.last is not None
    assert marina.last.status_code == 410
    assert h1(page) == "Срок этой ссылки закончился"


def test_a_delivered_parcel_takes_no_booking(marina: Recipient) -> None:
    marina.look()
    record(marina, Kind.DELIVERED)
    assert "заказ" in marina.press("slot", slot="2026-11-23T14:00").text
    assert marina.parcel.stage is Stage.DELIVERED


def test_where_no_courier_goes_the_page_says_so_and_offers_no_slot(marina: Recipient) -> None:
    with transaction() as session:
        parcel = make_parcel(session, session.get_one(Shop, 1), settlement_id=VILLAGE)
        token = links.token_for(parcel)
    page = marina.client.get(f"/t/{token}").text
    assert "Будет в пункте выдачи" in h1(page)
    assert 'name="slot"' not in page


def test_an_order_without_a_city_is_honest_about_it(marina: Recipient) -> None:
    with transaction() as session:
        parcel = make_parcel(session, session.get_one(Shop, 1), settlement_id=None, address="")
        token = links.token_for(parcel)
    assert h1(marina.client.get(f"/t/{token}").text) == "Уточняем, когда привезём"


def test_late_for_its_slot_the_page_strikes_the_old_time_and_offers_new_ones(marina: Recipient) -> None:
    marina.press("slot", slot="2026-11-21T14:00")
    with transaction() as session:
        booking.withdraw(session, journal.lock(session, marina.parcel_id), "agenda", "delay", NOW + timedelta(days=1))
    page = marina.look()
    assert "Привезём позже" in h1(page)
    assert re.search(r"<s>сб, 21\xa0ноября, с\xa014 до\xa018</s>", page)
    assert 'name="slot"' in page


def test_no_flat_no_phone_and_nobody_may_keep_the_page(marina: Recipient) -> None:
    page = marina.look()
    assert marina.last is not None
    assert "кв." not in page
    assert "1242" not in page
    assert marina.last.headers["Cache-Control"] == "no-store"
    assert marina.last.headers["Referrer-Policy"] == "no-referrer"
    assert "default-src 'none'" in marina.last.headers["Content-Security-Policy"]
    assert "unsafe" not in marina.last.headers["Content-Security-Policy"]
    assert "Set-Cookie" not in marina.last.headers
    assert not re.search(r"<script>|style=|onclick=", page)


def test_htmx_gets_the_block_and_everybody_else_the_page(marina: Recipient) -> None:
    block = marina.client.get(f"/t/{marina.token}", headers={"HX-Request": "true"})
    assert block.text.lstrip().startswith("<main")
    assert "HX-Request" in block.headers["Vary"]
    restored = {"HX-Request": "true", "HX-History-Restore-Request": "true"}
    assert "<html" in marina.client.get(f"/t/{marina.token}", headers=restored).text


def test_the_calendar_file_holds_the_slot_in_utc(marina: Recipient) -> None:
    assert marina.client.get(f"/t/{marina.token}/delivery.ics").status_code == 404
    marina.press("slot", slot="2026-11-23T14:00")
    entry = marina.client.get(f"/t/{marina.token}/delivery.ics")
    assert entry.mimetype == "text/calendar"
    assert "DTSTART:20261123T070000Z" in entry.text
    assert "DTEND:20261123T110000Z" in entry.text


def test_another_phone_learns_nothing_from_asking_for_a_link(marina: Recipient) -> None:
    known = marina.client.post("/fresh", data={"phone": "+7 913 000-12-42"})
    unknown = marina.client.post("/fresh", data={"phone": "+7 999 000-00-00"})
    send_links(NOW + timedelta(hours=18))
    assert known.text == unknown.text
    with reading() as session:
        assert session.query(Fact).filter_by(kind=Kind.LINK_REQUESTED).count() == 1


def test_an_unchanged_page_is_not_sent_twice_until_something_happens(marina: Recipient) -> None:
    marina.look()
    assert marina.last is not None
    tag = {"If-None-Match": marina.last.headers["ETag"]}
    again = marina.client.get(f"/t/{marina.token}", headers=tag)
    assert (again.status_code, again.data, again.headers["ETag"]) == (304, b"", tag["If-None-Match"])
    assert again.headers["Cache-Control"] == "no-store"
    marina.press("slot", slot="2026-11-25T14:00")
    assert marina.client.get(f"/t/{marina.token}", headers=tag).status_code == 200


def test_the_page_is_the_same_packed_and_plain_and_asks_for_no_cookie(marina: Recipient) -> None:
    plain = marina.client.get(f"/t/{marina.token}")
    packed = marina.client.get(f"/t/{marina.token}", headers={"Accept-Encoding": "br;q=1, gzip;q=0.5"})
    refused = marina.client.get(f"/t/{marina.token}", headers={"Accept-Encoding": "gzip;q=0"})
    assert gzip.decompress(packed.data) == plain.data == refused.data
    assert [answer.headers.get_all("Vary") for answer in (plain, packed)] == [["HX-Request, Accept-Encoding"]] * 2
    assert "Set-Cookie" not in plain.headers


@pytest.mark.parametrize("accepted", ["gzip, deflate, br", ""])
def test_what_the_page_names_is_sent_packed_and_kept_for_a_year(client: FlaskClient, accepted: str) -> None:
    path = re.findall(r'href="(/static/base.css[^"]+)"', client.get("/").text)[0]
    file = client.get(path, headers={"Accept-Encoding": accepted})
    assert file.headers.get("Content-Encoding") == ("gzip" if accepted else None)
    assert (gzip.decompress(file.data) if accepted else file.data) == (STATIC / "base.css").read_bytes()
    assert "max-age=31536000" in file.headers["Cache-Control"]
    assert file.headers["Content-Type"].startswith("text/css")
    assert client.get(path, headers={"If-None-Match": file.headers["ETag"]}).status_code == 304


def test_the_day_of_delivery_names_the_courier_and_his_hour(marina: Recipient, clock: time_machine.Traveller) -> None:
    day = date(2026, 11, 21)
    with transaction() as session:
        parcel = journal.lock(session, marina.parcel_id)
        booking.book(session, parcel, day, SLOT_14, booking.Asker("recipient", parcel.version), NOW)
        journal.record(session, parcel, NewFact(Kind.ARRIVED, "test"), NOW + timedelta(days=4))
        given = {"by": "Олег Ким", "phone": "+79130001122", "day": day.isoformat(), "from": "14:30", "until": "15:30"}
        journal.record(session, parcel, NewFact(Kind.TO_COURIER, "courier", details=given), NOW + timedelta(days=5))
    clock.move_to(NOW + timedelta(days=5, hours=-4))
    page = marina.look()
    assert h1(page) == "Сегодня с 14:30 до 15:30"
    assert "Олег Ким" in page
    assert 'href="tel:+79130001122"' in page


def test_the_page_speaks_the_language_of_the_order_unless_the_address_names_another(marina: Recipient) -> None:
    with transaction() as session:
        session.get_one(Parcel, marina.parcel_id).language = "en"
    assert "21–24 November" in h1(marina.look())
    assert h1(marina.look(lang="ru")) == "Привезём 21–24 ноября"
    assert 'lang=ru"' in marina.look(lang="ru")
    marina.look()
    late = marina.press("slot", slot="2026-11-20T14:00")
    assert late.status_code == 409
    assert not re.search("[а-яё]{4}", text_of(re.findall(r'role="alert".*?</div>', late.text, re.S)[0]))


def test_a_place_of_issue_is_named_with_its_address_and_hours_whatever_came_after(marina: Recipient) -> None:
    record(marina, Kind.ARRIVED)
    record(marina, Kind.AT_PICKUP, address="пр. Ленина, 54", open="пн–сб 9–20")
    record(marina, Kind.LINK_REQUESTED)
    page = marina.look()
    assert h1(page).startswith("Ждёт вас до")
    assert "пр. Ленина, 54. пн–сб 9–20. Храним бесплатно" in text_of(page)
    assert "пр. Ленина, 54, пн–сб 9–20" in text_of(page)


def test_a_number_that_is_none_is_said_to_be_none(marina: Recipient) -> None:
    for nonsense in ("12", "позвоните мне"):
        answer = marina.client.post("/fresh", data={"phone": nonsense})
        assert answer.status_code == 422
        assert "Это не мобильный номер" in answer.text
