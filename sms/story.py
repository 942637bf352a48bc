"""What there is to say of a parcel at this moment: its journal read once, and what of it can be named in a text."""

from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any

from sqlalchemy.orm import Session

from parcels import journal
from parcels.clocks import answer_by, local_date, moment
from parcels.models import Fact, Parcel
from parcels.stages import ON_THE_ROAD, Kind, Stage
from parcels.storage import last_day_after
from sms.phrases import DASH, SIGNS, STATUS

_CHOICES = (Kind.SLOT_BOOKED, Kind.POSTPONED, Kind.CHOICE_WITHDRAWN)


@dataclass(frozen=True, slots=True)
class Story:
    """A parcel, its facts by seq, and the moment at which something is to be said."""

    parcel: Parcel
    facts: list[Fact]
    now: datetime

    @property
    def today(self) -> date:
        """The recipient's own date."""
        return local_date(self.now, self.parcel.zone)

    def last(self, *kinds: Kind) -> Fact | None:
        """The newest fact of these kinds, by when it happened."""
        found = [fact for fact in self.facts if fact.kind in kinds]
        return max(found, key=lambda fact: (fact.occurred_at, fact.seq), default=None)

    @property
    def choice(self) -> dict[str, Any]:
        """The details of what is agreed now; empty when nothing is, or when the parcel has come or goes nowhere."""
        if self.parcel.plan is None or self.parcel.closed_at is not None:
            return {}
        recorded = [fact for fact in self.facts if fact.kind in _CHOICES]
        held = recorded[-1] if recorded else None
        return held.details if held is not None and held.kind is not Kind.CHOICE_WITHDRAWN else {}

    @property
    def pickup(self) -> Fact | None:
        """The arrival at the place of issue where the parcel still is."""
        return self.last(Kind.AT_PICKUP) if self.parcel.stage is Stage.AT_PICKUP else None

    def stored_until(self) -> date | None:
        """The last day at the place of issue."""
        if self.pickup is None:
            return None
        scans = [fact for fact in self.facts if fact.kind is Kind.AT_PICKUP]
        return last_day_after(scans, self.parcel.promised_from, self.parcel.zone)


def read(session: Session, parcel: Parcel, now: datetime) -> Story:
    """The story of a parcel as the database has it."""
    return Story(parcel, journal.facts_of(session, parcel), now)


def known_of(story: Story, about: dict[str, Any], language: str) -> dict[str, str]:
    """Everything that can be named, by placeholder. Args: `about` the details of the fact that is told."""
    parcel, dash = story.parcel, DASH[language]
    if story.last(Kind.RECALLED) is not None and parcel.stage is not Stage.DELIVERED:
        return {"shop_phone": parcel.shop.phone}  # no day, sum or place of it is of use to him any more
    if parcel.stage is Stage.EXPIRED:
        return {}  # no day is promised any more
    known = {
        "city": parcel.settlement.name if parcel.settlement else "",
        "sum": money(parcel.cod_minor, parcel.currency, language) if parcel.cod_minor else "",
        "weight": weight(parcel.weight_g, language) if parcel.weight_g else "",
        **_of_promise(parcel, dash),
        **_of_road(story, language),
        **_of_choice(about if "day" in about and "cause" not in about else story.choice, dash),
        **_of_answer(story, about),
        **_of_storage(story),
        **_of_waiting(about),
        **{name: str(about[name]) for name in ("name", "phone") if about.get(name)},
        **_of_payment(about, language),
    }
    if instead := about.get("instead"):
        days = [date.fromisoformat(day) for day in instead]
        if about.get("cause") != "delay" or "dates" not in known:
            known["dates"] = dates_between(days[0], days[-1], dash)
    if "cause" in about and about.get("day"):
        known["lost"] = f"{date.fromisoformat(about['day']):%d.%m}"
    if about.get("from") and not is_hour_over(story, about):
        known["window"] = _hours(about["from"], about["until"], dash)
    return {name: value for name, value in known.items() if value}


def is_hour_over(story: Story, about: dict[str, Any]) -> bool:
    """Has the courier's hour passed, as far as it was known?"""
    if not (about.get("day") and about.get("until")):
        return False
    ends = moment(date.fromisoformat(about["day"]), time.fromisoformat(about["until"]), story.parcel.zone)
    return story.now >= ends


def _of_promise(parcel: Parcel, dash: str) -> dict[str, str]:
    """When it comes, as long as that is what counts: nothing else is agreed, and nothing has overtaken it."""
    is_overtaken = parcel.side is not None or parcel.road in (Stage.WITH_COURIER, Stage.DELIVERED)
    if parcel.plan is not None or is_overtaken:
        return {}
    return {"dates": dates_between(parcel.promised_from, parcel.promised_to, dash)}


def _of_answer(story: Story, about: dict[str, Any]) -> dict[str, str]:
    """By which day somebody answers what has happened to it, or when it comes."""
    zone = story.parcel.zone
    if "answer_by" in about:
        return {"by": f"{local_date(datetime.fromisoformat(about['answer_by']), zone):%d.%m}"}
    trouble = story.last(Kind.INCIDENT, Kind.UNKNOWN)
    if trouble is None or story.parcel.side not in (Stage.INCIDENT, Stage.UNKNOWN):
        return {}
    return {"by": f"{local_date(answer_by(trouble.recorded_at, zone), zone):%d.%m}"}


def _of_road(story: Story, language: str) -> dict[str, str]:
    fact = story.last(*ON_THE_ROAD)
    return {"status": STATUS[language][fact.kind.value], "place": fact.place} if fact is not None else {}


def _of_choice(about: dict[str, Any], dash: str) -> dict[str, str]:
    day = about.get("day") or about.get("to") or about.get("remind_on")
    known = {"day": f"{date.fromisoformat(day):%d.%m}"} if day else {}
    if "starts" in about:
        known["hours"] = _hours(about["starts"], about["ends"], dash)
    return known


def _of_storage(story: Story) -> dict[str, str]:
    fact, until = story.pickup, story.stored_until()
    if fact is None or until is None:
        return {}
    address = str(fact.details.get("address") or fact.place)
    return {"address": address, "open": str(fact.details.get("open", "")), "until": f"{until:%d.%m}"}


def _of_waiting(about: dict[str, Any]) -> dict[str, str]:
    """The last day of a parcel that waits in its city for a day to be agreed."""
    return {"until": f"{date.fromisoformat(about['kept_until']):%d.%m}"} if about.get("kept_until") else {}


def dates_between(first: date | None, last: date | None, dash: str) -> str:
    """26.11, 26–27.11 or 30.11–01.12."""
    if first is None or last is None:
        return ""
    if first == last:
        return f"{first:%d.%m}"
    is_same_month = (first.year, first.month) == (last.year, last.month)
    return f"{first:%d}{dash}{last:%d.%m}" if is_same_month else f"{first:%d.%m}{dash}{last:%d.%m}"


def _of_payment(about: dict[str, Any], language: str) -> dict[str, str]:
    """Money that has come back: its waybills line by line, with numbers, orders and sums, and what they add up to."""
    if not about.get("orders"):
        return {}
    lines = [f"{number}, {order}, {money(sum_, sign, language)}" for number, order, sum_, sign in about["orders"]]
    total = money(sum(minor for _, _, minor, _ in about["orders"]), about["orders"][0][3], language)
    said = {name: str(about[name]) for name in ("payment", "source") if about.get(name)}
    day = {"paid_on": f"{date.fromisoformat(about['paid_on']):%d.%m.%Y}"} if about.get("paid_on") else {}
    return {**said, **day, "waybills": "\n" + "\n".join(lines), "total": total}


def _hours(starts: str, ends: str, dash: str) -> str:
    """14–18 or 14:30–15:30."""
    hours = [time.fromisoformat(one) for one in (starts, ends)]
    return dash.join(f"{one:%H}" if not any(hour.minute for hour in hours) else f"{one:%H:%M}" for one in hours)


def money(minor: int, currency: str, language: str) -> str:
    """4 990 ₽ or, where a sign would double the price of a text, 4990 RUB."""
    whole, cents = divmod(minor, 100)
    digits = f"{whole}" if language == "en" or whole < 10_000 else f"{whole:,}".replace(",", " ")
    sign = currency if language == "en" else SIGNS.get(currency, currency)
    return f"{digits}{f',{cents:02}' if cents else ''} {sign}"


def weight(grams: int, language: str) -> str:
    """3,4 кг."""
    kilos = f"{grams / 1000:.1f}".removesuffix(".0")
    return f"{kilos} kg" if language == "en" else f"{kilos.replace('.', ',')} кг"
