"""Letters, sent to a real SMTP server that also refuses, hangs, drips and drops the line."""

from __future__ import annotations

import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from sms import email
from sms.console import Console
from sms.gateway import Accepted, Gateway, Outgoing, Refused, Unknown

FROM = "Веха <mail@veha.ru>"
LETTER = Outgoing(
    7,
    "marina@example.com",
    "Заказ 117 приедет 26 ноября. veha.ru/t/7Kq2mX9s",
    subject="Тёплый дом: заказ 117 едет к вам и приедет раньше, чем вы думали, 26 ноября",
    html="<p>Заказ <b>117</b> приедет 26 ноября.</p>",
    unsubscribe="https://veha.ru/u/" + "k" * 90 + "?p=1",
)


@dataclass
class Postman:
    """What the server answers at each step, and what it has taken."""

    rcpt: str = "250 OK"
    mail: str = "250 OK"
    data: str = "250 OK"
    is_dropping: bool = False
    taken: list[Envelope] = field(default_factory=list)

    async def handle_RCPT(self, server: SMTP, session: Session, envelope: Envelope, to: str, _options: Any) -> str:
        envelope.rcpt_tos.append(to)
        return self.rcpt

    async def handle_MAIL(self, server: SMTP, session: Session, envelope: Envelope, by: str, _options: Any) -> str:
        envelope.mail_from = by
        return self.mail

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        self.taken.append(envelope)
        if self.is_dropping:
            server.transport.abort()  # type: ignore[union-attr]
        return self.data

    def letter(self) -> EmailMessage:
        (envelope,) = self.taken
        assert isinstance(envelope.content, bytes)
        return message_from_bytes(envelope.content, policy=policy.default)  # type: ignore[return-value]


@pytest.fixture(autouse=True)
def _in_a_hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(email, "READ_SECONDS", 0.4)
    monkeypatch.setattr(email, "TOTAL_SECONDS", 0.8)


@pytest.fixture
def postman() -> Postman:
    return Postman()


@pytest.fixture
def port(postman: Postman) -> Iterator[int]:
    with served(postman) as port:
        yield port


class served:
    """A real SMTP server on a free port."""

    def __init__(self, postman: Postman, **options: Any) -> None:
        self._controller = Controller(postman, hostname="127.0.0.1", port=0, **options)

    def __enter__(self) -> int:
        self._controller.port = free_port()
        self._controller.start()
        return int(self._controller.port)

    def __exit__(self, *_: object) -> None:
        self._controller.stop()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def gateway_at(port: int, scheme: str = "smtp", who: str = "") -> Gateway:
    return email.gateway({"SMTP_URL": f"{scheme}://{who}localhost:{port}", "MAIL_FROM": FROM})


def test_a_letter_arrives_as_it_was_written(postman: Postman, port: int) -> None:
    assert gateway_at(port).send(LETTER) == Accepted("vekha-7@veha.ru")
    letter = postman.letter()
    assert (letter["From"], letter["To"], letter["Subject"]) == (FROM, LETTER.to, LETTER.subject)
    assert (letter["Message-ID"], letter["Auto-Submitted"]) == ("<vekha-7@veha.ru>", "auto-generated")
    assert letter["Date"]
    text, html = letter.get_body(("plain",)), letter.get_body(("html",))
    assert text is not None
    assert html is not None
    assert (text.get_content().strip(), html.get_content().strip()) == (LETTER.text, LETTER.html)


def test_a_letter_can_be_ended_by_one_press(postman: Postman, port: int) -> None:
    gateway_at(port).send(LETTER)
    assert postman.letter()["List-Unsubscribe"] == f"<{LETTER.unsubscribe}>"
    assert postman.letter()["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"


def test_what_nobody_can_end_does_not_say_so(postman: Postman, port: int) -> None:
    gateway_at(port).send(replace(LETTER, unsubscribe="", html=""))
    assert "List-Unsubscribe" not in postman.letter()
    assert postman.letter().get_content_type() == "text/plain"


def test_a_letter_is_seven_bits_in_short_lines(postman: Postman, port: int) -> None:
    gateway_at(port).send(replace(LETTER, html="<p>" + "я" * 5000 + "</p>"))
    (envelope,) = postman.taken
    assert isinstance(envelope.content, bytes)
    assert envelope.content.isascii()
    assert max(map(len, envelope.content.split(b"\r\n"))) < 998


def test_a_repeat_has_the_same_id(postman: Postman, port: int) -> None:
    assert gateway_at(port).send(LETTER) == gateway_at(port).send(replace(LETTER, attempt=2))
    assert len({message_from_bytes(bytes(e.content or b""))["Message-ID"] for e in postman.taken}) == 1  # type: ignore[arg-type]


@pytest.mark.parametrize("evil", ["a\r\nBcc: all@example.com", "a\nX: y", "a\x00b\u2028c", "=?utf-8?q?a=0ABcc:_b?="])
def test_no_header_can_be_smuggled_in(postman: Postman, port: int, evil: str) -> None:
    sent = replace(LETTER, subject=evil, unsubscribe="https://veha.ru/u/1\r\nBcc: all@example.com>")
    assert isinstance(gateway_at(port).send(sent), Accepted)
    assert "Bcc" not in postman.letter()
    assert "X" not in postman.letter()
    assert postman.taken[0].rcpt_tos == [LETTER.to]


@pytest.mark.parametrize("to", ["a@b\r\nRCPT TO:<c@d>", "a b@c.ru", "@", "имя@example.com", "<a@b.ru>", "a@b@c\n"])
def test_an_address_that_is_none_is_refused_for_good(postman: Postman, port: int, to: str) -> None:
    outcome = gateway_at(port).send(replace(LETTER, to=to))
    assert isinstance(outcome, Refused)
    assert (outcome.code, outcome.is_final) == ("address", True)
    assert postman.taken == []


@pytest.mark.parametrize("sender", ["Dom\r\nBcc: x@y.z", 'Dom" <x@y.z>'])
def test_a_sender_cannot_become_another_address(postman: Postman, port: int, sender: str) -> None:
    if isinstance(gateway_at(port).send(replace(LETTER, sender=sender)), Accepted):
        assert [address.addr_spec for address in postman.letter()["From"].addresses] == ["mail@veha.ru"]
        assert "Bcc" not in postman.letter()


def test_an_address_in_cyrillic_letters_is_written_as_servers_know_it(postman: Postman, port: int) -> None:
    gateway_at(port).send(replace(LETTER, to="info@почта.рф"))
    assert postman.taken[0].rcpt_tos == ["info@xn--80a1acny.xn--p1ai"]


@pytest.mark.parametrize(
    ("step", "said", "outcome"),
    [
        ("rcpt", "550 5.1.1 no such user marina@example.com", Refused("550", "RCPT", is_final=True)),
        ("rcpt", "450 4.2.1 try later", Refused("450", "RCPT", is_final=False)),
        ("mail", "530 5.7.0 who are you", Refused("530", "MAIL", is_final=False)),
        ("data", "554 5.6.0 we do not like it", Refused("554", "DATA", is_final=True)),
        ("data", "451 4.3.0 full", Refused("451", "DATA", is_final=False)),
    ],
)
def test_what_was_certainly_not_sent(postman: Postman, port: int, step: str, said: str, outcome: Refused) -> None:
    setattr(postman, step, said)
    assert gateway_at(port).send(LETTER) == outcome


def test_nobody_listens() -> None:
    outcome = gateway_at(free_port()).send(LETTER)
    assert outcome == Refused("connection", "ConnectionRefusedError", is_final=False)


def test_a_line_that_drops_after_the_text_leaves_it_open(postman: Postman, port: int) -> None:
    postman.is_dropping = True
    gateway = gateway_at(port)
    assert isinstance(gateway.send(LETTER), Unknown)
    assert len(postman.taken) == 1
    assert gateway.find(LETTER) is None


def scripted(talk: Callable[[socket.socket], None]) -> tuple[int, threading.Thread]:
    """A server that does what no honest one would."""
    server = socket.create_server(("127.0.0.1", 0))

    def run() -> None:
        connection, _ = server.accept()
        with server, connection:
            try:
                talk(connection)
            except OSError:
                return

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    return int(server.getsockname()[1]), thread


def hangs(connection: socket.socket) -> None:
    time.sleep(1.5)


def drips(connection: socket.socket) -> None:
    for _ in range(40):
        connection.sendall(b"2")
        time.sleep(0.1)


def hangs_after_the_text(connection: socket.socket) -> None:
    reader = connection.makefile("rb")
    connection.sendall(b"220 hi\r\n")
    for answer in (b"250 hi\r\n", b"250 ok\r\n", b"250 ok\r\n", b"354 go\r\n"):
        reader.readline()
        connection.sendall(answer)
    while reader.readline() != b".\r\n":
        pass
    time.sleep(1.5)


@pytest.mark.parametrize(("talk", "kind"), [(hangs, Refused), (drips, Refused), (hangs_after_the_text, Unknown)])
def test_a_server_that_does_not_end_is_left(talk: Callable[[socket.socket], None], kind: type) -> None:
    port, thread = scripted(talk)
    began = time.monotonic()
    assert isinstance(gateway_at(port).send(LETTER), kind)
    assert time.monotonic() - began < 2
    thread.join(6)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for localhost that nobody but the test trusts."""
    folder = tmp_path_factory.mktemp("tls")
    names = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]
    files = ["-keyout", str(folder / "key.pem"), "-out", str(folder / "cert.pem")]
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", *names, *files]
    subprocess.run(command, check=True, capture_output=True)
    return folder


def server_tls(certificate: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate / "cert.pem", certificate / "key.pem")
    return context


def guard(_server: SMTP, _session: Session, _envelope: Envelope, _mechanism: str, login: object) -> AuthResult:
    known = isinstance(login, LoginPassword) and (login.login, login.password) == (b"shop", b"p@ss")
    return AuthResult(success=known)


@pytest.mark.filterwarnings("ignore:Requiring AUTH")
@pytest.mark.parametrize(("password", "is_let_in"), [("p%40ss", True), ("guess", False)])
@pytest.mark.parametrize("scheme", ["smtp+starttls", "smtps"])
def test_a_password_travels_under_tls(
    postman: Postman, certificate: Path, monkeypatch: pytest.MonkeyPatch, scheme: str, password: str, is_let_in: bool
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate / "cert.pem"))
    options: dict[str, Any] = {"authenticator": guard, "auth_required": True}
    if scheme == "smtps":
        options |= {"ssl_context": server_tls(certificate), "auth_require_tls": False}
    else:
        options |= {"tls_context": server_tls(certificate), "require_starttls": True}
    with served(postman, **options) as port:
        outcome = gateway_at(port, scheme, f"shop:{password}@").send(LETTER)
    assert isinstance(outcome, Accepted) is is_let_in
    assert is_let_in or (isinstance(outcome, Refused) and not outcome.is_final)


def test_a_stranger_with_another_certificate_gets_nothing(postman: Postman, certificate: Path) -> None:
    with served(postman, tls_context=server_tls(certificate)) as port:
        outcome = gateway_at(port, "smtp+starttls").send(LETTER)
    assert outcome == Refused("connection", "SSLCertVerificationError", is_final=False)


@pytest.mark.parametrize(
    ("url", "sender", "named"),
    [
        ("http://host", FROM, "SMTP_URL"),
        ("smtp://", FROM, "SMTP_URL"),
        ("smtp://a:b@host", FROM, "password"),
        ("smtp://host", "", "MAIL_FROM"),
        ("smtp://host", "nobody", "MAIL_FROM"),
    ],
)
def test_settings_that_cannot_work_are_named(url: str, sender: str, named: str) -> None:
    with pytest.raises(ValueError, match=named):
        email.gateway({"SMTP_URL": url, "MAIL_FROM": sender})


def test_without_a_server_letters_stay_in_the_outbox(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    gateway = email.gateway({})
    assert isinstance(gateway, Console)
    assert gateway.send(LETTER) == Accepted("console-7")
    assert "marina" not in caplog.text
