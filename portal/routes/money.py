"""The cashier's entrances: count what couriers bring, hand shops their money, reverse a payment."""

from datetime import date, timedelta
from typing import Any

from flask import Blueprint, abort, current_app, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from parcels import money, payouts
from parcels.money import Changed, Payment
from parcels.payouts import Cashier, OtherTotal, SamePerson
from portal import money_page, money_words, notices_staff
from portal.access import Rule, allow
from portal.courier_day import minor
from portal.extensions import now
from portal.languages import _, language
from portal.notices import Notice
from portal.transaction import reading, transaction
from scheduling import round_counting
from scheduling.round_counting import Differs, NothingToCount, Teller

bp = Blueprint("money", __name__, url_prefix="/money")
NUMBER_LENGTH, NOTE_LENGTH = 40, 300
AHEAD = timedelta(days=1)  # in the east of Russia the day begins before ours, which is that of UTC


@bp.context_processor
def words() -> dict[str, Any]:
    """What the templates look up by value."""
    return {"notices_staff": notices_staff, "money_words": money_words}


@bp.get("")
@allow(Rule.TILLS)
def tills() -> ResponseReturnValue:
    """What couriers bring, what lies in our tills, and what was paid lately; a manager may look."""
    return _page()


@bp.post("/count")
@allow(Rule.CASHIER)
def count() -> ResponseReturnValue:
    """The money of a round has been counted. A gap is shown first, and taken when the cashier confirms it."""
    counted = {name: minor(written) for name, written in _named("counted_").items()}
    if not counted or min(counted.values()) < 0:
        return _page(money_words.no_sum()), 422
    try:
        _count(counted)
    except LookupError:
        abort(404)
    except NothingToCount:
        return _page(money_words.counted_already()), 409
    except Differs as problem:
        return _page(money_words.differs(problem.gap, language()), gap=problem.gap), 409
    flash(_("Записано. Деньги в кассе, за курьером их больше нет."))
    return redirect(url_for("money.tills"), 303)


def _count(counted: dict[str, int]) -> None:
    form, teller = request.form, Teller(current_user.id, current_user.name)
    accepted = {name: money_words.difference(written) for name, written in _named("gap_").items()}
    note = " ".join(form.get("note", "").split())[:NOTE_LENGTH]
    with transaction() as session:
        round_id = form.get("round", default=0, type=int)
        round_counting.count(session, round_id, counted, accepted, teller, now(), note)


@bp.post("/made-up")
@allow(Rule.CASHIER)
def made_up() -> ResponseReturnValue:
    """What was missing from an order has been put into the till."""
    cashier = _cashier()
    try:
        with transaction() as session:
            money.make_up(session, request.form.get("cash", ""), cashier.source, cashier.name, now())
    except Changed:
        return _page(notices_staff.money_gone()), 409
    flash(_("Записано: недостающее в кассе."))
    return redirect(url_for("money.tills"), 303)


@bp.post("")
@allow(Rule.CASHIER)
def pay_out() -> ResponseReturnValue:
    """Hand the ticked money over to its shop, all of it in one payment; much of it waits for a second cashier."""
    payment, keys = _payment(), request.form.getlist("cash")
    if payment is None or not keys:
        return _page(notices_staff.payment_unclear()), 422
    total, limit = minor(request.form.get("total", "")), current_app.config["PAYOUT_LIMIT"]
    try:
        with transaction() as session:
            row = payouts.propose(session, keys, total, payment, _cashier(), limit, now())
            told = money_words.paid(len(keys)) if row.done_at is not None else money_words.waits()
    except OtherTotal as problem:
        return _page(money_words.other_total(problem.minor, total, problem.currency, language())), 422
    except Changed:
        return _page(notices_staff.money_gone()), 409
    flash(told)
    return redirect(url_for("money.tills"), 303)


@bp.post("/<int:payout_id>/confirm")
@allow(Rule.CASHIER)
def confirm(payout_id: int) -> ResponseReturnValue:
    """A second cashier confirms a payment that waits."""
    try:
        with transaction() as session:
            row = payouts.confirm(session, payout_id, _cashier(), now())
            told = money_words.paid(len(row.keys))
    except SamePerson:
        return _page(money_words.same_person()), 409
    except LookupError:
        abort(404)
    except Changed:
        return _page(notices_staff.money_gone()), 409
    flash(told)
    return redirect(url_for("money.tills"), 303)


@bp.post("/<int:payout_id>/drop")
@allow(Rule.CASHIER)
def drop(payout_id: int) -> ResponseReturnValue:
    """A payment that waits is not made after all."""
    try:
        with transaction() as session:
            payouts.drop(session, payout_id, now())
    except LookupError:
        abort(404)
    except Changed:
        return _page(notices_staff.money_gone()), 409
    flash(_("Отменено: деньги остались в кассе."))
    return redirect(url_for("money.tills"), 303)


@bp.post("/<int:payout_id>/reverse")
@allow(Rule.CASHIER)
def reverse(payout_id: int) -> ResponseReturnValue:
    """A payment was a mistake: an entry of its own takes it back, with the reason."""
    reason = " ".join(request.form.get("reason", "").split())
    try:
        with transaction() as session:
            payouts.reverse(session, payout_id, reason, _cashier(), now())
    except ValueError:
        return _page(money_words.no_reason()), 422
    except LookupError:
        abort(404)
    except Changed:
        return _page(notices_staff.money_gone()), 409
    flash(_("Сторно записано: деньги снова в кассе. Прежняя запись осталась."))
    return redirect(url_for("money.tills"), 303)


def _cashier() -> Cashier:
    return Cashier(current_user.id, current_user.name)


def _named(prefix: str) -> dict[str, str]:
    """Fields of the form by the currency in their names."""
    fields = request.form.items()
    return {name.removeprefix(prefix)[:3]: written for name, written in fields if name.startswith(prefix)}


def _payment() -> Payment | None:
    """The payment of the form; None when its number is missing, or its day is none or has not come anywhere yet."""
    number = " ".join(request.form.get("number", "").split())[:NUMBER_LENGTH]
    try:
        day = date.fromisoformat(request.form.get("day", ""))
    except ValueError:
        return None
    is_paid = day <= now().date() + AHEAD
    return Payment(number, day, f"cashier:{current_user.id}", current_user.name) if number and is_paid else None


def _page(notice: Notice | None = None, gap: dict[str, int] | None = None) -> str:
    with reading() as session:
        page = money_page.desk(session, now())
        typed = request.form if notice is not None else {}
        today = now().date().isoformat()
        return render_template("pages/money.html", p=page, notice=notice, typed=typed, today=today, gap=gap or {})
