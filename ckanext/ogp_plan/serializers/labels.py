"""Labels: what states, roles, kinds and lights are called in the reader's language. All of them are here."""

from __future__ import annotations

import ckan.plugins.toolkit as tk

from ckanext.ogp_plan.model.role import COMPONENT_LEADER, CONTROL, COORDINATOR, FOCAL_POINT, MONITOR
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
    """Return how an item relates to another, seen from its source or (``inverse``) from its target."""
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


def role_label(role: str) -> str:
    """Return what a role is called."""
    return str(
        {
            "coordinador": tk._("Coordinator"),
            "lider_componente": tk._("Component leader"),
            "control_interno": tk._("Internal control"),
            "monitor": tk._("Independent monitor"),
            "punto_focal": tk._("Focal point"),
        }[role]
    )


def cut_row_state_labels() -> dict[str, str]:
    """What an item was at a cut, in words."""
    return {
        "fulfilled": tk._("Fulfilled"),
        "late": tk._("Not fulfilled, and its day had passed"),
        "pending": tk._("Not fulfilled yet"),
        "later": tk._("Not scheduled yet"),
        "excluded": tk._("Not counted"),
    }


def link_kind_help(kind: LinkKind) -> str:
    """Return what a kind of link does, for who chooses it."""
    return str(
        {
            LinkKind.COUNTS_FOR: tk._(
                "One answer for both: what is reported to either is written in the other too. You need to "
                "coordinate both plans."
            ),
            LinkKind.DEPENDS: tk._("If the other is overdue, this one is shown at risk, and why."),
            LinkKind.CONTRIBUTES: tk._(
                "What is done here helps the other. It is shown only: no light depends on it."
            ),
            LinkKind.SAME_DELIVERABLE: tk._(
                "Both promise the same thing. It is shown only: no light depends on it."
            ),
            LinkKind.SUCCESSOR: tk._("It goes on with what the other was, often of an earlier plan."),
        }[kind]
    )


def reason_labels() -> dict[str, str]:
    """Reasons of a light by code, in few words."""
    return {
        "R1": tk._("Overdue"),
        "R2": tk._("Due soon, with little progress"),
        "R3": tk._("Behind what was expected by now"),
        "R4": tk._("Silence: nobody reports"),
        "R4b": tk._("Several reports without changes"),
        "R5": tk._("No evidence"),
        "R6": tk._("Waits for something overdue"),
        "R7": tk._("Alert by who watches it"),
        "R9": tk._("Goal out of reach at this pace"),
        "manual": tk._("The responsible says so"),
    }


def item_filter_labels() -> dict[str, str]:
    """Filters by name, in words."""
    return {
        "organismo": tk._("Who answers for it"),
        "componente": tk._("Part of the plan"),
        "luz": tk._("Light"),
        "mes": tk._("Month"),
        "valor": tk._("Value of open government"),
        "razon": tk._("Why it is at risk"),
        "q": tk._("Words"),
    }


def plan_role_labels() -> dict[str, str]:
    """Roles in words."""
    return {
        COORDINATOR: tk._("Coordinator of the plan"),
        COMPONENT_LEADER: tk._("Leader of a component"),
        FOCAL_POINT: tk._("Focal point of an organismo"),
        CONTROL: "Control Interno",
        MONITOR: tk._("Independent monitor"),
    }
