"""Who wants no messages any more: a phone that wrote СТОП, until it writes СТАРТ, or a mailbox that ended letters."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import String, delete, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, Session, mapped_column

from parcels.models import Base

_STOP = frozenset(
    {
        *("stop", "stopall", "unsubscribe", "cancel", "end", "quit", "revoke", "optout"),
        *("стоп", "отписка", "отписаться", "отпишите", "отключить", "хватит"),
        *("відписка", "відписатися", "відпишіть", "зупинити", "досить"),
    }
)
_START = frozenset(
    {
        *("start", "unstop", "subscribe"),
        *("старт", "подписка", "подписаться", "начать"),
        *("підписка", "підписатися", "почати"),
    }
)


class Wish(StrEnum):
    """What an answer to one of our messages asks for."""

    STOP = "stop"
    START = "start"


class OptOut(Base):
    """A phone (E.164) or mailbox that has said stop. `source` is how: the provider it came through, or a letter."""

    __tablename__ = "opt_outs"
    address: Mapped[str] = mapped_column(String(254), primary_key=True)
    since: Mapped[datetime]
    source: Mapped[str] = mapped_column(String(16))


def wish(words: str) -> Wish | None:
    """What an answer asks for; None for everything that is not exactly one of the words.

    Whoever writes a sentence may mean anything: nobody loses his messages for a "не надо стоп".
    """
    word = "".join(letter for letter in words.casefold() if letter.isalpha())
    if word in _STOP:
        return Wish.STOP
    return Wish.START if word in _START else None


def stop(session: Session, address: str, source: str, now: datetime) -> None:
    """No messages to this address from now on. Said twice it is as good as once; the first moment stays."""
    dialect = postgresql if session.connection().dialect.name == "postgresql" else sqlite
    values = {"address": address[:254], "since": now, "source": source[:16]}
    session.execute(dialect.insert(OptOut).values(**values).on_conflict_do_nothing())


def start(session: Session, address: str) -> None:
    """Messages to this address again."""
    session.execute(delete(OptOut).where(OptOut.address == address))


def is_stopped(session: Session, address: str) -> bool:
    """Does this address want no messages?"""
    return session.scalar(select(OptOut.address).where(OptOut.address == address)) is not None
