"""Declared intent across saves: what a save does not mention stays declared, and what it withdraws is said.

A form or program that does not know ``conforms_to`` sends a resource without it. That withdraws nothing:
only an explicit empty value does. In a harvested dataset absent withdraws, for what the origin no longer
says, its copy does not say.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

import ckan.plugins.toolkit as tk
import sqlalchemy as sa
from ckan import model

from ckanext.cost_common import storage
from ckanext.cost_oc4ids.oc4ids.reading import seems_oc4ids
from ckanext.cost_oc4ids.validation import declaration

log = logging.getLogger(__name__)

#: context key: numbers of projects that a save took out of what is published; a list, which copies of the
#: context share
_WITHDRAWN = "cost_oc4ids_withdrawn"
#: member of the answer of an action: sentences to who called it
WARNINGS = "oc4ids_warnings"
FIELD = "conforms_to"
#: context key: what was said of this save, for the actions around
_ANNOUNCED = "cost_oc4ids_said"
#: in a session's ``info``: resources by id as its transaction read them for a save
_SHOWN = "cost_oc4ids_shown"
#: attribute of a file that was asked about in this request
_ASKED = "_cost_oc4ids_asked"


def keep_declared(resources: Any) -> list[model.Resource]:
    """Give resources of a save that do not mention ``conforms_to`` the one that is stored.

    :returns: the rows of resources that it asked for. CKAN's save needs them anyway: while the caller holds
        them, it does not ask for them again.
    """
    silent = [
        each
        for each in (resources if isinstance(resources, list) else [])
        if isinstance(each, dict) and isinstance(each.get("id"), str) and FIELD not in each
    ]
    displayed: dict[str, Any] = model.Session().info.get(_SHOWN, {})
    rows: list[model.Resource] = []
    harvested: dict[str, bool] = {}
    for resource in silent:
        stored = displayed.get(resource["id"])
        if stored is None:
            row = model.Session.get(model.Resource, resource["id"])
            if row is None or row.state == "deleted":
                continue
            rows.append(row)
            stored = {**row.extras, "package_id": row.package_id}
        if not declaration.is_oc4ids(stored):
            continue
        package_id = stored["package_id"]
        if package_id not in harvested:
            harvested[package_id] = is_harvested(package_id)
        if not harvested[package_id]:
            resource[FIELD] = stored[FIELD]
    return rows


def note_shown(context: Any, package_dict: dict[str, Any]) -> None:
    """Keep what a save reads of a dataset before it changes it, until the transaction ends.

    Its row is held meanwhile, so that nothing has to be asked for again.
    """
    if context.get("for_update"):
        resources = package_dict.get("resources") or ()
        model.Session().info[_SHOWN] = {each["id"]: dict(each) for each in resources if "id" in each}


@sa.event.listens_for(model.Session, "after_transaction_end")
def _forget_shown(session: Any, transaction: Any) -> None:
    if not transaction.nested and transaction.parent is None:
        session.info.pop(_SHOWN, None)


def is_harvested(package_id: str) -> bool:
    """Return whether a dataset is a copy that ckanext-harvest keeps, by the table of its objects."""
    connection = model.Session.connection()
    if connection.execute(sa.text("SELECT to_regclass('harvest_object')")).scalar() is None:
        return False
    query = sa.text("SELECT true FROM harvest_object WHERE package_id = :id AND current LIMIT 1")
    return connection.execute(query, {"id": package_id}).scalar() is not None


def find_undeclared(resources: Any) -> list[Mapping[str, Any]]:
    """Return resources of a save that bring a file which they do not declare to be OC4IDS."""
    return [
        each
        for each in (resources if isinstance(resources, list) else [])
        if isinstance(each, Mapping)
        and "json" in str(getattr(each.get("upload"), "filename", "")).lower()
        and not declaration.is_oc4ids(each)
        and not hasattr(each["upload"], _ASKED)
    ]


def ask(package: model.Package | None, undeclared: list[Mapping[str, Any]]) -> list[str]:
    """Return questions about new files of a dataset of our type that are OC4IDS and do not say so.

    The caller has checked that the user may save them.
    """
    if package is None or package.type != "oc4ids":
        return []
    found = []
    for each in undeclared:
        setattr(each["upload"], _ASKED, True)
        if _begins_as_oc4ids(each["upload"].stream):
            found.append(str(each.get("name") or each["upload"].filename))
    return [question(name) for name in found]


def question(name: str) -> str:
    """Return what is asked about a file that is OC4IDS and does not say so."""
    return tk._(
        "The file “{name}” looks like infrastructure projects in OC4IDS, and it is not marked as such: "
        "it is not checked, and its projects are not published. Is it OC4IDS? Then edit it and mark it so."
    ).format(name=name)


def is_open_question(package: Mapping[str, Any], resource: Mapping[str, Any]) -> bool:
    """Return whether a stored file of a dataset of our type is OC4IDS and does not say so.

    Reads the beginning of the file, of JSON files only.
    """
    named = f"{resource.get('format') or ''} {resource.get('url') or ''}".lower()
    if (
        package.get("type") != "oc4ids"
        or resource.get("url_type") != "upload"
        or "json" not in named
        or declaration.is_oc4ids(resource)
    ):
        return False
    try:
        found = storage.find_path(resource["id"], dict(resource))
        if found is None:
            return False
        with found.path.open("rb") as file:
            return seems_oc4ids(file.read(1 << 16))
    except OSError:
        return False


def _begins_as_oc4ids(stream: Any) -> bool:
    try:
        stream.seek(0)
        return seems_oc4ids(stream.read(1 << 16))
    finally:
        stream.seek(0)


def begin(context: Any) -> None:
    """Make room for what a save withdraws and for what is said of it, before core copies the context."""
    context.setdefault(_WITHDRAWN, [])
    context.setdefault(_ANNOUNCED, [])


def note_withdrawn(context: Any, count: int) -> None:
    """Note, in the transaction of a save, that so many projects leave what is published."""
    if count:
        context.get(_WITHDRAWN, []).append(count)


def warn(context: Any, answer: Any, questions: list[str]) -> None:
    """Say what a save withdrew and what it leaves open: on the next page, and in the action's answer."""
    withdrawn = sum(context[_WITHDRAWN])
    context[_WITHDRAWN].clear()
    new = list(questions)
    if withdrawn:
        new.append(
            tk.ungettext(
                "%(num)d project is no longer published.",
                "%(num)d projects are no longer published.",
                withdrawn,
            )
            % {"num": withdrawn}
        )
    sentences = context[_ANNOUNCED]
    sentences += new
    if isinstance(answer, dict) and sentences:
        answer[WARNINGS] = list(sentences)
    if new and tk.request and not tk.request.path.startswith("/api/"):
        for sentence in new:
            tk.h.flash_notice(sentence)
