"""Tables as accidents make them: shuffled, cut, doubled, glued, re-encoded. Nothing breaks, nothing is lost.

A seeded sample goes with every run; ``make fuzz`` (or ``-m slow``) takes two thousand.
"""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from openpyxl import Workbook
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from support import plan_files as made
from support import sampling
from support.plans import lost
from support.seeds import seed as seed_document

from ckanext.ogp_plan.planning import families
from ckanext.ogp_plan.planning.difference import difference
from ckanext.ogp_plan.planning.exporters import own_workbook
from ckanext.ogp_plan.planning.importers import Reading, Unreadable, read
from ckanext.ogp_plan.planning.output import to_text
from ckanext.ogp_plan.planning.words.render import Renderer

Lines = list[str]
Tables = dict[str, tuple[str, Callable[[], Lines]]]
TABLES: Tables = {
    "f014": ("paac", made.long_f014),
    "cost": ("cost", made.cost_lines),
    "ogp": ("ogp", made.ogp_document),
}
WORDS = ["", "x", "X", "5.000", "1,000", "100%", "1.1", "3.1.4", "(01)", "N°", "HITO", "Subcomponente 9", "<p>", "=1+1", "ñandú", "\u200b", "DATIC", "4.9. Otro", "99/2026"]


def shuffle(rng: random.Random, lines: Lines) -> Lines:
    at, size = rng.randrange(len(lines)), rng.randrange(2, 12)
    part = lines[at : at + size]
    rng.shuffle(part)
    return lines[:at] + part + lines[at + size :]


def cut(rng: random.Random, lines: Lines) -> Lines:
    text = "\n".join(lines)
    begin, end = sorted((rng.randrange(len(text)), rng.randrange(len(text))))
    return (text[:begin] if rng.random() < 0.5 else text[begin:end] if rng.random() < 0.3 else text[begin:]).split("\n")


def double(rng: random.Random, lines: Lines) -> Lines:
    at, size = rng.randrange(len(lines)), rng.randrange(1, len(lines) + 1)
    return lines[: at + size] + lines[at : at + size] + lines[at + size :]


def drop(rng: random.Random, lines: Lines) -> Lines:
    at = rng.randrange(len(lines))
    return lines[:at] + lines[at + rng.randrange(1, 5) :]


def cells(rng: random.Random, lines: Lines) -> Lines:
    """Move, empty, fill, add and take out cells of a few rows."""
    changed = list(lines)
    for _ in range(rng.randrange(1, 6)):
        at = rng.randrange(len(changed))
        row = changed[at].split("\t")
        place = rng.randrange(len(row))
        match rng.randrange(5):
            case 0:
                row.insert(place, rng.choice(WORDS))
            case 1:
                del row[place]
            case 2:
                row[place] = rng.choice(WORDS)
            case 3:
                row[place : place + 2] = [" ".join(row[place : place + 2])]
            case _:
                rng.shuffle(row)
        changed[at] = "\t".join(row)
    return changed


def split(rng: random.Random, lines: Lines) -> Lines:
    at = rng.randrange(len(lines))
    place = rng.randrange(len(lines[at]) + 1)
    return [*lines[:at], lines[at][:place], lines[at][place:], *lines[at + 1 :]]


def glue(rng: random.Random, lines: Lines) -> Lines:
    at = rng.randrange(len(lines) - 1) if len(lines) > 1 else 0
    return [*lines[:at], rng.choice(["\t", " ", ""]).join(lines[at : at + 2]), *lines[at + 2 :]]


def letters(rng: random.Random, lines: Lines) -> Lines:
    text = list("\n".join(lines))
    for _ in range(rng.randrange(1, 20)):
        text[rng.randrange(len(text))] = rng.choice("\t\n\" ;.|<>0123456789áñX\u00a0\r\f")
    return "".join(text).split("\n")


MUTATIONS = [shuffle, cut, double, drop, cells, cells, split, glue, letters]


def mutated(seed: int, tables: Tables = TABLES) -> tuple[str, str, bytes, str]:
    """Return a family, what was done, the bytes of a table that accidents have happened to, and its name."""
    rng = random.Random(seed)  # noqa: S311
    name = rng.choice(sorted(tables))
    family, make = tables[name]
    lines, done = make(), [name]
    for _ in range(rng.randrange(1, 4)):
        mutation = rng.choice(MUTATIONS)
        lines = mutation(rng, lines) or [""]
        done.append(mutation.__name__)
    encoding = rng.choice(["utf-8"] * 6 + ["utf-8-sig", "utf-16", "cp1252", "xlsx", "csv", "csv"])
    what = f"{seed}: {' '.join(done)} {encoding}"
    table = [line.split("\t") for line in lines]
    if encoding == "csv":
        return family, what, made.as_csv(table, rng.choice(";,|")), "plan.csv"
    if encoding == "xlsx":
        return family, what, book(rng, table), "plan.xlsx"
    return family, what, "\n".join(lines).encode(encoding, "replace"), "plan.txt"


def book(rng: random.Random, table: list[list[str]]) -> bytes:
    """Return rows as a workbook, with some cells merged downwards and some shaded."""
    made_book = Workbook()
    sheet = made_book.active
    for row in table:
        sheet.append([ILLEGAL_CHARACTERS_RE.sub("", text) or None for text in row])
        for cell in sheet[sheet.max_row]:
            if isinstance(cell.value, str):
                cell.data_type = "s"
    for _ in range(rng.randrange(4)):
        at, column = rng.randrange(1, sheet.max_row + 1), rng.randrange(1, sheet.max_column + 1)
        sheet.cell(at, column).fill = made.GREEN
        if sheet.cell(at + 1, column).value is None and not sheet.merged_cells.ranges:
            sheet.merge_cells(start_row=at, end_row=at + 1, start_column=column, end_column=column)
    return made.saved(made_book)


def hold(seed: int, tables: Tables = TABLES) -> str:
    """Read one mutated table and hold the reading against it; return what became of it."""
    family, what, content, name = mutated(seed, tables)
    try:
        reading = read(content, family, name=name)
    except Unreadable as error:
        return error.kind
    assert lost(content, reading, name) == [], what
    again = read(content, family, name=name)
    assert difference(reading.plan, again.plan) == [], what
    assert len({item.key for item in reading.plan.items}) == len(reading.plan.items), what
    assert to_text(reading, "es", families.load(family))
    return "read"


def test_a_sample_of_accidents() -> None:
    numbers = sampling.seeds(range(240), one_in=3)
    fates = [hold(seed) for seed in numbers]
    # most accidents leave a plan that can be read; a sample where none did would test nothing
    assert fates.count("read") > len(numbers) * 150 / 240
    assert set(fates) <= {"read", "read.no_table", "read.no_items", "read.empty", "read.encoding", "read.binary", "read.csv_quotes"}


@pytest.mark.parametrize(
    ("name", "family"),
    [("cali-paac-2022.txt", "paac"), ("cost-cali-workplan-2026.txt", "cost"), ("cartagena-ogp-2026-2027.txt", "ogp")],
)
def test_accidents_to_published_plans(name: str, family: str) -> None:
    lines = seed_document(name).decode().split("\n")
    numbers = sampling.seeds(range(20), one_in=2)
    fates = [hold(number, {name: (family, lambda: list(lines))}) for number in numbers]
    assert fates.count("read") > len(numbers) * 10 / 20


@settings(max_examples=sampling.examples(60), deadline=None, phases=(Phase.explicit, Phase.reuse, Phase.generate))
@given(st.integers(min_value=10**6))
def test_any_accident(seed: int) -> None:
    hold(seed)


@given(st.binary(max_size=400))
def test_any_bytes_are_read_or_refused(content: bytes) -> None:
    for family in ("paac", "cost", "ogp"):
        try:
            assert lost(content, read(content, family)) == []
        except Unreadable as error:
            assert Renderer("es").reason(error)


def test_a_cell_that_disappears_is_noticed() -> None:
    """The measure itself: take one thing out of a reading, and what it held is missed."""
    content = "\n".join(made.long_f014()).encode()
    for take in (
        lambda reading: reading.plan.items.pop(3),
        lambda reading: reading.act.dropped.clear(),
        lambda reading: reading.plan.items[4].fields.pop("product"),
        lambda reading: reading.plan.items[7].indicators.clear(),
        lambda reading: reading.plan.items[0].fields.pop("title_printed"),
    ):
        reading = read(content, "paac")
        assert lost(content, reading) == []
        take(reading)
        assert lost(content, reading), "nothing was missed"


@pytest.mark.slow
def test_two_thousand_accidents() -> None:
    """In ``make test`` only ten of them, from another place than the sample above."""
    for seed in sampling.seeds(range(1000, 3000), one_in=200):
        hold(seed)


def test_mutated_tables_go_out_and_in() -> None:
    for seed in sampling.seeds(range(5000, 5020), one_in=2):
        family, what, content, name = mutated(seed)
        try:
            reading: Reading = read(content, family, name=name)
        except Unreadable:
            continue
        again = read(own_workbook.write(reading.plan), family)
        assert difference(reading.plan, again.plan) == [], what


@pytest.mark.parametrize("name", TABLES)
def test_the_tables_themselves_are_understood(name: str) -> None:
    family, make = TABLES[name]
    content = "\n".join(make()).encode()
    reading = read(content, family)
    assert reading.act.accepted == {"f014": 18, "cost": 9, "ogp": 6}[name]
    assert not reading.act.asked and lost(content, reading) == []


@pytest.mark.parametrize("name", TABLES)
def test_a_document_printed_twice_is_read_once(name: str) -> None:
    family, make = TABLES[name]
    once, twice = read("\n".join(make()), family), read("\n".join(make() * 2), family)
    assert [item.key for item in twice.plan.items] == [item.key for item in once.plan.items]
    assert lost("\n".join(make() * 2).encode(), twice) == []
