"""Rules of evidence: where it may be, whether it is public, what proves something today."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ckanext.ogp_plan.planning.facts import Facts
from ckanext.ogp_plan.planning.item_facts import evidence_breaks
from ckanext.ogp_plan.planning.report_error import reject
from ckanext.ogp_plan.planning.tracking import Evidence, Key


def place_of(fields: Mapping[str, Any]) -> Any:
    """Return where a piece of evidence is: its link, its resource or its dataset."""
    return fields.get("url") or fields.get("resource") or fields.get("dataset")


def check_evidence(fields: Mapping[str, Any]) -> None:
    """Check that evidence is in one place, and has a reason exactly when it is private.

    :param fields: one of ``url``, ``resource``, ``dataset`` and ``upload`` (beside an upload, ``dataset`` is
        where it is put); ``public``, ``withheld``.
    :raises RejectedReport: it is not so.
    """
    places = [name for name in ("url", "resource", "upload") if fields.get(name)]
    if fields.get("dataset") and not fields.get("upload"):
        places.append("dataset")
    if not places:
        reject("url", "evidence.no_place")
    if len(places) > 1:
        reject(places[1], "evidence.places", given=places)
    if not fields["public"] and not fields["withheld"]:
        reject("withheld", "evidence.reason")
    if fields["public"] and fields["withheld"]:
        reject("public", "evidence.contradicts")


def check_privacy(name: str, *, public: bool, is_public: bool | None) -> None:
    """Check that evidence of the catalogue is as public there as it is reported to be.

    :param name: field that names it: ``resource`` or ``dataset``.
    :param is_public: whether everybody can open it; None: not known.
    :raises RejectedReport: it is not.
    """
    if public and is_public is False:
        reject(name, "evidence.private")
    if not public and is_public:
        reject(name, "evidence.public")


def count_valid_evidence(facts: Facts, key: Key, organization: str | None) -> int:
    """Return how many pieces of evidence prove today what an organismo did (None: the item as a whole)."""
    owners = facts.owners(facts.items[key])
    shared = organization is not None and owners.size >= 2
    return sum(
        not evidence_breaks(evidence, facts.checks.get(evidence.id))
        and (not shared or evidence.organization in (organization, None))
        for evidence in facts.evidence.get(key, ())
    )


def list_hidden_evidence(evidence: Iterable[Evidence]) -> dict[str, str]:
    """Return the evidence that the public may not see, by its id → why: withheld or withdrawn, now or later.

    What was public by mistake and then was withheld is withheld in the history too.

    :param evidence: all that was recorded, what was corrected too.
    """
    why: dict[str, str] = {}
    followed: dict[str, str] = {}
    for one in sorted(evidence, key=lambda event: (event.at, event.id), reverse=True):
        reason = one.withheld if not one.public else one.retracted or followed.get(one.id)
        if reason is None or (one.public and not one.retracted and one.id not in followed):
            continue
        why[one.id] = reason
        if one.supersedes:
            followed[one.supersedes] = reason
    return why
