"""Plans with a year of tracking, in our own words: what files out are made from in tests."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from decimal import Decimal
from typing import Any

from ckanext.cost_common.values.business_days import ZONE
from ckanext.cost_common.values.dates import Precision
from ckanext.ogp_plan.planning import families, settings
from ckanext.ogp_plan.planning.exporters.view import View
from ckanext.ogp_plan.planning.status import compute_status
from ckanext.ogp_plan.planning.tracking import (
    Answer,
    Completion,
    Evidence,
    EvidenceCheck,
    EvidenceKind,
    Key,
    Measurement,
    Record,
    Report,
    Review,
    Update,
    Verdict,
    VerdictRole,
)
from ckanext.ogp_plan.planning.types import (
    Accumulation,
    Assignment,
    Declared,
    Indicator,
    Item,
    Measure,
    OrgGroup,
    Plan,
    PlanStatus,
    Schedule,
    ScheduleKind,
    Target,
)

#: A person's id: it must be in no public file.
PERSON = "persona-9f3c"
#: What of a withheld evidence must be in no public file.
SECRET_URL = "https://secreto.example/archivo-77"
SECRETS = (PERSON, SECRET_URL, "recurso-secreto-77", "Título secreto 77", "e7" * 32)
#: Text as somebody hostile types it.
HOSTILE = '=HYPERLINK("http://malo.example";"ver") <script>alert(1)</script> \x0b\x00 ]]> & \u202e'
TODAY = dt.date(2026, 9, 1)
ORGANIZATIONS = {"dagma": "DAGMA", "datic": "DATIC", "secretaria-de-cultura": "Secretaría de Cultura"}


class Addresses:
    """Pages on a host of nobody."""

    def __init__(self, plan: str = "paac-2026", host: str = "https://datos.example") -> None:
        self.host, self.name = host, plan

    def plan(self) -> str:
        return f"{self.host}/planes/{self.name}"

    def item(self, key: Key) -> str:
        return f"{self.host}/planes/{self.name}/{key[0]}-{key[1].replace('#', '~')}"

    def cut(self, day: dt.date) -> str:
        return f"{self.plan()}/corte/{day.isoformat()}"

    def organization(self, name: str) -> str:
        return f"{self.host}/organismo/{name}/obligaciones"

    def evidence(self, one: Evidence) -> str:
        assert one.public, "the address of a withheld evidence was asked for"
        return one.url or (f"{self.host}/dataset/x/resource/{one.resource}" if one.resource else "")


def at(month: int, day: int, hour: int = 9) -> dt.datetime:
    """A moment of 2026 in Cali."""
    return dt.datetime(2026, month, day, hour, tzinfo=ZONE)


def row(code: str, title: str, months: tuple[int, ...], result: str, *, parent: str, **more: Any) -> Item:
    """A row of a PAAC with one indicator."""
    percentage = "%" in result
    indicator = Indicator(
        code, f"Número de {title.lower()}", Measure.PERCENTAGE if percentage else Measure.UNIT, target_text=result,
        accumulation=Accumulation.LAST if percentage else Accumulation.SUM,
        targets=[Target(Decimal(result.rstrip("%")), f"{result} {title}", dt.date(2026, 1, 1), dt.date(2026, 12, 31))],
    )  # fmt: skip
    due = dt.date(2026, max(months), 28) if months else None
    schedule = Schedule(ScheduleKind.MONTHS, months, due=due, precision=Precision.MONTH) if months else Schedule()
    item = Item("fila", code, title, ("actividad", parent), trackable=True, schedule=schedule, indicators=[indicator])
    item.fields = {"goal": f"{result} {title}", "result": result, "product": "Productos"} | more.pop("fields", {})
    return replace(item, **more)


def paac() -> Plan:
    """Two components, a group with a quota, a row without months, one without responsible, a hostile text."""
    group = OrgGroup("todos", "Todos los organismos", 3, tuple(ORGANIZATIONS))
    items = [
        Item("componente", "1", "Gestión del riesgo", code_printed="1", fields={"title_printed": "Primer Componente: Gestión del riesgo"}),
        Item("subcomponente", "1.1", "Mapas", ("componente", "1"), "1.1", fields={"title_printed": "Subcomponente 1: Mapas"}),
        Item("actividad", "1.1.1", "Revisar el mapa", ("subcomponente", "1.1"), "1.1.1"),
        row("1.1.1", "Revisiones", (3,), "1", parent="1.1.1", assignments=[Assignment(organization="datic")]),
        row("1.1.1#2", "Talleres", (2, 4, 6, 8, 10, 12), "6", parent="1.1.1", assignments=[Assignment(group="todos", own_target=Decimal(2))]),
        Item("componente", "2", HOSTILE, code_printed="2"),
        Item("actividad", "2.1", "Atender mejor", ("componente", "2"), "2.1"),
        row("2.1", HOSTILE, (), "100%", parent="2.1", assignments=[Assignment(organization="dagma")]),
        row("2.1#2", "Sin nadie", (12,), "3", parent="2.1"),
        Item("actividad", "2.2", "Solo si ocurre", ("componente", "2"), "2.2"),
        row("2.2", "Casos", (6,), "2", parent="2.2", assignments=[Assignment(organization="datic")], conditional="Aplica solo si ocurre"),
    ]  # fmt: skip
    for order, item in enumerate(items, start=1):
        item.order = order
    return Plan(
        "paac", "Plan Anticorrupción 2026 (demostración)", dt.date(2026, 1, 1), dt.date(2026, 12, 31), "002",
        status=PlanStatus.RUNNING, owner="dagma", items=items, groups=[group],
    )  # fmt: skip


def record(plan: Plan | None = None) -> Record:
    """The plan with its facts: corrected, returned, withheld, broken and hostile ones too."""
    rows = {code: ("fila", code) for code in ("1.1.1", "1.1.1#2", "2.1", "2.1#2", "2.2")}
    who: dict[str, Any] = {"by": PERSON}
    made = Record(plan or paac(), version=3)
    made.updates = [
        Update(id="u1", at=at(2, 10), item=rows["1.1.1"], organization="datic", state=Declared.ONGOING, progress=Decimal(40), text="Se convocó", **who),
        Update(id="u2", at=at(3, 20), item=rows["1.1.1"], organization="datic", state=Declared.DONE, progress=Decimal(100), text="Se revisó y se publicó", **who),
        Update(id="u3", at=at(4, 12), item=rows["1.1.1#2"], organization="dagma", state=Declared.ONGOING, text=HOSTILE, obstacles="Lluvias", next_step="Repetir en mayo", **who),
        Update(id="u4", at=at(5, 3), item=rows["1.1.1#2"], organization="datic", state=Declared.ONGOING, text="Texto devuelto", **who),
        Update(id="u5", at=at(6, 3), item=rows["1.1.1#2"], organization="datic", state=Declared.ONGOING, text="Primera versión", **who),
        Update(id="u6", at=at(6, 4), item=rows["1.1.1#2"], organization="datic", state=Declared.ONGOING, text="Versión corregida", supersedes="u5", **who),
        Update(id="u7", at=at(7, 15), item=rows["2.1"], organization="dagma", state=Declared.ONGOING, progress=Decimal("33.5"), text="Va", at_risk=True, reason="Falta personal", **who),
        Update(id="u8", at=at(7, 30), item=rows["2.2"], organization="datic", state=Declared.NOT_APPLICABLE, reason="No hubo casos", **who),
        Update(id="u9", at=at(8, 14), item=rows["1.1.1#2"], organization="dagma", confirms=True, **who),
    ]  # fmt: skip
    half = {"start": dt.date(2026, 1, 1), "end": dt.date(2026, 6, 30)}
    made.measurements = [
        Measurement(id="m1", at=at(3, 20), item=rows["1.1.1"], indicator="1.1.1", start=dt.date(2026, 3, 1), end=dt.date(2026, 3, 31), organization="datic", value=Decimal(1), update="u2", **who),
        Measurement(id="m2", at=at(4, 12), item=rows["1.1.1#2"], indicator="1.1.1#2", organization="dagma", value=Decimal(3), comment=HOSTILE, update="u3", **half, **who),
        Measurement(id="m3", at=at(5, 3), item=rows["1.1.1#2"], indicator="1.1.1#2", organization="datic", value=Decimal(50), update="u4", **half, **who),
        Measurement(id="m4", at=at(6, 4), item=rows["1.1.1#2"], indicator="1.1.1#2", organization="datic", value=Decimal(1), update="u6", dimension={"zona": "=rural"}, **half, **who),
        Measurement(id="m5", at=at(7, 15), item=rows["2.1"], indicator="2.1", organization="dagma", numerator=Decimal(67), denominator=Decimal(200), **half, **who),
    ]  # fmt: skip
    made.evidence = [
        Evidence(id="e1", at=at(3, 20), item=rows["1.1.1"], kind=EvidenceKind.DOCUMENT, title="Mapa revisado", organization="datic", update="u2", url="https://datos.example/mapa.pdf", sha256="ab" * 32, size=1234, captured=at(3, 20), **who),
        Evidence(id="e2", at=at(3, 21), item=rows["1.1.1"], kind=EvidenceKind.ATTENDANCE, title=SECRETS[3], organization="datic", url=SECRET_URL, resource=SECRETS[2], dataset="conjunto-secreto", sha256=SECRETS[4], size=99, captured=at(3, 21), public=False, withheld="Tiene datos personales (Ley 1581)", **who),
        Evidence(id="e3", at=at(6, 4), item=rows["1.1.1#2"], title="Fotos de talleres", organization="datic", update="u6", url="https://datos.example/fotos", **who),
        Evidence(id="e4", at=at(7, 15), item=rows["2.1"], kind=EvidenceKind.LINK, title=HOSTILE, organization="dagma", url="javascript:alert(1)", **who),
    ]  # fmt: skip
    made.checks = [
        EvidenceCheck(id="c1", at=at(8, 1), evidence="e1", alive=True, same=True, public=True, status=200),
        EvidenceCheck(id="c2", at=at(8, 1), evidence="e3", alive=False, status=404),
    ]
    made.verdicts = [
        Verdict(id="v1", at=at(5, 12), item=rows["1.1.1"], role=VerdictRole.CONTROL, cut=dt.date(2026, 4, 30), agrees=True, fulfilled=True, rationale="Se vio el documento.", recommendation="Publicarlo en formato abierto.", **who),
        Verdict(id="v2", at=at(8, 20), item=rows["1.1.1#2"], role=VerdictRole.MONITOR, assigned=Completion.LIMITED, suggested=Completion.LIMITED, agrees=False, rationale="Hay pocos talleres.", **who),
    ]  # fmt: skip
    made.answers = [Answer(id="a1", at=at(8, 2), item=rows["2.1"], reason="manual", text="Se pidió personal.", organization="dagma", **who)]
    made.reviews = [
        Review(id="r1", at=at(5, 8), update="u4", accepted=False, reason="Falta el acta", **who),
        Review(id="r2", at=at(6, 8), update="u6", accepted=True, **who),
    ]
    made.reports = [
        Report(id="p1", at=at(7, 5), organization="datic", start=dt.date(2026, 4, 1), end=dt.date(2026, 6, 30), title="Informe de gestión de abril a junio",
               sections=(("Consejo de gobierno", "Tres sesiones.\nUna virtual."), ("Presupuesto", HOSTILE)), **who),
    ]  # fmt: skip
    return made


def view(made: Record | None = None, today: dt.date = TODAY, lang: str = "es", *, name: str = "paac-2026", host: str = "https://datos.example") -> View:
    """The plan as it stands on a day, ready to be written."""
    found = made or record()
    how = settings.family_settings(found.plan.family)
    return View(
        name, found, compute_status(found, today, settings=how), Addresses(name, host), today, families.load(found.plan.family),
        how, lang, ORGANIZATIONS,
    )  # fmt: skip


def ogp() -> Plan:
    """One commitment with two milestones, one of them without a date."""
    lead = [Assignment(organization="datic")]
    items = [
        Item("compromiso", "1", "Abrir los datos de obras", code_printed="1", fields={"problem": "No se conocen"}),
        Item("hito", "1.H1", "Inventario", ("compromiso", "1"), "H1", trackable=True, assignments=list(lead),
             schedule=Schedule(ScheduleKind.DATE, due=dt.date(2026, 6, 30)), fields={"deliverable": "Lista de datos"}),
        Item("hito", "1.H2", "Publicación", ("compromiso", "1"), "H2", trackable=True, assignments=list(lead), fields={"deliverable": "Portal"}),
    ]  # fmt: skip
    return Plan("ogp", "Plan de gobierno abierto 2026-2027 (demostración)", dt.date(2026, 1, 1), dt.date(2027, 12, 31), items=items)
