"""All public projects at one moment, for the bulk package, and when they last changed."""

from __future__ import annotations

import datetime as dt
import hashlib
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import sqlalchemy as sa
from ckan import model
from sqlalchemy.dialects.postgresql import ARRAY, insert

from ckanext.cost_oc4ids.model import ProjectVersion, Publication
from ckanext.cost_oc4ids.projects import visibility

log = logging.getLogger(__name__)

#: Projects read at a time while the package streams.
STREAM_ROWS = 50
#: Characters of a version's id, a UUID.
VERSION_ID = 36
#: Name under which the bulk package is noted in ``oc4ids_publication``.
BULK = "projects.json"


@dataclass(frozen=True, slots=True)
class Edition:
    """What is published at one moment: the projects' versions in the order of their ids, and since when.

    A version never changes, so their ids identify the contents.
    """

    versions: str
    changed: dt.datetime | None

    @property
    def digest(self) -> str:
        """A hash of everything in the edition, hexadecimal."""
        return hashlib.sha256(self.versions.encode("ascii")).hexdigest()

    @property
    def projects(self) -> int:
        """How many there are."""
        return len(self.versions) // VERSION_ID


class Snapshot:
    """All public projects as they are at one moment, on a connection of its own. Close it."""

    def __init__(self, connection: Any, edition: Edition) -> None:
        self._connection = connection
        self.edition = edition

    def close(self) -> None:
        """Return the connection to its pool. May be called again."""
        self._connection.close()

    def publication(self, name: str) -> Any:
        """The row of ``oc4ids_publication`` for a name, or None."""
        table = Publication.__table__
        return self._connection.execute(
            sa.select(table.c.digest, table.c.changed).where(table.c.name == name)
        ).first()

    def bodies(self) -> Iterator[bytes]:
        """Each project's JSON text, UTF-8, ordered by id; a few at a time in memory. Closes at the end.

        Read by the ids that the edition has gathered: what is public and in which order was
        found out once, and the first project need not wait for it again.
        """
        column = ProjectVersion.__table__.c
        query = sa.select(column.id, column.body).where(
            column.id == sa.any_(sa.bindparam("ids", type_=ARRAY(sa.Text)))
        )
        versions = self.edition.versions
        try:
            for start in range(0, len(versions), STREAM_ROWS * VERSION_ID):
                batch = versions[start : start + STREAM_ROWS * VERSION_ID]
                ids = [batch[at : at + VERSION_ID] for at in range(0, len(batch), VERSION_ID)]
                found = {row.id: row.body for row in self._connection.execute(query, {"ids": ids})}
                for version_id in ids:
                    yield found.pop(version_id).encode("utf-8")
        finally:
            self.close()


@lru_cache(maxsize=1)
def _edition_query() -> Any:
    displayed, first = visibility.visible()
    column = displayed.project.c
    ordered = sa.text(f"'' ORDER BY {displayed.project.name}.project_id COLLATE \"C\"")
    return (
        sa.select(
            sa.func.string_agg(column.version_id, ordered).label("versions"),
            sa.func.max(sa.func.greatest(column.changed, column.claimed)).label("changed"),
        )
        .select_from(displayed.source)
        .where(first)
    )


@contextmanager
def _close_on_error(connection: Any) -> Iterator[None]:
    try:
        yield
    except BaseException:
        connection.close()
        raise


def open_snapshot() -> Snapshot:
    """Open all that is public now. The caller closes it, whatever happens."""
    connection = model.meta.engine.connect().execution_options(isolation_level="REPEATABLE READ")
    with _close_on_error(connection):
        row = connection.execute(_edition_query()).one()
        return Snapshot(connection, Edition(row.versions or "", row.changed))


def last_change(name: str, snapshot: Snapshot) -> dt.datetime | None:
    """Return when what is published under ``name`` last changed, to the second; None when nothing ever was.

    An addition is as old as its acceptance or publication. What leaves (deleted, made
    private) leaves no date behind, so the change is noted when it is first seen: the one
    thing that reading writes, in a transaction of its own and only then.
    """
    edition = snapshot.edition
    if edition.changed is None:
        return None
    known = snapshot.publication(name)
    if known and known.digest == edition.digest:
        return known.changed.replace(microsecond=0)
    changed = edition.changed
    if known and known.changed >= changed:
        changed = dt.datetime.now(dt.timezone.utc)
    values = {"digest": edition.digest, "projects": edition.projects, "changed": changed}
    statement = insert(Publication.__table__).values(name=name, **values)
    try:
        with model.meta.engine.begin() as connection:
            connection.execute(statement.on_conflict_do_update(index_elements=["name"], set_=values))
    except sa.exc.SQLAlchemyError:
        log.exception("The change of %s could not be noted; its newest project dates it", name)
        changed = edition.changed
    return changed.replace(microsecond=0)
