"""Documents on their way into a plan: kept, read dry, asked about, applied whole or not at all.

Reading writes nothing; applying is one transaction, the caller's. What is refused is told as a
``ValidationError`` that names the field, the place in the document and the remedy.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import ckan.plugins.toolkit as tk
import sqlalchemy as sa
import sqlalchemy.orm
from ckan import model
from ckan.model.types import make_uuid
from sqlalchemy.dialects.postgresql import insert

from ckanext.cost_common import language
from ckanext.ogp_plan import config
from ckanext.ogp_plan.model import Import, ItemAssignment, PlanItem, PlanRow, PlanVersion, UnknownName
from ckanext.ogp_plan.planning import data, importers, store
from ckanext.ogp_plan.planning.difference import difference
from ckanext.ogp_plan.planning.importers import Act, Option, Question, Reading, Unreadable, settlement
from ckanext.ogp_plan.planning.responsibles import Directory
from ckanext.ogp_plan.planning.tracking import Key
from ckanext.ogp_plan.planning.types import Item, OrgGroup, Place, Plan, PlanChange, PlanStatus
from ckanext.ogp_plan.planning.words.render import Renderer
from ckanext.ogp_plan.services import event as event_service
from ckanext.ogp_plan.services import item_status, plan_version
from ckanext.ogp_plan.services import record as record_service

OPEN, APPLIED, DISCARDED = "open", "applied", "discarded"
#: A change of a plan in one of these needs its act and its reason.
TRACKED = (PlanStatus.ADOPTED.value, PlanStatus.RUNNING.value)
#: A layout that says all there is of a plan: what it does not have was taken out on purpose.
WHOLE_LAYOUTS = ("cuadro",)
#: How many times a document is read again with what was answered before: an answer may bring a question.
_ROUNDS = 5


@dataclass(frozen=True, slots=True)
class DryRun:
    """What applying an import would do. ``stale``: the plan changed since it was compared last.

    ``unknown``: names of responsibles that would wait for a person.
    """

    reading: Reading
    changes: list[PlanChange]
    stale: bool = False
    unknown: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Applied:
    """What an import did. ``changes`` 0: the plan said the same already, and nothing was written."""

    plan: PlanRow
    version: int
    changes: int
    waiting: tuple[str, ...] = ()


def _refuse(field: str, sentence: str) -> tk.ValidationError:
    return tk.ValidationError({field: [sentence]})


# --- opening ------------------------------------------------------------------------------------------


def open_import(
    content: bytes,
    file_name: str,
    *,
    family: str,
    layout: str | None = None,
    plan: PlanRow | None = None,
    wanted: Mapping[str, str] | None = None,
    user_id: str | None = None,
) -> tuple[Import, DryRun]:
    """Keep a document and read it; nothing of the plan is written.

    What was answered before about the same thing in the same words is answered again.

    :param plan: the plan it would change; None: it would make a new one.
    :param wanted: of the plan it would make: ``name``, ``title``, ``owner``.
    :raises ckan.plugins.toolkit.ValidationError: it cannot be read, or it is no plan of that family.
    """
    if len(content) > config.max_import_bytes():
        raise unreadable(
            Unreadable("read.too_large", size=len(content), limit=config.max_import_bytes()), family
        )
    row = Import(
        id=make_uuid(),
        plan_id=plan.id if plan else None,
        wanted=dict(wanted or {}),
        family=family,
        layout=layout or None,
        file_name=file_name[-200:],
        content=content,
        size=len(content),
        sha256=hashlib.sha256(content).hexdigest(),
        answers={},
        base_version=plan.version if plan else 0,
        state=OPEN,
        user_id=user_id,
        created=event_service.clock(),
    )
    known = _answered_before(plan) if plan else {}
    found = dry_run(row, plan)
    for _ in range(_ROUNDS if known else 0):
        again = {one.id: known[_same(one)] for one in found.reading.act.asked if _same(one) in known}
        if not again:
            break
        row.answers = {**row.answers, **again}
        found = dry_run(row, plan)
    model.Session.add(row)
    model.Session.flush()
    return row, found


def _same(question: Question) -> str:
    """What makes a question the same as one asked about an earlier document: its words, not its place."""
    said = store.act_to_store(Act(asked=[question]))["asked"][0]
    return json.dumps([said["id"], said["text"], said["params"]], sort_keys=True)


def _answered_before(plan: PlanRow) -> dict[str, str]:
    """Return the answers that made the plan's versions, the newest where there are several."""
    answered = PlanVersion.__table__.c.acta["answered"]
    wanted = (
        sa.select(answered)
        .where(PlanVersion.plan_id == plan.id, PlanVersion.acta.isnot(None))
        .order_by(PlanVersion.number)
    )
    found: dict[str, str] = {}
    for listed in model.Session.execute(wanted).scalars():
        act = store.act_from_store({**store.act_to_store(Act()), "answered": listed or []})
        found |= {_same(question): answer for question, answer in act.answered}
    return found


# --- reading ------------------------------------------------------------------------------------------


def dry_run(row: Import, plan: PlanRow | None = None) -> DryRun:
    """Read a kept document with the answers given so far, and hold it against the plan of now.

    :raises ckan.plugins.toolkit.ValidationError: it cannot be read.
    """
    if row.content is None:
        raise _refuse(
            "id", tk._("This import is closed: its document is not kept any more. Give the document again.")
        )
    plan = plan or PlanRow.get(row.plan_id)
    try:
        reading = importers.read(row.content, row.family, row.layout, answers=row.answers, name=row.file_name)
    except Unreadable as error:
        raise unreadable(error, row.family) from error
    except data.DataError as error:
        raise _refuse("layout" if row.layout else "family", str(error)) from error
    present = record_service.current_plan(plan) if plan and plan.version else None
    _settle(reading, row, plan, present)
    before = present or Plan(row.family)
    return DryRun(
        reading,
        difference(before, reading.plan),
        stale=bool(plan and plan.version != row.base_version),
        unknown=unknown_names(reading.plan),
    )


def unreadable(error: Unreadable, family: str) -> tk.ValidationError:
    """Return why a document cannot be read, where, and what to do, as an action says it."""
    words = Renderer(language.current(), _family(family))
    reason, remedy = words.reason(error)
    place = words.place(error.place)
    return _refuse("upload", " ".join(filter(None, [reason, f"({place})" if place else "", remedy])))


def _family(name: str) -> Any:
    try:
        return record_service.family(name)
    except data.DataError as error:
        raise _refuse("family", str(error)) from error


def _settle(reading: Reading, row: Import, plan: PlanRow | None, present: Plan | None) -> None:
    """Make what was read the plan that would stand: with what the document has no say in."""
    read, whole = reading.plan, reading.layout in WHOLE_LAYOUTS
    read.owner = plan.owner if plan else row.wanted.get("owner") or None
    read.status = present.status if present else PlanStatus.DRAFT
    wanted_title = (present.title if present else row.wanted.get("title")) or ""
    if not whole or not present:
        settlement.keep_title(read, wanted_title, present)
    if present and not whole:
        settlement.keep_unstated(read, present)
    if plan:
        _name_answered(reading, plan, present)
    if present:
        _vanished(reading, present, row.answers)
    settlement.number_items(read)


def unknown_names(plan: Plan) -> tuple[str, ...]:
    """Return the names of responsibles nobody knows, each once, in the plan's order."""
    return tuple(dict.fromkeys(one.unknown for item in plan.items for one in item.assignments if one.unknown))


def _name_answered(reading: Reading, plan: PlanRow, present: Plan | None) -> None:
    """Put in whose a name is, where somebody said it: then it is not unknown any more."""
    answered = {one.printed: one for one in _queue(plan) if one.organization or one.group_id}
    named = [name for name in unknown_names(reading.plan) if name in answered]
    for name in named:
        settlement.name_responsible(
            reading.plan,
            name,
            organization=answered[name].organization,
            group=_group(answered[name].group_id, present, reading.plan),
        )
    act = reading.act
    act.flagged = [
        one for one in act.flagged if not (one.kind == "responsible.unknown" and one.text in named)
    ]


def _queue(plan: PlanRow) -> list[UnknownName]:
    wanted = sa.select(UnknownName).where(UnknownName.plan_id == plan.id).order_by(UnknownName.created)
    return list(model.Session.scalars(wanted))


def _group(name: str | None, *plans: Plan | None) -> Any:
    if name is None:
        return None
    known = [group for plan in plans if plan for group in plan.groups if group.id == name]
    return known[0] if known else Directory.load().groups.get(name)


def _vanished(reading: Reading, present: Plan, answers: Mapping[str, str]) -> None:
    """Ask about what the plan has and the document has not; until it is answered it stays."""
    plan, act = reading.plan, reading.act
    kept = {item.key for item in plan.items}
    gone = {item.key: item for item in present.items if item.key not in kept}
    top = {key: _highest(key, gone) for key in gone}
    below = Counter(top.values())
    leave: set[Key] = set()
    for key, item in gone.items():
        if top[key] != key:
            continue
        question = Question(
            f"item.vanished:{item.level}:{item.code}",
            "item.vanished",
            Place(),
            item.title,
            (Option("keep", "option.keep_item"), Option("withdraw", "option.withdraw_item")),
            "keep",
            {"code": item.code, "level": item.level, "below": below[key] - 1},
        )
        if act.ask(question, dict(answers)) == "withdraw":
            leave.add(key)
    settlement.restore_items(plan, present, [key for key in gone if top[key] not in leave])


def _highest(key: Key, gone: Mapping[Key, Item]) -> Key:
    """Return the highest of what is gone above an item: it is asked about once, with all below it."""
    seen = {key}
    while (above := gone[key].parent) is not None and above in gone and above not in seen:
        seen.add(above)
        key = above
    return key


def open_imports(plan_id: str | None, user_id: str | None) -> list[Import]:
    """Return the imports that somebody left open: into a plan, or (None) of plans to be; the newest first."""
    wanted = (
        sa.select(Import)
        .options(sa.orm.defer(Import.content))
        .where(Import.state == OPEN, Import.user_id == user_id)
        .where(Import.plan_id.is_(None) if plan_id is None else Import.plan_id == plan_id)
        .order_by(Import.created.desc())
        .limit(20)
    )
    return list(model.Session.scalars(wanted))


def forget_old(days: int = 30) -> int:
    """Close the imports that were left open for so many days; their documents are kept no longer.

    :returns: how many.
    """
    before = event_service.clock() - dt.timedelta(days=days)
    wanted = sa.update(Import).where(Import.state == OPEN, Import.modified < before)
    closed = wanted.values(state=DISCARDED, content=None).execution_options(synchronize_session=False)
    return int(model.Session.execute(closed).rowcount)


# --- answering ----------------------------------------------------------------------------------------


def answer(row: Import, answers: Mapping[str, str], *, compare_again: bool = False) -> DryRun:
    """Take answers to what is asked; an empty one takes an earlier answer back.

    :param compare_again: hold the document against the plan as it is now, where it changed since.
    """
    _must_be_open(row)
    plan = PlanRow.get(row.plan_id)
    given = {**row.answers, **{str(name): str(value) for name, value in answers.items()}}
    row.answers = {name: value for name, value in given.items() if value}
    if compare_again and plan:
        row.base_version = plan.version
    return dry_run(row, plan)


def discard(row: Import) -> None:
    """Close an import without applying it; the document is kept no longer."""
    _must_be_open(row)
    row.state, row.content = DISCARDED, None


def _must_be_open(row: Import) -> None:
    if row.state == APPLIED:
        raise _refuse("id", tk._("This import was applied already."))
    if row.state == DISCARDED:
        raise _refuse("id", tk._("This import was discarded. Give the document again."))


# --- applying -----------------------------------------------------------------------------------------


def apply(row: Import, *, user_id: str | None, act_name: str = "", reason: str = "") -> Applied:
    """Make what an import read the plan's next version: all of it, or nothing.

    Asked a second time, it answers what the first did.

    :raises ckan.plugins.toolkit.ValidationError: something is asked still, the plan changed since it was
        compared, or an adopted plan would change without its act and reason.
    """
    model.Session.flush()
    model.Session.refresh(row, with_for_update=True)
    if row.state == APPLIED:
        return _applied_before(row)
    _must_be_open(row)
    plan = PlanRow.get(row.plan_id)
    found = dry_run(row, plan)
    if plan is None:
        plan = _new_plan(row)
    event_service.hold(plan.id)
    model.Session.refresh(plan)
    _may_be_applied(row, plan, found, act_name, reason)
    source = plan_version.Source(row.file_name, row.sha256, store.act_to_store(found.reading.act))
    done = plan_version.apply(
        plan,
        found.reading.plan,
        user_id=user_id,
        act_name=act_name.strip(),
        reason=reason.strip(),
        source=source,
    )
    _wait_for_a_person(plan, found.unknown)
    if done.changes:
        item_status.recompute(plan.id)
    row.plan_id, row.applied_version = plan.id, done.version
    row.state, row.content = APPLIED, None
    model.Session.flush()
    return Applied(plan, done.version, len(done.changes), found.unknown)


def _applied_before(row: Import) -> Applied:
    plan = PlanRow.get(row.plan_id)
    if plan is None or row.applied_version is None:
        raise RuntimeError(f"import {row.id} was applied to nothing")
    return Applied(plan, row.applied_version, 0)


def _new_plan(row: Import) -> PlanRow:
    wanted = row.wanted
    plan = PlanRow(
        id=make_uuid(),
        name=wanted.get("name"),
        family=row.family,
        title=wanted.get("title") or wanted.get("name"),
        status=PlanStatus.DRAFT.value,
        owner=wanted.get("owner"),
        settings={},
    )
    model.Session.add(plan)
    try:
        model.Session.flush()
    except sa.exc.IntegrityError as error:
        model.Session.rollback()
        raise _refuse("name", tk._("There is a plan at this address already. Choose another one.")) from error
    return plan


def _may_be_applied(row: Import, plan: PlanRow, found: DryRun, act_name: str, reason: str) -> None:
    if plan.status == PlanStatus.CLOSED.value:
        raise _refuse("plan", tk._("The plan is closed and is not changed any more."))
    if plan.version != row.base_version:
        raise _refuse(
            "base_version",
            tk._("The plan changed since this document was compared with it. Look at the differences again."),
        )
    if found.reading.act.asked:
        raise _refuse(
            "answers",
            tk._("Questions without an answer: {count}. Nothing is applied until all are answered.").format(
                count=len(found.reading.act.asked)
            ),
        )
    if found.changes and (errors := _unsaid_act(plan, act_name, reason)):
        raise tk.ValidationError(errors)


def _unsaid_act(plan: PlanRow, act_name: str, reason: str) -> dict[str, list[str]]:
    """What a change of an adopted plan does not say, field by field: by which act, and why."""
    errors: dict[str, list[str]] = {}
    if plan.status in TRACKED and not act_name.strip():
        errors["act_name"] = [
            tk._("An adopted plan is changed by an act: write its name (resolution, minutes) and date.")
        ]
    if plan.status in TRACKED and not reason.strip():
        errors["reason"] = [tk._("Say why the plan changes: it is published beside each change.")]
    return errors


def _wait_for_a_person(plan: PlanRow, names: Iterable[str]) -> None:
    rows = [
        {"id": make_uuid(), "plan_id": plan.id, "printed": name, "created": event_service.clock()}
        for name in names
    ]
    if rows:
        model.Session.execute(
            insert(UnknownName.__table__).on_conflict_do_nothing(constraint="uq_ogp_queue_printed"), rows
        )


# --- names that wait ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Waiting:
    """A name that nobody knows yet, and the items it is printed at: (address, code, title)."""

    id: str
    printed: str
    created: dt.datetime
    items: tuple[tuple[str, str, str], ...]


def waiting_names(plan: PlanRow, *, limit: int | None = None, offset: int = 0) -> list[Waiting]:
    """Return the names of a plan that wait for a person to say whose they are, the oldest first.

    :param limit: how many names at most (default: all).
    :param offset: how many names to leave out at the beginning.
    """
    printed_somewhere = sa.exists().where(
        ItemAssignment.plan_id == UnknownName.plan_id, ItemAssignment.unknown == UnknownName.printed
    )
    page = (
        sa.select(UnknownName.id)
        .where(UnknownName.plan_id == plan.id, UnknownName.answered.is_(None), printed_somewhere)
        .order_by(UnknownName.created, UnknownName.printed)
        .limit(limit)
        .offset(offset)
    )
    wanted = (
        sa.select(UnknownName.id, UnknownName.printed, UnknownName.created)
        .add_columns(PlanItem.address, PlanItem.code, PlanItem.title)
        .join(
            ItemAssignment,
            sa.and_(
                ItemAssignment.plan_id == UnknownName.plan_id, ItemAssignment.unknown == UnknownName.printed
            ),
        )
        .join(PlanItem, PlanItem.id == ItemAssignment.item_id)
        .where(UnknownName.id.in_(page))
        .order_by(UnknownName.created, UnknownName.printed, PlanItem.position)
    )
    found: dict[str, Waiting] = {}
    for id_, printed, created, *item in model.Session.execute(wanted):
        one = found.get(id_) or Waiting(id_, printed, created, ())
        found[id_] = replace(one, items=(*one.items, tuple(item)))
    return list(found.values())


def answer_name(
    plan: PlanRow,
    printed: str,
    *,
    organization: str | None = None,
    group: str | None = None,
    user_id: str | None = None,
    act_name: str = "",
) -> Applied:
    """Say whose a name is: everywhere in the plan it is that organismo, or that group, from now on.

    :param organization: the name of an organization of the portal, or an id of ``schemas/cali/``.
    :param group: the id of a group that the plan, or ``schemas/cali/``, names.
    """
    if bool(organization) == bool(group):
        raise _refuse("organization", tk._("Choose one: the organismo, or the group of organismos."))
    wanted = sa.select(UnknownName).where(UnknownName.plan_id == plan.id, UnknownName.printed == printed)
    row = model.Session.scalars(wanted.with_for_update()).first()
    if row is None:
        raise _refuse("printed", tk._("No responsible of this plan waits under that name."))
    if row.answered is not None:
        raise _refuse("printed", tk._("Somebody said already whose this name is."))
    event_service.hold(plan.id)
    model.Session.refresh(plan)
    if plan.status == PlanStatus.CLOSED.value:
        raise _refuse("plan", tk._("The plan is closed and is not changed any more."))
    current = record_service.current_plan(plan)
    known_group = _group(group, current) if group else None
    if group and known_group is None:
        raise _refuse("group", tk._("There is no such group of organismos."))
    if organization and organization not in organismos([organization]):
        raise _refuse(
            "organization", tk._("There is no such organismo. Its page must exist in the portal first.")
        )
    settlement.name_responsible(current, printed, organization=organization, group=known_group)
    whose = known_group.name if known_group else organization
    done = plan_version.apply(
        plan,
        current,
        user_id=user_id,
        act_name=act_name.strip(),
        reason=tk._("Responsible identified: “{printed}” is {whose}.").format(printed=printed, whose=whose),
    )
    row.organization, row.group_id = organization or None, group or None
    row.answered_by, row.answered = user_id, event_service.clock()
    if done.changes:
        item_status.recompute(plan.id)
    model.Session.flush()
    return Applied(plan, done.version, len(done.changes))


def organismos(names: Collection[str]) -> set[str]:
    """Return which of some names are of an organization of the portal, or an id of ``schemas/cali/``."""
    wanted = sa.select(model.Group.name).where(
        model.Group.name.in_(names), model.Group.is_organization.is_(True), model.Group.state == "active"
    )
    return set(model.Session.scalars(wanted)) | (Directory.load().organismos.keys() & set(names))


# --- groups of organismos -----------------------------------------------------------------------------


def name_members(
    plan: PlanRow,
    group: str,
    members: Collection[str],
    *,
    user_id: str | None = None,
    act_name: str = "",
    reason: str = "",
) -> Applied:
    """Say which organismos a group of a plan is: from now on each of them owes its part by its own name.

    These are all of its members: who is not among them leaves the group. The same ones again, in
    whatever order, write nothing. Fewer than the plan says are taken: the others are still to be named.
    More are refused and not asked to be confirmed, as goals are computed from that number (two each of
    28 are 56, and 29 members would make it 58): where the plan itself counts wrongly, its document says
    so, number and members together.

    :param group: the id of a group that the plan names.
    :param members: names of organizations of the portal, ids of ``schemas/cali/``, or members that the
        group has already.
    :param act_name: the act that changes an adopted plan (needed then).
    :param reason: why it changes (needed then).
    :raises ckan.plugins.toolkit.ValidationError: the plan is closed or has no such group, a member is no
        organismo, there are more than the plan says, or an adopted plan would change without its act.
    """
    event_service.hold(plan.id)
    model.Session.refresh(plan)
    if plan.status == PlanStatus.CLOSED.value:
        raise _refuse("plan", tk._("The plan is closed and is not changed any more."))
    current = record_service.current_plan(plan) if plan.version else Plan(plan.family)
    place = next((n for n, one in enumerate(current.groups) if one.id == group), None)
    if place is None:
        raise _refuse("group", _no_such_group(current.groups))
    present = current.groups[place]
    named = _in_order(present, members)
    if set(named) == set(present.members):
        return Applied(plan, plan.version, 0)
    errors = _unsaid_act(plan, act_name, reason)
    if wrong := _wrong_members(present, named):
        errors["members"] = wrong
    if errors:
        raise tk.ValidationError(errors)
    current.groups[place] = replace(present, members=named)
    done = plan_version.apply(
        plan, current, user_id=user_id, act_name=act_name.strip(), reason=reason.strip()
    )
    item_status.recompute(plan.id)
    model.Session.flush()
    return Applied(plan, done.version, len(done.changes))


def _no_such_group(groups: Collection[OrgGroup]) -> str:
    if not groups:
        return str(tk._("This plan names no group of organismos."))
    return str(
        tk._("The plan names no such group of organismos. It has: {groups}.").format(
            groups=", ".join(one.id for one in groups)
        )
    )


def _in_order(group: OrgGroup, members: Collection[str]) -> tuple[str, ...]:
    """Members each once: those of before first, where they stood; a change of order alone is none."""
    given = dict.fromkeys(members)
    stay = [name for name in group.members if name in given]
    return (*stay, *(name for name in given if name not in group.members))


def _wrong_members(group: OrgGroup, named: Collection[str]) -> list[str]:
    """Why some organismos cannot be the members of a group, each with its remedy."""
    joining = [name for name in named if name not in group.members]
    known = organismos(joining)
    wrong = [
        tk._(
            "“{name}” is no organismo of the portal. Correct the name, or ask the administration of the "
            "portal to make its page first."
        ).format(name=name)
        for name in joining
        if name not in known
    ]
    if group.size is not None and len(named) > group.size:
        sentence = tk._(
            "The plan says that they are {size}, and you chose {count}. Take out those that are too many. If "
            "the plan counts wrongly, correct its number in the workbook of the plan: sheet “Grupos”, "
            "column “tamano”."
        )
        wrong.append(sentence.format(size=group.size, count=len(named)))
    return wrong
