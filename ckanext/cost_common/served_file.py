"""Headers of files that people uploaded, so that none runs as a page of the portal.

The kind of a file is determined by its bytes and never by its name. Kinds that browsers show without
running anything of them may be shown; all others are saved. Rules: OWASP, "File Upload Cheat Sheet".
"""

from __future__ import annotations

import codecs
import os
from urllib.parse import quote

import magic
from flask import Response

#: Bytes of a file that determine its kind.
HEAD = 1 << 14
PDF, TEXT = "application/pdf", "text/plain"
#: Kinds that may be shown in the portal's own origin.
SHOWN = frozenset({PDF, TEXT, "image/png", "image/jpeg", "image/gif", "image/webp"})
UNKNOWN = "application/octet-stream"


def detect_media_type(head: bytes) -> str:
    """Return the kind of a file by its first bytes."""
    return str(magic.from_buffer(head, mime=True)) or UNKNOWN


def set_headers(response: Response, head: bytes, name: str = "", *, displayed: bool = True) -> None:
    """Set the headers of a response that carries an uploaded file.

    :param head: the first :data:`HEAD` bytes of the file.
    :param name: the name it is saved as; empty: what the response says already.
    :param shown: whether a kind of :data:`SHOWN` may be shown; otherwise it is saved, too.
    """
    media_type = detect_media_type(head)
    response.headers["X-Content-Type-Options"] = "nosniff"
    if displayed and media_type in SHOWN:
        response.headers["Content-Type"] = (
            f"{TEXT}; charset={_charset(head)}" if media_type == TEXT else media_type
        )
        _set_disposition(response, "inline", name)
        if media_type != PDF:
            response.headers["Content-Security-Policy"] = (
                "sandbox; default-src 'none'; style-src 'unsafe-inline'"
            )
        else:
            # browsers show no PDF in a sandbox; their readers run nothing in the portal's origin
            response.headers["Content-Security-Policy"] = "script-src 'none'; object-src 'self'"
        return
    _set_disposition(response, "attachment", name)
    response.headers["Content-Security-Policy"] = "sandbox; default-src 'none'"


def _charset(head: bytes) -> str:
    try:
        codecs.getincrementaldecoder("utf-8")().decode(head)
    except UnicodeDecodeError:
        return "windows-1252"
    return "utf-8"


def _set_disposition(response: Response, kind: str, name: str) -> None:
    """Set how a file is given; a name in the response, with its parameters, stays unless another is given."""
    if name:
        base = os.path.basename(name.replace("\\", "/")) or "archivo"
        plain = "".join(
            letter if letter.isascii() and letter.isprintable() and letter not in '"\\%' else "_"
            for letter in base
        )
        response.headers["Content-Disposition"] = (
            f"{kind}; filename=\"{plain}\"; filename*=UTF-8''{quote(base, safe='')}"
        )
        return
    _, _, parameters = response.headers.get("Content-Disposition", "").partition(";")
    response.headers["Content-Disposition"] = f"{kind};{parameters}" if parameters else kind
