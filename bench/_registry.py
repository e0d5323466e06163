"""A registry full of generated projects, for the benchmarks that read it."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

CONFORMS_TO = (
    "https://standard.open-contracting.org/infrastructure/schema/0__9__5/project-package-schema.json"
)
#: What autovacuum would have looked at by the time that anybody asks.
TABLES = 'oc4ids_project, oc4ids_project_version, oc4ids_project_count, package, resource, "group"'
#: Projects of one dataset: a city's organismo publishes hundreds, not thousands.
PER_DATASET = 500


@dataclass
class Raw:
    """A project's text, as the reader hands it on."""

    raw: bytes


@dataclass
class Filled:
    """What was put into the registry and what that took."""

    projects: int
    megabytes: float
    seconds_storing: float


@contextmanager
def filled(count: int, size: str) -> Iterator[Filled]:
    """An organismo with ``count`` public projects, for as long as needed.

    ``size`` as in tests/support/generate.py. Works in this process's CKAN, which must be
    loaded. Afterwards all of it is purged.
    """
    import ckan.plugins.toolkit as tk
    from ckan import model
    from support import generate

    from ckanext.cost_oc4ids.projects import registry

    context = {"user": tk.get_action("get_site_user")({"ignore_auth": True}, {})["name"], "ignore_auth": True}
    name = f"bench-registry-{os.getpid()}"
    organization = tk.get_action("organization_create")(dict(context), {"name": name})
    datasets: list[str] = []
    size_bytes, storing = 0, 0.0
    try:
        for start in range(0, count, PER_DATASET):
            resource = {
                "url": "https://example.org/p.json",
                "name": "Proyectos",
                "format": "JSON",
                "conforms_to": CONFORMS_TO,
            }
            dataset = tk.get_action("package_create")(
                dict(context),
                {
                    "name": f"{name}-{start}",
                    "title": name,
                    "owner_org": organization["id"],
                    "resources": [resource],
                },
            )
            datasets.append(dataset["id"])
            raws = [
                Raw(generate.encode(generate.project(number, size)))
                for number in range(start, min(start + PER_DATASET, count))
            ]
            size_bytes += sum(len(raw.raw) for raw in raws)
            began = time.perf_counter()
            registry.lock()
            registry.store(dataset["id"], dataset["resources"][0]["id"], organization["id"], None, None, raws)  # type: ignore[arg-type]
            model.Session.commit()
            storing += time.perf_counter() - began
            print(
                f"\r  filling the registry: {start + len(raws)} of {count}",
                end="",
                file=sys.stderr,
                flush=True,
            )
        print(file=sys.stderr)
        with model.meta.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql(f"VACUUM ANALYZE {TABLES}")
        yield Filled(count, size_bytes / 1e6, storing)
    finally:
        model.Session.rollback()
        for dataset_id in datasets:
            tk.get_action("dataset_purge")(dict(context), {"id": dataset_id})
        tk.get_action("organization_purge")(dict(context), {"id": organization["id"]})


def ckan_app(ini: str, options: dict[str, str] | None = None) -> Any:
    """Load CKAN in this process.

    :param options: of the configuration, other than in the file.
    """
    from ckan.cli import load_config
    from ckan.config.middleware import make_app

    config = load_config(ini)
    config.update(options or {})
    return make_app(config)


def save(results: dict[str, Any], path: str | None) -> None:
    """Write results as JSON, if a file was named."""
    if path:
        Path(path).write_text(json.dumps(results, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
