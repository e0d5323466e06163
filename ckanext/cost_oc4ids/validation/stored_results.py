"""Results of validation in our tables: states, reports, projects. Never commits."""

from __future__ import annotations

import logging
from collections.abc import Sequence

import sqlalchemy as sa
from ckan import model
from sqlalchemy.exc import OperationalError

from ckanext.cost_common import storage
from ckanext.cost_oc4ids import config
from ckanext.cost_oc4ids.model import FileWrite, Report, ResourceState
from ckanext.cost_oc4ids.model import report as states
from ckanext.cost_oc4ids.oc4ids.types import CHECKS_VERSION, SCHEMA_VERSION
from ckanext.cost_oc4ids.projects import registry
from ckanext.cost_oc4ids.validation import activity, availability, queue, reasons, runner

log = logging.getLogger(__name__)


def record_result(
    package: model.Package,
    resource: model.Resource,
    result: runner.FileResult,
    origin: str,
    user_id: str | None,
) -> ResourceState:
    """Store the result of validating a resource's content; its projects are stored or removed with it.

    The caller holds :func:`registry.lock` and has added conflicts to the result.
    """
    if result.report is None:
        raise ValueError("a file that waits has no result")
    found = result.report
    row = Report(
        resource_id=resource.id,
        package_id=package.id,
        content_hash=result.content_hash,
        content_size=result.content_size,
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
        projects = _store_projects(package, resource.id, row.id, user_id, result)
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
    state.content_hash, state.content_size = result.content_hash, result.content_size
    state.schema_version, state.checks_version = found.schema_version, found.checks_version
    state.report_id, state.projects = row.id, projects or 0
    state.finished = states.now()
    if resource.url_type == "upload":
        state.stored_hash = result.content_hash
    availability.note_read(state)
    model.Session.flush()
    if origin == states.UPLOAD or before != state.state:
        activity.add(package, resource, row)
    return state


def _store_projects(
    package: model.Package, resource_id: str, report_id: str, user_id: str | None, result: runner.FileResult
) -> int | None:
    """Store a file's projects; None when that fails: CKAN has written the file and goes on.

    The savepoint is made by hand: CKAN takes the end of one of SQLAlchemy's for a commit, and
    forgets what it has to index (2.11).
    """
    model.Session.execute(sa.text("SAVEPOINT oc4ids_projects"))
    try:
        stored = registry.store(
            package.id, resource_id, package.owner_org, report_id, user_id, result.projects()
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


def record_pending(
    package_id: str, resource_id: str, url_type: str | None, uploaded: runner.FileResult | None = None
) -> ResourceState:
    """Store that a resource's content has still to be validated, and queue it once this is committed.

    Projects of an uploaded file stay until the new one is validated; what is no longer
    an uploaded file has none.

    :param uploaded: the content that the save brought, when it did; without one the bytes in a storage that
        only saves write to are still those of the last.
    """
    state = ResourceState.ensure(resource_id, package_id)
    if uploaded is not None:
        state.stored_hash = uploaded.content_hash
        availability.note_read(state)
    elif url_type != "upload" or storage.find_root() is None:
        state.stored_hash = None
        availability.clear(state)
    state.error = state.started = state.finished = None
    state.attempts = 0
    if url_type == "upload" or (not url_type and config.fetch_links()):
        state.state, state.reason = states.PENDING, reasons.QUEUED
        queue.enqueue_after_commit(resource_id)
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


def delete(resource_ids: Sequence[str]) -> int:
    """Delete states and projects of resources that are no longer OC4IDS files. Reports and versions stay.

    :returns: how many projects that were.
    """
    gone = registry.remove(resource_ids)
    for state in ResourceState.of_resources(resource_ids).values():
        model.Session.delete(state)
    model.Session.flush()
    return gone


def is_current(state: ResourceState) -> bool:
    """Whether a result is by the present rules."""
    return state.schema_version == SCHEMA_VERSION and state.checks_version == CHECKS_VERSION


def purge(package_ids: Sequence[str]) -> None:
    """Delete everything of datasets: states, reports, projects and their versions."""
    model.Session.execute(sa.delete(FileWrite).where(FileWrite.package_id.in_(list(package_ids))))
    states.delete_of_packages(package_ids)
    registry.purge(package_ids)


def list_unfinished(limit: int = 50) -> list[ResourceState]:
    """Return states without a present result: those that failed first; then the oldest first."""
    query = (
        sa.select(ResourceState)
        .where(ResourceState.state.in_([states.ERROR, states.PENDING, states.STALE]))
        .order_by(ResourceState.state != states.ERROR, ResourceState.modified)
        .limit(limit)
    )
    return list(model.Session.scalars(query))


def list_read_problems(resource_ids: Sequence[str] | None = None) -> list[ResourceState]:
    """Return states whose bytes could not be read, or were not those that were saved, at the last look.

    :param resource_ids: only of these resources; None: of all.
    """
    query = (
        sa.select(ResourceState)
        .where(ResourceState.read_problem.is_not(None))
        .order_by(ResourceState.problem_since, ResourceState.resource_id)
        .execution_options(populate_existing=True)
    )
    if resource_ids is not None:
        query = query.where(ResourceState.resource_id.in_(list(resource_ids)))
    return list(model.Session.scalars(query))


def count_file_writes() -> int:
    """Return how many files saves are writing, or were writing when they were killed."""
    return int(model.Session.scalar(sa.select(sa.func.count()).select_from(FileWrite)) or 0)
