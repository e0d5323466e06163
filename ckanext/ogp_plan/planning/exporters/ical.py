"""Calendars of what is due: a task and an event of a whole day for each deliverable, an event for each cut.

The calendars that most people use show no tasks (VTODO): to them the day on which something is due is an
event. Each of both keeps its UID for ever and its SEQUENCE grows with every fact about it, so that a
subscribed calendar replaces it and never doubles it. What has no date is in no calendar; how much
that is, the calendar says of itself.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from decimal import ROUND_DOWN, Decimal
from urllib.parse import urlsplit

from icalendar import Calendar, Todo, vText
from icalendar import Event as CalendarEvent

from ckanext.cost_common.values.business_days import ZONE
from ckanext.ogp_plan.planning import calendar as days
from ckanext.ogp_plan.planning.cuts.dates import cut_days, publish_by
from ckanext.ogp_plan.planning.exporters.view import View, amount, clean_xml, latest
from ckanext.ogp_plan.planning.status_types import AssignmentStatus, ItemStatus
from ckanext.ogp_plan.planning.types import Declared, Item
from ckanext.ogp_plan.planning.words.i18n import N_

_PRODUCT = "-//ckanext-ogp_plan//{lang}"
_STATUS = {
    Declared.NOT_STARTED: "NEEDS-ACTION",
    Declared.ONGOING: "IN-PROCESS",
    Declared.DONE: "COMPLETED",
    Declared.NOT_APPLICABLE: "CANCELLED",
    Declared.SUSPENDED: "CANCELLED",
    Declared.WITHDRAWN: "CANCELLED",
}
#: What stamps a plan of which nothing was ever reported: a calendar of the same facts is the same bytes.
_NEVER = dt.datetime(1970, 1, 1, tzinfo=dt.timezone.utc)


def plan_calendar(
    view: View,
    *,
    published: Mapping[dt.date, dt.date | None] | None = None,
    revised: Mapping[tuple[str, str], int] | None = None,
) -> bytes:
    """Return the calendar of a plan: its tracked items with a date, and its cuts.

    :param published: day of a cut → the day it was published.
    :param revised: item → the number of the last version of the plan that changed it; without it every
        item is taken to change with each version (SEQUENCE only has to grow).
    """
    made = _calendar(view.lang, view.plan.title or view.id, _description([view]), view.addresses.plan())
    _tasks(made, view, None, revised)
    _cuts(made, view, published or {})
    return bytes(made.to_ical())


def organization_calendar(
    organization: str,
    views: Sequence[View],
    *,
    revised: Mapping[str, Mapping[tuple[str, str], int]] | None = None,
) -> bytes:
    """Return the calendar of all that an organismo owes, over several plans.

    Its tasks are its own: their state and progress are what it reported, not what others did, and their
    UIDs are others than those of the plan's calendar, so that both can be subscribed to.

    :param views: the plans, all in one language; at least one.
    :param revised: plan → as in :func:`plan_calendar`.
    :raises ValueError: there is no plan to tell the language from.
    """
    if not views:
        raise ValueError("a calendar needs at least one plan")
    first = views[0]
    title = first.translate(N_("Duties of %(organization)s"), organization=first.called(organization))
    made = _calendar(
        first.lang, title, _description(views, organization), first.addresses.organization(organization)
    )
    for view in views:
        _tasks(made, view, organization, (revised or {}).get(view.id))
        _cuts(made, view, {})
    return bytes(made.to_ical())


def _calendar(lang: str, name: str, description: str, address: str) -> Calendar:
    made = Calendar()
    made.add("prodid", _PRODUCT.format(lang=lang[:2].upper()))
    made.add("version", "2.0")
    made.add("calscale", "GREGORIAN")
    made.add("method", "PUBLISH")
    for both in ("name", "x-wr-calname"):
        made.add(both, vText(_text(name)))
    for both in ("description", "x-wr-caldesc"):
        made.add(both, vText(_text(description)))
    made.add("x-wr-timezone", str(ZONE))
    made.add("refresh-interval", dt.timedelta(hours=12), parameters={"VALUE": "DURATION"})
    made.add("x-published-ttl", "PT12H")
    if _is_address(address):
        made.add("url", address)
    return made


def _description(views: Sequence[View], organization: str | None = None) -> str:
    first = views[0]
    undated = sum(_due(view, item) is None for view in views for item in _items(view, organization))
    text = first.translate(
        N_("What is due, and the cuts. A task is an item of the plan; it links to its page.")
    )
    if undated:
        text += " " + first.translate(
            N_("%(count)s items have no declared date and are not here."), count=undated
        )
    return text


def _items(view: View, organization: str | None) -> list[Item]:
    found = view.trackable()
    return found if organization is None else [item for item in found if view.assigned(item, organization)]


def _tasks(
    made: Calendar, view: View, organization: str | None, revised: Mapping[tuple[str, str], int] | None
) -> None:
    for item in _items(view, organization):
        if _due(view, item) is not None:
            task = _task(view, item, organization, revised)
            made.add_component(task)
            made.add_component(_due_event(view, item, organization, task))


def _due(view: View, item: Item) -> dt.date | None:
    entry = view.statuses.get(item.key)
    return entry.due if entry and entry.due else days.due_of(item.schedule, view.plan)


def _task(
    view: View, item: Item, organization: str | None, revised: Mapping[tuple[str, str], int] | None
) -> Todo:
    task = Todo()
    status = view.statuses.get(item.key)
    own = _own(status, organization)
    last = latest(view.events.get(item.key, ()))
    task.add("uid", _item_uid(view, "todo", item, organization))
    task.add("dtstamp", _utc(last))
    if last:
        task.add("last-modified", _utc(last))
    task.add("sequence", _sequence(view, item, revised))
    task.add("summary", _text(view.label(item)))
    task.add("description", _text(_about(view, item, status, own)))
    _dates(task, view, item)
    _state(task, view, item, status, own)
    task.add("categories", [_text(str(view.family.data.get("acronym") or view.family.id))])
    if _is_address(view.addresses.item(item.key)):
        task.add("url", view.addresses.item(item.key))
    task.add("class", "PUBLIC")
    return task


def _due_event(view: View, item: Item, organization: str | None, task: Todo) -> CalendarEvent:
    """Return the day on which an item is due, for calendars without tasks; it says what its task says."""
    event = CalendarEvent()
    due = task.decoded("due")
    event.add("uid", _item_uid(view, "due", item, organization))
    for name in ("dtstamp", "last-modified", "sequence", "description", "categories", "url", "class"):
        if name in task:
            event[name] = task[name]
    event.add("summary", _text(view.translate(N_("Due: %(item)s"), item=view.label(item))))
    event.add("dtstart", due)
    event.add("dtend", due + dt.timedelta(days=1))
    event.add("transp", "TRANSPARENT")
    event.add("status", "CANCELLED" if str(task["status"]) == "CANCELLED" else "CONFIRMED")
    return event


def _item_uid(view: View, kind: str, item: Item, organization: str | None) -> str:
    return _uid(view, kind, *((organization,) if organization else ()), *item.key)


def _uid(view: View, *names: str) -> str:
    return f"{view.stable(*names).removeprefix('urn:uuid:')}@ogp-plan"


def _dates(task: Todo, view: View, item: Item) -> None:
    """DTSTART must come before DUE: what begins on the day it ends has none."""
    due = _due(view, item)
    start = days.start_of(item.schedule, view.plan)
    if start and due and start < due:
        task.add("dtstart", start)
    task.add("due", due)


def _own(status: ItemStatus | None, organization: str | None) -> AssignmentStatus | None:
    if status is None or organization is None:
        return None
    return next(
        (assignment for assignment in status.assignments if assignment.organization == organization), None
    )


def _state(
    task: Todo, view: View, item: Item, status: ItemStatus | None, own: AssignmentStatus | None
) -> None:
    declared = own.declared if own else status.declared if status else Declared.NOT_STARTED
    progress = own.progress if own else status.progress if status else None
    task.add("status", _STATUS[declared])
    if declared is Declared.DONE:
        task.add("percent-complete", 100)
        done = [update.at for update in view.updates.get(item.key, ()) if update.state is Declared.DONE]
        if done:
            task.add("completed", _utc(max(done)))
    elif progress is not None:
        share = (max(Decimal(0), min(Decimal(1), progress)) * 100).to_integral_value(ROUND_DOWN)
        task.add("percent-complete", int(share))


def _sequence(view: View, item: Item, revised: Mapping[tuple[str, str], int] | None) -> int:
    """Facts are only ever added, and versions only grow: so does their sum."""
    version = revised.get(item.key, 0) if revised is not None else view.record.version
    return version + len(view.events.get(item.key, ()))


def _about(view: View, item: Item, status: ItemStatus | None, own: AssignmentStatus | None) -> str:
    lines = [f"{view.plan.title or view.id}"]
    if view.responsible(item):
        lines.append(view.translate(N_("Responsible: %(names)s"), names=view.responsible(item)))
    if own and own.own_target is not None:
        lines.append(
            view.translate(
                N_("Own quota: %(actual)s of %(target)s"),
                actual=amount(own.actual, view.lang) or "0",
                target=amount(own.own_target, view.lang),
            )
        )
    declared = own.declared if own else status.declared if status else None
    if declared:
        # not the light: it changes by itself with the days, and a task only when somebody says something
        lines.append(view.translate(N_("Declared: %(state)s"), state=view.light(declared.value)))
    goal = item.fields.get("goal") or item.fields.get("deliverable")
    if goal:
        lines.append(view.translate(N_("Goal: %(goal)s"), goal=str(goal)))
    return "\n".join(lines)


def _cuts(made: Calendar, view: View, published: Mapping[dt.date, dt.date | None]) -> None:
    for day in cut_days(view.settings, view.plan):
        due = publish_by(day, view.settings.publish_business_day)
        for kind, when, summary in (
            ("cut", day, N_("Cut of the plan: %(plan)s")),
            ("publish", due, N_("Last day to publish the cut of %(day)s: %(plan)s")),
        ):
            event = CalendarEvent()
            event.add("uid", _uid(view, kind, day.isoformat()))
            event.add("dtstamp", _NEVER)
            event.add("sequence", view.record.version + (1 if published.get(day) else 0))
            event.add(
                "summary",
                _text(view.translate(summary, plan=view.plan.title or view.id, day=day.isoformat())),
            )
            event.add("dtstart", when)
            event.add("dtend", when + dt.timedelta(days=1))
            event.add("transp", "TRANSPARENT")
            event.add("status", "CONFIRMED")
            if published.get(day):
                done = view.translate(N_("Published on %(day)s."), day=str(published[day]))
                event.add("description", _text(done))
            if _is_address(view.addresses.cut(day)):
                event.add("url", view.addresses.cut(day))
            made.add_component(event)


def _utc(moment: dt.datetime | None) -> dt.datetime:
    return (moment or _NEVER).astimezone(dt.timezone.utc).replace(microsecond=0)


def _text(text: str) -> str:
    """Return a text that a line of a calendar can hold; line ends are escaped by the library."""
    return clean_xml(text).replace("\r\n", "\n").replace("\r", "\n")


def _is_address(text: str) -> bool:
    return urlsplit(text).scheme in ("http", "https")
