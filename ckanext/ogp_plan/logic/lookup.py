"""The plan, item or fact that a request names. What somebody may not see is not there for them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import ckan.plugins.toolkit as tk
import sqlalchemy as sa
from ckan import model
from ckan.types import Context

from ckanext.ogp_plan.model import (
    Delegation,
    Event,
    Import,
    ItemAssignment,
    OrganizationLink,
    PlanItem,
    PlanRole,
    PlanRow,
)
from ckanext.ogp_plan.serializers import plan as plan_serializer
from ckanext.ogp_plan.services import organization_link as link_service
from ckanext.ogp_plan.services import permission
from ckanext.ogp_plan.services.report_error import field_error


def plan(person: permission.Person, reference: Any) -> PlanRow:
    """Return a plan by its id or name.

    :raises tk.ValidationError: the request names none.
    :raises tk.ObjectNotFound: there is none, or the person may not see it.
    """
    if not reference or not isinstance(reference, str):
        raise tk.ValidationError({"plan": [tk._("Say which plan: its name, or its id.")]})
    found = PlanRow.get(reference)
    if found is None or not permission.is_allowed(person, "see", found):
        raise tk.ObjectNotFound(tk._("There is no such plan."))
    return found


def organization(reference: Any) -> str:
    """Return an organismo's code by it, or by its organization's name or id; of none, what was given."""
    text = reference if isinstance(reference, str) else ""
    return link_service.resolve([text]).get(text, text)


def organizations(references: Sequence[str]) -> list[str]:
    """Return what :func:`organization` does of several, with the same queries for all."""
    codes = link_service.resolve(references)
    return [codes.get(reference, reference) for reference in references]


def organismo(reference: str) -> str:
    """Return the code of an organismo: one that plans name, or that an organization of the portal is.

    :param reference: its code, or the name or id of the organization.
    :raises tk.ObjectNotFound: there is none.
    """
    found = link_service.resolve([reference]).get(reference)
    if found is not None:
        return found
    known = sa.select(ItemAssignment.id).where(ItemAssignment.organization == reference).limit(1)
    if reference not in plan_serializer.directory() and model.Session.execute(known).first() is None:
        raise tk.ObjectNotFound(tk._("There is no such organismo."))
    return reference


def user(reference: str, field: str = "user") -> Any:
    """Return a user by name or id.

    :param field: the field of the request that names them.
    :raises tk.ValidationError: there is none who may sign in.
    """
    found = model.User.get(reference)
    if found is None or found.state != "active":
        raise tk.ValidationError(
            {field: [tk._("There is no such user. Write the user name as it is in their profile.")]}
        )
    return found


def report_scope(
    context: Context, data: Mapping[str, Any]
) -> tuple[permission.Person, PlanRow, PlanItem, str | None]:
    """Return who reports, the plan, the item, and for which organismo.

    Without ``organization``: the only one that the person may report for; the coordinator reports for
    the item as a whole (``whole`` says so where somebody is both).

    :raises tk.ValidationError: for which organismo is not clear.
    """
    person = permission.get_person(context)
    plan_row = plan(person, data["plan"])
    plan_item = item(plan_row, data["item"])
    organization_name = data.get("organization")
    if organization_name and data.get("whole"):
        raise field_error(
            "whole", tk._("Say for which organismo, or that it is for the whole item, not both.")
        )
    if organization_name is None and not data.get("whole"):
        organization_name = _own_organismo(person, plan_row, plan_item)
    return person, plan_row, plan_item, organization_name


def _own_organismo(person: permission.Person, of: PlanRow, about: PlanItem) -> str | None:
    mine = permission.list_reporting_organizations(person, of, about)
    if permission.is_allowed(person, "report_whole", of, about) or not mine:
        return None
    if len(mine) > 1:
        raise field_error(
            "organization",
            tk._("You report for several organismos: say for which one: %(names)s.")
            % {"names": ", ".join(mine)},
        )
    return mine[0]


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
    if found is None or row is None or not permission.is_allowed(person, "see", row):
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


def organization_link(reference: Any) -> OrganizationLink:
    """Return a link of an organismo with an organization, by its id.

    :raises tk.ObjectNotFound: there is none.
    """
    found: OrganizationLink = _held(OrganizationLink, reference, tk._("There is no such link."))
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
