"""The form of a piece of evidence, and the fields of one inside another form."""

from __future__ import annotations

import re
from typing import Any

import ckan.plugins.toolkit as tk

from ckanext.ogp_plan.planning.tracking import EvidenceKind
from ckanext.ogp_plan.views import forms
from ckanext.ogp_plan.views.item_form import ITEM, ItemForm, blueprint, call_action

#: Fields of a piece of evidence; an error of no field goes to the first.
EVIDENCE_FIELDS = ("url", "kind", "title", "resource", "public", "withheld")


def evidence_kinds() -> list[dict[str, str]]:
    """Kinds of evidence, in words."""
    names = {
        EvidenceKind.DOCUMENT: tk._("Document"),
        EvidenceKind.MINUTES: tk._("Minutes of a meeting"),
        EvidenceKind.PHOTO: tk._("Photograph"),
        EvidenceKind.ATTENDANCE: tk._("Attendance list"),
        EvidenceKind.LINK: tk._("Link to a page"),
        EvidenceKind.DATASET: tk._("Dataset of this portal"),
        EvidenceKind.RESOURCE: tk._("File of this portal"),
        EvidenceKind.VIDEO: tk._("Video recording"),
    }
    return [{"value": kind.value, "title": title} for kind, title in names.items()]


def evidence_given(prefix: str) -> dict[str, Any] | None:
    """Return one piece of evidence as the form gives it; None when nothing was given."""
    sent = forms.written(prefix, EVIDENCE_FIELDS)
    upload = tk.request.files.get(prefix + "upload")
    given: dict[str, Any] = forms.filled(sent, ("title", "url", "resource", "withheld"))
    if upload is not None and upload.filename:
        given["upload"] = upload
    if not given:
        return None
    given.update(_of_portal(given.pop("resource", "")))
    given["kind"] = sent["kind"] or EvidenceKind.LINK.value
    given["public"] = sent["public"] != "false"
    return given


def _of_portal(reference: str) -> dict[str, str]:
    """A file or dataset of this portal, by its page's address or by its id."""
    found = re.search(r"/resource/([0-9a-f-]{36})", reference)
    if found:
        return {"resource": found[1]}
    found = re.search(r"/dataset/([a-z0-9_-]+)", reference)
    if found:
        return {"dataset": found[1]}
    return {"resource": reference} if reference else {}


class EvidenceForm(ItemForm):
    """``…/evidencia``: a link, a file of the catalogue, or an upload."""

    template = "ogp_plan/report/evidence.html"
    names = ("organismo", "kind", "title", "url", "resource", "public", "withheld")

    def initial(self) -> dict[str, Any]:
        return {"organismo": self.first_organization(), "kind": "enlace", "public": "true"}

    def extra_vars(self) -> dict[str, Any]:
        return {"kinds": evidence_kinds()}

    def send(self, sent: dict[str, str]) -> str:
        evidence = evidence_given("")
        if evidence is None:
            missing = tk._("Give a link, a file of this portal, or upload one.")
            raise tk.ValidationError({"url": [missing]})
        call_action("ogp_plan_evidence_create", {**self.subject(sent), **evidence})
        return tk._("The evidence was received.")


blueprint.add_url_rule(f"{ITEM}/evidencia", view_func=EvidenceForm.as_view("evidence"))
