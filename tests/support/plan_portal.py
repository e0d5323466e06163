"""Small plans of every family in a real portal, and the people of each kind around them.

A module of tests shares one portal (``support.application.portal``) and one town::

    @pytest.fixture(scope="module")
    def town() -> Iterator[Town]:
        with portal() as app:
            yield Town.build(app)

Tests keep apart by making plans of their own: ``town.plan("paac")``.
"""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from ckan import model
from ckan.tests import factories, helpers

from ckanext.cost_common.values.dates import Precision
from ckanext.ogp_plan.model import Delegation, PlanItem, PlanRole, PlanRow
from ckanext.ogp_plan.planning import tracking
from ckanext.ogp_plan.planning.types import (
    Assignment,
    Indicator,
    Item,
    Measure,
    OrgGroup,
    Plan,
    PlanStatus,
    Role,
    Schedule,
    ScheduleKind,
    Target,
)
from ckanext.ogp_plan.services import event as event_service
from ckanext.ogp_plan.services import plan_version

_NUMBER = itertools.count(1)
YEAR = 2026
#: Everybody whose word may be asked for, as the permission matrix knows them.
CAST = (
    "anonymous",
    "citizen",
    "focal_point",
    "named_focal_point",
    "delegate",
    "other_editor",
    "owner_editor",
    "owner_admin",
    "leader",
    "coordinator",
    "control",
    "monitor",
    "sysadmin",
)


@dataclass
class Town:
    """Organismos and people of each kind; plans are made one by one.

    ``names``: kind of person → user name (None: anonymous). ``tokens``: → API token. The focal points
    report for ``obras``, ``other_editor`` for ``otra`` (which owes nothing), the owner of plans is ``dadii``.
    ``delegate`` stands in for ``focal_point``. ``datic`` owes too, and nobody of the cast is of it.
    """

    app: Any
    names: dict[str, str | None] = field(default_factory=dict)
    ids: dict[str, str] = field(default_factory=dict)
    tokens: dict[str, str] = field(default_factory=dict)
    owner: str = ""
    obras: str = ""
    datic: str = ""
    otra: str = ""

    @classmethod
    def build(cls, app: Any) -> Town:
        """Make the organismos and the people; roles of one plan are given by :meth:`plan`."""
        town = cls(app, names={"anonymous": None})
        number = next(_NUMBER)
        for who in CAST[1:]:
            made = factories.SysadminWithToken if who == "sysadmin" else factories.UserWithToken
            user = made(name=f"{who.replace('_', '-')}-{number}", fullname=who.replace("_", " ").capitalize())
            town.names[who], town.ids[who], town.tokens[who] = user["name"], user["id"], user["token"]
        town.owner = town.organization(
            f"dadii-{number}", "DADII", admin=["owner_admin"], editor=["owner_editor"]
        )
        town.obras = town.organization(f"obras-{number}", "Secretaría de Obras", editor=["focal_point"])
        town.datic = town.organization(f"datic-{number}", "DATIC")
        town.otra = town.organization(f"otra-{number}", "Otra Secretaría", editor=["other_editor"])
        today = dt.datetime.now(dt.timezone.utc).date()
        days = dt.timedelta(days=30)
        model.Session.add(
            Delegation(
                user_id=town.ids["focal_point"],
                delegate_id=town.ids["delegate"],
                organization=town.obras,
                since=today - days,
                until=today + days,
                reason="Vacaciones",
            )
        )
        model.Session.commit()
        return town

    def organization(self, name: str, title: str, **capacities: Iterable[str]) -> str:
        """Make an organismo with people of the cast in it; returns its name."""
        users = [
            {"name": self.names[who], "capacity": capacity} for capacity, who_all in capacities.items() for who in who_all
        ]  # fmt: skip
        made: str = factories.Organization(name=name, title=title, users=users)["name"]
        return made

    def plan(
        self,
        family: str = "paac",
        status: PlanStatus | str = PlanStatus.RUNNING,
        *,
        body: Plan | None = None,
        roles: bool = True,
        **fields: Any,
    ) -> PlanRow:
        """Make a plan with its first version, and (unless ``roles`` is False) give the cast its roles in it."""
        number = next(_NUMBER)
        body = body or MAKERS[family](self)
        row = PlanRow(
            name=fields.pop("name", f"{family}-{number}"),
            family=body.family,
            title=body.title,
            status=PlanStatus(status).value,
            owner=fields.pop("owner", self.owner),
            start=body.start,
            end=body.end,
            **fields,
        )
        model.Session.add(row)
        plan_version.apply(row, body, user_id=self.ids.get("sysadmin"), act_name="Acta de adopción")
        if roles:
            self.give_roles(row, body)
        model.Session.commit()
        model.Session.refresh(row)
        return row

    def give_roles(self, row: PlanRow, body: Plan | None = None) -> None:
        """Give the cast its roles in one plan; the leader leads the first component."""
        first = model.Session.query(PlanItem).filter_by(plan_id=row.id, depth=0).order_by(PlanItem.position)
        component = first.first()
        for who, role, more in (
            ("coordinator", "coordinador", {}),
            ("control", "control_interno", {}),
            ("monitor", "monitor", {}),
            ("leader", "lider_componente", {"component": component.address if component else None}),
            ("named_focal_point", "punto_focal", {"organization": self.obras}),
        ):
            model.Session.add(PlanRole(user_id=self.ids[who], role=role, plan_id=row.id, **more))

    def fresh(self, row: PlanRow) -> PlanRow:
        """Return a plan as it is now: a request over HTTP leaves what this process held behind."""
        found = PlanRow.get(row.id)
        assert found is not None
        model.Session.refresh(found)
        return found

    def change(
        self, row: PlanRow, body: Plan, act_name: str = "Resolución 1", reason: str = "Ajuste"
    ) -> PlanRow:
        """Make a body the plan's next version, and compute what follows from it."""
        from ckanext.ogp_plan.services import item_status

        fresh = self.fresh(row)
        plan_version.apply(fresh, body, user_id=self.ids["coordinator"], act_name=act_name, reason=reason)
        item_status.recompute(fresh.id)
        model.Session.commit()
        return fresh

    def item(self, row: PlanRow, address: str) -> PlanItem:
        """Return an item of a plan by its address, as it is now."""
        model.Session.expire_all()
        found = PlanItem.at(row.id, address)
        assert found is not None, address
        return found

    def add_fact(self, row: PlanRow, fact: Any, at: dt.datetime | None = None) -> Any:
        """Write one fact (past the actions), and compute what follows from it."""
        from ckanext.ogp_plan.services import item_status

        written = event_service.append(row.id, fact, at=at)
        item_status.recompute(row.id)
        model.Session.commit()
        return written

    def update(self, row: PlanRow, key: tuple[str, str], at: dt.datetime | None = None, **fields: Any) -> Any:
        """Write an update of an item; see :meth:`add_fact`."""
        moment = at or dt.datetime.now(dt.timezone.utc)
        fields.setdefault("by", self.ids["focal_point"])
        return self.add_fact(row, tracking.Update(id="", at=moment, item=key, **fields), at)

    def call(self, who: str, action: str, **data: Any) -> Any:
        """Call an action in this process as one of the cast, with authorisation."""
        return helpers.call_action(action, {"user": self.names[who] or "", "ignore_auth": False}, **data)

    def ask(self, who: str, action: str, **data: Any) -> Any:
        """Call an action over HTTP as one of the cast; returns the response."""
        headers = {"Authorization": self.tokens[who]} if who in self.tokens else {}
        return self.app.post(f"/api/action/{action}", headers=headers, json=data)

    def get(self, who: str, url: str, **options: Any) -> Any:
        """Open a page as one of the cast; returns the response."""
        headers = {"Authorization": self.tokens[who]} if who in self.tokens else {}
        return self.app.get(url, headers=headers, **options)


def months(*numbers: int) -> Schedule:
    """Months of the plan's year."""
    return Schedule(ScheduleKind.MONTHS, months=tuple(numbers), precision=Precision.MONTH)


def due(day: dt.date, start: dt.date | None = None) -> Schedule:
    """A day, or from a day to another."""
    kind = ScheduleKind.RANGE if start else ScheduleKind.DATE
    return Schedule(kind, start=start, due=day)


def counted(code: str, name: str, target: int | None, unit: str = "", **more: Any) -> Indicator:
    """An indicator that counts to a number."""
    targets = [Target(Decimal(target), str(target))] if target is not None else []
    words = str(target) if target is not None else ""
    return Indicator(code, name, Measure.UNIT, unit, target_text=words, targets=targets, **more)


def paac(town: Town, year: int = YEAR) -> Plan:
    """A PAAC of two components and five rows; ``obras`` owes two of them and, in a group with ``datic``, one.

    Addresses: ``1`` and ``2`` (components), ``1.1`` (subcomponent), ``1.1.1``, ``1.1.2``, ``1.1.2_2``, ``2.1``, ``2.2``.
    ``2.2`` is a quota: 2 of each of ``obras`` and ``datic``; ``2.1`` is nobody's that is known.
    """
    obras, datic = Assignment(organization=town.obras), Assignment(organization=town.datic)
    group = OrgGroup(
        "organismos", "Todos los organismos", 2, (town.obras, town.datic), source="Decreto de ejemplo"
    )
    rows = [
        ("1.1.1", ("actividad", "1.1.1"), "Revisar el mapa de riesgos", [3], counted("1.1.1", "Mapas revisados", 1), [obras]),
        ("1.1.2", ("actividad", "1.1.2"), "Publicar un boletín cada trimestre", [3, 6, 9, 12], counted("1.1.2", "Boletines publicados", 4), [datic]),
        ("1.1.2#2", ("actividad", "1.1.2"), "Publicar videos cortos", list(range(1, 13)), counted("1.1.2#2", "Videos publicados", 12), [obras, Assignment(Role.SUPPORT, organization=town.datic)]),
        ("2.1", ("actividad", "2.1"), "Capacitar a quienes atienden", [], counted("2.1", "Personas capacitadas", None), [Assignment(unknown="Todos los procesos")]),
        ("2.2", ("actividad", "2.2"), "Reunirse con la comunidad", [6, 12], counted("2.2", "Reuniones hechas", 4), [Assignment(group="organismos", own_target=Decimal(2))]),
    ]  # fmt: skip
    items = [
        Item("componente", "1", "Gestión del riesgo de corrupción"),
        Item("subcomponente", "1.1", "Política de riesgos", parent=("componente", "1")),
        Item("actividad", "1.1.1", "Revisar el mapa", parent=("subcomponente", "1.1")),
        Item("actividad", "1.1.2", "Contar lo que se hizo", parent=("subcomponente", "1.1")),
        Item("componente", "2", "Atención al ciudadano"),
        Item("actividad", "2.1", "Atender mejor", parent=("componente", "2")),
        Item("actividad", "2.2", "Escuchar", parent=("componente", "2")),
    ]
    for code, parent, title, when, indicator, owed in rows:
        schedule = months(*when) if when else Schedule()
        items.append(
            Item("fila", code, title, parent=parent, code_printed=code.split("#")[0], trackable=True, schedule=schedule,
                 assignments=owed, indicators=[indicator], fields={"goal": f"Meta de {code}", "product": title})
        )  # fmt: skip
    return _ordered(Plan("paac", f"PAAC {year} de ejemplo", dt.date(year, 1, 1), dt.date(year, 12, 31), items=items, groups=[group]))  # fmt: skip


def ptep(town: Town, year: int = YEAR) -> Plan:
    """The same rows in the plan that followed the PAAC."""
    made = paac(town, year)
    made.family, made.title = "ptep", f"Programa de transparencia {year} de ejemplo"
    return made


def ogp(town: Town, year: int = YEAR) -> Plan:
    """An OGP plan of two commitments and four milestones; ``obras`` leads the first's, ``datic`` the second's."""
    items: list[Item] = []
    for code, organization, values in (
        ("4.1", town.obras, ["Transparencia", "Participación"]),
        ("4.2", town.datic, ["Participación"]),
    ):
        items.append(
            Item("compromiso", code, f"Compromiso {code}", assignments=[Assignment(organization=organization)],
                 indicators=[counted(code, "Encuentros hechos", 5)], fields={"relevance": ", ".join(values), "problem": "Falta información clara."})
        )  # fmt: skip
        items += [
            Item("hito", f"{code}.H{n}", f"Hito {n} del compromiso {code}", parent=("compromiso", code), code_printed=f"H{n}",
                 trackable=True, assignments=[Assignment(organization=organization)],
                 schedule=due(dt.date(year + n - 1, 6, 30)) if n == 1 else Schedule())
            for n in (1, 2)
        ]  # fmt: skip
    return _ordered(Plan("ogp", f"Plan de gobierno abierto {year}-{year + 1} de ejemplo", dt.date(year, 1, 1), dt.date(year + 1, 12, 31), items=items))  # fmt: skip


def cost(town: Town, year: int = YEAR) -> Plan:
    """A CoST work plan: one item a level, all with code 1.1, distinguished by the level."""
    items = [
        Item(level.id, "1.1", f"{level.name['es']} de ejemplo", trackable=level.trackable, schedule=due(dt.date(year, 12, 31)),
             assignments=[Assignment(organization=town.obras)], indicators=[counted("1.1.1", "Proyectos publicados", 4)])
        for level in _levels("cost")
    ]  # fmt: skip
    return _ordered(Plan("cost", f"Plan de trabajo CoST {year} de ejemplo", dt.date(year, 1, 1), dt.date(year, 12, 31), items=items))  # fmt: skip


MAKERS = {"paac": paac, "ptep": ptep, "ogp": ogp, "cost": cost}


def many(town: Town, number: int, year: int = YEAR) -> Plan:
    """A PAAC of one component with so many rows, ten an activity, of ``obras`` and ``datic`` by turns."""
    items = [Item("componente", "1", "Componente único")]
    for n in range(number):
        activity = f"1.{n // 10 + 1}"
        if n % 10 == 0:
            items.append(Item("actividad", activity, f"Actividad {activity}", parent=("componente", "1")))
        code = f"{activity}#{n % 10 + 1}" if n % 10 else activity
        owed = Assignment(organization=town.obras if n % 2 else town.datic)
        items.append(
            Item("fila", code, f"Fila {n + 1}", parent=("actividad", activity), trackable=True, schedule=months(n % 12 + 1),
                 assignments=[owed], indicators=[counted(code, "Cosas hechas", 2)])
        )  # fmt: skip
    return _ordered(Plan("paac", f"PAAC {year} de {number} filas", dt.date(year, 1, 1), dt.date(year, 12, 31), items=items))  # fmt: skip


def _levels(family: str) -> Any:
    from ckanext.ogp_plan.planning import families

    return families.load(family).levels


def _ordered(plan: Plan) -> Plan:
    """Parents before their children, and positions as listed."""
    by_parent: dict[Any, list[Item]] = {}
    for item in plan.items:
        by_parent.setdefault(item.parent, []).append(item)
    plan.items = []
    _below(None, by_parent, plan.items)
    for order, item in enumerate(plan.items):
        item.order = order
    return plan


def _below(parent: Any, by_parent: dict[Any, list[Item]], out: list[Item]) -> None:
    for item in by_parent.get(parent, []):
        out.append(item)
        _below(item.key, by_parent, out)
