"""Small failing inputs kept beside the project, in ``../shared/cases``; where they are absent, tests skip, saying so."""

from __future__ import annotations

from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[3] / "shared" / "cases"


def read(name: str) -> bytes:
    """The bytes of a case (``oc4ids/22-plain-dataset.json``); skips the test where there are no cases."""
    path = FOLDER / name
    if not path.is_file():
        pytest.skip(f"{path} is not here")
    return path.read_bytes()
