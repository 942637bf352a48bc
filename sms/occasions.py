"""What there is to tell, to whom, how urgent it is, and what it makes superfluous: one table."""

from dataclasses import dataclass
from enum import IntEnum, StrEnum


class Channel(StrEnum):
    """A way to reach somebody."""

    SMS = "sms"
    EMAIL = "email"


class Audience(StrEnum):
    """Who is told."""

    RECIPIENT = "recipient"
    OWNER = "owner"
    MANAGER = "manager"
    COLLECTOR = "collector"


class Priority(IntEnum):
    """Who goes first: an invitation never waits behind a mass of reminders."""

    ANSWER = 0
    TODAY = 1
    NEWS = 2
    REMINDER = 3


class Occasion(StrEnum):
    """Something worth telling."""

    FIRST_LINK = "first_link"
    FRESH_LINK = "fresh_link"
    MOVED = "moved"
    IN_CITY = "in_city"
    AT_PICKUP = "at_pickup"
    CASH = "cash"
    BOOKED = "booked"
    POSTPONED = "postponed"
    DELAY = "delay"
    REMINDER = "reminder"
    DAY_BEFORE = "day_before"
    COURIER = "courier"
    HOUR_BEFORE = "hour_before"
    VISIT_MOVED = "visit_moved"
    MISSED = "missed"
    INCIDENT = "incident"
    STILL_WAITING = "still_waiting"
    STORAGE_ENDS = "storage_ends"
    EXPIRED = "expired"
    DELIVERED = "delivered"
    RECEIVED = "received"
    HANGING = "hanging"
    UNCOLLECTED = "uncollected"
    PENALTY_NEAR = "penalty_near"
    CASH_BACK = "cash_back"
    RECALLED = "recalled"


@dataclass(frozen=True, slots=True)
class Manner:
    """How an occasion is told.

    `needs_answer`: told even when the parcel's budget is spent. `at_once`: asked for this minute by the recipient
    himself, so that no hour is too late. `replaces`: what has not left yet of these is not sent any more.
    """

    priority: Priority
    audience: Audience = Audience.RECIPIENT
    needs_answer: bool = False
    at_once: bool = False
    replaces: frozenset[Occasion] = frozenset()


_O = Occasion
#: What is said of a day that is not the agreed one any more.
_OF_THE_DAY = frozenset(
    {_O.BOOKED, _O.POSTPONED, _O.DELAY, _O.REMINDER, _O.DAY_BEFORE, _O.COURIER, _O.HOUR_BEFORE, _O.VISIT_MOVED}
)
_OF_THE_ROAD = frozenset({_O.MOVED, _O.IN_CITY})
_OF_WAITING = frozenset({_O.STILL_WAITING, _O.STORAGE_ENDS})
_BEFORE_THE_END = frozenset({_O.FIRST_LINK, _O.AT_PICKUP, _O.CASH, _O.MISSED, _O.INCIDENT})
_SHOP_WAITS = frozenset({_O.UNCOLLECTED, _O.PENALTY_NEAR})

MANNERS: dict[Occasion, Manner] = {
    _O.FIRST_LINK: Manner(Priority.ANSWER, needs_answer=True, replaces=frozenset({_O.FIRST_LINK, _O.FRESH_LINK})),
    _O.FRESH_LINK: Manner(Priority.ANSWER, needs_answer=True, at_once=True, replaces=frozenset({_O.FRESH_LINK})),
    _O.MOVED: Manner(Priority.NEWS),
    _O.IN_CITY: Manner(Priority.ANSWER, needs_answer=True, replaces=_OF_THE_ROAD),
    _O.AT_PICKUP: Manner(Priority.ANSWER, needs_answer=True, replaces=_OF_THE_ROAD | _OF_THE_DAY),
    _O.CASH: Manner(Priority.NEWS, replaces=frozenset({_O.CASH})),
    _O.BOOKED: Manner(Priority.NEWS, replaces=_OF_THE_DAY | {_O.MISSED, _O.IN_CITY}),
    _O.POSTPONED: Manner(Priority.NEWS, replaces=_OF_THE_DAY | {_O.MISSED, _O.IN_CITY}),
    _O.DELAY: Manner(Priority.ANSWER, needs_answer=True, replaces=_OF_THE_DAY | {_O.MOVED, _O.INCIDENT}),
    _O.REMINDER: Manner(Priority.ANSWER, needs_answer=True),
    _O.DAY_BEFORE: Manner(Priority.TODAY),
    _O.COURIER: Manner(Priority.TODAY, needs_answer=True, replaces=frozenset({_O.DAY_BEFORE})),
    _O.HOUR_BEFORE: Manner(Priority.TODAY),
    _O.VISIT_MOVED: Manner(
        Priority.TODAY, needs_answer=True, replaces=frozenset({_O.COURIER, _O.HOUR_BEFORE, _O.VISIT_MOVED})
    ),
    _O.MISSED: Manner(Priority.ANSWER, needs_answer=True, replaces=_OF_THE_DAY),
    _O.INCIDENT: Manner(Priority.TODAY, replaces=frozenset({_O.INCIDENT})),
    _O.STILL_WAITING: Manner(Priority.REMINDER),
    _O.STORAGE_ENDS: Manner(Priority.ANSWER, needs_answer=True, replaces=frozenset({_O.STILL_WAITING})),
    _O.EXPIRED: Manner(
        Priority.NEWS,
        needs_answer=True,
        replaces=_OF_THE_ROAD | _OF_THE_DAY | _OF_WAITING | _BEFORE_THE_END | _SHOP_WAITS,
    ),
    _O.DELIVERED: Manner(Priority.NEWS, replaces=_OF_THE_ROAD | _OF_THE_DAY | _OF_WAITING | _BEFORE_THE_END),
    _O.RECEIVED: Manner(Priority.NEWS, Audience.OWNER, replaces=_SHOP_WAITS),
    _O.HANGING: Manner(Priority.NEWS, Audience.MANAGER),
    _O.UNCOLLECTED: Manner(Priority.REMINDER, Audience.MANAGER),
    _O.PENALTY_NEAR: Manner(Priority.TODAY, Audience.MANAGER, replaces=frozenset({_O.UNCOLLECTED})),
    _O.CASH_BACK: Manner(Priority.NEWS, Audience.COLLECTOR),
    _O.RECALLED: Manner(
        Priority.TODAY,
        needs_answer=True,
        replaces=_OF_THE_ROAD | _OF_THE_DAY | _OF_WAITING | _BEFORE_THE_END | _SHOP_WAITS | {_O.FRESH_LINK, _O.HANGING},
    ),
}
