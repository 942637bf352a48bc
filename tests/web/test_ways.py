"""No address that a browser can show is a dead end: a form's leads to its page, a slash too many to the page itself."""

from collections.abc import Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.routing import Rule as Address

from parcels.models import Parcel
from portal import links
from portal.access import Rule, rule_of
from portal.transaction import transaction
from tests.factories import make_parcel, make_world

OF_PROGRAMS = (Rule.KEY, Rule.SIGNATURE)
VALUES = {"token": "A" * 19, "number": "900-1", "way": "back"}


def forms_without_a_page(app: Flask) -> Iterator[tuple[Address, str]]:
    """The addresses that only take forms, each with one that fits it."""
    rules = list(app.url_map.iter_rules())
    shown = {rule.rule for rule in rules if "GET" in (rule.methods or ())}
    addresses = app.url_map.bind("localhost")
    for rule in rules:
        if rule.rule not in shown and rule_of(rule.endpoint) not in OF_PROGRAMS:
            given = {name: VALUES.get(name, 5) for name in rule.arguments}
            yield rule, addresses.build(rule.endpoint, given, method="POST")


def test_a_form_that_is_asked_for_again_leads_to_its_page(app: Flask, client: FlaskClient) -> None:
    seen = 0
    for rule, path in forms_without_a_page(app):
        answer = client.get(path)
        assert answer.status_code == 302, f"{rule.rule} is a dead end: {answer.status_code}"
        to = answer.location.split("?")[0]
        assert path.startswith(to), f"{rule.rule} leads to {to}"
        app.url_map.bind("localhost").match(to, method="GET")
        seen += 1
    assert seen > 40


@pytest.mark.parametrize(
    ("path", "to"),
    [
        ("/calls/5/outcome", "/calls/5"),
        ("/calls/next", "/calls"),
        ("/round/5/delivered", "/round/5"),
        ("/round/close", "/round"),
        ("/manage/5/week", "/manage?zone=5"),
        ("/manage/matrix/uploads/5/apply", "/manage/matrix/uploads/5"),
        ("/manage/matrix/versions/-1/back", "/manage/matrix"),
        ("/shop/hooks/5/rotate", "/shop/hooks/5"),
        ("/shop/parcels/900-1/recall", "/shop/parcels/900-1"),
        ("/station/scan", "/station"),
        ("/messages/5/replay", "/messages"),
        ("/fresh", "/"),
        ("/logout", "/"),
    ],
)
def test_the_page_is_the_nearest_one(client: FlaskClient, path: str, to: str) -> None:
    assert client.get(path).location == to
    assert client.head(path).location == to


def test_the_recipient_s_forms_lead_to_the_parcel(app: Flask, client: FlaskClient) -> None:
    token = links.token_for(_parcel())
    for action in ("postpone", "remind", "undo"):
        answer = client.get(f"/t/{token}/{action}", follow_redirects=True)
        assert (answer.status_code, answer.request.path) == (200, f"/t/{token}")
    for end in ("/", "//", ".", ",", ")", "»", "%20", "./"):
        answer = client.get(f"/t/{token}{end}", follow_redirects=True)
        assert (answer.status_code, answer.request.path) == (200, f"/t/{token}"), end


def test_a_refused_form_has_a_way_back(app: Flask, client: FlaskClient) -> None:
    app.config["PROPAGATE_EXCEPTIONS"] = False
    token = links.token_for(_parcel())
    answer = client.post(f"/t/{token}/undo", headers={"Origin": "https://elsewhere.example"})
    assert answer.status_code == 403
    assert f'href="/t/{token}"' in answer.text


def test_programs_and_strangers_are_told_what_they_were(client: FlaskClient) -> None:
    assert client.get("/api/v1/parcels").status_code == 405
    assert client.get("/webhooks/twilio").status_code == 405
    assert client.get("/nothing/here").status_code == 404
    assert client.get("/nothing/here/").status_code == 404
    assert client.delete("/t/x/undo").status_code == 405
    assert client.post("/check/").status_code == 404


def test_no_slash_leads_off_our_site(client: FlaskClient) -> None:
    for path in ("//evil.example/", "/\\evil.example/", "/t//evil.example/", "/%2Fevil.example/"):
        answer = client.get(path)
        assert "evil.example" not in (answer.location or "").removeprefix("/t/"), path


def _parcel() -> Parcel:
    with transaction() as session:
        return make_parcel(session, make_world(session))
