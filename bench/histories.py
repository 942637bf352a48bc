"""Made-up delivery histories with a stated truth: each one is a network that behaves in one known way."""

import csv
from dataclasses import dataclass, field, replace
from datetime import date

import numpy as np
from numpy.typing import NDArray

from bench.networks import NETWORKS, Network
from scheduling.accuracy_clock import Clock, Clocks
from scheduling.accuracy_history import History, check, columns_of

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

#: No deliveries: the calendar is taken at its word.
NOTHING = np.array([], dtype=np.int64)
FIRST = date(2023, 1, 9).toordinal()
REGIONS = (
    *("Московская область", "Тульская область", "Воронежская область", "Ленинградская область"),
    *("Архангельская область", "Краснодарский край", "Ростовская область", "Республика Татарстан"),
    *("Самарская область", "Пермский край", "Свердловская область", "Челябинская область", "Тюменская область"),
    *("Новосибирская область", "Томская область", "Красноярский край", "Иркутская область", "Приморский край"),
)
FAR = ("Республика Саха (Якутия)", "Чукотский автономный округ")
ORIGINS = ("Челябинск", "Москва", "Новосибирск")
HEADER = "handed_over_at,delivered_at,origin,destination,destination_region,promised_at"


@dataclass(frozen=True, slots=True)
class Made:
    """A made history: columns in the order of hand-over, dates as ordinals (0: not delivered yet), and the truth.

    `typical` is each parcel's median working days as the network really was; `hours` the hour of hand-over.
    """

    handed: Ints
    hours: Ints
    delivered: Ints
    promised: Ints
    origin: Ints
    settlement: Ints
    region: Ints
    typical: Floats
    places: tuple[str, ...] = field(default=(*REGIONS, *FAR))

    def csv(self) -> str:
        """The history as the file that the back-test reads."""
        return "\n".join([HEADER, *(self._line(row) for row in range(len(self.handed))), ""])

    def _line(self, row: int) -> str:
        iso = [date.fromordinal(int(n)).isoformat() if n else "" for n in (self.handed[row], self.delivered[row])]
        cells = [f"{iso[0]}T{self.hours[row]:02}:00:00+05:00", iso[1] and f"{iso[1]}T15:00:00+05:00"]
        cells += [ORIGINS[self.origin[row]], f"Город {self.settlement[row]}", self.places[self.region[row]]]
        return ",".join([*cells, date.fromordinal(int(self.promised[row])).isoformat()])


def make(net: Network) -> Made:
    """A history of a network: the same for the same network, seed included."""
    dice = np.random.default_rng(net.seed)
    clock = Clocks("RU", FIRST, FIRST + net.days + 400).of(NOTHING)
    handed = _hand_overs(net, clock, dice)
    origin = dice.choice(len(ORIGINS), len(handed), p=(0.6, 0.3, 0.1))
    settlement, region, lane = _places(net, origin, dice)
    level = _level(net, dice)
    typical = net.median * lane * level[handed - FIRST] * _weather(net, handed, region, dice)
    days = typical * np.exp(net.spread * dice.standard_normal(len(handed)))
    rare = net.rare * level[handed - FIRST] ** net.rare_grows
    days += np.where(dice.random(len(handed)) < rare, dice.exponential(net.rare_days, len(handed)) * lane, 0)
    days = _struck(net, clock, handed, days)
    arrives = clock.after(handed, np.maximum(np.ceil(days), 1).astype(np.int64))
    known = (arrives < FIRST + net.days) & (dice.random(len(handed)) >= net.lost)
    believed = lane * np.exp(net.blur * dice.standard_normal(net.settlements))[settlement]
    promised = _carrier(net, clock, handed, believed, level, arrives)
    hours = dice.integers(9, 21, len(handed))
    hours = hours[np.lexsort((hours, handed))]
    return Made(handed, hours, np.where(known, arrives, 0), promised, origin, settlement, region, typical)


def _hand_overs(net: Network, clock: Clock, dice: np.random.Generator) -> Ints:
    """Dates of hand-over: busy Mondays, quiet Saturdays, nothing on other days off; volume takes its course."""
    dates = np.arange(FIRST, FIRST + net.days)
    works = clock.at(dates + 1) > clock.at(dates)
    weight = np.where(works, np.where(dates % 7 == FIRST % 7, 1.4, 1.0), np.where(dates % 7 == (FIRST + 5) % 7, 0.2, 0))
    weight = weight * _course(net.volume, net.days)
    return np.sort(dice.choice(dates, net.rows, p=weight / weight.sum()))


def _places(net: Network, origin: Ints, dice: np.random.Generator) -> tuple[Ints, Ints, Floats]:
    """Settlement, region and slowness of the lane for each parcel; a few settlements take most parcels."""
    home = dice.permutation(np.arange(net.settlements) % len(REGIONS))
    far = np.arange(net.settlements) >= net.settlements * (1 - net.far_share)
    home = np.where(far, len(REGIONS) + np.arange(net.settlements) % len(FAR), home)
    share = (1.0 + np.arange(net.settlements)) ** -net.crowd
    settlement = dice.choice(net.settlements, len(origin), p=share / share.sum())
    by_region = np.exp(net.regions * dice.standard_normal((len(ORIGINS), len(REGIONS) + len(FAR))))
    by_region[:, len(REGIONS) :] = 3.0
    by_lane = np.exp(0.10 * dice.standard_normal((len(ORIGINS), net.settlements)))
    region = home[settlement]
    return settlement, region, by_region[origin, region] * by_lane[origin, settlement]


def _level(net: Network, dice: np.random.Generator) -> Floats:
    """How slow the whole network is on each day: the stated course with a slow wobble around it."""
    slow: Floats = _course(net.level, net.days) * np.exp(net.wobble * _wandering(net.days, dice))
    return slow


def _course(stations: tuple[float, ...], days: int) -> Floats:
    """A value for each day from values at equal distances."""
    course: Floats = np.interp(np.arange(days), np.linspace(0, days - 1, len(stations)), stations)
    return course


def _weather(net: Network, handed: Ints, region: Ints, dice: np.random.Generator) -> Floats:
    """Good and bad times that each region has for itself."""
    own = np.stack([_wandering(net.days, dice) for _ in range(len(REGIONS) + len(FAR))])
    slow: Floats = np.exp(net.weather * own[region, handed - FIRST])
    return slow


def _wandering(days: int, dice: np.random.Generator) -> Floats:
    """A course around 0 with deviation 1 that forgets in about a month."""
    course: Floats = dice.standard_normal(days) * np.sqrt(1 - 0.96**2)
    for day in range(1, days):
        course[day] += 0.96 * course[day - 1]
    return course


def _struck(net: Network, clock: Clock, handed: Ints, days: Floats) -> Floats:
    """While a strike lasts (days of the history, from and until) a parcel takes so many times as long."""
    if net.strike[0] == net.strike[1]:
        return days
    begins, ends = (int(clock.at(np.array([FIRST + day]))[0]) for day in net.strike)
    start = clock.at(handed)
    before = np.maximum(begins - start, 0)
    crawl = np.maximum(ends - np.maximum(start, begins), 0)
    left = np.maximum(days - before, 0)
    slows = net.strike_slows
    slowed = np.where(left * slows <= crawl, left * slows, left + crawl * (1 - 1 / slows))
    return np.where(start >= ends, days, np.minimum(days, before) + slowed)


def _carrier(net: Network, clock: Clock, handed: Ints, lane: Floats, level: Floats, arrives: Ints) -> Ints:
    """What a carrier promises: lanes as it believes them, the level of two months ago, a factor for the wanted share.

    The factor is fitted in hindsight over the last three tenths, a mercy that a real carrier does not have.
    """
    seen = level[np.maximum(handed - FIRST - 60, 0)]
    basis = net.median * lane * (1 + seen) / 2
    low, high = 0.5, 12.0
    for _ in range(30):
        factor = (low + high) / 2
        promised = clock.after(handed, np.ceil(basis * factor).astype(np.int64))
        low, high = (
            (factor, high) if (arrives <= promised)[-len(handed) * 3 // 10 :].mean() < net.carrier else (low, factor)
        )
    return clock.after(handed, np.ceil(basis * high).astype(np.int64))


def named(name: str, **changes: object) -> Made:
    """The history of one of `NETWORKS`, with some of its properties changed."""
    return make(replace(NETWORKS[name], **changes))  # type: ignore[arg-type]


def best_days(made: Made, target: float, first: int) -> float:
    """Mean days of the promise of somebody who knows every parcel's true median and, in hindsight, the one factor
    that covers the target from row `first` on: no honest method is expected to be shorter on a network like that.
    """
    clock = Clocks("RU", FIRST, int(made.handed[-1])).of(NOTHING)
    handed, typical, arrives = made.handed[first:], made.typical[first:], made.delivered[first:]
    dates = handed
    for factor in np.arange(1.0, 8.0, 0.02):
        dates = clock.after(handed, np.ceil(typical * factor).astype(np.int64))
        judged = (arrives > 0) | (dates < made.handed[-1])
        if ((arrives > 0) & (arrives <= dates))[judged].mean() >= target:
            break
    return float((dates - handed)[judged].mean())


def history_of(made: Made) -> History:
    """A made history as the back-test reads it from its file."""
    rows = list(csv.DictReader(made.csv().splitlines()))
    parcels, _bad = check(enumerate(rows, start=2), rows[0].keys())
    return columns_of(parcels)
