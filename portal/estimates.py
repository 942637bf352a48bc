"""`GET /api/v1/estimate`: what is asked, read from an address; and the answer, in JSON, from memory."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from threading import Lock
from typing import Any

from portal.languages import _
from portal.place_index import KnownPlace, PlaceIndex, UnknownPlace, read_index
from portal.transaction import reading
from scheduling import matrix_memory
from scheduling.estimate import AFTER_HAND_OVER, Estimate, Question
from scheduling.matrix_memory import Memory, Stamp
from scheduling.promise import Promise
from scheduling.promising import CARRIER

#: So long the memory is taken for fresh; then two or three statements ask whether anything has changed.
FRESH = timedelta(seconds=5)
#: A hand-over further back is a mistake of whoever asks, one further ahead nobody's business yet.
EARLIEST, LATEST = timedelta(days=2), timedelta(days=180)
SHOWN = 20


class BadQuestion(ValueError):
    """A question without an answer: its code, its words, the HTTP status, and what may help."""

    def __init__(self, code: str, words: str, status: int = 422, **members: Any) -> None:
        super().__init__(code)
        self.code, self.words, self.status, self.members = code, words, status, members


@dataclass(frozen=True, slots=True)
class Book:
    """What answers are read from."""

    stamp: Stamp
    memory: Memory
    places: PlaceIndex


class Shelf:
    """Keeps the book of this process, and reads it anew when what it was read from has changed."""

    def __init__(self) -> None:
        self._book: Book | None = None
        self._looked_at = datetime.min.replace(tzinfo=UTC)
        self._lock = Lock()

    def book(self, now: datetime) -> Book:
        """The book as of at most `FRESH` ago."""
        if self._book is not None and timedelta() <= now - self._looked_at < FRESH:
            return self._book
        with self._lock, reading() as session:
            stamp = matrix_memory.stamp_of(session, now)
            if self._book is None or self._book.stamp != stamp:
                self._book = Book(stamp, matrix_memory.load(session, now), read_index(session))
            self._looked_at = now
            return self._book


def question(book: Book, asked: Mapping[str, str], now: datetime) -> Question:
    """What an address asks. Raises BadQuestion."""
    carrier = asked.get("carrier", "").strip().lower() or CARRIER
    origins = sorted(origin for of, origin in book.memory.routes if of == carrier)
    if not origins:
        known = sorted({of for of, _origin in book.memory.routes})
        raise BadQuestion("unknown_carrier", _("Такого перевозчика в матрице нет."), 404, carriers=known)
    place = _place(book.places, "settlement", asked.get("settlement", ""), asked.get("region", ""))
    return Question(carrier, _origin(book.places, asked.get("origin", ""), origins), place.id, _moment(asked, now))


def _origin(places: PlaceIndex, text: str, origins: list[int]) -> int:
    if text.strip():
        return _place(places, "origin", text, "").id
    if len(origins) > 1:
        candidates = [_candidate(places.by_id[origin]) for origin in origins[:SHOWN]]
        raise BadQuestion("origin_needed", _("Городов отправки несколько; укажите origin."), candidates=candidates)
    return origins[0]


def _place(places: PlaceIndex, parameter: str, text: str, region: str) -> KnownPlace:
    if not text.strip():
        raise BadQuestion("missing", _("Не хватает параметра {name}.", name=parameter), parameter=parameter)
    try:
        return places.find(text[:120], region[:80], is_origin=parameter == "origin")
    except UnknownPlace as problem:
        candidates = [_candidate(places.by_id[place.id]) for place in problem.candidates[:SHOWN]]
        found: dict[str, Any] = {"parameter": parameter, "candidates": candidates}
        if problem.reason == "ambiguous_place":
            words = _("Мест с таким названием несколько; укажите region или код.")
            raise BadQuestion("ambiguous_settlement", words, 422, **found) from problem
        words = _("Такого населённого пункта нет; проверьте название или укажите код.")
        raise BadQuestion("unknown_settlement", words, 404, **found) from problem


def _moment(asked: Mapping[str, str], now: datetime) -> datetime:
    """When the shop hands over; a plus that an address has turned into a space is a plus again."""
    text = asked.get("handed_over_at", "").strip().replace(" ", "+")
    if not text:
        return now
    try:
        handed = datetime.fromisoformat(text)
    except ValueError as problem:
        words = _("Время непонятно; напишите его как 2026-11-21T15:30+05:00.")
        raise BadQuestion("bad_time", words, parameter="handed_over_at") from problem
    if handed.tzinfo is None:
        raise BadQuestion("bad_time", _("У времени нет пояса; допишите, например, +05:00."), parameter="handed_over_at")
    if not now - EARLIEST <= handed <= now + LATEST:
        words = _("Передача в доставку возможна от двух дней назад до 180 дней вперёд.")
        raise BadQuestion("bad_time", words, parameter="handed_over_at")
    return handed.astimezone(UTC)


def answer(book: Book, asked: Question, found: Estimate) -> dict[str, Any]:
    """The answer as JSON has it. Dates are those of the settlement's clock."""
    variants = {"courier": found.courier, "pickup": found.pickup}
    return {
        "settlement": _candidate(book.places.by_id[asked.settlement_id]),
        "origin": _candidate(book.places.by_id[asked.origin_id]),
        "carrier": asked.carrier,
        "handed_over_at": asked.handed_over_at.isoformat(timespec="seconds"),
        "timezone": found.timezone,
        "zone": found.zone or None,
        "matrix_version": found.version,
        "variants": {name: _variant(promise) for name, promise in variants.items() if promise is not None},
    }


def _variant(promise: Promise) -> dict[str, Any]:
    legs = [leg for leg in promise.legs if leg.kind in AFTER_HAND_OVER]
    return {
        "earliest": promise.earliest.isoformat(),
        "latest": promise.latest.isoformat(),
        "arrives_in_city": [promise.arrival.early.isoformat(), promise.arrival.late.isoformat()],
        "legs": [
            {
                "kind": leg.kind.value,
                "days": list(leg.days),
                "ends": [leg.ends.early.isoformat(), leg.ends.late.isoformat()],
            }
            for leg in legs
        ],
    }


def _candidate(place: KnownPlace) -> dict[str, Any]:
    return {"code": place.id, "name": place.name, "region": place.region}
