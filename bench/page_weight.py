"""W3: what the page costs without looking at a clock: statements, calls of Babel and gettext, bytes on the wire."""

import gzip
import re
import sys
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Any

from sqlalchemy import Engine, event

from bench.figures import Figure, ceiling
from bench.tracking_case import Case, tracking_case

_ASSET = re.compile(r"""(?:href|src)="(/static/[^"#]+)""")
_TRANSLATORS = re.compile(r"(/babel/|/gettext\.py$|/portal/languages\.py$)")
_ASKS_FOR_WORDS = frozenset({"_", "__call__", "gettext", "ngettext", "pgettext"})


def figures() -> Iterator[Figure]:
    """Count on SQLite; the statements on PostgreSQL too."""
    for database, name in (("sqlite", "SQLite"), ("postgresql", "PG")):
        with tracking_case(database) as case:
            yield from _statements(case, name)
            if database == "sqlite":
                yield from _words(case)
                yield from _bytes(case)


def _statements(case: Case, name: str) -> Iterator[Figure]:
    case.forget()
    yield ceiling(f"W3 {name}", "SQL statements, page made anew", _counted(case.engine, case.get), 2)
    yield ceiling(f"W3 {name}", "SQL statements, page unchanged", _counted(case.engine, case.get), 1)
    tag = case.get().headers.get("ETag", '"none"')
    count = _counted(case.engine, lambda: case.get(**{"If-None-Match": tag}))
    status = case.get(**{"If-None-Match": tag}).status
    yield ceiling(f"W3 {name}", f"SQL statements, asked with If-None-Match (answer {status})", count, 1)
    yield ceiling(f"W3 {name}", "answers to If-None-Match other than 304", int(status != 304), 0)


def _counted(engine: Engine, ask: Callable[[], object]) -> int:
    seen: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        seen.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    try:
        ask()
    finally:
        event.remove(engine, "before_cursor_execute", note)
    return len(seen)


def _words(case: Case) -> Iterator[Figure]:
    """Calls into Babel or gettext, and of our own translator."""
    case.get()
    calls: list[str] = []

    def watch(frame: FrameType, happening: str, _argument: Any) -> None:
        code = frame.f_code
        found = _TRANSLATORS.search(code.co_filename) if happening == "call" else None
        if found and ("languages" not in found[1] or code.co_name in _ASKS_FOR_WORDS):
            calls.append(f"{code.co_filename}:{code.co_name}")

    sys.setprofile(watch)
    try:
        case.get()
    finally:
        sys.setprofile(None)
    yield ceiling("W3 words", "calls of Babel, gettext or our translator, page unchanged", len(calls), 0)


def _bytes(case: Case) -> Iterator[Figure]:
    """What travels on the first view: the page and every file it names, as the app sends them to a browser."""
    answer = case.get()
    html = gzip.decompress(answer.body).decode() if "Content-Encoding" in answer.headers else answer.body.decode()
    assets = sorted(set(_ASSET.findall(html)))
    sent = {path.split("?")[0].rsplit("/", 1)[1]: case.get(path) for path in assets}
    page = len(answer.body) / 1000
    packed = page + sum(len(gzip.compress(_plain(file.body))) for file in sent.values()) / 1000
    wire = page + sum(len(file.body) for file in sent.values()) / 1000
    plain = sum("Content-Encoding" not in file.headers for file in sent.values())
    yield ceiling("W3 html", f"kB of the page, gzip ({len(html.encode()) / 1000:.1f} kB plain)", page, 3.5)
    yield ceiling("W3 view", f"kB of the first view if all is gzip: page and {len(sent)} files", packed, 30)
    yield ceiling("W3 wire", f"kB of the first view as the app sends it; files not compressed: {plain}", wire, 30)


def _plain(body: bytes) -> bytes:
    return gzip.decompress(body) if body[:2] == b"\x1f\x8b" else body
