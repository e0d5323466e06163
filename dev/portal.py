#!/usr/bin/env python3
"""Commands of this checkout: `make help` lists what it does. Needs Python 3.10 and nothing else."""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

from stack import checks, demo, install, instances, services, state, testing, timings, translations
from stack.places import CKAN_RELEASES
from stack.steps import StepFailed, say


def _instance(arguments: argparse.Namespace) -> instances.Instance:
    return instances.get(arguments.instance, arguments.ckan)


def cmd_install(arguments: argparse.Namespace) -> int:
    """Install what is missing."""
    with state.alone():
        install.everything(arguments.ckan)
    return 0


def cmd_services(arguments: argparse.Namespace) -> int:
    """Start PostgreSQL, Redis and Solr of this checkout."""
    with state.alone():
        install.system_packages()
        services.start()
    for name in ("postgres", "redis", "solr"):
        say(f"  {name:9} 127.0.0.1:{state.recall('ports', name)}")
    return 0


def cmd_test_setup(arguments: argparse.Namespace) -> int:
    """Prepare an instance for tests and print the path of its configuration."""
    instance = _instance(arguments)
    with state.alone():
        install.everything(arguments.ckan)
        services.start()
        translations.compile_all(instance)
        instances.prepare(instance, keep=False)
    print(instance.ini)
    return 0


def _run_tests(arguments: argparse.Namespace, names: tuple[str, ...]) -> int:
    chosen = testing.select(arguments.tests.split(), names)
    jobs = testing.workers()
    base = _instance(arguments)
    with state.alone():
        whole_portals = any(session.name in testing.PORTAL for session, _paths in chosen)
        install.everything(arguments.ckan, portal=whole_portals)
        services.start()
        translations.compile_all(base)
        testing.prepare(base, chosen, jobs)
    return testing.run(base, chosen, jobs, arguments.rest)


def cmd_test(arguments: argparse.Namespace) -> int:
    """Run the tests (--tests names some) on an instance for each worker."""
    return _run_tests(arguments, testing.TEST)


def cmd_test_portal(arguments: argparse.Namespace) -> int:
    """Run the tests that need whole portals."""
    return _run_tests(arguments, testing.PORTAL)


def cmd_test_times(arguments: argparse.Namespace) -> int:
    """Print what the last run of the tests took, as Markdown; or, of the JUnit files named, by folder."""
    if arguments.rest:
        tests = [test for name in arguments.rest for test in timings.read(Path(name), Path(name).stem)]
        print("\n".join(timings.tables(tests)))
    else:
        print("\n".join(timings.report(arguments.ckan)))
    return 0


def cmd_demo(arguments: argparse.Namespace) -> int:
    """Bring the demo portal up and say what to try."""
    with state.alone():
        demo.up(arguments.ckan)
    return 0


def cmd_drop(arguments: argparse.Namespace) -> int:
    """Remove an instance."""
    with state.alone():
        services.start()
        instances.drop(_instance(arguments))
    return 0


def cmd_stop(arguments: argparse.Namespace) -> int:
    """End what this checkout started, and only that."""
    with state.alone():
        demo.stop()
        services.stop()
    return 0


def cmd_clean(arguments: argparse.Namespace) -> int:
    """Stop, and remove all that this checkout made outside of git's sight."""
    cmd_stop(arguments)
    checks.clean()
    return 0


def cmd_lint(arguments: argparse.Namespace) -> int:
    """Run the linters and the type checker."""
    with state.alone():
        install.everything(arguments.ckan)
    return checks.lint(_instance(arguments))


def cmd_i18n(arguments: argparse.Namespace) -> int:
    """Bring the translations up to date with the code."""
    with state.alone():
        install.everything(arguments.ckan, tools=False)
    return translations.update(_instance(arguments))


def cmd_bench(arguments: argparse.Namespace) -> int:
    """Prepare an instance and run the benchmarks (the ones named, or all)."""
    cmd_test_setup(arguments)
    return checks.bench(_instance(arguments), arguments.rest)


def cmd_fuzz(arguments: argparse.Namespace) -> int:
    """Run the long differential comparison with the reference reviewer, and every random test at length."""
    cmd_test_setup(arguments)
    base = _instance(arguments)
    with state.alone():
        testing.prepare(base, testing.select(checks.sampled(), testing.TEST), testing.workers())
    return checks.fuzz(base, arguments.rest)


def cmd_soak(arguments: argparse.Namespace) -> int:
    """Prepare an instance and run the soak against a portal of its own."""
    cmd_test_setup(arguments)
    return checks.soak(_instance(arguments), arguments.rest)


COMMANDS: dict[str, Callable[[argparse.Namespace], int]] = {
    "install": cmd_install,
    "services": cmd_services,
    "test-setup": cmd_test_setup,
    "test": cmd_test,
    "test-portal": cmd_test_portal,
    "test-times": cmd_test_times,
    "demo": cmd_demo,
    "stop": cmd_stop,
    "drop": cmd_drop,
    "clean": cmd_clean,
    "lint": cmd_lint,
    "i18n": cmd_i18n,
    "bench": cmd_bench,
    "fuzz": cmd_fuzz,
    "soak": cmd_soak,
}


#: Commands whose further arguments go to the program they run.
TAKE_MORE = {"test", "test-portal", "test-times", "bench", "fuzz", "soak"}


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="dev/portal", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    for name, function in COMMANDS.items():
        command = commands.add_parser(name, help=(function.__doc__ or "").strip(), allow_abbrev=False)
        release, instance = os.environ.get("CKAN") or "2.12", os.environ.get("INSTANCE") or "test"
        command.add_argument("--ckan", choices=sorted(CKAN_RELEASES), default=release)
        command.add_argument("--instance", default=instance)
        if name in ("test", "test-portal"):
            command.add_argument("--tests", default="", help="paths below the checkout; all when empty")
    return parser


def main() -> int:
    """Do one command; return its exit code."""
    parser = _parser()
    arguments, rest = parser.parse_known_args()
    if rest and arguments.command not in TAKE_MORE:
        parser.error(f"unknown: {' '.join(rest)}")
    arguments.rest = rest
    began = time.monotonic()
    try:
        code = COMMANDS[arguments.command](arguments)
    except StepFailed as failure:
        say(f"\n✗ {failure}\n")
        return 1
    except KeyboardInterrupt:
        say("\n✗ interrupted")
        return 130
    say(f"  {arguments.command}: {time.monotonic() - began:.1f} s")
    return code


if __name__ == "__main__":
    sys.exit(main())
