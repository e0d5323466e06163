"""Where the city's own documents are: beside the project, never in it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

#: beside the project, as its developers keep it
BESIDE = Path(__file__).resolve().parents[3] / "shared" / "seeds"


def seed(name: str) -> bytes:
    """Return a document's bytes; the test is skipped, saying so, where it is absent.

    Looked for in the folder that the environment's ``OC4IDS_SEEDS`` names, or beside the project.
    """
    named = os.environ.get("OC4IDS_SEEDS")
    path = (Path(named) if named else BESIDE) / name
    if not path.is_file():
        pytest.skip(f"no document {name} at {path.parent} (set OC4IDS_SEEDS)")
    return path.read_bytes()
