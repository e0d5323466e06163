"""A portal under steady use for some minutes: ``make soak MINUTES=10``.

Serves the instance of ``CKAN_INI`` with two web processes and a worker, and lets several people use
it at once: they publish, replace, are refused, hide, delete, search and read. The run fails on an
answer of 500 or above, on a connection that breaks, on memory that keeps growing, on files that
belong to no resource, on projects whose resource is gone, and on jobs that are left over.
"""

from __future__ import annotations

import argparse
import collections
import configparser
import json
import os
import random
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

import requests

ROOT = Path(__file__).resolve().parents[1]
SAMPLES = sorted((ROOT / "dev" / "sample" / "buenos").glob("*.json"))
BROKEN = sorted((ROOT / "dev" / "sample" / "con_errores").glob("*.json"))
PACKAGE_URI = (
    "https://standard.open-contracting.org/infrastructure/schema/0__9__5/project-package-schema.json"
)
PEOPLE = 4
#: Growth of the web processes' memory, from the second quarter to the last, that counts as a leak.
GROWTH = 1.25
TIMEOUT = 120


class Portal:
    """The served instance and what it answers."""

    def __init__(self, ini: Path, folder: Path) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        self.url = f"http://127.0.0.1:{port}"
        self.ini = folder / "ckan.ini"
        self.log = folder / "portal.log"
        self.storage = self._write_ini(ini)
        programs = Path(sys.executable).parent
        gunicorn = [
            programs / "gunicorn", "--workers", "2", "--bind", f"127.0.0.1:{port}",
            "--timeout", "180", "--chdir", ROOT / "dev", "wsgi:application",
        ]  # fmt: skip
        worker = [programs / "ckan", "-c", self.ini, "jobs", "worker", "default", "cost_oc4ids", "ogp_plan"]
        self.processes = [self._start(gunicorn), self._start(worker)]

    def _write_ini(self, ini: Path) -> Path:
        parser = configparser.RawConfigParser()
        parser.optionxform = str  # type: ignore[assignment,method-assign]
        parser.read(ini, encoding="utf-8")
        parser.set("app:main", "testing", "false")
        parser.set("app:main", "ckan.site_url", self.url)
        with self.ini.open("w", encoding="utf-8") as out:
            parser.write(out)
        return Path(parser.get("app:main", "ckan.storage_path"))

    def _start(self, command: list[Any]) -> subprocess.Popen[bytes]:
        with self.log.open("ab") as out:
            return subprocess.Popen(
                [str(word) for word in command],
                env={**os.environ, "CKAN_INI": str(self.ini)},
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
            )

    def wait(self) -> None:
        """Wait until the portal answers."""
        for _ in range(300):
            try:
                requests.get(f"{self.url}/api/3/action/status_show", timeout=60)
                return
            except requests.RequestException:
                time.sleep(0.3)
        raise SystemExit(f"the portal does not answer:\n{self.log.read_text()[-3000:]}")

    def memory(self) -> int:
        """Return the resident bytes of all its processes."""
        total = 0
        for process in self.processes:
            children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
            for pid in [str(process.pid), *children]:
                try:
                    total += int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf(
                        "SC_PAGESIZE"
                    )
                except OSError:
                    continue
        return total

    def program(self, text: str) -> str:
        """Run a program beside the portal, with its application loaded; return what it prints."""
        head = (
            "import json, ckan.model as model, ckan.plugins.toolkit as tk\n"
            "from ckan.cli import CKANConfigLoader\nfrom ckan.config.middleware import make_app\n"
            f"app = make_app(CKANConfigLoader({str(self.ini)!r}).get_config())\n"
        )
        done = subprocess.run(
            [sys.executable, "-c", head + text], capture_output=True, text=True, check=False
        )
        if done.returncode != 0:
            raise SystemExit(done.stderr[-4000:])
        return done.stdout.strip().splitlines()[-1]

    def stop(self) -> None:
        """End its processes."""
        for process in reversed(self.processes):
            process.terminate()
        for process in self.processes:
            process.wait(timeout=60)


class RequestLog:
    """What happened, counted by all threads."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.seconds: dict[str, list[float]] = collections.defaultdict(list)
        self.answers: collections.Counter[tuple[str, int]] = collections.Counter()
        self.trouble: list[str] = []

    def note(self, what: str, status: int, seconds: float, text: str) -> None:
        """Count one answer; keep the text of one that must not be."""
        with self.lock:
            self.seconds[what].append(seconds)
            self.answers[what, status] += 1
            if status >= 500 or status == 0:
                self.trouble.append(f"{what}: {status}: {text[:300]}")


class Person(threading.Thread):
    """An editor of one organismo who uses the portal without a pause."""

    def __init__(
        self, number: int, portal: Portal, request_log: RequestLog, who: dict[str, str], until: float
    ) -> None:
        super().__init__(daemon=True)
        self.number, self.portal, self.request_log, self.who, self.until = (
            number,
            portal,
            request_log,
            who,
            until,
        )
        self.random = random.Random(number)  # noqa: S311 - a repeatable run, not a secret
        self.session = requests.Session()
        self.rounds = 0

    def ask(self, what: str, method: str, path: str, signed: bool = True, **more: Any) -> Any:
        """Ask the portal for something; return the answer, or None when the connection broke."""
        headers = {"Authorization": self.who["token"]} if signed else {}
        began = time.monotonic()
        try:
            answer = self.session.request(
                method, self.portal.url + path, headers=headers, timeout=TIMEOUT, **more
            )
        except requests.RequestException as error:
            self.request_log.note(what, 0, time.monotonic() - began, repr(error))
            return None
        self.request_log.note(what, answer.status_code, time.monotonic() - began, answer.text)
        return answer

    def action(self, action: str, data: dict[str, Any], content: bytes | None = None, what: str = "") -> Any:
        """Call an action of the API; return its result, or None when it was refused."""
        path = f"/api/3/action/{action}"
        if content is None:
            answer = self.ask(what or action, "POST", path, json=data)
        else:
            files = {"upload": ("proyectos.json", content, "application/json")}
            answer = self.ask(what or action, "POST", path, data=data, files=files)
        if answer is None or answer.status_code != requests.codes.ok:
            return None
        return answer.json()["result"]

    def content(self) -> bytes:
        """Return a good file whose project ids are this person's own."""
        text = self.random.choice(SAMPLES).read_text(encoding="utf-8")
        return text.replace("oc4ids-demo01-", f"oc4ids-demo01-p{self.number}r{self.rounds % 5}-").encode()

    def run(self) -> None:
        """Do one round of work after another until time is up."""
        while time.monotonic() < self.until:
            self.rounds += 1
            self.round()

    def round(self) -> None:
        """Publish, be refused, correct, read, hide, delete."""
        name = f"soak-{self.number}-{self.rounds}"
        dataset = self.action(
            "package_create",
            {"name": name, "title": f"Obras {name}", "notes": "Prueba", "type": "oc4ids",
             "license_id": "cc-by", "owner_org": self.who["organization"]},
        )  # fmt: skip
        if dataset is None:
            return
        row = {"package_id": dataset["id"], "name": "Proyectos", "format": "JSON", "conforms_to": PACKAGE_URI}
        self.action("resource_create", row, self.random.choice(BROKEN).read_bytes(), "upload a broken file")
        resource = self.action("resource_create", row, self.content(), "upload a good file")
        if resource is not None:
            again = {**row, "id": resource["id"]}
            self.action("resource_update", again, self.content(), "replace the file")
            self.action(
                "resource_update", again, self.random.choice(BROKEN).read_bytes(), "replace by a broken file"
            )
            self.action("oc4ids_report_show", {"resource_id": resource["id"]})
            self.ask("report page", "GET", f"/dataset/{name}/oc4ids/{resource['id']}")
        self.ask("dataset page", "GET", f"/dataset/{name}")
        self.ask("projects page", "GET", "/infraestructura?q=parque", signed=False)
        self.ask("bulk package", "GET", "/oc4ids/projects.json", signed=False)
        found = self.ask("search", "GET", "/api/3/action/oc4ids_project_search?limit=1", signed=False)
        if found is not None and found.status_code == requests.codes.ok:
            for project in found.json()["result"].get("results", []):
                self.ask("project page", "GET", f"/infraestructura/{project['id']}", signed=False)
        self.ask("validator page", "GET", "/oc4ids/validar", signed=False)
        self.action("package_patch", {"id": dataset["id"], "private": True})
        self.action("package_delete", {"id": dataset["id"]})


SET_UP = """
with app._wsgi_app.test_request_context():
    by = {"ignore_auth": True, "user": tk.get_action("get_site_user")({"ignore_auth": True}, {})["name"]}
    people = []
    for number in range(COUNT):
        name = f"soak-editor-{number}"
        if model.User.get(name) is None:
            details = {"name": name, "email": f"{name}@example.org", "password": "x" * 20}
            tk.get_action("user_create")(dict(by), details)
        if model.Group.get(f"soak-organismo-{number}") is None:
            tk.get_action("organization_create")(dict(by), {"name": f"soak-organismo-{number}"})
        org = model.Group.get(f"soak-organismo-{number}")
        member = {"id": org.id, "username": name, "role": "editor"}
        tk.get_action("organization_member_create")(dict(by), member)
        token = tk.get_action("api_token_create")(dict(by), {"user": name, "name": "soak"})["token"]
        people.append({"token": token, "organization": org.id})
    print(json.dumps(people))
"""

LOOK_AFTER = """
import sqlalchemy as sa
from ckan.lib.jobs import get_queue
rows = model.Session.query(model.Resource.id, model.Resource.url_type).all()
sql = '''SELECT count(*) FROM oc4ids_project p
         LEFT JOIN resource r ON r.id = p.resource_id AND r.state = 'active' WHERE r.id IS NULL'''
print(json.dumps({
    "resources": [row[0] for row in rows],
    "projects_without_resource": model.Session.execute(sa.text(sql)).scalar(),
    "jobs": sum(get_queue(name).count for name in ("default", "cost_oc4ids")),
}))
"""


def orphans(storage: Path, resources: set[str]) -> list[str]:
    """Return the files of the resource storage that no row of the database stands for."""
    folder = storage / "resources"
    found = []
    for path in folder.rglob("*"):
        if path.is_file():
            parts = path.relative_to(folder).parts
            if "".join(parts) not in resources and not any(part in resources for part in parts):
                found.append(str(path))
    return found


def watch(portal: Portal, people: list[Person], until: float) -> list[int]:
    """Sample the portal's memory until everybody is done, saying how it goes."""
    samples: list[int] = []
    printed_at = 0.0
    while any(person.is_alive() for person in people):
        time.sleep(2)
        samples.append(portal.memory())
        if time.monotonic() - printed_at > 30:
            printed_at = time.monotonic()
            rounds = sum(person.rounds for person in people)
            print(
                f"  {max(0, until - printed_at):.0f} s left, {rounds} rounds, {samples[-1] >> 20} MB",
                flush=True,
            )
    return samples


def check_run(portal: Portal, request_log: RequestLog, samples: list[int]) -> list[str]:
    """Return what is wrong after the run."""
    wrong = (
        [f"{len(request_log.trouble)} bad answers, such as {request_log.trouble[0]}"]
        if request_log.trouble
        else []
    )
    quarter = len(samples) // 4
    if quarter >= 5:
        before = statistics.median(samples[quarter : 2 * quarter])
        after = statistics.median(samples[-quarter:])
        print(f"  memory: {before / 1e6:.0f} MB, at the end {after / 1e6:.0f} MB")
        if after > before * GROWTH:
            wrong.append(f"memory grew from {before / 1e6:.0f} to {after / 1e6:.0f} MB")
    for _ in range(60):
        left = json.loads(portal.program(LOOK_AFTER))
        if not left["jobs"]:
            break
        time.sleep(2)
    else:
        wrong.append(f"{left['jobs']} jobs left over")
    if left["projects_without_resource"]:
        wrong.append(f"{left['projects_without_resource']} projects of resources that are gone")
    lost = orphans(portal.storage, set(left["resources"]))
    if lost:
        wrong.append(f"{len(lost)} files of no resource, such as {lost[0]}")
    if not any(
        status == requests.codes.ok for (what, status) in request_log.answers if what == "upload a good file"
    ):
        wrong.append("no good file was ever accepted: the run proves nothing")
    return wrong


def main() -> int:
    """Run the soak; print figures and what is wrong."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--minutes", type=float, default=10)
    arguments = parser.parse_args()
    request_log = RequestLog()
    with tempfile.TemporaryDirectory(prefix="oc4ids-soak-") as folder:
        portal = Portal(Path(os.environ["CKAN_INI"]), Path(folder))
        try:
            portal.wait()
            people_data = json.loads(portal.program(SET_UP.replace("COUNT", str(PEOPLE))))
            until = time.monotonic() + arguments.minutes * 60
            people = [Person(n, portal, request_log, who, until) for n, who in enumerate(people_data)]
            for person in people:
                person.start()
            samples = watch(portal, people, until)
            wrong = check_run(portal, request_log, samples)
        finally:
            portal.stop()
    for what, seconds in sorted(request_log.seconds.items()):
        answers = {
            status: count for (name, status), count in sorted(request_log.answers.items()) if name == what
        }
        median, worst = statistics.median(seconds), max(seconds)
        times = f"median {median * 1000:6.0f} ms  worst {worst * 1000:6.0f} ms"
        print(f"  {what:26} {len(seconds):6} {times}  {answers}")
    for line in wrong:
        print(f"  ✗ {line}")
    print("  soak: " + ("FAILED" if wrong else "passed"))
    return int(bool(wrong))


if __name__ == "__main__":
    sys.exit(main())
