"""What every carrier's answer becomes, and how it may go wrong: a carrier is a status table, a parser and a fetch."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2b
from typing import Any

from parcels.stages import Kind, Stage, State, advance


class CarrierError(Exception):
    """A carrier could not be understood or reached; the text is one clear sentence."""


class BadAnswer(CarrierError):
    """An answer that is not what the carrier has ever said: nothing of it is believed."""


class Refused(BadAnswer):
    """The carrier has understood us and says no, in its own words: wrong keys, or a number it does not know."""


@dataclass(frozen=True, slots=True)
class Update:
    """One thing that a carrier says has happened to a parcel of its.

    `occurred_at` keeps the source's own offset; `code` and `text` are the carrier's words, `kind` what they mean, and
    UNKNOWN when nobody has told us. `cash_due` is in minor units, None where nothing is said.
    """

    carrier: str
    number: str
    kind: Kind
    occurred_at: datetime
    place: str = ""
    code: str = ""
    text: str = ""
    cash_due: int | None = None
    weight_g: int | None = None

    @property
    def stage(self) -> Stage:
        """The stage that this alone would show."""
        return advance(State(), self.kind).stage

    @property
    def key(self) -> str:
        """The same for the same report, however often and in whichever answer it comes."""
        said = (self.carrier, self.number, self.code, self.occurred_at.isoformat(), self.place, self.text)
        return blake2b("\x1f".join(said).encode(), digest_size=12).hexdigest()

    def record(self) -> dict[str, Any]:
        """As JSON has it."""
        return {
            "carrier": self.carrier,
            "number": self.number,
            "kind": self.kind.value,
            "stage": self.stage.value,
            "occurred_at": self.occurred_at.isoformat(),
            "place": self.place,
            "code": self.code,
            "text": self.text,
            "cash_due": self.cash_due,
            "weight_g": self.weight_g,
            "key": self.key,
        }


#: Reads one whole answer of a carrier. Raises BadAnswer.
Parse = Callable[[bytes], Iterable[Update]]


def in_order(updates: Iterable[Update]) -> list[Update]:
    """By when they happened; what happened in one instant stays as the carrier has it. Repeats are left out."""
    once = {update.key: update for update in updates}
    return sorted(once.values(), key=lambda update: update.occurred_at)
