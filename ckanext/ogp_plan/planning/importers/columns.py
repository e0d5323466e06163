"""Tables with a column a level (the national PAAC form, CoST's work plan, matrices).

A cell that is empty or merged takes the item above it; the last level of a table makes an
item of each row. The same reader serves any family whose layout says ``shape: columns``.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import Any

from ckanext.cost_common.values import numbers
from ckanext.cost_common.values.dates import Precision
from ckanext.cost_common.values.text import bare, clean, fold, significant_words
from ckanext.ogp_plan.planning.importers.act import Option
from ckanext.ogp_plan.planning.importers.common import (
    Context,
    PageMarks,
    Preamble,
    drop_header,
    measure_of,
    ordinal_number,
    same,
    sheet_title,
)
from ckanext.ogp_plan.planning.importers.indicators import coded, listed, split_sentences, targets
from ckanext.ogp_plan.planning.importers.layouts import Block, Header, blocks
from ckanext.ogp_plan.planning.importers.sources import Cell, Row
from ckanext.ogp_plan.planning.types import (
    Accumulation,
    Indicator,
    Item,
    Measure,
    Place,
    ScheduleKind,
    Target,
)

_TAG = re.compile(r"</?[a-zA-Z][^<>]*>")


class ColumnsReader:
    """Reads one source laid out in columns into a plan."""

    def __init__(self, context: Context) -> None:
        self.context = context
        self.act, self.plan = context.act, context.plan
        self.layout = context.layout.data
        self.tables: list[dict[str, Any]] = self.layout["tables"]
        self.page_marks = PageMarks(context.layout)
        self.preamble = Preamble(context)
        self.notes = re.compile(self.layout["notes"]) if self.layout.get("notes") else None
        self.open: dict[str, Item] = {}
        self.level = ""
        #: what each item of a last level was read from, to tell a row printed twice from a second one
        self.rows_of: dict[tuple[str, str], str] = {}
        self.copies: dict[tuple[str, str], int] = {}
        #: items by level, parent and title, for those that have no code
        self.titled: dict[tuple[str, tuple[str, str] | None, str], Item] = {}

    def read(self) -> bool:
        """Read the whole source; tell whether it had a table at all."""
        pages = [block for grid in self.context.source.grids for block in blocks(grid, self.tables)]
        if not any(block.header for block in pages):
            return False
        first, sheet = True, object()
        for block in pages:
            if block.grid is not sheet:
                sheet = block.grid
                self._sheet(block)
            if block.header is None:
                self.preamble.read([row for row in block.rows if not self._heading(row)])
                self.context.period_from_title()
                continue
            drop_header(self.context, block.header.rows, first)
            first = False
            self._table(block, block.header, self.tables[block.table])
        self._repeated_codes()
        return True

    # --- headings ---------------------------------------------------------------------------------

    def _sheet(self, block: Block) -> None:
        """A page called "Componente 1: …" is the heading of what is on it."""
        title = sheet_title(block.grid)
        if title and not any(self._matches_heading(row) for row in block.grid.rows):
            place = block.grid.rows[0].place if block.grid.rows else Place(sheet=title)
            self._heading_text(title, Place(sheet=place.sheet))

    def _matches_heading(self, row: Row) -> bool:
        filled = row.filled()
        return len(filled) == 1 and any(
            re.fullmatch(pattern, filled[0].text, re.I)
            for table in self.tables
            for spec in table["levels"]
            for pattern in spec.get("headings", ())
        )

    def _heading(self, row: Row) -> bool:
        filled = row.filled()
        return len(filled) == 1 and self._heading_text(filled[0].text, row.place)

    def _heading_text(self, text: str, place: Place) -> bool:
        for table in self.tables:
            for spec in table["levels"]:
                for pattern in spec.get("headings", ()):
                    match = re.fullmatch(pattern, text, re.I)
                    if match:
                        self._open_heading(spec["level"], match.groupdict(), text, place)
                        return True
        return False

    def _open_heading(self, level: str, found: dict[str, str | None], text: str, place: Place) -> None:
        code = found.get("code") or str(
            ordinal_number(found.get("ordinal") or "") or self._position(level, None)
        )
        item = self.context.find(level, code)
        if item is None:
            item = Item(level, code, clean(found.get("title") or text), None, code, place=place)
            item.fields["title_printed"] = text
            self.context.add(item)
        elif same(item.fields.get("title_printed", ""), text):
            self.act.drop("heading.duplicate", place, text, code=code)
        else:
            self.act.flag("heading.conflict", place, text, code=code, first=item.title)
        self._set_open(level, item)

    def _set_open(self, level: str, item: Item) -> None:
        """A new item closes what hung from the one before it."""
        if self.open.get(level) is not item:
            for name, other in list(self.open.items()):
                if other.parent and self._hangs(other, level):
                    del self.open[name]
        self.open[level] = item

    def _hangs(self, item: Item, level: str) -> bool:
        parent: Item | None = item
        for _ in range(12):
            if parent is None or parent.parent is None:
                return False
            if parent.parent[0] == level:
                return True
            parent = self.context.find(*parent.parent)
        return False

    # --- rows -------------------------------------------------------------------------------------

    def _table(self, block: Block, header: Header, table: dict[str, Any]) -> None:
        for row in block.rows:
            if not row.filled() or self._aside(row, block):
                continue
            cells = {
                name: row.cells[column] for name, column in header.fields.items() if column < len(row.cells)
            }
            taken = set(header.fields.values())
            for name in table.get("wide", ()):
                taken |= self._widen(row, header, name, cells)
            for cell in row.filled():
                if cell.column not in taken:
                    self.act.flag("cell.unplaced", cell.place, cell.text)
            texts = {name: self._plain(cell, row) for name, cell in cells.items()}
            if any(texts.values()):
                self._row(row, texts, cells, table)

    def _widen(self, row: Row, header: Header, name: str, cells: dict[str, Cell]) -> set[int]:
        """A heading over several columns: what is under it is one text ("1.1" and its words)."""
        if name not in cells:
            return set()
        first = header.fields[name]
        later = [column for column in header.fields.values() if column > first]
        columns = set(range(first, min(later, default=first + 1)))
        under = [cell for cell in row.cells if cell.column in columns and cell.text]
        if len(under) > 1 or (under and not cells[name].text):
            cells[name] = Cell(" ".join(cell.text for cell in under), under[0].place, first)
        return columns

    def _aside(self, row: Row, block: Block) -> bool:
        """Headings, notes, page numbers: what is between the rows of a table."""
        if self._heading(row):
            return True
        if self.notes and len(row.filled()) == 1 and self.notes.match(row.joined()):
            before = self.plan.fields.get("notes")
            self.plan.fields["notes"] = f"{before}\n{row.joined()}" if before else row.joined()
            return True
        if self.page_marks.is_page_mark(row) and len(row.cells) == 1:
            self.act.drop("page.mark", row.place, row.joined())
            return True
        if len(row.cells) == 1 and not block.grid.aligned:
            self.act.flag("line.unplaced", row.place, row.joined())
            return True
        return False

    def _plain(self, cell: Cell, row: Row) -> str:
        """Return a cell's text without markup, which the act reports and keeps."""
        if not self.layout.get("markup") or "<" not in cell.text:
            return cell.text
        plain = clean(_TAG.sub(" ", cell.text))
        if plain != cell.text:
            self.act.flag("markup.removed", row.place if cell.place.line else cell.place, cell.text)
        return plain

    def _row(self, row: Row, texts: dict[str, str], cells: dict[str, Cell], table: dict[str, Any]) -> None:
        if not self._level_of(row, texts, table):
            return
        specs = [spec for spec in table["levels"] if "column" in spec]
        parent: Item | None = next(
            (
                self.open[spec["level"]]
                for spec in table["levels"]
                if "headings" in spec and spec["level"] in self.open
            ),
            None,
        )
        for spec in specs[:-1]:
            parent = self._upper(row, texts, spec, parent, cells) or parent
        self._last(row, texts, cells, specs[-1], parent)

    def _level_of(self, row: Row, texts: dict[str, str], table: dict[str, Any]) -> bool:
        """Where the level is a column, read it; on the rows below its first it is inherited."""
        column = table.get("level_column")
        if not column:
            return True
        printed = texts.get(column, "")
        if printed:
            named = {
                bare(alias): level for level, aliases in table["level_names"].items() for alias in aliases
            }
            level = named.get(bare(printed)) or named.get(bare(printed.split(" (")[0]))
            if level is None:
                self.act.flag("level.unread", row.place, row.joined(), level=printed)
                return False
            self.level = level
            self.act.drop("label", row.place, printed, field=level)
        elif self.level:
            self.act.inherit("level.inherited", row.place, self.level, level=self.level)
        if not self.level:
            self.act.flag("level.unread", row.place, row.joined(), level="")
        return bool(self.level)

    def _upper(
        self,
        row: Row,
        texts: dict[str, str],
        spec: dict[str, Any],
        parent: Item | None,
        cells: dict[str, Cell],
    ) -> Item | None:
        """The item of an upper level that a row hangs from: named here, or above."""
        level, printed = spec["level"], texts.get(spec["column"], "")
        number = texts.get(spec.get("number", ""), "").rstrip(".) ")
        if not printed and not number:
            above = self.open.get(level)
            if above is not None:
                self.act.inherit("cell.above", row.place, above.title, code=above.code)
            return above
        code, title = self._split(printed, spec, number)
        known = self._known(level, code, title, parent, spec)
        if known is None:
            known = self._new(level, code, title, parent, spec, row.place, printed)
            self._fill(known, row, texts, cells, spec)
        elif title and not same(known.title, title):
            self.act.flag("title.differs", row.place, printed, code=known.code, first=known.title)
        self._set_open(level, known)
        return known

    def _known(
        self, level: str, code: str, title: str, parent: Item | None, spec: dict[str, Any]
    ) -> Item | None:
        if code:
            return self.context.find(level, self._coded(spec, code))
        # without a code, the same words under one parent are one item
        return self.titled.get((level, parent.key if parent else None, bare(title)))

    def _split(self, printed: str, spec: dict[str, Any], number: str = "") -> tuple[str, str]:
        """Return the code and the title of a cell; the code is "" when it has none."""
        if number:
            return number, printed
        for pattern in spec.get("split", ()):
            match = re.fullmatch(pattern, printed, re.I)
            if match:
                return match["code"] or "", clean(match["title"] or "")
        return "", printed

    def _coded(self, spec: dict[str, Any], code: str) -> str:
        """Fill a code's template ("{componente}.{code}") with the codes of what is open."""
        made = spec.get("code", "{code}").replace("{code}", code)
        for level, item in self.open.items():
            made = made.replace("{" + level + "}", item.code)
        return re.sub(r"\{\w+\}\.?", "", made)

    def _new(
        self,
        level: str,
        code: str,
        title: str,
        parent: Item | None,
        spec: dict[str, Any],
        place: Place,
        printed: str,
    ) -> Item:
        if not code:
            code = str(self._position(level, parent))
            self.act.flag("code.missing", place, printed, code=self._coded(spec, code))
        item = Item(level, self._coded(spec, code), title, parent.key if parent else None, code, place=place)
        self.titled.setdefault((level, item.parent, bare(title)), item)
        if significant_words(printed) - significant_words(title):
            item.fields["title_printed"] = printed
        self.context.add(item)
        return item

    def _position(self, level: str, parent: Item | None) -> int:
        return self.context.brothers[level, parent.key if parent else None] + 1

    # --- the last level ---------------------------------------------------------------------------

    def _last(
        self,
        row: Row,
        texts: dict[str, str],
        cells: dict[str, Cell],
        spec: dict[str, Any],
        parent: Item | None,
    ) -> None:
        level = self.level if spec["level"] == "*" else spec["level"]
        printed = texts.get(spec["column"], "")
        number = texts.get(spec.get("number", ""), "").rstrip(".) ")
        if spec.get("continues") and not printed:
            self._continue(row, texts, cells, spec, level)
            return
        code, title = self._split(printed, spec, number)
        made = self._row_code(spec, code, level, parent, row, printed)
        row_text = " ".join(
            bare(text) for name, text in sorted(texts.items()) if text and name in self._own(spec)
        )
        item = self.context.find(level, made)
        if item is not None:
            if self.rows_of.get(item.key) == row_text:
                self.act.drop("row.duplicate", row.place, row.joined(), code=made)
                return
            if "{code}" in spec.get("code", "{code}"):
                made = self._second(item, row, made)
            else:
                made = self._next(level, made)
                self.act.inherit(
                    "row.continuation", row.place, parent.title if parent else "", code=made, number=item.code
                )
            if not made:
                return
        item = Item(
            level, made, title, parent.key if parent else None, code or made.split("#")[0], place=row.place
        )
        self.context.add(item)
        self.rows_of[item.key] = row_text
        self._set_open(level, item)
        self._fill(item, row, texts, cells, spec)
        if not title:
            self.act.flag(
                "row.incomplete", row.place, row.joined(), code=made, missing_fields=[spec["column"]]
            )

    def _own(self, spec: dict[str, Any]) -> set[str]:
        named = {spec["column"], *spec.get("fields", ()), *spec.get("lists", ())}
        return named | {
            spec.get("indicators", {}).get("column", ""),
            spec.get("indicator", {}).get("name", ""),
        }

    def _row_code(
        self, spec: dict[str, Any], code: str, level: str, parent: Item | None, row: Row, printed: str
    ) -> str:
        if "{code}" not in spec.get("code", "{code}"):
            return self._coded(spec, "")
        if not code:
            code = str(self._position(level, parent))
            self.act.flag("code.missing", row.place, printed, code=self._coded(spec, code))
        return self._coded(spec, code)

    def _next(self, level: str, code: str) -> str:
        base = code.split("#", maxsplit=1)[0]
        count = self.copies.get((level, base), 1) + 1
        while self.context.find(level, f"{base}#{count}"):
            count += 1
        self.copies[level, base] = count
        return f"{base}#{count}"

    def _second(self, first: Item, row: Row, code: str) -> str:
        answer = self.context.ask(
            "code.conflict",
            f"{first.level}:{code}@{row.place.line or row.place.cell}",
            row.place,
            row.joined(),
            (Option("first", "option.keep_first"), Option("both", "option.keep_both")),
            code=code,
            first=first.title,
        )
        return self._next(first.level, code) if answer == "both" else ""

    def _continue(
        self, row: Row, texts: dict[str, str], cells: dict[str, Cell], spec: dict[str, Any], level: str
    ) -> None:
        """A row that a footnote or a page cut off from the item above it."""
        item = self.open.get(level)
        if item is None:
            self.act.flag("row.without_number", row.place, row.joined())
            return
        self.act.inherit("row.continuation", row.place, item.title, code=item.code, number=item.code)
        self._fill(item, row, texts, cells, spec)

    # --- fields -----------------------------------------------------------------------------------

    def _fill(
        self, item: Item, row: Row, texts: dict[str, str], cells: dict[str, Cell], spec: dict[str, Any]
    ) -> None:
        for name in spec.get("fields", ()):
            text = texts.get(name, "")
            if not text and name in cells and cells[name].anchor:
                text = self._merged(item, row, cells[name], name)
            if not text:
                continue
            if name in spec.get("lists", ()):
                self._list(item, row, name, text, cells[name])
                continue
            before = item.fields.get(name)
            item.fields[name] = f"{before}\n{text}" if before else text
            if name == "responsible":
                self.context.assign(item, text, row.place)
            elif name == "schedule_text":
                self.context.read_schedule(item, text, row.place)
                self._precision(item, row, text)
        self._weight(item, row, texts, spec)
        self._indicators(item, row, texts, cells, spec)
        if "responsible" in spec.get("fields", ()) and not item.fields.get("responsible"):
            self.act.flag("responsible.missing", row.place, item.title, code=item.code)

    def _merged(self, item: Item, row: Row, cell: Cell, name: str) -> str:
        """A merged cell says the same for each row it covers."""
        if cell.anchor is None or cell.anchor[1] != cell.column:
            return ""
        for other in reversed(self.plan.items):
            if other is not item and other.level == item.level and other.fields.get(name):
                self.act.inherit("cell.merged", row.place, other.fields[name], code=item.code, field=name)
                return str(other.fields[name])
        return ""

    def _precision(self, item: Item, row: Row, text: str) -> None:
        due = item.schedule.due
        if item.schedule.kind is ScheduleKind.DATE and item.schedule.precision is Precision.MONTH and due:
            self.act.flag("schedule.month", row.place, text, code=item.code, due=due.isoformat())

    def _list(self, item: Item, row: Row, name: str, text: str, cell: Cell) -> None:
        pieces, by_sentences = split_sentences(text, cell.raw)
        item.fields.setdefault(name, []).extend(pieces)
        if by_sentences and len(pieces) > 1:
            self.act.flag("list.by_sentences", row.place, text, code=item.code, count=len(pieces))

    def _weight(self, item: Item, row: Row, texts: dict[str, str], spec: dict[str, Any]) -> None:
        printed = texts.get(spec.get("weight", ""), "")
        if not printed:
            return
        read = numbers.parse_number(printed)
        if read is None:
            self.act.flag("number.unread", row.place, printed, code=item.code)
            return
        item.weight = read.value

    def _indicators(
        self, item: Item, row: Row, texts: dict[str, str], cells: dict[str, Cell], spec: dict[str, Any]
    ) -> None:
        entry, many = spec.get("indicator"), spec.get("indicators")
        if entry:
            name, goal = texts.get(entry.get("name", ""), ""), texts.get(entry.get("target", ""), "")
            if name or goal:
                read = numbers.first_quantity(goal)
                displayed = next(iter(re.findall(r"\d[\d.,]*\s*%?", goal)), "") if read else ""
                indicator = Indicator(
                    item.code, name or goal, measure_of(displayed), target_text=goal, place=row.place
                )
                indicator.targets = [
                    Target(read.value if read else None, goal, self.plan.start, self.plan.end)
                ]
                if indicator.measure is Measure.PERCENTAGE:
                    indicator.accumulation = Accumulation.LAST
                item.indicators = [indicator]
                if read is None:
                    self.act.flag("indicator.no_target", row.place, goal or name, code=item.code)
        if many and texts.get(many["column"]):
            self._many(item, row, texts[many["column"]], cells[many["column"]], many)

    def _many(self, item: Item, row: Row, text: str, cell: Cell, spec: dict[str, Any]) -> None:
        found = (
            listed(cell.raw or text)
            if spec.get("lines")
            else coded(text, item.code, spec.get("code", r"\d+(?:\.\d+)+"))
        )
        if not found:
            found = [("", text)]
        for code, printed in found:
            made = code or f"{item.code}.{len(item.indicators) + 1}"
            item.indicators.append(Indicator(made, printed, place=row.place))
        self._rejoin(item, row)
        for indicator in item.indicators:
            if not indicator.targets:
                targets(self.context, item, indicator)

    def _rejoin(self, item: Item, row: Row) -> None:
        """A list "(a) … (d) …" cut in two by a page: its end is inside the next indicator."""
        for first, second in zip(item.indicators, item.indicators[1:], strict=False):
            if not re.search(r"\([a-z]\)\s*$", first.name):
                continue
            match = re.match(
                r"(?P<tail>\d+\s*%\s+[^()\d]+?(?:\s*\([a-z]\)\s*\d+\s*%\s+[^()\d]+?)+)\s+(?P<rest>\d.*)",
                second.name,
            )
            if match:
                first.name, second.name = f"{first.name} {match['tail']}", match["rest"]
                first.targets, second.targets = [], []
                first.measure = Measure.UNIT
                self.act.flag(
                    "indicator.joined", row.place, match["tail"], code=first.code, other=second.code
                )
            else:
                self.act.flag("indicator.cut", row.place, first.name, code=first.code, other=second.code)

    # --- the whole --------------------------------------------------------------------------------

    def _repeated_codes(self) -> None:
        """Where levels have parallel numbers, the same code is another thing at each."""
        roots = {level.id for level in self.context.family.levels if not level.under}
        if len(roots) < 2:
            return
        at: dict[str, dict[str, Place]] = {}
        for item in self.plan.items:
            at.setdefault(item.code, {}).setdefault(item.level, item.place or Place())
            for indicator in item.indicators:
                at.setdefault(indicator.code, {}).setdefault(item.level, indicator.place or Place())
        for code, levels in at.items():
            if len(levels) > 1:
                self.act.flag("code.at_several_levels", list(levels.values())[1], code, levels=list(levels))
        counted = Counter(item.level for item in self.plan.items)
        if len(counted) > 1 and not any(item.parent for item in self.plan.items):
            place = self.plan.items[0].place or Place()
            self.act.flag("levels.unlinked", place, fold(" ".join(counted)), levels=list(counted))
