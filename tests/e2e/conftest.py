"""The product as somebody runs it: `flask up` in a folder of its own, with its server, its worker and its demo data."""

import os
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from time import monotonic, sleep

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.servers import chromium_path

ROOT = Path(__file__).resolve().parents[2]
START_SECONDS = 120


@dataclass(frozen=True)
class Product:
    """A running product: where it is, what it printed, and its command line."""

    url: str
    said: str
    environment: dict[str, str]

    def flask(self, *words: str) -> str:
        """Run a command of the product and return what it printed."""
        command = [sys.executable, "-m", "flask", "--app", "wsgi", *words]
        done = subprocess.run(
            command, check=False, cwd=ROOT, env=self.environment, capture_output=True, text=True, timeout=120
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def page_of(self, stage: str) -> str:
        """The address that `up` printed for a parcel in a stage."""
        found = re.search(rf"^\s*{re.escape(stage)}\s+(\S+)$", self.said, re.MULTILINE)
        assert found, self.said
        return found.group(1)


@pytest.fixture(scope="session")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    """Start the product and wait until it has said where it is; stop it like Ctrl-C does."""
    folder = tmp_path_factory.mktemp("product")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    url = f"http://localhost:{port}"
    names = ("DATABASE_URL", "REDIS_URL", "SMS_BACKEND", "SECRET_KEY")
    environment = {key: value for key, value in os.environ.items() if key not in names}
    environment |= {"INSTANCE_PATH": str(folder / "instance"), "BIND": f"127.0.0.1:{port}", "PUBLIC_BASE_URL": url}
    log = folder / "up.log"
    with log.open("w") as out:
        command = [sys.executable, "-u", "-m", "flask", "--app", "wsgi", "up"]
        child = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=out, stderr=subprocess.STDOUT)
    try:
        yield Product(url, _wait_for(log, "руководитель", child), environment)
    finally:
        child.terminate()
        assert child.wait(timeout=30) is not None


def _wait_for(log: Path, words: str, child: subprocess.Popen[bytes]) -> str:
    until = monotonic() + START_SECONDS
    while monotonic() < until:
        said = log.read_text()
        if words in said:
            return said
        assert child.poll() is None, said
        sleep(0.2)
    raise AssertionError(log.read_text())


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """A real browser without a screen."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_path(), args=["--no-sandbox"])
        yield browser
        browser.close()
