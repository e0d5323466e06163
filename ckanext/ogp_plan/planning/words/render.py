"""An act in words: codes and parameters of :mod:`.importers.act` in the reader's language."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ckanext.ogp_plan.planning.families import Family
from ckanext.ogp_plan.planning.importers.act import Finding, Option, Question, Unreadable
from ckanext.ogp_plan.planning.types import Place
from ckanext.ogp_plan.planning.words import messages
from ckanext.ogp_plan.planning.words.i18n import N_, translator

#: Words that only this module uses.
_AND = N_("and")


class Renderer:
    """Says findings, questions and places in one language.

    :param lang: a language tag; default Spanish.
    :param family: whose names of levels and fields are used, when it is known.
    """

    def __init__(self, lang: str = "es", family: Family | None = None) -> None:
        self.lang = lang
        self.words = translator(lang)
        self.names: dict[str, str] = {}
        if family:
            base = lang.split("_", maxsplit=1)[0].split("-", maxsplit=1)[0]
            for spec in family.fields:
                self.names[spec.name] = spec.label.get(base) or spec.label.get("es", spec.name)
            for level in family.levels:
                self.names[level.id] = level.name.get(base) or level.name.get("es", level.id)

    def translate(self, source: str, params: Mapping[str, Any] | None = None) -> str:
        """Return one of our texts with its parameters filled."""
        text = self.words.gettext(source)
        return text % _Filled(params or {}, self) if params is not None and "%(" in text else text

    def title(self, kind: str) -> str:
        """Return what findings of a kind are called together."""
        return self.translate(messages.FINDINGS[kind].title)

    def why(self, finding: Finding | Question) -> str:
        """Return the reason of a finding, or what a question asks."""
        return self.translate(messages.FINDINGS[finding.kind].why, finding.params)

    def option(self, option: Option) -> str:
        """Return the words of one possible answer."""
        return self.translate(messages.OPTIONS[option.label], option.params)

    def reason(self, error: Unreadable) -> tuple[str, str]:
        """Return why a source cannot be read, and what to do."""
        message = messages.ERRORS[error.kind]
        return self.translate(message.title, error.params), self.translate(message.why, error.params)

    def place(self, place: Place) -> str:
        """Return the place of something; "" when that is the whole document."""
        params = {"line": place.line, "sheet": place.sheet, "cell": place.cell, "to": place.to}
        if place.line is not None:
            return self.translate(
                N_("Line %(line)s") if place.to is None else N_("Lines %(line)s to %(to)s"), params
            )
        if place.sheet and place.cell:
            entry, many = (
                N_("Sheet %(sheet)s, cell %(cell)s"),
                N_("Sheet %(sheet)s, cells %(cell)s to %(to)s"),
            )
            return self.translate(entry if place.to is None else many, params)
        if place.sheet:
            return self.translate(N_("Sheet %(sheet)s"), params)
        return self.translate(N_("Cell %(cell)s"), params) if place.cell else ""

    def parameter(self, name: str, value: Any) -> str:
        """Return a parameter as people read it: fields and levels by their names, lists with "and"."""
        if isinstance(value, (list, tuple)):
            return self.joined([self.parameter(name.removesuffix("s"), element) for element in value])
        text = str(value)
        if name in ("field", "missing_field", "level", "column", "detail", "name"):
            known = messages.FIELDS.get(text)
            own = self.names.get(text, "")
            return own[:1].lower() + own[1:] if own else self.translate(known) if known else text
        return text

    def joined(self, texts: Iterable[str]) -> str:
        """Return "a, b and c"."""
        *first, last = list(texts) or [""]
        return f"{', '.join(first)} {self.translate(_AND)} {last}" if first else last


class _Filled(dict[str, str]):
    """Parameters filled when a text asks for them; one that is not there shows as nothing."""

    def __init__(self, params: Mapping[str, Any], renderer: Renderer) -> None:
        super().__init__((name, renderer.parameter(name, value)) for name, value in params.items())

    def __missing__(self, key: str) -> str:
        return ""
