"""Pages to import a document: a new plan or a new version, the names that wait, and the groups of a plan.

Everything works without JavaScript; each step has an address of its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import ckan.plugins.toolkit as tk
import sqlalchemy as sa
from ckan import model
from flask import Blueprint, Response, redirect

from ckanext.cost_common import language
from ckanext.cost_common.csrf import require_token
from ckanext.ogp_plan import config
from ckanext.ogp_plan.model import PlanRow
from ckanext.ogp_plan.planning import families
from ckanext.ogp_plan.planning.importers import layouts, sources
from ckanext.ogp_plan.planning.responsibles import Directory
from ckanext.ogp_plan.services import import_ as import_service
from ckanext.ogp_plan.services import organization as organization_service
from ckanext.ogp_plan.services import permission
from ckanext.ogp_plan.services import record as record_service
from ckanext.ogp_plan.services.plan_act import TRACKED
from ckanext.ogp_plan.views import forms
from ckanext.ogp_plan.views import plan as plan_view

blueprint = Blueprint("ogp_plan_import", __name__)
forms.guard(blueprint)
#: Room for the form's other parts around a document of the largest size.
FORM_BYTES = 512 * 1024
#: Fields of the first step, as the action takes them.
_FIELDS = ("family", "layout", "name", "title", "owner")


# --- the first step: the document ----------------------------------------------------------------------


def start() -> Any:
    """``/planes/importar``: a new plan from a document."""
    forms.require_user()
    owners = _list_owners()
    if not owners:
        return forms.forbidden()
    if tk.request.method == "GET":
        return _start_page(owners, {})
    return _open(lambda errors, fields: _start_page(owners, errors, fields))


def new(plan: str) -> Any:
    """``/planes/<plan>/importar``: a document that corrects a plan, and the names that wait."""
    forms.require_user()
    plan_dict = plan_view.plan_or_404(plan)
    _require_import(plan_dict["name"])
    if tk.request.method == "GET":
        return _new_page(plan_dict, {})
    return _open(lambda errors, fields: _new_page(plan_dict, errors), plan=plan_dict["name"])


def _require_import(plan: str) -> None:
    try:
        tk.check_access("ogp_plan_import", {}, {"plan": plan})
    except (tk.NotAuthorized, tk.ObjectNotFound):
        forms.forbidden()


def _open(page: Any, plan: str | None = None) -> Any:
    """Give the document to the action, and go on to its act."""
    limit = config.max_import_bytes() + FORM_BYTES
    if (tk.request.content_length or 0) > limit:
        return page({"upload": [_too_large_message()]}, {})
    tk.request.max_content_length = limit
    require_token()
    fields = forms.given(*_FIELDS)
    upload = tk.request.files.get("upload")
    if upload is None or not upload.filename:
        return page({"upload": [tk._("Choose the document of the plan.")]}, fields)
    wanted: dict[str, Any] = {"upload": upload, **forms.filled(fields)}
    if plan:
        wanted = {"upload": upload, "plan": plan, **forms.filled(fields, ("layout",))}
    try:
        opened = tk.get_action("ogp_plan_import")({}, wanted)
    except tk.ValidationError as refused:
        model.Session.rollback()
        return page(forms.errors_of(refused), fields)
    except (tk.NotAuthorized, tk.ObjectNotFound):
        return forms.forbidden()
    return redirect(tk.url_for("ogp_plan_import.read", id=opened["id"]), 303)


def _too_large_message() -> str:
    return tk._("The document is too large: at most {size} are read. Take images out of it.").format(
        size=_format_megabytes(config.max_import_bytes())
    )


def _format_megabytes(size: int) -> str:
    return f"{min(size, sources.MAX_BYTES) / 1_000_000:.0f} MB"


def _list_owners() -> list[dict[str, str]]:
    """The organizations for which the person may make a plan."""
    person = permission.load_person(tk.current_user)
    wanted = (
        sa.select(model.Group.name, model.Group.title)
        .where(model.Group.is_organization.is_(True), model.Group.state == "active")
        .order_by(model.Group.title)
    )
    return [
        {"value": name, "title": title or name}
        for name, title in model.Session.execute(wanted)
        if permission.is_allowed(person, "create", None, organization=name)
    ]


def _list_families() -> list[dict[str, str]]:
    lang = language.current()[:2]
    named = [(name, record_service.family(name)) for name in families.names()]
    return [
        {"value": name, "title": family.name.get(lang) or family.name.get("es", name)}
        for name, family in named
    ]


def _list_layouts(family: str | None = None) -> list[dict[str, str]]:
    """The layouts of a family, or of all of them, by their names."""
    names = [family] if family else families.names()
    found = {
        layout.name: layout for name in names for layout in layouts.of_family(record_service.family(name))
    }
    lang = language.current()[:2]
    titled = [(name, layout.data.get("title") or {}) for name, layout in sorted(found.items())]
    return [{"value": name, "title": title.get(lang) or title.get("es", name)} for name, title in titled]


def _start_page(
    owners: list[dict[str, str]], errors: forms.Errors, fields: Mapping[str, str] | None = None
) -> Response:
    values = dict(fields or {})
    if len(owners) == 1:
        values.setdefault("owner", owners[0]["value"])
    extra_vars = {
        "errors": errors,
        "given": values,
        "owners": owners,
        "families": _list_families(),
        "layouts": _list_layouts(),
        "size": _format_megabytes(config.max_import_bytes()),
        "prefix": tk.url_for("ogp_plan.index", _external=True).rstrip("/") + "/",
        "open_imports": _list_open_imports(None),
    }
    return forms.page("ogp_plan/import/start.html", extra_vars, 400 if errors else 200)


def _new_page(
    plan_dict: Mapping[str, Any],
    errors: forms.Errors,
    name_errors: forms.Errors | None = None,
    named: str = "",
    group: Mapping[str, Any] | None = None,
) -> Response:
    """The page of what is imported into a plan.

    :param group: what was sent about a group, where that was wrong.
    """
    plan = PlanRow.get(plan_dict["name"])
    organismos = _list_organizations()
    wanted = {
        "plan": plan_dict,
        "tab": "import",
        "errors": errors,
        "name_errors": name_errors or {},
        "named": named,
        "layouts": _list_layouts(plan.family if plan else None),
        "size": _format_megabytes(config.max_import_bytes()),
        "waiting": tk.get_action("ogp_plan_name_list")({}, {"plan": plan_dict["name"]}),
        "organizations": organismos,
        "groups": _list_groups(plan) if plan else [],
        "own_groups": plan_dict["groups"],
        "group": _build_open_group(plan_dict["groups"], organismos, group),
        "needs_act": plan_dict["status"] in TRACKED,
        "open_imports": _list_open_imports(plan),
        "workbook_url": tk.url_for("ogp_plan_file.file", plan=plan_dict["name"], name="plan.xlsx"),
        "done": tk.request.args.get("hecho", ""),
    }
    return forms.page("ogp_plan/import/new.html", wanted, 400 if errors or name_errors else 200)


def _build_open_group(
    groups: list[dict[str, Any]], organismos: list[dict[str, Any]], sent: Mapping[str, Any] | None
) -> dict[str, Any] | None:
    """The group whose members are being chosen, with the choice so far; None: no group is open.

    One at a time: a plan of a dozen groups would be hundreds of boxes on one page.
    """
    lacking = [group["id"] for group in groups if len(group["members"]) < (group["size"] or 1)]
    wanted = sent["group"] if sent else tk.request.args.get("grupo", lacking[0] if len(lacking) == 1 else "")
    found = next((group for group in groups if group["id"] == wanted), None)
    if found is None:
        return None
    listed = {organismo["value"] for organismo in organismos}
    # who is a member stays to be seen, and to be taken out, when its page is gone
    gone = [
        {"value": member["name"], "title": member["title"] or member["name"], "there": False}
        for member in found["members"]
        if member["name"] not in listed
    ]
    return {
        "id": found["id"],
        "options": [
            {**organismo, "help": "" if organismo["there"] else tk._("has no page in the portal yet")}
            for organismo in [*organismos, *gone]
        ],
        "chosen": sent["members"] if sent else [member["name"] for member in found["members"]],
        "act_name": sent["act_name"] if sent else "",
        "reason": sent["reason"] if sent else "",
    }


def _list_open_imports(plan: PlanRow | None) -> list[dict[str, Any]]:
    """The person's own imports that wait: of a plan, or of plans to be."""
    person = permission.load_person(tk.current_user)
    return [
        {
            "url": tk.url_for("ogp_plan_import.read", id=row.id),
            "file_name": row.file_name,
            "created": row.created,
            "title": row.wanted.get("title") or row.wanted.get("name"),
        }
        for row in import_service.list_open_imports(plan.id if plan else None, person.id)
    ]


def _list_organizations() -> list[dict[str, Any]]:
    """The organismos that a responsible may be; ``there``: whether it has its page in the portal."""
    named = organization_service.load_names()
    there = set(_load_organization_names())
    known = sorted(
        {*Directory.load().organismos, *there}, key=lambda name: str(named.get(name, name)).casefold()
    )
    return [{"value": name, "title": named.get(name, name), "there": name in there} for name in known]


def _load_organization_names() -> list[str]:
    wanted = sa.select(model.Group.name).where(
        model.Group.is_organization.is_(True), model.Group.state == "active"
    )
    return list(model.Session.scalars(wanted))


def _list_groups(plan: PlanRow) -> list[dict[str, str]]:
    known = dict(Directory.load().groups)
    if plan.version:
        known |= {group.id: group for group in record_service.current_plan(plan).groups}
    return [
        {"value": row.id, "title": f"{row.name} ({row.size or len(row.members) or '?'})"}
        for row in sorted(known.values(), key=lambda group: group.name.casefold())
    ]


def answer_name(plan: str) -> Any:
    """Say whose a name is."""
    forms.require_user()
    plan_dict = plan_view.plan_or_404(plan)
    _require_import(plan_dict["name"])
    require_token()
    fields = forms.given("printed", "whose", "act_name")
    kind, _, value = fields["whose"].partition(":")
    wanted = {
        "plan": plan_dict["name"],
        "printed": fields["printed"],
        "act_name": fields["act_name"],
        **({"organization": value} if kind == "org" else {"group": value} if kind == "group" else {}),
    }
    try:
        tk.get_action("ogp_plan_name_answer")({}, forms.filled(wanted))
    except tk.ValidationError as refused:
        return _new_page(plan_dict, {}, forms.errors_of(refused), fields["printed"])
    except (tk.NotAuthorized, tk.ObjectNotFound):
        return forms.forbidden()
    return redirect(tk.url_for("ogp_plan_import.new", plan=plan_dict["name"], hecho="nombre"), 303)


def set_members(plan: str) -> Any:
    """Say which organismos a group of the plan is."""
    forms.require_user()
    plan_dict = plan_view.plan_or_404(plan)
    _require_import(plan_dict["name"])
    require_token()
    sent: dict[str, Any] = {
        **forms.given("group", "act_name", "reason"),
        "members": tk.request.form.getlist("members"),
    }
    wanted = {**forms.filled(sent), "plan": plan_dict["name"], "members": sent["members"]}
    try:
        done = tk.get_action("ogp_plan_group_patch")({}, wanted)
    except tk.ValidationError as refused:
        return _new_page(plan_dict, forms.errors_of(refused), group=sent)
    except (tk.NotAuthorized, tk.ObjectNotFound):
        return forms.forbidden()
    what = "grupo" if done["changes"] else "igual"
    return redirect(tk.url_for("ogp_plan_import.new", plan=plan_dict["name"], hecho=what), 303)


_METHODS = ["GET", "POST"]
blueprint.add_url_rule("/planes/importar", view_func=start, methods=_METHODS)
blueprint.add_url_rule("/planes/<plan>/importar", view_func=new, methods=_METHODS)
blueprint.add_url_rule(
    "/planes/<plan>/importar/nombre", endpoint="name", view_func=answer_name, methods=["POST"]
)
blueprint.add_url_rule(
    "/planes/<plan>/importar/grupo", endpoint="members", view_func=set_members, methods=["POST"]
)
