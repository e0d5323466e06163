"""What organismos are called, and which of them this portal knows."""

from __future__ import annotations

from collections.abc import Collection
from functools import lru_cache

import sqlalchemy as sa
import sqlalchemy.orm
from ckan import model

from ckanext.ogp_plan.planning.responsibles import Directory


@lru_cache(maxsize=1)
def load_directory_names() -> dict[str, str]:
    """Return what ``schemas/cali/`` calls organismos and their parts."""
    results: dict[str, str] = {}
    for organismo in Directory.load().organismos.values():
        results[organismo["id"]] = organismo["title"]
        results |= {unit["id"]: unit["title"] for unit in organismo.get("units", [])}
    return results


def load_names() -> dict[str, str]:
    """Return what organismos and their parts are called: as the portal has them, or else the directory."""
    wanted = sa.select(model.Group.name, model.Group.title).where(
        model.Group.is_organization.is_(True), model.Group.state == "active"
    )
    there = {name: title for name, title in model.Session.execute(wanted) if title}
    return {**load_directory_names(), **there}


def filter_known(names: Collection[str]) -> set[str]:
    """Return which of some names are of an organization of the portal, or an id of ``schemas/cali/``."""
    wanted = sa.select(model.Group.name).where(
        model.Group.name.in_(names), model.Group.is_organization.is_(True), model.Group.state == "active"
    )
    return set(model.Session.scalars(wanted)) | (Directory.load().organismos.keys() & set(names))


def load_titles(names: Collection[str]) -> dict[str, str]:
    """Return the titles of organismos by their names; the name itself where there is no such organization."""
    wanted = sa.select(model.Group.name, model.Group.title).where(
        model.Group.name.in_(list(names)), model.Group.is_organization.is_(True)
    )
    known = {name: title or name for name, title in model.Session.execute(wanted)}
    return {name: known.get(name, name) for name in names}
