"""The content of a letter: which duties it is about when it is sent."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

import ckan.plugins.toolkit as tk
import sqlalchemy as sa
from ckan import model

from ckanext.ogp_plan import urls
from ckanext.ogp_plan.mail import letter as letter_mail
from ckanext.ogp_plan.mail.letter import Duty, Letter
from ckanext.ogp_plan.mail.preference import get_language
from ckanext.ogp_plan.mail.reminder import DIGEST, DONE_LIGHTS, TRACKED_STATUSES, get_assignment_state
from ckanext.ogp_plan.model import ItemAssignment, PlanItem, PlanRow, Reminder
from ckanext.ogp_plan.services import permission
from ckanext.ogp_plan.services import record as record_service
from ckanext.ogp_plan.services.organization import load_titles

#: Days ahead that the digest covers.
DIGEST_DAYS = 15


def compose_letter(
    user: model.User, rows: list[Reminder]
) -> tuple[list[Reminder], list[Reminder], Letter | None]:
    """Return the rows whose items are done by now, those still due, and the letter about the latter."""
    reader, lang, today = user.fullname or user.name, get_language(user), record_service.today()
    if rows[0].kind == DIGEST:
        late, coming, pages = _load_week(user, today)
        if not late and not coming:
            return rows, [], None
        return [], rows, letter_mail.write_digest(reader, late, coming, pages, today, lang)
    known = _Duties([row.body for row in rows])
    still_due = [row for row in rows if known.is_open(row.body)]
    done = [row for row in rows if row not in still_due]
    if not still_due:
        return done, [], None
    duties = {
        (row.body["item"], row.body["organization"], row.body["due"]): known.duty(row.body)
        for row in still_due
    }
    return done, still_due, letter_mail.write_due_letter(reader, list(duties.values()), today, lang)


class _Duties:
    """Plans, items and names that some letters are about, read at once."""

    def __init__(self, bodies: Sequence[dict[str, Any]]) -> None:
        self.plans = record_service.plans_by_id(body["plan"] for body in bodies)
        self.items = {
            row.id: row
            for row in model.Session.scalars(
                sa.select(PlanItem).where(PlanItem.id.in_({body["item"] for body in bodies}))
            )
        }
        self.titles = load_titles({body["organization"] for body in bodies})

    def is_open(self, body: dict[str, Any]) -> bool:
        """Tell whether what was due when the row was queued is still due."""
        plan, item = self.plans.get(body["plan"]), self.items.get(body["item"])
        if plan is None or item is None or plan.status not in TRACKED_STATUSES or item.withdrawn:
            return False
        return (
            item.light not in DONE_LIGHTS
            and get_assignment_state(item, body["organization"]) not in DONE_LIGHTS
        )

    def duty(self, body: dict[str, Any]) -> Duty:
        plan, item = self.plans[body["plan"]], self.items[body["item"]]
        return _build_duty(plan, item, self.titles[body["organization"]], dt.date.fromisoformat(body["due"]))


def _build_duty(plan: PlanRow, item: PlanItem, organization: str, due: dt.date | None) -> Duty:
    return Duty(
        organization=organization,
        plan=plan.title,
        code=str(item.body.get("code_printed") or item.code),
        title=item.title,
        url=urls.url_of_item(plan.name, item.address, absolute=True),
        due=due,
        light=item.light or "",
    )


def _load_week(user: model.User, today: dt.date) -> tuple[list[Duty], list[Duty], list[str]]:
    """What is late and what comes next of all that a user reports for, and where to see all of it."""
    person = permission.load_person(user)
    mine = person.represented_organizations(None)
    query = (
        sa.select(PlanItem, PlanRow, ItemAssignment.organization)
        .join(PlanRow, PlanRow.id == PlanItem.plan_id)
        .join(ItemAssignment, ItemAssignment.item_id == PlanItem.id)
        .where(
            ItemAssignment.organization.in_(sorted(mine)),
            ItemAssignment.role.in_(permission.RESPONSIBLE_ROLES),
        )
        .where(
            PlanRow.status.in_(TRACKED_STATUSES), PlanItem.trackable.is_(True), PlanItem.withdrawn.is_(False)
        )
        .where(sa.or_(PlanItem.light.is_(None), PlanItem.light.not_in(DONE_LIGHTS)))
        .where(PlanItem.due.is_not(None), PlanItem.due <= today + dt.timedelta(days=DIGEST_DAYS))
        .order_by(PlanItem.due, PlanItem.position)
    )
    # an organismo may owe an item in two roles
    found = {(item.id, name): (item, plan, name) for item, plan, name in model.Session.execute(query)}
    rows = [
        (item, plan, name)
        for item, plan, name in found.values()
        if name in person.represented_organizations(plan.id)
        and get_assignment_state(item, name) not in DONE_LIGHTS
    ]
    named = load_titles({name for _, _, name in rows})
    duties = [_build_duty(plan, item, named[name], item.due) for item, plan, name in rows]
    late = [duty for duty in duties if duty.due and duty.due < today]
    coming = [duty for duty in duties if duty not in late]
    return late, coming, [_obligations_url(name) for name in sorted(named)]


def _obligations_url(organization: str) -> str:
    return str(tk.config["ckan.site_url"]).rstrip("/") + f"/organismo/{organization}/obligaciones"
