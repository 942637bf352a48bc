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
        "sum": "К оплате",
        "weight": "Вес",
    },
    "en": {
        "place": "Where it is",
        "dates": "Expected",
        "day": "Day",
        "hours": "Time",
        "address": "Address",
        "open": "Opening hours",
        "until": "Kept until",
        "sum": "To pay",
        "weight": "Weight",
    },
    "uk": {
        "place": "Де зараз",
        "dates": "Коли чекати",
        "day": "День",
        "hours": "Час",
        "address": "Адреса",
        "open": "Години роботи",
        "until": "Зберігається до",
        "sum": "До сплати",
        "weight": "Вага",
    },
}
#: Around a letter: what the link opens, who writes and why, how to end it.
FRAME: Final[dict[str, tuple[str, str, str]]] = {
    "ru": (
        *("Где заказ и как изменить время: ", "Пишем по поручению магазина «{shop}», заказ {order}."),
        "Не писать больше: ",
    ),
    "en": (
        *("Where it is, and how to change the time: ", "Written for the shop {shop}, order {order}."),
        "Stop these letters: ",
    ),
    "uk": (
        *("Де замовлення і як змінити час: ", "Пишемо за дорученням магазину «{shop}», замовлення {order}."),
        "Не писати більше: ",
    ),
}
