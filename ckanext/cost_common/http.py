"""Asking what a link leads to, without letting the link choose whom this server talks to.

Rules (OWASP, "Server-Side Request Forgery Prevention"): only http and https, the name resolved
once and its address checked and kept for the connection, the same again for each redirect, no
credentials, no proxy from the environment, limits of time and size. Both plugins ask through
here; each brings its own :class:`Limits`, and nothing here reads a configuration.
"""

from __future__ import annotations

import contextlib
import ipaddress
import socket
import threading
import time
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urljoin, urlsplit

import urllib3
from urllib3.util import Timeout, Url, parse_url

REDIRECTS = 3
#: bytes asked for at once; whatever has come is taken, so that a slow site does not hold us
READ = 1 << 16
_MOVED = (301, 302, 303, 307, 308)
_PORTS = {"http": 80, "https": 443}
Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network
#: carriers of IPv4 addresses inside IPv6 ones, which may lead to a private network
_NAT64 = ipaddress.ip_network("64:ff9b::/96")


@dataclass(frozen=True, slots=True)
class Limits:
    """How far a link may lead.

    :param hosts: names, in lower case, that may be asked; None: any.
    :param networks: networks that may be reached although they are not of the public internet.
    :param timeout: seconds that a connection, and each read of it, may take.
    :param patience: seconds that all of it may take.
    :param max_bytes: how much is read at most.
    """

    hosts: Collection[str] | None
    networks: Collection[Network]
    timeout: float
    patience: float
    max_bytes: int
    agent: str
    accept: str = "*/*"


class Refused(Exception):
    """The address is one that links may not lead to."""


class Failed(Exception):
    """Nobody answered, or not to the end."""


class TooLarge(Exception):
    """There are more bytes than are read."""


@dataclass(slots=True)
class Answer:
    """What the last address of the chain answered; its bytes are not read yet."""

    url: str
    status: int
    _response: Any
    _limits: Limits
    _until: float

    def pieces(self) -> Iterator[bytes]:
        """Give the bytes as they come.

        :raises TooLarge: there are more than the limit.
        :raises Failed: they ended before their end, or came too slowly.
        """
        limit = self._limits.max_bytes
        length = self._response.headers.get("Content-Length", "")
        if length.isdigit() and int(length) > limit:
            raise TooLarge(f"{length} bytes")
        total = 0
        try:
            while piece := self._response.read1(READ, decode_content=False):
                total += len(piece)
                if total > limit:
                    raise TooLarge(f"more than {limit} bytes")
                if time.monotonic() > self._until:
                    raise Failed("the site is too slow")
                yield piece
        except (urllib3.exceptions.HTTPError, OSError) as error:
            raise Failed(f"{type(error).__name__}: {error}") from error


def may_reach(address: Address, networks: Collection[Network] = ()) -> bool:
    """Whether links may lead to an address: a public one, or one of ``networks``."""
    if any(address in network for network in networks if network.version == address.version):
        return True
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            return may_reach(address.ipv4_mapped, networks)
        if address.sixtofour is not None or address.teredo is not None or address in _NAT64:
            return False
    return address.is_global and not address.is_multicast and not address.is_reserved


def resolve(host: str, port: int, networks: Collection[Network] = ()) -> str:
    """Return the address to connect to.

    :raises Failed: the name has no address.
    :raises Refused: it has one that links may not lead to. One is enough: a name that answers with
        a public and a private address is not to be trusted.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise Failed(f"{host}: {error}") from error
    addresses = [ipaddress.ip_address(str(each[4][0]).split("%")[0]) for each in found]
    for address in addresses:
        if not may_reach(address, networks):
            raise Refused(f"{host} is at {address}, where links may not lead")
    return str(addresses[0])


def checked(url: str, hosts: Collection[str] | None = None) -> tuple[Url, str, int]:
    """Return the parts of an address that may be asked: parsed, host, port.

    :raises Refused: it may not, by its form or its host.
    """
    try:
        parsed = parse_url(url)
        # two parsers that disagree on the host are how such checks are fooled
        agreed = urlsplit(url).hostname
    except (ValueError, urllib3.exceptions.HTTPError) as error:
        raise Refused(f"not an address: {error}") from error
    host = (parsed.host or "").strip("[]").lower()
    if parsed.scheme not in _PORTS:
        raise Refused(f"scheme {parsed.scheme!r}")
    if not host or agreed is None or agreed.strip("[]").lower() != host:
        raise Refused("no host, or one that can be read in two ways")
    if parsed.auth:
        raise Refused("an address with a user name")
    if hosts is not None and host not in hosts:
        raise Refused(f"{host} is not one of the configured hosts")
    return parsed, host, parsed.port or _PORTS[parsed.scheme]


def _watched(pool: Any, until: float) -> threading.Timer:
    """Let a pool's connection be ended when the time is over, whatever it waits for.

    A site that answers one byte at a time never makes a read late, and could hold us for hours.
    """
    sockets: list[Any] = []

    class Watched(pool.ConnectionCls):  # type: ignore[misc,name-defined]
        def connect(self) -> None:
            super().connect()
            sockets.append(self.sock)

    def end() -> None:
        for one in sockets:
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)

    pool.ConnectionCls = Watched
    timer = threading.Timer(max(0.0, until - time.monotonic()), end)
    timer.daemon = True
    timer.start()
    return timer


def _ask(url: str, limits: Limits, until: float) -> tuple[Any, Any, threading.Timer]:
    """One request, without following redirects: (connection pool, response, what ends it in time)."""
    parsed, host, port = checked(url, limits.hosts)
    address = resolve(host, port, limits.networks)
    options: dict[str, Any] = {
        "timeout": Timeout(connect=limits.timeout, read=limits.timeout),
        "retries": False,
        "maxsize": 1,
    }
    pool: Any
    if parsed.scheme == "https":
        pool = urllib3.HTTPSConnectionPool(
            address, port, server_hostname=host, assert_hostname=host, cert_reqs="CERT_REQUIRED", **options
        )
    else:
        pool = urllib3.HTTPConnectionPool(address, port, **options)
    timer = _watched(pool, until)
    name = f"[{host}]" if ":" in host else host
    headers = {
        "Host": name if port == _PORTS.get(str(parsed.scheme)) else f"{name}:{port}",
        "User-Agent": limits.agent,
        "Accept": limits.accept,
        # what is looked at is the file as it stands there; its limit is in its own bytes
        "Accept-Encoding": "identity",
    }
    try:
        response = pool.urlopen(
            "GET",
            parsed.request_uri,
            headers=headers,
            redirect=False,
            preload_content=False,
            assert_same_host=False,
        )
    except (urllib3.exceptions.HTTPError, OSError) as error:
        timer.cancel()
        pool.close()
        raise Failed(f"{host}: {type(error).__name__}: {error}") from error
    return pool, response, timer


@contextlib.contextmanager
def ask(url: str, limits: Limits) -> Iterator[Answer]:
    """Give what an address answers, redirects followed.

    :raises Refused: it, or one that it leads to, may not be asked; or the redirects do not end.
    :raises Failed: nobody answered.
    """
    until = time.monotonic() + limits.patience
    for _ in range(REDIRECTS + 1):
        pool, response, timer = _ask(url, limits, until)
        try:
            if response.status in _MOVED and response.headers.get("Location"):
                url = urljoin(url, response.headers["Location"])
                continue
            yield Answer(url, response.status, response, limits, until)
            return
        finally:
            timer.cancel()
            response.release_conn()
            response.close()
            pool.close()
    raise Refused(f"more than {REDIRECTS} redirects")
