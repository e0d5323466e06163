"""Projects that another organisation publishes: as findings of a file, and as refusals to publish."""

from __future__ import annotations

from collections.abc import Sequence

import ckan.plugins.toolkit as tk
import sqlalchemy as sa
from ckan import model

from ckanext.cost_oc4ids.oc4ids.types import Finding, Place, Severity
from ckanext.cost_oc4ids.projects import claims, registry
from ckanext.cost_oc4ids.validation.runner import FileResult

#: codes of findings, with the name of the other dataset and without it
PUBLISHED_ELSEWHERE = "registry.published_elsewhere"
PUBLISHED_UNSEEN = "registry.published_unseen"


def add_to_result(result: FileResult, conflicts: Sequence[claims.Conflict]) -> None:
    """Add conflicts to a result as errors: the file is then invalid."""
    report = result.report
    if report is None or not conflicts:
        return
    positions = {project_id: index for index, project_id in enumerate(report.project_ids)}
    kind = result.reader.kind if result.reader is not None else "package"
    added = [_conflict(conflict, kind, positions.get(conflict.project_id, 0)) for conflict in conflicts]
    report.findings[:0] = added
    report.counts["error"] = report.counts.get("error", 0) + len(added)
    report.valid = False


def _conflict(conflict: claims.Conflict, kind: str, index: int) -> Finding:
    path = {"package": f"/projects/{index}", "list": f"/{index}"}.get(kind, "")
    dataset = name_dataset(conflict)
    return Finding(
        code=PUBLISHED_ELSEWHERE if dataset else PUBLISHED_UNSEEN,
        severity=Severity.ERROR,
        field="id",
        params={"project": conflict.project_id} | ({"dataset": dataset} if dataset else {}),
        places=[Place(f"{path}/id", conflict.project_id, conflict.project_id)],
        occurrences=1,
    )


def name_dataset(conflict: claims.Conflict) -> str | None:
    """Return the other dataset's title and (in brackets) organisation; None for who may not see it."""
    if conflict.dataset_name is None:
        return None
    title = conflict.dataset_title or conflict.dataset_name
    return f"“{title}” ({conflict.organization_title})" if conflict.organization_title else f"“{title}”"


def refuse_publication(package_id: str, user: str | None, organization_id: str | None = None) -> None:
    """Refuse to publish, or pass on, a dataset whose projects another organisation publishes.

    :param user: name of the user, who may or may not see the other dataset.
    :param organization_id: the future organisation; None: the one it has, as written in this transaction.
    :raises ckan.plugins.toolkit.ValidationError: after rolling back.
    """
    package = model.Session.get(model.Package, package_id)
    if package is None or package.private or package.state != "active":
        return
    # the dataset's row first, as everywhere
    model.Session.execute(sa.select(model.Package.id).where(model.Package.id == package_id).with_for_update())
    registry.lock()
    conflicts = claims.find_publication_conflicts(package_id, organization_id or package.owner_org, user)
    if conflicts:
        model.Session.rollback()
        raise publication_error(conflicts)


def publication_error(conflicts: Sequence[claims.Conflict]) -> tk.ValidationError:
    """Return the error of a dataset whose projects another organisation publishes."""
    lines = []
    for conflict in conflicts:
        name = name_dataset(conflict)
        if name:
            text = tk._(
                "The project “{project}” is already published by another organisation, "
                "in the dataset {dataset}."
            )
            lines.append(text.format(project=conflict.project_id, dataset=name))
        else:
            text = tk._("The project “{project}” is already published by another organisation.")
            lines.append(text.format(project=conflict.project_id))
    summary = tk._(
        "The dataset cannot be published: some of its infrastructure projects are already published by "
        "another organisation."
    )
    return tk.ValidationError(
        {"oc4ids_projects": [summary, *lines]}, {tk._("Infrastructure projects"): summary}
    )
