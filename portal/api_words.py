"""What is wrong with a shop's request: one sentence for each code."""

from collections.abc import Callable

from portal.languages import _

#: By the reason of `order_rows.BadOrder` or the code of `api_body.BadBody`.
_WORDS: dict[str, Callable[[], str]] = {
    "no_order_number": lambda: _("Нет номера заказа; заполните order_number."),
    "no_phone": lambda: _("Нет телефона; заполните phone."),
    "bad_phone": lambda: _("Такого телефона не бывает; напишите его как +79130001242."),
    "bad_country": lambda: _("На номера дальних стран SMS не отправляем; укажите номер России или её соседей."),
    "not_mobile": lambda: _("Это не мобильный, SMS на него не дойдёт; укажите мобильный."),
    "too_long": lambda: _("Слишком длинный текст: номер заказа до 40 знаков, имя до 120, адрес до 250."),
    "bad_cod": lambda: _("Сумма непонятна; напишите рубли, например 4990 или 4990.50."),
    "bad_pieces": lambda: _("Число мест непонятно; напишите целое от 1 до 999."),
    "bad_weight": lambda: _("Вес непонятен; напишите килограммы, например 3.4."),
    "bad_accepted_at": lambda: _("Время непонятно; напишите его как 2026-11-21T15:30+05:00."),
    "future": lambda: _("Заказ принят в будущем; проверьте accepted_at."),
    "unknown_place": lambda: _("Такого населённого пункта нет; проверьте название или укажите код."),
    "ambiguous_place": lambda: _("Мест с таким названием несколько; укажите region или код."),
    "bad_carrier": lambda: _("Такого перевозчика не знаем; проверьте carrier."),
    "bad_track": lambda: _("Это не похоже на трек-номер перевозчика; проверьте track."),
    "taken_track": lambda: _("Этот трек-номер уже у другого заказа; проверьте track."),
    "closed": lambda: _("Доставка этого заказа закончена, менять его нельзя."),
    "with_courier": lambda: _("Посылка у курьера, менять адрес уже нельзя; позвоните в доставку."),
    "no_address": lambda: _("Нет нового адреса; заполните address."),
    "not_json": lambda: _("Тело запроса не похоже на JSON; пришлите объект с Content-Type: application/json."),
    "unknown_member": lambda: _("Такого поля нет; проверьте, как оно пишется."),
    "bad_member": lambda: _("Здесь нужен текст или число."),
    "one_of": lambda: _("Нужно одно из двух: slot или postpone_to."),
    "bad_key": lambda: _("Idempotency-Key непонятен: нужно от 1 до 80 печатных знаков ASCII."),
    "bad_version": lambda: _('If-Match непонятен: нужна версия заказа из ETag, например "7".'),
    "no_version": lambda: _("Нет If-Match: пришлите версию заказа из ETag, чтобы не стереть чужой выбор."),
    "key_used": lambda: _("С этим Idempotency-Key уже был другой запрос; возьмите новый ключ."),
    "stale": lambda: _("С заказом что-то произошло после этой версии; посмотрите, что изменилось, и повторите."),
    "not_a_date": lambda: _("Время непонятно; напишите slot как 2026-11-26T14:00 или postpone_to как 2026-12-03."),
    "no_order": lambda: _("Заказа с таким номером у вас нет."),
}


def words(code: str) -> str:
    """The sentence for a code, in the language of this request."""
    return _WORDS[code]()
