"""Flaws of the old XLS: the records of its stream, as [MS-XLS] has them, in the sectors of [MS-CFB]."""

import struct
from collections.abc import Iterator
from pathlib import Path

from portal.flaws import Flaws

_FREE, _SHORT_LIMIT, _ROOT = 0xFFFFFFFA, 4_096, 0
_BOF, _EOF, _BOUNDSHEET, _BOOLERR, _ROW = 0x0809, 0x000A, 0x0085, 0x0205, 0x0208
#: Who has worked the formulas out; where it is missing, nobody has.
_RECALC_ID = 0x01C1
_FORMULAS = (0x0006, 0x0206, 0x0406)
_ERRORS = {
    0x00: "#NULL!",
    0x07: "#DIV/0!",
    0x0F: "#VALUE!",
    0x17: "#REF!",
    0x1D: "#NAME?",
    0x24: "#NUM!",
    0x2A: "#N/A",
}
#: What a formula that came to no number came to.
_ERROR, _EMPTY = 2, 3
#: Bits of a formula and of a row.
_CALC_ON_LOAD, _IS_HIDDEN = 0x0002, 0x0020


class NoWorkbook(ValueError):
    """The file holds something else than a workbook: a letter, a presentation."""


class Xls:
    """The flaws of a workbook's sheets, by the order in which they stand."""

    def __init__(self, path: Path) -> None:
        self._stream = _workbook_stream(path.read_bytes())
        self._offsets: list[int] = []
        self._is_worked_out = False
        for kind, body in self._records(0):
            if kind == _BOUNDSHEET:
                self._offsets.append(struct.unpack_from("<I", body)[0])
            self._is_worked_out |= kind == _RECALC_ID

    def of(self, index: int) -> Flaws:
        """The flaws of a sheet. Raises: IndexError, struct.error."""
        flaws = Flaws()
        for kind, body in self._records(self._offsets[index]):
            if kind == _BOOLERR:
                row, column, _format, code, is_error = struct.unpack_from("<HHHBB", body)
                if is_error:
                    flaws.texts[row, column] = _ERRORS.get(code, "#N/A")
            elif kind == _ROW and struct.unpack_from("<H", body, 12)[0] & _IS_HIDDEN:
                flaws.hidden.add(struct.unpack_from("<H", body)[0])
            elif kind in _FORMULAS:
                self._formula(flaws, body)
        return flaws

    def _formula(self, flaws: Flaws, body: bytes) -> None:
        """A formula keeps what it came to: a number, or a mark of another kind of result."""
        row, column, _format, result, bits = struct.unpack_from("<HHH8sH", body)
        is_mark = result[6:] == b"\xff\xff"
        is_nothing = result[0] == _EMPTY if is_mark else not any(result)
        if is_mark and result[0] == _ERROR:
            flaws.texts[row, column] = _ERRORS.get(result[2], "#N/A")
        elif is_nothing and (bits & _CALC_ON_LOAD or not self._is_worked_out):
            flaws.texts[row, column] = "=…"

    def _records(self, offset: int) -> Iterator[tuple[int, bytes]]:
        """Kinds and bodies of a substream's records, without those of charts within it."""
        depth = 0
        while offset + 4 <= len(self._stream):
            kind, length = struct.unpack_from("<HH", self._stream, offset)
            if kind == _BOF:
                depth += 1
            elif kind == _EOF:
                depth -= 1
                if depth <= 0:
                    return
            elif depth == 1:
                yield kind, self._stream[offset + 4 : offset + 4 + length]
            offset += 4 + length


def _workbook_stream(content: bytes) -> bytes:
    """The stream of the workbook. Raises: NoWorkbook; struct.error, IndexError for a broken file."""
    file = _Sectors(content)
    directory = file.chain(struct.unpack_from("<I", content, 48)[0])
    entries = {_name(directory[at : at + 128]): directory[at : at + 128] for at in range(0, len(directory), 128)}
    entry = entries.get("Workbook") or entries.get("Book")
    if entry is None:
        raise NoWorkbook
    start, size = struct.unpack_from("<II", entry, 116)
    if size >= _SHORT_LIMIT:
        return file.chain(start)[:size]
    root = struct.unpack_from("<I", directory, _ROOT + 116)[0]
    return file.short_chain(file.chain(root), start)[:size]


def _name(entry: bytes) -> str:
    length = struct.unpack_from("<H", entry, 64)[0]
    return entry[: max(0, length - 2)].decode("utf-16-le", "replace")


class _Sectors:
    """A file of sectors chained by tables, as old Office keeps its streams."""

    def __init__(self, content: bytes) -> None:
        self._content = content
        self._size = 1 << min(struct.unpack_from("<H", content, 30)[0], 16)
        self._table = self._read_table()
        self._short_table = _numbers(self.chain(struct.unpack_from("<I", content, 60)[0]))

    def chain(self, start: int) -> bytes:
        """The sectors from `start` on. A chain that goes in a circle ends."""
        return b"".join(self._sector(at) for at in _walk(self._table, start))

    def short_chain(self, whole: bytes, start: int) -> bytes:
        """The short sectors from `start` on, out of the stream that holds them all."""
        return b"".join(whole[at * 64 : at * 64 + 64] for at in _walk(self._short_table, start))

    def _sector(self, at: int) -> bytes:
        return self._content[(at + 1) * self._size : (at + 2) * self._size]

    def _read_table(self) -> tuple[int, ...]:
        """The table of chains; where its own sectors are, the header says, and further sectors after it."""
        where = list(_numbers(self._content[76:512]))
        following, seen = struct.unpack_from("<I", self._content, 68)[0], set[int]()
        while following < _FREE and following not in seen and self._sector(following):
            seen.add(following)
            *more, following = _numbers(self._sector(following))
            where += more
        return _numbers(b"".join(self._sector(at) for at in where if at < _FREE))


def _walk(table: tuple[int, ...], start: int) -> Iterator[int]:
    seen: set[int] = set()
    while start < len(table) and start not in seen:
        yield start
        seen.add(start)
        start = table[start]


def _numbers(content: bytes) -> tuple[int, ...]:
    return struct.unpack(f"<{len(content) // 4}I", content[: len(content) // 4 * 4])
