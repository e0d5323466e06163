"""One import: its act, what is asked, what would change; answer, apply, discard."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import ckan.plugins.toolkit as tk
from ckan import model
from flask import Response, redirect

from ckanext.cost_common import language, paging
from ckanext.cost_common.csrf import require_token
from ckanext.ogp_plan import urls
from ckanext.ogp_plan.exports import files as plan_files
from ckanext.ogp_plan.logic import lookup
from ckanext.ogp_plan.logic.action.import_ import act_of
from ckanext.ogp_plan.planning.exporters import act as act_workbook
from ckanext.ogp_plan.services import record as record_service
from ckanext.ogp_plan.views import forms
from ckanext.ogp_plan.views.import_ import blueprint

#: Findings of one kind that the page shows; the workbook of the act has all.
FINDINGS_LIMIT = 40
#: Changes on one page of the difference.
CHANGES_LIMIT = 100


def read(id: str) -> Any:
    """``/planes/importar/<id>``: the act, what is asked, what would change; answer, apply, discard."""
    forms.require_user()
    if tk.request.method == "GET":
        return _act_page(_import_or_404(id), {})
    require_token()
    done = {"answer": _answer, "compare": _compare, "apply": _apply, "discard": _discard}
    act = done.get(tk.request.form.get("do", ""))
    if act is None:
        return _act_page(_import_or_404(id), {"": [tk._("The form was not complete. Please send it again.")]})
    try:
        act(id)
    except tk.ValidationError as refused:
        model.Session.rollback()
        return _act_page(_import_or_404(id), forms.errors_of(refused))
    except tk.NotAuthorized:
        return forms.forbidden()
    except tk.ObjectNotFound:
        return tk.abort(404, tk._("There is no such import."))
    return redirect(tk.url_for("ogp_plan_import.read", id=id), 303)


def _import_or_404(id: str) -> dict[str, Any]:
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
            rest = form.get("rest", "") if question.startswith("item.missing:") else ""
            if value or rest:
                answers[question] = value or rest
    tk.get_action("ogp_plan_import_answer")({}, {"id": id, "answers": answers})


def _compare(id: str) -> None:
    tk.get_action("ogp_plan_import_answer")({}, {"id": id, "compare_again": True})


def _apply(id: str) -> None:
    fields = forms.filled(forms.given("act_name", "reason"))
    tk.get_action("ogp_plan_import_apply")({}, {"id": id, **fields})


def _discard(id: str) -> None:
    tk.get_action("ogp_plan_import_discard")({}, {"id": id})


def _act_page(import_dict: dict[str, Any], errors: forms.Errors) -> Response:
    present = paging.requested_page()
    changes = import_dict["changes"]
    first = (present - 1) * CHANGES_LIMIT
    acta = (import_dict["reading"] or {}).get("acta")
    plan = _load_plan(import_dict["plan"]) if import_dict["plan"] else None
    wanted = {
        "one": import_dict,
        "plan": plan,
        "tab": "import",
        "errors": errors,
        "given": forms.given("act_name", "reason"),
        "acta": acta,
        "groups": _group_findings(acta) if acta else [],
        "questions": _list_questions(acta, import_dict["answers"]) if acta else [],
        "missing_items": sum(question["kind"] == "item.missing" for question in acta["asked"]) if acta else 0,
        "changes": changes[first : first + CHANGES_LIMIT],
        "made": sum(change["kind"] == "added" for change in changes),
        "paging": paging.paginate(
            len(changes),
            CHANGES_LIMIT,
            present,
            lambda n: tk.url_for(
                "ogp_plan_import.read", id=import_dict["id"], **({paging.PAGE: n} if n else {})
            ),
        ),
        "plan_url": urls.url_of_plan(import_dict["plan"]) if import_dict["plan"] else None,
        "place": format_place,
    }
    return forms.page("ogp_plan/import/read.html", wanted, 400 if errors else 200)


def _load_plan(name: str) -> dict[str, Any] | None:
    try:
        found: dict[str, Any] = tk.get_action("ogp_plan_show")({}, {"id": name})
    except (tk.ObjectNotFound, tk.NotAuthorized, tk.ValidationError, KeyError):
        return None
    return found


def format_place(place: Mapping[str, Any]) -> str:
    """Return a place in a document in few words."""
    sheet, cell, line, to = (place.get(name) for name in ("sheet", "cell", "line", "to"))
    if line:
        return (tk._("lines {line} to {to}") if to else tk._("line {line}")).format(line=line, to=to)
    if sheet and cell:
        words = tk._("{sheet}, cells {cell} to {to}") if to else tk._("{sheet}, cell {cell}")
        return words.format(sheet=sheet, cell=cell, to=to)
    return str(sheet or cell or "")


def _group_findings(acta: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The act's findings by what happened, then by kind, each with the first of them."""
    titles = {
        "flagged": (tk._("To look at"), tk._("Taken as it is. Nothing was corrected: please check it.")),
        "inherited": (tk._("Taken from above"), tk._("Cells that were blank or merged.")),
        "dropped": (tk._("Left out"), tk._("It is not in the plan; each says why.")),
    }
    groups = []
    for name, (title, lead) in titles.items():
        kinds: dict[str, list[dict[str, Any]]] = {}
        for finding in acta[name]:
            kinds.setdefault(finding["title"], []).append(finding)
        listed = [
            {
                "title": kind,
                "count": len(findings),
                "shown": findings[:FINDINGS_LIMIT],
                "more": len(findings) - FINDINGS_LIMIT,
            }
            for kind, findings in kinds.items()
        ]
        groups.append({"name": name, "title": title, "lead": lead, "count": len(acta[name]), "kinds": listed})
    return groups


def _list_questions(acta: Mapping[str, Any], answers: Mapping[str, str]) -> list[dict[str, Any]]:
    """What is asked, then what was answered already: it can be answered otherwise."""
    asked = [{**question, "answer": ""} for question in acta["asked"]]
    answered = [
        {**question, "answer": answers.get(question["id"], question["answer"])}
        for question in acta["answered"]
    ]
    return [{**question, "number": number} for number, question in enumerate([*asked, *answered], start=1)]


def act_json(id: str) -> Response:
    """The act, what is asked and what would change, in JSON."""
    import json

    forms.require_user()
    body = json.dumps(_import_or_404(id), ensure_ascii=False, indent=1) + "\n"
    return _private_file(Response(body, content_type=plan_files.JSON), f"acta-{id}.json")


def act_xlsx(id: str) -> Response:
    """The act as a workbook, to file with the minutes."""
    forms.require_user()
    _import_or_404(id)
    row = lookup.opened_import(id)
    act = act_of(row)
    if act is None:
        return tk.abort(404, tk._("The act of this import is kept no longer."))  # type: ignore[no-any-return]
    body = act_workbook.write(act, language.current(), record_service.family(row.family))
    return _private_file(Response(body, content_type=plan_files.XLSX), f"acta-{id}.xlsx")


def _private_file(response: Response, name: str) -> Response:
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    response.headers["Cache-Control"] = "private, no-store"
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response


blueprint.add_url_rule("/planes/importar/<id>", view_func=read, methods=["GET", "POST"])
blueprint.add_url_rule("/planes/importar/<id>/acta.json", view_func=act_json)
blueprint.add_url_rule("/planes/importar/<id>/acta.xlsx", view_func=act_xlsx)
