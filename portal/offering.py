"""Carriers are asked what they offer: a page of pick-up points after the other, and the terms of ways that are used.

Three commits around each question, as in `polling`: counted, asked with no session open, its answer kept.
Only the platform's own contract is asked about: what a shop's costs is nobody else's business.
"""

import logging
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from time import monotonic
from typing import TypeVar

from flask import current_app

from carriers import health, points, reading, tariffs
from carriers.base import Answer, BadAnswer, Busy, Carrier, CarrierError, Keys, Line, Refused, Unreachable
from carriers.keys import keys_of
from carriers.offers import Ask, AskPoints, Offers, Point, Spot, Term, merged
from carriers.registry import OFFERS, carrier_of
from carriers.tariffs import Way
from parcels.models import OWN_CODES
from portal import offered_lanes
from portal.asking import answer_of, side_by_side, turn
from portal.place_index import PlaceIndex, UnknownPlace, read_index
from portal.transaction import reading as looking
from portal.transaction import transaction

log = logging.getLogger("vekha.offering")
#: With its last question a round stays within the lease of a carrier; half of its budget is left to news of parcels.
ROUND_SECONDS = 40.0
MOST_QUESTIONS = 200
ASKED, REFUSED, FAILED, NEWS, VERSIONS = "asked", "refused", "failed", "news", "versions"
_CAPITALS = {"москва": "московская", "санкт-петербург": "ленинградская"}
_TWINS = _CAPITALS | {around: capital for capital, around in _CAPITALS.items()}
Clock = Callable[[], datetime]
Said = TypeVar("Said")


class Enough(Exception):
    """Nothing more may be asked now."""


@dataclass(frozen=True, slots=True)
class Round:
    """A carrier asked for what it offers: with which keys, by which clock, until when by the machine's."""

    offers: Offers
    carrier: Carrier
    keys: Keys
    clock: Clock
    until: float

    def ask(self, question: Callable[[Line, Keys], Answer], parse: Callable[[bytes], Said], is_kept: bool) -> Said:
        """Ask once, and write down what came of it. Raises Enough, CarrierError."""
        with transaction() as session:
            budget = replace(self.carrier, calls_a_minute=max(self.carrier.calls_a_minute // 2, 1))
            if monotonic() >= self.until or not health.may_ask(session, budget, self.clock()):
                raise Enough
            health.count_call(session, self.carrier.code, self.clock())
        answer, said = answer_of(
            self.carrier,
            lambda line: question(line, self.keys),
            lambda answer: reading.read(self.carrier, answer, parse),
        )
        trouble = said if isinstance(said, CarrierError) else None
        with transaction() as session:
            health.settle(session, self.carrier.code, trouble, self.clock())
            if answer is not None and is_kept:
                health.keep_raw(session, self.carrier.code, answer, self.clock())
        if isinstance(said, CarrierError):
            raise said
        return said


def ask_all(clock: Clock) -> Counter[str]:
    """Ask every carrier that we have keys for about what is due. Returns what came of it, by outcome."""
    wanted = [(offers, keys) for offers in OFFERS.values() if (keys := keys_for(offers))]
    return side_by_side("offers", [partial(ask, offers, keys, clock) for offers, keys in wanted])


def keys_for(offers: Offers) -> Keys | None:
    """The platform's keys; None without them, or for a carrier that cannot be asked."""
    is_asked = offers.ask_points is not None or offers.quotes
    return keys_of(carrier_of(offers.carrier), current_app.config["CARRIERS"]) if is_asked else None


def ask(offers: Offers, keys: Keys, clock: Clock, at_once: bool = False) -> Counter[str]:
    """Ask one carrier for its points, if it is time (or `at_once`), and for the terms of ways that are due."""
    done: Counter[str] = Counter()
    asking = Round(offers, carrier_of(offers.carrier), keys, clock, monotonic() + ROUND_SECONDS)
    with turn(offers.carrier, clock) as is_ours:
        try:
            if is_ours:
                _read_points(asking, at_once, done)
                _read_terms(asking, done)
        except Enough:
            log.info("%s: enough for now", offers.carrier)
    return done


def keep_points(offers: Offers, found: list[Point], now: datetime) -> Counter[str]:
    """Keep points, each with its settlement where it is known."""
    with looking() as session:
        places = read_index(session)
    with transaction() as session:
        return points.keep(session, found, lambda point: place_of(places, offers, point), now)


def place_of(places: PlaceIndex, offers: Offers, point: Point) -> int | None:
    """The settlement of a point: by the carrier's code where that is ours too, else by name and region.

    Carriers draw no border between a capital and the region around it, and put districts in brackets.
    """
    if offers.has_our_codes and point.city_code.isascii() and point.city_code.isdigit():
        known = places.by_id.get(int(point.city_code[:10]))
        return known.id if known else _own_code(places, point)
    name = point.city.partition("(")[0].strip() or point.city
    twin = _TWINS.get(point.region.lower().removesuffix(" область"))
    for region in (point.region, *([twin] if twin else [])):
        try:
            return places.find(name, region).id
        except UnknownPlace:
            continue
    return None


def _own_code(places: PlaceIndex, point: Point) -> int | None:
    """The settlement of a point whose city has a code of ours, because the carrier's old table lacked it."""
    try:
        found = places.find(point.city, point.region)
    except UnknownPlace:
        return None
    return found.id if found.id >= OWN_CODES else None


def _read_points(asking: Round, at_once: bool, done: Counter[str]) -> None:
    offers = asking.offers
    if offers.points is None or (ask_points := offers.ask_points) is None:
        return
    with transaction() as session:
        page = points.page_of(session, offers.carrier, asking.clock(), at_once)
    while page is not None:
        try:
            found = asking.ask(partial(_page, ask_points, page), offers.points, is_kept=False)
            if not found and page == 0:
                raise BadAnswer(f"{asking.carrier.name}: список пунктов выдачи пуст.")
        except CarrierError as trouble:
            log.warning("%s: points: %s", offers.carrier, trouble)
            done[FAILED] += 1
            with transaction() as session:
                points.put_off(session, offers.carrier, asking.clock())
            return
        done[ASKED] += 1
        done += keep_points(offers, found, asking.clock())
        is_last = not offers.has_pages or not found
        with transaction() as session:
            done[points.GONE] += points.turn(session, offers.carrier, is_last, asking.clock())
            page = None if is_last else page + 1


def _page(ask_points: AskPoints, page: int, line: Line, keys: Keys) -> Answer:
    return ask_points(line, keys, page)


def _read_terms(asking: Round, done: Counter[str]) -> None:
    """Ask about ways until nothing is due or nothing more may be asked; what was told goes into the matrix."""
    told: dict[Way, Term] = {}
    try:
        for way, question in _questions(asking).items():
            if (term := _read_term(asking, way, question, done)) is not None:
                told[way] = term
    finally:
        if told:
            with transaction() as session:
                done[VERSIONS] += offered_lanes.feed(session, asking.offers, told, asking.clock())


def _questions(asking: Round) -> Mapping[Way, Ask]:
    """What is to be asked, first things first; ways between places that the carrier has no name for are left out."""
    offers, now = asking.offers, asking.clock()
    if not offers.quotes:
        return {}
    with looking() as session:
        ways = tariffs.due(session, offers, now)
        ends = {place for way in ways for place in (way.origin_id, way.settlement_id)}
        named = ends if offers.by_points else {end for end in ends if end >= OWN_CODES}
        known = {end: Spot(end) for end in ends - named} | points.spots(session, offers.carrier, named)
    asked = [way for way in ways if way.origin_id in known and way.settlement_id in known]
    most = MOST_QUESTIONS // len(offers.quotes)
    spots = ((way, known[way.origin_id], known[way.settlement_id]) for way in asked[:most])
    return {way: Ask(origin, there, way.weight_g, way.to_door, now.date()) for way, origin, there in spots}


def _read_term(asking: Round, way: Way, question: Ask, done: Counter[str]) -> Term | None:
    """What a carrier says of one way; None for nothing. Raises Enough when it must be left alone."""
    code, term = asking.offers.carrier, None
    try:
        term = merged([_part(asking, quote_no, question) for quote_no in range(len(asking.offers.quotes))])
    except Refused:
        done[REFUSED] += 1
    except BadAnswer as trouble:
        log.warning("%s: terms: %s", code, trouble)
        done[FAILED] += 1
        with transaction() as session:
            tariffs.put_off(session, code, way, asking.clock())
        return None
    except (Busy, Unreachable) as trouble:
        done[FAILED] += 1
        raise Enough from trouble
    done[ASKED] += 1
    with transaction() as session:
        done[NEWS] += tariffs.keep(session, code, way, term, asking.clock())
    return term


def _part(asking: Round, quote_no: int, question: Ask) -> Term:
    quote = asking.offers.quotes[quote_no]
    return asking.ask(
        lambda line, keys: quote.ask(line, keys, question), lambda body: quote.parse(body, question), is_kept=True
    )
