"""Flaws of XLSX workbooks: cells of the type "error", formulas without a value, hidden rows."""

import re
import zipfile
from collections.abc import Callable, Mapping
from io import BytesIO
from pathlib import Path
from typing import IO
from xml.parsers import expat

from portal.flaws import Flaws

Attributes = dict[str, str]
#: As much of a formula or an error as is shown.
_SHOWN = 60
_TRUE = ("1", "true")
_FOLDER, _STYLES = "xl/", "xl/styles.xml"
#: `00000` shows 123 as 00123; the number that people see is the longer one.
_NOUGHTS = re.compile(r"0{2,40}")
#: A sheet in UTF-8, as programs write it, and what alone can be a flaw in it: most sheets need not be walked through.
_PLAIN = re.compile(
    rb"(?:\xef\xbb\xbf)?\s{0,99}(?:<\?xml(?:(?!encoding)[^>]){0,200}(?:encoding=[\"'](?i:utf-8)[\"'][^>]{0,200})?>\s{0,99})?<[\w:]"
)
_SUSPECT = re.compile(rb"<(?:\w+:)?f[\s/>]|\st\s*=\s*[\"']\s*e|\shidden\s*=|&#")


class Xlsx:
    """The flaws of a workbook's sheets, by their names."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._book, self._styles = _Book(), _Styles()
        self._targets: dict[str, str] = {}
        with zipfile.ZipFile(path) as archive:
            with archive.open("xl/workbook.xml") as file:
                _parse(file, self._book.start)
            with archive.open("xl/_rels/workbook.xml.rels") as file:
                _parse(file, self._relation)
            if _STYLES in archive.namelist():
                with archive.open(_STYLES) as file:
                    _parse(file, self._styles.start, self._styles.end)

    def of(self, name: str) -> Flaws:
        """The flaws of a sheet. Raises: KeyError, expat.ExpatError, zipfile.BadZipFile."""
        scan = _Sheet(self._styles.widths, is_worked_out=self._book.is_worked_out)
        with zipfile.ZipFile(self._path) as archive:
            content = archive.read(self._targets[self._book.sheets[name]])
        if self._styles.widths or not _PLAIN.match(content) or _SUSPECT.search(content):
            _parse(BytesIO(content), scan.start, scan.end, scan.characters)
        return scan.flaws

    def _relation(self, name: str, attributes: Attributes) -> None:
        if _local(name) == "Relationship":
            target = attributes.get("Target", "")
            self._targets[attributes.get("Id", "")] = target[1:] if target.startswith("/") else _FOLDER + target


class _Book:
    """Which sheet stands where, and whether somebody has worked the formulas out."""

    def __init__(self) -> None:
        self.sheets: dict[str, str] = {}
        self.is_worked_out = True

    def start(self, name: str, attributes: Attributes) -> None:
        match _local(name):
            case "sheet":
                ids = (value for key, value in attributes.items() if _local(key) == "id")
                self.sheets[attributes.get("name", "")] = next(ids, "")
            case "calcPr":
                self.is_worked_out = attributes.get("fullCalcOnLoad", "0") not in _TRUE


class _Styles:
    """The styles that show a whole number with noughts before it: in how many digits, by their number."""

    def __init__(self) -> None:
        self.widths: dict[str, int] = {}
        self._formats: dict[str, int] = {}
        self._count, self._is_of_cells = 0, False

    def start(self, name: str, attributes: Attributes) -> None:
        match _local(name):
            case "numFmt" if _NOUGHTS.fullmatch(attributes.get("formatCode", "")):
                self._formats[attributes.get("numFmtId", "")] = len(attributes["formatCode"])
            case "cellXfs":
                self._is_of_cells = True
            case "xf" if self._is_of_cells:
                width = self._formats.get(attributes.get("numFmtId", ""))
                if width is not None:
                    self.widths[str(self._count)] = width
                self._count += 1

    def end(self, name: str) -> None:
        if _local(name) == "cellXfs":
            self._is_of_cells = False


class _Sheet:
    """Walks through the cells of a sheet."""

    def __init__(self, widths: Mapping[str, int], *, is_worked_out: bool) -> None:
        self.flaws = Flaws()
        self._widths = widths
        self._is_worked_out = is_worked_out
        self._row, self._column = -1, -1
        self._kind, self._has_formula = "n", False
        self._into = ""
        self._said: dict[str, str] = {}

    def start(self, name: str, attributes: Attributes) -> None:
        match _local(name):
            case "row":
                self._row, self._column = int(attributes.get("r") or self._row + 2) - 1, -1
                if attributes.get("hidden") in _TRUE:
                    self.flaws.hidden.add(self._row)
            case "c":
                self._column = _column(attributes["r"]) if "r" in attributes else self._column + 1
                self._kind, self._has_formula, self._said = attributes.get("t", "n"), False, {}
                if attributes.get("s") in self._widths:
                    self.flaws.widths[self._row, self._column] = self._widths[attributes["s"]]
            case "f":
                self._has_formula, self._into = True, "f"
            case "v":
                self._into = "v"

    def characters(self, data: str) -> None:
        if self._into:
            self._said[self._into] = (self._said.get(self._into, "") + data)[:_SHOWN]

    def end(self, name: str) -> None:
        match _local(name):
            case "f" | "v":
                self._into = ""
            case "c":
                self._judge()

    def _judge(self) -> None:
        place, value = (self._row, self._column), self._said.get("v", "").strip()
        if self._kind == "e":
            self.flaws.texts[place] = value or "#N/A"
        elif self._has_formula and self._is_unworked(value):
            self.flaws.texts[place] = "=" + self._said.get("f", "").strip()

    def _is_unworked(self, value: str) -> bool:
        """An empty text is what many a formula comes to; a program that writes formulas writes nothing, or 0."""
        if self._is_worked_out:
            return not value and self._kind != "str"
        return value in ("", "0")


def _parse(
    file: IO[bytes],
    start: Callable[[str, Attributes], None],
    end: Callable[[str], None] | None = None,
    characters: Callable[[str], None] | None = None,
) -> None:
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = characters
    parser.ParseFile(file)


def _local(name: str) -> str:
    return name.rpartition(":")[2]


def _column(reference: str) -> int:
    """`B7` is column 1."""
    number = 0
    for letter in reference:
        if not letter.isalpha():
            break
        number = number * 26 + ord(letter.upper()) - 64
    return number - 1
