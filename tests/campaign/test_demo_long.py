"""The demo at hours at which it was broken once, or might be: it is told around the moment at which it is seeded."""

from datetime import UTC, datetime

import pytest
from flask import Flask

from tests.integration.test_cli import demo_is_alive, demo_is_whole

pytestmark = pytest.mark.campaign


@pytest.mark.parametrize(
    "moment",
    [
        "2026-11-22T21:35",
        "2026-11-23T00:30",
        "2026-11-24T05:00",
        "2026-11-27T16:45",
        "2027-01-05T12:00",
        "2027-05-09T03:15",
    ],
)
def test_the_demo_is_whole_whenever_it_is_seeded(app: Flask, moment: str) -> None:
    demo_is_whole(datetime.fromisoformat(moment).replace(tzinfo=UTC))


def test_the_demo_is_alive_on_both_databases(both: Flask) -> None:
    demo_is_alive(both)
