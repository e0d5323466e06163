"""Makes OC4IDS 0.9.5 packages that are valid, rich and lifelike, the same ones for the same seed.

The works, people, firms and figures are invented; places are parts of Cali. Every project tells a story that holds
together (stage against dates, budget against its parts, payments against contracts, references against parties), so
that a finding on such a package is a mistake of the checker, or of this file.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from random import Random
from typing import Any, BinaryIO

Json = dict[str, Any]

#: the prefix of every generated project: of the registered form, and nobody's
PREFIX = "oc4ids-zz9999"
#: the moment at which the generated stories stand; nothing that has happened is later
NOW = dt.datetime(2026, 10, 1, 8, tzinfo=dt.timezone(dt.timedelta(hours=-5)))
SITE = "https://datos.example.org/oc4ids"
SIZES = ("small", "medium", "large")
STATUSES = (
    "identification",
    "preparation",
    "implementation",
    "completion",
    "maintenance",
    "decommissioning",
    "decommissioned",
)

# (title, sectors, SDG goal, unit, square metres or metres, name of the thing)
WORKS = (
    ("Rehabilitación de la malla vial", ["transport", "transport.road"], "9", "m"),
    ("Ciclorruta y andenes accesibles", ["transport", "transport.urban"], "11", "m"),
    ("Mejoramiento de la sede educativa", ["education"], "4", "m2"),
    ("Puesto de salud de primer nivel", ["health"], "3", "m2"),
    ("Parque recreativo y cancha múltiple", ["cultureSportsAndRecreation"], "11", "m2"),
    ("Reposición de redes de alcantarillado", ["waterAndWaste"], "6", "m"),
    (
        "Muro de contención y obras de drenaje",
        ["naturalResources", "naturalResources.floodProtection"],
        "13",
        "m",
    ),
    ("Alumbrado público con paneles solares", ["energy", "energy.solar"], "7", "u"),
)
# (barrio, comuna, longitude, latitude)
PLACES = (
    ("Terrón Colorado", 1, -76.5667, 3.4562),
    ("Granada", 2, -76.5364, 3.4579),
    ("San Antonio", 3, -76.5412, 3.4468),
    ("Salomia", 4, -76.5047, 3.4683),
    ("Los Guayacanes", 5, -76.4959, 3.4745),
    ("Floralia", 6, -76.4938, 3.4867),
    ("Alfonso López", 7, -76.4863, 3.4583),
    ("El Guabal", 10, -76.5259, 3.4215),
    ("El Poblado II", 13, -76.4962, 3.4216),
    ("Mojica", 15, -76.4857, 3.4102),
    ("Meléndez", 18, -76.5423, 3.3813),
    ("Siloé", 20, -76.5543, 3.4253),
    ("Pízamos", 21, -76.4703, 3.4137),
)
FIRMS = (
    "Andina de Obras",
    "Constructora Río Pance",
    "Ingenieros del Pacífico",
    "Consorcio Farallones",
    "Unión Vial 21",
)
SUPERVISORS = ("Interventores Asociados", "Control y Calidad", "Consultoría La Ceiba")
PEOPLE = (
    "Marta Lucía Ocoró",
    "Jairo Andrés Lasso",
    "Nubia Estela Caicedo",
    "Hernán Darío Mosquera",
    "Olga Viáfara",
)


@dataclass(frozen=True)
class Profile:
    """How much of the standard a size fills."""

    paragraphs: int
    documents: int
    observations: int
    payments: int
    everything: bool


PROFILES = {
    "small": Profile(1, 1, 0, 0, False),
    "medium": Profile(2, 2, 3, 2, False),
    "large": Profile(2, 2, 2, 1, True),
}


def moment(value: dt.datetime) -> str:
    """RFC 3339 with the offset of Bogotá."""
    return value.replace(microsecond=0).isoformat()


@dataclass
class Story:
    """What one project's parts must agree on."""

    number: int
    profile: Profile
    random: Random
    status: str
    title: str
    sectors: list[str]
    goal: str
    unit: str
    barrio: str
    comuna: int
    point: tuple[float, float]
    budget: int
    starts: dict[str, dt.datetime]
    parties: dict[str, Json] = field(default_factory=dict)

    @property
    def id(self) -> str:
        return f"{PREFIX}-{self.number:06d}"

    def reached(self, stage: str) -> bool:
        """Whether the stage has begun at :data:`NOW`."""
        return self.starts[stage] <= NOW

    def period(self, start: dt.datetime, end: dt.datetime) -> Json:
        period: Json = {
            "startDate": moment(start),
            "endDate": moment(end),
            "durationInDays": (end - start).days,
        }
        if self.profile.everything:
            period["maxExtentDate"] = moment(end + dt.timedelta(days=60))
        return period

    def money(self, amount: int) -> Json:
        return {"amount": amount, "currency": "COP"}

    def link(self, *parts: object) -> str:
        return "/".join((SITE, "p", str(self.number), *map(str, parts)))

    def refer(self, party: str, role: str) -> Json:
        """A reference to one of the parties, who gets the role that the reference implies."""
        organization = self.parties[party]
        if role not in organization["roles"]:
            organization["roles"].append(role)
        return {"id": organization["id"], "name": organization["name"]}


def story(number: int, size: str, seed: int) -> Story:
    """Decide what project ``number`` is about. The same arguments give the same story."""
    random = Random(f"{seed}/{size}/{number}")  # noqa: S311
    work = WORKS[random.randrange(len(WORKS))]
    barrio, comuna, longitude, latitude = PLACES[random.randrange(len(PLACES))]
    status = random.choice(STATUSES if size == "small" else STATUSES[2:5])
    days = {
        "identification": random.randint(90, 180),
        "preparation": random.randint(200, 330),
        "implementation": random.randint(300, 600),
        "completion": random.randint(60, 120),
        "maintenance": random.randint(1500, 2500),
        "decommissioning": random.randint(60, 120),
        "decommissioned": 3000,
    }
    start = NOW - dt.timedelta(days=round(days[status] * random.uniform(0.5, 0.9)))
    for stage in reversed(STATUSES[: STATUSES.index(status)]):
        start -= dt.timedelta(days=days[stage])
    starts = {}
    for stage in STATUSES:
        starts[stage] = start
        start += dt.timedelta(days=days[stage])
    return Story(
        number=number,
        profile=PROFILES[size],
        random=random,
        status=status,
        title=f"{work[0]} en {barrio}, comuna {comuna}",
        sectors=list(work[1]),
        goal=work[2],
        unit=work[3],
        barrio=barrio,
        comuna=comuna,
        point=(
            round(longitude + random.uniform(-0.004, 0.004), 6),
            round(latitude + random.uniform(-0.004, 0.004), 6),
        ),
        budget=random.randint(400, 18_000) * 1_000_000,
        starts=starts,
    )


def address(tale: Story, street: str) -> Json:
    return {
        "streetAddress": street,
        "locality": "Santiago de Cali",
        "region": "Valle del Cauca",
        "postalCode": f"7600{tale.comuna:02d}",
        "countryName": "Colombia",
    }


def contact(tale: Story, name: str) -> Json:
    return {
        "name": name,
        "email": f"contacto{tale.number}@example.org",
        "telephone": "+57 602 000 0000",
        "faxNumber": "+57 602 000 0001",
        "url": f"{SITE}/contacto",
    }


def identifier(number: int, name: str) -> Json:
    return {
        "scheme": "CO-RUE",
        "id": f"900{number:06d}",
        "legalName": name,
        "uri": f"{SITE}/empresas/900{number:06d}",
    }


def person(tale: Story, key: str, name: str, job: str) -> Json:
    return {
        "id": key,
        "name": name,
        "identifier": {
            "scheme": "CO-CC",
            "id": f"1{tale.number:08d}",
            "legalName": name,
            "uri": f"{SITE}/personas/{key}",
        },
        "nationalities": ["CO"],
        "address": address(tale, "Calle 13 # 4-25"),
        "email": f"{key}@example.org",
        "faxNumber": "+57 602 000 0003",
        "telephone": "+57 602 000 0002",
        "jobTitle": job,
    }


def enrol(tale: Story, key: str, name: str) -> None:
    """Add an organisation to the story; its roles come from the references to it."""
    number = len(tale.parties) + 1 + tale.number * 10
    party: Json = {
        "id": f"CO-{number:08d}",
        "name": name,
        "identifier": identifier(number, name),
        "roles": [],
    }
    if tale.profile.paragraphs > 1:
        party["address"] = address(tale, f"Avenida 2 Norte # {number % 60 + 1}-{number % 90 + 10}")
        party["contactPoint"] = contact(tale, "Atención al ciudadano")
    if tale.profile.everything:
        party["additionalIdentifiers"] = [
            {
                "scheme": "CO-NIT",
                "id": f"8{number:08d}",
                "legalName": name,
                "uri": f"{SITE}/nit/8{number:08d}",
            }
        ]
        if key in ("authority", "builder"):
            party["people"] = [person(tale, f"{key}-1", tale.random.choice(PEOPLE), "Dirección técnica")]
            party["classifications"] = [
                classification("costIdsLegalType", "public" if key == "authority" else "private")
            ]
        if key == "builder":
            party["beneficialOwners"] = [
                person(tale, "socio-1", tale.random.choice(PEOPLE), "Socio mayoritario")
            ]
    tale.parties[key] = party


def classification(scheme: str, code: str, words: str = "Clasificación de referencia") -> Json:
    return {"scheme": scheme, "id": code, "description": words, "uri": f"{SITE}/{scheme}/{code}"}


def document(tale: Story, key: str, kind: str, title: str, published: dt.datetime) -> Json:
    fields: Json = {
        "id": key,
        "documentType": kind,
        "title": title,
        "url": tale.link("documentos", f"{key}.pdf"),
        "datePublished": moment(min(published, NOW)),
        "format": "application/pdf",
        "language": "es",
    }
    if tale.profile.paragraphs > 1:
        fields["description"] = f"{title} del proyecto «{tale.title}», en la versión firmada."
    if tale.profile.everything:
        fields |= {
            "dateModified": moment(min(published + dt.timedelta(days=3), NOW)),
            "pageStart": "1",
            "pageEnd": "18",
            "accessDetails": "Consulta libre en línea",
            "author": "Oficina técnica",
        }
    return fields


def location(tale: Story, key: str, kind: str = "Point") -> Json:
    x, y = tale.point
    coordinates: list[Any] = [x, y]
    if kind == "LineString":
        coordinates = [
            [x, y],
            [round(x + 0.003, 6), round(y + 0.001, 6)],
            [round(x + 0.005, 6), round(y + 0.004, 6)],
        ]
    elif kind == "Polygon":
        a, b = round(x + 0.002, 6), round(y + 0.002, 6)
        coordinates = [[[x, y], [a, y], [a, b], [x, b], [x, y]]]
    place: Json = {
        "id": key,
        "description": f"Barrio {tale.barrio}, comuna {tale.comuna}",
        "geometry": {"type": kind, "coordinates": coordinates},
    }
    if tale.profile.paragraphs > 1:
        place["address"] = address(tale, f"Carrera {tale.comuna} # {tale.number % 80 + 1}-20")
    if tale.profile.everything:
        place["gazetteer"] = {"scheme": "GEONAMES", "identifiers": ["3687925"]}
        place["uri"] = tale.link("lugares", key)
    return place


def observation(tale: Story, key: str, start: dt.datetime, end: dt.datetime, measure: Any) -> Json:
    metric: Json = {
        "id": key,
        "period": tale.period(start, end),
        "measure": measure,
        "unit": {"name": "percent", "scheme": "UNCEFACT", "id": "P1"},
    }
    if tale.profile.everything:
        metric["unit"]["uri"] = f"{SITE}/unidades/P1"
        metric["value"] = tale.money(tale.budget)
        metric["dimensions"] = {"tramo": "1"}
        metric["notes"] = "Medida en el comité de obra"
    return metric


def progress(tale: Story, *, planned: bool) -> list[Json]:
    """Percentages of works and money over the implementation, as forecast or as measured until now."""
    start, end = tale.starts["implementation"], tale.starts["completion"]
    steps = tale.profile.observations
    rows = []
    for metric, title in (("physicalProgress", "Avance físico"), ("financialProgress", "Avance financiero")):
        observed = []
        for step in range(steps):
            since = start + (end - start) * step / steps
            until = start + (end - start) * (step + 1) / steps
            if not planned and until > NOW:
                break
            measure = round(100 * (step + 1) / steps * (1 if planned else 0.96), 1)
            observed.append(observation(tale, f"{metric}-{step + 1}", since, until, measure))
        if observed:
            rows.append(
                {
                    "id": metric,
                    "title": title,
                    "description": "Porcentaje acumulado al cierre de cada periodo",
                    "observations": observed,
                }
            )
    return rows


def milestone(tale: Story, key: str, kind: str, title: str, due: dt.datetime) -> Json:
    met = due <= NOW
    fields: Json = {
        "id": key,
        "title": title,
        "type": kind,
        "description": f"{title}, con acta firmada por las partes",
        "dueDate": moment(due),
        "status": "met" if met else "scheduled",
    }
    if met:
        fields["dateMet"] = moment(due)
    if tale.profile.everything:
        fields["code"] = "commencement"
        fields["dateModified"] = moment(min(due, NOW))
        fields["value"] = tale.money(tale.budget // 10)
    return fields


def transaction(tale: Story, key: str, date: dt.datetime, amount: int, payee: str) -> Json:
    return {
        "id": key,
        "source": tale.link("pagos"),
        "date": moment(date),
        "value": tale.money(amount),
        "payer": tale.refer("authority", "payer"),
        "payee": tale.refer(payee, "payee"),
        "uri": tale.link("pagos", key),
        "relatedImplementationMilestone": {"id": "hito-1", "title": "Acta de inicio"},
    }


def finance(tale: Story, key: str, amount: int) -> Json:
    start, end = tale.starts["preparation"], tale.starts["completion"]
    return {
        "id": key,
        "title": "Empréstito para infraestructura",
        "description": "Crédito de la banca de desarrollo con garantía de rentas",
        "value": tale.money(amount),
        "financingParty": tale.refer("bank", "funder"),
        "financingPartyType": "institutional",
        "source": "Crédito público",
        "assetClass": ["debt"],
        "type": "loan",
        "repaymentPriority": "senior",
        "concessional": False,
        "resultsBased": False,
        "period": tale.period(start, end),
        "paymentPeriod": tale.period(end, end + dt.timedelta(days=1800)),
        "paymentFrequency": 4,
        "interestRate": {"base": "IBR", "margin": 2.35, "fixed": False, "notes": "Tasa variable trimestral"},
        "exchangeRateGuarantee": False,
        "stepInRights": True,
        "relatedLots": ["1"],
    }


def budget(tale: Story) -> Json:
    """A budget whose parts add up to its amount."""
    requested = tale.starts["identification"] + dt.timedelta(days=30)
    approved = tale.starts["identification"] + dt.timedelta(days=75)
    fields: Json = {"amount": tale.money(tale.budget), "requestDate": moment(requested)}
    if approved <= NOW:
        fields["approvalDate"] = moment(approved)
    if tale.profile.paragraphs > 1:
        half = tale.budget // 2
        parts = []
        for key, source, amount in (("propios", "authority", tale.budget - half), ("credito", "bank", half)):
            part: Json = {
                "id": key,
                "description": "Recursos propios" if key == "propios" else "Recursos del crédito",
                "amount": tale.money(amount),
                "period": tale.period(tale.starts["preparation"], tale.starts["completion"]),
                "sourceParty": tale.refer(source, "funder"),
            }
            if tale.profile.everything:
                part["uri"] = tale.link("presupuesto", key)
                part["approvalDate"] = moment(approved)
            parts.append(part)
        fields["description"] = "Presupuesto plurianual aprobado para el proyecto"
        fields["budgetBreakdowns"] = [
            {"id": "fuentes", "description": "Por fuente de recursos", "budgetBreakdown": parts}
        ]
    if tale.profile.everything:
        fields["finance"] = [finance(tale, "emprestito", tale.budget // 2)]
    return fields


def modification(tale: Story, value: int, start: dt.datetime, end: dt.datetime, releases: bool) -> list[Json]:
    date = start + (end - start) / 2
    if date > NOW:
        return []
    later = end + dt.timedelta(days=45)
    changes = [
        {
            "id": "otrosi-1",
            "date": moment(date),
            "description": "Otrosí número uno",
            "rationale": "Mayor cantidad de obra por redes no previstas en los planos",
            "type": "value",
            "oldContractValue": tale.money(value),
            "newContractValue": tale.money(value + value // 10),
        },
        {
            "id": "otrosi-2",
            "date": moment(date),
            "description": "Otrosí número dos",
            "rationale": "Lluvias por encima del promedio durante el trimestre",
            "type": "duration",
            "oldContractPeriod": tale.period(start, end),
            "newContractPeriod": tale.period(start, later),
        },
    ]
    if releases:
        for each in changes:
            each["releaseID"] = f"{tale.number}-contrato-2"
    return changes


def process(
    tale: Story, key: str, nature: str, supplier: str, share: float, window: tuple[dt.datetime, dt.datetime]
) -> Json:
    """One contracting process, as far as it has come."""
    start, end = window
    published = start - dt.timedelta(days=90)
    value = int(tale.budget * share)
    words = {
        "construction": "Obra",
        "supervision": "Interventoría de la obra",
        "design": "Estudios y diseños",
    }[nature]
    rivals = [supplier, "rival"]
    summary: Json = {
        "externalReference": f"PROC-{tale.number:06d}-{key}",
        "nature": [nature],
        "title": f"{words}: {tale.title}",
        "description": f"{words} según pliego y especificaciones técnicas del proyecto.",
        "status": "closed" if end <= NOW else "active",
        "tender": {
            "procurementMethod": "open",
            "procurementMethodDetails": "Licitación pública",
            "datePublished": moment(published),
            "costEstimate": tale.money(value + value // 50),
            "numberOfTenderers": len(rivals),
            "tenderers": [tale.refer(each, "tenderer") for each in rivals],
            "procuringEntity": tale.refer("authority", "procuringEntity"),
            "administrativeEntity": tale.refer("authority", "administrativeEntity"),
        },
        "suppliers": [tale.refer(supplier, "supplier")],
        "contractValue": tale.money(value),
        "contractPeriod": tale.period(start, end),
    }
    fields: Json = {"id": f"ocds-zz9999-{tale.number:06d}-{key}", "summary": summary}
    if end <= NOW:
        summary["finalValue"] = tale.money(value)
    if tale.profile.paragraphs > 1:
        kinds = (
            ("contrato", "contractSigned", "Contrato firmado"),
            ("tecnicas", "technicalSpecifications", "Anexo técnico"),
        )
        summary["documents"] = [
            document(tale, f"{key}-{name}", kind, title, start) for name, kind, title in kinds
        ]
    payments = tale.profile.payments
    paid = [start + (end - start) * (step + 1) / payments for step in range(payments)]
    moments = [each for each in paid if each <= NOW]
    if moments:
        summary["transactions"] = [
            transaction(tale, f"{key}-pago-{n + 1}", each, value // payments, supplier)
            for n, each in enumerate(moments)
        ]
    if tale.profile.everything:
        summary["ocid"] = fields["id"]
        summary["tender"]["sustainability"] = [{"strategies": ["awardCriteria"]}]
        summary["milestones"] = [milestone(tale, "hito-1", "delivery", "Acta de inicio", start)]
        summary["finance"] = [finance(tale, f"{key}-credito", value // 2)]
        summary["social"] = {
            "laborBudget": tale.money(value // 5),
            "laborObligations": {
                "obligations": ["minimumWage", "equalOpportunities"],
                "description": "Contratación de mano de obra de la comuna",
            },
        }
        fields["releases"] = [
            {
                "id": f"{tale.number}-contrato-{n}",
                "tag": [tag],
                "date": moment(start),
                "url": tale.link("ocds", f"{key}-{n}.json"),
            }
            for n, tag in ((1, "contract"), (2, "implementation"))
        ]
        if nature == "construction":
            changes = modification(tale, value, start, end, releases=True)
            if changes:
                summary["modifications"] = changes
    return fields


def meeting(tale: Story, key: str) -> Json:
    return {
        "id": key,
        "date": moment(tale.starts["preparation"] + dt.timedelta(days=20)),
        "address": address(tale, "Casa comunal"),
        "numberOfParticipants": 48,
        "publicOffice": {
            "person": {"name": tale.random.choice(PEOPLE)},
            "organization": tale.refer("authority", "publicAuthority"),
            "jobTitle": "Profesional de participación",
        },
    }


def everything_else(tale: Story) -> Json:
    """The building blocks that few publishers use, so that no path of the standard goes untested."""
    end = tale.starts["completion"]
    return {
        "costMeasurements": [
            {
                "id": "costo-1",
                "date": moment(tale.starts["preparation"]),
                "lifeCycleCosting": {"value": tale.money(tale.budget * 2)},
                "costGroups": [
                    {
                        "id": "obra",
                        "category": "construction",
                        "costs": [
                            {
                                "id": "movimiento-tierras",
                                "classification": classification("icms", "2.1", "Preparación del terreno"),
                                "value": tale.money(tale.budget // 12),
                            }
                        ],
                    }
                ],
            }
        ],
        "transactions": [
            transaction(tale, "giro-1", tale.starts["implementation"], tale.budget // 4, "builder")
        ],
        "milestones": [
            milestone(tale, "viabilidad", "approval", "Concepto de viabilidad", tale.starts["preparation"])
        ],
        "relatedProjects": [
            {
                "id": "anterior",
                "scheme": "oc4ids",
                "identifier": f"{PREFIX}-{tale.number:06d}-1",
                "relationship": "rehabilitation",
                "title": "Obra anterior en el mismo sitio",
                "uri": tale.link("anterior"),
            }
        ],
        "policyAlignment": {
            "policies": ["SDG", "nationalPlan"],
            "description": "Aporta al plan de desarrollo y a los objetivos de desarrollo sostenible",
        },
        "benefits": [
            {
                "title": "Menor tiempo de viaje",
                "description": "Vecinos que llegan antes a su trabajo o estudio",
                "beneficiaries": [
                    {
                        "location": location(tale, "beneficiarios"),
                        "description": "Residentes del barrio y sus alrededores",
                        "numberOfPeople": 12_400,
                    }
                ],
            }
        ],
        "social": {
            "consultationMeetings": [meeting(tale, "socializacion-1")],
            "landCompensationBudget": tale.money(tale.budget // 40),
            "inIndigenousLand": False,
            "healthAndSafety": {
                "materialTests": {
                    "tests": ["concrete", "asphalt"],
                    "description": "Ensayos de resistencia en laboratorio acreditado",
                }
            },
        },
        "environment": {
            "goals": ["climateChangeAdaptation"],
            "climateOversightTypes": ["external"],
            "hasImpactAssessment": True,
            "impactCategories": [classification("ifc-environmental-social", "B", "Impactos moderados")],
            "climateMeasures": [
                {"type": ["recycledMaterials"], "description": "Fresado reutilizado en la base"}
            ],
            "conservationMeasures": [{"type": "soilManagement", "description": "Manejo de la capa vegetal"}],
            "environmentalMeasures": [{"type": "wasteManagement", "description": "Separación de escombros"}],
            "abatementCost": tale.money(tale.budget // 60),
            "inProtectedArea": False,
        },
        "lobbyingMeetings": [meeting(tale, "reunion-1")],
        "identifiers": [{"id": f"BPIN-{2020_000_000 + tale.number}", "scheme": "CO-BPIN"}],
        "additionalClassifications": [classification("sdg", tale.goal, "Objetivo de desarrollo sostenible")],
        "assetLifetime": tale.period(end, end + dt.timedelta(days=7300)),
    }


def completion(tale: Story) -> Json:
    fields: Json = {"endDate": moment(tale.starts["completion"]), "finalValue": tale.money(tale.budget)}
    if tale.profile.paragraphs > 1:
        fields |= {
            "endDateDetails": "La obra se recibió en la fecha prevista",
            "finalValueDetails": "Valor según acta de liquidación",
            "finalScope": "Se entregó la totalidad de lo contratado",
            "finalScopeDetails": "Sin cambios frente al alcance aprobado",
        }
    return fields


def project(number: int, size: str = "medium", seed: int = 0) -> Json:
    """One valid project.

    :param number: which one; it is part of the id, so it must differ inside a package
    :param size: one of :data:`SIZES`; about 4, 15 and 34 kB
    :param seed: another seed, another city of projects
    """
    tale = story(number, size, seed)
    profile = tale.profile
    enrol(tale, "authority", "Secretaría de Infraestructura de prueba")
    enrol(tale, "bank", "Banco de Desarrollo de prueba")
    enrol(tale, "builder", f"{tale.random.choice(FIRMS)} de prueba S.A.S.")
    enrol(tale, "watcher", f"{tale.random.choice(SUPERVISORS)} de prueba S.A.S.")
    enrol(tale, "rival", "Proponente Segundo de prueba S.A.S.")
    starts = tale.starts
    fields: Json = {
        "id": tale.id,
        "updated": moment(NOW - dt.timedelta(days=number % 60)),
        "title": tale.title,
        "description": " ".join(
            f"Obra {n + 1} de {profile.paragraphs}: intervención en el barrio {tale.barrio} pedida por la comunidad en "
            "los encuentros de planeación y recogida en el plan de desarrollo."
            for n in range(profile.paragraphs)
        ),
        "status": tale.status,
        "type": "rehabilitation" if tale.unit == "m" else "construction",
        "sector": tale.sectors,
        "purpose": "Mejorar las condiciones de vida de quienes habitan la comuna",
        "publicAuthority": tale.refer("authority", "publicAuthority"),
        "locations": [location(tale, "sitio")],
        "period": tale.period(starts["identification"], starts["maintenance"]),
        "budget": budget(tale),
        "documents": [
            document(tale, f"doc-{n + 1}", kind, title, starts["identification"] + dt.timedelta(days=40 + n))
            for n, (kind, title) in enumerate(
                (
                    ("projectScope", "Alcance del proyecto"),
                    ("feasibilityStudy", "Estudio de factibilidad"),
                    ("environmentalImpact", "Estudio ambiental"),
                )[: profile.documents]
            )
        ],
    }
    if profile.paragraphs > 1:
        fields["language"] = "es"
        fields["locations"].append(location(tale, "tramo", "LineString"))
        for stage, after in zip(STATUSES[:6], STATUSES[1:], strict=True):
            fields[f"{stage}Period"] = tale.period(starts[stage], starts[after])
    if profile.everything:
        fields["locations"].append(location(tale, "predio", "Polygon"))
        fields |= everything_else(tale)
    if profile.observations and tale.reached("implementation"):
        fields["forecasts"] = progress(tale, planned=True)
        measured = progress(tale, planned=False)
        if measured:
            fields["metrics"] = measured
    if tale.reached("implementation"):
        window = (starts["implementation"], starts["completion"])
        fields["contractingProcesses"] = [
            process(tale, "obra", "construction", "builder", 0.8, window),
            process(tale, "interventoria", "supervision", "watcher", 0.08, window),
        ]
        if profile.everything:
            before = (starts["preparation"] + dt.timedelta(days=100), starts["implementation"])
            fields["contractingProcesses"].append(process(tale, "disenos", "design", "watcher", 0.05, before))
    if tale.reached("completion"):
        fields["completion"] = completion(tale)
    fields["parties"] = [each for each in tale.parties.values() if each["roles"]]
    return fields


def head() -> Json:
    """A package without its projects."""
    return {
        "uri": f"{SITE}/projects.json",
        "publishedDate": moment(NOW),
        "version": "0.9",
        "license": "https://creativecommons.org/licenses/by/4.0/",
        "publicationPolicy": f"{SITE}/politica",
        "publisher": {
            "name": "Publicador de prueba",
            "scheme": "CO-RUE",
            "uid": "890000000",
            "uri": "https://datos.example.org",
        },
    }


def package(projects: list[Json]) -> Json:
    """A package of these projects."""
    return {**head(), "projects": projects}


def projects(count: int, size: str = "medium", seed: int = 0) -> Iterator[Json]:
    """``count`` valid projects."""
    return (project(number, size, seed) for number in range(1, count + 1))


def make(count: int = 1, size: str = "medium", seed: int = 0) -> Json:
    """A valid package of ``count`` projects."""
    return package(list(projects(count, size, seed)))


def encode(value: Any) -> bytes:
    """JSON as publishers write it: UTF-8, accents as themselves."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def write(out: BinaryIO, made: Iterator[Json]) -> int:
    """Write a package project by project, however many there are.

    :returns: bytes written
    """
    written = out.write(encode(head())[:-1] + b', "projects": [\n')
    for number, each in enumerate(made):
        written += out.write((b",\n" if number else b"") + encode(each))
    return written + out.write(b"\n]}\n")
