"""Reads a table out of a CSV or XLSX file that anybody may have made: within limits, and Excel in a process of its own.

Run as a script (`python -I portal/sheets.py FILE`) it is that process: it reads the workbook under a memory limit
and prints its rows as JSON. It imports nothing of ours, so that it starts fast and small.
"""

import csv
import json
import resource
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from io import StringIO
from pathlib import Path

from python_calamine import CalamineError, CalamineWorkbook

MEGABYTE = 1024 * 1024
MAX_FILE, MAX_UNPACKED, MAX_MEMORY = 20 * MEGABYTE, 200 * MEGABYTE, 1024 * MEGABYTE
MAX_SECONDS, MAX_ROWS, MAX_COLUMNS, MAX_CELL = 30, 200_000, 1_000, 2_000
#: What the child may print before it is too much.
MAX_PRINTED = 100 * MEGABYTE
#: Key of the cells that stand beyond the last column of the header.
BEYOND = ""
_TOO_MUCH = 3
#: How files of Excel begin.
XLSX, OLD_EXCEL = b"PK", b"\xd0\xcf\x11\xe0"
_WORDS = {
    "no_file": "Файла нет или его нельзя прочесть; проверьте путь.",
    "too_big": "Файл больше 20 МБ; разделите его на части.",
    "bomb": "Файл распаковывается больше чем в 200 МБ; сохраните из него только нужный лист.",
    "old_excel": "Это старый формат Excel; сохраните файл как XLSX или CSV.",
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


def read(path: Path) -> tuple[list[str], Iterator[Row]]:
    """Read the first sheet of a file.

    Returns: the names of the columns in lower case, and the rows as (line of the file from 1, cells by column name,
    stripped). Empty rows are left out; what stands beyond the last column is under `BEYOND`.
    Raises: BadSheet, before the first row is given.
    """
    lines = _lines(path)
    if not lines:
        raise BadSheet("empty")
    if len(lines[0][1]) > MAX_COLUMNS:
        raise BadSheet("too_wide")
    header = [name.lower() for name in lines[0][1]]
    while header and not header[-1]:
        header.pop()
    repeated = next((name for name in header if name and header.count(name) > 1), None)
    if repeated is not None:
        raise BadSheet("repeated_column", repeated)
    return [name for name in header if name], (_row(header, line, cells) for line, cells in lines[1:])


def written_out(path: Path) -> str:
    """The first sheet of a file as a text: its rows on their lines, cells set apart by tabs. Raises BadSheet."""
    rows = dict(_lines(path))
    spaced = ([" ".join(cell.split()) for cell in rows.get(line, [])] for line in range(1, max(rows, default=0) + 1))
    return "\n".join(map("\t".join, spaced))


def _row(header: list[str], line: int, cells: list[str]) -> Row:
    named = {name: cell for name, cell in zip(header, cells, strict=False) if name}
    beyond = " ".join(filter(None, cells[len(header) :]))
    return line, {**named, BEYOND: beyond} if beyond else named


def _lines(path: Path) -> list[Numbered]:
    """The rows of a file that are not empty, with their lines; what kind of file it is, its first bytes say."""
    try:
        if path.stat().st_size > MAX_FILE:
            raise BadSheet("too_big")
        content = path.read_bytes()
    except OSError as error:
        raise BadSheet("no_file") from error
    if content.startswith(OLD_EXCEL):
        raise BadSheet("old_excel")
    if content.startswith(XLSX):
        return _workbook(path)
    if b"\x00" in content:
        raise BadSheet("not_a_table")
    return _csv(content)


def _csv(content: bytes) -> list[Numbered]:
    text = _decoded(content)
    lines_of_text = StringIO(text, newline="")  # line by line: all at once they take thirty times their letters
    first = next((line for line in lines_of_text if line.strip()), "")
    lines_of_text.seek(0)
    delimiter = max(";,\t", key=first.count)
    reader = csv.reader(lines_of_text, delimiter=delimiter)
    lines: list[Numbered] = []
    begins = 1
    try:
        for cells in reader:
            if len(cells) > MAX_COLUMNS:
                raise BadSheet("too_wide")
            stripped = [cell.strip() for cell in cells]
            if any(stripped):
                lines.append((begins, stripped))
            if len(lines) > MAX_ROWS:
                raise BadSheet("too_many_rows")
            begins = reader.line_num + 1
    except csv.Error as error:
        raise BadSheet("not_a_table") from error
    return lines


def _decoded(content: bytes) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        pass
    try:
        return content.decode("cp1251")
    except UnicodeDecodeError as error:
        raise BadSheet("encoding") from error


def _workbook(path: Path) -> list[Numbered]:
    """The rows of an Excel workbook, read by a child that dies of what would have killed us."""
    try:
        with zipfile.ZipFile(path) as archive:
            unpacked = sum(entry.file_size for entry in archive.infolist())
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        raise BadSheet("not_a_table") from error
    if unpacked > MAX_UNPACKED:
        raise BadSheet("bomb")
    command = [sys.executable, "-I", __file__, str(path.resolve())]
    try:
        child = subprocess.run(command, capture_output=True, timeout=MAX_SECONDS, check=False)  # noqa: S603
    except subprocess.TimeoutExpired as error:
        raise BadSheet("too_slow") from error
    if child.returncode == _TOO_MUCH:
        raise BadSheet("too_many_rows")
    if child.returncode != 0:
        raise BadSheet("unreadable")
    rows: list[Numbered] = [(line, cells) for line, cells in map(json.loads, child.stdout.splitlines())]
    return rows


def as_text(cell: object) -> str:
    """A cell of Excel as a CSV would have it: 7.0 is `7`, dates and times are ISO."""
    match cell:
        case bool():
            return "true" if cell else "false"
        case float():
            return str(int(cell)) if cell.is_integer() and abs(cell) < 1e15 else repr(cell)
        case datetime():
            return cell.date().isoformat() if cell.time() == time() else cell.isoformat(sep="T", timespec="seconds")
        case date() | time():
            return cell.isoformat()
        case timedelta():
            return str(cell)
    return str(cell).strip()


def _print_rows(path: str) -> int:
    """The child: print every row of the first sheet that is not empty as a line of JSON. Returns the exit code."""
    resource.setrlimit(resource.RLIMIT_AS, (MAX_MEMORY, MAX_MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (MAX_SECONDS, MAX_SECONDS))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    try:
        sheet = CalamineWorkbook.from_path(path).get_sheet_by_index(0).to_python(skip_empty_area=False)
    except (CalamineError, MemoryError):
        return 1
    printed = count = 0
    for number, row in enumerate(sheet, start=1):
        cells = [as_text(cell)[:MAX_CELL] for cell in row]
        if any(cells):
            line = json.dumps([number, cells])
            printed, count = printed + len(line), count + 1
            if printed > MAX_PRINTED or count > MAX_ROWS:
                return _TOO_MUCH
            sys.stdout.write(f"{line}\n")
    return 0


if __name__ == "__main__":
    sys.exit(_print_rows(sys.argv[1]))
