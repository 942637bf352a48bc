"""PURE which call is about what: the script an operator reads out, and the outcomes that can be recorded."""

from enum import StrEnum

from parcels.stages import GOING_BACK, Stage
from scheduling.calls import Outcome


class Script(StrEnum):
    """What a call is about."""

    TIME = "time"
    PICKUP = "pickup"
    TROUBLE = "trouble"
    UNREACHABLE = "unreachable"
    ADDRESS = "address"
    BACK = "back"


_OF_SIDE = {Stage.AT_PICKUP: Script.PICKUP, Stage.INCIDENT: Script.TROUBLE, Stage.UNKNOWN: Script.TROUBLE}
_OF_REASON = {"no_address": Script.ADDRESS, "unreachable": Script.UNREACHABLE}
_IN_VAIN = (Outcome.NO_ANSWER, Outcome.BUSY, Outcome.LATER)
_OUTCOMES = {
    Script.TIME: (Outcome.AGREED, *_IN_VAIN, Outcome.REFUSED),
    Script.UNREACHABLE: (Outcome.AGREED, *_IN_VAIN, Outcome.REFUSED),
    Script.PICKUP: (Outcome.COLLECTS, *_IN_VAIN, Outcome.EXTENDED, Outcome.AGREED, Outcome.REFUSED),
    Script.TROUBLE: (Outcome.TOLD, *_IN_VAIN, Outcome.AGREED, Outcome.REFUSED),
    Script.ADDRESS: (Outcome.TOLD, *_IN_VAIN, Outcome.REFUSED),
    Script.BACK: (Outcome.TOLD, *_IN_VAIN),
}


def script_of(reason: str, side: Stage | None) -> Script:
    """What a call is about now, whatever it was queued for. Args: `side` what lies over its parcel."""
    if side in GOING_BACK:
        return Script.BACK
    if side in _OF_SIDE:
        return _OF_SIDE[side]
    return _OF_REASON.get(reason, Script.TIME)


def outcomes(script: Script, *, can_agree: bool, can_extend: bool) -> tuple[Outcome, ...]:
    """The outcomes of a call, the main one first: a time only where one is free, storage longer only once."""
    impossible = set()
    if not can_agree:
        impossible.add(Outcome.AGREED)
    if not can_extend:
        impossible.add(Outcome.EXTENDED)
    return tuple(outcome for outcome in _OUTCOMES[script] if outcome not in impossible)
