"""Lights, reasons, labels and settings in words: codes and parameters in the reader's language.

What a family's or the common data file calls a thing (states, zones, cadences) comes from there.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from decimal import Decimal
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from babel.dates import format_date
from babel.numbers import format_decimal

from ckanext.ogp_plan.planning import data
from ckanext.ogp_plan.planning.words import messages
from ckanext.ogp_plan.planning.words.i18n import N_, translator

if TYPE_CHECKING:
    from ckanext.ogp_plan.planning.cuts.types import CutState
    from ckanext.ogp_plan.planning.history import Entry
    from ckanext.ogp_plan.planning.settings import Settings
    from ckanext.ogp_plan.planning.status_types import Reason
    from ckanext.ogp_plan.planning.tracking import Completion, VerdictRole
    from ckanext.ogp_plan.planning.transitions import Need

#: Parameters that are counts of days, percentages (0 to 100), and points.
_DAYS = frozenset({"R1.days", "R2.days", "R4.days", "R4.limit", "R5.days", "R5.limit", "R6.days", "R7.days"})
_PERCENT = frozenset({"progress", "least", "expected"})
_AND = N_("and")


def _locale(lang: str) -> str:
    """The locale of numbers and dates: Colombia's for Spanish."""
    return "es_CO" if lang.lower().startswith("es") else "en"


def translate(source: str, lang: str, params: Mapping[str, Any] | None = None) -> str:
    """Return one of our texts with its parameters; one that is not there shows as nothing."""
    text = translator(lang).gettext(source)
    return text % _Filled(params or {}) if params is not None and "%(" in text else text


class _Filled(dict[str, Any]):
    def __missing__(self, key: str) -> str:
        return ""


@lru_cache(maxsize=8192)
def format_day(day: dt.date, lang: str = "es") -> str:
    """Return a day as people write it: "30 de abril de 2026"."""
    return str(format_date(day, "long", locale=_locale(lang)))


@lru_cache(maxsize=8192)
def format_number(value: Decimal | int, lang: str = "es", places: int = 2) -> str:
    """Return a number as people write it, rounded to so many places: "5.000", "12,5"."""
    pattern = "#,##0." + "#" * places if places else "#,##0"
    return str(format_decimal(value, pattern, locale=_locale(lang)))


def format_percent(value: Decimal | int, lang: str = "es") -> str:
    """Return a percentage (0 to 100): "59,5 %" in Spanish, "59.5%" in English."""
    return format_number(value, lang, 1) + ("\u00a0%" if _locale(lang).startswith("es") else "%")


def format_days(count: int | Decimal, lang: str = "es") -> str:
    """Return "1 día", "45 días"."""
    return _counted(translator(lang).ngettext("%(count)s day", "%(count)s days", _plural(count)), count, lang)


def format_periods(count: int, lang: str = "es") -> str:
    """Return "1 periodo", "3 periodos"."""
    words = translator(lang).ngettext("%(count)s period", "%(count)s periods", _plural(count))
    return _counted(words, count, lang)


def _plural(count: int | Decimal) -> int:
    return 1 if count == 1 else 2


def _counted(text: str, count: int | Decimal, lang: str) -> str:
    return text % {"count": format_number(count, lang)}


def join_texts(texts: list[str], lang: str = "es") -> str:
    """Return "a, b and c"."""
    *first, last = texts or [""]
    return f"{', '.join(first)} {translator(lang).gettext(_AND)} {last}" if first else last


# --- lights


def reason_title(code: str, lang: str = "es") -> str:
    """Return what a reason is called: "Vencido"."""
    return translate(messages.REASON_TITLES[code], lang)


def describe_reason(reason: Reason, lang: str = "es") -> str:
    """Return why an item is at risk, with its numbers: one plain sentence."""
    params = reason.params
    given = {name: _parameter(reason.code, name, value, lang) for name, value in params.items()}
    return translate(messages.REASONS[_variant(reason.code, params)], lang, given)


def _variant(code: str, params: Mapping[str, Any]) -> str:
    name = f"{code}.{params['how']}" if params.get("how") else code
    if code in ("R2", "R7") and not params.get("days"):
        name += ".today"
    if code == "R6" and params.get("plan"):
        name += ".elsewhere"
    if code == "manual" and not params.get("text"):
        name += ".no_reason"
    return name


def _parameter(code: str, name: str, value: Any, lang: str) -> str:
    if value is None:
        return ""
    if isinstance(value, dt.date):
        return format_day(value, lang)
    if isinstance(value, (int, Decimal)):
        if f"{code}.{name}" in _DAYS:
            return format_days(value, lang)
        if code == "R9" and name == "periods":
            return format_periods(int(value), lang)
        return format_percent(value, lang) if name in _PERCENT else format_number(value, lang)
    return str(value)


def label_name(code: str, lang: str = "es") -> str:
    """Return a label: "Sin programación"."""
    return translate(messages.LABELS[code], lang)


def light_name(light: str, lang: str = "es", settings: Settings | None = None) -> str:
    """Return what a light, or a state outside of them, is called: "En riesgo"; itself when unknown."""
    if settings:
        state = settings.states.get(light)
        return data.text(state.name, _base(lang)) if state else light
    states = data.load(data.SCHEMAS / "plans" / "tracking.yaml")["tracking"]["states"]
    return data.text(states[light]["name"], _base(lang)) if light in states else light


def _base(lang: str) -> str:
    return lang.split("_", maxsplit=1)[0].split("-", maxsplit=1)[0].lower()


def describe_break(code: str, lang: str = "es") -> str:
    """Return why an evidence proves nothing today."""
    return translate(messages.BREAKS[code], lang)


def describe_need(need: Need, lang: str = "es") -> str:
    """Return what a change of state still needs, as what to do."""
    return translate(messages.NEEDS[need.code], lang, need.params)


def completion_name(completion: Completion, lang: str = "es") -> str:
    """Return a level of completion."""
    return translate(messages.COMPLETIONS[completion.value], lang)


def verdict_role_name(role: VerdictRole, lang: str = "es") -> str:
    """Return who judges."""
    return translate(messages.VERDICT_ROLES[role.value], lang)


def describe_cut_state(state: CutState, lang: str = "es") -> str:
    """Return where a cut is, with its day or how late it was."""
    params = {"due": format_day(state.due, lang), "days": format_days(state.late_days, lang)}
    return translate(messages.CUT_STATES[state.state], lang, params)


# --- settings


def describe_settings(settings: Settings, lang: str = "es") -> list[tuple[str, str]]:
    """Return each setting by its name and its value in words, for the plan's page."""

    def named(name: str, value: str) -> tuple[str, str]:
        return translate(messages.SETTINGS[name], lang), value

    base = _base(lang)
    found = [
        named("cadence", data.text(settings.cadence.name, base)),
        named("weights", translate(messages.SETTINGS[f"weights.{settings.weights}"], lang)),
        named("count_unit", translate(messages.SETTINGS[f"count_unit.{settings.count_unit}"], lang)),
        named(
            "cut_days", join_texts([_month_day(month, day, lang) for month, day in settings.cut_days], lang)
        ),
        named(
            "publish_business_day",
            translate(
                messages.SETTINGS["publish"],
                lang,
                {"day": format_number(settings.publish_business_day, lang)},
            ),
        ),
        named("zones", "; ".join(describe_zones(settings, lang))),
        named(
            "excluded",
            join_texts([light_name(state.value, lang, settings) for state in settings.excluded], lang),
        ),
        named(
            "reminder_days",
            translate(
                messages.SETTINGS["reminders"],
                lang,
                {"days": join_texts([str(days) for days in settings.reminder_days], lang)},
            ),
        ),
    ]
    for threshold in settings.thresholds.values():
        number = 0 if threshold.value == 1 else 1
        unit = {code: words[number] for code, words in threshold.unit.items()}
        value = f"{format_number(threshold.value, lang)}\u00a0{data.text(unit, base)}"
        found.append((f"{threshold.reason}. {data.text(threshold.name, base)}", value))
    return found


def describe_zones(settings: Settings, lang: str = "es") -> list[str]:
    """Return each zone with where it begins and ends."""
    base = _base(lang)
    found = []
    for zone, after in zip(settings.zones, (*settings.zones[1:], None), strict=True):
        params = {
            "name": data.text(zone.name, base),
            "colour": data.text(zone.colour, base),
            "from": format_percent(zone.start, lang),
            "to": format_percent(after.start, lang) if after else "",
        }
        found.append(translate(messages.SETTINGS["zone.upto" if after else "zone"], lang, params))
    return found


def _month_day(month: int, day: int, lang: str) -> str:
    pattern = "d 'de' MMMM" if _locale(lang).startswith("es") else "MMMM d"
    return str(format_date(dt.date(2023, month, day), pattern, locale=_locale(lang)))


# --- the timeline


def describe_entry(entry: Entry, lang: str = "es") -> str:
    """Return one thing that happened, in a few words, without who did it."""
    given = {name: _entry_parameter(entry, name, value, lang) for name, value in entry.params.items()}
    return translate(messages.ENTRIES[entry.code], lang, given)


def _entry_parameter(entry: Entry, name: str, value: Any, lang: str) -> str:
    if value is None:
        return ""
    if name in ("state", "before", "after") and entry.kind != "change":
        return light_name(str(value), lang)
    if name == "reason" and entry.kind == "answer":
        return reason_title(value, lang) if value in messages.REASON_TITLES else str(value)
    if name == "completion":
        return translate(messages.COMPLETIONS[value], lang)
    if name == "breaks":
        return join_texts([describe_break(code, lang) for code in value], lang)
    if isinstance(value, dt.date):
        return format_day(value, lang)
    if name == "progress" or name == "value" and entry.params.get("percent"):
        return format_percent(value, lang)
    return format_number(value, lang) if isinstance(value, Decimal) else str(value)
