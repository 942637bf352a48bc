"""What providers tell us. 2xx is said only after the commit; a repeated call is as welcome as the first."""

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, Response, abort, current_app, request
from flask.typing import ResponseReturnValue

from carriers.base import BadAnswer
from portal import pushing
from portal.access import Rule, allow
from portal.extensions import csrf, now
from portal.transaction import transaction
from sms import opt_out, receipts
from sms.http import Http
from sms.opt_out import Wish

bp = Blueprint("webhooks", __name__)
csrf.exempt(bp)  # called by machines, which sign the whole request instead


@bp.post("/webhooks/twilio")
@allow(Rule.SIGNATURE)
def twilio() -> ResponseReturnValue:
    """A receipt for the message `m`: 204 also when it is known, or when the message is not."""
    form = _signed_form()
    sid, status = form.get("MessageSid", ""), form.get("MessageStatus", "")
    if sid and status:
        with transaction() as session:
            receipts.apply(session, request.args.get("m", 0, int), sid, status, form.get("ErrorCode"), now())
    return "", 204


@bp.post("/webhooks/twilio/inbound")
@allow(Rule.SIGNATURE)
def inbound() -> ResponseReturnValue:
    """Somebody has answered one of our messages: СТОП and СТАРТ are obeyed, and nothing is sent in return."""
    form = _signed_form()
    _obey(form.get("From", ""), form.get("OptOutType") or form.get("Body", ""), "twilio")
    return Response("<Response/>", mimetype="text/xml")


@bp.post("/webhooks/sms/<key>")
@allow(Rule.SIGNATURE)
def local_provider(key: str) -> ResponseReturnValue:
    """A receipt of the provider behind SMS_BACKEND=http, whose secret key stands in the address."""
    gateway = _local()
    report = gateway.report(key, _given()) if gateway else None
    if report is None:
        abort(403)
    if report.provider_id and report.status:
        with transaction() as session:
            receipts.apply_by_name(session, report.provider_id, report.status, now())
    return "", 204


@bp.post("/webhooks/sms/<key>/inbound")
@allow(Rule.SIGNATURE)
def local_inbound(key: str) -> ResponseReturnValue:
    """Somebody has answered a message that left through that provider: СТОП and СТАРТ are obeyed here too."""
    gateway = _local()
    heard = gateway.heard(key, _given()) if gateway else None
    if heard is None:
        abort(403)
    _obey(heard.phone, heard.words, Http.name)
    return "", 204


def _obey(phone: str, words: str, through: str) -> None:
    """Stop or begin again when the words ask for it, and only then."""
    wish = opt_out.wish(words)
    with transaction() as session:
        if wish is Wish.STOP:
            opt_out.stop(session, phone, through, now())
        elif wish is Wish.START:
            opt_out.start(session, phone)


def _local() -> Http | None:
    """The gateway of a local provider, when there is one."""
    gateway = current_app.extensions["sms_gateway"]
    return gateway if isinstance(gateway, Http) else None


def _given() -> Any:
    """What was posted, as JSON or as a form."""
    return request.get_json(silent=True) if request.is_json else request.form


@bp.post("/webhooks/carriers/<code>/<secret>")
@allow(Rule.SIGNATURE, body=pushing.LARGEST)
def carrier(code: str, secret: str) -> ResponseReturnValue:
    """News that a carrier pushes; it cannot sign, so a secret stands in the address that it was given."""
    known = pushing.pusher(code, secret) or abort(403)
    try:
        pushing.receive(known, request.get_data(), now())
    except BadAnswer:
        abort(400)
    return "", 200


def _signed_form() -> Mapping[str, str]:
    """The form of a request that Twilio has signed for our account; 403 for any other."""
    config, signature = current_app.config, request.headers.get("X-Twilio-Signature", "")
    is_ours = request.form.get("AccountSid") == config["TWILIO_ACCOUNT_SID"]
    if not is_ours or not receipts.is_genuine(config["TWILIO_AUTH_TOKEN"], _public_address(), request.form, signature):
        abort(403)
    return request.form


def _public_address() -> str:
    """The address that was signed: the one Twilio was given, whatever proxies made of it on the way."""
    return f"{current_app.config['PUBLIC_BASE_URL']}{request.full_path.rstrip('?')}"
