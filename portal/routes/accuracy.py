"""The manager's promises: what came of them, and which share of them is to be kept."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from portal import accuracy_page
from portal.access import Rule, allow
from portal.extensions import now
from portal.languages import _, language
from portal.transaction import reading, transaction
from scheduling import coverage
from scheduling.coverage import BadCoverage

bp = Blueprint("accuracy", __name__, url_prefix="/manage/accuracy")


@bp.get("")
@allow(Rule.MANAGER)
def promises() -> ResponseReturnValue:
    """What came of the promises of a carrier."""
    return _page("")


@bp.post("")
@allow(Rule.MANAGER)
def choose() -> ResponseReturnValue:
    """Choose the share of promises to be kept."""
    try:
        wanted = float(request.form.get("percent", "").strip().rstrip("%").replace(",", ".")) / 100
        with transaction() as session:
            coverage.choose(session, wanted, current_user.name, now())
    except (BadCoverage, ValueError):
        return _page(_("Доля бывает от 50 до 99,9 процента. Ничего не изменено, впишите другую.")), 422
    flash(_("Записали. Новые обещания будут такими через несколько минут, переданные посылки сохранят свои."))
    return redirect(url_for("accuracy.promises"), 303)


def _page(problem: str) -> str:
    with reading() as session:
        page = accuracy_page.build(session, request.args.get("carrier", ""), language())
    return render_template("pages/accuracy.html", p=page, problem=problem, form=request.form)
