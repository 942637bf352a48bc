"""Words, figures and dates of answers, one by one."""

from __future__ import annotations

from datetime import UTC
from decimal import Decimal

import pytest

from carriers.base import BadAnswer
from carriers.wire import minor, moment, words, xml_of


def test_an_xml_that_declares_the_letters_of_windows_is_read_by_them_and_no_other() -> None:
    said = '<?xml version="1.0" encoding="windows-1251"?><a>Тверь</a>'
    assert xml_of(said.encode("cp1251"), "X").text == xml_of(said.encode(), "X").text == "Тверь"
    with pytest.raises(BadAnswer):
        xml_of(said.replace("windows-1251", "utf-8").encode("cp1251"), "X")


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("2020-12-26 12:23:26", "2020-12-26T12:23:26+00:00"),
        ("2020-12-26T12:23:26.5+0700", "2020-12-26T12:23:26.500000+07:00"),
        ("26.12.2020 12:23", "2020-12-26T12:23:00+00:00"),
        ("26.12.2020", "2020-12-26T00:00:00+00:00"),
        ("26-12-2020", "2020-12-26T00:00:00+00:00"),
        ("26.12.20 12:23", "2020-12-26T12:23:00+00:00"),
        ("2020.12.26 12:23:26", "2020-12-26T12:23:26+00:00"),
        ("12:23:26 26.12.2020", "2020-12-26T12:23:26+00:00"),
        ("2020-12-26+03:00", "2020-12-26T00:00:00+03:00"),
        ("2020-12-26T12:23:26.000 +0300", "2020-12-26T12:23:26+03:00"),
    ],
)
def test_a_date_keeps_its_offset_and_gets_the_zone_where_it_has_none(said: str, meant: str) -> None:
    when = moment(said, UTC)

    assert when is not None
    assert when.isoformat() == meant


@pytest.mark.parametrize("said", ["", "0000-00-00 00:00:00", "0001-01-01", "01.01.1970 00:00", "9999-12-31T23:59:59Z"])
def test_a_date_of_no_year_is_not_said(said: str) -> None:
    assert moment(said, UTC) is None


@pytest.mark.parametrize(
    "said", ["yesterday", "2020-02-30", "32.01.2020", "05/06/2020", "1608974606", None, [], 5, True]
)
def test_what_is_no_date_is_not_said(said: object) -> None:
    assert moment(said, UTC) is None


def test_a_date_without_an_offset_is_none_where_nobody_knows_whose_clock_it_was() -> None:
    assert moment("2026-11-20T10:00:00", None) is None
    assert moment("2026-11-20T10:00:00+05:00", None) is not None


@pytest.mark.parametrize(
    ("said", "grams"),
    [
        ("4.26", 4260),
        ("0,0005", 1),
        ("", None),
        ("-1", None),
        ("NaN", None),
        ("1e99", None),
        (True, None),
        ([], None),
        (2, 2000),
    ],
)
def test_figures_are_counted_without_losing_a_gram(said: object, grams: int | None) -> None:
    assert minor(said, per_unit=1000) == grams


def test_words_are_one_clean_line_of_a_bearable_length() -> None:
    assert words("  a\r\n\x00\u202eb\ud800 ") == "a b"
    assert words(Decimal("1.50")) == "1.50"
    assert len(words("x" * 10_000)) == 500
    assert words(None) == ""


@pytest.mark.parametrize("value", [[], {}, True, b"x", 1.5])
def test_anything_else_is_no_text(value: object) -> None:
    assert words(value) == ""
