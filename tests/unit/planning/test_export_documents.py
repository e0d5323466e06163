"""CoST's table, OGP's matrix and the quarterly report: what they hold, and that everybody can read them."""

from __future__ import annotations

import datetime as dt
import io
from typing import Any

import pytest
from docx import Document
from docx.oxml.ns import qn
from openpyxl import load_workbook
from support import plan_files
from support import plan_records as made
from support.seeds import seed

from ckanext.ogp_plan.planning import families
from ckanext.ogp_plan.planning.difference import difference
from ckanext.ogp_plan.planning.exporters import cost_table, ogp_matrix, quarterly
from ckanext.ogp_plan.planning.importers import read
from ckanext.ogp_plan.planning.tracking import Record

COST = families.load("cost")

# --- CoST -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("lang", ["es", "en"])
@pytest.mark.parametrize("content", [plan_files.cost_workbook(), "\n".join(plan_files.cost_lines())], ids=["workbook", "text"])
def test_cost_goes_out_and_in_the_same(content: bytes | str, lang: str) -> None:
    plan = read(content, "cost").plan
    assert difference(plan, read(cost_table.write(plan, COST, lang), "cost", "cost-workplan").plan) == []


@pytest.mark.parametrize("lang", ["es", "en"])
def test_the_citys_own_work_plan_goes_out_and_in(lang: str) -> None:
    plan = read(seed("cost-cali-workplan-2026.txt"), "cost").plan
    assert (len(plan.items), sum(len(item.indicators) for item in plan.items)) == (14, 44)
    assert difference(plan, read(cost_table.write(plan, COST, lang), "cost", "cost-workplan").plan) == []


def test_cost_has_six_columns_and_a_level_a_block() -> None:
    plan = read("\n".join(plan_files.cost_lines()), "cost").plan
    for lang, head in (("es", "Nivel (Level)"), ("en", "Level")):
        sheet = load_workbook(io.BytesIO(cost_table.write(plan, COST, lang))).active
        top = next(row[0].row for row in sheet.iter_rows() if row[0].value == head)
        assert len([cell.value for cell in sheet[top] if cell.value]) == 6 and sheet.print_title_rows == f"${top}:${top}"
        assert {f"A{top + 1}:A{top + 3}", f"A{top + 4}:A{top + 6}"} <= {str(one) for one in sheet.merged_cells.ranges}
    assert sheet.cell(top + 4, 1).value == "Outcomes"


# --- OGP ------------------------------------------------------------------------------------------


def matrix(view: Any) -> tuple[Any, list[list[Any]]]:
    sheet = load_workbook(io.BytesIO(ogp_matrix.write(view))).active
    return sheet, [[cell.value for cell in row] for row in sheet.iter_rows()]


def test_milestones_with_their_light_in_words() -> None:
    view = made.view(Record(made.ogp()), name="ogp-2026")
    sheet, rows = matrix(view)
    first = next(row for row in rows if row[1] == "1.H1 Inventario")
    assert first[0] == "1 Abrir los datos de obras"
    assert first[2:6] == ["Lista de datos", "DATIC", "30/06/2026", "En riesgo"] and first[6] is None
    assert "30 de junio de 2026" in first[7]
    assert next(row for row in rows if row[1] == "1.H2 Publicación")[4] not in (None, "")
    top = next(row[0].row for row in sheet.iter_rows() if row[5].value in ("Estado", "State"))
    assert sheet.print_title_rows == f"${top}:${top}"


def test_each_evidence_is_a_link_and_each_verdict_is_shown() -> None:
    sheet, rows = matrix(made.view())
    links = {cell.hyperlink.target for row in sheet.iter_rows() for cell in row if cell.hyperlink}
    assert links == {"https://datos.example/mapa.pdf", "https://datos.example/fotos"}
    done = next(row for row in rows if row[1] == "1.1.1 Revisiones")
    assert done[5] == "Completado" and done[6] == 1 and "Control Interno" in done[9]
    shared = next(row for row in rows if row[1] == "1.1.1#2 Talleres")
    assert "Monitor independiente" in shared[9] and "Hay pocos talleres." in shared[9]
    assert any("Se pidió personal." in str(row[7]) for row in rows), "the answer stands beside its reason"


# --- quarterly report -------------------------------------------------------------------------------

START, END = dt.date(2026, 4, 1), dt.date(2026, 6, 30)


def report(organization: str = "datic", **more: Any) -> Any:
    views = [made.view(**more), made.view(Record(made.ogp()), name="ogp-2026", **more)]
    return Document(io.BytesIO(quarterly.write(organization, START, END, views)))


def text_of(document: Any) -> str:
    cells = [cell.text for table in document.tables for row in table.rows for cell in row.cells]
    return "\n".join([paragraph.text for paragraph in document.paragraphs] + cells)


def test_the_quarter_of_an_organismo() -> None:
    document = report()
    text = text_of(document)
    assert "Versión corregida" in text and "Primera versión" not in text and "Texto devuelto" not in text
    assert "Va" not in [paragraph.text for paragraph in document.paragraphs], "another organismo's report"
    assert "Tres sesiones." in text and "Presupuesto" in text
    assert "Fotos de talleres" in text and "1 [zona: =rural]" in text
    summary = [[cell.text for cell in row.cells] for row in document.tables[0].rows]
    assert [row[1:] for row in summary[1:]] == [["3", "1", "1", "1"], ["2", "0", "0", "2"]]
    assert "Lluvias" in text_of(report("dagma")) and "Tres sesiones." not in text_of(report("dagma"))


def test_it_is_for_everybody() -> None:
    document = report()
    levels = [int(p.style.name[-1]) for p in document.paragraphs if p.style.name.startswith("Heading")]
    assert levels[0] == 1 and all(after - before <= 1 for before, after in zip(levels, levels[1:], strict=False))
    assert document.paragraphs[0].style.name == "Title"
    assert document.core_properties.title == document.paragraphs[0].text
    assert document.core_properties.language == "es-CO"
    languages = {one.get(qn("w:val")) for one in document.styles.element.iter(qn("w:lang"))}
    assert languages == {"es-CO"}
    assert len(document.tables) >= 3
    for table in document.tables:
        properties = table._tbl.tblPr
        assert properties.find(qn("w:tblCaption")).get(qn("w:val")) and properties.find(qn("w:tblDescription")) is not None
        heads = [row._tr.trPr is not None and row._tr.trPr.find(qn("w:tblHeader")) is not None for row in table.rows]
        assert heads[0] and not any(heads[1:])
        assert all(cell.text for cell in table.rows[0].cells)
    assert document.styles["Normal"].font.size.pt >= 12
    links = list(document.element.body.iter(qn("w:hyperlink")))
    assert links and all("".join(node.text or "" for node in one.iter(qn("w:t"))).strip() for one in links)
    targets = {key: one.target_ref for key, one in document.part.rels.items() if one.is_external}
    led_to = [targets[one.get(qn("r:id"))] for one in links]
    assert set(led_to) == set(targets.values()) and len(set(targets.values())) == len(targets)
    assert "https://datos.example/planes/ogp-2026" in led_to


def test_in_english_it_says_so() -> None:
    document = report(lang="en")
    assert document.core_properties.language == "en" and document.paragraphs[0].text == "Report of DATIC"


def test_an_organismo_without_duties_and_a_wrong_period() -> None:
    assert len(report("nadie").tables) == 1
    with pytest.raises(ValueError, match="plan"):
        quarterly.write("datic", START, END, [])
    with pytest.raises(ValueError, match="begins"):
        quarterly.write("datic", END, START, [made.view()])
