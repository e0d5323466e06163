"""One item: its page, and its sheet for printing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import ckan.plugins.toolkit as tk

from ckanext.cost_common import paging
from ckanext.ogp_plan import urls
from ckanext.ogp_plan.helpers.url import ogp_plan_to
from ckanext.ogp_plan.serializers.labels import reason_labels
from ckanext.ogp_plan.services import record as record_service
from ckanext.ogp_plan.views.plan import blueprint, plan_or_404

#: Entries of the story of an item on one page.
STORY_PAGE = 100


def item_or_404(plan: str, address: str, **story: int) -> dict[str, Any]:
    """Return an item with its story; 404 when the plan has none at this address, or is not public.

    :param story: ``story_limit``, ``story_offset``: which part of it.
    """
    wanted = {"plan": plan, "id": address, **story}
    try:
        found: dict[str, Any] = tk.get_action("ogp_plan_item_show")({}, wanted)
    except (tk.ObjectNotFound, tk.NotAuthorized, tk.ValidationError):
        return tk.abort(404, tk._("This plan has nothing at this address"))  # type: ignore[no-any-return]
    return found


def item(plan: str, address: str) -> Any:
    """One item: what was promised, its status, why, and all that happened to it."""
    plan_dict = plan_or_404(plan)
    present = paging.requested_page()
    first = (present - 1) * STORY_PAGE
    found = item_or_404(plan_dict["name"], address, story_limit=STORY_PAGE, story_offset=first)
    if found["address"] != address:
        return tk.redirect_to(found["url"])

    def url(number: int | None) -> str:
        page = {paging.PAGE: number} if number else {}
        return (
            str(tk.url_for("ogp_plan.item", plan=plan_dict["name"], address=address, **page)) + "#ogp-story"
        )

    extra_vars = {
        "plan": plan_dict,
        "tab": "items",
        "story_first": first + 1,
        "paging": paging.paginate(found["story_count"], STORY_PAGE, present, url),
        **build_item_vars(plan_dict, found),
    }
    return tk.render("ogp_plan/item/read.html", extra_vars)


def build_item_vars(plan: Mapping[str, Any], found: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the templates of an item need beside it."""
    component = next(
        (component for component in plan["components"] if component["address"] == found.get("component")),
        None,
    )
    answered = {answer["reason"] for answer in found.get("answers") or []}
    codes = [reason["code"] for reason in found.get("reasons") or []]
    return {
        "item": found,
        "component": component if component and component["address"] != found["address"] else None,
        "answers_of": {
            code: [answer for answer in found.get("answers") or [] if answer["reason"] == code]
            for code in codes
        },
        "old_answers": [answer for answer in found.get("answers") or [] if answer["reason"] not in codes],
        "unanswered": [code for code in codes if code not in answered],
        "reason_names": reason_labels(),
        "may": found.get("may") or {},
        "feed_url": ogp_plan_to("ogp_plan_file.item_feed", plan=plan["name"], address=found["address"]),
    }


def sheet(plan: str, address: str) -> Any:
    """One item on one A4, with a QR to its page."""
    plan_dict = plan_or_404(plan)
    found = item_or_404(plan_dict["name"], address, story_limit=0)
    extra_vars = {
        "plan": plan_dict,
        "today": record_service.today(),
        "address": urls.url_of_item(plan_dict["name"], found["address"], absolute=True),
        **build_item_vars(plan_dict, found),
    }
    return tk.render("ogp_plan/item/sheet.html", extra_vars)


blueprint.add_url_rule("/planes/<plan>/<address>", view_func=item)
blueprint.add_url_rule("/planes/<plan>/<address>/imprimir", endpoint="print", view_func=sheet)
