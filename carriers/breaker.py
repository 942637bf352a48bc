"""PURE May a carrier be asked now: a breaker, a rest it has asked for, and a budget of calls a minute."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

OPENS_AFTER = 5
STAYS_OPEN = timedelta(seconds=60)
#: Where a busy carrier does not say how long it wants to be left alone.
REST = timedelta(seconds=60)


class Gate(StrEnum):
    """How a breaker stands: half open lets one call try whether the carrier is well again."""

    CLOSED = "closed"
    HALF_OPEN = "half_open"
    OPEN = "open"


@dataclass(frozen=True, slots=True)
class Health:
    """How a carrier is: failures in a row, until when it is not asked, and what was asked of it in a minute."""

    failures: int = 0
    open_until: datetime | None = None
    rest_until: datetime | None = None
    minute: datetime | None = None
    calls: int = 0


def gate(health: Health, now: datetime) -> Gate:
    """How the breaker stands."""
    if health.open_until is None:
        return Gate.CLOSED
    return Gate.OPEN if now < health.open_until else Gate.HALF_OPEN


def may_ask(health: Health, budget: int, now: datetime) -> int:
    """How many calls may be made now: none, one on trial, or what is left of the minute's budget."""
    standing = gate(health, now)
    if standing is Gate.OPEN or (health.rest_until is not None and now < health.rest_until):
        return 0
    left = budget - (health.calls if health.minute == _minute(now) else 0)
    return min(left, 1) if standing is Gate.HALF_OPEN else left


def asked(health: Health, now: datetime) -> Health:
    """After a call has been counted; that is done before it is made."""
    minute = _minute(now)
    return replace(health, minute=minute, calls=health.calls + 1 if health.minute == minute else 1)


def answered(health: Health) -> Health:
    """After an answer, even one that says no: the carrier is well."""
    return replace(health, failures=0, open_until=None, rest_until=None)


def failed(health: Health, now: datetime) -> Health:
    """After none, or one that nobody can understand."""
    failures = health.failures + 1
    return replace(health, failures=failures, open_until=now + STAYS_OPEN if failures >= OPENS_AFTER else None)


def busy(health: Health, wait: float, now: datetime) -> Health:
    """After the carrier has asked to be left alone for so many seconds."""
    return replace(health, rest_until=now + (timedelta(seconds=wait) if wait else REST))


def _minute(now: datetime) -> datetime:
    return now.replace(second=0, microsecond=0)
