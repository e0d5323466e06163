"""Who may do what in plans: the whole permission matrix in one table.

Reading only: nothing here writes or commits. What is not in :data:`MATRIX` is not allowed.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from enum import Enum
from typing import Any

import sqlalchemy as sa
from ckan import model

from ckanext.ogp_plan.model import Delegation, Event, ItemAssignment, PlanItem, PlanRole, PlanRow
from ckanext.ogp_plan.model.role import COMPONENT_LEADER, CONTROL, COORDINATOR, FOCAL_POINT, MONITOR
from ckanext.ogp_plan.planning.types import PlanStatus, Role
from ckanext.ogp_plan.services import event as event_service
from ckanext.ogp_plan.services import record as record_service

#: Capacities in CKAN's organizations by which somebody reports for an organismo.
EDITORS = ("admin", "editor")
#: What an organismo is to an item when it owes it; allies and monitors of an item owe nothing.
RESPONSIBLE_ROLES = (Role.LEAD.value, Role.SUPPORT.value)


class Relation(str, Enum):
    """What a person is to a plan, an item or an organismo."""

    ANYBODY = "anybody"
    SIGNED_IN = "signed in"
    OWNER_EDITOR = "editor or admin of the plan's owner"
    OWNER_ADMIN = "admin of the plan's owner"
    COORDINATOR = "coordinator of the plan"
    LEADER = "leader of the item's component"
    CONTROL = "Control Interno"
    MONITOR = "independent monitor"
    FOCAL = "focal point of an organismo that owes it"
    ORG_ADMIN = "admin of the organismo named"
    SYSADMIN = "administration of the portal"


_DRAFT = frozenset({PlanStatus.DRAFT})
_PUBLIC = frozenset(PlanStatus) - _DRAFT
_OPEN = frozenset(PlanStatus) - {PlanStatus.CLOSED}
_TRACKED = frozenset({PlanStatus.ADOPTED, PlanStatus.RUNNING})
_REVIEWED = _TRACKED | {PlanStatus.CLOSED}
_ALWAYS = frozenset(PlanStatus)

_MANAGERS = frozenset({Relation.COORDINATOR, Relation.OWNER_ADMIN, Relation.SYSADMIN})
_INSIDERS = _MANAGERS | {Relation.OWNER_EDITOR, Relation.LEADER, Relation.CONTROL, Relation.MONITOR}


@dataclass(frozen=True, slots=True)
class PermissionRule:
    """One line of the matrix: what is done, while a plan has which status, by people of which relation."""

    action: str
    statuses: frozenset[PlanStatus]
    relations: frozenset[Relation]


def _by(*relations: Relation) -> frozenset[Relation]:
    return frozenset(relations)


#: Who may do what. The same action on two lines: either is enough.
MATRIX: tuple[PermissionRule, ...] = (
    #              action    while the plan is  by whom
    PermissionRule("see", _PUBLIC, _by(Relation.ANYBODY)),
    PermissionRule("see", _DRAFT, _INSIDERS),
    PermissionRule("create", _ALWAYS, _MANAGERS),
    PermissionRule("import", _OPEN, _MANAGERS),
    PermissionRule("change", _OPEN, _MANAGERS),
    PermissionRule("period", _OPEN, _MANAGERS),
    PermissionRule("link", _OPEN, _MANAGERS),
    PermissionRule("roles", _OPEN, _MANAGERS),
    PermissionRule("see_roles", _ALWAYS, _MANAGERS),
    #   of coordinators, Control Interno and monitors: no organismo grants them
    PermissionRule("grant", _ALWAYS, _by(Relation.SYSADMIN)),
    #   for one organismo that owes the item; for the item as a whole
    PermissionRule("report", _TRACKED, _by(Relation.FOCAL)),
    PermissionRule("report_whole", _TRACKED, _by(Relation.COORDINATOR)),
    PermissionRule("review", _TRACKED, _by(Relation.LEADER, Relation.COORDINATOR)),
    #   not the administration of the portal either, unless it holds the role
    PermissionRule("verdict", _REVIEWED, _by(Relation.CONTROL, Relation.MONITOR)),
    PermissionRule("cut_create", _REVIEWED, _by(Relation.CONTROL, Relation.SYSADMIN)),
    PermissionRule("cut_publish", _REVIEWED, _by(Relation.CONTROL)),
    PermissionRule(
        "private_evidence",
        _ALWAYS,
        _by(Relation.FOCAL, Relation.COORDINATOR, Relation.CONTROL, Relation.MONITOR, Relation.SYSADMIN),
    ),
    PermissionRule("publish_dataset", _PUBLIC, _MANAGERS),
    #   of no plan: leave of a focal point, for its organismo
    PermissionRule("delegate", _ALWAYS, _by(Relation.FOCAL, Relation.ORG_ADMIN, Relation.SYSADMIN)),
)
ACTIONS = frozenset(rule.action for rule in MATRIX)


@dataclass(frozen=True, slots=True)
class HeldRole:
    """A role that somebody holds today. ``plan_id`` None: in all plans."""

    role: str
    plan_id: str | None = None
    organization: str | None = None
    #: address of a component inside its plan
    component: str | None = None


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody with all they are today. ``id`` None: not signed in.

    ``trusted``: the portal itself asks (``ignore_auth``): it sees every plan.
    """

    id: str | None = None
    name: str | None = None
    sysadmin: bool = False
    trusted: bool = False
    admin_of: frozenset[str] = frozenset()
    #: names of organizations it edits (those it administers too)
    editor_of: frozenset[str] = frozenset()
    roles: tuple[HeldRole, ...] = ()
    #: as delegate of somebody on leave: (organization, plan or None)
    delegations: frozenset[tuple[str, str | None]] = frozenset()

    def holds(self, role: str, plan_id: str | None) -> bool:
        """Tell whether it holds a role in a plan (or in all of them)."""
        return any(held.role == role and held.plan_id in (None, plan_id) for held in self.roles)

    def led_components(self, plan_id: str) -> frozenset[str]:
        """Return the addresses of the components it leads in a plan."""
        led = (role for role in self.roles if role.role == COMPONENT_LEADER and role.plan_id == plan_id)
        return frozenset(role.component for role in led if role.component)

    def represented_organizations(self, plan_id: str | None, *, by_itself: bool = False) -> frozenset[str]:
        """Return the names of the organismos it reports for in a plan (None: in any plan).

        :param by_itself: without those it reports for as a delegate.
        """
        focal = {
            role.organization
            for role in self.roles
            if role.role == FOCAL_POINT and role.organization and _covers(role.plan_id, plan_id)
        }
        delegated = (
            set() if by_itself else {name for name, scope in self.delegations if _covers(scope, plan_id)}
        )
        return self.editor_of | focal | delegated


def _covers(scope: str | None, plan_id: str | None) -> bool:
    return scope is None or plan_id is None or scope == plan_id


NOBODY = Person()


def get_person(context: Any) -> Person:
    """Return who calls an action, with all they are today.

    :param context: of the action.
    """
    person = load_person(context.get("auth_user_obj") or context.get("user"))
    if not context.get("ignore_auth"):
        return person
    return Person(
        **{name: getattr(person, name) for name in Person.__slots__ if name != "trusted"}, trusted=True
    )


def load_person(user: Any, *, delegations: bool = True) -> Person:
    """Return a person with all they are today, in at most five queries.

    :param user: a name or id of a user, a ``ckan.model.User``, or None. Somebody deleted is nobody.
    :param delegations: with the organismos they report for while somebody is on leave.
    """
    found = model.User.get(user) if isinstance(user, str) and user else user
    if not getattr(found, "id", None) or found.state != "active":
        return NOBODY
    member = _load_memberships(found.id)
    return Person(
        id=found.id,
        name=found.name,
        sysadmin=bool(found.sysadmin),
        admin_of=frozenset(name for name, capacity in member if capacity == "admin"),
        editor_of=frozenset(name for name, _ in member),
        roles=_load_roles(found.id),
        delegations=_load_delegations(found.id) if delegations else frozenset(),
    )


def _load_memberships(user_id: str) -> list[tuple[str, str]]:
    wanted = (
        sa.select(model.Group.name, model.Member.capacity)
        .join(model.Group, model.Group.id == model.Member.group_id)
        .where(model.Member.table_id == user_id, model.Member.table_name == "user")
        .where(model.Member.state == "active", model.Member.capacity.in_(EDITORS))
        .where(model.Group.state == "active", model.Group.is_organization.is_(True))
    )
    return [(name, capacity) for name, capacity in model.Session.execute(wanted)]


def _load_roles(user_id: str) -> tuple[HeldRole, ...]:
    moment = dt.datetime.now(dt.timezone.utc)
    wanted = sa.select(PlanRole.role, PlanRole.plan_id, PlanRole.organization, PlanRole.component).where(
        PlanRole.user_id == user_id, is_role_valid(moment)
    )
    return tuple(HeldRole(*row) for row in model.Session.execute(wanted))


def is_role_valid(moment: dt.datetime) -> Any:
    """Return the condition that a role holds at a moment."""
    return sa.and_(PlanRole.since <= moment, sa.or_(PlanRole.until.is_(None), PlanRole.until > moment))


def _load_delegations(user_id: str) -> frozenset[tuple[str, str | None]]:
    """Delegations to somebody today: a delegate reports as far as who is on leave, and delegates nothing."""
    day = record_service.today()
    wanted = (
        sa.select(Delegation.user_id, Delegation.organization)
        .where(Delegation.delegate_id == user_id, Delegation.revoked.is_(None))
        .where(Delegation.since <= day, Delegation.until >= day)
    )
    delegated: set[tuple[str, str | None]] = set()
    for on_leave, organization in {tuple(row) for row in model.Session.execute(wanted)}:
        absent = load_person(on_leave, delegations=False)
        if organization in absent.editor_of:
            delegated.add((organization, None))
        delegated |= {
            (organization, role.plan_id)
            for role in absent.roles
            if role.role == FOCAL_POINT and role.organization == organization
        }
    return frozenset(delegated)


def is_allowed(
    person: Person,
    action: str,
    plan: PlanRow | None,
    item: PlanItem | None = None,
    organization: str | None = None,
) -> bool:
    """Tell whether somebody may do something.

    :param action: of :data:`MATRIX`.
    :param plan: where; None for what is of no plan yet (``create``), or of none at all (``delegate``).
    :param item: on which item; None: on any of the plan.
    :param organization: for which organismo; None: for any that is the person's. For ``create`` it
        is the owner to be.
    :raises KeyError: the matrix has no such action.
    """
    if action not in ACTIONS:
        raise KeyError(action)
    if action == "see" and person.trusted:
        return True
    status = PlanStatus(plan.status) if plan is not None else None
    allowed = frozenset[Relation]().union(
        *(
            rule.relations
            for rule in MATRIX
            if rule.action == action and (status is None or status in rule.statuses)
        )
    )
    return any(
        _has_relation(person, relation, plan, item, organization)
        for relation in Relation
        if relation in allowed
    )


def is_allowed_somewhere(person: Person, action: str) -> bool:
    """Tell whether somebody may do something in some plan or for some organismo, whatever the plans' status.

    For a request that does not say where: who may do it nowhere is refused before anything else.

    :param action: of :data:`MATRIX`.
    :raises KeyError: the matrix has no such action.
    """
    if action not in ACTIONS:
        raise KeyError(action)
    allowed = frozenset[Relation]().union(*(rule.relations for rule in MATRIX if rule.action == action))
    if person.id is None:
        return Relation.ANYBODY in allowed
    roles = {held.role for held in person.roles}
    applies = {
        Relation.ANYBODY: True,
        Relation.SIGNED_IN: True,
        Relation.SYSADMIN: person.sysadmin,
        Relation.OWNER_ADMIN: bool(person.admin_of),
        Relation.ORG_ADMIN: bool(person.admin_of),
        Relation.OWNER_EDITOR: bool(person.editor_of),
        Relation.COORDINATOR: COORDINATOR in roles,
        Relation.CONTROL: CONTROL in roles,
        Relation.MONITOR: MONITOR in roles,
        Relation.LEADER: COMPONENT_LEADER in roles,
        Relation.FOCAL: bool(person.represented_organizations(None)),
    }
    return any(applies[relation] for relation in allowed)


def _has_relation(  # noqa: PLR0912  (one line a relation)
    person: Person, relation: Relation, plan: PlanRow | None, item: PlanItem | None, organization: str | None
) -> bool:
    """Tell whether somebody is that to a plan, an item, an organismo."""
    plan_id = plan.id if plan is not None else None
    owner = plan.owner if plan is not None else organization
    if relation is Relation.ANYBODY:
        return True
    if person.id is None:
        return False
    if relation is Relation.SIGNED_IN:
        return True
    if relation is Relation.SYSADMIN:
        return person.sysadmin
    if relation is Relation.OWNER_ADMIN:
        return owner in person.admin_of
    if relation is Relation.OWNER_EDITOR:
        return owner in person.editor_of
    if relation is Relation.ORG_ADMIN:
        return organization in person.admin_of
    if relation is Relation.COORDINATOR:
        return person.holds(COORDINATOR, plan_id)
    if relation is Relation.CONTROL:
        return person.holds(CONTROL, plan_id)
    if relation is Relation.MONITOR:
        return person.holds(MONITOR, plan_id)
    if relation is Relation.LEADER:
        return plan is not None and _leads_component(person, plan, item)
    return _is_focal_point(person, plan, item, organization)


def _leads_component(person: Person, plan: PlanRow, item: PlanItem | None) -> bool:
    led = person.led_components(plan.id)
    if item is None or not led:
        return bool(led)
    wanted = sa.select(PlanItem.address).where(PlanItem.id == item.component_id)
    return model.Session.execute(wanted).scalar() in led


def _is_focal_point(
    person: Person, plan: PlanRow | None, item: PlanItem | None, organization: str | None
) -> bool:
    if plan is None:
        return organization in person.represented_organizations(None, by_itself=True)
    represented = person.represented_organizations(plan.id)
    if organization is not None:
        represented = represented & {organization}
    return bool(represented and list_responsible(plan, item, represented))


def list_responsible(plan: PlanRow, item: PlanItem | None, among: Collection[str]) -> frozenset[str]:
    """Return which of some organismos owe an item of a plan (None: any item that was not withdrawn)."""
    wanted = (
        sa.select(ItemAssignment.organization)
        .where(ItemAssignment.plan_id == plan.id, ItemAssignment.role.in_(RESPONSIBLE_ROLES))
        .where(ItemAssignment.organization.in_(list(among)))
        .distinct()
    )
    if item is not None:
        if item.withdrawn or item.plan_id != plan.id:
            return frozenset()
        wanted = wanted.where(ItemAssignment.item_id == item.id)
    return frozenset(model.Session.scalars(wanted))


def list_reporting_organizations(person: Person, plan: PlanRow, item: PlanItem | None = None) -> list[str]:
    """Return the organismos somebody may report for now: on an item, or on any item of the plan."""
    represented = person.represented_organizations(plan.id)
    if not represented or not is_allowed(person, "report", plan, item):
        return []
    return sorted(list_responsible(plan, item, represented))


def is_reporter_of(person: Person, organization: str) -> bool:
    """Tell whether somebody reports for an organismo now in any of the plans in which it owes something."""
    if person.id is None or organization not in person.represented_organizations(None):
        return False
    query = (
        sa.select(ItemAssignment.plan_id)
        .join(PlanRow, PlanRow.id == ItemAssignment.plan_id)
        .where(ItemAssignment.organization == organization, ItemAssignment.role.in_(RESPONSIBLE_ROLES))
        .where(PlanRow.status.in_([status.value for status in _TRACKED]))
        .distinct()
    )
    return any(
        organization in person.represented_organizations(plan_id) for plan_id in model.Session.scalars(query)
    )


@dataclass(frozen=True, slots=True)
class ReportPermission:
    """For whom somebody may report on an item: organismos by name, and the item as a whole."""

    organizations: tuple[str, ...] = ()
    whole: bool = False

    def __bool__(self) -> bool:
        return bool(self.organizations) or self.whole


def load_report_permission(person: Person, plan: PlanRow, item: PlanItem) -> ReportPermission:
    """Return for whom somebody may report on an item now."""
    return ReportPermission(
        tuple(list_reporting_organizations(person, plan, item)),
        is_allowed(person, "report_whole", plan, item),
    )


def list_verdict_roles(person: Person, plan: PlanRow, item: PlanItem) -> list[str]:
    """Return the roles in which somebody may give a verdict of an item now."""
    if not is_allowed(person, "verdict", plan, item):
        return []
    return [role for role in (CONTROL, MONITOR) if person.holds(role, plan.id)]


def is_review_allowed(person: Person, plan: PlanRow, fact: Event) -> bool:
    """Tell whether somebody may accept or return an update or a report: never one's own.

    A report is reviewed by who leads every component it carries updates or measurements to.
    """
    if person.id is None or fact.user_id == person.id:
        return False
    if fact.kind == "update":
        item = PlanItem.of(plan.id, fact.level or "", fact.code or "")
        return item is not None and is_allowed(person, "review", plan, item)
    if not is_allowed(person, "review", plan):
        return False
    if person.holds(COORDINATOR, plan.id):
        return True
    touched = _components_of_report(plan.id, fact.id)
    return bool(touched) and touched <= person.led_components(plan.id)


def _components_of_report(plan_id: str, report_id: str) -> set[str]:
    component = sa.orm.aliased(PlanItem)
    wanted = (
        sa.select(component.address)
        .join(PlanItem, PlanItem.component_id == component.id)
        .join(Event, event_service.is_of_item())
        .where(Event.plan_id == plan_id, Event.body["report"].astext == report_id)
        .distinct()
    )
    return set(model.Session.scalars(wanted))


def visible_plans(person: Person) -> Any:
    """Return the condition, on plans, that somebody may see them: :func:`is_allowed` to ``see`` in SQL."""
    if person.trusted or person.sysadmin:
        return sa.true()
    public = PlanRow.status.in_([status.value for status in _PUBLIC])
    if person.id is None:
        return public
    inside = (COORDINATOR, COMPONENT_LEADER, CONTROL, MONITOR)
    held = [role for role in person.roles if role.role in inside]
    if any(role.plan_id is None and role.role != COMPONENT_LEADER for role in held):
        return sa.true()
    plans = [
        role.plan_id for role in held if role.plan_id and (role.role != COMPONENT_LEADER or role.component)
    ]
    return sa.or_(public, PlanRow.id.in_(plans), PlanRow.owner.in_(list(person.editor_of)))


def load_focal_points(organizations: Iterable[str], plan_id: str) -> dict[str, list[str]]:
    """Return, for each organismo, the ids of who reports for it in a plan today, delegates included.

    For letters: editors and admins of the organization, focal points named, and their substitutes.
    """
    names = sorted(set(organizations))
    people: dict[str, set[str]] = {name: set() for name in names}
    if not names:
        return {}
    members = (
        sa.select(model.Group.name, model.Member.table_id)
        .join(model.Member, model.Member.group_id == model.Group.id)
        .where(model.Group.name.in_(names), model.Group.is_organization.is_(True))
        .where(model.Group.state == "active", model.Member.state == "active")
        .where(model.Member.table_name == "user", model.Member.capacity.in_(EDITORS))
    )
    moment = dt.datetime.now(dt.timezone.utc)
    named = sa.select(PlanRole.organization, PlanRole.user_id).where(
        PlanRole.role == FOCAL_POINT,
        PlanRole.organization.in_(names),
        sa.or_(PlanRole.plan_id.is_(None), PlanRole.plan_id == plan_id),
        is_role_valid(moment),
    )
    for wanted in (members, named):
        for name, user_id in model.Session.execute(wanted):
            people[name].add(user_id)
    for name, on_leave, delegate in model.Session.execute(_delegations_of(names)):
        if on_leave in people[name]:
            people[name].add(delegate)
    active = _filter_active(set().union(*people.values()))
    return {name: sorted(found & active) for name, found in people.items()}


def _delegations_of(names: list[str]) -> Any:
    day = record_service.today()
    return (
        sa.select(Delegation.organization, Delegation.user_id, Delegation.delegate_id)
        .where(Delegation.organization.in_(names), Delegation.revoked.is_(None))
        .where(Delegation.since <= day, Delegation.until >= day)
    )


def _filter_active(ids: set[str]) -> set[str]:
    wanted = sa.select(model.User.id).where(model.User.id.in_(list(ids)), model.User.state == "active")
    return set(model.Session.scalars(wanted))
