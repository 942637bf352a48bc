"""PURE What carriers offer besides news: terms, cost and pick-up points; how each is asked, and what is believed."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from carriers.base import Answer, BadAnswer, Keys, Line
from carriers.wire import MOST_AMOUNT, minor, words

#: A way that takes longer is a slip of somebody's pen; no matrix takes it either.
MOST_DAYS = 90
#: Costs are asked at these weights, in grams: a parcel costs what the next heavier step does.
STEPS = (500, 1_000, 2_000, 3_000, 5_000, 10_000, 20_000, 30_000)
USUAL_STEP = 1_000


@dataclass(frozen=True, slots=True)
class Term:
    """How long a way takes from the hand-over on, in days, and what it costs, in minor units of `currency`.

    None where the carrier has not said it: some tell days and cost in two answers.
    """

    weight_g: int
    days_min: int | None = None
    days_max: int | None = None
    cost: int | None = None
    currency: str = ""


@dataclass(frozen=True, slots=True)
class Point:
    """A pick-up point in the carrier's own words; `city_code` is its own code of the city, "" where it says none."""

    carrier: str
    code: str
    city: str
    region: str
    address: str
    hours: str = ""
    phone: str = ""
    latitude: float | None = None
    longitude: float | None = None
    city_code: str = ""


@dataclass(frozen=True, slots=True)
class Spot:
    """One end of a way: our settlement, and what the carrier calls the city and a point of its there, if we know."""

    settlement_id: int
    city_code: str = ""
    point: str = ""


@dataclass(frozen=True, slots=True)
class Ask:
    """A way whose terms are wanted, for a parcel that is handed over on a day (of the carrier's own clock)."""

    origin: Spot
    there: Spot
    weight_g: int
    to_door: bool
    on: date


#: Asks for a page of points, from 0 on. Raises Unreachable, BadAnswer.
AskPoints = Callable[[Line, Keys, int], Answer]


@dataclass(frozen=True, slots=True)
class Quote:
    """A question about a way, and the reading of its answer. Both raise as a carrier's fetch and parse do."""

    ask: Callable[[Line, Keys, Ask], Answer]
    parse: Callable[[bytes, Ask], Term]


@dataclass(frozen=True, slots=True)
class Offers:
    """What a carrier can be asked for besides news, as filled into the form of docs/add-a-carrier.md.

    `points` reads a saved or an asked list; `ask_points` asks for a page of it, from 0 on (all of it is page 0, unless
    it `has_pages`). `quotes` make up one term together; `to_door` are the ways it is asked for. `by_points`: it wants
    its own codes for both ends, known from its points. `has_our_codes`: its codes of cities are our settlements'.
    `in_calendar_days`: so it counts the days of a term; else in working days.
    """

    carrier: str
    points: Callable[[bytes], list[Point]] | None = None
    ask_points: AskPoints | None = None
    has_pages: bool = False
    quotes: tuple[Quote, ...] = ()
    to_door: tuple[bool, ...] = (True, False)
    by_points: bool = False
    has_our_codes: bool = False
    in_calendar_days: bool = False


def step_of(weight_g: int) -> int | None:
    """The step at which a parcel of this weight is asked about; None for one heavier than any step."""
    return next((step for step in STEPS if weight_g <= step), None)


def merged(terms: Sequence[Term]) -> Term:
    """Several answers about one way as one term; what a later one says counts."""
    whole = terms[0]
    for term in terms[1:]:
        said = {name: found for name in Term.__slots__ if (found := getattr(term, name)) not in (None, "")}
        whole = replace(whole, **said)
    return whole


def days_of(low: object, high: object, who: str) -> tuple[int, int]:
    """The days of a term, whole and in their order. Raises BadAnswer."""
    found = [int(text) for text in (words(low), words(high)) if text.isascii() and text.isdigit() and len(text) < 4]
    if len(found) != 2 or not found[0] <= found[1] <= MOST_DAYS:
        raise BadAnswer(f"В ответе {who} нет срока доставки.")
    return found[0], found[1]


def cost_of(price: object, who: str) -> int:
    """What a way costs, in minor units. Raises BadAnswer."""
    cost = minor(price, per_unit=100)
    if cost is None:
        raise BadAnswer(f"В ответе {who} нет стоимости доставки.")
    return min(cost, MOST_AMOUNT)


def points_in(listed: object, read: Callable[[dict[str, Any]], Point], who: str) -> list[Point]:
    """The points of a list, once each; what lacks code, city or address is none. Raises BadAnswer where nothing is."""
    if not isinstance(listed, list) or not all(isinstance(one, dict) for one in listed):
        raise BadAnswer(f"В ответе {who} нет списка пунктов выдачи.")
    points = {point.code: point for point in map(read, listed) if point.code and point.city and point.address}
    if listed and not points:
        raise BadAnswer(f"В списке {who} нет ни одного пункта с кодом, городом и адресом.")
    return list(points.values())


def place_on_earth(latitude: object, longitude: object) -> tuple[float | None, float | None]:
    """Degrees north and east; nothing for what is nowhere, or at zero, where nobody delivers."""
    try:
        found = float(words(latitude)), float(words(longitude))
    except ValueError:
        return None, None
    is_somewhere = abs(found[0]) <= 90 and abs(found[1]) <= 180 and found != (0.0, 0.0)
    return found if is_somewhere else (None, None)
