"""One cell of an order at a time: what is understood, what is refused, and that nothing is guessed."""

from __future__ import annotations

import csv
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal import order_moments, order_numbers, order_rows
from portal.cells import Cell, Kept
from portal.order_reasons import BadOrder
from sms.email import Smtp
from sms.gateway import Outgoing
from tests.factories import NOW

FILES = Path(__file__).resolve().parents[1] / "data/orders"
ZONE = "Asia/Yekaterinburg"
KNOWN = ("bad_cod", "bad_weight", "bad_pieces")
READERS = (order_numbers.kopecks, order_numbers.grams, order_numbers.pieces)


def number(text: str) -> Cell:
    return Cell(text, Kept.NUMBER)


def refused(read: Callable[[str], object], text: str) -> BadOrder:
    with pytest.raises(BadOrder) as error:
        read(text)
    assert error.value.words
    return error.value


def reason_of(read: Callable[[str], object], text: str) -> str | None:
    """Why a cell is refused; None when it is taken."""
    try:
        read(text)
    except BadOrder as error:
        return error.reason if error.words else "without words"
    return None


# --- money, weight, pieces


@pytest.mark.parametrize(
    ("text", "kopecks"),
    [
        ("4990", 499_000),
        ("4990,5", 499_050),
        ("4990.50", 499_050),
        ("4990,5000", 499_050),
        ("4 990", 499_000),
        ("4\u00a0990", 499_000),
        ("4\u202f990,50", 499_050),
        ("1 234 567", 123_456_700),
        ("4'990", 499_000),
        ("4’990.50", 499_050),
        ("4990 р.", 499_000),
        ("4990р", 499_000),
        ("4 990 руб.", 499_000),
        ("4990 RUB", 499_000),
        ("4990 ₽", 499_000),
        ("4990,-", 499_000),
        ("4 990.— руб", 499_000),
        ("0", 0),
        (number("0.30000000000000004"), 30),
        ("0.30000000000000004", 30),
        (number("4990.0"), 499_000),
        (number("1E+3"), 100_000),
        (number("60.07"), 6_007),
        (number("4989.999999999999"), 499_000),
    ],
)
def test_a_sum_that_has_one_meaning(text: str, kopecks: int) -> None:
    assert order_numbers.kopecks(text) == kopecks


@pytest.mark.parametrize("part", ["990", "500", "000", "005"])
@pytest.mark.parametrize("separator", [",", "."])
@pytest.mark.parametrize("whole", ["1", "4", "12", "499", "4990"])
@pytest.mark.parametrize("read", READERS, ids=["kopecks", "grams", "pieces"])
def test_three_digits_after_a_lone_separator_are_never_decimals(
    read: Callable[[str], int], whole: str, separator: str, part: str
) -> None:
    refused(read, f"{whole}{separator}{part}")


@pytest.mark.parametrize(
    "text",
    [
        *("4,990.50", "4.990,00", "1.234,56", "1,234.56", "1.234.567", "1,234,567", "0,850"),
        *("-1", "−4990", "(4990)", "+4990", "4e3", "4,99E+03", "1 23", "10 50", "4 990 5", "4990 50", "4'99"),
        *("4990 USD", "$4990", "4990 ₸", "4990-50", "4990=", "4990 р. 50 коп.", "много", "٤٩٩٠", "nan", "inf"),
        *("10,005", ".5", "5.", ",", "10000000,01", "9" * 40, "1" * 2_000),
        *map(number, ("-1", "4990.505", "nan", "inf", "1e400", "1e-400000", "9e15", "10000000.01")),
        Cell("2026-11-12", Kept.DATE),
        Cell("true", Kept.FLAG),
    ],
)
def test_a_sum_that_could_mean_anything_else_is_refused(text: str) -> None:
    assert refused(order_numbers.kopecks, text).reason == "bad_cod"


@pytest.mark.parametrize(
    ("text", "grams"),
    [
        *(("3,4", 3400), ("3.40", 3400), ("0,850", 850), ("0.999", 999), ("0.0001", 1), ("1000", 1_000_000)),
        *(("3,4 кг", 3400), ("0.85кг", 850), ("12 kg", 12_000)),
        (number("1.855"), 1855),
        (number("3.3000000000000003"), 3300),
        (number("3.3333333333333335"), 3333),
    ],
)
def test_a_weight(text: str, grams: int) -> None:
    assert order_numbers.grams(text) == grams


@pytest.mark.parametrize(("text", "count"), [("2", 2), ("2.0", 2), ("2 шт.", 2), (number("2.9999999999999996"), 3)])
def test_how_many_places(text: str, count: int) -> None:
    assert order_numbers.pieces(text) == count


@pytest.mark.parametrize("text", ["850 г", "3 т", "3,4 фунта", "1,855 кг", "кг", "2 шт"])
def test_a_weight_in_other_units_is_refused(text: str) -> None:
    assert refused(order_numbers.grams, text).reason == "bad_weight"


def test_a_limit_is_called_a_limit() -> None:
    assert "1000 кг" in refused(order_numbers.grams, "1855").words
    assert "999" in refused(order_numbers.pieces, "1 000").words
    assert "10 000 000" in refused(order_numbers.kopecks, "10000001").words
    assert "тысячи" in refused(order_numbers.kopecks, "4,990").words
    assert "граммы" in refused(order_numbers.grams, "1,855").words


@given(st.text(max_size=30) | st.from_regex(r"[\d., '+eE-]{1,20}", fullmatch=True))
def test_whatever_is_written_is_a_sum_or_a_refusal(text: str) -> None:
    reasons = [reason_of(read, text) for read in READERS]
    assert all(reason in (None, known) for reason, known in zip(reasons, KNOWN, strict=True))


# --- dates


def moment(text: str) -> datetime:
    return order_moments.accepted(text, ZONE, NOW)


@pytest.mark.parametrize(
    "text",
    [
        *("2026-11-15 15:30:00 +0500", "2026-11-15 15:30", "2026-11-15T15:30:00", "2026-11-15T10:30Z"),
        *("15.11.2026 15:30:00", "15-11-2026 15:30:00", "15.11.2026, 15:30", "15.11.2026 г. 15:30"),
        *("2026-11-15T10:30:00.000Z", "2026-11-15 13:30 MSK", "2026-11-15 13:30 МСК", "2026-11-15Т15:30"),
        *(
            "2026/11/15 15:30",
            "20261115T15:30",
            "15 ноября 2026 15:30",
            "15 Ноября 2026 года, 15:30",
            "15.11.2026 15:30",
        ),
        Cell("2026-11-15T15:30:00", Kept.DATE),
    ],
)
def test_a_date_that_has_one_meaning(text: str) -> None:
    assert moment(text) == datetime(2026, 11, 15, 10, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    "text", ["16.11.2026", "2026-11-16", "20261116", "16-11-2026", "2026/11/16", "16 ноября 2026 г."]
)
def test_a_day_begins_at_midnight_of_the_shop(text: str) -> None:
    assert moment(text) == datetime(2026, 11, 15, 19, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    [
        *("11.16.2026", "16/11/2026", "05/11/2026", "16.11.26", "1795158000", "2026111615", "20261116153000"),
        *("2026-11-16T24:00", "2026-11-1615:30", "2026-11-15 3:30 PM", "2026-11-31", "29.02.2026", "15 нояб 2026"),
        *("2026-11-15T15:30+99:00", "вчера", "46338", "46338.64", "15:30", "16.11.2026 15:61", "٢٠٢٦-11-15"),
        *("0001-01-01T00:00:00", "0001-01-01", "01.01.0001 0:00:00", "0000-00-00", "1753-01-01", "1899-12-30"),
        *("1900-01-01", "1970-01-01", "1970-01-01T00:00:00Z", "2001-01-01", "2016-11-16", "2025-11-14"),
        Cell("15:30:00", Kept.DATE),
        Cell("1899-12-31", Kept.DATE),
        Cell("true", Kept.FLAG),
    ],
)
def test_a_date_that_nobody_means_is_refused(text: str) -> None:
    assert refused(moment, text).reason == "bad_accepted_at"


@pytest.mark.parametrize(
    "text",
    ["9999-12-31", "9999-12-31T23:59:59-14:00", "9999-12-31 23:59 +14:00", "31.12.9999", "2027-11-16", "17.11.2026"],
)
def test_a_date_to_come_is_refused(text: str) -> None:
    assert refused(moment, text).reason == "future"


def test_an_empty_date_is_called_one() -> None:
    assert "пустая дата" in refused(moment, "0001-01-01T00:00:00").words
    assert "год" in refused(moment, "2020-11-16").words


_LIKE_DATES = r"\d{1,4}[-./]\d{1,2}[-./]\d{1,4}[ T]\d\d:\d\d(Z|\+\d\d:\d\d)"


@given(st.text(max_size=30) | st.from_regex(_LIKE_DATES, fullmatch=True))
def test_whatever_is_written_is_a_date_of_the_last_year_or_a_refusal(text: str) -> None:
    if reason_of(moment, text) is None:
        assert NOW - order_moments.OLDEST <= moment(text) <= NOW


# --- mailboxes


@pytest.mark.parametrize(
    "text",
    ["marina@example.ru", " marina@example.ru ", "m.k+veha@mail.example.ru", "marina@почта.рф", "marina@mail.ru\u200b"],
)
def test_a_mailbox(text: str) -> None:
    to = order_rows.mailbox(text)
    mailer = Smtp(urlsplit("smtp://localhost"), "Веха <mail@example.com>")
    letter = mailer.letter(Outgoing(message_id=1, to=to, text="Привет", sender="Дом", callback_url=""))
    assert "@" in str(letter["To"])


@pytest.mark.parametrize(
    "text",
    [
        *("Марина <marina@example.ru>", "marina@example.ru, x@y.ru", "marina@example.ru.", "marina@gmail,com"),
        *("mailto:marina@example.ru", "marina..x@example.ru", ".marina@example.ru", "marina.@example.ru"),
        *("марина@example.ru", "маrina@example.ru", "marina@mаil.ru", "marina@example", "marina@-x.ru", "@example.ru"),
        *(
            "marina@example..ru",
            "marina",
            "marina@",
            "m@" + "x" * 64 + ".ru",
            "m" * 65 + "@example.ru",
            "marina@exa_mple.ru",
        ),
        *("marina@1.2.3.4", "marina@[1.2.3.4]", '"m k"@example.ru', "marina@" + "п" * 60 + ".рф", "m@x@example.ru"),
    ],
)
def test_a_mailbox_that_our_mailer_cannot_write_to_is_refused(text: str) -> None:
    assert refused(order_rows.mailbox, text).reason == "bad_email"


def test_what_is_wrong_with_russian_letters_is_said() -> None:
    assert "латинские" in refused(order_rows.mailbox, "марина@example.ru").words
    assert "латинские" not in refused(order_rows.mailbox, "Марина <marina@example.ru>").words


# --- texts


@pytest.mark.parametrize(
    ("text", "phone"),
    [("79130001242.0", "+79130001242"), ("79130001242,00", "+79130001242"), (number("79130001242"), "+79130001242")],
)
def test_a_phone_that_a_program_took_for_a_number(text: str, phone: str) -> None:
    assert order_rows.normal_phone(text) == phone


@pytest.mark.parametrize(
    "text", ["A16/slots", "A16/delivery", "A/recall", "A16/redirect", "A//B", "/A", "A/", "A/../B", "..", ".", "./A"]
)
def test_a_number_that_could_not_be_asked_for_is_refused(text: str) -> None:
    assert refused(order_rows.order_number, text).reason == "bad_order_number"


@pytest.mark.parametrize("text", ["А/1 б", "A16/7", "slots", "A/slots/7", "A.B", "№ 7", '="007"'])
def test_numbers_as_shops_give_them(text: str) -> None:
    assert order_rows.order_number(text) == text.removeprefix('="').removesuffix('"')


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        *(("5,01235E+15", "excel_rounded"), ("1.2e+19", "excel_rounded"), (number("1.2e+19"), "excel_rounded")),
        *(("true", "excel_flag"), (Cell("true", Kept.FLAG), "excel_flag"), ("ИСТИНА", "excel_flag")),
        (Cell("2026-11-12", Kept.DATE), "excel_date"),
        *(("#Н/Д", "excel_error"), ("#REF!", "excel_error"), ("Err:502", "excel_error"), ("#####", "excel_error")),
        *(("=A1+B1", "formula"), ("Мар\ufffdна", "garbled"), ("-", "no_order_number"), ("", "no_order_number")),
    ],
)
def test_an_order_number_that_excel_has_made_over(text: str, reason: str) -> None:
    assert refused(order_rows.order_number, text).reason == reason


def test_the_errors_of_excel_are_named_in_russian_with_their_column() -> None:
    with pytest.raises(BadOrder) as error:
        order_rows.filled({"cod": "#N/A"}, "cod")
    assert error.value.words == "в столбце cod ошибка Excel (#Н/Д); исправьте её в таблице"


@pytest.mark.parametrize("text", ["", " ", "-", "—", "нет", "Нет", "NULL", "\u00a0"])
def test_a_cell_that_says_in_so_many_words_that_there_is_nothing(text: str) -> None:
    assert order_rows.filled({"email": text}, "email") == ""


# --- the same thing written in two ways


def test_meaning_does_not_depend_on_the_spelling() -> None:
    one = {"order_number": "A-1", "cod": number("10"), "weight_kg": "3,4", "phone": "8 913 000-12-42", "address": ""}
    other = {"order_number": "A-1", "cod": "10.0", "weight_kg": number("3.4"), "phone": "+79130001242"}
    assert order_rows.meaning(one) == order_rows.meaning(other)
    assert order_rows.meaning({"cod": "10"}) != order_rows.meaning({"cod": "11"})
    assert order_rows.meaning({"cod": "4,990"}) != order_rows.meaning({"cod": "4.99"})


# --- the files that strangers have sent


def column(file: str, name: str) -> dict[str, str]:
    with (FILES / file).open(encoding="utf-8", newline="") as lines:
        return {row["order_number"]: row[name] for row in csv.DictReader(lines, delimiter=";")}


def test_the_dates_that_were_sent() -> None:
    later = datetime(2026, 11, 29, tzinfo=UTC)
    dates = column("dates.csv", "accepted_at")
    reasons = {
        order: reason_of(lambda text: order_moments.accepted(text, ZONE, later), dates[order]) for order in dates
    }
    taken = {order for order, reason in reasons.items() if reason is None}
    assert taken == {f"T{n}" for n in (0, 1, 2, 3, 4, 5, 6, 10, 13, 18, 19)}
    days = {order_moments.accepted(dates[order], ZONE, later).date().isoformat() for order in taken}
    assert (days, set(reasons.values())) == ({"2026-11-16"}, {None, "bad_accepted_at"})


def test_the_mailboxes_that_were_sent() -> None:
    def read(text: str) -> str:
        return order_rows.mailbox(order_rows.filled({"email": text}, "email") or "nobody@example.ru")

    reasons = {order: reason_of(read, text) for order, text in column("emails.csv", "email").items()}
    assert {order for order, reason in reasons.items() if reason is None} == {"EM1", "EM5", "EM6", "EM11"}
    assert set(reasons.values()) == {None, "bad_email"}
