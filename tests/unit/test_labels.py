"""Labels and registers read back: the words stand in the PDF, and the barcode says the number to an own decoder."""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from datetime import date
from io import BytesIO

import pytest
from flask import Flask
from pypdf import PdfReader

from portal.labels import Register, Waybill, label, register

#: Widths of bars and gaps of Code 128's 106 symbols, from ISO/IEC 15417.
WIDTHS = re.findall(
    r"\d+",
    "212222 222122 222221 121223 121322 131222 122213 122312 132212 221213 221312 231212 112232 122132 122231 "
    "113222 123122 123221 223211 221132 221231 213212 223112 312131 311222 321122 321221 312212 322112 322211 "
    "212123 212321 232121 111323 131123 131321 112313 132113 132311 211313 231113 231311 112133 112331 132131 "
    "113123 113321 133121 313121 211331 231131 213113 213311 213131 311123 311321 331121 312113 312311 332111 "
    "314111 221411 431111 111224 111422 121124 121421 141122 141221 112214 112412 122114 122411 142112 142211 "
    "241211 221114 413111 241112 134111 111242 121142 121241 114212 124112 124211 411212 421112 421211 212141 "
    "214121 412121 111143 111341 131141 114113 114311 411113 411311 113141 114131 311141 411131 211412 211214 "
    "211232",
)
CODE_C, CODE_B, START_B, START_C = 99, 100, 104, 105
#: The bars of VH774120985 as another encoder draws them: from module, width.
DRAWN = (
    "M0 2M3 1M6 1M11 3M15 1M17 2M22 2M27 1M29 1M33 1M35 3M39 4M44 4M49 3M53 1M55 2M60 1M64 1M66 2M70 1M73 3M77 4M82 1"
    "M86 1M88 1M90 4M95 3M99 2M102 3M107 1M110 4M117 1M119 1M121 2M126 3M130 1M132 2"
)
WAYBILL = Waybill(
    number="VH774120985",
    shop="«Тёплый дом» & <сын>",
    order="48117",
    city="Томск",
    address="ул. Нахимова, 12, кв. 7",
    recipient="Марина Кузнецова",
    pieces=2,
    weight_g=1700,
    cod_minor=499_000,
    currency="RUB",
)


def decoded(bars: Sequence[tuple[float, float]]) -> str:
    """What bars say, by their left edges and widths; the check symbol is checked."""
    module = min(width for _left, width in bars)
    edges = [edge for left, width in sorted(bars) for edge in (left, left + width)]
    widths = [round((b - a) / module) for a, b in itertools.pairwise(edges)]
    symbols = ["".join(map(str, widths[n : n + 6])) for n in range(0, len(widths) - 7, 6)]
    values = [WIDTHS.index(symbol) for symbol in symbols]
    start, *body, check = values
    assert check == (start + sum(n * value for n, value in enumerate(body, 1))) % 103
    is_pairs, text = start == START_C, ""
    assert start in (START_B, START_C)
    for value in body:
        if value in (CODE_B, CODE_C):
            is_pairs = value == CODE_C
        else:
            text += f"{value:02}" if is_pairs else chr(value + 32)
    return text


def test_the_decoder_reads_what_another_encoder_drew() -> None:
    bars = [(float(left), float(width)) for left, width in re.findall(r"M(\d+) (\d)", DRAWN)]
    assert decoded(bars) == "VH774120985"


@pytest.fixture
def pages(app: Flask) -> list[str]:
    with app.test_request_context("/"):
        return [page.extract_text() for page in PdfReader(BytesIO(label(WAYBILL, "ru"))).pages]


def test_a_label_says_where_to_and_which_piece(pages: list[str]) -> None:
    assert len(pages) == 2
    for n, text in enumerate(pages, 1):
        for words in ("Томск", "ул. Нахимова, 12, кв. 7", "«Тёплый дом» & <сын>", "48117", f"Место {n} из 2", "1,7"):
            assert words in text
        assert "VH774120985" in text
        assert "4 990" in text.replace("\u00a0", " ")
        assert "Копия" not in text


def test_the_barcode_says_the_number(app: Flask) -> None:
    with app.test_request_context("/"):
        page = PdfReader(BytesIO(label(WAYBILL, "ru"))).pages[0]
    drawn = page.get_contents().get_data().decode("latin-1")  # type: ignore[union-attr]
    found = re.findall(r"([\d.]+) [\d.]+ ([\d.]+) [\d.]+ re f", drawn)
    assert decoded([(float(left), float(width)) for left, width in found]) == WAYBILL.number


def test_a_second_print_says_that_it_is_one(app: Flask) -> None:
    with app.test_request_context("/"):
        again = Waybill(**{name: getattr(WAYBILL, name) for name in WAYBILL.__slots__ if name != "copy"}, copy=2)
        assert "Копия 2" in PdfReader(BytesIO(label(again, "ru"))).pages[0].extract_text()


def test_a_register_lists_everything_with_sums_and_signatures(app: Flask) -> None:
    paper = Register("Томск, склад", "Сергей Ким", date(2026, 11, 26), 1, [WAYBILL] * 60)
    with app.test_request_context("/"):
        pages = PdfReader(BytesIO(register(paper, "ru"))).pages
    text = "\n".join(page.extract_text() for page in pages).replace("\u00a0", " ")
    assert len(pages) > 1
    assert text.count("VH774120985") == 60
    for words in ("чт, 26 ноября", "Сергей Ким", "Посылок 60, мест 120, вес 102", "299 400", "Сдал", "Принял"):
        assert words in text
