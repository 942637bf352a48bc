"""PURE when a webhook that failed is tried again, and how long its address is left alone."""

from datetime import timedelta

#: Before each attempt. In all some 27 and a half hours, with the jitter at most 30.
LADDER = (
    timedelta(0),
    timedelta(seconds=5),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=5),
    timedelta(hours=10),
    timedelta(hours=10),
)
#: Ten per cent at most, so that a thousand deliveries of one bad minute do not come back in one minute.
JITTER = 0.1
#: One that waits behind others at a dead address may not reach its last rung; then this is the end.
LIFETIME = timedelta(hours=36)
RESTS = (timedelta(seconds=5), timedelta(seconds=30), timedelta(minutes=2), timedelta(minutes=5))
RETRY_AFTER_LIMIT = timedelta(hours=1)


def wait(rung: int, chance: float, retry_after: int | None) -> timedelta | None:
    """How long to wait after attempt number `rung` (from 1) failed; None when it was the last.

    Args: `chance` from 0 to 1; `retry_after` seconds that the shop asked for, kept up to the limit of an hour.
    """
    if rung >= len(LADDER):
        return None
    return max(LADDER[rung] * (1 + JITTER * chance), _asked(retry_after))


def rest(failures: int, retry_after: int | None) -> timedelta:
    """How long an address is left alone after so many failures in a row (from 1)."""
    return max(RESTS[min(failures, len(RESTS)) - 1], _asked(retry_after))


def _asked(retry_after: int | None) -> timedelta:
    return min(timedelta(seconds=max(retry_after or 0, 0)), RETRY_AFTER_LIMIT)
