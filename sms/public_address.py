"""Which addresses a shop may give us: https, port 443, and a host all of whose addresses are public.

A name is resolved once, and whoever connects takes the very address that was looked at: a name that answers
differently the second time gains nothing.
"""

import socket
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from urllib.parse import quote, urlsplit

LONGEST = 500
Resolve = Callable[[str, int], list[str]]


class Fault(StrEnum):
    """What is wrong with an address."""

    UNREADABLE = "unreadable"
    TOO_LONG = "too_long"
    NOT_HTTPS = "not_https"
    BAD_PORT = "bad_port"
    HAS_USER = "has_user"
    UNKNOWN_HOST = "unknown_host"
    NOT_PUBLIC = "not_public"


class BadAddress(ValueError):
    """An address that nothing is sent to."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.value)
        self.fault = fault


@dataclass(frozen=True, slots=True)
class Target:
    """An address taken apart: `host` in ASCII, `path` with the query."""

    host: str
    port: int
    path: str


def system_resolver(host: str, port: int) -> list[str]:
    """The addresses of a host as the system gives them. Raises OSError."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


#: Of IPv6 only what is handed out to the world, and in it neither protocol blocks (with Teredo), nor documentation,
#: nor 6to4, each of which may carry an address of the inside within.
_V6_WORLD = IPv6Network("2000::/3")
_V6_BUT = tuple(map(IPv6Network, ("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20")))
_NAT64 = IPv6Network("64:ff9b::/96")
_V4_BUT = ("192.0.0.", "192.88.99.")


def is_public(text: str) -> bool:
    """May anybody on the internet be expected behind this address? NAT64 counts as the IPv4 address inside it."""
    try:
        ip = ip_address(text)
    except ValueError:  # with a zone, as link-local ones have
        return False
    if isinstance(ip, IPv6Address) and ip in _NAT64:
        ip = IPv4Address(int(ip) & 0xFFFFFFFF)
    if not ip.is_global or ip.is_multicast or ip.is_reserved:
        return False
    if isinstance(ip, IPv6Address):
        return ip in _V6_WORLD and not any(ip in net for net in _V6_BUT)
    return not str(ip).startswith(_V4_BUT)


class Gate:
    """Lets pass what may be sent to. Its arguments are there for tests: no setting reaches them."""

    def __init__(
        self,
        ports: Iterable[int] = (443,),
        allows: Callable[[str], bool] = is_public,
        resolve: Resolve = system_resolver,
    ) -> None:
        self._ports, self._allows, self._resolve = frozenset(ports), allows, resolve

    def read(self, url: str) -> Target:
        """Take an address apart. Raises BadAddress when it is none of the kind that is sent to."""
        if len(url) > LONGEST:
            raise BadAddress(Fault.TOO_LONG)
        if any(sign <= " " or sign in "\\\x7f" for sign in url):
            raise BadAddress(Fault.UNREADABLE)
        try:
            parts = urlsplit(url)
            host, port = _ascii(parts.hostname or ""), 443 if parts.port is None else parts.port
        except ValueError as problem:  # also a name that IDNA does not know
            raise BadAddress(Fault.UNREADABLE) from problem
        if parts.scheme != "https":
            raise BadAddress(Fault.NOT_HTTPS if parts.scheme else Fault.UNREADABLE)
        if parts.username is not None or parts.password is not None:
            raise BadAddress(Fault.HAS_USER)
        if not host or "%" in host:
            raise BadAddress(Fault.UNREADABLE)
        if port not in self._ports:
            raise BadAddress(Fault.BAD_PORT)
        query = f"?{quote(parts.query, safe=_KEPT)}" if parts.query else ""
        return Target(host, port, (quote(parts.path, safe=_KEPT) or "/") + query)

    def resolve(self, target: Target) -> list[str]:
        """The addresses of its host, asked for once. Raises BadAddress unless all of them are public."""
        try:
            found = self._resolve(target.host, target.port)
        except (OSError, UnicodeError) as problem:
            raise BadAddress(Fault.UNKNOWN_HOST) from problem
        if not found:
            raise BadAddress(Fault.UNKNOWN_HOST)
        if not all(map(self._allows, found)):
            raise BadAddress(Fault.NOT_PUBLIC)
        return found


#: What a path or a query may hold as it is; everything else, Cyrillic among it, is escaped.
_KEPT = "/:@!$&'()*+,;=-._~?%[]"


def _ascii(host: str) -> str:
    return host if host.isascii() else host.encode("idna").decode()
