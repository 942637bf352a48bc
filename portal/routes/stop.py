"""The end of letters: the address at the foot of each, opened by a person or his mail program. GET changes nothing."""

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from portal import links
from portal.access import Rule, allow
from portal.extensions import csrf, now
from portal.transaction import reading, transaction
from sms import opt_out

bp = Blueprint("stop", __name__)
csrf.exempt(bp)  # RFC 8058: a mail program posts here for its user; the token is the proof


@bp.get("/u/<token>")
@allow(Rule.LINK)
def ask(token: str) -> ResponseReturnValue:
    """Say what the button does."""
    with reading() as session:
        links.parcel_of_letters(session, token)
    return render_template("pages/stop.html", token=token, is_done=False)


@bp.post("/u/<token>")
@allow(Rule.LINK)
def end(token: str) -> ResponseReturnValue:
    """No more letters to this mailbox; said twice it is as good as once."""
    with transaction() as session:
        parcel = links.parcel_of_letters(session, token)
        if parcel.email:
            opt_out.stop(session, parcel.email, "letter", now())
    return render_template("pages/stop.html", token=token, is_done=True)
