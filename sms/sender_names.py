"""Names under which SMS leave: a shop asks for one, a manager lets it have it, and no two have the same."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, String, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from parcels.models import Base
from sms.preferences import DEFAULT_SENDER

#: Banks, payment systems, the state, operators, carriers and market places.
_NAMES_OF_OTHERS = """
sber sberbank vtb tinkoff tbank tcsbank alfabank alfa gazprom raiffeisen rosbank psbank sovcombank pochtabank rshb
otkritie homecredit mkb kaspi privat24 privatbank monobank visa mastercard mir sbp nspk paypal qiwi yoomoney
webmoney gosuslugi gosusl mosru mvd fns nalog fssp gibdd fsb pfr sfr minzdrav mchs kremlin sud police interpol cbr
centrobank esia egov diia mts beeline megafon tele2 yota rostelecom tmobile kyivstar pochtarf russianpost ruspost
cdek sdek boxberry dpd dhl ups fedex ems dostavista novaposhta meest ozon wildberries wb avito yandex lamoda
aliexpress amazon vkontakte telegram whatsapp google microsoft kaspersky
"""
#: Whose name nobody may borrow. A name that holds one of the longer ones anywhere is refused too.
_OF_OTHERS = frozenset(_NAMES_OF_OTHERS.split())
#: What phones and banks sign with; alone it names nobody.
_OF_NOBODY = frozenset({"info", "alert", "security", "support", "service", "code", "sms", "bank"})
_LONG = 5
_LOOK_ALIKE = str.maketrans("013456789", "oieasbtbg")


class Standing(StrEnum):
    """Whether a shop may write under a name."""

    FREE = "free"
    WAITS = "waits"
    APPROVED = "approved"
    REFUSED = "refused"
    OF_ANOTHER = "of_another"
    RESERVED = "reserved"


class SenderName(Base):
    """A name that a shop has asked for; `skeleton` is what makes two names the same to a reader."""

    __tablename__ = "sender_names"
    skeleton: Mapped[str] = mapped_column(String(11), primary_key=True)
    name: Mapped[str] = mapped_column(String(11))
    shop_id: Mapped[int] = mapped_column(ForeignKey("shops.id"))
    asked_at: Mapped[datetime]
    decided_at: Mapped[datetime | None]
    decided_by: Mapped[str] = mapped_column(String(80), default="", server_default="")
    is_approved: Mapped[bool | None]


def skeleton_of(name: str) -> str:
    """A name as a hasty reader sees it: no capitals, no signs between letters, digits as the letters they look like."""
    letters = "".join(sign for sign in name.lower() if sign.isalnum())
    return letters.translate(_LOOK_ALIKE).replace("l", "i")


_RESERVED = frozenset(skeleton_of(name) for name in _OF_OTHERS | _OF_NOBODY)
_RESERVED_ANYWHERE = frozenset(skeleton_of(name) for name in _OF_OTHERS if len(name) >= _LONG)


def is_reserved(name: str) -> bool:
    """Is it, or does it look like, a name that nobody may borrow?"""
    skeleton = skeleton_of(name)
    return skeleton in _RESERVED or any(taken in skeleton for taken in _RESERVED_ANYWHERE)


def standing(session: Session, shop_id: int, name: str) -> Standing:
    """May this shop write under this name? The default name is everybody's."""
    if name == DEFAULT_SENDER:
        return Standing.APPROVED
    if is_reserved(name):
        return Standing.RESERVED
    row = session.get(SenderName, skeleton_of(name))
    if row is None:
        return Standing.FREE
    if row.shop_id != shop_id:
        return Standing.OF_ANOTHER
    if row.is_approved is None or row.name != name:
        return Standing.WAITS
    return Standing.APPROVED if row.is_approved else Standing.REFUSED


def is_approved(session: Session, shop_id: int, name: str) -> bool:
    """Does a shop write under this name today?"""
    return standing(session, shop_id, name) is Standing.APPROVED


def in_use(session: Session, shop_id: int, name: str) -> str:
    """The name that a shop's message leaves under: its own once it is approved, else the default."""
    return name if is_approved(session, shop_id, name) else DEFAULT_SENDER


def ask(session: Session, shop_id: int, name: str, now: datetime) -> Standing:
    """Ask for a name, or for another spelling of one's own. Returns how it stands now; nothing is asked twice."""
    found = standing(session, shop_id, name)
    if found is Standing.FREE:
        session.add(SenderName(skeleton=skeleton_of(name), name=name, shop_id=shop_id, asked_at=now))
        session.flush()
        return Standing.WAITS
    row = session.get(SenderName, skeleton_of(name))
    if found is Standing.WAITS and row is not None and row.name != name:
        row.name, row.asked_at, row.is_approved = name, now, None
    return found


def decide(session: Session, skeleton: str, name: str, by: str, now: datetime, *, is_approved: bool) -> bool:
    """A manager lets a shop have the name he was shown, or not. Returns whether it was still that name."""
    shown = SenderName.skeleton == skeleton, SenderName.name == name
    decided = update(SenderName).where(*shown).values(is_approved=is_approved, decided_at=now, decided_by=by)
    return bool(session.execute(decided.returning(SenderName.skeleton)).all())


def listed(session: Session) -> list[SenderName]:
    """All names, those that wait first, the newest first."""
    query = select(SenderName).order_by(SenderName.is_approved.is_not(None), SenderName.asked_at.desc())
    return list(session.scalars(query))
