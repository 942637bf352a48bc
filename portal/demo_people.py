"""Invented recipients for the demo: names, addresses, phones out of a range of noughts, and the places they live in."""

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

from sqlalchemy import select
from sqlalchemy.orm import Session

from parcels.models import Settlement
from scheduling.models import Lane

LEAST_PEOPLE = 2_000
_WOMEN = ("Анна", "Ирина", "Ольга", "Мария", "Елена", "Дарья", "Наталья", "Светлана", "Юлия", "Вера", "Алина", "Галина")
_MEN = ("Иван", "Павел", "Сергей", "Олег", "Дмитрий", "Роман", "Андрей", "Кирилл", "Глеб", "Тимур", "Артём", "Борис")
_FAMILIES = (
    *("Соколов", "Лебедев", "Морозов", "Волков", "Зайцев", "Ершов", "Калинин", "Тарасов", "Белов", "Комаров"),
    *("Киселёв", "Макаров", "Ковалёв", "Гусев", "Титов", "Кудрявцев", "Баранов", "Фролов", "Щукин", "Ахметов"),
)
_STREETS = (
    *("ул. Ленина", "ул. Советская", "ул. Лесная", "ул. Гагарина", "пр. Мира", "ул. Садовая", "ул. Пушкина"),
    *("ул. Кирова", "ул. Новая", "ул. Школьная", "пер. Речной", "ул. Полевая", "ул. Чехова", "ул. Строителей"),
)
#: Cities on the way from Chelyabinsk, by the zone of the place it goes to; the first of a pair comes first.
_HUBS = {
    "Europe/Kaliningrad": ("Казань", "Москва"),
    "Asia/Yekaterinburg": ("Екатеринбург",),
    "Asia/Omsk": ("Курган",),
    **dict.fromkeys(("Asia/Novosibirsk", "Asia/Barnaul"), ("Курган", "Омск")),
    **dict.fromkeys(("Asia/Tomsk", "Asia/Novokuznetsk", "Asia/Krasnoyarsk"), ("Омск", "Новосибирск")),
    **dict.fromkeys(("Asia/Irkutsk", "Asia/Chita"), ("Новосибирск", "Красноярск")),
    **dict.fromkeys(("Asia/Yakutsk", "Asia/Khandyga", "Asia/Ust-Nera"), ("Красноярск", "Иркутск")),
    **dict.fromkeys(("Asia/Vladivostok", "Asia/Sakhalin", "Asia/Magadan"), ("Новосибирск", "Хабаровск")),
    **dict.fromkeys(("Asia/Kamchatka", "Asia/Anadyr", "Asia/Srednekolymsk"), ("Новосибирск", "Хабаровск")),
}
_WEST = ("Уфа", "Казань")


@dataclass(frozen=True, slots=True)
class Route:
    """A place with its lane of the matrix, and the cities that a parcel passes on the way there."""

    place: Settlement
    days_min: int
    days_max: int
    has_courier: bool

    @property
    def hubs(self) -> tuple[str, ...]:
        return tuple(hub for hub in _HUBS.get(self.place.zone, _WEST) if hub != self.place.name)


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who waits for a parcel."""

    name: str
    phone: str
    address: str


def person(random: Random, number: int) -> Person:
    """The person with this number; no two have the same phone. `number` is under 10,000."""
    family = random.choice(_FAMILIES)
    name = f"{random.choice(_MEN)} {family}" if random.random() < 0.4 else f"{random.choice(_WOMEN)} {family}а"
    flat = f", кв. {random.randint(1, 160)}" if random.random() < 0.8 else ""
    address = f"{random.choice(_STREETS)}, д. {random.randint(1, 120)}{flat}"
    return Person(name, f"+79{random.choice((13, 3, 22, 51, 5, 64)):02d}000{number:04d}", address)


class Atlas:
    """The routes of a matrix. A city with several codes counts once, under the first that a courier serves."""

    def __init__(self, session: Session, matrix_id: int, random: Random) -> None:
        query = select(Settlement, Lane).join(Lane, Lane.settlement_id == Settlement.id)
        wanted = (Lane.matrix_id == matrix_id, Settlement.population >= LEAST_PEOPLE)
        routes: dict[tuple[str, str], Route] = {}
        rows = session.execute(query.where(*wanted).order_by(Lane.has_courier.desc(), Settlement.id))
        for place, lane in rows:
            if "(" not in place.name:
                route = Route(place, lane.days_min, lane.days_max, lane.has_courier)
                routes.setdefault((place.region_code, place.name), route)
        self._random = random
        self.served = [route for route in routes.values() if route.has_courier]

    def of(self, name: str) -> Route:
        """The route to a city that couriers serve."""
        return next(route for route in self.served if route.place.name == name)

    def anywhere(self) -> Iterator[Route]:
        """Served routes without end: first the largest place of every zone, then large places more often."""
        largest: dict[str, Route] = {}
        for route in sorted(self.served, key=_people, reverse=True):
            largest.setdefault(route.place.zone, route)
        yield from largest.values()
        weights = [_people(route) ** 0.6 for route in self.served]
        while True:
            yield self._random.choices(self.served, weights)[0]


def _people(route: Route) -> int:
    return route.place.population or 0
