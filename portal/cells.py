"""What stands in one cell before anybody asks what it means: its text, what kept it there, and whether it can be read.

A cell that holds something nobody can read is never taken for an empty one, wherever it comes from.
"""

import re
from enum import StrEnum


class Kept(StrEnum):
    """What a workbook or a program has kept a cell as, where that is not plain text.

    A merged cell is one of several that look like one: what it says may be meant for each of them, or for the first.
    """

    NUMBER = "number"
    DATE = "date"
    FLAG = "flag"
    MERGED = "merged"


class Cell(str):
    """The text of a cell with what it was kept as. To whoever does not ask, it is its text."""

    __slots__ = ("kept",)
    kept: Kept

    def __new__(cls, text: str, kept: Kept) -> "Cell":
        cell = super().__new__(cls, text)
        cell.kept = kept
        return cell


#: Errors of Excel, LibreOffice and Google, in Russian and English, and a number that its column was too narrow for.
_ERROR = re.compile(
    r"#(?:N/A(?: N/A)?|Н/Д|GETTING_DATA|ОЖИДАНИЕ_ДАННЫХ|[A-ZА-ЯЁ/0]{2,16}[!?]|#{2,300})|(?:Err|Ошибка):\d{3}"
)
_IN_RUSSIAN = {
    "#N/A": "#Н/Д",
    "#N/A N/A": "#Н/Д",
    "#REF!": "#ССЫЛКА!",
    "#VALUE!": "#ЗНАЧ!",
    "#DIV/0!": "#ДЕЛ/0!",
    "#NAME?": "#ИМЯ?",
    "#NUM!": "#ЧИСЛО!",
    "#NULL!": "#ПУСТО!",
    "#GETTING_DATA": "#ОЖИДАНИЕ_ДАННЫХ",
    "#SPILL!": "#ПЕРЕНОС!",
    "#CALC!": "#ВЫЧИСЛ!",
    "#FIELD!": "#ПОЛЕ!",
    "#BLOCKED!": "#ЗАБЛОКИРОВАНО!",
    "#UNKNOWN!": "#НЕИЗВЕСТНО!",
    "#CONNECT!": "#ПОДКЛЮЧЕНИЕ!",
    "#BUSY!": "#ЗАНЯТО!",
    "#ERROR!": "#ОШИБКА!",
}
#: `="007"` is how a CSV keeps Excel from making a number of a text.
_QUOTED = re.compile(r'="([^"]*)"')
#: What a decoder puts where it could not read a letter.
_LOST = "\N{REPLACEMENT CHARACTER}"
_NONE = frozenset({"-", "--", "–", "—", "−", "нет", "немає", "none", "null"})
#: How Excel writes a number that is too long for it: its last digits are lost.
_ROUNDED = re.compile(r"-?\d(?:[.,]\d{1,20})?E\+\d{1,3}", re.IGNORECASE)
_DIGITS_KEPT = 15
_FLAGS = {"true": "ИСТИНА", "истина": "ИСТИНА", "false": "ЛОЖЬ", "ложь": "ЛОЖЬ"}


class Unreadable(ValueError):
    """The cell holds something that cannot be read: `reason` is a code, `shown` what to show of the cell."""

    def __init__(self, reason: str, shown: str) -> None:
        super().__init__(reason)
        self.reason, self.shown = reason, shown


def kept(text: str) -> Kept | None:
    """What a cell was kept as; None for text."""
    return text.kept if isinstance(text, Cell) else None


def is_error(text: str) -> bool:
    """Is it what a spreadsheet shows where it has no value?"""
    return _ERROR.fullmatch(text) is not None


def readable(text: str) -> str:
    """The cell without spaces around it and without the quotes of a CSV; still a `Cell` if it was one.

    Raises: Unreadable for an error, a formula that nobody has worked out, a merged cell and letters that were lost.
    """
    bare = text.strip()
    if kept(text) is Kept.MERGED:
        raise Unreadable("merged", bare)
    if is_error(bare):
        raise Unreadable("excel_error", _IN_RUSSIAN.get(bare, bare))
    if quoted := _QUOTED.fullmatch(bare):
        return quoted[1].strip()
    if bare.startswith("="):
        raise Unreadable("formula", bare[:40])
    if _LOST in bare:
        raise Unreadable("garbled", bare[:40])
    return text if isinstance(text, Cell) else bare


def says_nothing(text: str) -> bool:
    """Is a cell empty, or says in so many words that there is nothing?"""
    bare = text.strip()
    return not bare or bare.casefold() in _NONE


def as_written(text: str) -> str:
    """A text that must be what somebody has written, to the letter. Raises Unreadable where Excel has made it over."""
    how, bare = kept(text), text.strip()
    if how is Kept.DATE:
        raise Unreadable("excel_date", bare)
    if bare.casefold() in _FLAGS:
        raise Unreadable("excel_flag", _FLAGS[bare.casefold()])
    if _ROUNDED.fullmatch(bare) or (how is Kept.NUMBER and _is_cut_short(bare)):
        raise Unreadable("excel_rounded", bare)
    return bare


def _is_cut_short(number: str) -> bool:
    """Has a number with decimals more digits than a spreadsheet keeps?"""
    return "." in number and sum(map(str.isdigit, number)) > _DIGITS_KEPT
