"""PURE our own number of a parcel, as it is printed on its label and read from there."""

import re

PREFIX = "VH"
#: A scanner types МР (Cyrillic) for the prefix where the keyboard's layout is Russian.
_OURS = re.compile(r"VH([0-9]{1,17})|МР([0-9]{9})", re.IGNORECASE)
_SCANNED = re.compile(r"(?:VH|МР)?0*(\d{1,9})", re.IGNORECASE)


def written(parcel_id: int) -> str:
    """`VH` and nine digits."""
    return f"{PREFIX}{parcel_id:09d}"


def parcel_id_in(text: str) -> int | None:
    """The parcel of a number that somebody writes in full; None for anything else, such as a shop's own number."""
    found = _OURS.fullmatch(text)
    return int(found[1] or found[2]) if found else None


def parcel_id_scanned(code: str) -> int | None:
    """The parcel of a code where nothing but our own numbers is scanned or typed, even without the prefix."""
    found = _SCANNED.fullmatch("".join(code.split()))
    return int(found.group(1)) if found else None
