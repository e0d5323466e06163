"""Plans and items as the API and the pages answer them: rows of tables into plain values with words.

Reading only. Whatever the number of plans or items, the number of queries is the same. Fractions (progress)
are numbers from 0 to 1; amounts are texts of decimals, days and moments ISO texts.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from decimal import Decimal
from functools import cached_property, lru_cache
from typing import Any

import ckan.plugins.toolkit as tk
import sqlalchemy as sa
from babel.dates import format_date, get_month_names
from ckan import model
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from ckanext.cost_common import language
from ckanext.ogp_plan import config, urls
from ckanext.ogp_plan.model import ItemAssignment, PlanItem, PlanRow, PlanVersion, RecordedChange
from ckanext.ogp_plan.planning import data, progress, store
from ckanext.ogp_plan.planning import settings as plan_settings
from ckanext.ogp_plan.planning.json_values import moment_text
from ckanext.ogp_plan.planning.progress import Child
from ckanext.ogp_plan.planning.settings import Settings
from ckanext.ogp_plan.planning.status_types import LIGHTS, Reason
from ckanext.ogp_plan.planning.status_types import OUTSIDE as OUTSIDE_STATES
from ckanext.ogp_plan.planning.types import Declared, Indicator, PlanStatus, Role
from ckanext.ogp_plan.planning.words import changes as change_words
from ckanext.ogp_plan.planning.words import phrases
from ckanext.ogp_plan.planning.words.render import Renderer
from ckanext.ogp_plan.services import cut as cut_service
from ckanext.ogp_plan.services import export_view
from ckanext.ogp_plan.services import record as record_service
from ckanext.ogp_plan.services.permission import OWING, Person

#: States outside of the four lights.
OUTSIDE = frozenset(state.value for state in OUTSIDE_STATES)
#: What lists do not show of a standing: one entry for each of many organismos.
_LONG = ("assignments", "answers", "verdicts")
_LONG_OF_QUOTA = ("missing", "by_organization")
#: Parameters of reasons that are days, and those that are numbers, as they are stored.
_DAYS = frozenset({"due", "since"})
_NUMBERS = frozenset(
    {"progress", "least", "expected", "points", "limit", "target", "missing", "best", "reach", "factor"}
)


def status_name(status: str) -> str:
    """Return what a plan's status is called."""
    return str(
        {
            PlanStatus.DRAFT: tk._("Draft"),
            PlanStatus.CONSULTATION: tk._("In consultation"),
            PlanStatus.ADOPTED: tk._("Adopted"),
            PlanStatus.RUNNING: tk._("Under way"),
            PlanStatus.CLOSED: tk._("Closed"),
        }[PlanStatus(status)]
    )


def role_name(role: str) -> str:
    """Return what an organismo is to an item."""
    return str(
        {
            Role.LEAD: tk._("Leads"),
            Role.SUPPORT: tk._("Supports"),
            Role.ALLY: tk._("Ally"),
            Role.MONITOR: tk._("Monitors"),
        }[Role(role)]
    )


def fraction(value: Any) -> float | None:
    """Return a fraction as a number with at most six places; None of None."""
    return None if value is None else round(float(value), 6)


def moment(value: dt.datetime | None) -> str | None:
    """Return a moment as its ISO text in UTC."""
    return None if value is None else moment_text(value)


def day(value: dt.date | None) -> str | None:
    """Return a day as its ISO text."""
    return None if value is None else value.isoformat()


def heads(plans: Iterable[PlanRow]) -> dict[str, Mapping[str, Any]]:
    """Return what the present version of each plan says of the plan itself, by the plan's id.

    :returns: ``fields``, ``groups`` and ``form_code``, not to be changed; nothing of a plan without version.
    """
    present = [(plan.id, plan.version) for plan in plans]
    wanted = sa.select(PlanVersion.plan_id, PlanVersion.id).where(
        sa.tuple_(PlanVersion.plan_id, PlanVersion.number).in_(present)
    )
    return {plan_id: _head(version_id) for plan_id, version_id in model.Session.execute(wanted)}


@lru_cache(maxsize=64)
def _head(version_id: str) -> dict[str, Any]:
    """A version never changes, and one that was rolled back leaves its id to nobody."""
    body = PlanVersion.body
    wanted = sa.select(body["fields"], body["groups"], body["form_code"].astext)
    found = model.Session.execute(wanted.where(PlanVersion.id == version_id)).one()
    return dict(zip(("fields", "groups", "form_code"), found, strict=True))


def groups_ever(plan_id: str) -> dict[str, tuple[str, ...]]:
    """Return the members of every group that a plan ever named; the last word on each counts."""
    wanted = (
        sa.select(PlanVersion.body["groups"])
        .where(PlanVersion.plan_id == plan_id)
        .order_by(PlanVersion.number)
    )
    return {
        one["id"]: tuple(one.get("members") or ())
        for groups in model.Session.scalars(wanted)
        for one in groups or ()
    }


def directory() -> Mapping[str, str]:
    """Return the organismos that ``schemas/cali/`` knows, with their titles."""
    return export_view.directory_names()


def freed(value: Any) -> Any:
    """Return a free value of a plan's store form as plain values: decimals and days as texts."""
    if isinstance(value, dict):
        for mark in ("$decimal", "$moment", "$day"):
            if mark in value:
                return value[mark]
        if "$tuple" in value:
            return [freed(one) for one in value["$tuple"]]
        if "$pairs" in value:
            return {str(freed(name)): freed(one) for name, one in value["$pairs"]}
        return {name: freed(one) for name, one in value.items()}
    return [freed(one) for one in value] if isinstance(value, list) else value


class Reader:
    """Who reads, in which language, on which day; and what organismos are called."""

    def __init__(self, person: Person) -> None:
        self.person = person
        self.lang = language.current()
        self.base = self.lang.split("_", maxsplit=1)[0].split("-", maxsplit=1)[0].lower()
        self.today = record_service.today()
        self._words: dict[str, Renderer] = {}
        self.item_url = urls.OfItems()
        self._zone = config.timezone()

    @cached_property
    def names(self) -> dict[str, str]:
        """What organismos and their parts are called."""
        return export_view.names()

    def called(self, organization: str | None) -> str:
        """Return how an organismo is called; its own id when nobody knows."""
        return self.names.get(organization or "", organization or "")

    def organization(self, name: str) -> dict[str, str]:
        """Return an organismo as ``{name, title}``."""
        return {"name": name, "title": self.called(name)}

    def words(self, family: str) -> Renderer:
        """Return the words of a family."""
        if family not in self._words:
            self._words[family] = Renderer(self.lang, record_service.family(family))
        return self._words[family]

    def text(self, words: Mapping[str, str] | str | None) -> str:
        """Return words of a data file in the reader's language."""
        return data.text(words, self.base)

    def light(self, light: str | None, settings: Settings) -> str | None:
        """Return what a light or a state is called."""
        return phrases.light_name(light, self.lang, settings) if light else None

    def month(self, number: int) -> str:
        """Return the name of a month (1–12)."""
        locale = "es_CO" if self.base == "es" else "en"
        return str(get_month_names("wide", locale=locale)[number])

    def days_since(self, at: dt.datetime | None) -> int | None:
        """Return how many days ago something was, in the portal's zone."""
        if at is None:
            return None
        return max((self.today - at.astimezone(self._zone).date()).days, 0)

    def period(self, start: dt.date, end: dt.date) -> str:
        """Return a period in words: a month by its name, else its days."""
        locale = "es_CO" if self.base == "es" else "en"
        if (
            start.day == 1
            and (end + dt.timedelta(days=1)).day == 1
            and start.strftime("%Y%m") == end.strftime("%Y%m")
        ):
            return str(format_date(start, "MMMM 'de' y" if self.base == "es" else "MMMM y", locale=locale))
        return (
            f"{format_date(start, 'd MMM y', locale=locale)} – {format_date(end, 'd MMM y', locale=locale)}"
        )

    def reasons(self, stored: Iterable[Mapping[str, Any]], plans: Mapping[str, str]) -> list[dict[str, Any]]:
        """Return the reasons of a light, in words.

        :param stored: as a standing holds them.
        :param plans: id of a plan → its title, for what depends on another plan.
        """
        made = []
        for one in stored:
            params = {name: _typed(name, value) for name, value in (one.get("params") or {}).items()}
            if params.get("plan"):
                params["plan"] = plans.get(params["plan"], "")
            if params.get("organization"):
                params["organization"] = self.called(params["organization"])
            reason = Reason(one["code"], params)
            made.append(
                {
                    "code": one["code"],
                    "title": phrases.reason_title(one["code"], self.lang),
                    "text": phrases.describe_reason(reason, self.lang),
                    "params": dict(one.get("params") or {}),
                }
            )
        return made


def _typed(name: str, value: Any) -> Any:
    """A stored parameter of a reason as what it was: the store keeps days and decimals as texts."""
    if isinstance(value, str) and name in _DAYS:
        return dt.date.fromisoformat(value)
    if isinstance(value, str) and name in _NUMBERS:
        return Decimal(value)
    return value


def light_name(light: str, plan: PlanRow | None, reader: Reader) -> str:
    """Return what a light is called: in a plan's words, or in those common to all."""
    return phrases.light_name(light, reader.lang, record_service.effective_settings(plan) if plan else None)


# --- plans


def plans(rows: Sequence[PlanRow], reader: Reader) -> list[dict[str, Any]]:
    """Return plans as lists show them: five queries, whatever their number."""
    ids = [row.id for row in rows]
    counted = _counted(ids)
    roots = _roots(ids)
    cuts = cut_service.of_plans(rows, reader.today) if rows else {}
    return [_plan(row, reader, counted[row.id], roots[row.id], cuts.get(row.id, [])) for row in rows]


def _counted(ids: Collection[str]) -> dict[str, list[Any]]:
    """Tracked items of plans by light: (light, declared is outside, how many, last news, disagreements)."""
    wanted = (
        sa.select(
            PlanItem.plan_id,
            PlanItem.light,
            sa.func.count().label("number"),
            sa.func.max(PlanItem.last_news).label("last_news"),
            sa.func.count().filter(PlanItem.disagrees).label("disagreements"),
        )
        .where(PlanItem.plan_id.in_(ids), PlanItem.trackable, PlanItem.withdrawn.is_(False))
        .group_by(PlanItem.plan_id, PlanItem.light)
    )
    found: dict[str, list[Any]] = defaultdict(list)
    for one in model.Session.execute(wanted):
        found[one.plan_id].append(one)
    return found


def _roots(ids: Collection[str]) -> dict[str, list[Any]]:
    wanted = (
        sa.select(
            PlanItem.plan_id,
            PlanItem.level,
            PlanItem.code,
            PlanItem.address,
            PlanItem.title,
            PlanItem.trackable,
            PlanItem.light,
            PlanItem.progress,
            PlanItem.standing["rolled"].label("rolled"),
            PlanItem.standing["excluded"].label("excluded"),
            PlanItem.body["weight"].label("weight"),
            PlanItem.body["fields"].label("fields"),
        )
        .where(PlanItem.plan_id.in_(ids), PlanItem.depth == 0, PlanItem.withdrawn.is_(False))
        .order_by(PlanItem.plan_id, PlanItem.position)
    )
    found: dict[str, list[Any]] = defaultdict(list)
    for one in model.Session.execute(wanted):
        found[one.plan_id].append(one)
    return found


def lights(counted: Iterable[tuple[str | None, int]]) -> tuple[dict[str, int], dict[str, int]]:
    """Return how many items have each light (all four, zeros too), and how many stand outside of them."""
    within = dict.fromkeys(LIGHTS, 0)
    outside: dict[str, int] = {}
    for light, number in counted:
        if light in OUTSIDE:
            outside[light] = outside.get(light, 0) + number
        else:
            # what nobody computed yet has not begun
            name = light or Declared.NOT_STARTED.value
            within[name] = within.get(name, 0) + number
    return within, outside


def _plan(
    row: PlanRow, reader: Reader, counted: Sequence[Any], roots: Sequence[Any], cuts: Sequence[Any]
) -> dict[str, Any]:
    family = record_service.family(row.family)
    settings = record_service.effective_settings(row)
    within, outside = lights((one.light, one.number) for one in counted)
    last = max((one.last_news for one in counted if one.last_news), default=None)
    rolled = whole(roots, settings)
    pending = next((one for one in cuts if one.published is None), None)
    return {
        "id": row.id,
        "name": row.name,
        "family": row.family,
        "family_name": reader.text(family.name),
        "title": row.title,
        "status": row.status,
        "status_name": status_name(row.status),
        "owner": reader.organization(row.owner),
        "start": day(row.start),
        "end": day(row.end),
        "version": row.version,
        "url": urls.url_of_plan(row.name),
        "demonstration": row.demonstration,
        "tracked": sum(one.number for one in counted),
        "lights": within,
        "excluded": outside,
        "progress": fraction(rolled.progress),
        "coverage": {"with_value": rolled.with_value, "total": rolled.total},
        "last_news": moment(last),
        "days_since_news": reader.days_since(last),
        "disagreements": sum(one.disagreements for one in counted),
        "next_cut": _next_cut(pending, reader) if pending and row.status != PlanStatus.DRAFT.value else None,
    }


def whole(roots: Sequence[Any], settings: Settings) -> progress.Rolled:
    """Return the progress of a whole plan from its roots, and of how many tracked items it is known."""
    children, with_value, total = [], 0, 0
    for one in roots:
        below = one.rolled
        if below is None and not one.trackable:
            continue
        if below is not None:
            known, counted = below["rolled"]["with_value"], below["counted"]
        else:
            counted = 0 if one.excluded else 1
            known = counted if one.progress is not None else 0
        with_value, total = with_value + known, total + counted
        value = (
            Decimal(below["rolled"]["progress"]) if below and below["rolled"]["progress"] else one.progress
        )
        children.append(Child(value, _weight(one, settings), known, not counted))
    rolled = progress.compute_parent_progress(children, settings.weights)
    return progress.Rolled(rolled.progress, with_value, total)


def _weight(one: Any, settings: Settings) -> Decimal | None:
    given = one.weight if settings.weights == "explicit" else None
    if settings.weights == "budget":
        given = (one.fields or {}).get(settings.weight_field)
        given = given.get("$decimal") if isinstance(given, dict) else given
    try:
        return Decimal(str(given)) if given is not None else None
    except ArithmeticError:
        return None


def _next_cut(pending: Any, reader: Reader) -> dict[str, Any]:
    return {
        "day": pending.day.isoformat(),
        "due": pending.state.due.isoformat(),
        "days_left": (pending.state.due - reader.today).days,
        "state": pending.state.state,
        "state_name": phrases.describe_cut_state(pending.state, reader.lang),
    }


def components(roots: Sequence[Any]) -> list[dict[str, Any]]:
    """Return the roots of a plan with what rolls up to each."""
    made = []
    for one in roots:
        counts = one.rolled["counts"] if one.rolled else {one.light: 1} if one.trackable else {}
        within, outside = lights(counts.items())
        made.append(
            {
                "address": one.address,
                "level": one.level,
                "code": one.code,
                "title": one.title,
                "lights": within,
                "excluded": outside,
                "tracked": sum(counts.values()),
                "progress": fraction(one.progress),
            }
        )
    return made


def plan_and_roots(row: PlanRow, reader: Reader) -> tuple[dict[str, Any], list[dict[str, Any]], list[Any]]:
    """Return one plan as lists show it, its components, and the days of its cuts."""
    counted, roots = _counted([row.id])[row.id], _roots([row.id])[row.id]
    cuts = cut_service.of_plans([row], reader.today)[row.id]
    return _plan(row, reader, counted, roots, cuts), components(roots), cuts


def settings(row: PlanRow, reader: Reader) -> list[dict[str, Any]]:
    """Return every setting of a plan: its name, its value as it may be set, and both in words."""
    held = record_service.effective_settings(row)
    plain = plan_settings.settings_dict(held)
    printed = phrases.describe_settings(held, reader.lang)
    names = [
        "cadence", "weights", "count_unit", "cut_days", "publish_business_day", "zones", "excluded",
        "reminder_days", *(f"thresholds.{name}" for name in held.thresholds),
    ]  # fmt: skip
    own = row.settings or {}
    made = []
    for name, (label, text) in zip(names, printed, strict=True):
        block, _, inner = name.partition(".")
        value = plain[block][inner] if inner else plain[block]
        is_own = inner in own.get(block, {}) if inner else block in own
        made.append({"name": name, "value": value, "label": label, "text": text, "own": is_own})
    return made


def cut(one: Any, row: PlanRow, reader: Reader) -> dict[str, Any]:
    """Return a day of a plan's cuts (:class:`ckanext.ogp_plan.services.cut.Day`)."""
    return {
        "day": one.day.isoformat(),
        "due": one.state.due.isoformat(),
        "state": one.state.state,
        "state_name": phrases.describe_cut_state(one.state, reader.lang),
        "published_at": moment(one.published.at) if one.published else None,
        "late_days": one.state.late_days,
        "sha256": one.cut.sha256 if one.cut else None,
        "url": urls.url_of_cut(row.name, one.day),
    }


# --- items

_PARENT = sa.orm.aliased(PlanItem)
_COMPONENT = sa.orm.aliased(PlanItem)


def item_rows(
    condition: Any,
    *,
    order: Sequence[Any] = (),
    limit: int | None = None,
    offset: int = 0,
    whole: bool = False,
) -> list[Any]:
    """Return rows of items with what :func:`items` needs; one query.

    :param condition: on :class:`PlanItem`.
    :param whole: with all of their standing: how each organismo stands, too.
    """
    wanted = (
        sa.select(
            *(
                getattr(PlanItem, name)
                for name in (
                    "id", "plan_id", "level", "code", "address", "parent_id", "component_id", "position",
                    "depth", "trackable", "withdrawn", "title", "due", "months", "tags", "declared", "light",
                    "progress", "disagrees", "last_news",
                )
            ),
            (PlanItem.standing if whole else _short_standing()).label("standing"),
            PlanItem.body["code_printed"].astext.label("code_printed"),
            PlanItem.body["schedule"]["precision"].astext.label("precision"),
            PlanItem.body["schedule"]["kind"].astext.label("schedule_kind"),
            _PARENT.address.label("parent"),
            _COMPONENT.address.label("component"),
        )
        .outerjoin(_PARENT, _PARENT.id == PlanItem.parent_id)
        .outerjoin(_COMPONENT, _COMPONENT.id == PlanItem.component_id)
        .where(condition)
        .order_by(*(order or (PlanItem.plan_id, PlanItem.position)))
        .offset(offset)
    )  # fmt: skip
    if limit is not None:
        wanted = wanted.limit(limit)
    return list(model.Session.execute(wanted))


def _short_standing() -> Any:
    short = PlanItem.standing.op("-", return_type=JSONB)(sa.cast(list(_LONG), ARRAY(sa.Text)))
    for name in _LONG_OF_QUOTA:
        short = short.op("#-", return_type=JSONB)(sa.cast(["quota", name], ARRAY(sa.Text)))
    return short


def indicators(ids: Collection[str]) -> dict[str, list[Indicator]]:
    """Return the indicators of items, by the item's id; one query."""
    wanted = sa.select(PlanItem.id, PlanItem.body).where(PlanItem.id.in_(list(ids)))
    return {id_: store.item_from_store(body).indicators for id_, body in model.Session.execute(wanted)}


def assignments(ids: Collection[str]) -> dict[str, list[Any]]:
    """Return who owes items, by the item's id, in the plan's order; one query."""
    columns = ItemAssignment.__table__.c
    wanted = (
        sa.select(
            columns.item_id,
            columns.organization,
            columns.unit,
            columns.group_id,
            columns.role,
            columns.own_target,
            columns.unknown,
        )
        .where(columns.item_id.in_(list(ids)))
        .order_by(columns.position, columns.id)
    )
    found: dict[str, list[Any]] = defaultdict(list)
    for one in model.Session.execute(wanted):
        found[one.item_id].append(one)
    return found


def items(
    rows: Sequence[Any],
    reader: Reader,
    plan_rows: Mapping[str, PlanRow],
    owed: Mapping[str, Sequence[Any]] | None = None,
) -> list[dict[str, Any]]:
    """Return items as lists show them.

    :param rows: of :func:`item_rows`.
    :param plan_rows: their plans, by id.
    :param owed: who owes them, when it is known already.
    """
    held = {id_: record_service.effective_settings(plan) for id_, plan in plan_rows.items()}
    who = assignments([one.id for one in rows]) if owed is None else owed
    titles = titles_of(rows, reader, plan_rows)
    grouped = {one.plan_id for one in rows if any(each.group_id for each in who.get(one.id, ()))}
    groups = {
        id_: {group["id"]: group for group in head["groups"] or ()}
        for id_, head in heads(plan_rows[id_] for id_ in grouped).items()
    }
    return [
        _item(
            one,
            reader,
            plan_rows[one.plan_id],
            held[one.plan_id],
            who.get(one.id, ()),
            titles,
            groups.get(one.plan_id, {}),
        )
        for one in rows
    ]


def titles_of(rows: Iterable[Any], reader: Reader, plan_rows: Mapping[str, PlanRow]) -> dict[str, str]:
    """Return the titles of the plans that reasons of these items name: only of those the reader may see."""
    from ckanext.ogp_plan.services import permission

    titles = {id_: plan.title for id_, plan in plan_rows.items()}
    named = {
        reason["params"].get("plan")
        for one in rows
        for reason in (one.standing or {}).get("reasons", ())
        if reason["code"] == "R6"
    } - {None, *titles}
    if named:
        wanted = sa.select(PlanRow.id, PlanRow.title).where(
            PlanRow.id.in_(named), permission.visible(reader.person)
        )
        titles.update({id_: title for id_, title in model.Session.execute(wanted)})  # noqa: C416
    return titles


def _item(
    one: Any,
    reader: Reader,
    plan: PlanRow,
    settings: Settings,
    owed: Sequence[Any],
    titles: Mapping[str, str],
    groups: Mapping[str, Mapping[str, Any]],
) -> dict[str, Any]:
    standing = one.standing or {}
    rolled = standing.get("rolled")
    within, outside = lights(rolled["counts"].items()) if rolled else (None, None)
    words = reader.words(plan.family)
    named = dict.fromkeys(each.organization for each in owed if each.organization and each.role in OWING)
    titled = reader.names
    return {
        "id": one.id,
        "plan": plan.name,
        "plan_title": plan.title,
        "level": one.level,
        "level_name": words.names.get(one.level, one.level),
        "code": one.code,
        "code_printed": one.code_printed or one.code,
        "address": one.address,
        "url": reader.item_url(plan.name, one.address),
        "title": one.title,
        "parent": one.parent,
        "component": one.component,
        "depth": one.depth,
        "trackable": one.trackable,
        "due": day(one.due),
        "months": list(one.months or ()),
        # what the months are: of each year of the plan ("months"), or only that of its day
        "schedule_kind": one.schedule_kind,
        # months of the plan that somebody reported for; None: not computed yet
        "reported": standing.get("reported"),
        "precision": one.precision if one.due else None,
        "light": one.light,
        "light_name": reader.light(one.light, settings),
        "declared": one.declared,
        "declared_name": reader.light(one.declared, settings),
        "reasons": reader.reasons(standing.get("reasons", ()), titles),
        "labels": [phrases.label_name(code, reader.lang) for code in standing.get("labels", ())],
        "progress": fraction(one.progress),
        "expected": fraction(standing.get("expected")),
        "coverage": _coverage(one, rolled),
        "lights": within,
        "excluded": outside,
        "organizations": [{"name": name, "title": titled.get(name, name)} for name in named],
        "unknown": [each.unknown for each in owed if each.unknown],
        "group": _group(owed, groups),
        "quota": _quota(standing.get("quota")),
        "last_news": moment(one.last_news),
        "days_since_news": reader.days_since(one.last_news),
        "disagrees": one.disagrees,
        "withdrawn": one.withdrawn,
    }


def _coverage(one: Any, rolled: Mapping[str, Any] | None) -> dict[str, int]:
    if rolled:
        return {"with_value": rolled["rolled"]["with_value"], "total": rolled["rolled"]["total"]}
    return {"with_value": int(one.progress is not None), "total": int(one.trackable)}


def _group(owed: Sequence[Any], groups: Mapping[str, Mapping[str, Any]]) -> dict[str, Any] | None:
    named = next((one.group_id for one in owed if one.group_id), None)
    if named is None:
        return None
    group = groups.get(named, {})
    members = sum(one.group_id == named and one.organization is not None for one in owed)
    return {"id": named, "name": group.get("name") or named, "size": group.get("size") or members}


def _quota(stored: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """``met`` of ``owed``: how many organismos reached what each owes."""
    if not stored:
        return None
    return {
        "indicator": stored["indicator"],
        "target": stored["target"],
        "actual": stored["actual"],
        "capped": stored["capped"],
        "progress": fraction(stored["progress"]),
        "met": len(stored["met"]),
        "owed": stored["size"],
        "unnamed": stored["unnamed"],
    }


# --- what one organismo owes of an item


def own_columns(organization: str) -> tuple[Any, Any, Any]:
    """Return the columns of :class:`PlanItem` that tell how one organismo stands in it.

    :returns: ``mine``, ``among`` and ``own_target`` of :func:`own`.
    """
    columns = ItemAssignment.__table__.c
    held = PlanItem.standing["assignments"]
    target = (
        sa.select(columns.own_target)
        .where(columns.item_id == PlanItem.id, columns.organization == organization, columns.own_target != 0)
        .order_by(columns.position, columns.id)
        .limit(1)
        .scalar_subquery()
    )
    mine = sa.func.jsonb_path_query_first(
        held,
        sa.literal_column("CAST('$[*] ? (@.organization == $who)' AS jsonpath)"),
        sa.func.jsonb_build_object("who", sa.cast(organization, sa.Text)),
        type_=JSONB,
    )
    return mine.label("mine"), sa.func.jsonb_array_length(held).label("among"), target.label("own_target")


def own(
    one: Any,
    *,
    mine: Mapping[str, Any] | None,
    among: int | None,
    own_target: Decimal | None,
) -> dict[str, Any]:
    """Return how one organismo stands in an item: ``{own_target, actual, met, state, light, last_news}``.

    ``light`` is None where none was computed yet: of several that owe an item, in a standing stored by a
    release that did not know it. The next computation of the item gives it.

    :param mine: how it stands in the item, of the item's standing; None: it is not there.
    :param among: of how many the standing tells.
    :param own_target: what the plan says that it owes.

    Its own light is computed with the item's (:class:`.planning.status_types.AssignmentStatus`).
    """
    target = str(own_target) if own_target is not None else None
    if mine is None:
        state = one.declared or Declared.NOT_STARTED.value
        return {
            "own_target": target,
            "actual": None,
            "met": None,
            "progress": fraction(one.progress),
            "state": state,
            "light": one.light or state,
            "last_news": moment(one.last_news),
        }
    alone = among == 1 and mine["own_target"] is None
    return {
        "own_target": mine["own_target"] or target,
        "actual": mine["actual"],
        "met": mine["met"],
        "progress": fraction(one.progress if alone else mine["progress"]),
        "state": mine["declared"],
        # who owes an item alone has the item's
        "light": mine.get("light") or (one.light if among == 1 else None),
        "last_news": mine["last_update"],
    }


# --- changes of a plan


def changes(rows: Sequence[RecordedChange], plan: PlanRow, reader: Reader) -> list[dict[str, Any]]:
    """Return recorded changes in words; one query, whatever their number."""
    wanted = sa.select(PlanItem.level, PlanItem.code, PlanItem.address, PlanItem.title).where(
        PlanItem.plan_id == plan.id,
        sa.tuple_(PlanItem.level, PlanItem.code).in_([(one.level, one.code) for one in rows if one.level]),
    )
    there = {(level, code): (address, title) for level, code, address, title in model.Session.execute(wanted)}
    words = reader.words(plan.family)
    made = []
    for one in rows:
        address, title = there.get((one.level, one.code), (None, ""))
        made.append(
            {
                "at": moment(one.created),
                "version": one.version,
                "kind": one.kind,
                "level": one.level,
                "level_name": words.names.get(one.level or "", one.level),
                "code": one.code,
                "title": title,
                "address": address,
                "url": urls.url_of_item(plan.name, address) if address else None,
                "field": one.field,
                "field_name": _field_name(one.field, plan, reader),
                "before": one.before,
                "after": one.after,
                "before_text": _value(one.field, one.before, plan, reader),
                "after_text": _value(one.field, one.after, plan, reader),
                "act_name": one.act_name,
                "reason": one.reason,
            }
        )
    return made


def _field_name(field: str | None, plan: PlanRow, reader: Reader) -> str:
    if field == "status":
        return str(tk._("status"))
    if field and field.startswith("settings."):
        labels = {one["name"]: one["label"] for one in settings(plan, reader)}
        return labels.get(field.removeprefix("settings."), field)
    return change_words.field_name(field, reader.words(plan.family))


def _value(field: str | None, value: Any, plan: PlanRow, reader: Reader) -> str:
    if field == "status" and value:
        return status_name(value)
    return change_words.format_value(field, value, reader.words(plan.family), reader.names)
