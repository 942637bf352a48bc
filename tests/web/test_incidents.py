"""Incidents are worked off on a page: taken, commented, resolved with a sentence, by the version that was seen."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from flask import Flask
from sqlalchemy import select

from parcels import journal
from parcels.custody_models import Incident, IncidentComment
from parcels.journal import NewFact
from parcels.models import Parcel, Staff
from parcels.stages import Kind
from portal import ticking
from portal.transaction import reading, transaction
from tests.factories import NOW, make_parcel, make_staff, make_world
from tests.web.test_account import Browser

LATE = NOW + timedelta(days=2)


@pytest.fixture
def incident_id(app: Flask) -> int:
    """A shop that did not hand over in time."""
    with transaction() as session:
        make_parcel(session, make_world(session), order_number="48117")
        for role in ("operator", "manager", "courier"):
            make_staff(session, role)
    ticking.watch(LATE)
    return incident().id


def incident() -> Incident:
    with reading() as session:
        return session.scalars(select(Incident)).one()


def test_it_is_found_taken_commented_and_resolved(app: Flask, incident_id: int) -> None:
    with time_machine.travel(LATE, tick=False):
        browser, page = Browser(app, "operator"), f"/incidents/{incident_id}"
        assert "48117" in browser.get("/incidents?step=hand_over&role=shop&whose=nobody").text
        assert "48117" not in browser.get("/incidents?step=mark").text
        assert "Магазин не передал посылку" in browser.get(page).text
        with reading() as session:
            me = session.scalars(select(Staff.id).where(Staff.role == "operator")).one()
        assert browser.post(f"{page}/assign", to=me, version=1).status_code == 303
        assert browser.post(f"{page}/comment", text="Звоню на склад").status_code == 303
        assert "48117" in browser.get("/incidents?whose=mine").text
        assert browser.post(f"{page}/resolve", sentence=" ", version=2).status_code == 422
        assert browser.post(f"{page}/resolve", sentence="Забрал водитель", version=2).status_code == 303
        assert "Забрал водитель" in browser.get(page).text
        assert "48117" not in browser.get("/incidents").text
    with reading() as session:
        assert list(session.scalars(select(IncidentComment.text))) == ["→ Ольга Смирнова", "Звоню на склад"]


def test_the_second_of_two_loses_and_sees_why(app: Flask, incident_id: int) -> None:
    with transaction() as session:
        parcel = session.scalars(select(Parcel)).one()
        journal.record(session, parcel, NewFact(Kind.HANDED_OVER, "station:1"), LATE)
    browser = Browser(app, "manager")
    answer = browser.post(f"/incidents/{incident_id}/resolve", sentence="Да", version=1)
    assert answer.status_code == 409
    assert "Скан пришёл" in answer.text
    assert incident().resolution == ""


def test_it_is_the_offices_page(app: Flask, incident_id: int) -> None:
    assert Browser(app, "courier").get("/incidents").status_code == 403
