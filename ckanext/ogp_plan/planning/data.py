"""Where knowledge of the field lies: YAML under ``schemas/``, read once a folder."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

from ckanext.cost_common.shipped import SCHEMAS

__all__ = ["SCHEMAS", "DataError", "load", "names", "text"]


class DataError(ValueError):
    """A data file of a family, a layout or the directory of organismos says what it may not."""


@lru_cache(maxsize=64)
def _load(path: Path, _stamp: int) -> Any:
    with path.open(encoding="utf-8") as source:
        try:
            return yaml.safe_load(source)
        except yaml.YAMLError as error:
            raise DataError(f"{path.name}: {error}") from error


def load(path: Path) -> dict[str, Any]:
    """Read one data file.

    :raises DataError: it is absent, or is no YAML mapping.
    """
    try:
        found = _load(path, path.stat().st_mtime_ns)
    except OSError as error:
        raise DataError(f"{path.name}: {error.strerror}") from error
    if not isinstance(found, dict):
        raise DataError(f"{path.name}: a mapping is expected")
    return found


def names(folder: Path) -> list[str]:
    """Return the names of the data files of a folder, in order."""
    return sorted(path.stem for path in folder.glob("*.yaml"))


def text(value: Any, lang: str = "es") -> str:
    """Return words of a data file in a language; they are a string, or one a language."""
    if isinstance(value, dict):
        return str(value.get(lang) or value.get("es") or next(iter(value.values()), ""))
    return "" if value is None else str(value)
