"""CDEK: days and cost by its calculator, and its offices.

Status: as far as recorded answers tell for the calculator (one recorded answer); the list of offices and both questions
are from CDEK's public documentation of API 2.0.
"""

import json
from typing import Any
from urllib.parse import urlencode

from carriers.base import Answer, BadAnswer, Keys, Line, Request
from carriers.cdek import URL, ask_signed, refusal
from carriers.offers import Ask, Offers, Point, Quote, Spot, Term, cost_of, days_of, place_on_earth, points_in
from carriers.wire import MOST_BYTES_OF_POINTS, json_of, object_of, words

_WHO = "СДЭК"
#: "Посылка", from its warehouse to the door, and to a pick-up point.
TARIFFS = {True: 137, False: 136}
PAGE = 1_000


def term(answer: bytes, ask: Ask) -> Term:
    """What one way takes (in working days) and costs. Raises BadAnswer, Refused in CDEK's own words."""
    said = object_of(answer, _WHO)
    if "period_min" not in said or "total_sum" not in said:
        raise refusal(said)
    currency = words(said.get("currency"))
    if len(currency) != 3 or not (currency.isascii() and currency.isalpha()):
        raise BadAnswer(f"В ответе {_WHO} непонятна валюта.")
    days = days_of(said["period_min"], said.get("period_max"), _WHO)
    return Term(ask.weight_g, *days, cost_of(said["total_sum"], _WHO), currency.upper())


def points(answer: bytes) -> list[Point]:
    """Its offices. Raises BadAnswer, Refused."""
    said = json_of(answer, _WHO, MOST_BYTES_OF_POINTS)
    if isinstance(said, dict):
        raise refusal(said)
    return points_in(said, _point, _WHO)


def _point(one: dict[str, Any]) -> Point:
    where, phones = one.get("location"), one.get("phones")
    where = where if isinstance(where, dict) else {}
    first = phones[0] if isinstance(phones, list) and phones and isinstance(phones[0], dict) else {}
    return Point(
        "cdek",
        words(one.get("code")),
        words(where.get("city")),
        words(where.get("region")),
        words(where.get("address")),
        words(one.get("work_time")),
        words(first.get("number")),
        *place_on_earth(where.get("latitude"), where.get("longitude")),
        words(where.get("city_code")),
    )


def ask_term(line: Line, keys: Keys, ask: Ask) -> Answer:
    """Ask what a way takes and costs; CDEK's codes of cities are ours, but for cities that its old table lacked."""
    question = {
        "tariff_code": TARIFFS[ask.to_door],
        "from_location": {"code": _code(ask.origin)},
        "to_location": {"code": _code(ask.there)},
        "packages": [{"weight": ask.weight_g}],
    }
    headers = {"Content-Type": "application/json"}
    return ask_signed(
        line, keys, Request(f"{keys.get('URL', URL)}/calculator/tariff", json.dumps(question).encode(), headers)
    )


def _code(spot: Spot) -> int:
    """CDEK's code of a city: as its offices there say, else ours."""
    return int(spot.city_code) if spot.city_code.isdecimal() else spot.settlement_id


def ask_points(line: Line, keys: Keys, page: int) -> Answer:
    """Ask for a page of the offices in Russia."""
    query = urlencode({"country_code": "RU", "size": PAGE, "page": page})
    url = f"{keys.get('URL', URL)}/deliverypoints?{query}"
    return ask_signed(line, keys, Request(url, method="GET", most_bytes=MOST_BYTES_OF_POINTS))


OFFERS = Offers("cdek", points, ask_points, has_pages=True, quotes=(Quote(ask_term, term),), has_our_codes=True)
