"""What a carrier is: a status table, a parser and a fetch; what its answers become, and how they may go wrong."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import blake2b
from typing import Any, Protocol

from parcels.stages import Kind, Stage, State, advance


class CarrierError(Exception):
    """A carrier could not be understood or reached; the text is one clear sentence."""


class Unreachable(CarrierError):
    """No answer came in time, or only the news that the carrier's server is ill."""


class Busy(CarrierError):
    """The carrier asks to be left alone for `wait` seconds; 0 where it does not say how long."""

    def __init__(self, sentence: str, wait: float = 0.0) -> None:
        super().__init__(sentence)
        self.wait = wait


class BadAnswer(CarrierError):
    """An answer that is not what the carrier has ever said: nothing of it is believed."""


class Refused(BadAnswer):
    """The carrier has understood us and says no, in its own words: wrong keys, or a number it does not know."""


@dataclass(frozen=True, slots=True)
class Update:
    """One thing that a carrier says has happened to a parcel of its.

    `occurred_at` keeps the source's own offset; `code` and `text` are the carrier's words, `kind` what they mean, and
    UNKNOWN when nobody has told us. `cash_due` is in minor units, None where nothing is said. `money` is what the same
    report says of money that was taken at hand-over: CASH_SENT or CASH_BACK; it has no moment of its own.
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
    money: Kind | None = None

    @property
    def stage(self) -> Stage:
        """The stage that this alone would show."""
        return advance(State(), self.kind).stage

    @property
    def key(self) -> str:
        """The same for the same report, however often, in whichever answer and by whose clock it comes."""
        instant = self.occurred_at.astimezone(UTC).isoformat()
        said = (self.carrier, self.number, self.code, instant, self.place, self.text)
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


@dataclass(frozen=True, slots=True)
class Request:
    """One question: it may hold tokens and numbers anywhere, so nothing of it but the host is ever logged.

    `most_bytes`: as much may come back; 0 is the usual end.
    """

    url: str
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    method: str = "POST"
    most_bytes: int = 0


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back, unpacked: `kind` is its media type, `wait` the seconds of its Retry-After, 0 without one."""

    status: int
    body: bytes
    kind: str = ""
    wait: float = 0.0


class Line(Protocol):
    """What a carrier is asked over: `carriers.http` in the product."""

    def ask(self, request: Request) -> Answer:
        """Ask once. Raises Unreachable, BadAnswer."""

    def token(self, name: str) -> str | None:
        """A token that is kept under this name and not yet over."""

    def keep_token(self, name: str, token: str, seconds: float) -> None:
        """Keep a token for so long."""


#: What opens a carrier's door, by the names in `Carrier.keys`; `URL` where the carrier is not asked at its usual one.
Keys = Mapping[str, str]
#: Reads one whole answer of a carrier. Raises BadAnswer.
Parse = Callable[[bytes], Iterable[Update]]
#: Asks about so many numbers. Raises Unreachable, BadAnswer.
Fetch = Callable[[Line, Keys, Sequence[str]], Answer]


@dataclass(frozen=True, slots=True)
class Carrier:
    """A carrier as it is filled into the form of docs/add-a-carrier.md.

    `fetch` is None for one that cannot be asked; `keys` are the credentials without which it is not. `account`: whose
    credentials they are, where several services share them. `pushed` reads what the carrier sends by itself.
    `knows` says of a number, in capitals and without spaces, that it looks like one of its own and of nobody else's.
    `is_snapshot`: it tells how a parcel stands now, with a date that may change while nothing happens. `tells_money`:
    after the hand-over it still says what has become of the recipient's money.
    """

    code: str
    name: str
    parse: Parse
    fetch: Fetch | None = None
    keys: tuple[str, ...] = ()
    account: str = ""
    pushed: Parse | None = None
    knows: Callable[[str], bool] | None = None
    is_snapshot: bool = False
    tells_money: bool = False
    numbers_at_once: int = 1
    calls_a_minute: int = 60


def in_order(updates: Iterable[Update]) -> list[Update]:
    """By when they happened; what happened in one instant stays as the carrier has it. Repeats are left out."""
    once = {update.key: update for update in updates}
    return sorted(once.values(), key=lambda update: update.occurred_at)
