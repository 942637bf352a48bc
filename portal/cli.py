"""What is typed at a terminal: `flask matrix import`, `flask up` and the rest. Each says what came of it."""

from datetime import datetime
from itertools import islice
from pathlib import Path

import click
from flask import Flask, current_app
from sqlalchemy import select
from sqlalchemy.orm import Session

from parcels import journal
from parcels.journal import NewFact
from parcels.models import Shop, Staff
from parcels.stages import Kind
from portal import (
    access,
    carriers_command,
    demo,
    eta,
    import_words,
    intake,
    links,
    matrix_command,
    notices,
    order_rows,
    places,
    sheets,
    sms_command,
    ticking,
    up,
    verify,
    warehouse_command,
)
from portal.extensions import now
from portal.named import parcel_named, shop_named
from portal.terminal import Moment, Trouble, command
from portal.transaction import reading, transaction
from scheduling.models import Zone

BATCH = 200
LEAST_PASSWORD = 8
BY_HAND = (
    *(Kind.HANDED_OVER, Kind.AT_WAREHOUSE, Kind.DEPARTED, Kind.PASSED, Kind.ARRIVED, Kind.TO_COURIER, Kind.DELIVERED),
    *(Kind.NOT_DELIVERED, Kind.AT_PICKUP, Kind.INCIDENT, Kind.UNKNOWN, Kind.REFUSED, Kind.RETURNING, Kind.RETURNED),
)
FILE = click.Path(path_type=Path)
main = click.Group()
main.add_command(matrix_command.commands)
main.add_command(eta.commands)
main.add_command(sms_command.commands)
main.add_command(carriers_command.commands)
main.add_command(warehouse_command.commands)


@command(main, "import-orders")
@click.argument("file", type=FILE)
@click.option("--shop", default="", help="Код магазина для строк, где он не указан.")
def import_orders(file: Path, shop: str) -> None:
    """Принять заказы из CSV или XLSX; плохие строки названы, хорошие приняты."""
    table = sheets.table(file, intake.COLUMNS)
    for line in import_words.about(table):
        click.echo(line)
    try:
        intake.check_header(table.header)
    except intake.BadColumns as error:
        raise Trouble(error.words) from error
    done = intake.Intake(shop)
    while batch := list(islice(table.rows, BATCH)):
        with transaction() as session:
            done.take(session, batch, now())
    for row in done.rejected:
        click.echo(f"Строка {row.line}: {row.words.rstrip('.')}.", err=True)
    click.echo("\n".join(import_words.summary(table, done)))
    if done.rejected:
        raise Trouble("Не принятые строки перечислены выше; исправьте их и загрузите файл снова.")


@command(main, "tick")
@click.option("--now", "moment", type=Moment(), required=True, help="Который час считать, ISO с поясом.")
def tick(moment: datetime) -> None:
    """Сделать всё, чему пришло время к названному моменту: шаги, сообщения, новые дни."""
    done = ticking.tick(moment)
    counted = {"шаги": done.steps, "сроки": done.missed, "сообщения": done.messages, "вебхуки": done.hooks}
    counted |= {"перевозчики": done.carriers, "их сроки и пункты": done.offers}
    lines = [
        f"{what} — {', '.join(f'{name} {count}' for name, count in sorted(counts.items())) or 'нет'}"
        for what, counts in counted.items()
    ]
    click.echo(f"{moment.isoformat()}: {'; '.join(lines)}; открыто слотов — {done.opened}.")
    if done.hanging:
        click.echo(f"Давно не движутся: {done.hanging}.")
    if done.rounds or done.late_rounds:
        click.echo(f"Рейсы: собрано или дополнено — {done.rounds}, не выехали вовремя — {len(done.late_rounds)}.")
    if done.learned:
        click.echo(f"Сроки выучены заново: {', '.join(done.learned)}.")


@command(main, "create-shop")
@click.argument("code")
@click.option("--name", required=True, help="Как магазин называет себя в SMS.")
@click.option("--phone", required=True, help="Телефон магазина.")
@click.option("--origin", default=str(places.CHELYABINSK), help="Откуда отправляет; без него Челябинск.")
@click.option("--handling-days", type=click.IntRange(0, 30), default=1, help="За сколько рабочих дней отдаёт посылку.")
def create_shop(code: str, name: str, phone: str, origin: str, handling_days: int) -> None:
    """Завести магазин."""
    with transaction() as session:
        if session.scalar(select(Shop.id).where(Shop.code == code)) is not None:
            raise Trouble(f"Магазин с кодом {code} уже есть; возьмите другой.")
        place = matrix_command.settlement(session, origin)
        session.add(Shop(code=code, name=name, phone=phone, origin=place, handling_days=handling_days))
    click.echo(f"Магазин {code} заведён.")


@command(main, "create-user")
@click.argument("login")
@click.option("--role", type=click.Choice(["operator", "courier", "shop", "manager"]), required=True)
@click.option("--name", required=True, help="Как его зовут на страницах.")
@click.option("--shop", default="", help="Код магазина; нужен роли shop.")
@click.option("--zone", default="", help="Зона курьера, например Томск; нужна роли courier.")
@click.option("--phone", default="", help="Телефон курьера для получателей.")
@click.password_option(prompt="Пароль", confirmation_prompt="Пароль ещё раз")
def create_user(login: str, role: str, name: str, shop: str, zone: str, phone: str, password: str) -> None:
    """Завести сотрудника."""
    if len(password) < LEAST_PASSWORD:
        raise Trouble(f"Пароль короче {LEAST_PASSWORD} знаков; придумайте длиннее.")
    if (role == "shop" and not shop) or (role == "courier" and not zone):
        raise Trouble("Роли shop нужен --shop, роли courier нужен --zone; допишите.")
    with transaction() as session:
        if session.scalar(select(Staff.id).where(Staff.login == login)) is not None:
            raise Trouble(f"Сотрудник с именем входа {login} уже есть; возьмите другое.")
        shop_id = shop_named(session, shop).id if shop else None
        zone_id = _zone(session, zone).id if zone else None
        password_hash = access.hash_password(password)
        ties = {"shop_id": shop_id, "zone_id": zone_id, "phone": _phone(phone) if phone else ""}
        session.add(Staff(login=login, name=name, role=role, password_hash=password_hash, **ties))
    click.echo(f"Сотрудник {login} заведён ({role}).")


@command(main, "cashier")
@click.argument("login")
@click.option("--off", is_flag=True, help="Забрать право.")
def cashier(login: str, off: bool) -> None:
    """Дать сотруднику право кассира: считать деньги курьеров и передавать их магазинам."""
    with transaction() as session:
        staff = session.scalar(select(Staff).where(Staff.login == login))
        if staff is None:
            raise Trouble(f"Сотрудника с именем входа {login} нет; заведите его: flask create-user.")
        if staff.role not in access.MAY_BE_CASHIER:
            raise Trouble("Кассиром может быть оператор, управляющий или кладовщик: свои деньги никто не считает.")
        staff.is_cashier = not off
    click.echo(f"{login}: право кассира {'снято' if off else 'есть'}.")


@command(main, "seed-demo")
def seed_demo() -> None:
    """Завести магазин с двумя сотнями заказов на всех этапах, чтобы посмотреть портал."""
    if current_app.config["SMS_BACKEND"] != "console":
        raise Trouble("У демо-заказов выдуманные телефоны; поставьте SMS_BACKEND=console, чтобы им ничего не ушло.")
    with transaction() as session:
        if demo.is_there(session):
            raise Trouble("Демо-данные уже есть; второй раз они не нужны.")
        count = demo.seed(session, now())
    click.echo(f"Заведено посылок: {count}.")


@command(main, "up")
@click.option("--demo", "wants_demo", is_flag=True, help="Демо-данные и на PostgreSQL.")
def start(wants_demo: bool) -> None:
    """Запустить портал и всё, что ему нужно; Ctrl-C останавливает."""
    raise SystemExit(up.start(now(), wants_demo, click.echo))


@command(main, "prepare")
def prepare() -> None:
    """Обновить базу и загрузить города и сроки, если их ещё нет; то же делает up перед запуском."""
    up.prepare(now(), False, click.echo)


@command(main, "link")
@click.argument("order")
@click.option("--shop", default="", help="Код магазина, если номер есть у нескольких.")
def link(order: str, shop: str) -> None:
    """Показать ссылку получателя; ORDER — номер заказа или посылки."""
    with reading() as session:
        parcel = parcel_named(session, order, shop)
        click.echo(f"{current_app.config['PUBLIC_BASE_URL']}/t/{links.token_for(parcel)}")


@command(main, "revoke-link")
@click.argument("order")
@click.option("--shop", default="", help="Код магазина, если номер есть у нескольких.")
def revoke_link(order: str, shop: str) -> None:
    """Отозвать ссылку получателя; новая уйдёт ему в SMS."""
    with transaction() as session:
        parcel = journal.lock(session, parcel_named(session, order, shop).id)
        journal.record(session, parcel, NewFact(Kind.LINK_REVOKED, "terminal"), now())
    click.echo(f"Прежняя ссылка посылки {parcel.number} больше не открывается.")


@command(main, "fact")
@click.argument("order")
@click.argument("kind", type=click.Choice([kind.value for kind in BY_HAND]))
@click.option("--at", "at", type=Moment(), help="Когда это было, ISO с поясом; без него сейчас.")
@click.option("--place", default="", help="Где это было.")
@click.option("--address", default="", help="Адрес пункта выдачи.")
@click.option("--hours", default="", help="Часы его работы, например 9–20.")
@click.option("--shop", default="", help="Код магазина, если номер есть у нескольких.")
def fact(order: str, kind: str, at: datetime | None, place: str, address: str, hours: str, shop: str) -> None:
    """Записать факт о посылке вручную. Будущее время тоже годится: так историю проигрывают вперёд вместе с tick."""
    moment = max(at, now()) if at else now()
    with transaction() as session:
        parcel = journal.lock(session, parcel_named(session, order, shop).id)
        details = {name: said for name, said in (("address", address), ("open", hours)) if said}
        new = NewFact(Kind(kind), "terminal", at=at or moment, place=place, details=details)
        journal.record(session, parcel, new, moment)
    click.echo(f"{parcel.number}: записано {kind}; теперь этап «{notices.stage_words(parcel.stage)}».")


@command(main, "verify")
@click.option("--running", is_flag=True, help="Воркер запущен: проверить и то, что ничего его не ждёт дольше минуты.")
def check(running: bool) -> None:
    """Проверить, что база не противоречит сама себе."""
    with transaction() as session:
        found = verify.breaches(session, now() if running else None)
    for breach in found:
        click.echo(f"{breach.invariant}: {breach.words}.")
    if found:
        raise Trouble(f"Нарушений: {len(found)}; разберите их по списку выше.")
    click.echo("Нарушений нет.")


def _phone(written: str) -> str:
    try:
        return order_rows.normal_phone(written)
    except order_rows.BadPhone as problem:
        raise Trouble(f"Телефон: {problem.words}.") from problem


def _zone(session: Session, name: str) -> Zone:
    """A zone by its whole name, or by the name of its city alone."""
    found = session.scalars(select(Zone).where((Zone.name == name) | Zone.name.startswith(f"{name}, "))).all()
    if len(found) != 1:
        seen = f" есть несколько: {'; '.join(zone.name for zone in found)}" if found else " нет"
        raise Trouble(f"Зоны «{name}»{seen}; укажите её целиком, например «Томск, Томская область».")
    return found[0]


def init(app: Flask) -> None:
    """Give the commands to an app."""
    for one in main.commands.values():
        app.cli.add_command(one)
