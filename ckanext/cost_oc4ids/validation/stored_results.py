"""What a save or a job means for our tables: states, reports, projects. Never commits."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import Any

import ckan.plugins.toolkit as tk
import sqlalchemy as sa
from ckan import model
from sqlalchemy.exc import OperationalError

from ckanext.cost_oc4ids import config
from ckanext.cost_oc4ids.dataset.resource_view import ensure_view
from ckanext.cost_oc4ids.model import Report, ResourceState
from ckanext.cost_oc4ids.model import report as states
from ckanext.cost_oc4ids.oc4ids.types import CHECKS_VERSION, SCHEMA_VERSION
from ckanext.cost_oc4ids.projects import registry
from ckanext.cost_oc4ids.validation import activity, declaration, reasons, runner, session_changes

log = logging.getLogger(__name__)

#: where the guard leaves its verdicts for the hook: position of the resource in the save -> Judged
JUDGED = "cost_oc4ids_judged"


def record_verdict(
    package: model.Package, resource: model.Resource, judged: runner.Judged, origin: str, user_id: str | None
) -> ResourceState:
    """Store what was found in a resource's content; its projects come or go with it.

    The caller holds :func:`registry.lock` and has asked for conflicts.
    """
    if judged.report is None:
        raise ValueError("a content that waits has no verdict")
    found = judged.report
    row = Report(
        resource_id=resource.id,
        package_id=package.id,
        content_hash=judged.content_hash,
        content_size=judged.content_size,
        schema_version=found.schema_version,
        checks_version=found.checks_version,
        valid=found.valid,
        projects=found.projects,
        errors=found.counts["error"],
        warnings=found.counts["warning"],
        notes=found.counts["note"],
        report=found.to_store(),
        origin=origin,
        user_id=user_id,
    )
    model.Session.add(row)
    model.Session.flush()
    projects: int | None = 0
    if found.valid:
        projects = _store_projects(package, resource.id, row.id, user_id, judged)
    if not projects:
        registry.remove([resource.id])
    state = ResourceState.ensure(resource.id, package.id)
    before = state.state if state.report_id else None
    state.state = states.VALID if found.valid else states.INVALID
    state.reason = state.error = state.job_id = state.started = None
    if projects is None:
        state.state, state.reason = states.ERROR, reasons.CRASHED
        state.error = "the projects could not be stored; the log says why"
    state.attempts = 0
    state.content_hash, state.content_size = judged.content_hash, judged.content_size
    state.schema_version, state.checks_version = found.schema_version, found.checks_version
    state.report_id, state.projects = row.id, projects or 0
    state.finished = states.now()
    model.Session.flush()
    if origin == states.UPLOAD or before != state.state:
        activity.note_verdict(package, resource, row)
    return state


def _store_projects(
    package: model.Package, resource_id: str, report_id: str, user_id: str | None, judged: runner.Judged
) -> int | None:
    """Store a file's projects; None when that fails: CKAN has written the file and goes on.

    The savepoint is made by hand: CKAN takes the end of one of SQLAlchemy's for a commit, and
    forgets what it has to index (2.11).
    """
    model.Session.execute(sa.text("SAVEPOINT oc4ids_projects"))
    try:
        stored = registry.store(
            package.id, resource_id, package.owner_org, report_id, user_id, judged.projects()
        )
    except OperationalError:
        # a deadlock or a lost connection: the whole save is tried again
        raise
    except Exception:
        log.exception("The projects of resource %s could not be stored", resource_id)
        model.Session.execute(sa.text("ROLLBACK TO SAVEPOINT oc4ids_projects"))
        return None
    model.Session.execute(sa.text("RELEASE SAVEPOINT oc4ids_projects"))
    return stored


def record_waiting(package_id: str, resource_id: str, url_type: str | None) -> ResourceState:
    """Note that a resource's content has still to be judged, and ask the worker once this is committed.

    Projects of an uploaded file stay until the verdict on the new one; what is no longer
    an uploaded file has none.
    """
    state = ResourceState.ensure(resource_id, package_id)
    state.error = state.started = state.finished = None
    state.attempts = 0
    if url_type == "upload" or (not url_type and config.fetch_links()):
        state.state, state.reason = states.PENDING, reasons.QUEUED
        queue(resource_id)
    elif not url_type:
        state.state, state.reason = states.PENDING, reasons.LINK_NOT_FETCHED
    else:
        state.state, state.reason = states.NOT_APPLICABLE, reasons.DATASTORE
    if url_type != "upload":
        registry.remove([resource_id])
        state.projects = 0
        state.report_id = state.content_hash = state.content_size = None
    model.Session.flush()
    return state


def queue(resource_id: str) -> None:
    """Have the worker judge a resource, once the transaction is committed."""
    from ckanext.cost_oc4ids import jobs

    def enqueue() -> None:
        jobs.enqueue(resource_id)

    session_changes.after_commit(f"judge {resource_id}", enqueue)


def forget(resource_ids: Sequence[str]) -> None:
    """Forget what stands in resources that are gone or no longer OC4IDS. Reports and versions stay."""
    registry.remove(resource_ids)
    for state in ResourceState.of_resources(resource_ids).values():
        model.Session.delete(state)
    model.Session.flush()


def _user_id(context: Mapping[str, Any]) -> str | None:
    # by name: for a visitor without account, CKAN puts an object without id in the context
    user = model.User.get(context.get("user"))
    return user.id if user else None


def after_save(context: Any, package_dict: dict[str, Any]) -> None:
    """Write what a save of a dataset means, inside its transaction. Without OC4IDS in it: no query at all."""
    package_id = package_dict["id"]
    judged: dict[int, runner.Judged] = context.pop(JUDGED, None) or {}
    touched = session_changes.take_touched(package_id)
    moved = session_changes.take_moved(package_id)
    resources = package_dict.get("resources")
    if moved and (resources is None or declaration.any_oc4ids(resources)) and not context.pop(CHECKED, False):
        refuse_publication(package_id, context.get("user"))
    if not (touched or judged):
        return
    package = model.Session.get(model.Package, package_id)
    # as core does: on 2.12 what is validated has no ids of new resources
    standing = package.resources
    verdicts = {standing[position].id: verdict for position, verdict in judged.items()}
    forget([each.resource_id for each in touched if each.was and not each.now])
    states_of = ResourceState.of_resources([each.resource_id for each in touched if each.now])
    for each in touched:
        if (
            each.now
            and each.resource_id not in verdicts
            and (each.new_content or each.resource_id not in states_of)
        ):
            resource = model.Session.get(model.Resource, each.resource_id)
            record_waiting(package_id, each.resource_id, resource.url_type)
        if each.now and not each.was:
            ensure_view(each.resource_id)
    for resource_id, verdict in verdicts.items():
        resource = model.Session.get(model.Resource, resource_id)
        if verdict.pending:
            record_waiting(package_id, resource_id, resource.url_type)
        else:
            record_verdict(package, resource, verdict, states.UPLOAD, _user_id(context))


#: set in the context by a guard that has asked for the conflicts of the whole dataset
CHECKED = "cost_oc4ids_checked"


def refuse_publication(package_id: str, user: str | None, organization_id: str | None = None) -> None:
    """Refuse that a dataset be shown, or passed on, whose projects another organisation publishes.

    :param organization_id: the organisation to be; None: the one it has, as written in this transaction.
    :raises ckan.plugins.toolkit.ValidationError: after rolling back.
    """
    package = model.Session.get(model.Package, package_id)
    if package is None or package.private or package.state != "active":
        return
    # the dataset's row first, as everywhere
    model.Session.execute(sa.select(model.Package.id).where(model.Package.id == package_id).with_for_update())
    registry.lock()
    conflicts = registry.publication_conflicts(package_id, organization_id or package.owner_org, user)
    if conflicts:
        model.Session.rollback()
        raise publication_refused(conflicts)


def publication_refused(conflicts: Sequence[registry.Conflict]) -> tk.ValidationError:
    """Return the error of a dataset whose projects another organisation publishes."""
    lines = []
    for conflict in conflicts:
        name = runner.name_of(conflict)
        if name:
            text = tk._(
                "The project “{project}” is already published by another organisation, "
                "in the dataset {dataset}."
            )
            lines.append(text.format(project=conflict.project_id, dataset=name))
        else:
            text = tk._("The project “{project}” is already published by another organisation.")
            lines.append(text.format(project=conflict.project_id))
    summary = tk._(
        "The dataset cannot be published: some of its infrastructure projects are already published by "
        "another organisation."
    )
    return tk.ValidationError(
        {"oc4ids_projects": [summary, *lines]}, {tk._("Infrastructure projects"): summary}
    )


def is_current(state: ResourceState) -> bool:
    """Whether a verdict was given by the rules of today."""
    return state.schema_version == SCHEMA_VERSION and state.checks_version == CHECKS_VERSION


def purge(package_ids: Sequence[str]) -> None:
    """Forget everything that is ours of datasets: states, reports, projects and their versions."""
    states.delete_of_packages(package_ids)
    registry.purge(package_ids)


def troubled(limit: int = 50) -> list[ResourceState]:
    """Return states that ask for somebody's attention: failed, waiting, stale; the oldest first."""
    query = (
        sa.select(ResourceState)
        .where(ResourceState.state.in_([states.ERROR, states.PENDING, states.STALE]))
        .order_by(ResourceState.modified)
        .limit(limit)
    )
    return list(model.Session.scalars(query))
