"""G1: how long a link is, how much of it is a secret, and whether the first message is one part of an SMS."""

from collections.abc import Iterator
from datetime import date
from itertools import product

from bench.figures import Figure, ceiling
from portal import links
from sms import texts
from sms.phrases import DASH
from sms.segments import measure
from sms.story import dates_between
from sms.texts import Names

SHOPS = (
    "Тёплый дом",
    "Детский мир",
    "Спортмастер",
    "М.Видео",
    "Все инструменты",
    "Лабиринт",
    "Золотое яблоко",
    "Четыре лапы — товары для животных",
    "Читай-город",
    "Ozon",
    "Магазин фермерских продуктов «ВкусВилл Избёнка»",
)
ORDERS = ("48117", "100-204-3391", "Z-2026-11-0004711")
DATES = (
    (date(2026, 11, 26), date(2026, 11, 26)),
    (date(2026, 11, 26), date(2026, 11, 28)),
    (date(2026, 11, 30), date(2026, 12, 1)),
    (None, None),
)
#: A host as short as one buys for links, one as long as may be, and the developer's.
HOSTS = ("veha.ru", "dostavka-veha.ru", "localhost:8000")
LONGEST_TOKEN = 22
LONGEST = "W" * LONGEST_TOKEN


def figures() -> Iterator[Figure]:
    """Look at tokens and texts; no clock is involved."""
    longest = max(len(links._letters(b"\xff" * size)) for size in links._CHARACTERS)
    yield ceiling("G1 token", "characters of the longest token", longest, LONGEST_TOKEN)
    yield Figure("G1 mac", "bits of the MAC in every token", links.MAC_BYTES * 8, 96)
    sent = [
        texts.sms(
            "first_link", Names(shop, order), _known(dates, language), f"{host}/t/{'W' * LONGEST_TOKEN}", language
        )
        for shop, order, dates, host, language in product(SHOPS, ORDERS, DATES, HOSTS, sorted(texts.LANGUAGES))
    ]
    parts = max(measure(text).parts for text in sent)
    yield ceiling("G1 parts", f"SMS parts of the longest of {len(sent)} first messages, 22-character token", parts, 1)


def _known(dates: tuple[date | None, date | None], language: str) -> dict[str, str]:
    words = dates_between(*dates, DASH[language])
    return {"dates": words} if words else {}
