"""Answers of `GET /api/v1/offers` and `/api/v1/pickup-points`: who brings it, by when, for how much; where it waits."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

from carriers.offer_memory import KnownPoint
from carriers.registry import CARRIERS
from portal.estimates import cost_of, shown
from portal.place_index import KnownPlace
from portal.shelf import Book
from scheduling.calendars import UnknownDay
from scheduling.estimate import Estimate, NoLane, Question, estimate

MOST_POINTS = 200


def offers(book: Book, asked: Question, weight_g: int) -> dict[str, Any]:
    """Every carrier that goes there, with each way to get the parcel: by cost, then by speed.

    Raises: NoLane when nobody goes there, UnknownDay when the calendars do not reach that far.
    """
    found = list(_estimates(book, asked))
    listed = sorted((offer for one in found for offer in _offers(book, *one, weight_g)), key=_by_cost)
    _mark(listed)
    return {
        "settlement": shown(book.places.by_id[asked.settlement_id]),
        "origin": shown(book.places.by_id[asked.origin_id]),
        "handed_over_at": asked.handed_over_at.isoformat(timespec="seconds"),
        "timezone": found[0][1].timezone,
        "weight_g": weight_g,
        "offers": listed,
    }


def _estimates(book: Book, asked: Question) -> Iterator[tuple[Question, Estimate]]:
    nobody: NoLane | UnknownDay = NoLane(asked)
    count = 0
    for carrier in sorted(carrier for carrier, origin in book.memory.routes if origin == asked.origin_id):
        of_it = replace(asked, carrier=carrier)
        try:
            yield of_it, estimate(book.memory, of_it)
            count += 1
        except NoLane:
            continue
        except UnknownDay as problem:
            nobody = problem
    if not count:
        raise nobody


def _offers(book: Book, asked: Question, found: Estimate, weight_g: int) -> Iterator[dict[str, Any]]:
    carrier = CARRIERS.get(asked.carrier)
    for variant, promise in (("courier", found.courier), ("pickup", found.pickup)):
        if promise is not None:
            yield {
                "carrier": asked.carrier,
                "name": carrier.name if carrier else asked.carrier,
                "variant": variant,
                "earliest": promise.earliest.isoformat(),
                "latest": promise.latest.isoformat(),
                "cost": None,
                "points": len(book.offers.points_in(asked.settlement_id, asked.carrier)),
            } | cost_of(book, asked, weight_g, to_door=variant == "courier")


def _by_cost(offer: dict[str, Any]) -> tuple[Any, ...]:
    cost = offer["cost"]
    return (cost is None, cost["minor"] if cost else 0, *_by_speed(offer))


def _by_speed(offer: dict[str, Any]) -> tuple[str, str]:
    return offer["latest"], offer["earliest"]


def _mark(listed: list[dict[str, Any]]) -> None:
    """Say of each offer whether it is the cheapest of those that tell a cost, and whether it is the fastest of all."""
    costs = [offer["cost"] for offer in listed if offer["cost"]]
    is_comparable = len({cost["currency"] for cost in costs}) == 1
    lowest = min(cost["minor"] for cost in costs) if is_comparable else None
    soonest = min(map(_by_speed, listed))
    for offer in listed:
        offer["cheapest"] = offer["cost"] is not None and offer["cost"]["minor"] == lowest
        offer["fastest"] = _by_speed(offer) == soonest


def pickup_points(place: KnownPlace, found: Iterable[KnownPoint]) -> dict[str, Any]:
    """The points of a place: at most `MOST_POINTS`, and how many there are."""
    points = [point._asdict() for point in found]
    return {"settlement": shown(place), "count": len(points), "pickup_points": points[:MOST_POINTS]}
