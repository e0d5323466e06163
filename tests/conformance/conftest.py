"""Where the official files are, for the tests that hold ours against them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

#: beside the project, as its developers keep it
BESIDE = Path(__file__).resolve().parents[3] / "shared" / "reference" / "oc4ids"


@pytest.fixture(scope="session")
def reference_dir() -> Path:
    """Folder of the official OC4IDS files: ``<version>/…json``, ``<version>/codelists``, ``examples``.

    Taken from the environment's ``OC4IDS_REFERENCE`` or from beside the project.
    Tests that ask for it are skipped where it is absent.
    """
    named = os.environ.get("OC4IDS_REFERENCE")
    folder = Path(named) if named else BESIDE
    if not (folder / "0.9.5" / "project-schema.json").is_file():
        pytest.skip(f"no official OC4IDS files at {folder} (set OC4IDS_REFERENCE)")
    return folder
