"""Names of organismos as plans write them → organismos, their parts, and dated groups.

The names are data (``schemas/cali/responsables.yaml``). What is not known there stays
unknown, as printed: no organismo is ever made up.
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ckanext.cost_common.values.text import bare, clean, fold
from ckanext.ogp_plan.planning import data
from ckanext.ogp_plan.planning.types import Assignment, OrgGroup, Role

#: What may be between two names without being a name.
_SLASH = re.compile(r"\s/\s|/\s*$")
_BETWEEN = re.compile(r"(?:[\s/.,;:|()–-]|\b(?:y|e|con|y/o)\b)*\Z")


@dataclass(frozen=True, slots=True)
class _Name:
    """What a known name means. ``alone``: a part that is known without its organismo before it."""

    organization: str | None = None
    unit: str | None = None
    group: str | None = None
    alone: bool = True


@dataclass(frozen=True, slots=True)
class ResponsiblesReading:
    """A text of responsibles as understood; ``unknown`` are the names nobody knows, as printed."""

    assignments: tuple[Assignment, ...]
    groups: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()


@dataclass
class Directory:
    """Organismos, groups and the names they are written by."""

    organismos: dict[str, dict[str, Any]] = field(default_factory=dict)
    groups: dict[str, OrgGroup] = field(default_factory=dict)
    conditions: dict[str, str] = field(default_factory=dict)
    _names: dict[str, list[_Name]] = field(default_factory=dict)
    _pattern: re.Pattern[str] | None = None

    @classmethod
    def load(cls, path: Path | None = None) -> Directory:
        """Read the directory of organismos.

        :param path: another file than the extension's.
        :raises DataError: the file is wrong.
        """
        found = data.load(path or data.SCHEMAS / "cali" / "responsables.yaml")
        directory = cls()
        try:
            for entry in found.get("organismos", []):
                directory._add_organismo(entry)
            for entry in found.get("groups", []):
                directory._add_group(entry)
        except (KeyError, TypeError, AttributeError, ValueError) as error:
            raise data.DataError(f"{(path and path.name) or 'responsables.yaml'}: {error!r}") from error
        return directory

    def codes(self) -> dict[str, str]:
        """Return the organismos that have a code → it."""
        return {
            name: organismo["code"] for name, organismo in self.organismos.items() if organismo.get("code")
        }

    def knows(self, alias: str) -> bool:
        """Tell whether a name is one of the directory's."""
        return bare(alias) in self._names

    def add_alias(self, alias: str, *, organization: str, unit: str | None = None) -> None:
        """Teach one more name of an organismo: what a person answered about an unknown one."""
        self._learn(alias, _Name(organization, unit))

    def _add_organismo(self, entry: dict[str, Any]) -> None:
        self.organismos[entry["id"]] = entry
        for alias in _aliases(entry):
            self._learn(alias, _Name(entry["id"]))
        for unit in entry.get("units", []):
            for alias in _aliases(unit):
                self._learn(alias, _Name(entry["id"], unit["id"], alone=bool(unit.get("alone"))))

    def _add_group(self, org_group: dict[str, Any]) -> None:
        self.groups[org_group["id"]] = OrgGroup(
            org_group["id"],
            org_group["title"],
            org_group.get("size"),
            tuple(org_group.get("members", ())),
            _date(org_group.get("valid_from")),
            _date(org_group.get("valid_to")),
            org_group.get("source"),
        )
        if org_group.get("condition"):
            self.conditions[org_group["id"]] = org_group["condition"]
        for alias in _aliases(org_group):
            self._learn(alias, _Name(group=org_group["id"]))

    def _learn(self, alias: str, name: _Name) -> None:
        self._names.setdefault(bare(alias), []).append(name)
        self._pattern = None

    def _find(self) -> re.Pattern[str]:
        if self._pattern is None:
            names = sorted(self._names, key=len, reverse=True)
            either = "|".join(map(re.escape, names)) or r"(?!)"
            self._pattern = re.compile(rf"(?<!\w)(?:{either})(?!\w)")
        return self._pattern

    def read(self, printed: str, role: Role = Role.LEAD) -> ResponsiblesReading:
        """Understand a cell of responsibles.

        :param printed: the text as printed, one or several names.
        :param role: what they are to the item.
        :returns: one assignment a body; what no alias explains is an assignment with ``unknown``.
        """
        folded = fold(printed)
        if not bare(printed):
            return ResponsiblesReading(())
        assignments: list[Assignment] = []
        unknown: list[str] = []
        end, last_org = 0, None
        for match in self._find().finditer(folded):
            name = self._choose(self._names[match[0]], last_org)
            if name is None:
                continue
            _gap(folded[end : match.start()], unknown)
            last_org = name.organization
            _put(assignments, self._assignment(name, role))
            end = match.end()
        if not assignments:
            names = tuple(clean(name) for name in _SLASH.split(printed) if bare(name))
            return ResponsiblesReading(tuple(Assignment(role, unknown=name) for name in names), (), names)
        _gap(folded[end:], unknown)
        assignments += [Assignment(role, unknown=piece) for piece in unknown]
        groups = tuple(assignment.group for assignment in assignments if assignment.group)
        return ResponsiblesReading(tuple(assignments), groups, tuple(unknown))

    def _choose(self, names: list[_Name], last_org: str | None) -> _Name | None:
        """A part that is not known alone counts only right after its organismo."""
        for name in names:
            if name.alone or name.organization == last_org:
                return name
        return None if len(names) > 1 else names[0]

    def _assignment(self, name: _Name, role: Role) -> Assignment:
        return Assignment(
            role,
            name.organization,
            name.group,
            unit=name.unit,
            condition=self.conditions.get(name.group or ""),
        )


def _aliases(entry: dict[str, Any]) -> list[str]:
    return [entry["title"], *([entry["acronym"]] if entry.get("acronym") else []), *entry.get("aliases", [])]


def _date(value: Any) -> dt.date | None:
    return value if isinstance(value, dt.date) or value is None else dt.date.fromisoformat(str(value))


def _gap(between: str, unknown: list[str]) -> None:
    """What is between two known names is a separator, or a name nobody knows."""
    piece = between.strip(" /.,;:|()–-")
    if not _BETWEEN.match(between) and piece:
        unknown.append(re.sub(r"^(?:y|e)\s+|\s+(?:y|e)$", "", piece))


def _put(assignments: list[Assignment], new: Assignment) -> None:
    """Add, joining a part to its organismo named just before: "DADII / Subdirección de …" is one."""
    if (
        assignments
        and new.unit
        and assignments[-1].organization == new.organization
        and not assignments[-1].unit
    ):
        assignments[-1] = new
    elif new not in assignments:
        assignments.append(new)
