#!/usr/bin/env python3
"""What a large plan costs: its pages beside CKAN's dataset page, and the work of night, cut, import, export.

A plan of generated activities, each programmed in several of twelve months and owed by up to 28
organismos, with reports, measurements and evidence. Its page and CKAN's page of a dataset are
asked in turns, as anybody, in one run; target: p95 of ours is not over 1.5 times that of CKAN's,
and the number of SQL statements is the same for 100 and for 10 000 items. The rest is timed at 100,
1 000 and 10 000 items: it should grow as the items do.

    CKAN_INI=… python bench/plan.py [--sizes 100 1000 10000] [--page-items 1000] [--rounds 60] [--json FILE]
"""

from __future__ import annotations

import argparse
import datetime as dt
import gc
import os
import platform
import resource
import statistics
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from decimal import Decimal
from multiprocessing import get_context
from random import Random
from typing import Any

from _registry import ckan_app, save

ORGANISMOS = 28
REPORTED = 0.7
YEAR = 2026
TARGET = 1.5
CUT = dt.date(YEAR, 8, 31)
WARM_UP = 5
#: Files of a plan that are timed, and the items from which on the largest of them is not made.
FILES = ("plan.json", "cuadro.xlsx", "elementos.csv", "mediciones.csv", "f014.xlsx", "seguimiento.xlsx")
MOST_IN_A_TABLE = 1000
ZONE = dt.timezone(dt.timedelta(hours=-5))


# -- a plan of any size -------------------------------------------------------------------------------------


def organismos(of: str = "bench") -> tuple[str, ...]:
    """Names of the organismos that owe. Those of one plan owe in no other: what is kept of a plan stays."""
    return tuple(f"{of}-organismo-{number:02}" for number in range(1, ORGANISMOS + 1))


def generated(items: int, members: tuple[str, ...] = organismos(), seed: int = 7) -> Any:
    """Return a PAAC with so many rows, the same for the same seed."""
    from ckanext.ogp_plan.planning import types as t

    random = Random(seed)  # noqa: S311
    group = t.OrgGroup("bench-todos", "Todos los organismos", ORGANISMOS, members)
    plan = t.Plan(
        "paac", f"Plan medido de {items} filas", dt.date(YEAR, 1, 1), dt.date(YEAR, 12, 31), groups=[group]
    )
    plan.status = t.PlanStatus.RUNNING
    for number in range(items):
        component, activity = number // 200 + 1, number % 200 + 1
        root = ("componente", str(component))
        if activity == 1:
            plan.items.append(t.Item("componente", str(component), f"Componente {component}"))
        code = f"{component}.{activity}"
        key = ("actividad", code)
        plan.items.append(
            t.Item("actividad", code, f"Actividad {code} de gestión y seguimiento", parent=root)
        )
        months = tuple(sorted(random.sample(range(1, 13), random.choice((1, 2, 4, 12)))))
        everybody = random.random() < 0.1
        owed = Decimal(2 * ORGANISMOS if everybody else random.choice((1, 3, 4, 11)))
        plan.items.append(
            t.Item(
                "fila",
                code,
                f"Publicar el resultado {code} con participación de la ciudadanía",
                parent=key,
                trackable=True,
                schedule=t.Schedule(t.ScheduleKind.MONTHS, months),
                assignments=[
                    t.Assignment(group=group.id, own_target=Decimal(2))
                    if everybody
                    else t.Assignment(organization=random.choice(members))
                ],
                indicators=[t.Indicator(code, "Publicaciones", targets=[t.Target(owed, str(owed))])],
                fields={"goal": f"{owed} publicaciones", "product": "Informe publicado", "result": str(owed)},
            )
        )
    return plan


def history(plan: Any, seed: int = 11) -> Iterator[Any]:
    """Return what was reported of that plan until the end of October."""
    from ckanext.ogp_plan.planning import tracking as tr
    from ckanext.ogp_plan.planning.types import Declared

    random = Random(seed)  # noqa: S311
    members = plan.groups[0].members
    for item in plan.items:
        if not item.trackable or random.random() > REPORTED:
            continue
        for month in item.schedule.months:
            if month > 10:
                break
            at = dt.datetime(YEAR, month, random.randint(5, 27), 15, tzinfo=ZONE)
            period = f"{YEAR}-{month:02}"
            own = item.assignments[0].organization
            for who in [own] if own else random.sample(members, 6):
                facts: list[Any] = [
                    tr.Update(
                        id="", at=at, item=item.key, organization=who, state=Declared.ONGOING,
                        text="Se publicó lo programado para el mes.", period=period,
                    ),
                    tr.Measurement(
                        id="", at=at, item=item.key, indicator=item.indicators[0].code, organization=who,
                        start=dt.date(YEAR, month, 1), end=dt.date(YEAR, month, 28), value=Decimal(1),
                    ),
                    tr.Evidence(
                        id="", at=at, item=item.key, organization=who, title="Publicación",
                        url=f"https://example.org/evidencia/{item.code}/{month}",
                    ),
                ]  # fmt: skip
                for fact in facts:
                    yield at, fact


def make(items: int) -> tuple[Any, dict[str, float]]:
    """Put a plan of that size into the tables with its history; return it and what that took, in seconds."""
    from ckan import model

    from ckanext.ogp_plan.model import PlanRow
    from ckanext.ogp_plan.services import event as event_service
    from ckanext.ogp_plan.services import item_status, plan_version

    name = f"bench-{items}-{time.time_ns():x}"
    members = organismos(name)
    plan = generated(items, members)
    row = PlanRow(name=name, family="paac", title=plan.title, status="en_ejecucion", owner=members[0])
    model.Session.add(row)
    taken: dict[str, float] = {}
    with timed(taken, "apply a version"):
        plan_version.apply(row, plan, user_id=None)
        model.Session.commit()
    rows = [event_service.to_row(row.id, fact, at) for at, fact in history(plan)]
    count = len(rows)
    for start in range(0, count, 5000):
        model.Session.bulk_save_objects(rows[start : start + 5000])
    model.Session.commit()
    with timed(taken, "nightly recomputation, first"):
        item_status.recompute(row.id)
        model.Session.commit()
    with timed(taken, "nightly recomputation, again"):
        item_status.recompute(row.id)
        model.Session.commit()
    taken["facts"] = count
    # what autovacuum would have looked at by the time that anybody asks
    with model.meta.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("VACUUM ANALYZE ogp_plan, ogp_item, ogp_assignment, ogp_event")
    return row, taken


@contextmanager
def timed(into: dict[str, float], name: str) -> Iterator[None]:
    """Put the seconds of a block into ``into``."""
    began = time.perf_counter()
    yield
    into[name] = time.perf_counter() - began


# -- growth -------------------------------------------------------------------------------------------------


def grow(items: int) -> dict[str, float]:
    """Seconds of import, application, recomputation, cut, verification and exports at one size."""
    from ckan import model

    from ckanext.ogp_plan.exports import files as plan_files
    from ckanext.ogp_plan.model import PlanRow
    from ckanext.ogp_plan.planning import importers
    from ckanext.ogp_plan.planning.exporters import own_workbook
    from ckanext.ogp_plan.services import cut as cut_service
    from ckanext.ogp_plan.services import item_status
    from ckanext.ogp_plan.services import record as record_service

    row, taken = make(items)
    with timed(taken, "read the plan"):
        plan = record_service.current_plan(row)
    with timed(taken, "export as workbook"):
        content = own_workbook.write(plan)
    with timed(taken, "read that workbook"):
        importers.read(content, "paac", "cuadro", name="cuadro.xlsx")
    with timed(taken, "cut"):
        cut = cut_service.create(row, CUT, user_id=None)
        model.Session.commit()
    with timed(taken, "verify the cut"):
        same = cut_service.verify(row, cut).same
    if not same:
        raise RuntimeError("a cut that nobody touched does not verify")
    key = next(item.key for item in plan.items if item.trackable)
    with timed(taken, "one item again, as on a write"):
        item_status.recompute(row.id, [key])
        model.Session.commit()
    model.Session.expunge_all()
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as process:
        taken |= process.submit(night, row.id).result()
    kept = PlanRow.get(row.id) or row
    for name in FILES:
        if name == "cuadro.xlsx" and items > MOST_IN_A_TABLE:
            continue
        with timed(taken, name):
            plan_files.FILES[name].make(kept, "es")
    taken["memory of the process so far, MB"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return taken


def night(plan_id: str) -> dict[str, float]:
    """Compute a plan in a process that did nothing else: seconds, and the most memory it held."""
    app = ckan_app(os.environ["CKAN_INI"])
    from ckan import model

    from ckanext.ogp_plan.services import item_status

    taken: dict[str, float] = {}
    with app.test_request_context("/"):
        taken["memory of CKAN alone, MB"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        with timed(taken, "nightly recomputation, on its own"):
            item_status.recompute(plan_id)
            model.Session.commit()
    taken["memory of that night, MB"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return taken


# -- the page, beside CKAN's --------------------------------------------------------------------------------


class Asked:
    """A portal in this process, asked as anybody, with its SQL statements counted."""

    def __init__(self, app: Any) -> None:
        import sqlalchemy as sa
        from ckan import model

        self.client = app.test_client()
        self.statements = 0

        @sa.event.listens_for(model.meta.engine, "before_cursor_execute")
        def count(*_: Any) -> None:
            self.statements += 1

    def __call__(self, path: str) -> tuple[float, int]:
        self.statements, began = 0, time.perf_counter()
        answer = self.client.get(path)
        body = answer.get_data()
        seconds = time.perf_counter() - began
        if answer.status_code != 200:
            raise RuntimeError(f"{path}: {answer.status} {body[:300]!r}")
        return seconds, self.statements


def p95(values: list[float]) -> float:
    """The 95th percentile."""
    return statistics.quantiles(values, n=20)[-1]


def pages(ask: Asked, paths: dict[str, str], rounds: int) -> dict[str, dict[str, float]]:
    """Ask every path in turns; median and p95 in milliseconds, and SQL statements."""
    times: dict[str, list[float]] = {name: [] for name in paths}
    statements: dict[str, int] = {}
    for number in range(rounds + WARM_UP):
        for name, path in paths.items():
            seconds, statements[name] = ask(path)
            if number >= WARM_UP:
                times[name].append(1000 * seconds)
    return {
        name: {"median_ms": statistics.median(v), "p95_ms": p95(v), "statements": statements[name]}
        for name, v in times.items()
    }


def answered(paths: dict[str, str], rounds: int, frozen: bool) -> dict[str, dict[str, float]]:
    """Load the portal as a web process does, and ask it.

    :param frozen: hide what was loaded from Python's collector, as ``docs/operar.md`` advises.
    """
    ask = Asked(ckan_app(os.environ["CKAN_INI"]))
    for path in paths.values():
        ask(path)
    if frozen:
        gc.collect()
        gc.freeze()
    return pages(ask, paths, rounds)


def a_dataset(app: Any) -> str:
    """Make a public dataset like the city's, and return its name."""
    import ckan.plugins.toolkit as tk
    from ckan import model

    with app.test_request_context("/"):
        site = tk.get_action("get_site_user")({"ignore_auth": True}, {})["name"]
        context: Any = {"user": site, "ignore_auth": True}
        name = f"bench-{os.getpid()}"
        tk.get_action("organization_create")(dict(context), {"name": name})
        resources = [
            {"name": f"tabla {n}", "url": f"https://example.org/{n}.csv", "format": "CSV"} for n in range(8)
        ]
        made = tk.get_action("package_create")(
            dict(context),
            {
                "name": name,
                "title": "Datos de prueba",
                "notes": "Texto. " * 40,
                "owner_org": name,
                "resources": resources,
            },
        )
        model.Session.remove()
        found: str = made["name"]
        return found


def page_paths(row: Any, dataset: str) -> dict[str, str]:
    """The pages to ask: CKAN's first."""
    from ckanext.ogp_plan.model import PlanItem

    item = PlanItem.of(row.id, "fila", "1.1")
    if item is None:
        raise RuntimeError("the generated plan has no 1.1")
    base, who = f"/planes/{row.name}", organismos(row.name)[0]
    return {
        "CKAN dataset": f"/dataset/{dataset}",
        "plan, tree": base,
        "plan, table": f"{base}?vista=tabla",
        "plan, matrix": f"{base}?vista=matriz",
        "plan, filtered": f"{base}?luz=en_riesgo&organismo={who}",
        "item": f"{base}/{item.address}",
        "cut": f"{base}/corte/{CUT}",
        "obligations": f"/organismo/{who}/obligaciones",
    }


def show(measured: dict[str, Any]) -> bool:
    """Print what was measured; tell whether the target was met."""
    print(f"\n{'page (anybody, in turns)':28}{'median ms':>12}{'p95 ms':>10}{'× CKAN p95':>12}{'SQL':>8}")
    met = True
    for items, asked in measured["pages"].items():
        theirs = asked["CKAN dataset"]["p95_ms"]
        print(f"{items} items")
        for name, one in asked.items():
            ratio = one["p95_ms"] / theirs
            met = met and ratio <= TARGET
            print(
                f"  {name:26}{one['median_ms']:12.1f}{one['p95_ms']:10.1f}{ratio:12.2f}{one['statements']:8}"
            )
    print(f"target: every page ≤ {TARGET} × CKAN's: {'met' if met else 'NOT met'}")
    sizes = list(measured["growth"])
    print(f"\n{'seconds':34}" + "".join(f"{size:>12}" for size in sizes))
    for name in measured["growth"][sizes[0]]:
        found = [measured["growth"][size].get(name) for size in sizes]
        print(f"{name:34}" + "".join(f"{'—' if one is None else f'{one:.2f}':>12}" for one in found))
    return met


def main() -> int:
    """Measure, print, and keep as JSON when asked to."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--sizes", type=int, nargs="+", default=[100, 1000, 10_000])
    parser.add_argument("--page-items", type=int, nargs="+", default=[100, 1000])
    parser.add_argument("--rounds", type=int, default=60)
    parser.add_argument("--unfrozen", action="store_true", help="leave what was loaded to Python's collector")
    parser.add_argument("--json")
    args = parser.parse_args()
    app = ckan_app(os.environ["CKAN_INI"])
    from ckan import model

    from ckanext.ogp_plan.services import cut as cut_service

    measured: dict[str, Any] = {"growth": {}, "pages": {}, "machine": platform.platform()}
    with app.test_request_context("/"):
        for size in args.sizes:
            measured["growth"][size] = grow(size)
    dataset = a_dataset(app)
    for items in args.page_items:
        with app.test_request_context("/"):
            row, _ = make(items)
            cut_service.create(row, CUT, user_id=None)
            model.Session.commit()
            paths = page_paths(row, dataset)
            model.Session.remove()
        # what filling left behind is in no process that answers: a new one is asked
        with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as process:
            asked = process.submit(answered, paths, args.rounds, not args.unfrozen)
            measured["pages"][items] = asked.result()
    met = show(measured)
    save(measured, args.json)
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())
