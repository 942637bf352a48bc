"""Lost, damaged, or nobody knows: what happened, what of the money, by when somebody answers; nothing to book."""

import re
from collections.abc import Iterator
from datetime import timedelta

import pytest
import time_machine
from flask import Flask

from parcels import journal
from parcels.journal import NewFact
from parcels.models import Parcel
from parcels.stages import Kind, Stage
from portal import links
from portal.ticking import sweep
from portal.transaction import reading, transaction
from scheduling import booking, calls
from scheduling.booking import Asker
from scheduling.calls import Outcome
from scheduling.models import Call
from scheduling.policy import Refusal
from tests.factories import NOW, make_parcel, make_staff, make_world, travel
from tests.web.test_tracking import ON_THE_WAY, Recipient, h1, text_of

#: Tuesday, 08:00 in Tomsk.
THEN = NOW + timedelta(hours=18)


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(THEN, tick=False) as traveller:
        yield traveller


def somebody(app: Flask, **changes: object) -> Recipient:
    """Somebody whose parcel has left for Tomsk."""
    with transaction() as session:
        parcel = make_parcel(session, make_world(session), **changes)
        travel(session, parcel, ON_THE_WAY)
        return Recipient(app.test_client(), parcel.id, links.token_for(parcel))


def happen(recipient: Recipient, kind: Kind, **details: object) -> None:
    with transaction() as session:
        parcel = journal.lock(session, recipient.parcel_id)
        journal.record(session, parcel, NewFact(kind, "carrier:test", details=dict(details)), THEN)


TROUBLES = [
    (Kind.INCIDENT, {"cause": "lost"}, "Посылка потерялась, ищем её"),
    (Kind.INCIDENT, {"cause": "damaged"}, "Посылка повреждена, решаем, что делать"),
    (Kind.INCIDENT, {"cause": "sorting_stopped"}, "Заказ задерживается, разбираемся"),
    (Kind.INCIDENT, {}, "Заказ задерживается, разбираемся"),
    (Kind.UNKNOWN, {"text": "В КРЦ"}, "Уточняем, где заказ"),
]


@pytest.mark.parametrize("language", ["ru", "en"])
@pytest.mark.parametrize(("kind", "details", "title"), TROUBLES)
def test_no_date_and_nothing_to_book(
    app: Flask,
    clock: time_machine.Traveller,
    kind: Kind,
    details: dict[str, str],
    title: str,
    language: str,
) -> None:
    marina = somebody(app)
    happen(marina, kind, **details)
    page = marina.look(lang=language)
    if language == "ru":
        assert h1(page) == title
    for form in ("/slot", "/postpone", "/remind"):
        assert form not in page
    assert 'class="rail"' not in page
    assert not re.search(r"2[1-4].ноября|Звонить не будем|2[1-4].November", page)


@pytest.mark.parametrize("kind", [Kind.INCIDENT, Kind.UNKNOWN])
@pytest.mark.parametrize(
    ("action", "form"),
    [("slot", {"slot": "2026-11-23T14:00"}), ("postpone", {"until": "2026-11-27"}), ("remind", {"on": "2026-11-23"})],
)
def test_the_server_refuses_too(
    app: Flask,
    clock: time_machine.Traveller,
    kind: Kind,
    action: str,
    form: dict[str, str],
) -> None:
    marina = somebody(app)
    happen(marina, kind)
    answer = marina.client.post(
        f"/t/{marina.token}/{action}", data={"seal": links.seal(marina.parcel_id, marina.parcel.version), **form}
    )
    assert answer.status_code == 409
    assert "Время сейчас не выбрать" in answer.text
    assert marina.parcel.plan is None
    assert marina.parcel.side is not None


def test_the_shop_s_program_is_refused_too(app: Flask, clock: time_machine.Traveller) -> None:
    marina = somebody(app)
    happen(marina, Kind.INCIDENT, cause="lost")
    with transaction() as session:
        parcel = journal.lock(session, marina.parcel_id)
        with pytest.raises(Refusal):
            booking.offered(session, parcel, THEN)
        row = booking.offered(session, parcel, THEN, to_staff=True)[0].offers[0].row
        shop = Asker("shop:teply-dom", parcel.version)
        with pytest.raises(Refusal):
            booking.book(session, parcel, row.day, row.starts, shop, THEN)


def test_an_operator_who_has_found_out_may_agree_a_day(app: Flask, clock: time_machine.Traveller) -> None:
    marina = somebody(app)
    happen(marina, Kind.INCIDENT, cause="lost")
    with transaction() as session:
        parcel = journal.lock(session, marina.parcel_id)
        row = booking.offered(session, parcel, THEN, to_staff=True)[0].offers[0].row
        booking.book(session, parcel, row.day, row.starts, Asker("operator:1", parcel.version), THEN)
    assert marina.parcel.stage is Stage.SCHEDULED


@pytest.mark.parametrize(
    ("cod", "cause", "says"),
    [
        (499_000, "lost", "Платить ничего не нужно, пока вы не увидели заказ: 4 990 ₽ только при получении."),
        (0, "lost", "Если его не найдут, деньги вернёт магазин «Тёплый дом», +7 800 000-04-17."),
        (0, "damaged", "Если он вам не подойдёт, деньги вернёт магазин «Тёплый дом», +7 800 000-04-17."),
        (499_000, "sorting_stopped", "Сейчас платить ничего не нужно: 4 990 ₽ только при получении."),
    ],
)
def test_what_becomes_of_the_money(app: Flask, clock: time_machine.Traveller, cod: int, cause: str, says: str) -> None:
    marina = somebody(app, cod_minor=cod)
    happen(marina, Kind.INCIDENT, cause=cause)
    page = text_of(marina.look())
    assert says in page
    assert "картой или наличными" not in page


def test_by_when_somebody_answers_is_said_and_kept_or_apologised_for(app: Flask, clock: time_machine.Traveller) -> None:
    marina = somebody(app)
    happen(marina, Kind.INCIDENT, cause="lost")
    assert "Позвоним и скажем, что известно, до вт, 17 ноября, 21:00." in text_of(marina.look())
    clock.move_to(THEN + timedelta(days=1))
    page = text_of(marina.look())
    assert "Обещали ответить до вт, 17 ноября, 21:00 и не успели, простите. Позвоним до ср, 18 ноября, 21:00." in page


def test_who_did_not_answer_the_operator_is_told_when_he_tries_again(app: Flask, clock: time_machine.Traveller) -> None:
    marina = somebody(app)
    happen(marina, Kind.INCIDENT, cause="lost")
    at = THEN + timedelta(hours=11)
    sweep(at)
    with transaction() as session:
        operator = make_staff(session, "operator")
        parcel = journal.lock(session, marina.parcel_id)
        call = session.query(Call).filter_by(parcel_id=parcel.id).one()
        call.leased_by = operator.id
        calls.attempt(session, parcel, call, Outcome.NO_ANSWER, "Ольга", parcel.zone, at)
    clock.move_to(at)
    assert "до ср, 18 ноября, 21:00." in text_of(marina.look())


def test_the_day_that_was_agreed_is_called_into_question(app: Flask, clock: time_machine.Traveller) -> None:
    marina = somebody(app)
    marina.look()
    marina.press("slot", slot="2026-11-23T14:00")
    happen(marina, Kind.INCIDENT, cause="damaged")
    page = text_of(marina.look())
    assert "Назначенный день под вопросом" in page
    assert "Звонить не будем" not in page
    assert "Курьер у вас" not in page


def test_a_scan_that_finds_it_brings_date_and_choice_back(app: Flask, clock: time_machine.Traveller) -> None:
    marina = somebody(app)
    happen(marina, Kind.INCIDENT, cause="lost")
    happen(marina, Kind.PASSED)
    with reading() as session:
        assert session.get_one(Parcel, marina.parcel_id).side is None
    assert "/slot" in marina.look()
