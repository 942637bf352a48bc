"""Flaws of ODS workbooks: what LibreOffice shows as an error, formulas without a value, covered cells, hidden rows."""

import zipfile
from pathlib import Path
from xml.parsers import expat

from portal.cells import is_error
from portal.flaws import MOST_ROWS, Flaws

Attributes = dict[str, str]
_SHOWN = 60
_MOST_COLUMNS = 1_000
_HIDDEN = ("filter", "collapse")


class Ods:
    """The flaws of a workbook's sheets, by their names; all are read at once."""

    def __init__(self, path: Path) -> None:
        self._sheets: dict[str, Flaws] = {}
        self._flaws = Flaws()
        self._row, self._column, self._rows, self._columns = 0, 0, 1, 1
        self._cell: Attributes | None = None
        self._text = ""
        self._found: list[tuple[int, str]] = []
        self._covered: list[int] = []
        parser = expat.ParserCreate()
        parser.buffer_text = True
        parser.StartElementHandler, parser.EndElementHandler = self._start, self._end
        parser.CharacterDataHandler = self._characters
        with zipfile.ZipFile(path) as archive, archive.open("content.xml") as file:
            parser.ParseFile(file)

    def of(self, name: str) -> Flaws:
        """The flaws of a sheet. Raises KeyError."""
        return self._sheets[name]

    def _start(self, name: str, attributes: Attributes) -> None:
        match name:
            case "table:table":
                self._flaws = self._sheets[attributes.get("table:name", "")] = Flaws()
                self._row = 0
            case "table:table-row":
                self._rows = _repeated(attributes, "table:number-rows-repeated", MOST_ROWS)
                self._column, self._found, self._covered = 0, [], []
                if attributes.get("table:visibility") in _HIDDEN:
                    self._flaws.hidden.update(range(self._row, self._row + self._rows))
            case "table:table-cell" | "table:covered-table-cell":
                self._columns = _repeated(attributes, "table:number-columns-repeated", _MOST_COLUMNS)
                self._cell, self._text = attributes, ""
                if name == "table:covered-table-cell":
                    self._covered += range(self._column, self._column + self._columns)

    def _characters(self, data: str) -> None:
        if self._cell is not None:
            self._text = (self._text + data)[:_SHOWN]

    def _end(self, name: str) -> None:
        match name:
            case "table:table-cell" | "table:covered-table-cell":
                self._judge(self._cell or {}, self._text.strip())
                self._column += self._columns
                self._cell = None
            case "table:table-row":
                self._end_row()

    def _judge(self, cell: Attributes, text: str) -> None:
        flaw = ""
        if is_error(text) or cell.get("calcext:value-type") == "error":
            flaw = text or "#N/A"
        elif "table:formula" in cell and not text and "office:value-type" not in cell:
            flaw = "=" + cell["table:formula"].rpartition("=")[2][:_SHOWN]
        if flaw:
            self._found += [(self._column + n, flaw) for n in range(self._columns)]

    def _end_row(self) -> None:
        for row in range(self._row, self._row + (self._rows if self._found or self._covered else 0)):
            self._flaws.texts.update({(row, column): flaw for column, flaw in self._found})
            self._flaws.covered.update((row, column) for column in self._covered)
        self._row += self._rows


def _repeated(attributes: Attributes, name: str, most: int) -> int:
    return max(1, min(int(attributes.get(name, "1")), most))
