"""The upload guard: a file that declares OC4IDS is validated before anything of it is stored.

Chained on the four actions through which every upload of CKAN passes, on 2.11 and on 2.12,
whether it comes by form, API, patch, revise or replace. The heavy work is done in
``resource_create`` and ``resource_update``, where no row is locked; ``package_update`` then
finds the result on the file. What is refused leaves nothing behind: no file, no row, the
old bytes and the old projects as they were.

What fails later (the index, the database, the disk, the process) leaves them too: :mod:`.file_writes`.

A save without OC4IDS in it passes at the cost of looking at ``conforms_to``: no query, no read.
"""

from __future__ import annotations

import contextlib
import errno
import logging
from collections.abc import Callable, Iterable, Iterator
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
from ckanext.cost_oc4ids.projects import claims, registry, withholding
from ckanext.cost_oc4ids.validation import (
    conflicts,
    declaration,
    file_writes,
    intent,
    runner,
    stored_results,
)

log = logging.getLogger(__name__)

#: context key: results for the hook that stores them, by position of the resource in the dataset
RESULTS = "cost_oc4ids_results"
#: context key: conflicts of the whole dataset were looked for
CONFLICTS_CHECKED = "cost_oc4ids_conflicts_checked"
#: attribute of a FileStorage that was validated in this request: its result
_RESULT = "_cost_oc4ids_result"
#: context key: what ``resource_create`` or ``resource_update`` validated; on 2.11 they take the file out of
#: the resource before ``package_update``
_RESOURCE_RESULT = "cost_oc4ids_resource_result"
MEGABYTE = 1 << 20
#: errors of a storage that has no room for a file: none is left, the user's share is used up, it is too large
_NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


@dataclass(slots=True)
class _ResourceResult:
    resource: dict[str, Any]
    result: runner.FileResult


def _upload(resource: Any) -> FileStorage | None:
    upload = resource.get("upload") if isinstance(resource, dict) else None
    return upload if isinstance(upload, FileStorage) and upload.filename else None


def _has_guarded_upload(resource: Any) -> bool:
    """Whether this resource carries a file that is looked at here."""
    return _upload(resource) is not None and declaration.is_oc4ids(resource)


# -- refusing ---


def _file_error(sentence: str, report: Report | None = None) -> tk.ValidationError:
    """The error of a refused file: one sentence for the form's box, and the whole report beside it."""
    errors: dict[str, Any] = {"upload": [sentence]}
    if report is not None:
        errors["oc4ids_report"] = [runner.render_report(report)]
    return tk.ValidationError(errors, {tk._("File"): sentence})


def _in_resources(error: tk.ValidationError, position: int) -> tk.ValidationError:
    """The same error as ``package_*`` gives it: one entry a resource, in order."""
    entries: list[dict[str, Any]] = [{} for _ in range(position)]
    return tk.ValidationError({"resources": [*entries, error.error_dict]}, error.error_summary)


def _sentence(report: Report) -> str:
    if report.unreadable:
        words = runner.render_report(report)["findings"]
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


def _no_room_error() -> tk.ValidationError:
    return _file_error(
        tk._(
            "The portal has no room left for the file. Nothing was saved, and the file from before is "
            "still in place. Tell the administrator of the portal, and try again later."
        )
    )


@contextlib.contextmanager
def _refuse_without_room(what: str, position: int | None = None) -> Iterator[None]:
    """Refuse a save, within which a storage has no room, with words to who sends it.

    :param what: there is no room for it; for the log.
    :param position: of the resource in the dataset that is saved; None: only a resource is.
    """
    try:
        yield
    except OSError as error:
        if error.errno not in _NO_ROOM:
            raise
        log.exception("There is no room for %s", what)
        refusal = _no_room_error()
        raise (refusal if position is None else _in_resources(refusal, position)) from error


def _megabytes(size: int) -> str:
    return f"{size / MEGABYTE:.1f} MB"


# -- validating ---


def _validate(stream: Any, resource_id: str | None) -> runner.FileResult:
    """Validate a stream; refuse (ValidationError) what limits and the guard's mode refuse.

    With the guard off its content is only identified, and waits for the worker.
    """
    if config.guard() == "off":
        return runner.hash_upload(stream)
    size = runner.size_of(stream)
    limit = min(config.max_bytes(), int(tk.config["ckan.max_resource_size"]) * MEGABYTE)
    if size > limit:
        raise _size_error(size, limit)
    previous = registry.previous_version(resource_id) if resource_id else None
    try:
        with _refuse_without_room(f"a temporary copy of an upload of {size} bytes"):
            result = runner.validate_upload(stream, previous)
    except runner.ValidatorError:
        raise _crash_error() from None
    finally:
        if not stream.closed:
            stream.seek(0)
    _refuse_invalid(result)
    return result


def _crash_error() -> tk.ValidationError:
    return _file_error(
        tk._(
            "The file could not be checked because of a failure of the portal. Nothing was saved. "
            "Try again later."
        )
    )


def _refuse_invalid(result: runner.FileResult) -> None:
    """Refuse a file that does not conform, where this portal is strict."""
    if config.guard() == "strict" and result.report is not None and not result.report.valid:
        raise _file_error(_sentence(result.report), result.report)


def _validate_upload(resource: dict[str, Any]) -> runner.FileResult:
    """Validate a resource's file once, however many chained actions it passes."""
    upload = _upload(resource)
    if upload is None:
        raise ValueError("a resource without a file")
    result = getattr(upload, _RESULT, None)
    if not isinstance(result, runner.FileResult):
        result = _validate(upload.stream, resource.get("id"))
        setattr(upload, _RESULT, result)
    return result


def _validate_stored(resource: dict[str, Any]) -> runner.FileResult | None:
    """Validate a stored file that is only now declared to be OC4IDS; None when there is no file."""
    try:
        file, content_hash, size = runner.read_upload(resource["id"], resource)
    except runner.FileUnavailable:
        return None
    if size > config.inline_max_bytes():
        return runner.FileResult(content_hash, size)
    return _validate(file, resource["id"])


# -- the chained actions ---


def _check_access(name: str, context: Context, data_dict: DataDict) -> None:
    """Check access before validating, which is work; on a copy, for checks leave objects in the context."""
    checked: Any = {**context}
    tk.check_access(name, checked, dict(data_dict))


def _resource_action(name: str) -> Action:
    @tk.chained_action
    def guarded(next_action: Action, context: Context, data_dict: DataDict) -> Any:
        intent.begin(context)
        held = intent.keep_declared([data_dict])
        if not _has_guarded_upload(data_dict):
            questions: list[str] = []
            if undeclared := intent.find_undeclared([data_dict]):
                _check_access(name, context, data_dict)
                questions = intent.ask(_package_of(data_dict), undeclared)
            answer = _call_core(next_action, context, data_dict)
            held.clear()
            intent.warn(context, answer, questions)
            return answer
        _check_access(name, context, data_dict)
        result = _validate_upload(data_dict)
        extended: Any = context
        extended[_RESOURCE_RESULT] = _ResourceResult(data_dict, result)
        try:
            with file_writes.protect():
                return _call_core(next_action, context, data_dict)
        finally:
            extended.pop(_RESOURCE_RESULT, None)

    guarded.__name__ = name
    return guarded


def _package_of(data_dict: DataDict) -> model.Package | None:
    """The dataset of a resource that is made or changed."""
    resource = model.Session.get(model.Resource, data_dict["id"]) if data_dict.get("id") else None
    return resource.package if resource else model.Package.get(data_dict.get("package_id"))


def _call_core(next_action: Action, context: Context, data_dict: DataDict) -> Any:
    """Call core. It rebuilds errors without their summary, and would print a report as Python writes it."""
    try:
        with _refuse_without_room("an upload"):
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
    """Validate what was not yet, and look for the same projects elsewhere before anything is written."""
    resources = data_dict.get("resources")
    declaration.drop_computed(resources)
    data_dict.pop(intent.WARNINGS, None)
    intent.begin(context)
    held = intent.keep_declared(resources)
    questions: list[str] = []
    if undeclared := intent.find_undeclared(resources):
        _check_access("package_update", context, data_dict)
        package = model.Package.get(data_dict.get("id") or data_dict.get("name"))
        questions = intent.ask(package, undeclared)
    answer = _package_update(next_action, context, data_dict, resources)
    held.clear()
    intent.warn(context, answer, questions)
    return answer


def _package_update(next_action: Action, context: Context, data_dict: DataDict, resources: Any) -> Any:
    declared = declaration.any_oc4ids(resources)
    replaced = file_writes.find_declared(file_writes.find_replaced(resources))
    if not declared and not replaced:
        return next_action(context, data_dict)
    extended: Any = context
    extended.pop(RESULTS, None)
    results = _validate_resources(context, data_dict, resources) if declared else {}
    try:
        with file_writes.protect():
            _keep_files(context, data_dict, replaced)
            if declared and config.guard() != "off":
                _refuse_conflicts(context, data_dict, results)
            if results:
                extended[RESULTS] = results
            # known now: core takes the files out of the resources
            position = _position_of_upload(data_dict)
            with _refuse_without_room(f"the files of dataset {data_dict.get('id')}", position):
                return next_action(context, data_dict)
    finally:
        extended.pop(RESULTS, None)
        extended.pop(CONFLICTS_CHECKED, None)


def _keep_files(context: Context, data_dict: DataDict, replaced: list[model.Resource]) -> None:
    """Keep files that the save replaces and that have a result here, until it is committed."""
    package = model.Package.get(data_dict.get("id") or data_dict.get("name")) if replaced else None
    if package is None:
        return
    _check_access("package_update", context, data_dict)
    with _refuse_without_room(f"the kept files of dataset {package.id}", _position_of_upload(data_dict)):
        file_writes.begin(package.id, replaced)


def _position_of_upload(data_dict: DataDict) -> int:
    """The position of the first resource of a save that brings a file; 0 where core has taken it out."""
    resources = data_dict.get("resources") or []
    return next((index for index, each in enumerate(resources) if _upload(each) is not None), 0)


def _validate_resources(
    context: Any, data_dict: DataDict, resources: list[Any]
) -> dict[int, runner.FileResult]:
    """Results by position: of the outer action, of new files, of stored files declared only now."""
    outer: _ResourceResult | None = context.get(_RESOURCE_RESULT)
    results: dict[int, runner.FileResult] = {}
    allowed = False
    new = _newly_declared(resources) if config.guard() != "off" else set()
    for position, resource in enumerate(resources):
        if not isinstance(resource, dict) or not declaration.is_oc4ids(resource):
            continue
        if outer is not None and (
            resource is outer.resource or _upload(resource) is _upload(outer.resource) is not None
        ):
            results[position] = outer.result
            continue
        is_new = resource.get("id") in new
        if _upload(resource) is None and not is_new:
            continue
        if not allowed:
            _check_access("package_update", context, data_dict)
            allowed = True
        try:
            has_upload = _upload(resource) is not None
            result = _validate_upload(resource) if has_upload else _validate_stored(resource)
        except tk.ValidationError as error:
            model.Session.rollback()
            raise _in_resources(error, position) from error
        if result is not None:
            results[position] = result
    return results


def _newly_declared(resources: Iterable[Any]) -> set[str]:
    """Ids of resources whose stored file was not declared OC4IDS until this save. One query."""
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


def _refuse_conflicts(context: Any, data_dict: DataDict, results: dict[int, runner.FileResult]) -> None:
    """Refuse projects that another organisation publishes, holding the registry until this is committed."""
    package = model.Package.get(data_dict.get("id") or data_dict.get("name"))
    if package is None:
        return
    organization_id = _organization_id(data_dict, package)
    goes_public = _goes_public(data_dict, package, organization_id)
    if not (goes_public or any(result.valid for result in results.values())):
        return
    _check_access("package_update", context, data_dict)
    # the dataset's row first, as core does: the other way round, two uploads could wait for each other
    row = sa.select(model.Package.id).where(model.Package.id == package.id).with_for_update()
    model.Session.execute(row)
    registry.lock()
    user = context.get("user")
    for position, result in results.items():
        if not result.valid or result.report is None:
            continue
        found = claims.find_conflicts(result.report.project_ids, organization_id, package.id, user)
        conflicts.add_to_result(result, found)
        if found and config.guard() == "strict":
            error = _file_error(_conflict_sentence(found), result.report)
            model.Session.rollback()
            raise _in_resources(error, position)
    if goes_public:
        found = claims.find_publication_conflicts(package.id, organization_id, user)
        if found:
            model.Session.rollback()
            raise conflicts.publication_error(found)
    context[CONFLICTS_CHECKED] = True


def _conflict_sentence(found: list[claims.Conflict]) -> str:
    return tk.ungettext(
        "The file has %(num)d project that another organisation already publishes. Nothing was saved.",
        "The file has %(num)d projects that another organisation already publishes. Nothing was saved.",
        len(found),
    ) % {"num": len(found)}


def _organization_id(data_dict: DataDict, package: model.Package) -> str | None:
    """The organisation that the dataset will be of."""
    wanted = data_dict.get("owner_org", package.owner_org)
    group = model.Group.get(wanted) if wanted and wanted != package.owner_org else None
    return group.id if group else package.owner_org


def _goes_public(data_dict: DataDict, package: model.Package, organization_id: str | None) -> bool:
    """Whether the save makes the dataset public, or gives a public one to another organisation."""
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
    data_dict.pop(intent.WARNINGS, None)
    resources = data_dict.get("resources")
    declaration.drop_computed(resources)
    for position, resource in enumerate(resources if isinstance(resources, list) else []):
        if _upload(resource) is not None and declaration.is_oc4ids(resource):
            text = tk._("Create the dataset first and then add the file to it.")
            raise _in_resources(_file_error(text), position)
    return next_action(context, data_dict)


# -- ways to publish other than a save ---


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
        found = claims.find_publication_conflicts(package.id, package.owner_org, context.get("user"))
        if found:
            model.Session.rollback()
            raise conflicts.publication_error(found)
    result = next_action(context, data_dict)
    if holders:
        # core writes by a statement, of which the objects of the session know nothing
        model.Session.expire_all()
        package_ids = [package.id for package in holders]
        withholding.refresh(package_ids)
        claims.refresh_claims(package_ids)
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
        # a part of a save, which checks by itself
        return next_action(context, data_dict)
    _check_access("package_owner_org_update", context, data_dict)
    package = model.Package.get(data_dict.get("id"))
    organization = model.Group.get(data_dict.get("organization_id"))
    holders = _with_projects([package.id]) if package is not None else []
    if package is not None and holders:
        conflicts.refuse_publication(
            package.id, context.get("user"), organization.id if organization else package.id
        )
    result = next_action(context, data_dict)
    if holders:
        claims.refresh_claims([each.id for each in holders])
        model.Session.commit()
    return result


@tk.chained_action
def dataset_purge(next_action: Action, context: Context, data_dict: DataDict) -> Any:
    """Delete our rows of a dataset that is purged, in the same transaction."""
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
