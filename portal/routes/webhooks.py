"""What providers tell us. 2xx is said only after the commit; a repeated call is as welcome as the first."""

from flask import Blueprint, abort, current_app, request
from flask.typing import ResponseReturnValue

from portal.access import Rule, allow
from portal.extensions import csrf, now
from portal.transaction import transaction
from sms import receipts

bp = Blueprint("webhooks", __name__)
csrf.exempt(bp)  # called by machines, which sign the whole request instead


@bp.post("/webhooks/twilio")
@allow(Rule.SIGNATURE)
def twilio() -> ResponseReturnValue:
    """A receipt for the message `m`: 204 also when it is known, or when the message is not."""
    form, signature = request.form, request.headers.get("X-Twilio-Signature", "")
    if not receipts.is_genuine(current_app.config["TWILIO_AUTH_TOKEN"], _public_address(), form, signature):
        abort(403)
    message_id = request.args.get("m", 0, int)
    sid, status = form.get("MessageSid", ""), form.get("MessageStatus", "")
    if message_id and sid and status:
        with transaction() as session:
            receipts.apply(session, message_id, sid, status, form.get("ErrorCode"), now())
    return "", 204


def _public_address() -> str:
    """The address that was signed: the one Twilio was given, whatever proxies made of it on the way."""
    return f"{current_app.config['PUBLIC_BASE_URL']}{request.full_path.rstrip('?')}"
