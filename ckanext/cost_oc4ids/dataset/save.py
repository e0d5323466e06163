"""What a save of a dataset stores in our tables, in the transaction of the save."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from ckan import model

from ckanext.cost_oc4ids.dataset.resource_view import ensure_view
from ckanext.cost_oc4ids.model import ResourceState
from ckanext.cost_oc4ids.model import report as states
from ckanext.cost_oc4ids.projects import withholding
from ckanext.cost_oc4ids.validation import (
    conflicts,
    declaration,
    file_writes,
    guard,
    intent,
    session_changes,
    stored_results,
)
from ckanext.cost_oc4ids.validation.runner import FileResult

log = logging.getLogger(__name__)


def _user_id(context: Mapping[str, Any]) -> str | None:
    # by name: for a visitor without account, CKAN puts an object without id in the context
    user = model.User.get(context.get("user"))
    return user.id if user else None


def recover_files(resource_ids: list[str]) -> None:
    """Put back files of resources that are shown, when a save of them never ended. One query.

    A web server starts a killed process again without starting the portal.
    """
    try:
        file_writes.recover(resource_ids)
    except Exception:
        log.exception("Saves that never ended could not be looked for")


def store_save(context: Any, package_dict: dict[str, Any]) -> None:
    """Store the results of a saved dataset, inside its transaction. Without OC4IDS in it: no query at all.

    :param context: of the save; the guard leaves its results in it.
    :param package_dict: the dataset, as CKAN gives it to its hooks.
    """
    package_id = package_dict["id"]
    file_writes.finish(package_id)
    by_position: dict[int, FileResult] = context.pop(guard.RESULTS, None) or {}
    changes = session_changes.pop_resource_changes(package_id)
    _store_results(context, package_dict, by_position, changes)
    resources = package_dict.get("resources")
    if changes or declaration.any_oc4ids(resources or []) or resources is None:
        withholding.refresh([package_id])


def _store_results(
    context: Any,
    package_dict: dict[str, Any],
    by_position: dict[int, FileResult],
    changes: list[session_changes.ResourceChange],
) -> None:
    package_id = package_dict["id"]
    visibility_changed = session_changes.pop_visibility_change(package_id)
    resources = package_dict.get("resources")
    if (
        visibility_changed
        and (resources is None or declaration.any_oc4ids(resources))
        and not context.pop(guard.CONFLICTS_CHECKED, False)
    ):
        conflicts.refuse_publication(package_id, context.get("user"))
    if not (changes or by_position):
        return
    package = model.Session.get(model.Package, package_id)
    # as core does: on 2.12 what is validated has no ids of new resources
    saved = package.resources
    results = {saved[position].id: result for position, result in by_position.items()}
    gone = stored_results.delete([change.resource_id for change in changes if change.was and not change.now])
    intent.note_withdrawn(context, gone)
    if gone:
        log.info("%d projects of dataset %s are no longer published", gone, package_id)
    known = ResourceState.of_resources([change.resource_id for change in changes if change.now])
    for change in changes:
        if (
            change.now
            and change.resource_id not in results
            and (change.new_content or change.resource_id not in known)
        ):
            resource = model.Session.get(model.Resource, change.resource_id)
            stored_results.record_pending(package_id, change.resource_id, resource.url_type)
        if change.now and not change.was:
            ensure_view(change.resource_id)
    for resource_id, result in results.items():
        resource = model.Session.get(model.Resource, resource_id)
        if result.pending:
            stored_results.record_pending(package_id, resource_id, resource.url_type, result)
        else:
            stored_results.record_result(package, resource, result, states.UPLOAD, _user_id(context))
