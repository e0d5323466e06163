"""Search and display of public projects. Writes nothing.

Each function makes a constant number of queries, however many projects it returns.
Nothing here is private: every statement goes through :func:`.visibility.visible`.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import sqlalchemy as sa
import sqlalchemy.orm
from ckan import model
from sqlalchemy.dialects.postgresql import ARRAY

from ckanext.cost_common.values.text import without_accents
from ckanext.cost_oc4ids.model import Project, ProjectVersion
from ckanext.cost_oc4ids.oc4ids import summary as summaries
from ckanext.cost_oc4ids.projects import visibility

SORTS = ("relevance", "title", "updated", "budget", "end_date")
#: Orders that run downwards by default.
DESCENDING = frozenset({"updated", "budget"})
FACETS = ("status", "sector", "organization", "year")
#: Values of a facet returned at most, those of most projects first.
MOST_FACET_VALUES = 200
MOST_QUERY_WORDS = 20


@dataclass(frozen=True, slots=True)
class Filters:
    """What to search for. Values of one filter widen it, filters narrow each other."""

    q: str = ""
    status: tuple[str, ...] = ()
    sector: tuple[str, ...] = ()
    #: names or ids of organismos
    organization: tuple[str, ...] = ()
    year: tuple[int, ...] = ()


@dataclass(slots=True)
class SearchResult:
    """A page of projects, how many there are in all, and how many under each value of each facet.

    A facet's counts obey the other filters and not its own, so that another value can be chosen.
    """

    total: int = 0
    results: list[dict[str, Any]] = field(default_factory=list)
    #: facet → value → (title as stored, or None; number of projects)
    facets: dict[str, dict[str, tuple[str | None, int]]] = field(default_factory=dict)


def _collated(column: Any) -> Any:
    """Order by code point: the same on every machine, and quick."""
    return sa.collate(column, "C")


#: The resources that are public, and of the projects in them those that are not shown, because a namesake
#: comes before. It is the rule of :func:`.visibility.visible`, written for reading everything at once; a test
#: holds the two together. As text and not as expressions, because those take longer to build than the
#: database to answer.
_SHOWN = """
WITH open_resource AS MATERIALIZED (
    SELECT r.id AS resource_id, g.id AS organization_id, g.name AS organization,
           g.title AS organization_title,
           coalesce(nullif(d.owner_org, ''), d.id) AS claimant
    FROM resource r
    JOIN package d ON d.id = r.package_id AND d.state = 'active' AND d.private IS NOT TRUE
    LEFT JOIN "group" g ON g.id = d.owner_org
    WHERE r.state = 'active' AND r.id IN (SELECT resource_id FROM oc4ids_project_count)
    AND d.id NOT IN (SELECT package_id FROM oc4ids_withheld_dataset)
), hidden AS MATERIALIZED (
    SELECT id
    FROM (
        SELECT id, row_number() OVER (
            PARTITION BY project_id ORDER BY claim, claimant, accepted DESC, id DESC
        ) AS place
        FROM (
            SELECT p.id, p.project_id, p.accepted, o.claimant,
                   coalesce(min(p.claimed) OVER (PARTITION BY p.project_id, o.claimant), 'infinity') AS claim
            FROM oc4ids_shared_id
            JOIN oc4ids_project p USING (project_id)
            JOIN open_resource o USING (resource_id)
        ) claims
    ) namesakes
    WHERE place > 1
)"""
#: The projects that have the words, and what is counted of them: one each.
_WITH_WORDS = """, base AS MATERIALIZED (
    SELECT p.id, p.project_id, p.title_key, p.status, p.sectors, p.year, p.budget_amount, p.budget_currency,
           coalesce(p.updated, p.changed) AS moment, coalesce(p.actual_end_date, p.end_date) AS ends,
           o.organization_id, o.organization, o.organization_title, {rank} AS rank
    FROM oc4ids_project p
    JOIN open_resource o USING (resource_id)
    WHERE p.id NOT IN (SELECT id FROM hidden) AND {words}
), counted AS (
    SELECT organization_id, organization, organization_title, status, sectors, year, 1 AS projects FROM base
)"""
#: Without words the counts of each resource are at hand; the projects that are not shown go off again.
_WITHOUT_WORDS = """, counted AS (
    SELECT o.organization_id, o.organization, o.organization_title, c.status, c.sectors, c.year, c.projects
    FROM oc4ids_project_count c
    JOIN open_resource o USING (resource_id)
    UNION ALL
    SELECT o.organization_id, o.organization, o.organization_title, p.status, p.sectors, p.year, -1
    FROM hidden
    JOIN oc4ids_project p USING (id)
    JOIN open_resource o USING (resource_id)
)"""
#: As few rows as there are kinds of projects; everything that is counted is counted over them.
_CELLS = """, cell AS MATERIALIZED (
    SELECT status, sectors, year, organization, max(organization_title) AS organization_title,
           sum(projects)::int AS projects,
           {in_status} AS in_status, {in_sector} AS in_sector,
           {in_organization} AS in_organization, {in_year} AS in_year
    FROM counted GROUP BY status, sectors, year, organization_id, organization
)
"""
_PAGE = """
SELECT 'page' AS kind, id AS value, NULL AS title, row_number() OVER () AS n,
       0 AS n_status, 0 AS n_organization, 0 AS n_year
FROM (SELECT id FROM {source} ORDER BY {order} LIMIT :limit OFFSET :offset) first_of_page
"""
#: Where the page is taken from without words: read in the order asked for, as far as the page goes.
_EVERYTHING = """(
    SELECT p.id, p.project_id, p.title_key, p.budget_amount, p.budget_currency,
           coalesce(p.updated, p.changed) AS moment, coalesce(p.actual_end_date, p.end_date) AS ends
    FROM oc4ids_project p
    JOIN open_resource o USING (resource_id)
    WHERE p.id NOT IN (SELECT id FROM hidden) AND {filters}
) everything"""
_TOTAL = """
SELECT 'total', NULL, NULL, coalesce(sum(projects), 0), 0, 0, 0
FROM cell WHERE in_status AND in_sector AND in_organization AND in_year
"""
_COUNTS = """
SELECT CASE WHEN grouping(status) = 0 THEN 'status' WHEN grouping(organization) = 0 THEN 'organization'
            WHEN grouping(year) = 0 THEN 'year' ELSE 'total' END,
       coalesce(status, organization, year::text), max(organization_title),
       coalesce(sum(projects) FILTER (WHERE in_status AND in_sector AND in_organization AND in_year), 0),
       coalesce(sum(projects) FILTER (WHERE in_sector AND in_organization AND in_year), 0),
       coalesce(sum(projects) FILTER (WHERE in_status AND in_sector AND in_year), 0),
       coalesce(sum(projects) FILTER (WHERE in_status AND in_sector AND in_organization), 0)
FROM cell GROUP BY GROUPING SETS ((status), (organization), (year), ())
UNION ALL
SELECT 'sector', sector, NULL, sum(projects), 0, 0, 0
FROM cell, unnest(sectors) AS sector WHERE in_status AND in_organization AND in_year GROUP BY sector
"""
#: ``p`` and ``o``: the tables of the columns of the project and of its organismo.
_FILTERS = {
    "status": "coalesce({p}.status = ANY(:status), false)",
    "sector": "{p}.sectors && :sector",
    "organization": "coalesce(ARRAY[{o}.organization, {o}.organization_id] && :organization, false)",
    "year": "coalesce({p}.year = ANY(:year), false)",
}
#: The expression that GIN indexes, letter by letter as in the migration.
_HAS_WORDS = "array_to_tsvector(string_to_array(p.search_text, ' ')) @@ CAST(:words AS tsquery)"
#: The same of the title, without building a vector for every project found.
_TITLE_HAS_WORDS = "(' ' || p.title_key) LIKE ALL(:beginnings)"
#: Each order, so written that the index of the migration gives it; what may be missing comes last.
_KEYS = {
    "title": "title_key {way}",
    "updated": "moment {way}",
    # amounts of different currencies are not compared
    "budget": "budget_currency NULLS LAST, budget_amount {way} NULLS LAST",
    "end_date": "ends {way} NULLS LAST",
}
_LAST_KEYS = 'title_key, project_id COLLATE "C"'


def _order(sort: str, descending: bool) -> str:
    if sort == "relevance":
        return f"rank, moment DESC, {_LAST_KEYS}"
    return f"{_KEYS[sort].format(way='DESC' if descending else 'ASC')}, {_LAST_KEYS}"


def _statement(filters: Filters, words: list[str], sort: str, descending: bool, facets: bool) -> Any:
    """The whole search as one statement. Only fixed text is put together; what was asked for is bound."""
    chosen = {name: getattr(filters, name) for name in FACETS}

    def wanted(p: str, o: str) -> dict[str, str]:
        return {
            f"in_{name}": _FILTERS[name].format(p=p, o=o) if values else "true"
            for name, values in chosen.items()
        }

    if words:
        rank = f"CASE WHEN lower(p.project_id) = :exact THEN 0 WHEN {_TITLE_HAS_WORDS} THEN 1 ELSE 2 END"
        counted = _WITH_WORDS.format(rank=rank, words=_HAS_WORDS)
        source = "base WHERE " + " AND ".join(wanted("base", "base").values())
    else:
        counted = _WITHOUT_WORDS
        # without words every project is as relevant
        sort, descending = ("updated", True) if sort == "relevance" else (sort, descending)
        source = _EVERYTHING.format(filters=" AND ".join(wanted("p", "o").values()))
    cells = _CELLS.format(**wanted("counted", "counted"))
    page = _PAGE.format(source=source, order=_order(sort, descending))
    statement = sa.text(f"{_SHOWN}{counted}{cells}({page}) UNION ALL {_COUNTS if facets else _TOTAL}")
    values = {name: list(values) for name, values in chosen.items() if values}
    types = {name: ARRAY(sa.SmallInteger if name == "year" else sa.Text) for name in values}
    return statement.bindparams(
        *(sa.bindparam(name, found, type_=types[name]) for name, found in values.items())
    )


def search(
    filters: Filters,
    sort: str = "",
    descending: bool | None = None,
    limit: int = 20,
    offset: int = 0,
    facets: bool = True,
) -> SearchResult:
    """Return the public projects that match ``filters``, in two queries.

    ``sort``: one of :data:`SORTS`; empty: relevance when there are words, else the last updated.
    Projects without the value sorted by come last; budgets are grouped by currency.
    ``limit`` and ``offset`` in projects.
    """
    words = summaries.words(filters.q)[:MOST_QUERY_WORDS]
    found = SearchResult(facets={name: {} for name in FACETS})
    if filters.q.strip() and not words:
        return found
    sort = sort or ("relevance" if words else "updated")
    descending = sort in DESCENDING if descending is None else descending
    parameters: dict[str, Any] = {"limit": limit, "offset": offset}
    if words:
        # words are letters and digits only: no query is a syntax error
        parameters["words"] = " & ".join(f"'{word}':*" for word in words)
        parameters["beginnings"] = [f"% {word}%" for word in words]
        parameters["exact"] = without_accents(filters.q.strip())
    places: dict[str, int] = {}
    for row in model.Session.execute(_statement(filters, words, sort, descending, facets), parameters):
        if row.kind == "total":
            found.total = row.n
        elif row.kind == "page":
            places[row.value] = row.n
        else:
            count = row.n if row.kind == "sector" else getattr(row, f"n_{row.kind}")
            if count and row.value is not None:
                found.facets[row.kind][row.value] = (row.title if row.kind == "organization" else None, count)
    found.facets = {name: _most(values) for name, values in found.facets.items()}
    rows = _rows(places)
    found.results = [rows[key] for key in sorted(places, key=places.__getitem__) if key in rows]
    return found


def _most(values: dict[str, tuple[str | None, int]]) -> dict[str, tuple[str | None, int]]:
    ranked = sorted(values.items(), key=lambda item: (-item[1][1], item[0]))
    return dict(ranked[:MOST_FACET_VALUES])


def _result(project: Project, row: Any) -> dict[str, Any]:
    organization = None
    if row.organization_id:
        organization = {
            "id": row.organization_id,
            "name": row.organization_name,
            "title": row.organization_title or row.organization_name,
        }
    return project.dictize() | {
        "organization": organization,
        "dataset": {
            "id": project.package_id,
            "name": row.dataset_name,
            "title": row.dataset_title or row.dataset_name,
        },
        "resource": {"id": project.resource_id, "name": row.resource_name or ""},
    }


def _labels(displayed: visibility.Published) -> tuple[Any, Any]:
    """The join with the organismo, and its alias."""
    organization = model.Group.__table__.alias("organization")
    return displayed.source.outerjoin(
        organization, organization.c.id == displayed.dataset.c.owner_org
    ), organization


def _sources(displayed: visibility.Published) -> tuple[Any, Any, list[Any]]:
    """The whole join, the project as an entity in it, and the columns that name its sources."""
    source, organization = _labels(displayed)
    columns = [
        displayed.dataset.c.name.label("dataset_name"),
        displayed.dataset.c.title.label("dataset_title"),
        displayed.resource.c.name.label("resource_name"),
        organization.c.id.label("organization_id"),
        organization.c.name.label("organization_name"),
        organization.c.title.label("organization_title"),
    ]
    return source, sa.orm.aliased(Project, displayed.project), columns


@lru_cache(maxsize=1)
def _rows_query() -> Any:
    displayed = visibility.Published("shown")
    source, entity, columns = _sources(displayed)
    wanted = displayed.project.c.id.in_(sa.bindparam("ids", expanding=True))
    return sa.select(entity, *columns).select_from(source).where(wanted)


def _rows(ids: Collection[str]) -> dict[str, dict[str, Any]]:
    """Results by row id."""
    if not ids:
        return {}
    found = model.Session.execute(_rows_query(), {"ids": list(ids)})
    return {row[0].id: _result(row[0], row) for row in found}


@lru_cache(maxsize=1)
def _show_query() -> Any:
    displayed, first = visibility.visible()
    source, entity, columns = _sources(displayed)
    version = ProjectVersion.__table__
    return (
        sa.select(entity, *columns, version.c.body)
        .select_from(source.join(version, version.c.id == displayed.project.c.version_id))
        .where(displayed.project.c.project_id == sa.bindparam("project_id"), first)
    )


def show(project_id: str) -> tuple[dict[str, Any], str] | None:
    """Return a public project and its JSON text as published, or None when there is none of that id."""
    parameters = {"project_id": summaries.storable(project_id)}
    row = model.Session.execute(_show_query(), parameters).first()
    return (_result(row[0], row), row.body) if row else None


def list_ids(limit: int, offset: int) -> list[str]:
    """Return ids of public projects, in the order of their code points."""
    displayed, first = visibility.visible()
    column = displayed.project.c.project_id
    query = sa.select(column).select_from(displayed.source).where(first).order_by(_collated(column))
    return list(model.Session.execute(query.limit(limit).offset(offset)).scalars())


def list_projects(limit: int, offset: int) -> list[dict[str, Any]]:
    """Return public projects, in the order of their ids' code points."""
    displayed, first = visibility.visible()
    source, entity, columns = _sources(displayed)
    query = sa.select(entity, *columns).select_from(source).where(first)
    query = query.order_by(_collated(displayed.project.c.project_id)).limit(limit).offset(offset)
    return [_result(row[0], row) for row in model.Session.execute(query)]
