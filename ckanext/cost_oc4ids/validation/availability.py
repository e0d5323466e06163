"""Whether the bytes of a resource can be read, as its state keeps it. Never commits.

A failure to read withdraws nothing: the result stays, marked with the problem and the day of the last good
look. Only a file that is gone (who keeps it answers, and has none), found so twice and
``ckanext.cost_oc4ids.withdraw_after_hours`` apart, takes its projects with it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection

import sqlalchemy as sa
from ckan import model

from ckanext.cost_common import storage
from ckanext.cost_oc4ids import config
from ckanext.cost_oc4ids.model import ResourceState
from ckanext.cost_oc4ids.model import report as states

#: other uploads that are tried before a storage counts as one that does not answer
_SAMPLE = 20


class StorageUnavailable(Exception):
    """No upload at all can be read: that says something about the storage, and nothing about the files."""


def note_read(state: ResourceState) -> None:
    """Note that the bytes were read, and are those of the last save."""
    state.last_read = states.now()
    clear(state)


def clear(state: ResourceState) -> None:
    """Forget the problems of former looks."""
    state.read_problem = state.problem_since = state.missing_since = state.problem_mailed = None


def note_problem(state: ResourceState, reason: str) -> None:
    """Note that the bytes could not be read, or are not those of the last save; the result stays.

    :param reason: a code of :mod:`.reasons`.
    """
    if state.read_problem != reason:
        state.problem_since, state.problem_mailed = states.now(), None
    state.read_problem = reason


def note_missing(state: ResourceState, reason: str) -> bool:
    """Note that the file is gone; return whether that is confirmed, so that its projects go.

    The caller knows that whoever keeps the file answers.
    """
    note_problem(state, reason)
    if state.missing_since is None:
        state.missing_since = states.now()
    return states.now() - state.missing_since >= dt.timedelta(hours=config.withdraw_after_hours())


def storage_answers(besides: Collection[str] = ()) -> bool:
    """Whether any upload can be read, other than those of some resources.

    An empty folder where a storage ought to be mounted looks as if every file were gone.
    """
    query = (
        sa.select(model.Resource)
        .where(
            model.Resource.state == "active",
            model.Resource.url_type == "upload",
            model.Resource.id.not_in(list(besides)),
        )
        .order_by(model.Resource.last_modified.desc().nulls_last())
        .limit(_SAMPLE)
    )
    return any(_is_readable(resource) for resource in model.Session.scalars(query))


def _is_readable(resource: model.Resource) -> bool:
    try:
        for _ in storage.read_chunks(resource.id, resource.as_dict()):
            break
    except Exception:
        return False
    return True
