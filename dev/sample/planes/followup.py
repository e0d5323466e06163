"""The year of follow-up of the demonstration plans, as dated facts: pure, no CKAN and no database.

``seguimiento.yaml`` says what people reported, in their words; this makes of it updates, measurements, evidence,
reviews, verdicts and the rest, each at its moment. The same year gives the same facts, to the letter. How they get
into a portal is ``dev/demo_plans.py``.
"""

from __future__ import annotations

import copy
import csv
import datetime as dt
import io
import random
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, fields, replace
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from ckanext.ogp_plan.planning import settings, tracking
from ckanext.ogp_plan.planning.cuts.compliance import compute_compliance
from ckanext.ogp_plan.planning.cuts.types import RowCompliance
from ckanext.ogp_plan.planning.importers import read
from ckanext.ogp_plan.planning.types import Declared, Item, Measure, OrgGroup, Plan

HERE = Path(__file__).parent
YEAR = 2026
ZONE = dt.timezone(dt.timedelta(hours=-5))
#: The demonstration plans: name in the portal → family, file, year after the first.
PLANS = {
    "paac": ("demostracion-paac-{y}", "paac", "paac-{y}.xlsx"),
    "ogp": ("demostracion-gobierno-abierto-{y}", "ogp", "ogp-{y}-{y1}.xlsx"),
    "cost": ("demostracion-cost-{y}", "cost", "cost-{y}.xlsx"),
    "ptep": ("demostracion-ptep-{y1}", "ptep", "ptep-{y1}.xlsx"),
}
STATES = {
    "curso": Declared.ONGOING,
    "hecho": Declared.DONE,
    "no_aplica": Declared.NOT_APPLICABLE,
    "suspendido": Declared.SUSPENDED,
    "retirado": Declared.WITHDRAWN,
}
MONTHS = (
    *("enero", "febrero", "marzo", "abril", "mayo", "junio"),
    *("julio", "agosto", "septiembre", "octubre", "noviembre", "diciembre"),
)
ORDINALS = {"primera": 0, "segunda": 1}
#: Fields of an event's body that name another event by its ref.
REFERENCES = ("update", "measurement", "evidence", "report", "supersedes", "closes", "origin")
CLASSES: dict[str, type[tracking.Event]] = {
    "update": tracking.Update,
    "measurement": tracking.Measurement,
    "evidence": tracking.Evidence,
    "check": tracking.EvidenceCheck,
    "verdict": tracking.Verdict,
    "answer": tracking.Answer,
    "review": tracking.Review,
    "period": tracking.PeriodEvent,
    "report": tracking.Report,
    "link": tracking.Link,
}
LISTS = {
    "update": "updates",
    "measurement": "measurements",
    "evidence": "evidence",
    "check": "checks",
    "verdict": "verdicts",
    "answer": "answers",
    "review": "reviews",
    "period": "periods",
    "report": "reports",
    "link": "links",
}


@dataclass
class Fact:
    """Something that happened. ``plan``: a key of PLANS; ``by``: a user's name, None for the portal itself.

    ``body`` holds the fields of the class of ``tracking``; those in REFERENCES hold refs of other facts.
    ``support``: for an evidence, the file of the catalogue that it is.
    """

    plan: str
    kind: str
    ref: str
    at: dt.datetime
    by: str | None
    body: dict[str, Any] = field(default_factory=dict)
    support: str | None = None


# -- plans and groups -----------------------------------------------------------------------------------------


def _yaml(name: str, year: int) -> dict[str, Any]:
    text = (HERE / name).read_text(encoding="utf-8")
    found: dict[str, Any] = yaml.safe_load(text.replace("{y1}", str(year + 1)).replace("{y}", str(year)))
    return found


def story(year: int = YEAR) -> dict[str, Any]:
    """Return ``seguimiento.yaml`` for a year."""
    return _yaml("seguimiento.yaml", year)


def organismos(year: int = YEAR) -> list[dict[str, Any]]:
    """Return the 28 organismos of the demonstration."""
    found: list[dict[str, Any]] = _yaml("organismos.yaml", year)["organismos"]
    return found


def groups(year: int = YEAR) -> dict[str, OrgGroup]:
    """Return the dated groups with their members, by id."""
    found = _yaml("organismos.yaml", year)
    usual = {"solicitudes": True, "tramites": False, "central": True}
    made = {}
    for one in found["groups"]:
        members = tuple(
            organismo["name"]
            for organismo in found["organismos"]
            if all(organismo.get(key, usual.get(key)) == value for key, value in one["where"].items())
        )
        made[one["group"]] = OrgGroup(
            one["group"],
            one["title"],
            len(members),
            members,
            dt.date(year, 1, 1),
            dt.date(year, 12, 31),
            found["source"],
        )
    return made


def with_groups(plan: Plan, year: int = YEAR) -> Plan:
    """Return the plan with its groups named member by member, as who coordinates it would confirm them."""
    known = groups(year)
    confirmed = copy.deepcopy(plan)
    confirmed.groups = [known.get(group.id, group) for group in confirmed.groups]
    return confirmed


def file_of(plan: str, year: int = YEAR) -> Path:
    """Return the document of a demonstration plan."""
    return HERE / PLANS[plan][2].replace("{y1}", str(year + 1)).replace("{y}", str(year))


def name_of(plan: str, year: int = YEAR) -> str:
    """Return what a demonstration plan is called in the portal."""
    return PLANS[plan][0].replace("{y1}", str(year + 1)).replace("{y}", str(year))


def changed_file(year: int = YEAR) -> Path:
    """Return the document of the PAAC as the resolution of July left it."""
    return HERE / f"paac-{year}-resolucion-041.xlsx"


def plan_of(plan: str, year: int = YEAR, *, changed: bool = False) -> Plan:
    """Read a demonstration plan from its document, with its groups confirmed.

    :param changed: as it is after the change of July (only the PAAC has one).
    """
    document = changed_file(year) if changed and plan == "paac" else file_of(plan, year)
    return with_groups(_read(document, PLANS[plan][1]), year + 1 if plan == "ptep" else year)


@cache
def _read(document: Path, family: str) -> Plan:
    """Read a document once; who gets the plan makes a copy of it."""
    return read(document, family).plan


# -- the writer of facts --------------------------------------------------------------------------------------


class Writer:
    """Makes the facts of one plan."""

    def __init__(self, name: str, told: dict[str, Any], year: int) -> None:
        self.name, self.told, self.year = name, told, year
        self.plan, self.changed = plan_of(name, year), plan_of(name, year, changed=True)
        self.own: dict[str, Any] = told.get(name) or {}
        self.facts: list[Fact] = []
        self.until = self.moment(told["hasta"], 23)
        self.members = {group.id: group.members for group in self.plan.groups}
        #: reports of each item, in order: (organismo or "", ref of its update)
        self.reported: dict[str, list[tuple[str, str, dt.datetime]]] = defaultdict(list)

    def write(self) -> list[Fact]:
        """Return every fact of the plan until the day the story is told."""
        self._periods()
        self._reports()
        for code, told in (self.own.get("reportes") or {}).items():
            extra = [one[1:] for one in self.own.get("respuestas_a_devueltos", ()) if one[0] == code]
            for report in sorted([*told, *extra], key=lambda one: one[0]):
                self._report(self.item(code), report)
        for code, told in (self.own.get("mensuales") or {}).items():
            self._monthly(self.item(code), told)
        for code, told in (self.own.get("grupos") or {}).items():
            self._group(self.item(code), told)
        self._measurements()
        self._returned()
        self._accepted()
        self._answers()
        self._monitor()
        self._checks()
        self._control()
        return [fact for fact in self.facts if fact.at <= self.until]

    # --- small things ---

    def moment(self, day: str, hour: int = 9, minute: int = 0) -> dt.datetime:
        month, number = (int(part) for part in day.split("-"))
        return dt.datetime(self.year, month, number, hour, minute, tzinfo=ZONE)

    def item(self, code: str) -> Item:
        """Return an item by its code, or by "level code"."""
        level, _, short = code.rpartition(" ")
        found = self.plan.item(level or self.own.get("nivel", ""), short)
        if found is None:
            raise KeyError(f"{self.name}: no {code}")
        return found

    def plan_at(self, moment: dt.datetime) -> Plan:
        """Return the plan as it stood at a moment."""
        changes = self.told["cambios"].get(self.name, ())
        return self.changed if any(moment >= self.moment(one["dia"]) for one in changes) else self.plan

    def dice(self, *parts: Any) -> random.Random:
        return random.Random("/".join(str(part) for part in (self.name, *parts)))

    def organismo_of(self, item: Item) -> str:
        """Return who answers for an item as a whole; DADII for what is everybody's."""
        return next((one.organization for one in item.assignments if one.organization), "dadii")

    def user_of(self, organismo: str) -> str:
        return str(self.told["enlaces"].get(organismo, "varios-enlace"))

    def leader_of(self, item: Item) -> str:
        return str(self.told["lideres"].get(item.code.split(".")[0], self.told["coordinadora"]))

    def add(self, kind: str, ref: str, at: dt.datetime, by: str | None, /, **body: Any) -> Fact:
        fact = Fact(self.name, kind, f"{self.name}:{ref}", at, by, body)
        self.facts.append(fact)
        return fact

    # --- what organismos report ---

    def _report(self, item: Item, told: list[Any]) -> None:
        day, state, value, text, proof, *more = told
        extra: dict[str, Any] = more[0] if more else {}
        at = self.moment(day, *self._hour(item.code, day))
        organismo = extra.get("organismo", "")
        by = extra.get("por") or self.user_of(organismo or self.organismo_of(item))
        self._said(item, at, by, state, value, text, proof, extra, organismo)

    def _hour(self, *parts: Any) -> tuple[int, int]:
        dice = self.dice("hour", *parts)
        return dice.randint(8, 16), dice.randint(0, 56)

    def _said(  # noqa: PLR0913, PLR0917 - what a report says
        self,
        item: Item,
        at: dt.datetime,
        by: str,
        state: str | None,
        value: Any,
        text: str,
        proof: str,
        extra: dict[str, Any],
        organismo: str = "",
    ) -> None:
        """One report: an update with its measurements and its evidence, minutes apart."""
        number = sum(1 for who, _, _ in self.reported[item.code] if who == organismo) + 1
        short = extra.get("ref") or f"{item.level}:{item.code}:{organismo}:{number}"
        update = self.add("update", short, at, by, item=item.key, text=text)
        self.reported[item.code].append((organismo, update.ref, at))
        body = update.body
        body["state"] = STATES[state].value if state else None
        if self.name == "paac":
            body["period"] = f"{self.year}-{extra.get('mes') or at.month:02d}"
        if organismo:
            body["organization"] = organismo
        if isinstance(value, str) and value.endswith("%"):
            body["progress"] = value.rstrip("% ")
            value = None
        for name, spanish in (("obstacles", "obstaculo"), ("next_step", "sigue"), ("reason", "motivo")):
            if extra.get(spanish):
                body[name] = extra[spanish]
        if extra.get("riesgo"):
            body |= {"at_risk": True, "reason": extra["riesgo"]}
        if extra.get("confirma"):
            body["confirms"] = True
        if extra.get("corrige"):
            body["supersedes"] = f"{self.name}:{extra['corrige']}"
        if extra.get("informe"):
            body["report"] = f"{self.name}:report:{extra['informe']}"
        self._measured(item, update, value, organismo, extra.get("mes") or at.month)
        self._proved(item, update, proof, organismo)

    def _measured(self, item: Item, update: Fact, value: Any, organismo: str, month: int) -> None:
        if value is None:
            return
        values = value if isinstance(value, dict) else {item.indicators[0].code: value}
        for number, (code, measured) in enumerate(values.items(), start=1):
            body = self._value(measured)
            first = dt.date(self.year, month, 1)
            last = (first + dt.timedelta(days=32)).replace(day=1) - dt.timedelta(days=1)
            body |= {"item": item.key, "indicator": code, "start": first.isoformat(), "end": last.isoformat()}
            body |= {"update": update.ref}
            if organismo:
                body["organization"] = organismo
            if update.body.get("report"):
                body["report"] = update.body["report"]
            at = update.at + dt.timedelta(seconds=20 * number)
            self.add("measurement", f"{update.ref.split(':', 1)[1]}:m{number}", at, update.by, **body)

    def _value(self, measured: Any) -> dict[str, Any]:
        if isinstance(measured, str):
            part, whole = measured.split("/")
            return {"numerator": part, "denominator": whole}
        return {"value": str(measured)}

    def _proved(self, item: Item, update: Fact, proof: str, organismo: str) -> None:
        for number, one in enumerate((piece for piece in proof.split(" && ") if piece), start=1):
            kind, title, where = (part.strip() for part in one.split("|"))
            body: dict[str, Any] = {"item": item.key, "kind": kind, "title": title, "update": update.ref}
            if organismo:
                body["organization"] = organismo
            at = update.at + dt.timedelta(minutes=2, seconds=number)
            fact = self.add("evidence", f"{update.ref.split(':', 1)[1]}:p{number}", at, update.by, **body)
            self._place(fact, where)

    def _place(self, fact: Fact, where: str) -> None:
        if where in self.told["soportes"]["recursos"]:
            fact.support = where
        elif where.startswith("reservado:"):
            fact.body |= {"public": False, "withheld": where.removeprefix("reservado:").strip()}
        elif where.startswith(("/", "https://")):
            fact.body["url"] = where
        else:
            raise KeyError(f"{fact.ref}: {where}")

    def _monthly(self, item: Item, told: dict[str, Any]) -> None:
        total = 0
        for month, amount in enumerate(told["valores"], start=1):
            total += amount
            report = (told.get("informe") or {}).get(str(month))
            at = self.moment(
                f"{month + 1:02d}-{4 + self.dice(item.code, month).randint(0, 4):02d}",
                *self._hour(item.code, month),
            )
            while at.weekday() >= 5:
                at += dt.timedelta(days=1)
            if report:
                at = self.moment(self.own["informes"][report]["dia"], 10, 5)
            present = self.plan_at(at).item(*item.key) or item
            target = present.fields["result"]
            text = told["texto"].format(
                mes=MONTHS[month - 1], n=_dots(amount), total=_dots(total), meta=target
            )
            note = (told.get("notas") or {}).get(str(month))
            extra = {"mes": month} | ({"informe": report} if report else {})
            self._said(
                item,
                at,
                self.user_of(self.organismo_of(item)),
                "curso",
                amount,
                f"{text} {note}" if note else text,
                told["prueba"],
                extra,
            )

    # --- duties of a group ---

    def _group(self, item: Item, told: dict[str, Any]) -> None:
        group = next(one.group for one in item.assignments if one.group)
        for number, organismo in enumerate(self.members[group]):
            profile = self.own["perfiles"][organismo]
            style = self.own["salvo"].get(item.code, {}).get(organismo, profile["estilo"])
            days = self._days(item.code, organismo, style, told["entregas"])
            done = 0
            for turn, (step, at) in enumerate(days):
                words = {
                    **profile,
                    "n": self.dice(item.code, organismo, step).randint(28, 140),
                    "dias": self._delay(style, item.code, organismo, step),
                }
                text = told["textos"][(number + turn) % len(told["textos"])]
                done += 1
                if told["modo"] == "cuota":
                    state = "hecho" if done == len(told["entregas"]) else "curso"
                    value: Any = 1
                else:
                    part, whole = self._part(item.code, organismo, style, told, step)
                    if whole == 0:
                        self._said(
                            item,
                            at,
                            self.user_of(organismo),
                            "no_aplica",
                            None,
                            told["no_aplica"],
                            "",
                            {"motivo": told["no_aplica"]},
                            organismo,
                        )
                        continue
                    words |= {"parte": part, "todo": whole}
                    last = step == len(told["entregas"]) - 1
                    state, value = ("hecho" if part == whole and last else "curso"), f"{part}/{whole}"
                self._said(
                    item,
                    at,
                    self.user_of(organismo),
                    state,
                    value,
                    _spoken(text.format(**words)),
                    told["prueba"],
                    {},
                    organismo,
                )

    def _days(
        self, code: str, organismo: str, style: str, months: list[int]
    ) -> list[tuple[int, dt.datetime]]:
        """Return when an organismo reports each of its deliveries (number, moment); some never come."""
        found = []
        for step, month in enumerate(months):
            dice = self.dice("day", code, organismo, step)
            if style == "callado" or (style == "a_medias" and step >= (len(months) + 1) // 2):
                continue
            if dice.random() < {"puntual": 0.03, "tarde": 0.08, "a_medias": 0.15}[style]:
                continue
            first = dt.datetime(self.year, month, 1, dice.randint(8, 16), dice.randint(0, 55), tzinfo=ZONE)
            late = dice.randint(34, 66) if style == "tarde" else dice.randint(15 if month == 1 else 5, 26)
            at = first + dt.timedelta(days=late)
            while at.weekday() >= 5:
                at += dt.timedelta(days=1)
            found.append((step, at))
        return found

    def _delay(self, style: str, code: str, organismo: str, step: int) -> int:
        dice = self.dice("delay", code, organismo, step)
        return dice.randint(12, 19) if style == "tarde" else dice.randint(5, 10)

    def _part(
        self, code: str, organismo: str, style: str, told: dict[str, Any], step: int
    ) -> tuple[int, int]:
        if told["modo"] == "preguntas":
            dice = self.dice("questions", organismo)
            whole = dice.choice([0, 0, 2, 3, 4, 5, 7, 9])
            return (whole if style == "puntual" else round(whole * 0.6)), whole
        whole = self.own["perfiles"][organismo][told["total"]]
        share = told["curva"][step] * {"puntual": 1, "tarde": 0.9, "a_medias": 0.75}[style]
        return max(1, round(whole * share)), whole

    def _measurements(self) -> None:
        for number, (code, indicator, day, value, comment) in enumerate(self.own.get("mediciones", ())):
            item = self.item(code)
            at = self.moment(day, 15, number)
            body = self._value(value) | {"item": item.key, "indicator": indicator, "comment": comment}
            body |= {"start": f"{self.year}-01-01", "end": at.date().isoformat()}
            self.add(
                "measurement",
                f"medicion:{code}:{indicator}:{day}",
                at,
                self.user_of(self.organismo_of(item)),
                **body,
            )

    # --- what others say of it ---

    def _periods(self) -> None:
        """Months are opened on their first day and closed on the twelfth of the next."""
        if self.name != "paac":
            return
        for month in range(1, 12):
            period = f"{self.year}-{month:02d}"
            coordinator = self.told["coordinadora"]
            if month > 1:
                # the plan was not there yet on the first of January
                self.add(
                    "period",
                    f"abre:{period}",
                    self.moment(f"{month:02d}-01", 7),
                    coordinator,
                    period=period,
                    opened=True,
                )
            closes = self.moment(f"{month + 1:02d}-12", 18)
            self.add(
                "period",
                f"cierra:{period}",
                closes,
                coordinator,
                period=period,
                opened=False,
                reason=f"Cierre del reporte de {MONTHS[month - 1]}",
            )

    def _reports(self) -> None:
        for key, told in (self.own.get("informes") or {}).items():
            by = self.user_of(told["organismo"])
            body = {
                "organization": told["organismo"],
                "start": f"{self.year}-{told['desde']}",
                "end": f"{self.year}-{told['hasta']}",
                "title": told["title"],
                "sections": [list(section) for section in told["secciones"]],
            }
            made = self.add("report", f"report:{key}", self.moment(told["dia"], 8, 30), by, **body)
            day, who = told["aceptado"]
            self.add("review", f"acepta:{key}", self.moment(day, 10), who, report=made.ref, accepted=True)

    def _update_of(self, code: str, which: str, organismo: str) -> tuple[str, dt.datetime]:
        """Return the update of an organismo that a day, or a word ("primera"), tells."""
        mine = [(ref, at) for who, ref, at in self.reported[self.item(code).code] if who == organismo]
        if which in ORDINALS:
            return mine[ORDINALS[which]]
        return next((ref, at) for ref, at in mine if f"{at:%m-%d}" == which)

    def _returned(self) -> None:
        for code, which, organismo, day, reason in self.own.get("devueltos", ()):
            ref, _ = self._update_of(code, which, organismo)
            at, by = self.moment(day, 16, 10), self.leader_of(self.item(code))
            self.add("review", f"devuelve:{ref}", at, by, update=ref, accepted=False, reason=reason)

    def _accepted(self) -> None:
        """What was not returned is accepted on the eighth of the next month; group duties are not reviewed one by one."""
        if self.name != "paac":
            return
        returned = {fact.body.get("update") for fact in self.facts if fact.kind == "review"}
        for fact in [one for one in self.facts if one.kind == "update"]:
            if fact.ref in returned or fact.body.get("organization") or fact.at.month == 12:
                continue
            item = self.plan.item(*fact.body["item"])
            if item is None:
                continue
            at = self.moment(f"{fact.at.month + 1:02d}-08", 10, self.dice("ok", fact.ref).randint(0, 59))
            self.add("review", f"acepta:{fact.ref}", at, self.leader_of(item), update=fact.ref, accepted=True)

    def _answers(self) -> None:
        for code, reason, day, organismo, text in self.own.get("contestan", ()):
            body = {"item": self.item(code).key, "reason": reason, "text": text, "organization": organismo}
            self.add(
                "answer", f"contesta:{code}:{reason}", self.moment(day, 11), self.user_of(organismo), **body
            )

    def _monitor(self) -> None:
        alerts: dict[str, str] = {}
        for code, day, completion, agrees, rationale, advice, alert in self.own.get("monitoreo", ()):
            item = self.item(code)
            body = {"item": item.key, "role": "monitor", "assigned": completion, "agrees": agrees}
            body |= {"rationale": rationale, "recommendation": advice, "alert": alert is True}
            ref = f"monitora:{code}:{day}"
            if alert == "cierra":
                body["closes"] = alerts[code]
            elif alert:
                alerts[code] = f"{self.name}:{ref}"
            self.add("verdict", ref, self.moment(day, 14, 30), self.told["monitora"], **body)

    def _checks(self) -> None:
        for code, title, day, alive, status, detail in self.own.get("revisiones_de_pruebas", ()):
            evidence = next(
                fact
                for fact in self.facts
                if fact.kind == "evidence"
                and fact.body["item"] == self.item(code).key
                and fact.body["title"] == title
                and f"{fact.at:%m-%d}" < day
            )
            body = {
                "evidence": evidence.ref,
                "alive": alive,
                "status": status,
                "detail": detail,
                "same": alive or None,
                "public": alive or None,
            }
            self.add("check", f"mira:{evidence.ref}:{day}", self.moment(day, 3, 15), None, **body)

    # --- Control Interno ---

    def _control(self) -> None:
        for cut in self.own.get("cortes", ()):
            day, moment = self.moment(cut["corte"]).date(), self.moment(cut["dia"], 8)
            record = record_of(self.plan_at(moment), self.facts).as_of(moment)
            found = compute_compliance(record, day, settings.of(PLANS[self.name][1]))
            for number, row in enumerate(one for one in found.rows if one.scheduled):
                told = cut["casos"].get(row.key[1])
                if told is None and cut.get("solo_casos"):
                    continue
                body = self._looked(row, record) if told is None else self._told(told)
                body |= {"item": row.key, "role": "control_interno", "cut": day.isoformat()}
                at = moment + dt.timedelta(minutes=5 * number)
                self.add("verdict", f"control:{cut['corte']}:{row.key[1]}", at, self.told["control"], **body)

    def _told(self, told: dict[str, Any]) -> dict[str, Any]:
        completion = "complete" if told["cumple"] else "limited"
        if told["calidad"] == "ninguna":
            completion = "no_evidence"
        return {
            "fulfilled": told["cumple"],
            "agrees": told["acuerdo"],
            "assigned": completion,
            "quality": told["calidad"],
            "rationale": told["dice"],
            "recommendation": told.get("recomienda", ""),
        }

    def _looked(self, row: RowCompliance, record: tracking.Record) -> dict[str, Any]:
        """What an auditor finds by counting: what was due by the cut, what was shown, with how many proofs."""
        item = record.plan.item(*row.key)
        unit = " %" if item and item.indicators[0].measure is Measure.PERCENTAGE else ""
        due, shown = (f"{_dots(int(value or 0))}{unit}" for value in (row.target, row.actual))
        said = f"A la fecha se debía mostrar {due} y se comprobó {shown}"
        proved = f"con {_dots(row.evidence)} pruebas" if row.evidence > 1 else "con una prueba"
        body: dict[str, Any] = {"fulfilled": row.fulfilled, "agrees": True, "recommendation": ""}
        if row.actual is None:
            body |= {
                "assigned": "not_started",
                "quality": "ninguna",
                "rationale": "No se reportó nada que contar en esta fila.",
            }
        elif not row.evidence:
            body |= {
                "assigned": "no_evidence",
                "quality": "ninguna",
                "rationale": f"{said}, sin ninguna prueba.",
                "agrees": False,
            }
        elif row.fulfilled:
            done = (
                row.progress is not None and row.progress >= 1 and item is not None and self._whole(item, row)
            )
            body |= {
                "assigned": "complete" if done else "substantial",
                "quality": "buena",
                "rationale": f"{said}, {proved}.",
            }
        else:
            body |= {
                "assigned": "limited",
                "quality": "suficiente",
                "rationale": f"{said}, {proved}. Lo reportado es cierto y no alcanza.",
            }
        return body

    def _whole(self, item: Item, row: RowCompliance) -> bool:
        """Tell whether what was shown is all of the year, and not only what was due by the cut."""
        target = item.indicators[0].targets[0].value
        return target is not None and row.actual is not None and row.actual >= target


def _spoken(text: str) -> str:
    """Join what Spanish joins: "de el centro" is "del centro"."""
    return re.sub(r"\b(de|a) el\b", lambda found: {"de": "del", "a": "al"}[found[1]], text)


def _dots(number: int) -> str:
    """Return a whole number as Colombians write it."""
    return f"{number:,}".replace(",", ".")


# -- all of it ------------------------------------------------------------------------------------------------


def facts(year: int = YEAR) -> list[Fact]:
    """Return all that happened to the demonstration plans, oldest first. The list is not to be changed."""
    return _facts(year)


@cache
def _facts(year: int) -> list[Fact]:
    told = story(year)
    made: list[Fact] = []
    for name in PLANS:
        made += Writer(name, told, year).write()
    made += _linked(told, year)
    made += _repeated(made, told)
    return sorted(made, key=lambda fact: (fact.at, fact.ref))


def _key(words: str) -> tuple[str, str]:
    level, code = words.split(" ")
    return level, code


def _linked(told: dict[str, Any], year: int) -> Iterator[Fact]:
    for number, (plan, item, kind, other_plan, other) in enumerate(told["enlazados"]):
        at = dt.datetime(year, 11 if plan == "ptep" else 3, 3, 9, number, tzinfo=ZONE)
        body: dict[str, Any] = {"item": _key(item), "kind": kind, "other": _key(other)}
        if other_plan != plan:
            body["plan"] = other_plan
        yield Fact(plan, "link", f"{plan}:enlace:{number}", at, told["coordinadora"], body)


def _repeated(made: Iterable[Fact], told: dict[str, Any]) -> list[Fact]:
    """One answer counts for two plans: what is reported to a linked item is said of the other, with its origin."""
    counting = {
        (plan, _key(item)): (other_plan, _key(other))
        for plan, item, kind, other_plan, other in told["enlazados"]
        if kind == "counts_for"
    }
    found = []
    for fact in list(made):
        place = counting.get((fact.plan, fact.body.get("item", ())))
        if place is None or fact.kind not in ("update", "evidence"):
            continue
        plan, item = place
        body = {key: value for key, value in fact.body.items() if key != "report"} | {"item": item}
        at = fact.at + dt.timedelta(seconds=5)
        again = replace(fact, plan=plan, ref=f"{plan}:de:{fact.ref}", at=at, body=body)
        if fact.kind == "update":
            again.body["origin"] = fact.ref
        else:
            again.body["update"] = f"{plan}:de:{fact.body['update']}"
        found.append(again)
    return found


def event_of(fact: Fact) -> tracking.Event:
    """Return a fact as the tracking's own class; its ref is its id."""
    kind = CLASSES[fact.kind]
    body = dict(fact.body)
    if fact.support:
        body["resource"] = fact.support
    types = {one.name: str(one.type) for one in fields(kind)}
    given = {name: _typed(value, types[name]) for name, value in body.items() if value is not None}
    return kind(id=fact.ref, at=fact.at, by=fact.by, **given)


_ENUMS = {
    one.__name__: one
    for one in (Declared, tracking.EvidenceKind, tracking.LinkKind, tracking.VerdictRole, tracking.Completion)
}


def _typed(value: Any, kind: str) -> Any:
    kind = kind.removesuffix(" | None")
    if kind in _ENUMS:
        return _ENUMS[kind](value)
    if kind == "Decimal":
        return Decimal(str(value))
    if kind == "dt.date":
        return dt.date.fromisoformat(value)
    if kind.startswith("tuple[tuple"):
        return tuple(tuple(one) for one in value)
    return value


def record_of(plan: Plan, made: Iterable[Fact]) -> tracking.Record:
    """Return a plan's record with those facts that are of it."""
    record = tracking.Record(plan)
    for fact in made:
        getattr(record, LISTS[fact.kind]).append(event_of(fact))
    return record


def record(name: str, year: int = YEAR) -> tracking.Record:
    """Return a demonstration plan with all that happened to it."""
    return record_of(plan_of(name, year, changed=True), (fact for fact in facts(year) if fact.plan == name))


# -- the files that prove it ----------------------------------------------------------------------------------


def supports(year: int = YEAR) -> dict[str, bytes]:
    """Return the files of the catalogue that evidence names, by file name: what was reported with each, in rows."""
    told = story(year)
    made = facts(year)
    updates = {fact.ref: fact for fact in made if fact.kind == "update"}
    rows: dict[str, list[list[str]]] = defaultdict(list)
    for fact in made:
        update = updates.get(fact.body.get("update", ""))
        if fact.support and update:
            who = fact.body.get("organization") or ""
            rows[fact.support].append(
                [
                    f"{update.at:%Y-%m-%d}",
                    fact.plan,
                    fact.body["item"][1],
                    who,
                    fact.body["title"],
                    update.body["text"],
                ]
            )
    return {one["archivo"]: _file(one, rows[key]) for key, one in told["soportes"]["recursos"].items()}


def _file(one: dict[str, str], rows: list[list[str]]) -> bytes:
    if one["format"] == "CSV":
        out = io.StringIO()
        table = csv.writer(out, lineterminator="\n")
        table.writerow(["fecha", "plan", "codigo", "organismo", "soporte", "descripcion"])
        table.writerows(rows)
        return out.getvalue().encode()
    lines = [f"DEMOSTRACIÓN: {one['name']}", "Todo es inventado.", ""]
    for day, plan, code, _, title, text in rows:
        lines += [f"{day} · {plan} {code} · {title}", text, ""]
    return "\n".join(lines).encode()
