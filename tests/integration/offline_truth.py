"""What the database must say of a parcel that two couriers claim, by decision 0015 and nothing else.

It is worked out from what was heard and in which order, without any of the code that is tried.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

NOT_MET, REFUSAL = ("absent", "later", "no_answer"), ("changed_mind", "wrong_size")


@dataclass(frozen=True)
class Heard:
    """One thing that has come to our ears: a mark of a courier, under its `name` in his phone, or what others did.

    `kind` is that of the mark, told as happened `at`; or "anew" when the recipient has agreed another day, "carrier"
    when a carrier says that it has delivered, "morning" and "given" when the stop stands in the round of `courier`.
    """

    kind: str
    parcel_id: int | None
    courier: int = 0
    name: str = ""
    why: str = ""
    at: datetime | None = field(default=None, compare=False)


@dataclass
class Wanted:
    """What must be written of a parcel: `courier` is he whose mark counts.

    `loads` says how often a courier took it, `late` how often it was handed over again.
    """

    outcome: str | None = None
    courier: int | None = None
    loaded_at: datetime | None = None
    is_given: bool = False
    is_anew: bool = False
    is_delivered: bool = False
    is_refused: bool = False
    is_back: bool = False
    loads: int = 0
    late: int = 0

    @property
    def is_paid(self) -> bool:
        """Has the courier whose mark counts the money for it?"""
        is_called_delivered = self.is_delivered and self.loaded_at is not None and not self.is_back
        return self.outcome == "delivered" or is_called_delivered

    @property
    def stage(self) -> str:
        if self.is_delivered:
            return "delivered"
        if self.is_anew:
            return "scheduled"
        return "refused" if self.is_refused else "missed"

    def hear(self, new: Heard) -> bool:
        """Learn one thing more. Returns whether a mark counts as taken."""
        if new.kind == "anew":
            self.is_anew = True
        elif new.kind == "carrier":
            self.is_delivered = self.is_delivered or not self.is_refused
        elif new.kind in ("morning", "given"):
            self.courier, self.is_given = new.courier, new.kind == "given"
        else:
            marks = {"scan": self._scan, "delivered": self._delivered, "failed": self._failed, "back": self._back}
            return marks[new.kind](new)
        return True

    def _scan(self, new: Heard) -> bool:
        if new.courier != self.courier and not self.is_given:
            return False
        if self.outcome is None and self.loaded_at is None and self.is_delivered:
            return False
        is_open = self.outcome is None and not self.is_delivered
        assert new.at is not None
        if is_open and (self.loaded_at is None or (new.courier != self.courier and new.at > self.loaded_at)):
            self.courier, self.loaded_at = new.courier, new.at
            self.loads += 1
        return True

    def _delivered(self, new: Heard) -> bool:
        if self.is_refused:
            return False
        self.late += self.is_delivered and (self.outcome != "delivered" or self.courier != new.courier)
        if self.outcome != "delivered":
            self.outcome, self.courier, self.is_delivered = "delivered", new.courier, True
        return True

    def _failed(self, new: Heard) -> bool:
        if self.outcome is not None and self.outcome != "delivered":
            return True
        if self.is_delivered:
            return False
        self.outcome, self.courier = new.why, new.courier
        self.is_refused = new.why in REFUSAL and not self.is_anew
        return True

    def _back(self, _new: Heard) -> bool:
        self.is_back = self.is_back or self.outcome not in (None, "delivered")
        return self.outcome not in (None, "delivered")


def told(heard: Iterable[Heard], parcels: set[int]) -> tuple[dict[int, Wanted], dict[tuple[int, str], bool]]:
    """What must be written of each of the parcels, and of each mark, by courier and name, whether it was taken."""
    wanted = {parcel_id: Wanted() for parcel_id in parcels}
    taken = {}
    for new in heard:
        if new.kind == "start":
            taken[new.courier, new.name] = True
        else:
            counts = new.parcel_id in wanted and wanted[new.parcel_id].hear(new)
            if new.name:
                taken[new.courier, new.name] = counts
    return wanted, taken
