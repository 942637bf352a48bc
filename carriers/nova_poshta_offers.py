"""Nova Poshta: branches (getWarehouses), the price of a way (getDocumentPrice), its day (getDocumentDeliveryDate).

Status: by Nova Poshta's public documentation alone; no recorded answer of these three methods was at hand. Its days are
counted from the day of the question to the day it names, so they are calendar days.
"""

from typing import Any

from carriers.base import Answer, BadAnswer, Keys, Line
from carriers.nova_poshta import WHO, question, said_in
from carriers.offers import Ask, Offers, Point, Quote, Term, cost_of, days_of, place_on_earth, points_in
from carriers.wire import MOST_BYTES_OF_POINTS, json_of, moment, object_of, words

#: The most that a page may have.
PAGE = 500
_MODES = {True: "WarehouseDoors", False: "WarehouseWarehouse"}
_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_SHORT = ("пн", "вт", "ср", "чт", "пт", "сб", "вс")


def price(answer: bytes, ask: Ask) -> Term:
    """What one way costs, in hryvnias. Raises BadAnswer, Refused in the carrier's own words."""
    return Term(ask.weight_g, cost=cost_of(_only(answer).get("Cost"), WHO), currency="UAH")


def delivery_day(answer: bytes, ask: Ask) -> Term:
    """How long one way takes. Raises BadAnswer, Refused."""
    said = _only(answer).get("DeliveryDate")
    written = words(said.get("date")) if isinstance(said, dict) else ""
    when = moment(written[:10], None) or moment(f"{written[:10]}T00:00+00:00", None)
    if when is None:
        raise BadAnswer(f"В ответе {WHO} нет срока доставки.")
    days = (when.date() - ask.on).days
    return Term(ask.weight_g, *days_of(days, days, WHO))


def _only(answer: bytes) -> dict[str, Any]:
    found = said_in(object_of(answer, WHO), "расчётов")
    if len(found) != 1:
        raise BadAnswer(f"В ответе {WHO} не один расчёт.")
    return found[0]


def points(answer: bytes) -> list[Point]:
    """Its branches and lockers. Raises BadAnswer, Refused."""
    said = json_of(answer, WHO, MOST_BYTES_OF_POINTS)
    if not isinstance(said, dict):
        raise BadAnswer(f"В ответе {WHO} не объект JSON.")
    return points_in(said_in(said, "отделений"), _point, WHO)


def _point(one: dict[str, Any]) -> Point:
    return Point(
        "nova_poshta",
        words(one.get("Ref")),
        words(one.get("CityDescription")),
        words(one.get("SettlementAreaDescription")),
        words(one.get("ShortAddress")) or words(one.get("Description")),
        _hours(one.get("Schedule")),
        words(one.get("Phone")),
        *place_on_earth(one.get("Latitude"), one.get("Longitude")),
        words(one.get("CityRef")),
    )


def _hours(schedule: object) -> str:
    """A week as one line, days with the same hours together."""
    said = schedule if isinstance(schedule, dict) else {}
    spans: list[tuple[str, list[str]]] = []
    for name, short in zip(_DAYS, _SHORT, strict=True):
        hours = words(said.get(name))
        if spans and spans[-1][0] == hours:
            spans[-1][1].append(short)
        elif hours:
            spans.append((hours, [short]))
    return ", ".join(f"{'–'.join(dict.fromkeys((days[0], days[-1])))} {hours}" for hours, days in spans)


def ask_price(line: Line, keys: Keys, ask: Ask) -> Answer:
    """Ask what a way costs."""
    kilograms = {"Weight": f"{ask.weight_g / 1000:g}", "CargoType": "Cargo", "SeatsAmount": "1", "Cost": "300"}
    return line.ask(question(keys, "InternetDocument", "getDocumentPrice", _way(ask) | kilograms))


def ask_day(line: Line, keys: Keys, ask: Ask) -> Answer:
    """Ask when a parcel would be there."""
    handed = {"DateTime": f"{ask.on:%d.%m.%Y}"}
    return line.ask(question(keys, "InternetDocument", "getDocumentDeliveryDate", _way(ask) | handed))


def _way(ask: Ask) -> dict[str, str]:
    ends = {"CitySender": ask.origin.city_code, "CityRecipient": ask.there.city_code}
    return {"ServiceType": _MODES[ask.to_door], **ends}


def ask_points(line: Line, keys: Keys, page: int) -> Answer:
    """Ask for a page of the branches."""
    which = {"Page": str(page + 1), "Limit": str(PAGE), "Language": "RU"}
    return line.ask(question(keys, "Address", "getWarehouses", which))


OFFERS = Offers(
    "nova_poshta",
    points,
    ask_points,
    has_pages=True,
    quotes=(Quote(ask_price, price), Quote(ask_day, delivery_day)),
    by_points=True,
    in_calendar_days=True,
)
