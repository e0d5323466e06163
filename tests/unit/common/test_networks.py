"""Which addresses are of the public internet: every row of IANA's registries, and addresses hidden in others."""

from __future__ import annotations

import csv
import ipaddress
import re
from typing import Any

import pytest

from ckanext.cost_common import networks

ROWS = [
    (block, row)
    for name in ("iana-ipv4-special-registry-1.csv", "iana-ipv6-special-registry-1.csv")
    for row in csv.DictReader((networks.FOLDER / name).open(encoding="utf-8", newline=""))
    for block in re.sub(r"\s*\[\d+\]", "", row["Address Block"]).split(", ")
]


def public(address: str) -> bool:
    return networks.is_public(ipaddress.ip_address(address))


@pytest.mark.parametrize(("block", "row"), ROWS, ids=[block for block, _ in ROWS])
def test_every_row_of_the_registries(block: str, row: dict[str, str]) -> None:
    """The first and the last address of a block, unless a longer one holds them."""
    network = ipaddress.ip_network(block)
    longer = [ipaddress.ip_network(other) for other, _ in ROWS]
    longer = [other for other in longer if other != network and other.version == network.version]
    reachable = row["Globally Reachable"] == "True" and block != "64:ff9b::/96"
    for address in (network[0], network[-1]):
        if not any(address in other and other.prefixlen > network.prefixlen for other in longer):
            assert networks.is_public(address) is reachable, address


@pytest.mark.parametrize(
    "address",
    [
        "192.0.0.1", "192.0.0.8", "192.0.0.170", "192.88.99.1", "192.88.99.2", "198.18.0.1", "224.0.0.1", "239.255.255.255",
        "240.0.0.1", "255.255.255.255", "0.0.0.1", "169.254.169.254", "100.64.0.1",
        "fec0::1", "3fff::1", "3fff:fff:ffff::1", "64:ff9b:1::1", "64:ff9b:1:ffff::1", "100::1", "100:0:0:1::1", "2001::1",
        "2001:2::1", "2001:10::1", "2001:1ff::1", "5f00::1", "ff02::1", "ff0e::1", "fe80::1", "fd00::1", "4000::1", "::1",
        # IPv4 inside of IPv6
        "::ffff:127.0.0.1", "::ffff:192.0.0.1", "::127.0.0.1", "::8.8.8.8", "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe",
        "64:ff9b::808:808", "2002:7f00:1::1", "2001:0:7f00:1::1", "::ffff:0:7f00:1",
    ],
)  # fmt: skip
def test_what_is_not_public(address: str) -> None:
    assert not public(address)


@pytest.mark.parametrize(
    "address",
    [
        "8.8.8.8", "192.0.0.9", "192.0.0.10", "192.0.1.1", "192.31.196.1", "192.175.48.1", "223.255.255.255", "198.20.0.1",
        "2606:4700::1111", "2001:1::1", "2001:1::2", "2001:1::3", "2001:3::1", "2001:4:112::1", "2001:20::1", "2001:30::1",
        "2001:200::1", "2001:4860:4860::8888", "2620:4f:8000::1", "::ffff:8.8.8.8",
    ],
)  # fmt: skip
def test_what_is_public(address: str) -> None:
    assert public(address)


def test_a_network_that_is_allowed() -> None:
    allowed = (ipaddress.ip_network("10.0.0.0/8"),)
    for address, reached in (
        ("10.1.1.1", True),
        ("::ffff:10.1.1.1", True),
        ("11.1.1.1", True),
        ("172.16.0.1", False),
    ):
        assert networks.may_reach(ipaddress.ip_address(address), allowed) is reached
    assert not networks.may_reach(ipaddress.ip_address("64:ff9b::a01:101"), allowed)


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1", "127.1", "2130706433", "0x7f.1", "0x7f000001", "0177.0.0.1", "017700000001", "127.0.0.1.", "169.254.169.254",
        "[::1]", "::1", "[::ffff:7f00:1]", "[fe80::1%25eth0]", "localhost", "LOCALHOST", "a.localhost", "impresora.local",
        "obras.internal", "router.home.arpa", "intranet",
    ],
)  # fmt: skip
def test_hosts_that_cannot_be_public(host: str) -> None:
    assert networks.is_private_host(host)


@pytest.mark.parametrize(
    "host",
    [
        "www.cali.gov.co",
        "8.8.8.8",
        "[2606:4700::1111]",
        "1e100.net",
        "local.example.org",
        "0x7f.example.org",
        "face.b00c.org",
    ],
)
def test_hosts_that_may_be(host: str) -> None:
    assert not networks.is_private_host(host)


def test_local_names_may_lead_to_a_network_that_is_allowed() -> None:
    allowed: Any = (ipaddress.ip_network("127.0.0.0/8"),)
    assert not networks.is_private_host("localhost", allowed)
    assert not networks.is_private_host("127.0.0.1", allowed)
    assert networks.is_private_host("10.0.0.1", allowed)


def test_the_source_and_its_date_are_named() -> None:
    text = (networks.FOLDER / "README.md").read_text(encoding="utf-8")
    for name in (*networks.REGISTRIES, "local-names.csv"):
        assert re.search(rf"`{name}` \|.*\| \d{{4}}-\d{{2}}-\d{{2}} \|", text), name
