"""Why an order cannot be taken: a code for programs, the column it is about, and its words in a file's report."""

from collections.abc import Sequence

#: Which column a reason is about, where it is always the same one.
ABOUT = {
    **dict.fromkeys(("no_order_number", "bad_order_number"), "order_number"),
    **dict.fromkeys(("no_phone", "bad_phone", "bad_country", "not_mobile"), "phone"),
    "bad_cod": "cod",
    "bad_pieces": "pieces",
    "bad_weight": "weight_kg",
    "bad_email": "email",
    "bad_language": "language",
    **dict.fromkeys(("bad_accepted_at", "future"), "accepted_at"),
    **dict.fromkeys(("unknown_place", "ambiguous_place"), "settlement"),
    "bad_carrier": "carrier",
    **dict.fromkeys(("bad_track", "taken_track"), "track"),
    "with_courier": "address",
    "no_address": "address",
}
WORDS = {
    "no_order_number": "нет номера заказа; заполните order_number",
    "bad_order_number": "номер «{}» нельзя будет спросить через API; уберите из него «/{tail}»",
    "no_phone": "нет телефона; заполните phone",
    "bad_phone": "«{}» не похоже на телефон; напишите его как +7 913 000-12-42",
    "bad_country": "на {} SMS не отправляем: это номер дальней страны; укажите номер России или её соседей",
    "not_mobile": "{} не мобильный, SMS на него не дойдёт; укажите мобильный",
    "too_long": "в столбце {} слишком длинный текст; сократите его",
    "bad_cod": "сумма «{}» непонятна; напишите рубли, например 4990 или 4990,50",
    "cod_thousands": "сумма «{}» непонятна: в ней могут быть и тысячи, и копейки; напишите её как 4990 или 4990,50",
    "cod_limit": "сумма «{}» больше предела в 10 000 000 ₽; проверьте cod",
    "bad_pieces": "число мест «{}» непонятно; напишите целое от 1 до 999",
    "pieces_limit": "мест «{}», а можно от 1 до 999; проверьте pieces",
    "bad_weight": "вес «{}» непонятен; напишите килограммы, например 3,4",
    "weight_thousands": "вес «{}» непонятен: в нём могут быть и тысячи, и граммы; напишите килограммы как 3,4 или 3,40",
    "weight_limit": "вес «{}» вне пределов: больше 0 и не больше 1000 кг; проверьте, не в граммах ли weight_kg",
    "bad_email": "«{}» не похоже на почту; напишите её как marina@example.ru",
    "email_letters": "письмо на «{}» не дойдёт: до @ нужны латинские буквы; проверьте email",
    "bad_language": "язык «{}» не знаем; напишите ru, uk или en",
    "bad_accepted_at": "дата «{}» непонятна; напишите её как 21.11.2026 15:30 или 2026-11-21T15:30",
    "empty_date": "дата «{}» — это пустая дата; впишите настоящую или оставьте accepted_at пустым",
    "long_ago": "заказ принят больше года назад: {}; проверьте accepted_at",
    "future": "заказ принят в будущем: {}; проверьте accepted_at",
    "excel_error": "в столбце {column} ошибка Excel ({}); исправьте её в таблице",
    "formula": "в столбце {column} непосчитанная формула ({}); откройте файл в Excel, сохраните и загрузите снова",
    "merged": "в столбце {column} объединённая ячейка; разделите её и заполните каждую строку",
    "garbled": "в столбце {column} текст не прочитался («{}»); сохраните файл как «CSV UTF-8»",
    "excel_rounded": "число «{}» в столбце {column} Excel округлил; сделайте столбец текстовым и впишите его заново",
    "excel_date": "в столбце {column} вместо текста дата {}: её мог сделать Excel; сделайте столбец текстовым",
    "excel_flag": "в столбце {column} вместо текста {}: это логическое значение; сделайте столбец текстовым",
    "no_shop": "не сказано, чей заказ; заполните столбец shop или укажите --shop",
    "unknown_shop": "магазина с кодом «{}» нет; проверьте столбец shop или --shop",
    "unknown_place": "{}",
    "ambiguous_place": "{}",
    "extra_cells": "лишний текст после последнего столбца: «{}»; проверьте разделители",
    "repeated": "заказ уже был в строке {}; оставьте одну",
    "bad_carrier": "перевозчика «{}» не знаем; укажите код из flask carriers status или оставьте carrier пустым",
    "bad_track": "«{}» не похоже на трек-номер перевозчика; проверьте track",
    "taken_track": "трек-номер {} уже у другого заказа; проверьте track",
    "closed": "доставка этого заказа закончена, менять его нельзя",
    "no_address": "нового адреса нет; заполните улицу и дом",
    "with_courier": "посылка у курьера, менять адрес уже нельзя; позвоните в доставку",
}


class BadOrder(ValueError):
    """A row that cannot be taken.

    `reason` is a code for programs; `says` the key of the words, where one reason has several; `column` what it is
    about, empty when it is about the whole row; `also` what else is wrong with the row.
    """

    def __init__(self, reason: str, value: object = "", says: str = "", column: str = "") -> None:
        super().__init__(reason)
        self.reason, self.says = reason, says or reason
        self.column = column or ABOUT.get(reason, "")
        self.also: tuple[BadOrder, ...] = ()
        self._own_words = WORDS[self.says].format(value, column=self.column, tail=str(value).rpartition("/")[2])

    @property
    def all(self) -> "tuple[BadOrder, ...]":
        """Everything that is wrong with the row, this first."""
        return (self, *self.also)

    @property
    def words(self) -> str:
        """All of it in Russian, and what to do."""
        return "; ".join(error._own_words.rstrip(".") for error in self.all)


class BadPhone(BadOrder):
    """No number, or none that a message can be sent to."""


def together(errors: Sequence[BadOrder]) -> BadOrder:
    """Everything that is wrong with one row as one error. The first gives it its reason."""
    first, *others = errors
    first.also = (*first.also, *(one for other in others for one in other.all))
    return first
