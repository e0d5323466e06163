"""The queue of resources that the worker has to validate."""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk
from ckan.lib import jobs as core_jobs
from ckan.model.types import make_uuid
from rq.registry import StartedJobRegistry
from rq.utils import current_timestamp

from ckanext.cost_oc4ids import config
from ckanext.cost_oc4ids.model import report as states
from ckanext.cost_oc4ids.validation import session_changes
from ckanext.cost_oc4ids.validation.runner import WORKER_SECONDS

#: the function that workers call. By its name: it calls the worker's code, which enqueues further attempts
JOB: Any = "ckanext.cost_oc4ids.jobs.validate_resource_job"
#: seconds that a job may take
TIMEOUT = WORKER_SECONDS
#: characters of the id of a resource
_ID_LENGTH = len(make_uuid())


def job_id(resource_id: str) -> str:
    """Return the id of a resource's job: RQ takes letters, digits, ``_`` and ``-`` only."""
    return f"cost_oc4ids-validate-{resource_id}"


def enqueue(resource_id: str, origin: str = states.JOB, force: bool = False) -> str:
    """Queue the validation of a resource, once: a job that waits already is enough. Call it after the commit.

    :param origin: who asked for it, as stored with the report.
    :param force: see :func:`.worker.validate_resource`.
    :returns: the id of the job.
    """
    name = job_id(resource_id)
    queue = core_jobs.get_queue(config.queue())
    if name in queue.job_ids:
        return name
    running = queue.fetch_job(name)
    if running is not None and running.get_status() == "started":
        # it may have read the file before it changed, and RQ would mix up two jobs of one name
        name = f"{name}-{make_uuid()[:8]}"
    tk.enqueue_job(
        JOB,
        [resource_id, origin, force],
        title=f"OC4IDS: validate resource {resource_id}",
        queue=config.queue(),
        rq_kwargs={"job_id": name, "timeout": TIMEOUT, "result_ttl": 3600, "failure_ttl": 30 * 24 * 3600},
    )
    return name


def list_alive() -> set[str]:
    """Return the resources whose job waits, or runs in a worker that still shows signs of life.

    :raises redis.exceptions.RedisError: the queue cannot be asked.
    """
    queue = core_jobs.get_queue(config.queue())
    running = StartedJobRegistry(queue=queue)
    # a worker says every minute until when its job is to be counted as alive (RQ keeps it as the score)
    entries = queue.connection.zrangebyscore(running.key, current_timestamp(), "+inf")
    # RQ 2 writes job:execution
    jobs = {entry.decode().split(":")[0] for entry in entries} | set(queue.job_ids)
    prefix = job_id("")
    return {name[len(prefix) :][:_ID_LENGTH] for name in jobs if name.startswith(prefix)}


def enqueue_after_commit(resource_id: str) -> None:
    """Queue the validation of a resource once the transaction is committed."""
    session_changes.call_after_commit(f"validate {resource_id}", lambda: enqueue(resource_id))
