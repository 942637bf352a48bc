"""The manager sees who hits the caps of messages."""

from datetime import timedelta

import pytest
import time_machine
from flask import Flask
from sqlalchemy import update

from portal.transaction import transaction
from sms.models import Message, Status
from tests.factories import NOW, make_parcel, make_staff, make_world
from tests.web.test_account import Browser


@pytest.mark.parametrize(
    ("role", "days", "is_shown"), [("manager", 1, True), ("operator", 1, True), ("manager", 8, False)]
)
def test_who_hits_caps_is_seen(app: Flask, role: str, days: int, is_shown: bool) -> None:
    with transaction() as session:
        make_staff(session, role)
        make_parcel(session, make_world(session))
        session.execute(update(Message).values(status=Status.DROPPED, error="number_cap", settled_at=NOW))
    with time_machine.travel(NOW + timedelta(days=days), tick=False):
        page = Browser(app, role).get("/messages").text
    assert ("Кто упёрся в пределы" in page) is is_shown
    assert ("слишком много сообщений на этот номер за сутки" in page) is is_shown
