"""What a page needs of a frozen cut, read from its bytes without making a value of all the rest.

A cut of a thousand items is megabytes of JSON; its page shows a hundred of them, and counts the others.
"""

from __future__ import annotations

from typing import Any

import msgspec


class FrozenAssignment(msgspec.Struct, frozen=True, gc=False):
    """The status of one organismo in an item."""

    organization: str
    excluded: bool
    last_update: str | None


class FrozenStatus(msgspec.Struct, frozen=True, gc=False):
    """The status of an item: its light, whether a verdict contradicts it, and who owed it."""

    light: str
    disagreement: bool
    assignments: tuple[FrozenAssignment, ...]


class FrozenVerdict(msgspec.Struct, frozen=True, gc=False):
    """That one who may judge had judged an item."""

    role: str


class FrozenKey(msgspec.Struct, frozen=True, gc=False):
    """Level and code of an item."""

    level: str
    code: str


class FrozenRow(msgspec.Struct, frozen=True, gc=False):
    """How an item counted. ``number`` says which row of the compliance it is (:meth:`Outline.whole_row`)."""

    key: FrozenKey
    scheduled: bool
    fulfilled: bool
    late: bool
    excluded: str | None
    number: int = -1


class FrozenItem(msgspec.Struct, frozen=True, gc=False):
    """One item. ``number`` says which of the cut it is, to have it whole (:meth:`Outline.whole`)."""

    level: str
    code: str
    status: FrozenStatus | None
    verdicts: tuple[FrozenVerdict, ...]
    number: int = -1

    @property
    def key(self) -> tuple[str, str]:
        """Its level and code."""
        return self.level, self.code


class _Title(msgspec.Struct):
    title: str


class _Compliance(msgspec.Struct):
    count_unit: str
    whole: dict[str, Any]
    components: list[dict[str, Any]]
    rows: list[msgspec.Raw]


class _Body(msgspec.Struct):
    plan: _Title
    settings: dict[str, Any]
    compliance: _Compliance
    items: list[msgspec.Raw]


class Outline:
    """A frozen cut: its title, settings and totals whole, its items and rows by what pages count.

    :param body: what was frozen, as :func:`ckanext.ogp_plan.planning.cuts.frozen.canonical` wrote it.
    :raises ValueError: it is no frozen cut of this release's rules.
    """

    def __init__(self, body: str) -> None:
        try:
            self._read(body)
        except msgspec.MsgspecError as error:
            # no ValueError of itself in every release
            raise ValueError(str(error)) from error

    def _read(self, body: str) -> None:
        read = msgspec.json.decode(body, type=_Body)
        self.title, self.settings = read.plan.title, read.settings
        self.count_unit = read.compliance.count_unit
        #: totals of the whole plan, and of each component
        self.total, self.components = read.compliance.whole, read.compliance.components
        self._items, self._rows = read.items, read.compliance.rows
        item, row = msgspec.json.Decoder(FrozenItem), msgspec.json.Decoder(FrozenRow)
        #: the items that are tracked, in the plan's order
        self.tracked = [
            msgspec.structs.replace(entry, number=number)
            for number, entry in enumerate(map(item.decode, self._items))
            if entry.status is not None
        ]
        #: how each item that counts did, by its level and code
        self.rows = {
            (entry.key.level, entry.key.code): msgspec.structs.replace(entry, number=number)
            for number, entry in enumerate(map(row.decode, self._rows))
        }

    def whole(self, item: FrozenItem) -> dict[str, Any]:
        """Return one item with all that was frozen of it."""
        found: dict[str, Any] = msgspec.json.decode(self._items[item.number])
        return found

    def whole_row(self, row: FrozenRow) -> dict[str, Any]:
        """Return one row of the compliance with all that was frozen of it."""
        found: dict[str, Any] = msgspec.json.decode(self._rows[row.number])
        return found
