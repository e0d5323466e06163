"""Tables where headings, numbers and rows share the columns (form F014 of Cali).

A heading row names a component or a subcomponent; a row with a code opens a number; a row
without code goes on with the number above it. In the text of a PDF the columns of a row
have moved, so that its cells are read by their order, from both ends.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field

from ckanext.cost_common.values import numbers
from ckanext.cost_common.values.text import bare, clean, fold
from ckanext.ogp_plan.planning.importers.act import Option
from ckanext.ogp_plan.planning.importers.common import (
    Context,
    PageMarks,
    Preamble,
    drop_header,
    measure_of,
    ordinal_number,
    same,
    span,
)
from ckanext.ogp_plan.planning.importers.layouts import Block, Header, blocks
from ckanext.ogp_plan.planning.importers.sources import Cell, Row
from ckanext.ogp_plan.planning.schedules import months_schedule
from ckanext.ogp_plan.planning.types import Accumulation, Indicator, Item, Measure, Place, Target

#: how much of a goal falls on a month; nothing at all is no month
_AMOUNT = re.compile(r"(?=.*[1-9])\d[\d.,]*\s*%?", re.ASCII)
_RESULT = re.compile(r"\(?\s*\d[\d.,]*\s*\)?\s*%?\.?\Z", re.ASCII)


@dataclass(slots=True)
class Parts:
    """The cells of a row by field. ``extra``: cells that no field takes. ``merged``: shared from above."""

    cells: dict[str, Cell] = field(default_factory=dict)
    months: list[int] = field(default_factory=list)
    #: what is to be done each month, where the form says how much and not only when
    amounts: list[str] = field(default_factory=list)
    lost_marks: list[Cell] = field(default_factory=list)
    extra: list[Cell] = field(default_factory=list)
    merged: set[str] = field(default_factory=set)

    def text(self, name: str) -> str:
        """Return a field's text, "" when the row has none."""
        cell = self.cells.get(name)
        return cell.text if cell else ""

    def same_as(self, other: Parts) -> bool:
        """Tell whether two rows say the same in every field."""
        names = set(self.cells) | set(other.cells)
        return all(same(self.text(name), other.text(name)) for name in names) and self.months == other.months


@dataclass(slots=True)
class Number:
    """A number of the form with its rows, as read so far."""

    item: Item
    activity: str
    rows: list[tuple[Item, Parts, Row]] = field(default_factory=list)
    #: how many rows came by again, while a page printed twice is being read
    again: int = 0
    #: a second text under the same code, as yet undecided: its rows and what was answered
    conflict: str | None = None


class CascadeReader:
    """Reads one source laid out as a cascade into a plan."""

    def __init__(self, context: Context) -> None:
        self.context = context
        self.act, self.plan = context.act, context.plan
        layout = context.layout.data
        self.layout = layout
        self.order: list[str] = layout["order"]
        self.code = re.compile(rf"(?P<code>{layout['code']})[.)]?(?:\s+(?P<rest>\S.*))?")
        #: a row that says its own code, as our own form does where rows of a number are not all there
        self.row_code = re.compile(rf"(?P<code>{layout['code']})#(?P<ordinal>[1-9]\d{{0,2}})")
        self.headings = [
            (entry, [re.compile(pattern, re.I) for pattern in entry["patterns"]])
            for entry in layout["headings"]
        ]
        self.marks = {fold(str(mark)) for mark in layout.get("marks", [])}
        self.page_marks = PageMarks(context.layout)
        self.numbers: dict[str, Number] = {}
        self.current: Number | None = None
        self.open: dict[str, Item] = {}
        self.by_item: dict[tuple[str, str], tuple[Parts, Row]] = {}
        self.repeats: list[Row] = []
        self.inherited: tuple[Number, Row] | None = None

    # --- pages ------------------------------------------------------------------------------------

    def read(self) -> bool:
        """Read the whole source; tell whether it had a table at all."""
        pages = [block for grid in self.context.source.grids for block in blocks(grid, [self.layout])]
        if not any(block.header for block in pages):
            return False
        usual = self._usual_width(pages)
        preamble = Preamble(self.context)
        first = True
        for block in pages:
            if block.header is None:
                preamble.read(block.rows)
                self.context.period_from_title()
                continue
            drop_header(self.context, block.header.rows, first)
            first = False
            self._page(block, block.header, usual)
        self._empty_headings()
        return True

    def _usual_width(self, pages: list[Block]) -> int:
        widths = Counter(
            len(row.cells) for page in pages if page.header for row in page.rows if len(row.cells) > 1
        )
        return widths.most_common(1)[0][0] if widths else 0

    def _page(self, block: Block, header: Header, usual: int) -> None:
        rows = [row for row in block.rows if len(row.cells) > 1]
        aligned = block.grid.aligned
        if not aligned and rows:
            widths = Counter(len(row.cells) for row in rows)
            width = widths.most_common(1)[0][0]
            if width > usual:
                place = span([header.rows[0], rows[-1]])
                self.act.flag("cells.count", place, header.rows[0].joined(), width=width, usual=usual)
            aligned = self._is_aligned(rows, header)
        self.repeats = []
        firsts = len(self.by_item)
        grid = block.grid.aligned
        page_moved = grid and self._page_has_moved(rows, header)
        for row in block.rows:
            if row.filled():
                kept = aligned and not (grid and self._has_moved(row, header, page_moved))
                self._row(row, header, kept, grid)
        if self.repeats and len(self.by_item) == firsts and len(self.repeats) >= 3:
            self.act.flag(
                "page.repeated",
                span([header.rows[0], block_end(block)]),
                self.repeats[0].joined(),
                rows=len(self.repeats),
            )

    def _is_aligned(self, rows: list[Row], header: Header) -> bool:
        """In a text, columns mean something on a page only if every complete row keeps to them."""
        tail = {header.fields[name] for name in self.order if name in header.fields}
        complete = [row for row in rows if len(self._body(row)) == len(self.order)]
        return bool(complete) and all({cell.column for cell in self._body(row)} == tail for row in complete)

    def _page_has_moved(self, rows: list[Row], header: Header) -> bool:
        """Tell whether most rows of a page are outside the columns of its header.

        So it is where the text of a PDF was pasted into a spreadsheet, or saved as CSV.
        """
        kept = sum(self._keeps_to(row, header) for row in rows)
        return sum(self._has_moved(row, header) for row in rows) > kept

    def _keeps_to(self, row: Row, header: Header) -> bool:
        """Tell whether a result is in the column that the header gives."""
        column = header.fields.get("result")
        return column is not None and column < len(row.cells) and bool(_RESULT.match(row.cells[column].text))

    def _has_moved(self, row: Row, header: Header, page: bool = False) -> bool:
        """Tell whether the columns of a row mean nothing: all its cells are there, and the result elsewhere.

        :param page: whether its page has moved; then a row that lacks cells has too.
        """
        if "result" not in header.fields or self._keeps_to(row, header):
            return False
        months = set(header.months.values())
        body = [
            cell
            for cell in row.filled()
            if cell.column > 1 and not (cell.column in months and self._is_mark(cell.text))
        ]
        at = self.order.index("result")
        return page or (len(body) == len(self.order) and bool(_RESULT.match(body[at].text)))

    def _is_mark(self, text: str) -> bool:
        return fold(text) in self.marks or _AMOUNT.fullmatch(text) is not None

    def _body(self, row: Row) -> list[Cell]:
        """The cells after code and activity that are no month's mark."""
        return [
            cell for cell in row.filled() if cell.column > 1 and fold(cell.text) not in self.marks - {"1"}
        ]

    # --- rows -------------------------------------------------------------------------------------

    def _row(self, row: Row, header: Header, aligned: bool, grid: bool) -> None:
        if self._heading(row):
            return
        if self.page_marks.is_page_mark(row):
            self.act.drop("page.mark", row.place, row.joined())
            return
        if len(row.cells) == 1 and not grid:
            self.act.flag("line.unplaced", row.place, row.joined())
            return
        parts = self._aligned(row, header, grid) if aligned else self._ordered(row, header)
        number = self._number_of(row, parts)
        named = self.row_code.fullmatch(parts.text("code"))
        if named:
            self._named(named["code"], int(named["ordinal"]), row, parts, header, aligned)
        elif number:
            self._opens(number[0], number[1], row, parts, header, aligned)
        elif self.current is None:
            self.act.flag("row.without_number", row.place, row.joined())
        else:
            self._continues(row, parts, header, aligned)

    def _number_of(self, row: Row, parts: Parts) -> tuple[str, str] | None:
        """Return the code and the activity of a row that opens a number."""
        first = row.cells[0].text
        printed = parts.text("code") or first
        match = self.code.fullmatch(printed) if printed else None
        if not match:
            return None
        activity = parts.text("activity")
        if match["rest"]:
            self.act.flag("code.with_title", row.place, printed, code=match["code"])
            activity = clean(f"{match['rest']} {activity}")
        return match["code"], activity

    def _ordered(self, row: Row, header: Header) -> Parts:
        """Take the cells of a row by their order: from the front to the result, and from it to the end."""
        parts = Parts()
        filled = row.filled()
        for name, column in (("code", 0), ("activity", 1)):
            if filled and filled[0].column == column:
                parts.cells[name] = filled.pop(0)
        month_columns = set(header.months.values())
        marks = [
            cell for cell in filled if cell.column in month_columns and fold(cell.text) in self.marks - {"1"}
        ]
        parts.lost_marks = marks
        body = [cell for cell in filled if cell not in marks]
        if len(body) == len(self.order):
            parts.cells |= dict(zip(self.order, body, strict=True))
            return parts
        self._by_ends(parts, body)
        return parts

    def _by_ends(self, parts: Parts, body: list[Cell]) -> None:
        at = self.order.index("result")
        results = [place for place, cell in enumerate(body) if place >= 1 and _RESULT.match(cell.text)]
        if results and results[-1] >= len(body) - (len(self.order) - at):
            after = body[results[-1] + 1 :]
            parts.cells["result"] = body[results[-1]]
            parts.cells |= dict(zip(self.order[at + 1 :], after, strict=False))
            before = body[: results[-1]]
            names = self.order[:at]
        else:
            before, names = body, self.order[:at]
            last = before[-1] if len(before) > 1 else None
            if last and not self.context.directory.read(last.text).unknown:
                parts.cells["responsible"] = before[-1]
                before = before[:-1]
        parts.cells |= dict(zip(names, before, strict=False))
        parts.extra = before[len(names) :]

    def _aligned(self, row: Row, header: Header, grid: bool) -> Parts:
        parts = Parts()
        used_columns = set()
        for heading, column in header.fields.items():
            name = "formula" if heading == "indicator" and "formula" not in header.fields else heading
            if name in ("months", "indicator") or column >= len(row.cells):
                continue
            own = row.cells[column]
            used_columns.add(column)
            if own.text:
                parts.cells[name] = own
            elif own.anchor and own.anchor[0] < row.number and own.anchor[1] == column:
                parts.merged.add(name)
        background = self._background(row, header)
        for month, column in sorted(header.months.items()):
            cell = row.cells[column] if column < len(row.cells) else None
            if cell is None:
                continue
            used_columns.add(column)
            amount = _AMOUNT.fullmatch(cell.text)
            marked = fold(cell.text) in self.marks or amount is not None
            if amount and cell.text not in ("1", str(month)):
                parts.amounts.append(f"{month}: {cell.text}")
            if marked or (grid and cell.fill is not None and cell.fill != background):
                parts.months.append(month)
            if cell.text and not marked:
                parts.extra.append(cell)
        parts.extra += [cell for cell in row.filled() if cell.column not in used_columns]
        return parts

    def _background(self, row: Row, header: Header) -> str | None:
        """The colour of the row's own text: a striped table is no calendar."""
        column = header.fields.get("description", header.fields.get("activity", 0))
        return row.cells[column].fill if column < len(row.cells) else None

    # --- headings ---------------------------------------------------------------------------------

    def _heading(self, row: Row) -> bool:
        filled = row.filled()
        if len(filled) > 2 or (len(filled) == 2 and not re.fullmatch(r"[\d.)]+", filled[0].text)):
            return False
        printed = clean(" ".join(cell.text for cell in filled))
        for heading, patterns in self.headings:
            for pattern in patterns:
                match = pattern.fullmatch(printed)
                if match:
                    self._open_heading(heading, match, row, printed)
                    return True
        return False

    def _open_heading(self, entry: dict[str, str], match: re.Match[str], row: Row, printed: str) -> None:
        found = match.groupdict()
        level, parent = entry["level"], self.open.get(entry.get("under", ""))
        code = found.get("code") or self._code_by_position(entry, found, parent)
        title = clean(found.get("title") or "") or printed
        item = self.context.find(level, code)
        if item:
            if same(item.fields.get("title_printed", ""), self._without_code(printed, found)):
                self.act.drop("heading.duplicate", row.place, row.joined(), code=code)
                self.repeats.append(row)
            else:
                self.act.flag("heading.conflict", row.place, row.joined(), code=code, first=item.title)
        else:
            if not found.get("code"):
                self.act.flag("code.missing", row.place, printed, code=code)
            elif len(row.filled()) == 1:
                self.act.flag("code.with_title", row.place, printed, code=code)
            if entry.get("numbered") and not found.get("number"):
                self.act.flag("ordinal.missing", row.place, printed, code=code)
            item = Item(
                level, code, title, parent.key if parent else None, found.get("code") or "", place=row.place
            )
            item.fields["title_printed"] = self._without_code(printed, found)
            self.context.add(item)
        self._set_open(entry, item)

    def _without_code(self, printed: str, found: dict[str, str | None]) -> str:
        code = found.get("code")
        return clean(printed.removeprefix(code).lstrip(".) ")) if code else printed

    def _set_open(self, entry: dict[str, str], item: Item) -> None:
        """A new component closes the subcomponent above it."""
        names = [other["level"] for other, _ in self.headings]
        for name in names[names.index(entry["level"]) :]:
            self.open.pop(name, None)
        self.open[entry["level"]] = item
        self.current = None

    def _code_by_position(
        self, entry: dict[str, str], found: dict[str, str | None], parent: Item | None
    ) -> str:
        level = entry["level"]
        if parent:
            return f"{parent.code}.{found.get('number') or self.context.brothers[level, parent.key] + 1}"
        spoken = found.get("number") or ordinal_number(found.get("ordinal") or "")
        return str(spoken or self.context.brothers[level, None] + 1)

    def _empty_headings(self) -> None:
        leaf = self.headings[-1][0]["level"]
        parents = {item.parent for item in self.plan.items}
        for item in self.plan.items:
            if item.level == leaf and item.key not in parents:
                self.act.flag("heading.empty", item.place or Place(), item.title, code=item.code)

    # --- numbers and their rows -------------------------------------------------------------------

    def _opens(self, code: str, activity: str, row: Row, parts: Parts, header: Header, aligned: bool) -> None:
        known = self.numbers.get(code)
        if known is None:
            self._add_row(self._new_number(code, activity, row), row, parts, header, aligned)
            return
        self.current = known
        known.again, known.conflict = 0, None
        if same(known.activity, activity) and known.rows and known.rows[0][1].same_as(parts):
            self._drop_again(known, row)
        else:
            self._conflict(known, row, parts, header, aligned, activity)

    def _new_number(self, code: str, activity: str, row: Row) -> Number:
        parent = self._parent(code, row)
        item = Item(self.layout["levels"]["number"], code, activity, parent, code, place=row.place)
        self.current = self.numbers[code] = Number(item, activity)
        self.context.add(item)
        return self.current

    def _named(self, code: str, ordinal: int, row: Row, parts: Parts, header: Header, aligned: bool) -> None:
        """A row that says its own code keeps it, also when the rows before it are not there."""
        known = self.numbers.get(code) or self._new_number(code, parts.text("activity"), row)
        self.current = known
        made = f"{code}#{ordinal}" if ordinal > 1 else code
        before = next((row for item, row, _ in known.rows if item.code == made), None)
        if before is None:
            self._add_row(known, row, parts, header, aligned, ordinal)
        elif before.same_as(parts):
            self.act.drop("row.duplicate", row.place, row.joined(), code=made)
            self.repeats.append(row)
        else:
            self._conflict(known, row, parts, header, aligned, known.activity)

    def _drop_again(self, known: Number, row: Row) -> None:
        self.act.drop("row.duplicate", row.place, row.joined(), code=known.rows[known.again][0].code)
        known.again += 1
        self.repeats.append(row)

    def _conflict(
        self, known: Number, row: Row, parts: Parts, header: Header, aligned: bool, activity: str
    ) -> None:
        """The same code with another text: nothing is taken of it until somebody decides."""
        first = known.rows[0][2] if known.rows else row
        answer = self.context.ask(
            "code.conflict",
            f"{known.item.code}@{place_id(row.place)}",
            row.place,
            row.joined(),
            (
                Option("first", "option.keep_first"),
                Option("second", "option.keep_second"),
                Option("both", "option.keep_both"),
            ),
            code=known.item.code,
            first=first.joined(),
        )
        known.conflict = answer or "first"
        if answer == "second":
            for item, _, old in known.rows:
                self.act.drop("row.replaced", old.place, old.joined(), code=item.code)
                self.context.remove(item)
                self.by_item.pop(item.key, None)
            known.rows.clear()
            known.activity = known.item.title = activity
        elif answer == "both" and not same(known.activity, activity):
            self.act.flag("activity.other_title", row.place, activity, code=known.item.code)
        if answer in ("second", "both"):
            self._add_row(known, row, parts, header, aligned)

    def _continues(self, row: Row, parts: Parts, header: Header, aligned: bool) -> None:
        known = self.current
        if known is None:
            return
        if known.conflict == "first":
            self.act.flag("row.of_conflict", row.place, row.joined(), code=known.item.code)
            return
        if known.again and known.again < len(known.rows) and known.rows[known.again][1].same_as(parts):
            self._drop_again(known, row)
            return
        if parts.text("code") or (
            parts.text("activity") and not same(parts.text("activity"), known.activity)
        ):
            self.act.flag("row.without_number", row.place, row.joined())
            return
        if not parts.cells and not parts.months:
            self._leftovers(row, parts)
            return
        item = self._add_row(known, row, parts, header, aligned)
        self.act.inherit(
            "row.continuation", row.place, known.activity, code=item.code, number=known.item.code
        )

    def _parent(self, code: str, row: Row) -> tuple[str, str] | None:
        """The heading whose code begins the number's; otherwise the heading that is open."""
        for heading, _ in reversed(self.headings):
            item = self.context.find(heading["level"], code.rsplit(".", 1)[0])
            if item:
                return item.key
        above = next(
            (
                self.open[heading["level"]]
                for heading, _ in reversed(self.headings)
                if heading["level"] in self.open
            ),
            None,
        )
        if above is None:
            self.act.flag("parent.missing", row.place, code, code=code)
            return None
        self.act.flag("parent.by_position", row.place, code, code=code, parent=above.code)
        return above.key

    def _add_row(
        self,
        known: Number,
        row: Row,
        parts: Parts,
        header: Header,
        aligned: bool,
        ordinal: int | None = None,
    ) -> Item:
        if ordinal is None:
            last = known.rows[-1][0].code.partition("#")[2] or "1" if known.rows else "0"
            ordinal = int(last) + 1
        code = known.item.code if ordinal == 1 else f"{known.item.code}#{ordinal}"
        item = Item(
            self.layout["levels"]["row"],
            code,
            parts.text("description"),
            known.item.key,
            known.item.code if ordinal == 1 else "",
            place=row.place,
        )
        for name in ("goal", "product", "result", "responsible"):
            if parts.text(name):
                item.fields[name] = parts.text(name)
        if parts.amounts:
            item.fields["months_text"] = "; ".join(parts.amounts)
        # keep rows of one number together, also when a page brings more of it later
        self.context.add(item)
        above = known.rows[-1] if known.rows else None
        known.rows.append((item, parts, row))
        self.by_item[item.key] = (parts, row)
        self._indicator(item, parts, row)
        self._months(item, parts, row)
        self._responsible(item, parts, row, above[0] if above else None)
        self._shared(item, parts, row, above[0] if above else None)
        if not aligned:
            self._shift(parts, row, header)
        self._leftovers(row, parts)
        return item

    def _indicator(self, item: Item, parts: Parts, row: Row) -> None:
        formula, result = parts.text("formula"), parts.text("result")
        if not formula and not result:
            return
        read = numbers.parse_number(result) if result else None
        if result and read is None:
            kind = "number.two_ways" if numbers.is_ambiguous(result) else "number.unread"
            self.act.flag(kind, parts.cells["result"].place, result, code=item.code)
        elif read and "thousands" in read.how:
            self.act.flag("number.thousands", row.place, result, value=str(read.value))
        target = Target(read.value if read else None, parts.text("goal"), self.plan.start, self.plan.end)
        indicator = Indicator(
            item.code,
            formula or parts.text("product"),
            measure_of(result),
            formula=formula,
            target_text=result,
            place=row.place,
        )
        indicator.targets = [target] if result else []
        if indicator.measure is Measure.PERCENTAGE:
            indicator.accumulation = Accumulation.LAST
        if "/" in formula and read and read.percent:
            indicator.measure = Measure.PERCENTAGE
            self._ratio(indicator, formula)
        item.indicators = [indicator]

    def _ratio(self, indicator: Indicator, formula: str) -> None:
        """Split a real ratio into what is counted and what it is counted against."""
        inner = re.sub(r"\s*\)?\s*[*xX×]\s*100\s*%?\s*$", "", formula).strip(" ()")
        pieces = inner.split("/")
        if len(pieces) == 2:
            indicator.numerator, indicator.denominator = clean(pieces[0]), clean(pieces[1])

    def _months(self, item: Item, parts: Parts, row: Row) -> None:
        if parts.lost_marks:
            self.act.flag(
                "months.moved",
                row.place,
                " ".join(cell.text for cell in parts.lost_marks),
                code=item.code,
                count=len(parts.lost_marks),
            )
        item.schedule = months_schedule(tuple(parts.months), self.context.year)
        if not parts.months:
            self.act.flag("schedule.undeclared", row.place, item.title, code=item.code)

    def _responsible(self, item: Item, parts: Parts, row: Row, above: Item | None) -> None:
        printed = parts.text("responsible")
        if not printed and above and "responsible" in parts.merged:
            printed = above.fields.get("responsible", "")
            if printed:
                item.fields["responsible"] = printed
                self.act.inherit("cell.merged", row.place, printed, code=item.code, field="responsible")
        if printed:
            self.context.assign(item, printed, row.place)
            return
        self.act.flag("responsible.missing", row.place, item.title, code=item.code)
        before = above.fields.get("responsible") if above else None
        if before:
            answer = self.context.ask(
                "responsible.missing",
                item.code,
                row.place,
                item.title,
                (
                    Option("blank", "option.leave_blank"),
                    Option("inherit", "option.same_as_above", {"value": before}),
                ),
                code=item.code,
            )
            if answer == "inherit":
                item.fields["responsible"] = before
                self.context.assign(item, before, row.place)

    def _shared(self, item: Item, parts: Parts, row: Row, above: Item | None) -> None:
        """A row with a description and little else may share the cells of the row above."""
        missing = [name for name in ("description", *self.order[1:5]) if not parts.text(name)]
        if not missing:
            return
        if above is None or missing != self.order[1:5]:
            self.act.flag("row.incomplete", row.place, item.title, code=item.code, missing_fields=missing)
            return
        self.act.flag("row.only_description", row.place, item.title, code=item.code, above=above.code)
        answer = self.context.ask(
            "row.merged",
            item.code,
            row.place,
            item.title,
            (
                Option("separate", "option.separate_row"),
                Option("merge", "option.merge_above", {"code": above.code}),
            ),
            code=item.code,
            above=above.code,
        )
        if answer == "merge":
            item.fields["merged_with"] = above.code

    def _shift(self, parts: Parts, row: Row, header: Header) -> None:
        product, expected = parts.cells.get("product"), header.fields.get("product")
        if product and expected is not None and product.column != expected:
            self.act.flag("row.shifted", row.place, product.text, column=product.column, expected=expected)

    def _leftovers(self, row: Row, parts: Parts) -> None:
        for cell in parts.extra:
            self.act.flag("cell.unplaced", cell.place, cell.text)


def block_end(block: Block) -> Row:
    """Return the last row of a page that says something."""
    return next((row for row in reversed(block.rows) if row.filled()), block.rows[-1])


def place_id(place: Place) -> str:
    """Return a place as part of a question's id."""
    return str(place.line) if place.line is not None else f"{bare(place.sheet or '')}!{place.cell}"
