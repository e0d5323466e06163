"""Where the files stand that are shipped with the code."""

from __future__ import annotations

from pathlib import Path


def shipped(*names: str) -> Path:
    """A file or folder of the package: ``shipped("schemas", "oc4ids")``.

    By its place beside the code: a wheel is always unpacked, and ``importlib.resources`` is dear to load.
    """
    return Path(__file__).parents[1].joinpath(*names)
