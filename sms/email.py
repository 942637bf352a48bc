"""The gateway for letters: SMTP with a total time, a text and an HTML part, and an address to end such letters."""

import smtplib
import socket
import ssl
from collections.abc import Mapping
from contextlib import suppress
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import formatdate, parseaddr
from threading import Timer
from typing import Any
from urllib.parse import SplitResult, quote, unquote, urlsplit

from sms.console import Console
from sms.gateway import Accepted, Gateway, Outcome, Outgoing, Refused, Unknown

#: All of it stays below a third of the lease of a message.
READ_SECONDS, TOTAL_SECONDS = 5.0, 15.0
_PORTS = {"smtp": 25, "smtp+starttls": 587, "smtps": 465}
#: Seven bits, whatever the server can do: nothing on the way need change a letter.
_POLICY = SMTP.clone(cte_type="7bit")


class _Timed:
    """A session that ends when its time is up: the library's timeout starts anew with every byte."""

    sock: socket.socket | None

    def connect(self, *args: Any, **kwargs: Any) -> Any:
        self._end = Timer(TOTAL_SECONDS, self._cut)
        self._end.daemon = True
        self._end.start()
        return super().connect(*args, **kwargs)  # type: ignore[misc]

    def close(self) -> None:
        self._end.cancel()
        super().close()  # type: ignore[misc]

    def _cut(self) -> None:
        with suppress(OSError, AttributeError):
            self.sock.shutdown(socket.SHUT_RDWR)  # type: ignore[union-attr]


class _Open(_Timed, smtplib.SMTP):
    """Begins in the clear; STARTTLS may follow."""


class _Secret(_Timed, smtplib.SMTP_SSL):
    """TLS from the first byte."""


class Smtp:
    """Letters through one server.

    Nobody can ask a mail server what became of a letter: `find` says "not known", so a letter whose outcome is
    unknown is sent again, at most as often as the ladder of attempts allows. It has the same Message-ID each time,
    by which mail systems recognise a repeat.
    """

    name = "smtp"

    def __init__(self, server: SplitResult, sender: str) -> None:
        name, address = parseaddr(sender)
        self._server, self._from = server, Address(name, addr_spec=address)
        self._tls = ssl.create_default_context()

    def send(self, message: Outgoing) -> Outcome:
        try:
            letter, to = self.letter(message), _address(message.to)
        except Exception as error:  # the library names a bad address by many kinds of error
            return Refused("address", type(error).__name__, is_final=True)
        try:
            with self._session() as session:
                code, _said = session.mail(self._from.addr_spec)
                if code != 250:
                    return Refused(str(code), "MAIL", is_final=False)
                return self._handed_over(session, to, letter)
        except smtplib.SMTPResponseException as error:
            return Refused(str(error.smtp_code), "SMTP", is_final=False)
        except Exception as error:  # before the text nothing was handed over, so nothing was sent
            return Refused("connection", type(error).__name__, is_final=False)

    def find(self, message: Outgoing) -> str | None:
        return None

    def letter(self, message: Outgoing) -> EmailMessage:
        """The letter as it is sent. Raises: what the library raises for an address that is none."""
        letter = EmailMessage(policy=_POLICY)
        letter["From"] = Address(_line(message.sender or self._from.display_name), addr_spec=self._from.addr_spec)
        letter["To"] = Address(addr_spec=_address(message.to))
        letter["Subject"] = _line(message.subject)
        letter["Message-ID"] = f"<vekha-{message.message_id}@{self._from.domain}>"
        letter["Date"] = formatdate()
        letter["Auto-Submitted"] = "auto-generated"
        if message.unsubscribe:
            letter["List-Unsubscribe"] = f"<{quote(message.unsubscribe, safe=':/?&=%+,;@~')}>"
            letter["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
        letter.set_content(message.text)
        if message.html:
            letter.add_alternative(message.html, subtype="html")
        return letter

    def _session(self) -> smtplib.SMTP:
        """A session after its greetings, TLS and password."""
        host, port = self._server.hostname or "", self._server.port or _PORTS[self._server.scheme]
        if self._server.scheme == "smtps":
            return self._greeted(_Secret(host, port, timeout=READ_SECONDS, context=self._tls))
        return self._greeted(_Open(host, port, timeout=READ_SECONDS))

    def _greeted(self, session: smtplib.SMTP) -> smtplib.SMTP:
        try:
            session.ehlo_or_helo_if_needed()
            if self._server.scheme == "smtp+starttls":
                session.starttls(context=self._tls)
                session.ehlo_or_helo_if_needed()
            if self._server.username:
                session.login(unquote(self._server.username), unquote(self._server.password or ""))
        except BaseException:
            session.close()
            raise
        return session

    def _handed_over(self, session: smtplib.SMTP, to: str, letter: EmailMessage) -> Outcome:
        """From here on a refusal is about this letter, and a silence leaves it unknown."""
        code, _said = session.rcpt(to)
        if code not in (250, 251):
            return Refused(str(code), "RCPT", is_final=500 <= code < 600)
        try:
            code, _said = session.data(letter.as_bytes(policy=_POLICY))
        except smtplib.SMTPDataError as error:
            code = error.smtp_code
        except Exception as error:  # the text may have arrived as a whole
            return Unknown(type(error).__name__)
        if code == 250:
            return Accepted(str(letter["Message-ID"]).strip("<>")[:64])
        return Refused(str(code), "DATA", is_final=500 <= code < 600)


def gateway(config: Mapping[str, str]) -> Gateway:
    """The gateway from SMTP_URL and MAIL_FROM; without the first, letters go no further than the outbox.

    SMTP_URL is `smtps://user:password@host`, `smtp+starttls://...` or, within one machine, `smtp://host:25`.
    Raises: ValueError that says what is wrong with them.
    """
    if not config.get("SMTP_URL"):
        return Console()
    server = urlsplit(config["SMTP_URL"])
    if server.scheme not in _PORTS or not server.hostname:
        raise ValueError(f"SMTP_URL begins with {', '.join(f'{scheme}://' for scheme in _PORTS)} and names a host")
    if server.username and server.scheme == "smtp":
        raise ValueError("SMTP_URL has a password, which needs smtp+starttls:// or smtps://")
    try:
        return Smtp(server, config.get("MAIL_FROM", ""))
    except Exception as error:  # as in `send`
        raise ValueError("MAIL_FROM is where letters come from, like: Веха <mail@example.com>") from error


def _address(to: str) -> str:
    """An address in ASCII. Raises: ValueError for a name that mail servers would need an extension for."""
    name, _at, host = to.rpartition("@")
    return f"{name.encode('ascii').decode()}@{host.encode('idna').decode()}"


def _line(words: str) -> str:
    """One line of visible letters, whatever a shop's name has in it.

    The library decodes "=?utf-8?q?...?=" in what it is given, line breaks included, and would write them as such.
    """
    line = " ".join("".join(letter if letter.isprintable() else " " for letter in words).split())
    return line.replace("=?", "= ?")
