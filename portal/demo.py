"""Demo data: one shop with 200 orders on every stage, made by the journal itself, so that the portal looks alive."""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from itertools import islice, repeat
from random import Random

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from parcels.models import Parcel, Settlement, Shop, Staff, Warehouse
from parcels.stages import Kind, Stage
from portal import access, links, matrix_import, notices, places
from portal import demo_door as door
from portal import demo_road as road
from portal.demo_people import Atlas, Route
from portal.demo_story import Scene
from scheduling import matrix
from scheduling.calendars import calendar_of, local_date
from scheduling.models import Interval, Slot, Zone
from scheduling.promising import CARRIER, COUNTRY
from sms import preferences
from sms.preferences import Preferences

CODE, SEED = "teply-dom", 2026
COURIERS_CITY = "Томск"
#: Login, which is the password too, with what it opens.
LOGINS = {
    "operator": "оператор: очередь звонков",
    "courier": f"курьер: рейс зоны {COURIERS_CITY}",
    "shop": "магазин «Тёплый дом»: его посылки",
    "manager": "руководитель: места у курьеров",
    "warehouse": f"склад в городе {COURIERS_CITY}: приём, выдача, возврат",
    "packer": "склад магазина: упаковка, этикетки, отправка",
    "cashier": "кассир: считает деньги курьеров, передаёт их магазинам",
}
_NAMES = {"operator": road.OPERATOR, "courier": door.COURIERS[0], "shop": "Вера Тихонова", "manager": "Лев Громов"}
_NAMES |= {"warehouse": "Николай Ершов", "packer": "Анна Белова", "cashier": "Ирина Рогова"}
_ROLES = {"cashier": "operator"}
#: Days back for which slots are made, since stories are told from their beginning.
PAST_DAYS = 45
MAX_TRIES = 300
_SHOWN = (
    *(Stage.ACCEPTED, Stage.IN_TRANSIT, Stage.SCHEDULED, Stage.WITH_COURIER, Stage.MISSED, Stage.POSTPONED),
    *(Stage.AT_PICKUP, Stage.DELIVERED),
)


def is_there(session: Session) -> bool:
    """Has the demo been seeded?"""
    return session.scalar(select(Shop.id).where(Shop.code == CODE)) is not None


def seed(session: Session, now: datetime) -> int:
    """Make shop, staff and parcels; once only. Returns the number of parcels.

    The same `now` gives the same data. Messages of the past count as sent; those of the newest three are left to do.
    """
    random = Random(SEED)  # noqa: S311
    origin, version_id = _groundwork(session, now)
    shop = Shop(code=CODE, name="Тёплый дом", phone="+73510000042", origin=origin, handling_days=1)
    session.add(shop)
    atlas = Atlas(session, version_id, random)
    scene = Scene(session, shop, now, random)
    _open_past(session, now)
    scene.warehouses = _build(session, shop, atlas.of(COURIERS_CITY).place)
    tomsk = scene.service(atlas.of(COURIERS_CITY))
    _hire(session, shop, tomsk.zone_id if tomsk else None, scene.warehouses)
    for count, act, routes in _program(atlas):
        _play(scene, count, act, routes)
    if tomsk is not None:
        door.round_of_today(session, session.get_one(Zone, tomsk.zone_id), now)
    # Whoever tries it out at night wants to see his message now.
    preferences.choose(session, shop.id, Preferences(starts=0, ends=24), "demo", now)
    return scene.count


def show(session: Session) -> list[tuple[str, str]]:
    """A few parcels on different stages, as (stage in words, token of the recipient's link)."""
    shop_id = select(Shop.id).where(Shop.code == CODE).scalar_subquery()
    of_shop = select(Parcel).where(Parcel.shop_id == shop_id).order_by(Parcel.id).limit(1)
    found = (session.scalar(of_shop.where(Parcel.stage == stage)) for stage in _SHOWN)
    return [(notices.stage_words(parcel.stage), links.token_for(parcel)) for parcel in found if parcel]


def _groundwork(session: Session, now: datetime) -> tuple[Settlement, int]:
    """Settlements and a matrix that counted when the oldest story began. Returns the origin and the version's id."""
    places.load(session)
    origin = session.get_one(Settlement, places.CHELYABINSK)
    long_ago = local_date(now, origin.zone) - timedelta(days=120)
    version = matrix.current(session, CARRIER, origin.id, long_ago)
    if version is None:
        shipped = matrix_import.SHIPPED
        version = matrix_import.import_matrix(session, places.DAYS_FROM_CHELYABINSK, shipped, now).version
    if version is None:
        raise places.UnknownPlace("no_matrix", "Матрица сроков из поставки не читается; проверьте scheduling/data.")
    return origin, version.id


def _open_past(session: Session, now: datetime) -> None:
    """The slots of the days before today: nobody may choose them any more, but stories have."""
    calendar = calendar_of(COUNTRY)
    first_days = {
        zone.id: local_date(now, zone.timezone) - timedelta(days=PAST_DAYS) for zone in session.scalars(select(Zone))
    }
    past = select(Slot.zone_id, Slot.day, Slot.starts).where(Slot.day < local_date(now, "UTC") + timedelta(days=2))
    known = {tuple(row) for row in session.execute(past)}
    rows = [
        {"zone_id": i.zone_id, "day": day, "starts": i.starts, "ends": i.ends, "capacity": i.capacity, "taken": 0}
        for i in session.scalars(select(Interval).where(Interval.capacity > 0))
        for day in (first_days[i.zone_id] + timedelta(days=n) for n in range(PAST_DAYS))
        if day.weekday() == i.weekday and not calendar.is_public_holiday(day)
        if (i.zone_id, day, i.starts) not in known
    ]
    if rows:
        session.execute(insert(Slot), rows)


def _build(session: Session, shop: Shop, city: Settlement) -> dict[int, Warehouse]:
    """The shop's own warehouse, and those of the service at both ends. Returns the service's, by settlement."""
    service = [Warehouse(name=f"{place.name}, склад", settlement_id=place.id) for place in (shop.origin, city)]
    session.flush()
    session.add_all([Warehouse(name=f"{shop.name}, склад", settlement_id=shop.origin.id, shop_id=shop.id), *service])
    session.flush()
    return {warehouse.settlement_id: warehouse for warehouse in service}


def _hire(session: Session, shop: Shop, zone_id: int | None, warehouses: dict[int, Warehouse]) -> None:
    """The demo's staff; a login that somebody has already is left alone."""
    taken = set(session.scalars(select(Staff.login)))
    own = session.scalars(select(Warehouse.id).where(Warehouse.shop_id == shop.id)).one()
    works_at = {"packer": own, "warehouse": list(warehouses.values())[-1].id}
    for login in LOGINS.keys() - taken:
        role = "warehouse" if login in works_at else _ROLES.get(login, login)
        member = Staff(login=login, name=_NAMES[login], role=role, password_hash=access.hash_password(login))
        member.warehouse_id = works_at.get(login)
        member.is_cashier = login in ("cashier", "manager")  # a large payment wants two of them
        member.shop_id = shop.id if login == "shop" else None
        member.zone_id = zone_id if login == "courier" else None
        session.add(member)
    session.flush()


def _program(atlas: Atlas) -> Iterator[tuple[int, road.Act, Iterator[Route]]]:
    """How many of which story, and where. 200 in all."""
    tomsk, anywhere = repeat(atlas.of(COURIERS_CITY)), atlas.anywhere()
    yield 13, door.on_todays_round, tomsk
    yield 4, road.on_the_way, tomsk
    yield from ((count, act, anywhere) for count, act in _SERVED)
    yield 6, road.at_pickup, anywhere
    yield 4, road.on_the_way, anywhere
    yield 3, road.brand_new, anywhere


_SERVED: tuple[tuple[int, road.Act], ...] = (
    (20, road.on_the_way),
    (14, road.accepted),
    (3, road.late_shop),
    (8, road.scanned(Kind.HANDED_OVER)),
    (8, road.scanned(Kind.AT_WAREHOUSE)),
    (16, road.chosen_on_the_way),
    (9, road.chosen_in_city),
    (8, road.postponed),
    (10, road.arrived),
    (6, road.called),
    (12, door.with_courier),
    (28, door.delivered),
    (7, door.missed),
    (3, door.missed_and_chosen_again),
    (4, door.refused),
    (4, door.returning),
    (4, door.returned),
    (2, road.recalled),
    (2, road.troubled(Kind.INCIDENT, {"cause": "sorting_stopped"})),
    (2, road.troubled(Kind.UNKNOWN, {"code": "UNMAPPED"})),
)


def _play(scene: Scene, count: int, act: road.Act, routes: Iterable[Route]) -> None:
    """Tell as many stories, each to the present; a place where the story cannot have happened is passed over."""
    told = 0
    for route in islice(routes, MAX_TRIES):
        story = act(scene, route)
        if story is not None:
            story.until(scene.now)
            told += 1
        if told == count:
            return
    if act is door.with_courier:
        _play(scene, count - told, door.with_courier_unasked, routes)
