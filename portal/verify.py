"""The invariants of a live database: each check is one function that tells what breaks it, row by row."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from sqlalchemy import String, case, func, or_, select
from sqlalchemy.orm import Session

from parcels.models import Fact, Parcel
from parcels.stages import Kind, Stage, fold
from portal.ticking import LATE
from portal.verify_custody import everything_is_held
from portal.verify_ends import nothing_is_left_to_come
from portal.verify_hooks import webhooks_are_owed, webhooks_come_to_an_end
from portal.verify_messages import facts_are_told
from portal.verify_promises import told_dates_are_kept_or_spoken_of
from scheduling.calendars import local_date
from scheduling.day_models import ClosedDay
from scheduling.models import Booking, Call, Slot, Zone, ZoneSettlement
from scheduling.window import MOVES_WINDOW, Window, after
from sms.models import RANK, Message, Receipt, Status
from sms.occasions import Occasion

BATCH = 1000


@dataclass(frozen=True, slots=True)
class Breach:
    """One invariant that does not hold, and where."""

    invariant: str
    words: str


def breaches(session: Session, running_at: datetime | None = None) -> list[Breach]:
    """Everything in the database that should never be, all seen at one moment.

    Args: `session` of a `transaction()` that has not asked anything yet; `running_at` is the moment now when the
    worker runs: then nothing may have been waiting for it longer than `ticking.LATE`.
    """
    if session.get_bind().dialect.name == "postgresql":
        session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
    found = [Breach(name, words) for name, check in CHECKS for words in check(session)]
    if running_at is not None:
        found += [Breach(name, words) for name, check in CLOCKS for words in check(session, running_at)]
    return found


def slots_add_up(session: Session) -> list[str]:
    """I1: the places taken in a slot are its active bookings, from none to as many as it has."""
    bookings = func.count(Booking.id)
    query = (
        select(Slot.id, Slot.day, Slot.starts, Slot.taken, Slot.capacity, bookings)
        .outerjoin(Booking, (Booking.slot_id == Slot.id) & Booking.is_active)
        .group_by(Slot.id)
        .having(or_(Slot.taken != bookings, Slot.taken < 0, Slot.taken > Slot.capacity))
    )
    return [
        f"слот {slot_id} ({day} {starts:%H:%M}): занято {taken} из {capacity}, активных записей {count}"
        for slot_id, day, starts, taken, capacity, count in session.execute(query)
    ]


def one_booking_each(session: Session) -> list[str]:
    """I2, first half: a parcel has at most one active booking."""
    query = select(Booking.parcel_id, func.count()).where(Booking.is_active).group_by(Booking.parcel_id)
    doubles = session.execute(query.having(func.count() > 1))
    return [f"посылка {parcel_id}: активных записей {count}" for parcel_id, count in doubles]


def bookings_within_window(session: Session) -> list[str]:
    """I2, second half: a booked day was open to choice when it was chosen, and in the parcel's own zone.

    The window is that of the facts up to the booking: of promises, and of what has moved its end.
    """
    query = (
        select(Booking.id, Booking.parcel_id, Slot, ZoneSettlement.zone_id, ClosedDay.made_at, Zone.timezone)
        .join(Slot, Slot.id == Booking.slot_id)
        .join(Zone, Zone.id == Slot.zone_id)
        .join(Parcel, Parcel.id == Booking.parcel_id)
        .outerjoin(ZoneSettlement, ZoneSettlement.settlement_id == Parcel.settlement_id)
        .outerjoin(ClosedDay, (ClosedDay.settlement_id == Parcel.settlement_id) & (ClosedDay.day == Slot.day))
        .where(Booking.is_active)
    )
    windows = _windows(session)
    found = []
    for booking_id, parcel_id, slot, own_zone_id, closed_at, timezone in session.execute(query):
        window, day = windows.get(booking_id), slot.day
        where = f"посылка {parcel_id}, запись {booking_id} на {day}"
        is_closed = closed_at is not None and local_date(closed_at, timezone) < day
        if window is None:
            found.append(f"{where}: в журнале нет ни обещания, ни выбора")
        elif day not in window:
            found.append(f"{where}: вне окна {window.first}…{window.last}")
        if slot.capacity == 0 or slot.zone_id != own_zone_id or is_closed:
            found.append(f"{where}: день закрыт или зона чужая")
    return found


def _windows(session: Session) -> dict[int, Window]:
    """The window that stood when each booking of a slot was recorded, by the booking's id."""
    windows: dict[int, Window] = {}
    query = select(Fact.parcel_id, Fact.kind, Fact.details).where(Fact.kind.in_((*MOVES_WINDOW, Kind.SLOT_BOOKED)))
    rows = session.execute(query.order_by(Fact.parcel_id, Fact.seq).execution_options(yield_per=BATCH))
    for _, facts in groupby(rows, key=lambda row: row.parcel_id):
        window: Window | None = None
        for _, kind, details in facts:
            if kind is Kind.SLOT_BOOKED and window is not None:
                windows[details["booking"]] = window
            window = after(window, kind, details)
    return windows


def somebody_owns_each(session: Session) -> list[str]:
    """I3: an open parcel has an owner, a next action and its time; a closed one has none of them."""
    columns = (Parcel.owner, Parcel.next_action, Parcel.next_action_at)
    is_lost = Parcel.closed_at.is_(None) & or_(*(column.is_(None) for column in columns))
    is_haunted = Parcel.closed_at.is_not(None) & or_(*(column.is_not(None) for column in columns))
    query = select(Parcel.id, Parcel.closed_at).where(is_lost | is_haunted)
    return [
        f"посылка {parcel_id}: {'закрыта, но за кем-то числится' if closed_at else 'открыта, но ни за кем'}"
        for parcel_id, closed_at in session.execute(query)
    ]


def nothing_is_overdue(session: Session, now: datetime) -> list[str]:
    """I3, with a clock: no step has been due for longer than the worker may take."""
    late = select(Parcel.id, Parcel.next_action, Parcel.next_action_at).where(Parcel.next_action_at < now - LATE)
    return [
        f"посылка {parcel_id}: шаг {action} просрочен на {int((now - due).total_seconds())} с"
        for parcel_id, action, due in session.execute(late.order_by(Parcel.id))
        if due is not None
    ]


def nothing_is_stuck(session: Session, now: datetime) -> list[str]:
    """I4, with a clock: no message is being sent for longer than its lease, after which somebody looks it up."""
    stuck = select(Message.id).where(Message.status == Status.SENDING, Message.lease_until < now - LATE)
    return [
        f"сообщение {message_id}: отправка длится дольше отведённого"
        for message_id in session.scalars(stuck.order_by(Message.id))
    ]


def journal_adds_up(session: Session) -> list[str]:
    """I7: the stage is the fold of the facts, their seq has no gaps, and the version is the last of them."""
    kinds: dict[int, list[tuple[int, Kind]]] = {}
    found = []
    parcels = session.scalars(select(Parcel).order_by(Parcel.id).execution_options(yield_per=BATCH))
    for batch in parcels.partitions():
        kinds = _facts_between(session, batch[0].id, batch[-1].id)
        found += [words for parcel in batch for words in _not_folded(parcel, kinds.get(parcel.id, []))]
    return found


def _facts_between(session: Session, first: int, last: int) -> dict[int, list[tuple[int, Kind]]]:
    query = select(Fact.parcel_id, Fact.seq, Fact.kind).where(Fact.parcel_id.between(first, last))
    rows = session.execute(query.order_by(Fact.parcel_id, Fact.seq))
    return {
        parcel_id: [(seq, kind) for _, seq, kind in facts] for parcel_id, facts in groupby(rows, lambda row: row[0])
    }


def _not_folded(parcel: Parcel, facts: list[tuple[int, Kind]]) -> Iterable[str]:
    folded = fold(kind for _, kind in facts)
    if (folded, folded.stage) != (parcel.state, parcel.stage):
        yield f"посылка {parcel.id}: этап {parcel.stage.value}, а по журналу {folded.stage.value}"
    if [seq for seq, _ in facts] != list(range(1, len(facts) + 1)):
        yield f"посылка {parcel.id}: в журнале пропуски"
    if parcel.version != len(facts):
        yield f"посылка {parcel.id}: версия {parcel.version}, а фактов {len(facts)}"


def nobody_calls_in_vain(session: Session) -> list[str]:
    """I12: whoever has a time agreed is not in the queue of calls."""
    query = (
        select(Parcel.id)
        .join(Booking, (Booking.parcel_id == Parcel.id) & Booking.is_active & Booking.slot_id.is_not(None))
        .join(Call, (Call.parcel_id == Parcel.id) & Call.closed_at.is_(None))
        .where(Parcel.stage == Stage.SCHEDULED)
    )
    return [f"посылка {parcel_id}: время назначено, но ей собираются звонить" for parcel_id in session.scalars(query)]


def nobody_is_rung_twice(session: Session) -> list[str]:
    """I12: no two leased calls are to one phone, and whoever rings somebody holds the phone that he rings."""
    leased = Call.leased_by.is_not(None), Call.closed_at.is_(None)
    calls = select(Call.id, Parcel.phone, Call.leased_phone).join(Parcel, Parcel.id == Call.parcel_id).where(*leased)
    rows = session.execute(calls.order_by(Parcel.phone, Call.id)).all()
    found = []
    for phone, group in groupby(rows, key=lambda row: row.phone):
        ids = [call_id for call_id, _, _ in group]
        if phone and len(ids) > 1:
            found.append(f"звонки {', '.join(map(str, ids))}: одному человеку звонят сразу несколько операторов")
    return found + [
        f"звонок {call_id}: номер, по которому звонят, ни за кем не записан"
        for call_id, phone, leased_phone in rows
        if leased_phone != (phone or None)
    ]


def first_messages_are_owed(session: Session) -> list[str]:
    """I4: who has a phone and a link has its first message; its key keeps it from being there twice."""
    key = Parcel.id.cast(String) + f":{Occasion.FIRST_LINK.value}:" + Parcel.link_epoch.cast(String)
    is_it = or_(Message.dedup_key.like(key + ":%"), Message.dedup_key.like(key + ".%"))
    query = (
        select(Parcel.id)
        .join(Fact, (Fact.parcel_id == Parcel.id) & (Fact.kind == Kind.ORDER_ACCEPTED))
        .outerjoin(Message, (Message.parcel_id == Parcel.id) & is_it)
        .where(Parcel.phone != "", Message.id.is_(None))
    )
    return [f"посылка {parcel_id}: нет первого сообщения со ссылкой" for parcel_id in session.scalars(query)]


def accepted_once(session: Session) -> list[str]:
    """I5: the provider has each message at most once, by the names it gave in answers and receipts."""
    others = func.count(case((Receipt.provider_id != Message.provider_id, Receipt.provider_id)).distinct())
    query = (
        select(Receipt.message_id, others)
        .join(Message, Message.id == Receipt.message_id)
        .group_by(Receipt.message_id)
        .having(others > 0)
    )
    return [f"сообщение {message_id}: у провайдера их {count + 1}" for message_id, count in session.execute(query)]


def messages_go_forward(session: Session) -> list[str]:
    """I8: a message that was accepted or has ended does not stand before that again."""
    ours = [status for status in Status if RANK[status] == 0]
    is_back = Message.status.in_(ours) & (Message.accepted_at.is_not(None) | Message.settled_at.is_not(None))
    is_open = (Message.status == Status.ACCEPTED) & Message.settled_at.is_not(None)
    is_lost = (Receipt.status == "delivered") & (Message.status != Status.DELIVERED)
    query = select(Message.id).distinct().outerjoin(Receipt, Receipt.message_id == Message.id)
    return [
        f"сообщение {message_id}: статус вернулся назад"
        for message_id in session.scalars(query.where(or_(is_back, is_open, is_lost)))
    ]


CHECKS: tuple[tuple[str, Callable[[Session], list[str]]], ...] = (
    ("I1", slots_add_up),
    ("I2", one_booking_each),
    ("I2", bookings_within_window),
    ("I3", somebody_owns_each),
    ("I4", first_messages_are_owed),
    ("I4", facts_are_told),
    ("I5", accepted_once),
    ("I7", journal_adds_up),
    ("I8", messages_go_forward),
    ("I10", webhooks_come_to_an_end),
    ("I10", webhooks_are_owed),
    ("I12", nobody_calls_in_vain),
    ("I12", nobody_is_rung_twice),
    ("I13", everything_is_held),
    ("I14", nothing_is_left_to_come),
)

#: What can only be judged with a clock, and only while the worker runs.
CLOCKS: tuple[tuple[str, Callable[[Session, datetime], list[str]]], ...] = (
    ("I3", nothing_is_overdue),
    ("I4", nothing_is_stuck),
    ("I14", told_dates_are_kept_or_spoken_of),
)
