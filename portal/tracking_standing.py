"""How a parcel stands, read once out of its journal: what the other parts of the recipient's page depend on."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Row

from parcels.stages import BEFORE_CITY, Kind, Stage
from parcels.storage import last_day, stay
from portal.formats import date_range
from portal.tracking_changes import changes_left, taken_back
from portal.tracking_rows import PastFact, Story
from portal.tracking_story import slot_words
from scheduling.approach import Approach, approach
from scheduling.calendars import local_date

#: Stages whose headline says all there is; the promise and its reasons step back.
HAS_OWN_HEADLINE = frozenset(
    {
        Stage.DELIVERED,
        Stage.MISSED,
        Stage.AT_PICKUP,
        Stage.INCIDENT,
        Stage.UNKNOWN,
        Stage.REFUSED,
        Stage.RETURNING,
        Stage.RETURNED,
        Stage.RECALLED,
        Stage.EXPIRED,
    }
)


@dataclass(frozen=True, slots=True)
class Standing:
    """What the headline depends on, read once out of the journal; `newest` is the last fact of each kind."""

    head: Row[Any]
    now: datetime
    zone: str
    language: str
    newest: Mapping[Kind, PastFact]
    slot: PastFact | None
    postponed: date | None
    was: str
    today: date
    arrival_from: date | None
    remind: date | None = None
    is_reminded: bool = False
    taken_back: PastFact | None = None
    courier: PastFact | None = None
    changes_left: int = 0
    kept_until: date | None = None
    approach: Approach | None = None

    @property
    def told_at(self) -> datetime | None:
        """When staff or we ourselves took back what had been agreed."""
        return self.taken_back.at if self.taken_back else None

    @property
    def is_undated(self) -> bool:
        """Was the promise taken back because it was outrun too often, with none since?"""
        taken_back, promised = self.newest.get(Kind.PROMISE_WITHDRAWN), self.newest.get(Kind.PROMISED)
        return taken_back is not None and (promised is None or promised.seq < taken_back.seq)

    @property
    def is_unconfirmed(self) -> bool:
        """Does the carrier plan days itself, and has not yet confirmed the one that was chosen?"""
        if self.slot is None or self.head.stage != Stage.SCHEDULED or self.head.carrier_days is None:
            return False
        taken = self.newest.get(Kind.DAY_TAKEN)
        return taken is None or taken.seq < self.slot.seq


def standing(head: Row[Any], story: Story, now: datetime, zone: str, language: str) -> Standing:
    """Read out of the journal what the headline needs."""
    plan = next((f for f in reversed(story.facts) if f.kind in (Kind.SLOT_BOOKED, Kind.POSTPONED)), None)
    slot = plan if head.plan is Stage.SCHEDULED or head.road is Stage.WITH_COURIER else None
    held = plan if head.plan is Stage.POSTPONED else None
    to = date.fromisoformat(held.details["to"]) if held and "to" in held.details else None
    remind = date.fromisoformat(held.details["remind_on"]) if held and "remind_on" in held.details else None
    is_reminded = held is not None and any(f.kind is Kind.REMINDED and f.seq > held.seq for f in story.facts)
    slot = slot if slot and "day" in slot.details else None
    promise = next((f for f in reversed(story.facts) if f.kind is Kind.PROMISED), None)
    arrival_from = date.fromisoformat(promise.details["arrival_from"]) if promise else None
    was, today = _was(head, story, language), local_date(now, zone)
    return Standing(
        *(head, now, zone, language, {f.kind: f for f in story.facts}, slot, to, was, today, arrival_from),
        remind=remind,
        is_reminded=is_reminded,
        taken_back=taken_back(story.facts) if head.plan is None else None,
        courier=_courier(head, story),
        changes_left=changes_left(story.facts),
        kept_until=_kept_until(head, story, zone) if head.side is Stage.AT_PICKUP else None,
        approach=approach(story.near, *story.round, zone, now) if story.round else None,
    )


def _kept_until(head: Row[Any], story: Story, zone: str) -> date | None:
    scans = [fact for fact in story.facts if fact.kind is Kind.AT_PICKUP]
    stays = [stay(fact.place, fact.at, fact.details, zone) for fact in scans]
    return last_day(stays, head.promised_from)


def _courier(head: Row[Any], story: Story) -> PastFact | None:
    """The hand-over to the courier who has it now."""
    if head.stage != Stage.WITH_COURIER:
        return None
    return next((f for f in reversed(story.facts) if f.kind in (Kind.TO_COURIER, Kind.VISIT_MOVED)), None)


def _was(head: Row[Any], story: Story, language: str) -> str:
    """What was promised before, when the parcel is later than that; "" otherwise."""
    if head.plan is not None or head.closed_at is not None:
        return ""
    lost = next((f for f in reversed(story.facts) if f.kind in (Kind.CHOICE_WITHDRAWN, Kind.SLOT_BOOKED)), None)
    if lost is not None and lost.kind is Kind.CHOICE_WITHDRAWN and lost.details.get("cause") == "delay":
        return slot_words(lost.details, language) if "day" in lost.details else ""
    promises = [f for f in story.facts if f.kind is Kind.PROMISED]
    promises = [f for f in promises if f.details["settlement"] == promises[-1].details["settlement"]]
    if promises and promises[-1].details["promised_to"] > promises[0].details["promised_to"]:
        before = promises[0].details
        return date_range(
            date.fromisoformat(before["promised_from"]), date.fromisoformat(before["promised_to"]), language
        )
    return ""


def coming_days(s: Standing) -> tuple[date, date]:
    """The promised days that are still to come: what has not reached the city is at nobody's door today."""
    soonest = s.today + timedelta(days=1) if s.head.road in BEFORE_CITY else s.today
    last = s.head.promised_to
    return min(max(s.head.promised_from, soonest), last), last
