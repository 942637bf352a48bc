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
_WORDS = {
    "missing_columns": "В файле нет столбцов: {}; допишите их в первую строку.",
    "empty": "В файле нет ни одной посылки; нужна хотя бы одна строка под названиями столбцов.",
    "bad_rows": "Плохих строк слишком много ({}), истории верить нельзя; исправьте их и повторите.",
    "nothing_to_judge": "Судить не о чем: в последних 30 % истории ещё ничего не вручено и срок не вышел.",
    "bad_moment": "не дата и не время ISO: {}",
    "no_hand_over": "не указано, когда посылка передана в доставку",
    "no_place": "не указано, откуда или куда она идёт",
    "unknown_year": "календарь не знает года {}",
    "delivered_before": "вручена раньше, чем передана в доставку: {}",
}
commands = click.Group("eta", help="Обещанные сроки доставки.")


@command(commands, "backtest")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--target", type=click.FloatRange(0.5, 0.999), default=0.98, help="Какая доля должна прийти в срок.")
@click.option("--country", type=click.Choice(["RU", "UA", "KZ", "BY"]), default="RU", help="Чьи рабочие дни.")
@click.option("--json", "as_json", is_flag=True, help="Напечатать JSON.")
def backtest(file: Path, target: float, country: str, as_json: bool) -> None:
    """Проверить обещания на истории: учиться на первых 70 %, обещать остальным день за днём, не заглядывая вперёд."""
    found, bad = _test(file, target, country)
    _name(bad)
    if as_json:
        skipped = [{"line": row.line, "reason": row.reason, "value": row.value} for row in bad]
        click.echo(json.dumps({**found.record(), "skipped": skipped}, ensure_ascii=False))
        return
    rows = [("Веха", found.ours)] + ([("перевозчик", found.carrier)] if found.carrier else [])
    click.echo("\n".join(lines(rows)))
    if found.ratio_mean is not None:
        click.echo(f"Наше обещание в среднем длится {found.ratio_mean:.3f} от обещания перевозчика.")
    click.echo(f"Цель {target:.1%}; ещё в пути и не просрочено, в счёт не вошло: {found.open_count}.")


def _test(file: Path, target: float, country: str) -> tuple[BackTest, tuple[BadRow, ...]]:
    header, rows = sheets.read(file)
    try:
        parcels, bad = check(rows, header)
        return back_test(columns_of(parcels), target, country), bad
    except BadHistory as error:
        _name(error.bad)
        raise Trouble(_WORDS[error.reason].format(error.value)) from error


def _name(bad: tuple[BadRow, ...]) -> None:
    for row in bad[:NAMED]:
        click.echo(f"Строка {row.line} пропущена: {_WORDS[row.reason].format(row.value)}.", err=True)
    if len(bad) > NAMED:
        click.echo(f"И ещё строк: {len(bad) - NAMED}.", err=True)
