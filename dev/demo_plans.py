"""Load the demonstration plans and their year of follow-up into a portal: ``demo_plans.py INI``.

Run with the portal's own Python, after ``demo_data.py`` created organismos and people. Documents are
imported as they would be by hand (read without storing, applied, changed by an act); the facts of
``dev/sample/planes`` are stored at their moments. It is one transaction: all is stored, or nothing. Plans
that exist are not changed.
"""

from __future__ import annotations

import datetime as dt
import io
import sys
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import yaml
from ckan import model
from ckan.cli import CKANConfigLoader
from ckan.config.middleware import make_app
from ckan.plugins import toolkit as tk
from sample.planes import followup
from sample.planes.followup import Fact
from werkzeug.datastructures import FileStorage

from ckanext.ogp_plan.model import Delegation, PlanItem, PlanRole, PlanRow
from ckanext.ogp_plan.planning.types import PlanStatus
from ckanext.ogp_plan.services import cut as cut_service
from ckanext.ogp_plan.services import event as event_service
from ckanext.ogp_plan.services import evidence_file, item_status, plan_version
from ckanext.ogp_plan.services import import_ as import_service
from ckanext.ogp_plan.services import record as record_service

#: What happens at a moment, which it is given.
Step = Callable[[dt.datetime], None]
ROOT = Path(__file__).resolve().parents[1]
#: Ids of the facts of the demonstration: always the same.
NAMESPACE = uuid.UUID("8a3f0c52-3c1d-4f7e-9d0a-6f2b5f6d0001")


class YearLoader:
    """Stores the year of the demonstration in a portal, in the order of its days."""

    def __init__(self, year: int) -> None:
        self.year = year
        self.story = followup.story(year)
        self.listed = followup.plans(year)
        text = (ROOT / "dev" / "people.yaml").read_text(encoding="utf-8")
        self.people: list[dict[str, Any]] = yaml.safe_load(text)["people"]
        self.users = {person["name"]: model.User.get(person["name"]).id for person in self.people}
        self.plans: dict[str, Any] = {}
        self.resources: dict[str, tuple[str, str]] = {}

    def day(self, month: int, number: int, hour: int = 9) -> dt.datetime:
        """Return a moment of the year."""
        return dt.datetime(self.year, month, number, hour, tzinfo=followup.ZONE)

    def load(self) -> None:
        """Store everything, in the order it happened."""
        self.add_supports()
        steps: list[tuple[dt.datetime, Step]] = [
            (fact.at, partial(self.store_fact, fact)) for fact in followup.facts(self.year)
        ]
        for name, plan in self.listed.items():
            steps.append((self.moment(plan.imported, 9), partial(self.import_plan, name)))
            steps.append((self.moment(plan.started, 9), partial(self.start_plan, name)))
        for name, changes in self.story["cambios"].items():
            steps += [
                (self.moment(change["dia"], 12), partial(self.change_plan, name, change))
                for change in changes
            ]
        for name in ("paac", "ogp"):
            for cut in self.story[name]["cortes"]:
                steps.append((self.moment(cut["publicado"], 17), partial(self.publish_cut, name, cut)))
        # lights are computed twice a month, as `ckan ogp-plan nightly` would each night: they get a history
        nights = [self.day(month, number, 22) for month in range(1, 13) for number in (15, 28)]
        steps += [(night, self.recompute) for night in nights]
        last = self.moment(self.story["hasta"], 23)
        # recomputing comes after what else happens at a moment
        for at, step in sorted(steps, key=lambda one: (one[0], one[1] == self.recompute)):
            if at <= last:
                with clock_at(at):
                    step(at)
        self.add_roles()
        for name, plan in self.listed.items():
            if plan.successor_of:
                self.plans[name].successor_of = self.plans[plan.successor_of].id
        # the lights of today
        item_status.recompute_many({plan.id: None for plan in self.plans.values()})

    def moment(self, day: str, hour: int) -> dt.datetime:
        """Return a day of the year ("MM-DD") at an hour."""
        month, number = (int(part) for part in day.split("-"))
        return self.day(month, number, hour)

    # --- the files of the catalogue that evidence names ---

    def add_supports(self) -> None:
        """Create the dataset of the files that evidence names; CKAN commits it by itself."""
        supports = self.story["soportes"]
        admin = {"ignore_auth": True, "user": self._sysadmin()}
        try:
            dataset = tk.get_action("package_show")(dict(admin), {"id": supports["dataset"]})
        except tk.ObjectNotFound:
            dataset = tk.get_action("package_create")(
                dict(admin),
                {
                    "name": supports["dataset"],
                    "title": supports["title"],
                    "notes": supports["notes"],
                    "owner_org": supports["organismo"],
                    "license_id": "cc-by",
                    "tags": [{"name": "planes"}, {"name": "demostración"}],
                },
            )
        known = {resource["name"]: resource["id"] for resource in dataset["resources"]}
        files = followup.supports(self.year)
        for key, one in supports["recursos"].items():
            if one["name"] not in known:
                content = FileStorage(io.BytesIO(files[one["archivo"]]), filename=one["archivo"])
                data = {
                    "package_id": dataset["id"],
                    "name": one["name"],
                    "format": one["format"],
                    "upload": content,
                }
                known[one["name"]] = tk.get_action("resource_create")(dict(admin), data)["id"]
            self.resources[key] = (known[one["name"]], dataset["id"])

    def _sysadmin(self) -> str:
        return str(self.people[0]["name"])

    # --- plans ---

    def import_plan(self, name: str, at: dt.datetime) -> None:
        """Import a plan's document and apply it; then store the members of its groups."""
        listed = self.listed[name]
        wanted = {"name": listed.name, "title": listed.title, "owner": listed.owner}
        user = self.users[self.story["coordinadora"]]
        row, found = import_service.open_import(
            listed.file.read_bytes(), listed.file.name, family=listed.family, wanted=wanted, user_id=user
        )
        if found.reading.act.asked:
            raise SystemExit(f"{listed.file.name}: {[question.id for question in found.reading.act.asked]}")
        plan = import_service.apply(row, user_id=user).plan
        plan.demonstration = True
        plan.created = at
        self.plans[name] = plan
        confirmed = followup.with_groups(record_service.current_plan(plan), listed.year)
        plan_version.apply(
            plan, confirmed, user_id=user, reason="Se dijo qué organismos hacen parte de cada grupo"
        )

    def start_plan(self, name: str, _at: dt.datetime) -> None:
        """Adopt a plan, or put it to consultation."""
        self.plans[name].status = PlanStatus(self.listed[name].status).value
        item_status.recompute(self.plans[name].id)

    def change_plan(self, name: str, change: dict[str, Any], _at: dt.datetime) -> None:
        """Change an adopted plan by a resolution: import the corrected document with its act."""
        listed = self.listed[name]
        document = listed.changed or listed.file
        user = self.users[self.story["coordinadora"]]
        row, _ = import_service.open_import(
            document.read_bytes(),
            document.name,
            family=listed.family,
            plan=self.plans[name],
            user_id=user,
        )
        import_service.apply(row, user_id=user, act_name=change["acto"], reason=change["motivo"])

    def publish_cut(self, name: str, cut: dict[str, Any], _at: dt.datetime) -> None:
        """Freeze a cut and publish it, as Control Interno."""
        user = self.users[self.story["control"]]
        frozen = cut_service.create(self.plans[name], self.moment(cut["corte"], 0).date(), user_id=user)
        cut_service.publish(self.plans[name], frozen, user_id=user)

    # --- facts ---

    def store_fact(self, fact: Fact, at: dt.datetime) -> None:
        """Store one event, with the ids of what it names."""
        body = dict(fact.body)
        for name in followup.REFERENCES:
            if body.get(name):
                body[name] = _id(body[name])
        if fact.support:
            body["resource"], body["dataset"] = self.resources[fact.support]
        if str(body.get("url", "")).startswith("/"):
            body["url"] = tk.config["ckan.site_url"].rstrip("/") + body["url"]
        if fact.kind == "evidence" and not body.get("public", True):
            body |= self.store_private_file(fact, at)
        if fact.kind == "link" and body.get("plan"):
            body["plan"] = self.plans[body["plan"]].id
        by = self.users[fact.by] if fact.by else None
        event = followup.event_of(Fact(fact.plan, fact.kind, _id(fact.ref), at, by, body))
        event_service.append(self.plans[fact.plan].id, event, at=at)

    def store_private_file(self, fact: Fact, at: dt.datetime) -> dict[str, Any]:
        """Store the file of evidence that is not public; return what its fact says of it."""
        stored = evidence_file.store([followup.private_file(fact)])
        return {
            "file": stored.id,
            "file_name": "lista-de-asistencia.txt",
            "sha256": stored.sha256,
            "size": stored.size,
            "captured": at.isoformat(),
        }

    def recompute(self, _at: dt.datetime) -> None:
        """Compute the lights again."""
        model.Session.flush()
        item_status.recompute_many({plan.id: None for plan in self.plans.values()})

    # --- people ---

    def add_roles(self) -> None:
        """Give people their roles in the plans, and a delegate to who was on leave."""
        for person in self.people:
            for role in person.get("plans", ()):
                model.Session.add_all(self._roles(self.users[person["name"]], role))
        for leave in self.story["delegaciones"]:
            model.Session.add(
                Delegation(
                    user_id=self.users[leave["de"]],
                    delegate_id=self.users[leave["a"]],
                    organization=leave["organismo"],
                    since=self.moment(leave["desde"], 0).date(),
                    until=self.moment(leave["hasta"], 0).date(),
                    reason=leave["motivo"],
                )
            )

    def _roles(self, user_id: str, role: dict[str, Any]) -> list[PlanRole]:
        """Return the rows of a role of ``dev/people.yaml``: one for each component and each organismo."""
        plan = self.plans[role["plan"]] if "plan" in role else None
        components: list[str | None] = [None]
        if plan and role.get("components"):
            found = [PlanItem.of(plan.id, "componente", code) for code in role["components"]]
            components = [one.address for one in found if one]
        organizations = [role.get("organization")]
        if organizations == ["*"]:
            own = set(self.story["enlaces"])
            organizations = [
                organismo["name"]
                for organismo in followup.organismos(self.year)
                if organismo["name"] not in own
            ]
        return [
            PlanRole(
                user_id=user_id,
                role=role["role"],
                plan_id=plan.id if plan else None,
                organization=organization,
                component=component,
                since=self.day(1, 5),
                granted_by=self.users[self._sysadmin()],
            )
            for organization in organizations
            for component in components
        ]


@contextmanager
def clock_at(at: dt.datetime) -> Iterator[None]:
    """Set the clock of the services to a moment: no action lets a caller choose the moment of an event."""
    clock, today = event_service.clock, record_service.today
    ticks = iter(at + dt.timedelta(milliseconds=number) for number in range(10**9))
    event_service.clock = lambda: next(ticks).astimezone(dt.timezone.utc)
    record_service.today = at.date
    try:
        yield
    finally:
        event_service.clock, record_service.today = clock, today


def _id(ref: str) -> str:
    """Return the id of a fact, the same in each portal."""
    return str(uuid.uuid5(NAMESPACE, ref))


def fill(year: int = followup.YEAR) -> bool:
    """Load the plans and their year, unless they are there; return whether anything was stored."""
    if PlanRow.get(followup.plans(year)["paac"].name) is not None:
        return False
    try:
        YearLoader(year).load()
        model.Session.commit()
    except BaseException:
        model.Session.rollback()
        raise
    return True


def publish(year: int = followup.YEAR) -> None:
    """Publish the plans that are followed as datasets, once: then they are found and harvested."""
    for key in followup.followed():
        plan = PlanRow.get(followup.plans(year)[key].name)
        if plan is not None and not plan.dataset_id:
            site = tk.get_action("get_site_user")({"ignore_auth": True}, {})["name"]
            context: Any = {"user": site, "ignore_auth": True}
            tk.get_action("ogp_plan_publish_dataset")(context, {"plan": plan.name})


def main() -> None:
    """Load the plans into the portal of an ini file."""
    application = make_app(CKANConfigLoader(sys.argv[1]).get_config())
    with application._wsgi_app.test_request_context():
        done = fill()
        publish()
    print("plans of the demonstration, with a year of follow-up" if done else "plans were there already")


if __name__ == "__main__":
    main()
