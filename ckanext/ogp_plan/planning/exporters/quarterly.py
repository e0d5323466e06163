"""The quarterly report of an organismo as a document (DOCX): its duties in every plan and what it did.

Made to be read by everybody: real headings, tables whose header row is marked and repeats, a language, a
title, descriptions of tables, twelve-point letters, and no meaning carried by colour.
"""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Iterable, Sequence
from typing import Any

from docx import Document
from docx.enum.section import WD_ORIENT
from docx.enum.style import WD_STYLE_TYPE
from docx.opc.constants import RELATIONSHIP_TYPE
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Cm, Pt, RGBColor

from ckanext.cost_common.values.business_days import day_of
from ckanext.cost_common.values.periods import parse_period
from ckanext.ogp_plan.planning.exporters.view import View, amount, clean_xml, day_text, percent
from ckanext.ogp_plan.planning.status_types import AssignmentStatus, ItemStatus
from ckanext.ogp_plan.planning.tracking import Evidence, Measurement, Report, Update
from ckanext.ogp_plan.planning.types import Item
from ckanext.ogp_plan.planning.words import exports as export_words
from ckanext.ogp_plan.planning.words.i18n import N_

_FACE = "Arial"
_POINTS = 12
_POINTS_IN_CELL = 10
#: The style of tables, by name and id: font and spacing are set once, not in each cell.
_CELL = "Cell"
_DARK = RGBColor(0x1F, 0x38, 0x64)


def write(
    organization: str,
    start: dt.date,
    end: dt.date,
    views: Sequence[View],
    reports: Sequence[Report] = (),
) -> bytes:
    """Return the report of an organismo over a period, of any length, as a DOCX.

    :param organization: the organismo's name; duties of its groups are its own too.
    :param start: the period's first day.
    :param end: its last day, both in Colombia.
    :param views: every plan it has duties in, in one language, as of the end of the period, with
        what was reported of it since.
    :param reports: narrative reports; without them, those in the plans' records. Only the organismo's own
        whose period touches this one are used, each once.
    :raises ValueError: there is no plan to tell the language from, or the period ends before it begins.
    """
    if not views:
        raise ValueError("a report needs at least one plan")
    if end < start:
        raise ValueError("the period ends before it begins")
    return _Report(organization, start, end, views, reports).write()


class _Report:
    """One report on its way into a document."""

    def __init__(
        self,
        organization: str,
        start: dt.date,
        end: dt.date,
        views: Sequence[View],
        reports: Sequence[Report],
    ) -> None:
        self.organization, self.start, self.end, self.views = organization, start, end, views
        self.view = views[0]
        self.lang = self.view.lang
        given = list(reports) or [report for view in views for report in view.record.counting_reports()]
        own = [
            entry
            for entry in given
            if entry.organization == organization and entry.start <= end and entry.end >= start
        ]
        self.reports = sorted(
            # a report that carries updates of several plans is recorded in each
            {(entry.start, entry.end, entry.title, entry.sections): entry for entry in own}.values(),
            key=lambda entry: (entry.start, entry.at, entry.id),
        )
        self.document = Document()
        self.styles: dict[str, str] = {}
        #: addresses linked to so far, with the id of their relation: the library looks for it among all
        self.links: dict[str, str] = {}

    def write(self) -> bytes:
        self._set_up()
        self._title()
        self._summary()
        self._narrative()
        for view in self.views:
            self._plan(view)
        self._about()
        out = io.BytesIO()
        self.document.save(out)
        return out.getvalue()

    def translate(self, source: str, **params: object) -> str:
        return self.view.translate(source, **params)

    # --- the document -------------------------------------------------------------------------------

    def _set_up(self) -> None:
        document = self.document
        language = "en" if self.lang.startswith("en") else "es-CO"
        for name in (
            "Normal",
            "Title",
            "Subtitle",
            "Heading 1",
            "Heading 2",
            "Heading 3",
            "List Bullet",
            "Caption",
        ):
            _style(document.styles[name], language)
        document.styles["Normal"].font.size = Pt(_POINTS)
        document.styles["Caption"].font.size = Pt(_POINTS)
        cell = document.styles.add_style(_CELL, WD_STYLE_TYPE.PARAGRAPH)
        cell.base_style = document.styles["Normal"]
        cell.font.size = Pt(_POINTS_IN_CELL)
        cell.paragraph_format.space_after = Pt(2)
        _set_language(document.styles.element, language)
        package = document.part.package
        for relation in [rel for rel in package.rels.values() if rel.reltype.endswith("/thumbnail")]:
            # the library's template brings a picture of itself
            package.rels.pop(relation.rId)
        section = document.sections[0]
        section.orientation = WD_ORIENT.PORTRAIT
        section.page_width, section.page_height = Cm(21.59), Cm(27.94)
        section.left_margin = section.right_margin = Cm(2)
        section.top_margin = section.bottom_margin = Cm(2)
        title = self._name()
        properties = document.core_properties
        properties.title, properties.language = clean_xml(title)[:250], language
        properties.author = clean_xml(self.view.called(self.organization))[:250]
        properties.subject, properties.comments, properties.keywords = clean_xml(self._period())[:250], "", ""
        footer = section.footer.paragraphs[0]
        footer.add_run(clean_xml(f"{title} · "))
        _page_number(footer)

    def _name(self) -> str:
        return self.translate(
            N_("Report of %(organization)s"), organization=self.view.called(self.organization)
        )

    def _period(self) -> str:
        return self.translate(
            N_("From %(start)s to %(end)s"),
            start=day_text(self.start, self.lang),
            end=day_text(self.end, self.lang),
        )

    def _title(self) -> None:
        self._paragraph(clean_xml(self._name()), "Title")
        self._paragraph(clean_xml(self._period()), "Subtitle")

    def _paragraph(self, text: str = "", style: str | None = None) -> Any:
        """A paragraph of a style. The library looks a style up anew each time: here, once a document."""
        paragraph = self.document.add_paragraph(text)
        if style:
            if style not in self.styles:
                self.styles[style] = self.document.styles[style].style_id
            paragraph._p.style = self.styles[style]
        return paragraph

    def _heading(self, text: str, level: int) -> None:
        self._paragraph(" ".join(clean_xml(text).split()), f"Heading {level}")

    def _text(self, text: str, style: str | None = None) -> Any:
        """A paragraph a line: a text that people typed keeps its own."""
        paragraph = None
        for line in clean_xml(text).split("\n"):
            if line.strip():
                paragraph = self._paragraph(line.strip(), style)
        return paragraph

    def _labelled(self, label: str, text: str) -> None:
        if not text.strip():
            return
        lines = [line.strip() for line in clean_xml(text).split("\n") if line.strip()]
        paragraph = self._paragraph()
        paragraph.add_run(f"{label}: ").bold = True
        paragraph.add_run(lines[0])
        for line in lines[1:]:
            self._paragraph(line)

    def _table(
        self, caption: str, head: Sequence[str], rows: Iterable[Sequence[str]], widths: Sequence[float]
    ) -> None:
        """A table with its caption above, its header row marked, and rows that do not break in two."""
        paragraph = self._paragraph(clean_xml(caption), "Caption")
        paragraph.paragraph_format.keep_with_next = True
        table = self.document.add_table(rows=1, cols=len(head), style="Table Grid")
        table.autofit = False
        _describe(table, clean_xml(caption))
        for cell, text in zip(table.rows[0].cells, head, strict=True):
            _fill(cell, text, bold=True)
            _shade(cell, "D9E2F3")
        _mark_header(table.rows[0])
        for row in rows:
            added = table.add_row()
            _keep_whole(added)
            for cell, text in zip(added.cells, row, strict=True):
                _fill(cell, text)
        for column, width in zip(table.columns, widths, strict=True):
            column.width = Cm(width)
        for line in table._tbl.tr_lst:
            for cell, width in zip(line.tc_lst, widths, strict=True):
                cell.width = Cm(width)
        self._paragraph()

    def _link(self, paragraph: Any, address: str, text: str) -> None:
        """Add a link with words of its own; words alone when there is no address of the web."""
        text, address = clean_xml(text), clean_xml(address)
        if not address.startswith(("http://", "https://")):
            paragraph.add_run(text)
            return
        if address not in self.links:
            key = f"rLink{len(self.links)}"
            paragraph.part.rels.add_relationship(RELATIONSHIP_TYPE.HYPERLINK, address, key, is_external=True)
            self.links[address] = key
        link = OxmlElement("w:hyperlink")
        link.set(qn("r:id"), self.links[address])
        run = paragraph.add_run(text)
        run.font.underline = True
        run.font.color.rgb = RGBColor(0x0B, 0x3D, 0x91)
        link.append(run._r)
        paragraph._p.append(link)

    # --- parts ----------------------------------------------------------------------------------------

    def _duties(self, view: View) -> list[Item]:
        return [item for item in view.trackable() if view.assigned(item, self.organization)]

    def _summary(self) -> None:
        self._heading(self.translate(N_("Summary")), 1)
        rows = []
        for view in self.views:
            duties = self._duties(view)
            lights = [status.light for item in duties if (status := view.statuses.get(item.key))]
            reported = sum(bool(self._updates(view, item) or self._measured(view, item)) for item in duties)
            rows.append(
                [
                    view.plan.title or view.id,
                    str(len(duties)),
                    str(reported),
                    str(lights.count("completado")),
                    str(lights.count("en_riesgo")),
                ]
            )
        head = [
            self.translate(text)
            for text in (
                N_("Plan"),
                N_("Duties"),
                N_("Reported in the period"),
                N_("Completed"),
                N_("At risk"),
            )
        ]
        self._table(
            self.translate(N_("Duties of the organismo, by plan")), head, rows, (6.2, 2.8, 3.2, 3.0, 2.4)
        )

    def _narrative(self) -> None:
        for report in self.reports:
            title = report.title or self.translate(N_("Narrative report"))
            self._heading(title, 1)
            self._text(f"{day_text(report.start, self.lang)} – {day_text(report.end, self.lang)}")
            for heading, text in report.sections:
                self._heading(heading or self.translate(N_("Section without a title")), 2)
                self._text(text)

    def _plan(self, view: View) -> None:
        duties = self._duties(view)
        self._heading(view.plan.title or view.id, 1)
        if not duties:
            self._text(self.translate(N_("The organismo owes nothing in this plan.")))
            return
        head = [
            self.translate(text)
            for text in (N_("Code"), N_("Duty"), N_("Due"), N_("Light"), N_("Progress"), N_("Last report"))
        ]
        self._table(
            self.translate(N_("Status of each duty on %(day)s"), day=day_text(view.today, self.lang)),
            head,
            [self._duty(view, item) for item in duties],
            (1.9, 6.2, 2.6, 2.6, 2.0, 2.3),
        )
        silent = []
        for item in duties:
            if self._has_news(view, item):
                self._item(view, item)
            else:
                silent.append(item)
        if silent:
            self._heading(self.translate(N_("Duties without a report in the period")), 2)
            for item in silent:
                self._text(view.label(item), "List Bullet")

    def _own(self, status: ItemStatus | None) -> AssignmentStatus | None:
        if status is None:
            return None
        return next(
            (assignment for assignment in status.assignments if assignment.organization == self.organization),
            None,
        )

    def _duty(self, view: View, item: Item) -> list[str]:
        status = view.statuses.get(item.key)
        own = self._own(status)
        progress = own.progress if own else status.progress if status else None
        last = own.last_update if own else status.last_update if status else None
        share = percent(progress)
        return [
            item.code,
            item.title,
            (day_text(status.due, self.lang) if status else "") or self.translate(export_words.UNDATED),
            view.light(status.light) if status else "",
            f"{amount(share, self.lang)} %" if share is not None else self.translate(N_("No data")),
            day_text(day_of(last), self.lang) if last else self.translate(N_("Never")),
        ]

    def _mine(self, organization: str | None) -> bool:
        """What is reported of an item as a whole counts for this organismo's part too."""
        return organization in (None, self.organization)

    def _within(self, moment: dt.datetime) -> bool:
        return self.start <= day_of(moment) <= self.end

    def _belongs(self, update: Update) -> bool:
        """An update is of the period it names, whenever it was handed in; else of its day."""
        if not update.period:
            return self._within(update.at)
        named = parse_period(update.period)
        return named.start <= self.end and named.end >= self.start

    def _updates(self, view: View, item: Item) -> list[Update]:
        return [
            update
            for update in view.updates.get(item.key, ())
            if self._mine(update.organization) and self._belongs(update)
        ]

    def _measured(self, view: View, item: Item) -> list[Measurement]:
        """Measures of the period, and those reported in it of an earlier one."""
        return [
            measurement
            for measurement in view.measurements.get(item.key, ())
            if self._mine(measurement.organization)
            and (
                self._within(measurement.at)
                or (measurement.start <= self.end and measurement.end >= self.start)
            )
        ]

    def _evidence(self, view: View, item: Item) -> list[Evidence]:
        """What was given in the period, or with an update of it."""
        updates = {update.id for update in self._updates(view, item)}
        return [
            evidence_item
            for evidence_item in view.evidence.get(item.key, ())
            if self._mine(evidence_item.organization)
            and (evidence_item.update in updates or self._within(evidence_item.at))
        ]

    def _has_news(self, view: View, item: Item) -> bool:
        return bool(self._updates(view, item) or self._measured(view, item) or self._evidence(view, item))

    def _item(self, view: View, item: Item) -> None:
        self._heading(view.label(item), 2)
        self._link(self._paragraph(), view.addresses.item(item.key), self.translate(N_("Page of the item")))
        own = self._own(view.statuses.get(item.key))
        if own and own.own_target is not None:
            template = N_("%(actual)s of %(target)s")
            numbers = {
                "actual": amount(own.actual, self.lang) or "0",
                "target": amount(own.own_target, self.lang),
            }
            self._labelled(self.translate(N_("Own quota")), self.translate(template, **numbers))
        for update in self._updates(view, item):
            self._update(view, update)
        self._measurements(view, item)
        self._proofs(view, item)
        self._reasons(view, item)

    def _update(self, view: View, update: Update) -> None:
        parts = [view.light(update.state.value)] if update.state else []
        if update.progress is not None:
            parts.append(f"{amount(update.progress, self.lang)} %")
        if update.confirms:
            parts.append(self.translate(N_("No changes")))
        if update.at_risk:
            parts.append(self.translate(N_("The responsible reports a risk")))
        label = self.translate(N_("Reported on %(day)s"), day=day_text(day_of(update.at), self.lang))
        self._labelled(label, ". ".join([*parts, update.text]).strip() or self.translate(N_("No text")))
        for name, text in (
            (N_("Reason"), update.reason),
            (N_("Obstacles"), update.obstacles),
            (N_("Next step"), update.next_step),
        ):
            self._labelled(self.translate(name), text)

    def _measurements(self, view: View, item: Item) -> None:
        found = self._measured(view, item)
        if not found:
            return
        names = {indicator.code: indicator.name for indicator in item.indicators}
        head = [
            self.translate(text)
            for text in (N_("Indicator"), N_("Period measured"), N_("Value"), N_("Comment"))
        ]
        rows = [
            [
                f"{entry.indicator} {names.get(entry.indicator, '')}".strip(),
                f"{day_text(entry.start, self.lang)} – {day_text(entry.end, self.lang)}",
                self._value(entry),
                entry.comment,
            ]
            for entry in found
        ]
        caption = self.translate(N_("Measurements of %(item)s"), item=item.code)
        self._table(caption, head, rows, (6.4, 3.6, 3.4, 4.4))

    def _value(self, measurement: Measurement) -> str:
        text = amount(measurement.value, self.lang)
        if measurement.numerator is not None and measurement.denominator is not None:
            parts = {
                "numerator": amount(measurement.numerator, self.lang),
                "denominator": amount(measurement.denominator, self.lang),
            }
            ratio = self.translate(N_("%(numerator)s of %(denominator)s"), **parts)
            text = f"{text} ({ratio})" if text else ratio
        for name, value in sorted(measurement.dimension.items()):
            text += f" [{name}: {value}]"
        return text or self.translate(N_("In words"))

    def _proofs(self, view: View, item: Item) -> None:
        found = self._evidence(view, item)
        if not found:
            return
        self._heading(self.translate(N_("Evidence")), 3)
        for entry in found:
            paragraph = self._paragraph(style="List Bullet")
            self._link(paragraph, view.where(entry), view.proof(entry))

    def _reasons(self, view: View, item: Item) -> None:
        status = view.statuses.get(item.key)
        if status is None or not status.reasons:
            return
        self._heading(self.translate(N_("Why the light is at risk, and what was answered")), 3)
        for reason in status.reasons:
            self._text(view.reason(reason), "List Bullet")
            for answer in status.answers:
                if answer.reason == reason.code and self._mine(answer.organization):
                    label = self.translate(
                        N_("Answer of %(day)s"), day=day_text(day_of(answer.at), self.lang)
                    )
                    self._labelled(label, answer.text)

    def _about(self) -> None:
        self._heading(self.translate(N_("About this report")), 1)
        self._text(
            self.translate(
                N_(
                    "It was made from the public record of the plans as it was on %(day)s. Lights are "
                    "computed by the rules printed on each plan's page. Reports that were returned do not "
                    "count and are not here."
                ),
                day=day_text(self.view.today, self.lang),
            )
        )
        for view in self.views:
            paragraph = self._paragraph(style="List Bullet")
            self._link(paragraph, view.addresses.plan(), view.plan.title or view.id)


# --- what the library leaves to the format ----------------------------------------------------------


def _style(style: Any, language: str) -> None:
    style.font.name = _FACE
    properties = style.element.get_or_add_rPr()
    fonts = properties.find(qn("w:rFonts"))
    for name in list(fonts.attrib):
        if name.endswith("Theme"):
            del fonts.attrib[name]
    for script in ("w:ascii", "w:hAnsi", "w:cs", "w:eastAsia"):
        fonts.set(qn(script), _FACE)
    if style.name.startswith(("Heading", "Title", "Subtitle", "Caption")):
        style.font.color.rgb = _DARK
    _set_language(style.element, language)


def _set_language(element: Any, language: str) -> None:
    """Say the language of a style, or of all of them."""
    for properties in element.iter(qn("w:rPr")):
        found = properties.find(qn("w:lang"))
        if found is None:
            found = OxmlElement("w:lang")
            properties.append(found)
        for name in ("w:val", "w:eastAsia"):
            found.set(qn(name), language)


def _mark_header(row: Any) -> None:
    properties = row._tr.get_or_add_trPr()
    for name in ("w:cantSplit", "w:tblHeader"):
        properties.append(OxmlElement(name))


def _keep_whole(row: Any) -> None:
    row._tr.get_or_add_trPr().append(OxmlElement("w:cantSplit"))


def _describe(table: Any, text: str) -> None:
    """What a screen reader says of a table before it is read."""
    for name in ("w:tblCaption", "w:tblDescription"):
        element = OxmlElement(name)
        element.set(qn("w:val"), text)
        table._tbl.tblPr.append(element)
    look = table._tbl.tblPr.find(qn("w:tblLook"))
    if look is not None:
        # the first row is a header; the first column is none; captions come after the look in the format
        look.set(qn("w:firstColumn"), "0")
        look.set(qn("w:val"), "0420")


def _fill(cell: Any, text: str, *, bold: bool = False) -> None:
    first, *rest = clean_xml(text).split("\n")
    paragraph = cell.paragraphs[0]
    paragraph._p.style = _CELL
    run = paragraph.add_run(first)
    if bold:
        run.bold = True
    for line in rest:
        added = cell.add_paragraph(line)
        added._p.style = _CELL


def _shade(cell: Any, colour: str) -> None:
    shade = OxmlElement("w:shd")
    for name, value in (("w:val", "clear"), ("w:color", "auto"), ("w:fill", colour)):
        shade.set(qn(name), value)
    cell._tc.get_or_add_tcPr().append(shade)


def _page_number(paragraph: Any) -> None:
    for kind, text in (("begin", None), (None, "PAGE"), ("end", None)):
        run = paragraph.add_run()
        element = OxmlElement("w:fldChar" if kind else "w:instrText")
        if kind:
            element.set(qn("w:fldCharType"), kind)
        else:
            element.text = text
        run._r.append(element)
