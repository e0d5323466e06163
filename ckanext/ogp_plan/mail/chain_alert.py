"""The letter to the administration of the portal when the facts of a plan are not what was recorded."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import ckan.plugins.toolkit as tk
import sqlalchemy as sa
from ckan import model

from ckanext.ogp_plan.mail import smtp
from ckanext.ogp_plan.mail.letter import Letter
from ckanext.ogp_plan.mail.preference import get_language
from ckanext.ogp_plan.mail.smtp import Outcome
from ckanext.ogp_plan.planning.chain import Finding
from ckanext.ogp_plan.planning.words.i18n import N_
from ckanext.ogp_plan.planning.words.phrases import translate

#: Findings of a plan that a letter lists; of the rest only the number is given.
MAX_FINDINGS = 20

_SUBJECT = N_("The facts of a plan are not as they were recorded")
_LEAD = N_(
    "The nightly verification of %(site)s found facts of plans that were changed in the database and not by "
    "the program:"
)
_MORE = N_("And %(count)s more.")
_HOW = N_(
    "Compare the database with a backup before anything else is done. This shows it again: ckan ogp-plan "
    "verify"
)
_KINDS = {
    "changed": N_("number %(position)s was changed: %(fact)s"),
    "deleted": N_("number %(position)s was deleted: %(fact)s"),
    "inserted": N_("one was inserted after number %(position)s: %(fact)s"),
    "moved": N_("number %(position)s is not in its place: %(fact)s"),
    "backdated": N_("number %(position)s has a date before a cut that does not hold it: %(fact)s"),
    "rewritten": N_("up to number %(position)s the chain was made again: %(fact)s"),
}
_UNKNOWN_FACT = N_("not known which")


def write_alert(plans: Mapping[str, Sequence[Finding]], lang: str) -> Letter:
    """Return the letter about what was found in plans, by the name of each."""
    site = " ".join(str(tk.config.get("ckan.site_title") or tk.config.get("ckan.site_url")).split())
    parts = [translate(_LEAD, lang, {"site": site})]
    for name, findings in plans.items():
        lines = [f"{name}:", *(f"* {_describe(one, lang)}" for one in findings[:MAX_FINDINGS])]
        if len(findings) > MAX_FINDINGS:
            lines.append(translate(_MORE, lang, {"count": len(findings) - MAX_FINDINGS}))
        parts.append("\n".join(lines))
    parts.append(translate(_HOW, lang, {}))
    return Letter(translate(_SUBJECT, lang, {}), "\n\n".join(parts) + "\n")


def _describe(finding: Finding, lang: str) -> str:
    fact = finding.fact or translate(_UNKNOWN_FACT, lang, {})
    return translate(_KINDS[finding.kind.value], lang, {"position": finding.position, "fact": fact})


def send_alert(plans: Mapping[str, Sequence[Finding]]) -> tuple[int, str]:
    """Write to every administrator of the portal who has an address.

    :returns: how many letters were sent, and why the others were not ("" when all were).
    """
    wanted = sa.select(model.User).where(
        model.User.sysadmin.is_(True), model.User.state == "active", model.User.email.is_not(None)
    )
    sent, error = 0, ""
    for user in list(model.Session.scalars(wanted.order_by(model.User.name))):
        if not user.email:
            continue
        letter = write_alert(plans, get_language(user))
        outcome, why = smtp.send_message(user, letter.subject, letter.body)
        sent += outcome is Outcome.SENT
        error = error or ("" if outcome is Outcome.SENT else why)
        if outcome is Outcome.UNAVAILABLE:
            break
    return sent, error
