"""How much of a body each route reads: a stranger's form is small, and nobody waits for a large one."""

import pytest
from flask import Flask
from flask.testing import FlaskClient

from portal.access import BODY_OF_STRANGERS, Rule, rule_of

STRANGERS = (Rule.PUBLIC, Rule.LINK, Rule.SIGNATURE)


@pytest.fixture
def visitor(app: Flask) -> FlaskClient:
    return app.test_client()


def addresses_of_strangers(app: Flask) -> list[str]:
    """An address for each POST route that needs no sign-in; the carriers' pushed events have a limit of their own."""
    made = app.url_map.bind("localhost")
    rules = [rule for rule in app.url_map.iter_rules() if "POST" in (rule.methods or ())]
    with app.app_context():
        open_ones = [rule for rule in rules if rule_of(rule.endpoint) in STRANGERS]
    return [
        made.build(rule.endpoint, dict.fromkeys(rule.arguments, "x"), method="POST")
        for rule in open_ones
        if rule.endpoint != "webhooks.carrier"
    ]


def test_no_form_of_a_stranger_takes_more_than_sixteen_kilobytes(app: Flask, visitor: FlaskClient) -> None:
    addresses = addresses_of_strangers(app)
    assert len(addresses) > 8
    large = {"text": "w-" * BODY_OF_STRANGERS}
    taken = {address: visitor.post(address, data=large).status_code for address in addresses}
    assert {address: code for address, code in taken.items() if code not in (413, 403, 404)} == {}


def test_a_form_of_fifteen_megabytes_is_refused_in_words(visitor: FlaskClient) -> None:
    answer = visitor.post("/check", data={"text": "я" * 5_000_000})
    assert answer.status_code == 413
    assert "Слишком длинно" in answer.text
