"""One request, one transaction: all of it is written, or nothing."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

from ckan import model
from ckan.types import Context
from sqlalchemy.exc import IntegrityError

from ckanext.ogp_plan.model import Event
from ckanext.ogp_plan.services import report as report_service
from ckanext.ogp_plan.services.evidence import EvidenceBatch


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


def is_recorded(fact_id: str | None) -> bool:
    """Return whether the fact of a request was recorded before."""
    return bool(fact_id) and model.Session.get(Event, fact_id, populate_existing=True) is not None


def record_once(
    context: Context,
    record: Callable[[], dict[str, Any]],
    to_dict: Callable[[str], dict[str, Any]],
    fact_id: str | None,
    item_id: str | None = None,
    batch: EvidenceBatch | None = None,
) -> dict[str, Any]:
    """Record something; when the same request has recorded it meanwhile, return what that one did.

    :param to_dict: returns a fact that was recorded.
    :param fact_id: of the fact that this request makes; None: every request is another.
    :param item_id: the item at which two of the same request wait for each other.
    :param batch: files stored for it, kept when it is this one that records them.
    """

    def guarded() -> dict[str, Any]:
        if fact_id and item_id:
            report_service.lock(item_id)
            if is_recorded(fact_id):
                raise _Recorded
        return record()

    try:
        recorded = report_service.run_transaction(guarded, context)
    except _Recorded:
        model.Session.rollback()
    except IntegrityError:
        if not is_recorded(fact_id):
            raise
    else:
        if batch is not None:
            batch.keep()
        return recorded
    return to_dict(str(fact_id))


class _Recorded(Exception):
    """The same request was recorded already."""
