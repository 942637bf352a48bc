"""Thousands of random lives, other ones in every run: `make campaign`. The suite leaves it out."""

from __future__ import annotations

import os

import pytest
from flask import Flask
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test
from sqlalchemy import event

from portal.extensions import db
from tests.integration.journeys import lives

LIVES, STEPS = int(os.environ.get("LIVES", "2000")), 60

pytestmark = pytest.mark.campaign


def test_whatever_happens_the_database_is_as_the_model(app: Flask) -> None:
    event.listen(db.engine, "connect", lambda raw, _record: raw.execute("PRAGMA synchronous = OFF"))
    profile = settings(max_examples=LIVES, stateful_step_count=STEPS, suppress_health_check=list(HealthCheck))
    run_state_machine_as_test(lives(app), settings=profile)
