"""The files of evidence that is not public: stored for one fact, read by its id, and never in the catalogue.

A file is stored before its fact is recorded and named by nothing until then. It goes again when the fact is
not recorded; one that a killed process left is found by
:mod:`ckanext.ogp_plan.services.evidence_orphan`.
"""

from __future__ import annotations

from collections.abc import Iterable

import sqlalchemy as sa
from ckan import model
from ckan.lib import uploader

from ckanext.cost_common.private_files import PrivateFolder, StoredFile
from ckanext.ogp_plan import config
from ckanext.ogp_plan.model import Event, PlanRow


class NoFolder(Exception):
    """The portal has no folder for files of evidence."""


def folder() -> PrivateFolder:
    """Return the folder of the files.

    :raises NoFolder: none is configured.
    """
    root = config.private_files_path()
    if root is None:
        raise NoFolder
    return PrivateFolder(root)


def max_bytes() -> int:
    """Return how many bytes a file may have: as many as one of the catalogue."""
    return int(uploader.get_max_resource_size()) * (1 << 20)


def store(chunks: Iterable[bytes]) -> StoredFile:
    """Store a file.

    :raises NoFolder: the portal has no folder for it.
    :raises ckanext.cost_common.private_files.FileTooLarge: it has more than :func:`max_bytes`.
    :raises OSError: the folder cannot take it.
    """
    return folder().write(chunks, max_bytes())


def select_named(file_ids: list[str]) -> set[str]:
    """Return those of some files that a fact names."""
    body = Event.__table__.c.body["file"].astext
    wanted = sa.select(body).where(Event.kind == "evidence", body.in_(file_ids))
    return set(model.Session.scalars(wanted))


def find_of(evidence_id: str, plan: str) -> tuple[str, str] | None:
    """Return the file of a fact and the name it was uploaded as; None when it has none.

    :param evidence_id: the fact.
    :param plan: the name of the plan that it must be of.
    """
    body = Event.__table__.c.body
    query = (
        sa.select(body["file"].astext, body["file_name"].astext)
        .join(PlanRow, PlanRow.id == Event.plan_id)
        .where(Event.id == evidence_id, Event.kind == "evidence", PlanRow.name == plan)
    )
    found = model.Session.execute(query).first()
    return (found[0], found[1] or "") if found is not None and found[0] else None
