"""Numbers that a carrier gave at hand-over, as people type, paste and upload them."""

from __future__ import annotations

import pytest

from carriers.number_pairs import BadLine, Pair, Why, read_pairs


@pytest.mark.parametrize("between", [",", ";", "\t", " ", "   ", " ; ", ", ", "→", " → ", "->", " => "])
def test_whatever_stands_between_them_two_numbers_are_a_pair(between: str) -> None:
    assert read_pairs(f"TD-1{between}30001508686") == ([Pair(1, "TD-1", "30001508686")], [])


def test_a_sheet_from_excel_is_read_without_its_heading_quotes_and_empty_cells() -> None:
    sheet = '\ufeffНаш номер;ТТН;;\r\n"TD-1";"301";;\r\n\r\nTD-2;302;;\r\n'

    assert read_pairs(sheet) == ([Pair(2, "TD-1", "301"), Pair(4, "TD-2", "302")], [])


def test_each_bad_line_is_named_with_its_reason_and_the_rest_is_taken() -> None:
    pairs, bad = read_pairs("TD-1 301\nTD-2\nTD-3,303,304\nTD-4;\n;305\nTD-1 306\nTD-7 301\nTD-8 308")

    assert pairs == [Pair(1, "TD-1", "301"), Pair(8, "TD-8", "308")]
    assert bad == [
        BadLine(2, "TD-2", Why.COUNT),
        BadLine(3, "TD-3,303,304", Why.COUNT),
        BadLine(4, "TD-4;", Why.EMPTY),
        BadLine(5, ";305", Why.EMPTY),
        BadLine(6, "TD-1 306", Why.REPEATED),
        BadLine(7, "TD-7 301", Why.REPEATED),
    ]


def test_a_number_with_spaces_inside_is_not_guessed_together() -> None:
    assert read_pairs("TD-1; 300 015") == ([], [BadLine(1, "TD-1; 300 015", Why.COUNT)])


def test_nothing_is_no_pairs() -> None:
    assert read_pairs("") == read_pairs(" \n\n") == ([], [])


def test_an_arrow_does_not_cut_the_hyphen_of_our_number() -> None:
    assert read_pairs("TD-1->301")[0] == [Pair(1, "TD-1", "301")]
