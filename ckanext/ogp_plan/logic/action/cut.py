"""Cuts: freeze, publish, show, compute again."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import Any

import ckan.plugins.toolkit as tk
from ckan import model
from ckan.types import Context, DataDict

from ckanext.cost_common import language
from ckanext.cost_common.logic import validated
from ckanext.ogp_plan.exports import dataset as dataset_export
from ckanext.ogp_plan.logic import lookup
from ckanext.ogp_plan.logic.schema import cut as cut_schema
from ckanext.ogp_plan.model import Cut, PlanRow
from ckanext.ogp_plan.planning import history
from ckanext.ogp_plan.planning import settings as plan_settings
from ckanext.ogp_plan.planning.cuts.outline import FrozenItem, Outline
from ckanext.ogp_plan.planning.settings import Settings
from ckanext.ogp_plan.planning.words.phrases import describe_entry
from ckanext.ogp_plan.services import cut as cut_service
from ckanext.ogp_plan.services import event as event_service
from ckanext.ogp_plan.services import export_view, permission
from ckanext.ogp_plan.services import organization as organization_service
from ckanext.ogp_plan.services import record as record_service

#: Edits after a cut that an answer has at most, the newest.
MOST_EDITS = 1000


def state_name(state: str) -> str:
    """Return where a cut is, in words."""
    names = {
        "abierto": tk._("Open: its day has not passed"),
        "en_plazo": tk._("Within the time to publish it"),
        "vencido": tk._("Not published, and overdue"),
        "publicado_a_tiempo": tk._("Published in time"),
        "publicado_tarde": tk._("Published late"),
    }
    return names.get(state, state)


def _day(plan: PlanRow, day: dt.date) -> cut_service.CutDay:
    try:
        return cut_service.get_day(plan, day)
    except LookupError as error:
        raise tk.ObjectNotFound(tk._("The plan has no cut on that day.")) from error


def _cut_dict(plan: PlanRow, found: cut_service.CutDay) -> dict[str, Any]:
    """Return the state of the cut of a day."""
    today = record_service.today()
    late = 0
    if found.published is not None:
        late = found.published.late_days
    elif found.state.state == "vencido":
        late = cut_service.count_late_days(found.state.due, today)
    return {
        "plan": plan.name,
        "day": found.day.isoformat(),
        "due": found.state.due.isoformat(),
        "days_left": (found.state.due - today).days,
        "state": found.state.state,
        "state_name": state_name(found.state.state),
        "late_days": late,
        "frozen": found.cut is not None,
        "as_of": _iso(found.cut.as_of) if found.cut else None,
        "version": found.cut.version if found.cut else None,
        "sha256": found.cut.sha256 if found.cut else None,
        "published_at": _iso(found.published.at) if found.published else None,
        #: whether the cut that counts was published itself (an earlier one may have been)
        "published": bool(found.cut and found.cut.id in found.publications),
        "reason": found.cut.reason if found.cut else "",
        "earlier": [
            {
                "as_of": _iso(entry.as_of),
                "sha256": entry.sha256,
                "published_at": _iso(found.publications[entry.id].at)
                if entry.id in found.publications
                else None,
                # the reason of the one that replaced it
                "replaced_because": after.reason,
            }
            for entry, after in zip(found.earlier, [*found.earlier[1:], found.cut], strict=False)
            if after is not None
        ],
        "url": export_view.PublicAddresses(plan, {}).cut(found.day),
    }


def _iso(moment: dt.datetime) -> str:
    return moment.astimezone(dt.timezone.utc).isoformat()


@tk.side_effect_free
def ogp_plan_cut_list(context: Context, data_dict: DataDict) -> list[dict[str, Any]]:
    """List the cuts of a plan, past and to come, with the state of each.

    :param plan: id or name of the plan
    :param limit: how many at most (default and most: 1000)
    :param offset: how many to leave out at the beginning (default: 0)

    :returns: ``day, due, days_left, state, state_name, late_days`` (business days), ``frozen, as_of, version,
        sha256, published_at, published, reason, earlier, url, totals``
    :rtype: list of dicts
    """
    tk.check_access("ogp_plan_cut_list", context, data_dict)
    data = validated(cut_schema.cut_list(), data_dict)
    plan = lookup.plan(permission.get_person(context), data["plan"])
    first = data["offset"]
    return [
        {**_cut_dict(plan, day), "totals": day.cut.totals["whole"] if day.cut else None}
        for day in cut_service.list_days(plan)[first : first + data["limit"]]
    ]


@tk.side_effect_free
def ogp_plan_cut_show(context: Context, data_dict: DataDict) -> dict[str, Any]:
    """Show the cut of a day: the plan as it was frozen, its totals, who was late, what was edited after.

    :param plan: id or name of the plan
    :param day: the day of the cut, as 2026-04-30
    :param sha256: of an earlier freezing of that day, to see that one (optional)
    :param state: only items that counted so: fulfilled, late, pending, later, excluded (optional)
    :param limit: how many items (default and most: 1000)
    :param offset: how many items to leave out at the beginning (default: 0)

    :returns: see ``docs/api.md``; before it is frozen only its state (``frozen`` false).
        ``items``: those that are tracked, as they were frozen; ``count``: how many there are
    :rtype: dict
    """
    tk.check_access("ogp_plan_cut_show", context, data_dict)
    data = validated(cut_schema.cut_show(), data_dict)
    plan = lookup.plan(permission.get_person(context), data["plan"])
    found = _day(plan, data["day"])
    answer = _cut_dict(plan, found)
    cut = _frozen_cut(found, data.get("sha256"))
    if cut is None:
        return answer
    frozen = Outline(cut.body)
    settings = plan_settings.build_settings(record_service.family(plan.family), frozen.settings)
    names = organization_service.load_names()
    wanted = [
        item_status
        for item_status in frozen.tracked
        if data["state"] in (None, _row_state(frozen, item_status))
    ]
    displayed = wanted[data["offset"] : data["offset"] + data["limit"]]
    addresses = export_view.load_item_addresses(plan, [entry.key for entry in displayed])
    edits = _edited_after(plan, cut, names)
    return {
        **answer,
        "as_of": _iso(cut.as_of),
        "version": cut.version,
        "sha256": cut.sha256,
        "plan_title": frozen.title,
        "plan_changed_after": cut_service.count_versions_after(plan, cut.as_of),
        "totals": _totals(frozen, settings),
        "count": len(wanted),
        "items": [_item(frozen, entry, addresses, settings) for entry in displayed],
        "verdicts": _verdicts(frozen.tracked),
        "late_organizations": _late(frozen, names),
        "edited_after": edits[:MOST_EDITS],
        "edited_count": len(edits),
        "files": [
            {
                "name": name,
                "format": format_,
                "title": title,
                "url": tk.url_for("ogp_plan_file.cut_file", plan=plan.name, day=str(cut.day), name=name),
            }
            for name, format_, title in (
                (
                    "corte.json",
                    "JSON",
                    tk._("What was frozen, byte for byte (JSON): its SHA-256 is the one above"),
                ),
                ("seguimiento.xlsx", "XLSX", tk._("Control Interno's follow-up form as of this cut (XLSX)")),
            )
        ],
    }


def _frozen_cut(found: cut_service.CutDay, sha256: str | None) -> Cut | None:
    if sha256 is None:
        return found.cut
    for entry in (*found.earlier, *((found.cut,) if found.cut else ())):
        if entry.sha256 == sha256:
            return entry
    raise tk.ObjectNotFound(tk._("There is no cut with that hash on that day."))


def _totals(frozen: Outline, settings: Settings) -> dict[str, Any]:
    notes = {
        "row": tk._("What is counted: each row of the plan."),
        "activity": tk._("What is counted: each activity; it is fulfilled when all of its rows are."),
    }
    return {
        "components": [_total(component, settings) for component in frozen.components],
        "whole": _total(frozen.total, settings),
        "count_unit": frozen.count_unit,
        "footnote": notes.get(frozen.count_unit, ""),
        "zones": [
            {
                "id": zone.id,
                "name": zone.name.get(language.current()[:2]) or zone.name.get("es"),
                "start": str(zone.start),
            }
            for zone in settings.zones
        ],
    }


def _total(entry: Mapping[str, Any], settings: Settings) -> dict[str, Any]:
    zone = next((zone for zone in settings.zones if zone.id == entry["zone"]), None)
    return {
        "code": entry["component"]["code"] if entry["component"] else None,
        "title": entry["title"],
        "scheduled": entry["scheduled"],
        "fulfilled": entry["fulfilled"],
        "share": entry["share"],
        "zone": entry["zone"],
        "zone_name": (zone.name.get(language.current()[:2]) or zone.name.get("es")) if zone else None,
        "mean_progress": entry["mean_progress"],
        "with_progress": entry["with_progress"],
        "undeclared": entry["undeclared"],
        "excluded": entry["excluded"],
        "total": entry["total"],
    }


def _row_state(frozen: Outline, frozen_item: FrozenItem) -> str:
    """How an item counted at the cut: one of :data:`ckanext.ogp_plan.logic.schema.cut.ROW_STATES`."""
    row = frozen.rows.get(frozen_item.key)
    if row is None or row.excluded:
        return "excluded"
    if row.fulfilled:
        return "fulfilled"
    if row.late:
        return "late"
    return "pending" if row.scheduled else "later"


def _verdicts(items: Iterable[FrozenItem]) -> dict[str, int]:
    """How many items each role had judged, and on how many it did not share what was declared."""
    found = {"control_interno": 0, "monitor": 0, "disagreements": 0}
    for item in items:
        for role in {verdict.role for verdict in item.verdicts}:
            found[role] = found.get(role, 0) + 1
        found["disagreements"] += bool(item.status and item.status.disagreement)
    return found


def _item(
    frozen: Outline, frozen_item: FrozenItem, addresses: Mapping[tuple[str, str], str], settings: Settings
) -> dict[str, Any]:
    """An item as it was frozen, with what a page needs to say it."""
    whole, row = frozen.whole(frozen_item), frozen.rows.get(frozen_item.key)
    light = whole["status"]["light"]
    state = settings.states.get(light)
    return {
        **whole,
        "title": whole["item"]["title"],
        "address": addresses.get(frozen_item.key),
        "light": light,
        "light_name": (state.name.get(language.current()[:2]) or state.name.get("es")) if state else None,
        "row": frozen.whole_row(row) if row else None,
        "row_state": _row_state(frozen, frozen_item),
    }


def _late(frozen: Outline, names: Mapping[str, str]) -> list[dict[str, Any]]:
    """The organismos that owed something at the cut, and for how much of it they had reported."""
    counted = {key for key, row in frozen.rows.items() if row.scheduled}
    owed: dict[str, list[bool]] = {}
    for item_status in frozen.tracked:
        if item_status.key not in counted or item_status.status is None:
            continue
        for assignment in item_status.status.assignments:
            if not assignment.excluded:
                owed.setdefault(assignment.organization, []).append(assignment.last_update is not None)
    late = [
        {"name": name, "title": names.get(name, name), "owed": len(reported), "reported": sum(reported)}
        for name, reported in owed.items()
        if not all(reported)
    ]
    return sorted(late, key=lambda entry: (entry["reported"] - entry["owed"], entry["title"]))


def _edited_after(plan: PlanRow, cut: Cut, names: Mapping[str, str]) -> list[dict[str, Any]]:
    """Return what was recorded of the plan's items after the cut was frozen, newest first."""
    touched = event_service.touched_after(plan.id, cut.as_of)
    if touched is not None and not touched:
        return []
    record = record_service.load(plan, touched)
    lang = language.current()
    titles = {item.key: item.title for item in record.plan.items}
    addresses = export_view.load_item_addresses(plan, touched)
    made = [
        {
            "at": _iso(entry.at),
            "kind": entry.kind,
            "level": key[0],
            "code": key[1],
            "item": titles.get(key, key[1]),
            "address": addresses.get(key),
            "text": describe_entry(entry, lang),
            "organization": entry.organization,
            "organization_title": names.get(entry.organization or "", entry.organization),
            "role": entry.role,
        }
        for key, entries in history.find_edits_after(record, cut.as_of).items()
        for entry in entries
    ]
    return sorted(made, key=lambda entry: str(entry["at"]), reverse=True)


def ogp_plan_cut_create(context: Context, data_dict: DataDict) -> dict[str, Any]:
    """Freeze a plan for the cut of a day, with what is recorded at this moment.

    :param plan: id or name of the plan
    :param day: the day of the cut, as 2026-04-30
    :param reason: why it is frozen again, where it was before

    :returns: the state of the cut, as :func:`ogp_plan_cut_list`
    :rtype: dict
    """
    tk.check_access("ogp_plan_cut_create", context, data_dict)
    data = validated(cut_schema.cut_create(), data_dict)
    plan = lookup.plan(permission.get_person(context), data["plan"])
    try:
        cut_service.create(
            plan, data["day"], user_id=permission.get_person(context).id, reason=data["reason"]
        )
        answer = _cut_dict(plan, _day(plan, data["day"]))
    except Exception:
        model.Session.rollback()
        raise
    if not context.get("defer_commit"):
        model.Session.commit()
    return answer


def ogp_plan_cut_publish(context: Context, data_dict: DataDict) -> dict[str, Any]:
    """Publish the cut of a day. It is published once; asked again, it answers the same.

    :param plan: id or name of the plan
    :param day: the day of the cut, as 2026-04-30

    :returns: the state of the cut, as :func:`ogp_plan_cut_list`
    :rtype: dict
    """
    tk.check_access("ogp_plan_cut_publish", context, data_dict)
    data = validated(cut_schema.cut_publish(), data_dict)
    plan = lookup.plan(permission.get_person(context), data["plan"])
    found = _day(plan, data["day"])
    if found.cut is None:
        raise tk.ValidationError({"day": [tk._("This cut is not frozen yet: freeze it first.")]})
    try:
        cut_service.publish(plan, found.cut, user_id=permission.get_person(context).id)
        answer = _cut_dict(plan, _day(plan, data["day"]))
    except Exception:
        model.Session.rollback()
        raise
    if not context.get("defer_commit"):
        model.Session.commit()
        dataset_export.refresh(plan.id)
    return answer


@tk.side_effect_free
def ogp_plan_cut_verify(context: Context, data_dict: DataDict) -> dict[str, Any]:
    """Compute a cut again from the tables and hold it against what was frozen.

    :param plan: id or name of the plan
    :param day: the day of the cut, as 2026-04-30
    :param sha256: of an earlier freezing of that day (optional)

    :returns: ``same, sha256, sha256_now, differences`` (``path, frozen, computed``), ``rules`` (the number of
        the rules it was made by, where this release has others)
    :rtype: dict
    """
    tk.check_access("ogp_plan_cut_verify", context, data_dict)
    data = validated(cut_schema.cut_verify(), data_dict)
    plan = lookup.plan(permission.get_person(context), data["plan"])
    cut = _frozen_cut(_day(plan, data["day"]), data.get("sha256"))
    if cut is None:
        raise tk.ObjectNotFound(tk._("This cut is not frozen yet."))
    found = cut_service.verify(plan, cut)
    return {
        "plan": plan.name,
        "day": cut.day.isoformat(),
        "same": found.same,
        "sha256": found.sha256,
        "sha256_now": found.sha256_now,
        "rules": found.rules,
        "differences": [
            {"path": difference.path, "frozen": difference.frozen, "computed": difference.computed}
            for difference in found.differences
        ],
    }
