"""Rules of verdicts: what Control Interno and the independent monitor have to give with them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .report_error import reject
from .tracking import Completion, VerdictRole

#: Fields of which a verdict has at least one, unless it says whether it agrees.
CONTENT = ("assigned", "fulfilled", "quality", "rationale", "recommendation", "alert", "closes")


def check_verdict(fields: Mapping[str, Any]) -> None:
    """Check that a verdict has content, and does not open and close an alert at once.

    :raises RejectedReport: it does not, or does both.
    """
    empty = (None, "", False)
    if all(fields[name] in empty for name in CONTENT) and fields["agrees"] is None:
        reject("assigned", "verdict.empty")
    if fields["alert"] and fields["closes"]:
        reject("closes", "verdict.alert")


def check_rationale(role: VerdictRole, fields: Mapping[str, Any], suggested: Completion | None) -> None:
    """Check that a verdict that differs from the rules or from what is declared says why.

    :param suggested: the completion that the rules suggest.
    :raises RejectedReport: it does not.
    """
    if fields["rationale"]:
        return
    assigned = fields["assigned"]
    differs = assigned is not None and assigned is not suggested
    if differs or fields["agrees"] is False or fields["alert"]:
        reject("rationale", "verdict.rationale")
    if role is VerdictRole.MONITOR and assigned is not None:
        reject("rationale", "verdict.monitor")
