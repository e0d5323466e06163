"""Why something reported is not recorded: codes with their fields and parameters, and the text of each."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, NoReturn

from ckanext.ogp_plan.planning.words.i18n import N_

#: Code of an error → what people read. ``need.*`` are in :data:`.words.messages.NEEDS`.
MESSAGES: dict[str, str] = {
    "plan.closed": N_("The plan is closed: nothing more is reported in it."),
    "plan.not_adopted": N_("The plan is not adopted yet: nothing is reported in it before that."),
    "item.withdrawn": N_("The item was withdrawn from the plan: nothing is reported to it."),
    "item.not_trackable": N_(
        "Nothing is reported to items of this level. Report to those that hang from it."
    ),
    "organization.not_responsible": N_("This organismo does not owe the item. Choose one of those that do."),
    "period.closed": N_(
        "The period %(period)s is closed. Ask the coordinator to open it again, or report to another."
    ),
    "period.future": N_("The period %(period)s has not begun."),
    "period.measured": N_(
        "The period was measured already (%(value)s). To change it, correct that measurement: %(id)s."
    ),
    "period.or_days": N_("Give the period or its two days, not both."),
    "days.missing": N_("Give the first and the last day of the period, in order."),
    "days.future": N_("The period has not begun: nothing of it can be measured."),
    "days.too_long": N_("The period is longer than six years. Check its days."),
    "report.unknown": N_("There is no such report of this organismo in this plan."),
    "supersedes.other": N_("What you correct is not of this item and organismo."),
    "supersedes.corrected": N_("It was corrected already. Open the page again and correct the last one."),
    "supersedes.missing": N_("Say which measurement is withdrawn."),
    "update.empty": N_(
        "Say something: the state, the progress, what was done, a value, evidence, or that nothing changed."
    ),
    "update.contradicts": N_("It says that nothing changed and reports something new. Leave one of the two."),
    "risk.reason": N_("Write why it is at risk."),
    "risk.completed": N_("What is completed is not at risk. Leave one of the two."),
    "progress.completed": N_("What is completed has a progress of 100. Correct one of the two."),
    "progress.not_started": N_("What did not begin has no progress. Correct one of the two."),
    "state.lead_only": N_(
        "Only who leads the item declares its state and progress. Describe in the text what you did for it."
    ),
    "state.coordinator_only": N_(
        "Only the coordinator says that an item does not apply, is suspended or withdrawn, or applies "
        "again. Ask the coordinator, with the reason."
    ),
    "reference.other": N_("It is not of this item and organismo."),
    "indicator.none": N_("The item has no indicators. Describe in the text what was done."),
    "indicator.unknown": N_("Say which indicator is measured: %(codes)s."),
    "indicator.repeated": N_("Two rows measure the same indicator. Leave only one of them."),
    "value.words": N_("This indicator has no number: describe it in the comment."),
    "value.comment": N_("This indicator has no number: describe it here."),
    "value.missing": N_("Give the value that was measured."),
    "value.boolean": N_("This indicator is either done (1) or not (0)."),
    "value.not_ratio": N_("Only percentages have a numerator and a denominator. Give the value."),
    "value.or_ratio": N_("Give the value, or the numerator and the denominator, not all three."),
    "value.numerator": N_("Give the numerator too."),
    "value.denominator": N_("The denominator must be above zero."),
    "evidence.repeated": N_("It is evidence of this item already."),
    "evidence.no_place": N_("Give a link, a resource or dataset of the catalogue, or upload a file."),
    "evidence.places": N_("Give one thing in each piece of evidence: %(given)s."),
    "evidence.reason": N_("Say why the evidence is private."),
    "evidence.contradicts": N_(
        "You give a reason to withhold it and say that it is public. Correct one of the two."
    ),
    "evidence.private": N_(
        "It is private in the catalogue. Make its dataset public, or say why the evidence is private."
    ),
    "evidence.public": N_(
        "Anybody can open it in the catalogue, so it cannot be withheld. Choose a private dataset."
    ),
    "evidence.private_dataset": N_(
        "A file that is not public is kept in no dataset: leave the dataset empty and upload the file."
    ),
    "evidence.future": N_(
        "Nothing was captured at a moment that has not come. Correct it, or leave it empty."
    ),
    "reason.inactive": N_("The item does not have this reason today; there is nothing to answer."),
    "verdict.empty": N_("Say something: the completion, whether you agree, an alert, a recommendation."),
    "verdict.alert": N_("A verdict opens an alert or closes one, not both."),
    "verdict.cut": N_("It is not the day of a cut of this plan: %(days)s."),
    "verdict.rationale": N_(
        "Write why: you assign another completion than the rules suggest, do not share the declared "
        "state, or open an alert."
    ),
    "verdict.monitor": N_(
        "Write why: the rules suggest a completion, and who decides it says what it was found on."
    ),
    "verdict.other": N_("What you correct is no current verdict of yours on this item."),
    "verdict.no_alert": N_("There is no such open alert of yours on this item."),
    "rows.differ": N_("Rows of the same item say different things. Say it once, or alike."),
    "repeat.withdrawn": N_("The item is in its plan no more."),
    "repeat.not_responsible": N_("The organismo does not owe this item."),
    "repeat.not_lead": N_("Another organismo leads this item."),
    "repeat.outside": N_("That it does not apply is declared in each plan by itself."),
}


@dataclasses.dataclass(frozen=True, slots=True)
class ReportError:
    """Why something is not recorded.

    :param field: of what was sent, that is to be corrected.
    :param code: of :data:`MESSAGES` or :data:`.words.messages.NEEDS`.
    :param params: what the message names: plain values, numbers as ``Decimal``, days as ``date``.
    """

    field: str
    code: str
    params: Mapping[str, Any] = dataclasses.field(default_factory=dict)


class RejectedReport(ValueError):
    """What was reported breaks rules; nothing of it is recorded.

    ``path``: in which part of what was sent, from the outside in: ``(("measurements", 1),)`` is the second.
    """

    def __init__(self, *errors: ReportError, path: tuple[tuple[str, int], ...] = ()) -> None:
        super().__init__(", ".join(f"{error.field}: {error.code}" for error in errors))
        self.errors = errors
        self.path = path


def reject(field_name: str, code: str, **params: Any) -> NoReturn:
    """Reject a report for one reason.

    :raises RejectedReport: always.
    """
    raise RejectedReport(ReportError(field_name, code, params))


@contextmanager
def part(name: str, position: int) -> Iterator[None]:
    """Add to the path of an error in which part of a list it is."""
    try:
        yield
    except RejectedReport as error:
        raise RejectedReport(*error.errors, path=((name, position), *error.path)) from error
