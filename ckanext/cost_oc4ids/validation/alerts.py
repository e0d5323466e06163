"""Letters to administrators about stored files that no save put there."""

from __future__ import annotations

import logging
from collections.abc import Sequence

import ckan.plugins.toolkit as tk
import sqlalchemy as sa
from ckan import model
from ckan.lib import mailer

from ckanext.cost_common.mail import find_missing_option, limit_time
from ckanext.cost_oc4ids import config
from ckanext.cost_oc4ids.model import ResourceState
from ckanext.cost_oc4ids.model import report as states
from ckanext.cost_oc4ids.oc4ids.i18n import N_, translator
from ckanext.cost_oc4ids.validation import reasons

log = logging.getLogger(__name__)

_SUBJECT = N_("A file in the portal's storage is not the one that was saved")
_INTRODUCTION = N_(
    "The portal %(site)s compared the files in its storage with those that were saved, and these differ. "
    "Nothing was published from them: their projects are still those of the files that were saved."
)
_FILE = N_("Resource %(resource)s of the dataset %(dataset)s: %(url)s")
_REMEDY = N_(
    "Find out who changed them. To go back, upload the right file again or restore it from the backup. If "
    "the file that is there now is right: ckan cost-oc4ids revalidate --resource ID --accept-content"
)


def mail_mismatches() -> int:
    """Mail every mismatch that was not mailed yet, in one letter, and commit; return how many those were.

    Without anybody to write to, or when the mail server does not take it, the next run tries again.
    """
    rows = _unmailed()
    if not rows:
        return 0
    recipients = config.alert_emails() or _administrators()
    if not recipients:
        log.error("%d stored files are not those that were saved, and there is nobody to mail", len(rows))
        return 0
    missing = find_missing_option()
    if missing:
        log.error("%d stored files are not those that were saved, and %s", len(rows), missing)
        return 0
    subject, body = write_letter(rows)
    sent = [_send(address, subject, body) for address in recipients]
    if not any(sent):
        return 0
    ids = [state.resource_id for state, _ in rows]
    model.Session.execute(
        sa.update(ResourceState).where(ResourceState.resource_id.in_(ids)).values(problem_mailed=states.now())
    )
    model.Session.commit()
    return len(rows)


def write_letter(rows: Sequence[tuple[ResourceState, str]]) -> tuple[str, str]:
    """Return subject and text of the letter, in the portal's language.

    :param rows: states, each with the name of its dataset.
    """
    words = translator(tk.config.get("ckan.locale_default") or "es").gettext
    lines = [words(_INTRODUCTION) % {"site": tk.config.get("ckan.site_url")}, ""]
    for state, dataset in rows:
        url = tk.url_for("cost_oc4ids_report.read", id=dataset, resource_id=state.resource_id, qualified=True)
        lines.append("- " + words(_FILE) % {"resource": state.resource_id, "dataset": dataset, "url": url})
    return words(_SUBJECT), "\n".join([*lines, "", words(_REMEDY)])


def _unmailed() -> list[tuple[ResourceState, str]]:
    query = (
        sa.select(ResourceState, model.Package.name)
        .join(model.Package, model.Package.id == ResourceState.package_id)
        .where(ResourceState.read_problem == reasons.CONTENT_MISMATCH, ResourceState.problem_mailed.is_(None))
        .order_by(ResourceState.resource_id)
    )
    return [(state, name) for state, name in model.Session.execute(query)]


def _administrators() -> list[str]:
    query = sa.select(model.User.email).where(
        model.User.sysadmin.is_(True), model.User.state == "active", model.User.email.is_not(None)
    )
    return sorted(set(filter(None, model.Session.scalars(query))))


def _send(address: str, subject: str, body: str) -> bool:
    try:
        with limit_time():
            mailer.mail_recipient(address, address, subject, body)
    except Exception:
        log.exception("The letter about stored files was not sent to %s", address)
        return False
    return True
