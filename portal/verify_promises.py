"""I14 of a live database: no buyer waits behind a date that he was told and that has gone by in silence."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import groupby
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from parcels.clocks import local_date
from parcels.models import Fact, Parcel, Settlement
from parcels.stages import BEFORE_CITY, Kind
from scheduling.models import Call
from scheduling.past_promises import Past
from sms.models import Message, Status
from sms.occasions import Audience

_KINDS = (Kind.PROMISED, Kind.PROMISE_WITHDRAWN, Kind.TOLD)
#: A message that has not left yet, or whose fate is not known, is still owed.
_OWED = (Status.OWED, Status.QUEUED, Status.SENDING, Status.UNKNOWN)


def told_dates_are_kept_or_spoken_of(session: Session, now: datetime) -> list[str]:
    """I14: what is still on its way and has nothing agreed was told a date to come, or is owed a message or a call."""
    owed = select(Message.parcel_id).where(
        Message.parcel_id == Parcel.id,
        Message.audience == Audience.RECIPIENT.value,
        Message.status.in_(_OWED),
    )
    called = select(Call.parcel_id).where(Call.parcel_id == Parcel.id, Call.closed_at.is_(None))
    query = (
        select(Fact, Settlement.zone)
        .join(Parcel, Parcel.id == Fact.parcel_id)
        .join(Settlement, Settlement.id == Parcel.settlement_id)
        .where(Parcel.closed_at.is_(None), Parcel.side.is_(None), Parcel.plan.is_(None))
        .where(Parcel.road.in_(BEFORE_CITY), Fact.kind.in_(_KINDS))
        .where(~owed.exists(), ~called.exists())
        .order_by(Fact.parcel_id, Fact.seq)
    )
    rows = session.execute(query).all()
    return list(_silent(rows, now))


def _silent(rows: Iterable[Any], now: datetime) -> Iterator[str]:
    for parcel_id, of_one in groupby(rows, key=lambda row: row.Fact.parcel_id):
        facts = list(of_one)
        told = Past([row.Fact for row in facts], None).told
        if told is None:
            yield f"посылка {parcel_id}: срок неизвестен, никто не звонит, и мы молчим"
        elif told.last < local_date(now, facts[0].zone):
            yield f"посылка {parcel_id}: обещали до {told.last.isoformat()}, срок прошёл, и мы молчим"
