"""Evidence before it is recorded: where it is, whether the public can open it, and what its bytes are.

Checking a link may take seconds and storing a file commits, so both happen before anything is locked;
:mod:`ckanext.ogp_plan.services.report` records it. Rules: :mod:`ckanext.ogp_plan.planning.evidence`.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import ckan.plugins.toolkit as tk
from ckan import model

from ckanext.ogp_plan.model import PlanItem, PlanRow
from ckanext.ogp_plan.planning import evidence as evidence_rules
from ckanext.ogp_plan.planning.tracking import Evidence, EvidenceKind
from ckanext.ogp_plan.services import evidence_check, organization_link, queue, request_fields
from ckanext.ogp_plan.services.report import ReportTransaction
from ckanext.ogp_plan.services.report_error import field_error, validation_errors

log = logging.getLogger(__name__)

#: What a piece of evidence may have. One of ``url``, ``resource``, ``dataset`` and ``upload``; beside an
#: upload, ``dataset`` is where it is put.
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
#: Longest name of a dataset in CKAN.
_NAME = 100


@dataclass(slots=True)
class EvidenceBatch:
    """Evidence being prepared for one request. ``stored``: ids of resources stored for it."""

    context: Mapping[str, Any]
    plan: PlanRow
    item: PlanItem | None
    organization: str | None
    stored: list[str] = field(default_factory=list)

    def check(self, given: Mapping[str, Any], *, ask: bool = True) -> dict[str, Any]:
        """Return the fields of one piece of evidence, checked; an upload is left for :meth:`store`.

        :param ask: request the link now; otherwise a job does it afterwards.
        :raises tk.ValidationError: it cannot be evidence so.
        """
        fields = dict(given)
        with validation_errors():
            evidence_rules.check_evidence(fields)
        if fields["kind"] is EvidenceKind.LINK and not fields.get("url"):
            # the default of forms, which nobody chose
            fields["kind"] = None
        if fields.get("upload") is not None:
            fields["kind"] = fields["kind"] or EvidenceKind.DOCUMENT
            return fields
        if fields.get("resource"):
            return self._resource(fields)
        if fields.get("dataset"):
            return self._dataset(fields)
        return _link(fields, ask=ask)

    def _show(self, action: str, reference: str, name: str) -> dict[str, Any]:
        try:
            shown: dict[str, Any] = tk.get_action(action)(self._fresh(), {"id": reference})
        except (tk.ObjectNotFound, tk.NotAuthorized) as error:
            raise field_error(
                name, tk._("It is not in the catalogue, or you may not see it. Check its address.")
            ) from error
        return shown

    def _fresh(self) -> dict[str, Any]:
        """A context for another action, with the user's own rights and nothing else of this one's."""
        kept = ("user", "auth_user_obj", "ignore_auth")
        return {"model": model, "session": model.Session} | {
            name: self.context[name] for name in kept if name in self.context
        }

    def _resource(self, fields: dict[str, Any]) -> dict[str, Any]:
        shown = self._show("resource_show", fields["resource"], "resource")
        found = evidence_check.inspect_resource(shown["id"])
        if found.alive is False:
            raise field_error("resource", tk._("The file of this resource is not there. Upload it again."))
        _check_privacy(fields, found.public, "resource")
        return fields | {
            "kind": fields["kind"] or EvidenceKind.RESOURCE,
            "title": fields["title"] or one_line(shown.get("name") or shown.get("url") or ""),
            "resource": shown["id"],
            "dataset": shown["package_id"],
            "sha256": found.sha256,
            "size": found.size,
            "captured": _now(),
        }

    def _dataset(self, fields: dict[str, Any]) -> dict[str, Any]:
        shown = self._show("package_show", fields["dataset"], "dataset")
        found = evidence_check.inspect_dataset(shown["id"])
        if found.alive is False:
            raise field_error("dataset", tk._("The dataset was deleted."))
        _check_privacy(fields, found.public, "dataset")
        return fields | {
            "kind": fields["kind"] or EvidenceKind.DATASET,
            "title": fields["title"] or one_line(shown.get("title") or shown["name"]),
            "dataset": shown["id"],
            "sha256": None,
            "size": None,
            "captured": _now(),
        }

    # --- uploads

    def store(self, fields: Mapping[str, Any]) -> dict[str, Any]:
        """Put an upload into the catalogue, with the user's own rights, and return it as evidence.

        It is a resource of a dataset of the organismo: the one named, or the one kept for the evidence
        of this plan, made when it is not there. This commits; :meth:`delete_stored` undoes it.
        """
        dataset = self._dataset_of_upload(fields)
        upload = fields["upload"]
        title = fields["title"] or one_line(str(upload.filename))
        try:
            made = tk.get_action("resource_create")(
                self._fresh(),
                {
                    "package_id": dataset["id"],
                    "upload": upload,
                    "url": one_line(str(upload.filename)),
                    "name": title,
                    "description": self._about(),
                },
            )
        except tk.NotAuthorized as error:
            raise field_error("upload", _not_authorized_text(dataset["name"])) from error
        except tk.ValidationError as error:
            raise field_error("upload", *_sentences(error.error_dict)) from error
        self.stored.append(made["id"])
        return self._resource({**fields, "upload": None, "resource": made["id"], "title": title})

    def _about(self) -> str:
        item = f" {self.item.body.get('code_printed') or self.item.code}" if self.item is not None else ""
        return str(tk._("Evidence of %(item)s") % {"item": f"{self.plan.title}{item}"})

    def _dataset_of_upload(self, fields: Mapping[str, Any]) -> dict[str, Any]:
        """The dataset that takes an upload."""
        if fields.get("dataset"):
            shown = self._show("package_show", fields["dataset"], "dataset")
            _check_privacy(fields, not shown.get("private"), "dataset")
            return shown
        owner = self.organization or self.plan.owner
        group = organization_link.find_organization(owner)
        if group is None:
            raise field_error(
                "upload",
                tk._(
                    "The organismo is no organization of this portal, so there is nowhere to keep the file. "
                    "Choose a dataset, or give a link."
                ),
            )
        name = dataset_name(self.plan.name, owner, public=fields["public"])
        try:
            return dict(tk.get_action("package_show")(self._fresh(), {"id": name}))
        except tk.ObjectNotFound:
            return self._create_dataset(name, group.name, fields)
        except tk.NotAuthorized as error:
            raise field_error("upload", _not_authorized_text(name)) from error

    def _create_dataset(self, name: str, owner: str, fields: Mapping[str, Any]) -> dict[str, Any]:
        title = tk._("Evidence of %(item)s") % {"item": self.plan.title}
        made = {
            "name": name,
            "title": title if fields["public"] else f"{title} ({tk._('private')})",
            "notes": tk._("Files that prove what is reported in the follow-up of the plan."),
            "owner_org": owner,
            "private": not fields["public"],
        }
        try:
            return dict(tk.get_action("package_create")(self._fresh(), made))
        except tk.NotAuthorized as error:
            raise field_error("upload", _not_authorized_text(owner)) from error
        except tk.ValidationError as error:
            model.Session.rollback()
            if "name" in error.error_dict and model.Package.by_name(name) is not None:
                # somebody made it at the same moment
                return self._show("package_show", name, "dataset")
            raise field_error(
                "dataset",
                tk._("A dataset for the evidence could not be made. Choose one of the organismo."),
                *_sentences(error.error_dict),
            ) from error

    def delete_stored(self) -> None:
        """Delete what was stored for a report that was not recorded after all."""
        for resource_id in self.stored:
            try:
                tk.get_action("resource_delete")({"ignore_auth": True, "user": ""}, {"id": resource_id})
            except Exception:
                # the first error matters more; the file stays in the dataset, where it can be seen
                model.Session.rollback()
                log.exception("Resource %s of a report that was not recorded stays", resource_id)
        self.stored.clear()


def one_line(text: str) -> str:
    """Return a name of the catalogue in one line, at most 500 characters long."""
    return " ".join(text.split())[:500]


def dataset_name(plan: str, organization: str, *, public: bool) -> str:
    """Return the name of the dataset that keeps the evidence an organismo uploads for a plan."""
    name = f"evidencias-{plan}-{organization}" + ("" if public else "-reservadas")
    if len(name) <= _NAME:
        return name
    mark = hashlib.sha256(name.encode()).hexdigest()[:10]
    return f"{name[: _NAME - len(mark) - 1]}-{mark}"


def _check_privacy(fields: Mapping[str, Any], is_public: bool | None, name: str) -> None:
    with validation_errors():
        evidence_rules.check_privacy(name, public=fields["public"], is_public=is_public)


def _link(fields: dict[str, Any], *, ask: bool) -> dict[str, Any]:
    fields["kind"] = fields["kind"] or EvidenceKind.LINK
    if fields["sha256"]:
        return fields | {"captured": fields["captured"] or _now()}
    if not ask:
        return fields | {"captured": None}
    found = evidence_check.inspect_stable_link(fields["url"])
    if found.alive is False:
        raise field_error(
            "url",
            tk._("The link does not open (HTTP %(status)s). Correct it, or upload the file.")
            % {"status": found.status},
        )
    if found.refused:
        raise field_error(
            "url",
            tk._(
                "The link leads to a network that the public cannot reach. Upload the file, or give "
                "another link."
            ),
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


def _sentences(errors: Any) -> list[str]:
    if isinstance(errors, Mapping):
        return [sentence for inner in errors.values() for sentence in _sentences(inner)]
    if isinstance(errors, list | tuple):
        return [sentence for inner in errors for sentence in _sentences(inner)]
    return [str(errors)] if errors else []


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
