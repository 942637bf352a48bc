"""Tables of the ground floor: settlements, shops, staff, parcels and their facts."""

from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    CheckConstraint,
    Date,
    DateTime,
    Dialect,
    Enum,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Text,
    UniqueConstraint,
    false,
    text,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, registry, relationship
from sqlalchemy.types import TypeDecorator

from parcels.numbers import written
from parcels.stages import Kind, Stage, State

#: BIGINT counts up in SQLite only under the name INTEGER.
BigId = BigInteger().with_variant(Integer, "sqlite")


def only_where(condition: str) -> dict[str, Any]:
    """The arguments of a partial index, for both databases."""
    return {"sqlite_where": text(condition), "postgresql_where": text(condition)}


def words(enum: type[StrEnum], length: int) -> Enum:
    """A column of an enum's values, stored as short text so that a new value needs no migration."""
    return Enum(enum, native_enum=False, length=length, values_callable=lambda members: [m.value for m in members])


class UtcDateTime(TypeDecorator[datetime]):
    """A moment: aware in Python, UTC in the database. SQLite keeps no offset, so none is stored there."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"naive datetime {value!r}")
        moment = value.astimezone(UTC)
        return moment.replace(tzinfo=None) if dialect.name == "sqlite" else moment

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Base(DeclarativeBase):
    """The one metadata of all rooms, with constraint names that migrations can refer to."""

    registry = registry(
        metadata=MetaData(
            naming_convention={
                "ix": "ix_%(table_name)s_%(column_0_N_name)s",
                "uq": "uq_%(table_name)s_%(column_0_N_name)s",
                "ck": "ck_%(table_name)s_%(constraint_name)s",
                "fk": "fk_%(table_name)s_%(column_0_N_name)s",
                "pk": "pk_%(table_name)s",
            }
        ),
        type_annotation_map={
            datetime: UtcDateTime(),
            dict[str, Any]: JSON(),
            Stage: words(Stage, 16),
            Kind: words(Kind, 24),
        },
    )


#: Codes of settlements from here on are ours and mean nothing to a carrier.
OWN_CODES = 800_000_000


class Settlement(Base):
    """A place where parcels go to or come from; `id` is the carrier's code of the place, `zone` an IANA name,
    `country` an ISO 3166 code: whose working days count there.

    Cities that the carrier's table lacked have codes of our own, from `OWN_CODES` on. `lat` and `lon` (degrees) are
    None where the spot is not certain; `is_city` tells a city from a village.
    """

    __tablename__ = "settlements"
    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    name: Mapped[str] = mapped_column(String(120))
    region_code: Mapped[str] = mapped_column(String(2))
    region: Mapped[str] = mapped_column(String(80))
    zone: Mapped[str] = mapped_column(String(40))
    population: Mapped[int | None]
    country: Mapped[str] = mapped_column(String(2), default="RU", server_default="RU")
    lat: Mapped[float | None]
    lon: Mapped[float | None]
    is_city: Mapped[bool] = mapped_column(default=False, server_default=false())
    __table_args__ = (Index(None, "name"),)


class Shop(Base):
    """Who sends parcels, by which carrier. `handling_days` are the working days it needs until the hand-over."""

    __tablename__ = "shops"
    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(String(32), unique=True)
    name: Mapped[str] = mapped_column(String(80))
    phone: Mapped[str] = mapped_column(String(20))
    origin_id: Mapped[int] = mapped_column(ForeignKey("settlements.id"))
    handling_days: Mapped[int] = mapped_column(default=1)
    carrier: Mapped[str] = mapped_column(String(32), default="cdek", server_default="cdek")
    origin: Mapped[Settlement] = relationship()


class Warehouse(Base):
    """Where parcels lie and are scanned: a shop's own (`shop_id`), or one of the delivery service."""

    __tablename__ = "warehouses"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(80), unique=True)
    settlement_id: Mapped[int] = mapped_column(ForeignKey("settlements.id"))
    shop_id: Mapped[int | None] = mapped_column(ForeignKey("shops.id"))
    settlement: Mapped[Settlement] = relationship()


class Staff(Base):
    """Somebody who signs in: an operator, a courier (of one slot zone, with the phone recipients are given), a shop's
    person, a storekeeper of one warehouse. `is_cashier` is a right beside the role: to count couriers' money and to
    hand shops theirs.
    """

    __tablename__ = "staff"
    id: Mapped[int] = mapped_column(primary_key=True)
    login: Mapped[str] = mapped_column(String(64), unique=True)
    name: Mapped[str] = mapped_column(String(80))
    role: Mapped[str] = mapped_column(String(16))
    password_hash: Mapped[str] = mapped_column(String(200))
    is_active: Mapped[bool] = mapped_column(default=True)
    shop_id: Mapped[int | None] = mapped_column(ForeignKey("shops.id"))
    zone_id: Mapped[int | None]
    phone: Mapped[str] = mapped_column(String(20), default="", server_default="")
    warehouse_id: Mapped[int | None] = mapped_column(ForeignKey("warehouses.id"))
    is_cashier: Mapped[bool] = mapped_column(default=False, server_default=false())
    __table_args__ = (CheckConstraint("role IN ('operator', 'courier', 'shop', 'manager', 'warehouse')", name="role"),)


class Parcel(Base):
    """One parcel. `version` is the seq of its last fact; stage columns are written by the journal only.

    `owner`, `next_action` and `next_action_at` say who must do what by when, as long as it is open.
    `language` is the one the recipient is written to in. Money is in minor units of `currency`. The four dates are
    those of the last promise: the range at the door, the latest arrival in the city (dates of the settlement) and the
    hand-over it counts on (date of the origin). `carrier_days` are the days its carrier has named, and the windows it
    has on each; None when it names none. `choose_until` is the last day on which a delivery may be agreed,
    `warned_until` the one of which recipient and shop have been told that it is the last.
    """

    __tablename__ = "parcels"
    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    shop_id: Mapped[int] = mapped_column(ForeignKey("shops.id"))
    order_number: Mapped[str] = mapped_column(String(40))
    recipient: Mapped[str] = mapped_column(String(120), default="")
    phone: Mapped[str] = mapped_column(String(20))
    email: Mapped[str] = mapped_column(String(254), default="", server_default="")
    language: Mapped[str] = mapped_column(String(2), default="ru", server_default="ru")
    settlement_id: Mapped[int | None] = mapped_column(ForeignKey("settlements.id"))
    address: Mapped[str] = mapped_column(String(250), default="")
    cod_minor: Mapped[int] = mapped_column(default=0)
    currency: Mapped[str] = mapped_column(String(3), default="RUB")
    pieces: Mapped[int] = mapped_column(default=1)
    weight_g: Mapped[int | None]
    accepted_at: Mapped[datetime]

    version: Mapped[int] = mapped_column(default=0)
    stage: Mapped[Stage] = mapped_column(default=Stage.ACCEPTED)
    road: Mapped[Stage] = mapped_column(default=Stage.ACCEPTED)
    side: Mapped[Stage | None]
    plan: Mapped[Stage | None]
    promised_from: Mapped[date | None] = mapped_column(Date)
    promised_to: Mapped[date | None] = mapped_column(Date)
    hand_over_by: Mapped[date | None] = mapped_column(Date)
    arrival_by: Mapped[date | None] = mapped_column(Date)
    choose_until: Mapped[date | None] = mapped_column(Date)
    warned_until: Mapped[date | None] = mapped_column(Date)
    carrier_days: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    link_epoch: Mapped[int] = mapped_column(default=1)
    closed_at: Mapped[datetime | None]

    owner: Mapped[str | None] = mapped_column(String(16))
    next_action: Mapped[str | None] = mapped_column(String(24))
    next_action_at: Mapped[datetime | None]

    shop: Mapped[Shop] = relationship()
    settlement: Mapped[Settlement | None] = relationship()

    __table_args__ = (
        UniqueConstraint("shop_id", "order_number"),
        Index(None, "next_action_at"),
        Index(None, "phone"),
        # What a warehouse waits for, from the road or from its shop, is counted at every scan.
        Index("ix_parcels_open_here", "settlement_id", "road", **only_where("closed_at IS NULL")),
        Index("ix_parcels_open_of_shop", "shop_id", "road", **only_where("closed_at IS NULL")),
        CheckConstraint("cod_minor >= 0", name="cod"),
        CheckConstraint(
            "closed_at IS NOT NULL OR (owner IS NOT NULL AND next_action IS NOT NULL AND next_action_at IS NOT NULL)",
            name="somebody_owns_it",
        ),
    )

    @property
    def number(self) -> str:
        """Our own number of the parcel, as printed on the label."""
        return written(self.id)

    @property
    def zone(self) -> str:
        """The IANA zone in which the recipient lives; the shop's own as long as his place is not known."""
        return self.settlement.zone if self.settlement else self.shop.origin.zone

    @property
    def state(self) -> State:
        """The folded state as the database has it."""
        return State(self.road, self.side, self.plan)


class Fact(Base):
    """Something that happened to a parcel; never changed. `seq` counts from 1 without gaps per parcel."""

    __tablename__ = "facts"
    parcel_id: Mapped[int] = mapped_column(ForeignKey("parcels.id"), primary_key=True)
    seq: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[Kind]
    occurred_at: Mapped[datetime]
    offset_minutes: Mapped[int] = mapped_column(default=0)
    recorded_at: Mapped[datetime]
    source: Mapped[str] = mapped_column(String(32))
    place: Mapped[str] = mapped_column(String(120), default="")
    dedup_key: Mapped[str | None] = mapped_column(Text)
    details: Mapped[dict[str, Any]] = mapped_column(default=dict)
    __table_args__ = (
        UniqueConstraint("parcel_id", "dedup_key"),
        Index("ix_facts_wishes", "recorded_at", **only_where("kind IN ('recalled', 'details_changed')")),
    )
