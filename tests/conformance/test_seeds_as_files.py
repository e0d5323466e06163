"""The city's own documents saved otherwise: CSV with any mark, a workbook. Whatever the file, the plan is the same."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable

import pytest
from openpyxl import Workbook
from support.plan_files import saved
from support.plans import lost
from support.seeds import seed

from ckanext.ogp_plan.planning.difference import difference
from ckanext.ogp_plan.planning.importers import read

DOCUMENTS = {
    "cali-paac-2022.txt": "paac",
    "cost-cali-workplan-2026.txt": "cost",
    "cartagena-ogp-2026-2027.txt": "ogp",
}  # fmt: skip


def separated(mark: str) -> Callable[[list[list[str]]], tuple[bytes, str]]:
    def write(rows: list[list[str]]) -> tuple[bytes, str]:
        out = io.StringIO()
        csv.writer(out, delimiter=mark).writerows(rows)
        return out.getvalue().encode(), "plan.csv"

    return write


def padded(rows: list[list[str]]) -> tuple[bytes, str]:
    """As a spreadsheet saves it in Colombia: every line as wide as the widest."""
    wide = max(map(len, rows))
    return separated(";")([[*row, *[""] * (wide - len(row))] for row in rows])


def book(rows: list[list[str]]) -> tuple[bytes, str]:
    """As it is pasted into a spreadsheet."""
    made = Workbook()
    sheet = made.active
    for row in rows:
        sheet.append([text or None for text in row])
        for cell in sheet[sheet.max_row]:
            if isinstance(cell.value, str):
                cell.data_type = "s"
    return saved(made), "plan.xlsx"


FILES = {"semicolons": separated(";"), "commas": separated(","), "tabs": separated("\t"), "padded": padded, "workbook": book}


@pytest.mark.parametrize("how", FILES)
@pytest.mark.parametrize("name", DOCUMENTS)
def test_the_plan_is_the_same(name: str, how: str) -> None:
    family, content = DOCUMENTS[name], seed(name)
    printed = read(content, family, name=name)
    file, file_name = FILES[how]([line.split("\t") for line in content.decode().split("\n")])
    other = read(file, family, name=file_name)
    assert difference(printed.plan, other.plan) == []
    assert [one.kind for one in other.act.asked] == [one.kind for one in printed.act.asked]
    assert lost(file, other, file_name) == []
