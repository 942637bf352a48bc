"""What we send to Twilio, held against Twilio's own description of it. `make contract` asks Prism the same."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from sms import twilio
from sms.gateway import Accepted, Outgoing
from tests.fake_twilio import fake_twilio

DESCRIPTION = Path(__file__).parents[1] / "data" / "twilio_messages_openapi.json"
PATH = "/2010-04-01/Accounts/{AccountSid}/Messages.json"
MESSAGE = Outgoing(
    7, "+79130001242", "Дом, 117: 26–27.11. Время: veha.ru/t/7Kq2mX9s", "https://veha.ru/webhooks/twilio"
)
NAMED = Outgoing(8, MESSAGE.to, MESSAGE.text, MESSAGE.callback_url, sender="TeplyDom")


def description() -> dict[str, Any]:
    read: dict[str, Any] = json.loads(DESCRIPTION.read_text("utf-8"))
    return read


@pytest.mark.parametrize("message", [MESSAGE, NAMED, Outgoing(9, MESSAGE.to, "текст")])
def test_a_message_is_a_form_that_twilio_describes(message: Outgoing) -> None:
    whole = description()
    content = whole["paths"][PATH]["post"]["requestBody"]["content"]
    schema = content["application/x-www-form-urlencoded"]["schema"]
    with fake_twilio() as fake:
        assert isinstance(twilio.gateway(fake.config).send(message), Accepted)
        (form,) = fake.forms
    jsonschema.validate(form, schema | {"components": whole["components"], "additionalProperties": False})


def test_a_look_up_asks_only_what_twilio_describes() -> None:
    known = {parameter["name"] for parameter in description()["paths"][PATH]["get"]["parameters"]}
    with fake_twilio() as fake:
        assert twilio.gateway(fake.config).find(MESSAGE) is None
        (query,) = fake.queries
    assert set(query) <= known


def test_the_shops_own_name_is_the_sender() -> None:
    with fake_twilio() as fake:
        gateway = twilio.gateway(fake.config)
        gateway.send(MESSAGE)
        gateway.send(NAMED)
        assert [kept.sender for kept in fake.kept] == [fake.config["TWILIO_FROM"], "TeplyDom"]
