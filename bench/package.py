#!/usr/bin/env python3
"""The bulk package over HTTP beside ``COPY … TO STDOUT`` of the same rows, in turns, in one run.

Reported: the first byte of the body, the whole, megabytes a second, and the web process's peak
memory before and after. Target: first byte under 0.2 s at 10 000 projects, memory flat, at
least 50 MB/s or within twice the time of COPY.

    CKAN_INI=… python bench/package.py [--projects 10000] [--size large] [--rounds 5] [--json FILE]

``make bench BENCH=package`` sets ``CKAN_INI`` to the configuration of an instance.
"""

from __future__ import annotations

import argparse
import configparser
import contextlib
import http.client
import os
import platform
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from _registry import ROOT, Filled, ckan_app, filled, save

FIRST_BYTE_SECONDS = 0.2
MEGABYTES_A_SECOND = 50
TIMES_COPY = 2
#: growth of the web process's peak memory that still counts as flat, in megabytes
FLAT = 16
READ = 1 << 20


class Sink:
    """Counts bytes and forgets them."""

    def __init__(self) -> None:
        self.size = 0

    def write(self, data: bytes) -> int:
        """Take ``data``."""
        self.size += len(data)
        return len(data)


def served_ini(source: str, port: int, folder: Path) -> Path:
    """A copy of the configuration with its own address, not in testing mode."""
    parser = configparser.RawConfigParser()
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read(source, encoding="utf-8")
    parser.set("app:main", "ckan.site_url", f"http://127.0.0.1:{port}")
    parser.set("app:main", "testing", "false")
    target = folder / "ckan.ini"
    with target.open("w", encoding="utf-8") as out:
        parser.write(out)
    return target


@contextlib.contextmanager
def served(ini: str) -> Iterator[tuple[int, int]]:
    """The portal by gunicorn, one worker; yields its port and the worker's process id."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    with tempfile.TemporaryDirectory() as folder:
        copied = served_ini(ini, port, Path(folder))
        command = [Path(sys.executable).parent / "gunicorn", "--workers", "1", "--bind", f"127.0.0.1:{port}",
                   "--timeout", "600", "--log-level", "warning",
                   "--chdir", ROOT / "dev", "wsgi:application"]  # fmt: skip
        process = subprocess.Popen(
            [str(word) for word in command], env={**os.environ, "CKAN_INI": str(copied)}
        )
        try:
            until = time.monotonic() + 90
            while time.monotonic() < until:
                with contextlib.suppress(OSError):
                    fetch(port, "HEAD")
                    break
                time.sleep(0.3)
            children = (
                Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text(encoding="ascii").split()
            )
            yield port, int(children[0])
        finally:
            process.terminate()
            process.wait(30)


def fetch(port: int, method: str = "GET", gzip: bool = False) -> dict[str, float]:
    """One request: seconds to the first byte of the body and to the last, bytes."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=600)
    began = time.perf_counter()
    connection.request(method, "/oc4ids/projects.json", headers={"Accept-Encoding": "gzip"} if gzip else {})
    answer = connection.getresponse()
    if answer.status not in (200, 404):
        raise RuntimeError(f"{answer.status} {answer.read()[:500]!r}")
    first = answer.read(1)
    first_byte, size = time.perf_counter() - began, len(first)
    while data := answer.read(READ):
        size += len(data)
    whole = time.perf_counter() - began
    connection.close()
    return {"first_byte": first_byte, "seconds": whole, "bytes": size}


def unchanged(port: int) -> float:
    """Seconds of asking again for what one has."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=600)
    connection.request("HEAD", "/oc4ids/projects.json")
    answer = connection.getresponse()
    answer.read()
    tag = answer.headers["ETag"]
    began = time.perf_counter()
    connection.request("GET", "/oc4ids/projects.json", headers={"If-None-Match": tag})
    answer = connection.getresponse()
    answer.read()
    seconds = time.perf_counter() - began
    if answer.status != 304:
        raise RuntimeError(f"expected 304, not {answer.status}")
    connection.close()
    return seconds


def copy() -> dict[str, float]:
    """PostgreSQL's own way to hand out the same rows in the same order."""
    from ckan import model

    query = (
        "COPY (SELECT v.body FROM oc4ids_project p JOIN oc4ids_project_version v ON v.id = p.version_id"
        ' ORDER BY p.project_id COLLATE "C") TO STDOUT'
    )
    sink = Sink()
    raw = model.meta.engine.raw_connection()
    try:
        began = time.perf_counter()
        raw.cursor().copy_expert(query, sink)
        return {"seconds": time.perf_counter() - began, "bytes": sink.size}
    finally:
        raw.close()


def peak_megabytes(pid: int) -> float:
    """The process's peak resident memory."""
    for line in Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines():
        if line.startswith("VmHWM"):
            return int(line.split()[1]) / 1024
    return float("nan")


def measure(port: int, worker: int, rounds: int) -> dict[str, Any]:
    """In turns: package, COPY, package with gzip, an unchanged package."""
    runs: dict[str, list[dict[str, float]]] = {"package": [], "copy": [], "gzip": []}
    again: list[float] = []
    peaks = [peak_megabytes(worker)]
    for number in range(rounds):
        runs["package"].append(fetch(port))
        peaks.append(peak_megabytes(worker))
        runs["copy"].append(copy())
        if number < 2:
            runs["gzip"].append(fetch(port, gzip=True))
        again.append(unchanged(port))
    return {"runs": runs, "unchanged": again, "peak_megabytes": peaks}


def report(fill: Filled, measured: dict[str, Any]) -> dict[str, Any]:
    """Medians, ratios and whether the targets are met."""
    runs = measured["runs"]

    def middle(name: str, what: str) -> float:
        return statistics.median(run[what] for run in runs[name])

    ratios = [
        ours["seconds"] / theirs["seconds"]
        for ours, theirs in zip(runs["package"], runs["copy"], strict=True)
    ]
    speed = middle("package", "bytes") / 1e6 / middle("package", "seconds")
    peaks = measured["peak_megabytes"]
    # the first answer loads code and makes pools; what counts is growth from there
    growth = peaks[-1] - peaks[0]
    first, slowest = middle("package", "first_byte"), max(run["first_byte"] for run in runs["package"])
    print(f"\n{fill.projects} projects, {fill.megabytes:.0f} MB; stored in {fill.seconds_storing:.1f} s")
    print(f"{'':34}{'first byte':>12}{'whole':>10}{'MB/s':>8}")
    for name, title in (
        ("package", "/oc4ids/projects.json"),
        ("copy", "COPY … TO STDOUT"),
        ("gzip", "… with gzip"),
    ):
        first_byte = f"{middle(name, 'first_byte'):.3f} s" if name != "copy" else ""
        size = middle("package" if name == "gzip" else name, "bytes")  # of gzip what it unpacks to
        rate = size / 1e6 / middle(name, "seconds")
        print(f"{title:34}{first_byte:>12}{middle(name, 'seconds'):>8.2f} s{rate:>8.0f}")
    print(f"{'… unchanged (304)':34}{'':>12}{statistics.median(measured['unchanged']):>8.3f} s")
    print(
        f"slowest first byte {slowest:.3f} s; time of COPY × {statistics.median(ratios):.2f}; "
        f"peak memory {peaks[0]:.0f} → {peaks[-1]:.0f} MB"
    )
    targets = {
        "first byte": first < FIRST_BYTE_SECONDS,
        "speed": speed >= MEGABYTES_A_SECOND or statistics.median(ratios) <= TIMES_COPY,
        "memory": growth <= FLAT,
    }
    print("targets: " + ", ".join(f"{name} {'met' if met else 'MISSED'}" for name, met in targets.items()))
    return {
        "projects": fill.projects,
        "megabytes": fill.megabytes,
        "seconds_storing": fill.seconds_storing,
        "megabytes_a_second": speed,
        "times_copy": statistics.median(ratios),
        "first_byte": first,
        "slowest_first_byte": slowest,
        "peak_growth_megabytes": growth,
        "targets": targets,
        "machine": {
            "cpus": os.cpu_count(),
            "platform": platform.platform(),
            "python": platform.python_version(),
        },
        **measured,
    }


def main() -> int:
    """Fill, serve, measure, tidy up; 0 when every target is met."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--projects", type=int, default=10_000)
    parser.add_argument("--size", default="large")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json")
    arguments = parser.parse_args()
    ini = os.environ["CKAN_INI"]
    app = ckan_app(ini)
    with (
        app._wsgi_app.test_request_context("/"),
        filled(arguments.projects, arguments.size) as fill,
        served(ini) as (port, worker),
    ):
        results = report(fill, measure(port, worker, arguments.rounds))
    save(results, arguments.json)
    return 0 if all(results["targets"].values()) else 1


if __name__ == "__main__":
    sys.exit(main())
