"""The recipient's page as one object: what the template shows, and until when it stays true."""

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Row

from parcels.numbers import written
from parcels.stages import BEFORE_CITY, GOING_BACK, Kind, Stage
from portal import links, refusals, tracking_answer, tracking_trouble
from portal.formats import (
    counted,
    day_month,
    moment_words,
    money,
    moscow_offset,
    short_date,
    weight,
)
from portal.languages import _
from portal.notices import LOOKS, Notice
from portal.street import without_flat
from portal.tracking_answer import RailDay
from portal.tracking_changes import apology
from portal.tracking_picker import Picker, Wish, left_words, picker, postponements, reminders
from portal.tracking_rows import PastFact, Story, state_of
from portal.tracking_standing import Standing, standing
from portal.tracking_story import Event, Told, expected, log_of, path_of, stage_title
from portal.tracking_why import Why, stated, why
from scheduling import slots
from scheduling.calendars import local_date
from scheduling.policy import UNDO_FOR, Reason, Refusal, why_no_choice
from scheduling.slots import Window


@dataclass(slots=True)
class Page:
    """Everything the template of the recipient's page shows. `fresh_until` is when any word of it may change."""

    head: Row[Any]
    token: str
    seal: str
    title: str
    chip: tuple[str, str, str]
    was: str
    rail: list[RailDay]
    why: Why | None
    address: str
    to_pay: str
    is_paid_at_the_door: bool
    path: list[Event]
    log: list[Told]
    clock_words: str
    facts: list[tuple[str, str]]
    picker: Picker | None = None
    postpone: list[tuple[str, str, str]] = field(default_factory=list)
    remind: list[tuple[str, str]] = field(default_factory=list)
    changes: str = ""
    limit: Notice | None = None
    upcoming: list[Event] = field(default_factory=list)
    changeable_until: str = ""
    undo_minutes: int = 0
    explanation: str = ""
    notice: Notice | None = None
    fresh_until: datetime | None = None
    money_words: str = ""
    courier: tuple[str, str] = ("", "")
    ahead: str = ""
    is_the_day: bool = False


def build(head: Row[Any], story: Story, token: str, now: datetime, language: str, wish: Wish) -> Page:
    """Put the page together from its rows."""
    zone = head.city_zone or head.origin_zone
    s = standing(head, story, now, zone, language)
    page = Page(
        head=head,
        token=token,
        seal=links.seal(head.id, head.version),
        title=tracking_answer.headline(s),
        chip=_chip(s),
        was=s.was or tracking_answer.missed_hours(s),
        rail=tracking_answer.rail(s),
        why=why(s, story),
        address=_address(head),
        to_pay=money(head.cod_minor, head.currency, language) if head.cod_minor else "",
        is_paid_at_the_door=head.closed_at is None and head.side not in GOING_BACK,
        path=_coming_events(s) + path_of(story.facts, zone, language),
        log=log_of(story.facts, story.messages, zone, language),
        clock_words=_clock_words(head, zone, now, language),
        facts=_parcel_facts(head, language),
        notice=wish.notice,
        fresh_until=now.replace(second=0, microsecond=0) + timedelta(minutes=1),
        courier=_courier(s),
        ahead=tracking_answer.ahead(s),
        is_the_day=_is_the_day(s),
    )
    _what_can_be_done(page, s, story, wish)
    if tracking_trouble.is_looked_into(s):
        page.money_words = tracking_trouble.money(s, page.to_pay)
        page.explanation = tracking_trouble.beneath(s)
        return page
    page.explanation = apology(s.taken_back) or _explanation(s) or _unconfirmed(s) or stated(s, story)
    return page


def _is_the_day(s: Standing) -> bool:
    """Is somebody waiting for the courier now? Then the answer is asked for anew while the page is open."""
    is_waited_for = s.head.stage in (Stage.SCHEDULED, Stage.WITH_COURIER)
    return is_waited_for and s.slot is not None and s.slot.details["day"] == s.today.isoformat()


def _courier(s: Standing) -> tuple[str, str]:
    """Who brings it and his phone, as far as they are known."""
    details = s.courier.details if s.courier else {}
    return str(details.get("by", "")), str(details.get("phone", ""))


def _what_can_be_done(page: Page, s: Standing, story: Story, wish: Wish) -> None:
    """The one sheet of the page: the picker, or what has been agreed and how to change it."""
    head = s.head
    if why_no_choice(state_of(head), head.promised_from, head.zone_id is not None) is not None:
        return
    window = Window.of(head.promised_from, head.choose_until)
    days = slots.offer(story.slots, window, head.closing, s.zone, s.now, head.carrier_days)
    if s.changes_left:
        page.postpone, page.remind = postponements(s, days, window), reminders(s, window)
        page.changes = left_words(s)
    else:
        page.limit = refusals.refusal(Refusal(Reason.TOO_MANY_CHANGES), s.language)
    if head.plan is not None:
        page.undo_minutes = undo_minutes(story, s.now)
        page.upcoming = _upcoming(s)
        if s.slot is not None:
            until = slots.closes_at(date.fromisoformat(s.slot.details["day"]), head.closing, s.zone)
            page.changeable_until = moment_words(until, s.zone, s.language) if s.now < until else ""
    if s.changes_left and (head.plan is not Stage.SCHEDULED or wish.change or wish.nearest):
        page.picker = picker(s, days, window, wish, story.doors_near)


def undo_minutes(story: Story, now: datetime) -> int:
    """For how many minutes more the last choice can be taken back; 0 when it cannot."""
    last: PastFact | None = None
    for fact in story.facts:
        if fact.kind in (Kind.SLOT_BOOKED, Kind.POSTPONED, Kind.CHOICE_WITHDRAWN):
            last = fact
    if last is None or last.source != "recipient" or last.details.get("undone") or last.kind is Kind.CHOICE_WITHDRAWN:
        return 0
    left = min(UNDO_FOR, last.at + UNDO_FOR - now)  # a clock may have been put back since
    return max(0, -(-int(left.total_seconds()) // 60))


def _chip(s: Standing) -> tuple[str, str, str]:
    stage = Stage(s.head.stage)
    look = LOOKS[stage]
    if (s.was or s.is_undated) and stage in BEFORE_CITY:
        return _("Задерживается в пути"), "triangle-alert", "warn"
    return stage_title(stage, s.language), look.icon, look.tone


def _coming_events(s: Standing) -> list[Event]:
    """The next thing expected on the path."""
    if s.head.closed_at or s.head.road not in BEFORE_CITY or s.head.arrival_by is None or s.head.side is not None:
        return []
    return [_arrival(s, _("Приедет в ваш город"))]


def _arrival(s: Standing, title: str) -> Event:
    """When the parcel reaches the city: the first day it may, and how late that can get."""
    early, late = max(s.arrival_from or s.today, s.today), max(s.head.arrival_by, s.today)
    city = s.head.city or ""
    place = _("{city}, не позже {day}", city=city, day=day_month(late, s.language)) if late > early else city
    return expected(early, title, place, s.language)


def _upcoming(s: Standing) -> list[Event]:
    """What happens next with an agreed delivery."""
    events = []
    if s.head.road in BEFORE_CITY and s.head.arrival_by is not None:
        events.append(_arrival(s, _("Заказ приедет в ваш город")))
    if s.slot is not None:
        day = date.fromisoformat(s.slot.details["day"])
        event = expected(day, _("Курьер у вас"), tracking_answer.hours_of(s), s.language)
        events.append(event)
    elif s.postponed is not None:
        events.append(expected(s.postponed, _("Первый день, когда можем привезти"), "", s.language))
    elif s.remind is not None and not s.is_reminded:
        events.append(expected(s.remind, _("Напомним выбрать время"), _("В 10:00 по вашему времени"), s.language))
    return events


def _explanation(s: Standing) -> str:
    """A sentence under the headline where the headline alone would leave a question."""
    stage = s.head.stage
    if stage is Stage.DELIVERED:
        paid = int(s.newest[Kind.DELIVERED].details.get("cod_minor", 0)) if Kind.DELIVERED in s.newest else 0
        return _("Курьер принял {sum}.", sum=money(paid, s.head.currency, s.language)) if paid else ""
    if late := tracking_answer.late_words(s):
        return late
    if stage in tracking_answer.BENEATH:
        return tracking_answer.BENEATH[stage](s)
    if stage is Stage.AT_PICKUP:
        return " ".join([*_pickup_point(s), _("Храним бесплатно. Возьмите с собой номер заказа.")])
    if s.head.promised_from is None and not s.head.closed_at:
        return _("Ждём от магазина город и адрес. Не дождёмся — позвоним вам сами.")
    if s.head.zone_id is None and s.head.promised_from is not None and not s.head.closed_at:
        return _("Курьер в ваш населённый пункт не ездит. Когда заказ придёт в пункт выдачи, это будет видно здесь.")
    return ""


def _unconfirmed(s: Standing) -> str:
    if not s.is_unconfirmed:
        return ""
    return _("Ждём подтверждения перевозчика. Если не подтвердит, напишем вам и предложим другое время.")


def _pickup_point(s: Standing) -> list[str]:
    """Where the parcel waits and when one may come, as far as the carrier has told; each as a sentence."""
    details = s.newest[Kind.AT_PICKUP].details if Kind.AT_PICKUP in s.newest else {}
    return [f"{details[name]}." for name in ("address", "open") if details.get(name)]


def _address(head: Row[Any]) -> str:
    """City and street without the flat, since others may see the page; nothing when it waits at a place of issue."""
    if head.stage is Stage.AT_PICKUP:
        return ""
    street = without_flat(head.address or "")
    return ", ".join(part for part in (head.city, street) if part)


def _clock_words(head: Row[Any], zone: str, now: datetime, language: str) -> str:
    place = head.city or head.origin
    words = _("Время местное: {city}, {offset}.", city=place, offset=moscow_offset(zone, now, language))
    if head.closed_at is None:
        return words
    until = local_date(head.closed_at + links.OPEN_AFTER_END, zone)
    return words + " " + _("Страница открыта до {day}.", day=short_date(until, language))


def _parcel_facts(head: Row[Any], language: str) -> list[tuple[str, str]]:
    pieces = (_("место"), _("места"), _("мест"))
    size = counted(head.pieces, pieces, language)
    if head.weight_g:
        size += f", {weight(head.weight_g, language)}"
    order = _("{number}, «{shop}»", number=head.order_number, shop=head.shop)
    return [(_("Заказ"), order), (_("Посылка"), size), (_("Номер"), written(head.id)), (_("Сейчас у"), _holder(head))]


def _holder(head: Row[Any]) -> str:
    if head.closed_at:
        return _("вас") if head.stage is Stage.DELIVERED else _("магазина")
    if head.road is Stage.ACCEPTED:
        return _("магазина «{shop}»", shop=head.shop)
    return _("курьера") if head.road is Stage.WITH_COURIER else _("службы доставки «Веха»")
