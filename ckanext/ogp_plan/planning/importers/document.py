"""Plans written as documents: commitments as sections, each with numbered blocks and a table of milestones.

The rest of the document (introduction, diagnosis, monitoring) is kept as sections of the plan.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import Any

from ckanext.cost_common.values import numbers
from ckanext.cost_common.values.text import bare, clean, fold, significant_words
from ckanext.ogp_plan.planning.importers.act import Option, Question
from ckanext.ogp_plan.planning.importers.common import Context, set_period, undated
from ckanext.ogp_plan.planning.importers.indicators import listed
from ckanext.ogp_plan.planning.importers.layouts import Header, match_header, names_of
from ckanext.ogp_plan.planning.importers.sources import Row
from ckanext.ogp_plan.planning.types import Accumulation, Indicator, Item, Measure, Place, Role, Target

_MENTION = re.compile(r"\bcompromiso\s+(?P<n>\d{1,2})\b(?:\s*\((?P<name>[^)]+)\))?")


class DocumentReader:
    """Reads one document into a plan."""

    def __init__(self, context: Context) -> None:
        self.context = context
        self.act, self.plan = context.act, context.plan
        layout = context.layout.data
        self.layout = layout
        self.commitment = re.compile(layout["commitment"])
        self.block = re.compile(layout["block"])
        self.chapter = re.compile(layout["chapter"])
        self.headers_and_footers = [
            re.compile(pattern, re.I) for pattern in layout.get("headers_and_footers", ())
        ]
        self.blocks = names_of(layout["blocks"])
        table = layout["child_table"]
        self.child_names, self.child_titles = (
            names_of(table["columns"]),
            {bare(entry) for entry in table["title"]},
        )
        self.rows = [row for grid in context.source.grids for row in grid.rows if row.filled()]
        self.item: Item | None = None
        self.field: str | None = None
        self.header: Header | None = None
        self.in_table = False
        #: lines of a commitment that came by a second time
        self.again = False
        self.seen: set[str] = set()
        self.counts: Counter[str] = Counter()

    def read(self) -> bool:
        """Read the document; tell whether it has commitments with blocks at all."""
        begin, end = self._extent()
        inside = self.rows[begin:end]
        if not any(self._commitment(row) for row in inside) or not any(self._block(row) for row in inside):
            return False
        self._title_and_period()
        self.counts = Counter(fold(row.joined()) for row in self.rows if self._may_repeat(row))
        for row in self.rows[:begin]:
            self._section(row)
        for row in inside:
            self._inside(row)
        for row in self.rows[end:]:
            self._section(row)
        self._after()
        return True

    # --- the document -----------------------------------------------------------------------------

    def _extent(self) -> tuple[int, int]:
        """Return where the commitments begin and end, as positions of rows."""
        begins, ends = re.compile(self.layout["begins"]), re.compile(self.layout["ends"])
        folded = [fold(row.joined()) for row in self.rows]
        begin = next((at for at, text in enumerate(folded) if begins.fullmatch(text)), 0)
        end = next((at for at in range(begin + 1, len(folded)) if ends.fullmatch(folded[at])), len(folded))
        return begin, end

    def _commitment(self, row: Row) -> re.Match[str] | None:
        return self.commitment.fullmatch(row.joined()) if len(row.filled()) == 1 else None

    def _block(self, row: Row) -> str | None:
        """Return the field of a block's title ("5 Indicadores")."""
        if len(row.filled()) != 1:
            return None
        match = self.block.fullmatch(row.joined())
        return self.blocks.get(bare(match["title"])) if match else None

    def _may_repeat(self, row: Row) -> bool:
        text = row.joined()
        structural = self._commitment(row) or self._block(row) or bare(text) in self.child_titles
        return len(row.filled()) == 1 and not text.startswith(("- ", "• ")) and not structural

    def _is_header_or_footer(self, row: Row) -> bool:
        """A page's header or footer: one of the layout's, or a line that was printed before."""
        if not self._may_repeat(row):
            return False
        text = row.joined()
        folded = fold(text)
        if self.counts[folded] > 1:
            if folded in self.seen:
                self.act.drop("line.repeated", row.place, text)
                return True
            self.seen.add(folded)
        if any(pattern.fullmatch(text) for pattern in self.headers_and_footers):
            self.act.drop("page.header_or_footer", row.place, text)
            return True
        return False

    def _title_and_period(self) -> None:
        title = re.compile(self.layout["title_line"])
        period = re.compile(self.layout["period"], re.I)
        found: dict[tuple[str, str], Row] = {}
        for row in self.rows:
            text = row.joined()
            if not self.plan.title and title.fullmatch(fold(text)):
                self.plan.title = text
            for match in period.finditer(text):
                found.setdefault((match["from"], match["to"] or match["from"]), row)
        values = [first if first == last else f"{first}-{last}" for first, last in found]
        if len(values) == 1:
            set_period(self.plan, values[0])
        elif values:
            first = next(iter(found.values()))
            places = tuple(row.place for row in found.values())
            options = (
                Option("undecided", "option.undecided"),
                *(Option(value, "option.value", {"value": value}) for value in values),
            )
            question = Question(
                "period.differs:plan",
                "period.differs",
                first.place,
                first.joined(),
                options,
                "undecided",
                {"values": values},
                places,
            )
            answer = self.act.ask(question, self.context.answers)
            if answer and answer != "undecided":
                set_period(self.plan, answer)

    def _section(self, row: Row) -> None:
        """Keep what is no commitment, under the title above it."""
        if not self._is_header_or_footer(row):
            self._keep(row)

    def _keep(self, row: Row) -> None:
        sections: list[dict[str, Any]] = self.plan.fields.setdefault("sections", [])
        text = row.joined()
        again = self._commitment(row)
        if again and self.context.find(self.layout["level"], again["code"]):
            self.act.flag("document.repeated", row.place, text)
        if len(row.filled()) == 1 and self.chapter.fullmatch(text):
            sections.append({"title": text, "line": row.number, "text": ""})
            return
        if not sections:
            sections.append({"title": "", "line": row.number, "text": ""})
        before = sections[-1]["text"]
        sections[-1]["text"] = f"{before}\n{text}" if before else text

    # --- commitments ------------------------------------------------------------------------------

    def _inside(self, row: Row) -> None:
        match = self._commitment(row)
        if match:
            self._open(match, row)
            return
        if self._is_header_or_footer(row):
            return
        if self.item is None:
            self._keep(row)
            return
        if self.again:
            self._once_more(row)
            return
        self._content(row, self.item)

    def _open(self, match: re.Match[str], row: Row) -> None:
        code, title = match["code"], clean(match["title"])
        known = self.context.find(self.layout["level"], code)
        self.field, self.header, self.in_table, self.again = None, None, False, known is not None
        if known is None:
            self.item = Item(self.layout["level"], code, title, None, code, place=row.place)
            self.context.add(self.item)
        else:
            self.act.drop("heading.duplicate", row.place, row.joined(), code=code)

    def _once_more(self, row: Row) -> None:
        kept = "\n".join(
            str(value) for item in self.plan.items for value in (item.title, *item.fields.values())
        )
        if (
            all(cell.text in kept for cell in row.filled())
            or self._block(row)
            or bare(row.joined()) in self.child_titles
        ):
            self.act.drop("row.duplicate", row.place, row.joined(), code=self.item.code if self.item else "")
        elif self.header is None and len(row.filled()) > 1 and match_header(row, self.child_names).fields:
            self.act.drop("header.repeated", row.place, row.joined())
        else:
            self.act.flag("line.unplaced", row.place, row.joined())

    def _content(self, row: Row, item: Item) -> None:
        name = self._block(row)
        if name:
            self.field, self.in_table = name, False
            self.act.drop("label", row.place, row.joined(), field=name)
            if name in item.fields:
                self.act.flag("block.repeated", row.place, row.joined(), code=item.code)
            else:
                item.fields[name] = ""
            return
        if bare(row.joined()) in self.child_titles and len(row.filled()) == 1:
            self.in_table, self.field = True, None
            self.act.drop("label", row.place, row.joined(), field=self.layout["child"])
            return
        if len(row.filled()) > 1:
            self._table_row(row, item)
            return
        if self.in_table:
            self.act.flag("line.unplaced", row.place, row.joined())
            return
        target = self.field or "introduction"
        before = item.fields.get(target)
        item.fields[target] = f"{before}\n{row.joined()}" if before else row.joined()
        if target == self.layout.get("indicators"):
            self._indicator(item, row)
        elif target == self.layout.get("responsible"):
            self._responsible(item, row)

    def _table_row(self, row: Row, item: Item) -> None:
        header = match_header(row, self.child_names)
        if set(self.layout["child_table"]["required"]) <= set(header.fields):
            self.header, self.in_table = header, True
            self.act.drop(
                "header.first"
                if not any(item.level == self.layout["child"] for item in self.plan.items)
                else "header.repeated",
                row.place,
                row.joined(),
            )
            return
        if self.header is None:
            self.act.flag("row.before_header", row.place, row.joined())
            return
        self._child(row, item, self.header)

    def _child(self, row: Row, item: Item, header: Header) -> None:
        texts = {name: row.text(column) for name, column in header.fields.items()}
        for cell in row.filled():
            if cell.column not in header.fields.values():
                self.act.flag("cell.unplaced", cell.place, cell.text)
        brothers = [sibling for sibling in self.plan.items if sibling.parent == item.key]
        title = texts.pop("title", "")
        fields = {name: text for name, text in texts.items() if text}
        for brother in brothers:
            if brother.title == title and {name: brother.fields.get(name) for name in fields} == fields:
                self.act.drop("row.duplicate", row.place, row.joined(), code=brother.code)
                return
        code = (
            self.layout["child_table"]["code"]
            .replace("{n}", str(len(brothers) + 1))
            .replace("{" + self.layout["level"] + "}", item.code)
        )
        child = Item(self.layout["child"], code, title, item.key, f"H{len(brothers) + 1}", place=row.place)
        child.fields.update(fields)
        self.context.add(child)
        if fields.get("responsible"):
            self.context.assign(child, fields["responsible"], row.place)
        else:
            self.act.flag("responsible.missing", row.place, title, code=code)
        self.context.read_schedule(child, fields.get("schedule_text", ""), row.place)

    # --- blocks -----------------------------------------------------------------------------------

    def _indicator(self, item: Item, row: Row) -> None:
        rules = self.layout.get("checks", {})
        for _, text in listed(row.joined()):
            indicator = Indicator(
                f"{item.code}.{len(item.indicators) + 1}", text, target_text=text, place=row.place
            )
            item.indicators.append(indicator)
            promised = numbers.first_quantity(text)
            if promised is not None:
                indicator.measure = Measure.PERCENTAGE if promised.percent else Measure.UNIT
                indicator.targets = [Target(promised.value, text, self.plan.start, self.plan.end)]
                if rules.get("each") and re.search(rules["each"], fold(text)):
                    indicator.accumulation = Accumulation.ALL_MEET
            elif (
                rules.get("boolean")
                and re.search(rules["boolean"], fold(text))
                and not fold(text).startswith("numero")
            ):
                indicator.measure = Measure.BOOLEAN
            else:
                self.act.flag("indicator.no_target", row.place, text, code=indicator.code)

    def _responsible(self, item: Item, row: Row) -> None:
        label, _, names = row.joined().lstrip("-• ").partition(":")
        roles = {bare(alias): role for role, aliases in self.layout["roles"].items() for alias in aliases}
        role = roles.get(bare(label))
        if role is None or not names.strip():
            self.act.flag("role.unread", row.place, row.joined(), code=item.code)
            return
        self.context.assign(item, clean(names), row.place, Role(role))

    # --- after ------------------------------------------------------------------------------------

    def _after(self) -> None:
        rules = self.layout.get("checks", {})
        for item in self.plan.items:
            if item.level == self.layout["level"]:
                missing = [name for name in self.layout["blocks"] if name not in item.fields]
                if missing:
                    self.act.flag(
                        "block.missing",
                        item.place or Place(),
                        item.title,
                        code=item.code,
                        missing_fields=missing,
                    )
            elif item.level in rules.get("undated", ()) and undated(item.schedule):
                self.act.flag("milestone.undated", item.place or Place(), item.title, code=item.code)
        self._same_field(rules.get("same_field"))
        self._not_a_thing(rules.get("not_a_thing"))
        self._ordinals(rules)
        if rules.get("mentions"):
            self._mentions()

    def _same_field(self, rule: dict[str, str] | None) -> None:
        if not rule:
            return
        first: dict[str, Item] = {}
        for item in self.plan.items:
            text = bare(str(item.fields.get(rule["field"], "")))
            if item.level == rule["level"] and text and first.setdefault(text, item) is not item:
                self.act.flag(
                    "deliverable.repeated",
                    item.place or Place(),
                    item.fields[rule["field"]],
                    code=item.code,
                    other=first[text].code,
                )

    def _not_a_thing(self, rule: dict[str, str] | None) -> None:
        for item in self.plan.items if rule else ():
            text = str(item.fields.get(rule["field"], "")) if rule else ""
            if rule and text and re.search(rule["pattern"], fold(text)):
                self.act.flag("deliverable.not_one", item.place or Place(), text, code=item.code)

    def _ordinals(self, rules: dict[str, Any]) -> None:
        """ "Segunda mesa / Grupo de trabajo 1": two numbers that do not agree."""
        stems, thing = rules.get("ordinals", ()), rules.get("numbered_thing")
        for item in self.plan.items if stems and thing else ():
            folded = fold(item.title)
            match = re.search(str(thing), folded)
            spoken = next(
                (n for n, stem in enumerate(stems, start=1) if re.search(rf"\b{stem}[oa]?\b", folded)), None
            )
            if match and spoken and int(match["number"]) != spoken:
                self.act.flag(
                    "ordinal.differs",
                    item.place or Place(),
                    item.title,
                    code=item.code,
                    spoken=spoken,
                    number=int(match["number"]),
                )

    def _mentions(self) -> None:
        """Elsewhere a commitment's number goes with another one's name: asked about, never corrected."""
        items = [item for item in self.plan.items if item.level == self.layout["level"]]
        by_number = {item.code.rsplit(".", 1)[-1]: item for item in items}
        wrong: dict[str, set[str]] = {}
        where: list[Row] = []
        for row in self.rows:
            folded = fold(row.joined())
            for match in _MENTION.finditer(folded):
                own, named = by_number.get(match["n"]), self._name_words(folded, match)
                scores = {item.code: len(significant_words(item.title) & named) for item in items}
                best = max(scores, key=lambda code: scores[code], default="")
                if own and best and scores[best] and not scores[own.code] and best != own.code:
                    wrong.setdefault(own.code, set()).add(best)
                    where.append(row)
        if not wrong:
            return
        mapping = {code: next(iter(named)) for code, named in wrong.items() if len(named) == 1}
        swap = len(mapping) == len(wrong) and set(mapping) == set(mapping.values())
        self._ask_swap(mapping, swap, where)

    def _name_words(self, folded: str, match: re.Match[str]) -> frozenset[str]:
        return significant_words(match["name"] or " ".join(folded[: match.start()].split()[-8:]))

    def _ask_swap(self, mapping: dict[str, str], swap: bool, where: list[Row]) -> None:
        codes = sorted(mapping)
        text = " · ".join(row.joined() for row in where)
        if not swap:
            for row in where:
                self.act.flag("commitment.misnamed", row.place, row.joined(), codes=codes)
            return
        options = (Option("as_sections", "option.as_sections"), Option("as_mentions", "option.as_mentions"))
        question = Question(
            f"commitment.swapped:{'-'.join(codes)}",
            "commitment.swapped",
            where[0].place,
            text,
            options,
            "as_sections",
            {"codes": codes, "lines": [row.number for row in where]},
            tuple(row.place for row in where),
        )
        if self.act.ask(question, self.context.answers) == "as_mentions":
            self._renumber(mapping)

    def _renumber(self, mapping: dict[str, str]) -> None:
        """Give each commitment, its milestones and its indicators the code that the other parts use."""
        turned = {new: old for old, new in mapping.items()}
        level, child = self.layout["level"], self.layout["child"]
        for item in self.plan.items:
            own = item.code if item.level == level else (item.parent[1] if item.parent else "")
            if own not in turned or item.level not in (level, child):
                continue
            new = turned[own]
            item.code = new + item.code.removeprefix(own)
            if item.level == level:
                item.code_printed = new
            else:
                item.parent = (level, new)
            for indicator in item.indicators:
                indicator.code = new + indicator.code.removeprefix(own)
        self.plan.items.sort(key=lambda item: [int(piece) for piece in re.findall(r"\d+", item.code)])
