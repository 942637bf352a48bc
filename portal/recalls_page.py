"""What a shop sees of the parcels it has recalled or sent elsewhere: when it asked, where they are, who has them."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Text, cast, exists, or_, select, text
from sqlalchemy.orm import Session, joinedload

from carriers.models import Tracking
from carriers.registry import CARRIERS
from parcels.custody import Holder, Role, What
from parcels.custody_models import Holding
from parcels.models import Fact, Parcel
from parcels.stages import Kind, Stage
from portal.notices_staff import who_answers
from portal.tracking_story import is_redirect

SHOWN = 200
#: Written out, so that SQLite too finds these few by the index of them; it does not where the order names more columns.
_IS_WISH = text("facts.kind IN ('recalled', 'details_changed')")


@dataclass(frozen=True, slots=True)
class Line:
    """One wish of the shop: a recall, or another address (`to_city` where the city is another one)."""

    parcel: Parcel
    is_recall: bool
    asked_at: datetime
    to_city: str
    who: str

    @property
    def back_at(self) -> datetime | None:
        """When it came back to the shop."""
        return self.parcel.closed_at if self.parcel.stage is Stage.RETURNED else None


def of_shop(session: Session, shop_id: int) -> list[Line]:
    """The newest wishes first."""
    of_shop = exists().where(Parcel.id == Fact.parcel_id, Parcel.shop_id == shop_id)
    newest = (
        select(Fact)
        .where(_IS_WISH, of_shop, _may_be_shown())
        .order_by(Fact.recorded_at.desc(), Fact.seq.desc())
        .limit(SHOWN)
    )
    facts = [f for f in session.scalars(newest) if f.kind is Kind.RECALLED or is_redirect(f.details)]
    theirs = select(Parcel).where(Parcel.id.in_({fact.parcel_id for fact in facts}))
    parcels = {parcel.id: parcel for parcel in session.scalars(theirs.options(joinedload(Parcel.settlement)))}
    wishes = [(fact, parcels[fact.parcel_id]) for fact in facts]
    holders = _holders(session, list(parcels))
    return [
        Line(
            parcel=parcel,
            is_recall=fact.kind is Kind.RECALLED,
            asked_at=fact.recorded_at,
            to_city=str(fact.details.get("to_city", "")),
            who=holder_words(holders.get(parcel.id)),
        )
        for fact, parcel in wishes
    ]


def _may_be_shown() -> ColumnElement[bool]:
    """Most changes are none of the address: they must not fill the page up before they are left out."""
    said = cast(Fact.details, Text)
    return or_(Fact.kind == Kind.RECALLED, said.contains('"address"'), said.contains('"settlement"'))


def _holders(session: Session, ids: list[int]) -> dict[int, Holder]:
    held = Holding.parcel_id.in_(ids), Holding.what == What.PARCEL, Holding.until.is_(None)
    return {row.parcel_id: row.holder for row in session.scalars(select(Holding).where(*held))}


def holder_words(holder: Holder | None) -> str:
    """Who has a parcel or its money; a carrier by its name."""
    if holder is None:
        return "—"
    carrier = CARRIERS.get(holder.name) if holder.role is Role.CARRIER else None
    return who_answers(holder.role, carrier.name if carrier is not None else holder.name)


def carriers_of(session: Session, parcel_id: int) -> list[str]:
    """The carriers that have a number of their own for a parcel: they hear nothing of the shop's wishes from us."""
    codes = session.scalars(select(Tracking.carrier).where(Tracking.parcel_id == parcel_id).order_by(Tracking.id))
    return [CARRIERS[code].name if code in CARRIERS else code for code in codes]
