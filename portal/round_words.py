"""Words of the courier's day and its dispatcher: a wrong parcel, what is missing to close, a change refused."""

from collections.abc import Sequence

from portal import refusals
from portal.formats import money
from portal.languages import _
from portal.notices import Notice
from scheduling.capacity import Changed
from scheduling.policy import Refusal
from scheduling.round_closing import Missing, NotClosable
from scheduling.round_loading import WrongParcel


def problem(kind: str, found: WrongParcel | NotClosable | Refusal, language: str) -> Notice:
    """Why something that a courier says was not kept."""
    if isinstance(found, NotClosable):
        return not_closable(found.missing, language)
    if isinstance(found, WrongParcel):
        return not_to_return(found) if kind == "back" else wrong_parcel(found)
    return refusals.refusal(found, language)


def wrong_parcel(problem: WrongParcel) -> Notice:
    """A parcel that is not of this round was scanned for loading."""
    other = problem.elsewhere
    if other is None:
        return Notice(
            happened=_("{code}: нет ни в одном рейсе на этот день", code=problem.code or _("Пустой код")),
            means=_("За вами ничего не записано."),
            now=_("Проверьте код. Если он верный, оставьте посылку на складе и скажите старшему смены."),
        )
    return Notice(
        happened=_("{code}: не из вашего рейса", code=problem.code),
        means=_("Она из рейса {name}, курьер {courier}. За вами не записана.", name=other[0], courier=other[1]),
        now=_("Верните её на стеллаж этого рейса."),
    )


def not_to_return(problem: WrongParcel) -> Notice:
    """A parcel was scanned as brought back that this round has not to bring back."""
    return Notice(
        happened=_("{code}: такой посылки среди невручённых нет", code=problem.code or _("Пустой код")),
        means=_("Возврат не записан."),
        now=_("Проверьте код. Если посылку не вручили, сначала отметьте адрес: «Не вручил» и почему."),
    )


def not_closable(missing: Missing, language: str) -> Notice:
    """Why the round cannot be closed yet, all of it in one go."""
    return Notice(
        happened=_("Рейс пока не сдать"),
        means=" ".join(_lacks(missing, language)),
        now=_(
            "Закончите это и нажмите «Сдаю рейс» ещё раз. Не хватает денег — отдайте кассиру что есть: он посчитает."
        ),
        tone="warn",
    )


def _lacks(missing: Missing, language: str) -> list[str]:
    lacks = []
    if missing.unmarked:
        lacks.append(_("Не отмечены адреса: {numbers}.", numbers=_listed(missing.unmarked)))
    if missing.to_return:
        lacks.append(_("Не отсканированы на складе посылки с адресов: {numbers}.", numbers=_listed(missing.to_return)))
    if missing.is_cash_short:
        said = {"taken": _sums(missing.taken, language), "entered": _sums(missing.entered, language)}
        lacks.append(_("Деньги не сходятся: по отметкам {taken}, вы сдаёте {entered}.", **said))
    return lacks


def _listed(numbers: Sequence[int]) -> str:
    return ", ".join(str(number) for number in numbers)


def _sums(table: dict[str, int], language: str) -> str:
    return ", ".join(money(minor, currency, language) for currency, minor in table.items()) or money(0, "RUB", language)


def bad_photo(reason: str) -> str:
    """Why a photo was not kept, and what to do."""
    return {
        "empty": _("Фото не выбрано, ничего не записано. Снимите посылку и нажмите ещё раз."),
        "too_large": _("Фото больше 5 МБ, оно не записано. Снимите с меньшим разрешением."),
        "no_image": _("Это не фото, файл не записан. Подойдёт JPEG, PNG или WebP."),
        "too_many": _("У этой посылки уже три фото, больше не нужно."),
        "not_handed_over": _("Фото не записано: посылка не отмечена вручённой."),
    }[reason]


def not_moved(problem: Exception) -> Notice:
    """Why a dispatcher's change of a round was not made."""
    if isinstance(problem, Changed):
        return Notice(
            happened=_("Пока страница была открыта, рейс изменился"),
            means=_("Ваше изменение не записано."),
            now=_("Вот рейс сейчас. Если переставить всё ещё нужно, нажмите снова."),
            tone="warn",
        )
    return Notice(
        happened={
            "round_closed": _("Рейс уже закрыт"),
            "stop_done": _("Этот адрес уже отмечен"),
            "in_the_car": _("Посылка уже в машине: другому курьеру её не отдать"),
        }.get(str(problem), _("Так переставить нельзя")),
        means=_("Ничего не изменено."),
        now=_("Если это важно, позвоните курьеру."),
    )
