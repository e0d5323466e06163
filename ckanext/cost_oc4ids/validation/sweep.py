"""What a nightly run looks after: resources to be validated again, and rows that belong to nothing."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Iterator

import sqlalchemy as sa
from ckan import model
from redis.exceptions import RedisError

from ckanext.cost_oc4ids import config
from ckanext.cost_oc4ids.model import ResourceState
from ckanext.cost_oc4ids.model import report as states
from ckanext.cost_oc4ids.projects import registry, withholding
from ckanext.cost_oc4ids.validation import (
    alerts,
    availability,
    declaration,
    file_writes,
    queue,
    reasons,
    runner,
    stored_results,
    worker,
)
from ckanext.cost_oc4ids.validation.availability import StorageUnavailable

log = logging.getLogger(__name__)

#: a job that runs for longer is dead, whatever the queue says
DEAD_AFTER = dt.timedelta(seconds=queue.TIMEOUT * 1.5)


def list_declared_resources() -> Iterator[tuple[str, str, str | None]]:
    """Give (resource id, dataset id, url type) of every active resource that declares OC4IDS."""
    query = (
        sa.select(
            model.Resource.id, model.Resource.package_id, model.Resource.url_type, model.Resource.extras
        )
        .where(
            model.Resource.state == "active",
            sa.cast(model.Resource.__table__.c.extras, sa.Text).like(
                # every address of addresses.yaml has it
                "%open-contracting%/infrastructure%"
            ),
        )
        .order_by(model.Resource.id)
    )
    for row in model.Session.execute(query).all():
        if declaration.is_oc4ids(row.extras):
            yield row.id, row.package_id, row.url_type


# -- the files ---


def check_files() -> list[str]:
    """Read every upload that has a result, and note what is found; commits. Return those that have a problem.

    Files of saves that never ended are put back first. Bytes that no save put there, and bytes that cannot be
    read, leave the result as it is; :mod:`.availability` says when a file counts as gone. Differing
    files that were not mailed yet are mailed.

    :raises StorageUnavailable: not one upload can be read.
    """
    file_writes.recover()
    uploads = [resource_id for resource_id, _, url_type in list_declared_resources() if url_type == "upload"]
    missing: list[str] = []
    problems: list[str] = []
    read = 0
    for resource_id in uploads:
        state = ResourceState.lock(resource_id)
        has_result = state is not None and state.has_result
        model.Session.rollback()
        if not has_result:
            continue
        problem = _check_file(resource_id)
        if problem in (None, reasons.CONTENT_MISMATCH):
            read += 1
        if problem == reasons.FILE_MISSING:
            missing.append(resource_id)
        if problem:
            problems.append(resource_id)
    answers = bool(read) or not problems or availability.storage_answers(problems)
    for resource_id in missing:
        _note_missing(resource_id, answers)
    alerts.mail_mismatches()
    if not answers:
        raise StorageUnavailable(f"none of {len(problems)} files can be read")
    return problems


def _check_file(resource_id: str) -> str | None:
    """Read one upload and compare it with what was saved; return the problem, a code of :mod:`.reasons`."""
    resource = model.Resource.get(resource_id)
    if resource is None:
        return None
    problem = None
    content_hash = None
    try:
        content_hash = runner.read_upload(resource_id, resource.as_dict())[1]
        if content_hash != _saved_hash(resource_id):
            # a save may be under way
            saved, content = worker.read_settled(resource)
            content_hash = content[1]
            problem = reasons.CONTENT_MISMATCH if saved not in (None, content_hash) else None
    except runner.FileUnavailable as error:
        problem = error.reason
        log.warning("The file of resource %s cannot be read: %s", resource_id, error)
    state = ResourceState.lock(resource_id)
    if state is not None and problem is None:
        state.stored_hash = state.stored_hash or content_hash
        availability.note_read(state)
    elif state is not None and problem not in (None, reasons.FILE_MISSING):
        availability.note_problem(state, str(problem))
    model.Session.commit()
    return problem


def _saved_hash(resource_id: str) -> str | None:
    return model.Session.scalar(
        sa.select(ResourceState.stored_hash).where(ResourceState.resource_id == resource_id)
    )


def _note_missing(resource_id: str, storage_answers: bool) -> None:
    if storage_answers:
        # notes it, and withdraws what is confirmed to be gone
        worker.validate_resource(resource_id, states.NIGHTLY)
        return
    state = ResourceState.lock(resource_id)
    if state is not None:
        availability.note_problem(state, reasons.STORAGE_UNAVAILABLE)
    model.Session.commit()


# -- results ---


def mark_stale() -> list[str]:
    """Find and note what has to be validated (again), commit, and return the resources' ids.

    That is: declared and never validated; validated by other rules; waiting, failed, or in the hands of a
    job that is lost; and links, whose content is known only by asking. Uploads that have a problem of reading
    are left out: see :func:`check_files`.

    :raises StorageUnavailable: not one upload can be read; nothing is to be validated then.
    """
    unreadable = set(check_files())
    lost = set(find_lost_jobs())
    resources = list(list_declared_resources())
    wanted: list[str] = []
    for resource_id, package_id, url_type in resources:
        if resource_id in unreadable:
            continue
        state = ResourceState.lock(resource_id)
        if state is None or state.package_id != package_id:
            stored_results.record_pending(package_id, resource_id, url_type)
            state = ResourceState.ensure(resource_id, package_id)
        elif reason := _stale_reason(state, url_type, resource_id in lost):
            if state.state in (states.VALID, states.INVALID) and reason == reasons.RULES_CHANGED:
                state.state = states.STALE
            state.reason = reason
            state.attempts = 0
        elif state.state not in (states.PENDING, states.STALE) and not _is_asked_anew(state, url_type):
            model.Session.rollback()
            continue
        if state.state != states.NOT_APPLICABLE and state.reason != reasons.LINK_NOT_FETCHED:
            wanted.append(resource_id)
        model.Session.commit()
    return wanted


def _stale_reason(state: ResourceState, url_type: str | None, lost: bool) -> str | None:
    """Why a state no longer holds, as a code of :mod:`.reasons`; None when it does."""
    reason = None
    if url_type and url_type != "upload":
        return None
    if lost:
        reason = reasons.WORKER_LOST
    elif state.reason == reasons.LINK_NOT_FETCHED:
        reason = reasons.QUEUED if config.fetch_links() else None
    elif state.state == states.ERROR:
        reason = reasons.QUEUED
    elif (
        state.state in (states.VALID, states.INVALID)
        and (url_type == "upload" or config.fetch_links())
        and not stored_results.is_current(state)
    ):
        # of a link that was validated when links were fetched, nothing better can be known now
        reason = reasons.RULES_CHANGED
    return reason


def _is_asked_anew(state: ResourceState, url_type: str | None) -> bool:
    """Whether only asking its site tells if a result still holds."""
    return not url_type and state.state in (states.VALID, states.INVALID) and config.fetch_links()


# -- jobs ---


def find_lost_jobs() -> list[str]:
    """Return resources that wait for a job, or are in the hands of one, that is not there (any more).

    Where the queue cannot be asked: those whose job runs for longer than a job may.
    """
    query = (
        sa.select(ResourceState)
        .where(sa.or_(ResourceState.reason == reasons.QUEUED, ResourceState.started.is_not(None)))
        .order_by(ResourceState.modified)
        .execution_options(populate_existing=True)
    )
    waiting = list(model.Session.scalars(query))
    try:
        alive = queue.list_alive() if waiting else set()
    except RedisError:
        log.exception("The queue of jobs cannot be asked")
        return [
            state.resource_id
            for state in waiting
            if state.started is not None and states.now() - state.started > DEAD_AFTER
        ]
    return [state.resource_id for state in waiting if state.resource_id not in alive]


def requeue_lost_jobs() -> list[str]:
    """Queue again what waits for a job that is not there, commit, and return the resources' ids.

    What lost its worker several times is left as an error: the file may be what ends them.

    :raises redis.exceptions.RedisError: the queue does not take it.
    """
    queue.list_alive()
    queued: list[str] = []
    for resource_id in find_lost_jobs():
        state = ResourceState.lock(resource_id)
        if state is None:
            continue
        state.started = None
        if state.attempts >= worker.ATTEMPTS:
            state.state, state.reason = states.ERROR, reasons.WORKER_LOST
            state.error = f"the worker was lost {state.attempts} times"
        else:
            state.reason = reasons.QUEUED
            queued.append(resource_id)
        model.Session.commit()
    for resource_id in queued:
        queue.enqueue(resource_id)
    return queued


def refresh_withheld() -> withholding.Changes:
    """Ask of every dataset with projects whether a visitor may see it, and note it; commits each.

    :returns: what has changed, and what is not known.
    """
    found = withholding.Changes()
    for package_id in list(withholding.list_datasets()):
        changes = withholding.refresh([package_id])
        model.Session.commit()
        found.add(changes)
    return found


def delete_orphans() -> int:
    """Delete rows whose dataset or resource is no longer there, and commit; return how many."""
    dataset, resource = model.Package.__table__, model.Resource.__table__
    deleted = 0
    for table in (states.Report.__table__, ResourceState.__table__):
        there = sa.exists(sa.select(sa.literal(1)).where(dataset.c.id == table.c.package_id))
        deleted += model.Session.execute(sa.delete(table).where(~there)).rowcount
    state = ResourceState.__table__
    active = sa.exists(
        sa.select(sa.literal(1)).where(resource.c.id == state.c.resource_id, resource.c.state == "active")
    )
    deleted += model.Session.execute(sa.delete(state).where(~active)).rowcount
    deleted += registry.delete_orphans()
    model.Session.commit()
    return deleted
