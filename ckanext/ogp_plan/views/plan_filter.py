"""The filters of a plan's items: what each offers, and what is chosen."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ckanext.ogp_plan.helpers.date import ogp_plan_month, ogp_plan_period
from ckanext.ogp_plan.helpers.light import ogp_plan_light_name
from ckanext.ogp_plan.serializers.labels import item_filter_labels, reason_labels

#: Filter of the address → parameter of the action.
FILTERS = {
    "organismo": "organization",
    "componente": "component",
    "luz": "light",
    "mes": "month",
    "valor": "tag",
    "razon": "reason",
    "q": "q",
}


def _list_options(
    name: str, facets: Mapping[str, Any], components: Mapping[str, Mapping[str, Any]]
) -> list[dict[str, Any]]:
    """What one filter offers, as the action counts it; reasons are those there can be."""
    if name == "razon":
        return [{"value": code, "title": title, "count": None} for code, title in reason_labels().items()]
    found = [dict(option) for option in facets.get(FILTERS[name], [])]
    for option in found:
        option["title"] = _option_title(name, option, components)
    return found


def _option_title(name: str, option: Mapping[str, Any], components: Mapping[str, Mapping[str, Any]]) -> str:
    value = str(option["value"])
    if name == "luz":
        return ogp_plan_light_name(value)
    if name == "componente" and value in components:
        found = components[value]
        return f"{found['code']} {found['title']}"
    if name == "mes":
        if value.isdigit() and 1 <= int(value) <= 12:
            return ogp_plan_month(int(value)).capitalize()
        return ogp_plan_period(value).capitalize()
    return str(option.get("title") or value)


def build_filters(
    asked: Mapping[str, str], facets: Mapping[str, Any], components: Mapping[str, Mapping[str, Any]]
) -> list[dict[str, Any]]:
    made = []
    for name, title in item_filter_labels().items():
        if name == "q":
            continue
        options = _list_options(name, facets, components)
        chosen = asked.get(name)
        if chosen and not any(str(option["value"]) == chosen for option in options):
            missing = {"value": chosen, "title": None, "count": 0}
            options.insert(0, {**missing, "title": _option_title(name, missing, components)})
        if options:
            made.append({"name": name, "title": title, "chosen": chosen, "options": options})
    return made


def build_chips(
    asked: Mapping[str, str],
    facets: Mapping[str, Any],
    components: Mapping[str, Mapping[str, Any]],
    url: Callable[..., str],
) -> list[dict[str, str]]:
    """What is chosen, each with the address of the plan without it."""
    made = []
    for name, value in asked.items():
        if name == "q":
            label = f"“{value}”"
        else:
            known = {
                str(component["value"]): component["title"]
                for component in _list_options(name, facets, components)
            }
            label = known.get(value) or _option_title(name, {"value": value}, components)
        made.append({"filter": name, "label": label, "url": url(**{name: None})})
    return made
