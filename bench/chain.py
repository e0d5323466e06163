#!/usr/bin/env python3
"""What the chain of facts costs those who report: 20 writers at once, each to its own component of a plan.

Each report locks, records and computes its item as the portal does, and commits. Two ways, in turns: linked
at the end of each transaction, under the chain's lock (what the portal does); sealed, in which writers write
no chain, and a cut puts all that was recorded into it before it freezes.

    CKAN_INI=… python bench/chain.py [--writers 20] [--reports 20] [--rounds 3] [--json FILE]
"""

from __future__ import annotations

import argparse
import datetime as dt
import os
import statistics
import threading
import time
from typing import Any

from _registry import ckan_app, save

YEAR = 2026


def make_plan(writers: int) -> str:
    """Make a plan with a component of one row for each writer; return its id."""
    from ckan import model

    from ckanext.ogp_plan.model import PlanRow
    from ckanext.ogp_plan.planning import types as t
    from ckanext.ogp_plan.services import item_status, plan_version

    body = t.Plan("paac", "Plan medido", dt.date(YEAR, 1, 1), dt.date(YEAR, 12, 31))
    for number in range(1, writers + 1):
        component, activity = ("componente", str(number)), ("actividad", f"{number}.1")
        body.items += [
            t.Item(*component, f"Componente {number}"),
            t.Item(*activity, "Actividad", parent=component),
            t.Item("fila", f"{number}.1", "Fila", parent=activity, trackable=True),
        ]
    name = f"bench-chain-{os.getpid()}-{time.monotonic_ns()}"
    row = PlanRow(
        name=name,
        family="paac",
        title=name,
        status="en_ejecucion",
        owner=name,
        start=body.start,
        end=body.end,
    )
    model.Session.add(row)
    plan_version.apply(row, body, user_id=None, act_name="Acta")
    item_status.recompute(row.id)
    model.Session.commit()
    return str(row.id)


def write(
    plan_id: str, number: int, reports: int, linked: bool, times: list[float], failed: list[str]
) -> None:
    """Report to one row, again and again; one transaction each."""
    from ckan import model

    from ckanext.ogp_plan.planning import tracking
    from ckanext.ogp_plan.services import chain, event, item_status

    key = ("fila", f"{number}.1")
    try:
        for _ in range(reports):
            began = time.perf_counter()
            item_status.lock({plan_id: [key]})
            now = dt.datetime.now(dt.timezone.utc)
            event.append(plan_id, tracking.Update(id="", at=now, item=key, text="Se hizo lo previsto. " * 10))
            item_status.recompute(plan_id, [key])
            if not linked:
                model.Session().info.pop(chain._PENDING)
            model.Session.commit()
            times.append(1000 * (time.perf_counter() - began))
    except Exception as error:
        failed.append(repr(error))
    finally:
        model.Session.remove()


def seal(plan_id: str) -> float:
    """Put all facts of a plan into its chain, while nobody writes; return the seconds."""
    from ckan import model

    from ckanext.ogp_plan.services import chain, event

    began = time.perf_counter()
    event.hold(plan_id)
    for row in event.of_plan(plan_id):
        chain.add(plan_id, row.id)
    model.Session.commit()
    return time.perf_counter() - began


def measure(writers: int, reports: int, linked: bool) -> dict[str, float]:
    """Let the writers write at once to a new plan."""
    from ckan import model

    from ckanext.ogp_plan.model import PlanRow
    from ckanext.ogp_plan.services import chain

    plan_id = make_plan(writers)
    model.Session.remove()
    times: list[float] = []
    failed: list[str] = []
    threads = [
        threading.Thread(target=write, args=(plan_id, number, reports, linked, times, failed))
        for number in range(1, writers + 1)
    ]
    began = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    seconds = time.perf_counter() - began
    if failed:
        raise RuntimeError(failed[0])
    found = {"reports_s": len(times) / seconds, "median_ms": statistics.median(times)}
    found["p95_ms"] = statistics.quantiles(times, n=20)[-1]
    if not linked:
        found["seal_s"] = seal(plan_id)
    began = time.perf_counter()
    row = PlanRow.get(plan_id)
    if row is None or chain.verify(row).findings:
        raise RuntimeError("the chain is not that of the facts")
    found["verify_s"] = time.perf_counter() - began
    model.Session.remove()
    return found


def main() -> None:
    """Measure in turns, print medians over the rounds."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--writers", type=int, default=20)
    parser.add_argument("--reports", type=int, default=20)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json")
    args = parser.parse_args()
    app = ckan_app(os.environ["CKAN_INI"], {"sqlalchemy.pool_size": str(args.writers + 5)})
    rounds: dict[str, list[dict[str, float]]] = {"linked": [], "sealed": []}
    with app.test_request_context("/"):
        measure(2, 2, linked=True)
        for number in range(args.rounds):
            for way in sorted(rounds, reverse=bool(number % 2)):
                rounds[way].append(measure(args.writers, args.reports, linked=way == "linked"))
    result: dict[str, Any] = {
        way: {name: round(statistics.median(one[name] for one in found), 3) for name in found[0]}
        for way, found in rounds.items()
    }
    result["facts"] = args.writers * args.reports
    for way, found in result.items():
        print(f"{way}: {found}")
    if args.json:
        save(args.json, result)


if __name__ == "__main__":
    main()
