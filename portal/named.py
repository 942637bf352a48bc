"""What a person names at a terminal, found in the database: a shop by its code, a parcel by its order."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from parcels.models import Parcel, Shop
from portal.terminal import Trouble


def shop_named(session: Session, code: str) -> Shop:
    """Raises Trouble."""
    shop = session.scalar(select(Shop).where(Shop.code == code))
    if shop is None:
        raise Trouble(f"Магазина с кодом {code} нет; проверьте --shop.")
    return shop


def parcel_named(session: Session, order: str, shop: str) -> Parcel:
    """A parcel by the shop's number of the order, or by our own. Raises Trouble."""
    ours = int(order[2:]) if order[:2].upper() == "VH" and order[2:].isdigit() else None
    query = select(Parcel).where((Parcel.id == ours) if ours else (Parcel.order_number == order))
    if shop:
        query = query.where(Parcel.shop_id == shop_named(session, shop).id)
    found = session.scalars(query.limit(2)).all()
    if not found:
        raise Trouble(f"Заказа {order} нет; проверьте номер.")
    if len(found) > 1:
        raise Trouble(f"Заказ {order} есть у нескольких магазинов; добавьте --shop.")
    return found[0]
