"""The servers of tests/servers.py really start, answer and leave."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis
from redis.exceptions import ConnectionError as RedisConnectionError
from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url

from tests.databases import Databases
from tests.servers import chromium_path, new_database, postgres, redis_server

pytestmark = pytest.mark.xdist_group("servers")


@pytest.fixture(scope="module")
def postgres_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with postgres(tmp_path_factory.mktemp("servers")) as url:
        yield url


def answer(url: str, query: str) -> object:
    engine = create_engine(url)
    try:
        with engine.begin() as connection:
            result = connection.execute(text(query))
            return result.scalar_one() if result.returns_rows else None
    finally:
        engine.dispose()


@pytest.mark.postgres
def test_postgres_answers(postgres_url: str) -> None:
    assert postgres_url.startswith("postgresql+psycopg://")
    assert answer(postgres_url, "SELECT 1") == 1
    assert int(str(answer(postgres_url, "SHOW server_version_num"))) >= 150000


@pytest.mark.postgres
def test_a_new_database_is_empty_each_time(postgres_url: str, worker_id: str) -> None:
    name = f"vekha_servers_{worker_id}"
    url = new_database(postgres_url, name)
    answer(url, "CREATE TABLE trace (n integer)")
    assert new_database(postgres_url, name) == url
    assert answer(url, "SELECT to_regclass('trace')") is None
    assert answer(url, "SELECT current_database()") == name


@pytest.mark.postgres
def test_a_database_given_back_is_taken_again_empty_unless_its_walls_were_torn_down(postgres_url: str) -> None:
    databases = Databases(postgres_url)
    url = databases.take()
    place = "INSERT INTO zones (name, timezone, closing) VALUES ('Томск', 'Asia/Tomsk', '18:00') RETURNING id"
    assert answer(url, place) == 1
    databases.give_back(url)
    assert databases.take() == url
    assert answer(url, "SELECT count(*) FROM zones") == 0
    assert answer(url, place) == 1
    answer(url, "ALTER TABLE slots DROP CONSTRAINT ck_slots_taken")
    databases.give_back(url)
    assert databases.take() != url


@pytest.mark.postgres
def test_a_deep_folder_still_gets_a_socket(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TEST_DATABASE_URL", raising=False)
    with postgres(tmp_path / ("deep-" * 20) / "folder") as url:
        assert answer(url, "SELECT 1") == 1


@pytest.mark.postgres
def test_a_given_server_wins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEST_DATABASE_URL", "postgresql://tester:secret@db.example/tests")
    with postgres(tmp_path) as url:
        assert make_url(url).drivername == "postgresql+psycopg"
        assert make_url(url).password == "secret"


@pytest.mark.redis
def test_redis_keeps_what_it_is_given_and_is_gone_afterwards(tmp_path: Path) -> None:
    with redis_server(tmp_path) as url:
        client = redis.Redis.from_url(url)
        assert client.ping()
        client.set("parcel", "вручена")
        assert client.get("parcel") == "вручена".encode()
        client.close()
    late = redis.Redis.from_url(url)
    with pytest.raises(RedisConnectionError):
        late.ping()
    late.close()


@pytest.mark.e2e
def test_chromium_runs() -> None:
    shown = subprocess.run([chromium_path(), "--version"], capture_output=True, text=True, check=True, timeout=60)
    assert "Chrom" in shown.stdout
