"""What the journal says of the recipient's own changes: how many are left, and whether one was taken back."""

from collections.abc import Iterable

from parcels.stages import Kind
from portal.languages import _
from portal.tracking_rows import PastFact
from scheduling.policy import ASKED_ANEW, BROKEN_BY_US, CHANGES_BY_LINK

_PLANS = (Kind.SLOT_BOOKED, Kind.POSTPONED, Kind.CHOICE_WITHDRAWN)


def changes_left(facts: Iterable[PastFact]) -> int:
    """How many changes by link are left, as `scheduling.changes` counts them in the bookings.

    What was undone, and what we did not keep, is not counted.
    """
    used, is_his = 0, False
    for fact in facts:
        if fact.kind not in _PLANS:
            continue
        cause = "undo" if fact.details.get("undone") else str(fact.details.get("cause", ""))
        if fact.kind is not Kind.CHOICE_WITHDRAWN and cause != "undo":
            is_his = fact.source == "recipient"
            used += is_his
            continue
        used -= cause == "undo" or (is_his and cause in BROKEN_BY_US)
        is_his = False
    return max(0, CHANGES_BY_LINK - used)


def taken_back(facts: Iterable[PastFact]) -> PastFact | None:
    """How staff or we ourselves took back what had been agreed last; None when it ended otherwise."""
    last = [fact for fact in facts if fact.kind in _PLANS or fact.kind is Kind.NOT_DELIVERED][-1:]
    if last and last[0].kind is Kind.CHOICE_WITHDRAWN and last[0].details.get("cause") in ASKED_ANEW:
        return last[0]
    return None


def apology(lost: PastFact | None) -> str:
    """Why the agreed time is gone, when no delay is to blame: that one has a headline of its own."""
    return {
        "blackout": _("В назначенный день курьеры не поедут, время пришлось снять. Простите. Выберите другое."),
        "carrier": _("Перевозчик не может приехать в это время, его пришлось снять. Простите. Выберите другое."),
        "carrier_silent": _("Перевозчик не подтвердил это время, его пришлось снять. Простите. Выберите другое."),
    }.get(str(lost.details.get("cause")) if lost else "", "")
