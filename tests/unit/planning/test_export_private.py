"""No person and nothing of a withheld evidence leaves in any file; hostile text is executed by none."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from dataclasses import replace

import pytest
from openpyxl import load_workbook
from support import plan_records as made
from support.plan_exports import MAKERS

from ckanext.ogp_plan.planning.exporters.view import View
from ckanext.ogp_plan.planning.tracking import Evidence


def text_of(name: str, content: bytes) -> str:
    """All the text of a file: of every part, when it is an archive."""
    if not name.endswith((".xlsx", ".docx")):
        return content.decode().replace("\r\n ", "")
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert all(part.endswith((".xml", ".rels")) for part in archive.namelist())
        return "\n".join(archive.read(part).decode() for part in archive.namelist())


@pytest.mark.parametrize("lang", ["es", "en"])
@pytest.mark.parametrize("name", MAKERS)
def test_nothing_private_leaves(name: str, lang: str) -> None:
    text = text_of(name, MAKERS[name](made.view(lang=lang)))
    assert [secret for secret in made.SECRETS if secret in text] == []


@pytest.mark.parametrize("name", ["ogp.xlsx", "quarterly.docx", "evidence.csv", "plan.json", "plan.atom"])
def test_a_withheld_evidence_says_that_it_is_there_and_why(name: str) -> None:
    assert "Tiene datos personales (Ley 1581)" in text_of(name, MAKERS[name](made.view()))


def once_public() -> View:
    """An evidence that was public by mistake, then withheld; and one that was withdrawn."""
    record = made.record()
    wrong = Evidence(id="x1", at=made.at(4, 1), item=("fila", "1.1.1"), title=made.SECRETS[3], url=made.SECRET_URL, resource=made.SECRETS[2], sha256=made.SECRETS[4])
    second = replace(wrong, id="y1", item=("fila", "2.1"))
    record.evidence += [
        wrong, replace(wrong, id="x2", at=made.at(4, 2), public=False, withheld="Se publicó por error", supersedes="x1"),
        second, replace(second, id="y2", at=made.at(4, 3), retracted="No correspondía", supersedes="y1"),
    ]  # fmt: skip
    return made.view(record)


@pytest.mark.parametrize("name", MAKERS)
def test_what_was_public_by_mistake_is_not_in_the_history(name: str) -> None:
    text = text_of(name, MAKERS[name](once_public()))
    assert [secret for secret in made.SECRETS if secret in text] == []


def test_the_history_shows_that_it_was_there() -> None:
    text = text_of("plan.json", MAKERS["plan.json"](once_public()))
    assert '"x1"' in text and "Se publicó por error" in text and "No correspondía" in text


CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\u202a-\u202e\ud800-\udfff\ufffe\uffff]")


@pytest.mark.parametrize("name", MAKERS)
def test_no_control_character_leaves(name: str) -> None:
    assert CONTROL.search(text_of(name, MAKERS[name](made.view()))) is None


@pytest.mark.parametrize("name", [name for name in MAKERS if name.endswith(".csv")])
def test_no_cell_of_a_csv_is_a_formula(name: str) -> None:
    content = MAKERS[name](made.view())
    assert content.startswith(b"\xef\xbb\xbf")
    rows = list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")))
    assert len({len(row) for row in rows}) == 1 and len(rows) > 1
    assert [cell for row in rows for cell in row if cell[:1] in "=+-@\t\r" and cell] == []
    assert any(cell.startswith("'=HYPERLINK") for row in rows for cell in row)


@pytest.mark.parametrize("name", [name for name in MAKERS if name.endswith(".xlsx")])
def test_no_cell_of_a_workbook_is_a_formula_of_somebody_else(name: str) -> None:
    book = load_workbook(io.BytesIO(MAKERS[name](made.view())))
    formulas = [str(cell.value) for sheet in book for row in sheet.iter_rows() for cell in row if cell.data_type == "f"]
    if name == "follow_up.xlsx":
        assert formulas and all(text.startswith(("=IF(", "=COUNTIF(", "=SUM(", "='Componente ")) for text in formulas)
    else:
        assert formulas == []
    assert not any("HYPERLINK" in text for text in formulas)


@pytest.mark.parametrize("name", ["ogp.xlsx", "quarterly.docx"])
def test_a_link_is_of_the_web_or_is_none(name: str) -> None:
    text = text_of(name, MAKERS[name](made.view()))
    assert "javascript:" not in text and "https://datos.example/mapa.pdf" in text
