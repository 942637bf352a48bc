"""The words of the shop's pages about telling: what there is to tell, who tells it, and how it went."""

from portal.languages import _
from sms.occasions import Occasion
from sms.preferences import Teller


def occasion_words(occasion: str) -> str:
    """What is told, as a shop reads it."""
    return {
        Occasion.FIRST_LINK: _("Отслеживание начато, со ссылкой"),
        Occasion.FRESH_LINK: _("Новая ссылка по просьбе"),
        Occasion.MOVED: _("Каждое перемещение"),
        Occasion.IN_CITY: _("Заказ в городе получателя"),
        Occasion.AT_PICKUP: _("Заказ в пункте выдачи: адрес и часы"),
        Occasion.CASH: _("Сумма к оплате и вес"),
        Occasion.BOOKED: _("Время назначено или перенесено"),
        Occasion.POSTPONED: _("Доставка отложена"),
        Occasion.DELAY: _("Назначенное время снято нами"),
        Occasion.REMINDER: _("Напоминание, о котором просили"),
        Occasion.DAY_BEFORE: _("Накануне доставки"),
        Occasion.COURIER: _("Утром: курьер, его телефон и час"),
        Occasion.HOUR_BEFORE: _("За час до курьера"),
        Occasion.VISIT_MOVED: _("Час курьера изменился"),
        Occasion.MISSED: _("Не застали, что дальше"),
        Occasion.INCIDENT: _("Задержка в пути"),
        Occasion.STILL_WAITING: _("Заказ ждёт в пункте выдачи"),
        Occasion.STORAGE_ENDS: _("Хранение заканчивается"),
        Occasion.EXPIRED: _("Срок хранения вышел, заказ вернётся в магазин"),
        Occasion.DELIVERED: _("Заказ вручён"),
        Occasion.RECEIVED: _("Владельцу: вручён, принятая сумма"),
        Occasion.HANGING: _("Менеджеру: заказ не движется"),
        Occasion.UNCOLLECTED: _("Менеджеру: заказ не забирают"),
        Occasion.PENALTY_NEAR: _("Менеджеру: завтра конец хранения"),
        Occasion.RECALLED: _("Магазин отозвал заказ"),
        Occasion.CASH_BACK: _("Кто забирает деньги: они вернулись"),
    }.get(Occasion(occasion), "")


def teller_words(teller: str) -> str:
    """Who tells it."""
    return {Teller.WE: _("мы"), Teller.SHOP: _("магазин"), Teller.NOBODY: _("никто")}[Teller(teller)]


def plan_words(plan: str) -> str:
    """The name of a plan."""
    return {
        "standard": _("Обычный"),
        "all_moves": _("Все перемещения"),
        "arrival": _("Только прибытие"),
    }.get(plan, _("Свой"))


def left_out_words(reason: str) -> str:
    """Why something was not sent."""
    return {
        "newer": _("устарело: есть новость свежее"),
        "over": _("доставка уже закончена"),
        "not_so_any_more": _("стало неправдой, пока ждало"),
        "not_ours": _("об этом сообщаете вы или никто"),
        "no_address": _("некуда писать"),
        "budget": _("бюджет сообщений посылки исчерпан"),
        "number_cap": _("слишком много сообщений на этот номер за сутки"),
        "all_shops_cap": _("слишком много сообщений на этот номер за сутки от всех магазинов"),
        "shop_cap": _("дневной предел магазина"),
        "country": _("в эту страну не пишем"),
        "stopped": _("получатель просил не писать"),
        "wording": _("текст не составился, разбираемся"),
    }.get(reason, reason)
