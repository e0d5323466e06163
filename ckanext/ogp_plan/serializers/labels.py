"""Labels: what states, roles, kinds and lights are called in the reader's language. All of them are here."""

from __future__ import annotations

import ckan.plugins.toolkit as tk

from ckanext.ogp_plan.planning.tracking import (
    Completion,
    LinkKind,
)
from ckanext.ogp_plan.planning.types import (
    PlanStatus,
    Role,
)
from ckanext.ogp_plan.planning.words import phrases
from ckanext.ogp_plan.serializers.reader import Reader


def completion_label(value: str | None, reader: Reader) -> str | None:
    return phrases.completion_name(Completion(value), reader.lang) if value else None


def link_kind_label(kind: str, *, inverse: bool = False) -> str:
    """Return how an item relates to another, said from the one or (``inverse``) from the other."""
    names = {
        LinkKind.CONTRIBUTES: (tk._("Contributes to"), tk._("Receives the contribution of")),
        LinkKind.DEPENDS: (tk._("Depends on"), tk._("Is waited for by")),
        LinkKind.SAME_DELIVERABLE: (tk._("Has the same deliverable as"), tk._("Has the same deliverable as")),
        LinkKind.SUCCESSOR: (tk._("Follows"), tk._("Is followed by")),
        LinkKind.COUNTS_FOR: (tk._("What is reported here counts for"), tk._("Counts what is reported in")),
    }
    return str(names[LinkKind(kind)][inverse])


def story_kind_label(kind: str) -> str:
    """Return what a kind of entry of the story is called."""
    return str(
        {
            "update": tk._("Report"),
            "measurement": tk._("Measurement"),
            "evidence": tk._("Evidence"),
            "check": tk._("Check of evidence"),
            "verdict": tk._("Verdict"),
            "answer": tk._("Answer"),
            "review": tk._("Monitoring"),
            "link": tk._("Link"),
            "change": tk._("Change of the plan"),
            "light": tk._("Change of light"),
        }.get(kind, kind)
    )


def plan_status_label(status: str) -> str:
    """Return what a plan's status is called."""
    return str(
        {
            PlanStatus.DRAFT: tk._("Draft"),
            PlanStatus.CONSULTATION: tk._("In consultation"),
            PlanStatus.ADOPTED: tk._("Adopted"),
            PlanStatus.RUNNING: tk._("Under way"),
            PlanStatus.CLOSED: tk._("Closed"),
        }[PlanStatus(status)]
    )


def item_role_label(role: str) -> str:
    """Return what an organismo is to an item."""
    return str(
        {
            Role.LEAD: tk._("Leads"),
            Role.SUPPORT: tk._("Supports"),
            Role.ALLY: tk._("Ally"),
            Role.MONITOR: tk._("Monitors"),
        }[Role(role)]
    )
