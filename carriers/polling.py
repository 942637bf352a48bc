"""PURE When a parcel is asked about again: often where things happen soon, rarely where they do not, and then never."""

from datetime import timedelta

from parcels.stages import FINAL, Stage

#: From the recipient's city on hours count; on the road it is days.
SOON, ON_THE_WAY, WAITING = timedelta(minutes=20), timedelta(hours=2), timedelta(hours=4)
RARELY = timedelta(hours=12)
_STEPS: dict[Stage, timedelta] = {
    Stage.IN_CITY: SOON,
    Stage.SCHEDULED: SOON,
    Stage.WITH_COURIER: SOON,
    Stage.MISSED: SOON,
    Stage.POSTPONED: WAITING,
    Stage.AT_PICKUP: WAITING,
}
#: A parcel that has not moved for so long is asked about half as often, and again half as often after as long.
QUIET = timedelta(days=2)
FIRST_RETRY = timedelta(minutes=5)
#: A carrier that has the recipient's money is asked for so long what becomes of it.
MONEY_FOR = timedelta(days=60)
#: Retries and rounds are spread, so that what failed together does not come back together.
SPREAD = 0.2


def next_poll(
    stage: Stage, quiet: timedelta, failures: int, chance: float, is_money_out: bool = False
) -> timedelta | None:
    """In how long a parcel is asked about again; None: never.

    Args: `quiet` since anything was heard of it; `failures` in a row for this number; `chance` from 0 to 1;
    `is_money_out`: it is delivered, and the carrier tells of the money that it still has.
    """
    if stage in FINAL:
        is_asked = is_money_out and quiet < MONEY_FOR
        return RARELY * (1 - SPREAD / 2 + SPREAD * chance) if is_asked else None
    halvings: int = min(max(quiet // QUIET, 0), 6)
    pause = _STEPS.get(stage, ON_THE_WAY) * (1 << halvings)
    if failures:
        pause = max(pause, FIRST_RETRY * (1 << min(failures, 10)))
    return min(pause, RARELY) * (1 - SPREAD / 2 + SPREAD * chance)
