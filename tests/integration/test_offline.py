"""Days without a network, by chance: the server says in the end what happened; no mark is lost or doubled."""

from __future__ import annotations

from flask import Flask
from sqlalchemy import select

from parcels import journal
from parcels.models import Parcel
from parcels.stages import Kind
from portal.transaction import reading, transaction
from portal.verify import breaches
from scheduling.mark_models import DeviceMark
from scheduling.round_models import RoundStop
from tests.integration.offline_days import COD, Lived, Town, close, live
from tests.integration.offline_truth import Wanted, told

SCHEDULES = 4


def as_it_was(lived: Lived) -> None:
    """Everything that the phones say, and everything that was heard, stands in the database; the money adds up."""
    wanted, taken = told(lived.heard, {parcel_id for day in lived.parcels.values() for parcel_id in day})
    with reading() as session:
        for phone in lived.phones:
            marks = session.scalars(select(DeviceMark).where(DeviceMark.device == phone.id)).all()
            states = {mark.client_id: "saved" if mark.is_taken else "refused" for mark in marks}
            assert len(marks) == len(states) == len(phone.shown), "each mark once"
            assert phone.shown == states
            right = {name: "saved" if taken[phone.user.id, name] else "refused" for name in phone.shown}
            assert states == right, {mark.client_id: mark.words for mark in marks}
        for parcel_id, truth in wanted.items():
            parcel = session.get_one(Parcel, parcel_id)
            stops = select(RoundStop).where(RoundStop.parcel_id == parcel_id).order_by(RoundStop.booking_id)
            stop = session.scalars(stops).first()
            assert stop is not None
            facts = journal.facts_of(session, parcel)
            late = [fact.details["kind"] for fact in facts if fact.kind is Kind.LATE_NEWS]
            loads = sum(fact.kind is Kind.TO_COURIER for fact in facts) + late.count(Kind.TO_COURIER)
            found = stop.outcome, stop.back_at is not None, stop.cash_minor, loads, late.count(Kind.DELIVERED)
            cash = COD if truth.outcome == "delivered" else 0
            assert parcel.stage.value == truth.stage, truth
            assert found == (truth.outcome, truth.is_back, cash, truth.loads, truth.late), truth
            assert stop.round.courier_id == truth.courier, truth
    _close(lived, wanted)


def _close(lived: Lived, wanted: dict[int, Wanted]) -> None:
    """Each gives back what he took at the doors, and nobody what another took.

    For what a carrier calls delivered while he had it, he has the money too, unless he brings the parcel back
    (decision 0017).
    """
    close(
        lived,
        lambda courier, day: sum(
            COD
            for parcel_id in lived.parcels[day]
            if wanted[parcel_id].courier == courier and wanted[parcel_id].is_paid
        ),
    )


def sound() -> None:
    with transaction() as session:
        assert [breach.words for breach in breaches(session)] == []


def test_whatever_the_network_does_the_server_says_what_happened(both: Flask) -> None:
    town = Town()
    for seed in range(SCHEDULES):
        as_it_was(live(town, seed))
    sound()
