"""Twilio's signature over its request, against Twilio's own vectors."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from twilio.request_validator import RequestValidator
from werkzeug.datastructures import MultiDict

from sms.receipts import is_genuine

GIVEN = json.loads((Path(__file__).parents[1] / "data/twilio_signature_vectors.json").read_text())
PLAIN = GIVEN["vectors"][0]


@pytest.mark.parametrize("vector", GIVEN["vectors"], ids=lambda vector: vector["name"])
def test_the_vectors(vector: dict[str, Any]) -> None:
    assert is_genuine(GIVEN["auth_token"], vector["url"], PLAIN["params"], vector["signature"]) is vector["valid"]


@pytest.mark.parametrize(
    ("token", "url", "params", "signature"),
    [
        ("54321", PLAIN["url"], PLAIN["params"], PLAIN["signature"]),
        ("12345", PLAIN["url"] + "&m=2", PLAIN["params"], PLAIN["signature"]),
        ("12345", PLAIN["url"], PLAIN["params"] | {"Digits": "1235"}, PLAIN["signature"]),
        ("12345", PLAIN["url"], PLAIN["params"], ""),
        ("12345", PLAIN["url"], PLAIN["params"], PLAIN["signature"][:-2] + "я="),
    ],
)
def test_anything_else_is_forged(token: str, url: str, params: dict[str, str], signature: str) -> None:
    assert is_genuine(token, url, params, signature) is False


def test_without_a_token_nothing_is_genuine() -> None:
    signed_with_nothing = RequestValidator("").compute_signature(PLAIN["url"], PLAIN["params"])
    assert is_genuine("", PLAIN["url"], PLAIN["params"], signed_with_nothing) is False


def test_a_form_with_repeated_fields() -> None:
    form: MultiDict[str, str] = MultiDict(PLAIN["params"])
    assert is_genuine("12345", PLAIN["url"], form, PLAIN["signature"]) is True
