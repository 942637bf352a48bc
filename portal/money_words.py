"""Words of the cashier's page: a count that differs, a sum that is not the ticked one, a second person, a reversal."""

from portal.formats import counted, money
from portal.languages import _, language
from portal.notices import Notice
from scheduling.rounds import Standing, Stop

MOST_DIGITS = 12


def signed(minor: int, currency: str, language_code: str) -> str:
    """«−240 ₽», «+10 ₽»: a difference."""
    sign = "\u2212" if minor < 0 else "+"
    return sign + money(abs(minor), currency, language_code)


def at_door(stop: Stop) -> str:
    """What was to be taken at a door and what was, in one cell: «взяли 5 000 ₽ из 6 490 ₽, −1 490 ₽»."""
    due, currency = stop.parcel.cod_minor, stop.parcel.currency
    taken = stop.cash_minor
    if stop.standing is not Standing.DELIVERED:
        return _("к получению {sum}", sum=money(due, currency, language())) if due else ""
    if taken == due:
        return _("взяли {sum}", sum=money(taken, currency, language())) if taken else ""
    sums = {"taken": money(taken, currency, language()), "due": money(due, currency, language())}
    return _("взяли {taken} из {due}, {gap}", **sums, gap=signed(taken - due, currency, language()))


def plain(minor: int) -> str:
    """A difference as a form carries it: «-24000», in minor units."""
    return str(minor)


def difference(written: str) -> int:
    """The difference that a form carries; 0, which is none, for anything else."""
    digits = written.removeprefix("-")
    return int(written) if digits.isascii() and digits.isdecimal() and len(digits) <= MOST_DIGITS else 0


def no_sum() -> Notice:
    """Nothing that is a sum was typed."""
    return Notice(
        happened=_("Не записано: сколько денег насчитали"),
        means=_("Деньги остаются за курьером."),
        now=_("Впишите сумму по каждой валюте; если денег нет, впишите 0."),
        tone="warn",
    )


def counted_already() -> Notice:
    """Somebody has counted this round before."""
    return Notice(
        happened=_("Деньги этого рейса уже посчитаны"),
        means=_("Второй раз ничего не записано."),
        now=_("Ниже то, что курьерам осталось сдать."),
        tone="warn",
    )


def differs(gap: dict[str, int], language_code: str) -> Notice:
    """What was counted is not what the courier should have."""
    total = ", ".join(signed(minor, currency, language_code) for currency, minor in gap.items())
    return Notice(
        happened=_("Не сходится: {gap}", gap=total),
        means=_("Пока ничего не записано, деньги за курьером."),
        now=_("Пересчитайте. Если верно, нажмите «Записать с разницей»: откроется инцидент на курьера."),
        tone="warn",
    )


def other_total(chosen: int, typed: int, currency: str, language_code: str) -> Notice:
    """The sum of the payment is not the sum of what is ticked."""
    said = money(typed, currency, language_code) if typed >= 0 else "—"
    return Notice(
        happened=_(
            "Сумма не та: отмечено {chosen}, вы вписали {typed}",
            chosen=money(chosen, currency, language_code),
            typed=said,
        ),
        means=_("Ничего не записано, письма магазину нет."),
        now=_("Сверьте с платежом: поправьте сумму или отметки."),
        tone="warn",
    )


def same_person() -> Notice:
    """Nobody confirms his own payment."""
    return Notice(
        happened=_("Свою выплату подтвердить нельзя"),
        means=_("Она ждёт, деньги в кассе."),
        now=_("Попросите другого кассира."),
        tone="warn",
    )


def no_reason() -> Notice:
    """A reversal says why."""
    return Notice(
        happened=_("Сторно не записано: нет причины"),
        means=_("Выплата осталась как была."),
        now=_("Напишите, в чём ошибка, и нажмите ещё раз."),
        tone="warn",
    )


def paid(orders: int) -> str:
    """A payment was carried out."""
    words = counted(orders, (_("заказ"), _("заказа"), _("заказов")), language())
    return _("Записано: передано магазину, {orders}. Письмо со списком уходит.", orders=words)


def waits() -> str:
    """A payment waits for a second person."""
    return _("Записано и ждёт: такую сумму подтверждает второй кассир. Магазину пока ничего не ушло.")
