"""One parcel as its shop sees it: where it is, recalling it, sending it elsewhere; and how those wishes go."""

from collections.abc import Callable
from datetime import date
from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user
from sqlalchemy.orm import Session, joinedload

from parcels import holdings, journal
from parcels.journal import StaleVersion
from parcels.models import Parcel, Shop
from parcels.numbers import parcel_id_in
from parcels.stages import GOING_BACK
from portal import intake, notices, notices_staff, recalls_page, refusals
from portal.access import Rule, allow
from portal.extensions import now
from portal.languages import _, language
from portal.notices import Notice
from portal.transaction import reading, transaction
from scheduling import recalling
from scheduling.booking import Asker
from scheduling.policy import BEFORE_ROAD, Refusal, why_no_recall

bp = Blueprint("shop_parcels", __name__, url_prefix="/shop/parcels")
NOTE_LENGTH = 200
Edit = Callable[[Session, Parcel, Asker], None]


@bp.context_processor
def words() -> dict[str, Any]:
    """What the templates look up by value."""
    return {"notices": notices, "notices_staff": notices_staff, "as_date": date.fromisoformat}


@bp.get("")
@allow(Rule.SHOP)
def tracked() -> ResponseReturnValue:
    """Recalls and redirects, the newest first."""
    with reading() as session:
        shop = _shop(session)
        return render_template("pages/shop_recalls.html", shop=shop, lines=recalls_page.of_shop(session, shop.id))


@bp.get("/<number>")
@allow(Rule.SHOP)
def show(number: str) -> ResponseReturnValue:
    """One parcel with its story, and what can be done about it."""
    return _page(number)


@bp.post("/<number>/recall")
@allow(Rule.SHOP)
def recall(number: str) -> ResponseReturnValue:
    """The shop wants it back; that cannot be taken back, so that it is asked whether it is sure."""
    if request.form.get("sure") != "yes":
        return _page(number, notices_staff.recall_unsure()), 422
    note = request.form.get("note", "").strip()[:NOTE_LENGTH]
    done = _("Отозвали. Получатель узнает из сообщения, склад увидит при сканировании.")
    return _edit(number, lambda session, parcel, asker: recalling.recall(session, parcel, asker, note, now()), done)


@bp.post("/<number>/redirect")
@allow(Rule.SHOP)
def send_elsewhere(number: str) -> ResponseReturnValue:
    """The shop sends it to another address."""
    cells = {name: request.form.get(name, "") for name in ("settlement", "region", "address")}

    def edit(session: Session, parcel: Parcel, asker: Asker) -> None:
        intake.redirect(session, parcel, cells, asker, now())

    return _edit(number, edit, _("Адрес изменён. Если этикетка уже наклеена, напечатайте её заново."))


def _edit(number: str, edit: Edit, done: str) -> ResponseReturnValue:
    """Change a parcel from the version that was shown; or show it as it is now, and why nothing was changed."""
    seen = request.form.get("version", default=-1, type=int)
    try:
        with transaction() as session:
            shop = _shop(session)
            parcel = journal.lock(session, _mine(session, number).id)
            edit(session, parcel, Asker(intake.source(shop.code), seen))
    except intake.BadOrder as problem:
        return _page(number, notices_staff.not_redirected(problem.words)), 422
    except Refusal as problem:
        return _page(number, refusals.refusal(problem, language())), 409
    except StaleVersion:
        return _page(number, notices_staff.parcel_moved_on()), 409
    flash(done)
    return redirect(url_for("shop_parcels.show", number=number), 303)


def _page(number: str, notice: Notice | None = None) -> str:
    with reading() as session:
        parcel = _mine(session, number)
        return render_template(
            "pages/shop_parcel.html",
            shop=_shop(session),
            parcel=parcel,
            who=recalls_page.holder_words(holdings.holder_of(session, parcel.id)),
            facts=journal.facts_of(session, parcel)[::-1],
            carriers=recalls_page.carriers_of(session, parcel.id),
            can_be_stopped=why_no_recall(parcel.state) is None,
            is_coming=parcel.closed_at is None and parcel.side not in GOING_BACK,
            any_city=parcel.road in BEFORE_ROAD,
            typed=request.form if notice is not None else {},
            notice=notice,
        )


def _mine(session: Session, number: str) -> Parcel:
    """The parcel of the shop that asks; another shop's is as unknown as none."""
    parcel = session.get(Parcel, parcel_id_in(number) or 0, options=[joinedload(Parcel.settlement)])
    if parcel is None or parcel.shop_id != current_user.shop_id:
        abort(404)
    return parcel


def _shop(session: Session) -> Shop:
    return session.get_one(Shop, int(current_user.shop_id or abort(403)), options=[joinedload(Shop.origin)])
