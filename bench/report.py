"""The full report side by side: ours, libcoveoc4ids', and orjson with jsonschema-rs alone as the floor.

``python bench/report.py [--projects 1 100 1000] [--rounds 3] [--large 10000] [--json FILE]``

Whole processes, one after another in turn, so that a slow moment of the machine falls on all; each finds
its program and the file in memory. Medians of seconds by the clock and, in brackets, of the processor.
Ours shares a large file among the machine's cores, so the targets are measured by the clock; on a busy
machine look at ours in one process, and at the processor's seconds. The peak memory is that of the largest
process of each. Then the shapes that make careless validators quadratic, at growing sizes. libcoveoc4ids'
schema requests are answered from a folder, at no cost.
"""

from __future__ import annotations

import argparse
import datetime as dt
import importlib.metadata
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

from support import defects, generate  # noqa: E402

TOOLS = os.environ.get("OC4IDS_TOOLS_PYTHON") or str(ROOT / ".venv" / "tools" / "bin" / "python")
REFERENCE = Path(os.environ.get("OC4IDS_REFERENCE") or ROOT.parent / "shared" / "reference" / "oc4ids")
SCHEMAS = ROOT / "schemas" / "oc4ids" / "0.9.5"
#: seconds after which a process is given up
PATIENCE = 300.0
#: the portal's limit of projects in one file (``Options.max_projects``)
MOST_PROJECTS = 50_000
#: what is asked: times faster than libcoveoc4ids at 1 000 projects, times slower than the floor at most
FASTER_THAN_PEER, SLOWER_THAN_FLOOR = 40, 3
#: the same of untidy files: some 25 remarks a project
FASTER_UNTIDY, SLOWER_UNTIDY = 27, 1.7

PEERS = ("libcoveoc4ids", "libcove", "jsonschema", "orjson", "jsonschema-rs")
OURS, ALONE, PEER, FLOOR = "ours", "ours --jobs 1", "libcoveoc4ids 0.9.1", "orjson + jsonschema-rs"


@dataclass(frozen=True)
class Measure:
    """One process: wall and processor seconds, peak resident memory in MB; None where it was given up."""

    seconds: float | None
    processor: float
    megabytes: float


def commands(file: Path) -> dict[str, list[str]]:
    """Who is measured and how; those who are not installed are left out."""
    check = [sys.executable, "-m", "ckanext.cost_oc4ids.oc4ids", "check", str(file)]
    check += ["--format", "json", "--lang", "es"]
    found = {OURS: check, ALONE: [*check, "--jobs", "1"]}
    if Path(TOOLS).exists() and REFERENCE.is_dir():
        worker = ROOT / "tests" / "conformance" / "libcove_worker.py"
        found[PEER] = [TOOLS, str(worker), str(REFERENCE), "--report", str(file)]
    if Path(TOOLS).exists():
        floor = ROOT / "bench" / "floor.py"
        schemas = [str(SCHEMAS / name) for name in ("project-schema.json", "project-package-schema.json")]
        found[FLOOR] = [TOOLS, str(floor), *schemas, str(file)]
    return found


def warm(name: str, file: Path) -> None:
    """Have the program and the file in memory, for everybody alike.

    Some systems take back what nobody read for some seconds, and whoever came after the slowest would
    pay for reading both from the disk again.
    """
    small = file.with_name("small.json")
    small.write_bytes(generate.encode(generate.package(list(generate.projects(1, "small")))))
    run(commands(small)[name])
    with file.open("rb", buffering=0) as source:
        while source.read(1 << 20):
            pass


def run(command: list[str]) -> Measure:
    """Run one process to its end and measure it alone."""
    began = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, cwd=ROOT)
    while True:
        ended, status, usage = os.wait4(process.pid, os.WNOHANG)
        if ended:
            break
        if time.perf_counter() - began > PATIENCE:
            process.kill()
            _, _, usage = os.wait4(process.pid, 0)
            process.returncode = -9
            return Measure(None, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)
        time.sleep(0.002)
    seconds = time.perf_counter() - began
    process.returncode = os.waitstatus_to_exitcode(status)
    # 1 is a verdict: the file has errors
    if process.returncode not in (0, 1):
        assert process.stderr is not None
        raise RuntimeError(f"{command}: exit {process.returncode}\n{process.stderr.read().decode()[-2000:]}")
    return Measure(seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)


def side_by_side(file: Path, rounds: int, who: set[str] | None = None) -> dict[str, Measure]:
    """Everybody in turn, ``rounds`` times; medians of time, the largest memory."""
    measured: dict[str, list[Measure]] = {}
    for _ in range(rounds):
        for name, command in commands(file).items():
            if who is None or name in who:
                warm(name, file)
                measured.setdefault(name, []).append(run(command))
    return {
        name: Measure(
            statistics.median(each.seconds or 0 for each in found)
            if all(each.seconds is not None for each in found)
            else None,
            statistics.median(each.processor for each in found),
            max(each.megabytes for each in found),
        )
        for name, found in measured.items()
    }


def versions() -> dict[str, str]:
    found = {name: importlib.metadata.version(name) for name in ("jsonschema-rs", "msgspec")}
    if Path(TOOLS).exists():
        script = (
            f"import importlib.metadata as m, json; print(json.dumps({{n: m.version(n) for n in {PEERS!r}}}))"
        )
        peers = json.loads(subprocess.run([TOOLS, "-c", script], capture_output=True, check=True).stdout)
        found |= {f"{name} (peer)" if name in found else name: version for name, version in peers.items()}
    return found


def machine() -> str:
    processor = next(
        (line.split(":", 1)[1].strip() for line in _lines("/proc/cpuinfo") if line.startswith("model name")),
        platform.processor() or platform.machine(),
    )
    system = f"{platform.system()} {platform.release()}"
    return f"{os.cpu_count()} × {processor}, {system}, Python {platform.python_version()}"


def _lines(path: str) -> list[str]:
    try:
        return Path(path).read_text(encoding="utf-8").splitlines()
    except OSError:
        return []


Shape = Callable[[int], list[dict[str, Any]]]


def _one(**fields: Any) -> list[dict[str, Any]]:
    return [{"id": "oc4ids-zz9999-1", **fields}]


SHAPES: dict[str, Shape] = {
    "documents, one without id": lambda n: _one(
        documents=[{"id": str(i), "title": f"d{i}"} for i in range(n - 1)] + [{"title": "x"}]
    ),
    "classifications without id": lambda n: _one(
        additionalClassifications=[{"scheme": "sdg", "description": f"c{i}"} for i in range(n)]
    ),
    "minimal projects, one without id": lambda n: [
        *({"id": f"oc4ids-zz9999-{i}"} for i in range(n - 1)),
        {"title": "x"},
    ],
    "parties": lambda n: _one(parties=[{"id": str(i), "name": f"p{i}"} for i in range(n)]),
    "projects of unknown fields": lambda n: [
        {"id": f"oc4ids-zz9999-{i}", f"titel{i}": 1, "budgett": {}, f"docs{i}": 2} for i in range(n)
    ],
}


def sized(count: int) -> str:
    return f"{count:,}".replace(",", " ")


def format_measure(measure: Measure | None) -> str:
    if measure is None:
        return "—"
    if measure.seconds is None:
        return f"> {PATIENCE:.0f} s"
    return f"{measure.seconds:.2f} s ({measure.processor:.2f})"


def packages(folder: Path, asked: argparse.Namespace) -> list[dict[str, Any]]:
    rows = []
    files = [("clean", count) for count in [*asked.projects, *([asked.large] if asked.large else [])]]
    for kind, count in [*files, *(("untidy", count) for count in asked.projects)]:
        file = folder / f"projects-{count}.json"
        with file.open("wb") as out:
            generate.write(out, defects.spoiled(count) if kind == "clean" else defects.untidy(count))
        # a file of hundreds of megabytes takes the peer minutes: once is enough there
        large = kind == "clean" and count == asked.large
        found = side_by_side(file, 1 if large else asked.rounds, {OURS, ALONE, FLOOR} if large else None)
        rows.append(
            {"kind": kind, "projects": count, "megabytes": file.stat().st_size / 1e6, "measured": found}
        )
        displayed = ", ".join(
            f"{name} {format_measure(each)} ({each.megabytes:.0f} MB)" for name, each in found.items()
        )
        print(f"{sized(count):>7} {kind} projects, {rows[-1]['megabytes']:.1f} MB: {displayed}", flush=True)
        file.unlink()
    return rows


def shapes(folder: Path, asked: argparse.Namespace) -> list[dict[str, Any]]:
    rows = []
    for name, make in SHAPES.items():
        for count in asked.items:
            # no file has more projects than we read at all
            content = generate.encode(generate.package(make(count)[:MOST_PROJECTS]))
            file = folder / "shape.json"
            file.write_bytes(content)
            everybody = count <= asked.peer_items
            who = {OURS, PEER, FLOOR} if everybody else {OURS, FLOOR}
            found = side_by_side(file, 1 if everybody else asked.rounds, who)
            rows.append({"shape": name, "items": count, "megabytes": len(content) / 1e6, "measured": found})
            displayed = ", ".join(f"{who} {format_measure(each)}" for who, each in found.items())
            print(f"{name}, {sized(count)}, {len(content) / 1e6:.2f} MB: {displayed}", flush=True)
    return rows


def table(heads: list[str], rows: list[list[str]]) -> list[str]:
    """A table in Markdown."""
    return ["| " + " | ".join(cells) + " |" for cells in [heads, ["---"] * len(heads), *rows]]


def as_markdown(about: dict[str, Any]) -> str:
    """The tables of ``docs/rendimiento.md``."""
    versions = ", ".join(f"{name} {version}" for name, version in about["versions"].items())
    heads = [
        "proyectos",
        "archivo",
        "MB",
        "nuestro",
        "nuestro, un proceso",
        "libcoveoc4ids",
        "orjson + jsonschema-rs",
    ]
    heads += [
        "veces más rápido que libcoveoc4ids",
        "veces el piso",
        "memoria nuestra",
        "memoria de libcoveoc4ids",
    ]
    rows = []
    for row in about["packages"]:
        ours, alone, peer, floor = (row["measured"].get(name) for name in (OURS, ALONE, PEER, FLOOR))
        faster = f"{peer.seconds / ours.seconds:.1f}" if peer and peer.seconds else "—"
        slower = f"{ours.seconds / floor.seconds:.1f}" if floor and floor.seconds else "—"
        memory = [f"{each.megabytes:.0f} MB" if each else "—" for each in (ours, peer)]
        measured = [format_measure(each) for each in (ours, alone, peer, floor)]
        kind = {"clean": "en orden", "untidy": "descuidado"}[row["kind"]]
        rows.append(
            [sized(row["projects"]), kind, f"{row['megabytes']:.1f}", *measured, faster, slower, *memory]
        )
    lines = [f"{about['machine']}. {versions}. {about['when']}.", "", *table(heads, rows), ""]
    rows = []
    for row in about["shapes"]:
        measured = [format_measure(row["measured"].get(name)) for name in (OURS, PEER, FLOOR)]
        rows.append([row["shape"], sized(row["items"]), f"{row['megabytes']:.2f}", *measured])
    lines += table(["forma", "elementos", "MB", "nuestro", "libcoveoc4ids", "orjson + jsonschema-rs"], rows)
    return "\n".join(lines)


def target(met: bool, words: str) -> str:
    return f"{'met' if met else 'MISSED'}: {words}"


def compare_with_targets(about: dict[str, Any]) -> list[str]:
    """The targets, each met or missed; those whose peers are absent are left out."""
    words = []
    for row in about["packages"]:
        ours, peer, floor = (row["measured"].get(name) for name in (OURS, PEER, FLOOR))
        clean, at = row["kind"] == "clean", f"{sized(row['projects'])} {row['kind']} projects"
        faster, slower = (FASTER_THAN_PEER, SLOWER_THAN_FLOOR) if clean else (FASTER_UNTIDY, SLOWER_UNTIDY)
        if row["projects"] == 1000 and peer and peer.seconds:
            times = peer.seconds / ours.seconds
            words.append(target(times >= faster, f"{times:.1f} times faster than libcoveoc4ids at {at}"))
        if row["projects"] >= 1000 and floor and floor.seconds:
            times = ours.seconds / floor.seconds
            words.append(target(times <= slower, f"{times:.1f} times the floor at {at}"))
    sizes = {
        row["projects"]: row["measured"][OURS].megabytes
        for row in about["packages"]
        if row["kind"] == "clean"
    }
    if len(sizes) > 1:
        least, most = min(sizes), max(sizes)
        grown = sizes[most] - sizes[least]
        words.append(
            target(
                grown <= 64, f"{grown:.0f} MB more memory at {sized(most)} projects than at {sized(least)}"
            )
        )
    return words


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--projects", type=int, nargs="*", default=[1, 100, 1000])
    parser.add_argument("--large", type=int, default=10_000, help="one more size, without the peer (0: none)")
    parser.add_argument("--items", type=int, nargs="*", default=[1000, 2000, 4000, 16_000, 64_000])
    parser.add_argument("--peer-items", type=int, default=4000, help="most items the peer is asked about")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", type=Path, default=None, help="write the figures to this file")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        about: dict[str, Any] = {
            "machine": machine(),
            "versions": versions(),
            "when": dt.datetime.now(dt.timezone.utc).date().isoformat(),
            "rounds": asked.rounds,
            "packages": packages(folder, asked),
            "shapes": shapes(folder, asked),
        }
    about["targets"] = compare_with_targets(about)
    print("\n" + as_markdown(about) + "\n\n" + "\n".join(about["targets"]))
    if asked.json:
        figures = json.dumps(about, ensure_ascii=False, indent=2, default=vars)
        asked.json.write_text(figures + "\n", encoding="utf-8")
    return 0 if not any(each.startswith("MISSED") for each in about["targets"]) else 1


if __name__ == "__main__":
    raise SystemExit(main())
