"""A published file and its result never part: a file that a save replaces is kept until it is committed.

CKAN puts the new bytes in place of the old before it commits, and indexes before that too: a save that fails,
or a process that is killed, would leave bytes that nobody accepted under the result of others. So before CKAN
runs, the old file is kept beside its path as ``<name>.prev-<SHA-256>`` and a row of ``oc4ids_file_write``
is committed on a connection of its own. The save deletes the row in its own transaction: when that is
committed the kept file goes too; when it is not, the row is still there and the kept file is put back,
at once or, after a kill, by whoever comes next (:func:`recover`).

Whoever touches the files holds the dataset's row, as a save does. Storages without paths keep nothing:
:func:`ckanext.cost_common.storage.find_root` tells them apart.
"""

from __future__ import annotations

import contextlib
import errno
import logging
import os
import re
import shutil
import time
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from ckan import model
from ckan.model.types import make_uuid
from sqlalchemy.exc import OperationalError
from werkzeug.datastructures import FileStorage

from ckanext.cost_common import storage
from ckanext.cost_common.chunks import hash_chunks, iterate_chunks
from ckanext.cost_oc4ids.model import FileWrite, ResourceState
from ckanext.cost_oc4ids.validation import declaration

log = logging.getLogger(__name__)

#: ``previous_hash`` of a write where there was no file before
NO_FILE = ""
#: keys of ``Session.info``: writes of this transaction; whether new resources are watched; how it ended
_WRITES, _WATCHED = "cost_oc4ids_file_writes", "cost_oc4ids_watch_new_files"
_COMMITTING, _COMMITTED = "cost_oc4ids_committing", "cost_oc4ids_committed"
#: errors of a file system that has no hard links, or none here
_NO_LINKS = {errno.EPERM, errno.EXDEV, errno.ENOTSUP, errno.EMLINK, errno.ENOSYS}
#: milliseconds that an undoing waits for the dataset's row
_PATIENCE = 5000
_KEPT = re.compile(r"(?P<name>.+)\.prev-[0-9a-f]{64}(?:\.part)?")
#: seconds after which a file that nobody accounts for is a leftover
_LEFTOVER_AFTER = 24 * 3600


@dataclass(slots=True)
class _Write:
    id: str
    resource_id: str
    package_id: str
    previous_hash: str
    #: whether the transaction deletes its row: what the save stores is whole
    stored: bool = False


def _writes() -> list[_Write]:
    writes: list[_Write] = model.Session().info.setdefault(_WRITES, [])
    return writes


# -- a save ---


def find_replaced(resources: Any) -> list[str]:
    """Return ids of resources of a save that come with a new file, or lose theirs."""
    return [
        resource["id"]
        for resource in (resources if isinstance(resources, list) else [])
        if isinstance(resource, Mapping)
        and isinstance(resource.get("id"), str)
        and (_has_upload(resource) or resource.get("clear_upload"))
    ]


def _has_upload(resource: Mapping[str, Any]) -> bool:
    upload = resource.get("upload")
    return isinstance(upload, FileStorage) and bool(upload.filename)


@contextlib.contextmanager
def protect() -> Iterator[None]:
    """Undo what is written to files of OC4IDS resources within it, when it fails.

    The transaction is rolled back. Within it, files of new resources are noted as they are flushed.
    """
    session = model.Session()
    outermost = not session.info.get(_WATCHED)
    session.info[_WATCHED] = True
    try:
        yield
    except BaseException:
        if session.info.get(_WRITES):
            # whatever core left of the transaction; its end puts the files back
            model.Session.rollback()
        raise
    finally:
        if outermost:
            session.info.pop(_WATCHED, None)


def find_declared(resource_ids: Iterable[str]) -> list[model.Resource]:
    """Return those of some resources that are OC4IDS as they are stored, and so have a state here.

    Asks for the rows of resources only, which CKAN's save needs anyway: while they are held, it does not ask
    for them again.
    """
    found = (model.Session.get(model.Resource, resource_id) for resource_id in resource_ids)
    return [resource for resource in found if resource is not None and declaration.is_oc4ids(resource.extras)]


def begin(package_id: str, resources: Collection[model.Resource]) -> None:
    """Keep the files of resources before CKAN writes them.

    Takes the dataset's row, as CKAN's save does. Call it within :func:`protect`.

    :param resources: those of :func:`find_declared`.
    :raises OSError: they cannot be kept: then they must not be replaced.
    """
    if not resources or storage.find_root() is None:
        return
    connection = model.Session.connection()
    _lock_dataset(connection, package_id)
    for row in _rows(connection, FileWrite.resource_id.in_([resource.id for resource in resources])):
        _undo(connection, row)
    for resource in resources:
        previous_hash = _find_previous(connection, resource.id)
        _note(package_id, resource.id, previous_hash)
        _keep(resource.id, previous_hash)


def _find_previous(connection: Any, resource_id: str) -> str:
    """The SHA-256 that the resource's file is kept under; read from the file where nobody knows it yet.

    The caller holds the dataset's row: what the session has read before may be of an earlier save.
    """
    resource = model.Resource.__table__
    url_type = connection.execute(sa.select(resource.c.url_type).where(resource.c.id == resource_id)).scalar()
    found = storage.find_path(resource_id)
    if found is None or url_type != "upload" or not found.path.exists():
        return NO_FILE
    return _stored_hash(connection, resource_id) or hash_file(found.path)


def _note(package_id: str, resource_id: str, previous_hash: str) -> None:
    """Commit that a file is about to be written, on a connection of its own."""
    write = _Write(make_uuid(), resource_id, package_id, previous_hash)
    with model.meta.engine.begin() as connection:
        connection.execute(
            sa.insert(FileWrite.__table__),
            {
                "id": write.id,
                "resource_id": resource_id,
                "package_id": package_id,
                "previous_hash": previous_hash,
            },
        )
    _writes().append(write)


@sa.event.listens_for(model.Session, "before_flush")
def _note_new_files(session: Any, _flush_context: Any, _instances: Any) -> None:
    """Note files of new resources before CKAN writes them: it does so after the flush of their rows."""
    if not session.info.get(_WATCHED):
        return
    noted = {write.resource_id for write in session.info.get(_WRITES, ())}
    for resource in list(session.new):
        if (
            isinstance(resource, model.Resource)
            and resource.url_type == "upload"
            and resource.id not in noted
            and declaration.is_oc4ids(resource.extras)
            and storage.find_root() is not None
        ):
            package_id = resource.package_id or (resource.package.id if resource.package else "")
            _note(package_id, resource.id, NO_FILE)


def finish(package_id: str) -> None:
    """Note, in the transaction of the save, that what it stores of a dataset goes with the new files."""
    done = [write for write in _writes() if write.package_id == package_id]
    if done:
        ids = [write.id for write in done]
        model.Session.execute(sa.delete(FileWrite.__table__).where(FileWrite.__table__.c.id.in_(ids)))
    for write in done:
        write.stored = True


@sa.event.listens_for(model.Session, "before_commit")
def _before_commit(session: Any) -> None:
    if not session.in_nested_transaction():
        session.info[_COMMITTING] = True


@sa.event.listens_for(model.Session, "after_commit")
def _after_commit(session: Any) -> None:
    if session.in_nested_transaction():
        return
    session.info[_COMMITTED] = True
    writes: list[_Write] = session.info.get(_WRITES, [])
    for write in [write for write in writes if write.stored]:
        writes.remove(write)
        try:
            _discard(write.resource_id, write.previous_hash)
        except Exception:
            log.exception("The former file of resource %s is left for the nightly run", write.resource_id)


@sa.event.listens_for(model.Session, "after_transaction_end")
def _after_transaction_end(session: Any, transaction: Any) -> None:
    """Undo the writes of a transaction that was not committed, however it ended."""
    if transaction.nested or transaction.parent is not None:
        return
    committed = session.info.pop(_COMMITTED, False)
    committing = session.info.pop(_COMMITTING, False)
    if committed:
        # on 2.11 a save that changes the organisation commits in its middle: its writes go on
        return
    for write in session.info.pop(_WRITES, []):
        try:
            _undo_after_end(write, committing)
        except Exception:
            # the row stays, and whoever comes next tries again
            log.exception("The file of resource %s could not be put back yet", write.resource_id)


def _undo_after_end(write: _Write, committing: bool) -> None:
    try:
        recover_write(write.id, write.package_id, write.resource_id, write.previous_hash, _PATIENCE)
    except OperationalError as error:
        if committing or getattr(error.orig, "pgcode", None):
            # nobody knows whether the database took it; or it answers, and somebody else holds the row, who
            # puts the file back before anything else
            raise
        log.exception("The database does not answer, and was never asked to commit")
        _put_back(write.resource_id, write.previous_hash)


# -- recovering ---


def recover(resource_ids: Collection[str] | None = None) -> int:
    """Put back the files of saves that never ended; return how many saves those were.

    Leaves those that somebody is at: whose dataset's row is held.

    :param resource_ids: of these resources; None: of all.
    :raises sqlalchemy.exc.SQLAlchemyError: the database cannot be asked.
    """
    mine = {write.id for write in model.Session().info.get(_WRITES, ())}
    where = sa.true() if resource_ids is None else FileWrite.resource_id.in_(list(resource_ids))
    with model.meta.engine.connect() as connection:
        rows = [row for row in _rows(connection, where) if row.id not in mine]
    recovered = 0
    for row in rows:
        try:
            recover_write(row.id, row.package_id, row.resource_id, row.previous_hash)
        except OperationalError as error:
            log.info("A save of resource %s is under way: %s", row.resource_id, error)
        except OSError:
            log.exception("The file of resource %s could not be put back yet", row.resource_id)
        else:
            log.warning("A save of resource %s never ended: its former file is in place", row.resource_id)
            recovered += 1
    return recovered


def recover_write(
    write_id: str, package_id: str, resource_id: str, previous_hash: str, patience: int | None = None
) -> None:
    """Put back one file, unless the save was committed after all.

    :param patience: milliseconds to wait for the dataset's row; None: not at all.
    :raises sqlalchemy.exc.OperationalError: somebody holds the row, or the database does not answer.
    """
    with model.meta.engine.begin() as connection:
        if patience is not None:
            connection.execute(sa.text(f"SET LOCAL lock_timeout = {int(patience)}"))
        _lock_dataset(connection, package_id, nowait=patience is None)
        rows = _rows(connection, FileWrite.id == write_id, lock=True, nowait=patience is None)
        if rows:
            _undo(connection, rows[0])
        elif not _rows(connection, FileWrite.resource_id == resource_id):
            _discard(resource_id, previous_hash)


def recover_at_start() -> None:
    """Put back what a kill left, when a process starts. Never makes the start fail."""
    try:
        if model.meta.engine is not None and sa.inspect(model.meta.engine).has_table(FileWrite.__tablename__):
            recover()
    except Exception:
        log.exception("Saves that never ended could not be looked for")


def _rows(connection: Any, where: Any, lock: bool = False, nowait: bool = False) -> list[Any]:
    query = sa.select(FileWrite.__table__).where(where).order_by(FileWrite.started, FileWrite.id)
    if lock:
        query = query.with_for_update(nowait=nowait)
    return list(connection.execute(query))


def _lock_dataset(connection: Any, package_id: str, nowait: bool = False) -> None:
    dataset = model.Package.__table__
    connection.execute(
        sa.select(dataset.c.id).where(dataset.c.id == package_id).with_for_update(nowait=nowait)
    )


def _stored_hash(connection: Any, resource_id: str) -> str | None:
    state = ResourceState.__table__
    found: str | None = connection.execute(
        sa.select(state.c.stored_hash).where(state.c.resource_id == resource_id)
    ).scalar()
    return found


def _undo(connection: Any, row: Any) -> None:
    """Put a file back as the database has it, and delete the row. The caller holds the dataset's row."""
    stored_hash = _stored_hash(connection, row.resource_id)
    if row.previous_hash == NO_FILE and stored_hash is not None and _has_file(row.resource_id, stored_hash):
        log.error("Resource %s has the file that it had not when a save of it began", row.resource_id)
    elif row.previous_hash == NO_FILE or stored_hash in (None, row.previous_hash):
        _put_back(row.resource_id, row.previous_hash)
    else:
        log.error("Resource %s has another file than the save that never ended had found", row.resource_id)
        _discard(row.resource_id, row.previous_hash)
    connection.execute(sa.delete(FileWrite.__table__).where(FileWrite.__table__.c.id == row.id))


# -- files ---


def kept_path(path: Path, previous_hash: str) -> Path:
    """Return where a file is kept while it is replaced."""
    return path.with_name(f"{path.name}.prev-{previous_hash}")


def hash_file(path: Path) -> str:
    """Return the SHA-256 of a file, as hexadecimal digits."""
    with path.open("rb") as file:
        return hash_chunks(iterate_chunks(file))[0]


def _has_file(resource_id: str, content_hash: str) -> bool:
    found = storage.find_path(resource_id)
    return found is not None and found.path.exists() and hash_file(found.path) == content_hash


def _keep(resource_id: str, previous_hash: str) -> None:
    found = storage.find_path(resource_id)
    if found is None or previous_hash == NO_FILE:
        return
    kept = kept_path(found.path, previous_hash)
    kept.unlink(missing_ok=True)
    if found.renamed:
        try:
            os.link(found.path, kept)
            return
        except OSError as error:
            if error.errno not in _NO_LINKS:
                raise
    part = kept.with_name(kept.name + ".part")
    try:
        shutil.copyfile(found.path, part)
        shutil.copystat(found.path, part)
        with part.open("rb") as file:
            os.fsync(file.fileno())
        part.replace(kept)
    except BaseException:
        part.unlink(missing_ok=True)
        raise


def _put_back(resource_id: str, previous_hash: str) -> None:
    found = storage.find_path(resource_id)
    if found is None:
        return
    if previous_hash == NO_FILE:
        found.path.unlink(missing_ok=True)
    else:
        # without a kept file CKAN had not begun to write, or it is back already
        with contextlib.suppress(FileNotFoundError):
            kept_path(found.path, previous_hash).replace(found.path)
        _discard(resource_id, previous_hash)
    if found.renamed:
        found.temporary.unlink(missing_ok=True)


def _discard(resource_id: str, previous_hash: str) -> None:
    """Delete a kept file. A rename leaves it too when it is a link to the very file."""
    found = storage.find_path(resource_id)
    if found is not None and previous_hash != NO_FILE:
        kept = kept_path(found.path, previous_hash)
        kept.unlink(missing_ok=True)
        kept.with_name(kept.name + ".part").unlink(missing_ok=True)


def delete_leftovers() -> int:
    """Delete kept, temporary and half-written files that no save accounts for; return how many.

    Only files of a day ago or older; temporary ones of CKAN's only of resources that have a state here.
    """
    root = storage.find_root()
    if root is None:
        return 0
    deleted = 0
    for path, resource_id in list(_leftovers(root)):
        with model.meta.engine.connect() as connection:
            if _rows(connection, FileWrite.resource_id == resource_id):
                continue
        path.unlink(missing_ok=True)
        log.info("Deleted %s, which no save accounts for", path)
        deleted += 1
    return deleted


def _leftovers(root: Path) -> Iterator[tuple[Path, str]]:
    before = time.time() - _LEFTOVER_AFTER
    temporary: list[tuple[Path, str]] = []
    for path in _files(root):
        kept = _KEPT.fullmatch(path.name)
        name = kept["name"] if kept else path.name.removesuffix(storage.TEMPORARY_SUFFIX)
        if name == path.name or _changed_at(path) > before:
            continue
        resource_id = "".join((*path.relative_to(root).parts[:-1], name))
        if kept:
            yield path, resource_id
        else:
            temporary.append((path, resource_id))
    known = ResourceState.of_resources([resource_id for _, resource_id in temporary])
    yield from (each for each in temporary if each[1] in known)


def _files(root: Path) -> Iterable[Path]:
    for folder, _, names in os.walk(root):
        for name in names:
            if name.endswith((storage.TEMPORARY_SUFFIX, ".part")) or ".prev-" in name:
                yield Path(folder, name)


def _changed_at(path: Path) -> float:
    """When a file's name or bytes last changed: that of a link is as old as the link."""
    try:
        return path.lstat().st_ctime
    except FileNotFoundError:
        return time.time()
