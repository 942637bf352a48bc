"""Carriers asked over real sockets: what they tell is recorded once and in order, what ails them stays with them."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from threading import Barrier, Event

import pytest
from flask import Flask
from sqlalchemy import select

from carriers import following, health
from carriers.base import Update
from carriers.breaker import OPENS_AFTER, Gate, gate
from carriers.http import HttpLine
from carriers.models import CarrierHealth, RawAnswer, Tracking
from carriers.registry import CARRIERS, OFFERS
from parcels import journal
from parcels.models import Fact, Parcel, Shop
from parcels.stages import Kind, Stage
from portal import asking, polling, ticking
from portal.transaction import reading, transaction
from portal.verify import breaches
from tests.carrier_server import CarrierServer, Reply, carrier_server
from tests.factories import NOW, make_parcel, make_world

DAY, MINUTE = timedelta(days=1), timedelta(minutes=1)
LATER = NOW + DAY


@pytest.fixture(scope="module")
def shared() -> Iterator[CarrierServer]:
    with carrier_server() as running:
        yield running


@pytest.fixture(autouse=True)
def _offer_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """What carriers offer besides is asked in `test_offers`."""
    for code in tuple(OFFERS):
        monkeypatch.delitem(OFFERS, code)


@pytest.fixture
def server(shared: CarrierServer) -> CarrierServer:
    shared.seen.clear()
    shared.replies.clear()
    return shared


def configure(app: Flask, server: CarrierServer, seconds: float = 5.0) -> None:
    app.extensions["carrier_line"] = HttpLine(seconds)
    app.config["CARRIERS"] = {
        "CARRIER_BOXBERRY_TOKEN": "t",
        "CARRIER_BOXBERRY_URL": server.url("/boxberry"),
        "CARRIER_NOVA_POSHTA_API_KEY": "k",
        "CARRIER_NOVA_POSHTA_URL": server.url("/np"),
    }


def followed(carrier: str, *numbers: str) -> list[int]:
    """Parcels followed at a carrier; their ids."""
    with transaction() as session:
        shop = session.scalar(select(Shop)) or make_world(session)
        parcels = [make_parcel(session, shop) for _ in numbers]
        for parcel, number in zip(parcels, numbers, strict=True):
            following.follow(session, parcel, carrier, number, NOW)
        return [parcel.id for parcel in parcels]


def boxberry(*statuses: tuple[str, str]) -> Reply:
    return Reply(json.dumps([{"Date": date, "Name": name, "Comment": ""} for date, name in statuses]).encode())


def nova_poshta(*parcels: tuple[str, str]) -> Reply:
    since = {"TrackingUpdateDate": "2026-11-17 08:00:00", "Status": "Слова"}
    data = [{"Number": number, "StatusCode": code, **since} for number, code in parcels]
    return Reply(json.dumps({"success": True, "data": data}).encode())


def told(parcel_id: int) -> list[Kind]:
    """The kinds of what carriers have told of a parcel, as they became known."""
    with reading() as session:
        facts = journal.facts_of(session, session.get_one(Parcel, parcel_id))
    return [fact.kind for fact in facts if fact.source in ("boxberry", "nova_poshta")]


def stage(parcel_id: int) -> Stage:
    with reading() as session:
        return session.get_one(Parcel, parcel_id).stage


def row(parcel_id: int) -> Tracking:
    with reading() as session:
        return session.scalars(select(Tracking).where(Tracking.parcel_id == parcel_id)).one()


def trouble(carrier: str) -> str:
    with reading() as session:
        return session.get_one(CarrierHealth, carrier).last_trouble


ACCEPTED, IN_TRANSIT = (
    ("2026-11-16 12:00:00", "Принято к доставке"),
    ("2026-11-16 15:00:00", "Отправлено в город назначения"),
)
ARRIVED, TO_COURIER = (
    ("16.11.2026 18:00", "В городе получателя"),
    ("2026-11-17T08:00:00", "Передано на курьерскую доставку"),
)


def test_a_history_is_recorded_once_in_its_order_and_asked_for_again(both: Flask, server: CarrierServer) -> None:
    configure(both, server)
    (parcel_id,) = followed("boxberry", "BBR1")
    server.answers("/boxberry", boxberry(ARRIVED, ACCEPTED, IN_TRANSIT))

    assert ticking.tick(NOW).carriers == {"recorded": 3}
    assert ticking.tick(NOW).carriers == {}
    assert ticking.tick(LATER).carriers == {"known": 3}

    assert told(parcel_id) == [Kind.HANDED_OVER, Kind.DEPARTED, Kind.ARRIVED]
    asked = row(parcel_id)
    assert (asked.last_changed_at, asked.failures) == (NOW, 0)
    assert LATER + 18 * MINUTE <= (asked.next_poll_at or NOW) <= LATER + 22 * MINUTE
    with reading() as session:
        assert [(raw.carrier, raw.status) for raw in session.scalars(select(RawAnswer))] == [("boxberry", 200)] * 2
    with transaction() as session:
        assert breaches(session) == []
    assert ticking.forget_answers(NOW + 9 * DAY) == 2


def test_an_older_operation_told_later_takes_nothing_back(app: Flask, server: CarrierServer) -> None:
    configure(app, server)
    (parcel_id,) = followed("boxberry", "BBR1")
    missed, puzzle = ("2026-11-17 07:00:00", "Возвращено с курьерской доставки"), ("2026-11-17 07:30:00", "Полетел")
    server.answers("/boxberry", boxberry(TO_COURIER), boxberry(ACCEPTED, missed, puzzle, TO_COURIER))

    ticking.tick(LATER)
    assert ticking.tick(LATER + DAY).carriers == {"recorded": 1, "late": 2, "known": 1}

    assert told(parcel_id) == [Kind.TO_COURIER, Kind.HANDED_OVER, Kind.LATE_NEWS, Kind.LATE_NEWS]
    assert stage(parcel_id) is Stage.WITH_COURIER
    with reading() as session:
        late = session.scalars(select(Fact).where(Fact.kind == Kind.LATE_NEWS).order_by(Fact.seq)).all()
        assert [fact.details["kind"] for fact in late] == ["not_delivered", "unknown"]
    with transaction() as session:
        assert breaches(session) == []


def test_a_code_nobody_knows_is_unknown_with_its_text_and_counted(app: Flask, server: CarrierServer) -> None:
    configure(app, server)
    (parcel_id,) = followed("boxberry", "BBR1")
    server.answers("/boxberry", boxberry(("2026-11-16 15:00:00", "Отдан голубю")))

    ticking.tick(NOW)
    ticking.tick(LATER)

    assert (told(parcel_id), stage(parcel_id)) == ([Kind.UNKNOWN], Stage.UNKNOWN)
    with reading() as session:
        fact = session.scalars(select(Fact).where(Fact.kind == Kind.UNKNOWN)).one()
        assert fact.details == {"code": "Отдан голубю", "text": "Отдан голубю"}
        assert session.get_one(CarrierHealth, "boxberry").unknown_codes == 1


def test_another_parcel_s_events_are_never_believed(app: Flask, server: CarrierServer) -> None:
    configure(app, server)
    ours, theirs = followed("nova_poshta", "5900000000001", "5900000000002")
    with transaction() as session:
        session.get_one(Tracking, row(theirs).id).next_poll_at = LATER + 30 * DAY
    server.answers("/np", nova_poshta(("5900000000002", "9"), ("5900000000003", "9"), ("5900000000001", "5")))

    ticking.tick(LATER)

    assert (told(ours), told(theirs)) == ([Kind.DEPARTED], [])


def test_a_standing_told_again_under_another_date_is_no_news(app: Flask, server: CarrierServer) -> None:
    configure(app, server)
    (parcel_id,) = followed("nova_poshta", "5900000000001")
    again = Reply(nova_poshta(("5900000000001", "111")).body.replace(b"2026-11-17", b"2026-11-18"))
    server.answers("/np", nova_poshta(("5900000000001", "111")), again)

    ticking.tick(LATER)
    assert ticking.tick(LATER + DAY).carriers == {"known": 1}
    assert told(parcel_id) == [Kind.NOT_DELIVERED]


def test_what_has_not_happened_yet_is_not_recorded(app: Flask, server: CarrierServer) -> None:
    configure(app, server)
    (parcel_id,) = followed("boxberry", "BBR1")
    server.answers("/boxberry", boxberry(("2027-11-16 12:00:00", "Выдано")))
    assert ticking.tick(NOW).carriers == {"ahead": 1}
    assert told(parcel_id) == []


def test_a_delivered_parcel_is_asked_about_no_more(app: Flask, server: CarrierServer) -> None:
    configure(app, server)
    delivered, closed = followed("boxberry", "BBR1", "BBR2")
    with transaction() as session:
        parcel = journal.lock(session, closed)
        journal.record(session, parcel, journal.NewFact(Kind.DELIVERED, "terminal"), NOW)
    server.answers("/boxberry", boxberry(("2026-11-16 12:00:00", "Выдано")))

    ticking.tick(LATER)
    ticking.tick(LATER + 30 * DAY)

    assert (stage(delivered), row(delivered).next_poll_at) == (Stage.DELIVERED, None)
    assert [seen.query["ImId"] for seen in server.seen] == ["BBR1"]


def test_five_failures_open_the_breaker_and_one_call_closes_it(app: Flask, server: CarrierServer) -> None:
    configure(app, server)
    followed("boxberry", *(f"BBR{number}" for number in range(8)))
    server.answers("/boxberry", Reply(b"<html>", 500))

    assert ticking.tick(NOW).carriers == {"not_answered": OPENS_AFTER}
    assert ticking.tick(NOW + 59 * timedelta(seconds=1)).carriers == {}
    assert ticking.tick(NOW + MINUTE).carriers == {"not_answered": 1}
    server.answers("/boxberry", boxberry(ACCEPTED))
    assert ticking.tick(NOW + 2 * MINUTE).carriers == {"recorded": 2}

    with reading() as session:
        assert gate(health.of(session, "boxberry"), NOW + 2 * MINUTE) is Gate.CLOSED
    assert ticking.tick(LATER).carriers == {"recorded": 6, "known": 2}


def test_a_busy_carrier_is_left_alone_as_long_as_it_wants(app: Flask, server: CarrierServer) -> None:
    configure(app, server)
    (parcel_id,) = followed("boxberry", "BBR1")
    server.answers("/boxberry", Reply(b"", 429, {"Retry-After": "600"}), boxberry(ACCEPTED))

    ticking.tick(NOW)
    ticking.tick(NOW + 9 * MINUTE)
    assert (len(server.seen), row(parcel_id).failures) == (1, 0)
    assert ticking.tick(NOW + 10 * MINUTE).carriers == {"recorded": 1}


@pytest.mark.parametrize(
    "reply",
    [
        Reply(how="reset"),
        Reply(how="garbage"),
        Reply(how="drip_body"),
        Reply(b"<html><body>502</body></html>"),
        Reply(b"x" * 10_000_000),
        Reply(status=302, headers={"Location": "/boxberry"}),
    ],
    ids=["reset", "no HTTP", "drip", "a page", "10 MB", "redirect"],
)
def test_from_a_sick_carrier_nothing_is_believed_and_it_says_so(
    app: Flask, server: CarrierServer, reply: Reply
) -> None:
    configure(app, server, seconds=0.3)
    (parcel_id,) = followed("boxberry", "BBR1")
    server.answers("/boxberry", reply)

    assert ticking.tick(NOW).carriers == {"not_answered": 1}

    assert (told(parcel_id), row(parcel_id).failures) == ([], 1)
    assert trouble("boxberry").endswith(".")


def test_one_sick_carrier_delays_no_other(both: Flask, server: CarrierServer) -> None:
    configure(both, server)
    other_is_asked = Event()
    followed("boxberry", "BBR1")
    (other,) = followed("nova_poshta", "5900000000001")
    waited: list[bool] = []
    # The first answers only once the second, later in the alphabet, has been asked.
    first = Reply(b"{}", 500, before=lambda: waited.append(other_is_asked.wait(4)))
    server.answers("/boxberry", first)
    server.answers("/np", Reply(nova_poshta(("5900000000001", "5")).body, before=other_is_asked.set))

    done = ticking.tick(LATER).carriers

    assert (waited, done) == ([True], {"recorded": 1, "not_answered": 1})
    assert told(other) == [Kind.DEPARTED]


def test_a_number_that_spoils_a_question_is_asked_about_alone(app: Flask, server: CarrierServer) -> None:
    configure(app, server)
    good, bad = followed("nova_poshta", "5900000000001", "59")
    refusal = Reply(json.dumps({"success": False, "errors": ["Document number is not correct"]}).encode())
    server.answers("/np", refusal, nova_poshta(("5900000000001", "5")))

    ticking.tick(LATER)
    assert trouble("nova_poshta") == "Ошибка в ответе Новой Почты: Document number is not correct."
    ticking.tick(LATER + DAY)

    numbers = [
        [document["DocumentNumber"] for document in json.loads(seen.body)["methodProperties"]["Documents"]]
        for seen in server.seen
    ]
    assert sorted(numbers[0]) == ["59", "5900000000001"]
    assert sorted(numbers[1:]) == [["59"], ["5900000000001"]]
    with reading() as session:
        assert session.get_one(CarrierHealth, "nova_poshta").failures == 0
    assert (told(good), told(bad)) == ([Kind.DEPARTED], [])


def test_a_parser_that_breaks_stops_nobody_and_is_asked_about_later(app: Flask, server: CarrierServer) -> None:
    configure(app, server)
    (parcel_id,) = followed("boxberry", "BBR1")
    server.answers("/boxberry", boxberry(ACCEPTED))

    def breaks(_: bytes) -> list[Update]:
        raise ZeroDivisionError

    broken = replace(CARRIERS["boxberry"], parse=breaks)
    assert polling.poll(broken, asking.accounts(broken), lambda: NOW) == {"not_answered": 1}
    assert (row(parcel_id).failures, (row(parcel_id).next_poll_at or NOW) > NOW) == (1, True)


def test_the_budget_of_a_minute_is_kept(app: Flask, server: CarrierServer) -> None:
    configure(app, server)
    followed("boxberry", *(f"BBR{number}" for number in range(5)))
    server.answers("/boxberry", boxberry(ACCEPTED))
    slow = replace(CARRIERS["boxberry"], calls_a_minute=3)

    def poll(moment: datetime) -> Counter[str]:
        return polling.poll(slow, asking.accounts(slow), lambda: moment)

    assert poll(NOW) == {"recorded": 3}
    assert poll(NOW + 30 * timedelta(seconds=1)) == {}
    assert poll(NOW + MINUTE) == {"recorded": 2}


def test_who_holds_the_lease_asks_alone(both: Flask, server: CarrierServer) -> None:
    configure(both, server)
    followed("boxberry", "BBR1")
    server.answers("/boxberry", boxberry(ACCEPTED))
    with transaction() as session:
        assert health.enter(session, "boxberry", NOW)
    with transaction() as session:
        assert not health.enter(session, "boxberry", NOW)

    assert ticking.tick(NOW).carriers == {}
    assert ticking.tick(NOW + health.LEASE).carriers == {"recorded": 1}


def test_who_was_too_slow_gives_no_lease_back_that_is_another_s(both: Flask) -> None:
    with transaction() as session:
        slow = health.enter(session, "boxberry", NOW)
        other = health.enter(session, "boxberry", NOW + health.LEASE)
        assert slow
        assert other
        health.leave(session, "boxberry", slow)
        assert health.enter(session, "boxberry", NOW + health.LEASE) is None
        health.leave(session, "boxberry", other)
        assert health.enter(session, "boxberry", NOW + health.LEASE)


def test_four_workers_at_once_ask_once(both: Flask, server: CarrierServer) -> None:
    configure(both, server)
    (parcel_id,) = followed("boxberry", "BBR1")
    together = Barrier(4)
    server.answers("/boxberry", boxberry(ACCEPTED, ARRIVED))

    def work(_: int) -> Counter[str]:
        with both.app_context():
            together.wait(10)
            return polling.poll_carriers(lambda: NOW)

    with ThreadPoolExecutor(4) as workers:
        assert sum(workers.map(work, range(4)), Counter()) == {"recorded": 2}
    assert (len(server.seen), told(parcel_id)) == (1, [Kind.HANDED_OVER, Kind.ARRIVED])


def test_a_shop_with_its_own_contract_is_asked_for_with_its_own_keys(app: Flask, server: CarrierServer) -> None:
    configure(app, server)
    app.config["CARRIERS"]["CARRIER_BOXBERRY_TOKEN__TEPLY_DOM"] = "its own"
    followed("boxberry", "BBR1")
    with transaction() as session:
        shop = session.scalars(select(Shop)).one()
        other = Shop(code="other", name="Другой", phone=shop.phone, origin_id=shop.origin_id)
        session.add(other)
        session.flush()
        following.follow(session, make_parcel(session, other), "boxberry", "BBR2", NOW)
    server.answers("/boxberry", boxberry(ACCEPTED))

    ticking.tick(NOW)

    assert {seen.query["ImId"]: seen.query["token"] for seen in server.seen} == {"BBR1": "its own", "BBR2": "t"}


def test_without_keys_nobody_is_asked(app: Flask) -> None:
    followed("boxberry", "BBR1")
    assert polling.poll_carriers(lambda: datetime.now(UTC)) == {}
