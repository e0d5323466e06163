"""Reports of validation: show one, validate a file, validate a resource again."""

from __future__ import annotations

import datetime as dt
import io
from typing import Any

import ckan.plugins.toolkit as tk
from ckan import model
from ckan.lib.redis import connect_to_redis
from ckan.types import Context, DataDict
from flask import has_request_context
from werkzeug.datastructures import FileStorage

from ckanext.cost_common.logic import validated
from ckanext.cost_oc4ids import config
from ckanext.cost_oc4ids.logic.auth import report as report_auth
from ckanext.cost_oc4ids.logic.schema import report as report_schema
from ckanext.cost_oc4ids.model import Report, ResourceState
from ckanext.cost_oc4ids.model import report as states
from ckanext.cost_oc4ids.oc4ids import types
from ckanext.cost_oc4ids.validation import declaration, queue, reasons, runner, stored_results

#: seconds for which visits of one address are counted together
HOUR = 3600


def _resource(resource_id: str, package_id: str | None = None) -> model.Resource:
    """Return a resource that is there, and in that dataset if one is named.

    :raises tk.ObjectNotFound: there is none, or it is of another dataset.
    """
    resource = report_auth.existing(resource_id)
    if package_id and package_id not in (resource.package_id, resource.package.name):
        raise report_auth.not_found()
    return resource


def _iso(moment: dt.datetime | None) -> str | None:
    return moment.astimezone(dt.timezone.utc).isoformat() if moment else None


def _report_dict(resource: model.Resource, state: ResourceState | None, lang: str | None) -> dict[str, Any]:
    """Return what is known of a resource's validation, in the reader's language."""
    applies = state is not None and declaration.is_oc4ids(resource.extras)
    declared_only = state is None and declaration.is_oc4ids(resource.extras)
    report = Report.get(state.report_id) if state is not None and applies else None
    if report is not None and report.resource_id != resource.id:
        report = None
    return {
        "resource_id": resource.id,
        "package_id": resource.package_id,
        "state": state.state
        if state is not None and applies
        else ("pending" if declared_only else "not_applicable"),
        "reason": state.reason if state is not None and applies else None,
        "error": reasons.sentence(state.reason) if state is not None and applies else None,
        "content_hash": report.content_hash if report else None,
        "schema_version": report.schema_version if report else None,
        "checks_version": report.checks_version if report else None,
        "origin": report.origin if report else None,
        "created": _iso(report.created) if report else None,
        **_reading(state if applies else None),
        "projects": state.projects if state is not None and applies else 0,
        "report": runner.render_report(types.Report.from_store(report.report), lang) if report else None,
    }


def _reading(state: ResourceState | None) -> dict[str, Any]:
    """Return whether the file could be read at the last look."""
    return {
        "problem": state.read_problem if state else None,
        "problem_text": reasons.sentence(state.read_problem) if state else None,
        "problem_since": _iso(state.problem_since) if state else None,
        "last_read": _iso(state.last_read) if state else None,
    }


@tk.side_effect_free
def oc4ids_report_show(context: Context, data_dict: DataDict) -> dict[str, Any]:
    """Show the validation state of a resource and what was found in its file.

    :param resource_id: the id of the resource
    :type resource_id: string
    :param package_id: the id or name of its dataset, to make sure of (optional)
    :type package_id: string
    :param lang: language of the report, ``es`` or ``en`` (default: that of the request)
    :type lang: string

    :returns: ``state`` (``not_applicable``, ``pending``, ``valid``, ``invalid``, ``error``, ``stale``),
        ``reason`` (a code) and ``error`` (its sentence) if there is more to say, ``content_hash`` (SHA-256),
        ``schema_version``, ``checks_version``, ``origin``, ``created``, ``projects`` (how many are in the
        portal), ``report``: the last one, or None; and, when the file could not be read at the last look
        or is not the one that was saved, ``problem`` (a code), ``problem_text``, ``problem_since``;
        ``last_read``: when it was last read without a problem
    :rtype: dict
    :raises ckan.plugins.toolkit.ObjectNotFound: there is none, or you may not see it
    """
    tk.check_access("oc4ids_report_show", context, data_dict)
    data = validated(report_schema.report_show(), data_dict, ignore_unknown=True)
    resource = _resource(data["resource_id"], data["package_id"])
    return _report_dict(resource, ResourceState.get(resource.id), data["lang"])


def oc4ids_validate(context: Context, data_dict: DataDict) -> dict[str, Any]:
    """Validate a file, a text or a stored resource. Nothing is stored.

    Visitors without an account have a number of files an hour
    (``ckanext.cost_oc4ids.anonymous_validations_per_hour``).

    :param upload: a file (multipart/form-data)
    :type upload: file
    :param data: the JSON: as text, or as the object itself
    :type data: string, dict or list
    :param resource_id: the id of an uploaded resource that you may see
    :type resource_id: string
    :param lang: language of the report (default: that of the request)
    :type lang: string

    :returns: the report
    :rtype: dict
    :raises ckan.plugins.toolkit.ValidationError: not exactly one of the three was given, the file is larger
        than ``ckanext.cost_oc4ids.inline_max_bytes``, or (``rate_limit``) there were too many this hour
    """
    tk.check_access("oc4ids_validate", context, data_dict)
    data = validated(report_schema.validate(), data_dict, ignore_unknown=True)
    given = [name for name in ("upload", "data", "resource_id") if data[name]]
    resource = _resource(data["resource_id"]) if data["resource_id"] else None
    if len(given) != 1:
        raise tk.ValidationError(
            {"upload": [tk._("Give a file, the data themselves or the id of a resource.")]}
        )
    _count_validation(context)
    stream = _stream_of_resource(resource) if resource is not None else _stream(data[given[0]])
    size = runner.size_of(stream)
    limit = min(config.inline_max_bytes(), config.max_bytes())
    if size > limit:
        text = tk._("The file is too large to be checked while you wait: up to {limit} MB.")
        raise tk.ValidationError({"upload": [text.format(limit=f"{limit / (1 << 20):.1f}")]})
    file, content_hash, size = runner.spool(runner.read_chunks(stream))
    try:
        result = runner.validate_file(file, content_hash, size, None, runner.INLINE_SECONDS, limit)
    except runner.ValidatorError:
        text = tk._("The file could not be checked because of a failure of the portal. Try again later.")
        raise tk.ValidationError({"upload": [text]}) from None
    if result.report is None:
        raise RuntimeError("validated without a report")
    return runner.render_report(result.report, data["lang"])


def _stream(given: Any) -> Any:
    """A stream of what was sent: a file, text, or JSON that CKAN has parsed already."""
    if isinstance(given, FileStorage):
        return given.stream
    if isinstance(given, str):
        return io.BytesIO(given.encode("utf-8", "surrogatepass"))
    if isinstance(given, dict | list):
        try:
            return io.BytesIO(tk.h.dump_json(given, ensure_ascii=False).encode("utf-8", "surrogatepass"))
        except (TypeError, ValueError, RecursionError):
            pass
    raise tk.ValidationError({"upload": [tk._("Send a file, or JSON as text.")]})


def _stream_of_resource(resource: model.Resource) -> Any:
    if resource.url_type != "upload":
        raise tk.ValidationError({"resource_id": [tk._("The resource is not an uploaded file.")]})
    try:
        return runner.read_upload(resource.id, resource.as_dict())[0]
    except runner.FileUnavailable as error:
        raise tk.ValidationError({"resource_id": [reasons.sentence(error.reason) or error.reason]}) from None


def _count_validation(context: Context) -> None:
    """Count one validation of a visitor without account.

    :raises tk.ValidationError: there were too many this hour.
    """
    if context.get("ignore_auth") or not has_request_context() or model.User.get(context.get("user")):
        return
    limit = config.anonymous_validations_per_hour()
    redis = connect_to_redis()
    now = dt.datetime.now(dt.timezone.utc)
    address = tk.request.remote_addr or "unknown"
    key = f"cost_oc4ids:{tk.config['ckan.site_id']}:validate:{address}:{now:%Y%m%d%H}"
    with redis.pipeline() as pipeline:
        pipeline.incr(key)
        pipeline.expire(key, HOUR)
        used = pipeline.execute()[0]
    if used > limit:
        text = tk._(
            "Visitors without an account may have {limit} files checked an hour. Sign in, or come back later."
        )
        raise tk.ValidationError({"rate_limit": [text.format(limit=limit)]})


def oc4ids_resource_revalidate(context: Context, data_dict: DataDict) -> dict[str, Any]:
    """Have a resource validated again by the worker.

    You must be allowed to change the resource.

    :param resource_id: the id of the resource
    :type resource_id: string
    :param package_id: the id or name of its dataset, to make sure of (optional)
    :type package_id: string

    :returns: ``resource_id``, ``state`` and ``job_id`` (None where there is nothing to validate)
    :rtype: dict
    :raises ckan.plugins.toolkit.ValidationError: it declares no OC4IDS, or its content is not a file
    """
    tk.check_access("oc4ids_resource_revalidate", context, data_dict)
    data = validated(report_schema.resource_revalidate(), data_dict, ignore_unknown=True)
    resource = _resource(data["resource_id"], data["package_id"])
    if not declaration.is_oc4ids(resource.extras):
        raise tk.ValidationError(
            {"resource_id": [tk._("The resource does not declare that it follows OC4IDS.")]}
        )
    state = ResourceState.get(resource.id)
    if resource.url_type and resource.url_type != "upload":
        raise tk.ValidationError({"resource_id": [reasons.sentence(reasons.DATASTORE) or ""]})
    if not resource.url_type and not config.fetch_links():
        raise tk.ValidationError({"resource_id": [reasons.sentence(reasons.LINK_NOT_FETCHED) or ""]})
    if state is None:
        state = stored_results.record_pending(resource.package_id, resource.id, resource.url_type)
    if state.state in (states.VALID, states.INVALID):
        # the result stays until there is another; that one waits is in the reason
        state.reason = reasons.QUEUED
    else:
        state.state, state.reason = states.PENDING, reasons.QUEUED
    state.attempts = 0
    state.job_id = queue.job_id(resource.id)
    model.Session.commit()
    job_id = queue.enqueue(resource.id, force=True)
    return {"resource_id": resource.id, "state": state.state, "job_id": job_id}
