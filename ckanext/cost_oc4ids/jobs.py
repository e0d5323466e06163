"""What the worker does: judge what was saved without a verdict, or whose verdict is no longer of today."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Iterator
from typing import BinaryIO

import ckan.plugins.toolkit as tk
import sqlalchemy as sa
from ckan import model
from ckan.lib import jobs as core_jobs
from ckan.lib import search
from ckan.model.types import make_uuid
from sqlalchemy.exc import OperationalError

from ckanext.cost_oc4ids import config
from ckanext.cost_oc4ids.model import ResourceState
from ckanext.cost_oc4ids.model import report as states
from ckanext.cost_oc4ids.projects import registry
from ckanext.cost_oc4ids.validation import declaration, reasons, remote, runner, stored_results

log = logging.getLogger(__name__)

#: seconds that a job may take; one that runs for longer than this and a half is dead
TIMEOUT = runner.WORKER_SECONDS
DEAD_AFTER = dt.timedelta(seconds=TIMEOUT * 1.5)
#: how often what may heal by itself is tried
ATTEMPTS = 3
#: what another attempt may change
HEALABLE = (reasons.FETCH_FAILED, reasons.WORKER_LOST)
#: what means that there is no content any more; a site that is down keeps its projects
GONE = (reasons.FILE_MISSING, reasons.LINK_NOT_FETCHED, reasons.FETCH_REFUSED, reasons.FETCH_NOT_GIVEN)


def job_id(resource_id: str) -> str:
    """Return the id of a resource's job: RQ takes letters, digits, ``_`` and ``-`` only."""
    return f"cost_oc4ids-judge-{resource_id}"


def enqueue(resource_id: str, origin: str = states.JOB, force: bool = False) -> str:
    """Queue the judging of a resource, once: one that waits already is enough. Call it after the commit.

    :param force: see :func:`judge_resource`.
    :returns: the id of the job.
    """
    name = job_id(resource_id)
    queue = core_jobs.get_queue(config.queue())
    if name in queue.job_ids:
        return name
    running = queue.fetch_job(name)
    if running is not None and running.get_status() == "started":
        # it may have read the file before it changed, and RQ would mix up two jobs of one name
        name = f"{name}-{make_uuid()[:8]}"
    tk.enqueue_job(
        judge_resource_job,
        [resource_id, origin, force],
        title=f"OC4IDS: judge resource {resource_id}",
        queue=config.queue(),
        rq_kwargs={"job_id": name, "timeout": TIMEOUT, "result_ttl": 3600, "failure_ttl": 30 * 24 * 3600},
    )
    return name


def judge_resource_job(resource_id: str, origin: str = states.JOB, force: bool = False) -> None:
    """Judge a resource as it is stored now. Run twice without ``force``, it gives the same rows."""
    judge_resource(resource_id, origin, force=force)


def judge_resource(resource_id: str, origin: str, user_id: str | None = None, force: bool = False) -> str:
    """Judge a stored resource, write what was found, commit, and index its dataset.

    :param force: judge again what is known by the rules of today.
    :returns: the state that the resource has now.
    """
    model.Session.rollback()
    resource = model.Resource.get(resource_id)
    if resource is None or resource.state != "active" or not declaration.is_oc4ids(resource.extras):
        stored_results.forget([resource_id])
        model.Session.commit()
        return states.NOT_APPLICABLE
    state = _begin(resource)
    if state is None:
        return states.NOT_APPLICABLE
    try:
        file, content_hash, size = _content(resource)
        if not force and _known(state, resource, content_hash):
            outcome = _restore(resource_id, content_hash)
        else:
            judged = runner.judge(file, content_hash, size, registry.previous_version(resource_id))
            outcome = _finish(resource_id, judged, origin, user_id)
    except runner.Unavailable as error:
        outcome = _fail(resource_id, error.reason, error.detail)
    except runner.Crashed as error:
        outcome = _fail(resource_id, reasons.CRASHED, str(error))
    except OperationalError as error:
        # a deadlock or a lost connection: another attempt may find it healed
        outcome = _fail(resource_id, reasons.WORKER_LOST, str(error.orig or error))
    except Exception as error:
        log.exception("Judging resource %s failed", resource_id)
        outcome = _fail(resource_id, reasons.CRASHED, f"{type(error).__name__}: {error}")
    return outcome


def _begin(resource: model.Resource) -> ResourceState | None:
    """Note that the judging has begun; None when the content is of a kind that is never judged."""
    state = ResourceState.ensure(resource.id, resource.package_id)
    if resource.url_type and resource.url_type != "upload":
        stored_results.record_waiting(resource.package_id, resource.id, resource.url_type)
        model.Session.commit()
        return None
    state.attempts += 1
    state.started, state.finished = states.now(), None
    state.job_id = job_id(resource.id)
    model.Session.commit()
    return state


def _content(resource: model.Resource) -> tuple[BinaryIO, str, int]:
    if resource.url_type == "upload":
        return runner.read_upload(resource.id, resource.as_dict())
    if not config.fetch_links():
        raise runner.Unavailable(reasons.LINK_NOT_FETCHED)
    with remote.fetch(resource.url) as chunks:
        file, content_hash, size = runner.spool(chunks, config.max_bytes())
    if size > config.max_bytes():
        raise runner.Unavailable(reasons.FETCH_TOO_LARGE, f"more than {config.max_bytes()} bytes")
    return file, content_hash, size


def _known(state: ResourceState, resource: model.Resource, content_hash: str) -> bool:
    """Whether this content was judged here by the rules of today."""
    return (
        state.content_hash == content_hash
        and state.package_id == resource.package_id
        and state.report_id is not None
        and stored_results.is_current(state)
        and _stands(state)
    )


def _stands(state: ResourceState) -> bool:
    """Whether the state's report still says all there is to say of its content.

    It must be of this resource, have its projects in the registry, and depend on no other dataset.
    """
    report = states.Report.get(state.report_id)
    if report is None or (report.resource_id, report.package_id) != (state.resource_id, state.package_id):
        return False
    if report.valid:
        return state.projects == report.projects
    return not any(each["code"].startswith("registry.") for each in report.report["findings"])


def _restore(resource_id: str, content_hash: str) -> str:
    """Give back the verdict that still holds."""
    state = ResourceState.get(resource_id)
    if state is None:
        return states.NOT_APPLICABLE
    report = states.Report.get(state.report_id)
    state.state = states.VALID if report is not None and report.valid else states.INVALID
    state.reason = state.error = state.job_id = state.started = None
    state.attempts = 0
    state.finished = states.now()
    package_id = state.package_id
    model.Session.commit()
    _index(package_id)
    return state.state


def _finish(resource_id: str, judged: runner.Judged, origin: str, user_id: str | None) -> str:
    """Write a verdict unless the resource has become another in the meantime; then it is judged again."""
    resource = model.Session.get(model.Resource, resource_id)
    package = model.Session.get(
        model.Package, resource.package_id, with_for_update=True, populate_existing=True
    )
    model.Session.refresh(resource)
    if resource.state != "active" or not declaration.is_oc4ids(resource.extras):
        stored_results.forget([resource_id])
        model.Session.commit()
        return states.NOT_APPLICABLE
    if _content_changed(resource, judged.content_hash):
        stored_results.record_waiting(package.id, resource_id, resource.url_type)
        model.Session.commit()
        return states.PENDING
    registry.lock()
    if judged.valid and judged.report is not None:
        conflicts = registry.conflicts(judged.report.project_ids, package.owner_org, package.id, None)
        runner.refuse_conflicts(judged, conflicts)
    state = stored_results.record_verdict(package, resource, judged, origin, user_id)
    registry.refresh_claims([package.id])
    outcome, package_id = state.state, package.id
    model.Session.commit()
    _index(package_id)
    return outcome


def _content_changed(resource: model.Resource, content_hash: str) -> bool:
    """Whether an upload was replaced while the old one was being judged."""
    if resource.url_type != "upload":
        return False
    try:
        _, now, _ = runner.read_upload(resource.id, resource.as_dict())
    except runner.Unavailable:
        return False
    return now != content_hash


def _fail(resource_id: str, reason: str, detail: str) -> str:
    """Note why no verdict could be given, and try again what may heal."""
    model.Session.rollback()
    state = ResourceState.get(resource_id)
    if state is None:
        return states.NOT_APPLICABLE
    again = reason in HEALABLE and state.attempts < ATTEMPTS
    waits = reason == reasons.LINK_NOT_FETCHED
    state.state = states.PENDING if waits or again else states.ERROR
    state.reason, state.error = reason, None if waits else detail[:2000]
    state.finished, state.started = states.now(), None
    if reason in GONE:
        registry.remove([resource_id])
        state.projects = 0
    outcome, package_id = state.state, state.package_id
    model.Session.commit()
    log.warning("Resource %s could not be judged (%s): %s", resource_id, reason, detail)
    if again:
        enqueue(resource_id)
    _index(package_id)
    return outcome


def _index(package_id: str) -> None:
    try:
        search.rebuild(package_id)
    except Exception:
        # the verdict is stored; the search catches up with the next save or `ckan search-index rebuild`
        log.exception("Dataset %s could not be indexed", package_id)
    finally:
        model.Session.rollback()


# -- what is to be judged again ---


def declared_resources() -> Iterator[tuple[str, str, str | None]]:
    """(resource id, dataset id, url type) of every active resource that declares OC4IDS."""
    query = (
        sa.select(
            model.Resource.id, model.Resource.package_id, model.Resource.url_type, model.Resource.extras
        )
        .where(
            model.Resource.state == "active",
            sa.cast(model.Resource.__table__.c.extras, sa.Text).like(
                "%open-contracting.org/infrastructure/%"
            ),
        )
        .order_by(model.Resource.id)
    )
    for row in model.Session.execute(query).all():
        if declaration.is_oc4ids(row.extras):
            yield row.id, row.package_id, row.url_type


def mark_stale() -> list[str]:
    """Find and note what has to be judged (again), commit, and return the resources' ids.

    That is: declared and never judged; judged by other rules; waiting or failed in a way that may
    heal; running for longer than a job may; and stored bytes that are no longer those judged.
    """
    resources = list(declared_resources())
    known = ResourceState.of_resources([resource_id for resource_id, _, _ in resources])
    wanted: list[str] = []
    for resource_id, package_id, url_type in resources:
        state = known.get(resource_id)
        if state is None or state.package_id != package_id:
            stored_results.record_waiting(package_id, resource_id, url_type)
            state = ResourceState.ensure(resource_id, package_id)
        elif why := _stale_because(state, resource_id, url_type):
            if state.state in (states.VALID, states.INVALID):
                state.state = states.STALE
            state.reason = why
            state.attempts = 0
        elif state.state not in (states.PENDING, states.STALE):
            continue
        if state.state != states.NOT_APPLICABLE and state.reason != reasons.LINK_NOT_FETCHED:
            wanted.append(resource_id)
    model.Session.commit()
    return wanted


def _stale_because(state: ResourceState, resource_id: str, url_type: str | None) -> str | None:
    """Why a state no longer holds, as a code of :mod:`.reasons`; None when it does."""
    why = None
    if url_type and url_type != "upload":
        return None
    if state.started is not None and states.now() - state.started > DEAD_AFTER:
        why = reasons.WORKER_LOST
    elif state.reason == reasons.LINK_NOT_FETCHED:
        why = reasons.QUEUED if config.fetch_links() else None
    elif state.state == states.ERROR:
        why = reasons.QUEUED
    elif state.state in (states.VALID, states.INVALID):
        if url_type != "upload" and not config.fetch_links():
            # judged when links were fetched: nothing better can be known now
            why = None
        elif not stored_results.is_current(state):
            why = reasons.RULES_CHANGED
        elif url_type != "upload" or _stored_hash(resource_id) != state.content_hash:
            # what a link leads to is known only by asking
            why = reasons.CONTENT_CHANGED
    return why


def _stored_hash(resource_id: str) -> str | None:
    resource = model.Resource.get(resource_id)
    try:
        return runner.read_upload(resource_id, resource.as_dict())[1]
    except runner.Unavailable:
        return None


def sweep() -> int:
    """Forget what belongs to nothing that is still there, and commit; return how many rows went."""
    dataset, resource = model.Package.__table__, model.Resource.__table__
    gone = 0
    for table in (states.Report.__table__, ResourceState.__table__):
        there = sa.exists(sa.select(sa.literal(1)).where(dataset.c.id == table.c.package_id))
        gone += model.Session.execute(sa.delete(table).where(~there)).rowcount
    state = ResourceState.__table__
    active = sa.exists(
        sa.select(sa.literal(1)).where(resource.c.id == state.c.resource_id, resource.c.state == "active")
    )
    gone += model.Session.execute(sa.delete(state).where(~active)).rowcount
    gone += registry.sweep()
    model.Session.commit()
    return gone
