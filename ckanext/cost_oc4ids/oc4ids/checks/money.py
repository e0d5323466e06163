"""Amounts: whole, believable, and adding up. Nothing here is ever compared across currencies."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import Any

from ..messages import N_, register
from ..types import Severity, shorten
from . import Hit, LintField, LintPlace, Parts, ProjectContext, check, lint
from .extracts import Contract, Found, Money, money, number, show
from .rules import rule_set, rules

_W, _N = Severity.WARNING, Severity.NOTE

register(
    "money.no_currency",
    _W,
    N_("An amount without its currency"),
    N_("The amount %(value)s does not say in which currency it is."),
    N_('Add "currency" beside "amount", for example "COP" for Colombian pesos.'),
    N_("Review tool of OC4IDS: missing currency"),
)
register(
    "money.no_amount",
    _W,
    N_("A currency without an amount"),
    N_("There is a currency, %(value)s, but not how much."),
    N_('Add "amount" as a number, or remove the whole value if it is not known yet.'),
    N_("OC4IDS 0.9.5: Value"),
)
register(
    "money.mixed_currencies",
    _W,
    N_("Several currencies in the main amounts"),
    N_(
        "Budget, contracts and final costs of this project are in different currencies (%(currencies)s): "
        "they cannot be added or compared."
    ),
    N_(
        "Publish these amounts in one currency, with the value agreed in the contract; check for mistyped "
        "codes."
    ),
    N_("Our reasoning: amounts are compared in one currency only"),
)
register(
    "money.negative",
    _W,
    N_("A negative amount"),
    N_("The amount is below zero: %(value)s."),
    N_(
        "Check the sign. Only items of the budget's breakdown may be negative, for money that goes back to "
        "its source."
    ),
    N_("OC4IDS 0.9.5: Value and budget breakdown"),
)
register(
    "money.zero",
    _N,
    N_("An amount of zero"),
    N_("The amount is zero."),
    N_(
        "Write the real amount, or remove the value if it is not known yet: zero means that it costs nothing."
    ),
    N_("Our reasoning: zero is not the same as unknown"),
)
register(
    "money.absurd",
    _W,
    N_("An amount too large to believe"),
    N_("The amount %(value)s is above what any project of infrastructure costs (%(limit)s)."),
    N_("Check for extra zeros, a repeated figure, or a wrong currency."),
    N_("Our reasoning: limit by currency, see checks.yaml"),
)
register(
    "money.tiny",
    _W,
    N_("An amount too small to believe"),
    N_("The amount %(value)s is below what any project of infrastructure costs (%(limit)s)."),
    N_(
        "Write the full amount in units of the currency, not in thousands or millions; if it was a filler, "
        "remove it."
    ),
    N_("Our reasoning: limit by currency, see checks.yaml"),
)
register(
    "money.unit_mismatch",
    _W,
    N_("Two amounts a thousand times apart"),
    N_("These two amounts should be alike and are a thousand times or more apart: %(value)s."),
    N_("One of them is probably in thousands or millions. Write both in full, in units of the currency."),
    N_("Our reasoning: ratio of 1000 or more, see checks.yaml"),
)
register(
    "money.breakdown_sum",
    _W,
    N_("A budget that does not match its breakdown"),
    N_("The items of this breakdown do not add up to the budget: %(value)s."),
    N_("Correct the items or the budget's amount. If an item is missing, add it."),
    N_("OC4IDS 0.9.5: budget breakdown"),
)
register(
    "money.contracts_exceed_budget",
    _N,
    N_("Contracts worth more than the budget"),
    N_("The contracts add up to more than the project's budget: %(value)s."),
    N_("Check both figures. If the budget was raised, publish the new budget; if not, people will ask why."),
    N_("OC4IDS 0.9.5: budget covers all contracting processes"),
)
register(
    "money.payments_exceed_contract",
    _N,
    N_("Payments above the contract's value"),
    N_("The payments add up to more than the contract's last known value: %(value)s."),
    N_("Check for repeated payments. If the contract was raised, add the modification with its new value."),
    N_("OC4IDS 0.9.5: contracting process summary"),
)
register(
    "money.final_unexplained",
    _N,
    N_("A final value that no modification explains"),
    N_(
        "The contract cost more in the end than its last known value: %(value)s, and no modification "
        "says why."
    ),
    N_('Add the modification of type "value" with its reason, or correct one of the two values.'),
    N_("OC4IDS 0.9.5: modifications explain changes of value"),
)


# -- one value on its own ----------------------------------------------------------------------------------


def _is_value(field: LintField) -> bool:
    """A Value by its form: ``amount`` and ``currency`` and nothing else."""
    return field.schema.get("properties", {}).keys() == {"amount", "currency"}


@lint(
    "money.no_currency",
    require=lambda field: {"dependencies": {"amount": ["currency"]}} if _is_value(field) else None,
)
def amount_without_currency(ctx: ProjectContext, place: LintPlace) -> Iterator[Hit]:
    """Every amount needs its currency (review tool: missing currency)."""
    if isinstance(place.value, dict) and "amount" in place.value and "currency" not in place.value:
        yield Hit(place.parts, place.value["amount"])


@lint(
    "money.no_amount",
    require=lambda field: {"dependencies": {"currency": ["amount"]}} if _is_value(field) else None,
)
def currency_without_amount(ctx: ProjectContext, place: LintPlace) -> Iterator[Hit]:
    """A currency alone says nothing (OC4IDS, Value)."""
    if isinstance(place.value, dict) and "currency" in place.value and "amount" not in place.value:
        yield Hit(place.parts, place.value["currency"])


def _require_positive(field: LintField) -> Mapping[str, Any] | None:
    if field.name != "amount" or "number" not in field.schema.get("type", ()):
        return None
    if field.path.rpartition("/")[0] in rule_set("money", "negative_allowed"):
        return None
    return {"minimum": 0}


@lint("money.negative", require=_require_positive)
def negative_amount(ctx: ProjectContext, place: LintPlace) -> Iterator[Hit]:
    """Amounts are not negative, but for breakdown items that pay back and measured balances (OC4IDS,
    BudgetBreakdown).

    Where a negative amount has a meaning is data (``money.negative_allowed``).
    """
    amount = number(place.value)
    if amount is not None and amount < 0:
        yield Hit(place.parts, place.value)


def _main_values(ctx: ProjectContext) -> list[Found]:
    """The values that are compared with one another (``money.main``)."""
    if ctx.extracts.main_values is None:
        main = rule_set("money", "main")
        ctx.extracts.main_values = [found for found in ctx.extracts.values if found[0] in main]
    return ctx.extracts.main_values


@check("money.zero", needs=("Value",), also=("money.tiny",))
def hardly_any_amount(ctx: ProjectContext) -> Iterator[Hit]:
    """The main amounts are neither zero nor next to it (our reasoning; limits by currency in
    ``money.smallest``)."""
    smallest = rules("money")["smallest"]
    for _, parts, value in _main_values(ctx):
        amount = number(value.get("amount"))
        if amount is None or amount < 0:
            continue
        limit = smallest.get(value["currency"]) if isinstance(value.get("currency"), str) else None
        if amount == 0:
            yield Hit((*parts, "amount"), value["amount"])
        elif limit is not None and amount < limit:
            found = money(value)
            limit_shown = str(Money(Decimal(limit), value["currency"]))
            yield Hit((*parts, "amount"), str(found), {"limit": limit_shown}, code="money.tiny")


@lru_cache(maxsize=1)
def _least_limit() -> int | float:
    """What is too much in no currency."""
    return min(rules("money")["largest"].values())


@check("money.absurd", needs=("Value",))
def absurd_amount(ctx: ProjectContext) -> Iterator[Hit]:
    """No single amount passes some 5 000 million dollars (our reasoning; limits by currency in
    ``money.largest``)."""
    largest = rules("money")["largest"]
    least = _least_limit()
    for _, parts, value in ctx.extracts.values:
        try:
            if value["amount"] <= least:
                continue
        except (KeyError, TypeError):
            continue
        currency, amount = value.get("currency"), value.get("amount")
        limit = largest.get(currency) if isinstance(currency, str) else None
        # Not number(): what is too large to be counted is what this is about.
        if limit is None or type(amount) not in (int, float, Decimal):
            continue
        if amount > limit:
            displayed = str(Money(Decimal(limit), currency))
            yield Hit((*parts, "amount"), _shown(value), {"limit": displayed})


def _shown(value: Mapping[str, Any]) -> Any:
    """A value for people; the bare number when it is too large to be counted."""
    found = money(value)
    return str(found) if found else value.get("amount")


@check("money.mixed_currencies", needs=("Value",))
def mixed_currencies(ctx: ProjectContext) -> Iterator[Hit]:
    """Budget, contracts and final costs are compared, so they need one currency (our reasoning).

    Loans, compensations and payments may be in another (``money.main`` lists what counts).
    """
    first: dict[str, Parts] = {}
    for _, parts, value in _main_values(ctx):
        if isinstance(value.get("currency"), str) and value["currency"]:
            first.setdefault(value["currency"], parts)
    if len(first) > 1:
        currencies = tuple(shorten(each) for each in sorted(first)[:10])
        second = list(first.items())[1]
        yield Hit((*second[1], "currency"), second[0], {"currencies": currencies})


# -- values that should agree ------------------------------------------------------------------------------


def total(amounts: Iterable[Money | None]) -> Money | None:
    """The sum when every amount is there and in one currency; None otherwise: excluded, not guessed."""
    added = None
    for amount in amounts:
        if amount is None or (added is not None and amount.currency != added.currency):
            return None
        added = amount if added is None else Money(added.amount + amount.amount, added.currency)
    return added


@dataclass(slots=True)
class ContractCosts:
    """What a contract was estimated at, agreed for, is worth after its modifications, and cost; None when
    unsure."""

    contract: Contract
    estimate: Money | None
    value: Money | None
    last: Money | None
    final: Money | None


@dataclass(slots=True)
class Costs:
    """What a project may cost, does cost and did cost; None when unsure, and a budget when not positive."""

    budget: Money | None
    final: Money | None
    #: sum of the contracts' first values; those not awarded yet have none and do not count
    contracted: Money | None
    contracts: list[ContractCosts]


def _below(node: Any, name: str) -> Any:
    return node.get(name) if isinstance(node, dict) else None


def _last_value(summary: Mapping[str, Any], value: Money | None) -> Money | None:
    """A contract's value after the latest of its modifications that gives one."""
    modifications = summary.get("modifications")
    latest: tuple[str, Any] | None = None
    for each in modifications if isinstance(modifications, list) else ():
        if isinstance(each, dict) and "newContractValue" in each:
            date = each["date"] if isinstance(each.get("date"), str) else ""
            if latest is None or date >= latest[0]:
                latest = (date, each["newContractValue"])
    return money(latest[1]) if latest else value


def costs(ctx: ProjectContext) -> Costs:
    """The main amounts as exact money, counted once a project."""
    if ctx.extracts.costs is None:
        contracts = []
        for contract in ctx.extracts.contracts:
            summary = contract.summary
            value = money(summary.get("contractValue"))
            estimate = money(_below(summary.get("tender"), "costEstimate"))
            final = money(summary.get("finalValue"))
            contracts.append(ContractCosts(contract, estimate, value, _last_value(summary, value), final))
        whole = money(_below(ctx.project.get("budget"), "amount"))
        ctx.extracts.costs = Costs(
            whole if whole and whole.amount > 0 else None,
            money(_below(ctx.project.get("completion"), "finalValue")),
            total(each.value for each in contracts if "contractValue" in each.contract.summary),
            contracts,
        )
    return ctx.extracts.costs


@lru_cache(maxsize=1)
def _tolerance() -> Decimal:
    return Decimal(rules("money")["sum_tolerance"])


def _alike(first: Money, other: Money) -> bool:
    if first.amount == other.amount:
        return True
    return abs(first.amount - other.amount) <= _tolerance() * max(abs(first.amount), abs(other.amount))


def _differs_in_unit(first: Money, other: Money) -> bool:
    """Whether the larger is so many times the other that one must be in other units."""
    small, large = (
        (first.amount, other.amount) if first.amount < other.amount else (other.amount, first.amount)
    )
    return (
        small > 0
        and first.currency == other.currency
        and large >= rules("money")["unit_mismatch_ratio"] * small
    )


def _total_of(group: list[Any], currency: str) -> Money | None:
    """The sum of items in whole units of one currency, or None: the usual case, and quickly counted."""
    added = 0
    try:
        for item in group:
            value = item["amount"]
            amount = value["amount"]
            if type(amount) is not int or value["currency"] != currency or number(amount) is None:
                return None
            added += amount
    except (KeyError, TypeError, IndexError):
        return None
    return Money(Decimal(added), currency)


@check("money.breakdown_sum", needs=("budget",))
def breakdown_sum(ctx: ProjectContext) -> Iterator[Hit]:
    """Each group of the breakdown adds up to the budget, within 1 % (OC4IDS, budgetBreakdowns)."""
    whole = costs(ctx).budget
    if whole is None:
        return
    breakdowns = _below(ctx.project.get("budget"), "budgetBreakdowns")
    for index, breakdown in enumerate(breakdowns if isinstance(breakdowns, list) else ()):
        group = _below(breakdown, "budgetBreakdown")
        if not isinstance(group, list) or not group:
            continue
        added = _total_of(group, whole.currency) or total(money(_below(item, "amount")) for item in group)
        if added and added.currency == whole.currency and not _alike(added, whole):
            here = ("budget", "budgetBreakdowns", index, "budgetBreakdown")
            yield Hit(here, f"{show(added.amount)} ≠ {whole}")


@check("money.contracts_exceed_budget", needs=("budget",))
def contracts_exceed_budget(ctx: ProjectContext) -> Iterator[Hit]:
    """The budget covers all contracts, so it should not be less than their sum (OC4IDS, budget)."""
    whole, contracted = costs(ctx).budget, costs(ctx).contracted
    if not whole or not contracted or whole.currency != contracted.currency:
        return
    if (
        contracted.amount > whole.amount
        and not _alike(contracted, whole)
        and not _differs_in_unit(contracted, whole)
    ):
        yield Hit(("budget", "amount"), f"{show(contracted.amount)} > {whole}")


@check("money.payments_exceed_contract", needs=("contractingProcesses",))
def payments_exceed_contract(ctx: ProjectContext) -> Iterator[Hit]:
    """Payments of a contract do not pass its last known value (OC4IDS, summary.transactions; 1 %
    tolerated)."""
    for each in costs(ctx).contracts:
        payments, value = each.contract.summary.get("transactions"), each.last
        if not isinstance(payments, list) or not payments or not value or value.amount <= 0:
            continue
        paid = total(money(_below(payment, "value")) for payment in payments)
        if (
            paid
            and paid.currency == value.currency
            and paid.amount > value.amount
            and not _alike(paid, value)
        ):
            yield Hit((*each.contract.parts, "transactions"), f"{show(paid.amount)} > {value}")


@check("money.final_unexplained", needs=("contractingProcesses",))
def final_value_unexplained(ctx: ProjectContext) -> Iterator[Hit]:
    """What a contract cost above its value is explained by modifications (OC4IDS, contractValue).

    Less is no surprise: what was not carried out is not paid.
    """
    for each in costs(ctx).contracts:
        final, value = each.final, each.last
        if not final or not value or final.currency != value.currency or value.amount <= 0:
            continue
        if final.amount > value.amount and not _alike(final, value) and not _differs_in_unit(final, value):
            yield Hit((*each.contract.parts, "finalValue"), f"{show(final.amount)} > {value}")


def _has_works(found: Costs) -> bool:
    """Whether a contract of construction is among those that add up."""
    natures = [each.contract.summary.get("nature") for each in found.contracts if each.value]
    return any(isinstance(nature, list) and "construction" in nature for nature in natures)


@check("money.unit_mismatch", needs=("budget", "contractingProcesses"))
def unit_mismatch(ctx: ProjectContext) -> Iterator[Hit]:
    """Amounts of the same thing a thousand times apart suggest thousands or millions (our reasoning).

    Compared: budget with final cost; budget with the sum of contracts (when the
    sum is the smaller one, only if works are among them); and of each contract
    its estimate and final value with its value.
    """
    found = costs(ctx)
    whole = found.budget
    if whole and found.final and _differs_in_unit(whole, found.final):
        yield Hit(("completion", "finalValue", "amount"), f"{show(found.final.amount)} ↔ {whole}")
    contracted = found.contracted
    if whole and contracted and _differs_in_unit(whole, contracted):
        small_start = contracted.amount < whole.amount and not _has_works(found)
        if not small_start:
            yield Hit(("budget", "amount", "amount"), f"{show(contracted.amount)} ↔ {whole}")
    for each in found.contracts:
        if each.value is None:
            continue
        for parts, other in ((("tender", "costEstimate"), each.estimate), (("finalValue",), each.final)):
            if other and _differs_in_unit(each.value, other):
                yield Hit((*each.contract.parts, *parts, "amount"), f"{show(other.amount)} ↔ {each.value}")
