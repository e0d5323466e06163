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


def say(source: str, lang: str, params: Mapping[str, Any] | None = None) -> str:
    """Return one of our texts with its parameters; one that is not there shows as nothing."""
    text = translator(lang).gettext(source)
    return text % _Filled(params or {}) if params is not None and "%(" in text else text


class _Filled(dict[str, Any]):
    def __missing__(self, key: str) -> str:
        return ""


@lru_cache(maxsize=8192)
def day_words(day: dt.date, lang: str = "es") -> str:
    """Return a day as people write it: "30 de abril de 2026"."""
    return str(format_date(day, "long", locale=_locale(lang)))


@lru_cache(maxsize=8192)
def number_words(value: Decimal | int, lang: str = "es", places: int = 2) -> str:
    """Return a number as people write it, rounded to so many places: "5.000", "12,5"."""
    pattern = "#,##0." + "#" * places if places else "#,##0"
    return str(format_decimal(value, pattern, locale=_locale(lang)))


def percent_words(value: Decimal | int, lang: str = "es") -> str:
    """Return a percentage (0 to 100): "59,5 %" in Spanish, "59.5%" in English."""
    return number_words(value, lang, 1) + ("\u00a0%" if _locale(lang).startswith("es") else "%")


def days_words(count: int | Decimal, lang: str = "es") -> str:
    """Return "1 día", "45 días"."""
    return _counted(translator(lang).ngettext("%(count)s day", "%(count)s days", _plural(count)), count, lang)


def periods_words(count: int, lang: str = "es") -> str:
    """Return "1 periodo", "3 periodos"."""
    words = translator(lang).ngettext("%(count)s period", "%(count)s periods", _plural(count))
    return _counted(words, count, lang)


def _plural(count: int | Decimal) -> int:
    return 1 if count == 1 else 2


def _counted(text: str, count: int | Decimal, lang: str) -> str:
    return text % {"count": number_words(count, lang)}


def joined(texts: list[str], lang: str = "es") -> str:
    """Return "a, b and c"."""
    *first, last = texts or [""]
    return f"{', '.join(first)} {translator(lang).gettext(_AND)} {last}" if first else last


# --- lights


def reason_title(code: str, lang: str = "es") -> str:
    """Return what a reason is called: "Vencido"."""
    return say(messages.REASON_TITLES[code], lang)


def reason_words(reason: Reason, lang: str = "es") -> str:
    """Return why an item is at risk, with its numbers: one plain sentence."""
    params = reason.params
    given = {name: _parameter(reason.code, name, value, lang) for name, value in params.items()}
    return say(messages.REASONS[_variant(reason.code, params)], lang, given)


def _variant(code: str, params: Mapping[str, Any]) -> str:
    name = f"{code}.{params['how']}" if params.get("how") else code
    if code in ("R2", "R7") and not params.get("days"):
        name += ".today"
    if code == "R6" and params.get("plan"):
        name += ".elsewhere"
    if code == "manual" and not params.get("text"):
        name += ".unsaid"
    return name


def _parameter(code: str, name: str, value: Any, lang: str) -> str:
    if value is None:
        return ""
    if isinstance(value, dt.date):
        return day_words(value, lang)
    if isinstance(value, (int, Decimal)):
        if f"{code}.{name}" in _DAYS:
            return days_words(value, lang)
        if code == "R9" and name == "periods":
            return periods_words(int(value), lang)
        return percent_words(value, lang) if name in _PERCENT else number_words(value, lang)
    return str(value)


def label_words(code: str, lang: str = "es") -> str:
    """Return a label: "Sin programación"."""
    return say(messages.LABELS[code], lang)


def light_words(light: str, lang: str = "es", settings: Settings | None = None) -> str:
    """Return what a light, or a state outside of them, is called: "En riesgo"; itself when unknown."""
    if settings:
        state = settings.states.get(light)
        return data.text(state.name, _base(lang)) if state else light
    states = data.load(data.SCHEMAS / "plans" / "tracking.yaml")["tracking"]["states"]
    return data.text(states[light]["name"], _base(lang)) if light in states else light


def _base(lang: str) -> str:
    return lang.split("_", maxsplit=1)[0].split("-", maxsplit=1)[0].lower()


def break_words(code: str, lang: str = "es") -> str:
    """Return why an evidence proves nothing today."""
    return say(messages.BREAKS[code], lang)


def need_words(need: Need, lang: str = "es") -> str:
    """Return what a change of state still needs, as what to do."""
    return say(messages.NEEDS[need.code], lang, need.params)


def completion_words(one: Completion, lang: str = "es") -> str:
    """Return a level of completion."""
    return say(messages.COMPLETIONS[one.value], lang)


def verdict_role_words(role: VerdictRole, lang: str = "es") -> str:
    """Return who judges."""
    return say(messages.VERDICT_ROLES[role.value], lang)


def cut_state_words(state: CutState, lang: str = "es") -> str:
    """Return where a cut is, with its day or how late it was."""
    params = {"due": day_words(state.due, lang), "days": days_words(state.late_days, lang)}
    return say(messages.CUT_STATES[state.state], lang, params)


# --- settings


def settings_words(one: Settings, lang: str = "es") -> list[tuple[str, str]]:
    """Return each setting by its name and its value in words, for the plan's page."""

    def named(name: str, value: str) -> tuple[str, str]:
        return say(messages.SETTINGS[name], lang), value

    base = _base(lang)
    found = [
        named("cadence", data.text(one.cadence.name, base)),
        named("weights", say(messages.SETTINGS[f"weights.{one.weights}"], lang)),
        named("count_unit", say(messages.SETTINGS[f"count_unit.{one.count_unit}"], lang)),
        named("cut_days", joined([_month_day(month, day, lang) for month, day in one.cut_days], lang)),
        named(
            "publish_business_day",
            say(messages.SETTINGS["publish"], lang, {"day": number_words(one.publish_business_day, lang)}),
        ),
        named("zones", "; ".join(zones_words(one, lang))),
        named("excluded", joined([light_words(state.value, lang, one) for state in one.excluded], lang)),
        named(
            "reminder_days",
            say(
                messages.SETTINGS["reminders"],
                lang,
                {"days": joined([str(days) for days in one.reminder_days], lang)},
            ),
        ),
    ]
    for threshold in one.thresholds.values():
        value = f"{number_words(threshold.value, lang)}\u00a0{data.text(threshold.unit, base)}"
        found.append((f"{threshold.reason}. {data.text(threshold.name, base)}", value))
    return found


def zones_words(one: Settings, lang: str = "es") -> list[str]:
    """Return each zone with where it begins and ends."""
    base = _base(lang)
    found = []
    for zone, after in zip(one.zones, (*one.zones[1:], None), strict=True):
        params = {
            "name": data.text(zone.name, base),
            "colour": data.text(zone.colour, base),
            "from": percent_words(zone.start, lang),
            "to": percent_words(after.start, lang) if after else "",
        }
        found.append(say(messages.SETTINGS["zone.upto" if after else "zone"], lang, params))
    return found


def _month_day(month: int, day: int, lang: str) -> str:
    pattern = "d 'de' MMMM" if _locale(lang).startswith("es") else "MMMM d"
    return str(format_date(dt.date(2023, month, day), pattern, locale=_locale(lang)))


# --- the timeline


def entry_words(entry: Entry, lang: str = "es") -> str:
    """Return one thing that happened, in a few words, without who did it."""
    given = {name: _entry_parameter(entry, name, value, lang) for name, value in entry.params.items()}
    return say(messages.ENTRIES[entry.code], lang, given)


def _entry_parameter(entry: Entry, name: str, value: Any, lang: str) -> str:
    if value is None:
        return ""
    if name in ("state", "before", "after") and entry.kind != "change":
        return light_words(str(value), lang)
    if name == "reason" and entry.kind == "answer":
        return reason_title(value, lang) if value in messages.REASON_TITLES else str(value)
    if name == "completion":
        return say(messages.COMPLETIONS[value], lang)
    if name == "breaks":
        return joined([break_words(code, lang) for code in value], lang)
    if isinstance(value, dt.date):
        return day_words(value, lang)
    if name == "progress" or name == "value" and entry.params.get("percent"):
        return percent_words(value, lang)
    return number_words(value, lang) if isinstance(value, Decimal) else str(value)
