"""What a checkout remembers between commands: ports, passwords, Redis numbers, finished set-ups."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import secrets
import socket
from collections.abc import Callable, Iterator
from typing import Any

from .places import CHECKOUT_ID, RUN, STATE_FILE
from .steps import fail, say

#: Where the search for a free port begins, for each service.
FIRST_PORT = {"portal": 5000, "postgres": 25432, "redis": 26379, "solr": 28983}


@contextlib.contextmanager
def alone() -> Iterator[None]:
    """Hold the checkout's lock: two commands never start services or make instances at once."""
    RUN.mkdir(parents=True, exist_ok=True)
    with (RUN / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("  … waiting for another command of this checkout")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def load() -> dict[str, Any]:
    """Return all that is remembered."""
    if not STATE_FILE.exists():
        return {}
    state: dict[str, Any] = json.loads(STATE_FILE.read_text())
    return state


def remember(section: str, key: str, make: Callable[[], Any]) -> Any:
    """Return ``state[section][key]``, making and storing it the first time."""
    state = load()
    part = state.setdefault(section, {})
    if key not in part:
        part[key] = make()
        _save(state)
    return part[key]


def store(section: str, key: str, value: Any) -> None:
    """Set ``state[section][key]``."""
    state = load()
    state.setdefault(section, {})[key] = value
    _save(state)


def recall(section: str, key: str) -> Any:
    """Return ``state[section][key]``, or None."""
    return load().get(section, {}).get(key)


def forget(section: str, key: str | None = None) -> None:
    """Drop ``state[section][key]``, or the whole section."""
    state = load()
    if key is None:
        state.pop(section, None)
    else:
        state.get(section, {}).pop(key, None)
    _save(state)


def _save(state: dict[str, Any]) -> None:
    RUN.mkdir(parents=True, exist_ok=True)
    draft = STATE_FILE.with_suffix(".new")
    draft.touch(mode=0o600)
    draft.write_text(json.dumps(state, indent=2))
    draft.replace(STATE_FILE)


def password(name: str) -> str:
    """Return the password ``name``, made at random the first time."""
    return str(remember("passwords", name, lambda: secrets.token_urlsafe(18)))


def is_free(port: int) -> bool:
    """Return whether nobody listens on ``port`` of the loopback address."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def _choose_port(service: str) -> int:
    first = FIRST_PORT[service]
    if service != "portal":
        # Checkouts begin at different places, so that they rarely contend for one port.
        first += int(CHECKOUT_ID, 16) % 97 * 10
    last = first + 199
    port = next((number for number in range(first, last + 1) if is_free(number)), None)
    if port is None:
        fail(f"No free port between {first} and {last} for {service}: name one in {service.upper()}_PORT.")
    return port


def port(service: str, running: bool = False) -> int:
    """Return the port of ``service``: of ``<SERVICE>_PORT`` in the environment, or the one remembered.

    A remembered port that somebody else has taken meanwhile is exchanged for another, unless
    the service is ``running`` on it.
    """
    configured = os.environ.get(f"{service.upper()}_PORT")
    known = recall("ports", service)
    if running and known:
        return int(known)
    if configured:
        number = int(configured)
    elif known and is_free(int(known)):
        return int(known)
    else:
        number = _choose_port(service)
    store("ports", service, number)
    return number
