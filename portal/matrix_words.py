"""What is said of a file of the matrix: what is wrong with it or with a row, and what a lane says."""

from collections.abc import Sequence
from typing import Any

from portal.formats import counted, words
from portal.languages import _
from portal.sheets import BadSheet
from scheduling.matrix_rows import BadFile
from scheduling.promise import EVERY_DAY, Unit


def bad_row(line: int, reason: str, value: str) -> str:
    """What is wrong with a row of the matrix, where, and what to do."""
    return _("Строка {line}: {words}.", line=line, words=row_words(reason, value))


def row_words(reason: str, value: str) -> str:
    """What is wrong with a row and what to do, without its line."""
    return {
        "bad_code": _("код «{value}» — не число; впишите код населённого пункта", value=value),
        "unknown_settlement": _("населённого пункта с кодом {value} нет; проверьте код", value=value),
        "unknown_place": _("населённого пункта «{value}» нет; проверьте название или впишите код", value=value),
        "ambiguous_place": _("«{value}» — не одно место; допишите region или впишите код", value=value),
        "bad_days": _("дни «{value}» непонятны; впишите целые числа от 0", value=value),
        "min_over_max": _("дней «от» больше, чем «до»: {value}; поменяйте их местами", value=value),
        "too_long": _("{value} дней — слишком долго, предел 90; проверьте число", value=value),
        "bad_courier": _("courier «{value}» непонятно; впишите да или нет", value=value),
        "bad_unit": _("unit «{value}» непонятно; впишите working или calendar", value=value),
        "bad_cutoff": _("час отсечки «{value}» непонятен; впишите его как 17:30", value=value),
        "bad_weekdays": _("дни недели «{value}» непонятны; впишите их текстом как 1-5 или 1,3,5", value=value),
        "bad_carrier": _("перевозчик «{value}» непонятен; впишите код латиницей, до 32 знаков", value=value),
        "bad_origin": _("город отправки «{value}» — не код; впишите код населённого пункта", value=value),
        "unknown_origin": _("города отправки «{value}» нет; проверьте код или название", value=value),
        "repeated": _("это направление уже было в строке {value}; оставьте одну", value=value),
        "extra_cells": _("лишний текст после последнего столбца: «{value}»; проверьте разделители", value=value),
    }[reason]


def bad_file(error: BadFile) -> str:
    """Why a file is no matrix at all."""
    reason, _colon, columns = str(error).partition(":")
    if reason == "missing_columns":
        return _("В файле нет столбцов: {columns}; добавьте их в первую строку.", columns=columns)
    if reason == "drops":
        return _(
            "В файле нет {count} направлений, которые есть сейчас; дополните файл или добавьте --replace.",
            count=columns,
        )
    return _("В файле нет ни одной строки с днями; добавьте их под названиями столбцов.")


def bad_sheet(error: BadSheet) -> str:
    """Why a file cannot be read."""
    return {
        "too_big": _("Файл больше 20 МБ; разделите его на части."),
        "bomb": _("Файл распаковывается больше чем в 200 МБ; сохраните из него только нужный лист."),
        "old_excel": _("Это старый формат Excel, и прочесть его не удалось; сохраните файл как XLSX или CSV."),
        "binary_excel": _("Это двоичный формат Excel (XLSB); сохраните файл как XLSX или CSV."),
        "password": _("Книга Excel защищена паролем; сохраните её без пароля и загрузите снова."),
        "no_sheet": _("В книге Excel нет ни одного видимого листа с таблицей; покажите нужный лист."),
        "not_a_table": _("Файл не похож на CSV или XLSX; сохраните таблицу в одном из этих форматов."),
        "unreadable": _("Файл Excel повреждён или слишком сложен; сохраните таблицу заново или как CSV."),
        "too_slow": _("Файл Excel читается дольше 30 секунд; сохраните таблицу как CSV."),
        "encoding": _("Текст файла не в UTF-8 и не в Windows-1251; сохраните его как «CSV UTF-8»."),
        "too_many_rows": _("В файле больше 200 000 строк; разделите его на части."),
        "too_wide": _("В файле больше 1000 столбцов; оставьте только нужные."),
        "empty": _("В файле нет ни одной строки; в первой строке должны стоять названия столбцов."),
        "repeated_column": _("Один из столбцов встречается дважды; оставьте один."),
    }.get(error.reason, _("Файла нет или его нельзя прочесть; выберите его ещё раз."))


def stale(reason: str) -> str:
    """Why what was shown cannot be applied."""
    return {
        "applied": _("Этот файл уже применён. Второй раз ничего не записано."),
        "expired": _("Проверка устарела: прошло больше двух часов. Ничего не записано, загрузите файл снова."),
        "changed": _("Матрица с тех пор изменилась. Ничего не записано, загрузите файл снова и посмотрите ещё раз."),
        "bad_rows": _("В файле есть строки с ошибками. Ничего не записано, исправьте их и загрузите файл снова."),
    }.get(reason, _("Такой проверки больше нет. Ничего не записано, загрузите файл снова."))


def lane(terms: Sequence[Any], language: str) -> str:
    """«4–5 рабочих дней, курьер, до 17:30, пн ср пт» of (min, max, courier, unit, cut-off, weekdays, estimate)."""
    low, high, courier, unit, cutoff, weekdays, *rest = terms
    forms = (
        (_("рабочий день"), _("рабочих дня"), _("рабочих дней"))
        if unit == Unit.WORKING.value
        else (_("календарный день"), _("календарных дня"), _("календарных дней"))
    )
    said = [counted(high, forms, language) if low == high else f"{low}–{counted(high, forms, language)}"]
    said.append(_("курьер") if courier else _("только пункт выдачи"))
    if cutoff:
        said.append(_("сдать до {clock}", clock=cutoff))
    if weekdays != EVERY_DAY:
        said.append(" ".join(name for n, name in enumerate(words(language).short_days) if weekdays >> n & 1))
    if any(rest):
        said.append(_("оценка по соседям"))
    return ", ".join(said)
