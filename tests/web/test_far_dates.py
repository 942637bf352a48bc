"""Dates that a calendar knows and no arithmetic can hold are answered in words by every entrance that takes a date."""

from __future__ import annotations

import re

import pytest
from flask import Flask

from portal.transaction import transaction
from tests.factories import make_parcel, make_staff, make_world
from tests.web.test_account import Browser

FAR = ("0001-01-01", "9999-12-31")
#: What forms and addresses call a date or a moment.
NAMES = ("day", "from", "until", "date", "first", "last", "valid_from", "handed_over_at", "when", "at", "to", "month")


@pytest.fixture
def staffed(app: Flask) -> Flask:
    with transaction() as session:
        shop = make_world(session)
        make_parcel(session, shop)
        for role in ("manager", "operator", "shop"):
            make_staff(session, role, shop_id=shop.id if role == "shop" else None)
    app.config["PROPAGATE_EXCEPTIONS"] = False
    return app


@pytest.mark.parametrize("day", FAR)
@pytest.mark.parametrize("suffix", ["", "T00:00:00+14:00", "T23:59:59-14:00"])
@pytest.mark.parametrize("role", ["manager", "operator", "shop"])
def test_no_page_breaks(staffed: Flask, role: str, suffix: str, day: str) -> None:
    browser = Browser(staffed, role)
    said = dict.fromkeys(NAMES, f"{day}{suffix}")
    paths = [rule.rule for rule in staffed.url_map.iter_rules() if "GET" in (rule.methods or ()) and not rule.arguments]
    broken = []
    for path in paths:
        query = "&".join(f"{name}={value.replace('+', '%2B')}" for name, value in said.items())
        answer = browser.get(f"{path}?settlement=314&{query}")
        if answer.status_code >= 500 and path != "/readyz":
            broken.append(path)
    assert broken == []


@pytest.mark.parametrize("day", FAR)
def test_no_form_breaks(staffed: Flask, day: str) -> None:
    broken = []
    for role in ("manager", "operator", "shop"):
        browser = Browser(staffed, role)
        browser.get("/manage" if role == "manager" else "/shop" if role == "shop" else "/calls")
        for rule in staffed.url_map.iter_rules():
            if "POST" not in (rule.methods or ()) or rule.endpoint.startswith(("account.", "webhooks.")):
                continue
            path = re.sub(r"<[^>]+>", "1", rule.rule)
            answer = browser.post(path, **dict.fromkeys(NAMES, day), zone="1", time="10:00", clock="10:00", day_to=day)
            if answer.status_code >= 500:
                broken.append((role, path))
    assert broken == []
