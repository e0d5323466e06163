"""Changes of OC4IDS resources in a transaction, noted as they are flushed: no query of its own.

CKAN's hooks give a dataset as it is after a save, not as it was. Here the session notes
which resources that declare OC4IDS, or did before, were changed; and which datasets changed
who sees them or their organisation. What must wait for the commit (jobs) waits here as well.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from ckan import model

from ckanext.cost_oc4ids.validation import declaration

log = logging.getLogger(__name__)

_CHANGES, _VISIBILITY = "cost_oc4ids_resource_changes", "cost_oc4ids_visibility_changes"
_AFTER_COMMIT = "cost_oc4ids_after_commit"
#: columns of a resource that change with its content
_CONTENT_COLUMNS = ("url", "url_type", "last_modified", "hash", "package_id")
#: columns of a dataset that decide who sees it and which organisation owns it
_VISIBILITY_COLUMNS = ("private", "state", "owner_org")


@dataclass(slots=True)
class ResourceChange:
    """A resource that this transaction wrote. ``was`` and ``now``: OC4IDS and not deleted."""

    resource_id: str
    package_id: str
    was: bool
    now: bool
    new_content: bool


def _before(obj: Any, name: str) -> Any:
    """The value a column had in the database, as far as it is known without asking."""
    history = sa.inspect(obj).attrs[name].history
    for values in (history.deleted, history.unchanged):
        if values:
            return values[0]
    return None


def _changed(obj: Any, names: tuple[str, ...]) -> bool:
    attrs = sa.inspect(obj).attrs
    return any(attrs[name].history.has_changes() for name in names)


def _note_resource(session: Any, obj: model.Resource) -> None:
    state = sa.inspect(obj)
    persistent = state.persistent or state.deleted
    was = (
        bool(persistent)
        and _before(obj, "state") != "deleted"
        and declaration.is_oc4ids(_before(obj, "extras"))
    )
    now = obj not in session.deleted and obj.state != "deleted" and declaration.is_oc4ids(obj.extras)
    if not (was or now):
        return
    changes: dict[str, ResourceChange] = session.info.setdefault(_CHANGES, {})
    package_id = obj.package_id or (obj.package.id if obj.package else "")
    earlier = changes.get(obj.id)
    changes[obj.id] = ResourceChange(
        resource_id=obj.id,
        package_id=package_id,
        was=earlier.was if earlier else was,
        now=now,
        new_content=bool(earlier and earlier.new_content)
        or not persistent
        or _changed(obj, _CONTENT_COLUMNS),
    )


@sa.event.listens_for(model.Session, "before_flush")
def _before_flush(session: Any, _flush_context: Any, _instances: Any) -> None:
    for obj in (*session.new, *session.dirty, *session.deleted):
        if isinstance(obj, model.Resource):
            _note_resource(session, obj)
        elif isinstance(obj, model.Package) and _changed(obj, _VISIBILITY_COLUMNS):
            session.info.setdefault(_VISIBILITY, set()).add(obj.id)


@sa.event.listens_for(model.Session, "after_commit")
def _after_commit(session: Any) -> None:
    if session.in_nested_transaction():
        return
    # the changes are kept for the hook: on 2.11 a save that changes the organisation commits before it
    waiting: dict[str, Callable[[], object]] = session.info.pop(_AFTER_COMMIT, {})
    for name, call in waiting.items():
        try:
            call()
        except Exception:
            # what is stored is right, and the nightly command finds what was not done
            log.exception("Not done after the commit: %s", name)


@sa.event.listens_for(model.Session, "after_rollback")
def _after_rollback(session: Any) -> None:
    if not session.in_nested_transaction():
        session.info.pop(_AFTER_COMMIT, None)
        session.info.pop(_CHANGES, None)
        session.info.pop(_VISIBILITY, None)


def pop_resource_changes(package_id: str) -> list[ResourceChange]:
    """Return, once, the OC4IDS resources of a dataset that this transaction wrote (and flushed)."""
    session = model.Session()
    changes: dict[str, ResourceChange] = session.info.get(_CHANGES, {})
    of_dataset = [change for change in changes.values() if change.package_id == package_id]
    for change in of_dataset:
        del changes[change.resource_id]
    return of_dataset


def pop_visibility_change(package_id: str) -> bool:
    """Return, once, whether this transaction changed who sees a dataset or which organisation owns it."""
    changed: set[str] = model.Session().info.get(_VISIBILITY, set())
    if package_id in changed:
        changed.discard(package_id)
        return True
    return False


def call_after_commit(name: str, call: Callable[[], object]) -> None:
    """Call something when the transaction is committed, once per name; never if it is rolled back."""
    model.Session().info.setdefault(_AFTER_COMMIT, {})[name] = call
