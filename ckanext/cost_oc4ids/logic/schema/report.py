"""Fields of the requests about reports."""

from __future__ import annotations

from typing import Any

from ckanext.cost_common.logic import Field, Schema, anything, optional, required


def _text(value: Any) -> str:
    return value if isinstance(value, str) else str(value)


def report_show() -> Schema:
    """``resource_id``, ``package_id`` to make sure of, ``lang``."""
    return {"resource_id": required(_text), "package_id": optional(_text), "lang": optional(_text)}


def validate() -> Schema:
    """One of ``upload``, ``data`` and ``resource_id``; ``lang``. Blank data are data too, and too large ones
    of blanks only are refused as such."""
    return {
        "upload": optional(anything),
        "data": Field(anything, keep_blank=True),
        "resource_id": optional(_text),
        "lang": optional(_text),
    }


def resource_revalidate() -> Schema:
    """``resource_id``, ``package_id`` to make sure of."""
    return {"resource_id": required(_text), "package_id": optional(_text)}
