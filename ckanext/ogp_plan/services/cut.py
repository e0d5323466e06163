"""Cuts: a plan frozen at a moment as bytes with a hash, published, and computed again by anybody.

A cut holds the plan's lock alone while it is made: what its moment covers was committed before it,
so the same facts give the same bytes whenever it is computed again. Never commits.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import ckan.plugins.toolkit as tk
import sqlalchemy as sa
from ckan import model
from ckan.model.types import make_uuid

from ckanext.cost_common.values.business_days import business_days_between, day_of
from ckanext.ogp_plan.model import Cut, PlanRow, PlanVersion, Publication
from ckanext.ogp_plan.planning import settings as plan_settings
from ckanext.ogp_plan.planning.cuts.compliance import compute_compliance
from ckanext.ogp_plan.planning.cuts.dates import cut_days, cut_state, publish_by
from ckanext.ogp_plan.planning.cuts.frozen import RULES, freeze, freeze_again, known_by
from ckanext.ogp_plan.planning.cuts.outline import Outline
from ckanext.ogp_plan.planning.cuts.types import Compliance, CutState
from ckanext.ogp_plan.planning.json_values import canonical, digest
from ckanext.ogp_plan.planning.settings import Settings
from ckanext.ogp_plan.planning.tracking import Key, Record
from ckanext.ogp_plan.services import chain as chain_service
from ckanext.ogp_plan.services import event as event_service
from ckanext.ogp_plan.services import record as record_service

#: Differences that are listed when a cut cannot be computed again.
MAX_DIFFERENCES = 50


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that a cut says otherwise than the tables: where in its JSON, and both values."""

    path: str
    frozen: Any
    computed: Any


@dataclass(frozen=True, slots=True)
class Verification:
    """A cut computed again from the tables. ``same``: byte for byte.

    ``rules``: the number of the rules it was made by, where this release has others and cannot compute it.
    """

    same: bool
    sha256: str
    sha256_now: str | None
    differences: tuple[Difference, ...] = ()
    rules: int | None = None


@dataclass(frozen=True, slots=True)
class CutDay:
    """A day of a plan's cuts: its state, the cut that counts, and the ones it replaced.

    ``published``: the first publication, whichever of its cuts it was of: that is when the duty was met.
    """

    day: dt.date
    state: CutState
    cut: Cut | None
    earlier: tuple[Cut, ...]
    published: Publication | None
    publications: Mapping[str, Publication]


def _validation_error(field: str, sentence: str) -> tk.ValidationError:
    return tk.ValidationError({field: [sentence]})


# --- reading ------------------------------------------------------------------------------------------


def list_days(plan: PlanRow, today: dt.date | None = None) -> list[CutDay]:
    """Return the days of a plan's cuts with their states, in order (two queries).

    :param today: another day than today.
    """
    return list_days_by_plan([plan], today)[plan.id]


def list_days_by_plan(plans: Collection[PlanRow], today: dt.date | None = None) -> dict[str, list[CutDay]]:
    """Return, by the id of each plan, the days of its cuts with their states (two queries for all)."""
    ids = [plan.id for plan in plans]
    frozen: dict[str, list[Cut]] = {id_: [] for id_ in ids}
    # what was frozen is as long as the plan, and read only by who asks for it
    wanted = (
        sa.select(Cut)
        .where(Cut.plan_id.in_(ids))
        .order_by(Cut.day, Cut.as_of)
        .options(sa.orm.defer(Cut.body))
    )
    for cut in model.Session.scalars(wanted):
        frozen[cut.plan_id].append(cut)
    publications = {
        publication.cut_id: publication
        for publication in model.Session.scalars(sa.select(Publication).where(Publication.plan_id.in_(ids)))
    }
    day = today or record_service.today()
    return {plan.id: _build_days(plan, frozen[plan.id], publications, day) for plan in plans}


def _build_days(
    plan: PlanRow, frozen: list[Cut], publications: Mapping[str, Publication], today: dt.date
) -> list[CutDay]:
    settings = record_service.effective_settings(plan)
    scheduled = cut_days(settings, record_service.head(plan))
    found = []
    for day in sorted({*scheduled, *(cut.day for cut in frozen)}):
        made = [cut for cut in frozen if cut.day == day]
        mine = {cut.id: publications[cut.id] for cut in made if cut.id in publications}
        first = min(mine.values(), key=lambda publication: publication.at, default=None)
        published = day_of(first.at) if first else None
        state = cut_state(day, published, today, settings.publish_business_day)
        found.append(CutDay(day, state, made[-1] if made else None, tuple(made[:-1]), first, mine))
    return found


def get_day(plan: PlanRow, day: dt.date, today: dt.date | None = None) -> CutDay:
    """Return the cut of a day with its state.

    :raises LookupError: the plan has no cut on that day.
    """
    found = next((candidate for candidate in list_days(plan, today) if candidate.day == day), None)
    if found is None:
        raise LookupError(f"{plan.name} {day}")
    return found


def load_body(cut: Cut) -> dict[str, Any]:
    """Return what a cut froze."""
    found: dict[str, Any] = json.loads(cut.body)
    return found


def load_lights(plan_id: str, hashes: Collection[str]) -> dict[str, dict[Key, str]]:
    """Return the light that each tracked item of a plan had in cuts, by their SHA-256 (one query)."""
    wanted = sa.select(Cut.sha256, Cut.body).where(Cut.plan_id == plan_id, Cut.sha256.in_(list(hashes)))
    return {
        sha256: {item.key: item.status.light for item in Outline(frozen).tracked if item.status is not None}
        for sha256, frozen in model.Session.execute(wanted)
    }


def load_record(plan: PlanRow, cut: Cut) -> Record:
    """Return the plan with what was known of a cut when it was frozen, and the settings of then."""
    record = record_service.load(plan, as_of=cut.as_of, version_number=cut.version)
    record.settings = Outline(cut.body).settings
    return known_by(record, cut.day)


def compute_cut_compliance(plan: PlanRow, cut: Cut) -> tuple[Compliance, Settings]:
    """Return the compliance that a cut froze, and the settings it was computed with."""
    record = load_record(plan, cut)
    settings = plan_settings.build_settings(record_service.family(plan.family), record.settings)
    return compute_compliance(record, cut.day, settings), settings


# --- making -------------------------------------------------------------------------------------------


def create(plan: PlanRow, day: dt.date, *, user_id: str | None, reason: str = "") -> Cut:
    """Freeze a plan for the cut of a day, as it is now.

    :param reason: why it is frozen again, where it was before; the earlier one stays, and is replaced.
    :raises ckan.plugins.toolkit.ValidationError: the plan has no such cut, its day has not come, or it was
        frozen before and no reason is given.
    """
    event_service.hold(plan.id)
    model.Session.refresh(plan)
    if not plan.version:
        raise _validation_error("plan", tk._("The plan has no items yet: there is nothing to freeze."))
    settings = record_service.effective_settings(plan)
    scheduled = cut_days(settings, record_service.head(plan))
    if day not in scheduled:
        dates = ", ".join(day.isoformat() for day in scheduled) or tk._("none: the plan has no period")
        raise _validation_error(
            "day", tk._("The plan has no cut on that day. Its cuts: {days}.").format(days=dates)
        )
    if day > record_service.today():
        raise _validation_error(
            "day", tk._("The day of this cut has not come yet: it can be frozen from that day on.")
        )
    before = _find_latest(plan, day)
    if before is not None and not reason.strip():
        raise _validation_error(
            "reason",
            tk._(
                "This cut is frozen already. To freeze it again say why: the reason is published beside both."
            ),
        )
    as_of = event_service.clock()
    head = chain_service.get_head(plan.id)
    frozen = freeze(record_service.load(plan, as_of=as_of), day, as_of, settings, head)
    content = canonical(frozen)
    cut = Cut(
        id=make_uuid(),
        plan_id=plan.id,
        day=day,
        as_of=as_of,
        version=plan.version,
        rules=RULES,
        body=content.decode("utf-8"),
        sha256=digest(content),
        chain_position=head.position,
        chain_sha256=head.sha256,
        totals={name: frozen["compliance"][name] for name in ("count_unit", "last", "whole", "components")},
        due=publish_by(day, settings.publish_business_day),
        reason=reason.strip(),
        supersedes=before.id if before is not None else None,
        user_id=user_id,
        created=as_of,
    )
    model.Session.add(cut)
    model.Session.flush()
    return cut


def _find_latest(plan: PlanRow, day: dt.date) -> Cut | None:
    wanted = sa.select(Cut).where(Cut.plan_id == plan.id, Cut.day == day).order_by(Cut.as_of.desc())
    return model.Session.scalars(wanted).first()


def publish(plan: PlanRow, cut: Cut, *, user_id: str | None) -> Publication:
    """Publish a cut today. Published before, it returns that publication.

    :raises ckan.plugins.toolkit.ValidationError: another cut replaced it.
    """
    event_service.hold(plan.id)
    wanted = sa.select(Publication).where(Publication.cut_id == cut.id)
    there = model.Session.scalars(wanted).first()
    if there is not None:
        return there
    latest = _find_latest(plan, cut.day)
    if latest is None or latest.id != cut.id:
        raise _validation_error("day", tk._("This cut was frozen again: publish the one that replaced it."))
    moment = event_service.clock()
    made = Publication(
        id=make_uuid(),
        cut_id=cut.id,
        plan_id=plan.id,
        late_days=count_late_days(cut.due, day_of(moment)),
        user_id=user_id,
        at=moment,
    )
    model.Session.add(made)
    model.Session.flush()
    return made


def count_late_days(due: dt.date, day: dt.date) -> int:
    """Return how many business days late a day is; one that is late at all is so by 1 at least."""
    return max(business_days_between(due, day), 1) if day > due else 0


# --- computing again ----------------------------------------------------------------------------------


def verify(plan: PlanRow, cut: Cut) -> Verification:
    """Compute a cut again from the append-only tables, and hold it against what was frozen.

    The version and the facts are found by the cut's moment alone, and not by what the cut says of them. The
    chain of facts up to then is computed again too: a fact that changes no number of the cut is found by it.
    """
    # what the session remembers is not what the table holds
    model.Session.refresh(cut)
    model.Session.refresh(cut, ["body"])
    frozen = load_body(cut)
    if frozen.get("rules") != RULES:
        return Verification(False, cut.sha256, None, rules=cut.rules)
    computed = freeze_again(record_service.load(plan, as_of=cut.as_of), frozen)
    content = canonical(computed)
    now, stored = digest(content), digest(cut.body.encode("utf-8"))
    chained = tuple(_list_chain_differences(plan, cut, frozen))
    same = now == cut.sha256 == stored and not chained
    found = (*_list_differences(frozen, json.loads(content)), *chained)[:MAX_DIFFERENCES]
    if not same and not found:
        # the bytes are not canonical, or the hash is not theirs
        found = (Difference("sha256", cut.sha256, now),)
    return Verification(same, cut.sha256, now, found)


def _list_chain_differences(plan: PlanRow, cut: Cut, frozen: Mapping[str, Any]) -> Iterator[Difference]:
    """What is wrong with the facts that a cut covers: where in the chain, which fact, what."""
    head = {"position": cut.chain_position, "sha256": cut.chain_sha256}
    if frozen.get("chain") != head:
        yield Difference("/chain", frozen.get("chain"), head)
    for finding in chain_service.list_findings_at(plan, cut):
        yield Difference(f"/chain/{finding.position}", finding.fact, finding.kind.value)


def _list_differences(frozen: Any, computed: Any, path: str = "") -> list[Difference]:
    if isinstance(frozen, dict) and isinstance(computed, dict):
        pairs = [
            (f"{path}/{name}", frozen.get(name), computed.get(name)) for name in sorted({*frozen, *computed})
        ]
    elif isinstance(frozen, list) and isinstance(computed, list):
        longest = max(len(frozen), len(computed))
        pairs = [(f"{path}/{n}", _get_at(frozen, n), _get_at(computed, n)) for n in range(longest)]
    else:
        return [] if frozen == computed else [Difference(path or "/", frozen, computed)]
    found: list[Difference] = []
    for where, before, after in pairs:
        if before != after:
            found += _list_differences(before, after, where)
        if len(found) >= MAX_DIFFERENCES:
            break
    return found[:MAX_DIFFERENCES]


def _get_at(values: list[Any], number: int) -> Any:
    return values[number] if number < len(values) else None


def count_versions_after(plan: PlanRow, moment: dt.datetime) -> int:
    """Return how many versions the plan got after a moment."""
    wanted = (
        sa.select(sa.func.count())
        .select_from(PlanVersion)
        .where(PlanVersion.plan_id == plan.id, PlanVersion.created > moment)
    )
    return int(model.Session.execute(wanted).scalar_one())
