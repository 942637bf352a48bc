"""How long a parcel waits for its recipient at a place of issue."""

from datetime import date, timedelta

#: Unless the place of issue has told its own term.
STORAGE_DAYS = 14


def kept_until(told: str | None, promised_from: date | None, arrived: date) -> date:
    """The last day of storage. Args: `told` by the carrier, ISO; else it counts from the promised day, or arrival."""
    if told:
        return date.fromisoformat(told)
    return max(promised_from or arrived, arrived) + timedelta(days=STORAGE_DAYS)
