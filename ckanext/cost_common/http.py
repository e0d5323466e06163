"""Outgoing HTTP to addresses that people give, without letting the address choose whom this server reaches.

Rules (OWASP, "Server-Side Request Forgery Prevention"): only http and https, the name resolved once and
its address checked (:mod:`ckanext.cost_common.networks`) and kept for the connection, the same again for
each redirect, no credentials, no proxy from the environment, limits of time and size. Both plugins send
their requests from here; each brings its own :class:`Limits`, and nothing here reads a configuration.
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

from ckanext.cost_common.networks import Network, may_reach

REDIRECTS = 3
#: bytes requested at once; what has arrived is returned, so that a slow site does not hold us
READ = 1 << 16
_MOVED = (301, 302, 303, 307, 308)
_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Limits:
    """How far a request may lead.

    :param hosts: host names, in lower case, that may be reached; None: any.
    :param networks: networks that may be reached although they are not of the public internet.
    :param timeout: seconds that a connection, and each read of it, may take.
    :param total_timeout: seconds that the whole request may take, redirects and body included.
    :param max_bytes: bytes of the body that are read at most.
    :param user_agent: the header ``User-Agent``.
    :param accept: the header ``Accept``.
    """

    hosts: Collection[str] | None
    networks: Collection[Network]
    timeout: float
    total_timeout: float
    max_bytes: int
    user_agent: str
    accept: str = "*/*"


class UrlRefused(Exception):
    """The address, or one that it redirects to, may not be reached."""


class AddressNotPublic(UrlRefused):
    """A host is at an address that is none of the public internet, nor of a network that is allowed."""


class HostNotListed(UrlRefused):
    """Only some hosts are requested, and this is none of them."""


class RequestFailed(Exception):
    """There was no response, or it ended before its end."""


class ResponseTooLarge(Exception):
    """The body has more bytes than are read."""


@dataclass(slots=True)
class Response:
    """The response of the last address of a chain of redirects; its body is not read yet.

    :param url: the address that responded.
    :param status: the HTTP status.
    """

    url: str
    status: int
    _response: Any
    _limits: Limits
    _deadline: float

    def iter_bytes(self) -> Iterator[bytes]:
        """Return the body in chunks, as they arrive.

        :raises ResponseTooLarge: it has more bytes than the limit.
        :raises RequestFailed: it ended before its end, or came too slowly.
        """
        limit = self._limits.max_bytes
        length = self._response.headers.get("Content-Length", "")
        if length.isdigit() and int(length) > limit:
            raise ResponseTooLarge(f"{length} bytes")
        total = 0
        try:
            while chunk := self._response.read1(READ, decode_content=False):
                total += len(chunk)
                if total > limit:
                    raise ResponseTooLarge(f"more than {limit} bytes")
                if time.monotonic() > self._deadline:
                    raise RequestFailed("the site is too slow")
                yield chunk
            if time.monotonic() > self._deadline:
                # a body without a length looks whole when the timer has ended its connection
                raise RequestFailed("the site is too slow")
        except (urllib3.exceptions.HTTPError, OSError) as error:
            raise RequestFailed(f"{type(error).__name__}: {error}") from error


def resolve(host: str, port: int, networks: Collection[Network] = ()) -> str:
    """Return the IP address to connect to.

    :param host: the host's name or its IP address.
    :param port: the port.
    :param networks: networks that may be reached although they are not of the public internet.
    :raises RequestFailed: the name has no address.
    :raises AddressNotPublic: it has one that may not be reached. One is enough: a name with a public and a
        private address is not to be trusted.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise RequestFailed(f"{host}: {error}") from error
    addresses = [ipaddress.ip_address(str(each[4][0]).split("%")[0]) for each in found]
    for address in addresses:
        if not may_reach(address, networks):
            raise AddressNotPublic(f"{host} is at {address}, which may not be reached")
    return str(addresses[0])


def check_url(url: str, hosts: Collection[str] | None = None) -> tuple[Url, str, int]:
    """Return the parts of an address that may be reached: parsed, host, port.

    :param url: the address.
    :param hosts: host names, in lower case, that may be reached; None: any.
    :raises UrlRefused: it may not, by its form or its host.
    """
    try:
        parsed = parse_url(url)
        # two parsers that disagree on the host are how such checks are fooled
        agreed = urlsplit(url).hostname
    except (ValueError, urllib3.exceptions.HTTPError) as error:
        raise UrlRefused(f"not an address: {error}") from error
    host = (parsed.host or "").strip("[]").lower()
    if parsed.scheme not in _PORTS:
        raise UrlRefused(f"scheme {parsed.scheme!r}")
    if not host or agreed is None or agreed.strip("[]").lower() != host:
        raise UrlRefused("no host, or one that can be read in two ways")
    if parsed.auth:
        raise UrlRefused("an address with a user name")
    if hosts is not None and host not in hosts:
        raise HostNotListed(f"{host} is not one of the configured hosts")
    return parsed, host, parsed.port or _PORTS[parsed.scheme]


def _limit_time(pool: Any, deadline: float) -> threading.Timer:
    """Start a timer that ends a pool's connections at the deadline, whatever they wait for.

    A site that sends one byte at a time never makes a read late, and could hold us for hours.
    """
    sockets: list[Any] = []

    class TimedConnection(pool.ConnectionCls):  # type: ignore[misc,name-defined]
        def connect(self) -> None:
            super().connect()
            sockets.append(self.sock)

    def end() -> None:
        for connected in sockets:
            with contextlib.suppress(OSError):
                connected.shutdown(socket.SHUT_RDWR)

    pool.ConnectionCls = TimedConnection
    timer = threading.Timer(max(0.0, deadline - time.monotonic()), end)
    timer.daemon = True
    timer.start()
    return timer


def _send(url: str, limits: Limits, deadline: float) -> tuple[Any, Any, threading.Timer]:
    """Send one request, without following redirects: (connection pool, response, timer of the deadline)."""
    parsed, host, port = check_url(url, limits.hosts)
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
    timer = _limit_time(pool, deadline)
    name = f"[{host}]" if ":" in host else host
    headers = {
        "Host": name if port == _PORTS.get(str(parsed.scheme)) else f"{name}:{port}",
        "User-Agent": limits.user_agent,
        "Accept": limits.accept,
        # the bytes of the file as it is stored there; the limit counts these
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
        raise RequestFailed(f"{host}: {type(error).__name__}: {error}") from error
    return pool, response, timer


@contextlib.contextmanager
def open_url(url: str, limits: Limits) -> Iterator[Response]:
    """Send a GET request, follow its redirects, and return the response; the connection is closed afterwards.

    :param url: the address.
    :param limits: how far the request may lead.
    :raises UrlRefused: it, or one that it redirects to, may not be reached; or the redirects do not end.
    :raises RequestFailed: there was no response.
    """
    deadline = time.monotonic() + limits.total_timeout
    for _ in range(REDIRECTS + 1):
        pool, response, timer = _send(url, limits, deadline)
        try:
            if response.status in _MOVED and response.headers.get("Location"):
                url = urljoin(url, response.headers["Location"])
                continue
            yield Response(url, response.status, response, limits, deadline)
            return
        finally:
            timer.cancel()
            response.release_conn()
            response.close()
            pool.close()
    raise UrlRefused(f"more than {REDIRECTS} redirects")
