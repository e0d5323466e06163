"""The queue of what a worker does after a request."""

from __future__ import annotations

import logging
from typing import Any

import ckan.plugins.toolkit as tk

from ckanext.ogp_plan import config

log = logging.getLogger(__name__)

#: The function that workers call. By its name: it calls services, and those queue it.
CHECK_EVIDENCE: Any = "ckanext.ogp_plan.jobs.check_evidence"
#: Seconds that the check of one piece of evidence may take.
CHECK_SECONDS = 900


def enqueue_check(evidence_id: str) -> None:
    """Queue the check of one piece of evidence. Call it after the commit.

    When the queue cannot be reached, the weekly run checks it.

    :param evidence_id: the id of the recorded evidence.
    """
    title = f"Plans: look at evidence {evidence_id}"
    try:
        tk.enqueue_job(
            CHECK_EVIDENCE,
            [evidence_id],
            title=title,
            queue=config.queue(),
            rq_kwargs={"timeout": CHECK_SECONDS},
        )
    except Exception:
        log.warning("A job was not queued (%s)", title, exc_info=True)
