"""Which IP addresses and host names are of the public internet, by IANA's registries (``schemas/network``).

Pure: nothing here opens a connection or resolves a name.
"""

from __future__ import annotations

import csv
import ipaddress
import re
import socket
from collections.abc import Collection, Iterator
from functools import lru_cache

from ckanext.cost_common.shipped import SCHEMAS

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

FOLDER = SCHEMAS / "network"
REGISTRIES = ("iana-ipv4-special-registry-1.csv", "iana-ipv6-special-registry-1.csv", "address-space.csv")
#: IPv6 addresses that carry IPv4 ones: what a translator makes of them is not known here (RFC 6052). IANA
#: lists the block as reachable; it is not reached, as no block is through which IPv4 is.
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
#: A footnote in a cell of IANA's tables.
_FOOTNOTE = re.compile(r"\s*\[\d+\]")


@lru_cache(maxsize=1)
def load_blocks() -> tuple[tuple[Network, bool], ...]:
    """Return the blocks of the registries and whether each is globally reachable, the longest first."""
    blocks = [block for name in REGISTRIES for block in _read(name)]
    return tuple(sorted(blocks, key=lambda block: block[0].prefixlen, reverse=True))


def _read(name: str) -> Iterator[tuple[Network, bool]]:
    with (FOLDER / name).open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            reachable = _FOOTNOTE.sub("", row["Globally Reachable"]) == "True"
            for block in _FOOTNOTE.sub("", row["Address Block"]).split(","):
                yield ipaddress.ip_network(block.strip()), reachable


@lru_cache(maxsize=1)
def load_local_names() -> frozenset[str]:
    """Return the domains whose names are never of the public internet."""
    with (FOLDER / "local-names.csv").open(encoding="utf-8", newline="") as file:
        return frozenset(row["Name"] for row in csv.DictReader(file))


def is_public(address: Address) -> bool:
    """Return whether an address is one of the public internet, to which a connection may be made."""
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            return is_public(address.ipv4_mapped)
        if address in _NAT64:
            return False
    return next(
        reachable
        for block, reachable in load_blocks()
        if block.version == address.version and address in block
    )


def may_reach(address: Address, networks: Collection[Network] = ()) -> bool:
    """Return whether requests may reach an IP address: a public one, or one of ``networks``."""
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    if any(address in network for network in networks if network.version == address.version):
        return True
    return is_public(address)


def parse_literal(host: str) -> Address | None:
    """Return the IP address that a host of a URL is, in any form that programs accept; None for a name.

    :param host: such as ``10.0.0.1``, ``2130706433``, ``0x7f.1`` or ``::1``.
    """
    text = host.strip("[]").split("%", maxsplit=1)[0].rstrip(".")
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        pass
    if not re.fullmatch(r"[0-9a-fA-FxX.]+", text) or not re.match(r"\d", text):
        return None
    try:
        return ipaddress.IPv4Address(socket.inet_aton(text))
    except OSError:
        return None


def is_private_host(host: str, networks: Collection[Network] = ()) -> bool:
    """Return whether a host cannot be one of the public internet, without asking anybody for its address.

    :param host: a name or an IP address.
    :param networks: networks that may be reached although they are not of the public internet; with any, a
        local name may lead to them.
    """
    literal = parse_literal(host)
    if literal is not None:
        return not may_reach(literal, networks)
    if networks:
        return False
    labels = host.lower().rstrip(".").split(".")
    domains = {".".join(labels[start:]) for start in range(len(labels))}
    return len(labels) == 1 or bool(domains & load_local_names())
