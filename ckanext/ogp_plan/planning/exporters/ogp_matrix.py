"""The matrix of milestones and evidence of an open government plan, with the light in words and its reasons.

One row a tracked item, under its commitment; evidence as links, withheld evidence as a sentence; the
official word and each independent verdict side by side.
"""

from __future__ import annotations

from typing import Any

from openpyxl import Workbook

from ckanext.cost_common.values.business_days import day_of
from ckanext.ogp_plan.planning.exporters import spreadsheet
from ckanext.ogp_plan.planning.exporters.cost_table import when
from ckanext.ogp_plan.planning.exporters.spreadsheet import (
    CENTRE,
    HEADING,
    LABEL,
    LINK,
    NOTE,
    PLAIN,
    TITLE,
    Look,
    merge,
    put,
)
from ckanext.ogp_plan.planning.exporters.tables import LIGHT_GROUND
from ckanext.ogp_plan.planning.exporters.view import View, day_text
from ckanext.ogp_plan.planning.status_types import LIGHTS, ItemStatus, VerdictStatus
from ckanext.ogp_plan.planning.tracking import Evidence
from ckanext.ogp_plan.planning.types import Item
from ckanext.ogp_plan.planning.words import exports as export_words
from ckanext.ogp_plan.planning.words.i18n import N_

_HEAD = (
    N_("Commitment"),
    N_("Milestone"),
    N_("Deliverable"),
    N_("Responsible"),
    N_("Date"),
    N_("State"),
    N_("Progress"),
    N_("Why it is at risk"),
    N_("Evidence"),
    N_("Independent verdicts"),
)
_WIDTHS = (22, 28, 24, 20, 12, 13, 10, 34, 34, 32)
_LAST = len(_WIDTHS)
_EVIDENCE = 9


def write(view: View) -> bytes:
    """Return the matrix of a plan (of any family: its tracked items under their root) as a workbook."""
    book = Workbook()
    sheet = book.active
    sheet.title = spreadsheet.sheet_name(book, view.translate(N_("Matrix of milestones")))
    spreadsheet.set_widths(sheet, _WIDTHS)
    row = _head(sheet, view)
    top = row
    for column, text in enumerate(_HEAD, start=1):
        put(sheet, row, column, view.translate(text), HEADING)
    sheet.row_dimensions[row].height = 28
    row += 1
    for root in view.children(None):
        row = _commitment(sheet, row, view, root)
    for text in _notes(view):
        spreadsheet.band(sheet, row, _LAST, text, NOTE, _WIDTHS)
        row += 1
    sheet.freeze_panes = f"C{top + 1}"
    spreadsheet.set_page(
        sheet,
        rows=f"{top}:{top}",
        area=f"A1:{spreadsheet.get_column_letter(_LAST)}{row - 1}",
        left=view.plan.title,
    )
    spreadsheet.set_properties(
        book, view.plan.title or view.id, sheet.title, "en" if view.lang == "en" else "es-CO"
    )
    return spreadsheet.save_workbook(book)


def _head(sheet: Any, view: View) -> int:
    spreadsheet.band(sheet, 1, _LAST, view.plan.title or view.named(view.family.name), TITLE, _WIDTHS)
    tracked = [view.statuses[item.key] for item in view.trackable() if item.key in view.statuses]
    counts = {light: sum(item_status.light == light for item_status in tracked) for light in LIGHTS}
    outside = sum(item_status.excluded for item_status in tracked)
    parts = [f"{view.light(light)}: {count}" for light, count in counts.items()]
    parts += [view.translate(N_("Outside of the count: %(count)s"), count=outside)] if outside else []
    disagreements = sum(item_status.disagreement for item_status in tracked)
    parts += [
        view.translate(N_("In disagreement with an independent verdict: %(count)s"), count=disagreements)
    ]
    for row, (label, value) in enumerate(
        (
            (view.translate(N_("As of")), day_text(view.today, view.lang)),
            (view.translate(N_("Lights")), ". ".join(parts)),
            (view.translate(N_("Address")), view.addresses.plan()),
        ),
        start=2,
    ):
        put(sheet, row, 1, label, LABEL)
        put(sheet, row, 2, value, PLAIN)
        merge(sheet, (row, 2), (row, _LAST), PLAIN)
        sheet.row_dimensions[row].height = spreadsheet.text_height([(value, sum(_WIDTHS[1:]))])
    return 6


def _commitment(sheet: Any, row: int, view: View, root: Item) -> int:
    first = row
    for item in [root, *view.under(root)]:
        if item.trackable:
            row = _item(sheet, row, view, root, item)
    if row > first:
        merge(sheet, (first, 1), (row - 1, 1), PLAIN)
    return row


def _item(sheet: Any, row: int, view: View, root: Item, item: Item) -> int:
    """One item takes a row for each of its evidences, so that each is a link of its own."""
    proofs: list[Evidence | None] = list(view.evidence.get(item.key, ())) or [None]
    status = view.statuses.get(item.key)
    light = status.light if status else ""
    texts = (
        view.label(root),
        view.label(item) if item is not root else "",
        str(item.fields.get("deliverable") or item.fields.get("product") or ""),
        view.responsible(item),
        when(item.schedule, "en" if view.lang == "en" else "es")
        or (day_text(status.due, view.lang) if status else "")
        or view.translate(export_words.UNDATED),
        view.light(light) if light else "",
        status.progress if status else None,
        "\n".join(_why(view, status)),
        None,
        "\n".join(_verdict(view, verdict) for verdict in status.verdicts) if status else "",
    )
    last = row + len(proofs) - 1
    for column, text in enumerate(texts, start=1):
        put(sheet, row, column, text, _look(column, light))
        if column not in (1, _EVIDENCE):
            merge(sheet, (row, column), (last, column), PLAIN)
    needed = spreadsheet.text_height(
        [(text, width) for text, width in zip(texts, _WIDTHS, strict=True) if text]
    )
    for at, proof in enumerate(proofs, start=row):
        evidence_text = view.proof(proof) if proof else view.translate(N_("No evidence"))
        cell = put(sheet, at, _EVIDENCE, evidence_text, LINK if proof else PLAIN)
        address = view.where(proof) if proof else ""
        if address.startswith(("http://", "https://")):
            cell.hyperlink = address
            spreadsheet.dress(cell, LINK)
        own = spreadsheet.text_height([(evidence_text, _WIDTHS[_EVIDENCE - 1])])
        sheet.row_dimensions[at].height = max(own, min(409, needed / len(proofs)))
    return last + 1


def _look(column: int, light: str) -> Look:
    if column == 6:
        return Look(bold=True, align="center", ground=LIGHT_GROUND.get(light))
    if column == 7:
        return Look(align="center", number="0%")
    return CENTRE if column == 5 else PLAIN


def _why(view: View, status: ItemStatus | None) -> list[str]:
    """Each reason with its numbers, and what was answered to it."""
    if status is None:
        return []
    found = []
    for reason in status.reasons:
        found.append(f"• {view.reason(reason)}")
        found += [
            "  "
            + view.translate(
                N_("Answer (%(day)s): %(text)s"), day=day_text(day_of(answer.at), view.lang), text=answer.text
            )
            for answer in status.answers
            if answer.reason == reason.code
        ]
    return found


def _verdict(view: View, verdict_status: VerdictStatus) -> str:
    parts = [view.completion(verdict_status.assigned)] if verdict_status.assigned else []
    if verdict_status.agrees is not None:
        agreed, differs = N_("shares what is declared"), N_("does not share what is declared")
        parts.append(view.translate(agreed if verdict_status.agrees else differs))
    parts += [view.translate(N_("open alert"))] if verdict_status.alert else []
    text = f"{view.role(verdict_status.role.value)}: {'; '.join(parts)}"
    return f"{text}. {verdict_status.rationale}" if verdict_status.rationale else text


def _notes(view: View) -> list[str]:
    return [
        view.translate(
            N_(
                "A light is what the responsible declares and the reasons of risk computed on that day; "
                "the thresholds are on the plan's page."
            )
        ),
        view.translate(
            N_("Evidence that is withheld is named as such, with the reason; the rest are links.")
        ),
    ]
