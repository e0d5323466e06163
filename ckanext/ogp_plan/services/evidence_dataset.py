"""The dataset in which an organismo keeps the files of its public evidence of one plan.

It belongs to the organismo and is written with the rights of the person who uploads. It is found by its
owner and not by its name alone: somebody else may have taken the name before.
"""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Mapping
from typing import Any

import ckan.plugins.toolkit as tk
import sqlalchemy as sa
from ckan import model

from ckanext.ogp_plan.model import PlanRow

#: Longest name of a dataset in CKAN.
_NAME = 100
#: How names of these datasets begin.
PREFIX = "evidencias-"


def name_of(plan: str, organization: str) -> str:
    """Return the name that the dataset of an organismo for a plan has, when it is free."""
    return _shorten(f"{PREFIX}{plan}-{organization}")


def _shorten(name: str) -> str:
    if len(name) <= _NAME:
        return name
    mark = hashlib.sha256(name.encode()).hexdigest()[:10]
    return f"{name[: _NAME - len(mark) - 1]}-{mark}"


def find(plan: str, organization_id: str, organization: str) -> model.Package | None:
    """Return the dataset of an organismo for the evidence of a plan; None when it has none.

    :param plan: name of the plan.
    :param organization_id: the organization that owns it.
    :param organization: its name.
    """
    name = name_of(plan, organization)
    # a name that was taken got eight hexadecimal figures more
    stem = name[: _NAME - 9]
    query = (
        sa.select(model.Package)
        .where(model.Package.owner_org == organization_id, model.Package.state == "active")
        .where(
            sa.or_(
                model.Package.name == name,
                model.Package.name.op("~")(f"^{_escape(stem)}-[0-9a-f]{{8}}$"),
            )
        )
        .order_by((model.Package.name == name).desc(), model.Package.metadata_created)
        .limit(1)
    )
    found: model.Package | None = model.Session.scalars(query).first()
    return found


def _escape(text: str) -> str:
    """A name of CKAN (letters, figures, ``-`` and ``_``) as a regular expression of PostgreSQL."""
    return text.replace(".", r"\.")


def free_name(plan: str, organization: str) -> str:
    """Return a name for a new dataset: its own, or with eight figures more when that is taken."""
    name = name_of(plan, organization)
    if model.Package.by_name(name) is None:
        return name
    return f"{name[: _NAME - 9]}-{uuid.uuid4().hex[:8]}"


def create(name: str, owner_id: str, plan: PlanRow, context: dict[str, Any]) -> Mapping[str, Any]:
    """Make the dataset, with the rights of the context's user; commits.

    :raises tk.NotAuthorized: the user may make no dataset of the organization.
    :raises tk.ValidationError: it could not be made.
    """
    fields = {
        "name": name,
        "title": tk._("Evidence of %(item)s") % {"item": plan.title},
        "notes": tk._("Files that prove what is reported in the follow-up of the plan."),
        "owner_org": owner_id,
        "private": False,
    }
    return dict(tk.get_action("package_create")(context, fields))


def sentences(errors: Any) -> list[str]:
    """Return the messages of a validation error of CKAN in one list."""
    if isinstance(errors, Mapping):
        return [sentence for inner in errors.values() for sentence in sentences(inner)]
    if isinstance(errors, list | tuple):
        return [sentence for inner in errors for sentence in sentences(inner)]
    return [str(errors)] if errors else []


def is_empty(dataset_id: str) -> bool:
    """Return whether no resource is in a dataset."""
    query = (
        sa.select(sa.func.count())
        .select_from(model.Resource)
        .where(model.Resource.package_id == dataset_id, model.Resource.state == "active")
    )
    return not model.Session.execute(query).scalar()
