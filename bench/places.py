"""A database for races: one zone with slots, parcels enough that every attempt brings its own, and what was sold."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory, gettempdir

from sqlalchemy import Engine, case, create_engine, delete, func, insert, select, update

from parcels.models import Base, Parcel, Settlement, Shop
from portal.config import Settings
from scheduling.models import Booking, Slot, Zone
from tests.servers import new_database, postgres

NOW = datetime(2026, 11, 16, 7, 0, tzinfo=UTC)
SETTINGS = Settings(
    database_url="sqlite://",
    redis_url=None,
    secret_key="a key for measuring only, of more than 32 characters",
    secret_key_fallbacks=(),
    public_base_url="https://veha.example",
    sms_backend="console",
    twilio={"TWILIO_ACCOUNT_SID": "", "TWILIO_AUTH_TOKEN": "", "TWILIO_FROM": ""},
    support_phone="+78000000417",
    queue_folder=Path(gettempdir()) / "vekha-bench-queue",
)


@dataclass(frozen=True, slots=True)
class Sale:
    """What stands in the database after a race: places there were, places taken, bookings written."""

    capacity: int
    taken: int
    booked: int

    @property
    def over(self) -> int:
        """How many bookings there are for which there was no place."""
        return max(0, self.taken - self.capacity, self.booked - self.capacity)

    @property
    def is_exact(self) -> bool:
        """Sold out, and not one more."""
        return self.capacity == self.taken == self.booked


def settings_for(url: str) -> Settings:
    """The settings of an installation on a database."""
    return replace(SETTINGS, database_url=url)


@contextmanager
def postgres_database(name: str) -> Iterator[str]:
    """The URL of an empty database on a PostgreSQL server of our own; gone afterwards."""
    with TemporaryDirectory(prefix="vk") as folder, postgres(Path(folder)) as url:
        yield new_database(url, name)


@contextmanager
def sqlite_database() -> Iterator[str]:
    """The URL of an empty SQLite file; gone afterwards."""
    with TemporaryDirectory(prefix="vk") as folder:
        yield f"sqlite:///{Path(folder) / 'vekha.sqlite3'}"


@contextmanager
def plain_engine(url: str) -> Iterator[Engine]:
    """An engine for preparing and counting, closed afterwards."""
    engine = create_engine(url)
    try:
        yield engine
    finally:
        engine.dispose()


def furnish(url: str, slots: int, parcels: int) -> None:
    """Make the tables, one zone with slots 1 to `slots`, and parcels 1 to `parcels`."""
    with plain_engine(url) as engine, engine.begin() as connection:
        Base.metadata.create_all(connection)
        place = {"id": 1, "name": "Томск", "region_code": "70", "region": "Томская область", "zone": "Asia/Tomsk"}
        connection.execute(insert(Settlement), place)
        connection.execute(insert(Shop), {"code": "s", "name": "Тёплый дом", "phone": "+78000000417", "origin_id": 1})
        connection.execute(insert(Zone), {"id": 1, "name": "Томск", "timezone": "Asia/Tomsk"})
        connection.execute(insert(Slot), [_slot(number) for number in range(1, slots + 1)])
        connection.execute(insert(Parcel), [_parcel(number) for number in range(1, parcels + 1)])


def put_on_sale(url: str, slots: int, capacity: int) -> None:
    """Forget every booking and give slots 1 to `slots` so many places each, the others none."""
    with plain_engine(url) as engine:
        with engine.begin() as connection:
            connection.execute(delete(Booking))
            connection.execute(update(Slot).values(taken=0, capacity=case((Slot.id <= slots, capacity), else_=0)))
        if engine.dialect.name == "postgresql":
            with engine.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
                connection.exec_driver_sql("VACUUM slots, bookings")
                connection.exec_driver_sql("CHECKPOINT")


def sale(url: str) -> Sale:
    """What has been sold since `put_on_sale`."""
    with plain_engine(url) as engine, engine.connect() as connection:
        capacity, taken = connection.execute(select(func.sum(Slot.capacity), func.sum(Slot.taken))).one()
        booked = connection.scalar(select(func.count()).where(Booking.is_active))
    return Sale(int(capacity), int(taken), int(booked or 0))


def _slot(number: int) -> dict[str, object]:
    day = date(2026, 11, 20) + timedelta(days=number)
    return {"id": number, "zone_id": 1, "day": day, "starts": time(10), "ends": time(14), "capacity": 0, "taken": 0}


def _parcel(number: int) -> dict[str, object]:
    return {
        "shop_id": 1,
        "order_number": str(number),
        "phone": "+79130001242",
        "settlement_id": 1,
        "accepted_at": NOW,
        "owner": "shop",
        "next_action": "hand_over",
        "next_action_at": NOW,
    }
