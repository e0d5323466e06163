"""Stored uploads, through whatever storage CKAN has. Nothing here reads a configuration of ours."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ckan.lib import uploader

from ckanext.cost_common.chunks import iterate_chunks

#: what CKAN adds to the path of a file while it is written (not in the file storages of CKAN 2.12)
TEMPORARY_SUFFIX = "~"


class FileMissing(FileNotFoundError):
    """The storage answers, and has no such file. Any other failure to read says nothing about the file."""


@dataclass(frozen=True, slots=True)
class StoredPath:
    """Where a resource's file is, in a storage that keeps files on a file system.

    ``renamed``: a new upload takes its place by a rename, so a hard link goes on leading to the old bytes.
    Otherwise it is written into the same file, and only a copy keeps them.
    """

    path: Path
    renamed: bool

    @property
    def temporary(self) -> Path:
        """Where CKAN writes a new upload before it renames it."""
        return self.path.with_name(self.path.name + TEMPORARY_SUFFIX)


def read_chunks(resource_id: str, resource: dict[str, Any]) -> Iterator[bytes]:
    """Return the bytes of a stored upload, in chunks.

    Works with the file storages of CKAN 2.12 and with uploaders that give a path.

    :param resource_id: the id of the resource.
    :param resource: its dict, as uploaders take it.
    :raises FileMissing: the storage answers, and there is no such file. What else a storage raises comes
        as it is: the file may well be there.
    """
    upload = _uploader(resource_id, resource)
    found = _path_of(upload, resource_id)
    if found is None:
        yield from _read_from_storage(upload, resource_id)
        return
    try:
        # by its path where there is one: file-keeper takes every failure to look for a missing file
        stored = found.path.open("rb")
    except FileNotFoundError as error:
        raise FileMissing(*error.args) from error
    with stored:
        yield from iterate_chunks(stored)


def _read_from_storage(upload: Any, resource_id: str) -> Iterator[bytes]:
    from ckan.lib import files  # CKAN 2.12 and later: only its storages have no paths

    try:
        yield from upload.storage.stream(files.FileData(files.Location(upload.get_path(resource_id))))
    except files.exc.MissingFileError as error:
        raise FileMissing(str(error)) from error


def find_path(resource_id: str, resource: dict[str, Any] | None = None) -> StoredPath | None:
    """Return where a resource's upload is or would be; None in a storage without paths."""
    return _path_of(_uploader(resource_id, resource or {}), resource_id)


def find_root() -> Path | None:
    """Return the folder of all resources' uploads; None in a storage without paths."""
    upload = _uploader("", {})
    storage = getattr(upload, "storage", None)
    if storage is not None:
        return Path(storage.settings.path) if _is_file_system(storage) else None
    folder = getattr(upload, "storage_path", None)
    return Path(os.path.realpath(folder)) if folder else None


def name_storage() -> str:
    """Return what an administrator knows the storage of resources by: its folder, or its name."""
    root = find_root()
    if root is not None:
        return str(root)
    upload = _uploader("", {})
    storage = getattr(upload, "storage", None)
    name = getattr(getattr(storage, "settings", None), "name", None)
    return str(name or type(storage or upload).__name__)


def _uploader(resource_id: str, resource: dict[str, Any]) -> Any:
    # an uploader takes these out of what it is given, and begins to read the file
    plain = {key: value for key, value in resource.items() if key not in ("upload", "clear_upload")}
    return uploader.get_resource_uploader({**plain, "id": resource_id})


def _path_of(upload: Any, resource_id: str) -> StoredPath | None:
    storage = getattr(upload, "storage", None)
    if storage is not None:
        if not _is_file_system(storage):
            return None
        return StoredPath(Path(storage.full_path(upload.get_path(resource_id))), renamed=False)
    location = upload.get_path(resource_id)
    if not isinstance(location, str) or not os.path.isabs(location):
        raise TypeError(f"{type(upload).__name__} gives no path of a file: {location!r}")
    return StoredPath(Path(location), renamed=type(upload) is uploader.ResourceUpload)


def _is_file_system(storage: Any) -> bool:
    try:
        from file_keeper.default.adapters.fs import FsStorage  # comes with CKAN 2.12
    except ImportError:
        return False
    return isinstance(storage, FsStorage)


def delete_upload(resource_id: str) -> None:
    """Delete the file of a resource; one that is not there is deleted already.

    CKAN leaves it where it is when a resource is deleted, or when saving it fails.

    :param resource_id: the id of the resource, which need not exist any more.
    """
    upload = _uploader(resource_id, {})
    found = _path_of(upload, resource_id)
    if found is not None:
        found.path.unlink(missing_ok=True)
        return
    from ckan.lib import files  # CKAN 2.12 and later: only its storages have no paths

    with contextlib.suppress(files.exc.MissingFileError):
        upload.storage.remove(files.FileData(files.Location(upload.get_path(resource_id))))
