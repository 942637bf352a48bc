"""`flask carriers parse CODE FILE`: what we understand of a carrier's answer."""

import json
from pathlib import Path

import click

from carriers.base import CarrierError, in_order
from carriers.registry import carrier_of
from portal.terminal import Trouble, command

commands = click.Group("carriers", help="Перевозчики.")
#: No honest answer about a hundred parcels is longer.
MOST_BYTES = 16_000_000


@command(commands, "parse")
@click.argument("code")
@click.argument("file", type=click.Path(path_type=Path))
def parse(code: str, file: Path) -> None:
    """Разобрать ответ перевозчика и напечатать по строке JSON на каждое событие."""
    try:
        with file.open("rb") as source:
            answer = source.read(MOST_BYTES + 1)
    except OSError as error:
        raise Trouble(f"Файл {file} не читается: {error.strerror}.") from error
    if len(answer) > MOST_BYTES:
        raise Trouble(f"В файле больше {MOST_BYTES // 1_000_000} МБ; таких ответов не бывает.")
    try:
        updates = in_order(carrier_of(code).parse(answer))
    except CarrierError as error:
        raise Trouble(str(error)) from error
    for update in updates:
        click.echo(json.dumps(update.record(), ensure_ascii=False))
