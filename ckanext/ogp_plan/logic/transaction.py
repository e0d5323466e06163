"""One request, one transaction: all of it is written, or nothing."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from ckan import model
from ckan.types import Context


@contextlib.contextmanager
def transaction(context: Context) -> Iterator[None]:
    """Commit at the end, unless the caller does it (``defer_commit``); on any error undo all, locks too."""
    try:
        yield
        if not context.get("defer_commit"):
            model.Session.commit()
        else:
            model.Session.flush()
    except BaseException:
        model.Session.rollback()
        raise
