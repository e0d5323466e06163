"""The evidence of an item, and of what a report carried."""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk

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
    """The evidence that stands, the newest first. ``private``: it is withheld from the public."""
    allowed: dict[str | None, bool] = {}
    made = []
    for one in reversed(facts.record.standing_evidence()):
        if one.item != (row.level, row.code):
            continue
        if one.organization not in allowed and not one.public:
            allowed[one.organization] = permission.is_allowed(
                person, "private_evidence", plan, row, one.organization
            )
        made.append(_serialize_evidence(one, facts, one.public or allowed[one.organization], reader))
    return made


def _serialize_evidence(one: Evidence, facts: Facts, visible: bool, reader: Reader) -> dict[str, Any]:
    check = facts.checks.get(one.id)
    broken = evidence_breaks(one, check)
    known = CODED.get(one.kind.value)
    return {
        "id": one.id,
        "kind": one.kind.value,
        "kind_name": phrases.translate(known, reader.lang) if known else one.kind.value,
        "title": one.title if visible else "",
        "url": (one.url or _catalogue_url(one)) if visible else "",
        "resource": one.resource if visible else None,
        "dataset": one.dataset if visible else None,
        "sha256": one.sha256 if visible else None,
        "size": one.size if visible else None,
        "public": one.public,
        "withheld": "" if one.public else one.withheld,
        "visible": visible,
        "captured": serialize_moment(one.captured),
        "state": "broken" if broken else "unchecked" if check is None else "valid",
        "state_text": phrases.join_texts(
            [phrases.describe_break(code, reader.lang) for code in broken], reader.lang
        )
        if broken
        else "",
        "checked": serialize_moment(check.at) if check else None,
        "organization": reader.organization(one.organization) if one.organization else None,
        "update": one.update,
        "measurement": one.measurement,
        "at": serialize_moment(one.at),
    }


def _catalogue_url(one: Evidence) -> str:
    if one.resource and one.dataset:
        return str(tk.url_for("resource.read", id=one.dataset, resource_id=one.resource))
    return str(tk.url_for("dataset.read", id=one.dataset)) if one.dataset else ""


def serialize_public_evidence(one: Evidence) -> dict[str, Any]:
    """Evidence as everybody may know it; who may know more finds it on the item's page."""
    address = one.url
    if one.public and not address and one.dataset:
        endpoint, names = (
            ("resource.read", {"resource_id": one.resource}) if one.resource else ("dataset.read", {})
        )
        address = tk.url_for(endpoint, id=one.dataset, **names)
    return {
        "id": one.id,
        "kind": one.kind.value,
        "title": one.title if one.public else "",
        "url": address if one.public else "",
        "public": one.public,
        "withheld": "" if one.public else one.withheld,
    }
