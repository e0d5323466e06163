"""Which declared state may follow which, and what the change needs."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from ckanext.ogp_plan.planning.status_types import OUTSIDE
from ckanext.ogp_plan.planning.types import Declared


@dataclass(frozen=True, slots=True)
class Need:
    """What a change of state still needs; ``code`` has words."""

    code: str
    params: dict[str, Any] = field(default_factory=dict)


def may(
    before: Declared,
    after: Declared,
    *,
    evidence: int = 0,
    targets_met: bool = True,
    reason: str = "",
    act: str = "",
) -> tuple[Need, ...]:
    """Return what a change of the declared state still needs; nothing: it may be done.

    :param evidence: how many valid evidences the item has, with those that come with the change.
    :param targets_met: whether all its indicators reach their target.
    :param reason: what is written of why: the exception, the reopening, why it does not apply.
    :param act: the act of the plan's change.
    """
    if before is after:
        return ()
    wanted = []
    if after is Declared.DONE:
        wanted = [("need.evidence", evidence > 0), ("need.exception", targets_met or bool(reason.strip()))]
    elif after in OUTSIDE or before in OUTSIDE or (before, after) != (Declared.NOT_STARTED, Declared.ONGOING):
        wanted = [("need.reason", bool(reason.strip()))]
    if Declared.WITHDRAWN in (before, after):
        wanted.append(("need.act", bool(act.strip())))
    return tuple(Need(code) for code, has in wanted if not has)
