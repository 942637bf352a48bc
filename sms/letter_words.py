"""What stands in a letter around its sentence: the names of its lines, who writes and why, how to end it."""

from typing import Final

#: What the lines of a letter are called, in their order.
LABELS: Final[dict[str, dict[str, str]]] = {
    "ru": {
        "place": "Где сейчас",
        "dates": "Когда ждать",
        "day": "День",
        "hours": "Время",
        "address": "Адрес",
        "open": "Часы работы",
        "until": "Хранится до",
        "by": "Ответим до",
        "sum": "К оплате",
        "weight": "Вес",
        "shop_phone": "Телефон магазина",
    },
    "en": {
        "place": "Where it is",
        "dates": "Expected",
        "day": "Day",
        "hours": "Time",
        "address": "Address",
        "open": "Opening hours",
        "until": "Kept until",
        "by": "We answer by",
        "sum": "To pay",
        "weight": "Weight",
        "shop_phone": "The shop's phone",
    },
    "uk": {
        "place": "Де зараз",
        "dates": "Коли чекати",
        "day": "День",
        "hours": "Час",
        "address": "Адреса",
        "open": "Години роботи",
        "until": "Зберігається до",
        "by": "Відповімо до",
        "sum": "До сплати",
        "weight": "Вага",
        "shop_phone": "Телефон магазину",
    },
}
#: The lines of a letter about money that has come back.
OF_PAYMENT: Final[dict[str, dict[str, str]]] = {
    "ru": {
        "payment": "Платёж",
        "paid_on": "Дата",
        "source": "Откуда",
        "waybills": "Накладные",
        "total": "Всего",
    },
    "en": {
        "payment": "Payment",
        "paid_on": "Date",
        "source": "From",
        "waybills": "Waybills",
        "total": "Total",
    },
    "uk": {
        "payment": "Платіж",
        "paid_on": "Дата",
        "source": "Звідки",
        "waybills": "Накладні",
        "total": "Разом",
    },
}
#: Around a letter: what the link opens, who writes and why, how to end it.
FRAME: Final[dict[str, tuple[str, str, str]]] = {
    "ru": (
        *("Где заказ и как изменить время: ", "Пишем по поручению магазина «{shop}»{order}."),
        "Не писать больше: ",
    ),
    "en": (
        *("Where it is, and how to change the time: ", "Written for the shop {shop}{order}."),
        "Stop these letters: ",
    ),
    "uk": (
        *("Де замовлення і як змінити час: ", "Пишемо за дорученням магазину «{shop}»{order}."),
        "Не писати більше: ",
    ),
}
#: How the end of a letter names the order, where it is named.
ORDER: Final = {"ru": ", заказ {order}", "en": ", order {order}", "uk": ", замовлення {order}"}
