"""What the worker does. Each job may run twice or be lost: the nightly and weekly runs make up for it.

A worker must take the queue: ``ckan jobs worker default ogp_plan`` (``ckanext.ogp_plan.queue``).
"""

from __future__ import annotations

import logging

import ckan.plugins.toolkit as tk
from ckan import model

from ckanext.ogp_plan import config

log = logging.getLogger(__name__)

#: Seconds that a look at one piece of evidence, and a whole run, may take.
ONE, RUN = 900, 6 * 3600


def enqueue_check(evidence_id: str) -> None:
    """Queue a look at one piece of evidence. Without a queue, the weekly run looks at it."""
    _enqueue(check_evidence, [evidence_id], f"Plans: look at evidence {evidence_id}", ONE)


def enqueue_recompute(plan_id: str) -> None:
    """Queue the computing of all lights of a plan."""
    _enqueue(recompute, [plan_id], f"Plans: compute {plan_id}", RUN)


def _enqueue(job: object, args: list[str], title: str, timeout: int) -> None:
    try:
        tk.enqueue_job(job, args, title=title, queue=config.queue(), rq_kwargs={"timeout": timeout})
    except Exception:
        log.warning("A job was not queued (%s)", title, exc_info=True)


def check_evidence(evidence_id: str) -> None:
    """Look at one piece of evidence, keep its hash if it had none, and compute its item."""
    from ckanext.ogp_plan.services import evidence_check

    model.Session.rollback()
    evidence_check.check_one(evidence_id)


def recompute(plan_id: str) -> None:
    """Compute all lights of a plan."""
    from ckanext.ogp_plan.services import item_status

    model.Session.rollback()
    item_status.recompute(plan_id)
    model.Session.commit()
