"""The process that opens workbooks: it reads one sheet under limits, prints it as JSON and may die of what it reads.

`portal/sheets.py` starts it. Nothing of the portal is loaded here but a few modules of plain Python, so that it starts
fast and small. The first line printed says which sheet was read, every further one is a row: its line from 1 and its
cells, each a text, or [kind, text] for what was no text.
"""

import json
import resource
import struct
import sys
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from pathlib import Path
from typing import Protocol
from xml.parsers.expat import ExpatError

from python_calamine import CalamineError, CalamineWorkbook, PasswordError, SheetTypeEnum, SheetVisibleEnum

from portal import html_table
from portal.cells import Kept
from portal.flaws import Flaws
from portal.flaws_ods import Ods
from portal.flaws_xls import NoWorkbook, Xls
from portal.flaws_xlsx import Xlsx
from portal.table_header import DEEPEST, has_all, header_at, matches

MEGABYTE = 1024 * 1024
MAX_MEMORY, MAX_SECONDS = 1024 * MEGABYTE, 30
MAX_ROWS, MAX_CELL, MAX_PRINTED = 200_000, 2_000, 100 * MEGABYTE
#: Whole numbers below it are kept by their digits; from it on several have one double.
EXACT = 2**53
#: Excel keeps fifteen digits of what is typed: a longer number ends in a nought, and several of them all do.
_TOO_LONG, _TELLING = 10**15, 3
#: What the child may end with beside 0: how many, and why.
UNREADABLE, TOO_MUCH, PASSWORD, NO_SHEET, BINARY, NO_WORKBOOK = 1, 3, 4, 5, 6, 7
XLSX, OLD_EXCEL = b"PK", b"\xd0\xcf\x11\xe0"
_BROKEN = (ExpatError, zipfile.BadZipFile, struct.error, KeyError, IndexError, ValueError, OSError, NotImplementedError)

Printed = str | list[str]
Numbered = tuple[int, list[Printed]]


class Refused(Exception):
    """The workbook cannot be read; the argument is the exit code."""


class _Finder(Protocol):
    """Finds the flaws of a sheet of a workbook."""

    def __call__(self, index: int, name: str) -> Flaws: ...


@dataclass(slots=True)
class Sheet:
    """One sheet: its rows that are not empty, how many of them are hidden below the header, how many rows are empty."""

    name: str
    rows: list[Numbered]
    hidden: int = 0
    blank: int = 0


def main(path: str, required: str) -> int:
    """Print the sheet that has the required columns (given as JSON). Returns the exit code."""
    resource.setrlimit(resource.RLIMIT_AS, (MAX_MEMORY, MAX_MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (MAX_SECONDS, MAX_SECONDS))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    try:
        sheet, others = read(Path(path), json.loads(required))
    except Refused as refused:
        return int(refused.args[0])
    except PasswordError:
        return PASSWORD
    except (CalamineError, MemoryError, *_BROKEN):
        return UNREADABLE
    return _print(sheet, others)


def read(path: Path, required: Sequence[str]) -> tuple[Sheet, list[str]]:
    """The first visible sheet that has the required columns, and the names of other visible ones that have them, too.

    Where none has them all, it is the first of those that have most. Raises: Refused, and what libraries raise.
    """
    first_bytes = path.open("rb").read(8)
    if not first_bytes.startswith((XLSX, OLD_EXCEL)):
        return _of_page(path, required)
    find_flaws = _finder(path, first_bytes)
    book = CalamineWorkbook.from_path(path)
    visible = [
        (index, sheet.name)
        for index, sheet in enumerate(book.sheets_metadata)
        if sheet.typ is SheetTypeEnum.WorkSheet and sheet.visible is SheetVisibleEnum.Visible
    ]
    if not visible:
        raise Refused(NO_SHEET)
    tops = [_top(book, index) for index, _name in visible] if len(visible) > 1 else [[]]
    best = _best(tops, required)
    index, name = visible[best]
    others = [title for n, (_i, title) in enumerate(visible) if n != best and required and has_all(tops[n], required)]
    return _sheet(book, index, name, find_flaws(index, name), required), others


def _finder(path: Path, first_bytes: bytes) -> _Finder:
    """Who finds flaws in this kind of file. Raises Refused for kinds that nobody knows the flaws of."""
    if first_bytes.startswith(OLD_EXCEL):
        try:
            xls = Xls(path)
        except NoWorkbook:
            raise Refused(NO_WORKBOOK) from None
        return lambda index, name: xls.of(index)
    with zipfile.ZipFile(path) as archive:
        held = set(archive.namelist())
    if "xl/workbook.bin" in held:
        raise Refused(BINARY)
    if "xl/workbook.xml" in held:
        xlsx = Xlsx(path)
        return lambda index, name: xlsx.of(name)
    ods = Ods(path)
    return lambda index, name: ods.of(name)


def _top(book: CalamineWorkbook, index: int) -> list[list[str]]:
    """The texts of a sheet's first rows."""
    rows = book.get_sheet_by_index(index).to_python(skip_empty_area=False, nrows=10 * DEEPEST)
    texts = [[_text(as_cell(cell)) for cell in row] for row in rows]
    return [row for row in texts if any(row)]


def _best(tops: Sequence[Sequence[Sequence[str]]], required: Sequence[str]) -> int:
    counts = [(matches(top, required), bool(top)) for top in tops]
    return counts.index(max(counts))


def _sheet(book: CalamineWorkbook, index: int, name: str, flaws: Flaws, required: Sequence[str]) -> Sheet:
    table = book.get_sheet_by_index(index)
    grid = table.to_python(skip_empty_area=False)
    flaws.merge(table.merged_cell_ranges or (), len(grid))
    sheet = Sheet(name, [])
    flawed = flaws.rows
    for row, values in enumerate(grid):
        if row in flawed:
            cells = [_cell(flaws, row, column, value) for column, value in enumerate(values)]
        else:
            cells = [as_cell(value) for value in values]
        if any(map(_text, cells)):
            sheet.rows.append((row + 1, cells))
            if len(sheet.rows) > MAX_ROWS:
                raise Refused(TOO_MUCH)
        else:
            sheet.blank += 1
    below = sheet.rows[header_at([[*map(_text, cells)] for _n, cells in sheet.rows[:DEEPEST]], required) + 1 :]
    sheet.hidden = sum(line - 1 in flaws.hidden for line, _cells in below)
    _own_up_to_lost_digits(sheet.rows)
    return sheet


def _cell(flaws: Flaws, row: int, column: int, value: object) -> Printed:
    """A cell as it is printed: its flaw if it has one, else its value, in as many digits as it is shown."""
    place = row, column
    if place in flaws.covered:
        return [Kept.MERGED.value, ""]
    if place in flaws.texts:
        return flaws.texts[place]
    cell = as_cell(value)
    if place in flaws.widths and isinstance(cell, list) and cell[0] == Kept.NUMBER.value and cell[1].isdigit():
        cell[1] = cell[1].zfill(flaws.widths[place])
    return cell


def as_cell(value: object) -> Printed:
    """A value of a workbook as a CSV would have it: 7.0 is `7`, dates and times are ISO. What is no text says so."""
    match value:
        case str():
            return value.strip()[:MAX_CELL]
        case bool():
            return [Kept.FLAG.value, "true" if value else "false"]
        case int() | float():
            return [Kept.NUMBER.value, _digits(value)]
        case datetime():
            is_day = value.time() == time()
            return [Kept.DATE.value, value.date().isoformat() if is_day else value.isoformat("T", "seconds")]
        case date() | time():
            return [Kept.DATE.value, value.isoformat()]
    return [Kept.DATE.value, str(value)]


def _digits(number: float) -> str:
    """A number by its digits; one that has lost some is written with its power of ten, which says that it has."""
    if abs(number) >= EXACT:
        return f"{number:.15e}"
    return str(int(number)) if float(number).is_integer() else repr(number)


def _own_up_to_lost_digits(rows: Sequence[Numbered]) -> None:
    """Where each of several long numbers of a column ends in a nought, Excel has put it there: they are written so."""
    columns: dict[int, list[list[str]]] = {}
    for column, cell in _long_numbers(rows):
        columns.setdefault(column, []).append(cell)
    for long_numbers in columns.values():
        different = {number for _kind, number in long_numbers}
        if len(different) >= _TELLING and all(number.endswith("0") for number in different):
            for cell in long_numbers:
                cell[1] = f"{float(cell[1]):.15e}"


def _long_numbers(rows: Sequence[Numbered]) -> Iterator[tuple[int, list[str]]]:
    for _line, cells in rows:
        for column, cell in enumerate(cells):
            is_whole = isinstance(cell, list) and cell[0] == Kept.NUMBER.value and cell[1].isdigit()
            if isinstance(cell, list) and is_whole and int(cell[1]) >= _TOO_LONG:
                yield column, cell


def _of_page(path: Path, required: Sequence[str]) -> tuple[Sheet, list[str]]:
    """The table of a page in HTML that has the required columns."""
    tables = html_table.tables(path.read_bytes())
    if not tables:
        raise Refused(NO_WORKBOOK)
    tops = [[[*map(_text, row)] for row in table[:DEEPEST]] for table in tables]
    table = tables[_best(tops, required)]
    rows: list[Numbered] = [(n, [_cut(cell) for cell in row]) for n, row in enumerate(table, start=1)]
    filled = [row for row in rows if any(map(_text, row[1]))]
    if len(filled) > MAX_ROWS:
        raise Refused(TOO_MUCH)
    return Sheet("", filled, blank=len(rows) - len(filled)), []


def _cut(cell: Printed) -> Printed:
    return cell[:MAX_CELL] if isinstance(cell, str) else cell


def _text(cell: Printed) -> str:
    """What a cell says."""
    return cell if isinstance(cell, str) else cell[1]


def _print(sheet: Sheet, others: list[str]) -> int:
    about = {"sheet": sheet.name, "hidden": sheet.hidden, "blank": sheet.blank, "others": others}
    sys.stdout.write(f"{json.dumps(about)}\n")
    printed = 0
    for row in sheet.rows:
        line = json.dumps(row)
        printed += len(line)
        if printed > MAX_PRINTED:
            return TOO_MUCH
        sys.stdout.write(f"{line}\n")
    return 0
