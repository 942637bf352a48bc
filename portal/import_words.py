"""What the terminal says of a file of orders: which sheet was read, and how its lines add up."""

from portal.intake import COLUMNS, Intake
from portal.sheets import Table

#: So many names of columns or sheets are said, the others are counted.
_NAMED = 10


def about(table: Table) -> list[str]:
    """What is said before the rows are taken: the sheet, what is hidden in it, what nobody reads."""
    lines, said = table.lines, []
    if lines.sheet:
        said.append(f"Прочитан лист «{lines.sheet}».")
    if lines.hidden:
        said.append(f"Скрыто фильтром или вручную строк: {lines.hidden}; они прочитаны наравне с видимыми.")
    if lines.others:
        said.append(f"Листы с теми же столбцами не прочитаны: {_listed(lines.others)}; загрузите их отдельно.")
    unused = sorted({name for name in table.header if name not in COLUMNS.known})
    if unused:
        said.append(f"Столбцы, которые не нужны и не прочитаны: {_listed(unused)}.")
    return said


def summary(table: Table, done: Intake) -> list[str]:
    """How many rows came to what, and how the lines of the file add up to them."""
    counts = f"новых {done.created}, изменённых {done.updated}, прежних {done.unchanged}"
    said = [f"Строк {done.total}: {counts}, не принято {len(done.rejected)}."]
    if table.lines.blank or table.above:
        whole = done.total + table.lines.blank + table.above + 1
        parts = f"с заказами {done.total}, пустых {table.lines.blank}, заголовок 1, над ним {table.above}"
        said.append(f"Всего в файле строк {whole}: {parts}.")
    return said


def _listed(names: list[str]) -> str:
    named = ", ".join(f"«{name}»" for name in names[:_NAMED])
    return f"{named} и ещё {len(names) - _NAMED}" if len(names) > _NAMED else named
