"""The front page, and how members of staff sign in and out."""

from urllib.parse import urlsplit

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user, login_user, logout_user

from portal.access import Rule, allow, check_password
from portal.limits import at_most

bp = Blueprint("account", __name__)
#: Where each role works.
PLACES = {
    "operator": "calls.desk",
    "courier": "rounds.today",
    "shop": "shop.cabinet",
    "manager": "manage.slots",
    "warehouse": "station.desk",
}


@bp.get("/")
@allow(Rule.PUBLIC)
def home() -> ResponseReturnValue:
    """What this is, for everybody; somebody who has signed in goes on to where he works."""
    place = PLACES.get(getattr(current_user, "role", ""))
    if place is not None:
        return redirect(url_for(place), 303)
    return render_template("pages/home.html")


@bp.route("/login", methods=["GET", "POST"])
@allow(Rule.PUBLIC)
@at_most("20/minute")
def sign_in() -> ResponseReturnValue:
    """Ask for login and password; then go where somebody wanted to go, as long as that is one of our pages."""
    wanted = local_path(request.values.get("next", ""))
    name = request.form.get("login", "").strip()
    if request.method == "GET":
        return render_template("pages/sign_in.html", wanted=wanted, name=name, is_wrong=False)
    user = check_password(name, request.form.get("password", ""))
    if user is None:
        return render_template("pages/sign_in.html", wanted=wanted, name=name, is_wrong=True), 422
    login_user(user)
    return redirect(wanted or url_for("account.home"), 303)


@bp.post("/logout")
@allow(Rule.PUBLIC)
def sign_out() -> ResponseReturnValue:
    """Forget who this was. Pressed twice, or after the session has ended, it does no harm."""
    logout_user()
    return redirect(url_for("account.sign_in"), 303)


def local_path(address: str) -> str:
    """The address if it is a path of this very site, else nothing.

    Browsers read a backslash as a slash and skip control characters, so neither may be in it.
    """
    if not address.startswith("/") or address.startswith("//") or "\\" in address or not address.isprintable():
        return ""
    parts = urlsplit(address)
    return "" if parts.scheme or parts.netloc else address
