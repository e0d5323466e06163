"""Imports of documents into plans: stored, read without writing, asked about, applied whole or not at all.

Reading writes nothing; applying is one transaction, the caller's. What is refused is a
``ValidationError`` that names the field, the place in the document and the remedy.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import ckan.plugins.toolkit as tk
import sqlalchemy as sa
import sqlalchemy.orm
from ckan import model
from ckan.model.types import make_uuid

from ckanext.cost_common import language
from ckanext.ogp_plan import config
from ckanext.ogp_plan.model import Import, PlanRow, PlanVersion
from ckanext.ogp_plan.planning import data, store
from ckanext.ogp_plan.planning.difference import difference
from ckanext.ogp_plan.planning.importers import Act, Option, Question, Reading, Unreadable, settlement
from ckanext.ogp_plan.planning.tracking import Key
from ckanext.ogp_plan.planning.types import Item, Place, Plan, PlanChange, PlanStatus
from ckanext.ogp_plan.planning.words.render import Renderer
from ckanext.ogp_plan.services import document
from ckanext.ogp_plan.services import event as event_service
from ckanext.ogp_plan.services import item_status, plan_version
from ckanext.ogp_plan.services import record as record_service
from ckanext.ogp_plan.services.group import find_group
from ckanext.ogp_plan.services.plan_act import AppliedChange, find_missing_act, validation_error
from ckanext.ogp_plan.services.unknown_name import list_unknown_names, load_unknown_names, store_unknown_names

OPEN, APPLIED, DISCARDED = "open", "applied", "discarded"
#: A layout that says all there is of a plan: what it does not have was taken out on purpose.
COMPLETE_LAYOUTS = ("cuadro",)
#: How many times a document is read again with what was answered before: an answer may bring a question.
_MAX_ROUNDS = 5


@dataclass(frozen=True, slots=True)
class DryRun:
    """What applying an import would do. ``stale``: the plan changed since it was compared last.

    ``unknown``: names of responsibles that would wait for a person.
    """

    reading: Reading
    changes: list[PlanChange]
    stale: bool = False
    unknown: tuple[str, ...] = ()


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
        raise build_read_error(
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
    known = _load_earlier_answers(plan) if plan else {}
    found = dry_run(row, plan)
    for _ in range(_MAX_ROUNDS if known else 0):
        again = {
            question.id: known[_identify_question(question)]
            for question in found.reading.act.asked
            if _identify_question(question) in known
        }
        if not again:
            break
        row.answers = {**row.answers, **again}
        found = dry_run(row, plan)
    model.Session.add(row)
    model.Session.flush()
    return row, found


def _identify_question(question: Question) -> str:
    """What makes a question the same as one asked about an earlier document: its words, not its place."""
    stored = store.act_to_store(Act(asked=[question]))["asked"][0]
    return json.dumps([stored["id"], stored["text"], stored["params"]], sort_keys=True)


def _load_earlier_answers(plan: PlanRow) -> dict[str, str]:
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
        found |= {_identify_question(question): answer for question, answer in act.answered}
    return found


# --- reading ------------------------------------------------------------------------------------------


def dry_run(row: Import, plan: PlanRow | None = None) -> DryRun:
    """Read a stored document with the answers so far, and compare it with the present plan.

    :raises ckan.plugins.toolkit.ValidationError: it cannot be read.
    """
    if row.content is None:
        raise validation_error(
            "id", tk._("This import is closed: its document is not kept any more. Give the document again.")
        )
    plan = plan or PlanRow.get(row.plan_id)
    try:
        reading = document.read_plan(
            row.content, row.family, row.layout, answers=row.answers, name=row.file_name
        )
    except Unreadable as error:
        raise build_read_error(error, row.family) from error
    except data.DataError as error:
        raise validation_error("layout" if row.layout else "family", str(error)) from error
    present = record_service.current_plan(plan) if plan and plan.version else None
    _complete_plan(reading, row, plan, present)
    before = present or Plan(row.family)
    return DryRun(
        reading,
        difference(before, reading.plan),
        stale=bool(plan and plan.version != row.base_version),
        unknown=list_unknown_names(reading.plan),
    )


def build_read_error(error: Unreadable, family: str) -> tk.ValidationError:
    """Return why a document cannot be read, where, and what to do, as an action says it."""
    words = Renderer(language.current(), _get_family(family))
    reason, remedy = words.reason(error)
    place = words.place(error.place)
    return validation_error("upload", " ".join(filter(None, [reason, f"({place})" if place else "", remedy])))


def _get_family(name: str) -> Any:
    try:
        return record_service.family(name)
    except data.DataError as error:
        raise validation_error("family", str(error)) from error


def _complete_plan(reading: Reading, row: Import, plan: PlanRow | None, present: Plan | None) -> None:
    """Make what was read the plan that would be stored: with what a document does not decide."""
    read, whole = reading.plan, reading.layout in COMPLETE_LAYOUTS
    read.owner = plan.owner if plan else row.wanted.get("owner") or None
    read.status = present.status if present else PlanStatus.DRAFT
    wanted_title = (present.title if present else row.wanted.get("title")) or ""
    if not whole or not present:
        settlement.keep_title(read, wanted_title, present)
    if present and not whole:
        settlement.keep_unstated(read, present)
    if plan:
        _resolve_answered_names(reading, plan, present)
    if present:
        _ask_about_missing_items(reading, present, row.answers)
    settlement.number_items(read)


def _resolve_answered_names(reading: Reading, plan: PlanRow, present: Plan | None) -> None:
    """Replace unknown names that somebody answered: they are not unknown any more."""
    answered = {row.printed: row for row in load_unknown_names(plan) if row.organization or row.group_id}
    named = [name for name in list_unknown_names(reading.plan) if name in answered]
    for name in named:
        settlement.name_responsible(
            reading.plan,
            name,
            organization=answered[name].organization,
            group=find_group(answered[name].group_id, present, reading.plan),
        )
    act = reading.act
    act.flagged = [
        finding
        for finding in act.flagged
        if not (finding.kind == "responsible.unknown" and finding.text in named)
    ]


def _ask_about_missing_items(reading: Reading, present: Plan, answers: Mapping[str, str]) -> None:
    """Ask about what the plan has and the document has not; until it is answered it stays."""
    plan, act = reading.plan, reading.act
    kept = {item.key for item in plan.items}
    gone = {item.key: item for item in present.items if item.key not in kept}
    top = {key: _find_highest_missing(key, gone) for key in gone}
    below = Counter(top.values())
    leave: set[Key] = set()
    for key, item in gone.items():
        if top[key] != key:
            continue
        question = Question(
            f"item.missing:{item.level}:{item.code}",
            "item.missing",
            Place(),
            item.title,
            (Option("keep", "option.keep_item"), Option("withdraw", "option.withdraw_item")),
            "keep",
            {"code": item.code, "level": item.level, "below": below[key] - 1},
        )
        if act.ask(question, dict(answers)) == "withdraw":
            leave.add(key)
    settlement.restore_items(plan, present, [key for key in gone if top[key] not in leave])


def _find_highest_missing(key: Key, gone: Mapping[Key, Item]) -> Key:
    """Return the highest of what is gone above an item: it is asked about once, with all below it."""
    seen = {key}
    while (above := gone[key].parent) is not None and above in gone and above not in seen:
        seen.add(above)
        key = above
    return key


def list_open_imports(plan_id: str | None, user_id: str | None) -> list[Import]:
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


def discard_old_imports(days: int = 30) -> int:
    """Close the imports that were left open for so many days; their documents are kept no longer.

    :returns: how many.
    """
    before = event_service.clock() - dt.timedelta(days=days)
    wanted = sa.update(Import).where(Import.state == OPEN, Import.modified < before)
    closed = wanted.values(state=DISCARDED, content=None).execution_options(synchronize_session=False)
    return int(model.Session.execute(closed).rowcount)


# --- answering ----------------------------------------------------------------------------------------


def answer(row: Import, answers: Mapping[str, str], *, compare_again: bool = False) -> DryRun:
    """Store answers to what is asked; an empty one removes an earlier answer.

    :param compare_again: compare the document with the plan as it is now, where it changed since.
    """
    _check_open(row)
    plan = PlanRow.get(row.plan_id)
    merged = {**row.answers, **{str(name): str(value) for name, value in answers.items()}}
    row.answers = {name: value for name, value in merged.items() if value}
    if compare_again and plan:
        row.base_version = plan.version
    return dry_run(row, plan)


def discard(row: Import) -> None:
    """Close an import without applying it; the document is kept no longer."""
    _check_open(row)
    row.state, row.content = DISCARDED, None


def _check_open(row: Import) -> None:
    if row.state == APPLIED:
        raise validation_error("id", tk._("This import was applied already."))
    if row.state == DISCARDED:
        raise validation_error("id", tk._("This import was discarded. Give the document again."))


# --- applying -----------------------------------------------------------------------------------------


def apply(row: Import, *, user_id: str | None, act_name: str = "", reason: str = "") -> AppliedChange:
    """Make what an import read the plan's next version: all of it, or nothing.

    Called a second time, it returns the result of the first.

    :raises ckan.plugins.toolkit.ValidationError: something is asked still, the plan changed since it was
        compared, or an adopted plan would change without its act and reason.
    """
    model.Session.flush()
    model.Session.refresh(row, with_for_update=True)
    if row.state == APPLIED:
        return _load_applied(row)
    _check_open(row)
    plan = PlanRow.get(row.plan_id)
    found = dry_run(row, plan)
    if plan is None:
        plan = _create_plan(row)
    event_service.hold(plan.id)
    model.Session.refresh(plan)
    _check_applicable(row, plan, found, act_name, reason)
    source = plan_version.Source(row.file_name, row.sha256, store.act_to_store(found.reading.act))
    done = plan_version.apply(
        plan,
        found.reading.plan,
        user_id=user_id,
        act_name=act_name.strip(),
        reason=reason.strip(),
        source=source,
    )
    store_unknown_names(plan, found.unknown)
    if done.changes:
        item_status.recompute(plan.id)
    row.plan_id, row.applied_version = plan.id, done.version
    row.state, row.content = APPLIED, None
    model.Session.flush()
    return AppliedChange(plan, done.version, len(done.changes), found.unknown)


def _load_applied(row: Import) -> AppliedChange:
    plan = PlanRow.get(row.plan_id)
    if plan is None or row.applied_version is None:
        raise RuntimeError(f"import {row.id} was applied to nothing")
    return AppliedChange(plan, row.applied_version, 0)


def _create_plan(row: Import) -> PlanRow:
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
        raise validation_error(
            "name", tk._("There is a plan at this address already. Choose another one.")
        ) from error
    return plan


def _check_applicable(row: Import, plan: PlanRow, found: DryRun, act_name: str, reason: str) -> None:
    if plan.status == PlanStatus.CLOSED.value:
        raise validation_error("plan", tk._("The plan is closed and is not changed any more."))
    if plan.version != row.base_version:
        raise validation_error(
            "base_version",
            tk._("The plan changed since this document was compared with it. Look at the differences again."),
        )
    if found.reading.act.asked:
        raise validation_error(
            "answers",
            tk._("Questions without an answer: {count}. Nothing is applied until all are answered.").format(
                count=len(found.reading.act.asked)
            ),
        )
    if found.changes and (errors := find_missing_act(plan, act_name, reason)):
        raise tk.ValidationError(errors)
