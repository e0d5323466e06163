"""The plan, item or fact that a request names. What somebody may not see is not there for them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import ckan.plugins.toolkit as tk
import sqlalchemy as sa
from ckan import model

from ckanext.ogp_plan.model import Delegation, Event, Import, PlanItem, PlanRole, PlanRow
from ckanext.ogp_plan.services import permission


def plan(person: permission.Person, reference: Any) -> PlanRow:
    """Return a plan by its id or name.

    :raises tk.ValidationError: the request names none.
    :raises tk.ObjectNotFound: there is none, or the person may not see it.
    """
    if not reference or not isinstance(reference, str):
        raise tk.ValidationError({"plan": [tk._("Say which plan: its name, or its id.")]})
    found = PlanRow.get(reference)
    if found is None or not permission.may(person, "see", found):
        raise tk.ObjectNotFound(tk._("There is no such plan."))
    return found


def organization(reference: Any) -> str:
    """Return the name of an organization of the portal by its name or id; of none, what was given."""
    text = reference if isinstance(reference, str) else ""
    found = model.Group.get(text) if text else None
    return (
        str(found.name) if found is not None and found.is_organization and found.state == "active" else text
    )


def organizations(references: Sequence[str]) -> list[str]:
    """Return what :func:`organization` does of several, with one query for all."""
    wanted = sa.select(model.Group.id, model.Group.name).where(
        model.Group.id.in_(references), model.Group.is_organization.is_(True), model.Group.state == "active"
    )
    names = dict(map(tuple, model.Session.execute(wanted)))
    return [names.get(one, one) for one in references]


def item(of: PlanRow, reference: Any) -> PlanItem:
    """Return an item of a plan by its address or id; one withdrawn from the plan has its address still.

    :raises tk.ValidationError: the request names none.
    :raises tk.ObjectNotFound: the plan has none such.
    """
    if not reference or not isinstance(reference, str):
        raise tk.ValidationError({"item": [tk._("Say which item of the plan: its address, or its id.")]})
    found = PlanItem.at(of.id, reference)
    if found is None:
        found = _row(PlanItem, reference)
    if found is None or found.plan_id != of.id:
        raise tk.ObjectNotFound(tk._("The plan has no such item."))
    return found


def fact(person: permission.Person, reference: Any, *kinds: str) -> tuple[Event, PlanRow]:
    """Return a fact of tracking by its id, with its plan.

    :param kinds: the kinds it may be of.
    :raises tk.ObjectNotFound: there is none of those kinds, or the person may not see its plan.
    """
    found = _row(Event, reference)
    row = PlanRow.get(found.plan_id) if found is not None and found.kind in kinds else None
    if found is None or row is None or not permission.may(person, "see", row):
        raise tk.ObjectNotFound(tk._("There is no such report, update or evidence."))
    return found, row


def opened_import(reference: Any) -> Import:
    """Return an import by its id.

    :raises tk.ObjectNotFound: there is none.
    """
    found: Import = _held(Import, reference, tk._("There is no such import."))
    return found


def role(reference: Any) -> PlanRole:
    """Return a role that was granted, by its id.

    :raises tk.ObjectNotFound: there is none.
    """
    found: PlanRole = _held(PlanRole, reference, tk._("There is no such role."))
    return found


def delegation(reference: Any) -> Delegation:
    """Return a delegation by its id.

    :raises tk.ObjectNotFound: there is none.
    """
    found: Delegation = _held(Delegation, reference, tk._("There is no such delegation."))
    return found


def _row(kind: Any, reference: Any) -> Any:
    """A row by its id; None for what is no id of any."""
    # PostgreSQL holds no NUL, and a form may bring one
    if not isinstance(reference, str) or not reference or "\x00" in reference:
        return None
    return model.Session.get(kind, reference)


def _held(kind: Any, reference: Any, absent: str) -> Any:
    found = _row(kind, reference)
    if found is None:
        raise tk.ObjectNotFound(absent)
    return found
