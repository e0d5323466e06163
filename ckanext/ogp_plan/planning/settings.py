"""How a plan is tracked: cadence, thresholds, weights, cut calendar, zones, names of states.

``schemas/plans/tracking.yaml`` says it for all; a family's ``tracking:``, ``cuts:`` and ``roles:``
blocks say otherwise where they must; a plan's own settings come last. All of it is public.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from pathlib import Path
from typing import Any

from ckanext.ogp_plan.planning import data, families
from ckanext.ogp_plan.planning.families import Family
from ckanext.ogp_plan.planning.tracking import Record
from ckanext.ogp_plan.planning.types import Declared

#: How the progress of brothers makes their parent's.
WEIGHTS = ("equal", "rows", "explicit", "budget")
#: What is counted in a cut.
COUNT_UNITS = ("row", "activity")
#: Level of what is counted that means every tracked level.
ANY_LEVEL = "*"
#: Level of what is counted that means the parent of the tracked item.
PARENT_LEVEL = "^"


@dataclass(frozen=True, slots=True)
class Cadence:
    """How often is reported: ``months`` of the calendar, and the days it is counted as."""

    id: str
    name: dict[str, str]
    months: int
    days: int


@dataclass(frozen=True, slots=True)
class Zone:
    """A zone of compliance: from ``start`` percent up to the next one's. Never shown by colour alone."""

    id: str
    start: Decimal
    name: dict[str, str]
    colour: dict[str, str]
    pattern: str
    icon: str


@dataclass(frozen=True, slots=True)
class State:
    """What a light, or a state outside of them, is called. ``excluded``: of the denominators."""

    id: str
    name: dict[str, str]
    help: dict[str, str]
    pattern: str
    icon: str
    excluded: bool = False


@dataclass(frozen=True, slots=True)
class Threshold:
    """A number that decides a reason of the light (``reason``: R2, R3…).

    ``unit``: by language, the word of one and of several.
    """

    id: str
    value: Decimal
    reason: str
    name: dict[str, str]
    unit: dict[str, tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Settings:
    """How one plan is tracked; see :func:`build_settings`."""

    family: str
    cadence: Cadence
    thresholds: dict[str, Threshold]
    weights: str
    weight_field: str
    count_unit: str
    #: what is counted → the level that is
    unit_levels: dict[str, str]
    #: month and day of each cut, in order
    cut_days: tuple[tuple[int, int], ...]
    publish_business_day: int
    #: from the lowest
    zones: tuple[Zone, ...]
    #: states that are in no denominator
    excluded: tuple[Declared, ...]
    states: dict[str, State]
    roles: dict[str, dict[str, str]]
    #: business days before something is due on which a letter is sent
    reminder_days: tuple[int, ...]
    cadences: dict[str, Cadence] = field(default_factory=dict, compare=False)

    def threshold(self, name: str) -> Decimal:
        """Return a threshold's number; ``KeyError`` when there is none such."""
        return self.thresholds[name].value

    def zone(self, share: Decimal | None) -> Zone | None:
        """Return the zone of a percentage (0 to 100); None of None."""
        if share is None:
            return None
        return next((zone for zone in reversed(self.zones) if share >= zone.start), self.zones[0])


def build_settings(
    family: Family, overrides: Mapping[str, Any] | None = None, schemas: Path | None = None
) -> Settings:
    """Return how a plan is tracked.

    :param family: the plan's family.
    :param overrides: what the plan sets otherwise (the names of :data:`OVERRIDES`), as
        :func:`settings_dict` gives it.
    :param schemas: another folder of schemas than the extension's own, for what is common to all
        families; where it has no ``tracking.yaml``, the extension's is used.
    :raises DataError: an override or a file says what it may not; the text names which.
    """
    base = _common(schemas)
    tracking = _merged(base, family.data, "tracking")
    cuts = _merged(base, family.data, "cuts")
    roles = _merged(base, family.data, "roles")
    if family.weights == "explicit" and "weights" not in (family.data.get("tracking") or {}):
        tracking["weights"] = "explicit"
    try:
        made = _made(family.id, tracking, cuts, roles)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        if isinstance(error, data.DataError):
            raise data.DataError(f"{family.id}.yaml: {error}") from error
        raise data.DataError(f"{family.id}.yaml: {error!r}") from error
    return _overridden(made, overrides or {}) if overrides else made


@lru_cache(maxsize=64)
def _of_family(name: str) -> Settings:
    return build_settings(families.load(name))


def family_settings(family: str, overrides: Mapping[str, Any] | None = None) -> Settings:
    """Return how a plan of a family of the extension's own is tracked, by the family's name."""
    return _overridden(_of_family(family), overrides) if overrides else _of_family(family)


def _common(schemas: Path | None) -> dict[str, Any]:
    for folder in (schemas, data.SCHEMAS):
        if folder and (folder / "plans" / "tracking.yaml").is_file():
            return data.load(folder / "plans" / "tracking.yaml")
    raise data.DataError("tracking.yaml is absent")


#: Blocks that a family gives whole or by its own names.
_BY_NAME = ("thresholds", "states", "cadences", "units", "publish")


def _merged(base: Mapping[str, Any], own: Mapping[str, Any], block: str) -> dict[str, Any]:
    made: dict[str, Any] = dict(base.get(block) or {})
    given = own.get(block) or {}
    if not isinstance(given, dict):
        raise data.DataError(f"{block}: a mapping is expected")
    for name, value in given.items():
        before = made.get(name)
        deep = name in _BY_NAME and isinstance(value, dict) and isinstance(before, dict)
        made[name] = {**before, **_threshold_values(name, before, value)} if deep and before else value
    return made


def _threshold_values(block: str, before: dict[str, Any], value: dict[str, Any]) -> dict[str, Any]:
    """In a family ``lag_points: 15`` is short for the common threshold with another value."""
    if block != "thresholds":
        return value
    return {
        name: element if isinstance(element, dict) else {**before.get(name, {}), "value": element}
        for name, element in value.items()
    }


def _made(family: str, tracking: dict[str, Any], cuts: dict[str, Any], roles: dict[str, Any]) -> Settings:
    cadences = {
        name: Cadence(name, _words(entry["name"]), int(entry["months"]), int(entry["days"]))
        for name, entry in tracking["cadences"].items()
    }
    return Settings(
        family=family,
        cadence=_one_of("cadence", tracking["cadence"], cadences),
        thresholds={
            name: Threshold(
                name,
                _number(f"thresholds.{name}", entry["value"]),
                entry["reason"],
                _words(entry["name"]),
                _counted_words(entry["unit"]),
            )
            for name, entry in tracking["thresholds"].items()
        },
        weights=_one_of("weights", tracking["weights"], {weight: weight for weight in WEIGHTS}),
        weight_field=str(tracking["weight_field"]),
        count_unit=_one_of("count_unit", cuts["count_unit"], {unit: unit for unit in COUNT_UNITS}),
        unit_levels={unit: str(cuts["units"][unit]) for unit in COUNT_UNITS},
        cut_days=_days(cuts["days"]),
        publish_business_day=_whole("publish_business_day", cuts["publish"]["business_day"], 1, 60),
        zones=_zones(cuts["zones"]),
        excluded=_excluded(cuts["excluded"]),
        states={
            name: State(
                name,
                _words(entry["name"]),
                _words(entry["help"]),
                entry["pattern"],
                entry["icon"],
                bool(entry.get("excluded")),
            )
            for name, entry in tracking["states"].items()
        },
        roles={name: _words(role["name"]) for name, role in roles.items()},
        reminder_days=_reminders(tracking["reminder_days"]),
        cadences=cadences,
    )


# --- what a plan says otherwise


def _overridden(made: Settings, overrides: Mapping[str, Any]) -> Settings:
    unknown = sorted(set(overrides) - set(OVERRIDES))
    if unknown:
        raise data.DataError(f"no such setting: {', '.join(unknown)}")
    changes: dict[str, Any] = {}
    for name, value in overrides.items():
        changes[name] = _OVERRIDE[name](made, value)
    return replace(made, **changes)


def _override_thresholds(made: Settings, value: Any) -> dict[str, Threshold]:
    if not isinstance(value, Mapping):
        raise data.DataError("thresholds: a mapping is expected")
    unknown = sorted(set(value) - set(made.thresholds))
    if unknown:
        raise data.DataError(f"no such threshold: {', '.join(unknown)}")
    return {
        name: replace(threshold, value=_number(f"thresholds.{name}", value[name]))
        if name in value
        else threshold
        for name, threshold in made.thresholds.items()
    }


def _override_zones(made: Settings, value: Any) -> tuple[Zone, ...]:
    """Another beginning of each zone, by its id: ``{"amarillo": 60, "verde": 80}``."""
    if not isinstance(value, Mapping) or set(value) - {zone.id for zone in made.zones}:
        known = ", ".join(zone.id for zone in made.zones)
        raise data.DataError(f"zones: the beginnings of {known} are expected")
    return _ordered(
        replace(zone, start=_number(f"zones.{zone.id}", value[zone.id])) if zone.id in value else zone
        for zone in made.zones
    )


_OVERRIDE: dict[str, Callable[[Settings, Any], Any]] = {
    "cadence": lambda made, value: _one_of("cadence", value, made.cadences),
    "thresholds": _override_thresholds,
    "weights": lambda made, value: _one_of("weights", value, {weight: weight for weight in WEIGHTS}),
    "weight_field": lambda made, value: str(value),
    "count_unit": lambda made, value: _one_of("count_unit", value, {unit: unit for unit in COUNT_UNITS}),
    "cut_days": lambda made, value: _days(value),
    "publish_business_day": lambda made, value: _whole("publish_business_day", value, 1, 60),
    "zones": _override_zones,
    "excluded": lambda made, value: _excluded(value),
    "reminder_days": lambda made, value: _reminders(value),
}
#: What a plan may set otherwise than its family.
OVERRIDES = tuple(_OVERRIDE)


def settings_dict(settings: Settings) -> dict[str, Any]:
    """Return all that a plan may override, with its values, as plain JSON that gives the same again."""
    return {
        "cadence": settings.cadence.id,
        "thresholds": {name: number_text(each.value) for name, each in settings.thresholds.items()},
        "weights": settings.weights,
        "weight_field": settings.weight_field,
        "count_unit": settings.count_unit,
        "cut_days": [f"{month:02}-{day:02}" for month, day in settings.cut_days],
        "publish_business_day": settings.publish_business_day,
        "zones": {zone.id: number_text(zone.start) for zone in settings.zones},
        "excluded": [state.value for state in settings.excluded],
        "reminder_days": list(settings.reminder_days),
    }


def number_text(value: Decimal) -> str:
    """Return a number in its one plain form: no exponent, no zeros at the end ("1.5", "20", "0")."""
    text = format(value, "f")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text in ("-0", "") else text


def settings_of(record: Record) -> Settings:
    """Return how a record's plan is tracked: its family's settings, and its own over them."""
    return family_settings(record.plan.family, record.settings)


# --- reading values


def _words(value: Any) -> dict[str, str]:
    if isinstance(value, dict):
        return {str(lang): str(words) for lang, words in value.items()}
    return {"es": str(value)}


def _counted_words(value: Any) -> dict[str, tuple[str, str]]:
    """Return the word of one and of several, by language; a text alone is both (``%``).

    :raises DataError: a list is not of two words.
    """
    by_lang = value if isinstance(value, dict) else {"es": value}
    pairs = {lang: words if isinstance(words, list) else [words, words] for lang, words in by_lang.items()}
    if any(len(words) != 2 for words in pairs.values()):
        raise data.DataError("unit: the word of one and of several is expected")
    return {str(lang): (str(pair), str(several)) for lang, (pair, several) in pairs.items()}


def _number(name: str, value: Any) -> Decimal:
    """A number that is not negative; one that YAML or JSON made a float is read as it was written."""
    if isinstance(value, bool) or not isinstance(value, (int, float, str, Decimal)):
        raise data.DataError(f"{name}: {value!r} is no number")
    try:
        found = Decimal(str(value))
    except InvalidOperation as error:
        raise data.DataError(f"{name}: {value!r} is no number") from error
    if not found.is_finite() or not 0 <= found <= 100_000:
        raise data.DataError(f"{name}: {value!r} is not between 0 and 100000")
    return found


def _whole(name: str, value: Any, least: int, most: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        raise data.DataError(f"{name}: {value!r} is no whole number from {least} to {most}")
    return value


def _one_of(name: str, value: Any, known: Mapping[str, Any]) -> Any:
    if not isinstance(value, str) or value not in known:
        raise data.DataError(f"{name}: {value!r} is none of {', '.join(known)}")
    return known[value]


def _listed(name: str, value: Any) -> list[Any]:
    if not isinstance(value, (list, tuple)):
        raise data.DataError(f"{name}: a list is expected")
    return list(value)


def _days(value: Any) -> tuple[tuple[int, int], ...]:
    found = set()
    for entry in _listed("cut_days", value):
        match = re.fullmatch(r"(\d\d)-(\d\d)", str(entry), re.ASCII)
        try:
            # a year that is no leap year: a cut on 29 February would not come each year
            day = dt.date(2023, int(match[1]), int(match[2])) if match else None
        except ValueError:
            day = None
        if day is None:
            raise data.DataError(f"cut_days: {entry!r} is no month and day (04-30)")
        found.add((day.month, day.day))
    if not found:
        raise data.DataError("cut_days: at least one is needed")
    return tuple(sorted(found))


def _zones(value: Any) -> tuple[Zone, ...]:
    return _ordered(
        Zone(
            element["id"],
            _number(f"zones.{element['id']}", element["from"]),
            _words(element["name"]),
            _words(element["colour"]),
            element["pattern"],
            element["icon"],
        )
        for element in value
    )


def _ordered(zones: Iterable[Zone]) -> tuple[Zone, ...]:
    found = tuple(zones)
    starts = [entry.start for entry in found]
    if not found or starts[0] != 0 or sorted(set(starts)) != starts or starts[-1] > 100:
        raise data.DataError("zones: they begin at 0, each one above the one before, at most at 100")
    return found


def _excluded(value: Any) -> tuple[Declared, ...]:
    outside = {Declared.NOT_APPLICABLE, Declared.SUSPENDED, Declared.WITHDRAWN}
    found = []
    for entry in _listed("excluded", value):
        if entry not in {state.value for state in outside}:
            raise data.DataError(f"excluded: {entry!r} is none of no_aplica, suspendido, retirado")
        found.append(Declared(entry))
    return tuple(sorted(set(found), key=lambda state: state.value))


def _reminders(value: Any) -> tuple[int, ...]:
    found = {_whole("reminder_days", entry, 0, 60) for entry in _listed("reminder_days", value)}
    return tuple(sorted(found, reverse=True))
