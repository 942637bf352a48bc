"""`flask carriers …`: what we understand of an answer, which parcels are followed where, and how the carriers are."""

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path

import click
from flask import current_app
from sqlalchemy.orm import Session

from carriers import breaker, following, health
from carriers.base import Carrier, CarrierError, in_order
from carriers.keys import secret_of
from carriers.models import CarrierHealth
from carriers.number_pairs import Why, read_pairs
from carriers.offers import Offers
from carriers.registry import CARRIERS, OFFERS, carrier_of
from portal import asking, offering, polling
from portal.extensions import now
from portal.named import parcel_named
from portal.terminal import Trouble, command
from portal.transaction import reading, transaction

commands = click.Group("carriers", help="Перевозчики.")
#: No honest answer about a hundred parcels is longer.
MOST_BYTES = 16_000_000
SHOP = click.option("--shop", default="", help="Код магазина, если номер есть у нескольких.")
_GATES = {breaker.Gate.CLOSED: "замкнут", breaker.Gate.HALF_OPEN: "пробует", breaker.Gate.OPEN: "разомкнут"}
_BAD_LINES = {Why.COUNT: "не два номера", Why.EMPTY: "номер пуст", Why.REPEATED: "номер уже был выше"}


@command(commands, "parse")
@click.argument("code")
@click.argument("file", type=click.Path(path_type=Path))
def parse(code: str, file: Path) -> None:
    """Разобрать ответ перевозчика и напечатать по строке JSON на каждое событие."""
    try:
        updates = in_order(_carrier(code).parse(_content(file)))
    except CarrierError as error:
        raise Trouble(str(error)) from error
    for update in updates:
        click.echo(json.dumps(update.record(), ensure_ascii=False))


@command(commands, "follow")
@click.argument("code")
@click.argument("number")
@click.argument("order")
@SHOP
def follow(code: str, number: str, order: str, shop: str) -> None:
    """Следить за заказом ORDER по номеру NUMBER перевозчика CODE."""
    with transaction() as session:
        words = _follow(session, _carrier(code), number, order, shop, now())
    click.echo(words)


@command(commands, "pairs")
@click.argument("code")
@click.argument("file", type=click.Path(path_type=Path))
@SHOP
def pairs(code: str, file: Path, shop: str) -> None:
    """Взять номера, выданные перевозчиком при сдаче: в каждой строке файла наш номер и его номер."""
    carrier = _carrier(code)
    found, bad = read_pairs(_content(file).decode("utf-8", "replace"))
    troubles = [f"Строка {line.line}: {_BAD_LINES[line.why]}." for line in bad]
    for pair in found:
        try:
            with transaction() as session:
                _follow(session, carrier, pair.theirs, pair.ours, shop, now())
        except Trouble as trouble:
            troubles.append(f"Строка {pair.line}: {trouble.message}")
    for words in troubles:
        click.echo(words, err=True)
    click.echo(f"Строк {len(found) + len(bad)}, не принято {len(troubles)}.")
    if troubles:
        raise Trouble("Не принятые строки перечислены выше; исправьте их и загрузите файл снова.")


@command(commands, "poll")
@click.argument("code", required=False)
@click.option("--now", "at_once", is_flag=True, help="Спросить обо всех посылках, не дожидаясь срока.")
def poll(code: str | None, at_once: bool) -> None:
    """Спросить перевозчиков (или одного CODE) о посылках, которым пришёл срок."""
    for carrier in _wanted(code):
        if not (of_it := asking.accounts(carrier)):
            if code:
                raise Trouble(f"{carrier.name}: ключей нет, спрашивать не с чем; см. .env.example.")
            continue
        with transaction() as session:
            if at_once:
                following.hurry(session, carrier.code, now())
        done = polling.poll(carrier, of_it, now)
        click.echo(f"{carrier.name}: {_counted(done)}.")


@command(commands, "offers")
@click.argument("code", required=False)
@click.argument("file", required=False, type=click.Path(path_type=Path))
def offers(code: str | None, file: Path | None) -> None:
    """Спросить перевозчиков (или одного CODE) о сроках, стоимости и пунктах выдачи; с FILE взять пункты из файла."""
    wanted = [OFFERS[carrier.code] for carrier in _wanted(code) if carrier.code in OFFERS]
    if code and not wanted:
        raise Trouble(f"{_carrier(code).name}: сроков и пунктов выдачи по API не даёт.")
    for one in wanted:
        if file is not None:
            done = _points_of(one, file)
        elif keys := offering.keys_for(one):
            done = offering.ask(one, keys, now, at_once=True)
        elif code:
            raise Trouble(f"{_carrier(code).name}: ключей платформы нет, спрашивать не с чем; см. .env.example.")
        else:
            continue
        click.echo(f"{_carrier(one.carrier).name}: {_counted(done)}.")


def _points_of(of: Offers, file: Path) -> Counter[str]:
    """Keep the points of a saved answer; those that are not in it stay, because it may be about one city."""
    if of.points is None:
        raise Trouble(f"{_carrier(of.carrier).name}: пунктов выдачи не перечисляет.")
    try:
        return offering.keep_points(of, of.points(_content(file)), now())
    except CarrierError as error:
        raise Trouble(str(error)) from error


@command(commands, "status")
def status() -> None:
    """Показать, кого спрашиваем, как они отвечают и за сколькими посылками у них следим."""
    moment = now()
    configured = {code for code, carrier in CARRIERS.items() if asking.accounts(carrier)}
    with reading() as session:
        rows = [_row(session, carrier, carrier.code in configured, moment) for carrier in CARRIERS.values()]
    for line in _table([_HEAD, *rows]):
        click.echo(line)


_HEAD = ("код", "ключи", "предохранитель", "ответил", "следим", "пора", "непонятных", "последняя беда")


def _row(session: Session, carrier: Carrier, is_configured: bool, moment: datetime) -> tuple[str, ...]:
    row = session.get(CarrierHealth, carrier.code) or CarrierHealth(unknown_codes=0, last_trouble="")
    followed, due = following.counts(session, carrier.code, moment)
    gate = _GATES[breaker.gate(health.of(session, carrier.code), moment)]
    keys = "есть" if is_configured else "нет" if carrier.fetch else "не спрашиваем"
    pushed = " +события" if secret_of(carrier, current_app.config["CARRIERS"]) else ""
    answered = row.last_answered_at.isoformat(timespec="seconds") if row.last_answered_at else "—"
    numbers = (str(followed), str(due) if carrier.fetch else "—", str(row.unknown_codes))
    return carrier.code, keys + pushed, gate, answered, *numbers, row.last_trouble


def _table(rows: list[tuple[str, ...]]) -> Iterator[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return ("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows)


def _counted(done: Counter[str]) -> str:
    return ", ".join(f"{name} {count}" for name, count in sorted((+done).items())) or "нет"


def _wanted(code: str | None) -> Iterable[Carrier]:
    return [_carrier(code)] if code else CARRIERS.values()


def _carrier(code: str) -> Carrier:
    try:
        return carrier_of(code)
    except CarrierError as error:
        raise Trouble(str(error)) from error


def _content(file: Path) -> bytes:
    try:
        with file.open("rb") as source:
            answer = source.read(MOST_BYTES + 1)
    except OSError as error:
        raise Trouble(f"Файл {file} не читается: {error.strerror}.") from error
    if len(answer) > MOST_BYTES:
        raise Trouble(f"В файле больше {MOST_BYTES // 1_000_000} МБ; таких ответов не бывает.")
    return answer


def _follow(session: Session, carrier: Carrier, number: str, order: str, shop: str, moment: datetime) -> str:
    parcel = parcel_named(session, order, shop)
    try:
        is_new = following.follow(session, parcel, carrier.code, number, moment)
    except following.TakenNumber as error:
        raise Trouble(f"Номер {number} уже у посылки {error}; проверьте номер.") from error
    except following.BadNumber as error:
        raise Trouble(f"«{number}» не похоже на номер перевозчика; проверьте номер.") from error
    return f"{parcel.number}: {'следим' if is_new else 'уже следили'} у перевозчика {carrier.name}."
