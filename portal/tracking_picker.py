"""What the recipient may choose: the days with their hours, the countdown, and how far it can be postponed."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from parcels.clocks import calling_window
from parcels.stages import Kind, Stage
from portal.formats import (
    counted,
    hours_cell,
    hours_sentence,
    moment_words,
    on_day,
    short_date,
    span,
)
from portal.languages import _
from portal.notices import Notice
from portal.tracking_standing import Standing
from scheduling import slots
from scheduling.policy import reminder_days
from scheduling.slots import DayOffers, Offer, Window
from scheduling.steps import answer_deadline, ask_deadline, put_off_deadline
from scheduling.window import answer_day

DAYS_SHOWN = 5
#: So many other doors make a day on which the courier is near anyway, and give no address away.
NEIGHBOURS = 2


@dataclass(frozen=True, slots=True)
class Choice:
    """One radio of the picker, or why it is none."""

    value: str
    hours: str
    state: str
    label: str


@dataclass(frozen=True, slots=True)
class PickerDay:
    """A day of the picker; `hint` stands beside it. On one that `is_near` the courier comes to neighbours anyway."""

    label: str
    hint: str
    choices: list[Choice]
    is_near: bool = False


@dataclass(frozen=True, slots=True)
class Picker:
    """What can be chosen: the days shown, the choice proposed, where further days are."""

    title: str
    due: tuple[str, str] | None
    days: list[PickerDay]
    checked: str
    later: tuple[str, str] | None
    nearest: list[Choice]
    proposed: tuple[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Wish:
    """What the visitor asked the page to show: the picker although a time is agreed, days from a date on, an answer."""

    change: bool = False
    start: date | None = None
    notice: Notice | None = None
    nearest: tuple[Offer, ...] = ()


def picker(s: Standing, days: list[DayOffers], window: Window, wish: Wish, doors_near: Mapping[date, int]) -> Picker:
    """Put the picker together; `doors_near` says at how many other doors near this one the courier is, day by day."""
    start = max(wish.start or window.first, s.postponed or window.first)
    coming = [day for day in days if day.day >= start]
    nearest = slots.first_free(coming)
    if wish.start is None and nearest is not None and slots.first_free(coming[:DAYS_SHOWN]) is None:
        # Five full days in a row would be a form with nothing to choose.
        coming = [day for day in coming if day.day >= nearest.row.day]
    shown = coming[:DAYS_SHOWN]
    rest = [day for day in days if shown and day.day > shown[-1].day]
    proposed = slots.first_free(shown)
    later = None
    if rest:
        later = (rest[0].day.isoformat(), span(rest[0].day, rest[-1].day, s.language))
    return Picker(
        title=_picker_title(s),
        due=due(s, days),
        days=[_picker_day(day, s, doors_near.get(day.day, 0) >= NEIGHBOURS) for day in shown],
        checked=proposed.key if proposed else "",
        later=later,
        nearest=[_choice(offer, s.language, full_date=True) for offer in wish.nearest],
        proposed=_proposal(s, proposed, wish),
    )


def _proposal(s: Standing, offer: Offer | None, wish: Wish) -> tuple[str, str] | None:
    """The nearest free slot to be taken with one press, as (value, words), for somebody who has nothing agreed."""
    if offer is None or s.head.plan is not None or s.head.stage is Stage.AT_PICKUP or wish != Wish():
        return None
    row = offer.row
    when = f"{on_day(row.day, s.language)}, {hours_sentence(row.starts, row.ends, s.language)}"
    return offer.key, _("Привезти {when}", when=when)


def _picker_title(s: Standing) -> str:
    if s.head.stage is Stage.MISSED:
        return _("Когда приехать снова?")
    if s.head.stage is Stage.AT_PICKUP:
        return _("Или пусть привезёт курьер")
    return _("Новое время") if s.was or s.slot else _("Когда вам удобно?")


def _picker_day(day: DayOffers, s: Standing, is_near: bool) -> PickerDay:
    if day.is_full:
        return PickerDay(short_date(day.day, s.language), _("всё занято"), [])
    tomorrow = _("завтра") if day.day == s.today + timedelta(days=1) else ""
    near = _("курьер в вашем районе") if is_near else ""
    hint = ", ".join(filter(None, [tomorrow, near]))
    choices = [_choice(offer, s.language) for offer in day.offers]
    return PickerDay(short_date(day.day, s.language), hint, choices, is_near)


def _choice(offer: Offer, language: str, full_date: bool = False) -> Choice:
    row = offer.row
    state = "" if offer.is_free else _("занято") if offer.availability is slots.Availability.FULL else _("закрыто")
    label = f"{short_date(row.day, language)}, {hours_sentence(row.starts, row.ends, language)}"
    return Choice(offer.key, hours_cell(row.starts, row.ends), state, label if full_date else "")


def due(s: Standing, days: list[DayOffers]) -> tuple[str, str] | None:
    """The countdown, and what happens when nothing is chosen."""
    if s.head.plan is Stage.SCHEDULED or s.head.stage in (Stage.AT_PICKUP, Stage.UNKNOWN, Stage.INCIDENT):
        return None
    if s.head.next_action == "call":
        return _ringing(s), _("Выберите время сейчас, и звонок не понадобится.")
    deadline = _deadline(s, days)
    if deadline is None:
        return _("Заказ уже в вашем городе."), _("Если не выбрать время, позвоним и договоримся.")
    if deadline <= s.now:
        return _("Время выбрать почти вышло."), _("Сейчас позвоним и договоримся. Но можно выбрать и самому.")
    until = moment_words(deadline, s.zone, s.language)
    then = _("Если не выбрать до {until} или до приезда заказа в город, позвоним и договоримся.", until=until)
    if s.postponed is not None or s.remind is not None or s.head.road is Stage.IN_CITY:
        then = _("Если не выбрать до {until}, позвоним и договоримся.", until=until)
    return _("Осталось {time}.", time=_left(deadline - s.now, s.language)), then


def _ringing(s: Standing) -> str:
    """That we ring, and when, if it is not just now."""
    at = _rings_at(s)
    if at <= s.now:
        return _("Мы уже звоним вам.")
    return _("Позвоним вам: {when}.", when=moment_words(at, s.zone, s.language))


def _rings_at(s: Standing) -> datetime:
    """When an operator rings somebody who is in the queue: at the hour put down for it, within calling hours."""
    queued, tried = s.newest.get(Kind.CALL_QUEUED), s.newest.get(Kind.CALL_ATTEMPTED)
    said = queued.details.get("due") if queued is not None else None
    if tried is not None and (queued is None or tried.seq > queued.seq):
        said = tried.details.get("next", said)
    due = datetime.fromisoformat(said) if said else s.now
    return calling_window(max(due, s.now), s.zone)[0]


def _deadline(s: Standing, days: list[DayOffers]) -> datetime | None:
    """When an operator calls, as `scheduling.steps` plans it; None when he calls as soon as he can."""
    if s.head.stage is Stage.MISSED:
        return None
    if s.remind is not None or s.postponed is not None:
        return put_off_deadline(_answer_by(s, days), s.postponed, s.head.closing, s.zone)
    if s.head.road is Stage.IN_CITY:
        return answer_deadline(s.told_at, s.zone) if s.told_at else None
    return ask_deadline(s.head.promised_from, s.head.closing, s.zone, s.told_at)


def _answer_by(s: Standing, days: list[DayOffers]) -> datetime:
    day = answer_day([day.day for day in days if not day.is_full])
    return slots.closes_at(day, s.head.closing, s.zone) if day is not None else s.now


def _left(delta: timedelta, language: str) -> str:
    """«1 день и 5 часов», «5 часов», «40 минут»."""
    hours, minutes = delta.seconds // 3600, delta.seconds % 3600 // 60
    if not delta.days and not hours:
        return counted(max(minutes, 1), (_("минута"), _("минуты"), _("минут")), language)
    in_hours = counted(hours, (_("час"), _("часа"), _("часов")), language)
    if not delta.days:
        return in_hours
    in_days = counted(delta.days, (_("день"), _("дня"), _("дней")), language)
    return _("{days} и {hours}", days=in_days, hours=in_hours) if hours else in_days


def postponements(s: Standing, days: list[DayOffers], window: Window) -> list[tuple[str, str, str]]:
    """The two postponements offered, as (value, label, hint): by a week, and as far as it goes."""
    wanted = [(window.first + timedelta(days=7), _("На неделю")), (window.last, _("На две недели"))]
    rows = []
    for day, label in wanted:
        free = next((d.day for d in days if d.day >= day), None)
        if free is not None and free != s.postponed:
            last = _(" — это последний день") if day == window.last else ""
            rows.append((free.isoformat(), label, _("привезём с {day}", day=short_date(free, s.language)) + last))
    return rows


def reminders(s: Standing, window: Window) -> list[tuple[str, str]]:
    """Two or three days on which we may ask again, as (value, words)."""
    first, last = reminder_days(window, s.today)
    days = [first + timedelta(days=n) for n in (0, 3, 7)]
    return [(day.isoformat(), short_date(day, s.language)) for day in days if day <= last and day != s.remind]


def left_words(s: Standing) -> str:
    """How often it can still be changed by link."""
    times = counted(s.changes_left, (_("раз"), _("раза"), _("раз")), s.language)
    return _("По ссылке время можно поменять ещё {times}.", times=times)
