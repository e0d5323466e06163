"""Every code of the checks: a case that has it, one that does not, and one of the wrong shape that must pass in silence."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest

from ckanext.cost_oc4ids.oc4ids import checks, engine, overview, render, validator
from ckanext.cost_oc4ids.oc4ids.types import Options, PreviousVersion

TODAY = dt.date(2026, 11, 21)
PREFIX = "oc4ids-cal123"
OPTIONS = Options(as_of=TODAY, prefix=PREFIX)


class Case(NamedTuple):
    """A bad project and where in it the finding is; a good one; one whose types are wrong."""

    bad: Any
    where: str
    good: Any
    wrong: Any
    #: expected params, or None for "not looked at"
    params: dict[str, Any] | None = None
    #: expected value, or ... for "not looked at"
    value: Any = ...


def run(project: Any, options: Options = OPTIONS) -> Iterator[tuple[str, checks.Hit]]:
    """What the checks of a project say, as (code, hit)."""
    ctx = checks.ProjectContext(project, options=options, today=TODAY)
    for check in checks.registry("project"):
        for hit in check.run(ctx):
            yield hit.code or check.code, hit
    for rule, place in engine.validate_project(project).places:
        for hit in rule.run(ctx, place):
            yield hit.code or rule.code, hit


def path(parts: tuple[str | int, ...]) -> str:
    return "/".join(map(str, parts))


def cp(**summary: Any) -> dict[str, Any]:
    """A project with one contracting process."""
    return {"contractingProcesses": [{"id": "ocds-abc123-1", "summary": summary}]}


def cop(amount: Any) -> dict[str, Any]:
    return {"amount": amount, "currency": "COP"}


def at(lon: Any, lat: Any, kind: str = "Point") -> dict[str, Any]:
    return {"locations": [{"id": "1", "geometry": {"type": kind, "coordinates": [lon, lat]}}]}


def shape(kind: Any, coordinates: Any) -> dict[str, Any]:
    return {"locations": [{"id": "1", "geometry": {"type": kind, "coordinates": coordinates}}]}


def parties(*found: Any) -> dict[str, Any]:
    return {"parties": list(found)}


def doc(**document: Any) -> dict[str, Any]:
    return {"documents": [{"id": "1", **document}]}


def metric(identifier: Any, **observation: Any) -> dict[str, Any]:
    return {"metrics": [{"id": identifier, "observations": [{"id": "1", **observation}]}]}


def day(text: str) -> str:
    return f"{text}T00:00:00-05:00"


S = "contractingProcesses/0/summary"
RING = [[-76.51, 3.42], [-76.52, 3.42], [-76.52, 3.43], [-76.51, 3.42]]
ACME = {"id": "A", "name": "Acme", "roles": ["supplier"]}

CASES: dict[str, Case] = {
    # references
    "ref.unknown": Case(
        {**parties(ACME), **cp(suppliers=[{"id": "A", "name": "Acme"}, {"id": "B", "name": "Bosco"}])},
        f"{S}/suppliers/1/id",
        {**parties(ACME), **cp(suppliers=[{"id": "A"}])},
        {"parties": "A", "publicAuthority": {"id": ["A"]}, **cp(suppliers={"id": "B"}, tender={"tenderers": ["B", 3]})},
        value="B",
    ),
    "ref.no_id": Case(
        {"publicAuthority": {"name": "Alcaldía"}},
        "publicAuthority",
        {"publicAuthority": {"id": "A"}},
        {"publicAuthority": {"name": 7}},
        value="Alcaldía",
    ),
    "ref.name_differs": Case(
        {**parties(ACME), **cp(suppliers=[{"id": "A", "name": "Acme Ltda"}])},
        f"{S}/suppliers/0/name",
        {**parties(ACME), **cp(suppliers=[{"id": "A", "name": "  ACME "}])},
        {**parties({"id": "A", "name": ["Acme"]}), **cp(suppliers=[{"id": "A", "name": "Acme"}, {"id": "A", "name": {}}])},
        {"party_name": "Acme"},
    ),
    "ref.role_missing": Case(
        {**parties(ACME), "publicAuthority": {"id": "A"}},
        "publicAuthority/id",
        {**parties({**ACME, "roles": ["supplier", "publicAuthority"]}), "publicAuthority": {"id": "A"}},
        {**parties({"id": "A", "roles": "supplier"}, {"id": "A", "roles": [{}]}), "publicAuthority": {"id": "A"}},
        {"roles": ("publicAuthority",)},
    ),
    "ref.party_without_role": Case(
        parties({"id": "A", "name": "Acme"}), "parties/0", parties(ACME), parties(3, [], {}, {"roles": None}), value="Acme"
    ),
    "ref.party_unused": Case(
        parties(ACME),
        "parties/0/id",
        {**parties(ACME, {"id": "B", "roles": ["reviewBody"]}), **cp(suppliers=[{"id": "A"}])},
        parties({"id": {}}, {"id": None}, "A"),
    ),
    # texts
    "text.blank": Case({"title": " \n "}, "title", {"title": "Puente"}, {"title": [" "]}),
    "text.placeholder": Case(
        {"description": "Por definir"}, "description", {"description": "Se definió por etapas"}, {"description": 0}, value="Por definir"
    ),
    "text.html": Case(
        {"description": "<p>Un puente</p>"},
        "description",
        {"description": "Si x < 3 y y > 2", **doc(description="<b>Acta</b>")},
        {"description": {"<p>": 1}},
    ),
    "text.forbidden_characters": Case(
        {"title": "Puente\x0b con \ufffe control"},
        "title",
        {"title": "Puente\t\n con \ud7ff control"},
        {"title": {"\x01": "\x02"}},
    ),
    "text.spaces": Case({"title": "Puente "}, "title", {"title": "Puente nuevo"}, {"title": {" a": " b"}}),
    "text.garbled": Case({"title": "ConstrucciÃ³n"}, "title", {"title": "CONSTRUCÇÃO Ánimo Ñ"}, {"title": 3.5}),
    "text.language_tag": Case({"language": "Español"}, "language", {"language": "es-CO"}, {"language": ["es"]}),
    # money
    "money.no_currency": Case(
        {"budget": {"amount": {"amount": 5}}}, "budget/amount", {"budget": {"amount": cop(5e6)}}, {"budget": {"amount": [5]}}, value=5
    ),
    "money.no_amount": Case(
        cp(contractValue={"currency": "COP"}), f"{S}/contractValue", cp(contractValue=cop(5e6)), cp(contractValue="COP"), value="COP"
    ),
    "money.mixed_currencies": Case(
        {"budget": {"amount": cop(5e9)}, **cp(contractValue={"amount": 5e6, "currency": "USD"})},
        f"{S}/contractValue/currency",
        {
            "budget": {"amount": cop(5e9), "finance": [{"id": "1", "value": {"amount": 1e6, "currency": "USD"}}]},
            **cp(contractValue=cop(5e9)),
        },
        {"budget": {"amount": cop(5e9)}, **cp(contractValue={"amount": 5e6, "currency": ["USD"]})},
        {"currencies": ("COP", "USD")},
    ),
    "money.negative": Case(
        cp(contractValue=cop(-5)),
        f"{S}/contractValue/amount",
        {"budget": {"budgetBreakdowns": [{"id": "1", "budgetBreakdown": [{"id": "1", "amount": cop(-5)}]}]}},
        cp(contractValue=cop("-5")),
        value=-5,
    ),
    "money.zero": Case(
        {"budget": {"amount": cop(0)}},
        "budget/amount/amount",
        {"transactions": [{"id": "1", "value": cop(0)}]},
        {"budget": {"amount": cop(False)}},
    ),
    "money.tiny": Case(
        {"budget": {"amount": cop(1)}},
        "budget/amount/amount",
        {"budget": {"amount": cop(2_000_000)}},
        {"budget": {"amount": {"amount": 1, "currency": {}}}},
        {"limit": "100 000 COP"},
        "1 COP",
    ),
    "money.absurd": Case(
        {"budget": {"amount": cop(30_000_000_000_000)}},
        "budget/amount/amount",
        {"budget": {"amount": cop(19_000_000_000_000)}},
        {"budget": {"amount": {"amount": True, "currency": "COP"}}, **cp(contractValue={"amount": "9" * 30, "currency": "COP"})},
    ),
    "money.unit_mismatch": Case(
        {"budget": {"amount": cop(8_000)}, **cp(contractValue=cop(7_900_000_000))},
        "budget/amount/amount",
        # a first study of a large project is a small contract, no slip
        {"budget": {"amount": cop(90_000_000_000)}, **cp(contractValue=cop(60_000_000), nature=["design"])},
        {"budget": {"amount": cop([])}, **cp(contractValue=cop({}), tender=[])},
    ),
    "money.breakdown_sum": Case(
        {
            "budget": {
                "amount": cop(100e6),
                "budgetBreakdowns": [
                    {"id": "1", "budgetBreakdown": [{"id": "1", "amount": cop(60e6)}, {"id": "2", "amount": cop(30e6)}]}
                ],
            }
        },
        "budget/budgetBreakdowns/0/budgetBreakdown",
        {
            "budget": {
                "amount": cop(100e6),
                "budgetBreakdowns": [
                    {"id": "1", "budgetBreakdown": [{"id": "1", "amount": cop(60e6)}, {"id": "2", "amount": cop(39.5e6)}]},
                    # another currency, or an item without amount: not computable, not guessed
                    {"id": "2", "budgetBreakdown": [{"id": "1", "amount": {"amount": 3, "currency": "USD"}}]},
                    {"id": "3", "budgetBreakdown": [{"id": "1", "amount": cop(1)}, {"id": "2"}]},
                ],
            }
        },
        {"budget": {"amount": cop(5e6), "budgetBreakdowns": [{"budgetBreakdown": {}}, 3, {"budgetBreakdown": [7, {"amount": []}]}]}},
        value="90 000 000 ≠ 100 000 000 COP",
    ),
    "money.contracts_exceed_budget": Case(
        {"budget": {"amount": cop(100e6)}, **cp(contractValue=cop(120e6))},
        "budget/amount",
        {"budget": {"amount": cop(100e6)}, **cp(contractValue={"amount": 120e6, "currency": "USD"})},
        {"budget": [cop(1)], **cp(contractValue=None)},
    ),
    "money.payments_exceed_contract": Case(
        cp(contractValue=cop(100e6), transactions=[{"id": "1", "value": cop(90e6)}, {"id": "2", "value": cop(20e6)}]),
        f"{S}/transactions",
        cp(
            contractValue=cop(100e6),
            transactions=[{"id": "1", "value": cop(110e6)}],
            modifications=[{"id": "1", "type": "value", "newContractValue": cop(120e6)}],
        ),
        cp(contractValue=cop(100e6), transactions=[5, {"value": []}], modifications={"a": 1}),
    ),
    "money.final_unexplained": Case(
        cp(contractValue=cop(100e6), finalValue=cop(130e6)),
        f"{S}/finalValue",
        cp(
            contractValue=cop(100e6),
            finalValue=cop(130e6),
            modifications=[
                {"id": "2", "date": day("2025-05-01"), "newContractValue": cop(130e6)},
                {"id": "1", "date": day("2024-05-01"), "newContractValue": cop(110e6)},
            ],
        ),
        cp(contractValue=cop(100e6), finalValue=[130], modifications=[{"newContractValue": 5, "date": {}}]),
    ),
    # dates
    "date.end_before_start": Case(
        {"period": {"startDate": day("2025-02-01"), "endDate": day("2025-01-01")}},
        "period/endDate",
        # later by the clock though earlier by the calendar's letters
        {"period": {"startDate": "2025-02-01T20:00:00-05:00", "endDate": "2025-02-02T01:00:00Z"}},
        {"period": {"startDate": "zzz", "endDate": "aaa"}, "assetLifetime": {"startDate": 5, "endDate": 4}},
    ),
    "date.max_extent_before_end": Case(
        {"period": {"endDate": day("2025-02-01"), "maxExtentDate": day("2025-01-01")}},
        "period/maxExtentDate",
        {"period": {"endDate": day("2025-02-01"), "maxExtentDate": day("2025-02-01")}},
        {"period": {"endDate": day("2025-02-01"), "maxExtentDate": ["2025"]}},
    ),
    "date.duration_differs": Case(
        {"period": {"startDate": day("2025-01-01"), "endDate": day("2025-12-31"), "durationInDays": 300}},
        "period/durationInDays",
        {"period": {"startDate": day("2025-01-01"), "endDate": day("2025-12-31"), "durationInDays": 365}},
        {"period": {"startDate": day("2025-01-01"), "endDate": day("2025-12-31"), "durationInDays": "300"}},
        value="300 ≠ 364",
    ),
    "date.duration_negative": Case(
        {"assetLifetime": {"durationInDays": -3}},
        "assetLifetime/durationInDays",
        {"assetLifetime": {"durationInDays": 10**30}},
        {"assetLifetime": {"durationInDays": -3.5}},
    ),
    "date.out_of_range": Case(
        {"period": {"startDate": day("1900-01-01")}},
        "period/startDate",
        {"period": {"startDate": day("2060-01-01")}, "assetLifetime": {"endDate": day("2120-01-01")}},
        {"period": {"startDate": "siempre", "endDate": 1900}},
        {"range": "1970–2060"},
    ),
    "date.future": Case(
        {"completion": {"endDate": day("2026-11-23")}},
        "completion/endDate",
        # midnight UTC of today is how people write today
        {"completion": {"endDate": "2026-11-21T00:00:00Z"}, "period": {"endDate": day("2030-01-01")}},
        {"completion": {"endDate": "99"}, "updated": ["2030"], "milestones": [{"dateMet": {}}]},
    ),
    "date.tender_after_contract": Case(
        cp(tender={"datePublished": day("2025-03-01")}, contractPeriod={"startDate": day("2025-02-01")}),
        f"{S}/tender/datePublished",
        cp(tender={"datePublished": day("2025-01-01")}, contractPeriod={"startDate": day("2025-02-01")}),
        cp(tender=["x"], contractPeriod={"startDate": 5}),
    ),
    "date.stage_order": Case(
        {"preparationPeriod": {"startDate": day("2025-03-01")}, "implementationPeriod": {"startDate": day("2025-01-01")}},
        "implementationPeriod/startDate",
        {"preparationPeriod": {"startDate": day("2025-01-01")}, "implementationPeriod": {"startDate": day("2025-01-01")}},
        {"preparationPeriod": ["2025"], "implementationPeriod": {"startDate": {}}},
    ),
    "date.met_without_date": Case(
        {"milestones": [{"id": "1", "status": "met"}]},
        "milestones/0/status",
        {"milestones": [{"id": "1", "status": "met", "dateMet": day("2025-01-01")}]},
        {"milestones": [{"status": ["met"]}, "met"]},
    ),
    "date.met_but_pending": Case(
        cp(milestones=[{"id": "1", "status": "scheduled", "dateMet": day("2025-01-01")}]),
        f"{S}/milestones/0/status",
        cp(milestones=[{"id": "1", "status": "partiallyMet", "dateMet": day("2025-01-01")}]),
        cp(milestones=[{"status": "scheduled", "dateMet": "ayer"}]),
    ),
    # status
    "status.finished_without_date": Case(
        {"status": "maintenance"},
        "status",
        {"status": "maintenance", "completion": {"endDate": day("2025-01-01")}},
        {"status": ["maintenance"], "completion": 3},
    ),
    "status.completed_too_soon": Case(
        {"status": "implementation", "completion": {"endDate": day("2025-01-01")}},
        "status",
        {"status": "completion", "completion": {"endDate": day("2025-01-01")}},
        {"status": "implementation", "completion": {"endDate": 2025}},
    ),
    "status.early_with_contracts": Case(
        {"status": "identification", **cp(status="active", title="Estudios")},
        f"{S}/status",
        {"status": "preparation", **cp(status="active", nature=["design"])},
        {"status": "preparation", **cp(status="active", nature="construction")},
        {"project_status": "identification"},
        "Estudios",
    ),
    "status.overdue": Case(
        {"status": "implementation", "period": {"endDate": day("2026-01-01")}},
        "period/endDate",
        {"status": "implementation", "period": {"endDate": day("2026-10-01")}},
        {"status": "implementation", "period": [day("2026-01-01")]},
        {"days": 180},
    ),
    "status.contract_overdue": Case(
        cp(status="active", contractPeriod={"endDate": day("2026-09-01")}),
        f"{S}/status",
        cp(
            status="active",
            contractPeriod={"endDate": day("2026-09-01")},
            modifications=[{"id": "1", "newContractPeriod": {"endDate": day("2027-01-01")}}],
        ),
        cp(status="active", contractPeriod=5, modifications=[1, {"newContractPeriod": []}]),
    ),
    "status.cancelled_with_payments": Case(
        {
            "status": "cancelled",
            "completion": {"endDate": day("2025-01-01")},
            "transactions": [{"id": "1", "date": day("2025-02-01")}],
        },
        "transactions/0/date",
        {
            "status": "cancelled",
            "completion": {"endDate": day("2025-01-01")},
            **cp(transactions=[{"id": "1", "date": day("2024-12-31")}]),
        },
        {"status": "cancelled", "completion": {"endDate": day("2025-01-01")}, "transactions": {"date": "x"}},
    ),
    "status.cancelled_with_active_contract": Case(
        {"status": "cancelled", **cp(status="active")},
        f"{S}/status",
        {"status": "cancelled", **cp(status="closed")},
        {"status": "cancelled", "contractingProcesses": {"summary": {"status": "active"}}},
    ),
    "status.closed_without_final_value": Case(
        cp(status="closed", suppliers=[{"id": "A"}]),
        S,
        cp(status="closed"),
        cp(status=["closed"], suppliers=[{"id": "A"}]),
    ),
    "status.awarded_before_award": Case(
        cp(status="pre-award", contractValue=cop(5e6)), f"{S}/status", cp(status="pre-award"), cp(status={"pre-award": 1}, suppliers=[1])
    ),
    "sector.parent_missing": Case(
        {"sector": ["transport.road"]},
        "sector/0",
        {"sector": ["transport", "transport.road", "health"]},
        {"sector": "transport.road"},
        {"parent": "transport"},
    ),
    # codes and fields
    "code.open": Case(
        {"sector": ["extraterrestre"]}, "sector/0", {"sector": ["transport"]}, {"sector": [3, {}]}, {"codelist": "projectSector"}
    ),
    "code.open_misspelt": Case(
        {"sector": ["trasnport"]},
        "sector/0",
        {"sector": ["health"]},
        {"sector": {"trasnport": 1}},
        {"codelist": "projectSector", "suggestion": "transport"},
    ),
    "field.unknown": Case(
        {"codigoInternoSAP": 7},
        "codigoInternoSAP",
        {"metrics": [{"id": "m", "observations": [{"id": "1", "dimensions": {"quéSea": 1}}]}]},
        {"budget": ["codigoInternoSAP"]},
        {"name": "codigoInternoSAP"},
    ),
    "field.misspelt": Case(
        {"period": {"EndDate": day("2025-01-01")}},
        "period/EndDate",
        {"period": {"endDate": day("2025-01-01")}},
        {"period": "EndDate"},
        {"name": "EndDate", "suggestion": "endDate"},
    ),
    "field.misplaced": Case(
        {"contractingProcesses": [{"id": "1", "contractPeriod": {}}]},
        "contractingProcesses/0/contractPeriod",
        cp(contractPeriod={"startDate": day("2025-01-01")}),
        {"contractingProcesses": [["contractPeriod"]]},
        {"name": "contractPeriod", "suggestion": "contractingProcesses/summary/contractPeriod"},
    ),
    # identifiers
    "id.missing": Case(parties({"name": "Acme"}), "parties/0", parties(ACME), parties("Acme", 3, {})),
    "id.duplicate": Case(
        doc(title="a") | {"documents": [{"id": "1", "title": "a"}, {"id": "2"}, {"id": "1", "title": "b"}]},
        "documents/2/id",
        {"documents": [{"id": "1"}, {"id": "2"}, {"title": "sin id"}]},
        {"documents": [{"id": ["1"]}, {"id": ["1"]}, "1", "1"], "parties": [None, None], "benefits": [{"id": {}}]},
        value="1",
    ),
    "id.prefix_form": Case({"id": "puente-1"}, "id", {"id": f"{PREFIX}-1"}, {"id": 5}),
    "id.prefix_example": Case({"id": "oc4ids-bu3kcz-1"}, "id", {"id": f"{PREFIX}-1"}, {"id": ["oc4ids-bu3kcz-1"]}),
    "id.prefix_other": Case({"id": "oc4ids-zzz999-1"}, "id", {"id": f"{PREFIX}-1"}, {"id": {}}, {"prefix": PREFIX}),
    "id.spaces": Case(parties({"id": "NIT 890", "roles": ["buyer"]}), "parties/0/id", parties(ACME), parties({"id": [" "]})),
    "id.ocid_form": Case(cp(ocid="12345"), f"{S}/ocid", cp(ocid="ocds-abc123-1"), cp(ocid=12345)),
    "id.ocid_differs": Case(cp(ocid="ocds-abc123-2"), f"{S}/ocid", cp(ocid="ocds-abc123-1"), cp(ocid={"ocds-abc123-2": 1})),
    "related.self": Case(
        {"id": f"{PREFIX}-1", "relatedProjects": [{"id": "1", "identifier": f"{PREFIX}-1"}]},
        "relatedProjects/0/identifier",
        {"id": f"{PREFIX}-1", "relatedProjects": [{"id": "1", "identifier": f"{PREFIX}-2"}]},
        {"id": ["x"], "relatedProjects": [{"identifier": ["x"]}, "x"]},
    ),
    "related.form": Case(
        {"relatedProjects": [{"id": "1", "scheme": "oc4ids", "identifier": "7"}]},
        "relatedProjects/0/identifier",
        {"relatedProjects": [{"id": "1", "scheme": "bpin", "identifier": "7"}]},
        {"relatedProjects": [{"scheme": ["oc4ids"], "identifier": 7}]},
    ),
    # places
    "geo.outside_country": Case(
        at(-3.7, 40.4), "locations/0/geometry/coordinates", at(-76.53, 3.45), at("-3.7", 40.4), value=[-3.7, 40.4]
    ),
    "geo.swapped": Case(
        at(3.45, -76.53), "locations/0/geometry/coordinates", at(-76.53, 3.45, "LineString"), shape("Point", {"lon": 3})
    ),
    "geo.sign_missing": Case(at(76.53, 3.45), "locations/0/geometry/coordinates", at(-76.53, 3.45), at(True, False)),
    "geo.out_of_range": Case(at(1061000, 872000), "locations/0/geometry/coordinates", at(-76.53, 3.45), at(None, 872000)),
    "geo.null_island": Case(at(0, 0), "locations/0/geometry/coordinates", at(-76.53, 0), shape("Point", [[], []])),
    "geo.shape": Case(
        shape("Polygon", RING),
        "locations/0/geometry/coordinates",
        shape("MultiPolygon", [[RING]]),
        shape(["Polygon"], RING),
        {"geometry": "Polygon", "shape": "[[[lon, lat], …]]"},
    ),
    "geo.incomplete": Case(
        {"locations": [{"id": "1", "geometry": {"type": "Point"}}]},
        "locations/0/geometry",
        at(-76.53, 3.45),
        {"locations": [{"geometry": "Point"}, {"geometry": {}}]},
        {"missing": "coordinates"},
    ),
    "geo.ring_open": Case(
        shape("Polygon", [[*RING[:3], [-76.6, 3.5]]]),
        "locations/0/geometry/coordinates/0",
        shape("Polygon", [RING]),
        shape("Polygon", [[{}, 2, 3, 4]]),
    ),
    "geo.ring_short": Case(
        shape("MultiPolygon", [[RING], [RING[:2]]]),
        "locations/0/geometry/coordinates/1/0",
        shape("Polygon", [RING]),
        shape("Polygon", [[[]]]),
        value=2,
    ),
    "geo.line_short": Case(
        shape("LineString", RING[:1]),
        "locations/0/geometry/coordinates",
        shape("LineString", RING[:2]),
        shape("LineString", [7]),
    ),
    "geo.empty_location": Case(
        {"locations": [{"id": "1", "description": "Por ahí"}]},
        "locations/0",
        {"locations": [{"id": "1", "address": {"locality": "Cali"}}]},
        {"locations": ["Cali", {}]},
    ),
    # documents
    "doc.no_url": Case(doc(title="Acta"), "documents/0", doc(accessDetails="Archivo central"), {"documents": {"title": "Acta"}}),
    "doc.password": Case(
        doc(url="https://ana:secreta@datos.example.org/a.pdf"),
        "documents/0/url",
        doc(url="https://datos.example.org/a@b.pdf?mail=a:b@c"),
        doc(url=["https://ana:secreta@datos.example.org"]),
    ),
    "doc.no_title": Case(doc(url="https://cali.gov.co/a.pdf"), "documents/0", doc(title="Acta"), {"documents": [5, []]}),
    "doc.no_type": Case(doc(title="Acta"), "documents/0", doc(documentType="siteReport"), {"documents": ["acta"]}),
    "doc.not_http": Case(doc(url="file:///C:/a.pdf"), "documents/0/url", doc(url="HTTPS://cali.gov.co/a.pdf"), doc(url=["file:///a"])),
    "doc.private_link": Case(
        doc(url="http://192.168.1.10:8080/a.pdf"), "documents/0/url", doc(url="http://www.cali.gov.co/a.pdf"), doc(url={"http://10.0.0.1": 1})
    ),
    "doc.url_repeated": Case(
        {
            "documents": [
                {"id": "1", "url": "https://a.co/x.pdf", "documentType": "tenderNotice"},
                {"id": "2", "url": "https://a.co/x.pdf", "documentType": "contractSigned"},
            ]
        },
        "documents/1/url",
        {
            "documents": [
                {"id": "1", "url": "https://a.co/x.pdf", "documentType": "tenderNotice", "pageStart": "1"},
                {"id": "2", "url": "https://a.co/x.pdf", "documentType": "contractSigned", "pageStart": "9"},
            ]
        },
        {"documents": [{"url": ["x"], "documentType": "a"}, {"url": ["x"], "documentType": {}}]},
    ),
    "doc.modified_before_published": Case(
        doc(datePublished=day("2025-02-01"), dateModified=day("2025-01-01")),
        "documents/0/dateModified",
        doc(datePublished=day("2025-01-01"), dateModified=day("2025-02-01")),
        doc(datePublished=5, dateModified="ayer"),
    ),
    "doc.format": Case(doc(format="PDF"), "documents/0/format", doc(format="application/pdf"), doc(format=["PDF"])),
    # what is missing
    "gap.title": Case({"id": "1"}, "", {"title": "Puente"}, {"title": None}),
    "gap.description": Case({"id": "1"}, "", {"description": "Puente"}, {"description": []}),
    "gap.status": Case({"id": "1"}, "", {"status": "completion"}, {"status": {}}),
    "gap.location": Case({"id": "1"}, "", {"locations": [{"id": "1"}]}, {"locations": "Cali"}),
    "gap.public_authority": Case(
        {"id": "1"}, "", parties({"id": "A", "roles": ["publicAuthority"]}), {"publicAuthority": "Alcaldía"}
    ),
    "gap.supplier": Case(cp(status="active"), S, cp(status="active", suppliers=[{"id": "A"}]), cp(status=["active"])),
    # tenders
    "tender.count_differs": Case(
        cp(tender={"numberOfTenderers": 3, "tenderers": [{"id": "A"}]}),
        f"{S}/tender/numberOfTenderers",
        cp(tender={"numberOfTenderers": 1, "tenderers": [{"id": "A"}]}),
        cp(tender={"numberOfTenderers": "3", "tenderers": [{"id": "A"}]}),
    ),
    "tender.direct_with_competition": Case(
        cp(tender={"procurementMethod": "direct", "numberOfTenderers": 3}),
        f"{S}/tender/procurementMethod",
        cp(tender={"procurementMethod": "direct", "tenderers": [{"id": "A"}]}),
        cp(tender={"procurementMethod": ["direct"], "numberOfTenderers": 3}),
        {"method": "direct"},
        3,
    ),
    "tender.supplier_not_tenderer": Case(
        cp(tender={"tenderers": [{"id": "A"}]}, suppliers=[{"id": "B"}]),
        f"{S}/suppliers/0/id",
        cp(tender={"tenderers": [{"id": "A"}]}, suppliers=[{"id": "A"}]),
        cp(tender={"tenderers": ["A"]}, suppliers=[{"id": {}}, {"id": "B"}]),
    ),
    # modifications and metrics
    "modification.no_values": Case(
        cp(modifications=[{"id": "1", "type": "value", "oldContractValue": cop(5)}]),
        f"{S}/modifications/0",
        cp(modifications=[{"id": "1", "type": "scope"}]),
        cp(modifications=[{"type": ["value"]}, "value"]),
        {"type": "value", "missing": "newContractValue"},
    ),
    "modification.no_change": Case(
        cp(modifications=[{"id": "1", "type": "value", "oldContractValue": cop(5), "newContractValue": cop(5)}]),
        f"{S}/modifications/0/newContractValue",
        # a change of duration may repeat the value that stays
        cp(modifications=[{"id": "1", "type": "duration", "oldContractValue": cop(5), "newContractValue": cop(5)}]),
        cp(modifications=[{"type": "value", "oldContractValue": 5, "newContractValue": 5}]),
    ),
    "modification.no_rationale": Case(
        cp(modifications=[{"id": "1", "description": "Prórroga"}]),
        f"{S}/modifications/0",
        cp(modifications=[{"id": "1", "rationale": "Lluvias"}]),
        cp(modifications={"id": "1"}),
    ),
    "metric.percent_range": Case(
        metric("physicalProgress", measure=145),
        "metrics/0/observations/0/measure",
        metric("physicalProgress", measure=145, unit={"name": "m2"}),
        metric(["physicalProgress"], measure=True),
        {"range": "0–100"},
    ),
    "metric.text_number": Case(
        metric("x", measure="45,5 %"), "metrics/0/observations/0/measure", metric("x", measure="dos pisos"), metric("x", measure=["45"])
    ),
}


def package(**shell: Any) -> Any:
    return shell


#: code → (bad shell, where, good shell, shell of the wrong shape)
PACKAGES: dict[str, tuple[Any, str, Any, Any]] = {
    "package.published_in_future": (
        {"publishedDate": day("2026-11-23")},
        "publishedDate",
        {"publishedDate": day("2026-11-21")},
        {"publishedDate": 5},
    ),
    "package.no_licence": ({}, "", {"license": "https://creativecommons.org/licenses/by/4.0/"}, {"license": 3}),
    "package.licence_unknown": (
        {"license": "https://cali.gov.co/licencia"},
        "license",
        {"license": "https://opendatacommons.org/licenses/pddl/1-0/"},
        {"license": ["x"]},
    ),
    "package.uri_not_http": ({"uri": "urn:x:1"}, "uri", {"uri": "https://cali.gov.co/p.json"}, {"uri": {"urn": 1}}),
    "package.publisher_without_id": (
        {"publisher": {"name": "Alcaldía"}},
        "publisher",
        {"publisher": {"name": "Alcaldía", "uid": "890399011"}},
        {"publisher": "Alcaldía"},
    ),
    "package.unknown_field": ({"zzzzzz": 1}, "zzzzzz", {"publisher": {"name": "x"}}, ["zzzzzz"]),
    "package.misspelt_field": ({"publishDate": 1}, "publishDate", {"publishedDate": "x"}, "publishDate"),
    "package.forbidden_characters": (
        {"publisher": {"name": "Alcald\x07ía"}}, "publisher/name", {"publisher": {"name": "A\tB"}}, {"publisher": ["\x07"]}
    ),
    "package.password": (
        {"uri": "https://ana:secreta@cali.gov.co/p.json"}, "uri", {"uri": "https://cali.gov.co/p.json?a@b"}, {"uri": ["x"]}
    ),
    "package.blank": ({"publisher": {"name": "  "}}, "publisher/name", {"publisher": {"name": "x"}}, {"publisher": [" "]}),
}


def run_package(shell: Any) -> list[tuple[str, checks.Hit]]:
    ctx = checks.PackageContext(shell, {}, OPTIONS, TODAY)
    return [(hit.code or check.code, hit) for check in checks.registry("package") for hit in check.run(ctx)]


#: (status, start, end) before → (status, start, end) now, None when gone
HISTORY: dict[str, tuple[tuple[Any, Any, Any], tuple[Any, Any, Any] | None, str, tuple[Any, Any, Any]]] = {
    "history.planned_period_changed": (
        ("implementation", day("2025-01-01"), day("2025-12-31")),
        ("implementation", day("2025-01-01"), day("2026-06-30")),
        "projects/0/period/endDate",
        # the same moment written in another zone
        ("completion", "2025-01-01T05:00:00Z", "2025-12-31T05:00:00.000Z"),
    ),
    "history.project_gone": (("preparation", None, None), None, "", ("preparation", None, None)),
    "history.status_back": (
        ("completion", None, None),
        ("implementation", None, None),
        "projects/0/status",
        ("cancelled", None, None),
    ),
}


def run_history(before: tuple[Any, Any, Any], now: tuple[Any, Any, Any] | None) -> list[tuple[str, checks.Hit]]:
    options = Options(as_of=TODAY, previous=PreviousVersion({"p": before}))
    facts = {} if now is None else {"p": checks.ProjectFacts(0, ("projects", 0), "p", *now)}
    ctx = checks.HistoryContext({}, facts, options, TODAY)
    return [(hit.code or check.code, hit) for check in checks.registry("history") for hit in check.run(ctx)]


def test_every_code_has_a_case() -> None:
    codes = {code for row in (*checks.registry(), *checks.lint_registry()) for code in row.codes}
    assert codes == set(CASES) | set(PACKAGES) | set(HISTORY)


@pytest.mark.parametrize("code", CASES)
def test_found(code: str) -> None:
    case = CASES[code]
    hits = [hit for found, hit in run(case.bad) if found == code]
    assert [path(hit.parts) for hit in hits] == [case.where]
    if case.params is not None:
        assert dict(hits[0].params) == case.params
    if case.value is not ...:
        assert hits[0].value == case.value


@pytest.mark.parametrize("code", CASES)
def test_not_found_in_good(code: str) -> None:
    assert code not in {found for found, _ in run(CASES[code].good)}


@pytest.mark.parametrize("code", CASES)
def test_silent_on_wrong_shapes(code: str) -> None:
    assert code not in {found for found, _ in run(CASES[code].wrong)}


@pytest.mark.parametrize("code", PACKAGES)
def test_package(code: str) -> None:
    bad, where, good, wrong = PACKAGES[code]
    assert [path(hit.parts) for found, hit in run_package(bad) if found == code] == [where]
    for shell in (good, wrong, None):
        assert code not in {found for found, _ in run_package(shell)}


@pytest.mark.parametrize("code", HISTORY)
def test_history(code: str) -> None:
    before, now, where, still_good = HISTORY[code]
    assert [path(hit.parts) for found, hit in run_history(before, now) if found == code] == [where]
    assert code not in {found for found, _ in run_history(before, still_good)}
    assert code not in {found for found, _ in run_history((None, "x", "y"), (None, "z", None))}


def test_plans_may_change_while_the_project_is_prepared() -> None:
    assert run_history(("preparation", None, day("2025-12-31")), ("implementation", None, day("2026-12-31"))) == []


def test_a_planned_end_that_disappears_counts_as_changed() -> None:
    found = run_history(("implementation", None, day("2025-12-31")), ("implementation", None, None))
    assert [code for code, _ in found] == ["history.planned_period_changed"]


def test_no_prefix_configured_only_form_is_judged() -> None:
    found = {code for code, _ in run({"id": "oc4ids-zzz999-1"}, Options(as_of=TODAY))}
    assert not found & {"id.prefix_other", "id.prefix_form", "id.prefix_example"}


@pytest.mark.parametrize("written", ["N/A", "n/a ", "S/N", "xxx", "-", "POR  DEFINIR", "Sin información", "pendiente", "#N/A", "#¿NOMBRE?"])
def test_placeholders_are_known_however_they_are_written(written: str) -> None:
    assert {code for code, _ in run({"title": written}) if code.startswith("text.")} == {"text.placeholder"}


@pytest.mark.parametrize("written", ["Nariño", "Xerox", "Pendientes de la ladera", "Parque 0", "Obra -"])
def test_real_texts_are_no_placeholders(written: str) -> None:
    assert not {code for code, _ in run({"title": written}) if code.startswith("text.")}


def test_blank_texts_inside_lists() -> None:
    project = {
        "sector": ["transport", "  "],
        "policyAlignment": {"policies": [" "]},
        "locations": [{"id": "1", "gazetteer": {"scheme": "GEONAMES", "identifiers": ["\t"]}}],
    }
    found = sorted(path(hit.parts) for code, hit in run(project) if code == "text.blank")
    assert found == ["locations/0/gazetteer/identifiers/0", "policyAlignment/policies/0", "sector/1"]


def test_a_contract_may_cost_less_than_agreed() -> None:
    assert "money.final_unexplained" not in {code for code, _ in run(cp(contractValue=cop(100e6), finalValue=cop(80e6)))}


@pytest.mark.parametrize(
    ("url", "private"),
    [
        ("http://localhost/a.pdf", True),
        ("http://servidor01/a.pdf", True),
        ("http://archivo.intranet/a.pdf", True),
        ("http://10.1.2.3/a.pdf", True),
        ("http://usuario@172.20.0.1/a.pdf", True),
        ("http://[::1]/a.pdf", True),
        ("http://8.8.8.8/a.pdf", False),
        ("http://172.200.0.1/a.pdf", False),
        ("https://es.wikipedia.org/wiki/Localhost", False),
        ("https://999.999.1.1/a.pdf", False),
    ],
)
def test_links_of_the_office(url: str, private: bool) -> None:
    assert ("doc.private_link" in {code for code, _ in run(doc(url=url))}) is private


def test_thousands_are_distinguished_from_a_first_small_contract() -> None:
    works = {"budget": {"amount": cop(90e9)}, **cp(contractValue=cop(60e6), nature=["construction"])}
    assert "money.unit_mismatch" in {code for code, _ in run(works)}
    final = cp(contractValue=cop(5e9), finalValue=cop(5e6))
    assert [path(hit.parts) for code, hit in run(final) if code == "money.unit_mismatch"] == [f"{S}/finalValue/amount"]


def test_a_geometry_has_one_finding_about_where_it_lies() -> None:
    ring = [[position[1], position[0]] for position in RING]
    found = [code for code, _ in run(shape("Polygon", [ring])) if code.startswith("geo.")]
    assert found == ["geo.swapped"]


@pytest.mark.parametrize(
    ("parent", "written", "code", "suggestion"),
    [
        ("parties", "role", "field.misspelt", "roles"),
        ("", "titel", "field.misspelt", "title"),
        ("contractingProcesses/summary/contractPeriod", "EndDate", "field.misspelt", "endDate"),
        ("contractingProcesses", "tender", "field.misplaced", "contractingProcesses/summary/tender"),
        ("contractingProcesses/summary", "procuringEntity", "field.misplaced", "contractingProcesses/summary/tender/procuringEntity"),
        ("", "codigoInternoSAP", "field.unknown", None),
        ("", "z" * 5000, "field.unknown", None),
    ],
)
def test_what_a_field_was_meant_to_be(parent: str, written: str, code: str, suggestion: str | None) -> None:
    from ckanext.cost_oc4ids.oc4ids.checks.codes import suggest_field

    assert suggest_field(parent, written) == (code, suggestion)


@pytest.mark.parametrize("year", ["0001", "1900", "9999"])
def test_a_filler_date_is_reported_once(year: str) -> None:
    filler = f"{year}-01-01T00:00:00Z"
    period = {"startDate": day("2025-01-01"), "endDate": filler, "durationInDays": 30, "maxExtentDate": filler}
    project = {
        "id": f"{PREFIX}-1",
        "status": "completion",
        "period": period,
        "implementationPeriod": {"startDate": filler},
        "completion": {"endDate": filler},
        "documents": [{"id": "1", "datePublished": day("2025-01-01"), "dateModified": filler}],
        **cp(tender={"datePublished": day("2025-01-01")}, contractPeriod={"startDate": filler, "endDate": filler}),
    }
    found = [(code, path(hit.parts)) for code, hit in run(project) if code.startswith(("date.", "doc.mod", "status."))]
    assert {code for code, _ in found} == {"date.out_of_range"}
    assert len(found) == len(set(found)) == 7


@pytest.mark.parametrize(
    ("lon", "lat", "code"),
    [
        # latitudes that are longitudes, wherever: Monterrey, Tokyo, Nuuk
        (24.797, -100.058, "geo.swapped"),
        (35.68, 139.69, "geo.swapped"),
        (64.18, -51.72, "geo.outside_country"),
        # both orders exist, and one of them is here
        (3.45, -76.53, "geo.swapped"),
        # neither order exists
        (1_061_000, 873_000, "geo.out_of_range"),
        (200, 100, "geo.out_of_range"),
        (76.53, 3.45, "geo.sign_missing"),
    ],
)
def test_the_likeliest_cause_of_a_point(lon: float, lat: float, code: str) -> None:
    assert {each for each, _ in run(at(lon, lat)) if each.startswith("geo.")} == {code}


def test_a_password_is_in_no_report() -> None:
    link = "https://ana:secreta@intranet/un acta.pdf"
    project = {"id": "p", "documents": [{"id": "1", "url": link, "title": f" {link} "}, {"id": "2", "url": link.replace(" ", "")}]}
    report = validator.validate(json.dumps({"projects": [project], "uri": link}).encode())
    assert {"doc.password", "doc.private_link", "package.password"} <= {each.code for each in report.findings}
    assert "secreta" not in json.dumps(report.to_store())
    assert "secreta" not in render.as_json(report)
    page = overview.overview(project)
    assert [each.url for each in page.documents if each.url] == [
        "https://intranet/un acta.pdf", "https://intranet/unacta.pdf"
    ]  # fmt: skip
