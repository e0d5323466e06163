#!/usr/bin/env python3
"""What the plugin adds to the portal: to a save without an OC4IDS file, to its pages, to an upload.

Two processes run the same requests in turn, in one run, over the same database, Solr and Redis:
``plain`` is CKAN with scheming and activity, ``ours`` the same with ``cost_oc4ids``. Reported are
medians, the median of the ratios taken pair by pair, and the number of SQL statements of each.

Run by ``make bench BENCH=door``, which sets ``CKAN_INI`` to the configuration of an instance.
"""

from __future__ import annotations

import configparser
import io
import json
import os
import platform
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

PLUGINS = {"plain": "scheming_datasets activity", "ours": "cost_oc4ids scheming_datasets activity"}
CONFORMS_TO = (
    "https://standard.open-contracting.org/infrastructure/schema/0__9__5/project-package-schema.json"
)
ROUNDS = 60
WARM_UP = 5
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
        self.statements, began = 0, time.perf_counter()
        yield
        into["seconds"], into["statements"] = time.perf_counter() - began, self.statements

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
        "tidy": portal.tidy,
    }
    for line in sys.stdin:
        order, *arguments = json.loads(line)
        print(json.dumps(orders[order](*arguments)), file=answers, flush=True)


# -- the two side by side ------------------------------------------------------------------------------------


class Peer:
    """One of the two portals, seen from the process that compares them."""

    def __init__(self, tag: str, folder: Path) -> None:
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
        schemas = {
            "plain": "ckanext.scheming:ckan_dataset.yaml",
            "ours": f"ckanext.scheming:ckan_dataset.yaml {own}",
        }
        parser.set("app:main", "scheming.dataset_schemas", schemas[tag])
        ini = folder / f"{tag}.ini"
        with ini.open("w", encoding="utf-8") as out:
            parser.write(out)
        self.process = subprocess.Popen(
            [sys.executable, __file__, "--worker", str(ini), tag],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
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


def compare(
    title: str, peers: dict[str, Peer], orders: dict[str, list[Any]], rounds: int, warm_up: int
) -> dict[str, Any]:
    """Ask both in turn ``rounds`` times and sum up; the first ``warm_up`` pairs are not counted."""
    taken: dict[str, list[dict[str, float]]] = {tag: [] for tag in peers}
    for number in range(warm_up + rounds):
        for tag in sorted(peers, reverse=bool(number % 2)):
            cost = peers[tag].ask(*[number if part == "NUMBER" else part for part in orders[tag]])
            if number >= warm_up:
                taken[tag].append(cost)
    seconds = {tag: [cost["seconds"] for cost in costs] for tag, costs in taken.items()}
    return {
        "what": title,
        "plain_ms": 1000 * statistics.median(seconds["plain"]),
        "ours_ms": 1000 * statistics.median(seconds["ours"]),
        "ratio": statistics.median(b / a for a, b in zip(seconds["plain"], seconds["ours"], strict=True)),
        "plain_sql": statistics.median(cost["statements"] for cost in taken["plain"]),
        "ours_sql": statistics.median(cost["statements"] for cost in taken["ours"]),
        "rounds": rounds,
    }


def both(*order: Any) -> dict[str, list[Any]]:
    return {"plain": list(order), "ours": list(order)}


def files(folder: Path) -> dict[int, Path]:
    """Packages of as many projects as :data:`UPLOADS` says, about 34 kB a project."""
    from support import generate

    made = {}
    for count, _ in UPLOADS:
        made[count] = folder / f"{count}.json"
        with made[count].open("wb") as out:
            generate.write(out, generate.projects(count, "large", seed=count))
    return made


def main() -> None:
    """Measure, print a table, and write the figures to ``artifacts/bench/door.json``."""
    import ckan

    rows: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        peers = {tag: Peer(tag, folder) for tag in PLUGINS}
        rows.append(compare("save a dataset without OC4IDS", peers, both("save", "NUMBER"), ROUNDS, WARM_UP))
        for path in ("/dataset/DATASET", "/dataset/", "/organization/", "/"):
            rows.append(compare(f"page {path}", peers, both("page", path), ROUNDS, WARM_UP))
        for (count, rounds), file in zip(UPLOADS, files(folder).values(), strict=True):
            size = file.stat().st_size / 1e6
            orders = {"plain": ["upload", str(file), False], "ours": ["upload", str(file), True]}
            rows.append(compare(f"upload {count} projects ({size:.1f} MB)", peers, orders, rounds, 1))
        for peer in peers.values():
            peer.close()
    machine = f"{os.cpu_count()} cores, {platform.machine()}"
    print(f"\nCKAN {ckan.__version__}, Python {platform.python_version()}, {machine}\n")
    print(f"{'what':44} {'plain ms':>10} {'ours ms':>10} {'ratio':>7} {'SQL plain':>10} {'SQL ours':>9}")
    for row in rows:
        print(
            f"{row['what']:44} {row['plain_ms']:10.1f} {row['ours_ms']:10.1f} {row['ratio']:7.3f}"
            f" {row['plain_sql']:10.0f} {row['ours_sql']:9.0f}"
        )
    out = ROOT / "artifacts" / "bench" / f"door-{ckan.__version__}.json"
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--worker"]:
        worker(sys.argv[2], sys.argv[3])
    else:
        main()
