#!/usr/bin/env python3
"""What the plugin adds to the portal: to a save without an OC4IDS file, to its pages, to an upload.

Two processes run the same requests in turn, one by one, over the same database, Solr and Redis:
``plain`` is CKAN with scheming and activity, ``ours`` the same with ``cost_oc4ids``. Two processes of
the very same program differ by a percent or two for as long as they live (where their memory lies), so
small costs are measured with several pairs of processes, and ``again`` is ``plain`` once more: what it
differs from ``plain`` is what this bench cannot tell from nothing.

Reported are medians by the clock and by the processor of the process that answers (which others on the
machine disturb far less), the ratio of the medians with the interval that holds it in 95 of 100
resamplings of pairs of processes and of requests, and the number of SQL statements. A cost of at most
1 % is shown when the whole interval lies below 1.01, refuted when it lies above, else neither. What time
cannot show, counting does: the Python and C functions that one request calls are the same at every
repetition (counted apart, with the profiler, and never while anything is timed).

``facets`` is ``plain`` set to show our three facets too (``search.facets``): what the list of datasets
costs with as many filters and without the plugin.

``BENCH_PAIRS`` and ``BENCH_ROUNDS`` change how many pairs and rounds there are. Run by
``make bench BENCH=guard``, which sets ``CKAN_INI`` to the configuration of an instance.
"""

from __future__ import annotations

import configparser
import io
import json
import os
import platform
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tests"))

PLUGINS = {
    "plain": "scheming_datasets activity",
    "ours": "cost_oc4ids scheming_datasets activity",
    "again": "scheming_datasets activity",
    "facets": "scheming_datasets activity",
}
FACETS = (
    "organization groups tags res_format license_id vocab_oc4ids_sector vocab_oc4ids_status vocab_oc4ids_year"
)
CONFORMS_TO = (
    "https://standard.open-contracting.org/infrastructure/schema/0__9__5/project-package-schema.json"
)
PAIRS = int(os.environ.get("BENCH_PAIRS", "8"))
ROUNDS = int(os.environ.get("BENCH_ROUNDS", "50"))
WARM_UP = 10
COUNTED = 3
PAGES = ("/dataset/DATASET", "/dataset/", "/organization/", "/")
RESAMPLINGS = 2000
#: what a save without an OC4IDS file, or a page, may cost
ALLOWED = 1.01
UPLOADS = ((10, 9), (1000, 3))


# -- one portal in a process of its own ----------------------------------------------------------------------


class Portal:
    """A portal in this process, asked through its WSGI application."""

    def __init__(self, ini: str) -> None:
        from ckan.cli import load_config
        from ckan.config.middleware import make_app

        self.app = make_app(load_config(ini))
        self.client = self.app.test_client()
        self.statements = 0
        self._count_statements()
        self.datasets: dict[str, str] = {}
        self.headers: dict[str, str] = {}

    def _count_statements(self) -> None:
        import sqlalchemy as sa
        from ckan import model

        @sa.event.listens_for(model.meta.engine, "before_cursor_execute")
        def count(*_: Any) -> None:
            self.statements += 1

    def prepare(self, tag: str) -> None:
        """Make a sysadmin with a token, an organismo, and a dataset to save and to show."""
        import ckan.plugins.toolkit as tk
        from ckan import model

        with self.app.test_request_context("/"):
            site = tk.get_action("get_site_user")({"ignore_auth": True}, {})["name"]
            context: Any = {"user": site, "ignore_auth": True}
            name = f"bench-{tag}-{os.getpid()}"
            token = tk.get_action("api_token_create")(
                {"user": site, "ignore_auth": True}, {"user": site, "name": name}
            )
            self.headers = {"Authorization": token["token"]}
            tk.get_action("organization_create")(dict(context), {"name": name})
            for kind in ("save", "upload"):
                made = tk.get_action("package_create")(
                    dict(context),
                    {
                        "name": f"{name}-{kind}",
                        "title": "Datos de prueba de la medición",
                        "owner_org": name,
                        "resources": [
                            {"name": "una tabla", "url": "https://example.org/t.csv", "format": "CSV"}
                        ],
                    },
                )
                self.datasets[kind] = made["name"]
            model.Session.remove()

    @contextmanager
    def _measured(self, into: dict[str, float]) -> Iterator[None]:
        self.statements, began, used = 0, time.perf_counter(), time.process_time()
        yield
        into["seconds"], into["processor"] = time.perf_counter() - began, time.process_time() - used
        into["statements"] = self.statements

    def _ask(self, method: str, path: str, **kwargs: Any) -> dict[str, float]:
        measured: dict[str, float] = {}
        with self._measured(measured):
            answer = self.client.open(path, method=method, **kwargs)
            body = answer.get_data()
        if answer.status_code != 200:
            raise RuntimeError(f"{method} {path}: {answer.status} {body[:500]!r}")
        return measured

    def save(self, number: int) -> dict[str, float]:
        """Save a dataset that carries no OC4IDS file."""
        return self._ask(
            "POST",
            "/api/action/package_patch",
            headers=self.headers,
            json={"id": self.datasets["save"], "notes": f"Texto número {number} {time.time()}"},
        )

    def page(self, path: str) -> dict[str, float]:
        """Show a page to an anonymous visitor."""
        return self._ask("GET", path.replace("DATASET", self.datasets["save"]))

    def calls(self, order: str, *arguments: Any) -> int:
        """How many functions a request calls; the least of some, for a cache may have to be filled."""
        asked = self.save if order == "save" else self.page
        counts = []
        for _ in range(COUNTED):
            count = 0

            def note(_frame: Any, event: str, _argument: Any) -> None:
                nonlocal count
                count += event in ("call", "c_call")

            sys.setprofile(note)
            try:
                asked(*arguments)
            finally:
                sys.setprofile(None)
            counts.append(count)
        return min(counts)

    def upload(self, file: str, declared: bool) -> dict[str, float]:
        """Upload a file as a new resource, declared as OC4IDS or as any other file."""
        content = Path(file).read_bytes()
        form = {
            "package_id": self.datasets["upload"],
            "name": "proyectos",
            "url": "",
            "format": "JSON",
            "upload": (io.BytesIO(content), "proyectos.json"),
        }
        if declared:
            form["conforms_to"] = CONFORMS_TO
        measured: dict[str, float] = {}
        with self._measured(measured):
            answer = self.client.post("/api/action/resource_create", data=form, headers=self.headers)
        if answer.status_code != 200:
            raise RuntimeError(f"upload: {answer.status} {answer.get_data()[:800]!r}")
        gone = answer.get_json()["result"]["id"]
        self.client.post("/api/action/resource_delete", json={"id": gone}, headers=self.headers)
        return measured

    def tidy(self) -> None:
        """Remove what :meth:`prepare` made."""
        import ckan.plugins.toolkit as tk

        with self.app.test_request_context("/"):
            site = tk.get_action("get_site_user")({"ignore_auth": True}, {})["name"]
            for name in self.datasets.values():
                tk.get_action("dataset_purge")({"user": site, "ignore_auth": True}, {"id": name})


def worker(ini: str, tag: str) -> None:
    """Answer one JSON line of measurements for each JSON line of orders."""
    answers, sys.stdout = sys.stdout, sys.stderr
    portal = Portal(ini)
    portal.prepare(tag)
    orders: dict[str, Callable[..., Any]] = {
        "save": portal.save,
        "page": portal.page,
        "upload": portal.upload,
        "calls": portal.calls,
        "tidy": portal.tidy,
    }
    for line in sys.stdin:
        order, *arguments = json.loads(line)
        print(json.dumps(orders[order](*arguments)), file=answers, flush=True)


# -- the two side by side ------------------------------------------------------------------------------------


class Peer:
    """One of the two portals, seen from the process that compares them."""

    def __init__(self, tag: str, folder: Path, seed: int = 0) -> None:
        parser = configparser.RawConfigParser()
        parser.optionxform = str  # type: ignore[assignment,method-assign]
        parser.read(os.environ["CKAN_INI"], encoding="utf-8")
        parser.set("app:main", "ckan.plugins", PLUGINS[tag])
        parser.set("app:main", "testing", "false")
        parser.set("app:main", "ckan.views.default_views", "")
        # the whole cost of 1 000 projects is wanted, not the cost of putting them off
        parser.set("app:main", "ckanext.cost_oc4ids.inline_max_bytes", str(200 * 1024 * 1024))
        # the peer has a type of dataset made by scheming as well; its own example
        own = parser.get("app:main", "scheming.dataset_schemas")
        schemas = "ckanext.scheming:ckan_dataset.yaml" + (f" {own}" if tag == "ours" else "")
        parser.set("app:main", "scheming.dataset_schemas", schemas)
        if tag == "facets":
            parser.set("app:main", "search.facets", FACETS)
        ini = folder / f"{tag}.ini"
        with ini.open("w", encoding="utf-8") as out:
            parser.write(out)
        self.process = subprocess.Popen(
            [sys.executable, __file__, "--worker", str(ini), tag],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            # sets and dictionaries of text fall alike in all
            env=os.environ | {"PYTHONHASHSEED": str(seed)},
        )

    def ask(self, *order: Any) -> Any:
        """Give an order and wait for what it cost."""
        assert self.process.stdin and self.process.stdout
        self.process.stdin.write(json.dumps(order) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            raise SystemExit(f"a portal ended while asked {order}: {self.process.wait()}")
        return json.loads(line)

    def close(self) -> None:
        """Tidy up and end the process."""
        self.ask("tidy")
        assert self.process.stdin
        self.process.stdin.close()
        self.process.wait()


Costs = dict[str, list[dict[str, float]]]


def compare(peers: dict[str, Peer], orders: dict[str, list[Any]], rounds: int, warm_up: int) -> Costs:
    """Ask all in turn ``rounds`` times, each time another first; the first ``warm_up`` are not counted."""
    taken: Costs = {tag: [] for tag in peers}
    tags = list(peers)
    for number in range(warm_up + rounds):
        first = number % len(tags)
        for tag in tags[first:] + tags[:first]:
            cost = peers[tag].ask(*[number if part == "NUMBER" else part for part in orders[tag]])
            if number >= warm_up:
                taken[tag].append(cost)
    return taken


def ratio(pairs: list[Costs], tag: str, measure: str) -> float:
    """The median over pairs of processes of how many times the median cost of ``plain`` another costs."""
    return statistics.median(
        statistics.median(cost[measure] for cost in costs[tag])
        / statistics.median(cost[measure] for cost in costs["plain"])
        for costs in pairs
    )


def interval(pairs: list[Costs], tag: str, measure: str) -> tuple[float, float]:
    """The ratio's 2.5th and 97.5th percentile when pairs, and rounds within them, are drawn again."""
    chance = random.Random(1)  # noqa: S311 - no secret
    found = []
    for _ in range(RESAMPLINGS):
        drawn = []
        for costs in chance.choices(pairs, k=len(pairs)):
            rounds = chance.choices(range(len(costs["plain"])), k=len(costs["plain"]))
            drawn.append({who: [costs[who][each] for each in rounds] for who in ("plain", tag)})
        found.append(ratio(drawn, tag, measure))
    found.sort()
    return found[int(0.025 * RESAMPLINGS)], found[int(0.975 * RESAMPLINGS)]


def summed(title: str, pairs: list[Costs]) -> dict[str, Any]:
    """What is reported of one kind of request."""
    row: dict[str, Any] = {"what": title, "pairs": len(pairs), "rounds": len(pairs[0]["plain"])}
    for tag in pairs[0]:
        costs = [cost for each in pairs for cost in each[tag]]
        row[f"{tag}_ms"] = 1000 * statistics.median(cost["seconds"] for cost in costs)
        row[f"{tag}_processor_ms"] = 1000 * statistics.median(cost["processor"] for cost in costs)
        row[f"{tag}_sql"] = statistics.median(cost["statements"] for cost in costs)
        if tag != "plain":
            for measure in ("seconds", "processor"):
                row[f"{tag}_{measure}"] = ratio(pairs, tag, measure)
                row[f"{tag}_{measure}_interval"] = interval(pairs, tag, measure)
    return row


def displayed(row: dict[str, Any], measure: str) -> str:
    """What the interval says of the one percent that is allowed."""
    least, most = row[f"ours_{measure}_interval"]
    return "at most 1 %" if most <= ALLOWED else "more than 1 %" if least > ALLOWED else "not shown"


def everybody(*order: Any) -> dict[str, list[Any]]:
    return {tag: list(order) for tag in PLUGINS if tag != "facets" or order[-1] == "/dataset/"}


def files(folder: Path) -> dict[int, Path]:
    """Packages of as many projects as :data:`UPLOADS` says, about 34 kB a project."""
    from support import generate

    made = {}
    for count, _ in UPLOADS:
        made[count] = folder / f"{count}.json"
        with made[count].open("wb") as out:
            generate.write(out, generate.projects(count, "large", seed=count))
    return made


def requests(folder: Path) -> list[dict[str, Any]]:
    """Saves and pages, by several pairs of processes."""
    orders = {"save a dataset without OC4IDS": everybody("save", "NUMBER")}
    orders |= {f"page {path}": everybody("page", path) for path in PAGES}
    taken: dict[str, list[Costs]] = {title: [] for title in orders}
    calls: dict[str, dict[str, int]] = {title: {} for title in orders}
    for seed in range(PAIRS):
        peers = {tag: Peer(tag, folder, seed) for tag in PLUGINS}
        for title, order in orders.items():
            asked = {tag: peers[tag] for tag in order}
            taken[title].append(compare(asked, order, ROUNDS, WARM_UP))
            for tag, each in order.items():
                if tag not in calls[title]:
                    numbered = [0 if part == "NUMBER" else part for part in each]
                    calls[title][tag] = peers[tag].ask("calls", *numbered)
        for peer in peers.values():
            peer.close()
        print(f"\r  pairs of processes: {seed + 1} of {PAIRS}", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)
    return [
        summed(title, pairs) | {f"{tag}_calls": count for tag, count in calls[title].items()}
        for title, pairs in taken.items()
    ]


def uploads(folder: Path) -> list[dict[str, Any]]:
    """Whole uploads, as OC4IDS and as any other file."""
    rows = []
    peers = {tag: Peer(tag, folder) for tag in ("plain", "ours")}
    for (count, rounds), file in zip(UPLOADS, files(folder).values(), strict=True):
        size = file.stat().st_size / 1e6
        orders = {"plain": ["upload", str(file), False], "ours": ["upload", str(file), True]}
        rows.append(summed(f"upload {count} projects ({size:.1f} MB)", [compare(peers, orders, rounds, 1)]))
    for peer in peers.values():
        peer.close()
    return rows


def format_ratio(row: dict[str, Any], tag: str, measure: str) -> str:
    least, most = row[f"{tag}_{measure}_interval"]
    return f"{row[f'{tag}_{measure}']:.3f} ({least:.3f}–{most:.3f})"


def main() -> None:
    """Measure, print a table, and write the figures to ``artifacts/bench``."""
    import ckan

    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        small, large = requests(folder), uploads(folder)
    machine = f"{os.cpu_count()} cores, {platform.machine()}"
    print(f"\nCKAN {ckan.__version__}, Python {platform.python_version()}, {machine}")
    print(f"{PAIRS} pairs of processes, {ROUNDS} requests each\n")
    for measure, unit in (("seconds", "ms"), ("processor", "processor_ms")):
        print(
            f"{measure:36} {'plain ms':>9} {'ours ms':>9} {'ours/plain':>22} {'plain again/plain':>22}  shown"
        )
        for row in small:
            print(
                f"{row['what']:36} {row[f'plain_{unit}']:9.2f} {row[f'ours_{unit}']:9.2f}"
                f" {format_ratio(row, 'ours', measure):>22} {format_ratio(row, 'again', measure):>22}"
                f"  {displayed(row, measure)}"
            )
        print()
    print(
        f"{'functions called':36} {'plain':>9} {'ours':>9} {'ours/plain':>22} {'with our facets/plain':>22}"
    )
    for row in small:
        facets = f"{row['facets_calls'] / row['plain_calls']:.3f}" if "facets_calls" in row else ""
        print(
            f"{row['what']:36} {row['plain_calls']:9} {row['ours_calls']:9}"
            f" {row['ours_calls'] / row['plain_calls']:22.3f} {facets:>22}"
        )
        if facets:
            print(
                f"{'  … plain with our facets, by clock':36} {row['facets_ms']:9.2f}"
                f" {format_ratio(row, 'facets', 'seconds')},"
                f" processor {format_ratio(row, 'facets', 'processor')}"
            )
    print(f"\n{'SQL statements':36} {'plain':>9} {'ours':>9}")
    for row in small + large:
        print(f"{row['what']:36} {row['plain_sql']:9.0f} {row['ours_sql']:9.0f}")
    print(f"\n{'uploads':36} {'plain ms':>9} {'ours ms':>9} {'ours/plain':>22}")
    for row in large:
        times = f"{row['plain_ms']:9.1f} {row['ours_ms']:9.1f}"
        print(f"{row['what']:36} {times} {format_ratio(row, 'ours', 'seconds'):>22}")
    out = ROOT / "artifacts" / "bench" / f"guard-{ckan.__version__}.json"
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(json.dumps(small + large, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--worker"]:
        worker(sys.argv[2], sys.argv[3])
    else:
        main()
