"""The lower part of the recipient's page: the path of the order and what was said, each entry in words."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from functools import cache
from typing import Any

from parcels.stages import Kind, Stage
from portal import notices
from portal.formats import hours_sentence, in_sentence, minute, short_date, tight_date
from portal.languages import _
from portal.tracking_rows import PastFact, Sent
from scheduling.calendars import local, local_date
from sms.occasions import Channel

_STAGE_OF = {
    Kind.ORDER_ACCEPTED: Stage.ACCEPTED,
    Kind.HANDED_OVER: Stage.HANDED_OVER,
    Kind.AT_WAREHOUSE: Stage.AT_WAREHOUSE,
    Kind.DEPARTED: Stage.IN_TRANSIT,
    Kind.ARRIVED: Stage.IN_CITY,
    Kind.TO_COURIER: Stage.WITH_COURIER,
    Kind.DELIVERED: Stage.DELIVERED,
    Kind.NOT_DELIVERED: Stage.MISSED,
    Kind.AT_PICKUP: Stage.AT_PICKUP,
    Kind.INCIDENT: Stage.INCIDENT,
    Kind.REFUSED: Stage.REFUSED,
    Kind.RETURNING: Stage.RETURNING,
    Kind.RETURNED: Stage.RETURNED,
    Kind.RECALLED: Stage.RECALLED,
    Kind.STORAGE_OVER: Stage.EXPIRED,
    Kind.UNKNOWN: Stage.UNKNOWN,
    Kind.SLOT_BOOKED: Stage.SCHEDULED,
    Kind.POSTPONED: Stage.POSTPONED,
}
_ALERTS = frozenset({Kind.NOT_DELIVERED, Kind.INCIDENT, Kind.HAND_OVER_LATE, Kind.UNKNOWN, Kind.PROMISE_WITHDRAWN})


@dataclass(frozen=True, slots=True)
class Event:
    """One line of the timetable; `css` is one of "", now, next, alert."""

    iso: str
    clock: str
    date: str
    title: str
    place: str
    css: str = ""


@dataclass(frozen=True, slots=True)
class Told:
    """One thing we said to the recipient."""

    at: datetime
    icon: str
    when: str
    how: str
    text: str = ""


def path_of(facts: list[PastFact], zone: str, language: str) -> list[Event]:
    """What happened, newest first, to the minute, by the clock of a zone."""
    shown = [(fact, title) for fact in facts if (title := _title(fact, language))]
    shown.sort(key=lambda pair: (pair[0].at, pair[0].seq), reverse=True)
    events = []
    for n, (fact, title) in enumerate(shown):
        css = "alert" if fact.kind in _ALERTS else "now" if n == 0 else ""
        moment = local(fact.at, zone)
        clock, day = f"{moment:%H:%M}", tight_date(moment.date(), language)
        iso = moment.isoformat(timespec="minutes")
        events.append(Event(iso, clock, day, title, _place(fact, language), css))
    return events


def expected(day: date, title: str, place: str, language: str) -> Event:
    """Something that is still to come."""
    weekday, date_words = short_date(day, language).split(", ", 1)
    return Event(day.isoformat(), weekday, date_words, title, place, "next")


#: Facts that are no stage, in words.
_TITLES: dict[Kind, Callable[[], str]] = {
    Kind.PACKED: lambda: _("Собран и взвешен"),
    Kind.PASSED: lambda: _("В пути"),
    Kind.BACK_AT_DEPOT: lambda: _("Вернулся на склад"),
    Kind.HAND_OVER_LATE: lambda: _("Магазин не передал заказ вовремя"),
    Kind.CHOICE_WITHDRAWN: lambda: _("Время снято"),
    Kind.PROMISE_WITHDRAWN: lambda: _("Дату уточняем"),
    Kind.REMINDED: lambda: _("Напомнили, как вы просили"),
    Kind.VISIT_MOVED: lambda: _("Курьер приедет в другой час"),
    Kind.WINDOW_MOVED: lambda: _("Храним дольше"),
    Kind.STORAGE_ENDS: lambda: _("Срок хранения подходит к концу"),
}


#: What went wrong, as the recipient reads it.
_ACCIDENTS: dict[str, Callable[[], str]] = {
    "stop_not_marked": lambda: _("Курьер не отметил доставку, выясняем"),
    "damaged": lambda: _("Посылка повреждена, решаем, что делать"),
    "lost": lambda: _("Посылка потерялась, ищем её"),
}


def _title(fact: PastFact, language: str) -> str:
    if fact.kind in _TITLES:
        return _TITLES[fact.kind]()
    if fact.kind in (Kind.SLOT_BOOKED, Kind.POSTPONED) and fact.details.get("undone"):
        return _("Вернули как было")
    if fact.kind is Kind.DAY_TAKEN:
        return _("{carrier} подтвердил время", carrier=fact.details["by"])
    if fact.kind is Kind.DETAILS_CHANGED and is_redirect(fact.details):
        return _("Магазин изменил адрес доставки")
    stage = _STAGE_OF.get(fact.kind)
    return stage_title(stage, language) if stage else ""


def is_redirect(details: Mapping[str, Any]) -> bool:
    """Does a change of an order send it elsewhere? The first address that it is given does not."""
    return is_readdressed(details) and not details.get("first")


def is_readdressed(details: Mapping[str, Any]) -> bool:
    """Does an order have another address after a change, or its first one?"""
    return bool({"settlement", "address"} & set(details.get("changed", ())))


@cache
def stage_title(stage: Stage, _language: str) -> str:
    """The words of a stage, put together once per language: a page names up to a dozen stages."""
    return notices.stage_words(stage)


def _place(fact: PastFact, language: str) -> str:
    """The second line of an event: where, who or why."""
    details = fact.details
    if fact.kind is Kind.SLOT_BOOKED:
        return f"{_who(fact)} {slot_words(details, language)}"
    if fact.kind is Kind.POSTPONED:
        return _put_off(details, language)
    if fact.kind is Kind.CHOICE_WITHDRAWN:
        return _why_withdrawn(str(details.get("cause", "")))
    if fact.kind is Kind.AT_PICKUP:
        return ", ".join(str(details[name]) for name in ("address", "open") if details.get(name)) or fact.place
    if fact.kind is Kind.NOT_DELIVERED:
        return notices.why_not_delivered(str(details.get("why", "")))
    if fact.kind is Kind.INCIDENT and details.get("cause") in _ACCIDENTS:
        return _ACCIDENTS[details["cause"]]()
    if fact.kind is Kind.UNKNOWN:  # the carrier's own words say more than that we do not know them
        return ", ".join(words for words in (fact.place, str(details.get("text", ""))) if words)
    return _by_courier(fact, language) or _kept(fact, language) or str(details.get("to_city", fact.place))


def _put_off(details: Mapping[str, Any], language: str) -> str:
    if "remind_on" in details:
        return _("Напомним: {day}", day=short_date(date.fromisoformat(details["remind_on"]), language))
    return _("Привезём не раньше: {day}", day=short_date(date.fromisoformat(details["to"]), language))


def _by_courier(fact: PastFact, language: str) -> str:
    """Who has it, the hour he comes at now, or the day the carrier has confirmed."""
    details = fact.details
    if fact.kind is Kind.DAY_TAKEN:
        return _("Привезёт: {when}", when=slot_words(details, language))
    if fact.kind is Kind.VISIT_MOVED:
        starts, ends = (time.fromisoformat(details[end]) for end in ("from", "until"))
        return hours_sentence(starts, ends, language)
    return str(details.get("by", "")) if fact.kind is Kind.TO_COURIER else ""


def _kept(fact: PastFact, language: str) -> str:
    """Until when it is kept, or sent back."""
    if fact.kind in (Kind.WINDOW_MOVED, Kind.STORAGE_ENDS):
        return _("До {day}", day=short_date(date.fromisoformat(fact.details["kept_until"]), language))
    if fact.kind is Kind.STORAGE_OVER:
        return _("Вернём в магазин до {day}", day=in_sentence(date.fromisoformat(fact.details["back_by"]), language))
    return ""


def _who(fact: PastFact) -> str:
    if fact.source == "recipient":
        return _("Вы выбрали")
    if fact.source.startswith("shop:"):
        return _("Через магазин:")
    return _("Договорились с оператором:") if fact.source.startswith("operator") else _("Назначили")


def _why_withdrawn(cause: str) -> str:
    return {
        "undo": _("Вы отменили свой выбор"),
        "delay": _("Заказ не успевает к этому дню"),
        "blackout": _("В этот день курьеры не ездят"),
        "no_date": _("Когда заказ приедет, пока неизвестно"),
        "request": _("Оператор отменил по вашей просьбе"),
        "carrier": _("Перевозчик не может приехать в это время"),
        "carrier_silent": _("Перевозчик не подтвердил это время"),
    }.get(cause, _("Выясняем, что случилось"))


def slot_words(details: Mapping[str, Any], language: str) -> str:
    """«чт, 26 ноября, с 14 до 18», from the details of a fact."""
    starts, ends = time.fromisoformat(details["starts"]), time.fromisoformat(details["ends"])
    day = date.fromisoformat(details["day"])
    return f"{short_date(day, language)}, {hours_sentence(starts, ends, language)}"


def log_of(facts: list[PastFact], messages: list[Sent], zone: str, language: str) -> list[Told]:
    """Every message and every call, newest first."""
    told = [_message(sent, zone, language) for sent in messages]
    told += [_call(fact, zone, language) for fact in facts if fact.kind is Kind.CALL_ATTEMPTED]
    return sorted(told, key=lambda entry: entry.at, reverse=True)


def _message(sent: Sent, zone: str, language: str) -> Told:
    is_letter = sent.channel == Channel.EMAIL
    icon, how = ("mail", _letter_state(sent.status)) if is_letter else ("message-square", _state_of(sent.status))
    return Told(sent.at, icon, _when(sent.at, zone, language), how, sent.text)


def _state_of(status: str) -> str:
    match status:
        case "delivered":
            return _("SMS, доставлена")
        case "accepted":
            return _("SMS, отправлена")
        case "undelivered":
            return _("SMS, не доставлена")
        case "refused" | "dead":
            return _("SMS, не отправлена")
    return _("SMS, отправляем")


def _letter_state(status: str) -> str:
    match status:
        case "delivered":
            return _("Письмо, доставлено")
        case "accepted":
            return _("Письмо, отправлено")
        case "undelivered":
            return _("Письмо, не доставлено")
        case "refused" | "dead":
            return _("Письмо, не отправлено")
    return _("Письмо, отправляем")


def _call(fact: PastFact, zone: str, language: str) -> Told:
    outcome = notices.call_outcome(str(fact.details.get("outcome", "")))
    caller = _("Звонок курьера") if fact.source == "courier" else _("Звонок оператора")
    return Told(fact.at, "phone", _when(fact.at, zone, language), caller, outcome)


def _when(moment: datetime, zone: str, language: str) -> str:
    return f"{short_date(local_date(moment, zone), language)}, {minute(moment, zone)}"


def relative_day(moment: datetime, now: datetime, zone: str, language: str) -> str:
    """«сегодня», «вчера» or «26 ноября», for a sentence in the past."""
    day, today = local_date(moment, zone), local_date(now, zone)
    if day == today:
        return _("сегодня")
    if (today - day).days == 1:
        return _("вчера")
    return in_sentence(day, language)
