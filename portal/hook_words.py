"""Webhooks in words: events, faults of an address, outcomes of attempts."""

from datetime import datetime

from portal.languages import _
from sms.hook_models import HookAttempt, HookDelivery, HookStatus, Why
from sms.public_address import Fault

TONES = {HookStatus.DELIVERED: "ok", HookStatus.DEAD: "bad", HookStatus.SENDING: "accent", HookStatus.PENDING: "warn"}


def event(name: str) -> str:
    """What an event means."""
    return {
        "test.ping": _("проверка"),
        "parcel.accepted": _("заказ принят"),
        "parcel.packed": _("собран и взвешен"),
        "parcel.handed_over": _("передан в доставку"),
        "parcel.at_warehouse": _("на складе"),
        "parcel.departed": _("выехал в город"),
        "parcel.passed": _("прошёл ещё один пункт"),
        "parcel.arrived": _("прибыл в город"),
        "parcel.with_courier": _("у курьера"),
        "parcel.delivered": _("вручён"),
        "parcel.missed": _("не вручён"),
        "parcel.at_pickup": _("в пункте выдачи"),
        "parcel.incident": _("инцидент"),
        "parcel.unknown": _("непонятный статус перевозчика"),
        "parcel.refused": _("отказ от заказа"),
        "parcel.returning": _("едет обратно"),
        "parcel.returned": _("возвращён в магазин"),
        "parcel.recalled": _("отозван магазином"),
        "parcel.storage_ends": _("хранение кончается"),
        "parcel.expired": _("срок хранения вышел, вернётся в магазин"),
        "parcel.promised": _("обещан срок"),
        "parcel.promise_withdrawn": _("срок неизвестен, обещание снято"),
        "parcel.scheduled": _("время назначено"),
        "parcel.postponed": _("отложен"),
        "parcel.unscheduled": _("назначенное снято"),
        "parcel.hand_over_late": _("не сдан вовремя"),
        "parcel.hanging": _("нет движения дольше обычного"),
        "parcel.day_taken": _("перевозчик подтвердил время"),
        "parcel.day_refused": _("перевозчик не взял это время"),
        "parcel.cash_sent": _("деньги отправлены магазину"),
        "parcel.cash_back": _("деньги вернулись в магазин"),
    }.get(name, name)


def bad_address(fault: Fault) -> str:
    """Why nothing can be sent to an address, and what to write instead."""
    return {
        Fault.UNREADABLE: _("Адрес не читается. Он не записан: впишите целиком, например https://shop.ru/vekha."),
        Fault.TOO_LONG: _("Адрес длиннее 500 знаков. Он не записан: впишите короче."),
        Fault.NOT_HTTPS: _("Адрес не https. Он не записан: по открытому каналу сведения о заказах не шлём."),
        Fault.BAD_PORT: _("Порт не 443. Адрес не записан: уберите номер порта, шлём только на 443."),
        Fault.HAS_USER: _("В адресе есть имя или пароль. Он не записан: уберите их, отправителя подтверждает подпись."),
        Fault.UNKNOWN_HOST: _("Такого сервера в интернете нет. Адрес не записан: проверьте имя."),
        Fault.NOT_PUBLIC: _("Это адрес внутренней сети. Он не записан: сервер должен быть виден из интернета."),
    }[fault]


def status(delivery: HookDelivery) -> str:
    """How far a delivery has come."""
    return {
        HookStatus.PENDING: _("ждёт") if delivery.attempts == 0 else _("повторим"),
        HookStatus.SENDING: _("отправляется"),
        HookStatus.DELIVERED: _("доставлен"),
        HookStatus.DEAD: _("не доставлен"),
    }[delivery.status]


def why_dead(why: Why) -> str:
    """Why a delivery is tried no more."""
    return {
        Why.GONE: _("ваш сервер ответил 410: больше не слать"),
        Why.EXHAUSTED: _("все восемь попыток не удались"),
        Why.EXPIRED: _("не дождался своей очереди за 36 часов"),
        Why.BY_HAND: _("адрес выключили"),
    }[why]


def outcome(attempt: HookAttempt) -> str:
    """What came of an attempt."""
    if attempt.status is not None:
        if 300 <= attempt.status < 400:
            return _("{status}: перенаправление, по нему не ходим", status=attempt.status)
        return str(attempt.status)
    error = attempt.error or ""
    if error in set(Fault):
        return _unreachable(Fault(error))
    return {
        "timeout": _("не ответил за 15 секунд"),
        "tls": _("сертификат не подходит"),
        "refused": _("не принимает соединения"),
        "connection": _("соединение оборвалось"),
        "not_http": _("ответил не по HTTP"),
        "interrupted": _("прервана у нас"),
    }.get(error, _("сбой"))


def ends(until: str | None) -> datetime | None:
    """When a secret that was replaced ends."""
    return datetime.fromisoformat(until) if until else None


def _unreachable(fault: Fault) -> str:
    return {
        Fault.UNKNOWN_HOST: _("имя сервера не найдено"),
        Fault.NOT_PUBLIC: _("имя ведёт во внутреннюю сеть"),
    }.get(fault, _("адрес больше не годится"))
