"""The shop's choices about telling, and what telling has cost it."""

from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user
from sqlalchemy.orm import Session, joinedload

from parcels.models import Shop
from portal import hook_words, hooks_page, informing_page, informing_words, notices
from portal.access import Rule, allow
from portal.extensions import now
from portal.informing_form import BadForm, hook_pairs, insist_on_sender, meanwhile, pairs, preferences_of
from portal.languages import _, language
from portal.manage_page import weekday_names
from portal.transaction import reading, transaction
from sms import preferences, sender_names
from sms.hook_events import FOR_PROGRAMS
from sms.preferences import ALWAYS_OURS, PLANS, REMIND_EVERY, ChosenMeanwhile, Teller, is_for_shop

bp = Blueprint("informing", __name__, url_prefix="/shop/informing")


@bp.context_processor
def words() -> dict[str, Any]:
    """What the templates look up by value."""
    return {
        "words": informing_words,
        "pairs": pairs(),
        "hook_pairs": hook_pairs(),
        "for_programs": FOR_PROGRAMS,
        "hook_words": hook_words,
        "plans": list(PLANS),
        "tellers": list(Teller),
        "always_ours": ALWAYS_OURS,
        "is_for_shop": is_for_shop,
        "remind_every": REMIND_EVERY,
        "weekdays": weekday_names(language()),
        "notices": notices,
        "occasion_words": informing_words.occasion_words,
    }


@bp.get("")
@allow(Rule.SHOP)
def chosen() -> ResponseReturnValue:
    """The choices as they are."""
    return _page()


@bp.post("")
@allow(Rule.SHOP)
def choose() -> ResponseReturnValue:
    """Change the choices, from now on."""
    try:
        with transaction() as session:
            shop = _shop(session)
            preferences.insist_on(session, shop.id, request.form.get("seen", -1, int))
            wanted = preferences_of(request.form, preferences.of_shop(session, shop.id))
            insist_on_sender(sender_names.ask(session, shop.id, wanted.sender, now()))
            is_news = preferences.choose(session, shop.id, wanted, current_user.name, now())
    except BadForm as problem:
        return _page(problem), 422
    except ChosenMeanwhile:
        return _page(meanwhile()), 409
    flash(_("Записали. Действует с этой минуты, и для заказов в пути тоже.") if is_news else _("Ничего не изменилось."))
    return redirect(url_for("informing.chosen"), 303)


@bp.post("/text")
@allow(Rule.SHOP)
def text() -> ResponseReturnValue:
    """What a first message would look like and cost, while it is typed. Changes nothing."""
    with reading() as session:
        sample = informing_page.sample(_shop(session).name, request.form.get("first_text", ""))
    return render_template("fragments/informing_sample.html", sample=sample)


@bp.get("/costs")
@allow(Rule.SHOP)
def costs() -> ResponseReturnValue:
    """What telling has cost, by month and by parcel, and what was left out and why."""
    with reading() as session:
        shop = _shop(session)
        page = informing_page.costs(session, shop.id, request.args.get("order", "").strip())
    return render_template("pages/costs.html", shop=shop, page=page)


def _page(problem: BadForm | None = None) -> str:
    """The choices that count; with a problem, what was typed stands in the fields."""
    typed = request.form if problem is not None else {}
    with reading() as session:
        shop = _shop(session)
        choices = preferences.of_shop(session, shop.id)
        page = {
            "is_sender_waiting": not sender_names.is_approved(session, shop.id, choices.sender),
            "seen": preferences.version(session, shop.id),
            "hook_addresses": hooks_page.count(session, shop.id),
        }
    sample = informing_page.sample(shop.name, str(typed.get("first_text", choices.first_text)))
    return render_template(
        "pages/informing.html", shop=shop, choices=choices, typed=typed, problem=problem, sample=sample, **page
    )


def _shop(session: Session) -> Shop:
    """The shop of the person who asks."""
    return session.get_one(Shop, int(current_user.shop_id or abort(403)), options=[joinedload(Shop.origin)])
