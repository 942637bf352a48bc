"""Every word on the screen that does not stand in a template: stages, facts, and why something was refused."""

from collections.abc import Callable
from dataclasses import dataclass

from parcels.stages import Stage
from portal.formats import in_sentence
from portal.languages import _
from scheduling.policy import Reason, Refusal


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
        Stage.UNKNOWN: _("Неизвестно"),
    }[stage]


def why_not_delivered(why: str) -> str:
    """The courier's reason, as the recipient reads it."""
    return {
        "absent": _("Дверь не открыли, телефон не ответил"),
        "later": _("Вы попросили другой день"),
        "refused": _("Вы отказались от заказа"),
        "address": _("Адрес не нашли или он неверный"),
    }.get(why, _("Причину уточняем"))


def call_outcome(outcome: str) -> str:
    """How a call of the operator ended, as the recipient reads it."""
    return {
        "agreed": _("Договорились о доставке"),
        "no_answer": _("Вы не ответили"),
        "busy": _("Было занято"),
        "later": _("Договорились созвониться позже"),
        "refused": _("Вы отказались от заказа"),
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
    }.get(reason, _("нужно решение"))


def refusal(error: Refusal, language: str) -> Notice:
    """What to say to somebody whose request was refused."""
    if error.reason is Reason.SLOT_FULL and error.nearest and error.wanted is not None:
        day, hour = error.wanted
        return Notice(
            happened=_("Время {when}, с {hour} часов, только что заняли", when=in_sentence(day, language), hour=hour),
            means=_("С заказом всё в порядке. Место в это время за вами не записано."),
            now=_("Выберите другое, вот ближайшее свободное:"),
        )
    return _REFUSALS.get(error.reason, _generic)()


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


def our_fault() -> Notice:
    """Something of ours broke."""
    return Notice(
        happened=_("У нас сбой"),
        means=_("Ваш выбор не записан, заказ едет как ехал."),
        now=_("Обновите страницу через минуту или позвоните."),
    )


def of_status(code: int) -> Notice:
    """What an HTTP status means to a person."""
    if code >= 500:
        return our_fault()
    if code == 404:
        return Notice(_("Такой страницы нет"), _("На заказы это не влияет."), _("Откройте ссылку прямо из SMS."))
    if code == 403:
        return Notice(_("Сюда вам нельзя"), _("Страница для другой роли."), _("Войдите под другим именем."))
    if code == 429:
        return Notice(_("Слишком много попыток"), _("Ничего не изменилось."), _("Подождите минуту и повторите."))
    return _generic()


def _generic() -> Notice:
    return Notice(
        happened=_("Так сделать не получится"),
        means=_("Ничего не изменилось, заказ едет как ехал."),
        now=_("Обновите страницу или позвоните нам."),
    )


def _keeps() -> str:
    return _("Ничего не изменилось, заказ едет как ехал.")


_REFUSALS: dict[Reason, Callable[[], Notice]] = {
    Reason.SLOT_FULL: lambda: Notice(
        _("Это время заняли, и другого свободного пока нет"),
        _("С заказом всё в порядке, он едет. Время пока не назначено."),
        _("Мы позвоним и договоримся. Или загляните сюда завтра: места освобождаются."),
    ),
    Reason.DELIVERED: lambda: Notice(
        _("Заказ уже вручён"), _("Менять больше нечего."), _("Если заказ получили не вы, позвоните нам.")
    ),
    Reason.GOING_BACK: lambda: Notice(
        _("Заказ возвращается в магазин"),
        _("Назначить доставку уже нельзя."),
        _("Если передумали, позвоните: попробуем вернуть его вам."),
    ),
    Reason.WITH_COURIER: lambda: Notice(
        _("Менять время уже нельзя: заказ у курьера"),
        _("Он будет у вас сегодня."),
        _("Если не сможете встретить, позвоните нам."),
    ),
    Reason.NO_COURIER_HERE: lambda: Notice(
        _("В ваш населённый пункт курьер не ездит"),
        _("Заказ придёт в пункт выдачи, мы напишем, когда и куда."),
        _("Сейчас ничего делать не нужно."),
    ),
    Reason.NO_PROMISE: lambda: Notice(
        _("Дата доставки ещё не известна"),
        _("Мы ждём сведений о заказе от магазина."),
        _("Загляните позже. Не появится дата — позвоним сами."),
    ),
    Reason.TOO_EARLY: lambda: Notice(_("К этому дню заказ ещё не приедет"), _keeps(), _("Выберите один из дней ниже.")),
    Reason.BEYOND_LIMIT: lambda: Notice(
        _("Так долго хранить заказ мы не можем"),
        _("Он ждёт вас 14 дней с первого возможного дня доставки."),
        _("Выберите один из дней ниже."),
    ),
    Reason.PAST_DAY: lambda: Notice(_("Этот день уже прошёл"), _keeps(), _("Выберите один из дней ниже.")),
    Reason.CLOSED_DAY: lambda: Notice(
        _("В это время курьер в ваш район не ездит"), _keeps(), _("Выберите один из дней ниже.")
    ),
    Reason.TOO_LATE: lambda: Notice(_("На этот день запись уже закрыта"), _keeps(), _("Выберите один из дней ниже.")),
    Reason.STALE: stale,
    Reason.NOT_A_DATE: lambda: Notice(
        _("Мы не поняли, какое время вы выбрали"), _keeps(), _("Выберите время и нажмите кнопку ещё раз.")
    ),
    Reason.UNDO_OVER: lambda: Notice(
        _("Вернуть как было уже нельзя: прошло больше 15 минут"),
        _("Ваш выбор в силе."),
        _("Но его можно изменить: выберите другое время."),
    ),
    Reason.NOTHING_TO_UNDO: lambda: Notice(
        _("Возвращать нечего"), _keeps(), _("Если нужно другое время, выберите его.")
    ),
    Reason.UNDO_TAKEN: lambda: Notice(
        _("Прежнее время уже заняли"), _("Ваш последний выбор в силе."), _("Можно выбрать другое время.")
    ),
    Reason.CALL_LOST: lambda: Notice(
        _("Этот звонок уже не за вами"),
        _("Получатель выбрал сам или его взял другой оператор. Ваш итог не записан."),
        _("Возьмите следующий звонок."),
    ),
    Reason.NOT_ON_ROUND: lambda: Notice(
        _("Этой посылки нет в вашем рейсе"),
        _("Отметка не записана: за посылку отвечает склад или другой курьер."),
        _("Проверьте номер на этикетке и позвоните на склад."),
    ),
    Reason.TOO_MANY_CHANGES: lambda: Notice(
        _("По ссылке время меняли уже пять раз"),
        _keeps(),
        _("Чтобы изменить ещё раз, позвоните нам: поменяет оператор."),
    ),
}
