"""Which declared state may follow which, and what it needs."""

from __future__ import annotations

from typing import Any

import pytest
from support.tracked import DONE, NOT, ONGOING

from ckanext.ogp_plan.planning.transitions import may
from ckanext.ogp_plan.planning.types import Declared
from ckanext.ogp_plan.planning.words import phrases


@pytest.mark.parametrize(
    ("before", "after", "given_", "needs"),
    [
        (NOT, ONGOING, {}, []),
        (ONGOING, ONGOING, {}, []),
        (ONGOING, DONE, {}, ["need.evidence"]),
        (ONGOING, DONE, {"evidence": 1}, []),
        (NOT, DONE, {"evidence": 1, "targets_met": False}, ["need.exception"]),
        (NOT, DONE, {"evidence": 1, "targets_met": False, "reason": "Se acordó"}, []),
        (DONE, ONGOING, {}, ["need.reason"]),
        (DONE, ONGOING, {"reason": "Faltaba"}, []),
        (ONGOING, NOT, {"reason": " "}, ["need.reason"]),
        (ONGOING, Declared.NOT_APPLICABLE, {}, ["need.reason"]),
        (Declared.SUSPENDED, ONGOING, {"reason": "Se reanuda"}, []),
        (DONE, Declared.WITHDRAWN, {}, ["need.reason", "need.act"]),
        (Declared.WITHDRAWN, ONGOING, {"reason": "x", "act": "Resolución 1"}, []),
    ],
)
def test_transitions(before: Declared, after: Declared, given_: dict[str, Any], needs: list[str]) -> None:
    found = may(before, after, **given_)
    assert [one.code for one in found] == needs
    assert all(phrases.describe_need(one, "es") for one in found)
