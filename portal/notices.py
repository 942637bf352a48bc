"""Every word on the screen that does not stand in a template: stages, facts, and what to say when something breaks."""

from dataclasses import dataclass

from parcels.stages import Stage
from portal.languages import _


@dataclass(frozen=True, slots=True)
class Look:
    """How a stage looks: its icon and its tone ("" is the accent)."""

    icon: str
    tone: str = ""


@dataclass(frozen=True, slots=True)
class Notice:
    """An answer in three parts: what happened, what it means for the order, what to do now."""

    happened: str
    means: str
    now: str
    tone: str = "bad"
    icon: str = "circle-alert"


LOOKS: dict[Stage, Look] = {
    Stage.ACCEPTED: Look("package"),
    Stage.HANDED_OVER: Look("package-check"),
    Stage.AT_WAREHOUSE: Look("warehouse"),
    Stage.IN_TRANSIT: Look("truck"),
    Stage.IN_CITY: Look("map-pin"),
    Stage.SCHEDULED: Look("calendar-check", "ok"),
    Stage.WITH_COURIER: Look("truck"),
    Stage.DELIVERED: Look("circle-check-big", "ok"),
    Stage.POSTPONED: Look("calendar-clock"),
    Stage.MISSED: Look("door-closed", "bad"),
    Stage.AT_PICKUP: Look("store", "ok"),
    Stage.INCIDENT: Look("triangle-alert", "warn"),
    Stage.REFUSED: Look("undo-2", "warn"),
    Stage.RETURNING: Look("undo-2", "warn"),
    Stage.RETURNED: Look("undo-2", "warn"),
    Stage.RECALLED: Look("undo-2", "warn"),
    Stage.EXPIRED: Look("undo-2", "warn"),
    Stage.UNKNOWN: Look("circle-question-mark", "warn"),
}


def stage_words(stage: Stage) -> str:
    """The name of a stage as the recipient reads it."""
    return {
        Stage.ACCEPTED: _("Принят магазином"),
        Stage.HANDED_OVER: _("Передан в доставку"),
        Stage.AT_WAREHOUSE: _("На складе"),
        Stage.IN_TRANSIT: _("В пути в ваш город"),
        Stage.IN_CITY: _("В вашем городе"),
        Stage.SCHEDULED: _("Дата назначена"),
        Stage.WITH_COURIER: _("У курьера"),
        Stage.DELIVERED: _("Вручён"),
        Stage.POSTPONED: _("Отложен"),
        Stage.MISSED: _("Не застали"),
        Stage.AT_PICKUP: _("В пункте выдачи"),
        Stage.INCIDENT: _("Инцидент"),
        Stage.REFUSED: _("Отказ"),
        Stage.RETURNING: _("Возврат"),
        Stage.RETURNED: _("Возвращён"),
        Stage.RECALLED: _("Отозван магазином"),
        Stage.EXPIRED: _("Срок хранения вышел"),
        Stage.UNKNOWN: _("Неизвестно"),
    }[stage]


def why_not_delivered(why: str) -> str:
    """The courier's reason, as the recipient reads it."""
    return {
        "absent": _("Дверь не открыли, телефон не ответил"),
        "later": _("Вы попросили другой день"),
        "refused": _("Вы отказались от заказа"),
        "address": _("Адрес не нашли или он неверный"),
        "no_answer": _("Не смогли вам дозвониться"),
        "late": _("Вы отказались: привезли поздно"),
        "no_money": _("Вы отказались: не было денег"),
        "changed_mind": _("Вы передумали"),
        "bought_elsewhere": _("Вы отказались: купили в другом магазине"),
        "not_ordered": _("Вы сказали, что не заказывали"),
        "wrong_size": _("Вы отказались: не тот размер"),
        "looks_different": _("Вы отказались: товар выглядит иначе"),
        "bad_quality": _("Вы отказались: не устроило качество"),
        "wrong_item": _("Вы отказались: привезли другой товар"),
    }.get(why, _("Причину уточняем"))


def call_outcome(outcome: str) -> str:
    """How a call of the operator ended, as the recipient reads it."""
    return {
        "agreed": _("Договорились о доставке"),
        "no_answer": _("Вы не ответили"),
        "busy": _("Было занято"),
        "later": _("Договорились созвониться позже"),
        "refused": _("Вы отказались от заказа"),
        "told": _("Рассказали, что известно"),
        "collects": _("Вы сказали, что заберёте в срок"),
        "extended": _("Хранение продлено на неделю"),
    }.get(outcome, _("Поговорили"))


def call_reason(reason: str) -> str:
    """Why a parcel is in the call centre's queue, for operators."""
    return {
        "not_chosen": _("не выбрал время сам"),
        "postponed": _("срок отсрочки подходит, время не выбрано"),
        "withdrawn": _("оператор снял назначенное"),
        "missed": _("курьер не застал"),
        "unreachable": _("SMS не дошла"),
        "no_address": _("нет адреса"),
        "incident": _("инцидент"),
        "unknown": _("перевозчик прислал непонятный статус"),
        "at_pickup": _("не забирает из пункта выдачи"),
        "overdue": _("опаздывает, срок неизвестен: узнайте и скажите"),
    }.get(reason, _("нужно решение"))


def stale() -> Notice:
    """Somebody acted on an old page."""
    return Notice(
        happened=_("Пока страница была открыта, с заказом кое-что произошло"),
        means=_("Ваш выбор не записан: он мог опираться на старые даты."),
        now=_("Вот как дела сейчас. Если выбор ещё нужен, сделайте его снова."),
        tone="warn",
    )


def expired_form() -> Notice:
    """A form came back without our seal, or long after it was made."""
    return Notice(
        happened=_("Страница устарела"),
        means=_("Выбор не записан, заказ едет как ехал."),
        now=_("Откройте ссылку из SMS ещё раз и повторите."),
        tone="warn",
    )


def expired_desk() -> Notice:
    """The same for somebody at work."""
    return Notice(
        happened=_("Страница устарела"),
        means=_("Отметка не записана."),
        now=_("Обновите страницу, при необходимости войдите снова и повторите."),
        tone="warn",
    )


def signed_out() -> Notice:
    """A page of staff that has stood open for longer than its session."""
    return Notice(
        happened=_("Вы вышли, или сеанс закончился"),
        means=_("Ничего не записано, введённое осталось на месте."),
        now=_("Войдите снова в соседней вкладке и повторите. Не записывается и тогда — обновите страницу."),
        tone="warn",
    )


def our_fault() -> Notice:
    """Something of ours broke."""
    return Notice(
        happened=_("У нас сбой"),
        means=_("Ваш выбор не записан, заказ едет как ехал."),
        now=_("Обновите страницу через минуту или позвоните."),
    )


def bad_link() -> Notice:
    """A link that opens nothing."""
    return Notice(
        happened=_("Такой ссылки у нас нет"),
        means=_("Скорее всего, она скопировалась не целиком или её заменили новой. На сам заказ это не влияет."),
        now=_("Откройте ссылку прямо из SMS или запросите новую."),
        tone="warn",
        icon="link-2-off",
    )


def ended_link(stage: Stage) -> Notice:
    """A link whose parcel was closed long ago. Args: `stage` is how it ended."""
    means = {
        Stage.DELIVERED: _(
            "Заказ вручён. Через 30 дней ссылка закрывается сама, чтобы никто чужой не увидел ваш адрес."
        ),
        Stage.RETURNED: _(
            "Заказ вернулся в магазин. Через 30 дней ссылка закрывается сама, чтобы никто чужой не увидел ваш адрес."
        ),
    }
    return Notice(
        happened=_("Срок этой ссылки закончился"),
        means=means.get(stage, _("Доставка закончилась, и ссылка закрылась, чтобы никто чужой не увидел ваш адрес.")),
        now=_("Новую ссылку на этот заказ не пришлём. Если нужно что-то узнать о нём, позвоните нам."),
        tone="warn",
        icon="link-2-off",
    )


def of_status(code: int) -> Notice:
    """What an HTTP status means to a person."""
    if code >= 500:
        return our_fault()
    if code == 404:
        return Notice(_("Такой страницы нет"), _("На заказы это не влияет."), _("Откройте ссылку прямо из SMS."))
    if code == 401:
        return Notice(
            _("Ключ не подошёл"),
            _("Ничего не изменилось."),
            _("Пришлите действующий ключ магазина: Authorization: Bearer …"),
        )
    if code == 403:
        return Notice(
            _("Сюда нельзя"),
            _("Ничего не изменилось."),
            _("Откройте ссылку прямо из SMS. Сотрудникам: войдите под своим именем."),
        )
    if code == 413:
        return Notice(
            _("Слишком длинно, мы это не прочли"),
            _("Ничего не записано, заказ едет как ехал."),
            _("Вернитесь и отправьте короче, без лишнего текста."),
        )
    if code == 429:
        return Notice(_("Слишком много попыток"), _("Ничего не изменилось."), _("Подождите минуту и повторите."))
    return generic()


def generic() -> Notice:
    """What to say where nothing better is known."""
    return Notice(
        happened=_("Так сделать не получится"),
        means=_("Ничего не изменилось, заказ едет как ехал."),
        now=_("Обновите страницу или позвоните нам."),
    )
