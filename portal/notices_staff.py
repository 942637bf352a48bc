"""Words that only staff reads: what stands in a manager's way, why something agreed was taken back."""

from datetime import time

from portal.formats import clock
from portal.languages import _
from portal.notices import Notice
from scheduling.capacity import Changed, Impossible, Occupied
from scheduling.weekly import Hours


def no_zone() -> Notice:
    """A courier for whom nobody has said where he drives."""
    return Notice(
        happened=_("За вами не закреплён район"),
        means=_("Поэтому рейса здесь нет. На заказы это не влияет."),
        now=_("Скажите старшему смены: район назначает он."),
    )


def no_warehouse() -> Notice:
    """A storekeeper for whom nobody has said where he works."""
    return Notice(
        happened=_("За вами не закреплён склад"),
        means=_("Поэтому сканировать здесь нечего. На заказы это не влияет."),
        now=_("Скажите старшему смены: склад назначает он."),
    )


def why_withdrawn(cause: str) -> str:
    """Why what was agreed was taken back."""
    return {
        "undo": _("отменил сам"),
        "delay": _("заказ не успевает"),
        "blackout": _("в этот день не возим"),
        "no_date": _("срок неизвестен"),
        "incident": _("инцидент"),
        "stop_not_marked": _("курьер не отметил"),
        "request": _("по просьбе получателя"),
        "carrier": _("перевозчик отказал"),
        "carrier_silent": _("перевозчик не подтвердил"),
    }.get(cause, _("причина не названа"))


def awaited(step: str) -> str:
    """The scan that did not come in time, or what else went wrong."""
    return {
        "hand_over": _("Магазин не передал посылку"),
        "receive": _("Склад не принял посылку"),
        "depart": _("Посылка не отправлена"),
        "arrive": _("Посылка не прибыла в город"),
        "issue": _("Не выдана курьеру"),
        "mark": _("Курьер не отметил и не вернул"),
        "leave": _("Рейс не выехал вовремя"),
        "back": _("Курьер не сдал на склад"),
        "hand_in": _("Курьер сказал, что сдал, а склад не принял"),
        "sum": _("У двери взяли не ту сумму"),
        "cash_gap": _("Деньги рейса не сошлись"),
        "cash": _("Курьер не сдал деньги"),
        "return": _("Не вернулась в магазин"),
        "accident": _("Происшествие"),
    }.get(step, _("Что-то пошло не так"))


def accident(said: str) -> str:
    """What was said of an accident: the words of whoever reported it, or those of a known cause."""
    return {
        "damaged": _("Повреждена"),
        "lost": _("Потеряна"),
        "stop_not_marked": _("Курьер не отметил доставку"),
        "sorting_stopped": _("Сортировка остановилась"),
    }.get(said, said)


def who_answers(role: str, name: str = "") -> str:
    """Who holds a parcel or its cash, in words."""
    if role == "warehouse" and name:
        return _("Склад «{name}»", name=name)
    if role == "courier" and name:
        return _("Курьер {name}", name=name)
    known = {
        "shop": _("Магазин"),
        "warehouse": _("Склад"),
        "carrier": _("Перевозчик"),
        "courier": _("Курьер"),
        "pickup": _("Пункт выдачи"),
        "recipient": _("Получатель"),
    }.get(role, role)
    return f"{known}: {name}" if name else known


def stale() -> Notice:
    """An operator acted on an old page."""
    return Notice(
        happened=_("Пока страница была открыта, с заказом кое-что произошло"),
        means=_("Ничего не снято."),
        now=_("Вот как дела сейчас. Если снять всё ещё нужно, нажмите снова."),
        tone="warn",
    )


def recall_unsure() -> Notice:
    """A recall cannot be taken back."""
    return Notice(
        happened=_("Отзыв не записан: он не подтверждён"),
        means=_("Посылка едет как ехала."),
        now=_("Если она точно нужна обратно, поставьте отметку и нажмите «Отозвать» ещё раз."),
        tone="warn",
    )


def not_redirected(words: str) -> Notice:
    """The new address cannot be used. Args: `words` says why, as for a row of a file."""
    return Notice(happened=_("Адрес не изменён"), means=words, now=_("Исправьте и нажмите ещё раз."), tone="warn")


def parcel_moved_on() -> Notice:
    """The shop acted on an old page."""
    return Notice(
        happened=_("Пока страница была открыта, с посылкой кое-что произошло"),
        means=_("Ничего не изменено."),
        now=_("Вот как дела сейчас. Если это ещё нужно, нажмите снова."),
        tone="warn",
    )


def payment_unclear() -> Notice:
    """Money cannot be handed over without saying which, when and by which payment."""
    return Notice(
        happened=_("Не хватает номера платежа, даты или заказов"),
        means=_("Ничего не записано."),
        now=_("Впишите номер и дату платежа и отметьте хотя бы один заказ."),
    )


def money_gone() -> Notice:
    """Two people hand over the same money, or one presses twice."""
    return Notice(
        happened=_("Часть этих денег уже передана или касса изменилась"),
        means=_("Ничего не записано, письма магазину нет."),
        now=_("Ниже то, что в кассах сейчас. Отметьте заказы снова."),
        tone="warn",
    )


def not_changed(problem: Changed | Occupied | Impossible) -> Notice:
    """Why a manager's change was not made."""
    if isinstance(problem, Occupied):
        return Notice(
            happened=_("Мешают записи: {n}", n=len(problem.by)),
            means=_("Ничего не изменено. Места, на которые записаны люди, не убираем молча."),
            now=_("Кто записан, перечислено ниже."),
        )
    if isinstance(problem, Changed):
        return Notice(
            happened=_("Пока страница была открыта, это уже изменили"),
            means=_("Ваше изменение не записано. Сейчас: {current}.", current=_current(problem.current)),
            now=_("Ниже то, что есть сейчас. Если изменение ещё нужно, сделайте его снова."),
            tone="warn",
        )
    return Notice(
        happened=_impossible(str(problem)),
        means=_("Ничего не изменено."),
        now=_("Исправьте и сохраните снова."),
    )


def _current(value: object) -> str:
    """What stands in the database instead of what the manager saw."""
    if isinstance(value, Hours):
        return _("до {ends}, мест {n}", ends=clock(value.ends), n=value.capacity)
    if isinstance(value, time):
        return f"{value:%H:%M}"
    if isinstance(value, int):
        return _("мест {n}", n=value) if value else _("закрыто")
    return {"blackout": _("день закрыт"), "open": _("день открыт")}.get(str(value), _("этого больше нет"))


def _impossible(why: str) -> str:
    return {
        "places": _("Мест бывает от 1 до 999; закрыть час — 0"),
        "past": _("Этот день уже не изменить"),
        "hours": _("Начало должно быть раньше конца"),
        "crossing": _("Часы пересекаются с другим интервалом этого дня"),
    }.get(why, _("Так сделать не получится"))
