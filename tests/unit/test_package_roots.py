"""What may stand in the root of a plugin: the names that CKAN people look for; everything else has a package."""

from __future__ import annotations

from pathlib import Path

import pytest

import ckanext.cost_common
import ckanext.cost_oc4ids
import ckanext.ogp_plan

#: Modules of CKAN's entry points, and files that CKAN looks for.
ENTRY_POINTS = {
    "__init__.py",
    "cli.py",
    "config.py",
    "config_declaration.yaml",
    "interfaces.py",
    "jobs.py",
    "plugin.py",
    "status.py",
    "urls.py",
}
#: Folders of data: links to those at the top, and what a wheel carries beside code.
DATA = {"assets", "i18n", "public", "schemas", "templates"}
LAYERS = {"helpers", "logic", "migration", "model", "views"}
ALLOWED = {
    ckanext.cost_common: ENTRY_POINTS
    | DATA
    | LAYERS
    | {
        # what both other plugins stand on, each with its reason in docs/decisions/0004-cost-common.md
        "alembic_env.py",
        "chunks.py",
        "csrf.py",
        "dataset_access.py",
        "http.py",
        "language.py",
        "logic.py",
        "mail.py",
        "networks.py",
        "options.py",
        "paging.py",
        "private_files.py",
        "requirement.py",
        "response_headers.py",
        "served_file.py",
        "shipped.py",
        "storage.py",
        "tables.py",
        "translation.py",
        "values",
        "version.py",
    },
    ckanext.cost_oc4ids: ENTRY_POINTS
    | DATA
    | LAYERS
    | {"collecting", "dataset", "oc4ids", "projects", "sources", "validation"},
    ckanext.ogp_plan: ENTRY_POINTS | DATA | LAYERS | {"exports", "mail", "planning", "serializers", "services"},
}


@pytest.mark.parametrize("plugin", ALLOWED, ids=lambda plugin: plugin.__name__)
def test_nothing_else_is_in_the_root_of_a_plugin(plugin: object) -> None:
    root = Path(plugin.__file__).parent  # type: ignore[attr-defined]
    assert {path.name for path in root.iterdir()} - {"__pycache__"} <= ALLOWED[plugin]
