"""Terms that carriers tell become lanes of the matrix: a new version, in which nothing else differs."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from sqlalchemy.orm import Session

from carriers.offers import Offers, Term
from carriers.tariffs import Way
from parcels.models import Settlement
from scheduling import matrix
from scheduling.calendars import local_date
from scheduling.matrix import LaneRow
from scheduling.promise import Unit

Days = tuple[int, int]


def feed(session: Session, offers: Offers, told: Mapping[Way, Term], now: datetime) -> int:
    """Put what has just been told into the carrier's matrices. Returns how many versions are new.

    Lanes are replaced or added, never dropped; cut-off, weekdays and couriers stay as the manager has them. A lane that
    is new has no courier: which couriers go where is the manager's to say.
    """
    by_origin: dict[int, dict[int, Days]] = defaultdict(dict)
    for way in sorted(told, key=_weight_of_words):
        term = told[way]
        if term.days_min is not None and term.days_max is not None:
            by_origin[way.origin_id][way.settlement_id] = term.days_min, term.days_max
    unit = Unit.CALENDAR if offers.in_calendar_days else Unit.WORKING
    return sum(_renew(session, offers.carrier, origin, days, unit, now) for origin, days in by_origin.items())


def _weight_of_words(way: Way) -> tuple[bool, int]:
    """Of several ways to one place the last counts: the lightest parcel, to the door, as lanes are."""
    return way.to_door, -way.weight_g


def _renew(session: Session, carrier: str, origin_id: int, days: Mapping[int, Days], unit: Unit, now: datetime) -> bool:
    today = local_date(now, session.get_one(Settlement, origin_id).zone)
    version = matrix.current(session, carrier, origin_id, today)
    lanes = {lane.settlement_id: lane for lane in matrix.lanes_of(session, version.id)} if version else {}
    renewed = dict(lanes)
    for place, (low, high) in days.items():
        lane = lanes.get(place) or LaneRow(place, low, high, has_courier=False)
        renewed[place] = replace(lane, days_min=low, days_max=high, unit=unit, is_estimate=False)
    if renewed == lanes:
        return False
    made, is_new = matrix.store(session, list(renewed.values()), carrier, origin_id, today, now)
    if is_new and version is not None:
        made.cutoff = version.cutoff
        session.flush()
    return is_new
