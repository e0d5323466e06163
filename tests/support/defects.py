"""Kinds of mistake that publishers make, each as a function that makes it in a valid package.

``DEFECTS`` maps a name to a :class:`Defect`: what to do, the finding that must follow, and the field it must be at.
``defective(name)`` gives a package with that mistake and no other. All are applied to one large project in
implementation, which has every part of the standard, so that there is something to break.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from . import generate

Json = generate.Json
Change = Callable[[Json, Json], None]


@dataclass(frozen=True)
class Defect:
    """A mistake: ``change(package, project)`` makes it; ``code`` at ``field`` (no indexes) must be found."""

    name: str
    code: str
    field: str
    change: Change


DEFECTS: dict[str, Defect] = {}


def _base() -> Json:
    number = next(n for n in range(1, 99) if generate.story(n, "large", 0).status == "implementation")
    return generate.package([generate.project(number, "large"), generate.project(number + 100, "small")])


_BASE = _base()


def valid() -> Json:
    """The package before anything is broken."""
    return deepcopy(_BASE)


def defective(name: str) -> Json:
    """A package with the mistake ``name``."""
    package = valid()
    DEFECTS[name].change(package, package["projects"][0])
    return package


def defect(code: str, field: str = "") -> Callable[[Change], Change]:
    """Register a function as a defect under its own name."""

    def register(change: Change) -> Change:
        name = change.__name__
        if name in DEFECTS:
            raise ValueError(f"defect named twice: {name}")
        DEFECTS[name] = Defect(name, code, field, change)
        return change

    return register


def step(node: Any, path: str) -> tuple[Any, str | int]:
    """The parent of ``path`` below ``node`` and the last step; a number enters a list."""
    *way, last = [int(each) if each.isdigit() else each for each in path.split("/")]
    for each in way:
        node = node[each]
    return node, last


def set_to(name: str, code: str, path: str, value: Any) -> None:
    """Register "this field has this value"."""

    def change(package: Json, project: Json) -> None:
        parent, last = step(project, path)
        parent[last] = deepcopy(value)

    change.__name__ = name
    defect(code, "/".join(each for each in path.split("/") if not each.isdigit()))(change)


def without(name: str, code: str, path: str, field: str) -> None:
    """Register "this field is not there"."""

    def change(package: Json, project: Json) -> None:
        parent, last = step(project, path)
        del parent[last]

    change.__name__ = name
    defect(code, field)(change)


CONTRACT = "contractingProcesses/0/summary"

# -- errors of the schema: what the review tool counts ----------------------------------------------------------

for _name, _path, _value in (
    ("date_without_time", "period/startDate", "2024-01-01"),
    ("date_day_first", "period/endDate", "31/12/2025"),
    ("date_without_zone", "updated", "2024-01-01T00:00:00"),
    ("date_with_space", "budget/approvalDate", "2024-01-01 00:00:00-05:00"),
    ("date_february_30", "documents/0/datePublished", "2024-02-30T00:00:00Z"),
    ("date_in_words", f"{CONTRACT}/contractPeriod/startDate", "enero de 2025"),
    ("date_of_month", "implementationPeriod/startDate", "2025-01"),
    ("date_of_release", "contractingProcesses/0/releases/0/date", "2024-13-01T00:00:00Z"),
):
    set_to(_name, "schema.format_date_time", _path, _value)

for _name, _path, _value in (
    ("link_without_scheme", "documents/0/url", "www.cali.gov.co/acta.pdf"),
    ("link_with_spaces", "documents/0/url", "https://datos.example.org/acta de obra.pdf"),
    ("link_of_party", "parties/0/contactPoint/url", "cali"),
    ("link_of_classification", "additionalClassifications/0/uri", "//sdg 11"),
):
    set_to(_name, "schema.format_uri", _path, _value)

set_to("email_without_at", "schema.format_email", "parties/0/people/0/email", "contacto.cali.gov.co")

for _name, _path, _value in (
    ("title_null", "title", None),
    ("title_number", "title", 2024),
    ("status_null", "status", None),
    ("sector_text", "sector", "transport"),
    ("period_text", "period", "2024-2025"),
    ("parties_object", "parties", {"id": "1"}),
    ("documents_of_text", "documents", ["https://datos.example.org/a.pdf"]),
    ("amount_text", "budget/amount/amount", "1200000000"),
    ("amount_with_points", f"{CONTRACT}/contractValue/amount", "1.200.000.000"),
    ("amount_null", "budget/amount/amount", None),
    ("amount_boolean", "budget/amount/amount", True),
    ("currency_null", "budget/amount/currency", None),
    ("duration_decimal", "period/durationInDays", 10.5),
    ("duration_text", "period/durationInDays", "365"),
    ("coordinates_text", "locations/0/geometry/coordinates", "3.42,-76.51"),
    ("party_id_number", "parties/0/id", 890399011),
    ("reference_text", "publicAuthority", "Alcaldía"),
    ("roles_text", "parties/0/roles", "supplier"),
    ("tenderers_count_text", f"{CONTRACT}/tender/numberOfTenderers", "2"),
    ("impact_assessment_text", "environment/hasImpactAssessment", "sí"),
    ("people_decimal", "benefits/0/beneficiaries/0/numberOfPeople", 12.5),
    ("measure_list", "forecasts/0/observations/0/measure", [10]),
    ("completion_list", "completion", []),
    ("contract_id_number", "contractingProcesses/0/id", 1),
):
    set_to(_name, "schema.type", _path, _value)

for _name, _path in (
    ("title_empty", "title"),
    ("description_empty", "description"),
    ("party_name_empty", "parties/0/name"),
    ("document_title_empty", "documents/0/title"),
    ("address_empty", "locations/0/address/streetAddress"),
):
    set_to(_name, "schema.min_length", _path, "")

for _name, _path in (
    ("sector_empty_list", "sector"),
    ("documents_empty_list", "documents"),
    ("roles_empty_list", "parties/0/roles"),
    ("identifiers_empty_list", "locations/0/gazetteer/identifiers"),
    ("contracts_empty_list", "contractingProcesses"),
):
    set_to(_name, "schema.min_items", _path, [])

for _name, _path in (
    ("budget_empty_object", "budget"),
    ("period_empty_object", "period"),
    ("value_empty_object", f"{CONTRACT}/contractValue"),
    ("location_empty_address", "locations/0/address"),
):
    set_to(_name, "schema.min_properties", _path, {})

set_to("payment_frequency_negative", "schema.minimum", "budget/finance/0/paymentFrequency", -1)

without("project_without_id", "schema.required", "id", "id")
without("document_without_id", "schema.required", "documents/0/id", "documents/id")
without("location_without_id", "schema.required", "locations/0/id", "locations/id")
without("contract_without_id", "schema.required", "contractingProcesses/0/id", "contractingProcesses/id")
without(
    "release_without_url",
    "schema.required",
    "contractingProcesses/0/releases/0/url",
    "contractingProcesses/releases/url",
)
without(
    "breakdown_without_id",
    "schema.required",
    "budget/budgetBreakdowns/0/budgetBreakdown/0/id",
    "budget/budgetBreakdowns/budgetBreakdown/id",
)
without(
    "transaction_without_id",
    "schema.required",
    f"{CONTRACT}/transactions/0/id"
    if "transactions" in _BASE["projects"][0]["contractingProcesses"][0]["summary"]
    else "transactions/0/id",
    "contractingProcesses/summary/transactions/id"
    if "transactions" in _BASE["projects"][0]["contractingProcesses"][0]["summary"]
    else "transactions/id",
)


@defect("schema.unique_items", "sector")
def sector_twice(package: Json, project: Json) -> None:
    project["sector"] = ["transport", "transport.road", "transport"]


@defect("schema.unique_items", "documents")
def document_twice(package: Json, project: Json) -> None:
    project["documents"].append(deepcopy(project["documents"][0]))


@defect("schema.unique_items", "parties")
def party_twice_without_ids(package: Json, project: Json) -> None:
    project["parties"] += [{"name": "Proponente"}, {"name": "Proponente"}]


@defect("id.duplicate", "documents/id")
def document_id_twice(package: Json, project: Json) -> None:
    project["documents"][1]["id"] = project["documents"][0]["id"]


@defect("id.duplicate", "contractingProcesses/id")
def contract_id_twice(package: Json, project: Json) -> None:
    project["contractingProcesses"][1]["id"] = project["contractingProcesses"][0]["id"]


@defect("id.duplicate", "parties/id")
def party_id_twice(package: Json, project: Json) -> None:
    project["parties"].append({**deepcopy(project["parties"][0]), "name": "Otra con el mismo id"})


# -- closed codes -----------------------------------------------------------------------------------------------

for _name, _path, _value in (
    ("status_in_spanish", "status", "ejecución"),
    ("status_of_old_version", "status", "completed"),
    ("type_unknown", "type", "mantenimiento"),
    ("currency_lower_case", "budget/amount/currency", "cop"),
    ("currency_symbol", f"{CONTRACT}/contractValue/currency", "$"),
    ("contract_status_camel", f"{CONTRACT}/status", "preAward"),
    ("method_unknown", f"{CONTRACT}/tender/procurementMethod", "licitación"),
    ("geometry_lower_case", "locations/0/geometry/type", "point"),
    ("milestone_status_unknown", "milestones/0/status", "done"),
    ("financing_type_unknown", "budget/finance/0/type", "credit"),
    ("nationality_in_words", "parties/0/people/0/nationalities", ["Colombia"]),
    ("nature_unknown", f"{CONTRACT}/nature", ["obra"]),
    ("release_tag_unknown", "contractingProcesses/0/releases/0/tag", ["contrato"]),
    ("goal_unknown", "environment/goals", ["mitigation"]),
):
    set_to(_name, "code.closed", _path, _value)


# -- the package ------------------------------------------------------------------------------------------------


def package_with(name: str, code: str, field: str, value: Any, at: str | None = None) -> None:
    def change(package: Json, project: Json) -> None:
        parent, last = step(package, at or field)
        parent[last] = value

    change.__name__ = name
    defect(code, field)(change)


def package_without(name: str, field: str) -> None:
    def change(package: Json, project: Json) -> None:
        parent, last = step(package, field)
        del parent[last]

    change.__name__ = name
    defect("schema.required", field)(change)


package_with("version_of_text", "package.version", "version", "0.9.5")
package_with("version_one_one", "package.version", "version", "1.1")
package_with("version_number", "schema.type", "version", 0.9)
package_with("published_without_time", "schema.format_date_time", "publishedDate", "2026-10-01")
package_with("uri_relative", "schema.format_uri", "uri", "projects.json")
package_with("licence_in_words", "schema.format_uri", "license", "CC BY 4.0")
package_with("publisher_name_empty", "schema.min_length", "publisher/name", "")
package_with("publisher_null", "schema.type", "publisher", None)
for _field in ("uri", "publisher", "publishedDate", "version"):
    package_without(f"package_without_{_field}", _field)
package_without("publisher_without_name", "publisher/name")


@defect("schema.min_items", "projects")
def no_projects(package: Json, project: Json) -> None:
    package["projects"] = []


@defect("package.duplicate_project_id")
def project_id_twice(package: Json, project: Json) -> None:
    package["projects"][1]["id"] = project["id"]


# -- beyond the schema ------------------------------------------------------------------------------------------

for _name, _code, _path, _value in (
    ("document_type_own", "code.open", "documents/0/documentType", "fichaMGAdelBanco"),
    ("document_type_mistyped", "code.open_misspelt", "documents/0/documentType", "contractSignd"),
    ("role_mistyped", "code.open_misspelt", "parties/0/roles/0", "publicAutority"),
    ("sector_mistyped", "code.open_misspelt", "sector/0", "Transport"),
    ("purpose_blank", "text.blank", "purpose", "   "),
    ("purpose_filler", "text.placeholder", "purpose", "Por definir"),
    ("title_garbled", "text.garbled", "title", "RehabilitaciÃ³n de la vÃ\xada"),
    ("title_with_tags", "text.html", "title", "<b>Puente</b> nuevo"),
    ("language_in_words", "text.language_tag", "language", "español"),
    ("amount_negative", "money.negative", f"{CONTRACT}/contractValue/amount", -5_000_000),
    ("amount_absurd", "money.absurd", f"{CONTRACT}/contractValue/amount", 10**16),
    ("amount_tiny", "money.tiny", f"{CONTRACT}/contractValue/amount", 1),
    ("amount_zero", "money.zero", f"{CONTRACT}/contractValue/amount", 0),
    ("currencies_mixed", "money.mixed_currencies", f"{CONTRACT}/contractValue/currency", "USD"),
    ("period_backwards", "date.end_before_start", "period/endDate", "2001-01-01T00:00:00-05:00"),
    ("date_of_filler", "date.out_of_range", "budget/requestDate", "1900-01-01T00:00:00-05:00"),
    ("fact_in_future", "date.future", "documents/0/datePublished", "2055-01-01T00:00:00-05:00"),
    ("duration_wrong", "date.duration_differs", "period/durationInDays", 3),
    ("reference_unknown", "ref.unknown", f"{CONTRACT}/suppliers/0/id", "CO-0"),
    ("payer_unknown", "ref.unknown", "transactions/0/payer/id", "CO-0"),
    ("office_unknown", "ref.unknown", "lobbyingMeetings/0/publicOffice/organization/id", "CO-0"),
    ("financing_party_unknown", "ref.unknown", "budget/finance/0/financingParty/id", "CO-0"),
    ("status_without_date", "status.finished_without_date", "status", "maintenance"),
    ("prefix_missing", "id.prefix_form", "id", "PROY-2024-001"),
    ("prefix_of_example", "id.prefix_example", "id", "oc4ids-bu3kcz-001"),
):
    set_to(_name, _code, _path, _value)


@defect("money.no_currency", "budget/amount")
def currency_missing(package: Json, project: Json) -> None:
    del project["budget"]["amount"]["currency"]


@defect("money.no_amount", "budget/amount")
def amount_missing(package: Json, project: Json) -> None:
    del project["budget"]["amount"]["amount"]


@defect("money.breakdown_sum", "budget/budgetBreakdowns/budgetBreakdown")
def breakdown_does_not_add_up(package: Json, project: Json) -> None:
    project["budget"]["budgetBreakdowns"][0]["budgetBreakdown"][0]["amount"]["amount"] *= 2


@defect("money.unit_mismatch")
def contract_in_millions(package: Json, project: Json) -> None:
    project["contractingProcesses"][0]["summary"]["tender"]["costEstimate"]["amount"] //= 1_000_000


@defect("ref.no_id", "publicAuthority")
def reference_without_id(package: Json, project: Json) -> None:
    del project["publicAuthority"]["id"]


@defect("ref.role_missing", "contractingProcesses/summary/suppliers/id")
def role_missing(package: Json, project: Json) -> None:
    supplier = project["contractingProcesses"][0]["summary"]["suppliers"][0]["id"]
    for party in project["parties"]:
        if party["id"] == supplier:
            party["roles"] = ["tenderer", "payee"]


@defect("sector.parent_missing", "sector")
def sector_without_parent(package: Json, project: Json) -> None:
    project["sector"] = ["transport.road"]


@defect("field.misspelt", "titel")
def field_mistyped(package: Json, project: Json) -> None:
    project["titel"] = project.pop("title")


@defect("field.unknown", "codigoInternoSAP")
def field_of_own(package: Json, project: Json) -> None:
    project["codigoInternoSAP"] = "X-1"


@defect("id.missing", "parties")
def party_without_id(package: Json, project: Json) -> None:
    project["parties"].append({"name": "Veeduría ciudadana", "roles": ["interestedParty"]})


@defect("geo.swapped", "locations/geometry/coordinates")
def coordinates_swapped(package: Json, project: Json) -> None:
    project["locations"][0]["geometry"]["coordinates"].reverse()


@defect("geo.outside_country", "locations/geometry/coordinates")
def coordinates_in_spain(package: Json, project: Json) -> None:
    project["locations"][0]["geometry"]["coordinates"] = [-3.7038, 40.4168]


@defect("geo.ring_open", "locations/geometry/coordinates")
def ring_not_closed(package: Json, project: Json) -> None:
    ring = [[-76.51, 3.42], [-76.52, 3.42], [-76.52, 3.43], [-76.53, 3.44]]
    project["locations"][0]["geometry"] = {"type": "Polygon", "coordinates": [ring]}


@defect("geo.shape", "locations/geometry/coordinates")
def polygon_flat(package: Json, project: Json) -> None:
    ring = [[-76.51, 3.42], [-76.52, 3.42], [-76.52, 3.43], [-76.51, 3.42]]
    project["locations"][0]["geometry"] = {"type": "Polygon", "coordinates": ring}


@defect("doc.no_url", "documents")
def document_without_link(package: Json, project: Json) -> None:
    for name in ("url", "accessDetails"):
        project["documents"][0].pop(name, None)


@defect("doc.not_http", "documents/url")
def document_of_disk(package: Json, project: Json) -> None:
    project["documents"][0]["url"] = "file:///C:/Obras/acta.pdf"


@defect("status.completed_too_soon", "status")
def completed_too_soon(package: Json, project: Json) -> None:
    project["completion"] = {"endDate": "2026-01-01T00:00:00-05:00"}


def spoiled(count: int, size: str = "large", seed: int = 0, every: int = 25) -> Iterator[Json]:
    """``count`` projects of which one in ``every`` has a mistake, another kind each time."""
    kinds = [
        each
        for each in DEFECTS.values()
        if not each.name.startswith(("package_", "publisher_", "no_projects"))
    ]
    broken = 0
    for number in range(1, count + 1):
        project = generate.project(number, size, seed)
        if number % every == 0:
            for _ in kinds:
                broken += 1
                try:
                    kinds[broken % len(kinds)].change({**generate.head(), "projects": [project, {}]}, project)
                    break
                except (KeyError, IndexError, TypeError):
                    # this project lacks the part that is to be broken
                    continue
        yield project


def untidy(count: int, size: str = "large", seed: int = 0, remarks: int = 40) -> Iterator[Json]:
    """``count`` projects that conform to the schema more or less, each with ``remarks`` mistakes of other kinds.

    What an organismo exports from its own tables without looking at it: codes misspelt, references to
    nobody, amounts without currency, filler texts. A mistake may give several remarks.
    """
    kinds = [
        each
        for each in DEFECTS.values()
        if not each.code.startswith(("schema.", "package.", "code.closed", "id.duplicate", "id.prefix", "money.no_amount"))
    ]
    for number in range(1, count + 1):
        project = generate.project(number, size, seed)
        made = 0
        for at in range(len(kinds)):
            if made == remarks:
                break
            try:
                kinds[(number * 7 + at) % len(kinds)].change(
                    {**generate.head(), "projects": [project, {}]}, project
                )
                made += 1
            except (KeyError, IndexError, TypeError):
                continue
        yield project
