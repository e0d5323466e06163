"""Alembic's entry point: runs the revisions of this plugin, in a version table of its own."""

from __future__ import annotations

from ckanext.cost_common.alembic_env import run

run("cost_oc4ids", "oc4ids_")
