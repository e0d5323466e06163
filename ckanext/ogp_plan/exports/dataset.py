"""A plan as a dataset of the catalogue: its resources are the addresses of our files.

So CKAN's search, its API and every harvester that knows DCAT find the plan without knowing us. The
dataset follows the plan; what people add to it (groups, tags, resources of their own) stays.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import ckan.plugins.toolkit as tk
import sqlalchemy as sa
from ckan import model, plugins
from ckan.types import Context

from ckanext.ogp_plan import config
from ckanext.ogp_plan.exports import files as plan_files
from ckanext.ogp_plan.model import PlanRow
from ckanext.ogp_plan.planning.types import PlanStatus
from ckanext.ogp_plan.planning.words.i18n import N_, translator
from ckanext.ogp_plan.services import cut as cut_service
from ckanext.ogp_plan.services import export_view
from ckanext.ogp_plan.services import organization as organization_service
from ckanext.ogp_plan.services import record as record_service

log = logging.getLogger(__name__)

#: What the dataset is called: this and the plan's name.
PREFIX = "plan-"
#: The field that distinguishes our resources from those that people added.
FILE_FIELD = "ogp_plan_file"
#: The extra of a dataset that is private because its plan is a draft again, and only for that.
_HIDDEN_EXTRA = "ogp_plan_hidden"
#: ISO 639-1, as the field ``language`` of DCAT takes it.
LANGUAGE = "es"
#: EU's code list of frequencies, by the months of a plan's cadence.
_FREQUENCIES = {1: "MONTHLY", 2: "BIMONTHLY", 3: "QUARTERLY", 4: "ANNUAL_3", 6: "ANNUAL_2", 12: "ANNUAL"}
_FREQUENCY = "http://publications.europa.eu/resource/authority/frequency/"
_NOTES = N_(
    "%(family)s of %(owner)s: what was promised, by whom, for when, and its status today, with its "
    "evidence. The files are made from the portal when they are asked for, so they are always up to date."
)


#: What we say of a plan beside CKAN's own fields: extras, or fields where the portal's schema has them.
_OUR_FIELDS = (
    "issued",
    "modified",
    "frequency",
    "language",
    "temporal_start",
    "temporal_end",
    "publisher_name",
    "identifier",
)


class NotPublic(Exception):
    """A draft is in no catalogue."""


@dataclass(frozen=True, slots=True)
class CatalogueStatus:
    """The dataset of a plan in the catalogue; without one, what it would be called there."""

    name: str
    title: str
    #: title of the organismo
    owner: str
    #: how many files of each format it has, or would have
    formats: Mapping[str, int]
    #: without an organization of the portal as its owner no dataset can be made
    owner_known: bool
    published: bool = False
    #: somebody made the dataset private: it is in no public catalogue
    private: bool = False
    #: it had a dataset, which somebody deleted
    gone: bool = False
    #: something happened to the plan since the dataset was last brought up to date
    stale: bool = False
    #: the last change of the plan that the dataset includes: an ISO moment
    as_of: str | None = None


def publish(plan: PlanRow, context: Context) -> str:
    """Make the dataset of a plan, or bring it up to date; returns its id. Commits, as CKAN's actions do.

    :raises NotPublic: the plan is a draft.
    :raises ckan.plugins.toolkit.ValidationError: the owner is no organization of the portal.
    """
    if plan.status == PlanStatus.DRAFT.value:
        raise NotPublic(plan.name)
    owner = model.Group.get(plan.owner)
    if owner is None or not owner.is_organization or owner.state != "active":
        raise tk.ValidationError(
            {
                "owner": [
                    tk._(
                        "The owner of the plan is no organization of this portal. Make the organization, or "
                        "give the plan to another owner."
                    )
                ]
            }
        )
    asked: Context = {"user": context.get("user", ""), "ignore_auth": True}
    present = _find_dataset(plan)
    if present is None:
        fields = {
            "name": _find_free_name(plan),
            "type": config.dataset_type(),
            "private": False,
            **_build_fields(plan, {"type": config.dataset_type()}),
        }
        created = tk.get_action("package_create")(asked, {**fields, "resources": _build_resources(plan, [])})
        _store_dataset_id(plan.id, created["id"])
        return str(created["id"])
    dataset = _load_dataset(present.id, asked)
    changed = _update_fields(plan, dataset)
    if _comparable(changed) != _comparable(dataset):
        tk.get_action("package_update")(asked, changed)
    return str(present.id)


def get_status(plan: PlanRow) -> CatalogueStatus:
    """Return whether a plan has a dataset in the catalogue, and whether that is up to date.

    Reading only.
    """
    owner = model.Group.get(plan.owner)
    known = owner is not None and owner.is_organization and owner.state == "active"
    files = _list_files(plan)
    formats: dict[str, int] = Counter(format_ for _, _, format_, _, _ in files)
    present = _find_dataset(plan)
    if present is None:
        return CatalogueStatus(
            name=_find_free_name(plan),
            title=plan.title,
            owner=organization_service.load_names().get(plan.owner, plan.owner),
            formats=formats,
            owner_known=known,
            gone=plan.dataset_id is not None,
        )
    dataset = _load_dataset(present.id, {"ignore_auth": True})
    extras = {extra["key"]: extra["value"] for extra in dataset["extras"]}
    return CatalogueStatus(
        name=present.name,
        title=plan.title,
        owner=(dataset.get("organization") or {}).get("title") or plan.owner,
        formats=formats,
        owner_known=known,
        published=True,
        private=bool(present.private),
        stale=_comparable(_update_fields(plan, dataset)) != _comparable(dataset),
        as_of=dataset.get("modified") or extras.get("modified"),
    )


def _load_dataset(dataset_id: str, asked: Context) -> dict[str, Any]:
    found: dict[str, Any] = tk.get_action("package_show")({**asked, "use_cache": False}, {"id": dataset_id})
    return found


def _update_fields(plan: PlanRow, dataset: dict[str, Any]) -> dict[str, Any]:
    """A dataset of a plan as it would be if it were brought up to date now."""
    updated = {
        **dataset,
        **_build_fields(plan, dataset),
        "resources": _build_resources(plan, dataset["resources"]),
    }
    if _HIDDEN_EXTRA in {extra["key"] for extra in dataset["extras"]}:
        updated["private"] = False
    return updated


def _hide(plan: PlanRow, asked: Context) -> None:
    """Make the dataset of a plan that went back to be a draft private: as private as it is.

    Published again, it is public again.
    """
    present = _find_dataset(plan)
    if present is None or present.private:
        return
    context: Context = {**asked, "ignore_auth": True}
    dataset = _load_dataset(present.id, context)
    extras = [*dataset["extras"], {"key": _HIDDEN_EXTRA, "value": plan.status}]
    tk.get_action("package_update")(context, {**dataset, "private": True, "extras": extras})


def refresh(plan_id: str) -> str | None:
    """Bring a plan's dataset up to date where it has one. What fails is noted, and tried again at night.

    :returns: why it failed; None when it did not.
    """
    plan = PlanRow.get(plan_id)
    if plan is None or not plan.dataset_id:
        return None
    try:
        if _find_dataset(plan) is not None:
            site = tk.get_action("get_site_user")({"ignore_auth": True}, {})
            if plan.status == PlanStatus.DRAFT.value:
                _hide(plan, {"user": site["name"]})
            else:
                publish(plan, {"user": site["name"]})
    except Exception as error:
        model.Session.rollback()
        log.exception("the dataset of plan %s was not brought up to date", plan_id)
        return str(error) or type(error).__name__
    return None


def refresh_all() -> tuple[int, dict[str, str]]:
    """Bring every plan's dataset up to date.

    :returns: how many plans have one; and why it failed, by the name of the plan.
    """
    wanted = sa.select(PlanRow.id, PlanRow.name).where(PlanRow.dataset_id.isnot(None)).order_by(PlanRow.name)
    rows = model.Session.execute(wanted).all()
    reasons = {row.name: refresh(row.id) for row in rows}
    return len(rows), {name: reason for name, reason in reasons.items() if reason is not None}


def _store_dataset_id(plan_id: str, dataset_id: str) -> None:
    """Note which dataset is a plan's, and commit. The plan itself does not change by it."""
    statement = (
        sa.update(PlanRow)
        .where(PlanRow.id == plan_id)
        .values(dataset_id=dataset_id, modified=PlanRow.modified)
        .execution_options(synchronize_session=False)
    )
    model.Session.execute(statement)
    model.Session.commit()
    model.Session.expire_all()


def _find_dataset(plan: PlanRow) -> Any:
    found = model.Package.get(plan.dataset_id) if plan.dataset_id else None
    return found if found is not None and found.state == "active" else None


def _find_free_name(plan: PlanRow) -> str:
    """A name that no dataset has, within what CKAN takes (100 letters)."""
    name = f"{PREFIX}{plan.name}"[:90]
    number, free = 2, name
    while model.Package.get(free) is not None:
        free, number = f"{name}-{number}", number + 1
    return free


def _translate(text: str, **params: Any) -> str:
    """The catalogue has one language: Spanish."""
    translated = translator(LANGUAGE).gettext(text)
    return translated % params if params else translated


def _build_fields(plan: PlanRow, dataset: dict[str, Any]) -> dict[str, Any]:
    """What the dataset says of the plan; extras that people added are kept."""
    family = record_service.family(plan.family)
    named = family.name.get(LANGUAGE) or plan.family
    owner = organization_service.load_names().get(plan.owner, plan.owner)
    months = record_service.effective_settings(plan).cadence.months
    ours = {
        "issued": plan.created.date().isoformat(),
        "modified": export_view.find_last_change([plan]).isoformat(),
        "frequency": _FREQUENCY + _FREQUENCIES[months] if months in _FREQUENCIES else "",
        "language": LANGUAGE,
        "temporal_start": plan.start.isoformat() if plan.start else "",
        "temporal_end": plan.end.isoformat() if plan.end else "",
        "publisher_name": owner,
        "identifier": export_view.PublicAddresses(plan, {}).plan(),
        "ogp_plan": plan.name,
        "ogp_plan_family": plan.family,
        "ogp_plan_status": plan.status,
        _HIDDEN_EXTRA: "",
    }
    declared = _build_declared_fields(str(dataset.get("type") or ""), ours)
    ours = {name: value for name, value in ours.items() if name not in declared}
    others = [extra for extra in dataset.get("extras", []) if extra["key"] not in {*ours, *declared}]
    tags = {tag["name"] for tag in dataset.get("tags", [])} | {_clean_tag(named)}
    group = model.Group.get(plan.owner)
    return {
        **declared,
        "title": plan.title,
        "notes": dataset.get("notes") or _translate(_NOTES, family=named, owner=owner),
        "url": export_view.PublicAddresses(plan, {}).plan(),
        "owner_org": group.id if group else plan.owner,
        "tags": [{"name": name} for name in sorted(tags)],
        "extras": [*others, *({"key": name, "value": value} for name, value in ours.items() if value)],
    }


def _build_declared_fields(type_: str, values: Mapping[str, str]) -> dict[str, Any]:
    """Those of our values that the portal's own schema of a dataset type has fields for, as these take them.

    CKAN refuses a save whose extra has the name of a field of the schema.
    """
    if not plugins.plugin_loaded("scheming_datasets"):
        return {}
    schema = tk.h.scheming_get_dataset_schema(type_) or {"dataset_fields": []}
    declared: dict[str, Any] = {}
    for field in schema["dataset_fields"]:
        name = field["field_name"]
        if name not in values:
            continue
        takes_list = str(field.get("preset", "")).startswith("multiple_") or "repeating_subfields" in field
        if not takes_list:
            declared[name] = values[name]
        elif "repeating_subfields" not in field:
            declared[name] = [values[name]] if values[name] else []
    return declared


def _clean_tag(words: str) -> str:
    kept = "".join(letter if letter.isalnum() or letter in " -_." else " " for letter in words)
    return " ".join(kept.split())[:100]


def _build_resources(plan: PlanRow, present: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Our files first, each the same resource for ever; then whatever people added."""
    known = {resource.get(FILE_FIELD): resource for resource in present if resource.get(FILE_FIELD)}
    ours = []
    for name, title, format_, mimetype, url in _list_files(plan):
        before = known.pop(name, {})
        ours.append(
            {**before, FILE_FIELD: name, "name": title, "url": url, "format": format_, "mimetype": mimetype}
        )
    # a file that the plan has no more (a form of another family) goes; what is of people stays
    return [*ours, *(resource for resource in present if not resource.get(FILE_FIELD))]


def _list_files(plan: PlanRow) -> list[tuple[str, str, str, str, str]]:
    made = [
        (file.name, _translate(file.title), file.format, file.content_type.split(";")[0],
         str(tk.url_for("ogp_plan_file.file", plan=plan.name, name=file.name, _external=True)))
        for file in plan_files.list_files(plan)
    ]  # fmt: skip
    for endpoint, name, title, format_, mimetype in (
        ("plan_feed", "novedades.atom", N_("News of the plan (Atom)"), "ATOM", "application/atom+xml"),
        (
            "plan_calendar",
            "calendario.ics",
            N_("Calendar of due days and cuts (iCal)"),
            "ICS",
            "text/calendar",
        ),
    ):
        url = str(tk.url_for(f"ogp_plan_file.{endpoint}", plan=plan.name, _external=True))
        made.append((name, _translate(title), format_, mimetype, url))
    for day in cut_service.list_days(plan):
        if day.cut is not None and day.published is not None:
            url = str(
                tk.url_for(
                    "ogp_plan_file.cut_file",
                    plan=plan.name,
                    day=str(day.day),
                    name="corte.json",
                    _external=True,
                )
            )
            title = _translate(N_("Cut of %(day)s, as it was frozen (JSON)"), day=day.day.isoformat())
            made.append((f"corte-{day.day}", title, "JSON", "application/json", url))
    return made


def _comparable(dataset: dict[str, Any]) -> Any:
    """What matters of a dataset, to tell whether something changed."""
    return (
        {name: dataset.get(name) for name in ("title", "notes", "url", "owner_org", *_OUR_FIELDS)},
        sorted((extra["key"], extra["value"]) for extra in dataset["extras"]),
        sorted(tag["name"] for tag in dataset["tags"]),
        [
            [resource.get(name) for name in (FILE_FIELD, "name", "url", "format", "mimetype")]
            for resource in dataset["resources"]
        ],
    )
