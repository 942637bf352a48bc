"""The manager's list of names under which shops ask to write: each is let in or refused by a person."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user
from sqlalchemy import select

from parcels.models import Shop
from portal.access import Rule, allow
from portal.extensions import now
from portal.languages import _
from portal.transaction import reading, transaction
from sms import sender_names

bp = Blueprint("sender_names", __name__, url_prefix="/manage/senders")


@bp.get("")
@allow(Rule.MANAGER)
def listed() -> ResponseReturnValue:
    """All names, those that wait first."""
    with reading() as session:
        rows = sender_names.listed(session)
        of_shops = select(Shop.id, Shop.name).where(Shop.id.in_({row.shop_id for row in rows}))
        shops = {shop.id: shop.name for shop in session.execute(of_shops)}
    return render_template("pages/sender_names.html", rows=rows, shops=shops)


@bp.post("")
@allow(Rule.MANAGER)
def decide() -> ResponseReturnValue:
    """Let a shop have a name, or refuse it; a name that was changed meanwhile is looked at again."""
    form = request.form
    is_approved = form.get("decision") == "approve"
    with transaction() as session:
        was_it = sender_names.decide(
            session,
            form.get("skeleton", ""),
            form.get("name", ""),
            by=current_user.name,
            now=now(),
            is_approved=is_approved,
        )
    if not was_it:
        flash(_("Магазин тем временем изменил имя. Посмотрите ещё раз."), "problem")
    elif is_approved:
        flash(_("Имя {name} подтверждено, SMS пойдут от него.", name=form["name"]))
    else:
        flash(_("Имя {name} отклонено, магазин пишет от имени pochta.", name=form["name"]))
    return redirect(url_for("sender_names.listed"), 303)
