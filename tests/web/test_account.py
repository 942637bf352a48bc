"""The front page, and signing in and out. `Browser` is what the tests of all staff pages look through."""

import re
from typing import Any

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from parcels.models import Staff
from portal.routes.account import local_path
from portal.transaction import transaction
from tests.factories import TOMSK, make_staff, make_world, zone_of

_TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')


class Browser:
    """A client that sends the CSRF token of the last page along; each request has an app context of its own."""

    def __init__(self, app: Flask, login: str | None = None) -> None:
        self._app, self._client, self._token = app, app.test_client(), ""
        if login is not None:
            self.get("/login")
            self.post("/login", login=login, password="secret")

    def get(self, path: str) -> TestResponse:
        return self._seen("GET", path)

    def post(self, path: str, **form: Any) -> TestResponse:
        return self._seen("POST", path, data={"csrf_token": self._token, **form})

    def _seen(self, method: str, path: str, **sent: Any) -> TestResponse:
        with self._app.app_context():
            page = self._client.open(path, method=method, **sent)
        self._token = found[1] if (found := _TOKEN.search(page.text)) else self._token
        return page


@pytest.fixture
def staff(app: Flask) -> dict[str, Staff]:
    with transaction() as session:
        shop = make_world(session)
        return {
            "operator": make_staff(session, "operator"),
            "courier": make_staff(session, "courier", zone_id=zone_of(session, TOMSK).id),
            "shop": make_staff(session, "shop", shop_id=shop.id),
            "manager": make_staff(session, "manager"),
        }


def test_the_front_page_sends_recipients_to_their_message(app: Flask) -> None:
    page = Browser(app).get("/")
    assert page.status_code == 200
    assert "Откройте ссылку из SMS" in page.text


@pytest.mark.parametrize(
    ("role", "place"), [("operator", "/calls"), ("courier", "/round"), ("shop", "/shop"), ("manager", "/manage")]
)
def test_each_role_gets_to_its_own_page(app: Flask, staff: dict[str, Staff], role: str, place: str) -> None:
    browser = Browser(app, role)
    assert browser.get("/").location == place
    assert browser.get(place).status_code == 200
    others = {"/calls", "/round", "/shop", "/manage"} - {place}
    assert [browser.get(other).status_code for other in others] == [403] * 3


@pytest.mark.parametrize(("login", "password"), [("operator", "wrong"), ("nobody", "secret"), ("", "")])
def test_a_wrong_password_is_said_in_one_sentence(
    app: Flask, staff: dict[str, Staff], login: str, password: str
) -> None:
    browser = Browser(app)
    browser.get("/login")
    page = browser.post("/login", login=login, password=password)
    assert page.status_code == 422
    assert "Такого сочетания имени и пароля нет" in page.text
    assert f'value="{password}"' not in page.text or not password
    assert browser.get("/calls").location.startswith("/login")


def test_somebody_who_had_to_sign_in_gets_where_he_wanted(app: Flask, staff: dict[str, Staff]) -> None:
    browser = Browser(app)
    asked = browser.get("/calls?lang=en")
    assert (asked.status_code, asked.location) == (303, "/login?next=/calls?lang%3Den&lang=en")
    form = browser.get("/login?next=/calls")
    assert 'name="next" value="/calls"' in form.text.replace("\n", " ")
    assert browser.post("/login", login="operator", password="secret", next="/calls").location == "/calls"


@pytest.mark.parametrize(
    "address", ["https://evil.example/", "//evil.example", "/\\evil.example", "/\t/evil.example", "evil", "", "/\n/x"]
)
def test_signing_in_leads_to_no_other_site(app: Flask, staff: dict[str, Staff], address: str) -> None:
    assert local_path(address) == ""
    browser = Browser(app)
    browser.get("/login")
    assert browser.post("/login", login="operator", password="secret", next=address).location == "/"


def test_signing_out_ends_the_session_and_may_be_pressed_twice(app: Flask, staff: dict[str, Staff]) -> None:
    browser = Browser(app, "operator")
    browser.get("/calls")
    assert browser.post("/logout").location == "/login"
    assert browser.post("/logout").location == "/login"
    assert browser.get("/calls").status_code == 303


def test_no_form_is_taken_without_its_token(app: Flask, staff: dict[str, Staff]) -> None:
    browser = Browser(app, "operator")
    assert browser.post("/calls/next", csrf_token="").status_code == 400
    assert browser.post("/login", csrf_token="", login="operator", password="secret").status_code == 400


def test_nobody_may_guess_passwords_quickly(app: Flask) -> None:
    app.config["RATELIMIT_ENABLED"] = True
    browser = Browser(app)
    assert {browser.get("/login").status_code for _ in range(30)} == {200}
    tries = [browser.post("/login", login="olga", password="guess") for _ in range(21)]
    assert [answer.status_code for answer in tries] == [422] * 20 + [429]
    assert 0 < int(tries[-1].headers["Retry-After"]) <= 60
