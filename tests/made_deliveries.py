"""A past for tests: parcels that were promised, carried and delivered, written straight into the journal's table."""

from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from random import Random
from typing import Any

from sqlalchemy.orm import Session

from parcels.models import Fact, Parcel, Shop
from parcels.stages import Kind, Stage
from scheduling.calendars import calendar_of
from tests.factories import TOMSK

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def delivered(
    session: Session,
    shop: Shop,
    days: tuple[int, ...],
    count: int,
    until: datetime,
    per_day: int = 8,
    settlement_id: int = TOMSK,
    **learned: Any,
) -> None:
    """`count` parcels, the last one handed over the day before `until`, each delivered after so many working days.

    Args: `days` are drawn from, the same ones each time; `learned` goes into the promise of the hand-over, which ends
    after `promised_days` working days (5 unless said otherwise).
    """
    random, calendar = Random(11), calendar_of("RU")
    promised_days = learned.pop("promised_days", 5)
    for number in range(count):
        handed = until - DAY * (1 + number // per_day)
        handed = datetime.combine(calendar.on_or_after(handed.date()), time(6), UTC)
        comes = calendar.add(handed.date(), random.choice(days))
        promised = calendar.add(handed.date(), promised_days)
        facts = [
            (Kind.ORDER_ACCEPTED, handed - DAY, {}),
            (Kind.PROMISED, handed - DAY, _promise(handed, promised, settlement_id)),
            (Kind.HANDED_OVER, handed, {}),
            (Kind.PROMISED, handed, _promise(handed, promised, settlement_id, **learned)),
        ]
        if comes < until.date():
            facts.append((Kind.DELIVERED, datetime.combine(comes, time(9), UTC), {}))
        _write(session, shop, f"past-{settlement_id}-{until:%m%d}-{number}", settlement_id, facts)
    session.flush()


def _promise(handed: datetime, until: Any, settlement_id: int, **learned: Any) -> dict[str, Any]:
    start, end = handed.date().isoformat(), until.isoformat()
    details: dict[str, Any] = {
        "promised_from": (handed.date() + 2 * DAY).isoformat(),
        "promised_to": end,
        "hand_over_by": start,
        "arrival_from": start,
        "arrival_by": end,
        "legs": [],
        "matrix": 1,
        "settlement": settlement_id,
        "cause": "handed_over",
    }
    if learned:
        dates = {"day": start, "handed": start, "by_matrix": end, "latest": end}
        details["learned"] = {**dates, "trust": 1.0, "holds": True, "is_given": True, **learned}
    return details


def _write(session: Session, shop: Shop, number: str, settlement_id: int, facts: list[Any]) -> None:
    is_over = facts[-1][0] is Kind.DELIVERED
    parcel = Parcel(
        shop_id=shop.id,
        order_number=number,
        phone="+79130001242",
        settlement_id=settlement_id,
        accepted_at=facts[0][1],
        version=len(facts),
        stage=Stage.DELIVERED if is_over else Stage.HANDED_OVER,
        road=Stage.DELIVERED if is_over else Stage.HANDED_OVER,
        closed_at=facts[-1][1] if is_over else None,
        **({} if is_over else {"owner": "carrier", "next_action": "arrive", "next_action_at": facts[-1][1] + 60 * DAY}),
    )
    session.add(parcel)
    session.flush()
    session.add_all(_facts(parcel.id, facts))


def _facts(parcel_id: int, facts: list[Any]) -> Iterator[Fact]:
    for seq, (kind, at, details) in enumerate(facts, start=1):
        yield Fact(
            parcel_id=parcel_id, seq=seq, kind=kind, occurred_at=at, recorded_at=at, source="test", details=details
        )
