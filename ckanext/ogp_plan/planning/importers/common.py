"""What all readers share: the head of a plan, responsibles, page marks, questions."""

from __future__ import annotations

import datetime as dt
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from ckanext.cost_common.values.text import bare, clean, fold, letters
from ckanext.ogp_plan.planning.families import Family
from ckanext.ogp_plan.planning.importers.act import Act, Option, Question
from ckanext.ogp_plan.planning.importers.layouts import Layout
from ckanext.ogp_plan.planning.importers.sources import Grid, Row, Source
from ckanext.ogp_plan.planning.responsibles import Directory
from ckanext.ogp_plan.planning.schedules import parse_schedule
from ckanext.ogp_plan.planning.types import Assignment, Item, Measure, Place, Plan, Role, Schedule

#: Ordinals of headings, by their beginning.
ORDINALS = ("primer", "segund", "tercer", "cuart", "quint", "sext", "septim", "octav", "noven", "decim")
_YEARS = re.compile(r"(?<!\d)(?:19|20)\d\d(?!\d)")
_PERIOD = re.compile(r"(?<!\d)((?:19|20)\d\d)(?:\s*[-–/a]\s*((?:19|20)\d\d))?(?!\d)")


@dataclass
class Context:
    """What a reader works with and what it fills."""

    layout: Layout
    family: Family
    directory: Directory
    answers: dict[str, str]
    source: Source
    plan: Plan
    act: Act = field(default_factory=Act)
    #: the plan's items by level and code, so that a long plan costs no more a row than a short one
    by_key: dict[tuple[str, str], Item] = field(default_factory=dict)
    #: how many items each level has under each parent
    brothers: Counter[tuple[str, tuple[str, str] | None]] = field(default_factory=Counter)

    def add(self, item: Item) -> None:
        """Put an item at the end of the plan."""
        self.plan.items.append(item)
        self.by_key.setdefault(item.key, item)
        self.brothers[item.level, item.parent] += 1

    def find(self, level: str, code: str) -> Item | None:
        """Return the item of that level and code, or None."""
        return self.by_key.get((level, code))

    def remove(self, item: Item) -> None:
        """Take an item out of the plan."""
        self.plan.items.remove(item)
        del self.by_key[item.key]
        self.brothers[item.level, item.parent] -= 1

    @property
    def year(self) -> int | None:
        """The plan's year, when it lasts one."""
        if self.plan.start and self.plan.end and self.plan.start.year == self.plan.end.year:
            return self.plan.start.year
        return None

    def ask(
        self, kind: str, subject: str, place: Place, text: str, options: Iterable[Option], **params: Any
    ) -> str | None:
        """Ask; the first option applies while nobody answers."""
        choices = tuple(options)
        question = Question(f"{kind}:{subject}", kind, place, text, choices, choices[0].value, params)
        return self.act.ask(question, self.answers)

    def assign(self, item: Item, printed: str, place: Place, role: Role = Role.LEAD) -> list[Assignment]:
        """Read a text of responsibles into assignments of the item; unknown names go to the act."""
        read = self.directory.read(printed, role)
        for name in read.unknown:
            taught = self.answers.get(f"responsible.unknown:{fold(name)[:80]}", "")
            known = taught.startswith("org:") and taught[4:] in self.directory.organismos
            if known and not self.directory.knows(name):
                self.directory.add_alias(name, organization=taught[4:])
                return self.assign(item, printed, place, role)
            self.act.flag("responsible.unknown", place, name, code=item.code)
        for group in read.groups:
            if all(known.id != group for known in self.plan.groups):
                self.plan.groups.append(self.directory.groups[group])
        item.assignments += [
            assignment for assignment in read.assignments if assignment not in item.assignments
        ]
        return list(read.assignments)

    def read_schedule(self, item: Item, printed: str, place: Place) -> None:
        """Read a printed date into the item; what cannot be read stays undeclared and is reported."""
        if not printed:
            return
        read = parse_schedule(printed, self.year)
        if read is None:
            self.act.flag("schedule.unread", place, printed, code=item.code)
            return
        item.schedule = read

    def period_from_title(self) -> None:
        """Where no period is printed and the title has one year, that is it; it is reported."""
        title = self.plan.title or str(self.plan.fields.get("title_en", ""))
        if self.plan.start is None and len(set(_YEARS.findall(title))) == 1 and set_period(self.plan, title):
            self.act.flag("period.from_title", Place(), title, year=_YEARS.findall(title)[0])

    def finish(self) -> None:
        """Number the items and count what was accepted."""
        tracked = {level.id for level in self.family.levels if level.trackable}
        for order, item in enumerate(self.plan.items, start=1):
            item.order = order
            item.trackable = item.level in tracked
        self.act.accepted = sum(item.trackable for item in self.plan.items)


def set_period(plan: Plan, text: str) -> bool:
    """Read "2022" or "2026-2027" as the plan's period; tell whether it could be."""
    match = _PERIOD.search(text)
    if not match:
        return False
    first, last = int(match[1]), int(match[2] or match[1])
    if last < first:
        return False
    plan.start, plan.end = dt.date(first, 1, 1), dt.date(last, 12, 31)
    return True


def ordinal_number(word: str) -> int | None:
    """Return 3 for "Tercer"."""
    folded = fold(word)
    return next((n for n, stem in enumerate(ORDINALS, start=1) if folded.startswith(stem)), None)


def measure_of(printed: str) -> Measure:
    """Return how a printed result is measured."""
    return Measure.PERCENTAGE if "%" in printed else Measure.UNIT


def undated(schedule: Schedule) -> bool:
    """Tell whether a source gave no time at all."""
    return schedule == Schedule()


class Preamble:
    """What is before the tables: labels with values, and lines without label (kept as heading)."""

    def __init__(self, context: Context) -> None:
        self.context = context
        specs = context.layout.data.get("preamble", [])
        self.labels = [
            (spec["field"], re.compile(rf"(?:{spec['label']})\s*(?::\s*(?P<value>.*)|(?P<end>)\Z)", re.I))
            for spec in specs
            if "label" in spec
        ]
        self.patterns = [
            (spec["field"], re.compile(spec["pattern"], re.I)) for spec in specs if "pattern" in spec
        ]
        self.current: str | None = None
        self.blank = 0

    def read(self, rows: list[Row]) -> None:
        """Take every row into the plan's own fields."""
        for row in rows:
            filled = row.filled()
            if not filled:
                continue
            if len(filled) >= 5:
                self.context.act.flag("row.before_header", row.place, row.joined())
            self._row(row)

    def _row(self, row: Row) -> None:
        texts = [cell.text for cell in row.filled()]
        for name, pattern in self.labels:
            match = pattern.fullmatch(texts[0]) or (
                pattern.fullmatch(texts[0].rstrip(" :")) if len(texts) > 1 else None
            )
            if match:
                self.current = name
                self.context.act.drop("label", row.place, row.joined(), field=name)
                self._put(name, clean(" ".join([match["value"] or "", *texts[1:]])), row)
                return
        line = row.joined()
        for name, pattern in self.patterns:
            match = pattern.fullmatch(line)
            if match:
                self.current = None
                self._put(name, match["value"], row)
                return
        if self.current:
            self._put(self.current, line, row)
        else:
            self._add("heading", line)

    def _put(self, name: str, value: str, row: Row) -> None:
        plan = self.context.plan
        if not value:
            return
        if name == "period" and not plan.start and set_period(plan, value):
            self.current = None
        if name in ("title", "version", "form_code"):
            if not getattr(plan, name):
                setattr(plan, name, value)
                self.current = None
                return
            name = "heading"
        self._add(name, value)

    def _add(self, name: str, value: str) -> None:
        before = self.context.plan.fields.get(name)
        self.context.plan.fields[name] = f"{before}\n{value}" if before else value


class PageMarks:
    """Page numbers and marks that readers of images make: few words, no word of four letters."""

    def __init__(self, layout: Layout) -> None:
        rule = layout.data.get("page_marks", {})
        self.words = int(rule.get("max_words", 3))
        self.letters = int(rule.get("max_letters", 3))
        self.patterns = [re.compile(pattern, re.I) for pattern in rule.get("patterns", [])]

    def is_page_mark(self, row: Row) -> bool:
        """Tell whether a row of one cell is such a mark."""
        filled = row.filled()
        if len(filled) != 1 or len(row.cells) > 1 and filled[0].column > 0:
            return False
        text = filled[0].text
        if any(pattern.fullmatch(text) for pattern in self.patterns):
            return True
        return len(text.split()) <= self.words and letters(text) <= self.letters


def drop_header(context: Context, rows: list[Row], first: bool) -> None:
    """Say that a header was recognised; its words are in the act."""
    place, last = rows[0].place, rows[-1].place
    if len(rows) > 1:
        place = Place(place.line, place.sheet, place.cell, last.line or last.cell)
    text = " · ".join(row.joined() for row in rows)
    context.act.drop("header.first" if first else "header.repeated", place, text)


def span(rows: list[Row]) -> Place:
    """Return the place that a run of rows takes."""
    first, last = rows[0].place, rows[-1].place
    if len(rows) == 1:
        return first
    return Place(first.line, first.sheet, first.cell, last.line or last.cell)


def same(first: str, other: str) -> bool:
    """Tell whether two printed texts say the same, whatever their capitals and last dots."""
    return bare(first) == bare(other)


def sheet_title(grid: Grid) -> str:
    """Return the name of a page that people gave; "" when it was made by a program."""
    name = grid.sheet or ""
    return "" if re.fullmatch(r"(?:sheet|hoja|tabla|table)\s*\d*", fold(name)) else name
