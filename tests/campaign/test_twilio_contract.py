"""The gateway to Twilio against Prism, which answers by Twilio's own description: `make contract`.

Not in the suite, because npx fetches Prism from the network where it is not there yet.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator

import pytest

from sms import twilio
from sms.gateway import Accepted, Gateway, Outgoing, Refused
from tests.fake_twilio import ACCOUNT, SENDER, TOKEN
from tests.integration.test_twilio_contract import DESCRIPTION, MESSAGE, NAMED

SECONDS = 180
pytestmark = pytest.mark.campaign


@pytest.fixture(scope="module")
def gateway() -> Iterator[Gateway]:
    npx = shutil.which("npx")
    if npx is None:
        pytest.fail("npx is not there: install nodejs and npm")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [npx, "--yes", "@stoplight/prism-cli@5", "mock", "--port", str(port), str(DESCRIPTION)]
    prism = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
    try:
        _wait_for(port, prism)
        config = {"TWILIO_ACCOUNT_SID": ACCOUNT, "TWILIO_AUTH_TOKEN": TOKEN, "TWILIO_FROM": SENDER}
        yield twilio.gateway(config | {"TWILIO_BASE_URL": f"http://127.0.0.1:{port}"})
    finally:
        os.killpg(prism.pid, signal.SIGTERM)  # npx and the node it has started
        prism.wait(20)


def _wait_for(port: int, prism: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + SECONDS
    while time.monotonic() < deadline:
        assert prism.poll() is None, "Prism did not start: is the network there?"
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            time.sleep(0.3)
    raise AssertionError("Prism did not start in time")


@pytest.mark.parametrize("message", [MESSAGE, NAMED])
def test_prism_takes_the_message(gateway: Gateway, message: Outgoing) -> None:
    assert isinstance(gateway.send(message), Accepted)


def test_prism_answers_a_look_up(gateway: Gateway) -> None:
    assert gateway.find(MESSAGE) is None


def test_prism_would_have_said_what_is_wrong(gateway: Gateway) -> None:
    """The oracle is awake: a callback that is no address is refused."""
    assert isinstance(gateway.send(Outgoing(1, MESSAGE.to, "текст", "no address")), Refused)
