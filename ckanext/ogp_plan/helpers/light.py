"""Lights: their names, icons and bars."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import ckan.plugins.toolkit as tk

from ckanext.cost_common import language
from ckanext.cost_common.helpers import formatting
from ckanext.ogp_plan.helpers.number import ogp_plan_width
from ckanext.ogp_plan.planning.words import phrases

#: Lights in the order of bars and legends: what needs looking at first, what is done last.
LIGHTS = ("en_riesgo", "no_iniciado", "en_curso", "completado")
#: States outside of the lights, left out of every denominator and still listed.
OUTSIDE = ("no_aplica", "suspendido", "retirado")


@formatting.cached_by_language
def ogp_plan_light_name(light: str | None) -> str:
    """A light, or a state outside of the lights, in the reader's words; an unknown one as it came."""
    return phrases.light_name(light, language.current()) if light else str(tk._("Not tracked"))


def _count_label(light: str, count: int) -> str:
    """A light as it follows a number: "3 completed"."""
    labels = {
        "no_iniciado": lambda: tk.ungettext("not begun", "not begun", count),
        "en_curso": lambda: tk.ungettext("under way", "under way", count),
        "completado": lambda: tk.ungettext("completed", "completed", count),
        "en_riesgo": lambda: tk.ungettext("at risk", "at risk", count),
        "no_aplica": lambda: tk.ungettext("does not apply", "do not apply", count),
        "suspendido": lambda: tk.ungettext("suspended", "suspended", count),
        "retirado": lambda: tk.ungettext("withdrawn", "withdrawn", count),
    }
    return str(labels[light]()) if light in labels else light


def ogp_plan_light_icon(light: str | None) -> str:
    """The shape that goes with a light."""
    return light if light in LIGHTS or light in OUTSIDE else "none"


def ogp_plan_bar(
    lights: Mapping[str, int] | None, excluded: Mapping[str, int] | None = None
) -> list[dict[str, Any]]:
    """How many items each light has, for a bar and its legend: those that have none are left out."""
    found = {**(lights or {}), **(excluded or {})}
    order = [*LIGHTS, *OUTSIDE, *(light for light in found if light not in LIGHTS and light not in OUTSIDE)]
    total = sum(int(count or 0) for count in found.values())
    return [
        {
            "light": light,
            "icon": ogp_plan_light_icon(light),
            "name": ogp_plan_light_name(light),
            "counted": _count_label(light, int(found[light])),
            "count": int(found[light]),
            "fill": light if light in LIGHTS else "out",
            "width": ogp_plan_width(Decimal(int(found[light])) / total),
        }
        for light in order
        if found.get(light)
    ]
