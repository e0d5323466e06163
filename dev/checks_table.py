"""Write ``docs/comprobaciones.md``: every finding code with its Spanish title, weight and the source of
its rule.

    python dev/checks_table.py            writes it
    python dev/checks_table.py --check    says whether it is up to date (exit 1 when not)
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from babel.messages.pofile import read_po

ROOT = Path(__file__).parents[1]
TARGET = ROOT / "docs" / "comprobaciones.md"

#: Family of codes → its heading, in the order people meet them.
FAMILIES = {
    "read": "El archivo no se puede leer",
    "schema": "Estructura del estándar",
    "code": "Listas de códigos",
    "field": "Campos que el estándar no conoce",
    "package": "El paquete y quien publica",
    "id": "Identificadores",
    "related": "Proyectos relacionados",
    "ref": "Organizaciones y participantes",
    "text": "Textos",
    "money": "Dinero",
    "date": "Fechas",
    "status": "Estado del proyecto y de los contratos",
    "sector": "Sectores",
    "geo": "Lugares",
    "doc": "Documentos",
    "tender": "Competencia",
    "modification": "Modificaciones de contratos",
    "metric": "Avance",
    "gap": "Lo que más falta hace",
    "history": "Frente a la versión anterior",
    "registry": "Frente a los demás archivos del portal",
}
WEIGHTS = {"error": "Error", "warning": "Advertencia", "note": "Nota"}

HEAD = """# Comprobaciones

Todo lo que el portal puede decir de un archivo OC4IDS, con el código estable de cada hallazgo.
Esta página se genera de forma automática (`python dev/checks_table.py`); una prueba avisa si quedó atrás.

- **Error**: el archivo no cumple el estándar y no se acepta. Es lo que hace fallar la herramienta de
  revisión de OC4IDS o la recolección internacional de CoST.
- **Advertencia**: el archivo se acepta, pero algo está probablemente mal. El portal puede convertir cualquier
  advertencia en error con la opción `ckanext.cost_oc4ids.raise_to_error`.
- **Nota**: una sugerencia para publicar mejor.

Los umbrales, listas y papeles que usan las comprobaciones son datos: `schemas/oc4ids/0.9.5/checks.yaml`.
Nada se compara entre monedas distintas, y nada se calcula con datos que faltan.
"""

TAIL = """## Agregar una comprobación

1. Escriba una función pequeña en un módulo de `ckanext/cost_oc4ids/oc4ids/checks/` y regístrela:
   `@check(código)` si necesita ver el proyecto, `@lint(código, require=…)` si cabe en un fragmento
   de JSON Schema. Los módulos de esa carpeta se encuentran solos.
2. Registre sus palabras con `messages.register(código, peso, título, mensaje, remedio, fuente)`, en inglés y
   marcadas con `N_`, y tradúzcalas en `i18n/es`.
3. Ponga los umbrales y listas en `checks.yaml`, y un caso malo, uno bueno y uno de forma equivocada en
   `tests/unit/checks/test_every_check.py`.
4. Aumente `CHECKS_VERSION` en `types.py`, para que los veredictos guardados se vuelvan a calcular, y corra
   `python dev/checks_table.py`.
"""


def cell(text: str) -> str:
    """Text that stays inside its cell of a Markdown table."""
    return text.replace("|", "\\|").replace("\n", " ")


def spanish() -> Callable[[str], str]:
    """Our Spanish, from the sources: a catalogue not yet compiled, or a part not yet merged, counts as
    well."""
    words: dict[str, str] = {}
    merged = ROOT / "i18n" / "es" / "LC_MESSAGES" / "ckanext-cost_oc4ids.po"
    for path in [*sorted((ROOT / "i18n" / "parts").glob("*.es.po")), merged]:
        if path.exists():
            with path.open("rb") as source:
                for each in read_po(source):
                    if isinstance(each.id, str) and isinstance(each.string, str) and each.string:
                        words[each.id] = each.string
    return lambda text: words.get(text, text)


def table() -> Iterator[str]:
    """The page's lines."""
    from ckanext.cost_oc4ids.oc4ids import checks, messages

    checks.load()
    translated = spanish()
    codes = messages.all_messages()
    yield HEAD
    for family in [*FAMILIES, *sorted({code.partition(".")[0] for code in codes} - set(FAMILIES))]:
        rows = sorted(code for code in codes if code.partition(".")[0] == family)
        if not rows:
            continue
        yield f"## {FAMILIES.get(family, family)}\n"
        yield "| Código | Qué es | Gravedad | Fuente de la regla |"
        yield "|---|---|---|---|"
        for code in rows:
            found = codes[code]
            cells = (
                f"`{code}`",
                translated(found.title),
                WEIGHTS[found.severity.value],
                translated(found.source),
            )
            yield f"| {' | '.join(map(cell, cells))} |"
        yield ""


def page() -> str:
    """The whole page."""
    return "\n".join([*table(), TAIL])


def main() -> int:
    """Write the page, or with ``--check`` only compare."""
    if "--check" in sys.argv[1:]:
        stale = not TARGET.exists() or TARGET.read_text(encoding="utf-8") != page()
        if stale:
            print("docs/comprobaciones.md is stale: python dev/checks_table.py", file=sys.stderr)
        return int(stale)
    TARGET.write_text(page(), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    sys.exit(main())
