"""The tables of a page that calls itself a workbook: many programs write HTML and name it `.xls`."""

import re
from html.parser import HTMLParser

from portal.cells import Kept

MAX_COLUMNS = 1_000
MERGED = Kept.MERGED.value
_CHARSET = re.compile(rb"charset\s{0,9}=\s{0,9}[\"']?([\w-]{1,40})", re.IGNORECASE)

Grid = list[list[str | list[str]]]


class _Tables(HTMLParser):
    """Gathers the rows of every table, the inner ones as tables of their own."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.tables: list[Grid] = []
        self._open: list[Grid] = []
        self._text: list[str] | None = None
        self._width = 1
        self._below: dict[int, int] = {}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "table":
            self._end_cell()
            self._open.append([])
            self.tables.append(self._open[-1])
            self._below = {}
        elif tag == "tr" and self._open:
            self._end_cell()
            self._open[-1].append([])
            self._fill_from_above()
        elif tag in ("td", "th") and self._open and self._open[-1]:
            self._end_cell()
            self._begin_cell(dict(attrs))
        elif tag in ("br", "p", "div") and self._text is not None:
            self._text.append(" ")

    def handle_endtag(self, tag: str) -> None:
        if tag in ("td", "th", "tr", "table"):
            self._end_cell()
        if tag == "table" and self._open:
            self._open.pop()

    def handle_data(self, data: str) -> None:
        if self._text is not None:
            self._text.append(data)

    def _begin_cell(self, attrs: dict[str, str | None]) -> None:
        self._text, self._width = [], _span(attrs.get("colspan"))
        height, row = _span(attrs.get("rowspan")), self._open[-1][-1]
        for column in range(len(row), len(row) + self._width):
            if height > 1:
                self._below[column] = height - 1

    def _end_cell(self) -> None:
        if self._text is None:
            return
        row = self._open[-1][-1]
        row.append(" ".join("".join(self._text).split()))
        row += [[MERGED, ""]] * (self._width - 1)
        self._text = None
        self._fill_from_above(first=len(row))

    def _fill_from_above(self, first: int = 0) -> None:
        """Cells that belong to one which began in a row above."""
        row = self._open[-1][-1]
        column = max(first, len(row))
        while self._below.get(column, 0) > 0:
            self._below[column] -= 1
            row.append([MERGED, ""])
            column += 1


def _span(written: str | None) -> int:
    return min(int(written), MAX_COLUMNS) if written and written.isascii() and written.isdigit() else 1


def tables(content: bytes) -> list[Grid]:
    """The tables of a page, each as rows of cells. Raises: UnicodeDecodeError, LookupError."""
    charset = _CHARSET.search(content[:4_096])
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode(charset[1].decode() if charset else "cp1251")
    parser = _Tables()
    parser.feed(text)
    parser.close()
    return [table for table in parser.tables if table]
