"""«Это ваше сообщение?», and the end of letters."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from portal import links
from portal.ticking import tick
from portal.transaction import reading, transaction
from sms import marks, opt_out, preferences
from sms.models import Message, Status
from sms.occasions import MANNERS, Audience, Occasion
from sms.phrases import PHRASES
from sms.preferences import Preferences
from tests.factories import NOW, approve_sender, make_parcel, make_world

PHONE = "+7 913 000-12-42"


@pytest.fixture
def sent(both: Flask) -> str:
    """The text of a message that has been sent to Marina."""
    with transaction() as session:
        shop = make_world(session)
        preferences.choose(session, shop.id, Preferences(sender="TeplyDom"), "test", NOW)
        approve_sender(session, shop.id, "TeplyDom")
        make_parcel(session, shop)
    tick(NOW)
    with reading() as session:
        return session.scalars(select(Message.text)).one()


@pytest.fixture
def visitor(both: Flask) -> FlaskClient:
    return both.test_client()


def ask(visitor: FlaskClient, text: str, phone: str = PHONE, sender: str = "") -> str:
    return visitor.post("/check", data={"text": text, "phone": phone, "sender": sender}).text


def test_a_message_of_ours_is_recognised(visitor: FlaskClient, sent: str) -> None:
    assert "Да, это сообщение отправили мы" in ask(visitor, sent)
    assert "Да, это сообщение отправили мы" in ask(visitor, f"  {sent.replace(' ', '  ')}\n", sender="teplydom")


def test_a_changed_one_is_not(visitor: FlaskClient, sent: str) -> None:
    page = ask(visitor, sent.replace("vekha", "vehka") + "x")
    assert "мы на этот номер не отправляли" in page


def test_the_same_words_from_another_sender_are_a_forgery(visitor: FlaskClient, sent: str) -> None:
    assert "отправитель другой" in ask(visitor, sent, sender="PochtaRF")


def test_whoever_holds_another_phone_learns_nothing(visitor: FlaskClient, sent: str) -> None:
    assert "мы на этот номер не отправляли" in ask(visitor, sent, phone="+7 913 000-99-99")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Посылка задержана, доплатите 2 р: bit.ly/3xYz", "Речь о карте"),
        ("Посылка задержана: http://pochta-rf.top/t/1", "не на наш сайт"),
        ("Скажите код из SMS курьеру", "Просят код"),
        ("Срочно подтвердите адрес", "Торопят"),
    ],
)
def test_what_gives_a_foreign_one_away_is_named(visitor: FlaskClient, sent: str, text: str, words: str) -> None:
    assert words in ask(visitor, text)


@pytest.mark.parametrize(("text", "phone", "words"), [("", PHONE, "Текста нет"), ("x", "123", "не мобильный")])
def test_what_cannot_be_checked_is_said(visitor: FlaskClient, sent: str, text: str, phone: str, words: str) -> None:
    assert words in ask(visitor, text, phone)


@pytest.mark.parametrize("language", sorted(PHRASES))
def test_none_of_our_own_texts_looks_like_phishing(language: str) -> None:
    """To recipients, that is: only they are warned of messages about money."""
    to_shops = {occasion.value for occasion in Occasion if MANNERS[occasion].audience is not Audience.RECIPIENT}
    said = [phrase for key, row in PHRASES[language].items() if key not in to_shops for phrase in row]
    assert [(p, list(marks.marks_of(p, "v.ru"))) for p in said if list(marks.marks_of(p, "v.ru"))] == []


def test_letters_end_by_one_press_and_a_look_changes_nothing(both: Flask, visitor: FlaskClient) -> None:
    with transaction() as session:
        parcel = make_parcel(session, make_world(session), email="marina@example.org")
        address = links.stop_for(parcel).removeprefix(both.config["PUBLIC_BASE_URL"])
    assert "Не присылать писем?" in visitor.get(address).text
    tick(NOW)
    for _ in range(2):
        assert visitor.post(address, data={"List-Unsubscribe": "One-Click"}).status_code == 200
    with transaction() as session:
        assert opt_out.is_stopped(session, "marina@example.org")
        session.query(Message).filter_by(channel="email").update({"status": Status.OWED})
    tick(NOW + timedelta(minutes=2))
    with reading() as session:
        letter = session.scalars(select(Message).where(Message.channel == "email")).one()
        assert (letter.status, letter.error) == (Status.DROPPED, "stopped")
        assert f"{both.config['PUBLIC_BASE_URL']}{address}" == letter.unsubscribe


@pytest.mark.parametrize("token", ["x", "0" * 19, "0" * 22])
def test_a_made_up_end_of_letters_ends_nothing(visitor: FlaskClient, both: Flask, token: str) -> None:
    assert visitor.post(f"/u/{token}").status_code in (404, 410)


def test_the_recipients_own_link_does_not_end_letters(both: Flask, visitor: FlaskClient) -> None:
    with transaction() as session:
        token = links.token_for(make_parcel(session, make_world(session)))
    with time_machine.travel(NOW, tick=False):
        assert visitor.post(f"/u/{token}").status_code in (404, 410)


def test_the_end_in_an_old_letter_does_not_reach_a_new_mailbox(both: Flask, visitor: FlaskClient) -> None:
    with transaction() as session:
        parcel = make_parcel(session, make_world(session), email="old@example.org")
        old = links.stop_for(parcel).removeprefix(both.config["PUBLIC_BASE_URL"])
        parcel.email = "new@example.org"
    assert visitor.post(old).status_code in (404, 410)
    with reading() as session:
        assert not opt_out.is_stopped(session, "new@example.org")
