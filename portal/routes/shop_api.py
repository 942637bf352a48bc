"""The API of a shop's programs: give us an order, see where it is, agree its delivery while it is on its way."""

from collections.abc import Callable, Iterable
from typing import Any

from flask import Blueprint, Response, g, jsonify, request
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from parcels import journal
from parcels.journal import StaleVersion
from parcels.models import Parcel
from portal import api_answers, api_body, api_orders, api_words, intake, order_rows, refusals
from portal.access import Rule, allow
from portal.api_answers import Answer, KeyUsedAgain
from portal.api_body import BadBody
from portal.extensions import csrf, now
from portal.languages import language
from portal.limits import at_most
from portal.problems import problem
from portal.transaction import reading, transaction
from scheduling import booking, choosing, recalling
from scheduling.booking import Asker
from scheduling.policy import Reason, Refusal

bp = Blueprint("shop_api", __name__, url_prefix="/api/v1/parcels")
csrf.exempt(bp)  # a program brings a key that no other site can make a browser send
CHOICES = ("slot", "postpone_to")
ADDRESS = ("settlement", "region", "address")
NOTE_LENGTH = 200
Act = Callable[[Session, dict[str, str]], Answer]


def caller() -> str:
    """Whose requests are counted together."""
    return f"shop:{g.caller.shop_id}"


@bp.post("")
@allow(Rule.KEY)
@at_most("600/minute", by=caller)
def create() -> ResponseReturnValue:
    """Take an order in; one that is known is changed as its row in a file would change it."""

    def take(session: Session, body: dict[str, str]) -> Answer:
        try:
            parcel, outcome = intake.take_order(session, g.caller.shop_id, body, now())
        except intake.BadOrder as error:
            raise api_body.not_taken(error) from error
        return Answer(201 if outcome == "created" else 200, {"outcome": outcome, **api_orders.told(session, parcel)})

    return _once(order_rows.KNOWN, take)


@bp.get("/<path:number>")
@allow(Rule.KEY)
@at_most("600/minute", "GET", by=caller)
def show(number: str) -> ResponseReturnValue:
    """Where an order is, when it comes, what is agreed."""
    with reading() as session:
        answer = _answer(200, api_orders.told(session, _mine(session, number)))
    answer.make_conditional(request)
    return answer


@bp.get("/<path:number>/slots")
@allow(Rule.KEY)
@at_most("600/minute", "GET", by=caller)
def slots(number: str) -> ResponseReturnValue:
    """What can be chosen for an order now."""
    with reading() as session:
        return jsonify(api_orders.offered(session, _mine(session, number), now()))


@bp.post("/<path:number>/delivery")
@allow(Rule.KEY)
@at_most("600/minute", by=caller)
def deliver(number: str) -> ResponseReturnValue:
    """Agree a slot, or keep the order back until a day; the version it was decided from comes in If-Match."""

    def agree(session: Session, body: dict[str, str]) -> Answer:
        wanted = {name: text for name, text in body.items() if text}
        if len(wanted) != 1:
            raise BadBody("one_of")
        parcel, asker = _held(session, number)
        _choose(session, parcel, asker, **wanted)
        return Answer(200, api_orders.told(session, parcel))

    return _once(CHOICES, agree)


@bp.post("/<path:number>/recall")
@allow(Rule.KEY)
@at_most("600/minute", by=caller)
def recall(number: str) -> ResponseReturnValue:
    """The shop wants an order back that has not come to its recipient."""

    def take_back(session: Session, body: dict[str, str]) -> Answer:
        parcel, asker = _held(session, number)
        recalling.recall(session, parcel, asker, body.get("note", "")[:NOTE_LENGTH], now())
        return Answer(200, api_orders.told(session, parcel))

    return _once(("note",), take_back)


@bp.post("/<path:number>/redirect")
@allow(Rule.KEY)
@at_most("600/minute", by=caller)
def redirect(number: str) -> ResponseReturnValue:
    """The shop sends an order to another address, and before it has left to another city."""

    def send_elsewhere(session: Session, body: dict[str, str]) -> Answer:
        parcel, asker = _held(session, number)
        try:
            intake.redirect(session, parcel, body, asker, now())
        except intake.BadOrder as error:
            raise api_body.not_taken(error) from error
        return Answer(200, api_orders.told(session, parcel))

    return _once(ADDRESS, send_elsewhere)


def _choose(session: Session, parcel: Parcel, asker: Asker, slot: str = "", postpone_to: str = "") -> None:
    if slot:
        booking.book(session, parcel, *choosing.slot_in(slot), asker, now())
    else:
        booking.postpone(session, parcel, choosing.day_in(postpone_to), asker, now())


def _once(members: Iterable[str], act: Act) -> ResponseReturnValue:
    """Read, carry out at most once, commit, and only then answer."""
    body = api_body.cells(request, tuple(members))
    asked = api_body.asked(request, body)
    with transaction() as session:
        done = api_answers.once(session, asked, lambda: act(session, body), now())
    return _answer(done.status, done.body)


def _held(session: Session, number: str) -> tuple[Parcel, Asker]:
    """The order to be changed, locked, and who asks, with the version he has seen. Raises BadBody."""
    seen = api_body.version(request)
    return journal.lock(session, _mine(session, number).id), Asker(intake.source(g.caller.code), seen)


def _mine(session: Session, number: str) -> Parcel:
    """The order of the shop that asks; another shop's is as unknown as none. Raises BadBody."""
    found = api_orders.find(session, g.caller.shop_id, number)
    if found is None:
        raise BadBody("no_order", status=404)
    return found


def _answer(status: int, body: dict[str, Any]) -> Response:
    response = jsonify(body)
    response.status_code = status
    response.set_etag(str(body["version"]))
    return response


@bp.errorhandler(BadBody)
def _not_understood(error: BadBody) -> ResponseReturnValue:
    return problem(error.code, api_words.words(error.says), error.status, None, **error.members)


@bp.errorhandler(KeyUsedAgain)
def _other_request(_error: KeyUsedAgain) -> ResponseReturnValue:
    return problem("key_used", api_words.words("key_used"), 422)


@bp.errorhandler(Refusal)
def _refused(error: Refusal) -> ResponseReturnValue:
    """Not possible, or not any more: why, and the nearest free slots."""
    if error.reason is Reason.NOT_A_DATE:
        return problem("not_a_date", api_words.words("not_a_date"), 422)
    near = api_orders.nearest(error.nearest)
    return problem(error.reason.value, refusals.refusal(error, language()).happened, 409, nearest=near)


@bp.errorhandler(StaleVersion)
def _stale(_error: StaleVersion) -> ResponseReturnValue:
    with reading() as session:
        number = (request.view_args or {}).get("number", "")
        return problem("stale", api_words.words("stale"), 412, current=api_orders.told(session, _mine(session, number)))
