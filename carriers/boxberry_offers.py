"""Boxberry: its pick-up points (ListPoints), days and cost of a way between two of them (DeliveryCosts).

Status: as far as recorded answers tell, one of each; the questions are those of the client they were recorded for.
Couriers are not asked about: for them Boxberry wants a post code, and we know none.
"""

from typing import Any
from urllib.parse import urlencode

from carriers.base import Answer, BadAnswer, Keys, Line, Request
from carriers.boxberry import CODE, URL, check_errors
from carriers.offers import Ask, Offers, Point, Quote, Term, cost_of, days_of, place_on_earth, points_in
from carriers.wire import MOST_BYTES_OF_POINTS, json_of, words

_WHO = "Boxberry"


def term(answer: bytes, ask: Ask) -> Term:
    """What one way takes (in working days) and costs, in roubles. Raises BadAnswer, Refused in Boxberry's own words."""
    said = json_of(answer, _WHO)
    check_errors(said)
    if not isinstance(said, dict):
        raise BadAnswer(f"В ответе {_WHO} нет стоимости доставки.")
    days = days_of(said.get("delivery_period"), said.get("delivery_period"), _WHO)
    return Term(ask.weight_g, *days, cost_of(said.get("price"), _WHO), "RUB")


def points(answer: bytes) -> list[Point]:
    """Its pick-up points. Raises BadAnswer, Refused."""
    said = json_of(answer, _WHO, MOST_BYTES_OF_POINTS)
    check_errors(said)
    return points_in(said, _point, _WHO)


def _point(one: dict[str, Any]) -> Point:
    latitude, _comma, longitude = words(one.get("GPS")).partition(",")
    return Point(
        CODE,
        words(one.get("Code")),
        words(one.get("CityName")),
        words(one.get("Area")),
        words(one.get("AddressReduce")) or words(one.get("Address")),
        words(one.get("WorkShedule")),
        words(one.get("Phone")),
        *place_on_earth(latitude.strip(), longitude.strip()),
        words(one.get("CityCode")),
    )


def ask_term(line: Line, keys: Keys, ask: Ask) -> Answer:
    """Ask what a way takes and costs, from a point of acceptance to a pick-up point."""
    way = {"weight": ask.weight_g, "targetstart": ask.origin.point, "target": ask.there.point}
    return line.ask(_question(keys, "DeliveryCosts", **way))


def ask_points(line: Line, keys: Keys, _page: int) -> Answer:
    """Ask for all pick-up points, those too that want payment beforehand."""
    return line.ask(_question(keys, "ListPoints", prepaid=1))


def _question(keys: Keys, method: str, **asked: object) -> Request:
    query = urlencode({"token": keys["TOKEN"], "method": method, **asked})
    return Request(f"{keys.get('URL', URL)}?{query}", method="GET", most_bytes=MOST_BYTES_OF_POINTS)


OFFERS = Offers(CODE, points, ask_points, quotes=(Quote(ask_term, term),), to_door=(False,), by_points=True)
