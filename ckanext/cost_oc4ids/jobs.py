"""Entry points of background jobs: functions that workers call by their dotted names."""

from __future__ import annotations

from ckanext.cost_oc4ids.model import report as states
from ckanext.cost_oc4ids.validation import worker


def validate_resource_job(resource_id: str, origin: str = states.JOB, force: bool = False) -> None:
    """Validate a resource as it is stored now. Run twice without ``force``, it gives the same rows."""
    worker.validate_resource(resource_id, origin, force=force)
