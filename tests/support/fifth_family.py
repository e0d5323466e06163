"""A family that no code knows: a CONPES follow-up plan with weights, as files and as a workbook."""

from __future__ import annotations

from pathlib import Path

from openpyxl import Workbook

from support.plan_files import saved

#: A CONPES follow-up plan (Plan de Acción y Seguimiento): objectives and actions with weights.
CONPES = """
name: {es: Plan de acción y seguimiento CONPES}
weights: explicit
levels:
  - {id: objetivo, name: {es: Objetivo}, code: '\\d+', required: true}
  - {id: accion, name: {es: Acción}, under: [objetivo], code: '\\d+\\.\\d+', trackable: true, required: true}
fields:
  - {name: responsible, label: {es: Responsable}, levels: [accion]}
  - {name: depends_on, label: {es: Relación entre acciones}, levels: [accion]}
  - {name: schedule_text, label: {es: Fecha de finalización}, levels: [accion]}
layouts: [conpes-pas]
"""
PAS = """
families: [conpes]
shape: columns
title: {es: Plan de acción y seguimiento}
tables:
  - columns:
      objetivo: [objetivo, objetivo especifico]
      objetivo_weight: ['importancia relativa del objetivo (%)', importancia relativa del objetivo]
      accion: [accion, accion concreta]
      accion_weight: ['importancia relativa de la accion (%)', importancia relativa de la accion]
      depends_on: [relacion entre acciones]
      responsible: [entidad responsable, responsable]
      schedule_text: [fecha de finalizacion]
      indicator: [nombre del indicador]
      target: [meta final]
    required: [objetivo, accion, responsible]
    levels:
      - {level: objetivo, column: objetivo, code: '{code}', weight: objetivo_weight, split: ['objetivo\\s+(?P<code>\\d+)\\s*[.:]\\s*(?P<title>.+)']}
      - level: accion
        column: accion
        code: '{code}'
        weight: accion_weight
        split: ['(?P<code>\\d+\\.\\d+)\\.?\\s+(?P<title>.+)']
        fields: [depends_on, responsible, schedule_text]
        indicator: {name: indicator, target: target}
preamble: []
"""


def put(schemas: Path) -> None:
    """Put the family and its layout into a folder of schemas."""
    folder = schemas / "plans" / "layouts"
    folder.mkdir(parents=True, exist_ok=True)
    (folder.parent / "conpes.yaml").write_text(CONPES, encoding="utf-8")
    (folder / "conpes-pas.yaml").write_text(PAS, encoding="utf-8")


def conpes(last_weight: str = "60%") -> bytes:
    book = Workbook()
    sheet = book.active
    sheet.append(["Objetivo", "Importancia relativa del objetivo (%)", "Acción", "Importancia relativa de la acción (%)", "Relación entre acciones", "Entidad responsable", "Fecha de finalización", "Nombre del indicador", "Meta final"])
    sheet.append(["Objetivo 1: Ordenar", 0.7, "1.1 Hacer un inventario", "40%", "No", "DATIC", "31/12/2026", "Inventarios hechos", "1"])
    sheet["B2"].number_format = "0%"
    sheet.append([None, None, "1.2 Publicarlo", last_weight, "Sí, 1.1", "Secretaría de Movilidad", "30/06/2027", "Porcentaje publicado", "100%"])
    sheet.append(["Objetivo 2: Mantener", "30%", "2.1 Revisar cada año", "100%", "Sí, 1.2", "DATIC", "31/12/2027", "Revisiones", "2"])
    return saved(book)
