"""Validation of a stored resource, as the worker and the commands do it, and its further attempts."""

from __future__ import annotations

import logging
from typing import BinaryIO

from ckan import model
from ckan.lib import search
from sqlalchemy.exc import OperationalError

from ckanext.cost_oc4ids import config
from ckanext.cost_oc4ids.model import ResourceState
from ckanext.cost_oc4ids.model import report as states
from ckanext.cost_oc4ids.projects import claims, registry
from ckanext.cost_oc4ids.validation import (
    alerts,
    availability,
    conflicts,
    declaration,
    file_writes,
    queue,
    reasons,
    remote,
    runner,
    stored_results,
)

log = logging.getLogger(__name__)

#: how often what may succeed later is tried
ATTEMPTS = 3
#: reasons that another attempt may change
RETRIED = (reasons.FETCH_FAILED, reasons.WORKER_LOST)


def validate_resource(
    resource_id: str,
    origin: str,
    user_id: str | None = None,
    force: bool = False,
    accept_content: bool = False,
) -> str:
    """Validate a stored resource, store the result, commit, and index its dataset.

    :param origin: who asked for it, as stored with the report.
    :param user_id: the user who asked for it.
    :param force: validate again what was validated by the present rules.
    :param accept_content: take the bytes in the storage although no save put them there.
    :returns: the state that the resource has now.
    """
    model.Session.rollback()
    resource = model.Resource.get(resource_id)
    if resource is None or resource.state != "active" or not declaration.is_oc4ids(resource.extras):
        stored_results.delete([resource_id])
        model.Session.commit()
        return states.NOT_APPLICABLE
    state = _begin(resource)
    if state is None:
        return states.NOT_APPLICABLE
    try:
        file, content_hash, size = _content(resource, accept_content)
        if not force and _is_validated(state, resource, content_hash):
            new_state = _restore(resource_id, content_hash, resource.url_type == "upload")
        else:
            result = runner.validate_file(file, content_hash, size, registry.previous_version(resource_id))
            new_state = _finish(resource_id, result, origin, user_id, accept_content)
    except runner.FileUnavailable as error:
        new_state = _note_unavailable(resource_id, error)
    except runner.ValidatorError as error:
        new_state = _fail(resource_id, reasons.CRASHED, str(error))
    except OperationalError as error:
        # a deadlock or a lost connection: another attempt may succeed
        new_state = _fail(resource_id, reasons.WORKER_LOST, str(error.orig or error))
    except Exception as error:
        log.exception("Validating resource %s failed", resource_id)
        new_state = _fail(resource_id, reasons.CRASHED, f"{type(error).__name__}: {error}")
    return new_state


def _begin(resource: model.Resource) -> ResourceState | None:
    """Note that the validation has begun; None when the content is of a kind that is never validated."""
    state = ResourceState.ensure(resource.id, resource.package_id)
    if resource.url_type and resource.url_type != "upload":
        stored_results.record_pending(resource.package_id, resource.id, resource.url_type)
        model.Session.commit()
        return None
    state.attempts += 1
    state.started, state.finished = states.now(), None
    state.job_id = queue.job_id(resource.id)
    model.Session.commit()
    return state


def _content(resource: model.Resource, accept_content: bool) -> tuple[BinaryIO, str, int]:
    if resource.url_type == "upload":
        return _upload(resource, accept_content)
    if not config.fetch_links():
        raise runner.FileUnavailable(reasons.LINK_NOT_FETCHED)
    with remote.fetch(resource.url) as chunks:
        file, content_hash, size = runner.spool(chunks, config.max_bytes())
    if size > config.max_bytes():
        raise runner.FileUnavailable(reasons.FETCH_TOO_LARGE, f"more than {config.max_bytes()} bytes")
    return file, content_hash, size


def _upload(resource: model.Resource, accept_content: bool) -> tuple[BinaryIO, str, int]:
    """The bytes in the storage, which are those of the last save.

    :raises runner.FileUnavailable: they cannot be read, or (``content_mismatch``) no save put them there.
    """
    file_writes.recover([resource.id])
    file, content_hash, size = runner.read_upload(resource.id, resource.as_dict())
    state = ResourceState.lock(resource.id)
    model.Session.rollback()
    if accept_content or state is None or state.stored_hash in (None, content_hash):
        return file, content_hash, size
    # a save may be under way: it holds the dataset's row from before it writes until it is committed
    stored_hash, content = read_settled(resource)
    if stored_hash not in (None, content[1]):
        raise runner.FileUnavailable(
            reasons.CONTENT_MISMATCH, f"SHA-256 {content[1]} and not {stored_hash}, as it was saved"
        )
    return content


def read_settled(resource: model.Resource) -> tuple[str | None, tuple[BinaryIO, str, int]]:
    """Return the SHA-256 of the last save and the bytes in the storage, while no save is under way.

    Rolls back.

    :raises runner.FileUnavailable: the bytes cannot be read.
    """
    try:
        model.Session.get(model.Package, resource.package_id, with_for_update=True)
        state = ResourceState.lock(resource.id)
        return state.stored_hash if state else None, runner.read_upload(resource.id, resource.as_dict())
    finally:
        model.Session.rollback()


def _is_validated(state: ResourceState, resource: model.Resource, content_hash: str) -> bool:
    """Whether this content was validated here by the present rules."""
    return (
        state.content_hash == content_hash
        and state.package_id == resource.package_id
        and state.report_id is not None
        and stored_results.is_current(state)
        and _is_complete(state)
    )


def _is_complete(state: ResourceState) -> bool:
    """Whether the state's report is still all that a validation of its content would give.

    It must be of this resource, have its projects in the registry, and depend on no other dataset.
    """
    report = states.Report.get(state.report_id)
    if report is None or (report.resource_id, report.package_id) != (state.resource_id, state.package_id):
        return False
    if report.valid:
        return state.projects == report.projects
    return not any(finding["code"].startswith("registry.") for finding in report.report["findings"])


def _restore(resource_id: str, content_hash: str, resource_is_upload: bool) -> str:
    """Set the state again by the report that still holds."""
    state = ResourceState.lock(resource_id)
    if state is None:
        return states.NOT_APPLICABLE
    if resource_is_upload and state.stored_hash not in (None, content_hash):
        # a save came in between: its own job validates it
        model.Session.rollback()
        return states.PENDING
    report = states.Report.get(state.report_id)
    state.state = states.VALID if report is not None and report.valid else states.INVALID
    if resource_is_upload:
        state.stored_hash = content_hash
    availability.note_read(state)
    state.reason = state.error = state.job_id = state.started = None
    state.attempts = 0
    state.finished = states.now()
    package_id = state.package_id
    model.Session.commit()
    _index(package_id)
    return state.state


def _finish(
    resource_id: str, result: runner.FileResult, origin: str, user_id: str | None, accept_content: bool
) -> str:
    """Store a result, unless the resource changed in the meantime; then it is validated again."""
    resource = model.Session.get(model.Resource, resource_id)
    package = model.Session.get(
        model.Package, resource.package_id, with_for_update=True, populate_existing=True
    )
    model.Session.refresh(resource)
    state = ResourceState.lock(resource_id)
    if resource.state != "active" or not declaration.is_oc4ids(resource.extras):
        stored_results.delete([resource_id])
        model.Session.commit()
        return states.NOT_APPLICABLE
    if not accept_content and _content_changed(resource, state, result.content_hash):
        stored_results.record_pending(package.id, resource_id, resource.url_type)
        model.Session.commit()
        return states.PENDING
    registry.lock()
    if result.valid and result.report is not None:
        found = claims.find_conflicts(result.report.project_ids, package.owner_org, package.id, None)
        conflicts.add_to_result(result, found)
    state = stored_results.record_result(package, resource, result, origin, user_id)
    claims.refresh_claims([package.id])
    new_state, package_id = state.state, package.id
    model.Session.commit()
    _index(package_id)
    return new_state


def _content_changed(resource: model.Resource, state: ResourceState | None, content_hash: str) -> bool:
    """Whether an upload was replaced while the old one was validated."""
    if resource.url_type != "upload":
        return False
    if state is not None and state.stored_hash is not None:
        return bool(state.stored_hash != content_hash)
    try:
        _, now, _ = runner.read_upload(resource.id, resource.as_dict())
    except runner.FileUnavailable:
        return False
    return now != content_hash


def _note_unavailable(resource_id: str, error: runner.FileUnavailable) -> str:
    """Note that the bytes cannot be had. A result stays, unless the file is confirmed to be gone."""
    model.Session.rollback()
    resource = model.Session.get(model.Resource, resource_id)
    # the dataset's row first, as everywhere
    model.Session.get(model.Package, resource.package_id, with_for_update=True)
    state = ResourceState.lock(resource_id)
    if state is None or not state.has_result:
        return _fail(resource_id, error.reason, error.detail)
    package_id, again = state.package_id, error.reason in RETRIED and state.attempts < ATTEMPTS
    withdrawn = False
    if not error.gone:
        availability.note_problem(state, error.reason)
    elif error.reason == reasons.FILE_MISSING and not availability.storage_answers([resource_id]):
        availability.note_problem(state, reasons.STORAGE_UNAVAILABLE)
    else:
        withdrawn = availability.note_missing(state, error.reason)
    if withdrawn:
        registry.lock()
        registry.remove([resource_id])
        state.state, state.reason, state.projects = states.ERROR, error.reason, 0
        state.report_id = state.content_hash = state.content_size = None
    elif state.reason == reasons.QUEUED and state.state in (states.VALID, states.INVALID):
        state.reason = None
    state.error, state.started, state.finished = error.detail[:2000], None, states.now()
    if not again:
        state.attempts, state.job_id = 0, None
    new_state = state.state
    model.Session.commit()
    log.warning("Resource %s could not be read (%s): %s", resource_id, error.reason, error.detail)
    if again:
        queue.enqueue(resource_id)
    if error.reason == reasons.CONTENT_MISMATCH:
        alerts.mail_mismatches()
    _index(package_id)
    return new_state


def _fail(resource_id: str, reason: str, detail: str) -> str:
    """Store why there is no result, and try again what may succeed later."""
    model.Session.rollback()
    state = ResourceState.lock(resource_id)
    if state is None:
        return states.NOT_APPLICABLE
    again = reason in RETRIED and state.attempts < ATTEMPTS
    waits = reason == reasons.LINK_NOT_FETCHED
    state.state = states.PENDING if waits or again else states.ERROR
    state.reason, state.error = reason, None if waits else detail[:2000]
    state.finished, state.started = states.now(), None
    new_state, package_id = state.state, state.package_id
    model.Session.commit()
    log.warning("Resource %s could not be validated (%s): %s", resource_id, reason, detail)
    if again:
        queue.enqueue(resource_id)
    _index(package_id)
    return new_state


def _index(package_id: str) -> None:
    try:
        search.rebuild(package_id)
    except Exception:
        # the result is stored; the search catches up with the next save or `ckan search-index rebuild`
        log.exception("Dataset %s could not be indexed", package_id)
    finally:
        model.Session.rollback()
