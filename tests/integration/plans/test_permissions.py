"""The permission matrix: every action, every kind of person, every status of a plan.

What is expected is written here by hand, action by action, and not taken from ``people.MATRIX``: a
line that is wrong there does not make its own test pass.
"""

from __future__ import annotations

import datetime as dt
import functools
from collections.abc import Callable, Iterator
from typing import Any

import ckan.plugins.toolkit as tk
import pytest
import sqlalchemy as sa
from ckan import model
from ckan.authz import auth_functions_list
from ckan.logic import _actions
from ckan.model.types import make_uuid
from support.application import portal
from support.plan_portal import CAST, Town

from ckanext.ogp_plan.model import Delegation, Import, PlanRole, PlanRow, Token
from ckanext.ogp_plan.planning.tracking import Evidence, Link, LinkKind, Report, Update
from ckanext.ogp_plan.planning.types import PlanStatus
from ckanext.ogp_plan.services import event as event_service
from ckanext.ogp_plan.services import item_status, permission

EVERYBODY = frozenset(CAST)
SIGNED_IN = EVERYBODY - {"anonymous"}
NOBODY: frozenset[str] = frozenset()
#: who sees a draft: its coordinator, editors and admins of the owner, leaders, Control Interno, the monitor, sysadmins
INSIDERS = frozenset(
    {"owner_editor", "owner_admin", "leader", "coordinator", "control", "monitor", "sysadmin"}
)
MANAGERS = frozenset({"owner_admin", "coordinator", "sysadmin"})
FOCAL = frozenset({"focal_point", "named_focal_point", "delegate"})
COORDINATOR = frozenset({"coordinator"})
SYSADMIN = frozenset({"sysadmin"})
JUDGES = frozenset({"control", "monitor"})
STATUSES = ("borrador", "consulta", "adoptado", "cerrado")


def always(who: frozenset[str]) -> dict[str, frozenset[str]]:
    """The same people whatever the status; what is asked about is of no plan."""
    return dict.fromkeys(STATUSES, who)


def seen(who: frozenset[str] = EVERYBODY) -> dict[str, frozenset[str]]:
    """These people once the plan is public, and of them the insiders while it is a draft."""
    return {**dict.fromkeys(STATUSES, who), "borrador": who & INSIDERS}


def until_closed(who: frozenset[str]) -> dict[str, frozenset[str]]:
    """These people, in every status but the last."""
    return {**dict.fromkeys(STATUSES, who), "cerrado": NOBODY}


def under_way(who: frozenset[str]) -> dict[str, frozenset[str]]:
    """These people while the plan is adopted (running is the same: see below)."""
    return {**dict.fromkeys(STATUSES, NOBODY), "adoptado": who}


def judged(who: frozenset[str]) -> dict[str, frozenset[str]]:
    """These people once the plan is adopted, closed too."""
    return {**under_way(who), "cerrado": who}


class Scene:
    """One plan of a status, with one of everything that an action may be about."""

    def __init__(self, town: Town, status: str) -> None:
        self.town = town
        self.row = town.plan("paac", status)
        item_status.recompute(self.row.id)
        self.facts = {
            "update": self._fact(Update, item=("fila", "1.1.1"), organization=town.obras, by="focal_point"),
            "elsewhere": self._fact(Update, item=("fila", "2.2"), organization=town.obras, by="focal_point"),
            "of_coordinator": self._fact(Update, item=("fila", "1.1.1"), by="coordinator"),
            "of_leader": self._fact(Update, item=("fila", "1.1.1"), by="leader"),
            "evidence": self._fact(
                Evidence, item=("fila", "1.1.1"), organization=town.obras, by="focal_point", public=False
            ),
            "whole_evidence": self._fact(Evidence, item=("fila", "1.1.1"), by="coordinator", public=False),
            "link": self._fact(
                Link, item=("fila", "1.1.1"), kind=LinkKind.DEPENDS, other=("fila", "2.2"), by="coordinator"
            ),
        }
        day = dt.date(2026, 3, 31)
        for name, items in (("report", ["1.1.1"]), ("wide_report", ["1.1.1", "2.2"])):
            made = self._fact(Report, organization=town.obras, start=day, end=day, by="focal_point")
            self.facts[name] = made
            for code in items:
                self._fact(
                    Update, item=("fila", code), organization=town.obras, by="focal_point", report=made
                )
        self.rows = {
            "import": self._row(Import, plan_id=self.row.id, user_id=town.ids["coordinator"]),
            "new_import": self._row(Import, wanted={"owner": town.owner}, user_id=town.ids["owner_admin"]),
            "leader_role": self._row(
                PlanRole, user_id=town.ids["citizen"], role="lider_componente", plan_id=self.row.id, component="2"
            ),
            "control_role": self._row(
                PlanRole, user_id=town.ids["citizen"], role="control_interno", plan_id=self.row.id,
                until=dt.datetime(2026, 1, 1, tzinfo=dt.timezone.utc),
            ),
            "delegation": self._row(
                Delegation, user_id=town.ids["focal_point"], delegate_id=town.ids["citizen"], organization=town.obras,
                since=dt.date(2020, 1, 1), until=dt.date(2020, 1, 2),
            ),
            "token": self._row(Token, user_id=town.ids["citizen"], sha256=make_uuid()),
        }  # fmt: skip
        # the citizen of the cast leads nothing today
        model.Session.get(PlanRole, self.rows["leader_role"]).until = dt.datetime(
            2026, 1, 1, tzinfo=dt.timezone.utc
        )
        model.Session.commit()

    def _fact(self, fact: Any, /, by: str, **fields: Any) -> str:
        moment = dt.datetime.now(dt.timezone.utc)
        return str(event_service.append(self.row.id, fact(id="", at=moment, by=self.town.ids[by], **fields)).id)

    def _row(self, table: Any, /, **fields: Any) -> str:
        if table is Import:
            fields = {
                "family": "paac",
                "file_name": "x.csv",
                "size": 1,
                "sha256": "0",
                "content": b"x",
                **fields,
            }
        made = table(**fields)
        model.Session.add(made)
        model.Session.flush()
        return str(made.id)


Data = Callable[[Scene], dict[str, Any]]


def of_plan(**more: Any) -> Data:
    return lambda scene: {"plan": scene.row.name, **more}


def of_item(item: str = "1.1.1", organization: str | None = "obras", **more: Any) -> Data:
    """On an item, for an organismo of the town (its attribute's name), or for the one that is the person's."""

    def made(scene: Scene) -> dict[str, Any]:
        named = {"organization": getattr(scene.town, organization)} if organization else {}
        return {"plan": scene.row.name, "item": item, **named, **more}

    return made


def by_id(name: str, field: str = "id") -> Data:
    return lambda scene: {field: scene.facts.get(name) or scene.rows[name]}


def granting(role: str, **more: Any) -> Data:
    return lambda scene: {"plan": scene.row.name, "role": role, "user": scene.town.names["citizen"], **more}


#: action, what it is asked with, who may in each status
CASES: list[tuple[str, str, Data, dict[str, frozenset[str]]]] = [
    ("ogp_plan_list", "", lambda scene: {}, always(EVERYBODY)),
    ("ogp_plan_show", "", lambda scene: {"id": scene.row.name}, seen()),
    ("ogp_plan_diff", "", of_plan(), seen()),
    ("ogp_plan_file_list", "", of_plan(), seen()),
    ("ogp_plan_obligation_list", "all", lambda scene: {"organization": scene.town.obras}, always(EVERYBODY)),
    ("ogp_plan_obligation_list", "plan", lambda s: {"organization": s.town.obras, "plan": s.row.name}, seen()),
    ("ogp_plan_report_list", "all", lambda scene: {"organization": scene.town.obras}, always(EVERYBODY)),
    ("ogp_plan_report_list", "plan", of_plan(), seen()),
    ("ogp_plan_report_show", "", by_id("report"), seen()),
    ("ogp_plan_item_list", "all", lambda scene: {}, always(EVERYBODY)),
    ("ogp_plan_item_list", "plan", of_plan(), seen()),
    ("ogp_plan_item_show", "", of_plan(id="1.1.1"), seen()),
    (
        "ogp_plan_create",
        "own",
        lambda s: {"owner": s.town.owner},
        always(frozenset({"owner_admin", "sysadmin"})),
    ),
    ("ogp_plan_create", "of another", lambda s: {"owner": s.town.otra}, always(SYSADMIN)),
    ("ogp_plan_create", "of nobody", lambda s: {}, always(SYSADMIN)),
    ("ogp_plan_patch", "title", lambda s: {"id": s.row.name, "title": "Otro"}, until_closed(MANAGERS)),
    (
        "ogp_plan_patch",
        "same owner",
        lambda s: {"id": s.row.id, "owner": s.town.owner},
        until_closed(MANAGERS),
    ),
    ("ogp_plan_patch", "owner", lambda s: {"id": s.row.id, "owner": s.town.otra}, until_closed(SYSADMIN)),
    ("ogp_plan_publish_dataset", "", of_plan(), {**always(MANAGERS), "borrador": NOBODY}),
    ("ogp_plan_import", "plan", of_plan(), until_closed(MANAGERS)),
    (
        "ogp_plan_import",
        "new",
        lambda s: {"owner": s.town.owner},
        always(frozenset({"owner_admin", "sysadmin"})),
    ),
    ("ogp_plan_import_show", "plan", by_id("import"), always(MANAGERS)),
    ("ogp_plan_import_show", "new", by_id("new_import"), always(frozenset({"owner_admin", "sysadmin"}))),
    ("ogp_plan_import_answer", "plan", by_id("import"), until_closed(MANAGERS)),
    ("ogp_plan_import_answer", "new", by_id("new_import"), always(frozenset({"owner_admin", "sysadmin"}))),
    ("ogp_plan_import_apply", "plan", by_id("import"), until_closed(MANAGERS)),
    ("ogp_plan_import_apply", "new", by_id("new_import"), always(frozenset({"owner_admin", "sysadmin"}))),
    ("ogp_plan_import_discard", "plan", by_id("import"), until_closed(MANAGERS)),
    ("ogp_plan_import_discard", "new", by_id("new_import"), always(frozenset({"owner_admin", "sysadmin"}))),
    ("ogp_plan_name_list", "", of_plan(), always(MANAGERS)),
    ("ogp_plan_name_answer", "", of_plan(), until_closed(MANAGERS)),
    ("ogp_plan_group_patch", "", of_plan(group="organismos"), until_closed(MANAGERS)),
    *(
        (action, name, data, who)
        for action in (
            "ogp_plan_update_create",
            "ogp_plan_measurement_create",
            "ogp_plan_evidence_create",
            "ogp_plan_answer_create",
        )
        for name, data, who in (
            ("its own", of_item("1.1.1", "obras"), under_way(FOCAL)),
            ("as a whole", of_item("1.1.1", None, whole=True), under_way(COORDINATOR)),
            ("as what one is", of_item("1.1.1", None), under_way(FOCAL | COORDINATOR)),
            ("as what one is, not owed", of_item("1.1.2", None), under_way(COORDINATOR)),
            ("not owed", of_item("1.1.2", "obras"), under_way(NOBODY)),
            ("for another", of_item("1.1.2", "datic"), under_way(NOBODY)),
            ("who owes nothing", of_item("1.1.1", "otra"), under_way(NOBODY)),
            ("in a group", of_item("2.2", "obras"), under_way(FOCAL)),
            ("not tracked", of_item("1", "obras"), under_way(NOBODY)),
        )
    ),
    (
        "ogp_plan_report_create",
        "",
        lambda s: {"plan": s.row.name, "organization": s.town.obras},
        under_way(FOCAL),
    ),
    (
        "ogp_plan_report_create",
        "otra",
        lambda s: {"plan": s.row.name, "organization": s.town.otra},
        under_way(NOBODY),
    ),
    ("ogp_plan_report_rows", "", of_plan(), under_way(FOCAL | COORDINATOR)),
    (
        "ogp_plan_report_rows",
        "own",
        lambda s: {"plan": s.row.name, "organization": s.town.obras},
        under_way(FOCAL),
    ),
    ("ogp_plan_evidence_retract", "own", by_id("evidence"), under_way(FOCAL)),
    ("ogp_plan_evidence_retract", "whole", by_id("whole_evidence"), under_way(COORDINATOR)),
    (
        "ogp_plan_evidence_private",
        "own",
        by_id("evidence"),
        {**always(FOCAL | JUDGES | COORDINATOR | SYSADMIN), "borrador": JUDGES | COORDINATOR | SYSADMIN},
    ),
    (
        "ogp_plan_evidence_private",
        "whole",
        by_id("whole_evidence"),
        {**always(FOCAL | JUDGES | COORDINATOR | SYSADMIN), "borrador": JUDGES | COORDINATOR | SYSADMIN},
    ),
    (
        "ogp_plan_review_create",
        "",
        by_id("update", "update"),
        under_way(frozenset({"leader", "coordinator"})),
    ),
    ("ogp_plan_review_create", "other component", by_id("elsewhere", "update"), under_way(COORDINATOR)),
    (
        "ogp_plan_review_create",
        "one's own",
        by_id("of_coordinator", "update"),
        under_way(frozenset({"leader"})),
    ),
    ("ogp_plan_review_create", "leader's own", by_id("of_leader", "update"), under_way(COORDINATOR)),
    (
        "ogp_plan_review_create",
        "report",
        by_id("report", "report"),
        under_way(frozenset({"leader", "coordinator"})),
    ),
    ("ogp_plan_review_create", "wide report", by_id("wide_report", "report"), under_way(COORDINATOR)),
    ("ogp_plan_review_list", "", of_plan(), under_way(frozenset({"leader", "coordinator"}))),
    ("ogp_plan_verdict_create", "", of_plan(item="1.1.1"), judged(JUDGES)),
    (
        "ogp_plan_verdict_create",
        "control",
        of_plan(item="2.2", role="control_interno"),
        judged(frozenset({"control"})),
    ),
    (
        "ogp_plan_verdict_create",
        "monitor",
        of_plan(item="2.2", role="monitor"),
        judged(frozenset({"monitor"})),
    ),
    ("ogp_plan_cut_list", "", of_plan(), seen()),
    ("ogp_plan_cut_show", "", of_plan(day="2026-04-30"), seen()),
    ("ogp_plan_cut_verify", "", of_plan(day="2026-04-30"), seen()),
    ("ogp_plan_cut_create", "", of_plan(day="2026-04-30"), judged(frozenset({"control", "sysadmin"}))),
    ("ogp_plan_cut_publish", "", of_plan(day="2026-04-30"), judged(frozenset({"control"}))),
    ("ogp_plan_role_list", "plan", of_plan(), always(MANAGERS)),
    ("ogp_plan_role_list", "all", lambda scene: {}, always(SYSADMIN)),
    ("ogp_plan_role_grant", "focal", granting("punto_focal"), until_closed(MANAGERS)),
    ("ogp_plan_role_grant", "leader", granting("lider_componente"), until_closed(MANAGERS)),
    ("ogp_plan_role_grant", "coordinator", granting("coordinador"), always(SYSADMIN)),
    ("ogp_plan_role_grant", "control", granting("control_interno"), always(SYSADMIN)),
    ("ogp_plan_role_grant", "monitor", granting("monitor"), always(SYSADMIN)),
    ("ogp_plan_role_grant", "everywhere", lambda scene: {"role": "punto_focal"}, always(SYSADMIN)),
    ("ogp_plan_role_end", "leader", by_id("leader_role"), until_closed(MANAGERS)),
    ("ogp_plan_role_end", "control", by_id("control_role"), always(SYSADMIN)),
    (
        "ogp_plan_delegation_create",
        "own",
        lambda s: {"organization": s.town.obras},
        always(frozenset({"focal_point", "named_focal_point", "sysadmin"})),
    ),
    (
        "ogp_plan_delegation_create",
        "another's",
        lambda s: {"organization": s.town.obras, "user": s.town.ids["focal_point"]},
        always(frozenset({"focal_point", "sysadmin"})),
    ),
    ("ogp_plan_delegation_revoke", "", by_id("delegation"), always(frozenset({"focal_point", "sysadmin"}))),
    ("ogp_plan_delegation_list", "own", lambda scene: {}, always(SIGNED_IN)),
    (
        "ogp_plan_delegation_list",
        "organismo",
        lambda s: {"organization": s.town.obras},
        always(frozenset({"focal_point", "named_focal_point", "sysadmin"})),
    ),
    ("ogp_plan_period_open", "", of_plan(), until_closed(MANAGERS)),
    ("ogp_plan_period_close", "", of_plan(), until_closed(MANAGERS)),
    ("ogp_plan_link_list", "", of_plan(), seen()),
    ("ogp_plan_link_create", "", of_plan(item="1.1.1"), until_closed(MANAGERS)),
    ("ogp_plan_link_remove", "", by_id("link"), until_closed(MANAGERS)),
    ("ogp_plan_token_list", "", lambda scene: {}, always(SIGNED_IN)),
    ("ogp_plan_token_create", "own", lambda scene: {}, always(SIGNED_IN)),
    ("ogp_plan_token_create", "organismo", lambda s: {"organization": s.town.obras}, always(FOCAL)),
    ("ogp_plan_token_revoke", "", by_id("token"), always(frozenset({"citizen", "sysadmin"}))),
    ("ogp_plan_letters_patch", "own", lambda scene: {}, always(SIGNED_IN)),
    ("ogp_plan_profile_show", "", lambda scene: {}, always(SIGNED_IN)),
]


@pytest.fixture(scope="module")
def town() -> Iterator[Town]:
    with portal() as app:
        yield Town.build(app)


@pytest.fixture(scope="module")
def scenes(town: Town) -> dict[str, Scene]:
    return {status: Scene(town, status) for status in STATUSES}


@pytest.fixture
def known(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who somebody is, looked up once: nobody changes while one action is asked about by all."""
    monkeypatch.setattr(permission, "load_person", functools.lru_cache(maxsize=64)(permission.load_person))


def _answer(town: Town, who: str, action: str, data: dict[str, Any]) -> str:
    try:
        tk.check_access(action, {"user": town.names[who] or ""}, data)
    except tk.NotAuthorized:
        return "no"
    except tk.ObjectNotFound:
        return "not there"
    return "yes"


@pytest.mark.parametrize(
    ("action", "name", "data", "expected"), CASES, ids=[f"{case[0]}-{case[1]}" for case in CASES]
)
def test_who_may(
    town: Town,
    known: None,
    scenes: dict[str, Scene],
    action: str,
    name: str,
    data: Data,
    expected: dict[str, frozenset[str]],
) -> None:
    wrong = []
    for status, scene in scenes.items():
        asked = data(scene)
        answers = {who: _answer(town, who, action, asked) for who in CAST}
        allowed = {who for who, answer in answers.items() if answer == "yes"}
        if allowed != expected[status]:
            wrong.append(
                f"{status}: too many {sorted(allowed - expected[status])}, missing {sorted(expected[status] - allowed)}"
            )
        named = {str(value) for value in asked.values()} & {
            scene.row.name,
            scene.row.id,
            *scene.facts.values(),
        }
        if status == "borrador" and named:
            outsiders = {who for who in EVERYBODY - INSIDERS if answers[who] == "no"} - {"anonymous"}
            if outsiders:
                wrong.append(f"the existence of a draft is revealed to {sorted(outsiders)}")
    assert not wrong


def test_every_action_is_in_the_matrix(town: Town) -> None:
    tk.get_action("status_show")
    ours = {name for name in _actions if name.startswith("ogp_plan_")}
    tested = {action for action, *_ in CASES}
    assert len(ours) > 40
    # the withheld evidence is asked about in words of its own, wherever it is shown
    assert ours <= tested
    assert tested - ours <= {"ogp_plan_evidence_private"}
    assert ours <= set(auth_functions_list())


@pytest.mark.parametrize("action", sorted({action for action, *_ in CASES}))
def test_reads_are_without_effect_and_writes_are_not_open_to_get(town: Town, action: str) -> None:
    writes = not action.endswith(("_list", "_show", "_diff", "_verify", "_private"))
    found = _actions.get(action)
    assert found is None or bool(getattr(found, "side_effect_free", False)) is not writes


class TestADraftIsNotThere:
    """Not in a list, a count, a facet, a diff, an obligation, a link; over HTTP, as it is asked."""

    @pytest.fixture(scope="class")
    def draft(self, town: Town) -> PlanRow:
        row = town.plan("ogp", "borrador", name="plan-secreto")
        item_status.recompute(row.id)
        model.Session.commit()
        return row

    @pytest.mark.parametrize("who", CAST)
    def test_lists_and_counts(self, town: Town, draft: PlanRow, who: str) -> None:
        sees = who in INSIDERS
        listed = town.ask(who, "ogp_plan_list", family="ogp").get_json()["result"]
        assert (draft.name in {result["name"] for result in listed["results"]}) is sees
        assert listed["count"] == len(listed["results"])
        items = town.ask(who, "ogp_plan_item_list", q="compromiso", limit=1000).get_json()["result"]
        assert (draft.name in {result["plan"] for result in items["results"]}) is sees
        assert items["count"] == len(items["results"])
        tracked = [result for result in items["results"] if result["trackable"]]
        assert sum(bucket["count"] for bucket in items["facets"]["light"]) == len(tracked)
        assert bool(items["facets"]["tag"]) is sees
        for action, data in (
            ("ogp_plan_show", {"id": draft.name}),
            ("ogp_plan_show", {"id": draft.id}),
            ("ogp_plan_diff", {"plan": draft.name}),
            ("ogp_plan_item_list", {"plan": draft.name}),
            ("ogp_plan_item_show", {"plan": draft.name, "id": "4.1.H1"}),
            ("ogp_plan_obligation_list", {"organization": town.obras, "plan": draft.name}),
        ):
            answer = town.ask(who, action, **data)
            assert answer.status_code == (200 if sees else 404), action
            if not sees:
                absent = {
                    name: "no-hay" if value in (draft.name, draft.id) else value
                    for name, value in data.items()
                }
                other = town.ask(who, action, **absent).get_json()["error"]
                assert answer.get_json()["error"] == other, "it can be distinguished from what is not there"

    @pytest.mark.parametrize("who", CAST)
    def test_obligations(self, town: Town, draft: PlanRow, who: str) -> None:
        """A draft obliges nobody: not even who sees it has it among the duties."""
        found = town.ask(who, "ogp_plan_obligation_list", organization=town.obras, limit=1000).get_json()[
            "result"
        ]
        assert draft.name not in str(found)
        assert found["count"] == sum(len(found[name]) for name in ("late", "this_month", "next", "done"))
        assert sum(found["counts"].values()) + sum(found["excluded"].values()) == found["count"]

    @pytest.mark.parametrize("who", CAST)
    def test_links(self, town: Town, draft: PlanRow, who: str) -> None:
        public = PlanRow.get("plan-con-enlace") or town.plan("paac", name="plan-con-enlace")
        if not event_service.of_plan(public.id):
            link = Link(
                id="", at=dt.datetime.now(dt.timezone.utc), item=("fila", "1.1.1"), kind=LinkKind.DEPENDS,
                other=("hito", "4.1.H1"), plan=draft.id,
            )  # fmt: skip
            town.add_fact(public, link)
        shown = town.ask(who, "ogp_plan_item_show", plan=public.name, id="1.1.1").get_json()["result"]
        sees = who in INSIDERS
        assert bool(shown["links"]) is sees
        fields = {key: value for key, value in shown.items() if key != "may"}
        assert (draft.name in str(fields)) is sees
        assert ("4.1.H1" in str(fields)) is sees
        assert "R6" not in {reason["code"] for reason in shown["reasons"]}
        listed = town.ask(who, "ogp_plan_link_list", plan=public.name).get_json()["result"]
        assert (listed["count"], len(listed["results"])) == ((1, 1) if sees else (0, 0))
        assert (draft.name in str(listed)) is sees


class TestWithheldEvidence:
    """Its address, title and hash are for who may see them; that it is there, and why withheld, for all."""

    @pytest.mark.parametrize("who", CAST)
    def test_who_reads_it(self, town: Town, who: str) -> None:
        row = PlanRow.get("plan-reservado") or town.plan("paac", name="plan-reservado")
        if not event_service.of_plan(row.id):
            hidden = Evidence(
                id="", at=dt.datetime.now(dt.timezone.utc), item=("fila", "1.1.1"), organization=town.obras,
                title="Lista con nombres", url="https://example.org/nombres", sha256="ab" * 32, public=False,
                withheld="Tiene datos personales", by=town.ids["focal_point"],
            )  # fmt: skip
            town.add_fact(row, hidden)
        answer = town.ask(who, "ogp_plan_item_show", plan=row.name, id="1.1.1").get_data(as_text=True)
        may = who in FOCAL | JUDGES | COORDINATOR | SYSADMIN
        assert "Tiene datos personales" in answer
        for secret in ("Lista con nombres", "example.org/nombres", "ab" * 32):
            assert (secret in answer) is may, secret


@pytest.mark.parametrize("who", [None, "", "nobody-of-that-name"])
def test_nobody_is_nobody(town: Town, who: str | None) -> None:
    assert permission.load_person(who) == permission.NOBODY


def test_somebody_deleted_is_nobody(town: Town) -> None:
    user = model.User.get(town.names["other_editor"])
    user.state = "deleted"
    try:
        assert permission.load_person(user) == permission.NOBODY
    finally:
        user.state = "active"
        model.Session.commit()


def test_a_word_that_is_not_in_the_matrix_is_an_error(town: Town) -> None:
    with pytest.raises(KeyError):
        permission.is_allowed(permission.NOBODY, "everything", None)


def test_the_condition_in_sql_says_the_same_as_the_matrix(town: Town, scenes: dict[str, Scene]) -> None:
    for who in CAST:
        person = permission.load_person(town.names[who])
        in_sql = set(model.Session.scalars(sa.select(PlanRow.id).where(permission.visible_plans(person))))
        by_matrix = {row.id for row in model.Session.query(PlanRow) if permission.is_allowed(person, "see", row)}
        assert in_sql == by_matrix, who


def test_a_delegate_speaks_only_in_time_and_only_as_far_as_who_is_on_leave(
    town: Town, scenes: dict[str, Scene]
) -> None:
    row = scenes["adoptado"].row
    delegation = model.Session.query(Delegation).filter_by(delegate_id=town.ids["delegate"]).one()
    assert permission.list_reporting_organizations(permission.load_person(town.names["delegate"]), row) == [town.obras]
    since, until = delegation.since, delegation.until
    today = dt.datetime.now(dt.timezone.utc).date()
    far = dt.timedelta(days=3)
    for first, last, revoked in (
        (since, today - far, None),
        (today + far, until, None),
        (since, until, dt.datetime.now(dt.timezone.utc)),
    ):
        delegation.since, delegation.until, delegation.revoked = first, last, revoked
        model.Session.flush()
        assert permission.list_reporting_organizations(permission.load_person(town.names["delegate"]), row) == []
    model.Session.rollback()
    member = (
        model.Session.query(model.Member).filter_by(table_id=town.ids["focal_point"], state="active").one()
    )
    member.state = "deleted"
    model.Session.flush()
    assert permission.list_reporting_organizations(permission.load_person(town.names["delegate"]), row) == []
    model.Session.rollback()


def test_who_gets_letters(town: Town, scenes: dict[str, Scene]) -> None:
    found = permission.load_focal_points([town.obras, town.datic, "nobody"], scenes["adoptado"].row.id)
    creator = set(found[town.datic])
    assert len(creator) <= 1  # who made the organization is its admin
    assert set(found[town.obras]) - creator == {town.ids[who] for who in FOCAL}
    assert found["nobody"] == []


def test_a_plan_under_way_is_as_an_adopted_one() -> None:
    for rule in permission.MATRIX:
        assert (PlanStatus.ADOPTED in rule.statuses) is (PlanStatus.RUNNING in rule.statuses), rule.action


def test_roles_are_of_their_plan_alone(town: Town, scenes: dict[str, Scene]) -> None:
    other = town.plan("paac", "borrador", roles=False)
    for who in ("coordinator", "control", "monitor", "leader", "named_focal_point"):
        assert _answer(town, who, "ogp_plan_show", {"id": other.name}) == "not there", who
    assert _answer(town, "owner_editor", "ogp_plan_show", {"id": other.name}) == "yes"
