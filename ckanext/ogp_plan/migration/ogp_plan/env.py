"""Alembic's door: runs the revisions of this plugin, in a version table of its own."""

from __future__ import annotations

from ckanext.cost_oc4ids.migrating import run

run("ogp_plan", "ogp_")
