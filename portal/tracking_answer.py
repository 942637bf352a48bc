"""The upper part of the recipient's page: the one answer as a sentence, and its days drawn as a line."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, time, timedelta

from parcels.stages import BEFORE_CITY, Kind, Stage
from portal import tracking_trouble
from portal.formats import counted, date_range, day_month, hours_sentence, in_sentence, minute, short_date, words
from portal.languages import _
from portal.tracking_standing import HAS_OWN_HEADLINE, Standing, coming_days
from portal.tracking_story import relative_day
from scheduling.calendars import local_date, moment

RAIL_DAYS = 14


@dataclass(frozen=True, slots=True)
class RailDay:
    """One day of the line: its number, its weekday, and its CSS classes."""

    number: int
    weekday: str
    css: str


def headline(s: Standing) -> str:
    """The answer as a sentence with a date."""
    stage = Stage(s.head.stage)
    if stage in _SIDE:
        return _SIDE[stage](s)
    if s.slot is not None:
        return _booked(s)
    if s.postponed is not None:
        return _("Привезём не раньше {day}", day=day_month(s.postponed, s.language))
    if s.remind is not None:
        return _waits_for_reminder(s, s.remind)
    if s.head.promised_from is None:
        return _("Уточняем, когда привезём")
    if s.head.road is Stage.WITH_COURIER:
        return _carried(s)
    if s.head.road is Stage.IN_CITY and s.head.zone_id is not None:
        return _("Уже в вашем городе. Выберите время")
    return _coming(s)


def _waits_for_reminder(s: Standing, on: date) -> str:
    if s.is_reminded:
        return _("Вы просили напомнить: выберите время")
    return _("Напомним {day}", day=in_sentence(on, s.language))


def _carried(s: Standing) -> str:
    """The courier has it and no hour is agreed: today, if he took it today; else somebody finds out."""
    taken = s.newest.get(Kind.TO_COURIER)
    if taken is not None and local_date(taken.at, s.zone) == s.today:
        return _("Заказ у курьера, привезёт сегодня")
    return _("Заказ у курьера, уточняем, когда привезёт")


def _coming(s: Standing) -> str:
    when = date_range(*coming_days(s), s.language)
    if s.was:
        return _("Привезём позже: {when}", when=when)
    if s.head.zone_id is None:
        return _("Будет в пункте выдачи {when}", when=when)
    return _("Привезём {when}", when=when)


def hours_of(s: Standing) -> str:
    """«с 14 до 18» of the slot that is agreed; the courier's own hour once he has it; half an hour while he drives."""
    if s.approach is not None:
        return hours_sentence(s.approach.begins, s.approach.ends, s.language)
    return _told_hours(s)


def _told_hours(s: Standing) -> str:
    begins, ends = _told(s)
    return hours_sentence(begins, ends, s.language)


def _told(s: Standing) -> tuple[time, time]:
    """The hour that was named last: the courier's own once he has it, until then that of the slot."""
    details = s.slot.details if s.slot else {}
    if s.courier is not None and "from" in s.courier.details and s.courier.details["day"] == details["day"]:
        details = {"starts": s.courier.details["from"], "ends": s.courier.details["until"]}
    return time.fromisoformat(details["starts"]), time.fromisoformat(details["ends"])


def is_overdue(s: Standing) -> bool:
    """Has the hour that was named gone by, or will the courier, as far as he is now, not be here within it?"""
    if s.slot is None:
        return False
    day, (_begins, ends) = date.fromisoformat(s.slot.details["day"]), _told(s)
    if s.approach is not None and s.approach.begins >= ends:
        return True
    return s.now >= moment(day, ends, s.zone)


def missed_hours(s: Standing) -> str:
    """The hour that was named, where the courier's marks tell a new one that lies after it; "" otherwise."""
    if s.approach is None or s.head.stage != Stage.WITH_COURIER or not is_overdue(s):
        return ""
    return _told_hours(s)


def late_words(s: Standing) -> str:
    """What somebody reads who has waited for longer than the hour that was named, and no mark tells a new one."""
    is_waiting = s.head.stage in (Stage.SCHEDULED, Stage.WITH_COURIER)
    if not is_waiting or s.approach is not None or not is_overdue(s):
        return ""
    if s.courier is not None and s.courier.details.get("phone"):
        return _("Простите. Когда он будет у вас, скажет он сам: его телефон ниже.")
    return _("Простите. Позвоните нам, скажем, когда он будет у вас, или назначим другой день.")


def ahead(s: Standing) -> str:
    """«Перед вами 3 адреса», while the courier drives."""
    if s.approach is None:
        return ""
    if s.approach.ahead == 0:
        return _("Вы следующие.")
    return _("Перед вами {n}.", n=counted(s.approach.ahead, (_("адрес"), _("адреса"), _("адресов")), s.language))


def _booked(s: Standing) -> str:
    day = date.fromisoformat(s.slot.details["day"]) if s.slot else s.today
    hours = hours_of(s)
    if s.approach is None and is_overdue(s):
        return _("Курьер опаздывает: ждали {day}, {hours}", day=short_date(day, s.language), hours=hours)
    if day == s.today:
        return _("Сегодня {hours}", hours=hours)
    return _("Привезём {day}, {hours}", day=in_sentence(day, s.language), hours=hours)


def _delivered(s: Standing) -> str:
    day = relative_day(s.head.closed_at, s.now, s.zone, s.language)
    return _("Вручили {day} в {clock}", day=day, clock=minute(s.head.closed_at, s.zone))


def _missed(s: Standing) -> str:
    at = s.newest[Kind.NOT_DELIVERED].at if Kind.NOT_DELIVERED in s.newest else s.now
    day = relative_day(at, s.now, s.zone, s.language)
    return _("Заезжали {day} в {clock}, вас не застали", day=day, clock=minute(at, s.zone))


def _kept(s: Standing) -> str:
    if s.kept_until is None:
        return _("Ждёт вас в пункте выдачи")
    return _("Ждёт вас до {day}", day=short_date(s.kept_until, s.language))


def _after_a_miss(s: Standing) -> str:
    """Where the parcel is after nobody opened: back on the shelf only once it has been scanned there."""
    missed, back = s.newest.get(Kind.NOT_DELIVERED), s.newest.get(Kind.BACK_AT_DEPOT)
    if back is not None and missed is not None and back.seq > missed.seq:
        return _("Заказ вернулся на склад в вашем городе и хранится бесплатно.")
    return _("Заказ останется в вашем городе, хранение бесплатное.")


_SIDE: dict[Stage, Callable[[Standing], str]] = {
    Stage.DELIVERED: _delivered,
    Stage.MISSED: _missed,
    Stage.AT_PICKUP: _kept,
    Stage.INCIDENT: tracking_trouble.headline,
    Stage.UNKNOWN: tracking_trouble.headline,
    Stage.REFUSED: lambda s: _("Вы отказались от заказа"),
    Stage.RETURNING: lambda s: _("Едет обратно в магазин"),
    Stage.RETURNED: lambda s: _("Магазин отозвал заказ") if Kind.RECALLED in s.newest else _("Вернулся в магазин"),
    Stage.RECALLED: lambda s: _("Магазин отозвал заказ"),
    Stage.EXPIRED: lambda s: _("Срок хранения вышел"),
}


#: What a sentence under the headline adds.
BENEATH: dict[Stage, Callable[[Standing], str]] = {
    Stage.MISSED: _after_a_miss,
    Stage.RECALLED: lambda _s: _("Доставки не будет. Вопросы о заказе и деньгах — к магазину."),
    Stage.EXPIRED: lambda _s: _(
        "Заказ вернётся в магазин. Он ещё нужен? Позвоните нам: пока его не отправили, доставку можно назначить."
    ),
}


def rail(s: Standing) -> list[RailDay]:
    """The days up to the promise as a line; nothing when it is over or longer than two weeks."""
    waits_for_choice = s.slot is None and s.head.road not in BEFORE_CITY
    if waits_for_choice or s.head.stage in HAS_OWN_HEADLINE or s.postponed:
        return []
    if s.slot is not None:
        first = last = date.fromisoformat(s.slot.details["day"])
    elif s.head.promised_from is not None:
        first, last = coming_days(s)
    else:
        return []
    if last < s.today:
        return []
    start = max(s.today - timedelta(days=4), last - timedelta(days=8))
    start = min(start, s.today)
    end = max(last, start + timedelta(days=6))
    if (end - start).days >= RAIL_DAYS:
        return []
    tables = words(s.language)
    days = [start + timedelta(days=n) for n in range((end - start).days + 1)]
    return [RailDay(d.day, tables.short_days[d.weekday()], _rail_css(s, d, first, last)) for d in days]


def _rail_css(s: Standing, day: date, first: date, last: date) -> str:
    if first <= day <= last:
        return f"win{' first' if day == first else ''}{' last' if day == last else ''}"
    if day < s.today:
        return "gone"
    if day == s.today:
        return "now"
    return "city" if day == s.head.arrival_by and s.head.road in BEFORE_CITY else ""
