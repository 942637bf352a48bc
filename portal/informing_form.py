"""The shop's form of telling: what it says becomes `Preferences`, or the field that cannot be used is named."""

import re
from collections.abc import Mapping
from dataclasses import replace

from portal.languages import _
from portal.order_rows import BadOrder, mailbox, normal_phone
from sms import texts
from sms.hook_events import FOR_PROGRAMS, OF_OCCASION
from sms.occasions import MANNERS, Audience, Channel, Occasion
from sms.preferences import PLANS, REMIND_EVERY, Preferences, Teller, Tellers, deviations, is_for_shop
from sms.sender_names import Standing
from sms.texts import BadText

_SENDER = re.compile(r"[A-Za-z][A-Za-z0-9 ._-]{1,10}")
MARKS = "{shop}, {order}, {dates}, {link}"
MOST_PARTS, MOST_A_DAY = 50, 100_000
#: With fewer not even the first links would leave.
LEAST_A_DAY = 50


class BadForm(ValueError):
    """A field that cannot be used: `field` is its name, the text says what is wrong and what to do."""

    def __init__(self, field: str, words: str) -> None:
        super().__init__(words)
        self.field = field


def preferences_of(form: Mapping[str, str], before: Preferences) -> Preferences:
    """The choices a form makes of those before. Raises BadForm."""
    starts, ends = _whole(form, "starts", 0, 23), _whole(form, "ends", 1, 24)
    if starts >= ends:
        raise BadForm("ends", _("Конец раньше начала: так мы бы не писали никогда. Поставьте, например, с 9 до 21."))
    weekdays = sum(1 << day for day in range(7) if form.get(f"weekday_{day}"))
    if not weekdays:
        raise BadForm(
            "weekdays", _("Не выбран ни один день недели: так мы бы не писали никогда. Отметьте хотя бы один.")
        )
    return replace(
        before,
        sender=_sender(form.get("sender", "")),
        first_text=_first_text(form.get("first_text", "")),
        with_order=bool(form.get("with_order")),
        starts=starts,
        ends=ends,
        weekdays=weekdays,
        remind_every=_remind_every(form),
        budget=_whole(form, "budget", 1, MOST_PARTS),
        daily_parts=_whole(form, "daily_parts", LEAST_A_DAY, MOST_A_DAY),
        owner_phone=_phone(form.get("owner_phone", "")),
        owner_email=_email(form, "owner_email"),
        manager_email=_email(form, "manager_email"),
        collector_email=_email(form, "collector_email"),
        tellers=_tellers(form),
        silent_events=_silent_events(form),
    )


def meanwhile() -> BadForm:
    """Said to whoever comes second."""
    return BadForm("seen", _("Пока страница была открыта, настройки изменил кто-то другой. Сверьте и запишите снова."))


def pairs() -> list[tuple[Occasion, tuple[Channel, ...]]]:
    """The rows of the table of duties, and the channels each can go by."""
    return [(occasion, _channels(occasion)) for occasion in Occasion if occasion is not Occasion.FRESH_LINK]


def _channels(occasion: Occasion) -> tuple[Channel, ...]:
    is_by_letter = MANNERS[occasion].audience in (Audience.MANAGER, Audience.COLLECTOR)
    return (Channel.EMAIL,) if is_by_letter else tuple(Channel)


def _tellers(form: Mapping[str, str]) -> Tellers:
    """The chosen plan, or row by row who tells what; a row that the form does not have stays as usual."""
    plan = form.get("plan", "")
    if plan in PLANS:
        return deviations(PLANS[plan])
    chosen: Tellers = {}
    for occasion, channels in pairs():
        for channel in channels:
            said = form.get(f"{occasion.value}:{channel.value}", "")
            allowed = (Teller.WE, Teller.NOBODY) if is_for_shop(occasion) else tuple(Teller)
            if said in allowed:
                chosen[occasion, channel] = Teller(said)
    return deviations(chosen)


def hook_pairs() -> dict[str, tuple[str, ...]]:
    """The rows of the table of duties that have webhooks, by the name of their field: which events they stand for."""
    return {occasion.value: events for occasion, events in OF_OCCASION.items()} | {
        event: (event,) for event in FOR_PROGRAMS
    }


def _silent_events(form: Mapping[str, str]) -> tuple[str, ...]:
    return tuple(
        event
        for row, events in hook_pairs().items()
        for event in events
        if form.get(f"{row}:webhook") == Teller.NOBODY.value
    )


def _sender(text: str) -> str:
    name = text.strip()
    if not _SENDER.fullmatch(name):
        raise BadForm(
            "sender", _("Имя отправителя — от 2 до 11 латинских букв и цифр, первая буква. Впишите, например, pochta.")
        )
    return name


def insist_on_sender(found: Standing) -> None:
    """Let a name pass that is the shop's own, or that it may ask for. Raises BadForm."""
    if found in (Standing.RESERVED, Standing.REFUSED):
        raise BadForm(
            "sender",
            _("Имя похоже на чужое: банка, госуслуг, перевозчика. Впишите имя своего магазина или оставьте pochta."),
        )
    if found is Standing.OF_ANOTHER:
        raise BadForm("sender", _("Под таким или очень похожим именем пишет другой магазин. Впишите другое."))


def _first_text(text: str) -> str:
    template = " ".join(text.split())
    if template:
        try:
            texts.check_own(template)
        except BadText as problem:
            raise BadForm("first_text", bad_text(problem)) from problem
    return template


def bad_text(problem: BadText) -> str:
    """Why a shop's own text cannot be sent."""
    match problem.reason:
        case "no_link":
            return _("В тексте нет ссылки, без неё получатель не выберет время. Добавьте {mark}.", mark="{link}")
        case "links":
            return _("Ссылка в тексте не одна: у получателя своя, и она одна. Оставьте один {mark}.", mark="{link}")
        case "foreign":
            return _(
                "В тексте чужой адрес «{address}»: по таким SMS узнают мошенников. Оставьте только {mark}.",
                address=problem.value,
                mark="{link}",
            )
        case "joined":
            return _("Ссылка слиплась с соседними знаками и не откроется. Отделите {mark} пробелами.", mark="{link}")
        case "marked":
            return _(
                "В тексте слово «{word}»: о картах, кодах и спешке пишут мошенники, мы о таком не пишем. Уберите его.",
                word=problem.value,
            )
        case "unknown":
            return _("Подстановки «{name}» нет. Можно: {marks}.", name=problem.value, marks=MARKS)
        case "too_long":
            return _("В тексте {n} знаков, это больше трёх частей SMS. Сократите его до 201 знака.", n=problem.value)
    return _("Фигурные скобки расставлены неверно. Пишите подстановку так, как в примере.")


def _remind_every(form: Mapping[str, str]) -> int:
    days = _whole(form, "remind_every", 0, max(REMIND_EVERY))
    if days not in REMIND_EVERY:
        raise BadForm("remind_every", _("Напоминать можно через 5, 10, 15 или 20 дней, или никогда."))
    return days


def _phone(text: str) -> str:
    if not text.strip():
        return ""
    try:
        return normal_phone(text)
    except BadOrder as problem:
        raise BadForm(
            "owner_phone", _("Это не мобильный телефон. Впишите его как +7 913 000-12-42 или оставьте пустым.")
        ) from problem


def _email(form: Mapping[str, str], name: str) -> str:
    text = form.get(name, "").strip()
    if not text:
        return ""
    try:
        return mailbox(text)
    except BadOrder as problem:
        raise BadForm(
            name, _("Это не похоже на почту. Впишите её как marina@example.ru или оставьте пустой.")
        ) from problem


def _whole(form: Mapping[str, str], name: str, least: int, most: int) -> int:
    text = form.get(name, "").strip()
    if not (text.isascii() and text.isdigit() and least <= int(text) <= most):
        raise BadForm(name, _("Нужно целое число от {least} до {most}.", least=least, most=most))
    return int(text)
