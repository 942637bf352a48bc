"""Why a request was refused, in three parts each: what happened, what it means for the order, what to do now."""

from collections.abc import Callable

from portal.formats import in_sentence
from portal.languages import _
from portal.notices import Notice, generic, stale
from scheduling.policy import Reason, Refusal


def refusal(error: Refusal, language: str) -> Notice:
    """What to say to somebody whose request was refused."""
    if error.reason is Reason.SLOT_FULL and error.nearest and error.wanted is not None:
        day, hour = error.wanted
        return Notice(
            happened=_("Время {when}, с {hour} часов, только что заняли", when=in_sentence(day, language), hour=hour),
            means=_("С заказом всё в порядке. Место в это время за вами не записано."),
            now=_("Выберите другое, вот ближайшее свободное:"),
        )
    return _REFUSALS.get(error.reason, generic)()


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
    Reason.NOT_SURE: lambda: Notice(
        _("Отказ не записан: он не подтверждён"),
        _("Заказ едет как ехал, звонок остаётся за вами."),
        _("Если получатель точно отказался, поставьте отметку под кнопками и нажмите «Отказ от заказа» ещё раз."),
        tone="warn",
    ),
    Reason.NOT_TO_CALL_AT: lambda: Notice(
        _("В это время перезвонить нельзя: оно прошло или слишком далеко"),
        _("Итог не записан, звонок остаётся за вами."),
        _("Поставьте время от этой минуты до 14 дней вперёд, по часам получателя."),
    ),
    Reason.CALL_LOST: lambda: Notice(
        _("Этот звонок уже не за вами"),
        _("Получатель выбрал сам или его взял другой оператор. Ваш итог не записан."),
        _("Возьмите следующий звонок."),
    ),
    Reason.NOT_ON_ROUND: lambda: Notice(
        _("Эту посылку сейчас отметить нельзя"),
        _("Отметка не записана: посылка уже отмечена, ещё не принята со склада или не из вашего рейса."),
        _("Обновите список. Если посылка у вас в руках, а в списке её нет, позвоните на склад."),
    ),
    Reason.TOO_MANY_CHANGES: lambda: Notice(
        _("По ссылке время меняли уже пять раз"),
        _keeps(),
        _("Чтобы изменить ещё раз, позвоните нам: поменяет оператор."),
    ),
}
