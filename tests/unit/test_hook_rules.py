"""The pure rules of webhooks: ladder, rests, secrets, signatures by the standard's own library, thin bodies."""

import json
import re
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
import time_machine
from standardwebhooks import Webhook, WebhookVerificationError

from parcels.stages import Kind
from sms import hook_events
from sms.hook_ladder import LADDER, LIFETIME, rest, wait
from sms.hook_secrets import keys, rotated, signature
from tests.factories import NOW

DOCS = (Path(__file__).resolve().parents[2] / "docs/webhooks.md").read_text()
BODY = '{"type":"parcel.arrived","data":{"order_number":"Ж-1"}}'


def test_the_ladder_takes_27_hours_and_then_ends() -> None:
    waits = [wait(rung, 0, None) for rung in range(1, 9)]
    assert [w and w.total_seconds() for w in waits] == [5, 300, 1800, 7200, 18000, 36000, 36000, None]
    assert 27 <= sum(LADDER, timedelta()).total_seconds() / 3600 < 28
    assert sum(LADDER, timedelta()) * 1.1 < LIFETIME


def test_jitter_only_adds_and_never_more_than_a_tenth() -> None:
    assert wait(2, 0.5, None) == timedelta(minutes=5) * 1.05
    assert wait(2, 1, None) == timedelta(minutes=5.5)


@pytest.mark.parametrize(("asked", "seconds"), [(60, 300), (1200, 1200), (999_999, 3600), (-5, 300), (None, 300)])
def test_retry_after_is_kept_up_to_an_hour(asked: int | None, seconds: int) -> None:
    assert wait(2, 0, asked) == timedelta(seconds=seconds)


def test_a_failing_address_rests_longer_and_longer_up_to_five_minutes() -> None:
    assert [rest(n, None).total_seconds() for n in (1, 2, 3, 4, 5, 99)] == [5, 30, 120, 300, 300, 300]
    assert rest(1, 1800) == timedelta(minutes=30)


def test_a_secret_is_32_random_bytes() -> None:
    with pytest.raises(ValueError, match="no secret"):
        rotated([], b"short", NOW)
    assert rotated([], b"\0" * 32, NOW)[0]["key"] == "whsec_" + "A" * 43 + "="


def test_a_rotated_secret_is_good_for_another_day() -> None:
    first = rotated([], b"a" * 32, NOW)
    both = rotated(first, b"b" * 32, NOW)
    assert keys(both, NOW + timedelta(hours=23, minutes=59)) == (both[0]["key"], first[0]["key"])
    assert keys(both, NOW + timedelta(hours=24)) == (both[0]["key"],)


def test_rotating_again_does_not_prolong_the_oldest_and_forgets_the_ended() -> None:
    secrets = rotated(rotated([], b"a" * 32, NOW), b"b" * 32, NOW)
    third = rotated(secrets, b"c" * 32, NOW + timedelta(hours=12))
    assert len(keys(third, NOW + timedelta(hours=13))) == 3
    assert len(keys(third, NOW + timedelta(hours=25))) == 2
    assert len(rotated(third, b"d" * 32, NOW + timedelta(days=9))) == 2


def test_the_standard_accepts_each_of_two_signatures_and_no_third() -> None:
    secrets = rotated(rotated([], b"a" * 32, NOW), b"b" * 32, NOW)
    old, new, stranger = secrets[1]["key"], secrets[0]["key"], rotated([], b"x" * 32, NOW)[0]["key"]
    timestamp = int(NOW.timestamp())
    signed = signature(keys(secrets, NOW), "msg_1", timestamp, BODY)
    headers = {"webhook-id": "msg_1", "webhook-timestamp": str(timestamp), "webhook-signature": signed}
    with time_machine.travel(NOW, tick=False):
        for key in (old, new):
            assert Webhook(key).verify(BODY, headers) == json.loads(BODY)
        with pytest.raises(WebhookVerificationError):
            Webhook(stranger).verify(BODY, headers)
        with pytest.raises(WebhookVerificationError):
            Webhook(new).verify(BODY.replace("Ж", "З"), headers)


def test_the_ten_lines_of_the_docs_verify_what_we_sign() -> None:
    verify = the_docs_verify()
    secrets = rotated(rotated([], b"a" * 32, NOW), b"b" * 32, NOW)
    timestamp = int(NOW.timestamp())
    signed = signature(keys(secrets, NOW), "msg_1", timestamp, BODY)
    headers = {"webhook-id": "msg_1", "webhook-timestamp": str(timestamp), "webhook-signature": signed}
    with time_machine.travel(NOW, tick=False):
        assert [verify(secret["key"], headers, BODY.encode()) for secret in secrets] == [True, True]
        assert not verify(secrets[0]["key"], headers, BODY.encode() + b" ")
    with time_machine.travel(NOW + timedelta(minutes=6), tick=False):
        assert not verify(secrets[0]["key"], headers, BODY.encode())


def the_docs_verify() -> Callable[[str, dict[str, str], bytes], bool]:
    """The function that docs/webhooks.md offers to a shop's engineer."""
    names: dict[str, Any] = {}
    exec(DOCS.split("```python\n")[1].split("```")[0], names)
    return names["verify"]


def test_the_docs_name_every_event_and_no_other() -> None:
    told = {*hook_events.EVENTS.values(), hook_events.PING}
    assert set(re.findall(r"`((?:parcel|test)\.[a-z_]+)`", DOCS)) == told


def test_our_signature_is_the_one_the_standard_makes() -> None:
    key = rotated([], bytes(range(32)), NOW)[0]["key"]
    assert signature([key], "msg_1", int(NOW.timestamp()), BODY) == Webhook(key).sign("msg_1", NOW, BODY)


def test_a_body_is_thin_and_tells_the_time_in_utc() -> None:
    at = datetime(2026, 11, 16, 12, 0, tzinfo=timezone(timedelta(hours=5)))
    told = hook_events.data("А/1", "VH000000012", "in_city", 7)
    assert json.loads(hook_events.body("parcel.arrived", at, told)) == {
        "type": "parcel.arrived",
        "timestamp": "2026-11-16T07:00:00.000Z",
        "data": {
            "order_number": "А/1",
            "parcel": "VH000000012",
            "stage": "in_city",
            "version": 7,
            "href": "/api/v1/parcels/%D0%90%2F1",
        },
    }


def test_each_kind_has_an_event_of_its_own_and_what_staff_do_has_none() -> None:
    assert len(set(hook_events.EVENTS.values())) == len(hook_events.EVENTS)
    assert not {Kind.CALL_ATTEMPTED, Kind.MESSAGE_FAILED, Kind.LINK_REVOKED} & set(hook_events.EVENTS)
