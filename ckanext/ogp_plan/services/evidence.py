"""Evidence before it is recorded: where it is, whether the public can open it, and what its bytes are.

Checking a link may take seconds and storing a file commits, so both happen before anything is locked;
:mod:`ckanext.ogp_plan.services.report` records it. Rules: :mod:`ckanext.ogp_plan.planning.evidence`.

Public uploads become resources of the catalogue; files that are not public are stored apart
(:mod:`ckanext.ogp_plan.services.evidence_file`). Nothing is stored before its place is known to be as public
as the evidence, of the right owner, and open to the person; what was stored goes again unless it is recorded.
"""

from __future__ import annotations

import datetime as dt
import logging
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import ckan.plugins.toolkit as tk
import sqlalchemy as sa
from ckan import model
from ckan.lib import search
from ckan.lib.search.common import SearchError, SearchIndexError, SolrConnectionError

from ckanext.cost_common import storage
from ckanext.cost_common.chunks import iterate_chunks
from ckanext.cost_common.private_files import FileTooLarge
from ckanext.ogp_plan.model import PlanItem, PlanRow
from ckanext.ogp_plan.planning import evidence as evidence_rules
from ckanext.ogp_plan.planning.tracking import Evidence, EvidenceKind
from ckanext.ogp_plan.services import (
    evidence_check,
    evidence_dataset,
    evidence_file,
    evidence_resource,
    queue,
    request_fields,
)
from ckanext.ogp_plan.services.report import ReportTransaction
from ckanext.ogp_plan.services.report_error import field_error, validation_errors

log = logging.getLogger(__name__)

#: What CKAN raises when the search engine does not take a change.
SEARCH_ERRORS = (SearchError, SearchIndexError, SolrConnectionError)

#: What a piece of evidence may have. One of ``url``, ``resource``, ``dataset`` and ``upload``; beside an
#: upload, ``dataset`` is where it is put. ``sha256`` and ``captured`` are what the person claims.
FIELDS = {
    "kind": request_fields.optional(request_fields.member(EvidenceKind)),
    "title": request_fields.optional(request_fields.line(500), ""),
    "url": request_fields.optional(request_fields.link),
    "resource": request_fields.optional(request_fields.name),
    "dataset": request_fields.optional(request_fields.name),
    "upload": request_fields.optional(request_fields.file),
    "public": request_fields.optional(request_fields.yes_or_no, True),
    "withheld": request_fields.optional(request_fields.text(2_000), ""),
    "sha256": request_fields.optional(request_fields.sha256),
    "captured": request_fields.optional(request_fields.moment),
}


@dataclass(frozen=True, slots=True)
class CatalogueFile:
    """The file of a private resource, to be copied out of the catalogue as if it were uploaded."""

    resource: Mapping[str, Any]
    filename: str

    def chunks(self) -> Iterator[bytes]:
        """Return its bytes."""
        return storage.read_chunks(self.resource["id"], dict(self.resource))


@dataclass(slots=True)
class EvidenceBatch:
    """Evidence being prepared for one request, as a context manager.

    What it stores is deleted at its end, whatever ended it, unless :meth:`keep` was called before.
    """

    context: Mapping[str, Any]
    plan: PlanRow
    item: PlanItem | None
    organization: str | None
    #: what undoes each thing that was stored
    _undo: list[Callable[[], None]] = field(default_factory=list)

    def __enter__(self) -> EvidenceBatch:
        return self

    def __exit__(self, *_error: object) -> None:
        self._delete_stored()

    def keep(self) -> None:
        """Keep what was stored: the facts that name it are recorded."""
        self._undo.clear()

    def _delete_stored(self) -> None:
        if not self._undo:
            return
        model.Session.rollback()
        for undo in reversed(self._undo):
            try:
                undo()
            except Exception:
                # the first error matters more; `ckan ogp-plan evidence orphans` finds what stays
                model.Session.rollback()
                log.exception("What was stored for a report that was not recorded stays")
        self._undo.clear()

    def check(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """Return the fields of one piece of evidence, checked; an upload is left for :meth:`store`.

        :raises tk.ValidationError: it cannot be evidence so.
        """
        fields = dict(given)
        fields |= {"claimed_sha256": fields["sha256"], "claimed_at": fields["captured"]}
        fields |= {"sha256": None, "captured": None}
        with validation_errors():
            evidence_rules.check_evidence(fields)
            evidence_rules.check_claim(fields["claimed_at"], _now())
        if fields["kind"] is EvidenceKind.LINK and not fields.get("url"):
            # the default of forms, which nobody chose
            fields["kind"] = None
        if fields.get("upload") is not None:
            fields["kind"] = fields["kind"] or EvidenceKind.DOCUMENT
            return fields
        if fields.get("resource"):
            return self._resource(fields) if fields["public"] else self._private_resource(fields)
        if fields.get("dataset"):
            return self._dataset(fields)
        return _link(fields)

    def _show(self, action: str, reference: str, name: str) -> dict[str, Any]:
        try:
            displayed: dict[str, Any] = tk.get_action(action)(self._fresh(), {"id": reference})
        except (tk.ObjectNotFound, tk.NotAuthorized) as error:
            raise field_error(
                name, tk._("It is not in the catalogue, or you may not see it. Check its address.")
            ) from error
        return displayed

    def _fresh(self) -> dict[str, Any]:
        """A context for another action, with the user's own rights and nothing else of this one's."""
        kept = ("user", "auth_user_obj", "ignore_auth")
        return {"model": model, "session": model.Session} | {
            name: self.context[name] for name in kept if name in self.context
        }

    def _resource(self, fields: dict[str, Any]) -> dict[str, Any]:
        """A resource of the catalogue that anybody can open."""
        displayed = self._show("resource_show", fields["resource"], "resource")
        found = evidence_check.inspect_resource(displayed["id"])
        _check_resource(found)
        _check_privacy(fields, found.public, "resource")
        return fields | {
            "kind": fields["kind"] or EvidenceKind.RESOURCE,
            "title": fields["title"] or one_line(displayed.get("name") or displayed.get("url") or ""),
            "resource": displayed["id"],
            "dataset": displayed["package_id"],
            "sha256": found.sha256,
            "size": found.size,
            "captured": _now(),
        }

    def _private_resource(self, fields: dict[str, Any]) -> dict[str, Any]:
        """A resource of a private dataset: its file is copied, or its link kept.

        Those who judge withheld evidence cannot read private datasets, and an editor may make one public.
        """
        displayed = self._show("resource_show", fields["resource"], "resource")
        package = model.Session.get(model.Package, displayed["package_id"])
        _check_privacy(fields, package is not None and not package.private, "resource")
        fields |= {
            "kind": fields["kind"] or EvidenceKind.RESOURCE,
            "title": fields["title"] or one_line(displayed.get("name") or displayed.get("url") or ""),
            "resource": None,
        }
        url = str(displayed.get("url") or "")
        if displayed.get("url_type") == "upload":
            _check_resource(evidence_check.inspect_resource(displayed["id"]))
            return fields | {"upload": CatalogueFile(displayed, url.rsplit("/", maxsplit=1)[-1])}
        if displayed.get("url_type") or not url.startswith(("http://", "https://")):
            raise field_error("resource", tk._("This resource has no file to be kept. Upload the file."))
        try:
            return _link(fields | {"url": request_fields.link(url)})
        except request_fields.InvalidValue as error:
            raise field_error("resource", str(error.why)) from error

    def _dataset(self, fields: dict[str, Any]) -> dict[str, Any]:
        displayed = self._show("package_show", fields["dataset"], "dataset")
        found = evidence_check.inspect_dataset(displayed["id"])
        if found.alive is False:
            raise field_error("dataset", tk._("The dataset was deleted."))
        _check_privacy(fields, found.public, "dataset")
        return fields | {
            "kind": fields["kind"] or EvidenceKind.DATASET,
            "title": fields["title"] or one_line(displayed.get("title") or displayed["name"]),
            "dataset": displayed["id"],
            "sha256": None,
            "size": None,
            "captured": _now(),
        }

    # --- uploads

    def store(self, fields: Mapping[str, Any]) -> dict[str, Any]:
        """Store an upload and return it as evidence.

        A public one becomes a resource, with the user's own rights, of a dataset of the organismo: the one
        named, or the one kept for the evidence of this plan, made when it is not there; this commits. One
        that is not public is stored apart.

        :raises tk.ValidationError: it may not be stored there, or the storage does not take it.
        """
        store = self._store_resource if fields["public"] else self._store_file
        try:
            return store(fields)
        except (OSError, *SEARCH_ERRORS) as error:
            log.exception("A file of evidence could not be stored")
            raise field_error(
                "upload",
                tk._(
                    "The portal could not store the file, and nothing of it was kept. Try again later; if "
                    "it happens again, tell the administration of the portal."
                ),
            ) from error

    def _store_file(self, fields: Mapping[str, Any]) -> dict[str, Any]:
        upload = fields["upload"]
        chunks = upload.chunks() if isinstance(upload, CatalogueFile) else iterate_chunks(upload)
        try:
            stored = evidence_file.store(chunks)
        except evidence_file.NoFolder as error:
            raise field_error(
                "upload",
                tk._("This portal has no folder for files that are not public. Tell its administration."),
            ) from error
        except FileTooLarge as error:
            limit = evidence_file.max_bytes() // (1 << 20)
            raise field_error(
                "upload",
                tk._("The file is too large: %(limit)s MB at most. Divide it, or make it smaller.")
                % {"limit": limit},
            ) from error
        self._undo.append(partial(_delete_file, stored.id))
        name = one_line(str(upload.filename))
        return dict(fields) | {
            "upload": None,
            "file": stored.id,
            "file_name": name,
            "title": fields["title"] or name,
            "sha256": stored.sha256,
            "size": stored.size,
            "captured": _now(),
        }

    def _store_resource(self, fields: Mapping[str, Any]) -> dict[str, Any]:
        dataset = self._dataset_of_upload(fields)
        upload = fields["upload"]
        title = fields["title"] or one_line(str(upload.filename))
        # known before CKAN writes the file, so that it can be deleted however creating ends
        resource_id = str(uuid.uuid4())
        data = {
            "id": resource_id,
            "package_id": dataset["id"],
            "upload": upload,
            "url": one_line(str(upload.filename)),
            "name": title,
            "description": self._about(),
        }
        try:
            tk.check_access("resource_create", self._fresh(), {"package_id": dataset["id"]})
            self._undo.append(partial(_delete_resource, resource_id, str(self.context.get("user") or "")))
            tk.get_action("resource_create")(self._fresh(), data)
        except tk.NotAuthorized as error:
            raise field_error("upload", _not_authorized_text(dataset["name"])) from error
        except tk.ValidationError as error:
            raise field_error("upload", *evidence_dataset.sentences(error.error_dict)) from error
        return self._resource({**fields, "upload": None, "resource": resource_id, "title": title})

    def _about(self) -> str:
        item = f" {self.item.body.get('code_printed') or self.item.code}" if self.item is not None else ""
        return str(tk._("Evidence of %(item)s") % {"item": f"{self.plan.title}{item}"})

    def _dataset_of_upload(self, fields: Mapping[str, Any]) -> Mapping[str, Any]:
        """The dataset that takes a public upload: public, of the organismo, and open to the person."""
        owner = self._owner()
        named = bool(fields.get("dataset"))
        found: Mapping[str, Any] | None = None
        if named:
            found = self._show("package_show", fields["dataset"], "dataset")
            if found.get("owner_org") != owner.id:
                raise field_error(
                    "dataset", tk._("The dataset is not of the organismo. Choose one of its own.")
                )
        else:
            package = evidence_dataset.find(self.plan.name, owner.id, owner.name)
            found = package and {
                "id": package.id,
                "name": package.name,
                "private": package.private,
                "state": package.state,
            }
        if found is None:
            return self._create_dataset(owner)
        if found.get("state") != "active":
            raise field_error("dataset", tk._("The dataset was deleted."))
        _check_privacy(fields, not found.get("private"), "dataset" if named else "upload")
        return found

    def _owner(self) -> model.Group:
        """The organization that keeps public uploads."""
        owner = model.Group.by_name(self.organization or self.plan.owner)
        if owner is None or not owner.is_organization or owner.state != "active":
            raise field_error(
                "upload",
                tk._(
                    "The organismo is no organization of this portal, so there is nowhere to keep the file. "
                    "Choose a dataset, or give a link."
                ),
            )
        return owner

    def _create_dataset(self, owner: model.Group) -> Mapping[str, Any]:
        name = evidence_dataset.free_name(self.plan.name, owner.name)
        owner_id, owner_name = owner.id, owner.name
        undo = partial(_delete_dataset, name, owner_id)
        try:
            tk.check_access("package_create", self._fresh(), {"owner_org": owner_id, "name": name})
            self._undo.append(undo)
            return evidence_dataset.create(name, owner_id, self.plan, self._fresh())
        except tk.NotAuthorized as error:
            raise field_error("upload", _not_authorized_text(owner_name)) from error
        except tk.ValidationError as error:
            model.Session.rollback()
            self._undo.remove(undo)
            made = evidence_dataset.find(self.plan.name, owner_id, owner_name)
            if made is not None:
                # somebody made it at the same moment
                return {"id": made.id, "name": made.name}
            raise field_error(
                "dataset",
                tk._("A dataset for the evidence could not be made. Choose one of the organismo."),
                *evidence_dataset.sentences(error.error_dict),
            ) from error


# --- deleting what was stored for what was not recorded


def _is_recorded(column: str, value: str) -> bool:
    """Whether a fact names something after all: the commit that seemed to fail did not."""
    return bool(model.Session.scalar(sa.select(evidence_resource.names(column, value))))


def _delete_file(file_id: str) -> None:
    if not _is_recorded("file", file_id):
        evidence_file.folder().delete(file_id)


def _delete_resource(resource_id: str, user: str) -> None:
    """Delete a resource with its file, the file also when there is no resource."""
    if _is_recorded("resource", resource_id):
        return
    try:
        tk.get_action("resource_delete")({"ignore_auth": True, "user": user}, {"id": resource_id})
    except tk.ObjectNotFound:
        model.Session.rollback()
    except Exception:
        # without its index: the next save of the dataset writes that
        model.Session.rollback()
        log.warning("Resource %s is deleted without the search index", resource_id, exc_info=True)
        resource = model.Session.get(model.Resource, resource_id)
        if resource is not None:
            resource.state = "deleted"
            model.Session.commit()
    storage.delete_upload(resource_id)


def _delete_dataset(name: str, owner_id: str) -> None:
    """Delete a dataset that was made for a file, unless it has another by now.

    Without CKAN's action: that ends the session in which the request goes on.
    """
    package = model.Package.by_name(name)
    if package is None or package.owner_org != owner_id or not evidence_dataset.is_empty(package.id):
        return
    package_id = package.id
    model.Session.execute(sa.delete(model.Member).where(model.Member.table_id == package_id))
    package.purge()
    model.Session.commit()
    try:
        search.clear(package_id)
    except (OSError, *SEARCH_ERRORS):
        log.warning("Dataset %s may stay in the search index until it is rebuilt", name, exc_info=True)


# --- links and catalogue


def one_line(text: str) -> str:
    """Return a name of the catalogue in one line, at most 500 characters long."""
    return " ".join(text.split())[:500]


def _check_privacy(fields: Mapping[str, Any], is_public: bool | None, name: str) -> None:
    with validation_errors():
        evidence_rules.check_privacy(name, public=fields["public"], is_public=is_public)


def _check_resource(found: evidence_check.Inspection) -> None:
    if found.refused:
        raise field_error("resource", _private_network_text())
    if found.alive is False:
        raise field_error("resource", tk._("The file of this resource is not there. Upload it again."))


def public_link(value: Any) -> str:
    """Read the address of a page or file that is not, by its host alone, of a private network.

    What its name leads to is seen when it is requested.
    """
    found = request_fields.link(value)
    if evidence_check.is_private_link(found):
        raise request_fields.InvalidValue(_private_network_text())
    return found


def _link(fields: dict[str, Any]) -> dict[str, Any]:
    fields["kind"] = fields["kind"] or EvidenceKind.LINK
    found = evidence_check.inspect_stable_link(fields["url"])
    if found.refused:
        raise field_error("url", _private_network_text())
    if found.alive is False:
        raise field_error(
            "url",
            tk._("The link does not open (HTTP %(status)s). Correct it, or upload the file.")
            % {"status": found.status},
        )
    if fields["public"] and found.public is False:
        raise field_error(
            "url", tk._("The link asks for a password. Make it public, or say why the evidence is private.")
        )
    return fields | {
        "sha256": found.sha256,
        "size": found.size,
        "captured": _now() if found.alive else None,
    }


def _private_network_text() -> str:
    return str(
        tk._(
            "The link leads to a network that the public cannot reach. Upload the file, or give another link."
        )
    )


def _now() -> dt.datetime:
    return dt.datetime.now(dt.timezone.utc)


def _not_authorized_text(where: str) -> str:
    return str(
        tk._(
            "You may not add files to %(where)s. Ask an administrator of the organismo to make you its "
            "editor, or give a link."
        )
        % {"where": where}
    )


def unchecked_evidence(report: ReportTransaction) -> list[str]:
    """Return the ids of the evidence just recorded whose links were not checked yet."""
    return [
        fact.id
        for context in report.contexts.values()
        for fact in context.added
        if isinstance(fact, Evidence) and fact.url and fact.captured is None
    ]


def queue_checks(ids: Sequence[str]) -> None:
    """Queue checks of evidence that was not checked. Call it after the commit."""
    for fact_id in ids:
        queue.enqueue_check(fact_id)
