"""Helpers of the pages that show a report: names of states, and what templates need of a report."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import ckan.plugins.toolkit as tk
import sqlalchemy as sa
from ckan import model

from ckanext.cost_oc4ids import config
from ckanext.cost_oc4ids.model import Project, ResourceState
from ckanext.cost_oc4ids.oc4ids import report_page, schema
from ckanext.cost_oc4ids.validation import intent

DATASET_TYPE = "oc4ids"
#: Projects of one resource that its view lists; the rest is on the project list.
PROJECTS_SHOWN = 50
#: Findings shown in the form beside a refused upload; the rest comes with the next try.
FINDINGS_IN_FORM = 100
#: Characters of a found value that a page shows.
LONGEST_VALUE = 120
#: Which of several states a dataset's badge shows: what needs attention comes first.
GRAVEST_FIRST = ("invalid", "error", "stale", "pending", "valid")


def _badge(state: str) -> dict[str, str]:
    return {
        "valid": lambda: {"icon": "check-circle", "text": tk._("OC4IDS: conforms")},
        "invalid": lambda: {"icon": "times-circle", "text": tk._("OC4IDS: does not conform")},
        "pending": lambda: {"icon": "hourglass-half", "text": tk._("OC4IDS: being checked")},
        "stale": lambda: {"icon": "sync-alt", "text": tk._("OC4IDS: to be checked again")},
        "error": lambda: {"icon": "exclamation-triangle", "text": tk._("OC4IDS: could not be checked")},
    }[state]()


def oc4ids_badge(thing: Mapping[str, Any]) -> dict[str, str] | None:
    """Return ``{"state", "icon", "text"}`` for a dataset or a resource, or None when it has no state.

    No query: ``oc4ids_verdict`` is in the dict since it was shown.
    """
    own = thing.get("oc4ids_verdict")
    states = {own} if own else {resource.get("oc4ids_verdict") for resource in thing.get("resources") or []}
    for state in GRAVEST_FIRST:
        if state in states:
            return {"state": state, **_badge(state)}
    return None


def oc4ids_undeclared_question(package: Mapping[str, Any], resource: Mapping[str, Any]) -> str | None:
    """Return the question about a file of a dataset of our type that is OC4IDS and does not say so.

    Only for who may change it; None otherwise.
    """
    if not tk.h.check_access("package_update", {"id": package["id"]}):
        return None
    if not intent.is_open_question(package, resource):
        return None
    return intent.question(resource.get("name") or resource["id"])


def oc4ids_severity_name(severity: str) -> str:
    """Return a severity in the reader's language."""
    return {"error": tk._("Error"), "warning": tk._("Warning"), "note": tk._("Note")}[severity]


def oc4ids_severity_icon(severity: str) -> str:
    """Return the Font Awesome name that goes with a severity; it is always shown with the word."""
    return {"error": "times-circle", "warning": "exclamation-triangle", "note": "info-circle"}[severity]


def oc4ids_severity_heading(severity: str) -> str:
    """Return what findings of a severity mean for the file, as a heading."""
    return {
        "error": tk._("Errors: because of them the file does not conform"),
        "warning": tk._("Warnings: they do not prevent publishing, but something looks wrong"),
        "note": tk._("Notes: the data would be more useful with this"),
    }[severity]


def oc4ids_counted(severity: str, count: int) -> str:
    """Return ``3 errors``, in the reader's language."""
    if severity == "error":
        return tk.ungettext("%(num)d error", "%(num)d errors", count) % {"num": count}
    if severity == "warning":
        return tk.ungettext("%(num)d warning", "%(num)d warnings", count) % {"num": count}
    return tk.ungettext("%(num)d note", "%(num)d notes", count) % {"num": count}


def oc4ids_times(count: int) -> str:
    """Return ``once`` or ``12 times``, in the reader's language."""
    return tk.ungettext("once", "%(num)d times", count) % {"num": count}


def oc4ids_projects_counted(count: int) -> str:
    """Return ``8 projects``, in the reader's language."""
    return tk.ungettext("%(num)d project", "%(num)d projects", count) % {"num": count}


def oc4ids_result_sentence(report: Mapping[str, Any]) -> str:
    """Return the result in one sentence."""
    if report["valid"]:
        return tk._("This file conforms")
    if report.get("unreadable"):
        return tk._("This file cannot be read as OC4IDS")
    errors = oc4ids_counted("error", report["counts"]["error"])
    projects, complete = report_page.projects_with_errors(report)
    if not projects:
        return tk._("This file does not conform: {errors}").format(errors=errors)
    where = oc4ids_projects_counted(projects)
    if not complete:
        return tk._("This file does not conform: {errors} in at least {projects}").format(
            errors=errors, projects=where
        )
    return tk._("This file does not conform: {errors} in {projects}").format(errors=errors, projects=where)


def oc4ids_value(value: Any) -> str:
    """Return a value found in a file as one short line; it is whoever uploaded it who chose it."""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    text = " ".join(text.split()) if text.strip() else json.dumps(text)
    return text if len(text) <= LONGEST_VALUE else f"{text[:LONGEST_VALUE]}…"


def _project_in_words(tokens: list[str]) -> tuple[str, list[str]]:
    """The project that a pointer's first tokens lead to, in words, and the tokens that are left."""
    if tokens[0] == "projects" and len(tokens) > 1 and tokens[1].isdigit():
        tokens = tokens[1:]
    if tokens[0].isdigit():
        return tk._("Project no. {number}").format(number=int(tokens[0]) + 1), tokens[1:]
    return "", tokens


def oc4ids_place(place: Mapping[str, Any]) -> str:
    """Return where a place is, in words: ``Project no. 3 › Contracts 2 › Value › Currency``.

    Follows the place's JSON Pointer (RFC 6901). Names come from the schema; a field that it does not
    know is named as in the file. Counts from one, as people do.
    """
    pointer = place.get("path") or ""
    tokens = [token.replace("~1", "/").replace("~0", "~") for token in pointer.split("/")[1:]]
    if not tokens:
        return tk._("The whole file")
    words, tokens = _project_in_words(tokens)
    trail = [words] if words else []
    path: list[str] = []
    for token in tokens:
        if token.isdigit() and path:
            trail[-1] += f" {int(token) + 1}"
            continue
        path.append(token)
        known = schema.label("/".join(path), tk.h.lang())
        trail.append(token if known == "/".join(path) else known)
    return " › ".join(trail)


def oc4ids_page(report: Mapping[str, Any], size: int = FINDINGS_IN_FORM) -> report_page.ReportPage:
    """Return the first ``size`` findings of a report, grouped as its page shows them."""
    return report_page.page_of(report, size=size)


def oc4ids_refused_report(errors: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """Return the report that refused an upload, out of the errors that a form is given, or None."""
    carried = (errors or {}).get("oc4ids_report")
    if isinstance(carried, list):
        carried = carried[0] if carried else None
    return carried if isinstance(carried, dict) and "findings" in carried else None


def _first_sentence(error: Any) -> str | None:
    while isinstance(error, list | tuple):
        error = error[0] if error else None
    return error if isinstance(error, str) else None


def oc4ids_other_errors(
    error_summary: Mapping[str, Any] | None, displayed: Iterable[str] = ()
) -> dict[str, str]:
    """Return what a form shows beside ``shown``: sentences only, never a structure."""
    kept = set(displayed)
    sentences = {key: _first_sentence(error) for key, error in (error_summary or {}).items()}
    return {key: text for key, text in sentences.items() if text and text not in kept}


def oc4ids_upload_error(errors: Mapping[str, Any] | None) -> str:
    """Return the sentence that refused an upload."""
    return _first_sentence((errors or {}).get("upload")) or tk._("The file could not be accepted.")


def oc4ids_report(resource_id: str) -> dict[str, Any] | None:
    """Return what ``oc4ids_report_show`` returns to this visitor, or None when it returns nothing."""
    try:
        return tk.get_action("oc4ids_report_show")({}, {"resource_id": resource_id, "lang": tk.h.lang()})
    except (tk.ObjectNotFound, tk.NotAuthorized):
        return None


def oc4ids_resource_projects(resource_id: str) -> list[dict[str, Any]]:
    """Return the projects of a resource, at most :data:`PROJECTS_SHOWN`, by title.

    For templates of that resource's own page: whoever reads it may see the file.
    """
    rows = model.Session.scalars(
        sa.select(Project)
        .where(Project.resource_id == resource_id)
        .order_by(Project.title_key, Project.project_id)
        .limit(PROJECTS_SHOWN)
    )
    return [row.dictize() for row in rows]


def oc4ids_organization_states(organization_id: str) -> dict[str, int]:
    """Return how many public files of an organismo are in each state; states without files are absent."""
    rows = model.Session.execute(
        sa.select(ResourceState.state, sa.func.count())
        .join(model.Resource, model.Resource.id == ResourceState.resource_id)
        .join(model.Package, model.Package.id == model.Resource.package_id)
        .where(
            model.Package.owner_org == organization_id,
            model.Package.state == "active",
            model.Package.private.isnot(True),
            model.Resource.state == "active",
            ResourceState.state != "not_applicable",
        )
        .group_by(ResourceState.state)
    )
    return dict(rows.all())


def _counted_files(state: str, count: int) -> str:
    ungettext = tk.ungettext
    text = {
        "valid": ungettext("%(num)d file conforms", "%(num)d files conform", count),
        "invalid": ungettext("%(num)d file does not conform", "%(num)d files do not conform", count),
        "error": ungettext("%(num)d file could not be checked", "%(num)d files could not be checked", count),
        "pending": ungettext("%(num)d file being checked", "%(num)d files being checked", count),
        "stale": ungettext("%(num)d file to be checked again", "%(num)d files to be checked again", count),
    }[state]
    return str(text % {"num": count})


def oc4ids_state_lines(counts: Mapping[str, int]) -> list[dict[str, str]]:
    """Return ``{"state", "icon", "text"}`` for each state that has files, conforming ones first."""
    lines = []
    for state in reversed(GRAVEST_FIRST):
        count = counts.get(state, 0)
        if count:
            text = _counted_files(state, count)
            lines.append({"state": state, "icon": _badge(state)["icon"], "text": text})
    return lines


def oc4ids_state_title(state: str) -> str:
    """Return a state as the heading of a page that has no report to show."""
    return {
        "pending": tk._("This file is waiting to be checked"),
        "stale": tk._("This file is waiting to be checked again"),
        "error": tk._("This file could not be checked"),
    }.get(state, tk._("This file has not been checked"))


def oc4ids_state_text(result: Mapping[str, Any]) -> str:
    """Return what a resource's state means and what will happen, or nothing when its report is enough."""
    texts = {
        "pending": tk._(
            "The portal has the file and checks it in the background. Reload this page in a few minutes. "
            "Its projects appear when it turns out to conform."
        ),
        "stale": tk._(
            "This report is about an earlier state of the file or of the rules. "
            "The portal checks the file again every night; who edits the dataset can ask for it now."
        ),
        "error": tk._(
            "The check did not come to an end, so nothing is known about the file. The portal tries again."
        ),
    }
    return result.get("error") or texts.get(result["state"], "")


def oc4ids_size(size: int) -> str:
    """Return a size given in bytes as people read it."""
    return tk.h.localised_filesize(size)


def oc4ids_moment(value: str | dt.datetime) -> str:
    """Return a moment in words, in the portal's zone; ``value`` a datetime with zone or its ISO 8601 text."""
    moment = dt.datetime.fromisoformat(value) if isinstance(value, str) else value
    local = moment.astimezone(config.timezone())
    return f"{tk.h.oc4ids_moment_day(moment)}, {local:%H:%M}"


def oc4ids_organization_projects(organization_id: str) -> int:
    """Return how many public projects an organismo has."""
    found = tk.get_action("oc4ids_project_search")({}, {"organization": organization_id, "limit": 0})
    return int(found["count"])


def oc4ids_largest_upload() -> int:
    """Return the size in bytes up to which the validator takes a file."""
    return min(config.inline_max_bytes(), config.max_bytes())


def oc4ids_filled_fields(schema_: Mapping[str, Any], package: Mapping[str, Any]) -> dict[str, Any]:
    """Return a dataset schema with only the fields that have a value in the dataset."""
    nothing: tuple[Any, ...] = (None, "", [], {})
    filled = [field for field in schema_["dataset_fields"] if package.get(field["field_name"]) not in nothing]
    return {**schema_, "dataset_fields": filled}


@tk.chained_helper
def humanize_entity_type(
    next_helper: Callable[..., str | None], entity_type: str, object_type: str, purpose: str
) -> str | None:
    """Call a dataset of our type a dataset: ``Create dataset`` where CKAN would say ``Create Oc4ids``."""
    if entity_type == "package" and object_type == DATASET_TYPE:
        # of equal types CKAN says nothing, and its pages use their own translated words
        object_type = entity_type
    return next_helper(entity_type, object_type, purpose)


def get_helpers() -> dict[str, Callable[..., Any]]:
    """Return the helpers of this module by name."""
    ours = {name: function for name, function in globals().items() if name.startswith("oc4ids_")}
    return {**ours, "humanize_entity_type": humanize_entity_type}
