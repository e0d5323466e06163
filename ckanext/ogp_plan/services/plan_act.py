"""What a change of an adopted plan must say: by which act, and why."""

from __future__ import annotations

from dataclasses import dataclass

import ckan.plugins.toolkit as tk

from ckanext.ogp_plan.model import PlanRow
from ckanext.ogp_plan.planning.types import PlanStatus

#: A change of a plan in one of these needs its act and its reason.
TRACKED = (PlanStatus.ADOPTED.value, PlanStatus.RUNNING.value)


@dataclass(frozen=True, slots=True)
class AppliedChange:
    """The result of a change. ``changes`` 0: the plan was the same already, and nothing was written."""

    plan: PlanRow
    version: int
    changes: int
    waiting: tuple[str, ...] = ()


def validation_error(field: str, sentence: str) -> tk.ValidationError:
    return tk.ValidationError({field: [sentence]})


def find_missing_act(plan: PlanRow, act_name: str, reason: str) -> dict[str, list[str]]:
    """What a change of an adopted plan does not say, field by field: by which act, and why."""
    errors: dict[str, list[str]] = {}
    if plan.status in TRACKED and not act_name.strip():
        errors["act_name"] = [
            tk._("An adopted plan is changed by an act: write its name (resolution, minutes) and date.")
        ]
    if plan.status in TRACKED and not reason.strip():
        errors["reason"] = [tk._("Say why the plan changes: it is published beside each change.")]
    return errors
