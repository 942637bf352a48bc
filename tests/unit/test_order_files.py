"""Files of orders of every kind, as shops send them: the right sheet, the right rows, and no cell lost in silence."""

from __future__ import annotations

import time
import zipfile
from contextlib import suppress
from pathlib import Path

import openpyxl
import pytest

from portal import intake, sheets
from portal.cells import Kept, kept
from portal.sheets import BadSheet, Table

FILES = Path(__file__).resolve().parents[1] / "data/orders"
HEADER = ["order_number", "phone", "cod"]
PHONE = "+79130001242"


def table(path: Path | str) -> Table:
    return sheets.table(FILES / path, intake.COLUMNS)


def rows(path: Path | str) -> list[dict[str, str]]:
    return [cells for _line, cells in table(path).rows]


def column(path: Path | str, name: str) -> list[str]:
    return [cells[name] for cells in rows(path)]


def write(folder: Path, content: bytes, name: str = "orders.csv") -> Path:
    path = folder / name
    path.write_bytes(content)
    return path


def book(folder: Path, **sheets_of_it: list[list[object]]) -> openpyxl.Workbook:
    made = openpyxl.Workbook()
    assert made.active is not None
    made.remove(made.active)
    for name, lines in sheets_of_it.items():
        sheet = made.create_sheet(name)
        for line in lines:
            sheet.append(line)
    return made


def saved(made: openpyxl.Workbook, folder: Path) -> Path:
    made.save(folder / "orders.xlsx")
    return folder / "orders.xlsx"


def replaced(path: Path, part: str, old: bytes, new: bytes) -> Path:
    """A workbook with some bytes of a part replaced."""
    to = path.with_name(f"{path.stem}-{len(new)}{path.suffix}")
    with zipfile.ZipFile(path) as whole, zipfile.ZipFile(to, "w") as archive:
        for entry in whole.infolist():
            content = whole.read(entry)
            if entry.filename == part:
                assert old in content
                content = content.replace(old, new)
            archive.writestr(entry, content)
    return to


# --- text


@pytest.mark.parametrize(
    ("file", "order", "line"),
    [
        *(("sep_line.csv", "XSEP", 3), ("title_row.csv", "XT", 3), ("pipe.csv", "XPIPE", 2)),
        *(("unicode_text.txt", "X16", 2), ("html.xls", "HT1", 2), ("repeated_unused_column.csv", "U1", 2)),
        *(("chart_first.xlsx", "CH1", 2), ("hidden_first_sheet.xlsx", "NEW1", 2), ("hidden_sheet.xlsx", "H1", 2)),
        ("instructions_first.xlsx", "I1", 2),
    ],
)
def test_a_file_as_a_shop_sent_it(file: str, order: str, line: int) -> None:
    assert [(n, cells["order_number"]) for n, cells in table(file).rows] == [(line, order)]


@pytest.mark.parametrize("delimiter", [";", ",", "\t", "|"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1251", "utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("above", ["", "Реестр за 16.11.2026, новый; второй | третий\n\n", "sep={}\n"])
def test_text_of_any_make(tmp_path: Path, delimiter: str, encoding: str, above: str) -> None:
    text = above.format(delimiter) + delimiter.join(["Order_Number", "phone", "recipient"]) + "\r\n"
    text += delimiter.join(["7", PHONE, '"Шарлотта; Юрьевна, | Ёлкина"']) + "\r\n"
    mark = {"utf-16-le": b"\xff\xfe", "utf-16-be": b"\xfe\xff"}.get(encoding, b"")
    path = write(tmp_path, mark + text.encode(encoding))
    found = rows(path)
    assert found == [{"order_number": "7", "phone": PHONE, "recipient": "Шарлотта; Юрьевна, | Ёлкина"}]


def test_the_lines_of_a_file_add_up(tmp_path: Path) -> None:
    path = write(tmp_path, f"sep=;\nРеестр\n\norder_number;phone\n1;{PHONE}\n;\n\n2;{PHONE}\n".encode())
    found = table(path)
    orders = [line for line, _cells in found.rows]
    assert orders == [5, 8]
    assert len(orders) + found.above + found.lines.blank + 1 == 8


def test_utf_8_that_lost_a_byte_is_not_taken_for_old_windows(tmp_path: Path) -> None:
    text = f"order_number;phone;recipient\n1;{PHONE};Шарлотта Ёлкина\n".encode()
    with pytest.raises(BadSheet, match="encoding"):
        table(write(tmp_path, text[:-2] + b"\n"))


def test_a_repeated_column_that_is_read_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadSheet, match="repeated_column"):
        table(write(tmp_path, b"order_number;phone;phone\n1;2;3\n"))


# --- pages that call themselves workbooks


def test_a_page_in_html(tmp_path: Path) -> None:
    page = (
        "<html><head><meta charset=windows-1251></head><body><table><tr><td>Реестр</td></tr></table>"
        "<table><tr><th>order_number</th><th>phone</th><th>settlement</th><th>address</th></tr>"
        f"<tr><td>1</td><td>{PHONE}</td><td rowspan=2>Томск</td><td>ул. Мира,<br>1&nbsp;а</td></tr>"
        f"<tr><td>2</td><td>{PHONE}</td><td>ул. Мира, 2</td></tr>"
        f"<tr><td>3</td><td>{PHONE}</td><td colspan=2>Томск, ул. Мира</td></tr></table></body></html>"
    )
    found = rows(write(tmp_path, page.encode("cp1251"), "orders.xls"))
    assert [cells["address"] for cells in found] == ["ул. Мира, 1 а", "ул. Мира, 2", ""]
    assert [kept(cells["settlement"]) for cells in found] == [None, Kept.MERGED, None]
    assert kept(found[2]["address"]) is Kept.MERGED


@pytest.mark.parametrize(
    "html", ["<html><body>Нет таблицы</body></html>", "<?xml version='1.0'?><Workbook/>", "<table>"]
)
def test_a_page_without_orders_is_refused(tmp_path: Path, html: str) -> None:
    path = write(tmp_path, html.encode(), "orders.xls")
    with pytest.raises((BadSheet, intake.BadColumns)):
        intake.check_header(table(path).header)


# --- workbooks


def test_errors_of_excel_are_told_from_empty_cells() -> None:
    found = {cells["order_number"]: cells for cells in rows("error_cells.xlsx")}
    assert found["VL1"]["cod"] == "#N/A"
    assert found["VL2"]["settlement"] == "#N/A"
    assert found["VL3"]["address"] == "#REF!"
    assert found["VL4"]["phone"] == "#N/A"


def test_old_excel_is_read_and_its_errors_are_told_from_empty_cells() -> None:
    found = {cells["order_number"]: cells for cells in rows("errors.xls")}
    assert found["X1"]["accepted_at"] == "2026-11-15T15:30:00"
    assert (found["X2"]["cod"], found["X3"]["settlement"], found["X5"]["cod"]) == ("#N/A", "#REF!", "#DIV/0!")
    assert found["X4"]["cod"].startswith("=")
    assert found["X6"]["address"] == "6"
    assert kept(found["X11"]["address"]) is Kept.MERGED
    assert (table("errors.xls").lines.sheet, table("errors.xls").lines.hidden) == ("Ноябрь", 1)


@pytest.mark.parametrize("error", ["#N/A", "#REF!", "#DIV/0!", "#VALUE!", "#NAME?", "#NUM!", "#NULL!"])
def test_every_error_of_excel(tmp_path: Path, error: str) -> None:
    assert column(saved(book(tmp_path, Лист1=[HEADER, [1, PHONE, error]]), tmp_path), "cod") == [error]


def test_formulas_that_nobody_has_worked_out(tmp_path: Path) -> None:
    path = saved(book(tmp_path, Лист1=[HEADER, [1, PHONE, "=1+1"], [2, PHONE, '=""']]), tmp_path)
    assert column(path, "cod") == ["=1+1", '=""']
    none = replaced(path, "xl/worksheets/sheet1.xml", b"<f>1+1</f><v />", b"<f>1+1</f><v>0</v>")
    assert column(none, "cod")[0] == "=1+1", "a program writes 0 beside a formula and asks Excel to work it out"
    some = replaced(path, "xl/worksheets/sheet1.xml", b"<f>1+1</f><v />", b"<f>1+1</f><v>2</v>")
    assert column(some, "cod")[0] == "2"


def test_formulas_that_excel_has_worked_out(tmp_path: Path) -> None:
    path = saved(book(tmp_path, Лист1=[HEADER, [1, PHONE, "=1-1"], [2, PHONE, '=""']]), tmp_path)
    path = replaced(path, "xl/workbook.xml", b'fullCalcOnLoad="1"', b"")
    path = replaced(path, "xl/worksheets/sheet1.xml", b"<f>1-1</f><v />", b"<f>1-1</f><v>0</v>")
    empty = b'<c r="C3" t="str"><f>""</f><v></v>'
    path = replaced(path, "xl/worksheets/sheet1.xml", b'<c r="C3"><f>""</f><v />', empty)
    assert column(path, "cod") == ["0", ""]


def test_merged_cells_are_told_from_empty_ones(tmp_path: Path) -> None:
    made = book(tmp_path, Лист1=[["Реестр"], HEADER, [1, PHONE, 10], [2, PHONE, None]])
    made["Лист1"].merge_cells("A1:C1")
    made["Лист1"].merge_cells("C3:C4")
    found = rows(saved(made, tmp_path))
    assert [(cells["cod"], kept(cells["cod"])) for cells in found] == [("10", Kept.NUMBER), ("", Kept.MERGED)]


def test_whole_numbers_are_kept_by_their_digits_or_owned_up_to() -> None:
    found = column("sixteen_digits.xlsx", "order_number")
    assert found[:3] == ["5012345678901234", "123456789012345", "80080012345678"]
    assert kept(found[3]) is Kept.DATE
    assert ("e+15" in found[5], "e+19" in found[6], kept(found[7])) == (True, True, Kept.FLAG)


@pytest.mark.parametrize("number", [10**15, 2**53 - 1, 5012345678901234, 5012345678901230, 123, 0])
def test_a_whole_number_below_the_limit(tmp_path: Path, number: int) -> None:
    path = saved(book(tmp_path, Лист1=[HEADER, [number, PHONE, 1]]), tmp_path)
    assert column(path, "order_number") == [str(number)]


@pytest.mark.parametrize("number", [2**53, 2**53 + 1, 12345678901234567890, -(2**60)])
def test_a_whole_number_that_has_lost_its_last_digits(tmp_path: Path, number: int) -> None:
    path = saved(book(tmp_path, Лист1=[HEADER, [number, PHONE, 1]]), tmp_path)
    assert "e+" in column(path, "order_number")[0]


def test_a_column_that_excel_has_cut_to_fifteen_digits(tmp_path: Path) -> None:
    numbers = [5012345678901230, 5012345678901240, 5012345678901250]
    path = saved(book(tmp_path, Лист1=[HEADER, *([number, PHONE, 1] for number in numbers)]), tmp_path)
    assert ["e+15" in number for number in column(path, "order_number")] == [True] * 3


def test_a_number_is_what_people_see(tmp_path: Path) -> None:
    made = book(tmp_path, Лист1=[HEADER, [123, PHONE, 7], [123456, PHONE, 7], ["A", PHONE, 7], [12.5, PHONE, 7]])
    for row in range(2, 6):
        made["Лист1"].cell(row, 1).number_format = "00000"
        made["Лист1"].cell(row, 3).number_format = "0.00"
    path = saved(made, tmp_path)
    assert column(path, "order_number") == ["00123", "123456", "A", "12.5"]
    assert column(path, "cod") == ["7"] * 4


# --- which sheet


def test_the_first_visible_sheet_with_our_columns(tmp_path: Path) -> None:
    october, november = [HEADER, ["OLD", PHONE, 1]], [HEADER, ["NEW", PHONE, 1]]
    made = book(tmp_path, Октябрь=october, Заметки=[["Звонить"]], Ноябрь=november, Декабрь=november)
    made["Октябрь"].sheet_state = "veryHidden"
    found = table(saved(made, tmp_path))
    assert (found.lines.sheet, found.lines.others) == ("Ноябрь", ["Декабрь"])
    assert [cells["order_number"] for _line, cells in found.rows] == ["NEW"]


def test_a_book_without_visible_sheets(tmp_path: Path) -> None:
    path = saved(book(tmp_path, Лист1=[HEADER, [1, PHONE, 1]]), tmp_path)
    hidden = replaced(path, "xl/workbook.xml", b'state="visible"', b'state="hidden"')
    with pytest.raises(BadSheet, match="no_sheet"):
        table(hidden)


def test_hidden_rows_are_counted(tmp_path: Path) -> None:
    made = book(tmp_path, Лист1=[["Реестр"], HEADER, *([n, PHONE, 1] for n in range(5))])
    for row in (1, 4, 5, 9):
        made["Лист1"].row_dimensions[row].hidden = True
    found = table(saved(made, tmp_path))
    assert (found.lines.hidden, found.above, len(list(found.rows))) == (2, 1, 5)


# --- LibreOffice

_NAMES = {
    **dict.fromkeys(("office", "style", "text", "table"), "urn:oasis:names:tc:opendocument:xmlns:{}:1.0"),
    "calcext": "urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0",
}
_END = (
    '<table:table-row table:number-rows-repeated="1048000"><table:table-cell table:number-columns-repeated="1024"/>'
    "</table:table-row>"
)
_MANIFEST = """<?xml version="1.0" encoding="UTF-8"?>
<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0">
<manifest:file-entry manifest:full-path="/" manifest:media-type="{kind}"/></manifest:manifest>"""
_ODS = """<?xml version="1.0" encoding="UTF-8"?><office:document-content {names} office:version="1.2">
<office:automatic-styles><style:style style:name="no" style:family="table">
<style:table-properties table:display="false"/></style:style></office:automatic-styles>
<office:body><office:spreadsheet>
<table:table table:name="Октябрь" table:style-name="no"><table:table-row>{header}</table:table-row></table:table>
<table:table table:name="Ноябрь"><table:table-row>{header}</table:table-row>{rows}
{end}</table:table></office:spreadsheet></office:body></office:document-content>"""


def ods(folder: Path, *cod: str, attributes: str = "") -> Path:
    """A workbook of LibreOffice with an order for each XML of a cell of cod."""

    def said(text: str) -> str:
        return f'<table:table-cell office:value-type="string"><text:p>{text}</text:p></table:table-cell>'

    starts = [f"<table:table-row {attributes}>{said(f'O{n}')}{said(PHONE)}" for n in range(len(cod))]
    lines = "".join(f"{start}{cell}</table:table-row>" for start, cell in zip(starts, cod, strict=True))
    names = " ".join(f'xmlns:{name}="{urn.format(name)}"' for name, urn in _NAMES.items())
    path = folder / "orders.ods"
    with zipfile.ZipFile(path, "w") as archive:
        kind = "application/vnd.oasis.opendocument.spreadsheet"
        archive.writestr("mimetype", kind)
        archive.writestr("META-INF/manifest.xml", _MANIFEST.format(kind=kind))
        archive.writestr(
            "content.xml", _ODS.format(names=names, header="".join(map(said, HEADER)), rows=lines, end=_END)
        )
    return path


def ods_cell(attributes: str, shown: str) -> str:
    return f"<table:table-cell {attributes}><text:p>{shown}</text:p></table:table-cell>"


def test_libreoffice_is_read_and_its_errors_are_told_from_empty_cells(tmp_path: Path) -> None:
    as_text = 'office:value-type="string" office:string-value="" calcext:value-type="error"'
    cells = (
        ods_cell('office:value-type="currency" office:value="4990.5"', "4 990,50 ₽"),
        ods_cell(f'table:formula="of:=NA()" {as_text}', "#N/A"),
        ods_cell('table:formula="of:=1/0" office:value-type="float" office:value="0"', "Err:502"),
        '<table:table-cell table:formula="of:=1+1"/>',
        "<table:covered-table-cell/>",
        ods_cell('office:value-type="boolean" office:boolean-value="true"', "ИСТИНА"),
        "<table:table-cell/>",
    )
    found = table(ods(tmp_path, *cells, attributes='table:visibility="filter"'))
    cods = [row["cod"] for _line, row in found.rows]
    assert cods == ["4990.5", "#N/A", "Err:502", "=1+1", "", "true", ""]
    assert [kept(cod) for cod in cods[4:]] == [Kept.MERGED, Kept.FLAG, None]
    assert (found.lines.sheet, found.lines.hidden) == ("Ноябрь", 7)


# --- what is refused as a whole, by its true name


@pytest.mark.parametrize(
    ("file", "reason"), [("password.xlsx", "password"), ("password.xls", "password"), ("letter.xls", "not_a_table")]
)
def test_a_file_is_named_truly(file: str, reason: str) -> None:
    with pytest.raises(BadSheet, match=reason):
        table(file)


def test_binary_excel_is_named_truly(tmp_path: Path) -> None:
    path = tmp_path / "orders.xlsb"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("xl/workbook.bin", b"")
    with pytest.raises(BadSheet, match="binary_excel"):
        table(path)


@pytest.mark.parametrize("cut", range(8, 5_600, 499))
def test_a_broken_workbook_of_old_excel_is_refused(tmp_path: Path, cut: int) -> None:
    content = (FILES / "errors.xls").read_bytes()[:cut]
    with pytest.raises(BadSheet, match=r"old_excel|not_a_table|empty"):
        table(write(tmp_path, content, "orders.xls"))


def test_a_first_line_of_nothing_but_tabs_takes_no_time(tmp_path: Path) -> None:
    path = write(tmp_path, b"sep=;" + b"\t" * 500_000 + b"x\n")
    began = time.monotonic()
    with pytest.raises((BadSheet, intake.BadColumns)):
        intake.check_header(table(path).header)
    assert time.monotonic() - began < 5


@pytest.mark.parametrize(
    "html",
    [
        b"<html><table>" + b"<!--" * 1_000_000,
        b"<html><table>" + b"<td " * 1_000_000,
        b"<html>" + b"<table><tr><td>" * 300_000,
        b"<html><table><tr>" + b"<td colspan=1000 rowspan=1000>" * 100_000,
        b"<html><table>" + b"<tr><td rowspan=1000 colspan=1000>x</td></tr>" * 100_000,
    ],
    ids=["comments", "tags", "tables", "spans", "rows"],
)
def test_a_page_that_is_a_bomb_ends_with_its_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, html: bytes
) -> None:
    monkeypatch.setattr(sheets, "MAX_SECONDS", 3)
    began = time.monotonic()
    with pytest.raises((BadSheet, intake.BadColumns)):
        intake.check_header(table(write(tmp_path, html, "orders.xls")).header)
    assert time.monotonic() - began < 20


def test_entities_that_unfold_are_not_unfolded(tmp_path: Path) -> None:
    path = saved(book(tmp_path, Лист1=[HEADER, [1, PHONE, "#N/A"]]), tmp_path)
    names = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 12))
    bomb = f'<!DOCTYPE x [<!ENTITY e0 "0123456789">{names}]>'.encode()
    path = replaced(path, "xl/worksheets/sheet1.xml", b"<worksheet", bomb + b"<worksheet")
    path = replaced(path, "xl/worksheets/sheet1.xml", b"#N/A", b"&e11;")
    with pytest.raises(BadSheet, match="unreadable"):
        table(path)


@pytest.mark.parametrize("at", [44, 48, 56, 60, 68, 76, 0x200, 0x204])
@pytest.mark.parametrize("number", [0, 1, 2, 0x7FFFFFFF, 0xFFFFFFF0])
def test_old_excel_with_chains_in_a_circle_ends(tmp_path: Path, at: int, number: int) -> None:
    content = bytearray((FILES / "errors.xls").read_bytes())
    content[at : at + 4] = number.to_bytes(4, "little")
    path = write(tmp_path, bytes(content), "orders.xls")
    began = time.monotonic()
    with suppress(BadSheet):
        table(path)
    assert time.monotonic() - began < 10
