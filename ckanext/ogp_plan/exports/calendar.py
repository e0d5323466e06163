"""One calendar of all that several organismos have to report."""

from __future__ import annotations

from collections.abc import Sequence

from icalendar import Calendar

from ckanext.ogp_plan.planning.exporters import (
    ical,
)
from ckanext.ogp_plan.planning.words.i18n import N_, translator
from ckanext.ogp_plan.services import permission
from ckanext.ogp_plan.services.export_view import (
    build_views,
    list_plans_of_organization,
    load_revisions_by_plan,
)


def write_calendar(person: permission.Person, organizations: Sequence[str], lang: str) -> bytes:
    """Return one calendar of all that some organismos owe in the plans that somebody may see.

    Nothing owed is an empty calendar, and no failure: who subscribed keeps the address.
    """
    whole = Calendar()
    whole.add("prodid", "-//ckanext-ogp_plan//ES")
    whole.add("version", "2.0")
    whole.add("method", "PUBLISH")
    for name in ("name", "x-wr-calname"):
        whole.add(name, translator(lang).gettext(N_("What I have to report")))
    seen: set[str] = set()
    for name in organizations:
        plans = list_plans_of_organization(name, person)
        if not plans:
            continue
        written = ical.organization_calendar(
            name, build_views(name, person, lang), revised=load_revisions_by_plan(plans)
        )
        for component in Calendar.from_ical(written).subcomponents:
            if str(component.get("uid")) not in seen:
                seen.add(str(component.get("uid")))
                whole.add_component(component)
    return bytes(whole.to_ical())
