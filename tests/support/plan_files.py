"""Plans in our own words, made as officials make them: workbooks with merged and shaded cells, CSV, text."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from typing import Any

from openpyxl import Workbook
from openpyxl.styles import PatternFill

GREEN = PatternFill("solid", fgColor="FF70AD47")
STRIPE = PatternFill("solid", fgColor="FFDDEBF7")
HEAD = ["N°", "ACTIVIDADES", "DESCRIPCIÓN", "METAS", "MESES", *[None] * 11, "PRODUCTOS (BIENES O SERVICIOS) ENTREGADOS", "INDICADORES", None, "RESPONSABLES"]
SECOND = [None, None, None, None, *range(1, 13), None, "FÓRMULA", "RESULTADO", None]
#: code, activity, description, goal, months, product, formula, result, responsible
Row = tuple[str, str, str, str, Sequence[int], str, str, Any, str]
ROWS: list[Row] = [
    ("1.1.1", "Revisar el mapa de riesgos", "Reunir a los equipos y revisar cada riesgo", "Una (1) revisión", [3], "Mapa revisado", "Número de revisiones del mapa", 1, "DADII"),
    ("1.1.2", "Contar lo que se hizo", "Publicar un boletín cada trimestre", "Cuatro (4) boletines", [3, 6, 9, 12], "Boletines publicados", "Número de boletines publicados", 4, "Oficina de Comunicaciones"),
    ("", "", "Publicar videos cortos en redes", "Doce (12) videos", list(range(1, 13)), "Videos publicados", "Número de videos publicados", 12, "Oficina de Comunicaciones"),
    ("2.1", "Atender mejor en ventanilla", "Capacitar a quienes atienden", "100% de quienes atienden", [5, 11], "Listas de asistencia", "(Personas capacitadas / personas que atienden)*100", "100%", "Secretaría de Movilidad / DATIC"),
]  # fmt: skip


def saved(book: Workbook) -> bytes:
    """Return a workbook's bytes."""
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def f014(rows: Sequence[Row] = ROWS, *, fills: bool = True, marks: bool = False, stripes: bool = False, merged: bool = True, pages: int = 1) -> bytes:
    """Return form F014 as a workbook: merged numbers, months as shaded cells, the header again on each page."""
    book = Workbook()
    sheet = book.active
    sheet.title = "PAAC"
    for line in (["PLAN ANTICORRUPCIÓN Y DE ATENCIÓN AL CIUDADANO"], ["VERSIÓN", "002"], ["VIGENCIA:", 2026], ["OBJETIVO: Cuidar lo de todos."], []):
        sheet.append(line)
    for page in range(pages):
        _header(sheet)
        if page == 0:
            sheet.append([1, "Primer Componente: RIESGOS"])
            sheet.append(["1.1", "Subcomponente 1: Mapas"])
        first = None
        for row in rows:
            if row[0] == "2.1":
                sheet.append(["Segundo Componente: ATENCIÓN"])
            at = _row(sheet, row, fills=fills, marks=marks, stripe=stripes)
            if row[0]:
                first = at
            elif merged and first:
                for letter in "AB":
                    if f"{letter}{first}" not in str(sheet.merged_cells):
                        sheet.merge_cells(f"{letter}{first}:{letter}{at}")
    return saved(book)


def _header(sheet: Any) -> None:
    sheet.append(HEAD)
    top = sheet.max_row
    sheet.append(SECOND)
    for letter in "ABCDQT":
        sheet.merge_cells(f"{letter}{top}:{letter}{top + 1}")
    sheet.merge_cells(f"E{top}:P{top}")
    sheet.merge_cells(f"R{top}:S{top}")


def _row(sheet: Any, row: Row, *, fills: bool, marks: bool, stripe: bool) -> int:
    code, activity, description, goal, months, product, formula, result, responsible = row
    sheet.append([code or None, activity or None, description, goal, *[None] * 12, product, formula, result, responsible])
    at = int(sheet.max_row)
    if stripe:
        for cell in sheet[at]:
            cell.fill = STRIPE
    for month in months:
        cell = sheet.cell(row=at, column=4 + month)
        if fills:
            cell.fill = GREEN
        if marks:
            cell.value = "X"
    return at


def f014_cells(rows: Sequence[Row] = ROWS) -> list[list[str]]:
    """Return form F014 as rows of texts, months as X."""
    table: list[list[str]] = [["VIGENCIA:", "2026"], ["" if cell is None else str(cell) for cell in HEAD], ["" if cell is None else str(cell) for cell in SECOND]]
    table += [["1", "Primer Componente: RIESGOS"], ["1.1", "Subcomponente 1: Mapas"]]
    for code, activity, description, goal, months, product, formula, result, responsible in rows:
        if code == "2.1":
            table.append(["", "Segundo Componente: ATENCIÓN"])
        marks = ["X" if month in months else "" for month in range(1, 13)]
        table.append([code, activity, description, goal, *marks, product, formula, str(result), responsible])
    return table


def as_csv(table: Sequence[Sequence[str]], delimiter: str = ";") -> bytes:
    """Return rows of texts as a CSV."""
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter).writerows(table)
    return out.getvalue().encode()


def as_text(table: Sequence[Sequence[str]], width: int = 20) -> bytes:
    """Return rows of texts as text with tabs."""
    return "\n".join("\t".join([*row, *[""] * (width - len(row))]) for row in table).encode()


def dafp(*, blank: bool = False) -> bytes:
    """Return the national form: a table a component, subcomponents merged, numbers that begin anew."""
    book = Workbook()
    sheet = book.active
    sheet.title = "Hoja1"
    sheet.append(["Plan Anticorrupción y de Atención al Ciudadano"])
    sheet.append(["Vigencia: 2026"])
    _dafp_table(sheet, "Componente 1: Gestión del riesgo de corrupción", [
        ("Subcomponente /proceso 1 Política de riesgos", "1.1 Actualizar la política", "Una política actualizada", "DADII", "31/03/2026"),
        (None, "1.2 Divulgar la política", "Dos (2) jornadas", "Oficina de Comunicaciones", "Abril y octubre"),
        ("Subcomponente /proceso 2 Mapa de riesgos", "2.1 Construir el mapa", "Un (1) mapa", "DADII", "Enero a marzo de 2026"),
    ], merge=not blank)  # fmt: skip
    _dafp_table(sheet, "Componente 3: Rendición de cuentas", [
        ("Subcomponente 1 Información", "1.1 Publicar informes", "Cuatro (4) informes", "Secretaría de Movilidad", "Trimestral"),
        (None, "1.2 Responder preguntas", "100% de las preguntas", "Oficina de Participación", "Cuando haya lugar"),
    ], merge=not blank)  # fmt: skip
    return saved(book)


def _dafp_table(sheet: Any, title: str, rows: list[tuple[str | None, str, str, str, str]], *, merge: bool) -> None:
    sheet.append([title])
    sheet.append(["Subcomponente", "Actividades", "Meta o producto", "Responsable", "Fecha programada"])
    first = 0
    for row in rows:
        sheet.append(list(row))
        at = sheet.max_row
        if row[0]:
            first = at
        elif merge:
            sheet.merge_cells(f"A{first}:A{at}")


BLOCKS = ["Problema público", "Relevancia", "Población objetivo", "Qué cambiará", "Indicadores", "Responsables"]


def ogp_matrix() -> bytes:
    """Return a workbook of two commitments and three milestones."""
    book = Workbook()
    sheet = book.active
    sheet.title = "Compromisos"
    sheet.append(["Vigencia: 2026-2027"])
    sheet.append(["Compromiso", *BLOCKS])
    sheet.append(["1. Abrir los datos de obras", "No se conocen", "Transparencia", "Toda la ciudad", "Se conocerán", "Cinco (5) conjuntos publicados\nNúmero de descargas", "DATIC"])
    sheet.append(["2. Mesas en los barrios", "No se oye", "Participación", "Comunas", "Se oirá", "Al menos 10 mesas", "Secretaría de Movilidad"])
    other = book.create_sheet("Hitos")
    other.append(["Compromiso", "Hito", "Entregable", "Responsable líder", "Entregables estratégicos", "Fecha"])
    other.append(["1. Abrir los datos de obras", "H1. Inventario", "Lista de datos", "DATIC", "Catálogo", "30/06/2026"])
    other.append([None, "H2. Publicación", "Datos en el portal", "DATIC", "Portal", "Diciembre de 2026"])
    other.append(["2", "H1. Convocatoria", "Aviso público", "Secretaría de Movilidad", "Mesas", None])
    return saved(book)


def cost_workbook() -> bytes:
    """Return a CoST work plan as a workbook, with its lists in lines."""
    book = Workbook()
    sheet = book.active
    sheet.append(["Annual workplan 2026"])
    sheet.append(["Nivel (Level)", "Resumen/Detalles (Summary/Details)", "Indicadores (Indicators)", "Evidencia (Evidence)", "Responsable (Responsible partner)", "Fecha de entrega (Delivery date)"])
    sheet.append(["Objetivo (Goal)", "1. Mejores obras", "1.1. Dos entidades publican. 1.2. 10K USD ahorrados.", "Informe final\nRegistro de publicación", "DATIC", "Dic 2026"])
    sheet.append(["Actividades (Activities)", "1.1. Estudiar", "1.1.1. Tres entrevistas.", "• Minutas • Informe", "DATIC", "mar-2026"])
    sheet.append([None, "1.2. Probar", "1.2.1. 100% de cumplimiento.", "Acta", "DATIC", "15/05/2026"])
    return saved(book)


def ogp_document() -> list[str]:
    """Return an open government plan as the lines of a document, in our own words."""
    lines = ["PLAN DE ACCIÓN – GOBIERNO ABIERTO", "", "VIGENCIA 2026-2027", "", "1. Presentación", "La ciudad abre sus puertas.", "", "4. Compromisos", ""]
    for number, title in enumerate(("Abrir los datos de obras", "Mesas de vecinos en los barrios"), start=1):
        lines += [f"4.{number}. {title}", "1 Problema público que se busca resolver", f"No se sabe qué pasa con: {title}.", "4. Compromisos", ""]
        lines += ["2 Relevancia con valores OGP", "- Transparencia: se publica.", "3 Población objetivo y enfoque territorial/diferencial", "- Toda la ciudad.", "4 Qué cambiará", "Se sabrá."]
        lines += ["5 Indicadores", f"- Número de cosas del compromiso {number}", "- Cinco (5) encuentros por barrio", "6 Responsables y aliados", "- Responsable líder: DATIC", "- Aliados: vecinas y vecinos", "", "HITOS", ""]
        lines += ["HITO\tEntregable\tResponsable Líder\tEntregables Estratégicos"]
        lines += [f"Paso {step} de {number}\tDocumento {step}.{number}\tDATIC\tProducto {step}.{number}" for step in (1, 2, 3)]
        lines += ["", "Ciudad de todos", ""]
    lines += ["5. Monitoreo", "El comité se reúne cada tres meses.", "- Compromiso 1 (obras)", "Ciudad de todos"]
    return lines


def cost_lines() -> list[str]:
    """Return a CoST work plan as lines of text with tabs, in our own words."""
    head = "Nivel (Level)\tResumen/Detalles (Summary/Details)\tIndicadores (Indicators)\tEvidencia (Evidence)\tResponsable (Responsible partner)\tFecha de entrega (Delivery date)"
    lines = ["Annual workplan 2026", "", head]
    for level, label in (("Objetivo (Goal)", "meta"), ("Resultados (Outcomes)", "logro"), ("Actividades (Activities)", "tarea")):
        for number in (1, 2, 3):
            lines.append("\t".join([
                level if number == 1 else "", f"1.{number}. Una {label} número {number}",
                f"<p>1.{number}.1. Dos {label}s listas.</p> <p>1.{number}.2. Al menos el {number}0% de la {label}.</p>",
                f"<ul> • Minutas de {label} {number} • Fotos de {label} {number}", "Gerencia", "Marzo 2026",
            ]))  # fmt: skip
    return [*lines, "¹ Nota al pie del documento."]


def long_f014() -> list[str]:
    """Return form F014 as lines of text: three components of some rows, on pages with their headers."""
    table = f014_cells()
    header, lines = table[1:3], ["\t".join(table[0])]
    for component, word in enumerate(("Primer", "Segundo", "Tercer"), start=1):
        page = [*header, [str(component), f"{word} Componente: PARTE {component}"], [f"{component}.1", f"Subcomponente 1: Tema {component}"]]
        for number in (1, 2, 3):
            page.append([f"{component}.1.{number}", f"Actividad {component}.{number}", *_body(component, number, 1)])
            page.append(["", "", *_body(component, number, 2)])
        lines += ["\t".join(cells) for cells in page] + ["", f"{component}/3", ""]
    return lines


def _body(component: int, number: int, row: int) -> list[str]:
    label = f"{component}.{number} vez {row}"
    months = ["X" if month == component * row else "" for month in range(1, 13)]
    return [f"Descripción de lo que se hará {label}", f"Tres (3) entregas {label}", *months, f"Producto entregado {label}", f"Número de entregas {label}", "3", "DATIC"]
