"""Atom of what happened and calendars of what is due: of plans, items, organismos; private ones by a key."""

from __future__ import annotations

import ckan.plugins.toolkit as tk
from ckan import model
from flask import Response, request

from ckanext.cost_common import language
from ckanext.ogp_plan.exports import calendar as calendar_export
from ckanext.ogp_plan.exports import files as plan_files
from ckanext.ogp_plan.model import PlanItem, PlanRow
from ckanext.ogp_plan.planning.exporters import atom, ical
from ckanext.ogp_plan.services import calendar_token, export_view, permission
from ckanext.ogp_plan.views import export
from ckanext.ogp_plan.views.export import blueprint


def _own_url() -> str:
    """The address that was asked for, without what follows a question mark."""
    return str(tk.url_for(request.endpoint, **(request.view_args or {}), _external=True))


# --- Atom ------------------------------------------------------------------------------------------------


def plan_feed(plan: str) -> Response:
    """What happened in a plan."""
    row = _plan_with_items_or_404(plan)
    lang, here = language.current(), _own_url()
    return export.serve_file(
        [row],
        lambda: atom.plan_feed(export_view.build_view(row, lang), here, export_view.load_past(row)),
        plan_files.ATOM,
        "novedades",
    )


def lights_feed(plan: str) -> Response:
    """The lights of a plan that changed."""
    row = _plan_with_items_or_404(plan)
    lang, here = language.current(), _own_url()
    return export.serve_file(
        [row],
        lambda: atom.lights_feed(export_view.build_view(row, lang), here, export_view.load_past(row)),
        plan_files.ATOM,
        "luces",
    )


def item_feed(plan: str, address: str) -> Response:
    """What happened to an item."""
    row = _plan_with_items_or_404(plan)
    item = PlanItem.at(row.id, address)
    if item is None or item.withdrawn:
        return tk.abort(404, tk._("This plan has nothing at this address"))  # type: ignore[no-any-return]
    key = (item.level, item.code)
    lang, here = language.current(), _own_url()
    return export.serve_file(
        [row],
        lambda: atom.item_feed(
            export_view.build_view(row, lang, keys=[key]), key, here, export_view.load_past(row)
        ),
        plan_files.ATOM,
        "novedades",
        address,
    )


def organization_feed(id: str) -> Response:
    """What happened to all that an organismo owes."""
    name = export.organization_or_404(id)
    plans = _plans_or_404(name)
    lang, here = language.current(), _own_url()

    def make() -> bytes:
        views = export_view.build_views(name, permission.NOBODY, lang)
        pasts = {plan.name: export_view.load_past(plan) for plan in plans}
        return atom.organization_feed(name, views, here, pasts)

    return export.serve_file(plans, make, plan_files.ATOM, "novedades", name)


def _plan_with_items_or_404(plan: str) -> PlanRow:
    row = export.plan_or_404(plan)
    if not row.version:
        return tk.abort(404, tk._("This plan has no items yet"))  # type: ignore[no-any-return]
    return row


def _plans_or_404(organization: str) -> list[PlanRow]:
    plans = export_view.list_plans_of_organization(organization, permission.NOBODY)
    if not plans:
        return tk.abort(404, tk._("This organismo owes nothing in a public plan."))  # type: ignore[no-any-return]
    return plans


# --- iCal ------------------------------------------------------------------------------------------------


def plan_calendar(plan: str) -> Response:
    """What of a plan is due, and its cuts."""
    row = _plan_with_items_or_404(plan)
    lang = language.current()

    def make() -> bytes:
        return ical.plan_calendar(
            export_view.build_view(row, lang),
            published=export_view.load_publication_days(row),
            revised=export_view.load_revisions(row),
        )

    return export.serve_file([row], make, plan_files.ICAL, "calendario")


def organization_calendar(id: str) -> Response:
    """What an organismo owes, over all public plans."""
    name = export.organization_or_404(id)
    plans = _plans_or_404(name)
    lang = language.current()

    def make() -> bytes:
        views = export_view.build_views(name, permission.NOBODY, lang)
        return ical.organization_calendar(name, views, revised=export_view.load_revisions_by_plan(plans))

    return export.serve_file(plans, make, plan_files.ICAL, "calendario", name)


def private_calendar(token: str) -> Response:
    """What somebody has to report, by a key that opens this calendar and nothing else.

    It has what they answer for today: who does so no longer gets an empty one. Only they know the key.
    """
    found = calendar_token.find(token)
    person = permission.load_person(found.user_id) if found is not None else permission.NOBODY
    if found is None or person.id is None:
        return tk.abort(404, tk._("There is no such calendar. It may have been revoked."))  # type: ignore[no-any-return]
    mine = person.represented_organizations(None)
    names = sorted(mine & {found.organization} if found.organization else mine)
    body = calendar_export.write_calendar(person, names, language.current())
    calendar_token.record_use(found)
    model.Session.commit()
    response = Response(body, content_type=plan_files.ICAL)
    response.headers["Cache-Control"] = export.PRIVATE
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["X-Robots-Tag"] = "noindex"
    tk.request.environ["__no_cache__"] = True
    return response


blueprint.add_url_rule("/planes/<plan>/novedades.atom", view_func=plan_feed)
blueprint.add_url_rule("/planes/<plan>/luces.atom", view_func=lights_feed)
blueprint.add_url_rule("/planes/<plan>/<address>/novedades.atom", view_func=item_feed)
blueprint.add_url_rule("/organismo/<id>/novedades.atom", view_func=organization_feed)
blueprint.add_url_rule("/planes/<plan>/calendario.ics", view_func=plan_calendar)
blueprint.add_url_rule("/organismo/<id>/calendario.ics", view_func=organization_calendar)
blueprint.add_url_rule("/calendario/<token>.ics", view_func=private_calendar)
