"""What a plan changed: moved dates, lowered goals, removed rows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import ckan.plugins.toolkit as tk

from ckanext.cost_common import paging
from ckanext.ogp_plan import config
from ckanext.ogp_plan.views.plan import blueprint, first_error, plan_or_404


def changes(plan: str) -> Any:
    """What the plan says otherwise than it did: moved dates, lowered goals, removed rows."""
    plan_dict = plan_or_404(plan)
    asked = {name: value for name in ("desde", "hasta") if (value := tk.request.args.get(name, "").strip())}
    present, size = paging.requested_page(), config.page_size()
    problem = None
    try:
        found = _load_changes(plan_dict["name"], asked, size, present)
    except tk.ValidationError as refused:
        problem, asked, present = first_error(refused), {}, 1
        found = _load_changes(plan_dict["name"], asked, size, present)

    def url(number: int | None) -> str:
        return str(
            tk.url_for(
                "ogp_plan.changes",
                plan=plan_dict["name"],
                **asked,
                **({paging.PAGE: number} if number else {}),
            )
        )

    extra_vars = {
        "plan": plan_dict,
        "tab": "changes",
        "asked": asked,
        "problem": problem,
        "count": found["count"],
        "versions": _group_by_version(found["changes"]),
        "drift": found["drift"],
        "paging": paging.paginate(found["count"], size, present, url),
    }
    return tk.render("ogp_plan/change/list.html", extra_vars)


def _load_changes(plan: str, asked: Mapping[str, str], size: int, present: int) -> dict[str, Any]:
    wanted: dict[str, Any] = {"plan": plan, "limit": size, "offset": (present - 1) * size}
    if "desde" in asked:
        wanted["since"] = asked["desde"]
    if "hasta" in asked:
        wanted["until"] = asked["hasta"]
    found: dict[str, Any] = tk.get_action("ogp_plan_diff")({}, wanted)
    return found


def _group_by_version(listed: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Changes in the order they come, those made at once together under their act."""
    made: list[dict[str, Any]] = []
    for change in listed:
        head = {name: change.get(name) for name in ("version", "at", "act_name", "reason")}
        if not made or any(made[-1][name] != value for name, value in head.items()):
            made.append({**head, "changes": []})
        made[-1]["changes"].append(change)
    return made


blueprint.add_url_rule("/planes/<plan>/cambios", view_func=changes)
