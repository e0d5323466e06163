"""Plans made and changed over the API: title, status, settings, owner."""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import ckan.plugins.toolkit as tk
import sqlalchemy as sa
from ckan import model
from ckan.types import Action, Context, DataDict

from ckanext.ogp_plan import urls
from ckanext.ogp_plan.exports import dataset as dataset_export
from ckanext.ogp_plan.logic import lookup
from ckanext.ogp_plan.logic.action.plan import TRANSITIONS, shown
from ckanext.ogp_plan.logic.transaction import transaction
from ckanext.ogp_plan.model import PlanItem, PlanRow, RecordedChange
from ckanext.ogp_plan.planning import data, families
from ckanext.ogp_plan.planning import settings as plan_settings
from ckanext.ogp_plan.planning.types import ChangeKind, Plan, PlanStatus
from ckanext.ogp_plan.serializers import plan as plan_serializer
from ckanext.ogp_plan.services import event as event_service
from ckanext.ogp_plan.services import item_status, permission, plan_version, request_fields
from ckanext.ogp_plan.services import record as record_service
from ckanext.ogp_plan.services.permission import Person

#: Statuses in which a change of what the plan says needs an act and a reason.
_BY_ACT = (PlanStatus.ADOPTED.value, PlanStatus.RUNNING.value)


def _settings_text(value: Any) -> dict[str, Any]:
    """Settings as an object, or as its JSON."""
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            value = None
    if not isinstance(value, dict):
        raise request_fields.Wrong(tk._("Give the settings as an object: the name of each and its value."))
    return value


_CREATED = {
    "name": request_fields.required(request_fields.name),
    "family": request_fields.required(request_fields.name),
    "title": request_fields.required(request_fields.line()),
    "owner": request_fields.required(request_fields.name),
    "start": request_fields.optional(request_fields.day),
    "end": request_fields.optional(request_fields.day),
    "settings": request_fields.optional(_settings_text, {}),
    "successor_of": request_fields.optional(request_fields.name),
    "demonstration": request_fields.optional(request_fields.yes_or_no, False),
}


def ogp_plan_create(context: Context, data_dict: DataDict) -> dict[str, Any]:
    """Make a plan, as a draft without items: they come by an import.

    :param name: its address: small letters, figures and hyphens
    :type name: string
    :param family: the family of plans it is of
    :type family: string
    :param title: how it is called
    :type title: string
    :param owner: name or id of the organization whose plan it is
    :type owner: string
    :param start: its first day (optional)
    :type start: ISO date
    :param end: its last day (optional)
    :type end: ISO date
    :param settings: what it sets otherwise than its family (optional)
    :type settings: dict
    :param successor_of: the plan it follows (optional)
    :type successor_of: string
    :param demonstration: whether nothing in it is true (optional)
    :type demonstration: boolean

    :returns: the plan, as :func:`ogp_plan_show`
    :rtype: dict
    """
    tk.check_access("ogp_plan_create", context, data_dict)
    asked = request_fields.take(data_dict, _CREATED)
    person = permission.of(context)
    errors: dict[str, list[str]] = {}
    _check_name(asked["name"], errors)
    _check_family(asked["family"], errors)
    owner = _check_owner(asked["owner"], errors)
    _check_days(asked["start"], asked["end"], errors)
    if "family" not in errors:
        _check_settings(asked["family"], asked["settings"], errors)
    before = _check_successor(asked["successor_of"], person, errors)
    if errors:
        raise tk.ValidationError(errors)
    row = PlanRow(
        name=asked["name"],
        family=asked["family"],
        title=asked["title"],
        status=PlanStatus.DRAFT.value,
        owner=owner,
        start=asked["start"],
        end=asked["end"],
        settings=asked["settings"],
        successor_of=before.id if before else None,
        demonstration=asked["demonstration"],
    )
    try:
        with transaction(context):
            model.Session.add(row)
            model.Session.flush()
    except sa.exc.IntegrityError as error:
        raise tk.ValidationError({"name": [_taken()]}) from error
    return shown(row, person)


def _taken() -> str:
    return str(tk._("There is a plan at this address already. Choose another one."))


def _check_name(name: str, errors: dict[str, list[str]]) -> None:
    if not re.fullmatch(r"[a-z0-9][a-z0-9-]{1,98}[a-z0-9]", name, re.ASCII):
        errors["name"] = [
            tk._("Write the address with small letters, figures and hyphens: 3 to 100 of them.")
        ]
    elif name in urls.RESERVED_PLANS:
        errors["name"] = [tk._("This address is a page of the portal. Choose another one.")]
    elif PlanRow.get(name) is not None:
        errors["name"] = [_taken()]


def _check_family(family: str, errors: dict[str, list[str]]) -> None:
    known = families.names()
    if family not in known:
        errors["family"] = [
            tk._("There is no such family of plans. Choose one of: {names}.").format(names=", ".join(known))
        ]


def _check_owner(reference: str, errors: dict[str, list[str]]) -> str:
    found = model.Group.get(reference)
    if found is None or not found.is_organization or found.state != "active":
        errors["owner"] = [tk._("Choose the organization that owns the plan.")]
        return ""
    return str(found.name)


def _check_days(start: dt.date | None, end: dt.date | None, errors: dict[str, list[str]]) -> None:
    if start and end and end < start:
        errors["end"] = [tk._("It ends before it begins. Correct one of the two days.")]


def _check_settings(family: str, given: Mapping[str, Any], errors: dict[str, list[str]]) -> None:
    try:
        plan_settings.settings(record_service.family(family), given)
    except (data.DataError, TypeError, ValueError, KeyError, AttributeError) as error:
        errors["settings"] = [
            tk._(
                "These settings cannot be used ({detail}). Correct them, or leave them as in the family."
            ).format(detail=str(error)[:300])
        ]


def _check_successor(reference: str | None, person: Person, errors: dict[str, list[str]]) -> PlanRow | None:
    found = PlanRow.get(reference)
    if reference and (found is None or not permission.may(person, "see", found)):
        errors["successor_of"] = [tk._("There is no such plan.")]
        return None
    return found


_PATCHED = {
    "id": request_fields.required(request_fields.name),
    "title": request_fields.optional(request_fields.line()),
    "status": request_fields.optional(request_fields.member(PlanStatus)),
    "settings": request_fields.optional(_settings_text),
    "owner": request_fields.optional(request_fields.name),
    "start": request_fields.optional(request_fields.day),
    "end": request_fields.optional(request_fields.day),
    "successor_of": request_fields.optional(request_fields.name),
    "demonstration": request_fields.optional(request_fields.yes_or_no),
    "act_name": request_fields.optional(request_fields.line(), ""),
    "reason": request_fields.optional(request_fields.text(), ""),
}


def ogp_plan_patch(context: Context, data_dict: DataDict) -> dict[str, Any]:
    """Change a plan: its title, status, settings, owner. What is not given stays as it is.

    A change of an adopted plan's title, days or owner is one more version of it, by an act and with a reason.
    Changes of status and settings are published among the plan's changes. An empty object as ``settings``
    takes away all that the plan sets otherwise than its family.

    :param id: the name or id of the plan
    :type id: string
    :param title: how it is called (optional)
    :type title: string
    :param status: ``borrador``, ``consulta``, ``adoptado``, ``en_ejecucion``, ``cerrado`` (optional)
    :type status: string
    :param settings: what it sets otherwise than its family, all of it (optional)
    :type settings: dict
    :param owner: name or id of another organization (optional)
    :type owner: string
    :param start: its first day (optional)
    :type start: ISO date
    :param end: its last day (optional)
    :type end: ISO date
    :param act_name: the act by which it changes
    :type act_name: string
    :param reason: why
    :type reason: string

    :returns: the plan, as :func:`ogp_plan_show`
    :rtype: dict
    """
    tk.check_access("ogp_plan_patch", context, data_dict)
    given_settings = "settings" in (data_dict or {})
    asked = request_fields.take(data_dict, _PATCHED)
    if given_settings and asked["settings"] is None:
        asked["settings"] = {}
    person = permission.of(context)
    row = lookup.plan(person, asked["id"])
    with transaction(context):
        event_service.hold(row.id)
        model.Session.refresh(row)
        # somebody may have closed it while we waited
        tk.check_access("ogp_plan_patch", context, data_dict)
        _patch(row, asked, person)
    if not context.get("defer_commit"):
        dataset_export.refresh_quietly(row.id)
    return shown(row, person)


def _patch(row: PlanRow, asked: Mapping[str, Any], person: Person) -> None:
    errors: dict[str, list[str]] = {}
    status = asked["status"]
    if status is not None and status.value != row.status:
        _check_transition(row, status, errors)
    if asked["settings"] is not None:
        _check_settings(row.family, asked["settings"], errors)
    owner = _check_owner(asked["owner"], errors) if asked["owner"] else row.owner
    start, end = asked["start"] or row.start, asked["end"] or row.end
    _check_days(start, end, errors)
    before = _check_successor(asked["successor_of"], person, errors)
    if before is not None and before.id == row.id:
        errors["successor_of"] = [tk._("A plan does not follow itself.")]
    said = (asked["title"] or row.title, start, end, owner) != (row.title, row.start, row.end, row.owner)
    if said and row.status in _BY_ACT:
        _check_act(asked, errors)
    if errors:
        raise tk.ValidationError(errors)
    changes: list[tuple[str, Any, Any]] = []
    if status is not None and status.value != row.status:
        changes.append(("status", row.status, status.value))
        row.status = status.value
    if asked["settings"] is not None:
        changes += _changed_settings(row, asked["settings"])
        row.settings = asked["settings"]
    if before is not None:
        row.successor_of = before.id
    if asked["demonstration"] is not None:
        row.demonstration = asked["demonstration"]
    if said:
        _say(row, asked, person, start, end, owner)
    _record(row, changes, asked, person)
    model.Session.flush()
    if row.version and (changes or said):
        item_status.recompute(row.id)


def _check_transition(row: PlanRow, status: PlanStatus, errors: dict[str, list[str]]) -> None:
    there = PlanStatus(row.status)
    if status not in TRANSITIONS[there]:
        errors["status"] = [
            tk._("A plan cannot go from {before} to {after}.").format(
                before=plan_serializer.status_name(there.value),
                after=plan_serializer.status_name(status.value),
            )
        ]
    elif status in (PlanStatus.ADOPTED, PlanStatus.CONSULTATION) and not _has_items(row):
        errors["status"] = [tk._("The plan has no items yet. Import its document first.")]
    elif status is PlanStatus.ADOPTED and not (row.start and row.end):
        errors["status"] = [tk._("Say when the plan begins and ends before it is adopted.")]


def _has_items(row: PlanRow) -> bool:
    wanted = sa.select(PlanItem.id).where(
        PlanItem.plan_id == row.id, PlanItem.trackable, PlanItem.withdrawn.is_(False)
    )
    return model.Session.execute(wanted.limit(1)).first() is not None


def _check_act(asked: Mapping[str, Any], errors: dict[str, list[str]]) -> None:
    if not asked["act_name"].strip():
        errors["act_name"] = [
            tk._("An adopted plan is changed by an act: write its name (resolution, minutes) and date.")
        ]
    if not asked["reason"].strip():
        errors["reason"] = [tk._("Say why the plan changes: it is published beside each change.")]


def _changed_settings(row: PlanRow, given: Mapping[str, Any]) -> list[tuple[str, Any, Any]]:
    """What of how a plan is tracked is otherwise: (field, before, after)."""
    family = record_service.family(row.family)
    old = plan_settings.plain(plan_settings.settings(family, row.settings or {}))
    new = plan_settings.plain(plan_settings.settings(family, given))
    changes: list[tuple[str, Any, Any]] = []
    for name, value in new.items():
        if name == "thresholds":
            changes += [
                (f"settings.thresholds.{one}", old[name][one], after)
                for one, after in value.items()
                if old[name][one] != after
            ]
        elif old[name] != value:
            changes.append((f"settings.{name}", old[name], value))
    return changes


def _say(
    row: PlanRow,
    asked: Mapping[str, Any],
    person: Person,
    start: dt.date | None,
    end: dt.date | None,
    owner: str,
) -> None:
    """Let the plan itself say another title, days, owner: one more version, once it has one."""
    title = asked["title"] or row.title
    if row.version:
        plan: Plan = replace(record_service.current_plan(row), title=title, start=start, end=end)
        if plan.owner is not None:
            plan.owner = owner
        plan_version.apply(row, plan, user_id=person.id, act_name=asked["act_name"], reason=asked["reason"])
    row.title, row.start, row.end, row.owner = title, start, end, owner


def _record(
    row: PlanRow, changes: Sequence[tuple[str, Any, Any]], asked: Mapping[str, Any], person: Person
) -> None:
    """Write down changes of status and settings beside those of the plan; of a draft nobody needs to know."""
    if not row.version or row.status == PlanStatus.DRAFT.value:
        return
    moment = event_service.clock()
    last = sa.select(sa.func.max(RecordedChange.position)).where(
        RecordedChange.plan_id == row.id, RecordedChange.version == row.version
    )
    first = (model.Session.execute(last).scalar() or 0) + 1
    model.Session.add_all(
        RecordedChange(
            plan_id=row.id,
            version=row.version,
            position=first + number,
            kind=ChangeKind.CHANGED.value,
            field=field,
            before=before,
            after=after,
            act_name=asked["act_name"],
            reason=asked["reason"],
            user_id=person.id,
            created=moment,
        )
        for number, (field, before, after) in enumerate(changes)
    )


def get_actions() -> dict[str, Action]:
    """Return the actions of this module by name."""
    return {"ogp_plan_create": ogp_plan_create, "ogp_plan_patch": ogp_plan_patch}
