"""Findings of one file: grouped, counted, with the first places of each kept."""

from __future__ import annotations

from typing import Any

from . import messages, schema
from .checks.codes import suggest_code
from .types import Finding, Options, Place, Report, Severity, shorten

_FIELD_KEPT = 300


class Collector:
    """Gathers findings: grouped, counted, the first places kept."""

    def __init__(self, options: Options) -> None:
        self.options = options
        self.groups: dict[tuple[Any, ...], Finding] = {}
        self.counts = {severity.value: 0 for severity in Severity}
        self._kinds = dict.fromkeys(Severity, 0)
        self.truncated = False
        #: findings in the order of their first places
        self.in_order: list[Finding] = []
        self._severities: dict[str, Severity] = {}

    def severity(self, code: str) -> Severity:
        """The weight of a code here: configuration may raise a warning to an error."""
        found = self._severities.get(code)
        if found is None:
            found = messages.get(code).severity
            if found is Severity.WARNING and code in self.options.raise_to_error:
                found = Severity.ERROR
            self._severities[code] = found
        return found

    def add(
        self,
        code: str,
        about: str,
        path: str,
        project_id: str | None,
        value: Any,
        params: Any,
        fix: list[dict[str, Any]] | None = None,
    ) -> None:
        """Count one occurrence, and keep its place while there is room."""
        finding = self.count(code, about, params)
        if finding is not None:
            self.keep(finding, path, project_id, value, fix)

    def count(self, code: str, about: str, params: Any, times: int = 1) -> Finding | None:
        """Count occurrences; the finding that still wants its place (:meth:`keep`), or None."""
        about = about if len(about) <= _FIELD_KEPT else about[:_FIELD_KEPT] + "…"
        params = {name: _short(value) for name, value in params.items()} if params else params
        severity = self.severity(code)
        self.counts[severity.value] += times
        key = (code, about, frozen(params)) if params else (code, about)
        finding = self.groups.get(key)
        if finding is None:
            # each weight has room of its own: a thousand notes must not hide one error
            if self._kinds[severity] >= self.options.findings_kept:
                self.truncated = True
                return None
            self._kinds[severity] += 1
            finding = Finding(code, severity, about, params or {})
            self.groups[key] = finding
        finding.occurrences += times
        if finding.occurrences > self.options.places_kept:
            self.truncated = True
            return None
        return finding

    def keep(
        self,
        finding: Finding,
        path: str,
        project_id: str | None,
        value: Any,
        fix: list[dict[str, Any]] | None = None,
    ) -> None:
        """Add a place to a finding that wants it."""
        if not finding.places:
            self.in_order.append(finding)
        # a hostile name can make a pointer of megabytes
        path = path if len(path) <= 1000 else path[:1000] + "…"
        finding.places.append(Place(path, project_id, shorten(value), fix))

    def report(self) -> Report:
        """Everything gathered: errors first, then in the order in which first places were kept."""
        weight = {Severity.ERROR: 0, Severity.WARNING: 1, Severity.NOTE: 2}
        order = {id(finding): at for at, finding in enumerate(self.in_order)}
        last = len(order)
        found = sorted(
            self.groups.values(), key=lambda each: (weight[each.severity], order.get(id(each), last))
        )
        if len(found) > self.options.findings_kept:
            del found[self.options.findings_kept :]
            self.truncated = True
        for finding in found:
            if finding.code == "code.closed":
                _complete_code(finding)
        return Report(
            valid=self.counts[Severity.ERROR.value] == 0,
            findings=found,
            counts=self.counts,
            truncated=self.truncated,
        )


def _complete_code(finding: Finding) -> None:
    """Add the list's name, and the code that was probably meant, to a code outside its closed list."""
    described = schema.field(finding.field)
    if described is None or not described.codelist:
        return
    finding.params["codelist"] = described.codelist
    written = finding.params.get("written")
    meant = suggest_code(described.codelist, written) if isinstance(written, str) else None
    if meant:
        finding.params["suggestion"] = meant


def _short(value: Any) -> Any:
    return shorten(value) if isinstance(value, str) else value


def frozen(params: Any) -> tuple[Any, ...]:
    return tuple(
        (name, tuple(value) if isinstance(value, list | tuple) else value)
        for name, value in sorted(params.items())
    )
