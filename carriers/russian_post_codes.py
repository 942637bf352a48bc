"""What the operations of Russian Post mean: type of operation, then which of its attributes mean what.

None: known, and says nothing about the way. Source of the list: tests/data/carriers/README.md.
"""

from parcels.stages import Kind

Meanings = dict[Kind | None, str]

#: A failed attempt, the first (12) and the second (42).
_ATTEMPT: Meanings = {Kind.NOT_DELIVERED: "1-5 7-27 29-30", Kind.REFUSED: "6", Kind.INCIDENT: "28"}

_PROCESSING: Meanings = {
    Kind.DEPARTED: "1 4 6 8 20 31 49 71 72 76",
    Kind.PASSED: "0 3 5 7 13 17 30 32 44 68-70 73 77",
    Kind.ARRIVED: "2 22",
    Kind.TO_COURIER: "15 18",
    Kind.AT_PICKUP: "9 14 39 60 62 74",
    Kind.INCIDENT: "21 29 47 53 65",
    Kind.RETURNING: "41",
    # Notices, storage running out, wishes put on record, a locker's cell being found.
    None: "10-12 16 19 23-28 33-38 40 42 43 45 46 48 50-52 54-59 61 63 64 66 67 75 78",
}

_OPERATIONS: dict[int, Meanings] = {
    1: {Kind.HANDED_OVER: "1-11"},
    2: {Kind.DELIVERED: "0 1 3 5 6 8 10-15 17-19 21 23 25-27", Kind.RETURNED: "2 4 7 9 16 20 22 24 28-31"},
    3: {Kind.RETURNING: "1-23"},
    4: {Kind.DEPARTED: "1-4 7-19", Kind.INCIDENT: "5 6"},  # sent on to another address
    5: {Kind.INCIDENT: "1-3 8", None: "9"},
    6: {Kind.AT_PICKUP: "1-3", None: "4 5"},
    7: {Kind.INCIDENT: "1-4"},
    8: _PROCESSING,
    9: {Kind.PASSED: "1 2"},
    10: {Kind.DEPARTED: "0"},
    11: {Kind.PASSED: "0"},
    12: _ATTEMPT,
    13: {Kind.DEPARTED: "0"},
    14: {Kind.INCIDENT: "2 4 8 9 14 17 20 23 25", None: "1 3 5-7 10-13 15 16 18 19 21 22 24 26"},  # customs
    15: {Kind.INCIDENT: "0"},
    16: {Kind.INCIDENT: "0"},
    17: {Kind.INCIDENT: "0"},
    18: {Kind.INCIDENT: "0"},
    19: {None: "0"},
    20: {None: "0"},
    21: {Kind.DELIVERED: "1-3"},
    22: {Kind.NOT_DELIVERED: "1-4 6-9", Kind.REFUSED: "5"},
    23: {Kind.INCIDENT: "0"},
    24: {None: "1-5 1019 1020 1050-1065 1070 1073 1099"},  # customs take longer
    25: {None: "0"},
    26: {None: "1 2"},
    27: {Kind.ORDER_ACCEPTED: "0"},
    28: {Kind.ORDER_ACCEPTED: "0"},
    29: {Kind.PASSED: "0"},
    30: {None: "0"},
    31: {Kind.DEPARTED: "24 48", Kind.PASSED: "1 14 21 23 31 40-43 59 74", None: "5-7 57 82"},  # an airline's leg
    32: {None: "0"},
    33: {Kind.DEPARTED: "1", Kind.PASSED: "2 3"},
    34: {None: "0"},
    35: {Kind.INCIDENT: "1-9"},
    36: {None: "0-2"},
    37: {Kind.ORDER_ACCEPTED: "0"},
    38: {Kind.INCIDENT: "4 13 25"},
    39: {None: "1-9"},
    40: {Kind.INCIDENT: "3", None: "1 2"},
    41: {None: "1-6"},
    42: _ATTEMPT,
    43: {None: "0"},
    44: {Kind.INCIDENT: "1-15"},
    45: {None: "0"},
    46: {None: "0"},
    47: {None: "0"},
    48: {Kind.DELIVERED: "0"},
    49: {None: "1-6"},
    50: {Kind.INCIDENT: "1-8"},
    51: {Kind.INCIDENT: "1-6"},
    52: {None: "0"},
    53: {None: "1-3"},
    54: {None: "1 2"},
    55: {None: "1-6"},
    56: {None: "1"},
    57: {None: "0"},
    58: {None: "0"},
    59: {None: "0"},
    60: {Kind.INCIDENT: "1-5"},
    61: {Kind.DEPARTED: "0"},
    62: {Kind.RETURNED: "0"},
    63: {None: "0"},
    1027: {Kind.INCIDENT: "1-4"},
}


def _numbers(ranges: str) -> list[int]:
    """`"0 3-5"`: 0, 3, 4, 5."""
    ends = [part.partition("-") for part in ranges.split()]
    return [number for first, _, last in ends for number in range(int(first), int(last or first) + 1)]


#: Kind by "type.attribute"; what is not here is unknown to us.
KINDS: dict[str, Kind | None] = {
    f"{operation}.{attribute}": kind
    for operation, meanings in _OPERATIONS.items()
    for kind, ranges in meanings.items()
    for attribute in _numbers(ranges)
}

#: After these nothing more happens to a parcel: handed out, lost, seized, put away, destroyed.
FINAL = frozenset(
    [f"2.{attribute}" for attribute in range(25)] + ["5.1", "5.2"] + [f"{operation}.0" for operation in range(15, 19)]
)
