"""Status of projects and contracts against what their dates, contracts and payments say."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

from ..messages import N_, register
from ..types import Severity
from . import Hit, ProjectContext, check
from .extracts import Contract, any_moment, day, earlier, moment, text
from .rules import rule_set, rules

_W, _N = Severity.WARNING, Severity.NOTE

register(
    "status.finished_without_date",
    _W,
    N_("A finished project without its completion date"),
    N_("The project's status is %(value)s, but it does not say when the works were completed."),
    N_("Add 'completion.endDate' with the actual day, or correct the status."),
    N_("OC4IDS 0.9.5: project status and completion"),
)
register(
    "status.completed_too_soon",
    _W,
    N_("A completion date in a project that goes on"),
    N_("The project has an actual completion date, and its status is still %(value)s."),
    N_("Update the status, or remove 'completion.endDate': the planned end belongs in 'period.endDate'."),
    N_("OC4IDS 0.9.5: project status and completion"),
)
register(
    "status.early_with_contracts",
    _W,
    N_("A project in an early stage with contracts under way"),
    N_('The project\'s status is "%(project_status)s", and it already has an active contract: %(value)s.'),
    N_("Update the project's status, or the contract's."),
    N_("OC4IDS 0.9.5: project status and contracting processes"),
)
register(
    "status.overdue",
    _N,
    N_("A project past its planned end"),
    N_(
        "The planned end, %(value)s, passed more than %(days)s days ago, and the project is not yet "
        "completed."
    ),
    N_(
        "If the works are over, update the status and add 'completion'; if not, keep the planned date as it "
        "is and publish the delay and its reason."
    ),
    N_("OC4IDS 0.9.5: period and completion"),
)
register(
    "status.contract_overdue",
    _W,
    N_("An active contract past its end"),
    N_("The contract is active, and its last known end was %(value)s, more than %(days)s days ago."),
    N_("Close the contract with its final value, or add the modification that extends it."),
    N_("OC4IDS 0.9.5: contracting process status"),
)
register(
    "status.cancelled_with_payments",
    _W,
    N_("Payments after the project was cancelled"),
    N_("The project was cancelled and has a payment dated after its end: %(value)s."),
    N_("Check the payment's date, the day of the end and the project's status."),
    N_("OC4IDS 0.9.5: project status and transactions"),
)
register(
    "status.cancelled_with_active_contract",
    _W,
    N_("A cancelled project with an active contract"),
    N_("The project was cancelled, and this contract is still active."),
    N_("Close the contract, or correct the project's status."),
    N_("OC4IDS 0.9.5: project status and contracting processes"),
)
register(
    "status.closed_without_final_value",
    _N,
    N_("A closed contract without its final value"),
    N_("The contract is closed and does not say how much it cost in the end."),
    N_("Add 'finalValue' with the final amount and its currency."),
    N_("OC4IDS 0.9.5: contracting process summary, final value"),
)
register(
    "status.awarded_before_award",
    _W,
    N_("A contract with a supplier before its award"),
    N_('The process is in "pre-award", and it already has suppliers or a contract\'s value.'),
    N_('Change the status to "active" or "closed", or move the amount to the tender\'s estimate.'),
    N_("OC4IDS 0.9.5: contracting process status"),
)


def _completion_end(ctx: ProjectContext) -> Any:
    completion = ctx.project.get("completion")
    return completion.get("endDate") if isinstance(completion, dict) else None


@check("status.finished_without_date", needs=("status",))
def finished_without_date(ctx: ProjectContext) -> Iterator[Hit]:
    """A project in completion or later says its actual end (OC4IDS, completion.endDate; red flag D4)."""
    if ctx.status in rule_set("status", "finished") and _completion_end(ctx) is None:
        yield Hit(("status",), ctx.status)


@check("status.completed_too_soon", needs=("status",))
def completed_too_soon(ctx: ProjectContext) -> Iterator[Hit]:
    """``completion.endDate`` is the actual end: a project before completion has none yet (OC4IDS,
    completion)."""
    if ctx.status in rule_set("status", "unfinished") and moment(_completion_end(ctx)):
        yield Hit(("status",), ctx.status)


@check("status.early_with_contracts", needs=("status",))
def early_with_contracts(ctx: ProjectContext) -> Iterator[Hit]:
    """No contract runs in identification, none of works in preparation (OC4IDS, projectStatus; data:
    ``too_early``)."""
    natures = rules("status")["too_early"].get(ctx.status)
    if not natures:
        return
    for parts, process, summary in ctx.extracts.contracts:
        if summary.get("status") != "active":
            continue
        own = summary.get("nature")
        if "*" in natures or isinstance(own, list) and any(each in natures for each in own):
            named = text(summary.get("title")) or process.get("id")
            yield Hit((*parts, "status"), named, {"project_status": ctx.status})


def _days_past(when: dt.date | None, ctx: ProjectContext) -> int:
    return (ctx.today - when).days if when else 0


@check("status.overdue", needs=("status",))
def project_overdue(ctx: ProjectContext) -> Iterator[Hit]:
    """Unfinished long after the planned end (OC4IDS, period: compare with completion; red flag T2)."""
    period = ctx.project.get("period")
    if ctx.status not in rule_set("status", "unfinished") or not isinstance(period, dict):
        return
    grace = rules("status")["project_grace_days"]
    end = period.get("endDate")
    if earlier(end, period.get("startDate")):
        return  # date.end_before_start says that the end itself is wrong
    if any_moment(_completion_end(ctx)) is None and _days_past(day(end, ctx.options.timezone), ctx) > grace:
        yield Hit(("period", "endDate"), end, {"days": grace})


def _ends(contract: Contract) -> Iterator[Any]:
    """The contract's end and every end its modifications gave it."""
    period = contract.summary.get("contractPeriod")
    if isinstance(period, dict):
        yield period.get("endDate")
    modifications = contract.summary.get("modifications")
    for each in modifications if isinstance(modifications, list) else ():
        new = each.get("newContractPeriod") if isinstance(each, dict) else None
        if isinstance(new, dict):
            yield new.get("endDate")


@check("status.contract_overdue", needs=("contractingProcesses",))
def contract_overdue(ctx: ProjectContext) -> Iterator[Hit]:
    """An active contract has not ended, extensions counted (OC4IDS, contractingProcessStatus; red flag
    D4)."""
    grace = rules("status")["contract_grace_days"]
    for contract in ctx.extracts.contracts:
        if contract.summary.get("status") != "active":
            continue
        ends = [(when, each) for each in _ends(contract) if (when := day(each, ctx.options.timezone))]
        if not ends:
            continue
        when, end = max(ends)
        if _days_past(when, ctx) > grace:
            yield Hit((*contract.parts, "status"), end, {"days": grace})


@check("status.cancelled_with_payments", needs=("status",))
def cancelled_with_payments(ctx: ProjectContext) -> Iterator[Hit]:
    """Nothing is paid after a cancelled project's end (OC4IDS, projectStatus; red flag D4). Without that
    day, no word."""
    end = _completion_end(ctx)
    if ctx.status != "cancelled" or moment(end) is None:
        return
    for path in ("transactions[]/date", "contractingProcesses[]/summary/transactions[]/date"):
        for parts, date in ctx.values(path):
            if earlier(end, date):
                yield Hit(parts, date)


@check("status.cancelled_with_active_contract", needs=("status",))
def cancelled_with_active_contract(ctx: ProjectContext) -> Iterator[Hit]:
    """A cancelled project is inactive, so are its contracts (OC4IDS, codelist projectStatus)."""
    if ctx.status == "cancelled":
        for parts, _, summary in ctx.extracts.contracts:
            if summary.get("status") == "active":
                yield Hit((*parts, "status"), "active")


@check("status.closed_without_final_value", needs=("contractingProcesses",))
def closed_without_final_value(ctx: ProjectContext) -> Iterator[Hit]:
    """The final value is due when a process with a contract is complete (OC4IDS, summary.finalValue)."""
    for parts, _, summary in ctx.extracts.contracts:
        awarded = summary.get("suppliers") or summary.get("contractValue")
        if summary.get("status") == "closed" and awarded and "finalValue" not in summary:
            yield Hit(parts, field="contractingProcesses/summary/finalValue")


@check("status.awarded_before_award", needs=("contractingProcesses",))
def awarded_before_award(ctx: ProjectContext) -> Iterator[Hit]:
    """In pre-award no contract was awarded yet (OC4IDS, codelist contractingProcessStatus)."""
    for parts, _, summary in ctx.extracts.contracts:
        if summary.get("status") == "pre-award" and (
            summary.get("suppliers") or summary.get("contractValue")
        ):
            yield Hit((*parts, "status"), "pre-award")
