"""PURE our own number of a parcel, as it is printed on its label and read from there."""

PREFIX = "VH"


def written(parcel_id: int) -> str:
    """`VH` and nine digits."""
    return f"{PREFIX}{parcel_id:09d}"


def parcel_id_in(text: str) -> int | None:
    """The parcel of a number that somebody writes in full; None for anything else, such as a shop's own number."""
    number = text.upper()
    digits = number.removeprefix(PREFIX)
    is_ours = number.startswith(PREFIX) and digits.isascii() and digits.isdigit() and len(digits) < 18
    return int(digits) if is_ours else None
