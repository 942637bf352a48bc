"""One question about days as it goes to a carrier, and what its answer may be: no database."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from carriers.base import Answer, BadAnswer, Carrier, Keys, Line
from carriers.days import Days, Hours, NearDate


class What(StrEnum):
    """What is asked: its own id of the order; which days it has; that it come on this one."""

    IDENTIFY = "identify"
    LOOK = "look"
    TELL = "tell"


@dataclass(frozen=True, slots=True)
class Errand:
    """A question that somebody has taken; `is_wish` when it serves the wish `seq`, else it is for the days alone."""

    tracking_id: int
    parcel_id: int
    number: str
    what: What
    is_wish: bool
    identity: str
    seq: int | None = None
    day: date = date.min
    hours: Hours | None = None


#: The id; the days; the words of a refusal, "" for none.
Heard = str | list[NearDate]


def ask(errand: Errand, carrier: Carrier, days: Days, keys: Keys, line: Line) -> Answer:
    """Ask once. Raises Unreachable, BadAnswer."""
    if errand.what is What.LOOK:
        return line.ask(days.ask_near(keys, errand.identity))
    if errand.what is What.TELL and errand.hours is not None:
        return line.ask(days.ask_for(keys, errand.identity, errand.day, errand.hours))
    if carrier.fetch is None:
        raise BadAnswer(f"{carrier.name}: не опрашивается.")
    return carrier.fetch(line, keys, [errand.number])


def understood(errand: Errand, days: Days, answer: bytes) -> Heard:
    """What the answer to an errand says. Raises BadAnswer."""
    match errand.what:
        case What.IDENTIFY:
            return days.identify(answer, errand.number)
        case What.LOOK:
            return days.near(answer)
        case What.TELL:
            return days.declined(answer)
