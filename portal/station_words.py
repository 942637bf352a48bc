"""What the station answers to a scan, in words that are read from three steps away."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from parcels.custody_models import StationScan
from parcels.models import Parcel
from parcels.scanning import Mode, Why
from parcels.stages import GOING_BACK, Kind, Stage
from portal.formats import short_date
from portal.languages import _
from portal.notices_staff import who_answers


@dataclass(frozen=True, slots=True)
class Verdict:
    """The answer: green or red, what was done or why not, where to put the parcel, who answers for it now."""

    is_taken: bool
    title: str
    where: str
    text: str
    parcel: Parcel | None


def mode_words(mode: str) -> str:
    """The name of a mode, on its tab."""
    return {
        "pack": _("Упаковка"),
        "receive": _("Приём"),
        "send": _("Отправка"),
        "issue": _("Выдача курьеру"),
        "back": _("Возврат"),
    }[Mode(mode).value]


def verdict(scan: StationScan, parcel: Parcel | None, language: str) -> Verdict:
    """The answer to a scan as it was given, however often it is asked for again."""
    said = scan.said
    answers = who_answers(said["role"], said["name"]) if parcel is not None else ""
    named = f"{spaced(parcel.number)}, {parcel.settlement.name if parcel.settlement else '—'}" if parcel else scan.code
    whose = _("Отвечает за посылку: {who}.", who=answers) if answers else ""
    text = f"{named}. {whose}"
    if scan.refusal is not None:
        return Verdict(False, refusal_words(scan.refusal), _put_aside(scan.refusal), text, parcel)
    is_recalled = said.get("side") == Stage.RECALLED and said["kind"] == Kind.BACK_AT_DEPOT
    title = _("Отозвана магазином. Положите") if is_recalled else _done_words(Kind(said["kind"]))
    return Verdict(True, title, _place_words(Kind(said["kind"]), said, parcel, language), text, parcel)


def spaced(number: str) -> str:
    """VH774120985 as people read it out: VH 774 120 985."""
    return "\u00a0".join((number[:2], number[2:5], number[5:8], number[8:]))


def _done_words(kind: Kind) -> str:
    return {
        Kind.PACKED: _("Упакована и взвешена"),
        Kind.HANDED_OVER: _("Передана перевозчику"),
        Kind.AT_WAREHOUSE: _("Принята на склад. Направление"),
        Kind.DEPARTED: _("Отправлена. Погрузите в машину на"),
        Kind.ARRIVED: _("Принята в городе. Положите к доставке"),
        Kind.TO_COURIER: _("Выдана курьеру. Передайте"),
        Kind.BACK_AT_DEPOT: _("Принята от курьера. Положите"),
        Kind.RETURNING: _("Отправлена обратно в магазин"),
        Kind.RETURNED: _("Принята обратно"),
    }.get(kind, _("Записано."))


def _place_words(kind: Kind, said: dict[str, Any], parcel: Parcel | None, language: str) -> str:
    """Where to put the parcel."""
    if kind is Kind.TO_COURIER:
        return str(said["name"])
    if kind is Kind.ARRIVED:
        return short_date(date.fromisoformat(said["day"]), language) if "day" in said else _("Ждёт выбора времени")
    if kind is Kind.BACK_AT_DEPOT:
        return _("На возврат в магазин") if said["side"] in GOING_BACK else _("Ждёт нового дня")
    if kind is Kind.PACKED:
        return _("К отправке")
    if kind in (Kind.HANDED_OVER, Kind.RETURNED) or parcel is None:
        return _("Готово")
    if kind is Kind.RETURNING:
        return parcel.shop.origin.name
    return parcel.settlement.name if parcel.settlement else _("Адрес неизвестен")


def refusal_words(why: str) -> str:
    """Why a scan was not accepted, and what to do now."""
    return {
        Why.UNKNOWN_CODE: _("Такого номера нет. Проверьте код или наберите номер заказа"),
        Why.SEVERAL: _("Такой заказ есть у нескольких магазинов. Наберите номер VH с этикетки"),
        Why.REPEATED_ID: _("Скан не записан. Отсканируйте ещё раз"),
        Why.CLOSED: _("Заказ уже закрыт: вручён, возвращён или отозван"),
        Why.GOING_BACK: _("Посылка едет обратно. Откройте «Возврат»"),
        Why.ALREADY: _("Этот шаг уже отсканирован"),
        Why.WRONG_WAREHOUSE: _("Посылка не для этого склада"),
        Why.NOT_HERE: _("Её не принимали на этом складе. Сначала «Приём»"),
        Why.NOT_PACKED: _("Ещё не упакована. Взвесьте её и наклейте этикетку"),
        Why.NO_WEIGHT: _("Нет веса. Поставьте посылку на весы и отсканируйте снова"),
        Why.NO_COURIER: _("Курьер не выбран. Выберите, кому выдаёте"),
        Why.WITH_COURIER: _("Посылка числится за курьером. Откройте «Возврат»"),
        Why.NOT_AGREED: _("Время с получателем не согласовано"),
        Why.WRONG_DAY: _("Доставка назначена не на сегодня"),
        Why.WRONG_ZONE: _("Это район другого курьера"),
        Why.WRONG_COURIER: _("Она в рейсе другого курьера"),
        Why.IN_CITY: _("Посылка уже в своём городе, дальше её везёт курьер"),
        Why.RECALLED: _("Отозвана магазином: отложите на возврат. Откройте «Возврат»"),
        Why.READDRESSED: _("Адрес изменён. Напечатайте этикетку заново и отсканируйте ещё раз"),
        Why.NOT_BACK: _("Возвращать нечего: посылка не у курьера и не едет обратно"),
    }[Why(why)]


def _put_aside(why: str) -> str:
    """What to do with the thing in the hand."""
    if why in (Why.NO_WEIGHT, Why.NOT_PACKED):
        return _("На весы")
    if why in (Why.UNKNOWN_CODE, Why.SEVERAL, Why.REPEATED_ID, Why.NO_COURIER):
        return _("Ещё раз")
    if why == Why.READDRESSED:
        return _("Новая этикетка")
    if why == Why.RECALLED:
        return _("На возврат в магазин")
    return _("Оставьте на месте") if why == Why.ALREADY else _("Отложите в красный ящик")
