"""Days without a network, by chance: the server says in the end what happened; no mark is lost or doubled."""

from __future__ import annotations

from flask import Flask
from sqlalchemy import select

from parcels.models import Parcel
from portal.transaction import reading, transaction
from portal.verify import breaches
from scheduling.mark_models import DeviceMark
from scheduling.round_models import RoundStop
from tests.integration.offline_days import Lived, Town, live, wanted_stage

SCHEDULES = 10


def as_it_was(lived: Lived) -> None:
    """Everything that the phone says, and everything that happened, stands in the database."""
    phone = lived.phone
    with reading() as session:
        marks = session.scalars(select(DeviceMark).where(DeviceMark.device == phone.id)).all()
        taken = {mark.client_id: mark.is_taken for mark in marks}
        assert len(marks) == len(taken) == len(phone.shown), "each mark once"
        assert phone.shown == {name: "saved" if is_taken else "refused" for name, is_taken in taken.items()}
        refused = {mark.client_id: mark.words for mark in marks if not mark.is_taken}
        assert set(refused) == lived.wrong, refused
        for truth in lived.truths:
            parcel = session.get_one(Parcel, truth.parcel_id)
            assert parcel.stage is wanted_stage(truth, lived), truth
            stops = select(RoundStop).where(RoundStop.parcel_id == truth.parcel_id).order_by(RoundStop.booking_id)
            stop = session.scalars(stops).first()
            assert stop is not None
            assert (stop.outcome, stop.back_at is not None) == (truth.outcome, truth.is_back)


def sound() -> None:
    with transaction() as session:
        assert [breach.words for breach in breaches(session)] == []


def test_whatever_the_network_does_the_server_says_what_happened(both: Flask) -> None:
    town = Town()
    for seed in range(SCHEDULES):
        as_it_was(live(town, seed))
    sound()
