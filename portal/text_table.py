"""A table out of text: CSV of any make, tabs, pipes, «Текст Юникод» of Excel, and what stands above the table."""

import csv
import re
from collections.abc import Collection, Sequence
from io import StringIO

from portal.table_header import DEEPEST, header_at, matches

MAX_ROWS, MAX_COLUMNS = 200_000, 1_000
_DELIMITERS = ";,\t|"
#: How Excel is told the delimiter, in a line of its own.
_SEP = re.compile(r"sep=(.)[;,\t|]*", re.IGNORECASE)
_UTF_16 = {b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}
_RUSSIAN = re.compile(r"[А-Яа-яЁё]")
_LOST = "\N{REPLACEMENT CHARACTER}"

Numbered = tuple[int, list[str]]


class NoText(ValueError):
    """The content is no table of text: the message is the code of why."""


def lines_of(content: bytes, required: Collection[str]) -> tuple[list[Numbered], int, int]:
    """The rows that are not empty, with the lines they begin on (from 1); how many are empty, and how many lines stand
    before the table only to name its delimiter. Raises NoText.
    """
    if content[:2] not in _UTF_16 and b"\x00" in content:
        raise NoText("not_a_table")
    text = decoded(content)
    if "\x00" in text:
        raise NoText("not_a_table")
    delimiter, skipped = _delimiter(text, required)
    lines = StringIO(text, newline="")  # line by line: all at once they take thirty times their letters
    for _line in range(skipped):
        lines.readline()
    rows, blank = _rows(lines, delimiter, skipped)
    return rows, blank, skipped


def _rows(lines: StringIO, delimiter: str, skipped: int) -> tuple[list[Numbered], int]:
    reader = csv.reader(lines, delimiter=delimiter)
    rows: list[Numbered] = []
    begins, blank = 1 + skipped, 0
    try:
        for cells in reader:
            if len(cells) > MAX_COLUMNS:
                raise NoText("too_wide")
            stripped = [cell.strip() for cell in cells]
            if any(stripped):
                rows.append((begins, stripped))
            else:
                blank += 1
            if len(rows) > MAX_ROWS:
                raise NoText("too_many_rows")
            begins = reader.line_num + 1 + skipped
    except csv.Error as error:
        raise NoText("not_a_table") from error
    return rows, blank


def decoded(content: bytes) -> str:
    """The text of a file in UTF-8, UTF-16 or Windows-1251. Raises NoText."""
    try:
        return content.decode(_UTF_16.get(content[:2], "utf-8-sig"))
    except UnicodeDecodeError:
        pass
    if content[:2] in _UTF_16 or _is_broken_utf_8(content):
        raise NoText("encoding")
    try:
        return content.decode("cp1251")
    except UnicodeDecodeError as error:
        raise NoText("encoding") from error


def _is_broken_utf_8(content: bytes) -> bool:
    """Is it UTF-8 with some bytes lost? Every Russian letter of Windows-1251 would be lost, of this few are."""
    text = content.decode("utf-8", "replace")
    return len(_RUSSIAN.findall(text)) > text.count(_LOST)


def _delimiter(text: str, required: Collection[str]) -> tuple[str, int]:
    """What parts the cells, and how many lines stand before the table only to say so."""
    top = _top(text)
    if top and (said := _SEP.fullmatch(top[0].strip(" \r\n"))):
        return said[1], 1
    found = {delimiter: matches(_cut(top, delimiter), required) for delimiter in _DELIMITERS}
    best = max(found.values())
    if best and list(found.values()).count(best) == 1:
        return max(found, key=lambda one: found[one]), 0
    header = top[header_at(_cut(top, ";"), required)] if best else next((line for line in top if line.strip()), "")
    return max(_DELIMITERS, key=header.count), 0


def _top(text: str) -> list[str]:
    lines = StringIO(text, newline="")
    return [line for line, _n in zip(lines, range(DEEPEST), strict=False)]


def _cut(lines: Sequence[str], delimiter: str) -> list[list[str]]:
    return [[cell.strip(' "\r\n') for cell in line.split(delimiter, MAX_COLUMNS)] for line in lines]
