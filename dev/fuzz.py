"""The long run of the differential tests: ``make fuzz``, or ``python dev/fuzz.py --count 5000``.

Packages are mutated at random and validated by libcoveoc4ids and by us; files are mangled byte by byte and
validated by us alone. Whatever differs without being written in ``tests/conformance/differences.yaml``,
whatever ends in an exception and whatever takes too long is printed with its seed, and the run fails. The
same seeds give the same files.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

from support import differential, fuzz, generate  # noqa: E402

from ckanext.cost_oc4ids.oc4ids import render  # noqa: E402
from ckanext.cost_oc4ids.oc4ids.validator import validate  # noqa: E402

#: seconds a file of some tens of kilobytes may take before it counts as slow
PATIENCE = 2.0


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--count", type=int, default=5000, help="packages to compare (5000)")
    parser.add_argument("--start", type=int, default=0, help="first seed (0)")
    parser.add_argument("--mangled", type=int, default=None, help="files to mangle (twice --count)")
    parser.add_argument("--keep-going", action="store_true", help="print every failure, not only twenty")
    return parser.parse_args()


class Run:
    """What happened so far."""

    def __init__(self, most: int) -> None:
        self.failures = 0
        self.most = most
        self.seen: Counter[str] = Counter()

    def fail(self, what: str) -> None:
        self.failures += 1
        if self.failures <= self.most:
            print(f"FAIL {what}", flush=True)


def compare(run: Run, reviewer: differential.Reviewer, seed: int) -> None:
    package = fuzz.fuzzed(seed)
    answer = reviewer.ask(package)
    if "crash" in answer:
        run.seen["libcoveoc4ids stopped"] += 1
        result = differential.ours(package)
        if result.report.valid:
            run.fail(f"seed {seed}: libcoveoc4ids stops ({answer['crash']}), we say valid")
        return
    compared = differential.compare(package, answer)
    run.seen.update(compared.explained)
    wrong = answer["errors"] or answer["closed"] or compared.refused
    run.seen["errors" if wrong else "valid to both"] += 1
    if compared.missed:
        run.fail(f"seed {seed}: only libcoveoc4ids reports {sorted(compared.missed)}")
    if compared.refused:
        run.fail(f"seed {seed}: only we refuse {sorted(compared.refused)}")


def survive(run: Run, seed: int) -> None:
    data = fuzz.mangled(seed)
    began = time.perf_counter()
    report = validate(data, differential.OPTIONS)
    took = time.perf_counter() - began
    render.as_json(report, "es")
    render.as_html(report, "es")
    run.seen[f"mangled: {'unreadable' if report.unreadable else 'read'}"] += 1
    if took > PATIENCE:
        run.fail(f"mangled {seed}: {took:.1f} s for {len(data)} bytes")
    if any(each.code == "package.check_failed" for each in report.findings):
        run.fail(f"mangled {seed}: a check broke")


def main() -> int:
    asked = arguments()
    python = os.environ.get("OC4IDS_TOOLS_PYTHON") or str(ROOT / ".venv" / "tools" / "bin" / "python")
    reference = Path(os.environ.get("OC4IDS_REFERENCE") or ROOT.parent / "shared" / "reference" / "oc4ids")
    run = Run(10**9 if asked.keep_going else 20)
    began = time.monotonic()
    if Path(python).exists() and reference.is_dir():
        with differential.Reviewer(python, reference) as reviewer:
            for seed in range(asked.start, asked.start + asked.count):
                try:
                    compare(run, reviewer, seed)
                except Exception as error:
                    run.fail(f"seed {seed}: {type(error).__name__}: {error}")
                if seed % 500 == 499:
                    print(f"{seed + 1 - asked.start} packages, {time.monotonic() - began:.0f} s", flush=True)
    else:
        print(f"not compared: {python} or {reference} is absent", flush=True)
    mangled = 2 * asked.count if asked.mangled is None else asked.mangled
    for seed in range(asked.start, asked.start + mangled):
        try:
            survive(run, seed)
        except Exception as error:
            run.fail(f"mangled {seed}: {type(error).__name__}: {error}")
    print(f"{time.monotonic() - began:.0f} s, as of {generate.NOW.date()}")
    for what, times in run.seen.most_common():
        print(f"{times:8} {what}")
    print(f"{run.failures} failures")
    return 1 if run.failures else 0


if __name__ == "__main__":
    raise SystemExit(main())
