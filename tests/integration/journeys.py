"""Random lives of a few parcels over a few slots, through the real use cases, beside a small model of what must be so.

The model knows slots as sets of parcels and one plan per parcel. What somebody asks for, it predicts; what the world
or the passing of time does, it hears from the journal. After every step it is compared with the database.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from pathlib import Path

from flask import Flask
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from sqlalchemy import insert, select, update

from parcels import journal
from parcels.journal import NewFact, StaleVersion
from parcels.models import Fact, Parcel, Shop
from parcels.stages import BEFORE_CITY, Kind, Stage, State, advance
from portal.extensions import db
from portal.ticking import sweep
from portal.transaction import reading, transaction
from portal.verify import breaches
from scheduling import agreed, booking, matrix, round_loading, round_marks, rounds, zones
from scheduling.booking import Asker
from scheduling.calendars import local_date, moment
from scheduling.matrix import LaneRow
from scheduling.models import Booking, Interval, Slot, Zone, ZoneSettlement
from scheduling.policy import UNDO_FOR, Reason, Refusal, why_no_choice
from scheduling.round_loading import Courier
from scheduling.round_marks import HandedOver, WhyNot
from scheduling.slots import LIMIT_DAYS
from tests.factories import CHELYABINSK, NOW, TOMSK, SettlementFactory, make_parcel, make_round

ZONE_ID, TOWN = 1, "Asia/Tomsk"
MORNING, DAY, EVENING = time(10), time(14), time(18)
#: Mondays, Tuesdays, Thursdays and Fridays, one place in the morning and one in the afternoon.
INTERVALS = [(day, hours, places) for day in (0, 1, 3, 4) for hours, places in ((MORNING, 1), (DAY, 1))]
PARCELS, OPEN_DAYS = 4, 28
SCANS = (Kind.HANDED_OVER, Kind.AT_WAREHOUSE, Kind.DEPARTED, Kind.PASSED, Kind.ARRIVED)
WORDS = (Kind.UNKNOWN, Kind.INCIDENT, Kind.TO_COURIER, Kind.NOT_DELIVERED, Kind.AT_PICKUP, Kind.MESSAGE_FAILED)
ENDS = (Kind.REFUSED, Kind.RETURNING, Kind.RETURNED, Kind.RECALLED, Kind.DELIVERED)
#: Refusals that the model understands; another one must have another reason, such as a limit of changes.
UNDERSTOOD = {
    *(Reason.DELIVERED, Reason.GOING_BACK, Reason.WITH_COURIER, Reason.NO_COURIER_HERE, Reason.NO_PROMISE),
    *(Reason.TOO_EARLY, Reason.BEYOND_LIMIT, Reason.PAST_DAY, Reason.CLOSED_DAY, Reason.TOO_LATE, Reason.SLOT_FULL),
    *(Reason.UNDO_OVER, Reason.NOTHING_TO_UNDO, Reason.UNDO_TAKEN),
}

Wish = tuple[date, time] | date
numbers = st.integers(0, PARCELS - 1)
days = st.integers(-1, LIMIT_DAYS + 1)
early = st.sampled_from([0, 0, 0, 1, 1, 2, 3])
askers = st.sampled_from(["recipient", "operator"])


@dataclass
class Choice:
    """What is agreed for a parcel: a slot as (day, hour) or a day, who chose it and when, and what it replaced."""

    wish: Wish
    by: str
    at: datetime
    before: Wish | None = None


@dataclass
class Model:
    """What must be so: capacity and holders of each slot, state and choice of each parcel."""

    places: dict[tuple[date, time], int] = field(default_factory=dict)
    choices: dict[int, Choice] = field(default_factory=dict)
    states: dict[int, State] = field(default_factory=dict)
    heard: dict[int, int] = field(default_factory=dict)

    def holders(self, slot: Wish) -> set[int]:
        return {parcel for parcel, choice in self.choices.items() if choice.wish == slot}

    def has_room(self, slot: Wish) -> bool:
        return not isinstance(slot, tuple) or len(self.holders(slot)) < self.places.get(slot, 0)

    def hear(self, fact: Fact) -> None:
        """Take in one fact of the journal in the order of its seq."""
        parcel = fact.parcel_id
        assert fact.seq == self.heard.get(parcel, 0) + 1
        self.heard[parcel] = fact.seq
        state = self.states[parcel] = advance(self.states.get(parcel, State()), fact.kind)
        if fact.kind in (Kind.SLOT_BOOKED, Kind.POSTPONED):
            self._choose(parcel, fact)
        elif fact.kind is Kind.CHOICE_WITHDRAWN:
            assert fact.details["cause"] != "delay" or state.road is not Stage.WITH_COURIER
            self.choices.pop(parcel, None)
        elif state.plan is None and state.stage is not Stage.DELIVERED:
            self.choices.pop(parcel, None)

    def _choose(self, parcel: int, fact: Fact) -> None:
        said = fact.details
        wish: Wish = date.fromisoformat(said["to"]) if "to" in said else slot_named(said["day"], said["starts"])
        held = self.choices.get(parcel)
        if said["undone"]:
            assert held is not None
            assert wish == held.before
            self.choices[parcel] = Choice(wish, "undo", fact.recorded_at)
        else:
            assert self.has_room(wish)
            self.choices[parcel] = Choice(wish, fact.source, fact.recorded_at, held.wish if held else None)


def slot_named(day: str, starts: str) -> tuple[date, time]:
    return date.fromisoformat(day), time.fromisoformat(starts)


def small_world() -> None:
    """Two towns, one lane, one zone with few places."""
    with transaction() as session:
        for code, zone in ((CHELYABINSK, "Asia/Yekaterinburg"), (TOMSK, TOWN)):
            session.add(SettlementFactory(id=code, zone=zone))
        session.flush()
        matrix.store(session, [LaneRow(TOMSK, 1, 2, True)], "cdek", CHELYABINSK, date(2026, 1, 1), NOW)
        session.add(Zone(id=ZONE_ID, name="Томск", timezone=TOWN))
        session.add(Shop(code="teply-dom", name="Тёплый дом", phone="+78000000417", origin_id=CHELYABINSK))
        session.flush()
        session.execute(insert(ZoneSettlement).values(settlement_id=TOMSK, zone_id=ZONE_ID))
        for weekday, starts, places in INTERVALS:
            ends = time(starts.hour + 4)
            session.add(Interval(zone_id=ZONE_ID, weekday=weekday, starts=starts, ends=ends, capacity=places))
        session.flush()
        zones.open_days(session, NOW, OPEN_DAYS)


#: More steps than these are never due one behind another.
SWEEPS = 4


class Template:
    """A database file with the small world, copied back before each life."""

    def __init__(self, app: Flask) -> None:
        self.app = app
        small_world()
        db.engine.dispose()  # the last connection to close writes the log back into the file
        self.live = Path(str(db.engine.url.database))
        self.kept = self.live.with_suffix(".template")
        shutil.copy(self.live, self.kept)

    def restore(self) -> None:
        db.session.remove()
        db.engine.dispose()
        for suffix in ("-wal", "-shm"):
            Path(f"{self.live}{suffix}").unlink(missing_ok=True)
        shutil.copy(self.kept, self.live)


class Lives(RuleBasedStateMachine):
    """Four parcels to one town, and everything that may happen to them."""

    template: Template

    @initialize()
    def begin(self) -> None:
        self.template.restore()
        self.now = NOW
        self.model = Model()
        with transaction() as session:
            shop = session.scalars(select(Shop)).one()
            self.parcels = [make_parcel(session, shop, NOW).id for _ in range(PARCELS)]
            self.model.places = {(s.day, s.starts): s.capacity for s in session.scalars(select(Slot))}
        self.listen()

    # --- what people ask for

    @rule(number=numbers, pick=early, by=askers)
    def book(self, number: int, pick: int, by: str) -> None:
        """Book, or move, the same use case: one of the first four slots, so that places run out."""
        parcel = self.parcel(number)
        wish = self.slots_from(parcel)[pick]
        self.choose(parcel, wish, by, lambda s, p, a: booking.book(s, p, *wish, a, self.now))

    @rule(number=numbers, ahead=days, starts=st.sampled_from([MORNING, DAY, EVENING]), by=askers)
    def book_anything(self, number: int, ahead: int, starts: time, by: str) -> None:
        """Days without couriers, days beyond the limit, hours that do not exist."""
        parcel = self.parcel(number)
        day = (parcel.promised_from or self.today) + timedelta(days=ahead)
        self.choose(parcel, (day, starts), by, lambda s, p, a: booking.book(s, p, day, starts, a, self.now))

    @rule(number=numbers, ahead=days, by=askers)
    def postpone(self, number: int, ahead: int, by: str) -> None:
        parcel = self.parcel(number)
        day = (parcel.promised_from or self.today) + timedelta(days=ahead)
        self.choose(parcel, day, by, lambda s, p, a: booking.postpone(s, p, day, a, self.now))

    @precondition(lambda self: self.model.choices)
    @rule(pick=numbers, to=early, minutes=st.sampled_from([0, 5, 15]), taken_by=numbers | st.none())
    def move_and_undo(self, pick: int, to: int, minutes: int, taken_by: int | None) -> None:
        """A recipient tries another slot and comes back; meanwhile somebody else may want the place he left."""
        parcel = self.parcel(self.parcels.index(sorted(self.model.choices)[pick % len(self.model.choices)]))
        left, wish = self.model.choices[parcel.id].wish, self.slots_from(parcel)[to]
        self.choose(parcel, wish, "recipient", lambda s, p, a: booking.book(s, p, *wish, a, self.now))
        if taken_by is not None and isinstance(left, tuple) and self.parcels[taken_by] != parcel.id:
            self.choose(self.parcel(taken_by), left, "operator", lambda s, p, a: booking.book(s, p, *left, a, self.now))
        self.now += timedelta(minutes=minutes)
        self.take_back(self.parcel(self.parcels.index(parcel.id)), "recipient")

    @precondition(lambda self: self.model.choices)
    @rule(pick=numbers, by=askers)
    def undo(self, pick: int, by: str) -> None:
        chosen = sorted(self.model.choices)
        self.take_back(self.parcel(self.parcels.index(chosen[pick % len(chosen)])), by)

    @rule(number=numbers, by=askers)
    def undo_anything(self, number: int, by: str) -> None:
        self.take_back(self.parcel(number), by)

    @rule(number=numbers, ahead=days)
    def book_from_an_old_page(self, number: int, ahead: int) -> None:
        """A page from before the last thing that mattered changes nothing."""
        parcel = self.parcel(number)
        day = (parcel.promised_from or self.today) + timedelta(days=ahead)
        held = self.model.choices.get(parcel.id)
        if held is not None and held.wish == (day, DAY):
            return
        try:
            with transaction() as session:
                booking.book(session, journal.lock(session, parcel.id), day, DAY, Asker("recipient", 1), self.now)
        except (StaleVersion, Refusal):
            return
        raise AssertionError("booked from a page of long ago")

    @rule(number=numbers)
    def withdraw(self, number: int) -> None:
        """Staff cancel what is agreed."""
        parcel = self.parcel(number)
        had = parcel.id in self.model.choices
        with transaction() as session:
            assert booking.withdraw(session, journal.lock(session, parcel.id), "operator", "asked", self.now) == had
        self.listen()
        assert parcel.id not in self.model.choices

    @rule(day=st.integers(0, OPEN_DAYS), starts=st.sampled_from([MORNING, DAY]), places=st.integers(0, 3))
    def change_capacity(self, day: int, starts: time, places: int) -> None:
        """As a manager does: refused when more is taken than there would be."""
        slot = (local_date(NOW, TOWN) + timedelta(days=day), starts)
        which = Slot.day == slot[0], Slot.starts == starts, Slot.taken <= places
        with transaction() as session:
            changed = session.connection().execute(update(Slot).where(*which).values(capacity=places)).rowcount
        assert changed == (slot in self.model.places and len(self.model.holders(slot)) <= places)
        if changed:
            self.model.places[slot] = places

    # --- what the world reports

    @rule(number=numbers, kind=st.sampled_from(SCANS), hours=st.integers(-1, 60))
    def scan(self, number: int, kind: Kind, hours: int) -> None:
        """Late, in any order, and once in a while by a clock that is ahead."""
        self.happen(self.parcels[number], NewFact(kind, "carrier:test", self.now - timedelta(hours=hours)))

    @rule(number=numbers, kind=st.sampled_from((*WORDS, *ENDS)), is_so=st.sampled_from([False, False, True]))
    def word(self, number: int, kind: Kind, is_so: bool) -> None:
        """What may lie over a parcel or end it; rare, or every life would be short."""
        if is_so:
            self.happen(self.parcels[number], NewFact(kind, "carrier:test"))

    @precondition(lambda self: self.model.choices)
    @rule(pick=st.integers(0, PARCELS), why=st.sampled_from([None, *WhyNot]))
    def courier_marks(self, pick: int, why: WhyNot | None) -> None:
        """A courier loads a booked day and marks one of its stops."""
        booked = [(p, c.wish) for p, c in sorted(self.model.choices.items()) if isinstance(c.wish, tuple)]
        if not booked:
            return
        parcel_id, (day, _) = booked[pick % len(booked)]
        with transaction() as session:
            (one,) = make_round(session, TOMSK, day, self.now)
            for stop in rounds.stops_of(session, one.id):
                with suppress(Refusal):
                    round_loading.load(session, one, stop.parcel.number, Courier("Иван"), self.now)
        self.listen()
        on_round = self.model.states[parcel_id].road is Stage.WITH_COURIER
        try:
            with transaction() as session:
                parcel = journal.lock(session, parcel_id)
                if why is None:
                    said = HandedOver("Марина", parcel.cod_minor)
                    round_marks.deliver(session, parcel, one, said, "Иван", self.now)
                else:
                    round_marks.fail(session, parcel, one, why, "Иван", self.now)
        except Refusal:
            assert not on_round
        self.listen()

    # --- time passes

    @rule(minutes=st.sampled_from([1, 14, 15, 60, 6 * 60, 24 * 60, 3 * 24 * 60]))
    def wait(self, minutes: int) -> None:
        self.now += timedelta(minutes=minutes)

    @rule()
    def clock_falls_back(self) -> None:
        self.now -= timedelta(hours=2)

    @rule(hours=st.sampled_from([0, 0, 12, 48]))
    def agenda(self, hours: int) -> None:
        self.now += timedelta(hours=hours)
        for _ in range(SWEEPS):  # a step may be due at once behind another; the next sweep is seconds away
            sweep(self.now)
        self.listen()
        with reading() as session:
            due = session.scalars(select(Parcel.id).where(Parcel.next_action_at <= self.now)).all()
        assert due == []

    @precondition(lambda self: self.model.choices)
    @rule(pick=numbers, days_late=st.integers(1, 4), kind=st.sampled_from([Kind.HANDED_OVER, Kind.DEPARTED]))
    def come_late(self, pick: int, days_late: int, kind: Kind) -> None:
        """Days go by, and only then a parcel with something agreed sets out."""
        parcel_id = sorted(self.model.choices)[pick % len(self.model.choices)]
        self.now += timedelta(days=days_late)
        self.happen(parcel_id, NewFact(kind, "carrier:test"))

    # --- what must always be so

    @invariant()
    def nothing_contradicts_itself(self) -> None:
        with transaction() as session:
            assert breaches(session) == []

    @invariant()
    def the_database_is_as_the_model(self) -> None:
        with reading() as session:
            rows = session.execute(
                select(Booking.parcel_id, Slot.day, Slot.starts, Booking.postponed_to)
                .outerjoin(Slot, Slot.id == Booking.slot_id)
                .where(Booking.is_active)
            ).all()
            found = {slot: (taken, places) for slot, taken, places in self.slots(session)}
        agreed = {parcel: (day, starts) if day else until for parcel, day, starts, until in rows}
        assert agreed == {parcel: choice.wish for parcel, choice in self.model.choices.items()}
        assert found == {slot: (len(self.model.holders(slot)), n) for slot, n in self.model.places.items()}

    @invariant()
    def only_what_can_be_kept_is_offered(self) -> None:
        """No slot outside the window, on a day that has begun or whose evening before is over."""
        with reading() as session:
            for parcel in session.scalars(select(Parcel)):
                try:
                    offered = booking.offered(session, parcel, self.now)
                except Refusal:
                    continue
                first, last = parcel.promised_from or date.max, parcel.choose_until or date.min
                assert last >= first + timedelta(days=LIMIT_DAYS)
                for day in offered:
                    assert first <= day.day <= last
                    assert self.today < day.day
                    free = [(o.row.day, o.row.starts) for o in day.offers if o.is_free]
                    assert free == [s for s in ((day.day, o.row.starts) for o in day.offers) if self.model.has_room(s)]

    @invariant()
    def who_has_a_place_can_use_it(self) -> None:
        """Nobody holds a place on a day before his parcel can be there, as long as it is on the road."""
        with reading() as session:
            for parcel in session.scalars(select(Parcel).where(Parcel.closed_at.is_(None))):
                choice = self.model.choices.get(parcel.id)
                if choice is None or parcel.road not in BEFORE_CITY:
                    continue
                day = choice.wish[0] if isinstance(choice.wish, tuple) else choice.wish
                assert parcel.promised_from is not None
                assert day >= parcel.promised_from

    # --- the steps

    @property
    def today(self) -> date:
        return local_date(self.now, TOWN)

    def parcel(self, number: int) -> Parcel:
        with reading() as session:
            return session.get_one(Parcel, self.parcels[number])

    def slots(self, session: booking.Session) -> list[tuple[tuple[date, time], int, int]]:
        return [
            ((day, starts), taken, places)
            for day, starts, taken, places in session.execute(select(Slot.day, Slot.starts, Slot.taken, Slot.capacity))
        ]

    def is_open(self, parcel: Parcel, wish: Wish, by: str = "recipient") -> bool:
        """May this day be chosen now, and is there such a slot at all?"""
        day = wish[0] if isinstance(wish, tuple) else wish
        first = parcel.promised_from
        if first is None or why_no_choice(parcel.state, first, True, by_staff=by.startswith("operator")) is not None:
            return False
        exists = wish in self.model.places or any(slot[0] == wish for slot in self.model.places)
        is_early = self.now < moment(day - timedelta(days=1), time(18), TOWN)
        return exists and is_early and max(first, self.today) <= day <= (parcel.choose_until or first)

    def slots_from(self, parcel: Parcel) -> list[tuple[date, time]]:
        """The slots from the first possible day on, or from any day when there are no four of them."""
        ordered = sorted(self.model.places)
        ahead = [slot for slot in ordered if parcel.promised_from and slot[0] >= parcel.promised_from]
        return ahead if len(ahead) >= 4 else ordered[-4:]

    def take_back(self, parcel: Parcel, by: str) -> None:
        """Undo, and see that it is done exactly when it may be."""
        held = self.model.choices.get(parcel.id)
        with reading() as session:
            is_pressed_twice = agreed.was_just_undone(session, parcel.id, self.now)
        if is_pressed_twice:
            assert self.ask(parcel, by, lambda s, p, a: booking.undo(s, p, a, self.now)) is None
            assert self.model.choices.get(parcel.id) == held
            return
        before = held.before if held else None
        may = held is not None and held.by == "recipient" and self.now < held.at + UNDO_FOR
        may = may and why_no_choice(parcel.state, parcel.promised_from, True, by_staff=by == "operator") is None
        if held is not None and isinstance(before, tuple):
            may = may and self.is_open(parcel, before) and (before == held.wish or self.model.has_room(before))
        refusal = self.ask(parcel, by, lambda s, p, a: booking.undo(s, p, a, self.now))
        assert (refusal is None) == may, refusal
        after = self.model.choices.get(parcel.id)
        assert (after.wish if after else None) == (before if may else held.wish if held else None)

    def choose(self, parcel: Parcel, wish: Wish, by: str, use_case: Callable[..., object]) -> None:
        """Ask for a slot or a day, and see that it is had exactly when it may be."""
        held = self.model.choices.get(parcel.id)
        if held is not None and held.wish == wish:
            assert self.ask(parcel, by, use_case) is None
            assert self.model.choices[parcel.id].wish == wish
            return
        may = self.is_open(parcel, wish, by) and self.model.has_room(wish)
        refusal = self.ask(parcel, by, use_case)
        if refusal is None:
            assert may
            assert self.model.choices[parcel.id].wish == wish
        elif may:
            assert refusal.reason not in UNDERSTOOD
        else:
            assert self.model.choices.get(parcel.id) == held

    def ask(self, parcel: Parcel, by: str, use_case: Callable[..., object]) -> Refusal | None:
        try:
            with transaction() as session:
                held = journal.lock(session, parcel.id)
                use_case(session, held, Asker(by, held.version))
        except Refusal as refusal:
            return refusal
        finally:
            self.listen()
        return None

    def happen(self, parcel_id: int, fact: NewFact) -> None:
        with transaction() as session:
            journal.record(session, journal.lock(session, parcel_id), fact, self.now)
        self.listen()

    def listen(self) -> None:
        """The model hears what the journal has to tell since last time."""
        with reading() as session:
            for parcel_id in self.parcels:
                since = self.model.heard.get(parcel_id, 0)
                news = select(Fact).where(Fact.parcel_id == parcel_id, Fact.seq > since).order_by(Fact.seq)
                for fact in session.scalars(news):
                    self.model.hear(fact)


def lives(app: Flask) -> type[Lives]:
    """The machine on a database of its own."""
    return type("LivesHere", (Lives,), {"template": Template(app)})
