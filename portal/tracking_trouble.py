"""What the page says while people find out what has happened to a parcel: what it was, the money, and when they answer.

Nothing of it depends on the promise: a date that nobody can keep is worse than none.
"""

from collections.abc import Callable
from datetime import datetime

from parcels.clocks import answer_by
from parcels.stages import Kind, Stage
from portal.formats import moment_words, phone
from portal.languages import _
from portal.tracking_rows import PastFact
from portal.tracking_standing import Standing
from scheduling.policy import LOOKED_INTO

_KIND_OF = {Stage.INCIDENT: Kind.INCIDENT, Stage.UNKNOWN: Kind.UNKNOWN}

#: What happened, as a headline, by the cause that the fact names.
_HAPPENED: dict[str, Callable[[], str]] = {
    "lost": lambda: _("Посылка потерялась, ищем её"),
    "damaged": lambda: _("Посылка повреждена, решаем, что делать"),
    "stop_not_marked": lambda: _("Курьер не отметил доставку, выясняем"),
}


def is_looked_into(s: Standing) -> bool:
    """Do people have to find out what has happened before anything can be said of this parcel?"""
    is_undated = s.is_undated and s.head.side is None
    return s.head.closed_at is None and (is_undated or s.head.side in LOOKED_INTO)


def headline(s: Standing) -> str:
    """What happened."""
    if s.head.side is Stage.UNKNOWN:
        return _("Уточняем, где заказ")
    happened = _HAPPENED.get(_cause(s))
    return happened() if happened is not None else _("Заказ задерживается, разбираемся")


def beneath(s: Standing) -> str:
    """What it means, and by when somebody answers."""
    return f"{_means(s)} {_answer(s)}"


def money(s: Standing, to_pay: str) -> str:
    """What becomes of the money. Args: `to_pay` the sum at the door in words; empty for what is paid."""
    if s.head.side is Stage.INCIDENT and _cause(s) in ("lost", "damaged"):
        return _of_what_may_not_come(s, to_pay)
    if to_pay:
        return _("Сейчас платить ничего не нужно: {sum} только при получении.", sum=to_pay)
    return _("Заказ оплачен, деньги не пропадут: если он не приедет, их вернёт магазин.")


def _of_what_may_not_come(s: Standing, to_pay: str) -> str:
    if to_pay:
        return _("Платить ничего не нужно, пока вы не увидели заказ: {sum} только при получении.", sum=to_pay)
    shop = _("магазин «{shop}», {phone}", shop=s.head.shop, phone=phone(s.head.shop_phone))
    if _cause(s) == "lost":
        return _("Заказ оплачен. Если его не найдут, деньги вернёт {shop}.", shop=shop)
    return _("Заказ оплачен. Если он вам не подойдёт, деньги вернёт {shop}.", shop=shop)


def _means(s: Standing) -> str:
    if s.head.side is None:
        return _late_by_whom(s)
    if s.head.side is Stage.UNKNOWN:
        return _("Перевозчик прислал отметку, которую мы не поняли.")
    if s.slot is not None or s.postponed is not None:
        return _("Назначенный день под вопросом, поэтому новый пока не выбрать.")
    return _("Пока не разберёмся, дату назвать не можем, и время выбрать нельзя.")


def _late_by_whom(s: Standing) -> str:
    """Why nobody can name a date."""
    trouble = _trouble(s)
    if trouble is not None and trouble.details.get("cause") == "hand_over_late":
        return _("Магазин всё ещё не передал заказ в доставку, и новой даты мы не называем, пока не узнаем её.")
    return _("Заказ опаздывает сильнее, чем обычно бывает, и новой даты мы не называем, пока не узнаем её.")


def _answer(s: Standing) -> str:
    """By when an operator rings; where that has passed, an apology and the next hour."""
    since = _asked_at(s)
    by = answer_by(since, s.zone)
    if s.now < by:
        return _("Позвоним и скажем, что известно, до {by}.", by=moment_words(by, s.zone, s.language))
    again = answer_by(s.now, s.zone)
    late = moment_words(by, s.zone, s.language)
    return _(
        "Обещали ответить до {late} и не успели, простите. Позвоним до {by}.",
        late=late,
        by=moment_words(again, s.zone, s.language),
    )


def _asked_at(s: Standing) -> datetime:
    """Since when an answer is owed: since it happened, or since the hour at which the operator tries (again)."""
    trouble = _trouble(s)
    if trouble is None:
        return s.now
    for kind, hour in ((Kind.CALL_ATTEMPTED, "next"), (Kind.CALL_QUEUED, "due")):
        call = s.newest.get(kind)
        if call is not None and call.seq > trouble.seq:
            return datetime.fromisoformat(call.details[hour]) if hour in call.details else call.at
    return trouble.at


def _trouble(s: Standing) -> PastFact | None:
    return s.newest.get(_KIND_OF.get(s.head.side, Kind.PROMISE_WITHDRAWN))


def _cause(s: Standing) -> str:
    trouble = _trouble(s)
    return str(trouble.details.get("cause", "")) if trouble is not None else ""
