"""A project as a page shows it: what, where, who, how much, until when.

Takes the parts out of the project's JSON and joins what the standard keeps apart
(organisations are referred to by id, documents hang on the project and on each contract).
It has no words of any language: codes stay codes. Never raises on the shape of the data.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import urlsplit

from ckanext.cost_common.values.links import without_userinfo

from .summary import (
    Money,
    as_dict,
    contract_total,
    contracts,
    date_of,
    dicts,
    location_line,
    money_of,
    planned_end,
    planned_start,
    text_of,
    texts,
)

#: Parts of a kind that a page shows at most; the rest is in the project's JSON.
MOST_SHOWN = 100

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Span:
    """From one calendar day to another, as published; either may be unknown."""

    start: dt.date | None = None
    end: dt.date | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """A location in words, and a point in it (longitude, latitude) when it is a point."""

    line: str
    address: str
    point: tuple[float, float] | None


@dataclass(frozen=True, slots=True)
class Party:
    """An organisation and the parts it plays."""

    name: str
    roles: tuple[str, ...]
    identifier: str
    url: str | None


@dataclass(frozen=True, slots=True)
class Document:
    """A document; ``url`` only when it is http or https."""

    title: str
    description: str
    type: str | None
    format: str
    date: dt.date | None
    url: str | None


@dataclass(frozen=True, slots=True)
class Modification:
    """A change to a contract and why it was made."""

    type: str | None
    date: dt.date | None
    description: str
    rationale: str
    old_value: Money | None
    new_value: Money | None
    old_period: Span
    new_period: Span


@dataclass(frozen=True, slots=True)
class Contract:
    """A contracting process as its summary has it."""

    id: str
    reference: str
    title: str
    description: str
    nature: tuple[str, ...]
    status: str | None
    method: str | None
    tenderers: int | None
    estimate: Money | None
    value: Money | None
    final: Money | None
    period: Span
    entity: str
    suppliers: tuple[str, ...]
    modifications: tuple[Modification, ...]
    documents: tuple[Document, ...]
    releases: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Overview:
    """All that the page of a project shows. ``more`` counts, by kind, what is beyond :data:`MOST_SHOWN`."""

    purpose: str
    authority: str
    identifiers: tuple[tuple[str, str], ...]
    places: tuple[Place, ...]
    planned: Money | None
    planned_details: str
    contracted: Money | None
    #: contracts have values that cannot be added up: they are in several currencies
    mixed_currencies: bool
    #: contracts without a value among those of ``contracted``
    unvalued: int
    final: Money | None
    final_details: str
    period: Span
    approved: dt.date | None
    actual_end: dt.date | None
    actual_end_details: str
    scope: str
    contracts: tuple[Contract, ...]
    documents: tuple[Document, ...]
    parties: tuple[Party, ...]
    more: dict[str, int]


def web_address(value: Any) -> str | None:
    """``value`` when it is an address of the web (http or https, with a host), else None.

    A name or password before the host is left out: a page is no place for it.
    """
    address = without_userinfo(text_of(value))
    try:
        parts = urlsplit(address)
    except ValueError:
        return None
    return address if parts.scheme.lower() in ("http", "https") and parts.netloc else None


def span(value: Any) -> Span:
    """A Period of the standard as calendar days."""
    period = as_dict(value)
    return Span(date_of(period.get("startDate")), date_of(period.get("endDate")))


def _each(value: Any, make: Callable[[dict[str, Any]], T]) -> tuple[T, ...]:
    return tuple(make(item) for item in dicts(value)[:MOST_SHOWN])


def _document(value: dict[str, Any]) -> Document:
    return Document(
        title=text_of(value.get("title")),
        description=text_of(value.get("description")),
        type=text_of(value.get("documentType")) or None,
        format=text_of(value.get("format")),
        date=date_of(value.get("datePublished")) or date_of(value.get("dateModified")),
        url=web_address(value.get("url")),
    )


def _modification(value: dict[str, Any]) -> Modification:
    return Modification(
        type=text_of(value.get("type")) or None,
        date=date_of(value.get("date")),
        description=text_of(value.get("description")),
        rationale=text_of(value.get("rationale")),
        old_value=money_of(value.get("oldContractValue")),
        new_value=money_of(value.get("newContractValue")),
        old_period=span(value.get("oldContractPeriod")),
        new_period=span(value.get("newContractPeriod")),
    )


def _party(value: dict[str, Any]) -> Party:
    identifier = as_dict(value.get("identifier"))
    number = text_of(identifier.get("id"))
    scheme = text_of(identifier.get("scheme"))
    return Party(
        name=text_of(value.get("name")) or text_of(identifier.get("legalName")) or text_of(value.get("id")),
        roles=tuple(texts(value.get("roles"))),
        identifier=f"{scheme} {number}".strip() if number else "",
        url=web_address(as_dict(value.get("contactPoint")).get("url")) or web_address(identifier.get("uri")),
    )


def _place(value: dict[str, Any]) -> Place:
    geometry = as_dict(value.get("geometry"))
    coordinates = geometry.get("coordinates")
    point = None
    if geometry.get("type") == "Point" and isinstance(coordinates, list) and len(coordinates) >= 2:
        try:
            longitude, latitude = float(coordinates[0]), float(coordinates[1])
            # what lies nowhere on Earth is not shown as a place
            point = (longitude, latitude) if abs(longitude) <= 180 and abs(latitude) <= 90 else None  # noqa: PLR2004
        except (TypeError, ValueError, OverflowError):
            point = None
    address = as_dict(value.get("address"))
    parts = (text_of(address.get(name)) for name in ("streetAddress", "locality", "region", "countryName"))
    line = location_line(value)
    whole = ", ".join(part for part in parts if part)
    return Place(line=line, address="" if whole == line else whole, point=point)


class _Names:
    """Names of organisations by id, for references that carry only the id."""

    def __init__(self, project: dict[str, Any]) -> None:
        self._names = {
            text_of(party.get("id")): _party(party).name for party in dicts(project.get("parties"))
        }

    def __call__(self, reference: Any) -> str:
        reference = as_dict(reference)
        own, identifier = text_of(reference.get("name")), text_of(reference.get("id"))
        return own or self._names.get(identifier, "") or identifier


def _contract(value: dict[str, Any], names: _Names) -> Contract:
    summary = as_dict(value.get("summary"))
    tender = as_dict(summary.get("tender"))
    tenderers = tender.get("numberOfTenderers")
    return Contract(
        id=text_of(value.get("id")),
        reference=text_of(summary.get("externalReference"))
        or text_of(summary.get("ocid"))
        or text_of(value.get("id")),
        title=text_of(summary.get("title")),
        description=text_of(summary.get("description")),
        nature=tuple(texts(summary.get("nature"))),
        status=text_of(summary.get("status")) or None,
        method=text_of(tender.get("procurementMethod")) or None,
        tenderers=tenderers if isinstance(tenderers, int) and not isinstance(tenderers, bool) else None,
        estimate=money_of(tender.get("costEstimate")),
        value=money_of(summary.get("contractValue")),
        final=money_of(summary.get("finalValue")),
        period=span(summary.get("contractPeriod")),
        entity=names(tender.get("administrativeEntity")) or names(tender.get("procuringEntity")),
        suppliers=tuple(
            name for item in dicts(summary.get("suppliers"))[:MOST_SHOWN] if (name := names(item))
        ),
        modifications=_each(summary.get("modifications"), _modification),
        documents=_each(summary.get("documents"), _document),
        releases=tuple(
            address
            for release in dicts(value.get("releases"))[:MOST_SHOWN]
            if (address := web_address(release.get("url")))
        ),
    )


def _beyond(project: dict[str, Any]) -> dict[str, int]:
    counts = {
        "locations": project.get("locations"),
        "contracts": project.get("contractingProcesses"),
        "documents": project.get("documents"),
        "parties": project.get("parties"),
    }
    beyond = {name: len(dicts(value)) - MOST_SHOWN for name, value in counts.items()}
    return {name: count for name, count in beyond.items() if count > 0}


def overview(project: dict[str, Any]) -> Overview:
    """Return what a page shows of ``project``, as :func:`.summary.parse_project` gives it."""
    names = _Names(project)
    budget, completion = as_dict(project.get("budget")), as_dict(project.get("completion"))
    values = [money_of(summary.get("contractValue")) for summary in contracts(project)]
    currencies = {money.currency for money in values if money}
    return Overview(
        purpose=text_of(project.get("purpose")),
        authority=names(project.get("publicAuthority")),
        identifiers=tuple(
            (text_of(item.get("scheme")), text_of(item.get("id")))
            for item in dicts(project.get("identifiers"))[:MOST_SHOWN]
        ),
        places=_each(project.get("locations"), _place),
        planned=money_of(budget.get("amount")),
        planned_details=text_of(budget.get("description")),
        contracted=contract_total(project),
        mixed_currencies=len(currencies) > 1,
        unvalued=sum(money is None for money in values) if currencies else 0,
        final=money_of(completion.get("finalValue")),
        final_details=text_of(completion.get("finalValueDetails")),
        period=Span(planned_start(project), planned_end(project)),
        approved=date_of(budget.get("approvalDate")),
        actual_end=date_of(completion.get("endDate")),
        actual_end_details=text_of(completion.get("endDateDetails")),
        scope=text_of(completion.get("finalScope")),
        contracts=_each(project.get("contractingProcesses"), lambda process: _contract(process, names)),
        documents=_each(project.get("documents"), _document),
        parties=_each(project.get("parties"), _party),
        more=_beyond(project),
    )
