"""`flask eta backtest FILE`: what the learned promise would have been worth on a delivery history."""

import json
from pathlib import Path

import click

from portal import sheets
from portal.terminal import Trouble, command
from scheduling.accuracy import BackTest, back_test
from scheduling.accuracy_history import BadHistory, BadRow, check, columns_of
from scheduling.accuracy_report import lines

#: So many bad rows are named, the rest are counted.
NAMED = 20
NOT_KEPT = (
    "Обещание не сдержано: сбылось {kept:.1%}, цель {target:.1%}. По такой истории эту долю обещать нельзя;"
    " выберите долю ниже или дождитесь, пока накопится больше вручений."
)
_WORDS = {
    "missing_columns": "В файле нет столбцов: {}; допишите их в первую строку.",
    "empty": "В файле нет ни одной посылки; нужна хотя бы одна строка под названиями столбцов.",
    "bad_rows": "Плохих строк слишком много ({}), истории верить нельзя; исправьте их и повторите.",
    "nothing_to_judge": "Судить не о чем: в последних 30 % истории ещё ничего не вручено и срок не вышел.",
    "bad_moment": "не дата и не время ISO: {}",
    "no_hand_over": "не указано, когда посылка передана в доставку",
    "no_place": "не указано, откуда или куда она идёт",
    "unknown_year": "год {} не может быть верным",
    "delivered_before": "вручена раньше, чем передана в доставку: {}",
}
SHARE = click.FloatRange(0, 1)
commands = click.Group("eta", help="Обещанные сроки доставки.")


@command(commands, "backtest")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--target", type=click.FloatRange(0.5, 0.999), default=0.98, help="Какая доля должна прийти в срок.")
@click.option("--country", type=click.Choice(["RU", "UA", "KZ", "BY"]), default="RU", help="Чьи рабочие дни.")
@click.option("--from", "begins", type=SHARE, default=0.7, help="С какой доли истории судить (0.7: последние 30 %).")
@click.option("--to", "ends", type=SHARE, default=1.0, help="До какой доли истории судить.")
@click.option("--json", "as_json", is_flag=True, help="Напечатать JSON.")
def backtest(file: Path, target: float, country: str, begins: float, ends: float, as_json: bool) -> None:
    """Проверить обещания на истории: обещать день за днём, не заглядывая вперёд, судить последние 30 % посылок.

    Те же правила каждый день учатся на ваших вручениях. Код возврата 1, если доля не сдержана.
    """
    found, bad = _test(file, target, country, (begins, ends))
    _name(bad)
    if as_json:
        skipped = [{"line": row.line, "reason": row.reason, "value": row.value} for row in bad]
        click.echo(json.dumps({**found.record(), "skipped": skipped}, ensure_ascii=False))
    else:
        _tell(found)
    if not found.is_kept:
        raise Trouble(NOT_KEPT.format(kept=found.ours.coverage, target=target))


def _tell(found: BackTest) -> None:
    """The figures as a person reads them."""
    rows = [("Веха", found.ours)] + ([("перевозчик", found.carrier)] if found.carrier else [])
    click.echo("\n".join(lines(rows)))
    if found.ratio_mean is not None:
        click.echo(f"Наше обещание в среднем длится {found.ratio_mean:.3f} от обещания перевозчика.")
    said = "обещание сдержано" if found.is_kept else "обещание НЕ сдержано"
    click.echo(f"Цель {found.target:.1%}: {said}; ещё в пути и не просрочено, в счёт не вошло: {found.open_count}.")


def _test(file: Path, target: float, country: str, part: tuple[float, float]) -> tuple[BackTest, tuple[BadRow, ...]]:
    header, rows = sheets.read(file)
    try:
        parcels, bad = check(rows, header)
        return back_test(columns_of(parcels), target, country, part), bad
    except BadHistory as error:
        _name(error.bad)
        raise Trouble(_WORDS[error.reason].format(error.value)) from error


def _name(bad: tuple[BadRow, ...]) -> None:
    for row in bad[:NAMED]:
        click.echo(f"Строка {row.line} пропущена: {_WORDS[row.reason].format(row.value)}.", err=True)
    if len(bad) > NAMED:
        click.echo(f"И ещё строк: {len(bad) - NAMED}.", err=True)
