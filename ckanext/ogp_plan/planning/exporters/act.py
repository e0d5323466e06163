"""An act as a workbook: one row a finding, to read, filter and file with the minutes."""

from __future__ import annotations

import io

from openpyxl import Workbook
from openpyxl.styles import Alignment, Font
from openpyxl.utils import get_column_letter

from ckanext.ogp_plan.planning.cells import LONGEST, to_cell
from ckanext.ogp_plan.planning.families import Family
from ckanext.ogp_plan.planning.importers.act import Act, Finding, Question
from ckanext.ogp_plan.planning.words.i18n import N_
from ckanext.ogp_plan.planning.words.render import Renderer

_WIDTHS = (22, 38, 30, 70, 70, 60)


def write(act: Act, lang: str = "es", family: Family | None = None) -> bytes:
    """Return the act as a workbook of one sheet.

    :param lang: the language of titles and reasons; the source's texts stay as they are.
    :param family: the family, for the names of its levels and fields.
    """
    words = Renderer(lang, family)
    book = Workbook()
    sheet = book.active
    sheet.title = words.translate(N_("Import act"))[:31]
    head = (N_("Fate"), N_("What"), N_("Place"), N_("Text of the source"), N_("Why"), N_("Options"))
    sheet.append([words.translate(text) for text in head])
    for cell in sheet[1]:
        cell.font = Font(bold=True)
    accepted = words.translate(N_("%(count)s items tracked"), {"count": act.accepted})
    rows = [[words.translate(N_("Accepted")), accepted, "", "", "", ""]]
    for fate, found in (
        (N_("Asked"), [_question(question, words) for question in act.asked]),
        (N_("Flagged"), [_finding(finding, words) for finding in act.flagged]),
        (N_("Inherited from above"), [_finding(finding, words) for finding in act.inherited]),
        (N_("Left out"), [_finding(finding, words) for finding in act.dropped]),
    ):
        rows += [[words.translate(fate), *row] for row in found]
    for number, row in enumerate(rows, start=2):
        for column, text in enumerate(row, start=1):
            cell = sheet.cell(number, column)
            cell.value = _shown(text)
            cell.data_type = "s"  # a text that begins with "=" is no formula
            cell.alignment = Alignment(wrap_text=True, vertical="top")
    for column, width in enumerate(_WIDTHS, start=1):
        sheet.column_dimensions[get_column_letter(column)].width = width
    sheet.freeze_panes = "A2"
    sheet.auto_filter.ref = f"A1:F{sheet.max_row}"
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _shown(text: str) -> str:
    made = to_cell(text) if text else ""
    return str(made)[:LONGEST]


def _finding(finding: Finding, words: Renderer) -> list[str]:
    return [words.title(finding.kind), words.place(finding.place), finding.text, words.why(finding), ""]


def _question(question: Question, words: Renderer) -> list[str]:
    options = " / ".join(words.option(option) for option in question.options)
    return [
        words.title(question.kind),
        words.place(question.place),
        question.text,
        words.why(question),
        options,
    ]
