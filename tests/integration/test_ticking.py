"""One round of everything: what fails for one parcel is put off, and everybody else gets his due."""

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from parcels.models import Parcel
from parcels.stages import Kind
from portal import ticking
from portal.transaction import reading, transaction
from scheduling import agenda
from scheduling.models import Call
from sms.models import Message, Status
from tests.factories import NOW, make_parcel, make_world, travel

LATER = NOW + timedelta(days=5)


def test_one_parcel_that_fails_holds_up_no_other(both: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    with transaction() as session:
        shop = make_world(session)
        ids = [make_parcel(session, shop).id for _ in range(3)]
    act = agenda.act

    def breaks_for_the_second(session: Session, parcel_id: int, now: object) -> object:
        if parcel_id == ids[1]:
            raise ArithmeticError
        return act(session, parcel_id, LATER)

    monkeypatch.setattr(agenda, "act", breaks_for_the_second)
    assert ticking.sweep(LATER)["failed"] == 1
    with reading() as session:
        due = {parcel.id: parcel.next_action_at for parcel in session.scalars(select(Parcel))}
    assert due[ids[1]] == LATER + agenda.RETRY_AFTER
    assert all((due[number] or NOW) > LATER for number in ids)


def test_a_round_sends_what_is_owed_and_queues_who_did_not_choose(both: Flask) -> None:
    with transaction() as session:
        travel(session, make_parcel(session, make_world(session)), [Kind.HANDED_OVER])
    first = ticking.tick(NOW)
    assert first.messages == {"accepted": 1}
    for days in range(1, 9):
        ticking.tick(NOW + timedelta(days=days))
    with reading() as session:
        sent = session.execute(select(Message.kind, Message.status).order_by(Message.id)).all()
        assert sent == [("first_link", Status.ACCEPTED), ("delay", Status.ACCEPTED)]  # it never arrives
        assert [call.reason for call in session.scalars(select(Call))] == ["not_chosen"]
