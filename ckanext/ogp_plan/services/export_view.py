"""Plans on their way out: what the exporters need of the tables, and the files there are.

A file is made when it is asked for, from what everybody may see; nothing of it is kept.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import hashlib
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

import ckan.plugins.toolkit as tk
import sqlalchemy as sa
from ckan import model
from icalendar import Calendar

from ckanext.cost_common.values.business_days import ZONE, day_of
from ckanext.ogp_plan import urls
from ckanext.ogp_plan.model import (
    Cut,
    Event,
    ItemAssignment,
    LightChange,
    PlanItem,
    PlanRow,
    Publication,
    RecordedChange,
)
from ckanext.ogp_plan.planning import settings as plan_settings
from ckanext.ogp_plan.planning.cuts.dates import cut_days
from ckanext.ogp_plan.planning.cuts.types import Compliance
from ckanext.ogp_plan.planning.exporters import (
    cost_table,
    f014,
    follow_up,
    ical,
    machine,
    ogp_matrix,
    own_workbook,
    tables,
)
from ckanext.ogp_plan.planning.exporters.atom import Past
from ckanext.ogp_plan.planning.exporters.view import View
from ckanext.ogp_plan.planning.history import Change
from ckanext.ogp_plan.planning.history import LightChange as ChangedLight
from ckanext.ogp_plan.planning.responsibles import Directory
from ckanext.ogp_plan.planning.status import compute_status
from ckanext.ogp_plan.planning.tracking import EVENTS, Evidence, Key
from ckanext.ogp_plan.planning.types import ChangeKind, PlanChange
from ckanext.ogp_plan.planning.words.i18n import N_, translator
from ckanext.ogp_plan.services import cut as cut_service
from ckanext.ogp_plan.services import item_status, permission
from ckanext.ogp_plan.services import record as record_service

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
CSV = "text/csv; charset=utf-8"
JSON = "application/json; charset=utf-8"
ATOM = "application/atom+xml; charset=utf-8"
ICAL = "text/calendar; charset=utf-8"
#: The longest time that a report of an organismo covers, in days.
LONGEST_REPORT = 366 * 2


# --- what exporters ask -------------------------------------------------------------------------------


class PublicAddresses:
    """Where the pages of one plan are, for the outside: absolute addresses."""

    def __init__(self, plan: PlanRow, items: Mapping[Key, str]) -> None:
        self.name, self.items = plan.name, items
        self._page = urls.OfItems(absolute=True)

    def plan(self) -> str:
        """Return the page of the plan."""
        return urls.url_of_plan(self.name, absolute=True)

    def item(self, key: Key) -> str:
        """Return the page of an item; of one that is no more in any version, the plan's."""
        address = self.items.get(key)
        return self._page(self.name, address) if address else self.plan()

    def cut(self, day: dt.date) -> str:
        """Return the page of the cut of a day."""
        return urls.url_of_cut(self.name, day, absolute=True)

    def organization(self, name: str) -> str:
        """Return the page of what an organismo owes."""
        return str(tk.url_for("ogp_plan.obligations", id=name, _external=True))

    def evidence(self, one: Evidence) -> str:
        """Return where a public evidence is: the link, the resource or the dataset."""
        if not one.public:
            return ""
        if one.url:
            return one.url
        if one.resource and one.dataset:
            return str(tk.url_for("resource.read", id=one.dataset, resource_id=one.resource, _external=True))
        return str(tk.url_for("dataset.read", id=one.dataset, _external=True)) if one.dataset else ""


@lru_cache(maxsize=1)
def directory_names() -> dict[str, str]:
    """Return what ``schemas/cali/`` calls organismos and their parts."""
    named: dict[str, str] = {}
    for one in Directory.load().organismos.values():
        named[one["id"]] = one["title"]
        named |= {unit["id"]: unit["title"] for unit in one.get("units", [])}
    return named


def names() -> dict[str, str]:
    """Return what organismos and their parts are called: as the portal has them, or else the directory."""
    wanted = sa.select(model.Group.name, model.Group.title).where(
        model.Group.is_organization.is_(True), model.Group.state == "active"
    )
    there = {name: title for name, title in model.Session.execute(wanted) if title}
    return {**directory_names(), **there}


def item_addresses(plan: PlanRow, keys: Collection[Key] | None = None) -> dict[Key, str]:
    """Return the address of each item that the plan ever had.

    :param keys: only of these items.
    """
    wanted = sa.select(PlanItem.level, PlanItem.code, PlanItem.address).where(PlanItem.plan_id == plan.id)
    if keys is not None:
        wanted = wanted.where(sa.tuple_(PlanItem.level, PlanItem.code).in_(list(keys)))
    return {(level, code): address for level, code, address in model.Session.execute(wanted)}


def view(
    plan: PlanRow,
    lang: str,
    *,
    cut: Cut | None = None,
    until: dt.date | None = None,
    keys: Collection[Key] | None = None,
    named: Mapping[str, str] | None = None,
) -> View:
    """Return a plan as it stands today, ready to be written.

    :param cut: as it stood at a cut instead, with the settings of then.
    :param until: as it stood at the end of a day instead; with all that was said of it since, as what is
        reported of a period comes after its end.
    :param keys: only these items.
    :param named: what organismos are called, where several views are made.
    :raises NoSuchVersion: there was no such plan yet at the end of that day.
    """
    said = None
    overdue: dict[tuple[str | None, Key], dt.date] = {}
    if cut is not None:
        record = cut_service.record_of(plan, cut)
        today = cut.day
    elif until is not None and until < record_service.today():
        end = dt.datetime.combine(until, dt.time.max, tzinfo=ZONE)
        record, today = record_service.load(plan, as_of=end), until
        later = record_service.load(plan)
        said = replace(record, **{name: getattr(later, name) for name in EVENTS})
    else:
        record, today = record_service.load(plan, keys), record_service.today()
        overdue = item_status.overdue_elsewhere(plan.id, today)
    family = record_service.family(plan.family)
    settings = plan_settings.build_settings(family, record.settings)
    return View(
        id=plan.name,
        record=said or record,
        statuses=compute_status(record, today, keys, settings=settings, overdue=overdue),
        addresses=PublicAddresses(plan, item_addresses(plan)),
        today=today,
        family=family,
        settings=settings,
        lang=lang,
        names=names() if named is None else named,
    )


def past(plan: PlanRow) -> Past:
    """Return what happened to a plan that its record does not hold: its changes and those of its lights."""
    changes: dict[Key, list[Change]] = {}
    wanted = (
        sa.select(RecordedChange)
        .where(RecordedChange.plan_id == plan.id, RecordedChange.level.isnot(None))
        .order_by(RecordedChange.version, RecordedChange.position)
    )
    for row in model.Session.scalars(wanted):
        change = PlanChange(ChangeKind(row.kind), row.level, row.code, row.field, row.before, row.after)
        changes.setdefault((row.level, row.code), []).append(
            Change(row.created, row.version, change, row.act_name, row.reason)
        )
    lights: dict[Key, list[ChangedLight]] = {}
    turned = (
        sa.select(PlanItem.level, PlanItem.code, LightChange)
        .join(LightChange, LightChange.item_id == PlanItem.id)
        .where(LightChange.plan_id == plan.id)
        .order_by(LightChange.at)
    )
    for level, code, light in model.Session.execute(turned):
        if light.after:
            lights.setdefault((level, code), []).append(
                ChangedLight(light.at, light.before, light.after, tuple(_codes(light.reasons)))
            )
    return Past(changes, lights)


def _codes(reasons: Iterable[object]) -> list[str]:
    return [str(one["code"]) if isinstance(one, Mapping) else str(one) for one in reasons]


def revised(plan: PlanRow) -> dict[Key, int]:
    """Return, by item, the number of the last version of the plan that changed it."""
    wanted = (
        sa.select(RecordedChange.level, RecordedChange.code, sa.func.max(RecordedChange.version))
        .where(RecordedChange.plan_id == plan.id, RecordedChange.level.isnot(None))
        .group_by(RecordedChange.level, RecordedChange.code)
    )
    return {(level, code): number for level, code, number in model.Session.execute(wanted)}


def published_days(plan: PlanRow) -> dict[dt.date, dt.date | None]:
    """Return the day on which the cut of each day was published."""
    return {
        one.day: day_of(one.published.at)
        for one in cut_service.of_plan(plan)
        if one.published is not None
    }


def _frozen(plan: PlanRow, until: dt.date | None = None) -> list[cut_service.Day]:
    return [one for one in cut_service.of_plan(plan) if one.cut and (until is None or one.day <= until)]


# --- which plans, which edition ------------------------------------------------------------------------


def plans_of(organization: str, person: permission.Person, *, reporting: bool = False) -> list[PlanRow]:
    """Return the plans in which an organismo owes something, of those somebody may see, by name.

    :param reporting: only those that take reports now.
    """
    owed = sa.select(ItemAssignment.plan_id).where(
        ItemAssignment.organization == organization, ItemAssignment.role.in_(permission.OWING)
    )
    wanted = sa.select(PlanRow).where(PlanRow.id.in_(owed), permission.visible(person)).order_by(PlanRow.name)
    if reporting:
        wanted = wanted.where(PlanRow.status.in_(item_status.TRACKED))
    return list(model.Session.scalars(wanted))


def edition(plans: Collection[PlanRow], *more: object) -> str:
    """Return what tells one edition of a file from another: versions, facts, lights, cuts, and the day.

    Three queries, whatever the number of plans.
    """
    ids = [plan.id for plan in plans]
    facts = sa.select(sa.func.count(), sa.func.max(Event.seq)).where(Event.plan_id.in_(ids))
    lights = sa.select(sa.func.count(), sa.func.max(LightChange.at)).where(LightChange.plan_id.in_(ids))
    frozen = sa.select(
        sa.select(sa.func.count()).select_from(Cut).where(Cut.plan_id.in_(ids)).scalar_subquery(),
        sa.select(sa.func.count())
        .select_from(Publication)
        .where(Publication.plan_id.in_(ids))
        .scalar_subquery(),
    )
    parts = [
        *(f"{plan.id} {plan.version} {plan.status} {plan.modified.isoformat()}" for plan in plans),
        *(str(tuple(model.Session.execute(one).one())) for one in (facts, lights, frozen)),
        record_service.today().isoformat(),
        *map(str, more),
    ]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:32]


def last_change(plans: Collection[PlanRow]) -> dt.datetime:
    """Return when something last happened to some plans: a fact, a version, a light."""
    ids = [plan.id for plan in plans]
    moments = [plan.modified for plan in plans]
    for column, table in ((Event.at, Event), (LightChange.at, LightChange), (Publication.at, Publication)):
        found = model.Session.execute(sa.select(sa.func.max(column)).where(table.plan_id.in_(ids))).scalar()
        moments += [found] if found else []
    return max(moments).astimezone(dt.timezone.utc).replace(microsecond=0)


# --- the files -----------------------------------------------------------------------------------------

Made = Callable[[PlanRow, str], bytes]


@dataclass(frozen=True, slots=True)
class File:
    """A file of a plan. ``levels``: what a plan's family must have for it; empty: every family.

    ``resource``: whether it is one of the resources of the plan's dataset; ``format``: as catalogues say it.
    """

    name: str
    title: str
    format: str
    content_type: str
    make: Made
    levels: frozenset[str] = frozenset()
    resource: bool = True
    description: str = ""


def _view_of(exporter: Callable[[View], bytes]) -> Made:
    return lambda plan, lang: exporter(view(plan, lang))


def _plan_json(plan: PlanRow, lang: str) -> bytes:
    return machine.to_json(view(plan, lang), past=past(plan), cuts=_compliances(plan))


def _compliances(plan: PlanRow) -> list[Compliance]:
    return [cut_service.compliance_of(plan, one.cut)[0] for one in _frozen(plan) if one.cut]


def _matrix_days(plan: PlanRow) -> list[dt.date]:
    """The days of the matrix: each cut so far, and today."""
    today = record_service.today()
    settings = record_service.effective_settings(plan)
    return [*(day for day in cut_days(settings, record_service.head(plan)) if day < today), today]


def _columns(plan: PlanRow, shown: View) -> list[tables.Column]:
    return tables.history(shown.record, _matrix_days(plan), shown.settings)


def _matrix(plan: PlanRow, lang: str) -> bytes:
    shown = view(plan, lang)
    return tables.matrix_csv(shown, _columns(plan, shown))


def _everything(plan: PlanRow, lang: str) -> bytes:
    shown = view(plan, lang)
    return tables.everything(shown, _columns(plan, shown), _compliances(plan))


def _follow_up(plan: PlanRow, lang: str) -> bytes:
    return follow_up_form(plan, lang)


def follow_up_form(plan: PlanRow, lang: str, cut: Cut | None = None) -> bytes:
    """Return Control Interno's form: of all the cuts so far, or as it was at one cut."""
    done = []
    for one in _frozen(plan, cut.day if cut else None):
        if one.cut is None:
            continue
        used = cut if cut is not None and one.day == cut.day else one.cut
        published = day_of(one.published.at) if one.published else None
        done.append(follow_up.Cut(cut_service.compliance_of(plan, used)[0], published))
    shown = view(plan, lang, cut=cut)
    return follow_up.write(shown, done, names().get(plan.owner, plan.owner))


def _current(exporter: Callable[..., bytes], *more: object) -> Made:
    return lambda plan, lang: exporter(record_service.current_plan(plan), *more)


def _cost(lang: str) -> Made:
    return lambda plan, _: cost_table.write(
        record_service.current_plan(plan), record_service.family(plan.family), lang
    )


def _json_of(make: Callable[[View], object]) -> Made:
    import json

    return lambda plan, lang: (
        json.dumps(make(view(plan, lang)), ensure_ascii=False, indent=1) + "\n"
    ).encode("utf-8")


_ROWS, _GOAL, _MILESTONES = frozenset({"fila"}), frozenset({"goal"}), frozenset({"hito"})

#: Every file of a plan, by the name it is asked by.
FILES: dict[str, File] = {
    one.name: one
    for one in (
        File("plan.json", N_("Everything, with its history (JSON)"), "JSON", JSON, _plan_json),
        File(
            "plan.xlsx",
            N_("Workbook of the plan, to edit and import again (XLSX)"),
            "XLSX",
            XLSX,
            _current(own_workbook.write),
        ),
        File("cuadro.xlsx", N_("Table of the plan with its follow-up (XLSX)"), "XLSX", XLSX, _everything),
        File(
            "elementos.csv",
            N_("Items: where each stands, and why (CSV)"),
            "CSV",
            CSV,
            _view_of(tables.items_csv),
        ),
        File(
            "mediciones.csv",
            N_("Measurements, one a row (CSV)"),
            "CSV",
            CSV,
            _view_of(tables.measurements_csv),
        ),
        File("matriz.csv", N_("Items by cut (CSV)"), "CSV", CSV, _matrix),
        File("evidencias.csv", N_("Evidence (CSV)"), "CSV", CSV, _view_of(tables.evidence_csv)),
        File(
            "iati.json",
            N_("Results in the shape of IATI (JSON)"),
            "JSON",
            JSON,
            _json_of(lambda shown: {"results": machine.results(shown)}),
        ),
        File(
            "ocds.json",
            N_("Milestones in the shape of OCDS (JSON)"),
            "JSON",
            JSON,
            _json_of(lambda shown: {"milestones": machine.milestones(shown)}),
        ),
        File("f014.xlsx", N_("Form F014 (XLSX)"), "XLSX", XLSX, _current(f014.write), _ROWS),
        File("seguimiento.xlsx", N_("Control Interno's follow-up form (XLSX)"), "XLSX", XLSX, _follow_up),
        File("cost-es.xlsx", N_("CoST's table, in Spanish (XLSX)"), "XLSX", XLSX, _cost("es"), _GOAL),
        File("cost-en.xlsx", N_("CoST's table, in English (XLSX)"), "XLSX", XLSX, _cost("en"), _GOAL),
        File(
            "matriz-ogp.xlsx",
            N_("OGP's matrix of milestones and evidence (XLSX)"),
            "XLSX",
            XLSX,
            _view_of(ogp_matrix.write),
            _MILESTONES,
        ),
    )
}


def files_of(plan: PlanRow) -> list[File]:
    """Return the files a plan of its family has."""
    levels = {level.id for level in record_service.family(plan.family).levels}
    return [one for one in FILES.values() if one.levels <= levels]


def views_of(
    organization: str,
    person: permission.Person,
    lang: str,
    *,
    until: dt.date | None = None,
    reporting: bool = False,
) -> list[View]:
    """Return every plan in which an organismo owes something, ready to be written.

    :param until: as :func:`view` takes it; plans that were not there yet are left out.
    :param reporting: only the plans that take reports now.
    """
    named = names()
    plans = plans_of(organization, person, reporting=reporting)
    made = []
    for plan in plans:
        with contextlib.suppress(record_service.NoSuchVersion):
            made.append(view(plan, lang, until=until, named=named))
    return made


def revised_of(plans: Sequence[PlanRow]) -> dict[str, dict[Key, int]]:
    """Return :func:`revised` of several plans, by the name of each."""
    return {plan.name: revised(plan) for plan in plans}


def calendar_of(person: permission.Person, organizations: Sequence[str], lang: str) -> bytes:
    """Return one calendar of all that some organismos owe in the plans that somebody may see.

    Nothing owed is an empty calendar, and no failure: who subscribed keeps the address.
    """
    whole = Calendar()
    whole.add("prodid", "-//ckanext-ogp_plan//ES")
    whole.add("version", "2.0")
    whole.add("method", "PUBLISH")
    for name in ("name", "x-wr-calname"):
        whole.add(name, translator(lang).gettext(N_("What I have to report")))
    seen: set[str] = set()
    for name in organizations:
        plans = plans_of(name, person)
        if not plans:
            continue
        made = ical.organization_calendar(name, views_of(name, person, lang), revised=revised_of(plans))
        for one in Calendar.from_ical(made).subcomponents:
            if str(one.get("uid")) not in seen:
                seen.add(str(one.get("uid")))
                whole.add_component(one)
    return bytes(whole.to_ical())
