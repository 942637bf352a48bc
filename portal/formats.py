"""Dates, hours, money and addresses as people read them, in Russian and English.

The words of days and months are taken from Babel once per language; after that formatting is look-ups only.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from functools import lru_cache
from zoneinfo import ZoneInfo

from babel.dates import get_day_names, get_month_names

from scheduling.calendars import local

NBSP = "\u00a0"
MOSCOW = ZoneInfo("Europe/Moscow")
_IN_DAY_RU = ("в понедельник", "во вторник", "в среду", "в четверг", "в пятницу", "в субботу", "в воскресенье")
_SIGNS = {"RUB": "₽", "KZT": "₸", "UAH": "₴", "BYN": "Br"}


@dataclass(frozen=True, slots=True)
class Words:
    """Names of days (0 = Monday) and months (1 = January) of one language."""

    days: tuple[str, ...]
    short_days: tuple[str, ...]
    months: tuple[str, ...]
    short_months: tuple[str, ...]


@lru_cache
def words(language: str) -> Words:
    """The words of a language, from Babel."""
    months = get_month_names("wide", "format", language)
    short = get_month_names("abbreviated", "format", language)
    return Words(
        days=tuple(get_day_names("wide", "format", language)[n] for n in range(7)),
        short_days=tuple(get_day_names("abbreviated", "format", language)[n] for n in range(7)),
        months=("", *(months[n] for n in range(1, 13))),
        short_months=("", *(short[n].rstrip(".")[:3] for n in range(1, 13))),
    )


def day_month(day: date, language: str) -> str:
    """«26 ноября»."""
    return f"{day.day}{NBSP}{words(language).months[day.month]}"


def short_date(day: date, language: str) -> str:
    """«чт, 26 ноября»."""
    return f"{words(language).short_days[day.weekday()]}, {day_month(day, language)}"


def tight_date(day: date, language: str) -> str:
    """«чт, 26 ноя», for narrow columns."""
    tables = words(language)
    return f"{tables.short_days[day.weekday()]}, {day.day}{NBSP}{tables.short_months[day.month]}"


def on_day(day: date, language: str) -> str:
    """«в чт, 26 ноября», «во вт, 1 декабря»: short, for a button."""
    if language == "ru":
        return f"{'во' if day.weekday() == 1 else 'в'} {short_date(day, language)}"
    return f"on {short_date(day, language)}"


def in_sentence(day: date, language: str) -> str:
    """«в четверг, 26 ноября»."""
    if language == "ru":
        return f"{_IN_DAY_RU[day.weekday()]}, {day_month(day, language)}"
    return f"on {words(language).days[day.weekday()]}, {day_month(day, language)}"


def date_range(first: date, last: date, language: str) -> str:
    """«26 ноября», «26 или 27 ноября», «26–28 ноября», «30 ноября или 1 декабря»."""
    if first == last:
        return day_month(first, language)
    is_pair = (last - first).days == 1
    joint = (" или " if language == "ru" else " or ") if is_pair else "–"
    if first.month == last.month:
        return f"{first.day}{joint}{day_month(last, language)}"
    return f"{day_month(first, language)}{joint if is_pair else f'{NBSP}– '}{day_month(last, language)}"


def span(first: date, last: date, language: str) -> str:
    """«с 1 по 10 декабря», «с 30 ноября по 10 декабря»."""
    begin = str(first.day) if first.month == last.month else day_month(first, language)
    if language != "ru":
        return f"{begin} to {day_month(last, language)}"
    return f"с{NBSP}{begin} по{NBSP}{day_month(last, language)}"


def clock(value: time) -> str:
    """«14» on the hour, else «14:30»."""
    return str(value.hour) if value.minute == 0 else f"{value:%H:%M}"


def hours_cell(starts: time, ends: time) -> str:
    """«14–18», for cells."""
    return f"{clock(starts)}–{clock(ends)}"


def hours_sentence(starts: time, ends: time, language: str) -> str:
    """«с 14 до 18», for sentences."""
    if language == "ru":
        return f"с{NBSP}{clock(starts)} до{NBSP}{clock(ends)}"
    return f"between {starts:%H:%M} and {ends:%H:%M}"


def minute(moment: datetime, zone: str) -> str:
    """«15:24» by the clock of a zone."""
    return f"{local(moment, zone):%H:%M}"


def moment_words(moment: datetime, zone: str, language: str) -> str:
    """«ср, 25 ноября, 18:00», to stand after «до»."""
    day, hour = short_date(local(moment, zone).date(), language), minute(moment, zone)
    return f"{day}, {hour}" if language == "ru" else f"{hour} on {day}"


def moscow_offset(zone: str, at: datetime, language: str) -> str:
    """«МСК+4»: how far the clock of a zone is from Moscow's at a moment."""
    here, there = at.astimezone(ZoneInfo(zone)).utcoffset(), at.astimezone(MOSCOW).utcoffset()
    hours = ((here.total_seconds() - there.total_seconds()) / 3600) if here is not None and there is not None else 0
    name = "МСК" if language == "ru" else "MSK"
    return name if hours == 0 else f"{name}{hours:+g}".replace("-", "−")


def sign(currency: str) -> str:
    """«₽» of RUB; the code itself where there is none."""
    return _SIGNS.get(currency, currency)


def money(minor: int, currency: str, language: str) -> str:
    """«4 990 ₽»; kopecks only when there are any."""
    whole, rest = divmod(minor, 100)
    text = f"{whole:,}".replace(",", NBSP) + (f"{',' if language == 'ru' else '.'}{rest:02d}" if rest else "")
    return f"{text}{NBSP}{sign(currency)}"


def weight(grams: int, language: str) -> str:
    """«3,4 кг»."""
    kilos = f"{grams / 1000:.1f}".removesuffix(".0")
    return f"{kilos.replace('.', ',')}{NBSP}кг" if language == "ru" else f"{kilos}{NBSP}kg"


def plural(count: int, forms: Sequence[str], language: str) -> str:
    """The form of a noun that goes with a count: Russian one, few, many; English one, other."""
    if language != "ru":
        return forms[0] if count == 1 else forms[1]
    if count % 10 == 1 and count % 100 != 11:
        return forms[0]
    return forms[1] if count % 10 in (2, 3, 4) and count % 100 not in (12, 13, 14) else forms[2]


def counted(count: int, forms: Sequence[str], language: str) -> str:
    """«3 адреса», with a space that does not break."""
    return f"{count}{NBSP}{plural(count, forms, language)}"


def phone(number: str) -> str:
    """«+7 913 000-12-42» for staff who dial it."""
    digits = number.lstrip("+")
    if len(digits) != 11 or not digits.isdigit():
        return number
    return f"+{digits[0]}{NBSP}{digits[1:4]}{NBSP}{digits[4:7]}-{digits[7:9]}-{digits[9:]}"
