"""The worker as it runs in production: Celery over a real Redis, and what happens when that Redis is not there."""

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from time import monotonic, sleep
from uuid import uuid4

import pytest
from sqlalchemy import select

from parcels.models import Base
from portal import create_app
from portal.config import Settings
from portal.extensions import db, now
from portal.transaction import reading, transaction
from sms import hooks, preferences
from sms.hook_models import HookAttempt
from sms.models import Message, Status
from sms.preferences import Preferences
from tests.conftest import SETTINGS
from tests.factories import make_parcel, make_world
from tests.servers import new_database

ROOT = Path(__file__).resolve().parents[2]
pytestmark = [pytest.mark.redis, pytest.mark.postgres]


@pytest.fixture
def production(postgres_url: str, redis_url: str, tmp_path: Path) -> Settings:
    """An installation on PostgreSQL and Redis."""
    database = new_database(postgres_url, f"w{uuid4().hex[:12]}")
    return replace(SETTINGS, database_url=database, redis_url=redis_url, queue_folder=tmp_path / "queue")


@pytest.fixture
def worker(production: Settings, tmp_path: Path) -> Iterator[Path]:
    """A Celery worker without beat, so that only a nudge can wake it."""
    log = tmp_path / "worker.log"
    environment = os.environ | {
        "DATABASE_URL": production.database_url,
        "REDIS_URL": str(production.redis_url),
        "SECRET_KEY": production.secret_key,
        "INSTANCE_PATH": str(tmp_path),
    }
    command = [sys.executable, "-m", "celery", "-A", "wsgi:celery", "worker", "--pool", "solo", "--loglevel", "info"]
    with log.open("w") as out:
        child = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=out, stderr=subprocess.STDOUT)
    try:
        yield log
    finally:
        child.terminate()
        child.wait(timeout=20)


def wait_until(is_so: object, otherwise: str, seconds: float = 40) -> None:
    until = monotonic() + seconds
    while not is_so():  # type: ignore[operator]
        assert monotonic() < until, otherwise
        sleep(0.1)


def order(settings: Settings) -> float:
    """Take an order in and commit it. Returns how many seconds the commit with its nudge took."""
    with transaction() as session:
        shop = make_world(session, now())
        preferences.choose(session, shop.id, Preferences(starts=0, ends=24), "test", now())  # at whatever hour we test
    started = monotonic()
    with transaction() as session:
        make_parcel(session, session.merge(shop), now())
    return monotonic() - started


def statuses() -> list[Status]:
    with reading() as session:
        return list(session.scalars(select(Message.status)))


def tried() -> list[str | None]:
    with reading() as session:
        return list(session.scalars(select(HookAttempt.error)))


def test_a_nudge_over_redis_sends_the_first_sms(production: Settings, worker: Path) -> None:
    app = create_app(production)
    with app.app_context():
        Base.metadata.create_all(db.engine)
        order(production)
        wait_until(lambda: statuses() == [Status.ACCEPTED], worker.read_text())
        db.engine.dispose()


def test_a_nudge_over_redis_tries_the_webhook_and_the_gate_of_production_holds(
    production: Settings, worker: Path
) -> None:
    app = create_app(production)
    with app.app_context():
        Base.metadata.create_all(db.engine)
        with transaction() as session:
            shop = make_world(session, now())
            hooks.add(session, shop.id, "https://localhost/", "", ["parcel.accepted"], b"k" * 32, now())
        with transaction() as session:
            make_parcel(session, session.merge(shop), now())
        wait_until(lambda: tried()[:1] == ["not_public"], worker.read_text())
        db.engine.dispose()


def test_a_redis_that_is_not_there_delays_and_breaks_nothing(production: Settings) -> None:
    app = create_app(replace(production, redis_url="redis://127.0.0.1:1/0"))
    with app.app_context():
        Base.metadata.create_all(db.engine)
        assert order(production) < 2
        assert statuses() == [Status.OWED]
        db.engine.dispose()
