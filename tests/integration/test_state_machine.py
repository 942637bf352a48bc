"""Some fifty random lives of four parcels, the same ones in every run. `make campaign` lives through many more."""

from __future__ import annotations

from flask import Flask
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test
from sqlalchemy import event

from portal.extensions import db
from tests.integration.journeys import lives


def test_whatever_happens_the_database_is_as_the_model(app: Flask) -> None:
    event.listen(db.engine, "connect", lambda raw, _record: raw.execute("PRAGMA synchronous = OFF"))
    profile = settings(
        max_examples=20,
        stateful_step_count=30,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    run_state_machine_as_test(lives(app), settings=profile)
