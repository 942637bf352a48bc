"""Finished pages by everything they depend on. A page is kept until a word of it may change, at most a minute.

The key holds the versions of all that is shown, so nothing has to be thrown away when something changes; old keys
are simply not asked for any more and fall out at the end. What a page costs new and kept: W1 and W2 in `bench/`.

Pages are kept as gzip, since nearly every browser asks for it: packed once instead of for each view, an unchanged page
costs 0.79 of what it did (side by side on SQLite), and it takes 3.5 kB of memory instead of 20.
"""

import gzip
from collections import OrderedDict
from collections.abc import Hashable
from datetime import datetime
from functools import lru_cache
from hashlib import blake2b
from threading import Lock

from werkzeug.datastructures import Accept
from werkzeug.http import parse_accept_header

#: A tenth smaller than level 1; it takes longer, but once for all views of a page.
LEVEL = 6


class PageCache:
    """The pages used last, up to `size` of them, as gzip; safe between threads."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._pages: OrderedDict[Hashable, tuple[datetime, bytes]] = OrderedDict()
        self._lock = Lock()

    def get(self, key: Hashable, now: datetime) -> bytes | None:
        """The page made for this key, packed, if it is still true."""
        with self._lock:
            found = self._pages.get(key)
            if found is None or found[0] <= now:
                return None
            self._pages.move_to_end(key)
            return found[1]

    def put(self, key: Hashable, page: bytes, fresh_until: datetime) -> None:
        """Keep a packed page until a moment."""
        with self._lock:
            self._pages[key] = (fresh_until, page)
            self._pages.move_to_end(key)
            while len(self._pages) > self._size:
                self._pages.popitem(last=False)


def pack(page: bytes, level: int = LEVEL) -> bytes:
    """A page as it is kept and sent."""
    return gzip.compress(page, level, mtime=0)


@lru_cache(maxsize=100)
def takes_gzip(accepted: str) -> bool:
    """Does somebody who sends this Accept-Encoding take gzip? Browsers send few different ones."""
    return parse_accept_header(accepted, Accept)["gzip"] > 0


def unpack(page: bytes) -> bytes:
    """A page for somebody who does not take gzip."""
    return gzip.decompress(page)


def tag_of(key: Hashable, now: datetime) -> str:
    """The entity tag of the page that a key stands for during the minute of `now`."""
    return blake2b(f"{key!r} {now:%Y%m%d%H%M}".encode(), digest_size=12).hexdigest()
