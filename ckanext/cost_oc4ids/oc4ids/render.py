"""A report in words: for people in their language, and for programs in one stable shape.

The shape of :func:`as_dict` is described by ``docs/report.schema.json``. Values
and names come from uploaded files and are hostile: nothing here treats them as
anything but text, HTML is escaped, and CSV cells cannot become formulas.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from . import messages, schema
from .i18n import translator
from .messages import N_
from .types import Finding, Place, Report, Severity

DEFAULT_LANGUAGE = "es"
#: codes of a closed list named in a remedy; longer lists are shown by their first
CODES_SHOWN = 12

_SEVERITIES = {
    Severity.ERROR: (N_("Error"), N_("Errors")),
    Severity.WARNING: (N_("Warning"), N_("Warnings")),
    Severity.NOTE: (N_("Note"), N_("Notes")),
}
_TYPES = {
    "string": N_("text"),
    "number": N_("a number"),
    "integer": N_("a whole number"),
    "boolean": N_("true or false"),
    "array": N_("a list"),
    "object": N_("an object"),
    "null": N_("null"),
}
#: what one element of a list is called, by the list's name; of others, their field's name and a number
_ELEMENTS = {
    "projects": N_("project %(number)s"),
    "contractingProcesses": N_("contract %(number)s"),
    "documents": N_("document %(number)s"),
    "parties": N_("organisation %(number)s"),
    "locations": N_("location %(number)s"),
    "milestones": N_("milestone %(number)s"),
    "suppliers": N_("supplier %(number)s"),
    "tenderers": N_("tenderer %(number)s"),
    "modifications": N_("modification %(number)s"),
    "transactions": N_("transaction %(number)s"),
    "releases": N_("release %(number)s"),
    "relatedProjects": N_("related project %(number)s"),
    "metrics": N_("metric %(number)s"),
    "forecasts": N_("forecast %(number)s"),
    "observations": N_("observation %(number)s"),
    "additionalClassifications": N_("classification %(number)s"),
    "beneficialOwners": N_("beneficial owner %(number)s"),
    "people": N_("person %(number)s"),
}
_OTHER_ELEMENT = N_("%(field)s, number %(number)s")
_WHOLE_FILE = N_("the whole file")


class Words:
    """Everything a language is asked for."""

    def __init__(self, lang: str) -> None:
        self.lang = lang
        self.gettext = translator(lang).gettext

    def __call__(self, text: str | None, **params: Any) -> str:
        return _fill(self.gettext(text), params) if text else ""

    def severity(self, severity: Severity, plural: bool = False) -> str:
        """The name of a weight."""
        return self.gettext(_SEVERITIES[severity][plural])

    def field(self, path: str) -> str:
        """The name of a field by its schema path; of an unknown one, its last name as written."""
        if not path:
            return ""
        return schema.label(path, self.lang) if schema.field(path) else path.rpartition("/")[2]

    def place(self, path: str) -> str:
        """Where a JSON Pointer leads, in words: "project 3, contract 2"."""
        parts = [part.replace("~1", "/").replace("~0", "~") for part in path.split("/")[1:]]
        if parts and parts[0].isdecimal():
            parts.insert(0, "projects")
        names: list[str] = []
        steps: list[str] = []
        for at, part in enumerate(parts):
            if not part.isdecimal() or at == 0:
                names.append(part)
                continue
            number = int(part) + 1 if len(part) < 12 else part
            name = parts[at - 1]
            if name in _ELEMENTS:
                steps.append(self(_ELEMENTS[name], number=number))
            elif not name.isdecimal():
                about = "/".join(names[1:] if names[:1] == ["projects"] else names)
                steps.append(self(_OTHER_ELEMENT, field=self.field(about), number=number))
        if not steps:
            return self.gettext(_WHOLE_FILE) if not parts else ""
        return ", ".join(steps)


@lru_cache(maxsize=32)
def words(lang: str | None) -> Words:
    """The words of a language; Spanish when none is given."""
    return Words(lang or DEFAULT_LANGUAGE)


_PARAM = re.compile(r"%\((\w+)\)s|%%")


def _fill(template: str, params: Mapping[str, Any]) -> str:
    """``%(name)s`` replaced; a name without a value stays away quietly: a sentence is never worth an
    error.
    """
    return _PARAM.sub(lambda m: "%" if m[1] is None else str(params.get(m[1], "…")), template)


# -- values
# -----------------------------------------------------------------------------------------------------


def show(value: Any) -> str:
    """A value as it is in JSON, on one line."""
    return json.dumps(value, ensure_ascii=False, separators=(", ", ": "))


def _size(size: Any) -> str:
    if not isinstance(size, int):
        return str(size)
    for unit, name in ((1 << 30, "GB"), (1 << 20, "MB"), (1 << 10, "kB")):
        if size >= unit:
            return f"{size / unit:.1f}".rstrip("0").rstrip(".") + f" {name}"
    return f"{size} B"


#: examples of values of which nobody knows what was meant
_EXAMPLES = {
    "schema.date_without_time": "2026-01-31T00:00:00-05:00",
    "schema.format_date_time": "2026-01-31T00:00:00-05:00",
    "schema.format_uri": "https://www.cali.gov.co/documento.pdf",
    "schema.format_email": "nombre@cali.gov.co",
}
_ALREADY_LISTED = N_('Remove it: the list already has "%(suggestion)s".')


def _removed(path: str) -> str:
    """What an operation removes: its name, or for an element of a list, the list's name and the index."""
    steps = [step.replace("~1", "/").replace("~0", "~") for step in path.split("/")]
    return "/".join(steps[-2:]) if steps[-1].isdecimal() else steps[-1]


def _remedy(finding: Finding, message: messages.Message) -> str:
    """The text of the remedy: that of the first place's fix where it has one."""
    fix = finding.places[0].fix if finding.places else None
    if not fix or not message.remedy_fixed:
        return message.remedy
    if fix[0]["op"] == "remove" and "suggestion" in finding.params:
        return _ALREADY_LISTED
    return message.remedy_fixed


# -- findings
# ---------------------------------------------------------------------------------------------------


def _params(finding: Finding, translate: Words) -> dict[str, Any]:
    """What the texts of a finding may mention, in the reader's language."""
    first = finding.places[0] if finding.places else Place("")
    known: dict[str, Any] = {
        "value": show(first.value),
        "field": translate.field(finding.field) or translate.gettext(_WHOLE_FILE),
        "name": finding.field.rpartition("/")[2],
        "place": translate.place(first.path),
    }
    if finding.code in _EXAMPLES:
        known["example"] = show(_EXAMPLES[finding.code])
    if first.fix and "value" in first.fix[0]:
        known["example"] = show(first.fix[0]["value"])
    elif first.fix and first.fix[0]["op"] == "remove":
        known["removed"] = _removed(first.fix[0]["path"])
    for name, value in finding.params.items():
        known[name] = _param(name, value, translate)
    if codes := schema.codelists().get(finding.params.get("codelist", "")):
        known["codes"] = ", ".join(codes.codes[:CODES_SHOWN]) + (", …" if len(codes) > CODES_SHOWN else "")
    return known


def _param(name: str, value: Any, translate: Words) -> Any:
    if name.endswith("_field") and isinstance(value, str):
        return translate.field(value)
    if name.endswith("_bytes"):
        return _size(value)
    if name == "types" and isinstance(value, list | tuple):
        return (" " + translate.gettext(N_("or")) + " ").join(
            translate(_TYPES.get(each, each)) for each in value
        )
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value)) or "—"
    return value


_UNKNOWN = messages.Message(
    "",
    Severity.NOTE,
    N_("A finding of another version"),
    N_("This finding (%(code)s) comes from a version of the checks that is not installed here."),
    N_("Ask for the file to be checked again."),
    "",
)


def _message(code: str) -> messages.Message:
    try:
        return messages.get(code)
    except KeyError:
        from . import checks  # noqa: PLC0415 - checks register their words when they are loaded

        checks.load()
    try:
        return messages.get(code)
    except KeyError:
        return _UNKNOWN


def finding_as_dict(finding: Finding, lang: str | None = None) -> dict[str, Any]:
    """One finding with its words; see ``docs/report.schema.json``."""
    translate = words(lang)
    message = _message(finding.code)
    params = {"code": finding.code, **_params(finding, translate)}
    first = finding.places[0] if finding.places else Place("")
    return {
        "code": finding.code,
        "severity": finding.severity.value,
        "title": translate(message.title, **params),
        "path": first.path,
        "place": params["place"],
        "project_id": first.project_id,
        "field": translate.field(finding.field),
        "field_path": finding.field,
        "value": first.value,
        "message": translate(message.message, **params),
        "remedy": translate(_remedy(finding, message), **params),
        "source": translate(message.source),
        "occurrences": finding.occurrences,
        "places": [
            {
                "path": place.path,
                "place": translate.place(place.path),
                "project_id": place.project_id,
                "value": place.value,
                **({"fix": place.fix} if place.fix else {}),
            }
            for place in finding.places
        ],
    }


def as_dict(report: Report, lang: str | None = None) -> dict[str, Any]:
    """The report as plain values with words: what the API, the command and the pages use."""
    return {
        "schema_version": report.schema_version,
        "checks_version": report.checks_version,
        "valid": report.valid,
        "unreadable": report.unreadable,
        "projects": report.projects,
        "counts": dict(report.counts),
        "findings": [finding_as_dict(finding, lang) for finding in report.findings],
        "truncated": report.truncated,
    }


def as_json(report: Report, lang: str | None = None, **more: Any) -> str:
    """:func:`as_dict` as JSON text; ``more`` are members put before it (the file's name)."""
    return json.dumps({**more, **as_dict(report, lang)}, ensure_ascii=False, indent=2)


def summary(report: Report, lang: str | None = None) -> str:
    """The result in one sentence."""
    translate = words(lang)
    if report.unreadable:
        return translate(N_("The file cannot be read as OC4IDS."))
    counts = translate(
        N_("Projects: %(projects)s; errors: %(error)s, warnings: %(warning)s, notes: %(note)s."),
        projects=report.projects,
        **report.counts,
    )
    sentence = (
        N_("The file conforms to OC4IDS %(version)s.")
        if report.valid
        else N_("The file does not conform to OC4IDS %(version)s yet: its errors must be corrected.")
    )
    return translate(sentence, version=report.schema_version) + " " + counts


def as_text(report: Report, lang: str | None = None, name: str = "") -> str:
    """The report for a terminal. Control characters of the file never reach it."""
    translate = words(lang)
    lines = [f"{name}: {summary(report, lang)}" if name else summary(report, lang)]
    for finding in as_dict(report, lang)["findings"]:
        severity = translate.severity(Severity(finding["severity"]))
        lines += [
            "",
            f"[{severity}] {finding['title']}  ({finding['code']})",
            f"  {finding['message']}",
            f"  → {finding['remedy']}",
        ]
        for place in finding["places"][:3]:
            where = place["path"] or "/"
            lines.append(
                "    " + where + (f"  ({place['place']})" if place["place"] and place["path"] else "")
            )
        rest = finding["occurrences"] - min(3, len(finding["places"]))
        if rest > 0:
            lines.append("    " + translate(N_("and %(number)s more"), number=rest))
    if report.truncated:
        lines += ["", translate(_TRUNCATED)]
    return "\n".join(_printable(line) for line in lines) + "\n"


_TRUNCATED = N_("The report shows the first places of each finding; everything was counted.")


def _printable(line: str) -> str:
    # also the marks that turn the direction of writing, which can make a line say something else
    return "".join(char if char.isprintable() or char == " " else "�" for char in line)


# -- HTML
# -------------------------------------------------------------------------------------------------------

_STYLE = """
body{font:1rem/1.5 system-ui,sans-serif;color:#1b1b1b;background:#fff;
max-width:60rem;margin:0 auto;padding:1rem}
h1{font-size:1.6rem}h2{font-size:1.3rem;margin-top:2rem}h3{font-size:1.1rem;margin:0}
.result{border-left:.5rem solid;padding:.5rem 1rem;background:#f4f4f4}
.valid{border-color:#1a6b32}.invalid{border-color:#a3001b}
article{border:1px solid #767676;border-radius:.25rem;padding:1rem;margin:1rem 0}
.error{border-left:.5rem solid #a3001b}.warning{border-left:.5rem solid #8a5a00}
.note{border-left:.5rem solid #0b5394}
code,.value{font-family:ui-monospace,monospace;overflow-wrap:anywhere}
p{overflow-wrap:anywhere;margin:.5rem 0}
table{border-collapse:collapse;width:100%}th,td{border:1px solid #767676;padding:.25rem .5rem;text-align:left;
vertical-align:top;overflow-wrap:anywhere}
th{overflow-wrap:normal}caption{text-align:left;font-weight:bold;padding:.25rem 0}
summary{cursor:pointer;padding:.25rem 0}
summary:focus-visible{outline:.2rem solid #0b5394}
"""


def as_html(report: Report, lang: str | None = None, name: str = "") -> str:
    """The report as a self-contained page: no scripts, nothing fetched, read by keyboard and
    screen reader.
    """
    translate = words(lang)
    data = as_dict(report, lang)
    kind = "valid" if report.valid else "invalid"
    title = translate(N_("OC4IDS report")) + (f": {name}" if name else "")
    parts = [
        "<!DOCTYPE html>",
        f'<html lang="{_e((lang or DEFAULT_LANGUAGE).replace("_", "-"))}">',
        "<head>",
        '<meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        '<meta http-equiv="Content-Security-Policy" '
        "content=\"default-src 'none'; style-src 'unsafe-inline'\">",
        f"<title>{_e(title)}</title>",
        f"<style>{_STYLE}</style>",
        "</head>",
        "<body>",
        "<main>",
        f"<h1>{_e(title)}</h1>",
        f'<p class="result {kind}"><strong>{_e(summary(report, lang))}</strong></p>',
    ]
    for severity in Severity:
        found = [finding for finding in data["findings"] if finding["severity"] == severity.value]
        if found:
            parts.append(
                f"<h2>{_e(translate.severity(severity, plural=True))} ({report.counts[severity.value]})</h2>"
            )
            parts += [_article(finding, translate) for finding in found]
    if report.truncated:
        parts.append(f"<p>{_e(translate(_TRUNCATED))}</p>")
    parts += ["</main>", "</body>", "</html>"]
    return "\n".join(parts) + "\n"


def _e(text: Any) -> str:
    import html  # noqa: PLC0415 - dear to load, and only a page needs it

    return html.escape(str(text), quote=True)


# outside the f-strings below: what collects strings for translators does not look into those
_TO_DO = N_("What to do")
_RULE = N_("Rule")
_PLACES = N_("Places")


def _article(finding: dict[str, Any], translate: Words) -> str:
    rows = "".join(
        "<tr>"
        f"<td>{_e(place['place'] or '—')}</td>"
        f"<td><code>{_e(place['path'] or '/')}</code></td>"
        f"<td>{_e(place['project_id'] or '—')}</td>"
        f'<td class="value">{_e("—" if place["value"] is None else show(place["value"]))}</td>'
        "</tr>"
        for place in finding["places"]
    )
    displayed = len(finding["places"])
    times = translate(N_("Places: %(shown)s of %(all)s"), shown=displayed, all=finding["occurrences"])
    heads = "".join(
        f'<th scope="col">{_e(translate(head))}</th>'
        for head in (N_("Place"), N_("Path in the file (JSON Pointer)"), N_("Project"), N_("Value"))
    )
    about = f"{finding['title']}: {finding['field']}" if finding["field"] else finding["title"]
    return (
        f'<article class="{_e(finding["severity"])}">'
        f"<h3>{_e(about)}</h3>"
        f"<p>{_e(finding['message'])}</p>"
        f"<p><strong>{_e(translate(_TO_DO))}:</strong> {_e(finding['remedy'])}</p>"
        f"<p><small>{_e(translate(_RULE))}: {_e(finding['source'])} · "
        f"<code>{_e(finding['code'])}</code></small></p>"
        f"<details><summary>{_e(times)}</summary>"
        f"<table><caption>{_e(translate(_PLACES))}</caption><thead><tr>{heads}</tr></thead>"
        f"<tbody>{rows}</tbody></table></details>"
        "</article>"
    )
