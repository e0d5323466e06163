"""Fetching what a link leads to, without letting the link choose whom this server talks to.

Rules (OWASP, "Server-Side Request Forgery Prevention"): only http and https, only hosts of a list,
the name resolved once and the address checked and kept for the connection, the same again for each
redirect, no credentials, no proxy from the environment, limits of time and size.
"""

from __future__ import annotations

import contextlib
import ipaddress
import logging
import socket
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import urljoin, urlsplit

import urllib3
from urllib3.util import Timeout, Url, parse_url

from ckanext.cost_oc4ids import config, reasons
from ckanext.cost_oc4ids.judging import Unavailable

log = logging.getLogger(__name__)

REDIRECTS = 3
#: bytes asked for at once; whatever has come is taken, so that a slow site does not hold us
READ = 1 << 16
#: a fetch may take this many times as long as one read
PATIENCE = 30
_MOVED = (301, 302, 303, 307, 308)
_PORTS = {"http": 80, "https": 443}
Address = ipaddress.IPv4Address | ipaddress.IPv6Address
#: carriers of IPv4 addresses inside IPv6 ones, which may lead to a private network
_NAT64 = ipaddress.ip_network("64:ff9b::/96")


def _refused(detail: str) -> Unavailable:
    return Unavailable(reasons.FETCH_REFUSED, detail)


def may_reach(address: Address) -> bool:
    """Whether links may lead to an address: a public one, or one of a network that is configured."""
    if any(address in network for network in config.fetch_networks() if network.version == address.version):
        return True
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            return may_reach(address.ipv4_mapped)
        if address.sixtofour is not None or address.teredo is not None or address in _NAT64:
            return False
    return address.is_global and not address.is_multicast and not address.is_reserved


def resolve(host: str, port: int) -> str:
    """Return the address to connect to.

    :raises Unavailable: the name has no address, or one that links may not lead to. One is
        enough: a name that answers with a public and a private address is not to be trusted.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise Unavailable(reasons.FETCH_FAILED, f"{host}: {error}") from error
    addresses = [ipaddress.ip_address(str(each[4][0]).split("%")[0]) for each in found]
    for address in addresses:
        if not may_reach(address):
            raise _refused(f"{host} is at {address}, where links may not lead")
    return str(addresses[0])


def _checked(url: str) -> tuple[Url, str, int]:
    """The parts of an address that may be asked: parsed, host, port."""
    try:
        parsed = parse_url(url)
        # two parsers that disagree on the host are how such checks are fooled
        agreed = urlsplit(url).hostname
    except (ValueError, urllib3.exceptions.HTTPError) as error:
        raise _refused(f"not an address: {error}") from error
    host = (parsed.host or "").strip("[]").lower()
    if parsed.scheme not in _PORTS:
        raise _refused(f"scheme {parsed.scheme!r}")
    if not host or agreed is None or agreed.strip("[]").lower() != host:
        raise _refused("no host, or one that can be read in two ways")
    if parsed.auth:
        raise _refused("an address with a user name")
    if host not in config.fetch_hosts():
        raise _refused(f"{host} is not one of the configured hosts")
    return parsed, host, parsed.port or _PORTS[parsed.scheme]


def _ask(url: str) -> tuple[Any, Any]:
    """One request, without following redirects: (connection pool, response)."""
    parsed, host, port = _checked(url)
    address = resolve(host, port)
    seconds = config.fetch_timeout()
    options: dict[str, Any] = {
        "timeout": Timeout(connect=seconds, read=seconds),
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
    name = f"[{host}]" if ":" in host else host
    headers = {
        "Host": name if port == _PORTS.get(str(parsed.scheme)) else f"{name}:{port}",
        "User-Agent": "ckanext-cost-oc4ids",
        "Accept": "application/json, */*;q=0.5",
        # what is judged is the file as it stands there; its limit is in its own bytes
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
        pool.close()
        raise Unavailable(reasons.FETCH_FAILED, f"{host}: {type(error).__name__}: {error}") from error
    return pool, response


@contextlib.contextmanager
def fetch(url: str) -> Iterator[Iterator[bytes]]:
    """Give the bytes at an address, piece by piece.

    :raises Unavailable: ``fetch_refused`` for an address that may not be asked, ``fetch_not_given`` for
        a site that has no such file, ``fetch_too_large``; ``fetch_failed`` for what may heal.
    """
    until = time.monotonic() + PATIENCE * config.fetch_timeout()
    for _ in range(REDIRECTS + 1):
        pool, response = _ask(url)
        try:
            if response.status in _MOVED and response.headers.get("Location"):
                url = urljoin(url, response.headers["Location"])
                continue
            if response.status != 200:
                reason = reasons.FETCH_FAILED if _heals(response.status) else reasons.FETCH_NOT_GIVEN
                raise Unavailable(reason, f"HTTP status {response.status}")
            yield _pieces(response, until)
            return
        finally:
            response.release_conn()
            response.close()
            pool.close()
    raise _refused(f"more than {REDIRECTS} redirects")


def _heals(status: int) -> bool:
    return status in (408, 425, 429) or status >= 500


def _pieces(response: Any, until: float) -> Iterator[bytes]:
    limit = config.max_bytes()
    length = response.headers.get("Content-Length", "")
    if length.isdigit() and int(length) > limit:
        raise Unavailable(reasons.FETCH_TOO_LARGE, f"{length} bytes")
    total = 0
    try:
        while piece := response.read1(READ, decode_content=False):
            total += len(piece)
            if total > limit:
                raise Unavailable(reasons.FETCH_TOO_LARGE, f"more than {limit} bytes")
            if time.monotonic() > until:
                raise Unavailable(reasons.FETCH_FAILED, "the site is too slow")
            yield piece
    except (urllib3.exceptions.HTTPError, OSError) as error:
        raise Unavailable(reasons.FETCH_FAILED, f"{type(error).__name__}: {error}") from error
