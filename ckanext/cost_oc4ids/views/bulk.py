"""The bulk package, and the package of one project: what programs and CoST's registry collect."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Iterable

import ckan.plugins.toolkit as tk
from flask import Blueprint, Response, request

from ckanext.cost_common import dataset_access
from ckanext.cost_oc4ids import config, urls
from ckanext.cost_oc4ids.oc4ids import package
from ckanext.cost_oc4ids.projects import bulk as bulk_projects
from ckanext.cost_oc4ids.projects import search as project_search

blueprint = Blueprint("cost_oc4ids_bulk", __name__)

#: A client asks each time; the response is a few bytes when nothing changed.
CACHE = "public, max-age=0, must-revalidate"


def _head(uri: str, changed: dt.datetime) -> bytes:
    publisher = package.Publisher(
        config.publisher_name(), config.publisher_uri(), config.publisher_scheme(), config.publisher_uid()
    )
    local = changed.astimezone(config.timezone())
    return package.package_head(uri, local, publisher, config.licence(), config.publication_policy())


def _entity_tag(head: bytes, digest: str) -> str:
    return hashlib.sha256(head + digest.encode("ascii")).hexdigest()[:32]


def _open_to_all(response: Response) -> Response:
    """Any page of any site may read what is public."""
    response.headers["Access-Control-Allow-Origin"] = "*"
    response.headers["Access-Control-Expose-Headers"] = "ETag, Last-Modified, Link"
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response


def _not_found(message: str) -> Response:
    """404 in JSON: a program asked."""
    body = json.dumps({"error": message, "help": urls.bulk_url()}, ensure_ascii=False)
    response = Response(body + "\n", status=404, content_type=package.CONTENT_TYPE)
    response.headers["Cache-Control"] = "no-store"
    return _open_to_all(response)


def _add_headers(response: Response, tag: str, changed: dt.datetime) -> Response:
    # weak: the compressed and the plain answer are not the same bytes
    response.set_etag(tag, weak=True)
    response.last_modified = changed
    response.headers["Cache-Control"] = CACHE
    response.vary.add("Accept-Encoding")
    if config.licence():
        response.headers["Link"] = f'<{config.licence()}>; rel="license"'
    return _open_to_all(response)


def _unchanged(tag: str, changed: dt.datetime) -> Response | None:
    """304 when the client has this edition already, else None (RFC 9110, 13.2.2)."""
    known = request.if_none_match
    if known:
        fresh = known.contains_weak(tag)
    else:
        since = request.if_modified_since
        fresh = since is not None and changed <= since
    return _add_headers(Response(status=304), tag, changed) if fresh else None


def _package_response(head: bytes, bodies: Iterable[bytes], tag: str, changed: dt.datetime) -> Response:
    chunks = package.stream_package(head, bodies)
    zipped = request.accept_encodings.quality("gzip") > 0 and "gzip" in request.headers.get(
        "Accept-Encoding", ""
    )
    response = Response(package.gzip_stream(chunks) if zipped else chunks, content_type=package.CONTENT_TYPE)
    if zipped:
        response.headers["Content-Encoding"] = "gzip"
    return _add_headers(response, tag, changed)


def _may_read() -> bool:
    try:
        tk.check_access("oc4ids_project_list", {"user": tk.current_user.name})
    except tk.NotAuthorized:
        return False
    return True


def projects() -> Response:
    """Every public project as one package. With ``id``, that project's package."""
    if request.args.get("id"):
        return project(request.args["id"])
    if not _may_read():
        return _not_found(tk._("No project has been published yet."))
    snapshot = bulk_projects.open_snapshot()
    response: Response | None = None
    try:
        changed = bulk_projects.last_change(bulk_projects.BULK, snapshot)
        if changed is None:
            return _not_found(tk._("No project has been published yet."))
        head = _head(urls.bulk_url(), changed)
        tag = _entity_tag(head, snapshot.edition.digest)
        response = _unchanged(tag, changed)
        if response is None and request.method == "HEAD":
            response = _add_headers(Response(content_type=package.CONTENT_TYPE), tag, changed)
            # how long the package is, nobody knows before it was written; it is not 0
            response.automatically_set_content_length = False
        elif response is None:
            response = _package_response(head, snapshot.bodies(), tag, changed)
            # also when the client goes away before the first byte
            response.call_on_close(snapshot.close)
            return response
        return response
    finally:
        if response is None or not response.is_streamed:
            snapshot.close()


def project(project_id: str) -> Response:
    """The package of one project; 404 alike for what is not there and what is not public."""
    found = project_search.show(project_id) if _may_read() else None
    if found is None or not dataset_access.may_see(found[0]["dataset"]["id"], {}):
        return _not_found(tk._("There is no public project at this address"))
    result, body = found
    moments = [
        dt.datetime.fromisoformat(moment)
        for moment in (result["changed"], result["published_since"])
        if moment
    ]
    changed = max(moments).replace(microsecond=0)
    head = _head(urls.json_url(result["id"], qualified=True), changed)
    tag = _entity_tag(head, result["content_hash"])
    return _unchanged(tag, changed) or _package_response(head, [body.encode("utf-8")], tag, changed)


blueprint.add_url_rule("/oc4ids/projects.json", view_func=projects)
blueprint.add_url_rule("/oc4ids/projects/<path:project_id>.json", view_func=project, merge_slashes=False)
