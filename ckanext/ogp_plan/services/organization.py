"""What organismos are called, and which of them this portal knows."""

from __future__ import annotations

from collections.abc import Collection
from functools import lru_cache

import sqlalchemy as sa
from ckan import model

from ckanext.ogp_plan.model import OrganizationLink
from ckanext.ogp_plan.planning.responsibles import Directory
from ckanext.ogp_plan.services import organization_link


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
    linked = organization_link.select_active(OrganizationLink.code, model.Group.title)
    there = {code: title for code, title in model.Session.execute(linked) if title}
    return {**load_directory_names(), **there}


def list_choices() -> list[tuple[str, str]]:
    """Return the organizations of the portal as organismos that may be chosen: (code, title), by title.

    One that is no organismo yet has its name as its code, where nobody else has it.
    """
    linked = organization_link.select_active(OrganizationLink.code, model.Group.id, model.Group.title)
    found = {code: (id_, title or code) for code, id_, title in model.Session.execute(linked)}
    taken = [id_ for id_, _ in found.values()]
    others = sa.select(model.Group.name, model.Group.title).where(
        organization_link.is_active_organization(), model.Group.id.not_in(taken)
    )
    titles = {name: title or name for name, title in model.Session.execute(others)}
    free = organization_link.filter_free(titles)
    choices = {code: title for code, (_, title) in found.items()}
    choices |= {name: title for name, title in titles.items() if name in free}
    return sorted(choices.items(), key=lambda one: one[1].casefold())


def filter_known(codes: Collection[str]) -> set[str]:
    """Return which codes are of an organization of the portal, or an id of ``schemas/cali/``.

    An organization that is no organismo yet counts by its name, where nobody else has it.
    """
    resolved = organization_link.resolve(codes)
    return {code for code in codes if resolved.get(code) == code} | (
        Directory.load().organismos.keys() & set(codes)
    )


def load_titles(codes: Collection[str]) -> dict[str, str]:
    """Return the titles of organismos by their codes; the code itself where it is no organization."""
    known = organization_link.load_organizations(codes)
    return {code: (known[code].title or code) if code in known else code for code in codes}
