"""Files are sent with the headers of pages; a webhook's secret is in no cookie; a calendar holds what was typed."""

from base64 import urlsafe_b64decode
from dataclasses import replace
from zlib import decompress

import pytest
from icalendar import Calendar

from parcels.models import Parcel
from portal import create_app
from portal.config import Settings
from portal.transaction import reading, transaction
from sms.hook_models import HookEndpoint
from tests.web.test_account import Browser
from tests.web.test_hooks import add, shop
from tests.web.test_tracking import Recipient, clock, marina

__all__ = ["clock", "marina", "shop"]


@pytest.mark.parametrize("base", ["https://veha.ru", "http://localhost"])
def test_files_are_as_protected_as_pages(settings: Settings, base: str) -> None:
    app = create_app(replace(settings, public_base_url=base))
    client = app.test_client()
    for path in ("/static/portal.js", "/static/icon.svg", "/static/nothing.js", "/healthz"):
        headers = client.get(path).headers
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert "default-src 'none'" in headers["Content-Security-Policy"]
        assert ("Strict-Transport-Security" in headers) == base.startswith("https")


def test_a_secret_is_in_no_cookie(shop: Browser) -> None:
    place = add(shop)
    cookie = shop._client.get_cookie("session")
    assert cookie is not None
    payload = cookie.value.removeprefix(".").split(".")[0]
    raw = urlsafe_b64decode(payload + "=" * (-len(payload) % 4))
    said = decompress(raw) if cookie.value.startswith(".") else raw
    assert b"secret" in said
    with reading() as session:
        secret = session.query(HookEndpoint).one().secrets[0]["key"]
    assert secret.encode() not in said
    assert secret in shop.get(place).text
    assert secret not in shop.get(place).text


def test_an_order_number_ends_no_line_of_a_calendar(marina: Recipient) -> None:
    number = "A;1,2\\n\\DESCRIPTION:x " + "д" * 15
    with transaction() as session:
        session.get_one(Parcel, marina.parcel_id).order_number = number
    marina.press("slot", slot="2026-11-23T14:00")
    file = marina.client.get(f"/t/{marina.token}/delivery.ics").data
    (event,) = Calendar.from_ical(file).walk("VEVENT")
    assert str(event["SUMMARY"]) == f"Курьер: заказ {number}"
    assert "DESCRIPTION" not in event
    assert max(map(len, file.split(b"\r\n"))) <= 75
