"""InTime (SOAP 3.0): it issued its own numbers at hand-over; what its answers say of them, as far as clients show it.

Its answers wrap every row as Entry_<method>. Which fields a row of the history has is in no public source, so they are
found by the way InTime named fields everywhere else: decl_num, …_date, …_name_ru beside …_name_ua.
"""

from collections.abc import Iterator
from zoneinfo import ZoneInfo

from carriers.base import BadAnswer, Carrier, Update
from carriers.wire import Element, check_fault, child, moment, name_of, refused, words, xml_of
from parcels.stages import Kind

CODE = "intime"
#: Where an answer gives no offset. The carrier worked in Ukraine only.
ZONE = ZoneInfo("Europe/Kyiv")

#: The meaning of none of its status numbers is public: each is unknown, with its text, until somebody tells us.
STATUSES: dict[str, Kind | None] = {}
#: decl_status_history answers with the first two, declaration_status_hist with the last.
_HISTORY = ("entry_get_decl_status_hist", "entry_decl_status_history", "entry_declaration_status_hist")
#: A new declaration: "OK" with the number that the carrier issued, or why not.
_ISSUED = "entry_declaration_ins_upd"
_NUMBERS = ("decl_num", "decl_id")
_CODES = ("status_id",)


def parse(answer: bytes) -> list[Update]:
    """What a whole answer says. Raises BadAnswer for what is no answer of InTime's, and for its errors."""
    root = xml_of(answer, "InTime")
    if name_of(root) == "envelope":
        root = next(iter(child(root, "body") or ()), root)
    check_fault(root, "InTime")
    rows = [one for one in root.iter() if name_of(one).startswith("entry_")]
    if not rows and not name_of(root).startswith("entries_"):
        raise BadAnswer("В ответе InTime нет ни одной записи Entry.")
    return [update for row in rows for update in _updates(row)]


def _updates(row: Element) -> Iterator[Update]:
    """What one row says; none for rows of its directories, and where no date is said."""
    fields = {name_of(field): words(field.text) for field in row}
    if name_of(row) == _ISSUED and fields.get("res") != "OK":
        raise refused("InTime", fields.get("res", ""))
    if name_of(row) not in _HISTORY:
        return
    when = moment(_first(fields, ending=("date", "date_time", "datetime")), ZONE)
    code = _first(fields, ending=_CODES)
    kind = STATUSES.get(code, Kind.UNKNOWN)
    if when is None or kind is None:
        return
    yield Update(
        CODE,
        number=_first(fields, ending=_NUMBERS),
        kind=kind,
        occurred_at=when,
        place=_first(fields, ending=("locality_name_ru", "branch_name_ru", "locality_name_ua", "branch_name_ua")),
        code=code,
        text=_first(fields, ending=("status_name_ru", "status_name_ua", "status_name", "status")) or code,
    )


def _first(fields: dict[str, str], ending: tuple[str, ...]) -> str:
    """The first field that is filled and ends so; earlier endings go first."""
    return next((fields[name] for end in ending for name in fields if name.endswith(end) and fields[name]), "")


#: It has ceased, so there is nobody to ask; its numbers and old answers are still read.
CARRIER = Carrier(CODE, "InTime", parse)
