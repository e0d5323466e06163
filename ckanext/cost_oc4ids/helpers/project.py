"""What the pages of projects show in words: money, days, codes and addresses."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit

from babel.numbers import format_compact_decimal, format_currency
from markupsafe import Markup

from ckanext.cost_common import language
from ckanext.cost_common.helpers import formatting
from ckanext.cost_oc4ids import config, urls
from ckanext.cost_oc4ids.oc4ids import schema
from ckanext.cost_oc4ids.oc4ids.summary import Money

#: Figures under this are short enough to read as they are.
LONG_FIGURE = Decimal(1_000_000)


def _money(value: Money | Mapping[str, Any] | None) -> Money | None:
    if value is None or isinstance(value, Money):
        return value
    return Money(value["amount"], value["currency"])


def oc4ids_money(value: Money | Mapping[str, Any] | None) -> Markup:
    """An amount as it is written where the reader lives, followed by the currency's code.

    Cents are written only when there are some. Empty for None.
    """
    money = _money(value)
    if money is None:
        return Markup("")
    whole = money.amount == money.amount.to_integral_value()
    locale = formatting.current_locale()
    digits = "0" if whole else "00"
    pattern = {"es_CO": "¤ #,##0", "en": "¤#,##0"}.get(str(locale), "¤ #,##0") + (
        "" if whole else f".{digits}"
    )
    text = format_currency(money.amount, money.currency, pattern, locale=locale, currency_digits=False)
    return Markup('<span class="oc4ids-amount">{} <abbr title="{}">{}</abbr></span>').format(
        text.replace(money.currency, "").strip(),
        schema.code_title("currency", money.currency, language.current()),
        money.currency,
    )


def oc4ids_money_in_words(value: Money | Mapping[str, Any] | None) -> str:
    """A long amount in short words (``45,6 mil millones``); empty for one that is short already."""
    money = _money(value)
    if money is None or abs(money.amount) < LONG_FIGURE:
        return ""
    return format_compact_decimal(
        money.amount, format_type="long", locale=formatting.current_locale(), fraction_digits=1
    )


def oc4ids_day(value: dt.date | str | None, width: str = "long") -> str:
    """A calendar day in words; ``value`` a date or text that begins with one (``2026-11-21``)."""
    if not value:
        return ""
    day = dt.date.fromisoformat(value[:10]) if isinstance(value, str) else value
    return formatting.format_day(day, width)


def oc4ids_moment_day(value: str | dt.datetime | None, width: str = "long") -> str:
    """The day of a moment in the portal's zone, in words."""
    if not value:
        return ""
    moment = dt.datetime.fromisoformat(value) if isinstance(value, str) else value
    return oc4ids_day(moment.astimezone(config.timezone()).date(), width)


def oc4ids_number(value: int) -> str:
    """A whole number as it is written where the reader lives."""
    return formatting.format_number(value)


def oc4ids_code(codelist: str, code: str | None) -> str:
    """Our title of a code; an unknown one as it came."""
    return schema.code_title(codelist, code, language.current()) if code else ""


def oc4ids_code_description(codelist: str, code: str | None) -> str:
    """What a code means, in a sentence; empty for an unknown one."""
    return schema.code_description(codelist, code, language.current()) if code else ""


def oc4ids_codes(codelist: str, codes: list[str] | tuple[str, ...]) -> str:
    """Titles of several codes, separated by commas."""
    return ", ".join(oc4ids_code(codelist, code) for code in codes)


def oc4ids_specific_codes(codes: list[str]) -> list[str]:
    """Codes without those whose part (``transport`` of ``transport.road``) is there too."""
    return [code for code in codes if not any(other.startswith(f"{code}.") for other in codes)]


def oc4ids_project_url(project_id: str) -> str:
    """The address of a project's page."""
    return urls.page_url(project_id)


def oc4ids_project_json_url(project_id: str) -> str:
    """The address of a project's package."""
    return urls.json_url(project_id)


def oc4ids_host(address: str) -> str:
    """The host of a web address, for saying where a link leads."""
    return urlsplit(address).hostname or ""


def oc4ids_stage_class(status: str | None) -> str:
    """The style of a stage's badge; unknown stages have a plain one."""
    known = schema.codelists()["projectStatus"]
    return f"oc4ids-stage-{status}" if status in known else "oc4ids-stage-unknown"


def get_helpers() -> dict[str, Callable[..., Any]]:
    """Return the helpers of the pages of projects by name."""
    return {
        "oc4ids_money": oc4ids_money,
        "oc4ids_money_in_words": oc4ids_money_in_words,
        "oc4ids_day": oc4ids_day,
        "oc4ids_moment_day": oc4ids_moment_day,
        "oc4ids_number": oc4ids_number,
        "oc4ids_code": oc4ids_code,
        "oc4ids_code_description": oc4ids_code_description,
        "oc4ids_codes": oc4ids_codes,
        "oc4ids_specific_codes": oc4ids_specific_codes,
        "oc4ids_project_url": oc4ids_project_url,
        "oc4ids_project_json_url": oc4ids_project_json_url,
        "oc4ids_host": oc4ids_host,
        "oc4ids_stage_class": oc4ids_stage_class,
    }
