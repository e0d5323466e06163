"""Files of evidence: those that are not public, for who may read them, and the headers of those that are."""

from __future__ import annotations

import logging
import uuid
from typing import Any

import ckan.plugins.toolkit as tk
import flask
from flask import Response, request

from ckanext.cost_common import served_file, storage
from ckanext.ogp_plan.services import evidence_file, evidence_resource
from ckanext.ogp_plan.views import forms
from ckanext.ogp_plan.views.plan import blueprint

log = logging.getLogger(__name__)

#: Responses that carry a file, or say that the one that the browser has is still right.
_FILE_STATUSES = (200, 206, 304)


def evidence_file_view(plan: str, evidence_id: uuid.UUID) -> Any:
    """The file of evidence that is not public: always saved and never kept on the way.

    Who may read it: ``private_evidence`` in the permission matrix.
    """
    reference = str(evidence_id)
    try:
        found = tk.get_action("ogp_plan_evidence_private")({}, {"id": reference})
    except tk.NotAuthorized:
        forms.require_user()
        return tk.abort(403, tk._("This evidence is withheld."))
    except (tk.ObjectNotFound, tk.ValidationError):
        return _not_found()
    stored = evidence_file.find_of(reference, plan)
    if stored is None:
        return _not_found()
    file_id, name = stored
    try:
        file = evidence_file.folder().open(file_id)
    except (evidence_file.NoFolder, OSError):
        log.exception("The file of evidence %s cannot be read", evidence_id)
        return tk.abort(404, tk._("The file is not in the portal's storage. Tell its administration."))
    head = file.read(served_file.HEAD)
    file.seek(0)
    response = flask.send_file(
        file, mimetype=served_file.detect_media_type(head), conditional=False, etag=False, max_age=0
    )
    response.content_length = found["size"]
    served_file.set_headers(response, head, name, displayed=False)
    response.headers["Cache-Control"] = "private, no-store"
    response.headers["X-Robots-Tag"] = "noindex"
    # CKAN adds to what the response says of caches unless this says that there are none
    request.environ["__no_cache__"] = True
    return response


def _not_found() -> Any:
    return tk.abort(404, tk._("There is no such file of evidence."))


@blueprint.after_app_request
def protect_public_evidence(response: Response) -> Response:
    """Set the headers of public evidence that CKAN itself serves as a resource of the catalogue."""
    endpoint, resource_id = request.endpoint or "", (request.view_args or {}).get("resource_id")
    if not endpoint.endswith("resource.download") or not resource_id:
        return response
    if response.status_code not in _FILE_STATUSES or not evidence_resource.is_evidence(resource_id):
        return response
    try:
        head = next(storage.read_chunks(resource_id, {"id": resource_id}), b"")
    except Exception:
        # whatever the storage raises: what is not known is not shown
        log.warning("The kind of resource %s could not be determined", resource_id, exc_info=True)
        head = b""
    served_file.set_headers(response, head[: served_file.HEAD])
    return response


blueprint.add_url_rule(
    "/planes/<plan>/evidencia/<uuid:evidence_id>", endpoint="evidence_file", view_func=evidence_file_view
)
