"""What a carrier pushes to us: whose it is, and the one commit after which it is told that we have it."""

import hmac
from collections import Counter
from datetime import datetime
from random import random

from flask import current_app

from carriers import health, sync
from carriers.base import Answer, Carrier, Parse, in_order
from carriers.keys import secret_of
from carriers.registry import CARRIERS
from portal.transaction import transaction

#: A secret stands in an address that is called from outside: it must not be guessed.
SECRET_LENGTH = 16
LARGEST = 1_000_000


def pusher(code: str, secret: str) -> Carrier | None:
    """The carrier that may push under this address; None for a wrong secret, or where none is set."""
    carrier = CARRIERS.get(code)
    if carrier is None or carrier.pushed is None:
        return None
    known = secret_of(carrier, current_app.config["CARRIERS"])
    is_right = hmac.compare_digest(known.encode(), secret.encode())
    return carrier if is_right and len(known) >= SECRET_LENGTH else None


def receive(carrier: Carrier, body: bytes, now: datetime) -> Counter[str]:
    """Record what was pushed; what is about nobody we follow is only kept raw, for a week. Raises BadAnswer."""
    read: Parse = carrier.pushed or carrier.parse
    updates = in_order(read(body))
    outcomes: Counter[str] = Counter()
    with transaction() as session:
        health.keep_raw(session, carrier.code, Answer(0, body), now)
        followed = sync.followed_as(session, carrier.code, updates)
        ours, _ = sync.bound(updates, followed)
        for row in sorted(followed, key=lambda row: row.parcel_id):  # locked in the order in which everybody locks them
            said = ours.get(row.id, [])
            outcomes += sync.take(session, carrier, row.id, said, now, random()) if said else Counter()  # noqa: S311
        health.count_unknown(session, carrier.code, outcomes[sync.UNKNOWN])
    return outcomes
