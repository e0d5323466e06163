"""Fill the demo portal with plans and a year of follow-up: ``demo_plans.py INI``.

Run with the portal's own Python, after ``demo_data.py`` made organismos and people. Documents go in as
they would by hand (read dry, applied, changed by an act), facts at the moments of the story in
``dev/sample/planes``. One transaction: all of it, or nothing; what is there already is left alone.
"""

from __future__ import annotations

import datetime as dt
import io
import sys
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
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
from ckanext.ogp_plan.services import import_ as import_service
from ckanext.ogp_plan.services import item_status, plan_version
from ckanext.ogp_plan.services import record as record_service

ROOT = Path(__file__).resolve().parents[1]
#: Ids of the facts of the demonstration: always the same.
NAMESPACE = uuid.UUID("8a3f0c52-3c1d-4f7e-9d0a-6f2b5f6d0001")
#: When each plan came in, was adopted (or put to consultation), in the story's first year: (month, day).
BEGINS = {
    "paac": ((1, 8), (1, 14)),
    "cost": ((1, 20), (1, 27)),
    "ogp": ((2, 10), (2, 20)),
    "ptep": ((10, 26), (11, 2)),
}
OWNERS = {
    "paac": "dadii",
    "ogp": "secretaria-de-gobierno",
    "cost": "secretaria-de-infraestructura",
    "ptep": "dadii",
}
TITLES = {
    "paac": "Plan anticorrupción y de atención al ciudadano {y} (demostración)",
    "ogp": "Plan de gobierno abierto {y}-{y1} (demostración)",
    "cost": "Plan de trabajo de CoST {y} (demostración)",
    "ptep": "Programa de transparencia y ética pública {y1} (demostración)",
}


class Story:
    """The year of the demonstration, told to a portal day by day."""

    def __init__(self, year: int) -> None:
        self.year = year
        self.told = followup.story(year)
        self.users = {name: model.User.get(name).id for name in self._names()}
        self.plans: dict[str, Any] = {}
        self.resources: dict[str, tuple[str, str]] = {}

    def _names(self) -> list[str]:
        people = yaml.safe_load((ROOT / "dev" / "people.yaml").read_text(encoding="utf-8"))["people"]
        return [one["name"] for one in people]

    def day(self, month: int, number: int, hour: int = 9) -> dt.datetime:
        """Return a moment of the story's year."""
        return dt.datetime(self.year, month, number, hour, tzinfo=followup.ZONE)

    def tell(self) -> None:
        """Load everything, in the order it happened."""
        self.supports()
        steps: list[tuple[dt.datetime, str, Any]] = [
            (fact.at, "fact", fact) for fact in followup.facts(self.year)
        ]
        for name, (arrives, begins) in BEGINS.items():
            steps.append((self.day(*arrives), "arrive", name))
            steps.append((self.day(*begins), "begin", name))
        for name, changes in self.told["cambios"].items():
            steps += [(self.moment(one["dia"], 12), "change", (name, one)) for one in changes]
        for name in ("paac", "ogp"):
            for cut in self.told[name]["cortes"]:
                steps.append((self.moment(cut["publicado"], 17), "cut", (name, cut)))
        last = self.moment(self.told["hasta"], 23)
        for month in range(1, 13):
            # the lights are computed twice a month, as the night's work would: they get a history
            steps += [(self.day(month, number, 22), "night", None) for number in (15, 28)]
        for at, what, subject in sorted(steps, key=lambda one: (one[0], one[1] == "night")):
            if at <= last:
                with at_moment(at):
                    getattr(self, what)(subject, at)
        self.people()
        self.plans["ptep"].successor_of = self.plans["paac"].id
        # the lights of today
        item_status.recompute_many({plan.id: None for plan in self.plans.values()})

    def moment(self, day: str, hour: int) -> dt.datetime:
        """Return a day of the story ("MM-DD") at an hour."""
        month, number = (int(part) for part in day.split("-"))
        return self.day(month, number, hour)

    # --- the catalogue's files that prove things ---

    def supports(self) -> None:
        """Make the dataset of the files that evidence names; CKAN commits it by itself."""
        told = self.told["soportes"]
        admin = {"ignore_auth": True, "user": self._sysadmin()}
        try:
            there = tk.get_action("package_show")(dict(admin), {"id": told["dataset"]})
        except tk.ObjectNotFound:
            there = tk.get_action("package_create")(
                dict(admin),
                {
                    "name": told["dataset"],
                    "title": told["title"],
                    "notes": told["notes"],
                    "owner_org": told["organismo"],
                    "license_id": "cc-by",
                    "tags": [{"name": "planes"}, {"name": "demostración"}],
                },
            )
        known = {one["name"]: one["id"] for one in there["resources"]}
        files = followup.supports(self.year)
        for key, one in told["recursos"].items():
            if one["name"] not in known:
                content = FileStorage(io.BytesIO(files[one["archivo"]]), filename=one["archivo"])
                data = {
                    "package_id": there["id"],
                    "name": one["name"],
                    "format": one["format"],
                    "upload": content,
                }
                known[one["name"]] = tk.get_action("resource_create")(dict(admin), data)["id"]
            self.resources[key] = (known[one["name"]], there["id"])

    def _sysadmin(self) -> str:
        return self._names()[0]

    # --- plans ---

    def arrive(self, name: str, at: dt.datetime) -> None:
        """A plan's document comes in: read dry, applied, and its groups named member by member."""
        document = followup.file_of(name, self.year)
        words = {"y": str(self.year), "y1": str(self.year + 1)}
        wanted = {
            "name": followup.name_of(name, self.year),
            "title": TITLES[name].format(**words),
            "owner": OWNERS[name],
        }
        user = self.users[self.told["coordinadora"]]
        row, found = import_service.open_import(
            document.read_bytes(), document.name, family=followup.PLANS[name][1], wanted=wanted, user_id=user
        )
        if found.reading.act.asked:
            raise SystemExit(f"{document.name}: {[one.id for one in found.reading.act.asked]}")
        plan = import_service.apply(row, user_id=user).plan
        plan.demonstration = True
        plan.created = at
        self.plans[name] = plan
        confirmed = followup.with_groups(record_service.current_plan(plan), self.year + (name == "ptep"))
        plan_version.apply(
            plan, confirmed, user_id=user, reason="Se dijo qué organismos hacen parte de cada grupo"
        )

    def begin(self, name: str, _at: dt.datetime) -> None:
        """A plan is adopted and runs; the last one is only put to consultation."""
        status = PlanStatus.CONSULTATION if name == "ptep" else PlanStatus.RUNNING
        self.plans[name].status = status.value
        item_status.recompute(self.plans[name].id)

    def change(self, subject: tuple[str, dict[str, Any]], _at: dt.datetime) -> None:
        """A resolution changes an adopted plan: the corrected document comes in with its act."""
        name, told = subject
        document = followup.changed_file(self.year)
        user = self.users[self.told["coordinadora"]]
        row, _ = import_service.open_import(
            document.read_bytes(),
            document.name,
            family=followup.PLANS[name][1],
            plan=self.plans[name],
            user_id=user,
        )
        import_service.apply(row, user_id=user, act_name=told["acto"], reason=told["motivo"])

    def cut(self, subject: tuple[str, dict[str, Any]], _at: dt.datetime) -> None:
        """Control Interno freezes a cut and publishes it."""
        name, told = subject
        user = self.users[self.told["control"]]
        made = cut_service.create(self.plans[name], self.moment(told["corte"], 0).date(), user_id=user)
        cut_service.publish(self.plans[name], made, user_id=user)

    # --- facts ---

    def fact(self, fact: Fact, at: dt.datetime) -> None:
        """One thing that happened."""
        body = dict(fact.body)
        for name in followup.REFERENCES:
            if body.get(name):
                body[name] = _id(body[name])
        if fact.support:
            body["resource"], body["dataset"] = self.resources[fact.support]
        if str(body.get("url", "")).startswith("/"):
            body["url"] = tk.config["ckan.site_url"].rstrip("/") + body["url"]
        if fact.kind == "link" and body.get("plan"):
            body["plan"] = self.plans[body["plan"]].id
        by = self.users[fact.by] if fact.by else None
        told = followup.event_of(Fact(fact.plan, fact.kind, _id(fact.ref), at, by, body))
        event_service.append(self.plans[fact.plan].id, told, at=at)

    def night(self, _subject: None, _at: dt.datetime) -> None:
        """The lights are computed again."""
        model.Session.flush()
        item_status.recompute_many({plan.id: None for plan in self.plans.values()})

    # --- people ---

    def people(self) -> None:
        """Give everybody their roles in the plans, and whoever was on leave a delegate."""
        people = yaml.safe_load((ROOT / "dev" / "people.yaml").read_text(encoding="utf-8"))["people"]
        for person in people:
            for role in person.get("plans", ()):
                model.Session.add_all(self._roles(self.users[person["name"]], role))
        for leave in self.told["delegaciones"]:
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

    def _roles(self, user_id: str, told: dict[str, Any]) -> list[PlanRole]:
        """Return the roles that ``dev/people.yaml`` tells in one: one a component, one an organismo."""
        plan = self.plans[told["plan"]] if "plan" in told else None
        components: list[str | None] = [None]
        if plan and told.get("components"):
            found = [PlanItem.of(plan.id, "componente", code) for code in told["components"]]
            components = [one.address for one in found if one]
        organizations = [told.get("organization")]
        if organizations == ["*"]:
            own = set(self.told["enlaces"])
            organizations = [one["name"] for one in followup.organismos(self.year) if one["name"] not in own]
        return [
            PlanRole(
                user_id=user_id,
                role=told["role"],
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
def at_moment(at: dt.datetime) -> Iterator[None]:
    """Let the portal live at another moment: a demonstration has a past, which no door offers."""
    clock, today = event_service.clock, record_service.today
    ticks = iter(at + dt.timedelta(milliseconds=number) for number in range(10**9))
    event_service.clock = lambda: next(ticks).astimezone(dt.timezone.utc)
    record_service.today = at.date
    try:
        yield
    finally:
        event_service.clock, record_service.today = clock, today


def _id(ref: str) -> str:
    """Return the id of a fact of the story."""
    return str(uuid.uuid5(NAMESPACE, ref))


def fill(year: int = followup.YEAR) -> bool:
    """Tell the story to the portal, unless it was told; return whether anything was done."""
    if PlanRow.get(followup.name_of("paac", year)) is not None:
        return False
    try:
        Story(year).tell()
        model.Session.commit()
    except BaseException:
        model.Session.rollback()
        raise
    return True


def publish(year: int = followup.YEAR) -> None:
    """Publish the plans that are followed as datasets, so that they are found and harvested; once."""
    for family in ("paac", "ogp", "cost"):
        plan = PlanRow.get(followup.name_of(family, year))
        if plan is not None and not plan.dataset_id:
            site = tk.get_action("get_site_user")({"ignore_auth": True}, {})["name"]
            context: Any = {"user": site, "ignore_auth": True}
            tk.get_action("ogp_plan_publish_dataset")(context, {"plan": plan.name})


def main() -> None:
    """Fill the portal of an ini."""
    application = make_app(CKANConfigLoader(sys.argv[1]).get_config())
    with application._wsgi_app.test_request_context():
        done = fill()
        publish()
    print("plans of the demonstration, with a year of follow-up" if done else "plans were there already")


if __name__ == "__main__":
    main()
