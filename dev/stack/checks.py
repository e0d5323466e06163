"""Linters, benchmarks, the soak, and cleaning up."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from pathlib import Path

from . import instances, testing
from .places import CHECKOUT_ID, NODE_MODULES, ROOT, RUN, is_root, venv
from .steps import say

LINTED = ("ckanext", "dev", "tests", "bench", "setup.py")


def _run(title: str, command: list[str | Path], env: dict[str, str] | None = None) -> int:
    """Run a program in the person's sight; return its exit code."""
    say(f"  … {title}")
    began = time.monotonic()
    code = subprocess.run([str(word) for word in command], cwd=ROOT, env=env, check=False).returncode
    say(f"  {'✗' if code else '✓'} {title} ({time.monotonic() - began:.1f} s)")
    return code


def lint(instance: instances.Instance) -> int:
    """Run ruff (with its security rules), import-linter and mypy; return 0 when all pass."""
    tools = venv("tools") / "bin"
    present = [part for part in LINTED if (ROOT / part).exists()]
    codes = [
        _run("ruff", [tools / "ruff", "check", *present]),
        _run("import-linter", [tools / "lint-imports", "--no-cache"]),
        _run("mypy", [tools / "mypy", "--python-executable", instance.bin / "python"]),
    ]
    say("  lint: " + ("passed" if not any(codes) else "FAILED"))
    return int(any(codes))


def bench(instance: instances.Instance, names: list[str]) -> int:
    """Run the benchmarks named, or every script of ``bench/``; return 0 when all worked."""
    scripts = [ROOT / "bench" / f"{name.removesuffix('.py')}.py" for name in names]
    scripts = scripts or sorted(
        path for path in (ROOT / "bench").glob("*.py") if not path.name.startswith("_")
    )
    environment = {
        **testing.test_environment(),
        "CKAN_INI": str(instance.ini),
        "CKAN_RELEASE": instance.release,
    }
    failed = [path.name for path in scripts if _run(path.name, [instance.bin / "python", path], environment)]
    say(f"  bench: {'FAILED: ' + ' '.join(failed) if failed else 'all ran'}")
    return int(bool(failed))


def sampled() -> list[str]:
    """Return the files of tests of which ``make test`` runs a sample: those that use ``support.sampling``."""
    found = sorted((ROOT / "tests").glob("*/**/test_*.py"))
    return [str(path.relative_to(ROOT)) for path in found if "sampling." in path.read_text(encoding="utf-8")]


def fuzz(instance: instances.Instance, arguments: list[str]) -> int:
    """Run the long differential comparison, and whole what is sampled; return 0 when all held."""
    command: list[str | Path] = [instance.bin / "python", ROOT / "dev" / "fuzz.py", *arguments]
    codes = [_run("fuzz", command, testing.test_environment())]
    say("  … random and hostile tests, all of them")
    chosen = testing.select(sampled(), testing.TEST)
    options = ["-q", "--timeout=3600"]
    codes.append(testing.run(instance, chosen, testing.workers(), options, {"OC4IDS_FUZZ": "2000"}))
    return int(any(codes))


def soak(instance: instances.Instance, arguments: list[str]) -> int:
    """Run the soak against a portal of its own over the instance."""
    environment = {**testing.test_environment(), "CKAN_INI": str(instance.ini)}
    return _run("soak", [instance.bin / "python", ROOT / "dev" / "soak.py", *arguments], environment)


def clean() -> None:
    """Remove environments, state, databases and what was built; the shared cache of downloads stays."""
    outside = [Path("/var/lib/ckanext-cost-oc4ids") / CHECKOUT_ID] if is_root() else []
    built = [ROOT / "build", ROOT / "dist", *ROOT.glob("*.egg-info"), *ROOT.glob("i18n/*/LC_MESSAGES/*.mo")]
    caches = [ROOT / name for name in (".pytest_cache", ".ruff_cache", ".mypy_cache", ".hypothesis")]
    for path in [RUN, ROOT / ".venv", NODE_MODULES, *outside, *built, *caches]:
        if path.is_dir() and not path.is_symlink():
            say(f"    removing {os.path.relpath(path, ROOT) if path.is_relative_to(ROOT) else path}")
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
