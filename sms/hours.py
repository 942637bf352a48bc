"""Quiet hours and weekdays, by the clock of whoever is told."""

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

EVERY_DAY = 0b1111111


@dataclass(frozen=True, slots=True)
class Waking:
    """When somebody may be written to: whole hours from (0–23) and until (1–24), weekdays with bit 0 as Monday."""

    starts: int = 9
    ends: int = 21
    weekdays: int = EVERY_DAY

    def __post_init__(self) -> None:
        if not (0 <= self.starts < self.ends <= 24 and 0 < self.weekdays <= EVERY_DAY):
            raise ValueError(f"nobody is ever awake from {self.starts} to {self.ends} on days {self.weekdays:b}")

    def holds(self, local: datetime) -> bool:
        """Is this moment, as the local clock shows it, within the hours?"""
        return bool(self.weekdays >> local.weekday() & 1) and self.starts <= local.hour < self.ends


ALWAYS = Waking(0, 24)


def next_waking(now: datetime, zone: str, waking: Waking) -> datetime:
    """The first moment from `now` on within the waking hours of an IANA zone; `now` itself when it is one.

    An hour that a clock skips in spring begins when the clock goes on.
    """
    local = now.astimezone(ZoneInfo(zone))
    if waking.holds(local):
        return now
    for ahead in range(8):
        day = local.date() + timedelta(days=ahead)
        begins = datetime.combine(day, time(waking.starts), ZoneInfo(zone)).astimezone(now.tzinfo)
        if begins > now and waking.weekdays >> day.weekday() & 1:
            return begins
    raise AssertionError("a week has a waking day")  # Waking has made sure of one
