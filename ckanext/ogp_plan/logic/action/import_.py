"""Documents into plans: open an import, answer what it asks, apply it; names that nobody knows, groups."""

from __future__ import annotations

import io
from typing import Any

import ckan.plugins.toolkit as tk
from ckan import model
from ckan.types import Context, DataDict
from werkzeug.datastructures import FileStorage

from ckanext.cost_common import language
from ckanext.cost_common.logic import validated
from ckanext.ogp_plan import config, urls
from ckanext.ogp_plan.exports import dataset as dataset_export
from ckanext.ogp_plan.logic import lookup
from ckanext.ogp_plan.logic.schema import import_ as import_schema
from ckanext.ogp_plan.logic.transaction import transaction
from ckanext.ogp_plan.model import Import, PlanRow, PlanVersion
from ckanext.ogp_plan.planning import output, store
from ckanext.ogp_plan.planning.families import Family
from ckanext.ogp_plan.planning.importers import Act, Reading
from ckanext.ogp_plan.planning.types import Plan, PlanChange
from ckanext.ogp_plan.planning.words import changes as change_words
from ckanext.ogp_plan.planning.words.render import Renderer
from ckanext.ogp_plan.services import group as group_service
from ckanext.ogp_plan.services import import_ as import_service
from ckanext.ogp_plan.services import organization as organization_service
from ckanext.ogp_plan.services import permission
from ckanext.ogp_plan.services import record as record_service
from ckanext.ogp_plan.services import unknown_name as unknown_name_service
from ckanext.ogp_plan.services.plan_act import TRACKED


def ogp_plan_import(context: Context, data_dict: DataDict) -> dict[str, Any]:
    """Give a document to be read as a plan. Nothing of the plan is written: it is the dry run.

    :param upload: the document (XLSX, CSV, or text with tabs)
    :param plan: id or name of the plan it would change; without it, a new plan in draft
    :param family: the plan's family; needed for a new plan
    :type family: string
    :param layout: the layout of the document (default: the family's are tried in order)
    :type layout: string
    :param name: address of the new plan
    :param title: title of the new plan (default: the document's)
    :param owner: name or id of the organization that owns the new plan

    :returns: what :func:`ogp_plan_import_show` answers
    :rtype: dict
    """
    tk.check_access("ogp_plan_import", context, data_dict)
    data = validated(import_schema.import_create(), data_dict)
    data["owner"] = _owner_name(data["owner"])
    plan = lookup.plan(permission.get_person(context), data["plan"]) if data.get("plan") else None
    content, file_name = _document(data["upload"])
    wanted = {} if plan else _wanted(data)
    family = plan.family if plan else str(data.get("family") or "")
    if not family:
        raise tk.ValidationError({"family": [tk._("Say of which family the plan is.")]})
    if plan and data.get("family") not in (None, "", plan.family):
        raise tk.ValidationError(
            {"family": [tk._("The plan is of another family, and a plan keeps its own.")]}
        )
    row, found = import_service.open_import(
        content,
        file_name,
        family=family,
        layout=data.get("layout"),
        plan=plan,
        wanted=wanted,
        user_id=permission.get_person(context).id,
    )
    _commit(context)
    return _import_dict(row, plan, found)


def _owner_name(reference: Any) -> str:
    group = model.Group.get(str(reference)) if reference else None
    return group.name if group is not None and group.is_organization else str(reference or "")


def _document(upload: Any) -> tuple[bytes, str]:
    """The bytes of an uploaded document and its name; one byte over the limit is read, and refused later."""
    limit = config.max_import_bytes() + 1
    if isinstance(upload, FileStorage):
        content, name = upload.stream.read(limit), upload.filename or ""
    elif isinstance(upload, (bytes, bytearray)):
        content, name = bytes(upload[:limit]), ""
    elif isinstance(upload, io.IOBase):
        content, name = upload.read(limit), str(getattr(upload, "name", ""))
    else:
        raise tk.ValidationError({"upload": [tk._("Choose the document of the plan: a file is expected.")]})
    return content, name.replace("\\", "/").rsplit("/", 1)[-1]


def _wanted(data: dict[str, Any]) -> dict[str, str]:
    """What a new plan would be called and whose it would be."""
    errors: dict[str, list[str]] = {}
    name = str(data.get("name") or "").strip()
    try:
        tk.get_validator("name_validator")(name, {})
    except tk.Invalid as error:
        errors["name"] = [str(error.error)]
    if name in urls.RESERVED_PLANS:
        errors["name"] = [tk._("This address is a page of the portal. Choose another one.")]
    elif not errors and PlanRow.get(name) is not None:
        errors["name"] = [tk._("There is a plan at this address already. Choose another one.")]
    owner = model.Group.get(data["owner"]) if data.get("owner") else None
    if owner is None or not owner.is_organization or owner.state != "active":
        errors["owner"] = [tk._("Choose the organization that owns the plan.")]
    if errors or owner is None:
        raise tk.ValidationError(errors)
    return {"name": name, "title": str(data.get("title") or "").strip(), "owner": owner.name}


@tk.side_effect_free
def ogp_plan_import_show(context: Context, data_dict: DataDict) -> dict[str, Any]:
    """Show an import: its act, what is asked, and what it would change in the plan.

    :param id: the id of the import
    :type id: string

    :returns: ``id, state, plan, plan_title, family, layout, file_name, size, sha256, created, wanted,
        base_version, applied_version, stale, needs_act, may_apply``, ``reading`` (``plan, acta, counts``),
        ``changes`` (``kind, level, level_name, code, title, field, field_name, before, after, before_text,
        after_text``), ``unknown_names``
    :rtype: dict
    """
    tk.check_access("ogp_plan_import_show", context, data_dict)
    data = validated(import_schema.import_show(), data_dict)
    row = lookup.opened_import(data["id"])
    plan = PlanRow.get(row.plan_id)
    return _import_dict(row, plan, import_service.dry_run(row, plan) if row.content is not None else None)


def _import_dict(row: Import, plan: PlanRow | None, found: import_service.DryRun | None) -> dict[str, Any]:
    family = record_service.family(row.family)
    words = Renderer(language.current(), family)
    names = organization_service.load_names()
    answer: dict[str, Any] = {
        "id": row.id,
        "state": row.state,
        "plan": plan.name if plan else None,
        "plan_title": plan.title if plan else row.wanted.get("title") or row.wanted.get("name"),
        "plan_status": plan.status if plan else None,
        "family": row.family,
        "family_name": family.name.get(words.lang[:2]) or family.name.get("es"),
        "layout": found.reading.layout if found else row.layout,
        "file_name": row.file_name,
        "size": row.size,
        "sha256": row.sha256,
        "created": row.created.isoformat(),
        "wanted": dict(row.wanted),
        "answers": dict(row.answers),
        "base_version": row.base_version,
        "applied_version": row.applied_version,
        "stale": bool(found and found.stale),
        "needs_act": bool(found and found.changes and plan and plan.status in TRACKED),
        "may_apply": bool(found and not found.stale and not found.reading.act.asked),
        "changes": [_change(change, found.reading.plan, words, names) for change in found.changes]
        if found
        else [],
        "unknown_names": list(found.unknown) if found else [],
    }
    reading = found.reading if found else _applied_reading(row)
    answer["reading"] = _reading(reading, words.lang, family) if reading else None
    return answer


def _applied_reading(row: Import) -> Reading | None:
    """The act of an import that was applied, as the plan's version keeps it."""
    if row.state != import_service.APPLIED or row.plan_id is None or row.applied_version is None:
        return None
    version = PlanVersion.get(row.plan_id, row.applied_version)
    if version is None or version.acta is None or version.source_sha256 != row.sha256:
        return None
    return Reading(store.plan_from_store(version.body), store.act_from_store(version.acta))


def _reading(reading: Reading, lang: str, family: Family) -> dict[str, Any]:
    contents = output.to_dict(reading, lang, family)
    counts: dict[str, int] = {}
    for item in reading.plan.items:
        counts[item.level] = counts.get(item.level, 0) + 1
    names = {level.id: level.plural.get(lang[:2]) or level.plural.get("es") for level in family.levels}
    listed = [
        {"level": level, "name": names.get(level) or level, "count": count} for level, count in counts.items()
    ]
    plan = {
        name: contents["plan"][name] for name in ("title", "start", "end", "version", "form_code", "fields")
    }
    return {"plan": plan, "acta": contents["acta"], "counts": listed}


def _change(plan_change: PlanChange, plan: Plan, words: Renderer, names: dict[str, str]) -> dict[str, Any]:
    item = plan.item(plan_change.level, plan_change.code) if plan_change.level and plan_change.code else None
    return {
        "kind": plan_change.kind.value,
        "level": plan_change.level,
        "level_name": words.names.get(plan_change.level or "", plan_change.level),
        "code": plan_change.code,
        "title": item.title if item else (plan_change.before if plan_change.field is None else None),
        "field": plan_change.field,
        "field_name": change_words.field_name(plan_change.field, words),
        "before": output.plain(plan_change.before),
        "after": output.plain(plan_change.after),
        "before_text": change_words.format_value(
            plan_change.field, output.plain(plan_change.before), words, names
        ),
        "after_text": change_words.format_value(
            plan_change.field, output.plain(plan_change.after), words, names
        ),
    }


def ogp_plan_import_answer(context: Context, data_dict: DataDict) -> dict[str, Any]:
    """Answer what an import asks. Nothing of the plan is written.

    :param id: the id of the import
    :param answers: question id → value of the option chosen; an empty value takes an answer back
    :type answers: dict
    :param compare_again: hold the document against the plan of now, where it changed since (default: false)
    :type compare_again: bool

    :returns: what :func:`ogp_plan_import_show` answers
    :rtype: dict
    """
    tk.check_access("ogp_plan_import_answer", context, data_dict)
    data = validated(import_schema.import_answer(), data_dict)
    row = lookup.opened_import(data["id"])
    found = import_service.answer(
        row, data.get("answers") or {}, compare_again=bool(data.get("compare_again"))
    )
    _commit(context)
    return _import_dict(row, PlanRow.get(row.plan_id), found)


def ogp_plan_import_apply(context: Context, data_dict: DataDict) -> dict[str, Any]:
    """Apply an import: all of it becomes the plan's next version, or nothing does.

    Asked twice, it answers twice what it did once.

    :param id: the id of the import
    :param act_name: the act that changes an adopted plan (needed then)
    :param reason: why it changes (needed then)

    :returns: ``plan`` (name), ``version``, ``changes`` (how many; 0: the plan had all of it already and
        nothing was written), ``unknown_names`` (responsibles that wait for a person)
    :rtype: dict
    """
    tk.check_access("ogp_plan_import_apply", context, data_dict)
    data = validated(import_schema.import_apply(), data_dict)
    row = lookup.opened_import(data["id"])
    try:
        done = import_service.apply(
            row,
            user_id=permission.get_person(context).id,
            act_name=data.get("act_name") or "",
            reason=data.get("reason") or "",
        )
    except Exception:
        model.Session.rollback()
        raise
    answer = {
        "plan": done.plan.name,
        "version": done.version,
        "changes": done.changes,
        "unknown_names": list(done.waiting),
    }
    _commit(context)
    if done.changes and not context.get("defer_commit"):
        dataset_export.refresh(done.plan.id)
    return answer


def ogp_plan_import_discard(context: Context, data_dict: DataDict) -> dict[str, Any]:
    """Close an import without applying it; its document is kept no longer.

    :param id: the id of the import
    """
    tk.check_access("ogp_plan_import_discard", context, data_dict)
    data = validated(import_schema.import_show(), data_dict)
    row = lookup.opened_import(data["id"])
    import_service.discard(row)
    _commit(context)
    return {"id": row.id, "state": row.state}


@tk.side_effect_free
def ogp_plan_name_list(context: Context, data_dict: DataDict) -> list[dict[str, Any]]:
    """List the responsibles of a plan that nobody knows yet: each waits for a person to say whose it is.

    :param plan: id or name of the plan
    :param limit: how many at most (default and most: 1000)
    :param offset: how many to leave out at the beginning (default: 0)

    :returns: ``printed, since, items`` (``address, code, title``)
    :rtype: list of dicts
    """
    tk.check_access("ogp_plan_name_list", context, data_dict)
    data = validated(import_schema.name_list(), data_dict)
    plan = lookup.plan(permission.get_person(context), data["plan"])
    return [
        {
            "printed": name.printed,
            "since": name.created.isoformat(),
            "items": [dict(zip(("address", "code", "title"), item, strict=True)) for item in name.items],
        }
        for name in unknown_name_service.list_waiting_names(plan, limit=data["limit"], offset=data["offset"])
    ]


def ogp_plan_name_answer(context: Context, data_dict: DataDict) -> dict[str, Any]:
    """Say whose a responsible's name is. The plan gets a version with the organismo, or group, in its place.

    :param plan: id or name of the plan
    :param printed: the name, as the plan has it
    :param organization: name of the organization it is, or
    :param group: id of the group of organismos it is
    :param act_name: the act that says so, if there is one

    :returns: ``plan, version, changes``
    :rtype: dict
    """
    tk.check_access("ogp_plan_name_answer", context, data_dict)
    data = validated(import_schema.name_answer(), data_dict)
    plan = lookup.plan(permission.get_person(context), data["plan"])
    try:
        done = unknown_name_service.answer_name(
            plan,
            data["printed"],
            organization=data.get("organization") or None,
            group=data.get("group") or None,
            user_id=permission.get_person(context).id,
            act_name=data.get("act_name") or "",
        )
    except Exception:
        model.Session.rollback()
        raise
    answer = {"plan": plan.name, "version": done.version, "changes": done.changes}
    _commit(context)
    if not context.get("defer_commit"):
        dataset_export.refresh(plan.id)
    return answer


def ogp_plan_group_patch(context: Context, data_dict: DataDict) -> dict[str, Any]:
    """Say which organismos a group of a plan is. The plan gets a version in which each owes its part.

    The same organismos again change nothing, and no version is written.

    :param plan: id or name of the plan
    :param group: id of the group, as the plan has it (``groups`` of :func:`ogp_plan_show`)
    :param members: names of the organizations: all of them, not only those to be added; an empty list says
        that nobody is known any more. At most as many as the plan says that the group is
    :type members: list of strings
    :param act_name: the act that changes an adopted plan (needed then)
    :param reason: why it changes (needed then)

    :returns: ``plan, group, version, changes`` (0: the group had these members already)
    :rtype: dict
    """
    tk.check_access("ogp_plan_group_patch", context, data_dict)
    data = validated(import_schema.group_patch(), data_dict)
    if data_dict.get("members") is None:
        # no list at all is no empty list: nobody takes all members out by forgetting a field
        raise tk.ValidationError(
            {"members": [tk._("Give the list of its organismos. An empty one says that none is known.")]}
        )
    plan = lookup.plan(permission.get_person(context), data["plan"])
    with transaction(context):
        done = group_service.set_members(
            plan,
            data["group"],
            data["members"],
            user_id=permission.get_person(context).id,
            act_name=data["act_name"],
            reason=data["reason"],
        )
        answer = {
            "plan": plan.name,
            "group": data["group"],
            "version": done.version,
            "changes": done.changes,
        }
    if done.changes and not context.get("defer_commit"):
        dataset_export.refresh(plan.id)
    return answer


def _commit(context: Context) -> None:
    if not context.get("defer_commit"):
        model.Session.commit()


def act_of(row: Import) -> Act | None:
    """Return the act of an import as it is now; None when it was deleted."""
    if row.content is not None:
        return import_service.dry_run(row).reading.act
    reading = _applied_reading(row)
    return reading.act if reading else None
