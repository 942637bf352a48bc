"""Tables of the shops' API: their keys, and what was answered to requests that may come again."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from parcels.models import Base, BigId


class ApiKey(Base):
    """A key of a shop's programs: its SHA-256, and how it begins, so that a person can tell it from others."""

    __tablename__ = "api_keys"
    id: Mapped[int] = mapped_column(primary_key=True)
    shop_id: Mapped[int] = mapped_column(ForeignKey("shops.id"), index=True)
    name: Mapped[str] = mapped_column(String(80))
    begins: Mapped[str] = mapped_column(String(12))
    digest: Mapped[str] = mapped_column(String(64), unique=True)
    made_by: Mapped[str] = mapped_column(String(80))
    made_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]


class ApiAnswer(Base):
    """What was done for a request with an Idempotency-Key; `asked` is the SHA-256 of where and what it asked."""

    __tablename__ = "api_answers"
    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    shop_id: Mapped[int] = mapped_column(ForeignKey("shops.id"))
    key: Mapped[str] = mapped_column(String(80))
    route: Mapped[str] = mapped_column(String(40))
    asked: Mapped[str] = mapped_column(String(64))
    status: Mapped[int]
    body: Mapped[dict[str, Any]]
    made_at: Mapped[datetime] = mapped_column(index=True)
    __table_args__ = (Index("uq_api_answers_key", "shop_id", "key", "route", unique=True),)
