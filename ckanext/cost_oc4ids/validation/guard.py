"""The door: a file that declares OC4IDS is judged before anything of it is stored.

Chained on the four actions through which every upload of CKAN passes, on 2.11 and on 2.12,
whether it comes by form, API, patch, revise or replace. The heavy work is done in
``resource_create`` and ``resource_update``, where no row is locked; ``package_update`` then
finds the file marked as judged. What is refused leaves nothing behind: no file, no row, the
old bytes and the old projects as they were.

A save without OC4IDS in it passes at the cost of looking at ``conforms_to``: no query, no read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import ckan.plugins.toolkit as tk
import sqlalchemy as sa
from ckan import model
from ckan.types import Action, Context, DataDict
from werkzeug.datastructures import FileStorage

from ckanext.cost_oc4ids import config
from ckanext.cost_oc4ids.model import ResourceState
from ckanext.cost_oc4ids.oc4ids.types import Report
from ckanext.cost_oc4ids.projects import registry
from ckanext.cost_oc4ids.validation import declaration, runner, stored_results

#: attribute of a FileStorage that was judged, in this process and this request
_MARK = "_cost_oc4ids_judged"
#: the resource dict that the outer action judged: 2.11 takes its file out before package_update
_OUTER = "cost_oc4ids_outer"
MEGABYTE = 1 << 20


@dataclass(slots=True)
class _Outer:
    resource: dict[str, Any]
    judged: runner.Judged


def _upload(resource: Any) -> FileStorage | None:
    upload = resource.get("upload") if isinstance(resource, dict) else None
    return upload if isinstance(upload, FileStorage) and upload.filename else None


def _guarded(resource: Any) -> bool:
    """Whether this resource carries a file that has to be judged here."""
    return _upload(resource) is not None and declaration.is_oc4ids(resource) and config.guard() != "off"


# -- refusing ---


def _file_error(sentence: str, report: Report | None = None) -> tk.ValidationError:
    """The error of a refused file: one sentence for the form's box, and the whole report beside it."""
    errors: dict[str, Any] = {"upload": [sentence]}
    if report is not None:
        errors["oc4ids_report"] = [runner.rendered(report)]
    return tk.ValidationError(errors, {tk._("File"): sentence})


def _in_resources(error: tk.ValidationError, position: int) -> tk.ValidationError:
    """The same error as ``package_*`` gives it: one entry a resource, in order."""
    entries: list[dict[str, Any]] = [{} for _ in range(position)]
    return tk.ValidationError({"resources": [*entries, error.error_dict]}, error.error_summary)


def _sentence(report: Report) -> str:
    if report.unreadable:
        words = runner.rendered(report)["findings"]
        return " ".join(filter(None, (words[0]["message"], words[0]["remedy"]))) if words else _not_oc4ids()
    count = report.counts["error"]
    return tk.ungettext(
        "The file does not conform to OC4IDS: it has %(num)d error. Nothing was saved.",
        "The file does not conform to OC4IDS: it has %(num)d errors. Nothing was saved.",
        count,
    ) % {"num": count}


def _not_oc4ids() -> str:
    return tk._("The file cannot be read as OC4IDS. Nothing was saved.")


def _size_error(size: int, limit: int) -> tk.ValidationError:
    text = tk._("The file is too large: it has {size}, and this portal takes files of up to {limit}.")
    return _file_error(text.format(size=_megabytes(size), limit=_megabytes(limit)))


def _megabytes(size: int) -> str:
    return f"{size / MEGABYTE:.1f} MB"


# -- judging ---


def _judge(stream: Any, resource_id: str | None) -> runner.Judged:
    """Judge a stream; refuse (ValidationError) what the portal's limits and the guard's mode refuse."""
    size = runner.size_of(stream)
    limit = min(config.max_bytes(), int(tk.config["ckan.max_resource_size"]) * MEGABYTE)
    if size > limit:
        raise _size_error(size, limit)
    previous = registry.previous_version(resource_id) if resource_id else None
    try:
        judged = runner.judge_upload(stream, previous)
    except runner.Crashed:
        raise _crash_error() from None
    finally:
        if not stream.closed:
            stream.seek(0)
    return _admitted(judged)


def _crash_error() -> tk.ValidationError:
    return _file_error(
        tk._(
            "The file could not be checked because of a failure of the portal. Nothing was saved. "
            "Try again later."
        )
    )


def _admitted(judged: runner.Judged) -> runner.Judged:
    """The verdict, unless this portal refuses what does not conform."""
    if config.guard() == "strict" and judged.report is not None and not judged.report.valid:
        raise _file_error(_sentence(judged.report), judged.report)
    return judged


def _judge_upload(resource: dict[str, Any]) -> runner.Judged:
    """Judge a resource's file once, however many chained actions it passes."""
    upload = _upload(resource)
    if upload is None:
        raise ValueError("a resource without a file")
    judged = getattr(upload, _MARK, None)
    if not isinstance(judged, runner.Judged):
        judged = _judge(upload.stream, resource.get("id"))
        setattr(upload, _MARK, judged)
    return judged


def _judge_stored(resource: dict[str, Any]) -> runner.Judged | None:
    """Judge a stored file that is only now declared to be OC4IDS; None when there is no file to judge."""
    try:
        file, content_hash, size = runner.read_upload(resource["id"], resource)
    except runner.Unavailable:
        return None
    if size > config.inline_max_bytes():
        return runner.Judged(content_hash, size)
    return _judge(file, resource["id"])


# -- the chained actions ---


def _check_access(name: str, context: Context, data_dict: DataDict) -> None:
    """Ask core's question first, for judging is work; on a copy, for checks leave objects in the context."""
    checked: Any = {**context}
    tk.check_access(name, checked, dict(data_dict))


def _resource_action(name: str) -> Action:
    @tk.chained_action
    def guarded(next_action: Action, context: Context, data_dict: DataDict) -> Any:
        if not _guarded(data_dict):
            return _passed_on(next_action, context, data_dict)
        _check_access(name, context, data_dict)
        judged = _judge_upload(data_dict)
        extended: Any = context
        extended[_OUTER] = _Outer(data_dict, judged)
        try:
            return _passed_on(next_action, context, data_dict)
        finally:
            extended.pop(_OUTER, None)

    guarded.__name__ = name
    return guarded


def _passed_on(next_action: Action, context: Context, data_dict: DataDict) -> Any:
    """Call core. It rebuilds errors without their summary, and would print a report as Python writes it."""
    try:
        return next_action(context, data_dict)
    except tk.ValidationError as error:
        sentences = error.error_dict.get("upload")
        if "oc4ids_report" in error.error_dict and sentences:
            raise tk.ValidationError(error.error_dict, {tk._("File"): sentences[0]}) from error
        raise


resource_create = _resource_action("resource_create")
resource_update = _resource_action("resource_update")


@tk.chained_action
def package_update(next_action: Action, context: Context, data_dict: DataDict) -> Any:
    """Judge what was not yet, and look for the same projects elsewhere before anything is written."""
    resources = data_dict.get("resources")
    declaration.drop_computed(resources)
    if not declaration.any_oc4ids(resources) or config.guard() == "off":
        return next_action(context, data_dict)
    extended: Any = context
    extended.pop(stored_results.JUDGED, None)
    judged = _judge_resources(context, data_dict, resources)
    _refuse_conflicts(context, data_dict, judged)
    if judged:
        extended[stored_results.JUDGED] = judged
    try:
        return next_action(context, data_dict)
    finally:
        extended.pop(stored_results.JUDGED, None)
        extended.pop(stored_results.CHECKED, None)


def _judge_resources(context: Any, data_dict: DataDict, resources: list[Any]) -> dict[int, runner.Judged]:
    """Verdicts by position: of the outer action, of new files, of stored files declared only now."""
    outer: _Outer | None = context.get(_OUTER)
    judged: dict[int, runner.Judged] = {}
    allowed = False
    new = _newly_declared(resources)
    for position, resource in enumerate(resources):
        if not isinstance(resource, dict) or not declaration.is_oc4ids(resource):
            continue
        if outer is not None and (
            resource is outer.resource or _upload(resource) is _upload(outer.resource) is not None
        ):
            judged[position] = outer.judged
            continue
        is_new = resource.get("id") in new
        if _upload(resource) is None and not is_new:
            continue
        if not allowed:
            _check_access("package_update", context, data_dict)
            allowed = True
        try:
            verdict = _judge_upload(resource) if _upload(resource) is not None else _judge_stored(resource)
        except tk.ValidationError as error:
            model.Session.rollback()
            raise _in_resources(error, position) from error
        if verdict is not None:
            judged[position] = verdict
    return judged


def _newly_declared(resources: Iterable[Any]) -> set[str]:
    """Ids of resources whose stored file was no matter of OC4IDS until this save. One query."""
    stored = {
        resource["id"]
        for resource in resources
        if isinstance(resource, dict)
        and isinstance(resource.get("id"), str)
        and resource.get("url_type") == "upload"
        and not resource.get("clear_upload")
        and _upload(resource) is None
        and declaration.is_oc4ids(resource)
    }
    return stored - set(ResourceState.of_resources(stored)) if stored else set()


def _refuse_conflicts(context: Any, data_dict: DataDict, judged: dict[int, runner.Judged]) -> None:
    """Refuse projects that another organisation publishes, holding the registry until this is committed."""
    package = model.Package.get(data_dict.get("id") or data_dict.get("name"))
    if package is None:
        return
    organization_id = _organization_id(data_dict, package)
    goes_public = _goes_public(data_dict, package, organization_id)
    if not (goes_public or any(verdict.valid for verdict in judged.values())):
        return
    _check_access("package_update", context, data_dict)
    # the dataset's row first, as core does: the other way round, two uploads could wait for each other
    row = sa.select(model.Package.id).where(model.Package.id == package.id).with_for_update()
    model.Session.execute(row)
    registry.lock()
    user = context.get("user")
    for position, verdict in judged.items():
        if not verdict.valid or verdict.report is None:
            continue
        found = registry.conflicts(verdict.report.project_ids, organization_id, package.id, user)
        runner.refuse_conflicts(verdict, found)
        if found and config.guard() == "strict":
            error = _file_error(_conflict_sentence(found), verdict.report)
            model.Session.rollback()
            raise _in_resources(error, position)
    if goes_public:
        found = registry.publication_conflicts(package.id, organization_id, user)
        if found:
            model.Session.rollback()
            raise stored_results.publication_refused(found)
    context[stored_results.CHECKED] = True


def _conflict_sentence(conflicts: list[registry.Conflict]) -> str:
    return tk.ungettext(
        "The file has %(num)d project that another organisation already publishes. Nothing was saved.",
        "The file has %(num)d projects that another organisation already publishes. Nothing was saved.",
        len(conflicts),
    ) % {"num": len(conflicts)}


def _organization_id(data_dict: DataDict, package: model.Package) -> str | None:
    """The organisation that the dataset will be of."""
    wanted = data_dict.get("owner_org", package.owner_org)
    group = model.Group.get(wanted) if wanted and wanted != package.owner_org else None
    return group.id if group else package.owner_org


def _goes_public(data_dict: DataDict, package: model.Package, organization_id: str | None) -> bool:
    """Whether the save shows what stands in the dataset to others than before, or as somebody else's."""
    try:
        private = tk.asbool(data_dict.get("private", package.private) or False)
    except ValueError:
        private = True
    if private or data_dict.get("state", package.state) != "active":
        return False
    return package.private or package.state != "active" or organization_id != package.owner_org


@tk.chained_action
def package_create(next_action: Action, context: Context, data_dict: DataDict) -> Any:
    """A dataset is made without files (core cannot take them here); what it declares is noted as waiting."""
    resources = data_dict.get("resources")
    declaration.drop_computed(resources)
    for position, resource in enumerate(resources if isinstance(resources, list) else []):
        if _upload(resource) is not None and declaration.is_oc4ids(resource):
            text = tk._("Create the dataset first and then add the file to it.")
            raise _in_resources(_file_error(text), position)
    return next_action(context, data_dict)


# -- ways to publish that are no save ---


@tk.chained_action
def bulk_update_public(next_action: Action, context: Context, data_dict: DataDict) -> Any:
    """Refuse to publish in bulk what another organisation publishes: all or nothing."""
    _check_access("bulk_update_public", context, data_dict)
    ids = [each for each in data_dict.get("datasets") or [] if isinstance(each, str)]
    holders = _with_projects(ids)
    if holders:
        registry.lock()
    for package in holders:
        if package.owner_org != data_dict.get("org_id") or not package.private:
            continue
        found = registry.publication_conflicts(package.id, package.owner_org, context.get("user"))
        if found:
            model.Session.rollback()
            raise stored_results.publication_refused(found)
    result = next_action(context, data_dict)
    if holders:
        registry.refresh_claims([package.id for package in holders])
        model.Session.commit()
    return result


def _with_projects(package_ids: list[str]) -> list[model.Package]:
    """Those of some datasets that have OC4IDS resources, by id: locks are always taken in one order."""
    if not package_ids:
        return []
    query = (
        sa.select(model.Package)
        .where(
            model.Package.id.in_(package_ids),
            model.Package.id.in_(
                sa.select(ResourceState.package_id).where(ResourceState.package_id.in_(package_ids))
            ),
        )
        .order_by(model.Package.id)
        .with_for_update()
    )
    return list(model.Session.scalars(query))


@tk.chained_action
def package_owner_org_update(next_action: Action, context: Context, data_dict: DataDict) -> Any:
    """Refuse to pass a dataset on to an organisation when another one publishes its projects."""
    if context.get("defer_commit"):
        # a part of a save, which asks by itself
        return next_action(context, data_dict)
    _check_access("package_owner_org_update", context, data_dict)
    package = model.Package.get(data_dict.get("id"))
    organization = model.Group.get(data_dict.get("organization_id"))
    holders = _with_projects([package.id]) if package is not None else []
    if package is not None and holders:
        stored_results.refuse_publication(
            package.id, context.get("user"), organization.id if organization else package.id
        )
    result = next_action(context, data_dict)
    if holders:
        registry.refresh_claims([each.id for each in holders])
        model.Session.commit()
    return result


@tk.chained_action
def dataset_purge(next_action: Action, context: Context, data_dict: DataDict) -> Any:
    """Forget what is ours of a dataset that is purged, in the same transaction."""
    _check_access("dataset_purge", context, data_dict)
    package = model.Package.get(data_dict.get("id"))
    if package is not None:
        stored_results.purge([package.id])
    return next_action(context, data_dict)


def get_actions() -> dict[str, Callable[..., Any]]:
    """Return the chained actions by name."""
    return {
        "resource_create": resource_create,
        "resource_update": resource_update,
        "package_update": package_update,
        "package_create": package_create,
        "bulk_update_public": bulk_update_public,
        "package_owner_org_update": package_owner_org_update,
        "dataset_purge": dataset_purge,
    }
