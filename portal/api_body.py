"""The body and the headers of a shop's request, read exactly: what is not understood is refused with its name."""

import hashlib
import json
import re
from collections.abc import Collection
from typing import Any

from flask import Request, g

from portal import api_words, order_rows
from portal.api_answers import Asked
from portal.cells import Cell, Kept
from portal.order_reasons import BadOrder
from portal.places import UnknownPlace

MOST_CANDIDATES = 20
_KEY = re.compile(r"[!-~]{1,80}")
#: Whoever packs our answer on the way marks the tag; it is the same version.
_VERSION = re.compile(r'(?:W/)?"?(\d{1,9})(?::gzip)?"?', re.ASCII)


class BadBody(Exception):
    """A request that cannot be carried out: the code of why, the HTTP status, and what helps to put it right.

    `says` is the key of its words, where one code has several.
    """

    def __init__(self, code: str, status: int = 422, says: str = "", **members: Any) -> None:
        super().__init__(code)
        self.code, self.status, self.says, self.members = code, status, says or code, members


def not_taken(error: BadOrder) -> BadBody:
    """What is wrong with an order, with the member that it is about; of places with one name, which there are.

    Where more than one member is bad, `problems` names each.
    """
    members: dict[str, Any] = {"member": error.column} if error.column else {}
    for one in error.all:
        if isinstance(one.__cause__, UnknownPlace):
            found = one.__cause__.candidates[:MOST_CANDIDATES]
            members["candidates"] = [{"code": p.id, "name": p.name, "region": p.region} for p in found]
    if error.also:
        members["problems"] = [
            {"code": one.reason, "member": one.column or None, "title": api_words.words(one.says)} for one in error.all
        ]
    status = 409 if error.reason in ("closed", "with_courier") else 422
    return BadBody(error.reason, status, error.says, **members)


def cells(request: Request, known: Collection[str]) -> dict[str, str]:
    """The members of a flat JSON object as the cells of a row, so that the rules of files hold here too.

    Raises: BadBody; RequestEntityTooLarge.
    """
    try:
        body = json.loads(request.get_data(), parse_float=_decimal)
    except (ValueError, RecursionError) as error:
        raise BadBody("not_json", status=400) from error
    if not isinstance(body, dict):
        raise BadBody("not_json", status=400)
    for member in body:
        if member not in known:
            raise BadBody("unknown_member", member=member[:80])
    return {member: value if isinstance(value, Cell) else _cell(member, value) for member, value in body.items()}


def _cell(member: str, value: Any) -> str:
    match value:
        case None:
            return ""
        case bool() | list() | dict():
            raise BadBody("bad_member", member=member)
        case int() | float():
            return Cell(str(value), Kept.NUMBER)
    return str(value)


def _decimal(written: str) -> Cell:
    """A number with a point, by its digits; of one without decimals the point is left out."""
    whole, point, part = written.partition(".")
    return Cell(whole if point and not part.strip("0") else written, Kept.NUMBER)


def asked(request: Request, body: dict[str, str]) -> Asked:
    """What this request is, should it come again. Raises BadBody."""
    key = request.headers.get("Idempotency-Key", "")
    if "Idempotency-Key" in request.headers and not _KEY.fullmatch(key):
        raise BadBody("bad_key")
    wanted = json.dumps([request.path, order_rows.meaning(body)], sort_keys=True)
    return Asked(g.caller.shop_id, key, request.endpoint or "", hashlib.sha256(wanted.encode()).hexdigest())


def version(request: Request) -> int:
    """The version of the order that the program has seen, from If-Match. Raises BadBody."""
    written = request.headers.get("If-Match", "").strip()
    if written in ("", "*"):
        raise BadBody("no_version", status=428)
    found = _VERSION.fullmatch(written)
    if found is None:
        raise BadBody("bad_version")
    return int(found[1])
