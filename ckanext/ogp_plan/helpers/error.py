"""Errors of actions as sentences."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def ogp_plan_sentences(error: Any) -> list[str]:
    """Every sentence of an error, however deeply nested."""
    if isinstance(error, Mapping):
        return [sentence for inner in error.values() for sentence in ogp_plan_sentences(inner)]
    if isinstance(error, list | tuple):
        return [sentence for inner in error for sentence in ogp_plan_sentences(inner)]
    return [str(error)] if error else []
