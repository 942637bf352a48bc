"""What a courier says of his day, by whichever way it comes: a form pressed now, or a mark that waited in his phone."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal

from sqlalchemy.orm import Session

from parcels import journal
from parcels.journal import UnknownParcel
from portal.access import User
from portal.languages import _
from scheduling import photos, round_closing, round_loading, round_marks, rounds
from scheduling.calendars import local_date
from scheduling.models import Zone
from scheduling.policy import Reason, Refusal
from scheduling.round_loading import Courier
from scheduling.round_marks import HandedOver, WhyNot
from scheduling.round_models import Round

#: Minor units: a sum above it is a slip of the finger, or of somebody who tries what happens.
MOST = 1_000_000_000


class NoReason(ValueError):
    """A stop that was not handed over, and nothing that says why."""


class NoZone(LookupError):
    """A courier for whom nobody has said where he drives: there is no round to show or to mark."""


@dataclass(frozen=True, slots=True)
class Said:
    """One thing that a courier says: the fields of its form, and `at` when it happened, if his phone tells it late.

    `photo` is the body of the file that came along.
    """

    kind: str
    fields: Mapping[str, str] = field(default_factory=dict)
    parcel_id: int | None = None
    at: datetime | None = None
    photo: bytes = b""


@dataclass(frozen=True, slots=True)
class Scene:
    """Who says it, of which round, and when we hear it."""

    session: Session
    one: Round
    user: User
    now: datetime


def zone_of(session: Session, user: User) -> Zone:
    """The zone that a courier drives in. Raises NoZone."""
    zone = session.get(Zone, user.zone_id) if user.zone_id is not None else None
    if zone is None:
        raise NoZone
    return zone


def carry_out(session: Session, user: User, zone: str, said: Said, now: datetime) -> str:
    """Do what a courier says. Returns what to tell him, which may be nothing.

    Args: `zone` is the IANA zone of his round. Raises: Refusal, WrongParcel, NotClosable, NoReason, BadPhoto,
    UnknownParcel, after which nothing may be kept.
    """
    one = rounds.round_of(session, user.id, day_of(said.fields, zone, now), lock=True)
    if one is None:
        raise Refusal(Reason.NOT_ON_ROUND)
    return DEEDS[said.kind](Scene(session, one, user, now), said)


def day_of(fields: Mapping[str, str], zone: str, now: datetime) -> date:
    """The day a mark belongs to: that of the page, so that a round may end after midnight, but none to come."""
    current = local_date(now, zone)
    return min(asked_day(fields) or current, current)


def asked_day(fields: Mapping[str, str]) -> date | None:
    """The day in a form or in an address."""
    try:
        return date.fromisoformat(fields.get("day", ""))
    except ValueError:
        return None


def _scan(scene: Scene, said: Said) -> str:
    by_eye = said.fields.get("unreadable", "")
    courier, code = Courier(scene.user.name, scene.user.phone), by_eye or said.fields.get("code", "")
    taken = round_loading.load(scene.session, scene.one, code, courier, scene.now, bool(by_eye), said.at)
    return _("В машине: {number}, адрес {n}.", number=taken.parcel.number, n=taken.place)


def _start(scene: Scene, said: Said) -> str:
    rounds.start(scene.session, scene.one, scene.now, said.at)
    return _("Вы в пути. Хорошей дороги.")


def _warned(scene: Scene, said: Said) -> str:
    rounds.warn(scene.session, scene.one, _parcel_id(said), scene.now, said.at)
    return ""


def _unanswered(scene: Scene, said: Said) -> str:
    round_marks.ring_in_vain(scene.session, scene.one, _parcel_id(said), scene.user.name, scene.now)
    return _("Звонок записан. Попробуйте ещё раз перед выездом к этому адресу.")


def _delivered(scene: Scene, said: Said) -> str:
    form, parcel = said.fields, journal.lock(scene.session, _parcel_id(said))
    handed = HandedOver(form.get("to", ""), minor(form.get("cash", "0")), form.get("receipt", ""), form.get("note", ""))
    round_marks.deliver(scene.session, parcel, scene.one, handed, scene.user.name, scene.now, said.at)
    return ""


def _photo(scene: Scene, said: Said) -> str:
    parcel = journal.lock(scene.session, _parcel_id(said))
    photos.attach(scene.session, scene.one, parcel, said.photo, scene.user.name, scene.now, said.at)
    return _("Фото сохранено.")


def _failed(scene: Scene, said: Said) -> str:
    why = said.fields.get("why", "")
    if why not in list(WhyNot):
        raise NoReason(why)
    parcel = journal.lock(scene.session, _parcel_id(said))
    round_marks.fail(scene.session, parcel, scene.one, WhyNot(why), scene.user.name, scene.now, said.at)
    return ""


def _back(scene: Scene, said: Said) -> str:
    code = said.fields.get("code", "")
    brought = round_loading.bring_back(scene.session, scene.one, code, scene.user.name, scene.now, said.at)
    return _("{number}: ждём скана склада. До него посылка за вами.", number=brought.parcel.number)


def _close(scene: Scene, said: Said) -> str:
    sums = {name.removeprefix("cash_"): minor(value) for name, value in said.fields.items() if name[:5] == "cash_"}
    round_closing.close(scene.session, scene.one, sums, scene.now)
    if scene.one.closed_at is not None:
        return _("Рейс закрыт. Спасибо.")
    return _("Записали: вы сдаёте рейс. Он закроется, когда склад примет посылки, а кассир деньги.")


DEEDS: dict[str, Callable[[Scene, Said], str]] = {
    "scan": _scan,
    "start": _start,
    "warned": _warned,
    "unanswered": _unanswered,
    "delivered": _delivered,
    "photo": _photo,
    "failed": _failed,
    "back": _back,
    "close": _close,
}
#: What may wait in a phone; a round is closed only where the server can say that everything adds up.
MAY_WAIT = frozenset(DEEDS) - {"close", "unanswered"}


def _parcel_id(said: Said) -> int:
    if said.parcel_id is None:
        raise UnknownParcel
    return said.parcel_id


def minor(written: str) -> int:
    """A sum as it is typed, in minor units; -1, which is nobody's due, when it is no sum."""
    try:
        found = Decimal("".join(written.replace(",", ".").split()) or "0") * 100
        return int(found) if 0 <= found <= MOST else -1
    except ArithmeticError:  # neither a number nor within reach of one
        return -1
