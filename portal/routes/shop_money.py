"""The shop's money that recipients have paid: how far it has come, who has it, and a list to collect it by."""

from flask import Blueprint, abort, render_template
from flask.typing import ResponseReturnValue
from flask_login import current_user
from sqlalchemy.orm import joinedload

from parcels.models import Shop
from portal import money_page
from portal.access import Rule, allow
from portal.extensions import now
from portal.recalls_page import holder_words
from portal.transaction import reading

bp = Blueprint("shop_money", __name__, url_prefix="/shop/money")


@bp.get("")
@allow(Rule.SHOP)
def listed() -> ResponseReturnValue:
    """Sums by holder, and order by order; made to be printed."""
    with reading() as session:
        shop = session.get_one(Shop, int(current_user.shop_id or abort(403)), options=[joinedload(Shop.origin)])
        page = money_page.of_shop(session, shop.id, now())
        return render_template("pages/shop_money.html", shop=shop, page=page, holder_words=holder_words)
