"""Documents into plans, in pages: drop the file, read its act, answer, see what changes, apply.

Everything works without JavaScript; each step is an address that can be come back to.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import ckan.plugins.toolkit as tk
import sqlalchemy as sa
from ckan import model
from flask import Blueprint, Response, redirect

from ckanext.cost_common import language, paging
from ckanext.cost_common.csrf import require_token
from ckanext.ogp_plan import config, urls
from ckanext.ogp_plan.exports import files as plan_files
from ckanext.ogp_plan.logic import lookup
from ckanext.ogp_plan.logic.action.import_ import act_of
from ckanext.ogp_plan.model import PlanRow
from ckanext.ogp_plan.planning import families
from ckanext.ogp_plan.planning.exporters import act as act_workbook
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

#: Findings of one kind that the page shows; the workbook of the act has all.
FINDINGS_SHOWN = 40
#: Changes on one page of the difference.
CHANGES_SHOWN = 100
#: Room for the form's other parts around a document of the largest size.
FORM_BYTES = 512 * 1024
#: Fields of the first step, as the action takes them.
_FIELDS = ("family", "layout", "name", "title", "owner")


# --- the first step: the document ----------------------------------------------------------------------


def start() -> Any:
    """``/planes/importar``: a new plan from a document."""
    forms.require_user()
    owners = _owners()
    if not owners:
        return forms.forbidden()
    if tk.request.method == "GET":
        return _start_page(owners, {})
    return _open(lambda errors, given: _start_page(owners, errors, given))


def new(plan: str) -> Any:
    """``/planes/<plan>/importar``: a document that corrects a plan, and the names that wait."""
    forms.require_user()
    shown = plan_view.plan_or_404(plan)
    _may(shown["name"])
    if tk.request.method == "GET":
        return _new_page(shown, {})
    return _open(lambda errors, given: _new_page(shown, errors), plan=shown["name"])


def _may(plan: str) -> None:
    try:
        tk.check_access("ogp_plan_import", {}, {"plan": plan})
    except (tk.NotAuthorized, tk.ObjectNotFound):
        forms.forbidden()


def _open(page: Any, plan: str | None = None) -> Any:
    """Give the document to the action, and go on to its act."""
    limit = config.max_import_bytes() + FORM_BYTES
    if (tk.request.content_length or 0) > limit:
        return page({"upload": [_too_large()]}, {})
    tk.request.max_content_length = limit
    require_token()
    given = forms.given(*_FIELDS)
    upload = tk.request.files.get("upload")
    if upload is None or not upload.filename:
        return page({"upload": [tk._("Choose the document of the plan.")]}, given)
    wanted: dict[str, Any] = {"upload": upload, **forms.filled(given)}
    if plan:
        wanted = {"upload": upload, "plan": plan, **forms.filled(given, ("layout",))}
    try:
        opened = tk.get_action("ogp_plan_import")({}, wanted)
    except tk.ValidationError as refused:
        model.Session.rollback()
        return page(forms.errors_of(refused), given)
    except (tk.NotAuthorized, tk.ObjectNotFound):
        return forms.forbidden()
    return redirect(tk.url_for("ogp_plan_import.read", id=opened["id"]), 303)


def _too_large() -> str:
    return tk._("The document is too large: at most {size} are read. Take images out of it.").format(
        size=_megabytes(config.max_import_bytes())
    )


def _megabytes(size: int) -> str:
    return f"{min(size, sources.MAX_BYTES) / 1_000_000:.0f} MB"


def _owners() -> list[dict[str, str]]:
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


def _families() -> list[dict[str, str]]:
    lang = language.current()[:2]
    named = [(name, record_service.family(name)) for name in families.names()]
    return [{"value": name, "title": one.name.get(lang) or one.name.get("es", name)} for name, one in named]


def _layouts(family: str | None = None) -> list[dict[str, str]]:
    """The layouts of a family, or of all of them, by their names."""
    names = [family] if family else families.names()
    found = {one.name: one for name in names for one in layouts.of_family(record_service.family(name))}
    lang = language.current()[:2]
    titled = [(name, one.data.get("title") or {}) for name, one in sorted(found.items())]
    return [{"value": name, "title": title.get(lang) or title.get("es", name)} for name, title in titled]


def _start_page(
    owners: list[dict[str, str]], errors: forms.Errors, given: Mapping[str, str] | None = None
) -> Response:
    values = dict(given or {})
    if len(owners) == 1:
        values.setdefault("owner", owners[0]["value"])
    shown = {
        "errors": errors,
        "given": values,
        "owners": owners,
        "families": _families(),
        "layouts": _layouts(),
        "size": _megabytes(config.max_import_bytes()),
        "prefix": tk.url_for("ogp_plan.index", _external=True).rstrip("/") + "/",
        "open_imports": _open_imports(None),
    }
    return forms.page("ogp_plan/importing/start.html", shown, 400 if errors else 200)


def _new_page(
    shown: Mapping[str, Any],
    errors: forms.Errors,
    name_errors: forms.Errors | None = None,
    named: str = "",
    group: Mapping[str, Any] | None = None,
) -> Response:
    """The page of what is imported into a plan.

    :param group: what was sent about a group, where that was wrong.
    """
    plan = PlanRow.get(shown["name"])
    organismos = _organismos()
    wanted = {
        "plan": shown,
        "tab": "import",
        "errors": errors,
        "name_errors": name_errors or {},
        "named": named,
        "layouts": _layouts(plan.family if plan else None),
        "size": _megabytes(config.max_import_bytes()),
        "waiting": tk.get_action("ogp_plan_name_list")({}, {"plan": shown["name"]}),
        "organizations": organismos,
        "groups": _groups(plan) if plan else [],
        "own_groups": shown["groups"],
        "group": _opened(shown["groups"], organismos, group),
        "needs_act": shown["status"] in TRACKED,
        "open_imports": _open_imports(plan),
        "workbook_url": tk.url_for("ogp_plan_file.file", plan=shown["name"], name="plan.xlsx"),
        "done": tk.request.args.get("hecho", ""),
    }
    return forms.page("ogp_plan/importing/new.html", wanted, 400 if errors or name_errors else 200)


def _opened(
    groups: list[dict[str, Any]], organismos: list[dict[str, Any]], sent: Mapping[str, Any] | None
) -> dict[str, Any] | None:
    """The group whose organismos are being said, with what is chosen; None: no group is open.

    One at a time: a plan of a dozen groups would be hundreds of boxes on one page.
    """
    lacking = [one["id"] for one in groups if len(one["members"]) < (one["size"] or 1)]
    wanted = sent["group"] if sent else tk.request.args.get("grupo", lacking[0] if len(lacking) == 1 else "")
    found = next((one for one in groups if one["id"] == wanted), None)
    if found is None:
        return None
    listed = {one["value"] for one in organismos}
    # who is a member stays to be seen, and to be taken out, when its page is gone
    gone = [
        {"value": one["name"], "title": one["title"] or one["name"], "there": False}
        for one in found["members"]
        if one["name"] not in listed
    ]
    return {
        "id": found["id"],
        "options": [
            {**one, "help": "" if one["there"] else tk._("has no page in the portal yet")}
            for one in [*organismos, *gone]
        ],
        "chosen": sent["members"] if sent else [one["name"] for one in found["members"]],
        "act_name": sent["act_name"] if sent else "",
        "reason": sent["reason"] if sent else "",
    }


def _open_imports(plan: PlanRow | None) -> list[dict[str, Any]]:
    """The person's own imports that wait: of a plan, or of plans to be."""
    person = permission.load_person(tk.current_user)
    return [
        {
            "url": tk.url_for("ogp_plan_import.read", id=one.id),
            "file_name": one.file_name,
            "created": one.created,
            "title": one.wanted.get("title") or one.wanted.get("name"),
        }
        for one in import_service.list_open_imports(plan.id if plan else None, person.id)
    ]


def _organismos() -> list[dict[str, Any]]:
    """The organismos that a responsible may be; ``there``: whether it has its page in the portal."""
    named = organization_service.load_names()
    there = set(_organization_names())
    known = sorted(
        {*Directory.load().organismos, *there}, key=lambda name: str(named.get(name, name)).casefold()
    )
    return [{"value": name, "title": named.get(name, name), "there": name in there} for name in known]


def _organization_names() -> list[str]:
    wanted = sa.select(model.Group.name).where(
        model.Group.is_organization.is_(True), model.Group.state == "active"
    )
    return list(model.Session.scalars(wanted))


def _groups(plan: PlanRow) -> list[dict[str, str]]:
    known = dict(Directory.load().groups)
    if plan.version:
        known |= {group.id: group for group in record_service.current_plan(plan).groups}
    return [
        {"value": one.id, "title": f"{one.name} ({one.size or len(one.members) or '?'})"}
        for one in sorted(known.values(), key=lambda group: group.name.casefold())
    ]


def name(plan: str) -> Any:
    """Say whose a name is."""
    forms.require_user()
    shown = plan_view.plan_or_404(plan)
    _may(shown["name"])
    require_token()
    given = forms.given("printed", "whose", "act_name")
    kind, _, value = given["whose"].partition(":")
    wanted = {
        "plan": shown["name"],
        "printed": given["printed"],
        "act_name": given["act_name"],
        **({"organization": value} if kind == "org" else {"group": value} if kind == "group" else {}),
    }
    try:
        tk.get_action("ogp_plan_name_answer")({}, forms.filled(wanted))
    except tk.ValidationError as refused:
        return _new_page(shown, {}, forms.errors_of(refused), given["printed"])
    except (tk.NotAuthorized, tk.ObjectNotFound):
        return forms.forbidden()
    return redirect(tk.url_for("ogp_plan_import.new", plan=shown["name"], hecho="nombre"), 303)


def members(plan: str) -> Any:
    """Say which organismos a group of the plan is."""
    forms.require_user()
    shown = plan_view.plan_or_404(plan)
    _may(shown["name"])
    require_token()
    sent: dict[str, Any] = {
        **forms.given("group", "act_name", "reason"),
        "members": tk.request.form.getlist("members"),
    }
    wanted = {**forms.filled(sent), "plan": shown["name"], "members": sent["members"]}
    try:
        done = tk.get_action("ogp_plan_group_patch")({}, wanted)
    except tk.ValidationError as refused:
        return _new_page(shown, forms.errors_of(refused), group=sent)
    except (tk.NotAuthorized, tk.ObjectNotFound):
        return forms.forbidden()
    what = "grupo" if done["changes"] else "igual"
    return redirect(tk.url_for("ogp_plan_import.new", plan=shown["name"], hecho=what), 303)


# --- the second step: the act --------------------------------------------------------------------------


def read(id: str) -> Any:
    """``/planes/importar/<id>``: the act, what is asked, what would change; answer, apply, discard."""
    forms.require_user()
    if tk.request.method == "GET":
        return _act_page(_shown(id), {})
    require_token()
    done = {"answer": _answer, "compare": _compare, "apply": _apply, "discard": _discard}
    act = done.get(tk.request.form.get("do", ""))
    if act is None:
        return _act_page(_shown(id), {"": [tk._("The form was not complete. Please send it again.")]})
    try:
        act(id)
    except tk.ValidationError as refused:
        model.Session.rollback()
        return _act_page(_shown(id), forms.errors_of(refused))
    except tk.NotAuthorized:
        return forms.forbidden()
    except tk.ObjectNotFound:
        return tk.abort(404, tk._("There is no such import."))
    return redirect(tk.url_for("ogp_plan_import.read", id=id), 303)


def _shown(id: str) -> dict[str, Any]:
    try:
        found: dict[str, Any] = tk.get_action("ogp_plan_import_show")({}, {"id": id})
    except (tk.ObjectNotFound, tk.NotAuthorized, tk.ValidationError):
        return tk.abort(404, tk._("There is no such import."))  # type: ignore[no-any-return]
    return found


def _answer(id: str) -> None:
    """Answers come by number, each with the question it is of."""
    form = tk.request.form
    answers = {}
    for field, question in form.items():
        if field.startswith("question-"):
            value = form.get(f"answer-{field.removeprefix('question-')}", "")
            rest = form.get("rest", "") if question.startswith("item.vanished:") else ""
            if value or rest:
                answers[question] = value or rest
    tk.get_action("ogp_plan_import_answer")({}, {"id": id, "answers": answers})


def _compare(id: str) -> None:
    tk.get_action("ogp_plan_import_answer")({}, {"id": id, "compare_again": True})


def _apply(id: str) -> None:
    given = forms.filled(forms.given("act_name", "reason"))
    tk.get_action("ogp_plan_import_apply")({}, {"id": id, **given})


def _discard(id: str) -> None:
    tk.get_action("ogp_plan_import_discard")({}, {"id": id})


def _act_page(shown: dict[str, Any], errors: forms.Errors) -> Response:
    present = paging.requested_page()
    changes = shown["changes"]
    first = (present - 1) * CHANGES_SHOWN
    acta = (shown["reading"] or {}).get("acta")
    plan = _plan_shown(shown["plan"]) if shown["plan"] else None
    wanted = {
        "one": shown,
        "plan": plan,
        "tab": "import",
        "errors": errors,
        "given": forms.given("act_name", "reason"),
        "acta": acta,
        "groups": _by_kind(acta) if acta else [],
        "questions": _questions(acta, shown["answers"]) if acta else [],
        "vanished": sum(one["kind"] == "item.vanished" for one in acta["asked"]) if acta else 0,
        "changes": changes[first : first + CHANGES_SHOWN],
        "made": sum(one["kind"] == "added" for one in changes),
        "paging": paging.paginate(
            len(changes),
            CHANGES_SHOWN,
            present,
            lambda n: tk.url_for("ogp_plan_import.read", id=shown["id"], **({paging.PAGE: n} if n else {})),
        ),
        "plan_url": urls.url_of_plan(shown["plan"]) if shown["plan"] else None,
        "place": place_words,
    }
    return forms.page("ogp_plan/importing/act.html", wanted, 400 if errors else 200)


def _plan_shown(name: str) -> dict[str, Any] | None:
    try:
        found: dict[str, Any] = tk.get_action("ogp_plan_show")({}, {"id": name})
    except (tk.ObjectNotFound, tk.NotAuthorized, tk.ValidationError, KeyError):
        return None
    return found


def place_words(place: Mapping[str, Any]) -> str:
    """Return where in a document something stands, in few words."""
    sheet, cell, line, to = (place.get(name) for name in ("sheet", "cell", "line", "to"))
    if line:
        return (tk._("lines {line} to {to}") if to else tk._("line {line}")).format(line=line, to=to)
    if sheet and cell:
        words = tk._("{sheet}, cells {cell} to {to}") if to else tk._("{sheet}, cell {cell}")
        return words.format(sheet=sheet, cell=cell, to=to)
    return str(sheet or cell or "")


def _by_kind(acta: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The act's findings by what happened, then by kind, each with the first of them."""
    titles = {
        "flagged": (tk._("To look at"), tk._("Taken as it is. Nothing was corrected: please check it.")),
        "inherited": (tk._("Taken from above"), tk._("Cells that were blank or merged.")),
        "dropped": (tk._("Left out"), tk._("It is not in the plan; each says why.")),
    }
    groups = []
    for name, (title, lead) in titles.items():
        kinds: dict[str, list[dict[str, Any]]] = {}
        for one in acta[name]:
            kinds.setdefault(one["title"], []).append(one)
        listed = [
            {
                "title": kind,
                "count": len(ones),
                "shown": ones[:FINDINGS_SHOWN],
                "more": len(ones) - FINDINGS_SHOWN,
            }
            for kind, ones in kinds.items()
        ]
        groups.append({"name": name, "title": title, "lead": lead, "count": len(acta[name]), "kinds": listed})
    return groups


def _questions(acta: Mapping[str, Any], answers: Mapping[str, str]) -> list[dict[str, Any]]:
    """What is asked, then what was answered already: it can be answered otherwise."""
    asked = [{**one, "answer": ""} for one in acta["asked"]]
    answered = [{**one, "answer": answers.get(one["id"], one["answer"])} for one in acta["answered"]]
    return [{**one, "number": number} for number, one in enumerate([*asked, *answered], start=1)]


def act_json(id: str) -> Response:
    """The act, what is asked and what would change, in JSON."""
    import json

    forms.require_user()
    body = json.dumps(_shown(id), ensure_ascii=False, indent=1) + "\n"
    return _private(Response(body, content_type=plan_files.JSON), f"acta-{id}.json")


def act_xlsx(id: str) -> Response:
    """The act as a workbook, to file with the minutes."""
    forms.require_user()
    _shown(id)
    row = lookup.opened_import(id)
    act = act_of(row)
    if act is None:
        return tk.abort(404, tk._("The act of this import is kept no longer."))  # type: ignore[no-any-return]
    body = act_workbook.write(act, language.current(), record_service.family(row.family))
    return _private(Response(body, content_type=plan_files.XLSX), f"acta-{id}.xlsx")


def _private(response: Response, name: str) -> Response:
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    response.headers["Cache-Control"] = "private, no-store"
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response


_BOTH = ["GET", "POST"]
blueprint.add_url_rule("/planes/importar", view_func=start, methods=_BOTH)
blueprint.add_url_rule("/planes/importar/<id>", view_func=read, methods=_BOTH)
blueprint.add_url_rule("/planes/importar/<id>/acta.json", view_func=act_json)
blueprint.add_url_rule("/planes/importar/<id>/acta.xlsx", view_func=act_xlsx)
blueprint.add_url_rule("/planes/<plan>/importar", view_func=new, methods=_BOTH)
blueprint.add_url_rule("/planes/<plan>/importar/nombre", view_func=name, methods=["POST"])
blueprint.add_url_rule("/planes/<plan>/importar/grupo", view_func=members, methods=["POST"])
