"""Read the year of follow-up of the demonstration plans: dated facts, without CKAN and without a database.

``planes.yaml`` lists the plans; ``seguimiento.yaml`` and ``seguimiento-*.yaml`` hold what people reported, in their
words. This module returns it as updates, measurements, evidence, reviews, verdicts and the rest. ``dev/demo_plans.py``
stores them in a portal.
"""

from __future__ import annotations

import copy
import csv
import datetime as dt
import io
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from ckanext.ogp_plan.planning import store, tracking
from ckanext.ogp_plan.planning.importers import read
from ckanext.ogp_plan.planning.types import OrgGroup, Plan

HERE = Path(__file__).parent
YEAR = 2026
ZONE = dt.timezone(dt.timedelta(hours=-5))
#: Fields of an event's body that name another event by its ref.
REFERENCES = ("update", "measurement", "evidence", "report", "supersedes", "closes", "origin")


@dataclass(frozen=True)
class DemoPlan:
    """A plan of ``planes.yaml``, which says what each field is; ``file`` and ``changed`` are paths."""

    name: str
    family: str
    title: str
    file: Path
    changed: Path | None
    year: int
    owner: str
    imported: str
    started: str
    status: str
    followed: bool
    successor_of: str | None


@dataclass
class Fact:
    """Something that happened.

    :param plan: a key of :func:`plans`.
    :param kind: a key of :data:`store.EVENT_KINDS`.
    :param ref: its name, the same each time.
    :param by: a user's name; None for the portal itself.
    :param body: the fields of the class of ``tracking``; those in :data:`REFERENCES` hold refs of other facts.
    :param support: for an evidence, the key in ``soportes`` of the file that it is.
    """

    plan: str
    kind: str
    ref: str
    at: dt.datetime
    by: str | None
    body: dict[str, Any] = field(default_factory=dict)
    support: str | None = None


# -- data -----------------------------------------------------------------------------------------------------


def _load(name: str, year: int) -> dict[str, Any]:
    text = (HERE / f"{name}.yaml").read_text(encoding="utf-8")
    text = text.replace("{y1}", str(year + 1)).replace("{y}", str(year))
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # libyaml is ten times as fast
    found: dict[str, Any] = yaml.load(text, loader)  # noqa: S506 - both are safe
    return found


@cache
def plans(year: int = YEAR) -> dict[str, DemoPlan]:
    """Return the demonstration plans by their key. The dict is not to be changed."""
    return {
        key: DemoPlan(
            name=one["name"],
            family=one["family"],
            title=one["title"],
            file=HERE / one["file"],
            changed=HERE / one["changed"] if "changed" in one else None,
            year=int(one["year"]),
            owner=one["owner"],
            imported=one["imported"],
            started=one["started"],
            status=one["status"],
            followed=one.get("followed", False),
            successor_of=one.get("successor_of"),
        )
        for key, one in _load("planes", year).items()
    }


def followed() -> list[str]:
    """Return the keys of the plans that something is reported of."""
    return [key for key, plan in plans().items() if plan.followed]


def story(year: int = YEAR) -> dict[str, Any]:
    """Return ``seguimiento.yaml`` for a year, with the file of each followed plan under the plan's key."""
    return _load("seguimiento", year) | {name: _load(f"seguimiento-{name}", year) for name in followed()}


def organismos(year: int = YEAR) -> list[dict[str, Any]]:
    """Return the 28 organismos of the demonstration."""
    found: list[dict[str, Any]] = _load("organismos", year)["organismos"]
    return found


# -- plans and groups -----------------------------------------------------------------------------------------


def groups(year: int = YEAR) -> dict[str, OrgGroup]:
    """Return the dated groups with their members, by id."""
    found = _load("organismos", year)
    usual = {"solicitudes": True, "tramites": False, "central": True}
    groups_by_id = {}
    for group in found["groups"]:
        members = tuple(
            organismo["name"]
            for organismo in found["organismos"]
            if all(organismo.get(key, usual.get(key)) == value for key, value in group["where"].items())
        )
        first, last = dt.date(year, 1, 1), dt.date(year, 12, 31)
        groups_by_id[group["group"]] = OrgGroup(
            group["group"], group["title"], len(members), members, first, last, found["source"]
        )
    return groups_by_id


def with_groups(plan: Plan, year: int = YEAR) -> Plan:
    """Return the plan with the members of its groups, as its coordinator would confirm them."""
    known = groups(year)
    confirmed = copy.deepcopy(plan)
    confirmed.groups = [known.get(group.id, group) for group in confirmed.groups]
    return confirmed


def plan_of(key: str, year: int = YEAR, *, changed: bool = False) -> Plan:
    """Read a demonstration plan from its document, with the members of its groups.

    :param changed: as it is after the change of July (only the PAAC has one).
    """
    plan = plans(year)[key]
    document = plan.changed if changed and plan.changed else plan.file
    return with_groups(_read(document, plan.family), plan.year)


@cache
def _read(document: Path, family: str) -> Plan:
    return read(document, family).plan


# -- facts ----------------------------------------------------------------------------------------------------


class PlanFacts:
    """Makes the facts of one plan from its data."""

    def __init__(self, name: str, shared: dict[str, Any], year: int) -> None:
        self.name, self.shared, self.year = name, shared, year
        self.own: dict[str, Any] = shared[name]
        self.facts: list[Fact] = []
        #: reports so far by code and organismo: items of several levels that share a code are numbered on
        self.count: dict[tuple[str, str], int] = defaultdict(int)

    def collect(self) -> list[Fact]:
        """Return every fact of the plan, in the order of its file."""
        for code, item in self.own["reportes"].items():
            for row in item["lista"]:
                self._add_report(self._key(code), item, row)
        for row in self.own.get("mediciones", ()):
            self._add_measurement(row)
        for row in self.own.get("periodos", ()):
            period = f"{self.year}-{row['mes']:02d}"
            ref = f"{'abre' if row['abre'] else 'cierra'}:{period}"
            body = {"period": period, "opened": row["abre"]} | self._fields(row)
            self._add("period", ref, row["dia"], self.shared["coordinadora"], **body)
        for name, row in self.own.get("informes", {}).items():
            self._add_sections(name, row)
        for row in self.own.get("respuestas", ()):
            ref = f"contesta:{row['item']}:{row['causa']}"
            self._add("answer", ref, row["dia"], self._user_of(row["organismo"]), **self._fields(row))
        for row in self.own.get("monitoreo", ()):
            self._add_monitoring(row)
        for row in self.own.get("revisiones_de_pruebas", ()):
            self._add_check(row)
        for cut in self.own.get("cortes", ()):
            same = {"role": "control_interno", "cut": f"{self.year}-{cut['corte']}"}
            for row in cut["veredictos"]:
                ref, body = f"control:{cut['corte']}:{row['item']}", self._fields(row) | same
                self._add("verdict", ref, row["dia"], self.shared["control"], **body)
        return self.facts

    def _add(self, kind: str, ref: str, at: str | dt.datetime, by: str | None, /, **body: Any) -> Fact:
        moment = moment_of(at, self.year) if isinstance(at, str) else at
        given = {name: value for name, value in body.items() if value is not None}
        fact = Fact(self.name, kind, f"{self.name}:{ref}", moment, by, given)
        self.facts.append(fact)
        return fact

    def _fields(self, row: dict[str, Any]) -> dict[str, Any]:
        names = self.shared["campos"]
        body = {names[name]: value for name, value in row.items() if name in names}
        return body | ({"item": self._key(row["item"])} if "item" in row else {})

    def _key(self, code: str) -> tuple[str, str]:
        return _key_of(code, self.own.get("nivel", ""))

    def _user_of(self, organismo: str) -> str:
        return str(self.shared["enlaces"].get(organismo, self.shared["otros_enlaces"]))

    def _add_report(self, key: tuple[str, str], item: dict[str, Any], row: dict[str, Any]) -> None:
        """Add an update with its measurements, its evidence and its review."""
        organismo = row.get("organismo", "")
        self.count[key[1], organismo] += 1
        ref = row.get("ref") or f"{key[0]}:{key[1]}:{organismo}:{self.count[key[1], organismo]}"
        by = row.get("por") or (self._user_of(organismo) if organismo else item["por"])
        body = self._fields(row) | {"item": key, "state": self.shared["estados"].get(row.get("estado", ""))}
        if "periodos" in self.own:
            body["period"] = f"{self.year}-{self._month(row):02d}"
        if "avance" in row:
            body["progress"] = str(row["avance"])
        if "riesgo" in row:
            body |= {"at_risk": True, "reason": row["riesgo"]}
        if "corrige" in row:
            body["supersedes"] = f"{self.name}:{row['corrige']}"
        if "informe" in row:
            body["report"] = f"{self.name}:report:{row['informe']}"
        update = self._add("update", ref, row["dia"], by, **body)
        if "valor" in row:
            values = row["valor"]
            if not isinstance(values, dict):
                values = {item.get("indicador", key[1]): values}
            self._add_values(update, ref, values, self._month(row))
        self._add_evidence(update, ref, row.get("prueba", item.get("prueba", ())))
        self._add_review(update, row)

    def _month(self, row: dict[str, Any]) -> int:
        return int(row.get("mes", row["dia"][:2]))

    def _add_values(self, update: Fact, ref: str, values: dict[str, Any], month: int) -> None:
        first = dt.date(self.year, month, 1)
        last = (first + dt.timedelta(days=32)).replace(day=1) - dt.timedelta(days=1)
        same = {name: update.body.get(name) for name in ("item", "organization", "report")}
        same |= {"update": update.ref, "start": first.isoformat(), "end": last.isoformat()}
        for number, (indicator, value) in enumerate(values.items(), start=1):
            at = update.at + dt.timedelta(seconds=20 * number)
            body = _value_of(value) | same | {"indicator": indicator}
            self._add("measurement", f"{ref}:m{number}", at, update.by, **body)

    def _add_evidence(self, update: Fact, ref: str, rows: Iterable[str]) -> None:
        same = {"item": update.body["item"], "organization": update.body.get("organization")}
        for number, row in enumerate(rows, start=1):
            kind, title, where = (part.strip() for part in row.split("|"))
            at = update.at + dt.timedelta(minutes=2, seconds=number)
            body = same | {"kind": kind, "title": title, "update": update.ref}
            fact = self._add("evidence", f"{ref}:p{number}", at, update.by, **body)
            if where in self.shared["soportes"]["recursos"]:
                fact.support = where
            elif where.startswith("reservado:"):
                fact.body |= {"public": False, "withheld": where.removeprefix("reservado:").strip()}
            elif where.startswith(("/", "https://")):
                fact.body["url"] = where
            else:
                raise KeyError(f"{fact.ref}: {where}")

    def _add_review(self, update: Fact, row: dict[str, Any]) -> None:
        component = update.body["item"][1].split(".", maxsplit=1)[0]
        leader = self.shared["lideres"].get(component, self.shared["coordinadora"])
        if "aceptado" in row:
            self._add("review", f"acepta:{update.ref}", row["aceptado"], leader, update=update.ref)
        if "devuelto" in row:
            body = {"update": update.ref, "accepted": False, "reason": row["devuelto"]["motivo"]}
            self._add("review", f"devuelve:{update.ref}", row["devuelto"]["dia"], leader, **body)

    def _add_measurement(self, row: dict[str, Any]) -> None:
        day = row["dia"].split()[0]
        body = self._fields(row) | _value_of(row["valor"])
        body |= {"start": f"{self.year}-01-01", "end": f"{self.year}-{day}"}
        self._add(
            "measurement", f"medicion:{row['item']}:{row['indicador']}:{day}", row["dia"], row["por"], **body
        )

    def _add_sections(self, name: str, row: dict[str, Any]) -> None:
        body = self._fields(row) | {
            "start": f"{self.year}-{row['desde']}",
            "end": f"{self.year}-{row['hasta']}",
        }
        report = self._add("report", f"report:{name}", row["dia"], self._user_of(row["organismo"]), **body)
        accepted = row["aceptado"]
        self._add("review", f"acepta:{name}", accepted["dia"], accepted["por"], report=report.ref)

    def _add_monitoring(self, row: dict[str, Any]) -> None:
        body = self._fields(row) | {"role": "monitor"}
        if "cierra" in row:
            body["closes"] = f"{self.name}:monitora:{row['item']}:{row['cierra']}"
        ref = f"monitora:{row['item']}:{row['dia'].split()[0]}"
        self._add("verdict", ref, row["dia"], self.shared["monitora"], **body)

    def _add_check(self, row: dict[str, Any]) -> None:
        evidence, alive = f"{self.name}:{row['prueba']}", row["abre"]
        body = self._fields(row) | {"evidence": evidence, "alive": alive}
        # what is not there is neither the same nor public
        body |= {"same": alive or None, "public": alive or None}
        self._add("check", f"mira:{evidence}:{row['dia'].split()[0]}", row["dia"], None, **body)


def moment_of(text: str, year: int = YEAR) -> dt.datetime:
    """Return a moment ("MM-DD HH:MM") of a year in Bogotá."""
    return dt.datetime.strptime(f"{year}-{text}", "%Y-%m-%d %H:%M").replace(tzinfo=ZONE)


def _key_of(code: str, level: str = "") -> tuple[str, str]:
    """Return an item's level and code from "level code", or from a code of the level given."""
    own, _, short = code.rpartition(" ")
    return own or level, short


def _value_of(value: Any) -> dict[str, str]:
    if isinstance(value, str):
        part, whole = value.split("/")
        return {"numerator": part, "denominator": whole}
    return {"value": str(value)}


def facts(year: int = YEAR) -> list[Fact]:
    """Return all that happened to the demonstration plans, oldest first. The list is not to be changed."""
    return _facts(year)


@cache
def _facts(year: int) -> list[Fact]:
    shared = story(year)
    made = [fact for name in followed() for fact in PlanFacts(name, shared, year).collect()]
    made += _links(shared, year)
    made += _repeated(made, shared)
    return sorted(made, key=lambda fact: (fact.at, fact.ref))


def _links(shared: dict[str, Any], year: int) -> Iterator[Fact]:
    for number, row in enumerate(shared["enlazados"]):
        body: dict[str, Any] = {
            "item": _key_of(row["item"]),
            "kind": row["tipo"],
            "other": _key_of(row["otro"]),
        }
        if row["otro_plan"] != row["plan"]:
            body["plan"] = row["otro_plan"]
        ref = f"{row['plan']}:enlace:{number}"
        yield Fact(row["plan"], "link", ref, moment_of(row["dia"], year), shared["coordinadora"], body)


def _repeated(made: list[Fact], shared: dict[str, Any]) -> list[Fact]:
    """Return what is reported of items that count for another, as facts of the other with their origin."""
    counting = {
        (row["plan"], _key_of(row["item"])): (row["otro_plan"], _key_of(row["otro"]))
        for row in shared["enlazados"]
        if row["tipo"] == "counts_for"
    }
    found = []
    for fact in made:
        target = counting.get((fact.plan, fact.body.get("item", ())))
        if target is None or fact.kind not in {"update", "evidence"}:
            continue
        plan, item = target
        body = {key: value for key, value in fact.body.items() if key != "report"} | {"item": item}
        if fact.kind == "update":
            body["origin"] = fact.ref
        else:
            body["update"] = f"{plan}:de:{fact.body['update']}"
        at = fact.at + dt.timedelta(seconds=5)
        found.append(replace(fact, plan=plan, ref=f"{plan}:de:{fact.ref}", at=at, body=body))
    return found


def event_of(fact: Fact) -> tracking.Event:
    """Return a fact as the class of ``tracking``, with its ref as its id."""
    stored = fact.body | {"id": fact.ref, "at": fact.at.isoformat(), "by": fact.by}
    if fact.support:
        stored["resource"] = fact.support
    return store.event_from_store(fact.kind, stored)


def record_of(plan: Plan, made: Iterable[Fact]) -> tracking.Record:
    """Return a plan's record with its facts."""
    record = tracking.Record(plan)
    for fact in made:
        event = event_of(fact)
        store.events_like(record, event).append(event)
    return record


# -- the files of the catalogue -------------------------------------------------------------------------------


def supports(year: int = YEAR) -> dict[str, bytes]:
    """Return the files that evidence names, by file name: a row for each report that names the file."""
    listed = story(year)["soportes"]
    resources = listed["recursos"]
    made = facts(year)
    updates = {fact.ref: fact for fact in made if fact.kind == "update"}
    rows: dict[str, list[list[str]]] = defaultdict(list)
    for fact in made:
        update = updates.get(fact.body.get("update", ""))
        if fact.support and update:
            organismo = fact.body.get("organization") or ""
            day, code = f"{update.at:%Y-%m-%d}", fact.body["item"][1]
            row = [day, fact.plan, code, organismo, fact.body["title"], update.body["text"]]
            rows[fact.support].append(row)
    return {one["archivo"]: _file_of(listed, one, rows[key]) for key, one in resources.items()}


def private_file(fact: Fact) -> bytes:
    """Return the file of a piece of evidence that is not public."""
    lines = [
        f"DEMOSTRACIÓN: {fact.body['title']}",
        "Todo es inventado.",
        "",
        f"No es pública: {fact.body['withheld']}",
    ]
    return "\n".join([*lines, "", "Persona Uno, documento 1", "Persona Dos, documento 2", ""]).encode()


def _file_of(listed: dict[str, Any], resource: dict[str, str], rows: list[list[str]]) -> bytes:
    if resource["format"] == "CSV":
        out = io.StringIO()
        table = csv.writer(out, lineterminator="\n")
        table.writerow(listed["columnas"])
        table.writerows(rows)
        return out.getvalue().encode()
    lines = [*(line.format(name=resource["name"]) for line in listed["encabezado"]), ""]
    for day, plan, code, _, title, text in rows:
        lines += [f"{day} · {plan} {code} · {title}", text, ""]
    return "\n".join(lines).encode()
