"""Catalogues: extracting what is marked, merging what was translated, compiling what is shipped."""

from __future__ import annotations

import subprocess
from pathlib import Path

from . import instances
from .places import DEV, ROOT
from .steps import run


def _something_is_stale() -> bool:
    for po in ROOT.glob("i18n/*/LC_MESSAGES/*.po"):
        mo = po.with_suffix(".mo")
        if not mo.exists() or mo.stat().st_mtime < po.stat().st_mtime:
            return True
    return False


def compile_all(instance: instances.Instance) -> None:
    """Write the ``.mo`` of each catalogue that has changed."""
    if _something_is_stale():
        command: list[str | Path] = [instance.bin / "python", DEV / "catalogues.py", "compile"]
        run("compiling translations", command, log="translations")


def update(instance: instances.Instance) -> int:
    """Extract the marked strings and bring the catalogues up to date; say what lacks a translation.

    Returns 1 when a string has no Spanish.
    """
    command = [str(instance.bin / "python"), str(DEV / "catalogues.py"), "update"]
    code = subprocess.run(command, cwd=ROOT, check=False).returncode
    compile_all(instance)
    return code
