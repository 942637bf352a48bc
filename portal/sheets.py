"""Reads a table out of a file that anybody may have made: within limits, and whatever is no plain text in a process of
its own (`portal/workbook_child.py`).
"""

import json
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from portal import text_table
from portal import workbook_child as child
from portal.cells import Cell, Kept
from portal.table_header import ANY, DEEPEST, Columns, header_at, names
from portal.text_table import MAX_COLUMNS, NoText

MEGABYTE = 1024 * 1024
MAX_FILE, MAX_UNPACKED = 20 * MEGABYTE, 200 * MEGABYTE
MAX_SECONDS = child.MAX_SECONDS
#: Key of the cells that stand beyond the last column of the header.
BEYOND = ""
XLSX, OLD_EXCEL = child.XLSX, child.OLD_EXCEL
_LOCKED = "EncryptedPackage".encode("utf-16-le")
#: How a page in HTML begins, and in how many bytes its table has to.
_PAGE, _TABLE, _TOP = (b"<html", b"<!doctype html", b"<table", b"<meta", b"<head", b"<style"), b"<table", 64 * 1024
#: The child is given the package's folder and nothing that stands in its `__init__`.
_CHILD = (
    "import sys, types; portal = types.ModuleType('portal'); portal.__path__ = [sys.argv[1]]; "
    "sys.modules['portal'] = portal; from portal.workbook_child import main; sys.exit(main(*sys.argv[2:]))"
)
_ENDS = {
    child.TOO_MUCH: "too_many_rows",
    child.PASSWORD: "password",
    child.NO_SHEET: "no_sheet",
    child.BINARY: "binary_excel",
    child.NO_WORKBOOK: "not_a_table",
}
_WORDS = {
    "no_file": "Файла нет или его нельзя прочесть; проверьте путь.",
    "too_big": "Файл больше 20 МБ; разделите его на части.",
    "bomb": "Файл распаковывается больше чем в 200 МБ; сохраните из него только нужный лист.",
    "old_excel": "Это старый формат Excel, и прочесть его не удалось; сохраните файл как XLSX или CSV.",
    "binary_excel": "Это двоичный формат Excel (XLSB); сохраните файл как XLSX или CSV.",
    "password": "Книга Excel защищена паролем; сохраните её без пароля и загрузите снова.",
    "no_sheet": "В книге Excel нет ни одного видимого листа с таблицей; покажите нужный лист.",
    "not_a_table": "Файл не похож на CSV или XLSX; сохраните таблицу в одном из этих форматов.",
    "unreadable": "Файл Excel повреждён или слишком сложен; сохраните таблицу заново или как CSV.",
    "too_slow": "Файл Excel читается дольше 30 секунд; сохраните таблицу как CSV.",
    "encoding": "Текст файла не в UTF-8 и не в Windows-1251; сохраните его как «CSV UTF-8».",
    "too_many_rows": "В файле больше 200 000 строк; разделите его на части.",
    "too_wide": "В файле больше 1000 столбцов; оставьте только нужные.",
    "empty": "В файле нет ни одной строки; в первой строке должны стоять названия столбцов.",
    "repeated_column": "Столбец «{}» встречается дважды; оставьте один.",
}

Row = tuple[int, dict[str, str]]
Numbered = tuple[int, list[str]]


class BadSheet(ValueError):
    """The file as a whole cannot be read: `reason` is a code, `words` says it in Russian and what to do."""

    def __init__(self, reason: str, value: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.words = _WORDS[reason].format(value)


@dataclass(slots=True)
class Lines:
    """The rows of a file that are not empty, with their lines, and what is to be said of them.

    `sheet` is the name of the sheet that was read, `others` those that look alike and were not, `hidden` how many rows
    of it are hidden, `blank` how many are empty, `skipped` how many only name the delimiter.
    """

    rows: list[Numbered]
    blank: int = 0
    skipped: int = 0
    sheet: str = ""
    hidden: int = 0
    others: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Table:
    """A table: the names of its columns in small letters, its rows, and the lines it was made from.

    `above` is how many rows that are not empty stand above the names. The rows, those above, the names themselves and
    the blank ones add up to the lines of the file.
    """

    header: list[str]
    rows: Iterator[Row]
    lines: Lines
    above: int = 0


def read(path: Path, columns: Columns = ANY) -> tuple[list[str], Iterator[Row]]:
    """The names of the columns and the rows of a file, as `table` has them. Raises BadSheet."""
    found = table(path, columns)
    return found.header, found.rows


def table(path: Path, columns: Columns = ANY) -> Table:
    """Read the table of a file that has the columns.

    Its rows are (line of the file from 1, cells by column name, stripped). Empty rows are left out; what stands beyond
    the last column is under `BEYOND`. Raises: BadSheet, before the first row is given.
    """
    lines = _lines(path, columns)
    if not lines.rows:
        raise BadSheet("empty")
    above = header_at([cells for _line, cells in lines.rows[:DEEPEST]], columns.required)
    if len(lines.rows[above][1]) > MAX_COLUMNS:
        raise BadSheet("too_wide")
    header = names(lines.rows[above][1])
    watched = columns.known or set(header)
    repeated = next((name for name in header if name in watched and name and header.count(name) > 1), None)
    if repeated is not None:
        raise BadSheet("repeated_column", repeated)
    rows = (_row(header, line, cells) for line, cells in lines.rows[above + 1 :])
    return Table([name for name in header if name], rows, lines, above + lines.skipped)


def written_out(path: Path) -> str:
    """The first sheet of a file as a text: its rows on their lines, cells set apart by tabs. Raises BadSheet."""
    rows = dict(_lines(path, ANY).rows)
    spaced = ([" ".join(cell.split()) for cell in rows.get(line, [])] for line in range(1, max(rows, default=0) + 1))
    return "\n".join(map("\t".join, spaced))


def text_of(content: bytes) -> str:
    """What a file of text says, be it UTF-8, UTF-16 or Windows-1251. Raises BadSheet."""
    try:
        return text_table.decoded(content)
    except NoText as error:
        raise BadSheet(str(error)) from error


def _row(header: list[str], line: int, cells: list[str]) -> Row:
    named = {name: cell for name, cell in zip(header, cells, strict=False) if name}
    beyond = " ".join(filter(None, cells[len(header) :]))
    return line, {**named, BEYOND: beyond} if beyond else named


def _lines(path: Path, columns: Columns) -> Lines:
    """The rows of a file; what kind of file it is, its first bytes say."""
    try:
        if path.stat().st_size > MAX_FILE:
            raise BadSheet("too_big")
        content = path.read_bytes()
    except OSError as error:
        raise BadSheet("no_file") from error
    if content.startswith(OLD_EXCEL):
        return _old_workbook(path, content, columns)
    if content.startswith(XLSX):
        _insist_on_size(path)
        return _by_the_child(path, columns)
    if _is_page(content):
        return _by_the_child(path, columns)
    try:
        return Lines(*text_table.lines_of(content, columns.required))
    except NoText as error:
        raise BadSheet(str(error)) from error


def _is_page(content: bytes) -> bool:
    top = content[:_TOP].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    return top.startswith(_PAGE) and _TABLE in top


def _old_workbook(path: Path, content: bytes, columns: Columns) -> Lines:
    """A workbook of old Excel, or one of today's that is locked: that is kept in the same kind of file."""
    if _LOCKED in content:
        raise BadSheet("password")
    try:
        return _by_the_child(path, columns)
    except BadSheet as error:
        if error.reason == "unreadable":
            raise BadSheet("old_excel") from error
        raise


def _insist_on_size(path: Path) -> None:
    try:
        with zipfile.ZipFile(path) as archive:
            unpacked = sum(entry.file_size for entry in archive.infolist())
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        raise BadSheet("not_a_table") from error
    if unpacked > MAX_UNPACKED:
        raise BadSheet("bomb")


def _by_the_child(path: Path, columns: Columns) -> Lines:
    """The rows of a workbook, read by a child that dies of what would have killed us."""
    arguments = [str(Path(child.__file__).parent), str(path.resolve()), json.dumps(columns.required)]
    command = [sys.executable, "-I", "-c", _CHILD, *arguments]
    try:
        done = subprocess.run(command, capture_output=True, timeout=MAX_SECONDS, check=False)  # noqa: S603
    except subprocess.TimeoutExpired as error:
        raise BadSheet("too_slow") from error
    if done.returncode != 0:
        raise BadSheet(_ENDS.get(done.returncode, "unreadable"))
    about, *rows = map(json.loads, done.stdout.splitlines())
    return Lines([(line, [_cell(cell) for cell in cells]) for line, cells in rows], **about)


def _cell(printed: str | list[str]) -> str:
    return printed if isinstance(printed, str) else Cell(printed[1], Kept(printed[0]))
