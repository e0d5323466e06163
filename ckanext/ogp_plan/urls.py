"""Where a plan, an item, a cut is found. An item's address is given once and never changed."""

from __future__ import annotations

import datetime as dt
import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping

import ckan.plugins.toolkit as tk

from ckanext.ogp_plan.planning.tracking import Key
from ckanext.ogp_plan.planning.types import Item

#: Characters that a web address has without escaping.
_PLAIN = re.compile(r"[A-Za-z0-9._-]+", re.ASCII)
#: Words after ``/planes/`` that are pages of ours, and so no plan's name.
RESERVED_PLANS = frozenset({"importar", "mis-avisos"})
#: First words after a plan's name that are pages of ours, and so no item's address.
RESERVED = frozenset(
    {
        "corte",
        "cortes",
        "cambios",
        "importar",
        "archivo",
        "evidencia",
        "seguimiento",
        "ajustes",
        "novedades.atom",
        "luces.atom",
        "calendario.ics",
    }
)


def of_items(items: Iterable[Item], given: Mapping[Key, str]) -> dict[Key, str]:
    """Return the address of each item.

    The bare code (``#`` as ``_``) goes to the only item, or to the only tracked item, that has it;
    otherwise the level comes before it.

    :param given: addresses that items have already: they keep them.
    """
    listed = list(items)
    same: dict[str, list[Item]] = defaultdict(list)
    for item in listed:
        same[item.code].append(item)
    taken = set(given.values()) | RESERVED
    made = dict(given)
    for item in listed:
        if item.key not in made:
            made[item.key] = _free(item, same[item.code], taken)
            taken.add(made[item.key])
    return made


def _free(item: Item, brothers: list[Item], taken: Collection[str]) -> str:
    bare = item.code.replace("#", "_").replace("/", "-")
    tracked = [brother for brother in brothers if brother.trackable]
    alone = len(brothers) == 1 or (len(tracked) == 1 and tracked[0] is item)
    if alone and bare not in taken:
        return bare
    address, number = f"{item.level}-{bare}", 2
    while address in taken:
        address, number = f"{item.level}-{bare}-{number}", number + 1
    return address


def url_of_plan(name: str, *, absolute: bool = False) -> str:
    """Return the address of a plan's page."""
    found: str = tk.url_for("ogp_plan.read", plan=name, _external=absolute)
    return found


def url_of_evidence_file(name: str, evidence_id: str) -> str:
    """Return the address of the file of evidence that is not public."""
    found: str = tk.url_for("ogp_plan.evidence_file", plan=name, evidence_id=evidence_id)
    return found


def url_of_item(name: str, address: str, *, absolute: bool = False) -> str:
    """Return the address of an item's page."""
    found: str = tk.url_for("ogp_plan.item", plan=name, address=address, _external=absolute)
    return found


class OfItems:
    """Addresses of the pages of many items: what they share is made once for each plan."""

    def __init__(self, *, absolute: bool = False) -> None:
        self._absolute = absolute
        self._shared: dict[str, str] = {}

    def __call__(self, name: str, address: str) -> str:
        """Return the address of an item's page, as :func:`url_of_item` does."""
        if not _PLAIN.fullmatch(address):
            return url_of_item(name, address, absolute=self._absolute)
        if name not in self._shared:
            self._shared[name] = url_of_item(name, "0", absolute=self._absolute).removesuffix("0")
        return self._shared[name] + address


def url_of_report(organization: str, report: str) -> str:
    """Return the address of the page of an organismo's report."""
    found: str = tk.url_for("ogp_plan.organization_report", id=organization, report=report)
    return found


def url_of_cut(name: str, day: dt.date | str, *, absolute: bool = False) -> str:
    """Return the address of a cut's page."""
    found: str = tk.url_for("ogp_plan.cut", plan=name, day=str(day), _external=absolute)
    return found
