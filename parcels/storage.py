"""How long a parcel waits for its recipient: for an agreed delivery, or at a place of issue."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Protocol

from parcels.clocks import local_date

#: How long a parcel waits, counted from the first day it could have come; a place of issue may tell its own term.
STORAGE_DAYS = 14


def agreed_until(known: date | None, promised_from: date) -> date:
    """The last day on which a delivery may be agreed, after one more promise for the same place.

    A later promise moves it on. An earlier one moves nothing back: what is agreed already must not fall out of it.
    """
    last = promised_from + timedelta(days=STORAGE_DAYS)
    return last if known is None else max(known, last)


@dataclass(frozen=True, slots=True)
class Stay:
    """A scan at a place of issue: where, on which local day, and the last day (ISO) if the place has told it."""

    place: str
    arrived: date
    told: str | None = None


def stay(place: str, occurred_at: datetime, details: Mapping[str, Any], zone: str) -> Stay:
    """What a scan at a place of issue says. Args: `zone` the IANA zone of the recipient."""
    return Stay(details.get("address") or place, local_date(occurred_at, zone), details.get("kept_until"))


def last_day(stays: Sequence[Stay], promised_from: date | None) -> date | None:
    """The last day of storage where the parcel lies now; None when it lies at no place of issue.

    Args: `stays` oldest first. The term counts from the promised day, or from arrival when that is later; another scan
    at the same place puts nothing off, and takes back no day that was told there.
    """
    if not stays:
        return None
    now = stays[-1]
    told = [stay.told for stay in stays if stay.place == now.place and stay.told]
    if told:
        return date.fromisoformat(told[-1])
    arrived = min(stay.arrived for stay in stays if stay.place == now.place)
    return max(promised_from or arrived, arrived) + timedelta(days=STORAGE_DAYS)


class Scan(Protocol):
    """A fact told at a place of issue, as the journal keeps it."""

    @property
    def place(self) -> str: ...

    @property
    def occurred_at(self) -> datetime: ...

    @property
    def details(self) -> Mapping[str, Any]: ...


def last_day_after(scans: Iterable[Scan], promised_from: date | None, zone: str) -> date | None:
    """`last_day` of what the journal says. Args: `scans` at places of issue, oldest first; `zone` of the recipient."""
    return last_day([stay(scan.place, scan.occurred_at, scan.details, zone) for scan in scans], promised_from)
