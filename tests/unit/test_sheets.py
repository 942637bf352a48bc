"""Tables out of files that anybody may have made: read alike from CSV and Excel, and refused in words when hostile."""

from __future__ import annotations

import tracemalloc
import zipfile
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from random import Random

import openpyxl
import pytest

from portal import sheets
from portal.sheets import BEYOND, BadSheet, Row


def read(path: Path) -> tuple[list[str], list[Row]]:
    header, rows = sheets.read(path)
    return header, list(rows)


def write(folder: Path, content: bytes, name: str = "orders.csv") -> Path:
    path = folder / name
    path.write_bytes(content)
    return path


def workbook(folder: Path, *rows: list[object]) -> Path:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for row in rows:
        sheet.append(row)
    book.save(folder / "orders.xlsx")
    return folder / "orders.xlsx"


@pytest.mark.parametrize("delimiter", [";", ",", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-8", "cp1251"])
def test_csv_of_any_make(tmp_path: Path, delimiter: str, encoding: str) -> None:
    text = f"Order_Number {delimiter} Город\r\n7{delimiter} Орёл \r\n\r\n8{delimiter}Томск\r\n"
    header, rows = read(write(tmp_path, text.encode(encoding)))
    assert header == ["order_number", "город"]
    assert rows == [(2, {"order_number": "7", "город": "Орёл"}), (4, {"order_number": "8", "город": "Томск"})]


def test_a_cell_may_hold_lines_and_delimiters(tmp_path: Path) -> None:
    _, rows = read(write(tmp_path, b'a;b\n"x\ny";"1;2"\n3;4\n'))
    assert rows == [(2, {"a": "x\ny", "b": "1;2"}), (4, {"a": "3", "b": "4"})]


def test_what_stands_beyond_the_header_is_not_lost(tmp_path: Path) -> None:
    _, rows = read(write(tmp_path, b"cod,phone\n4990,50,+79130001242\n"))
    assert rows == [(2, {"cod": "4990", "phone": "50", BEYOND: "+79130001242"})]


def test_excel_reads_like_csv(tmp_path: Path) -> None:
    moment = datetime(2026, 11, 21, 15, 30)  # noqa: DTZ001
    path = workbook(
        tmp_path, ["Order", "N", "Day", "At", "Yes"], [], ["  TD-1 ", 7.0, date(2026, 11, 21), moment, True]
    )
    header, rows = read(path)
    assert header == ["order", "n", "day", "at", "yes"]
    cells = {"order": "TD-1", "n": "7", "day": "2026-11-21", "at": "2026-11-21T15:30:00", "yes": "true"}
    assert rows == [(3, cells)]


def test_a_phone_that_excel_took_for_a_number(tmp_path: Path) -> None:
    _, rows = read(workbook(tmp_path, ["phone", "cod"], [79130001242, 4990.5]))
    assert rows == [(2, {"phone": "79130001242", "cod": "4990.5"})]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "empty"),
        (b"\n ; \n", "empty"),
        (b"a;a\n1;2\n", "repeated_column"),
        (b"\xd0\xcf\x11\xe0 old", "old_excel"),
        (b"PK\x03\x04 no zip", "not_a_table"),
        (b"a;b\n\x00", "not_a_table"),
        (b"a;b\n\x98", "encoding"),
        (b";" * 1_000, "too_wide"),
        (b"a;b\n" + b";" * 1_000, "too_wide"),
    ],
)
def test_what_is_no_table_is_refused(tmp_path: Path, content: bytes, reason: str) -> None:
    with pytest.raises(BadSheet) as refused:
        read(write(tmp_path, content))
    assert refused.value.reason == reason
    assert refused.value.words.endswith(".")


def noise(without: bytes = b"") -> bytes:
    """Ten megabytes of nothing, the same in every run."""
    return Random(10).randbytes(10 * sheets.MEGABYTE).translate(None, without)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (noise, "not_a_table"),
        (lambda: b"PK\x03\x04" + noise(), "not_a_table"),
        (lambda: noise(without=b"\x00"), "encoding"),
    ],
    ids=["noise", "noise that begins like a zip", "noise without zeros"],
)
def test_ten_megabytes_of_noise_are_refused(tmp_path: Path, content: Callable[[], bytes], reason: str) -> None:
    with pytest.raises(BadSheet, match=reason):
        read(write(tmp_path, content()))


def test_millions_of_rows_take_little_memory(tmp_path: Path) -> None:
    path = write(tmp_path, b"a;b\n" + b"1;2\n" * (4 * sheets.MEGABYTE))
    tracemalloc.start()
    with pytest.raises(BadSheet, match="too_many_rows"):
        read(path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 200 * sheets.MEGABYTE


def test_a_workbook_of_a_million_rows_is_refused(tmp_path: Path) -> None:
    book, path = workbook(tmp_path, ["a"]), tmp_path / "million.xlsx"
    rows = b"".join(b'<row r="%d"><c r="A%d"><v>1</v></c></row>' % (n, n) for n in range(2, 1_000_002))
    with zipfile.ZipFile(book) as whole, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for entry in whole.infolist():
            content = whole.read(entry)
            if entry.filename == "xl/worksheets/sheet1.xml":
                content = content.replace(b"</sheetData>", rows + b"</sheetData>")
            archive.writestr(entry, content)
    with pytest.raises(BadSheet, match="too_many_rows"):
        read(path)


def test_no_file(tmp_path: Path) -> None:
    with pytest.raises(BadSheet, match="no_file"):
        read(tmp_path / "nothing.csv")


def test_a_big_file_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "big.csv"
    with path.open("wb") as file:
        file.truncate(sheets.MAX_FILE + 1)
    with pytest.raises(BadSheet, match="too_big"):
        read(path)


def test_a_zip_bomb_is_not_opened(tmp_path: Path) -> None:
    path = tmp_path / "bomb.xlsx"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", bytes(sheets.MAX_UNPACKED + 1))
    assert path.stat().st_size < sheets.MEGABYTE
    with pytest.raises(BadSheet, match="bomb"):
        read(path)


def test_a_bomb_below_the_limit_kills_only_the_child(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sheets, "MAX_SECONDS", 10)
    path = workbook(tmp_path, ["a"], ["b"])
    bomb = tmp_path / "lying.xlsx"
    cells = b"<row>" + b"<c><v>1</v></c>" * 12_000_000 + b"</row>"
    with zipfile.ZipFile(path) as whole, zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        for entry in whole.infolist():
            content = whole.read(entry)
            if entry.filename == "xl/worksheets/sheet1.xml":
                content = content.replace(b"</sheetData>", cells + b"</sheetData>")
            archive.writestr(entry, content)
    with pytest.raises(BadSheet, match=r"unreadable|too_slow"):
        read(bomb)


def test_a_zip_that_is_no_workbook(tmp_path: Path) -> None:
    path = tmp_path / "photos.xlsx"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("photo.jpg", b"\xff\xd8")
    with pytest.raises(BadSheet, match="unreadable"):
        read(path)
