"""Pages. Each blueprint stands in its own module; the plugin takes them all from here."""

from __future__ import annotations

from flask import Blueprint


def get_blueprints() -> list[Blueprint]:
    """Return the blueprints of every page of this plugin."""
    return []
