"""Write ``docs/glosario.md`` from ``schemas/words/glossary.yaml``: the words that users read.

python dev/glossary.py            writes it
python dev/glossary.py --check    says whether it is up to date (exit 1 when not)
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[1]
SOURCE = ROOT / "schemas" / "words" / "glossary.yaml"
TARGET = ROOT / "docs" / "glosario.md"

HEAD = """# Glosario

Las palabras que lee quien usa el portal: una cosa, un nombre. Esta página se genera de
`schemas/words/glossary.yaml` (`python dev/glossary.py`).
Un término nuevo se agrega allí antes de usarlo.

Las palabras de «Nunca» no aparecen en ningún texto del portal; una prueba lo comprueba
(`tests/unit/test_glossary.py`).
Las de «No para esto» son correctas en otros textos.
"""

RULES = """
## Cómo se escribe

- Una idea por frase, en máximo 25 palabras. Voz activa; trate de usted y diga qué se puede hacer.
- Diga qué falta y a quién le corresponde. «Debe» seguido de un sustantivo suena a deuda.
- Nombre lo que es: ni «cosa», ni «algo», ni «así». Sin metáforas y sin calcos del inglés.
- Verbos precisos: indique, escriba, aporte, registre, elija.
- Los rótulos son sustantivos completos y se entienden solos con un lector de pantalla.
- Un error dice qué pasó y qué hacer, sin culpar a nadie.
- Mayúscula solo en la primera palabra y en nombres propios. Comillas « » para textos, valores y códigos.
- Toda cifra con sustantivo tiene singular y plural: «1 período», «3 períodos», «0 períodos».
- Punto de miles desde 1.000 y coma decimal; «59,5 %» con espacio duro.
- Diferencias entre porcentajes: «20 puntos».
- Dinero: «$ 45.600.000.000 COP»; la forma corta es «$ 45.600 millones».
- Billón: un millón de millones.
- Fechas: «30 de abril de 2026» en texto, «30/04/2026» en tablas, `2026-04-30` en datos.
- Cortes: «con corte al 30 de abril».
"""


def terms() -> list[dict[str, Any]]:
    """Return every term, in the order of the file."""
    return [term for section in _sections() for term in section["terms"]]


def _sections() -> list[dict[str, Any]]:
    return list(yaml.safe_load(SOURCE.read_text(encoding="utf-8"))["sections"])


def page() -> str:
    """Return the page as Markdown."""
    lines = [HEAD]
    for section in _sections():
        lines += [
            f"## {section['title']}\n",
            "| Término | En inglés | Qué es | Nunca | No para esto | Ejemplo |",
            "|---|---|---|---|---|---|",
        ]
        for term in section["terms"]:
            lists = [", ".join(term.get(key, [])) for key in ("never", "not_for")]
            cells = [term["term"], term["source"], term["meaning"], *lists, term.get("example", "")]
            lines.append(f"| {' | '.join(cells)} |")
        lines.append("")
    return "\n".join(lines) + RULES


def main() -> int:
    """Write the page, or compare it; return the exit code."""
    if "--check" in sys.argv[1:]:
        return int(not TARGET.is_file() or TARGET.read_text(encoding="utf-8") != page())
    TARGET.write_text(page(), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
