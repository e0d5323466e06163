"""The demonstration plans in a served portal: what there is, where it stands, and how a keyboard gets to it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest

#: People of these tests: name in the sample → what they are.
PEOPLE = {
    "plan-coordinadora": "Coordinadora de planes",
    "lider-transparencia": "Líder de transparencia",
    "control-interno-auditora": "Auditora de Control Interno",
    "vivienda-editor": "Punto focal de Vivienda",
}
ORGANISMO = "secretaria-de-vivienda"


@dataclass
class Loaded:
    """The demonstration plans in the served portal. ``paac``: the name of the plan that most tests look at."""

    paac: str
    plans: dict[str, str]
    states: dict[str, Any] = field(default_factory=dict)


def addresses(loaded: Loaded) -> dict[str, str]:
    plan = f"/planes/{loaded.paac}"
    return {
        "planes": "/planes",
        "plan": plan,
        "plan-tabla": f"{plan}?vista=tabla&luz=en_riesgo",
        "plan-calendario": f"{plan}?vista=matriz&componente=3",
        "plan-cortes": f"{plan}?vista=matriz&columnas=corte&componente=2",
        "plan-nada": f"{plan}?q=palabras+que+nadie+dijo",
        "plan-componente": f"{plan}/3",
        "plan-elemento": f"{plan}/3.1.1",
        "plan-elemento-sin-cuota": f"{plan}/1.3.1",
        "plan-hoja": f"{plan}/3.1.1/imprimir",
        "plan-cambios": f"{plan}/cambios",
        "plan-obligaciones": f"/organismo/{ORGANISMO}/obligaciones",
        "plan-gobierno-abierto": f"/planes/{loaded.plans['ogp']}",
        "plan-gobierno-abierto-calendario": f"/planes/{loaded.plans['ogp']}?vista=matriz",
        "plan-cost": f"/planes/{loaded.plans['cost']}",
        "plan-en-consulta": f"/planes/{loaded.plans['ptep']}",
        "plan-en-el-organismo": f"/organization/{ORGANISMO}",
    }


def forms(loaded: Loaded) -> dict[str, tuple[str, str]]:
    plan = f"/planes/{loaded.paac}"
    return {
        "plan-reportar": ("vivienda-editor", f"{plan}/3.1.1/reportar"),
        "plan-respuesta": ("vivienda-editor", f"{plan}/3.1.1/respuesta"),
        "plan-evidencia": ("vivienda-editor", f"{plan}/3.1.1/evidencia"),
        "plan-informe": ("vivienda-editor", f"/organismo/{ORGANISMO}/informe"),
        "plan-obligaciones-enlace": ("vivienda-editor", f"/organismo/{ORGANISMO}/obligaciones"),
        "plan-elemento-enlace": ("vivienda-editor", f"{plan}/3.1.1"),
        "plan-seguimiento": ("lider-transparencia", f"{plan}/seguimiento?estado=todos&periodo=2026-10"),
        "plan-ajustes": ("plan-coordinadora", f"{plan}/ajustes"),
        "plan-elemento-coordinado": ("plan-coordinadora", f"{plan}/3.1.1"),
        "plan-vinculos": ("plan-coordinadora", f"{plan}/ajustes/vinculos?elemento=3.1.1"),
        "plan-concepto": ("control-interno-auditora", f"{plan}/3.1.1/concepto"),
        "plan-mis-avisos": ("vivienda-editor", "/planes/mis-avisos"),
    }


def tab_to(page: Any, target: Any, limit: int = 400) -> None:
    """Press Tab until something has the focus; what cannot be reached so cannot be used by everybody."""
    handle = target.element_handle()
    for _ in range(limit):
        if page.evaluate("e => document.activeElement === e", handle):
            return
        page.keyboard.press("Tab")
    pytest.fail(f"{page.url}: not reached with the keyboard")


def sign_in(page: Any, name: str, password: str) -> None:
    """Sign a page in with CKAN's form."""
    page.goto("/user/login")
    page.fill("#field-login", name)
    page.fill("#field-password", password)
    page.press("#field-password", "Enter")
    page.wait_for_url(lambda url: "/login" not in url)
