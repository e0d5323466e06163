"""Who reads an answer: the language, the day, and the names of organismos that it is serialized with."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from decimal import Decimal
from functools import cached_property
from typing import Any

from babel.dates import format_date, get_month_names

from ckanext.cost_common import language
from ckanext.ogp_plan import config, urls
from ckanext.ogp_plan.model import PlanRow
from ckanext.ogp_plan.planning import data
from ckanext.ogp_plan.planning.settings import Settings
from ckanext.ogp_plan.planning.status_types import Reason
from ckanext.ogp_plan.planning.words import phrases
from ckanext.ogp_plan.planning.words.render import Renderer
from ckanext.ogp_plan.services import organization as organization_service
from ckanext.ogp_plan.services import record as record_service
from ckanext.ogp_plan.services.permission import Person

#: Parameters of reasons that are days, and those that are numbers, as they are stored.
_DAY_PARAMETERS = frozenset({"due", "since"})
_NUMBER_PARAMETERS = frozenset(
    {"progress", "least", "expected", "points", "limit", "target", "missing", "best", "reach", "factor"}
)


class Reader:
    """Who reads, in which language, on which day; and what organismos are called."""

    def __init__(self, person: Person) -> None:
        self.person = person
        self.lang = language.current()
        self.base = self.lang.split("_", maxsplit=1)[0].split("-", maxsplit=1)[0].lower()
        self.today = record_service.today()
        self._words: dict[str, Renderer] = {}
        self.item_url = urls.OfItems()
        self._zone = config.timezone()

    @cached_property
    def names(self) -> dict[str, str]:
        """What organismos and their parts are called."""
        return organization_service.load_names()

    def called(self, organization: str | None) -> str:
        """Return how an organismo is called; its own id when nobody knows."""
        return self.names.get(organization or "", organization or "")

    def organization(self, name: str) -> dict[str, str]:
        """Return an organismo as ``{name, title}``."""
        return {"name": name, "title": self.called(name)}

    def words(self, family: str) -> Renderer:
        """Return the words of a family."""
        if family not in self._words:
            self._words[family] = Renderer(self.lang, record_service.family(family))
        return self._words[family]

    def text(self, words: Mapping[str, str] | str | None) -> str:
        """Return words of a data file in the reader's language."""
        return data.text(words, self.base)

    def light(self, light: str | None, settings: Settings) -> str | None:
        """Return what a light or a state is called."""
        return phrases.light_name(light, self.lang, settings) if light else None

    def month(self, number: int) -> str:
        """Return the name of a month (1–12)."""
        locale = "es_CO" if self.base == "es" else "en"
        return str(get_month_names("wide", locale=locale)[number])

    def days_since(self, at: dt.datetime | None) -> int | None:
        """Return how many days ago something was, in the portal's zone."""
        if at is None:
            return None
        return max((self.today - at.astimezone(self._zone).date()).days, 0)

    def period(self, start: dt.date, end: dt.date) -> str:
        """Return a period in words: a month by its name, else its days."""
        locale = "es_CO" if self.base == "es" else "en"
        if (
            start.day == 1
            and (end + dt.timedelta(days=1)).day == 1
            and start.strftime("%Y%m") == end.strftime("%Y%m")
        ):
            return str(format_date(start, "MMMM 'de' y" if self.base == "es" else "MMMM y", locale=locale))
        return (
            f"{format_date(start, 'd MMM y', locale=locale)} – {format_date(end, 'd MMM y', locale=locale)}"
        )

    def reasons(self, stored: Iterable[Mapping[str, Any]], plans: Mapping[str, str]) -> list[dict[str, Any]]:
        """Return the reasons of a light, in words.

        :param stored: as a status holds them.
        :param plans: id of a plan → its title, for what depends on another plan.
        """
        results = []
        for stored_reason in stored:
            params = {
                name: _parse_parameter(name, value)
                for name, value in (stored_reason.get("params") or {}).items()
            }
            if params.get("plan"):
                params["plan"] = plans.get(params["plan"], "")
            if params.get("organization"):
                params["organization"] = self.called(params["organization"])
            reason = Reason(stored_reason["code"], params)
            results.append(
                {
                    "code": stored_reason["code"],
                    "title": phrases.reason_title(stored_reason["code"], self.lang),
                    "text": phrases.describe_reason(reason, self.lang),
                    "params": dict(stored_reason.get("params") or {}),
                }
            )
        return results


def _parse_parameter(name: str, value: Any) -> Any:
    """A stored parameter of a reason as what it was: the store keeps days and decimals as texts."""
    if isinstance(value, str) and name in _DAY_PARAMETERS:
        return dt.date.fromisoformat(value)
    if isinstance(value, str) and name in _NUMBER_PARAMETERS:
        return Decimal(value)
    return value


def light_label(light: str, plan: PlanRow | None, reader: Reader) -> str:
    """Return what a light is called: in a plan's words, or in those common to all."""
    return phrases.light_name(light, reader.lang, record_service.effective_settings(plan) if plan else None)
