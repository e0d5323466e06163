"""What modules of integration tests share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from support.application import portal


@pytest.fixture(scope="module")
def empty_portal() -> Iterator[None]:
    """Empty database and index, once for a module whose tests keep apart by their ids."""
    with portal():
        yield
