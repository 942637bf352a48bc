"""The receipts' entrance and the drawn phone, through the whole portal."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from flask_migrate import stamp, upgrade
from sqlalchemy import select
from twilio.request_validator import RequestValidator

from parcels import journal
from parcels.models import Base, Fact, Staff
from parcels.stages import Kind
from portal import create_app
from portal.config import Settings
from portal.extensions import db
from portal.transaction import reading, transaction
from sms import delivery, opt_out, receipts
from sms.gateway import Accepted
from sms.http import Http
from sms.models import Message, Receipt, Status
from sms.strays import StrayReceipt
from tests.integration.test_sms_models import NOW, PHONE, add_message

MIGRATIONS = Path(__file__).resolve().parents[2] / "portal" / "migrations"
TOKEN, BASE = "account-token", "https://veha.example"


def settings(tmp_path: Path, backend: str = "console") -> Settings:
    return Settings(
        database_url=f"sqlite:///{tmp_path / 'routes.sqlite3'}",
        redis_url=None,
        secret_key="k" * 48,
        secret_key_fallbacks=(),
        public_base_url=BASE,
        sms_backend=backend,
        twilio={"TWILIO_ACCOUNT_SID": "AC1", "TWILIO_AUTH_TOKEN": TOKEN, "TWILIO_FROM": "+15005550006"},
        support_phone="+78000000417",
        queue_folder=tmp_path / "queue",
    )


def assembled(tmp_path: Path, backend: str = "console") -> Flask:
    app = create_app(settings(tmp_path, backend))
    with app.app_context():
        Base.metadata.create_all(db.engine)
    return app


@pytest.fixture
def app(tmp_path: Path) -> Iterator[Flask]:
    app = assembled(tmp_path)
    with app.app_context(), transaction() as session:
        journal.wire()
        add_message(session, status=Status.SENDING, text="Дом, 117: veha.example/t/7Kq2 <b>", created_at=NOW)
        session.add(Staff(id=1, login="anna", name="Анна", role="operator", password_hash="-"))
    yield app
    with app.app_context():
        db.engine.dispose()


def receipt(client: FlaskClient, status: str = "delivered", m: str = "1", **changed: str) -> int:
    """Posts a receipt that is signed for what Twilio would send, then changed on the way; gives the status code."""
    form = {"MessageSid": "SM1", "MessageStatus": status, "To": PHONE, "AccountSid": "AC1"}
    path = f"/webhooks/twilio?m={m}" if m else "/webhooks/twilio"
    signature = RequestValidator(TOKEN).compute_signature(BASE + path, form)
    headers = {"X-Twilio-Signature": signature}
    return client.post(path, data=form | changed, headers=headers, base_url="http://10.0.0.7:8000").status_code


def message_status(app: Flask) -> Status:
    with app.app_context(), reading() as session:
        return session.scalars(select(Message.status)).one()


def test_a_receipt_is_taken_also_the_second_time(app: Flask) -> None:
    assert [receipt(app.test_client()) for _ in range(2)] == [204, 204]
    assert message_status(app) is Status.DELIVERED
    with app.app_context(), reading() as session:
        assert [row.provider_id for row in session.scalars(select(Receipt))] == ["SM1"]


def test_a_failure_is_told_once(app: Flask) -> None:
    for status in ("failed", "failed", "undelivered"):
        assert receipt(app.test_client(), status) == 204
    with app.app_context(), reading() as session:
        assert len(session.scalars(select(Fact).where(Fact.kind == Kind.MESSAGE_FAILED)).all()) == 1


@pytest.mark.parametrize("changed", [{"MessageStatus": "failed"}, {"MessageSid": "SM2"}, {"Extra": "1"}])
def test_a_forged_receipt_changes_nothing(app: Flask, changed: dict[str, str]) -> None:
    assert receipt(app.test_client(), **changed) == 403
    assert app.test_client().post("/webhooks/twilio?m=1", data={"MessageStatus": "failed"}).status_code == 403
    assert message_status(app) is Status.SENDING


@pytest.mark.parametrize("m", ["", "404", "abc"])
def test_a_receipt_for_nothing_of_ours_is_kept_aside(app: Flask, m: str) -> None:
    assert [receipt(app.test_client(), m=m) for _ in range(2)] == [204, 204]
    assert message_status(app) is Status.SENDING
    with app.app_context(), reading() as session:
        assert [(stray.provider_id, stray.status) for stray in session.scalars(select(StrayReceipt))] == [
            ("SM1", "delivered")
        ]


def test_a_receipt_of_another_account_is_forged(app: Flask) -> None:
    form = {"MessageSid": "SM1", "MessageStatus": "failed", "AccountSid": "AC2"}
    assert signed(app, "/webhooks/twilio?m=1", form) == 403
    assert message_status(app) is Status.SENDING


def signed(app: Flask, path: str, form: dict[str, str]) -> int:
    """Posts what Twilio would sign; gives the status code."""
    headers = {"X-Twilio-Signature": RequestValidator(TOKEN).compute_signature(BASE + path, form)}
    return app.test_client().post(path, data=form, headers=headers).status_code


def answered(app: Flask, words: str, account: str = "AC1") -> int:
    return signed(app, "/webhooks/twilio/inbound", {"From": PHONE, "Body": words, "AccountSid": account})


def is_stopped(app: Flask) -> bool:
    with app.app_context(), reading() as session:
        return opt_out.is_stopped(session, PHONE)


@pytest.mark.parametrize("word", ["STOP", "стоп", " Стоп! ", "«СТОП»", "Unsubscribe", "Відписатися", "стоп.\n"])
def test_who_says_stop_is_heard_and_may_come_back(app: Flask, word: str) -> None:
    assert [answered(app, word) for _ in range(2)] == [200, 200]
    assert is_stopped(app)
    assert answered(app, "Старт") == 200
    assert not is_stopped(app)


@pytest.mark.parametrize("words", ["", "не надо стоп", "Спасибо!", "остановка", "stop it please", "да"])
def test_any_other_answer_changes_nothing(app: Flask, words: str) -> None:
    assert answered(app, words) == 200
    assert not is_stopped(app)


def test_nobody_can_stop_somebody_elses_messages(app: Flask) -> None:
    assert answered(app, "STOP", account="AC2") == 403
    form = {"From": PHONE, "Body": "STOP", "AccountSid": "AC1"}
    assert app.test_client().post("/webhooks/twilio/inbound", data=form).status_code == 403
    assert not is_stopped(app)


def test_a_local_provider_reports_under_its_key(app: Flask) -> None:
    rules = {"key": "k" * 16, "id": "id", "status": "state", "delivered": ["103"]}
    app.extensions["sms_gateway"] = Http({"url": "https://x/", "answer": {"id": "id"}, "receipt": rules})
    client, address = app.test_client(), f"/webhooks/sms/{'k' * 16}"
    assert client.post(address, json={"id": "0-1", "state": "103"}).status_code == 204
    assert client.post("/webhooks/sms/guess", json={"id": "0-1", "state": "103"}).status_code == 403
    assert message_status(app) is Status.SENDING
    with app.app_context(), transaction() as session:  # it came before our own commit did
        delivery.settle(session, 1, Accepted("0-1"), NOW)
        assert receipts.adopt(session, NOW) == 1
    assert message_status(app) is Status.DELIVERED
    assert client.post(address, data={"id": "0-1", "state": "103"}).status_code == 204


def test_who_answers_through_a_local_provider_is_heard_too(app: Flask) -> None:
    rules = {"key": "another-key-of-16-characters", "from": "phone", "text": "message"}
    app.extensions["sms_gateway"] = Http({"inbound": rules})
    client, path = app.test_client(), f"/webhooks/sms/{rules['key']}/inbound"
    answer = {"phone": PHONE.removeprefix("+"), "message": "СТОП"}
    assert client.post("/webhooks/sms/not-the-key/inbound", data=answer).status_code == 403
    assert not is_stopped(app)
    assert client.post(path, json=answer).status_code == 204
    assert is_stopped(app)
    assert client.post(path, data=answer | {"message": "спасибо"}).status_code == 204
    assert is_stopped(app)
    assert client.post(path, data=answer | {"message": "Старт"}).status_code == 204
    assert not is_stopped(app)


@pytest.mark.parametrize(
    "phone",
    [
        *(
            "89130001242",
            "8 (913) 000-12-42",
            "+89130001242",
            "9130001242",
            "0079130001242",
            "79130001242",
            "+7 913 000-12-42",
        ),
        *(79130001242, 79130001242.0, 9130001242),
    ],
)
def test_a_local_provider_may_write_the_phone_as_it_likes(app: Flask, phone: object) -> None:
    rules = {"key": "another-key-of-16-characters", "from": "phone", "text": "message"}
    app.extensions["sms_gateway"] = Http({"inbound": rules})
    path = f"/webhooks/sms/{rules['key']}/inbound"
    assert app.test_client().post(path, json={"phone": phone, "message": "СТОП"}).status_code == 204
    assert is_stopped(app)


@pytest.mark.parametrize(
    ("phone", "known"),
    [("380501234567", "+380501234567"), ("+375291234567", "+375291234567"), ("87011234567", "+77011234567"), ("", "+")],
)
def test_a_phone_of_another_country_stays_its_own(phone: str, known: str) -> None:
    gateway = Http({"inbound": {"key": "k" * 16, "from": "phone", "text": "message"}})
    heard = gateway.heard("k" * 16, {"phone": phone, "message": "СТОП"})
    assert heard is not None
    assert heard.phone == known


def test_who_said_stop_before_is_heard_by_the_migration(both: Flask) -> None:
    other = "+79139999999"
    with both.app_context():
        with transaction() as session:
            for phone in (PHONE.replace("+7", "+8"), other, other.replace("+7", "+8"), "marina@example.ru"):
                opt_out.stop(session, phone, "http", NOW)
        db.session.remove()
        stamp(directory=str(MIGRATIONS), revision="0019")
        upgrade(directory=str(MIGRATIONS), revision="0020")
        with reading() as session:
            known = session.scalars(select(opt_out.OptOut.address).order_by(opt_out.OptOut.address)).all()
            assert known == [PHONE, other, "marina@example.ru"]


def test_without_a_local_provider_nobody_reports(app: Flask) -> None:
    assert app.test_client().post("/webhooks/sms/any", data={"id": "1", "state": "103"}).status_code == 403


def test_the_phone_shows_what_was_sent(app: Flask) -> None:
    client = app.test_client()
    assert "Сообщений пока нет" in client.get("/phone").text
    receipt(app.test_client(), "sent")
    page = client.get("/phone?to=8 913 000-12-42")
    assert page.status_code == 200
    assert "&lt;b&gt;" in page.text
    assert "+7\u00a0913\u00a0000-12-42" in page.text
    assert "Сообщений пока нет" in client.get("/phone?to=%2B79139999999").text


def test_the_link_on_the_phone_can_be_opened(app: Flask) -> None:
    with app.app_context(), transaction() as session:
        add_message(session, "2", text="Дом: veha.example/t/7Kq2", accepted_at=NOW, status=Status.ACCEPTED)
        add_message(session, "3", text="Дом: veha.example.evil/t/1", accepted_at=NOW, status=Status.ACCEPTED)
    page = app.test_client().get("/phone").text
    assert 'href="https://veha.example/t/7Kq2"' in page
    assert 'evil/t/1"' not in page
    assert page.index("evil") < page.index("/t/7Kq2")


def test_there_is_no_phone_where_messages_leave(tmp_path: Path) -> None:
    app = assembled(tmp_path, "twilio")
    assert app.test_client().get("/phone").status_code == 404
    with app.app_context():
        db.engine.dispose()
