"""Running the tests: sessions of pytest one after another, each on workers with instances of their own.

A *session* is one run of pytest with its folders, its options and its workers. Worker ``gwN`` of a session
that needs CKAN has the instance ``<name>_N`` to itself: database, Solr core, Redis number, storage and
configuration.
"""

from __future__ import annotations

import json
import os
import random
import resource
import shutil
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from . import instances
from .places import NODE_MODULES, ROOT, RUN, environment, venv
from .steps import StepFailed, fail, say

#: More than this many workers were never measured: the tests are made to fit two processors.
MOST_WORKERS = 2
SEEDS = 2**31


@dataclass(frozen=True)
class Session:
    """One run of pytest.

    ``folders``: what it runs. ``needs_ckan``: whether its workers need instances.
    ``distribution``: how xdist shares the tests out (``--dist``).
    """

    name: str
    folders: tuple[str, ...]
    needs_ckan: bool = True
    distribution: str = "loadfile"


SESSIONS = (
    Session("pure", ("tests/unit", "tests/conformance"), needs_ckan=False, distribution="worksteal"),
    Session("integration", ("tests/integration",)),
    Session("browser", ("tests/browser",)),
    Session("portal", ("tests/portal",)),
)
#: The sessions of ``make test`` and of ``make test-portal``.
TEST = ("pure", "integration", "browser")
PORTAL = ("portal",)


def workers() -> int:
    """Return the number of workers: ``JOBS`` in the environment, or the processors, at most two."""
    configured = os.environ.get("JOBS")
    if configured:
        if not configured.isdigit() or int(configured) < 1:
            fail(f"JOBS={configured} is not a number of workers.")
        return int(configured)
    return min(MOST_WORKERS, os.cpu_count() or 1)


def worker_instances(base: instances.Instance, jobs: int) -> list[instances.Instance]:
    """Return the instances of ``jobs`` workers, in the order of the workers."""
    return [instances.get(f"{base.name}_{number}", base.release) for number in range(jobs)]


def select(tests: list[str], names: tuple[str, ...]) -> list[tuple[Session, list[str]]]:
    """Return the sessions to be run with what each runs.

    :param tests: paths (with ``::`` and what follows, if any) below the checkout; empty or ``tests``: all.
    :param names: the sessions that "all" means.
    """
    whole = [(session, list(session.folders)) for session in SESSIONS if session.name in names]
    if all(path.rstrip("/") in ("", "tests", ".") for path in tests):
        return whole
    chosen: dict[str, list[str]] = {}
    for path in tests:
        chosen.setdefault(_session_of(path).name, []).append(path)
    return [(session, chosen[session.name]) for session in SESSIONS if session.name in chosen]


def _session_of(path: str) -> Session:
    place = Path(os.path.normpath(path.split("::", maxsplit=1)[0]))
    if place.is_absolute():
        place = place.relative_to(ROOT)
    for session in SESSIONS:
        if any(place.is_relative_to(folder) for folder in session.folders):
            return session
    known = " ".join(folder for session in SESSIONS for folder in session.folders)
    raise StepFailed(f"TESTS={path} is in none of the folders of tests: {known}")


def _jobs_for(paths: list[str], jobs: int) -> int:
    """Return how many workers are of use: no more than files."""
    if any((ROOT / path).is_dir() for path in paths):
        return jobs
    return min(jobs, len({path.split("::")[0] for path in paths}))


def prepare(base: instances.Instance, chosen: list[tuple[Session, list[str]]], jobs: int) -> None:
    """Prepare the instances of the workers, when one of the sessions needs CKAN."""
    if any(session.needs_ckan for session, _paths in chosen):
        for instance in worker_instances(base, jobs):
            instances.prepare(instance, keep=False)


def run(
    base: instances.Instance,
    chosen: list[tuple[Session, list[str]]],
    jobs: int,
    arguments: list[str],
    variables: dict[str, str] | None = None,
) -> int:
    """Run the sessions one after another; return 0 when every one of them passed.

    :param chosen: what :func:`select` gave.
    :param arguments: further ones for pytest.
    :param variables: of the environment, beside those of :func:`test_environment`.

    A session that collects no test ends with pytest's code 5, and is a failure like any other.
    """
    seed = _seed(arguments)
    if seed is not None:
        arguments = [*arguments, f"--randomly-seed={seed}"]
    results = {}
    for session, paths in chosen:
        results[session.name] = _run_session(
            base, session, paths, _jobs_for(paths, jobs), arguments, variables or {}
        )
    failed = [name for name, code in results.items() if code]
    if seed is not None:
        say(f"  order: repeat it with ARGS=--randomly-seed={seed}")
    say(f"  test: {'FAILED: ' + ' '.join(failed) if failed else 'passed: ' + ' '.join(results)}")
    return int(bool(failed))


def _seed(arguments: list[str]) -> int | None:
    """Return a seed for the order of tests, unless the arguments name one or switch it off."""
    if any("randomly" in word for word in arguments):
        return None
    return random.randrange(SEEDS)  # noqa: S311 - an order of tests


def _run_session(
    base: instances.Instance,
    session: Session,
    paths: list[str],
    jobs: int,
    arguments: list[str],
    variables: dict[str, str],
) -> int:
    """Run one session in the foreground and note what it took; return pytest's exit code."""
    folder = results_folder(base.release)
    folder.mkdir(parents=True, exist_ok=True)
    report = folder / f"{session.name}.xml"
    report.unlink(missing_ok=True)
    options = ["-p", "no:cacheprovider", f"--junitxml={report}", "-o", "junit_duration_report=total"]
    env = test_environment() | variables
    if jobs > 1:
        # A worker that crashes ends the session: another in its place would have no instance.
        options += ["-n", str(jobs), "--dist", session.distribution, "--max-worker-restart=0"]
    if session.needs_ckan:
        own = worker_instances(base, jobs)
        for instance in own:
            instances.sweep(instance)
        options.append(f"--ckan-ini={own[0].ini}")
        env["OC4IDS_TEST_INIS"] = os.pathsep.join(str(instance.ini) for instance in own)
    else:
        options += ["-p", "no:ckan", "-p", "no:ckan_fixtures"]
    command = [str(base.bin / "python"), "-m", "pytest", *options, *paths, *arguments]
    say(f"  … {session.name}: {' '.join(command)}")
    began, before = time.monotonic(), resource.getrusage(resource.RUSAGE_CHILDREN)
    code = subprocess.run(command, cwd=ROOT, env=env, check=False).returncode
    wall, after = time.monotonic() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    processor = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    took = {"wall": round(wall, 1), "processor": round(processor, 1), "jobs": jobs, "code": code}
    (folder / f"{session.name}.json").write_text(json.dumps(took))
    say(f"  {'✗' if code else '✓'} {session.name}: {wall:.1f} s, {processor:.1f} s of processor")
    return code


def results_folder(release: str) -> Path:
    """Return the folder of what the last run of each session of a release took."""
    return RUN / "results" / release


def test_environment() -> dict[str, str]:
    """Return the environment that tests get: where the tools are that are not CKAN's."""
    return {
        **environment(),
        "OC4IDS_TOOLS_PYTHON": str(venv("tools") / "bin" / "python"),
        "OC4IDS_CHROMIUM": shutil.which("chromium-headless-shell") or "/usr/bin/chromium-headless-shell",
        "OC4IDS_AXE": str(NODE_MODULES / "axe-core" / "axe.min.js"),
    }
