"""Writes the demonstration data of this folder: ``python dev/sample/make.py`` (a test holds the files against it).

Everything is invented. What each file is for, and what is wrong with each broken one, stands in ``muestra.yaml``.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

Json = dict[str, Any]

HERE = Path(__file__).parent
PREFIX = "oc4ids-demo01"
SITE = "https://demostracion.example.org"
MARK = "DEMOSTRACIÓN"
NOT_REAL = "Dato de demostración: no describe una obra real."
PUBLISHED = "2026-10-30T17:00:00-05:00"


def day(text: str, hour: int = 8) -> str:
    """A day of Bogotá as RFC 3339 asks."""
    return f"{text}T{hour:02d}:00:00-05:00"


def period(start: str, end: str) -> Json:
    return {"startDate": day(start, 0), "endDate": f"{end}T23:59:59-05:00"}


def pesos(millions: float) -> Json:
    """Millions of pesos, written in full."""
    return {"amount": round(millions * 1_000_000), "currency": "COP"}


class Parties:
    """The organisations of a project; a role is added where somebody is named in it."""

    def __init__(self) -> None:
        self.entries: dict[str, Json] = {}

    def add(self, key: str, name: str, **more: Any) -> None:
        self.entries[key] = {"id": key, "name": f"{name} ({MARK})", **more, "roles": []}

    def refer(self, key: str, *roles: str) -> Json:
        entry = self.entries[key]
        entry["roles"] += [role for role in roles if role not in entry["roles"]]
        return {"id": key, "name": entry["name"]}

    def listed(self) -> list[Json]:
        return list(self.entries.values())


def authority(key: str, name: str, street: str, mail: str) -> Json:
    """The organismo that answers for a project."""
    return {
        "key": key,
        "name": name,
        "address": {
            "streetAddress": street,
            "locality": "Santiago de Cali",
            "region": "Valle del Cauca",
            "postalCode": "760045",
            "countryName": "Colombia",
        },
        "contactPoint": {
            "name": "Atención al ciudadano",
            "email": f"{mail}@demostracion.example.org",
            "telephone": "+57 602 000 0000",
        },
    }


INFRASTRUCTURE = authority(
    "CO-DEMO-INFRA", "Secretaría de Infraestructura", "Avenida 2 Norte # 10-70, piso 12", "infraestructura"
)
ENVIRONMENT = authority(
    "CO-DEMO-DAGMA",
    "Departamento Administrativo de Gestión del Medio Ambiente",
    "Avenida 5A Norte # 20N-08",
    "ambiente",
)
HOUSING = authority(
    "CO-DEMO-VIV", "Secretaría de Vivienda Social y Hábitat", "Avenida 5A Norte # 20N-08", "vivienda"
)
UTILITIES = authority(
    "CO-DEMO-EMCALI", "Empresas Municipales de Cali", "Centro Administrativo Municipal, torre", "obras"
)


def start(owner: Json, others: dict[str, str]) -> Parties:
    parties = Parties()
    parties.add(owner["key"], owner["name"], address=owner["address"], contactPoint=owner["contactPoint"])
    for key, name in others.items():
        tax = {
            "scheme": "CO-RUE",
            "id": f"9009{len(parties.entries):02d}0{len(name):02d}",
            "legalName": f"{name} ({MARK})",
        }
        parties.add(key, name, identifier=tax)
    return parties


def document(key: str, kind: str, title: str, published: str, words: str = "") -> Json:
    return {
        "id": key,
        "documentType": kind,
        "title": title,
        "description": words or f"{title}. {NOT_REAL}",
        "url": f"{SITE}/documentos/{key}.pdf",
        "datePublished": day(published, 10),
        "format": "application/pdf",
        "language": "es",
    }


def place(key: str, words: str, street: str, kind: str, coordinates: list[Any]) -> Json:
    return {
        "id": key,
        "description": words,
        "geometry": {"type": kind, "coordinates": coordinates},
        "address": {
            "streetAddress": street,
            "locality": "Santiago de Cali",
            "region": "Valle del Cauca",
            "countryName": "Colombia",
        },
    }


def budget(
    parties: Parties, total: float, approved: str | None, sources: list[tuple[str, str, float]], years: Json
) -> Json:
    """Budget by source; ``sources`` are (party, words, millions)."""
    made: Json = {"description": "Presupuesto del proyecto por fuente de recursos", "amount": pesos(total)}
    if approved:
        made["approvalDate"] = day(approved, 9)
    made["budgetBreakdowns"] = [
        {
            "id": "fuentes",
            "description": "Fuentes de financiación",
            "budgetBreakdown": [
                {
                    "id": f"fuente-{number}",
                    "description": words,
                    "amount": pesos(amount),
                    "period": years,
                    "sourceParty": parties.refer(party, "funder"),
                }
                for number, (party, words, amount) in enumerate(sources, 1)
            ],
        }
    ]
    return made


def contract(  # noqa: PLR0913 - all by name: it reads like the contract
    parties: Parties,
    owner: Json,
    key: str,
    *,
    nature: str,
    title: str,
    words: str,
    status: str,
    method: str,
    method_words: str,
    published: str,
    estimate: float,
    tenderers: list[str],
    supplier: str | None = None,
    value: float | None = None,
    dates: Json | None = None,
    **more: Any,
) -> Json:
    """A contracting process; amounts in millions of pesos."""
    buyer = owner["key"]
    summary: Json = {
        "externalReference": f"DEMO-{key.upper()}",
        "nature": [nature],
        "title": title,
        "description": f"{words} {NOT_REAL}",
        "status": status,
        "tender": {
            "procurementMethod": method,
            "procurementMethodDetails": method_words,
            "datePublished": day(published, 9),
            "costEstimate": pesos(estimate),
            "procuringEntity": parties.refer(buyer, "procuringEntity"),
            "administrativeEntity": parties.refer(buyer, "administrativeEntity"),
        },
    }
    if tenderers:
        summary["tender"] |= {
            "numberOfTenderers": len(tenderers),
            "tenderers": [parties.refer(each, "tenderer") for each in tenderers],
        }
    if supplier and value is not None and dates:
        summary |= {
            "suppliers": [parties.refer(supplier, "supplier")],
            "contractValue": pesos(value),
            "contractPeriod": dates,
        }
    return {"id": f"ocds-demo01-{key}", "summary": {**summary, **more}}


def payment(parties: Parties, owner: Json, key: str, date: str, amount: float, supplier: str) -> Json:
    return {
        "id": key,
        "source": f"{SITE}/pagos",
        "date": day(date, 15),
        "value": pesos(amount),
        "payer": parties.refer(owner["key"], "payer"),
        "payee": parties.refer(supplier, "payee"),
        "uri": f"{SITE}/pagos/{key}",
    }


def progress(metric: str, title: str, observed: list[tuple[str, str, float]]) -> Json:
    return {
        "id": metric,
        "title": title,
        "description": "Porcentaje acumulado según el informe mensual de interventoría",
        "observations": [
            {
                "id": f"{metric}-{number}",
                "period": period(since, until),
                "measure": measure,
                "unit": {"name": "percent", "scheme": "UNCEFACT", "id": "P1"},
            }
            for number, (since, until, measure) in enumerate(observed, 1)
        ],
    }


def milestone(key: str, title: str, kind: str, due: str, met: str | None = None) -> Json:
    made: Json = {
        "id": key,
        "title": title,
        "type": kind,
        "dueDate": day(due),
        "status": "met" if met else "scheduled",
    }
    return made | ({"dateMet": day(met)} if met else {})


def project(owner: Json, parties: Parties, number: str, title: str, words: str, **more: Any) -> Json:
    return {
        "id": f"{PREFIX}-{number}",
        "language": "es",
        "title": f"{MARK} · {title}",
        "description": f"{words} {NOT_REAL}",
        "publicAuthority": parties.refer(owner["key"], "publicAuthority"),
        **more,
        "parties": parties.listed(),
    }


# -- Secretaría de Infraestructura ------------------------------------------------------------------------------


def avenue() -> Json:
    """In works, with an addition and an extension of time."""
    owner, builder, watcher = INFRASTRUCTURE, "CO-DEMO-VIAL", "CO-DEMO-INTER"
    parties = start(
        owner,
        {
            "CO-DEMO-BANCO": "Banca de Desarrollo Territorial",
            builder: "Consorcio Vial Oriente 2025",
            watcher: "Interventoría Andina S.A.S.",
            "CO-DEMO-PROP2": "Pavimentos del Valle S.A.S.",
            "CO-DEMO-PROP3": "Unión Temporal Calzadas",
        },
    )
    years = period("2025-01-01", "2026-12-31")
    works, extended = period("2025-06-16", "2026-09-15"), period("2025-06-16", "2026-12-31")
    return project(
        owner,
        parties,
        "infra-001",
        "Rehabilitación de la avenida Ciudad de Cali entre calles 48 y 73",
        "Reconstrucción de 2,4 kilómetros de calzada mixta, andenes accesibles, redes de aguas lluvias y señalización "
        "en las comunas 13 y 15.",
        updated=day("2026-10-28"),
        purpose="Reducir los tiempos de viaje y los siniestros viales del oriente de la ciudad.",
        status="implementation",
        type="rehabilitation",
        sector=["transport", "transport.road"],
        period=period("2024-02-01", "2027-03-31"),
        identificationPeriod=period("2024-02-01", "2024-06-30"),
        preparationPeriod=period("2024-07-01", "2025-06-15"),
        implementationPeriod=period("2025-06-16", "2026-12-31"),
        locations=[
            place(
                "tramo",
                "Corredor de la avenida Ciudad de Cali, comunas 13 y 15",
                "Avenida Ciudad de Cali entre calles 48 y 73",
                "LineString",
                [[-76.4958, 3.4213], [-76.4989, 3.4166], [-76.5021, 3.4118], [-76.5049, 3.4071]],
            )
        ],
        budget=budget(
            parties,
            18_400,
            "2024-12-05",
            [
                (owner["key"], "Sobretasa a la gasolina", 6_400),
                ("CO-DEMO-BANCO", "Crédito de desarrollo", 12_000),
            ],
            years,
        ),
        documents=[
            document("infra-001-alcance", "projectScope", "Alcance del proyecto", "2024-06-20"),
            document("infra-001-ambiental", "environmentalImpact", "Plan de manejo ambiental", "2024-11-12"),
            document(
                "infra-001-avance", "physicalProgressReport", "Informe de avance de septiembre", "2026-10-09"
            ),
        ],
        milestones=[
            milestone("inicio", "Acta de inicio", "delivery", "2025-06-16", "2025-06-16"),
            milestone(
                "tramo-1", "Entrega del tramo entre calles 48 y 60", "delivery", "2026-03-31", "2026-04-20"
            ),
            milestone("tramo-2", "Entrega del tramo entre calles 60 y 73", "delivery", "2026-12-18"),
        ],
        forecasts=[
            progress(
                "physicalProgress",
                "Avance físico programado",
                [
                    ("2025-06-16", "2025-12-31", 35),
                    ("2026-01-01", "2026-06-30", 70),
                    ("2026-07-01", "2026-12-31", 100),
                ],
            )
        ],
        metrics=[
            progress(
                "physicalProgress",
                "Avance físico medido",
                [
                    ("2025-06-16", "2025-12-31", 31.5),
                    ("2026-01-01", "2026-06-30", 62),
                    ("2026-07-01", "2026-09-30", 74),
                ],
            )
        ],
        contractingProcesses=[
            contract(
                parties,
                owner,
                "infra-001-obra",
                nature="construction",
                title="Obra: rehabilitación de la avenida Ciudad de Cali",
                words="Demolición, reconstrucción del pavimento, redes y espacio público.",
                status="active",
                method="open",
                method_words="Licitación pública",
                published="2025-02-10",
                estimate=14_900,
                tenderers=[builder, "CO-DEMO-PROP2", "CO-DEMO-PROP3"],
                supplier=builder,
                value=14_650,
                dates=works,
                documents=[
                    document("infra-001-contrato", "contractSigned", "Contrato de obra", "2025-06-03"),
                    document("infra-001-otrosi", "contractAmendment", "Otrosí número 1", "2026-07-30"),
                ],
                modifications=[
                    {
                        "id": "otrosi-1-valor",
                        "date": day("2026-07-28"),
                        "description": "Adición en valor",
                        "rationale": "Reposición de una tubería matriz que no figuraba en los planos de las redes.",
                        "type": "value",
                        "oldContractValue": pesos(14_650),
                        "newContractValue": pesos(15_820),
                    },
                    {
                        "id": "otrosi-1-plazo",
                        "date": day("2026-07-28"),
                        "description": "Prórroga del plazo",
                        "rationale": "Tiempo para la tubería matriz y por lluvias superiores al promedio.",
                        "type": "duration",
                        "oldContractPeriod": works,
                        "newContractPeriod": extended,
                    },
                ],
                transactions=[
                    payment(parties, owner, "infra-001-anticipo", "2025-07-10", 2_930, builder),
                    payment(parties, owner, "infra-001-acta-1", "2026-01-20", 3_400, builder),
                    payment(parties, owner, "infra-001-acta-2", "2026-07-15", 3_900, builder),
                ],
            ),
            contract(
                parties,
                owner,
                "infra-001-interventoria",
                nature="supervision",
                title="Interventoría: rehabilitación de la avenida Ciudad de Cali",
                words="Interventoría técnica, administrativa, financiera, jurídica y ambiental.",
                status="active",
                method="selective",
                method_words="Concurso de méritos",
                published="2025-02-24",
                estimate=1_180,
                tenderers=[watcher, "CO-DEMO-PROP2"],
                supplier=watcher,
                value=1_150,
                dates=extended,
            ),
        ],
    )


def footbridge() -> Json:
    """Finished and in use."""
    owner, builder, watcher = INFRASTRUCTURE, "CO-DEMO-PUENTES", "CO-DEMO-CALIDAD"
    parties = start(
        owner,
        {
            builder: "Estructuras Metálicas del Pacífico S.A.S.",
            watcher: "Calidad y Control Ltda.",
            "CO-DEMO-PROP4": "Puentes y Viaductos S.A.S.",
        },
    )
    works = period("2024-08-01", "2025-05-31")
    return project(
        owner,
        parties,
        "infra-002",
        "Puente peatonal accesible de la calle 5 con carrera 52",
        "Puente metálico con rampas y ascensores que une la estación de transporte masivo con el centro de salud.",
        updated=day("2026-04-15"),
        purpose="Dar paso seguro a 9.000 peatones diarios de las comunas 17, 18 y 19.",
        status="maintenance",
        type="construction",
        sector=["transport", "transport.urban"],
        period=period("2023-03-01", "2025-08-31"),
        maintenancePeriod=period("2025-09-01", "2045-08-31"),
        locations=[
            place(
                "puente", "Calle 5 con carrera 52, comuna 19", "Calle 5 # 52-00", "Point", [-76.5449, 3.4118]
            ),
        ],
        budget=budget(
            parties,
            6_200,
            "2023-12-11",
            [(owner["key"], "Recursos propios de libre destinación", 6_200)],
            period("2024-01-01", "2025-12-31"),
        ),
        documents=[
            document("infra-002-estudio", "feasibilityStudy", "Estudio de factibilidad", "2023-09-04"),
            document("infra-002-recibo", "completionCertificate", "Acta de recibo final", "2025-06-30"),
            document(
                "infra-002-auditoria", "technicalAuditReport", "Informe de auditoría técnica", "2025-10-02"
            ),
        ],
        completion={
            "endDate": day("2025-06-24"),
            "endDateDetails": "Veinticuatro días después de lo previsto, por la importación de los ascensores.",
            "finalValue": pesos(6_050),
            "finalValueDetails": "Menor cantidad de acero en las rampas.",
            "finalScope": "Puente de 62 metros, dos rampas y dos ascensores.",
            "finalScopeDetails": "Sin cambios frente al alcance aprobado.",
        },
        contractingProcesses=[
            contract(
                parties,
                owner,
                "infra-002-obra",
                nature="construction",
                title="Obra: puente peatonal de la calle 5",
                words="Fabricación y montaje del puente, rampas y ascensores.",
                status="closed",
                method="open",
                method_words="Licitación pública",
                published="2024-03-12",
                estimate=5_700,
                tenderers=[builder, "CO-DEMO-PROP4"],
                supplier=builder,
                value=5_480,
                dates=works,
                finalValue=pesos(5_480),
                transactions=[
                    payment(parties, owner, "infra-002-acta-1", "2024-12-10", 2_740, builder),
                    payment(parties, owner, "infra-002-final", "2025-07-22", 2_740, builder),
                ],
            ),
            contract(
                parties,
                owner,
                "infra-002-interventoria",
                nature="supervision",
                title="Interventoría: puente peatonal de la calle 5",
                words="Interventoría integral de la obra.",
                status="closed",
                method="selective",
                method_words="Concurso de méritos",
                published="2024-03-20",
                estimate=490,
                tenderers=[watcher, "CO-DEMO-PROP4"],
                supplier=watcher,
                value=470,
                dates=works,
                finalValue=pesos(470),
            ),
        ],
    )


# -- DAGMA ------------------------------------------------------------------------------------------------------


def river_park() -> Json:
    """Being prepared: designs under contract, works not yet tendered."""
    owner, designer = ENVIRONMENT, "CO-DEMO-PAISAJE"
    parties = start(
        owner,
        {designer: "Paisaje y Ríos Consultores S.A.S.", "CO-DEMO-PROP5": "Taller de Espacio Público"},
    )
    return project(
        owner,
        parties,
        "dagma-001",
        "Parque lineal del río Meléndez, tramo barrio Meléndez",
        "Senderos, miradores y siembra de 3.000 árboles nativos sobre 1,8 kilómetros de ribera en la comuna 18.",
        updated=day("2026-10-15"),
        purpose="Recuperar la ronda del río y ofrecer espacio público a 22.000 vecinos.",
        status="preparation",
        type="construction",
        sector=["naturalResources", "cultureSportsAndRecreation"],
        additionalClassifications=[
            {"scheme": "sdg", "id": "11", "description": "Ciudades y comunidades sostenibles"},
            {"scheme": "sdg", "id": "15", "description": "Vida de ecosistemas terrestres"},
        ],
        period=period("2026-02-01", "2028-06-30"),
        identificationPeriod=period("2026-02-01", "2026-06-30"),
        preparationPeriod=period("2026-07-01", "2027-03-31"),
        implementationPeriod=period("2027-04-01", "2028-04-30"),
        locations=[
            place(
                "ribera",
                "Ribera del río Meléndez, comuna 18",
                "Carrera 94 con calle 4",
                "Polygon",
                [
                    [
                        [-76.5441, 3.3786],
                        [-76.5362, 3.3758],
                        [-76.5356, 3.3771],
                        [-76.5434, 3.3801],
                        [-76.5441, 3.3786],
                    ]
                ],
            )
        ],
        budget=budget(
            parties,
            9_300,
            "2026-06-18",
            [(owner["key"], "Sobretasa ambiental", 9_300)],
            period("2026-07-01", "2028-12-31"),
        ),
        documents=[
            document("dagma-001-perfil", "projectPlan", "Perfil del proyecto", "2026-05-29"),
            document(
                "dagma-001-socializacion",
                "minutes.consultationMeeting",
                "Acta de socialización",
                "2026-08-22",
            ),
        ],
        social={
            "consultationMeetings": [
                {
                    "id": "socializacion-1",
                    "date": day("2026-08-15", 17),
                    "address": {
                        "streetAddress": "Caseta comunal de Meléndez",
                        "locality": "Santiago de Cali",
                    },
                    "numberOfParticipants": 86,
                    "publicOffice": {"organization": {"id": owner["key"]}, "jobTitle": "Gestora ambiental"},
                }
            ]
        },
        environment={
            "goals": ["climateChangeAdaptation"],
            "hasImpactAssessment": False,
            "inProtectedArea": False,
            "conservationMeasures": [
                {
                    "type": "habitatRestoration",
                    "description": "Siembra de especies nativas en la franja forestal",
                }
            ],
        },
        contractingProcesses=[
            contract(
                parties,
                owner,
                "dagma-001-disenos",
                nature="design",
                title="Diseños: parque lineal del río Meléndez",
                words="Diseños paisajísticos, hidráulicos y presupuesto de obra.",
                status="active",
                method="selective",
                method_words="Concurso de méritos",
                published="2026-07-06",
                estimate=540,
                tenderers=[designer, "CO-DEMO-PROP5"],
                supplier=designer,
                value=525,
                dates=period("2026-09-01", "2027-02-28"),
            )
        ],
    )


def wetland() -> Json:
    """Delivered, being settled."""
    owner, builder, watcher = ENVIRONMENT, "CO-DEMO-HUMEDAL", "CO-DEMO-BIO"
    parties = start(
        owner,
        {
            builder: "Restauración Ecológica del Sur S.A.S.",
            watcher: "Bioambiental Interventores",
            "CO-DEMO-PROP6": "Agua y Tierra Ingeniería S.A.S.",
        },
    )
    works = period("2025-09-15", "2026-08-31")
    return project(
        owner,
        parties,
        "dagma-002",
        "Restauración del humedal de Pízamos",
        "Retiro de escombros, manejo de aguas lluvias, sendero y aula ambiental en la comuna 21.",
        updated=day("2026-10-20"),
        purpose="Devolver al humedal su capacidad de regular las aguas lluvias y abrirlo a los colegios del sector.",
        status="completion",
        type="rehabilitation",
        sector=["naturalResources", "naturalResources.floodProtection"],
        period=period("2024-08-01", "2026-12-15"),
        locations=[
            place(
                "humedal",
                "Humedal de Pízamos, comuna 21",
                "Calle 123 con carrera 28D",
                "Point",
                [-76.4701, 3.4139],
            )
        ],
        budget=budget(
            parties,
            4_100,
            "2025-03-27",
            [(owner["key"], "Sobretasa ambiental", 4_100)],
            period("2025-04-01", "2026-12-31"),
        ),
        documents=[
            document("dagma-002-ambiental", "environmentalImpact", "Estudio ambiental", "2025-02-14"),
            document(
                "dagma-002-recibo", "completionCertificate", "Acta de recibo a satisfacción", "2026-09-18"
            ),
        ],
        completion={
            "endDate": day("2026-08-31"),
            "endDateDetails": "En el plazo previsto.",
            "finalScope": "Cuatro hectáreas restauradas, 900 metros de sendero y un aula.",
        },
        contractingProcesses=[
            contract(
                parties,
                owner,
                "dagma-002-obra",
                nature="construction",
                title="Obra: restauración del humedal de Pízamos",
                words="Restauración ecológica, sendero y aula ambiental.",
                status="closed",
                method="open",
                method_words="Licitación pública",
                published="2025-05-19",
                estimate=3_650,
                tenderers=[builder, "CO-DEMO-PROP6"],
                supplier=builder,
                value=3_590,
                dates=works,
                transactions=[payment(parties, owner, "dagma-002-acta-1", "2026-03-12", 1_700, builder)],
            ),
            contract(
                parties,
                owner,
                "dagma-002-interventoria",
                nature="supervision",
                title="Interventoría: restauración del humedal de Pízamos",
                words="Interventoría técnica y ambiental.",
                status="closed",
                method="limited",
                method_words="Mínima cuantía",
                published="2025-06-02",
                estimate=330,
                tenderers=[watcher, "CO-DEMO-PROP6"],
                supplier=watcher,
                value=320,
                dates=works,
            ),
        ],
    )


# -- Secretaría de Vivienda -------------------------------------------------------------------------------------


def hillside_homes() -> Json:
    """In works, in two places."""
    owner, builder, watcher = HOUSING, "CO-DEMO-LADERA", "CO-DEMO-HABITAT"
    parties = start(
        owner,
        {
            builder: "Fundación Techo y Ladera",
            watcher: "Hábitat Interventores S.A.S.",
            "CO-DEMO-PROP7": "Mejoramientos Urbanos S.A.S.",
        },
    )
    works = period("2026-03-02", "2027-02-28")
    return project(
        owner,
        parties,
        "vivienda-001",
        "Mejoramiento de 320 viviendas de ladera en las comunas 1 y 20",
        "Cubiertas, baños, cocinas y reforzamiento de viviendas de Terrón Colorado y Siloé.",
        updated=day("2026-10-21"),
        purpose="Mejorar la salubridad y la seguridad de las viviendas de 320 hogares.",
        status="implementation",
        type="rehabilitation",
        sector=["socialHousing"],
        period=period("2025-03-01", "2027-06-30"),
        locations=[
            place(
                "terron", "Terrón Colorado, comuna 1", "Avenida 4 Oeste # 19-00", "Point", [-76.5668, 3.4563]
            ),
            place("siloe", "Siloé, comuna 20", "Calle 2 Oeste con carrera 52", "Point", [-76.5546, 3.4251]),
        ],
        budget=budget(
            parties,
            7_750,
            "2025-10-09",
            [(owner["key"], "Fondo especial de vivienda", 7_750)],
            period("2026-01-01", "2027-12-31"),
        ),
        documents=[
            document("vivienda-001-alcance", "projectScope", "Alcance y criterios de selección", "2025-11-20")
        ],
        benefits=[
            {
                "title": "Viviendas más sanas y seguras",
                "description": "Hogares que dejan de vivir con cubiertas y baños en mal estado.",
                "beneficiaries": [{"description": "Personas de los 320 hogares", "numberOfPeople": 1_216}],
            }
        ],
        metrics=[
            progress(
                "physicalProgress",
                "Avance físico medido",
                [("2026-03-02", "2026-06-30", 28), ("2026-07-01", "2026-09-30", 51)],
            )
        ],
        contractingProcesses=[
            contract(
                parties,
                owner,
                "vivienda-001-obra",
                nature="construction",
                title="Obra: mejoramiento de viviendas de ladera",
                words="Mejoramientos en 320 viviendas.",
                status="active",
                method="selective",
                method_words="Selección abreviada de menor cuantía",
                published="2025-11-24",
                estimate=6_900,
                tenderers=[builder, "CO-DEMO-PROP7"],
                supplier=builder,
                value=6_840,
                dates=works,
                transactions=[payment(parties, owner, "vivienda-001-acta-1", "2026-08-05", 2_050, builder)],
            ),
            contract(
                parties,
                owner,
                "vivienda-001-interventoria",
                nature="supervision",
                title="Interventoría: mejoramiento de viviendas de ladera",
                words="Interventoría integral.",
                status="active",
                method="selective",
                method_words="Concurso de méritos",
                published="2025-12-01",
                estimate=610,
                tenderers=[watcher, "CO-DEMO-PROP7"],
                supplier=watcher,
                value=590,
                dates=works,
            ),
        ],
    )


def housing_idea() -> Json:
    """An idea with a place and a sum, nothing more yet."""
    owner = HOUSING
    parties = start(owner, {})
    return project(
        owner,
        parties,
        "vivienda-002",
        "Vivienda nueva y equipamiento en Potrero Grande",
        "Ciento ochenta apartamentos de interés prioritario, salón comunal y jardín infantil en la comuna 21.",
        updated=day("2026-09-30"),
        purpose="Ofrecer vivienda propia a hogares que hoy viven en zona de riesgo no mitigable.",
        status="identification",
        type="construction",
        sector=["socialHousing"],
        period=period("2026-07-01", "2029-12-31"),
        locations=[
            place(
                "lote",
                "Lote en Potrero Grande, comuna 21",
                "Calle 123 con carrera 28D-6",
                "Point",
                [-76.4669, 3.4161],
            )
        ],
        budget={
            "description": "Estimación preliminar, sin aprobar",
            "amount": pesos(24_500),
            "requestDate": day("2026-09-18"),
        },
        documents=[
            document("vivienda-002-necesidad", "needsAssessment", "Diagnóstico de necesidad", "2026-09-11")
        ],
    )


# -- EMCALI -----------------------------------------------------------------------------------------------------


def sewers() -> Json:
    """In works, paid by a grant and own money."""
    owner, builder, watcher = UTILITIES, "CO-DEMO-REDES", "CO-DEMO-HIDRO"
    parties = start(
        owner,
        {
            "CO-DEMO-NACION": "Ministerio de Vivienda",
            builder: "Redes y Tuberías del Cauca S.A.S.",
            watcher: "Hidrocontrol Ingenieros S.A.S.",
            "CO-DEMO-PROP8": "Zanja Cero S.A.S.",
        },
    )
    works = period("2025-11-04", "2027-01-31")
    return project(
        owner,
        parties,
        "emcali-001",
        "Reposición de redes de alcantarillado en Salomia",
        "Cambio de 5,1 kilómetros de colectores de concreto y 640 conexiones domiciliarias en la comuna 4.",
        updated=day("2026-10-26"),
        purpose="Acabar con los reboses que afectan a 1.900 predios en temporada de lluvias.",
        status="implementation",
        type="replacement",
        sector=["waterAndWaste"],
        period=period("2024-05-01", "2027-04-30"),
        locations=[
            place(
                "colector",
                "Barrio Salomia, comuna 4",
                "Carrera 5 entre calles 44 y 52",
                "LineString",
                [[-76.5079, 3.4652], [-76.5051, 3.4681], [-76.5018, 3.4711]],
            )
        ],
        budget=budget(
            parties,
            12_600,
            "2025-05-22",
            [
                (owner["key"], "Recursos de la tarifa", 8_600),
                ("CO-DEMO-NACION", "Aporte de la Nación", 4_000),
            ],
            period("2025-06-01", "2027-12-31"),
        ),
        documents=[
            document("emcali-001-diseno", "designReport", "Memoria de diseño hidráulico", "2025-04-10"),
            document(
                "emcali-001-transito", "technicalSpecifications", "Plan de manejo de tránsito", "2025-10-15"
            ),
        ],
        metrics=[
            progress(
                "physicalProgress",
                "Avance físico medido",
                [("2025-11-04", "2026-04-30", 33), ("2026-05-01", "2026-09-30", 66)],
            ),
            progress(
                "financialProgress",
                "Avance financiero",
                [("2025-11-04", "2026-04-30", 30), ("2026-05-01", "2026-09-30", 58)],
            ),
        ],
        contractingProcesses=[
            contract(
                parties,
                owner,
                "emcali-001-obra",
                nature="construction",
                title="Obra: redes de alcantarillado de Salomia",
                words="Reposición de colectores y conexiones por métodos con y sin zanja.",
                status="active",
                method="open",
                method_words="Invitación pública del régimen propio",
                published="2025-06-30",
                estimate=11_200,
                tenderers=[builder, "CO-DEMO-PROP8"],
                supplier=builder,
                value=10_980,
                dates=works,
                transactions=[
                    payment(parties, owner, "emcali-001-acta-1", "2026-02-18", 3_290, builder),
                    payment(parties, owner, "emcali-001-acta-2", "2026-08-27", 3_070, builder),
                ],
            ),
            contract(
                parties,
                owner,
                "emcali-001-interventoria",
                nature="supervision",
                title="Interventoría: redes de alcantarillado de Salomia",
                words="Interventoría técnica, administrativa y financiera.",
                status="active",
                method="open",
                method_words="Invitación pública del régimen propio",
                published="2025-07-08",
                estimate=980,
                tenderers=[watcher, "CO-DEMO-PROP8"],
                supplier=watcher,
                value=940,
                dates=works,
            ),
        ],
    )


def pump_station() -> Json:
    """Stopped before the works were tendered."""
    owner = UTILITIES
    parties = start(owner, {})
    return project(
        owner,
        parties,
        "emcali-002",
        "Ampliación de la estación de bombeo Alfonso López",
        "Ampliación de la capacidad de bombeo de aguas lluvias en la comuna 7, que será reemplazada por otra solución.",
        updated=day("2026-06-12"),
        purpose="Evacuar las aguas lluvias de la comuna 7 con crecientes del río Cauca.",
        status="cancelled",
        type="expansion",
        sector=["waterAndWaste"],
        period=period("2024-01-15", "2026-12-31"),
        locations=[
            place(
                "estacion", "Alfonso López, comuna 7", "Calle 70 con carrera 7", "Point", [-76.4866, 3.4585]
            )
        ],
        budget={
            "description": "Presupuesto retirado",
            "amount": pesos(3_300),
            "approvalDate": day("2024-09-10"),
        },
        documents=[
            document("emcali-002-cierre", "cancellationDetails", "Resolución de terminación", "2026-06-10")
        ],
    )


def package(owner: Json, name: str, projects: list[Json]) -> Json:
    """The file that an organismo publishes."""
    return {
        "uri": f"{SITE}/{name}.json",
        "publishedDate": PUBLISHED,
        "version": "0.9",
        "license": "https://creativecommons.org/licenses/by/4.0/",
        "publicationPolicy": f"{SITE}/politica-de-publicacion",
        "publisher": {"name": f"{MARK} · {owner['name']}", "uri": SITE},
        "projects": projects,
    }


def good() -> dict[str, Json]:
    """The four packages by file name."""
    return {
        "secretaria-de-infraestructura": package(INFRASTRUCTURE, "infraestructura", [avenue(), footbridge()]),
        "dagma": package(ENVIRONMENT, "dagma", [river_park(), wetland()]),
        "secretaria-de-vivienda": package(HOUSING, "vivienda", [hillside_homes(), housing_idea()]),
        "emcali": package(UTILITIES, "emcali", [sewers(), pump_station()]),
    }


# -- files with one mistake each --------------------------------------------------------------------------------

BROKEN: dict[str, Callable[[], bytes]] = {}


def lines(value: Any) -> bytes:
    return (json.dumps(value, ensure_ascii=False, indent=2) + "\n").encode()


def teaching() -> Json:
    """The package that is broken in each file: one project, with ids of its own."""
    made = package(INFRASTRUCTURE, "ejercicio", [avenue()])
    made["projects"][0]["id"] = f"{PREFIX}-ejercicio-01"
    return made


def broken(change: Callable[[Json, Json], Any]) -> Callable[[Json, Json], Any]:
    """Register ``change(package, project)`` under its name."""

    def make() -> bytes:
        made = teaching()
        change(made, made["projects"][0])
        return lines(made)

    BROKEN[change.__name__] = make
    return change


@broken
def fecha_sin_hora(package: Json, project: Json) -> None:
    project["period"] |= {"startDate": "2024-02-01", "endDate": "31/03/2027"}


@broken
def moneda_en_minuscula(package: Json, project: Json) -> None:
    project["budget"]["amount"]["currency"] = "cop"


@broken
def version_0_9_5(package: Json, project: Json) -> None:
    package["version"] = "0.9.5"


@broken
def proyecto_repetido(package: Json, project: Json) -> None:
    again = deepcopy(project)
    again["title"] += " (segunda vez)"
    package["projects"].append(again)


@broken
def estado_desconocido(package: Json, project: Json) -> None:
    project["status"] = "en ejecución"


@broken
def valores_nulos(package: Json, project: Json) -> None:
    project["purpose"] = None
    project["documents"][0]["description"] = None


@broken
def textos_vacios(package: Json, project: Json) -> None:
    project["purpose"] = ""
    project["milestones"][0]["title"] = ""
    project["additionalClassifications"] = []


@broken
def textos_de_relleno(package: Json, project: Json) -> None:
    project["purpose"] = "Por definir"
    project["budget"]["description"] = "   "


@broken
def monto_como_texto(package: Json, project: Json) -> None:
    project["budget"]["amount"]["amount"] = "$18.400.000.000"


@broken
def monto_en_millones(package: Json, project: Json) -> None:
    project["budget"] = {"amount": {"amount": 18_400, "currency": "COP"}}


@broken
def monto_sin_moneda(package: Json, project: Json) -> None:
    del project["budget"]["amount"]["currency"]


@broken
def presupuesto_que_no_suma(package: Json, project: Json) -> None:
    project["budget"]["budgetBreakdowns"][0]["budgetBreakdown"][0]["amount"]["amount"] += 3_000_000_000


@broken
def coordenadas_invertidas(package: Json, project: Json) -> None:
    points = project["locations"][0]["geometry"]["coordinates"]
    project["locations"][0]["geometry"]["coordinates"] = [
        [latitude, longitude] for longitude, latitude in points
    ]


@broken
def coordenadas_de_otro_pais(package: Json, project: Json) -> None:
    project["locations"][0]["geometry"] = {"type": "Point", "coordinates": [-3.7038, 40.4168]}


@broken
def poligono_sin_cerrar(package: Json, project: Json) -> None:
    ring = [[-76.4958, 3.4213], [-76.4989, 3.4166], [-76.5021, 3.4218], [-76.4990, 3.4240]]
    project["locations"][0]["geometry"] = {"type": "Polygon", "coordinates": [ring]}


@broken
def poligono_plano(package: Json, project: Json) -> None:
    ring = [[-76.4958, 3.4213], [-76.4989, 3.4166], [-76.5021, 3.4218], [-76.4958, 3.4213]]
    project["locations"][0]["geometry"] = {"type": "Polygon", "coordinates": ring}


@broken
def organismo_no_listado(package: Json, project: Json) -> None:
    project["parties"] = [each for each in project["parties"] if each["id"] != "CO-DEMO-VIAL"]


@broken
def rol_no_declarado(package: Json, project: Json) -> None:
    party = next(each for each in project["parties"] if each["id"] == "CO-DEMO-INTER")
    party["roles"] = ["tenderer"]


@broken
def id_repetido_en_documentos(package: Json, project: Json) -> None:
    project["documents"][1]["id"] = project["documents"][0]["id"]


@broken
def documento_sin_id(package: Json, project: Json) -> None:
    del project["documents"][0]["id"]


@broken
def documento_sin_enlace(package: Json, project: Json) -> None:
    del project["documents"][0]["url"]


@broken
def enlace_mal_escrito(package: Json, project: Json) -> None:
    project["documents"][0]["url"] = "www.demostracion.example.org/documento con espacios.pdf"


@broken
def campo_mal_escrito(package: Json, project: Json) -> None:
    project["titulo"] = project.pop("title")
    project["budget"]["approvalDates"] = project["budget"].pop("approvalDate")


@broken
def termina_antes_de_empezar(package: Json, project: Json) -> None:
    project["period"] = period("2027-03-31", "2024-02-01")


@broken
def fecha_real_en_el_futuro(package: Json, project: Json) -> None:
    project["milestones"][0]["dateMet"] = day("2058-06-16")


@broken
def terminado_sin_fecha_final(package: Json, project: Json) -> None:
    project["status"] = "maintenance"


@broken
def sector_sin_su_padre(package: Json, project: Json) -> None:
    project["sector"] = ["transport.road"]


@broken
def id_sin_prefijo(package: Json, project: Json) -> None:
    project["id"] = "2025-INFRA-001"


def raw(name: str) -> Callable[[Callable[[], bytes]], Callable[[], bytes]]:
    """Register a file that is not made by changing a project."""

    def register(make: Callable[[], bytes]) -> Callable[[], bytes]:
        BROKEN[name] = make
        return make

    return register


@raw("archivo_ocds")
def _ocds() -> bytes:
    release = {
        "ocid": "ocds-demo01-infra-001-obra",
        "id": "1",
        "date": day("2025-02-10"),
        "tag": ["tender"],
        "initiationType": "tender",
        "tender": {"id": "1", "title": f"{MARK} · Licitación de obra"},
    }
    return lines(
        {
            "uri": f"{SITE}/ocds.json",
            "version": "1.1",
            "publishedDate": PUBLISHED,
            "publisher": {"name": MARK},
            "releases": [release],
        }
    )


@raw("excel_renombrado")
def _workbook() -> bytes:
    """A workbook, small but whole, whose name says JSON."""
    out = io.BytesIO()
    parts = {
        "[Content_Types].xml": '<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        '<Override PartName="/xl/workbook.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.'
        'sheet.main+xml"/></Types>',
        "xl/workbook.xml": '<?xml version="1.0"?><workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">'
        "<sheets/></workbook>",
    }
    with zipfile.ZipFile(out, "w") as archive:
        for name, words in parts.items():
            archive.writestr(zipfile.ZipInfo(name, (2026, 1, 1, 0, 0, 0)), words)
    return out.getvalue()


@raw("json_cortado")
def _cut() -> bytes:
    whole = lines(teaching())
    return whole[: len(whole) * 2 // 3]


@raw("coma_de_mas")
def _comma() -> bytes:
    return lines(teaching()).replace(
        b'"language": "es",\n      "title"', b'"language": "es",,\n      "title"', 1
    )


@raw("codificacion_latin_1")
def _latin() -> bytes:
    return lines(teaching()).decode().encode("latin-1", "replace")


@raw("clave_repetida")
def _twice() -> bytes:
    return lines(teaching()).replace(b'"language": "es",', b'"language": "es",\n      "language": "en",', 1)


@raw("no_es_un_numero")
def _nan() -> bytes:
    return lines(teaching()).replace(b"18400000000", b"NaN", 1)


@raw("pagina_web_guardada")
def _page() -> bytes:
    return b'<!DOCTYPE html>\n<html lang="es"><head><title>Inicie sesi\xc3\xb3n</title></head><body></body></html>\n'


@raw("pdf_renombrado")
def _renamed_pdf() -> bytes:
    return minutes_pdf()


@raw("archivo_vacio")
def _empty() -> bytes:
    return b""


# -- files that are no OC4IDS and pass untouched ----------------------------------------------------------------


def minutes_pdf() -> bytes:
    """A one-page PDF, written by hand so that nothing is needed to make it."""
    words = [
        f"{MARK}: acta de comité de obra",
        "Avenida Ciudad de Cali, 9 de octubre de 2026",
        "1. Avance físico medido por la interventoría: 74 %.",
        "2. Se aprueba el plan de manejo de tránsito de la calle 60.",
        "Documento inventado para mostrar que otros archivos pasan intactos.",
    ]
    shown = b"BT /F1 13 Tf 60 760 Td 22 TL "
    for line in words:
        escaped = line.replace("\\", r"\\").replace("(", r"\(").replace(")", r"\)")
        shown += f"({escaped}) Tj T* ".encode("cp1252")
    shown += b"ET"
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>",
        b"<< /Length %d >>\nstream\n%b\nendstream" % (len(shown), shown),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
    ]
    out = b"%PDF-1.4\n"
    places = []
    for number, body in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj\n%b\nendobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    size = len(objects) + 1
    return (
        out
        + b"xref\n0 %d\n0000000000 65535 f \n%btrailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n"
        % (
            size,
            table,
            size,
            len(out),
        )
    )


def notes() -> bytes:
    return (
        f"{MARK}\n\nNotas de la visita a la ribera del río Meléndez, 15 de agosto de 2026.\n"
        "Asistieron 86 vecinos. Se pidió alumbrado en el sendero y más bancas bajo sombra.\n"
    ).encode()


def files() -> dict[str, bytes]:
    """Every file of the sample by its path in this folder."""
    made = {f"buenos/{name}.json": lines(value) for name, value in good().items()}
    made |= {f"con_errores/{name}.json": make() for name, make in BROKEN.items()}
    made["otros/acta-comite-de-obra.pdf"] = minutes_pdf()
    made["otros/notas-de-visita.txt"] = notes()
    return made


def main() -> None:
    for name, content in files().items():
        path = HERE / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


if __name__ == "__main__":
    main()
