"""A database that contradicts itself is found out: one damage for each invariant, and `flask verify` names it."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from flask import Flask
from sqlalchemy import Update, select, update

from parcels.models import Fact, Parcel
from parcels.stages import Kind, Stage
from portal.transaction import transaction
from scheduling import booking
from scheduling.models import Booking, Call, Slot
from tests.factories import KALININGRAD, NOW, make_parcel, make_world


@pytest.fixture
def booked(app: Flask) -> Flask:
    """A world with one parcel that has a slot."""
    with transaction() as session:
        parcel = make_parcel(session, make_world(session))
        row = booking.offered(session, parcel, NOW)[0].offers[0].row
        booking.book(session, parcel, row.day, row.starts, booking.Asker("recipient", parcel.version), NOW)
    return app


def test_a_sound_database_is_left_in_peace(booked: Flask) -> None:
    assert booked.test_cli_runner().invoke(args=["verify"]).output == "Нарушений нет.\n"


@pytest.mark.parametrize(
    ("invariant", "damage"),
    [
        ("I1", update(Slot).where(Slot.taken > 0).values(taken=0)),
        ("I2", update(Parcel).values(settlement_id=KALININGRAD)),
        ("I2", update(Slot).where(Slot.taken > 0).values(day=datetime(2026, 12, 31, tzinfo=UTC).date())),
        ("I3", update(Parcel).values(closed_at=datetime(2026, 11, 17, tzinfo=UTC))),
        ("I7", update(Parcel).values(version=Parcel.version + 1)),
        ("I7", update(Parcel).values(road=Stage.IN_CITY)),
        ("I7", update(Fact).where(Fact.kind == Kind.PROMISED).values(seq=77)),
    ],
)
def test_each_damage_is_seen(booked: Flask, invariant: str, damage: Update) -> None:
    with transaction() as session:
        session.execute(damage)
    done = booked.test_cli_runner().invoke(args=["verify"])
    assert done.exit_code == 1
    assert f"{invariant}: " in done.output


def test_a_call_to_somebody_who_has_a_time_is_seen(booked: Flask) -> None:
    with transaction() as session:
        held = session.scalars(select(Booking)).one()
        moment = held.made_at
        session.add(Call(parcel_id=held.parcel_id, reason="missed", queued_at=moment, due_at=moment, closes_at=moment))
    assert "I12: " in booked.test_cli_runner().invoke(args=["verify"]).output
