"""2,000 two-day schedules of couriers without a network: SCHEDULES=200 for fewer, SEED= for others."""

import os

import pytest
from flask import Flask

from tests.integration.offline_days import Town, live
from tests.integration.test_offline import as_it_was, sound

pytestmark = pytest.mark.campaign
SCHEDULES, SEED = int(os.environ.get("SCHEDULES", "2000")), int(os.environ.get("SEED", "1000"))
#: After so many, the whole database is looked at.
LOOKED_AT = 250


def test_whatever_the_network_does_the_server_says_what_happened(app: Flask) -> None:
    town = Town()
    for number in range(SCHEDULES):
        as_it_was(live(town, SEED + number))
        if number % LOOKED_AT == LOOKED_AT - 1:
            sound()
    sound()
