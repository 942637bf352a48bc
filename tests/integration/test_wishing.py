"""A chosen day is told to the carrier: confirmed, refused or not answered, and what it names is what may be chosen."""

from __future__ import annotations

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime, time, timedelta
from threading import Barrier

import pytest
from flask import Flask
from sqlalchemy import select

from carriers import following
from carriers.http import HttpLine
from carriers.models import CarrierWish, Outcome
from carriers.registry import OFFERS
from parcels import journal
from parcels.journal import NewFact
from parcels.models import Fact, Parcel
from parcels.stages import Kind, Stage
from portal import polling, ticking
from portal.transaction import reading, transaction
from portal.verify import breaches
from scheduling import booking
from scheduling.booking import Asker
from scheduling.models import Booking
from scheduling.policy import Reason, Refusal
from sms.models import Message
from tests.carrier_server import CarrierServer, Reply, carrier_server
from tests.factories import NOW, make_parcel, make_world

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
DAY, OTHER = date(2026, 11, 25), date(2026, 11, 26)
#: The choice of 25 November closes at 18:00 of the evening before in Tomsk.
CLOSES = datetime.fromisoformat("2026-11-24T11:00:00+00:00")
SHOPS, CALLS = "/td/w/2.0/", "/td/c/2.0/"
SOON = NOW + MINUTE


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
    identity = "<orderIdentity><orderId>815</orderId><barcode>TD1</barcode></orderIdentity>"
    shared.answers(SHOPS, said(f"<ordersInfo><orderInfo>{identity}</orderInfo></ordersInfo>"))
    return shared


def configure(app: Flask, server: CarrierServer, seconds: float = 5.0) -> None:
    app.extensions["carrier_line"] = HttpLine(seconds)
    keys = {f"CARRIER_TOPDELIVERY_{name}": "k" for name in ("LOGIN", "PASSWORD", "HTTP_LOGIN", "HTTP_PASSWORD")}
    app.config["CARRIERS"] = {**keys, "CARRIER_TOPDELIVERY_URL": server.url("/td")}


def said(content: str = "", status: int = 0, message: str = "") -> Reply:
    outcome = f"<requestResult><status>{status}</status><message>{message}</message></requestResult>"
    envelope = '<S:Envelope xmlns:S="http://schemas.xmlsoap.org/soap/envelope/"><S:Body><r>'
    return Reply(f"{envelope}{outcome}{content}</r></S:Body></S:Envelope>".encode())


def near(*days: tuple[date, str, str], full: date | None = None) -> Reply:
    """The days that the carrier has; as an answer to a wish it grants it."""
    rows = [(day, 3, f"<timeInterval><bTime>{a}</bTime><eTime>{b}</eTime></timeInterval>") for day, a, b in days]
    rows += [(full, 0, "")] if full else []
    one = "<dateTimeIntervals><date>{}</date><quotas><available>{}</available></quotas>{}</dateTimeIntervals>"
    return said("".join(one.format(*row) for row in rows))


TAKES_IT, NO_ROOM, SICK = said(), said(status=1, message="Нет места"), Reply(b"", 500)


def parcel_at(number: str | None = "TD1") -> int:
    with transaction() as session:
        parcel = make_parcel(session, make_world(session))
        if number is not None:
            following.follow(session, parcel, "topdelivery", number, NOW)
        return parcel.id


def book(parcel_id: int, day: date = DAY, at: datetime = NOW, hour: int = 10) -> None:
    with transaction() as session:
        parcel = journal.lock(session, parcel_id)
        booking.book(session, parcel, day, time(hour), Asker("recipient", parcel.version), at)


def record(parcel_id: int, kind: Kind, at: datetime = NOW) -> None:
    with transaction() as session:
        journal.record(session, journal.lock(session, parcel_id), NewFact(kind, "carrier:test"), at)


def told(server: CarrierServer) -> list[str]:
    """The days that the carrier was asked to come, in this order."""
    bodies = [seen.body.decode() for seen in server.asked(CALLS) if "editOrders" in seen.headers["soapaction"]]
    assert all("<orderId>815</orderId>" in body for body in bodies)
    return re.findall(r"<desireDateDelivery><date>(.*?)</date>", "".join(bodies))


def looks(server: CarrierServer) -> int:
    return sum("getNear" in seen.headers["soapaction"] for seen in server.asked(CALLS))


def facts(parcel_id: int, *kinds: Kind) -> list[Fact]:
    with reading() as session:
        all_of_it = journal.facts_of(session, session.get_one(Parcel, parcel_id))
    return [fact for fact in all_of_it if fact.kind in kinds]


ANSWERS = (Kind.DAY_TAKEN, Kind.DAY_REFUSED, Kind.CHOICE_WITHDRAWN)


def kinds(parcel_id: int) -> list[Kind]:
    return [fact.kind for fact in facts(parcel_id, *ANSWERS)]


def wish() -> CarrierWish:
    with reading() as session:
        return session.scalars(select(CarrierWish)).one()


def agreed(parcel_id: int) -> Booking | None:
    with reading() as session:
        return booking.active_booking(session, parcel_id)


def test_a_chosen_day_is_told_once_and_confirmed(both: Flask, server: CarrierServer) -> None:
    configure(both, server)
    parcel_id = parcel_at()
    book(parcel_id)
    server.answers(CALLS, TAKES_IT)

    assert ticking.tick(SOON).carriers == {"identified": 1, "day_taken": 1}
    ticking.tick(SOON + HOUR)

    assert told(server) == ["2026-11-25"]
    assert "<bTime>10:00:00</bTime><eTime>14:00:00</eTime>" in server.asked(CALLS)[0].body.decode()
    (fact,) = facts(parcel_id, *ANSWERS)
    confirmed = {"by": "TopDelivery", "day": "2026-11-25", "starts": "10:00", "ends": "14:00"}
    assert (fact.kind, fact.details | confirmed) == (Kind.DAY_TAKEN, fact.details)
    assert agreed(parcel_id) is not None
    with transaction() as session:
        assert breaches(session) == []


def test_a_refused_day_is_taken_back_and_the_recipient_is_told_what_is_left(both: Flask, server: CarrierServer) -> None:
    configure(both, server)
    parcel_id = parcel_at()
    book(parcel_id)
    server.answers(CALLS, NO_ROOM, near((OTHER, "10:00:00", "18:00:00"), full=DAY))

    ticking.tick(SOON)

    refused, withdrawn = facts(parcel_id, *ANSWERS)
    assert (refused.kind, refused.details["cause"], refused.details["text"]) == (
        *(Kind.DAY_REFUSED, "carrier", "Нет места"),
    )
    assert (withdrawn.kind, withdrawn.details["cause"]) == (Kind.CHOICE_WITHDRAWN, "carrier")
    assert withdrawn.details["instead"] == ["2026-11-26"]
    assert (agreed(parcel_id), wish().outcome) == (None, Outcome.REFUSED)
    with transaction() as session:
        assert breaches(session) == []
    with reading() as session:
        assert session.scalars(select(Message.status).where(Message.kind == "delay")).all() != []


def test_a_wrong_password_refuses_no_day(app: Flask, server: CarrierServer) -> None:
    configure(app, server)
    parcel_id = parcel_at()
    book(parcel_id)
    wrong = said(status=1, message="Неверный пароль")
    server.answers(CALLS, wrong, wrong, TAKES_IT)

    ticking.tick(SOON)
    assert (kinds(parcel_id), wish().outcome) == ([], Outcome.WAITING)
    ticking.tick(SOON + HOUR)
    assert kinds(parcel_id) == [Kind.DAY_TAKEN]


@pytest.mark.parametrize(
    "answer",
    [
        SICK,
        Reply(how="drip_head"),
        Reply(b"<html><body>OK</body></html>"),
        Reply(b"<r><status>0</status></r>"),
    ],
    ids=["500", "no end", "a page", "no result"],
)
def test_what_is_no_answer_confirms_nothing_and_is_repeated(app: Flask, server: CarrierServer, answer: Reply) -> None:
    configure(app, server, seconds=0.5)
    parcel_id = parcel_at()
    book(parcel_id)
    server.answers(CALLS, answer, TAKES_IT)

    ticking.tick(SOON)
    first = (kinds(parcel_id), wish().outcome)
    ticking.tick(SOON + HOUR)

    assert (first, kinds(parcel_id)) == (([], Outcome.WAITING), [Kind.DAY_TAKEN])
    assert told(server) == ["2026-11-25", "2026-11-25"]


def test_what_is_not_confirmed_by_the_closing_time_is_not_promised(app: Flask, server: CarrierServer) -> None:
    configure(app, server)
    parcel_id = parcel_at()
    book(parcel_id)
    server.answers(CALLS, SICK)
    record(parcel_id, Kind.ARRIVED)

    ticking.tick(SOON)
    ticking.tick(CLOSES - MINUTE)
    assert (kinds(parcel_id), agreed(parcel_id) is None) == ([], False)
    assert ticking.tick(CLOSES).carriers["day_refused"] == 1
    ticking.tick(CLOSES + 24 * HOUR)

    assert kinds(parcel_id) == [Kind.DAY_REFUSED, Kind.CHOICE_WITHDRAWN]
    assert [fact.details["cause"] for fact in facts(parcel_id, *ANSWERS)] == ["carrier_silent"] * 2
    assert (agreed(parcel_id), wish().due_at, wish().give_up_at) == (None, None, None)
    assert len(facts(parcel_id, Kind.CALL_QUEUED)) == 1


def test_only_the_newest_choice_is_told(app: Flask, server: CarrierServer) -> None:
    configure(app, server)
    parcel_id = parcel_at()
    book(parcel_id)
    server.answers(CALLS, SICK, TAKES_IT)
    ticking.tick(SOON)
    book(parcel_id, OTHER, SOON)

    ticking.tick(SOON + MINUTE)
    ticking.tick(SOON + HOUR)

    assert told(server) == ["2026-11-25", "2026-11-26"]
    assert [fact.details["day"] for fact in facts(parcel_id, *ANSWERS)] == ["2026-11-26"]


@pytest.mark.parametrize("answer", [TAKES_IT, NO_ROOM], ids=["taken", "refused"])
def test_an_answer_about_an_older_choice_changes_nothing(app: Flask, server: CarrierServer, answer: Reply) -> None:
    configure(app, server)
    parcel_id = parcel_at()
    book(parcel_id)

    def choose_another() -> None:
        with app.app_context():
            book(parcel_id, OTHER, SOON)

    server.answers(CALLS, Reply(answer.body, before=choose_another), TAKES_IT)

    ticking.tick(SOON)

    assert told(server) == ["2026-11-25", "2026-11-26"]
    assert [(fact.kind, fact.details["day"]) for fact in facts(parcel_id, *ANSWERS)] == [(Kind.DAY_TAKEN, "2026-11-26")]


@pytest.mark.parametrize("kind", [Kind.CHOICE_WITHDRAWN, Kind.TO_COURIER])
def test_a_wish_that_nobody_has_any_more_is_not_told(app: Flask, server: CarrierServer, kind: Kind) -> None:
    configure(app, server)
    parcel_id = parcel_at()
    book(parcel_id)
    record(parcel_id, kind)
    server.answers(CALLS, TAKES_IT)

    ticking.tick(SOON)
    ticking.tick(CLOSES)

    assert (told(server), facts(parcel_id, Kind.DAY_TAKEN, Kind.DAY_REFUSED)) == ([], [])
    assert wish().outcome is Outcome.VOID


def test_a_number_tied_after_the_choice_tells_it_and_another_number_tells_it_again(
    app: Flask, server: CarrierServer
) -> None:
    configure(app, server)
    parcel_id = parcel_at(None)
    book(parcel_id)
    server.answers(CALLS, TAKES_IT)
    ticking.tick(SOON)
    assert told(server) == []
    for number in ("OLD", "TD1"):
        with transaction() as session:
            following.follow(session, session.get_one(Parcel, parcel_id), "topdelivery", number, SOON)
        ticking.tick(SOON + MINUTE)

    assert told(server) == ["2026-11-25"]  # of the old number the carrier knows nothing
    assert kinds(parcel_id) == [Kind.DAY_TAKEN]


def test_two_workers_at_once_tell_it_once(both: Flask, server: CarrierServer) -> None:
    configure(both, server)
    parcel_id = parcel_at()
    book(parcel_id)
    together = Barrier(2)
    server.answers(CALLS, TAKES_IT)

    def work(_: int) -> None:
        with both.app_context():
            together.wait(10)
            polling.poll_carriers(lambda: SOON)

    with ThreadPoolExecutor(2) as workers:
        list(workers.map(work, range(2)))
    assert (told(server), kinds(parcel_id)) == (["2026-11-25"], [Kind.DAY_TAKEN])


def test_without_keys_nobody_is_asked_and_nothing_is_taken_back(app: Flask) -> None:
    parcel_id = parcel_at()
    book(parcel_id)
    record(parcel_id, Kind.ARRIVED, SOON)
    ticking.tick(CLOSES)
    assert (kinds(parcel_id), wish().outcome) == ([], Outcome.WAITING)


def test_the_days_it_has_are_asked_from_the_hand_over_on_and_recorded_when_they_change(
    app: Flask, server: CarrierServer
) -> None:
    configure(app, server)
    parcel_id = parcel_at()
    first, second = (DAY, "10:00:00", "18:00:00"), (OTHER, "18:00:00", "22:00:00")
    server.answers(CALLS, near(first), near(first), near(first, second))

    ticking.tick(SOON)
    assert looks(server) == 0
    record(parcel_id, Kind.HANDED_OVER, SOON)
    ticking.tick(SOON)
    assert looks(server) == 1
    for hours in (2, 6, 12):
        ticking.tick(SOON + hours * HOUR)

    named = [fact.details["days"] for fact in facts(parcel_id, Kind.DAYS_OFFERED)]
    assert named == [
        {"2026-11-25": [["10:00", "18:00"]]},
        {"2026-11-25": [["10:00", "18:00"]], "2026-11-26": [["18:00", "22:00"]]},
    ]
    assert looks(server) == 3
    record(parcel_id, Kind.TO_COURIER, SOON + 12 * HOUR)
    ticking.tick(SOON + 24 * HOUR)
    assert looks(server) == 3
    with transaction() as session:
        assert breaches(session) == []


def test_only_what_the_carrier_has_can_be_chosen(app: Flask, server: CarrierServer) -> None:
    configure(app, server)
    parcel_id = parcel_at()
    record(parcel_id, Kind.HANDED_OVER)
    server.answers(CALLS, near((DAY, "10:00:00", "18:00:00"), full=OTHER))
    ticking.tick(SOON)

    with reading() as session:
        days = booking.offered(session, session.get_one(Parcel, parcel_id), SOON)
        free = [offer.key for day in days for offer in day.offers if offer.is_free]
    assert free == ["2026-11-25T10:00", "2026-11-25T14:00"]
    with pytest.raises(Refusal) as refused:
        book(parcel_id, DAY, SOON, hour=18)
    assert (refused.value.reason, [offer.key for offer in refused.value.nearest]) == (Reason.CARRIER_FULL, free[::-1])
    book(parcel_id, DAY, SOON, hour=14)
    with reading() as session:
        assert session.get_one(Parcel, parcel_id).stage is Stage.SCHEDULED
