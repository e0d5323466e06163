"""The evidence of an item, and of the entries of a report."""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk

from ckanext.ogp_plan import urls
from ckanext.ogp_plan.model import PlanItem, PlanRow
from ckanext.ogp_plan.planning.facts import Facts
from ckanext.ogp_plan.planning.item_facts import evidence_breaks
from ckanext.ogp_plan.planning.tracking import (
    Evidence,
)
from ckanext.ogp_plan.planning.words import phrases
from ckanext.ogp_plan.planning.words.exports import CODED
from ckanext.ogp_plan.serializers.reader import Reader
from ckanext.ogp_plan.serializers.values import serialize_moment
from ckanext.ogp_plan.services import permission
from ckanext.ogp_plan.services.permission import Person


def serialize_item_evidence(
    plan: PlanRow, row: PlanItem, facts: Facts, person: Person, reader: Reader
) -> list[dict[str, Any]]:
    """Return the valid evidence of an item, the newest first; what is withheld only to who may see it."""
    allowed: dict[str | None, bool] = {}
    results = []
    for evidence in reversed(facts.record.current_evidence()):
        if evidence.item != (row.level, row.code):
            continue
        if evidence.organization not in allowed and not evidence.public:
            allowed[evidence.organization] = permission.is_allowed(
                person, "private_evidence", plan, row, evidence.organization
            )
        visible = evidence.public or allowed[evidence.organization]
        results.append(_serialize_evidence(plan.name, evidence, facts, visible, reader))
    return results


def _serialize_evidence(
    plan: str, evidence: Evidence, facts: Facts, visible: bool, reader: Reader
) -> dict[str, Any]:
    check = facts.checks.get(evidence.id)
    broken = evidence_breaks(evidence, check)
    known = CODED.get(evidence.kind.value)
    return {
        "id": evidence.id,
        "kind": evidence.kind.value,
        "kind_name": phrases.translate(known, reader.lang) if known else evidence.kind.value,
        "title": evidence.title if visible else "",
        "url": address_of(plan, evidence) if visible else "",
        "resource": evidence.resource if visible else None,
        "dataset": evidence.dataset if visible else None,
        "sha256": evidence.sha256 if visible else None,
        "size": evidence.size if visible else None,
        "claimed_sha256": evidence.claimed_sha256 if visible else None,
        "claimed_at": serialize_moment(evidence.claimed_at) if visible else None,
        "claim_differs": evidence.claim_differs and visible,
        "file_name": evidence.file_name if visible else "",
        "public": evidence.public,
        "withheld": "" if evidence.public else evidence.withheld,
        "visible": visible,
        "captured": serialize_moment(evidence.captured),
        "state": "broken" if broken else "unchecked" if check is None else "valid",
        "state_text": phrases.join_texts(
            [phrases.describe_break(code, reader.lang) for code in broken], reader.lang
        )
        if broken
        else "",
        "checked": serialize_moment(check.at) if check else None,
        "organization": reader.organization(evidence.organization) if evidence.organization else None,
        "update": evidence.update,
        "measurement": evidence.measurement,
        "at": serialize_moment(evidence.at),
    }


def address_of(plan: str, evidence: Evidence) -> str:
    """Return where a piece of evidence is found, for who may see it.

    :param plan: name of its plan.
    """
    if evidence.url:
        return evidence.url
    if evidence.file:
        return urls.url_of_evidence_file(plan, evidence.id)
    if evidence.resource and evidence.dataset:
        return str(tk.url_for("resource.read", id=evidence.dataset, resource_id=evidence.resource))
    return str(tk.url_for("dataset.read", id=evidence.dataset)) if evidence.dataset else ""


def serialize_public_evidence(evidence: Evidence) -> dict[str, Any]:
    """Evidence as everybody may know it; who may know more finds it on the item's page."""
    address = evidence.url
    if evidence.public and not address and evidence.dataset:
        endpoint, names = (
            ("resource.read", {"resource_id": evidence.resource})
            if evidence.resource
            else ("dataset.read", {})
        )
        address = tk.url_for(endpoint, id=evidence.dataset, **names)
    return {
        "id": evidence.id,
        "kind": evidence.kind.value,
        "title": evidence.title if evidence.public else "",
        "url": address if evidence.public else "",
        "public": evidence.public,
        "withheld": "" if evidence.public else evidence.withheld,
    }
