"""No file of somebody without rights is read: every action that takes one asks who is there first.

The actions are found by their schemas (ours) and by what core says that they take (those that we chain on),
not by a list; each is called with a file that fails when it is touched, and with every parser replaced by one
that fails.
"""

from __future__ import annotations

import ast
import inspect
import io
import textwrap
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import ckan.logic.action.create as core_create
import ckan.logic.action.update as core_update
import ckan.plugins.toolkit as tk
import openpyxl
import pytest
from ckan import model, plugins
from ckan.tests import factories
from support import plan_files
from support.application import portal
from support.plan_portal import Town
from support.uploads import CONFORMS_TO
from werkzeug.datastructures import FileStorage

from ckanext.cost_common import processes
from ckanext.cost_common.logic import Field
from ckanext.cost_oc4ids.oc4ids import reading
from ckanext.cost_oc4ids.validation import runner
from ckanext.ogp_plan.model import PlanRow
from ckanext.ogp_plan.planning import importers
from ckanext.ogp_plan.planning.exporters import report_template
from ckanext.ogp_plan.planning.importers import sources
from ckanext.ogp_plan.services import permission, request_fields

PLUGINS = ("cost_common", "cost_oc4ids", "ogp_plan")
#: Who may do nothing here: not signed in, of no organismo, and editor of an organismo that owes nothing.
STRANGERS = ("anonymous", "citizen", "other_editor")
#: Actions that anybody may call with a file, each held by a budget (tests of the validator's).
OF_EVERYBODY = {"oc4ids_validate"}


class Untouched(io.RawIOBase):
    """A file that nobody may touch."""

    def _fail(self, *_: Any) -> Any:
        raise AssertionError("the file of somebody without rights was touched")

    read = readinto = readall = seek = tell = _fail


def untouched() -> FileStorage:
    return FileStorage(Untouched(), "plan.xlsx")  # type: ignore[arg-type]


# --- which actions take a file


def actions() -> dict[str, Callable[..., Any]]:
    """The actions of our plugins, those that are chained on core's too."""
    found: dict[str, Callable[..., Any]] = {}
    for name in PLUGINS:
        plugin = plugins.get_plugin(name)
        if plugins.IActions.provided_by(plugin):
            found |= plugin.get_actions()
    return found


def schema_of(action: Callable[..., Any]) -> Mapping[str, Field]:
    """The schema that an action of ours validates its request by: ``validated(<module>.<function>(), …)``."""
    for node in ast.walk(ast.parse(textwrap.dedent(inspect.getsource(action)))):
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "validated":
            module, _, function = ast.unparse(node.args[0].func).partition(".")  # type: ignore[attr-defined]
            return getattr(action.__globals__[module], function)()
    return {}


def holds_file(schema: Mapping[str, Any]) -> bool:
    """Whether a schema has a file among its fields, or inside a list of objects."""
    for name, field in schema.items():
        if not isinstance(field, Field):
            continue
        if name == "upload" or field.read is request_fields.file:
            return True
        cells = inspect.getclosurevars(field.read).nonlocals if inspect.isfunction(field.read) else {}
        if any(isinstance(value, Mapping) and holds_file(value) for value in cells.values()):
            return True
    return False


def takes_file(name: str, action: Callable[..., Any]) -> bool:
    if getattr(action, "chained_action", False):
        core = getattr(core_create, name, None) or getattr(core_update, name, None)
        described = inspect.getdoc(core) or ""
        # of the others it says: "for further parameters see resource_create"
        wanted = (":param upload:", ":param resources:", "resource_create", "package_create")
        return any(words in described for words in wanted)
    return holds_file(schema_of(action))


def names_of_actions_that_take_a_file() -> list[str]:
    return sorted(name for name, action in actions().items() if takes_file(name, action))


# --- calling them


@pytest.fixture(scope="module")
def town() -> Iterator[Town]:
    with portal() as app:
        yield Town.build(app)


@pytest.fixture(scope="module")
def plan(town: Town) -> PlanRow:
    return town.plan("paac")


@pytest.fixture(scope="module")
def requests(town: Town, plan: PlanRow) -> list[dict[str, Any]]:
    """Requests with a file in every place, about things that are there, and about nothing at all."""
    dataset = factories.Dataset(owner_org=town.obras)
    resource = factories.Resource(package_id=dataset["id"], conforms_to=CONFORMS_TO)

    def about(**more: Any) -> dict[str, Any]:
        file = {"upload": untouched(), "conforms_to": CONFORMS_TO, "url": "plan.xlsx", "url_type": "upload"}
        return {
            **file,
            "resources": [{**file, "id": resource["id"]}],
            "evidence": [{"upload": untouched(), "title": "x"}],
            "updates": [{"item": "1.1.1", "evidence": [{"upload": untouched()}]}],
            **more,
        }

    references = {"plan": plan.name, "item": "1.1.1", "organization": town.obras, "owner": town.owner}
    return [
        about(),
        about(family="paac", name="otro-plan", owner=town.owner),
        about(**references),
        about(**references, package_id=dataset["id"], id=dataset["id"], name=dataset["name"], owner_org=town.obras),
        about(**references, package_id=dataset["id"], id=resource["id"], owner_org=town.obras),
    ]


@pytest.fixture
def no_parser(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every reader of files fails."""

    def fail(*_: Any, **__: Any) -> Any:
        raise AssertionError("a parser was reached")

    for module, name in (
        (processes, "run"),
        (importers, "read"),
        (report_template, "read_report"),
        (sources, "load"),
        (runner, "validate_file"),
        (runner, "spool"),
        (reading, "open_package"),
        (openpyxl, "load_workbook"),
    ):
        monkeypatch.setattr(module, name, fail)


def test_the_actions_are_found(town: Town) -> None:
    assert set(names_of_actions_that_take_a_file()) == {
        "oc4ids_validate",
        "ogp_plan_import",
        "ogp_plan_report_rows",
        "ogp_plan_report_create",
        "ogp_plan_update_create",
        "ogp_plan_evidence_create",
        "package_create",
        "package_update",
        "resource_create",
        "resource_update",
    }


@pytest.mark.parametrize("who", STRANGERS)
def test_no_file_of_a_stranger_is_touched(
    town: Town, requests: list[dict[str, Any]], no_parser: None, who: str
) -> None:
    for name in sorted(set(names_of_actions_that_take_a_file()) - OF_EVERYBODY):
        outcomes = set()
        # core wants to know of what: without that it says so, and reads nothing
        for request in [one for one in requests if "id" in one or name.startswith("ogp_plan_")]:
            context: Any = {"user": town.names[who] or "", "ignore_auth": False}
            with pytest.raises((tk.NotAuthorized, tk.ObjectNotFound)) as caught:
                tk.get_action(name)(context, dict(request))
            outcomes.add(type(caught.value))
            model.Session.rollback()
        # a dataset's id is no resource's, and the other way round
        assert tk.NotAuthorized in outcomes and (name.startswith("ogp_plan_") <= (len(outcomes) == 1)), name


def test_what_everybody_may_call_reads_no_resource_of_others(
    town: Town, no_parser: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    private = factories.Dataset(owner_org=town.obras, private=True)
    resource = factories.Resource(package_id=private["id"], url_type="upload")
    for who in STRANGERS:
        with pytest.raises(tk.ObjectNotFound):
            tk.get_action("oc4ids_validate")({"user": town.names[who] or ""}, {"resource_id": resource["id"]})


# --- who may report at all


def may_report(town: Town, who: str, organization: str | None = None) -> bool:
    return permission.may_report_anything(permission.load_person(town.names[who]), organization)


def test_who_may_report_anything(town: Town, plan: PlanRow) -> None:
    able = {who for who in town.names if may_report(town, who)}
    assert able == {"focal_point", "named_focal_point", "delegate", "coordinator"}
    assert may_report(town, "focal_point", town.obras)
    assert not may_report(town, "focal_point", town.datic)


def test_nobody_reports_where_no_plan_takes_reports(town: Town, plan: PlanRow) -> None:
    status = plan.status
    others = [row for row in model.Session.query(PlanRow) if row.id != plan.id]
    assert not others
    try:
        for closed in ("borrador", "consulta", "cerrado"):
            plan.status = closed
            model.Session.flush()
            assert not [who for who in town.names if may_report(town, who)], closed
    finally:
        model.Session.rollback()
    assert plan.status == status


# --- bounds


def import_of(town: Town, content: bytes, **more: Any) -> dict[str, Any]:
    request = {"family": "paac", "name": "p-limites", "owner": town.owner, **more}
    return town.call("sysadmin", "ogp_plan_import", upload=FileStorage(io.BytesIO(content), "f014.xlsx"), **request)


def test_a_document_beyond_the_portals_bounds_is_refused_at_its_field(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = plan_files.f014()
    monkeypatch.setitem(tk.config, "ckanext.ogp_plan.max_import_cells", 1000)
    book = openpyxl.load_workbook(io.BytesIO(content))
    for row in range(200, 320):
        for column in range(1, 11):
            book.active.cell(row, column, "x")
    with pytest.raises(tk.ValidationError) as caught:
        import_of(town, plan_files.saved(book))
    assert "1000" in str(caught.value.error_dict["upload"])
    with pytest.raises(tk.ValidationError) as caught:
        import_of(town, b"a;b;c;d\n" * 400)
    assert "1000" in str(caught.value.error_dict["upload"])


@pytest.mark.parametrize("error", [processes.TooLong("x", 60), processes.TooMuchMemory("x", 1.0), processes.ProcessError("x")])
def test_what_ends_before_its_result_is_refused_at_its_field(
    town: Town, plan: PlanRow, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def ended(*_: Any, **__: Any) -> Any:
        raise error

    monkeypatch.setattr(processes, "run", ended)
    with pytest.raises(tk.ValidationError) as caught:
        import_of(town, plan_files.f014())
    assert set(caught.value.error_dict) == {"upload"}
    with pytest.raises(tk.ValidationError) as caught:
        town.call(
            "focal_point", "ogp_plan_report_rows", upload=FileStorage(io.BytesIO(b"x;y\n"), "r.csv"), plan=plan.name
        )
    assert set(caught.value.error_dict) == {"upload"}


def test_memory_and_time_of_a_document_are_limited(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    """With real limits: a workbook that needs more than the least memory that may be configured."""
    monkeypatch.setitem(tk.config, "ckanext.ogp_plan.max_import_memory", 64 << 20)
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet()
    for row in range(3000):
        sheet.append([f"texto {row * column} {'x' * 100}" for column in range(40)])
    out = io.BytesIO()
    book.save(out)
    with pytest.raises(tk.ValidationError) as caught:
        import_of(town, out.getvalue())
    assert "64" in str(caught.value.error_dict["upload"])
