"""The version of the distribution that holds the plugins."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version

DISTRIBUTION = "ckanext-cost-oc4ids"


def release() -> str | None:
    """Return the version of the installed distribution; None when it is not installed as one."""
    try:
        return version(DISTRIBUTION)
    except PackageNotFoundError:
        return None
