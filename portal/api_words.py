"""What is wrong with a shop's request: one sentence for each code."""

from collections.abc import Callable

from portal.languages import _

#: By what `order_reasons.BadOrder` or `api_body.BadBody` says.
_WORDS: dict[str, Callable[[], str]] = {
    "no_order_number": lambda: _("Нет номера заказа; заполните order_number."),
    "bad_order_number": lambda: _("По такому номеру заказ нельзя будет спросить; уберите из него часть после «/»."),
    "no_phone": lambda: _("Нет телефона; заполните phone."),
    "bad_phone": lambda: _("Такого телефона не бывает; напишите его как +79130001242."),
    "bad_country": lambda: _("На номера дальних стран SMS не отправляем; укажите номер России или её соседей."),
    "not_mobile": lambda: _("Это не мобильный, SMS на него не дойдёт; укажите мобильный."),
    "too_long": lambda: _("Слишком длинный текст: номер заказа до 40 знаков, имя до 120, адрес до 250."),
    "bad_cod": lambda: _("Сумма непонятна; напишите рубли, например 4990 или 4990.50."),
    "cod_thousands": lambda: _("В такой сумме могут быть и тысячи, и копейки; напишите её как 4990 или 4990.50."),
    "cod_limit": lambda: _("Сумма больше предела в 10 000 000 ₽; проверьте cod."),
    "bad_pieces": lambda: _("Число мест непонятно; напишите целое от 1 до 999."),
    "pieces_limit": lambda: _("Мест может быть от 1 до 999; проверьте pieces."),
    "bad_weight": lambda: _("Вес непонятен; напишите килограммы, например 3.4."),
    "weight_thousands": lambda: _("В таком весе могут быть и тысячи, и граммы; пришлите его числом JSON."),
    "weight_limit": lambda: _("Вес должен быть больше 0 и не больше 1000 кг; проверьте, не в граммах ли weight_kg."),
    "bad_email": lambda: _("Это не похоже на почту; напишите её как marina@example.ru."),
    "email_letters": lambda: _("На такую почту письмо не дойдёт: до @ нужны латинские буквы; проверьте email."),
    "bad_language": lambda: _("Такого языка не знаем; напишите ru, uk или en."),
    "bad_accepted_at": lambda: _("Время непонятно; напишите его как 2026-11-21T15:30+05:00."),
    "empty_date": lambda: _("Это пустая дата; пришлите настоящую или не присылайте accepted_at."),
    "long_ago": lambda: _("Заказ принят больше года назад; проверьте accepted_at."),
    "future": lambda: _("Заказ принят в будущем; проверьте accepted_at."),
    "excel_error": lambda: _("Вместо значения ошибка таблицы, например #Н/Д; исправьте её там, откуда взяли."),
    "formula": lambda: _("Вместо значения формула таблицы; пришлите то, что получилось."),
    "merged": lambda: _("Вместо значения объединённая ячейка таблицы; пришлите то, что в ней."),
    "garbled": lambda: _("В тексте потеряны буквы; пришлите его в UTF-8."),
    "excel_rounded": lambda: _("Это число округлено, его последние цифры потеряны; пришлите его текстом."),
    "excel_date": lambda: _("Здесь нужен текст, а не дата."),
    "excel_flag": lambda: _("Здесь нужен текст, а не логическое значение."),
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
