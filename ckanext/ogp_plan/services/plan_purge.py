"""Deleting a plan with all that was recorded of it: only the owner of the tables can, by a command."""

from __future__ import annotations

import sqlalchemy as sa
from ckan import model

from ckanext.ogp_plan.model import APPEND_ONLY, TABLES, PlanRow, Reminder
from ckanext.ogp_plan.services import event as event_service


def purge(plan: PlanRow) -> dict[str, int]:
    """Delete a plan, its versions, facts, their chain, its cuts and roles; the caller commits.

    Its dataset and the files of its evidence are CKAN's, and stay.

    :returns: the rows deleted, by table.
    :raises sqlalchemy.exc.ProgrammingError: the database's role does not own the tables.
    """
    plan_id = plan.id
    event_service.hold(plan_id)
    model.Session.execute(sa.update(PlanRow).where(PlanRow.successor_of == plan_id).values(successor_of=None))
    deleted = {}
    for kind in TABLES:
        table = kind.__table__
        if "plan_id" not in table.c:
            continue
        if kind in APPEND_ONLY:
            model.Session.execute(sa.text(f"ALTER TABLE {table.name} DISABLE TRIGGER USER"))
        found = model.Session.execute(sa.delete(table).where(table.c.plan_id == plan_id))
        deleted[table.name] = found.rowcount
        if kind in APPEND_ONLY:
            model.Session.execute(sa.text(f"ALTER TABLE {table.name} ENABLE TRIGGER USER"))
    reminders = sa.delete(Reminder.__table__).where(Reminder.__table__.c.body["plan"].astext == plan_id)
    deleted["ogp_reminder"] = model.Session.execute(reminders).rowcount
    model.Session.execute(sa.delete(PlanRow.__table__).where(PlanRow.__table__.c.id == plan_id))
    model.Session.expire_all()
    return deleted
