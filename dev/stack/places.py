"""Where things are: folders of this checkout, of its state and of what checkouts share."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DEV = ROOT / "dev"
RUN = ROOT / ".run"
LOGS = RUN / "logs"
PIDS = RUN / "pids"
INSTANCES = RUN / "instances"
STATE_FILE = RUN / "state.json"
NODE_MODULES = ROOT / "node_modules"

#: Tells two checkouts on one machine apart.
CHECKOUT_ID = hashlib.sha256(str(ROOT).encode()).hexdigest()[:8]

#: CKAN releases this project is held to, by the name used on the command line.
CKAN_RELEASES = {"2.12": "2.12.0", "2.11": "2.11.6"}


def is_root() -> bool:
    """Return whether we act as root, which PostgreSQL refuses to run as."""
    return os.geteuid() == 0


def environment(**more: str) -> dict[str, str]:
    """Return the environment for programs of ours: this one without CKAN's variables, and ``more``.

    ``CKAN_SQLALCHEMY_URL`` and its like would win over an instance's configuration, and lead a test
    to somebody's database.
    """
    kept = {key: value for key, value in os.environ.items() if not key.startswith("CKAN_")}
    return {**kept, **more}


def cache() -> Path:
    """Return the folder of downloads that all checkouts of this person share."""
    base = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(base) / "ckanext-cost-oc4ids"


def postgres_home() -> Path:
    """Return the folder of our database cluster.

    As root it stands where the ``postgres`` user can reach it; a checkout under
    ``/root`` could not be.
    """
    if is_root():
        return Path("/var/lib/ckanext-cost-oc4ids") / CHECKOUT_ID / "postgres"
    return RUN / "postgres"


def venv(name: str) -> Path:
    """Return the folder of the virtual environment ``name`` (a CKAN version, or ``tools``)."""
    return ROOT / ".venv" / name
