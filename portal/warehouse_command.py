"""`flask warehouses`: where parcels are scanned, and who scans there."""

import click
from sqlalchemy import select
from sqlalchemy.orm import Session

from parcels.models import Settlement, Shop, Staff, Warehouse
from portal import access
from portal.terminal import Trouble, command
from portal.transaction import transaction

commands = click.Group("warehouses", help="Склады.")
LEAST_PASSWORD = 8


@command(commands, "add")
@click.argument("name")
@click.option("--city", type=int, required=True, help="Код населённого пункта, например 314 (Томск).")
@click.option("--shop", default="", help="Код магазина, если склад его собственный.")
def add(name: str, city: int, shop: str) -> None:
    """Завести склад: службы доставки или магазина."""
    with transaction() as session:
        if session.get(Settlement, city) is None:
            raise Trouble(f"Населённого пункта {city} нет; проверьте --city.")
        if session.scalar(select(Warehouse.id).where(Warehouse.name == name)) is not None:
            raise Trouble(f"Склад «{name}» уже есть; назовите иначе.")
        session.add(Warehouse(name=name, settlement_id=city, shop_id=_shop(session, shop) if shop else None))
    click.echo(f"Склад «{name}» заведён.")


@command(commands, "keeper")
@click.argument("login")
@click.option("--name", required=True, help="Как его зовут на страницах.")
@click.option("--warehouse", required=True, help="Название склада.")
@click.password_option(prompt="Пароль", confirmation_prompt="Пароль ещё раз")
def keeper(login: str, name: str, warehouse: str, password: str) -> None:
    """Завести кладовщика."""
    if len(password) < LEAST_PASSWORD:
        raise Trouble(f"Пароль короче {LEAST_PASSWORD} знаков; придумайте длиннее.")
    with transaction() as session:
        where = session.scalar(select(Warehouse.id).where(Warehouse.name == warehouse))
        if where is None:
            raise Trouble(f"Склада «{warehouse}» нет; заведите его: flask warehouses add.")
        if session.scalar(select(Staff.id).where(Staff.login == login)) is not None:
            raise Trouble(f"Сотрудник с именем входа {login} уже есть; возьмите другое.")
        password_hash = access.hash_password(password)
        session.add(Staff(login=login, name=name, role="warehouse", password_hash=password_hash, warehouse_id=where))
    click.echo(f"Кладовщик {login} заведён.")


def _shop(session: Session, code: str) -> int:
    shop_id = session.scalar(select(Shop.id).where(Shop.code == code))
    if shop_id is None:
        raise Trouble(f"Магазина с кодом {code} нет; проверьте --shop.")
    return shop_id
