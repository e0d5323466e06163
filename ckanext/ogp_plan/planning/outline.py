"""What a page needs of a frozen cut, read from its bytes without making a value of all the rest.

A cut of a thousand items is megabytes of JSON; its page shows a hundred of them, and counts the others.
"""

from __future__ import annotations

from typing import Any

import msgspec


class FrozenAssignment(msgspec.Struct, frozen=True):
    """How one organismo stood in an item."""

    organization: str
    excluded: bool
    last_update: str | None


class FrozenStanding(msgspec.Struct, frozen=True):
    """How an item stood: its light, whether a verdict contradicts it, and who owed it."""

    light: str
    disagreement: bool
    assignments: tuple[FrozenAssignment, ...]


class FrozenVerdict(msgspec.Struct, frozen=True):
    """That one who may judge had judged an item."""

    role: str


class FrozenItem(msgspec.Struct, frozen=True):
    """One item. ``number`` says which of the cut it is, to have it whole (:meth:`Outline.whole`)."""

    level: str
    code: str
    standing: FrozenStanding | None
    verdicts: tuple[FrozenVerdict, ...]
    number: int = -1

    @property
    def key(self) -> tuple[str, str]:
        """Its level and code."""
        return self.level, self.code


class _Title(msgspec.Struct):
    title: str


class _Body(msgspec.Struct):
    plan: _Title
    settings: dict[str, Any]
    compliance: dict[str, Any]
    items: list[msgspec.Raw]


class Outline:
    """A frozen cut: its title, settings and compliance whole, and its items by what pages count.

    :param body: what was frozen, as :func:`ckanext.ogp_plan.planning.cuts.canonical` wrote it.
    :raises ValueError: it is no frozen cut of this release's rules.
    """

    def __init__(self, body: str) -> None:
        read = msgspec.json.decode(body, type=_Body)
        self.title, self.settings, self.compliance = read.plan.title, read.settings, read.compliance
        self._items = read.items
        item = msgspec.json.Decoder(FrozenItem)
        #: the items that are tracked, in the plan's order
        self.tracked = [
            msgspec.structs.replace(one, number=number)
            for number, one in enumerate(map(item.decode, self._items))
            if one.standing is not None
        ]

    def whole(self, item: FrozenItem) -> dict[str, Any]:
        """Return one item with all that was frozen of it."""
        found: dict[str, Any] = msgspec.json.decode(self._items[item.number])
        return found
