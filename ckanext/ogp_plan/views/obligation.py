"""What an organismo owes, over all plans."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import ckan.plugins.toolkit as tk

from ckanext.cost_common import paging
from ckanext.ogp_plan import config
from ckanext.ogp_plan.helpers.url import ogp_plan_to
from ckanext.ogp_plan.services import organization_link
from ckanext.ogp_plan.views.plan import blueprint, first_error


def obligations(id: str) -> Any:
    """What an organismo owes, over all plans: this month first."""
    args = tk.request.args
    asked = {name: value for name in ("mes", "plan") if (value := args.get(name, "").strip())}
    present, size = paging.requested_page(), config.page_size()
    wanted: dict[str, Any] = {"organization": id, "limit": size, "offset": (present - 1) * size}
    if "mes" in asked:
        wanted["month"] = asked["mes"]
    if "plan" in asked:
        wanted["plan"] = asked["plan"]
    problem = None
    try:
        found = tk.get_action("ogp_plan_obligation_list")({}, wanted)
    except tk.ValidationError as refused:
        problem, asked, present = first_error(refused), {}, 1
        found = _obligations_or_404(id, size)
    except (tk.ObjectNotFound, tk.NotAuthorized):
        return tk.abort(404, tk._("There is no organismo at this address"))

    def url(**changes: Any) -> str:
        state = {name: value for name, value in {**asked, **changes}.items() if value not in (None, "")}
        return str(tk.url_for("ogp_plan.obligations", id=id, **state))

    extra_vars = {
        "owed": found,
        "organization_page": _organization_url(found["organization"]),
        "asked": asked,
        "problem": problem,
        "sections": _build_sections(found),
        "plan_url": lambda name: url(plan=name, pagina=None),
        "plain_url": tk.url_for("ogp_plan.obligations", id=id),
        "report_url": ogp_plan_to("ogp_plan_report.report", id=id)
        if may_report_for(found["organization"], found)
        else None,
        "calendar_url": ogp_plan_to("ogp_plan_file.organization_calendar", id=id),
        # none of who owes nothing: there is no such document
        "document_url": ogp_plan_to("ogp_plan_file.organization_report", id=id) if found["plans"] else None,
        "feed_url": ogp_plan_to("ogp_plan_file.organization_feed", id=id),
        "template_url": ogp_plan_to("ogp_plan_file.organization_template", id=id),
        "paging": paging.paginate(found["count"], size, present, lambda n: url(pagina=n)),
    }
    return tk.render("ogp_plan/obligation/list.html", extra_vars)


def _obligations_or_404(organization: str, size: int) -> dict[str, Any]:
    try:
        found: dict[str, Any] = tk.get_action("ogp_plan_obligation_list")(
            {}, {"organization": organization, "limit": size, "offset": 0}
        )
    except (tk.ObjectNotFound, tk.NotAuthorized, tk.ValidationError):
        return tk.abort(404, tk._("There is no organismo at this address"))  # type: ignore[no-any-return]
    return found


def _build_sections(found: Mapping[str, Any]) -> list[dict[str, Any]]:
    named = [
        ("late", tk._("Overdue"), tk._("Nothing is overdue.")),
        ("this_month", tk._("This month"), tk._("Nothing is due this month.")),
        ("next", tk._("Later"), tk._("Nothing else is due later.")),
        ("done", tk._("Done"), tk._("Nothing has been completed yet.")),
    ]
    return [
        {"name": name, "title": title, "empty": empty, "items": found.get(name) or []}
        for name, title, empty in sorted(named, key=lambda section: section[0] != "this_month")
    ]


#: What of an organization is not read for a link to it.
_ONLY_ITSELF = dict.fromkeys(
    (
        "include_datasets",
        "include_dataset_count",
        "include_users",
        "include_groups",
        "include_tags",
        "include_followers",
    ),
    False,
)


def _organization_url(code: str) -> str | None:
    """The organismo's page in this portal, where it has one."""
    found = organization_link.find_organization(code)
    if found is None:
        return None
    try:
        organization = tk.get_action("organization_show")({}, {"id": found.id, **_ONLY_ITSELF})
    except (tk.ObjectNotFound, tk.NotAuthorized, tk.ValidationError):
        return None
    return str(tk.url_for("organization.read", id=organization["name"]))


def may_report_for(name: str, owed: Mapping[str, Any]) -> bool:
    """Tell whether who asks reports for an organismo in any of the plans in which it owes something."""
    if not tk.current_user.is_authenticated:
        return False
    return any(_may_report(name, plan["name"]) for plan in owed.get("plans") or [])


def _may_report(name: str, plan: str) -> bool:
    try:
        tk.check_access("ogp_plan_report_create", {}, {"organization": name, "plan": plan})
    except (tk.NotAuthorized, tk.ObjectNotFound, tk.ValidationError):
        return False
    return True


blueprint.add_url_rule("/organismo/<id>/obligaciones", view_func=obligations)
