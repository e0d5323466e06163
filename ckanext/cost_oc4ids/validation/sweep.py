"""What a nightly run looks after: resources to be validated again, and rows that belong to nothing."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

import sqlalchemy as sa
from ckan import model

from ckanext.cost_oc4ids import config
from ckanext.cost_oc4ids.model import ResourceState
from ckanext.cost_oc4ids.model import report as states
from ckanext.cost_oc4ids.projects import registry
from ckanext.cost_oc4ids.validation import declaration, queue, reasons, runner, stored_results

#: a job that runs for longer is dead
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
                "%open-contracting.org/infrastructure/%"
            ),
        )
        .order_by(model.Resource.id)
    )
    for row in model.Session.execute(query).all():
        if declaration.is_oc4ids(row.extras):
            yield row.id, row.package_id, row.url_type


def mark_stale() -> list[str]:
    """Find and note what has to be validated (again), commit, and return the resources' ids.

    That is: declared and never validated; validated by other rules; waiting or failed; running for
    longer than a job may; and stored bytes that are no longer those that were validated.
    """
    resources = list(list_declared_resources())
    known = ResourceState.of_resources([resource_id for resource_id, _, _ in resources])
    wanted: list[str] = []
    for resource_id, package_id, url_type in resources:
        state = known.get(resource_id)
        if state is None or state.package_id != package_id:
            stored_results.record_pending(package_id, resource_id, url_type)
            state = ResourceState.ensure(resource_id, package_id)
        elif reason := _stale_reason(state, resource_id, url_type):
            if state.state in (states.VALID, states.INVALID):
                state.state = states.STALE
            state.reason = reason
            state.attempts = 0
        elif state.state not in (states.PENDING, states.STALE):
            continue
        if state.state != states.NOT_APPLICABLE and state.reason != reasons.LINK_NOT_FETCHED:
            wanted.append(resource_id)
    model.Session.commit()
    return wanted


def _stale_reason(state: ResourceState, resource_id: str, url_type: str | None) -> str | None:
    """Why a state no longer holds, as a code of :mod:`.reasons`; None when it does."""
    reason = None
    if url_type and url_type != "upload":
        return None
    if state.started is not None and states.now() - state.started > DEAD_AFTER:
        reason = reasons.WORKER_LOST
    elif state.reason == reasons.LINK_NOT_FETCHED:
        reason = reasons.QUEUED if config.fetch_links() else None
    elif state.state == states.ERROR:
        reason = reasons.QUEUED
    elif state.state in (states.VALID, states.INVALID):
        if url_type != "upload" and not config.fetch_links():
            # validated when links were fetched: nothing better can be known now
            reason = None
        elif not stored_results.is_current(state):
            reason = reasons.RULES_CHANGED
        elif url_type != "upload" or _stored_hash(resource_id) != state.content_hash:
            # what a link leads to is known only by asking
            reason = reasons.CONTENT_CHANGED
    return reason


def _stored_hash(resource_id: str) -> str | None:
    resource = model.Resource.get(resource_id)
    try:
        return runner.read_upload(resource_id, resource.as_dict())[1]
    except runner.FileUnavailable:
        return None


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
