"""Things to test with, made through the product's own doors: places, a matrix, a shop, parcels and their journeys."""

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from itertools import count

import factory
from sqlalchemy import select
from sqlalchemy.orm import Session

from parcels import journal
from parcels.journal import NewFact
from parcels.models import Parcel, Settlement, Shop, Staff
from parcels.stages import Kind
from portal.access import hash_password
from scheduling import matrix, round_building, zones
from scheduling.matrix import LaneRow
from scheduling.models import Zone, ZoneSettlement
from scheduling.round_models import Round
from sms import sender_names

#: A Monday noon in Chelyabinsk.
NOW = datetime(2026, 11, 16, 7, 0, tzinfo=UTC)
CHELYABINSK, TOMSK, KALININGRAD, ANADYR, VILLAGE = 259, 314, 152, 1128, 9001
_numbers = count(48117)
_PASSWORD = hash_password("secret")


class SettlementFactory(factory.Factory):
    """A place; a big city unless said otherwise."""

    class Meta:
        model = Settlement

    id = factory.Sequence(lambda n: 50_000 + n)
    name = factory.Sequence(lambda n: f"Город {n}")
    region_code = "70"
    region = "Томская область"
    zone = "Asia/Tomsk"
    population = 500_000


PLACES = (
    (CHELYABINSK, "Челябинск", "Челябинская область", "Asia/Yekaterinburg", 1_200_000, 2, 3, True),
    (TOMSK, "Томск", "Томская область", "Asia/Tomsk", 550_000, 4, 5, True),
    (KALININGRAD, "Калининград", "Калининградская область", "Europe/Kaliningrad", 490_000, 6, 8, True),
    (ANADYR, "Анадырь", "Чукотский АО", "Asia/Anadyr", 13_000, 9, 14, True),
    (VILLAGE, "Тихая", "Томская область", "Asia/Tomsk", 900, 6, 9, False),
)


def make_world(session: Session, now: datetime = NOW) -> Shop:
    """Five places, a matrix from Chelyabinsk with a lane to each, open slots, and a shop."""
    lanes = []
    for code, name, region, zone, population, low, high, courier in PLACES:
        session.add(SettlementFactory(id=code, name=name, region=region, zone=zone, population=population))
        lanes.append(LaneRow(code, low, high, courier))
    session.flush()
    version, _ = matrix.store(session, lanes, "cdek", CHELYABINSK, date(2026, 1, 1), now)
    zones.assign(session, matrix.served_settlements(session, version.id))
    zones.open_days(session, now)
    shop = Shop(code="teply-dom", name="Тёплый дом", phone="+78000000417", origin_id=CHELYABINSK, handling_days=1)
    session.add(shop)
    session.flush()
    return shop


def make_parcel(session: Session, shop: Shop, now: datetime = NOW, **changes: object) -> Parcel:
    """An order that the shop has just accepted: promised, on the agenda, its first SMS in the outbox."""
    columns: dict[str, object] = {
        "order_number": str(next(_numbers)),
        "recipient": "Марина Кузнецова",
        "phone": "+79130001242",
        "settlement_id": TOMSK,
        "address": "ул. Нахимова, 12, кв. 7",
        "cod_minor": 499_000,
        "pieces": 2,
        "weight_g": 3400,
        "accepted_at": now,
        **changes,
    }
    parcel = Parcel(shop_id=shop.id, owner="shop", next_action="hand_over", next_action_at=now, **columns)
    session.add(parcel)
    session.flush()
    journal.record(session, parcel, NewFact(Kind.ORDER_ACCEPTED, "shop:teply-dom", place="«Тёплый дом»"), now)
    return parcel


def travel(session: Session, parcel: Parcel, kinds: Iterable[Kind], start: datetime = NOW) -> datetime:
    """Let a parcel go through facts, six hours apart from `start` on. Returns the moment of the last one."""
    at = start
    for kind in kinds:
        at += timedelta(hours=6)
        journal.record(session, parcel, NewFact(kind, "carrier:test"), at)
    return at


def make_staff(session: Session, role: str, login: str | None = None, **changes: object) -> Staff:
    """Somebody who can sign in with the password `secret`."""
    staff = Staff(login=login or role, name="Ольга Смирнова", role=role, password_hash=_PASSWORD, **changes)
    session.add(staff)
    session.flush()
    return staff


def make_round(session: Session, settlement_id: int, day: date, now: datetime) -> list[Round]:
    """The rounds of a day in the zone of a settlement, built now, with a courier if it has none yet."""
    zone = zone_of(session, settlement_id)
    if session.scalar(select(Staff.id).where(Staff.zone_id == zone.id)) is None:
        make_staff(session, "courier", f"courier-{zone.id}", zone_id=zone.id, phone="+79130001122")
    round_building.build(session, zone.id, day, now)
    return round_building.rounds_of(session, zone.id, day)


def zone_of(session: Session, settlement_id: int) -> Zone:
    """The slot zone of a settlement."""
    query = select(Zone).join(ZoneSettlement).where(ZoneSettlement.settlement_id == settlement_id)
    return session.scalars(query).one()


def approve_sender(session: Session, shop_id: int, name: str) -> None:
    """Let a shop write under a name."""
    sender_names.ask(session, shop_id, name, NOW)
    sender_names.decide(session, sender_names.skeleton_of(name), name, "manager", NOW, is_approved=True)
