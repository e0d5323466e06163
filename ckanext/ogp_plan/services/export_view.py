"""Views of plans for the exporters: plans, their history and addresses, as they are read from the tables."""

from __future__ import annotations

import contextlib
import datetime as dt
import hashlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace

import ckan.plugins.toolkit as tk
import sqlalchemy as sa
from ckan import model

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
from ckanext.ogp_plan.planning.exporters.atom import Past
from ckanext.ogp_plan.planning.exporters.view import View
from ckanext.ogp_plan.planning.history import Change
from ckanext.ogp_plan.planning.history import LightChange as ChangedLight
from ckanext.ogp_plan.planning.status import compute_status
from ckanext.ogp_plan.planning.tracking import EVENTS, Evidence, Key
from ckanext.ogp_plan.planning.types import ChangeKind, PlanChange
from ckanext.ogp_plan.services import cut as cut_service
from ckanext.ogp_plan.services import item_status, permission
from ckanext.ogp_plan.services import record as record_service
from ckanext.ogp_plan.services.organization import load_names

#: The longest time that a report of an organismo covers, in days.
MAX_REPORT_DAYS = 366 * 2


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

    def evidence(self, evidence: Evidence) -> str:
        """Return where a public evidence is: the link, the resource or the dataset."""
        if not evidence.public:
            return ""
        if evidence.url:
            return evidence.url
        if evidence.resource and evidence.dataset:
            return str(
                tk.url_for(
                    "resource.read", id=evidence.dataset, resource_id=evidence.resource, _external=True
                )
            )
        return (
            str(tk.url_for("dataset.read", id=evidence.dataset, _external=True)) if evidence.dataset else ""
        )


def load_item_addresses(plan: PlanRow, keys: Collection[Key] | None = None) -> dict[Key, str]:
    """Return the address of each item that the plan ever had.

    :param keys: only of these items.
    """
    wanted = sa.select(PlanItem.level, PlanItem.code, PlanItem.address).where(PlanItem.plan_id == plan.id)
    if keys is not None:
        wanted = wanted.where(sa.tuple_(PlanItem.level, PlanItem.code).in_(list(keys)))
    return {(level, code): address for level, code, address in model.Session.execute(wanted)}


def build_view(
    plan: PlanRow,
    lang: str,
    *,
    cut: Cut | None = None,
    until: dt.date | None = None,
    keys: Collection[Key] | None = None,
    named: Mapping[str, str] | None = None,
) -> View:
    """Return a plan as it is today, ready to be written.

    :param cut: as it was at a cut instead, with the settings of then.
    :param until: as it was at the end of a day instead; with all that was reported of it since, as what is
        reported of a period comes after its end.
    :param keys: only these items.
    :param named: what organismos are called, where several views are made.
    :raises NoSuchVersion: there was no such plan yet at the end of that day.
    """
    later_record = None
    overdue: dict[tuple[str | None, Key], dt.date] = {}
    if cut is not None:
        record = cut_service.load_record(plan, cut)
        today = cut.day
    elif until is not None and until < record_service.today():
        end = dt.datetime.combine(until, dt.time.max, tzinfo=ZONE)
        record, today = record_service.load(plan, as_of=end), until
        later = record_service.load(plan)
        later_record = replace(record, **{name: getattr(later, name) for name in EVENTS})
    else:
        record, today = record_service.load(plan, keys), record_service.today()
        overdue = item_status.overdue_elsewhere(plan.id, today)
    family = record_service.family(plan.family)
    settings = plan_settings.build_settings(family, record.settings)
    return View(
        id=plan.name,
        record=later_record or record,
        statuses=compute_status(record, today, keys, settings=settings, overdue=overdue),
        addresses=PublicAddresses(plan, load_item_addresses(plan)),
        today=today,
        family=family,
        settings=settings,
        lang=lang,
        names=load_names() if named is None else named,
    )


def load_past(plan: PlanRow) -> Past:
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
                ChangedLight(light.at, light.before, light.after, tuple(_list_codes(light.reasons)))
            )
    return Past(changes, lights)


def _list_codes(reasons: Iterable[object]) -> list[str]:
    return [str(reason["code"]) if isinstance(reason, Mapping) else str(reason) for reason in reasons]


def load_revisions(plan: PlanRow) -> dict[Key, int]:
    """Return, by item, the number of the last version of the plan that changed it."""
    wanted = (
        sa.select(RecordedChange.level, RecordedChange.code, sa.func.max(RecordedChange.version))
        .where(RecordedChange.plan_id == plan.id, RecordedChange.level.isnot(None))
        .group_by(RecordedChange.level, RecordedChange.code)
    )
    return {(level, code): number for level, code, number in model.Session.execute(wanted)}


def load_publication_days(plan: PlanRow) -> dict[dt.date, dt.date | None]:
    """Return the day on which the cut of each day was published."""
    return {
        day.day: day_of(day.published.at) for day in cut_service.list_days(plan) if day.published is not None
    }


def list_frozen_cuts(plan: PlanRow, until: dt.date | None = None) -> list[cut_service.CutDay]:
    return [day for day in cut_service.list_days(plan) if day.cut and (until is None or day.day <= until)]


# --- which plans, which edition ------------------------------------------------------------------------


def list_plans_of_organization(
    organization: str, person: permission.Person, *, reporting: bool = False
) -> list[PlanRow]:
    """Return the plans in which an organismo owes something, of those somebody may see, by name.

    :param reporting: only those that take reports now.
    """
    owed = sa.select(ItemAssignment.plan_id).where(
        ItemAssignment.organization == organization, ItemAssignment.role.in_(permission.RESPONSIBLE_ROLES)
    )
    wanted = (
        sa.select(PlanRow)
        .where(PlanRow.id.in_(owed), permission.visible_plans(person))
        .order_by(PlanRow.name)
    )
    if reporting:
        wanted = wanted.where(PlanRow.status.in_(item_status.TRACKED))
    return list(model.Session.scalars(wanted))


def compute_edition(plans: Collection[PlanRow], *more: object) -> str:
    """Return what distinguishes two editions of a file: versions, facts, lights, cuts, and the day.

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
        *(str(tuple(model.Session.execute(query).one())) for query in (facts, lights, frozen)),
        record_service.today().isoformat(),
        *map(str, more),
    ]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:32]


def find_last_change(plans: Collection[PlanRow]) -> dt.datetime:
    """Return when something last happened to some plans: a fact, a version, a light."""
    ids = [plan.id for plan in plans]
    moments = [plan.modified for plan in plans]
    for column, table in ((Event.at, Event), (LightChange.at, LightChange), (Publication.at, Publication)):
        found = model.Session.execute(sa.select(sa.func.max(column)).where(table.plan_id.in_(ids))).scalar()
        moments += [found] if found else []
    return max(moments).astimezone(dt.timezone.utc).replace(microsecond=0)


def build_views(
    organization: str,
    person: permission.Person,
    lang: str,
    *,
    until: dt.date | None = None,
    reporting: bool = False,
) -> list[View]:
    """Return every plan in which an organismo owes something, ready to be written.

    :param until: as :func:`build_view` takes it; plans that were not there yet are left out.
    :param reporting: only the plans that take reports now.
    """
    named = load_names()
    plans = list_plans_of_organization(organization, person, reporting=reporting)
    made = []
    for plan in plans:
        with contextlib.suppress(record_service.NoSuchVersion):
            made.append(build_view(plan, lang, until=until, named=named))
    return made


def load_revisions_by_plan(plans: Sequence[PlanRow]) -> dict[str, dict[Key, int]]:
    """Return :func:`load_revisions` of several plans, by the name of each."""
    return {plan.name: load_revisions(plan) for plan in plans}
