"""TopDelivery: its pick-up points, as a saved list has them.

Status: as far as a recorded list tells. How its gate answers getPickupAddressesByParams and calcOrderCosts is in no
public source, so it is not asked; points are read from a file.
"""

from typing import Any

from carriers.base import BadAnswer
from carriers.offers import Offers, Point, points_in
from carriers.topdelivery import CODE
from carriers.wire import MOST_BYTES_OF_POINTS, json_of, words

_WHO = "TopDelivery"


def points(answer: bytes) -> list[Point]:
    """Its pick-up points. Raises BadAnswer."""
    said = json_of(answer, _WHO, MOST_BYTES_OF_POINTS)
    if not isinstance(said, list):
        raise BadAnswer(f"В ответе {_WHO} нет списка пунктов выдачи.")
    return points_in(said, _point, _WHO)


def _point(one: dict[str, Any]) -> Point:
    return Point(
        CODE,
        words(one.get("locationId")),
        words(one.get("cityOfLocation")),
        words(one.get("regionOfLocation")),
        words(one.get("addressOfLocation")),
        city_code=words(one.get("cityId")),
    )


OFFERS = Offers(CODE, points)
