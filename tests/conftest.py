"""What every test may ask for: an app on an empty database, SQLite or PostgreSQL, and clients that are not alike."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import hypothesis
import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import HealthCheck
from sqlalchemy import create_engine

from parcels.models import Base
from portal import create_app
from portal.config import Settings
from portal.extensions import db
from portal.lean import LeanFlask
from tests.databases import Databases
from tests.kept import KeptRule, KeptTemplates
from tests.servers import forget_power_cuts, postgres, redis_server

SETTINGS = Settings(
    database_url="sqlite://",
    redis_url=None,
    secret_key="a key for tests only, of more than 32 characters",
    secret_key_fallbacks=(),
    public_base_url="http://localhost",
    sms_backend="console",
    twilio={"TWILIO_ACCOUNT_SID": "", "TWILIO_AUTH_TOKEN": "", "TWILIO_FROM": ""},
    support_phone="+78000000417",
    queue_folder=Path(tempfile.gettempdir()) / f"vekha-test-queue-{os.getpid()}" / "queue",
)


# No test is timed: a machine that is busy is none that is wrong.
hypothesis.settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
hypothesis.settings.load_profile("untimed")


TEMPLATES = KeptTemplates()
LeanFlask.url_rule_class = KeptRule


@pytest.fixture(autouse=True)
def _push_request_context() -> None:
    """pytest-flask would keep one request context for the whole test, and one client's user would be another's."""


@pytest.fixture(scope="session")
def postgres_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A PostgreSQL server of this worker."""
    with tempfile.TemporaryDirectory(prefix="vk") as folder, postgres(Path(folder)) as url:
        if "TEST_DATABASE_URL" not in os.environ:  # somebody else's server keeps its settings
            forget_power_cuts(url)
        yield url


@pytest.fixture(scope="session")
def redis_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A Redis server of this worker."""
    with redis_server(tmp_path_factory.mktemp("redis")) as url:
        yield url


@pytest.fixture(scope="session")
def empty_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file with every table and nothing in it: copying it is much quicker than making it."""
    file = tmp_path_factory.mktemp("empty") / "vekha.sqlite3"
    engine = create_engine(f"sqlite:///{file}")
    Base.metadata.create_all(engine)
    engine.dispose()
    return file


@pytest.fixture(scope="session")
def databases(postgres_url: str) -> Databases:
    """The PostgreSQL databases of this worker."""
    return Databases(postgres_url)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """An installation of its own, on SQLite."""
    return replace(SETTINGS, database_url=f"sqlite:///{tmp_path / 'vekha.sqlite3'}", queue_folder=tmp_path / "queue")


@pytest.fixture
def app(settings: Settings, empty_sqlite: Path, tmp_path: Path) -> Iterator[Flask]:
    """The product on an empty SQLite database."""
    shutil.copy(empty_sqlite, tmp_path / "vekha.sqlite3")
    yield from _running(settings)


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def both(request: pytest.FixtureRequest, settings: Settings, tmp_path: Path) -> Iterator[Flask]:
    """The product on an empty database of each kind in turn."""
    if request.param == "sqlite":
        shutil.copy(request.getfixturevalue("empty_sqlite"), tmp_path / "vekha.sqlite3")
        yield from _running(settings)
        return
    databases: Databases = request.getfixturevalue("databases")
    url = databases.take()
    yield from _running(replace(settings, database_url=url))
    databases.give_back(url)


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """A browser of its own."""
    return app.test_client()


def _running(settings: Settings) -> Iterator[Flask]:
    app = create_app(settings)
    app.config.update(TESTING=True, RATELIMIT_ENABLED=False)
    app.extensions["nudge"] = None
    app.jinja_env.bytecode_cache = TEMPLATES
    with app.app_context():
        yield app
        db.session.remove()
        db.engine.dispose()
        db.engine.dispose()
