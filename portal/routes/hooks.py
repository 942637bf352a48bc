"""The shop's webhooks: where it wants to be told, with which secret, what arrived and what did not."""

from secrets import token_bytes
from typing import Any

from flask import Blueprint, abort, current_app, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from portal import hook_words, hooks_page
from portal.access import Rule, allow
from portal.extensions import now
from portal.languages import _
from portal.limits import at_most
from portal.transaction import reading, transaction
from sms import hooks
from sms.hook_events import EVENTS
from sms.hook_models import Why
from sms.hook_secrets import BYTES
from sms.public_address import BadAddress


class NothingChosen(Exception):
    """An address that wants to hear of nothing."""


#: What keeps an address from being written down.
_UNUSABLE = (NothingChosen, BadAddress, hooks.TooMany)
bp = Blueprint("hooks", __name__, url_prefix="/shop/hooks")


@bp.context_processor
def words() -> dict[str, Any]:
    """The words that the templates look up by value."""
    return {"hook_words": hook_words}


@bp.get("")
@allow(Rule.SHOP)
def listed() -> ResponseReturnValue:
    """The addresses of the shop, and the form for one more."""
    return _list("")


@bp.post("/add")
@allow(Rule.SHOP)
@at_most("20/minute")
def add() -> ResponseReturnValue:
    """Keep one more address."""
    try:
        asked = _asked()
        with transaction() as session:
            endpoint = hooks.add(session, _shop_id(), *asked, token_bytes(BYTES), now())
    except _UNUSABLE as problem:
        return _list(_words_of(problem)), 422
    return _with_secret(endpoint.id)


@bp.post("/<int:endpoint_id>/edit")
@allow(Rule.SHOP)
@at_most("20/minute")
def edit(endpoint_id: int) -> ResponseReturnValue:
    """Send elsewhere, or tell of other things."""
    try:
        asked = _asked()
        with transaction() as session:
            endpoint = hooks_page.held(session, _shop_id(), endpoint_id)
            hooks.edit(endpoint, *asked, request.form.get("seen", 0, int), now())
    except hooks.ChangedMeanwhile:
        return _log(endpoint_id, _("Пока страница была открыта, адрес изменили. Сверьте и повторите.")), 409
    except _UNUSABLE as problem:
        return _log(endpoint_id, _words_of(problem)), 422
    flash(_("Записали. Действует с этой минуты."))
    return _back(endpoint_id)


@bp.get("/<int:endpoint_id>")
@allow(Rule.SHOP)
def show(endpoint_id: int) -> ResponseReturnValue:
    """One address with its log."""
    return _log(endpoint_id, "")


@bp.post("/<int:endpoint_id>/rotate")
@allow(Rule.SHOP)
def rotate(endpoint_id: int) -> ResponseReturnValue:
    """A new secret; the one before is good for another day."""
    with transaction() as session:
        endpoint = hooks_page.held(session, _shop_id(), endpoint_id)
        hooks.rotate(endpoint, token_bytes(BYTES), now())
    return _with_secret(endpoint_id)


@bp.post("/<int:endpoint_id>/disable")
@allow(Rule.SHOP)
def disable(endpoint_id: int) -> ResponseReturnValue:
    """Send nothing more there."""
    with transaction() as session:
        hooks.disable(session, hooks_page.held(session, _shop_id(), endpoint_id), Why.BY_HAND, now())
    return _back(endpoint_id)


@bp.post("/<int:endpoint_id>/enable")
@allow(Rule.SHOP)
def enable(endpoint_id: int) -> ResponseReturnValue:
    """Send there again from now on."""
    try:
        with transaction() as session:
            hooks.enable(session, hooks_page.held(session, _shop_id(), endpoint_id), now())
    except hooks.TooMany:
        return _log(endpoint_id, _too_many()), 422
    return _back(endpoint_id)


@bp.post("/<int:endpoint_id>/test")
@allow(Rule.SHOP)
@at_most("20/minute")
def test(endpoint_id: int) -> ResponseReturnValue:
    """Send a test event, a real delivery like all others."""
    try:
        with transaction() as session:
            hooks.ping(session, hooks_page.held(session, _shop_id(), endpoint_id), now())
    except hooks.IsOff:
        return _log(endpoint_id, _is_off()), 409
    flash(_("Проверка отправлена. Что вышло, будет первой строкой журнала: обновите страницу через несколько секунд."))
    return _back(endpoint_id)


@bp.post("/<int:endpoint_id>/replay")
@allow(Rule.SHOP)
def replay(endpoint_id: int) -> ResponseReturnValue:
    """Begin again with one delivery, or with everything that did not arrive."""
    only = request.form.get("delivery", type=int)
    try:
        with transaction() as session:
            endpoint = hooks_page.held(session, _shop_id(), endpoint_id)
            count = hooks.replay(session, endpoint, now(), only)
    except hooks.IsOff:
        return _log(endpoint_id, _is_off()), 409
    flash(_("Отправляем снова: {count}.", count=count) if count else _("Отправлять нечего: всё уже в пути."))
    return _back(endpoint_id)


def _shop_id() -> int:
    """The shop of the person who asks; somebody without one has nothing to see here."""
    return int(current_user.shop_id or abort(403))


def _list(problem: str) -> str:
    with reading() as session:
        shown = hooks_page.addresses(session, _shop_id())
    return render_template("pages/hooks.html", problem=problem, form=request.form, **shown)


def _log(endpoint_id: int, problem: str) -> str:
    with reading() as session:
        shown = hooks_page.log(session, _shop_id(), endpoint_id, request.args.get("only") == "dead")
    typed = request.form if request.endpoint == "hooks.edit" else {}
    return render_template("pages/hook.html", problem=problem, moment=now(), form=typed, **shown)


def _back(endpoint_id: int) -> ResponseReturnValue:
    return redirect(url_for("hooks.show", endpoint_id=endpoint_id), 303)


def _with_secret(endpoint_id: int) -> ResponseReturnValue:
    """On to the one page that shows a secret. Whose, travels in the cookie; the secret itself does not."""
    flash(endpoint_id, "secret")  # type: ignore[arg-type]
    return _back(endpoint_id)


def _asked() -> tuple[str, str, list[str] | None]:
    """The address, its description and its events as the form has them; the host is looked up with nothing open.

    Raises: NothingChosen, BadAddress.
    """
    gate, url = current_app.extensions["hook_gate"], request.form.get("url", "").strip()
    events = _chosen(request.form.getlist("event"))
    gate.resolve(gate.read(url))
    return url, request.form.get("description", "").strip()[:120], events


def _words_of(problem: Exception) -> str:
    """Why an address is not kept."""
    if isinstance(problem, BadAddress):
        return hook_words.bad_address(problem.fault)
    if isinstance(problem, NothingChosen):
        return _("Не выбрано ни одного события. Адрес не записан: отметьте хотя бы одно.")
    return _too_many()


def _chosen(ticked: list[str]) -> list[str] | None:
    """The events that are wanted; None when all are, which then means those of later releases too."""
    chosen = [event for event in EVENTS.values() if event in ticked]
    if not chosen:
        raise NothingChosen
    return None if len(chosen) == len(EVENTS) else chosen


def _too_many() -> str:
    return _("Включённых адресов уже {most}. Ничего не изменено: выключите лишний.", most=hooks.MOST)


def _is_off() -> str:
    return _("Адрес выключен, ничего не отправлено. Сначала включите его.")
