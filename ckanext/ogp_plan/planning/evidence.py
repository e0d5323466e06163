"""Rules of evidence: where it may be, whether it is public, what proves something today."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from ckanext.ogp_plan.planning.facts import Facts
from ckanext.ogp_plan.planning.item_facts import evidence_breaks
from ckanext.ogp_plan.planning.report_error import reject
from ckanext.ogp_plan.planning.tracking import Key

#: How far the clock of the person's computer may be ahead of the portal's.
CLOCK_DIFFERENCE = dt.timedelta(minutes=5)


def place_of(fields: Mapping[str, Any]) -> Any:
    """Return where a piece of evidence is: its link, its resource, its dataset or its private file."""
    return fields.get("url") or fields.get("resource") or fields.get("dataset") or fields.get("file")


def check_evidence(fields: Mapping[str, Any]) -> None:
    """Check that evidence is in one place, and has a reason exactly when it is private.

    :param fields: one of ``url``, ``resource``, ``dataset`` and ``upload`` (beside an upload, ``dataset`` is
        where it is put; a private upload is put in none); ``public``, ``withheld``.
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
    if not fields["public"] and fields.get("upload") and fields.get("dataset"):
        reject("dataset", "evidence.private_dataset")


def check_claim(claimed_at: dt.datetime | None, now: dt.datetime) -> None:
    """Check that the moment at which somebody claims to have read a link is past.

    :param claimed_at: the moment; None: none is claimed.
    :raises RejectedReport: it is later than ``now`` by more than clocks differ.
    """
    if claimed_at is not None and claimed_at > now + CLOCK_DIFFERENCE:
        reject("captured", "evidence.future")


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
