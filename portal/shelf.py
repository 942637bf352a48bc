"""What checkout is answered from: one book per process, read anew when something has changed; and what it is asked."""

import logging
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from threading import Lock

from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from carriers import offer_memory, tariffs
from carriers.offer_memory import OfferMemory
from carriers.offers import step_of
from portal.place_index import PlaceIndex, read_index
from portal.transaction import reading, transaction
from scheduling import matrix_memory
from scheduling.estimate import Question
from scheduling.matrix_memory import Memory, Stamp

log = logging.getLogger("vekha.shelf")
#: So long the memory is taken for fresh; then a few statements ask whether anything has changed.
FRESH = timedelta(seconds=5)
#: Ways that are remembered at once: anybody may ask for any.
MOST_WAYS = 10_000


@dataclass(frozen=True, slots=True)
class Book:
    """What answers are read from: the matrix with the places, and what carriers offer."""

    stamp: Stamp
    memory: Memory
    places: PlaceIndex
    offers_stamp: Stamp
    offers: OfferMemory


class Shelf:
    """Keeps the book of this process, and the ways that were asked about since it was last looked at."""

    def __init__(self) -> None:
        self._book: Book | None = None
        self._looked_at = datetime.min.replace(tzinfo=UTC)
        self._lock = Lock()
        self._wanted: set[tuple[int, int, int]] = set()
        self._known: set[tuple[int, int, int]] = set()

    def book(self, now: datetime) -> Book:
        """The book as of at most `FRESH` ago."""
        if self._book is not None and timedelta() <= now - self._looked_at < FRESH:
            return self._book
        with self._lock:
            self._write_wanted(now)
            with reading() as session:
                self._book = _read(session, self._book, now)
            self._looked_at = now
            return self._book

    def want(self, asked: Question, weight_g: int) -> None:
        """Carriers are to be asked about this way, too: it is written down at the next look, once a day."""
        step = step_of(weight_g)
        if step is not None and len(self._wanted) + len(self._known) < MOST_WAYS:
            self._wanted.add((asked.origin_id, asked.settlement_id, step))

    def _write_wanted(self, now: datetime) -> None:
        """Nobody's answer changes by this; it is no change that a question makes, but a tally of questions."""
        if self._looked_at.date() != now.date():
            self._known.clear()
        wanted, self._wanted = self._wanted - self._known, set()
        if not wanted:
            return
        try:
            with transaction() as session:
                tariffs.want(session, wanted, now)
        except DBAPIError:  # nobody is to wait for an answer, or to get none, because of a tally
            log.warning("%s wanted ways are not written down", len(wanted))
        self._known |= wanted


def _read(session: Session, book: Book | None, now: datetime) -> Book:
    """The book anew, as far as it has changed."""
    stamp, offers_stamp = matrix_memory.stamp_of(session, now), offer_memory.stamp_of(session, now)
    if book is not None and book.stamp == stamp:
        memory, places = book.memory, book.places
    else:
        memory, places = matrix_memory.load(session, now), read_index(session)
    is_same = book is not None and book.offers_stamp == offers_stamp
    offers = book.offers if book is not None and is_same else offer_memory.load(session, now)
    return Book(stamp, memory, places, offers_stamp, offers)
