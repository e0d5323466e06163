"""What the worker does. Each job may run twice or be lost: the nightly and weekly runs make up for it.

A worker must take the queue: ``ckan jobs worker default ogp_plan`` (``ckanext.ogp_plan.queue``).
:mod:`.services.queue` names these functions when it queues them.
"""

from __future__ import annotations

from ckan import model

from ckanext.ogp_plan.services import evidence_check


def check_evidence(evidence_id: str) -> None:
    """Look at one piece of evidence, keep its hash if it had none, and compute its item."""
    model.Session.rollback()
    evidence_check.check_one(evidence_id)
