"""Collections of actions and auth functions."""

from __future__ import annotations

import pytest

from ckanext.cost_common import logic


def first() -> None: ...
def second() -> None: ...


def test_all_are_there() -> None:
    assert logic.merge({"a": first}, {"b": second}, {}) == {"a": first, "b": second}


def test_one_that_hides_another_is_refused() -> None:
    with pytest.raises(ValueError, match="two functions of the name dataset_purge"):
        logic.merge({"dataset_purge": first}, {"b": second}, {"dataset_purge": second})
