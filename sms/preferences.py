"""What a shop has chosen about telling: who tells what by which channel, when, under which name, up to what price.

Each change is a row of its own, so that one can say later by which choice a message was sent or left out.
"""

from dataclasses import asdict, dataclass, field, fields
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import ForeignKey, Index, String, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from parcels.models import Base, Shop
from sms.hours import EVERY_DAY, Waking
from sms.occasions import MANNERS, Audience, Channel, Occasion


class Teller(StrEnum):
    """Whose business it is to tell: each thing is told by one of them, so that nobody hears it twice."""

    WE = "we"
    SHOP = "shop"
    NOBODY = "nobody"


class ChosenMeanwhile(Exception):
    """Somebody else of the shop has chosen since the form was shown."""


class Informing(Base):
    """A shop's choices from `since` on; the newest row counts, no row means the defaults."""

    __tablename__ = "informing"
    id: Mapped[int] = mapped_column(primary_key=True)
    shop_id: Mapped[int] = mapped_column(ForeignKey("shops.id"))
    since: Mapped[datetime]
    made_by: Mapped[str] = mapped_column(String(80))
    choices: Mapped[dict[str, Any]]
    __table_args__ = (Index(None, "shop_id", "since"),)


_O, _SMS, _EMAIL = Occasion, Channel.SMS, Channel.EMAIL
#: What nobody is told by SMS unless the shop asks for it. The rest is told by us: the shop confirms the order, the
#: delivery service tells everything from then on (the split of the user's document 003).
_SILENT_SMS: Final = frozenset({_O.MOVED, _O.DELIVERED, _O.HANGING, _O.UNCOLLECTED, _O.PENALTY_NEAR, _O.CASH_BACK})
#: A letter tells every change; what is about the next hours is of no use in a mailbox.
_SILENT_EMAIL: Final = frozenset({_O.DAY_BEFORE, _O.COURIER, _O.HOUR_BEFORE, _O.VISIT_MOVED, _O.CASH, _O.STILL_WAITING})
#: Of the plan "arrival only": the link, the place of issue, and what cannot be done without an answer.
_ARRIVAL: Final = frozenset(
    {
        *(_O.FIRST_LINK, _O.FRESH_LINK, _O.AT_PICKUP, _O.CASH, _O.STILL_WAITING, _O.STORAGE_ENDS, _O.EXPIRED),
        *(_O.DELAY, _O.MISSED, _O.REMINDER, _O.COURIER, _O.VISIT_MOVED, _O.RECEIVED, _O.RECALLED),
    }
)
#: What must be told by us whatever the shop chooses: without it nobody could get his order.
ALWAYS_OURS: Final = frozenset({(_O.FIRST_LINK, _SMS), (_O.FRESH_LINK, _SMS), (_O.DELAY, _SMS)})

Tellers = dict[tuple[Occasion, Channel], Teller]


def _table(silent_sms: frozenset[Occasion]) -> Tellers:
    silent = {_SMS: silent_sms, _EMAIL: _SILENT_EMAIL}
    return {
        (occasion, channel): Teller.NOBODY if occasion in silent[channel] else Teller.WE
        for occasion in Occasion
        for channel in Channel
    }


STANDARD: Final = _table(_SILENT_SMS)
PLANS: Final[dict[str, Tellers]] = {
    "standard": STANDARD,
    "all_moves": _table(_SILENT_SMS - {_O.MOVED}),
    "arrival": _table(frozenset(Occasion) - _ARRIVAL),
}
#: Days between reminders that a parcel waits at a place of issue; 0 is none.
REMIND_EVERY: Final = (0, 5, 10, 15, 20)
#: Countries where a message costs what the shop has agreed to, by their calling codes.
COUNTRIES: Final = (7, 374, 375, 380, 992, 993, 994, 995, 996, 998, 373)


#: Choices that JSON keeps as lists.
_TUPLES: Final = frozenset({"countries", "silent_events"})
#: The name that local providers send under unless the shop has one of its own.
DEFAULT_SENDER: Final = "pochta"


@dataclass(frozen=True, slots=True)
class Preferences:
    """A shop's choices, with their defaults. `tellers` holds only what differs from the standard split.

    `first_text` replaces the standard first message; `budget` is the number of SMS parts after which a parcel's
    recipient is told only what needs an answer; `daily_parts` the most that the shop pays for on one day;
    `price_minor` what a part costs it, in kopecks; of `silent_events` no webhook tells.
    """

    sender: str = DEFAULT_SENDER
    first_text: str = ""
    with_order: bool = True
    starts: int = 9
    ends: int = 21
    weekdays: int = EVERY_DAY
    remind_every: int = 5
    budget: int = 12
    daily_parts: int = 20_000
    price_minor: int = 350
    owner_phone: str = ""
    owner_email: str = ""
    manager_email: str = ""
    collector_email: str = ""
    countries: tuple[int, ...] = COUNTRIES
    tellers: Tellers = field(default_factory=dict)
    silent_events: tuple[str, ...] = ()

    @property
    def waking(self) -> Waking:
        """When the shop lets recipients be written to, by their own clock."""
        return Waking(self.starts, self.ends, self.weekdays)

    def teller(self, occasion: Occasion, channel: Channel) -> Teller:
        """Who tells this."""
        if (occasion, channel) in ALWAYS_OURS:
            return Teller.WE
        return self.tellers.get((occasion, channel), STANDARD[occasion, channel])

    @property
    def plan(self) -> str:
        """The preset that these tellers are, or "own"."""
        chosen = {pair: self.teller(*pair) for pair in STANDARD}
        return next((name for name, table in PLANS.items() if _agree(chosen, table)), "own")

    def choices(self) -> dict[str, Any]:
        """As JSON keeps it."""
        tellers = {f"{occasion}:{channel}": teller.value for (occasion, channel), teller in self.tellers.items()}
        lists = {name: list(getattr(self, name)) for name in _TUPLES}
        return {**asdict(self), "tellers": tellers, **lists}


def _agree(chosen: Tellers, table: Tellers) -> bool:
    return all(chosen[pair] is teller for pair, teller in table.items() if pair not in ALWAYS_OURS)


def deviations(tellers: Tellers) -> Tellers:
    """Of a whole table only what differs from the standard split and may."""
    return {pair: one for pair, one in tellers.items() if pair not in ALWAYS_OURS and one is not STANDARD[pair]}


def read(choices: dict[str, Any]) -> Preferences:
    """Preferences from JSON; what an older or newer release wrote beside them is left out."""
    known = {name.name for name in fields(Preferences)}
    values = {name: value for name, value in choices.items() if name in known}
    tellers: Tellers = {}
    for pair, teller in values.pop("tellers", {}).items():
        occasion, _, channel = pair.partition(":")
        if occasion in MANNERS and channel in list(Channel):
            tellers[Occasion(occasion), Channel(channel)] = Teller(teller)
    values |= {name: tuple(values[name]) for name in _TUPLES & values.keys()}
    return Preferences(**values, tellers=tellers)


def of_shop(session: Session, shop_id: int, at: datetime | None = None) -> Preferences:
    """The choices of a shop, as they are or as they were at a moment."""
    query = select(Informing.choices).where(Informing.shop_id == shop_id)
    if at is not None:
        query = query.where(Informing.since <= at)
    choices = session.scalar(query.order_by(Informing.since.desc(), Informing.id.desc()).limit(1))
    return read(choices) if choices is not None else Preferences()


def version(session: Session, shop_id: int) -> int:
    """Which of a shop's choices counts: the id of its row, 0 while it has made none."""
    return session.scalar(select(func.max(Informing.id)).where(Informing.shop_id == shop_id)) or 0


def insist_on(session: Session, shop_id: int, seen: int) -> None:
    """Let a change pass only if it was made from what counts; holds the shop, so that of two at once one is late.

    Raises: ChosenMeanwhile.
    """
    session.execute(select(Shop.id).where(Shop.id == shop_id).with_for_update(key_share=True))
    if version(session, shop_id) != seen:
        raise ChosenMeanwhile


def history(session: Session, shop_id: int) -> list[tuple[datetime, Preferences]]:
    """All choices of a shop, the oldest first, each with the moment from which on it counts."""
    query = select(Informing).where(Informing.shop_id == shop_id).order_by(Informing.since, Informing.id)
    return [(row.since, read(row.choices)) for row in session.scalars(query)]


def choose(session: Session, shop_id: int, preferences: Preferences, made_by: str, now: datetime) -> bool:
    """Write choices down, from now on. Returns whether they are others than before."""
    if of_shop(session, shop_id) == preferences:
        return False
    session.add(Informing(shop_id=shop_id, since=now, made_by=made_by, choices=preferences.choices()))
    return True


def is_for_shop(occasion: Occasion) -> bool:
    """Is the shop itself told of this, and not the recipient?"""
    return MANNERS[occasion].audience is not Audience.RECIPIENT
