"""`flask up`: everything the portal needs, from an empty folder to a running server and worker that stop together."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from types import FrameType
from urllib.error import URLError
from urllib.request import urlopen

from flask import current_app
from flask_migrate import upgrade
from sqlalchemy import select

from parcels.models import Base
from portal import demo, matrix_import, places, ticking
from portal.extensions import db
from portal.transaction import reading, transaction
from scheduling.models import Matrix

ROOT = Path(__file__).resolve().parent.parent
MIGRATIONS = Path(__file__).parent / "migrations"
SERVER = ("-m", "gunicorn", "--log-level", "warning", "--access-logfile", os.devnull, "wsgi:app")
#: The warning left out is about pickle under root; tasks here carry nothing at all.
QUIETLY = ("-W", "ignore::UserWarning")
WORKER = (*QUIETLY, "-m", "celery", "--quiet", "-A", "wsgi:celery", "worker", "--beat", "--loglevel", "error")
#: Threads need no fork and share nothing; gossip and mingle are for several workers. Two of them may at worst be
#: waiting for shops' servers (`hooking`), one for carriers' (`polling`), and one is always left for everything else.
ALONE = ("--pool", "threads", "--concurrency", "4", "--without-gossip", "--without-mingle", "--without-heartbeat")
START_SECONDS, STOP_SECONDS, GONE_SECONDS, LOOK_SECONDS = 60.0, 6.0, 1.0, 0.2
Say = Callable[[str], object]
Child = subprocess.Popen[bytes]


def prepare(now: datetime, wants_demo: bool, say: Say) -> None:
    """Bring the database up to date; on the first run fill it. What is there already stays.

    Demo data come by themselves on SQLite only, and never where messages would really leave.
    """
    if MIGRATIONS.exists():
        upgrade(directory=str(MIGRATIONS))
    else:
        Base.metadata.create_all(db.engine)
    is_trial = db.engine.dialect.name == "sqlite" or wants_demo
    with transaction() as session:
        places.load(session)
        if session.scalar(select(Matrix.id).limit(1)) is None:
            done = matrix_import.import_matrix(session, places.DAYS_FROM_CHELYABINSK, matrix_import.SHIPPED, now)
            say(f"Матрица сроков загружена: {done.lanes} направлений.")
        elif (filled := matrix_import.complete(session, now)) > 0:
            say(f"Сроки для городов, которых нет в матрице, взяты по соседям: {filled}.")
        if is_trial and current_app.config["SMS_BACKEND"] == "console" and not demo.is_there(session):
            say(f"Демо-данные заведены: {demo.seed(session, now)} посылок.")
    ticking.learn(now)


def start(now: datetime, wants_demo: bool, say: Say) -> int:
    """Prepare the database, start everything and wait. Returns the exit code: 0 when somebody ended it."""
    host, port = _address()
    if _is_taken(host, port):
        say(f"Порт {port} занят; остановите то, что его держит, или задайте другой: BIND={host}:{port + 1}.")
        return 1
    prepare(now, wants_demo, say)
    return _run(host, port, say)


def _run(host: str, port: int, say: Say) -> int:
    """Start server and worker, say where they are, and wait."""
    stop = _Stop()
    children = {"Веб-сервер": _start(SERVER)}
    try:
        children["Работник"] = _start((*WORKER, *ALONE))
        if _wait_for(f"http://{host}:{port}/healthz", children, stop):
            _greet(say)
        died = _wait(children, stop)
    finally:
        _stop_all(list(children.values()))
    if died is None:
        say("Остановлено.")
        return 0
    say(f"{died} остановился сам (код {children[died].returncode}); остальное тоже остановлено. Причина выше.")
    return 1


class _Stop:
    """Becomes true on Ctrl-C, SIGTERM or when the terminal goes away."""

    def __init__(self) -> None:
        self.is_asked = False
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._ask)

    def _ask(self, _number: int, _frame: FrameType | None) -> None:
        self.is_asked = True


def _address() -> tuple[str, int]:
    """Where gunicorn will listen, as gunicorn.conf.py reads it."""
    host, _, port = os.environ.get("BIND", "127.0.0.1:8000").rpartition(":")
    return host.replace("0.0.0.0", "127.0.0.1") or "127.0.0.1", int(port)  # noqa: S104


def _is_taken(host: str, port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex((host, port)) == 0


def _start(arguments: tuple[str, ...]) -> Child:
    """A child in a process group of its own, so that a Ctrl-C reaches us alone and we end the whole group."""
    return subprocess.Popen([sys.executable, *arguments], cwd=ROOT, start_new_session=True)  # noqa: S603


def _wait_for(url: str, children: dict[str, Child], stop: _Stop) -> bool:
    """Wait until the server answers. Returns False when somebody has stopped us or a child has died before."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and not stop.is_asked and _dead(children) is None:
        try:
            with urlopen(url, timeout=2):  # noqa: S310
                return True
        except (URLError, OSError):
            time.sleep(LOOK_SECONDS)
    return False


def _wait(children: dict[str, Child], stop: _Stop) -> str | None:
    """Wait for the end. Returns the name of a child that ended by itself."""
    while not stop.is_asked:
        if (died := _dead(children)) is not None:
            return died
        time.sleep(LOOK_SECONDS)
    return None


def _dead(children: dict[str, Child]) -> str | None:
    return next((name for name, child in children.items() if child.poll() is not None), None)


def _stop_all(children: list[Child]) -> None:
    """Ask every group to end, and end it when it does not."""
    for child in children:
        _signal(child, signal.SIGTERM)
    deadline = time.monotonic() + STOP_SECONDS
    for child in children:
        with suppress(subprocess.TimeoutExpired):
            child.wait(max(deadline - time.monotonic(), 0.1))
        _signal(child, signal.SIGKILL)
        child.wait()
    deadline = time.monotonic() + GONE_SECONDS
    while time.monotonic() < deadline and any(_signal(child, 0) for child in children):
        time.sleep(LOOK_SECONDS / 4)


def _signal(child: Child, number: int) -> bool:
    """A signal to the whole group of a child; its leader may have gone before its own children. Was anybody there?"""
    try:
        os.killpg(child.pid, number)
    except ProcessLookupError:
        return False
    return True


def _greet(say: Say) -> None:
    base = current_app.config["PUBLIC_BASE_URL"]
    say(f"\nВеха работает: {base}  (Ctrl-C останавливает)")
    if current_app.config["IS_TRIAL"]:
        say(f"SMS, как на телефоне: {base}/phone")
    with reading() as session:
        shown = demo.show(session) if demo.is_there(session) else None
    if shown is None:
        return
    say("\nСтраницы получателей:")
    for words, token in shown:
        say(f"  {words:<22} {base}/t/{token}")
    say("\nВход для сотрудников (имя и пароль одинаковы):")
    for login, words in demo.LOGINS.items():
        say(f"  {login:<10} {words}")
