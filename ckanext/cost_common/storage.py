"""Stored uploads, through whatever storage CKAN has. Nothing here reads a configuration of ours."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from typing import Any

from ckan.lib import uploader

#: bytes read at once
CHUNK = 1 << 20


def read_chunks(resource_id: str, resource: dict[str, Any]) -> Iterator[bytes]:
    """Return the bytes of a stored upload, in chunks.

    Works with the file storages of CKAN 2.12 and with uploaders that give a path; what these raise
    when the file is not there comes as it is.

    :param resource_id: the id of the resource.
    :param resource: its dict, as uploaders take it.
    """
    upload: Any = uploader.get_resource_uploader({**resource, "id": resource_id})
    location = upload.get_path(resource_id)
    storage = getattr(upload, "storage", None)
    if storage is not None and hasattr(storage, "stream"):
        from ckan.lib import files  # CKAN 2.12 and later

        yield from storage.stream(files.FileData(files.Location(location)))
        return
    with open(location, "rb") as stored:
        while chunk := stored.read(CHUNK):
            yield chunk


def delete_upload(resource_id: str) -> None:
    """Delete the file of a resource; one that is not there is deleted already.

    CKAN leaves it where it is when a resource is deleted, or when saving it fails.

    :param resource_id: the id of the resource, which need not exist any more.
    """
    upload: Any = uploader.get_resource_uploader({"id": resource_id})
    location = upload.get_path(resource_id)
    storage = getattr(upload, "storage", None)
    if storage is not None and hasattr(storage, "remove"):
        from ckan.lib import files  # CKAN 2.12 and later

        with contextlib.suppress(files.exc.MissingFileError):
            storage.remove(files.FileData(files.Location(location)))
        return
    with contextlib.suppress(FileNotFoundError):
        os.remove(location)
