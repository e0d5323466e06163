#!/usr/bin/env python3
"""Project search beside CKAN's own dataset search, both over 10 000, in turns, in one run.

The registry holds generated projects; the index holds as many copies of one dataset, each with
its own words and facet values. Both are asked, as anybody, the same kinds of questions: nothing,
a word, two words and a filter, a filter; 20 results and facets. Target: p95 of the first is not
over that of the second.

    CKAN_INI=… python bench/search.py [--projects 10000] [--rounds 40] [--json FILE]
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import os
import platform
import statistics
import sys
import time
from collections.abc import Callable
from typing import Any

from _registry import ckan_app, filled, save

QUESTIONS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "nothing": ({}, {}),
    "one word": ({"q": "alcantarillado"}, {"q": "alcantarillado"}),
    "two words and a filter": (
        {"q": "comuna salud", "status": "completion"},
        {"q": "comuna salud", "fq": 'vocab_oc4ids_status:"completion"'},
    ),
    "a filter": ({"sector": "transport"}, {"fq": 'vocab_oc4ids_sector:"transport"'}),
}
FACETS = json.dumps(["organization", "vocab_oc4ids_sector", "vocab_oc4ids_status", "vocab_oc4ids_year"])


def index_copies(count: int, size: str) -> Callable[[], None]:
    """Index ``count`` datasets, one for each project's words; return what removes them."""
    from ckan.lib.search.common import make_connection
    from support import generate

    from ckanext.cost_oc4ids.oc4ids import summary

    solr = make_connection()
    template = solr.search("*:*", fq="+dataset_type:[* TO *] +capacity:public", rows=1, fl="*").docs[0]
    template = {
        name: value.strftime("%Y-%m-%dT%H:%M:%SZ") if isinstance(value, dt.datetime) else value
        for name, value in template.items()
        if not name.startswith("_")
    }
    documents = []
    for number in range(count):
        found = summary.summarise(generate.project(number, size))
        documents.append(
            template
            | {
                "id": f"bench-{number}",
                "index_id": f"bench-{number}",
                "name": f"bench-{number}",
                "title": found.title,
                "notes": found.description,
                "vocab_oc4ids_sector": list(found.sectors),
                "vocab_oc4ids_status": [found.status] if found.status else [],
                "vocab_oc4ids_year": [str(found.year)],
                "permission_labels": ["public"],
                "state": "active",
                "capacity": "public",
                "entity_type": "package",
            }
        )
    for start in range(0, count, 1000):
        solr.add(documents[start : start + 1000], commit=False)
    solr.commit()
    return lambda: solr.delete(q="index_id:bench-*", commit=True)


def timed(action: str, data: dict[str, Any]) -> tuple[float, int]:
    """Seconds and number of results of an action called by nobody."""
    import ckan.plugins.toolkit as tk
    from ckan import model

    began = time.perf_counter()
    count = tk.get_action(action)({"user": "", "ignore_auth": False}, dict(data))["count"]
    seconds = time.perf_counter() - began
    model.Session.rollback()
    return seconds, count


def p95(values: list[float]) -> float:
    """The 95th percentile."""
    return statistics.quantiles(values, n=20)[-1]


def measure(rounds: int) -> dict[str, Any]:
    """Both searches in turns; seconds by question."""
    times: dict[str, dict[str, list[float]]] = {name: {"projects": [], "datasets": []} for name in QUESTIONS}
    counts: dict[str, dict[str, int]] = {name: {} for name in QUESTIONS}
    for number in range(rounds + 3):
        for name, (ours, theirs) in QUESTIONS.items():
            asked = {
                "projects": ("oc4ids_project_search", {**ours, "limit": 20}),
                "datasets": ("package_search", {**theirs, "rows": 20, "facet.field": FACETS}),
            }
            for who, (action, data) in asked.items():
                seconds, counts[name][who] = timed(action, data)
                if number >= 3:  # the first rounds warm up
                    times[name][who].append(seconds)
    return {"times": times, "counts": counts}


def report(measured: dict[str, Any]) -> dict[str, Any]:
    """Medians, p95 and whether the target is met."""
    print(f"\n{'':26}{'projects':>24}{'datasets (CKAN)':>24}")
    print(f"{'milliseconds':26}{'median':>12}{'p95':>12}{'median':>12}{'p95':>12}{'found':>16}")
    every: dict[str, list[float]] = {"projects": [], "datasets": []}
    for name, times in measured["times"].items():
        figures = [1000 * f(times[who]) for who in every for f in (statistics.median, p95)]
        counts = measured["counts"][name]
        print(
            f"{name:26}"
            + "".join(f"{figure:12.1f}" for figure in figures)
            + f"{counts['projects']:>8}{counts['datasets']:>8}"
        )
        for who, values in every.items():
            values.extend(times[who])
    over_all = {who: p95(values) for who, values in every.items()}
    met = over_all["projects"] <= over_all["datasets"]
    print(
        f"p95 of all: {1000 * over_all['projects']:.1f} against {1000 * over_all['datasets']:.1f} ms;"
        f" target {'met' if met else 'MISSED'}"
    )
    return {
        "p95": over_all,
        "target": met,
        "machine": {"cpus": os.cpu_count(), "platform": platform.platform()},
        **measured,
    }


def main() -> int:
    """Fill, ask, tidy up; 0 when the target is met."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--projects", type=int, default=10_000)
    parser.add_argument("--size", default="small")
    parser.add_argument("--rounds", type=int, default=40)
    parser.add_argument("--json")
    arguments = parser.parse_args()
    app = ckan_app(os.environ["CKAN_INI"])
    with app._wsgi_app.test_request_context("/"), filled(arguments.projects, arguments.size):
        remove = index_copies(arguments.projects, arguments.size)
        try:
            results = report(measure(arguments.rounds))
        finally:
            remove()
    save(results, arguments.json)
    return 0 if results["target"] else 1


if __name__ == "__main__":
    sys.exit(main())
