"""Outgoing HTTP: which addresses may be reached, and how a request ends."""

from __future__ import annotations

import ipaddress
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from ckanext.cost_common import http

LOOPBACK = (ipaddress.ip_network("127.0.0.0/8"),)


def limits(**changes: Any) -> http.Limits:
    """Limits that let the test's own server be reached."""
    values: dict[str, Any] = {
        "hosts": None,
        "networks": LOOPBACK,
        "timeout": 5,
        "total_timeout": 5,
        "max_bytes": 1000,
        "user_agent": "tests",
    }
    return http.Limits(**{**values, **changes})


class Handler(BaseHTTPRequestHandler):
    """``/bytes/N``: N bytes; ``/to/…``: a redirect to what follows; ``/slow``: a byte at a time; else 404."""

    def do_GET(self) -> None:  # noqa: N802 - the name that http.server looks for
        _, kind, rest = (*self.path.split("/", 2), "", "")[:3]
        if kind == "to":
            self.send_response(302)
            self.send_header("Location", rest)
            self.end_headers()
        elif kind == "bytes":
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"x" * int(rest))
        elif kind == "slow":
            self.send_response(200)
            self.end_headers()
            stop = threading.Event()
            for _ in range(100):
                try:
                    self.wfile.write(b"x")
                    self.wfile.flush()
                except OSError:
                    return
                stop.wait(0.1)
        else:
            self.send_error(404)

    def log_message(self, *_arguments: object) -> None:
        """Print nothing."""


@pytest.fixture(scope="module")
def site() -> Iterator[str]:
    """A server on this machine, by its address."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("8.8.8.8", True),
        ("2606:4700::1111", True),
        ("127.0.0.1", False),
        ("10.0.0.1", False),
        ("169.254.169.254", False),
        ("100.64.0.1", False),
        ("224.0.0.1", False),
        ("0.0.0.7", False),
        ("::1", False),
        ("fc00::1", False),
        ("::ffff:10.0.0.1", False),
        ("2002:a00:1::", False),
        ("64:ff9b::a00:1", False),
    ],
)
def test_only_public_addresses_may_be_reached(address: str, public: bool) -> None:
    assert http.may_reach(ipaddress.ip_address(address)) is public


def test_a_network_may_be_allowed() -> None:
    networks = (ipaddress.ip_network("10.20.0.0/16"),)
    assert http.may_reach(ipaddress.ip_address("10.20.1.1"), networks)
    assert http.may_reach(ipaddress.ip_address("::ffff:10.20.1.1"), networks)
    assert not http.may_reach(ipaddress.ip_address("10.21.1.1"), networks)


@pytest.mark.parametrize(
    "url",
    [
        "ftp://example.org/a",
        "file:///etc/passwd",
        "//example.org/a",
        "http://",
        "http://user:secret@example.org/",
        "http://example.org\\@127.0.0.1/",
        "no address",
    ],
)
def test_an_address_of_another_form_is_refused(url: str) -> None:
    with pytest.raises(http.UrlRefused):
        http.check_url(url)


def test_only_configured_hosts() -> None:
    assert http.check_url("https://Datos.example.org/a", {"datos.example.org"})[1:] == (
        "datos.example.org",
        443,
    )
    with pytest.raises(http.UrlRefused, match="configured"):
        http.check_url("https://other.example.org/a", {"datos.example.org"})


def test_a_name_without_address_fails() -> None:
    with pytest.raises(http.RequestFailed):
        http.resolve("no-such-name.invalid", 80)


class TestOpenUrl:
    def test_the_body_comes_in_chunks(self, site: str) -> None:
        with http.open_url(f"{site}/bytes/1000", limits()) as response:
            assert response.status == 200
            assert b"".join(response.iter_bytes()) == b"x" * 1000

    def test_an_error_is_a_response(self, site: str) -> None:
        with http.open_url(f"{site}/nothing", limits()) as response:
            assert response.status == 404

    def test_redirects_are_followed(self, site: str) -> None:
        with http.open_url(f"{site}/to//to//bytes/3", limits()) as response:
            assert response.url.endswith("/bytes/3")
            assert b"".join(response.iter_bytes()) == b"xxx"

    def test_redirects_end(self, site: str) -> None:
        with (
            pytest.raises(http.UrlRefused, match="redirects"),
            http.open_url(f"{site}/to/" + "/to/" * 5, limits()),
        ):
            pass

    @pytest.mark.parametrize("target", ["http://10.0.0.1/", "http://[::1]/", "file:///etc/passwd"])
    def test_a_redirect_leads_nowhere_else(self, site: str, target: str) -> None:
        with pytest.raises(http.UrlRefused), http.open_url(f"{site}/to/{target}", limits()):
            pass

    def test_without_a_network_this_machine_is_refused(self, site: str) -> None:
        with pytest.raises(http.UrlRefused), http.open_url(f"{site}/bytes/1", limits(networks=())):
            pass

    def test_a_large_body_is_not_read(self, site: str) -> None:
        with http.open_url(f"{site}/bytes/1001", limits()) as response, pytest.raises(http.ResponseTooLarge):
            list(response.iter_bytes())

    def test_a_slow_body_is_ended(self, site: str) -> None:
        with (
            http.open_url(f"{site}/slow", limits(total_timeout=0.5)) as response,
            pytest.raises(http.RequestFailed),
        ):
            list(response.iter_bytes())

    def test_nobody_listening_fails(self) -> None:
        with pytest.raises(http.RequestFailed), http.open_url("http://127.0.0.1:1/", limits()):
            pass
