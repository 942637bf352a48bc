"""Use cases at the door: handed over, with the money that was due, or not, for one of the reasons there are."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy.orm import Session

from parcels import journal
from parcels.journal import NewFact
from parcels.models import Parcel
from parcels.stages import Kind, Stage, advance
from scheduling.policy import Reason, Refusal
from scheduling.round_loading import as_it_was, was_called_off
from scheduling.round_models import Round, RoundStop
from scheduling.rounds import DELIVERED, bring_over, on_round


class WhyNot(StrEnum):
    """Why a parcel was not handed over at the door. Those that are refusals send it back to the shop."""

    ABSENT = "absent"
    LATER = "later"
    ADDRESS = "address"
    NO_ANSWER = "no_answer"
    LATE = "late"
    NO_MONEY = "no_money"
    CHANGED_MIND = "changed_mind"
    BOUGHT_ELSEWHERE = "bought_elsewhere"
    NOT_ORDERED = "not_ordered"
    WRONG_SIZE = "wrong_size"
    LOOKS_DIFFERENT = "looks_different"
    BAD_QUALITY = "bad_quality"
    WRONG_ITEM = "wrong_item"
    REFUSED = "refused"


#: The reasons by the numbers that TopDelivery gives them (denyParams.reason.id). 6 is nobody's refusal: no one was
#: reached, and the parcel waits for another day like one whose recipient was not at home.
REASON_IDS = {
    WhyNot.LATE: 1,
    WhyNot.NO_MONEY: 2,
    WhyNot.CHANGED_MIND: 3,
    WhyNot.BOUGHT_ELSEWHERE: 4,
    WhyNot.NOT_ORDERED: 5,
    WhyNot.NO_ANSWER: 6,
    WhyNot.REFUSED: 7,
    WhyNot.WRONG_SIZE: 8,
    WhyNot.LOOKS_DIFFERENT: 9,
    WhyNot.BAD_QUALITY: 10,
    WhyNot.WRONG_ITEM: 11,
}
NOT_MET = (WhyNot.ABSENT, WhyNot.NO_ANSWER, WhyNot.LATER, WhyNot.ADDRESS)
REFUSALS = tuple(why for why in WhyNot if why not in NOT_MET)


@dataclass(frozen=True, slots=True)
class HandedOver:
    """What the courier says of a delivery: to whom, the money in minor units, and the number of the receipt.

    A sum other than the one due wants a `comment`, and is an incident until the office has looked into it.
    """

    to: str
    cash_minor: int
    receipt: str = ""
    comment: str = ""


def deliver(
    session: Session,
    parcel: Parcel,
    one: Round,
    said: HandedOver,
    courier: str,
    now: datetime,
    at: datetime | None = None,
) -> None:
    """Mark a stop as handed over. A second mark changes nothing; what a carrier has told before us is late news.

    Args: `parcel` held by `journal.lock`; `at` is when it happened if the phone could not tell at once. Raises Refusal
    when it is not in the car of this round, when it is on its way back, when nobody is named, or when the money is not
    what was due and nothing is said of it.
    """
    stop = on_round(session, one, parcel.id, at)
    if stop.outcome == DELIVERED and stop.round_id == one.id:
        return
    is_known = parcel.stage is Stage.DELIVERED
    if not is_known or (one.closed_at is not None and at is None):
        _insist_on_car(one, stop, parcel, at)
    _insist_on_hand_over(parcel, said, may_be_unexplained=at is not None)
    details = {"by": courier, "booking": stop.booking_id, "cod_minor": said.cash_minor, "currency": parcel.currency}
    extra = {"to": said.to.strip(), "receipt": said.receipt.strip(), "note": said.comment.strip()}
    if said.cash_minor != parcel.cod_minor:
        details["due_minor"] = parcel.cod_minor
    details |= {name: words for name, words in extra.items() if words}
    if is_known:
        details["kind"] = Kind.DELIVERED.value
    journal.record(
        session, parcel, NewFact(Kind.LATE_NEWS if is_known else Kind.DELIVERED, "courier", at, "", details), now
    )
    if stop.outcome != DELIVERED:  # otherwise the mark of another courier was here first, and counts
        _done(session, one, stop, DELIVERED, at or now)
        stop.cash_minor = said.cash_minor


def fail(
    session: Session,
    parcel: Parcel,
    one: Round,
    why: WhyNot,
    courier: str,
    now: datetime,
    at: datetime | None = None,
) -> None:
    """Mark a stop as not handed over; a refusal sends the parcel back. A second mark changes nothing.

    Args: `parcel` held by `journal.lock`; `at` as in `deliver`, unless the stop had been called off by then and he
    never had the parcel. Raises Refusal when it is not in the car of this round.
    """
    stop = on_round(session, one, parcel.id, at)
    if stop.done_at is not None and stop.outcome != DELIVERED:
        return
    is_told_late = at is not None and (stop.is_loaded or not was_called_off(session, stop, at))
    _insist_on_car(one, stop, parcel, at if is_told_late else None)
    details: dict[str, object] = {"by": courier, "booking": stop.booking_id, "why": why.value}
    if why in REASON_IDS:
        details["reason"] = REASON_IDS[why]
    kind = Kind.NOT_DELIVERED if why in NOT_MET else Kind.REFUSED
    journal.record(session, parcel, as_it_was(session, stop, NewFact(kind, "courier", at, details=details)), now)
    _done(session, one, stop, why.value, at or now)


def ring_in_vain(session: Session, one: Round, parcel_id: int, courier: str, now: datetime) -> None:
    """The courier has rung and nobody answered: the recipient reads of it, and the stop still waits to be warned.

    A second press within the minute is the same call. Raises Refusal when the parcel is not on his round or is done.
    """
    stop = on_round(session, one, parcel_id)
    if stop.done_at is not None or one.closed_at is not None:
        raise Refusal(Reason.NOT_ON_ROUND)
    details = {"outcome": "no_answer", "by": courier, "booking": stop.booking_id}
    key = f"rang:{stop.booking_id}:{now:%Y%m%dT%H%M}"
    new = NewFact(Kind.CALL_ATTEMPTED, "courier", details=details, dedup_key=key)
    journal.record(session, journal.lock(session, parcel_id), new, now)


def _insist_on_car(one: Round, stop: RoundStop, parcel: Parcel, at: datetime | None) -> None:
    """Nothing is marked that is not in the car. What the phone tells late has happened, whatever we thought meanwhile;
    only a parcel that has come to its end otherwise contradicts it.
    """
    is_away = parcel.road is not Stage.WITH_COURIER or stop.back_at is not None
    is_out = stop.done_at is not None or is_away or one.closed_at is not None
    if parcel.closed_at is not None or (is_out and at is None):
        raise Refusal(Reason.NOT_ON_ROUND)


def _insist_on_hand_over(parcel: Parcel, said: HandedOver, *, may_be_unexplained: bool) -> None:
    """Who took it is named, the money is what was due or something is said of it, and it is not on its way back.

    Args: `may_be_unexplained` where it is told late: he has left the door, and the incident asks him.
    """
    if advance(parcel.state, Kind.DELIVERED).stage is not Stage.DELIVERED:
        raise Refusal(Reason.NOT_ON_ROUND)
    if not said.to.strip():
        raise Refusal(Reason.NOBODY_NAMED)
    is_explained = said.cash_minor == parcel.cod_minor or bool(said.comment.strip())
    if said.cash_minor < 0 or not (is_explained or may_be_unexplained):
        raise Refusal(Reason.OTHER_SUM)


def _done(session: Session, one: Round, stop: RoundStop, outcome: str, now: datetime) -> None:
    stop.done_at, stop.outcome = now, outcome
    bring_over(session, one, stop)
