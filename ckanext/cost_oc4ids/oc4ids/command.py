"""The command ``check FILE…``: the report on a terminal, without CKAN.

Exit status: 0 when every file is valid, 1 when one is not, 2 when one cannot be
read (the worst of all files); 2 too for a mistake in the command itself.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import os
import sys
from collections.abc import Sequence
from typing import BinaryIO

from . import render, validator
from .i18n import translator
from .messages import N_
from .reading import open_package
from .types import Options, PreviousVersion, Report, Unreadable

VALID, INVALID, UNREADABLE = 0, 1, 2


def previous_version(source: BinaryIO, options: Options | None = None) -> PreviousVersion:
    """What an earlier file stated of each project, for ``history.*``. :raises Unreadable: when it
    cannot be read.
    """
    options = options or Options()
    reader = open_package(source, options)
    found: dict[str, tuple[str | None, str | None, str | None]] = {}
    for raw in reader.projects():
        project = reader.parse(raw)
        if not isinstance(project, dict) or not isinstance(project.get("id"), str):
            continue
        period = project.get("period")
        period = period if isinstance(period, dict) else {}
        stated = (project.get("status"), period.get("startDate"), period.get("endDate"))
        status, start, end = (each if isinstance(each, str) else None for each in stated)
        found.setdefault(project["id"], (status, start, end))
    return PreviousVersion(found)


def _parser(lang: str) -> argparse.ArgumentParser:
    translate = translator(lang).gettext
    parser = argparse.ArgumentParser(
        prog="python -m ckanext.cost_oc4ids.oc4ids",
        description=translate(N_("Checks files of infrastructure projects (OC4IDS).")),
    )
    commands = parser.add_subparsers(dest="command", required=True)
    check = commands.add_parser("check", help=translate(N_("Check files and say what to correct.")))
    check.add_argument(
        "files",
        nargs="+",
        metavar="FILE",
        help=translate(N_("JSON file, plain or gzip; - for standard input")),
    )
    check.add_argument(
        "--format", choices=("text", "json", "html"), default="text", help=translate(N_("form of the report"))
    )
    check.add_argument(
        "--lang", choices=schema_languages(), default=lang, help=translate(N_("language of the report"))
    )
    check.add_argument(
        "--previous", metavar="FILE", help=translate(N_("earlier version of the file, to compare with"))
    )
    check.add_argument(
        "--as-of",
        type=dt.date.fromisoformat,
        metavar="DATE",
        help=translate(N_("day that counts as today, as 2026-01-31")),
    )
    check.add_argument(
        "--prefix", metavar="P", help=translate(N_("registered prefix of project identifiers"))
    )
    check.add_argument(
        "--jobs",
        type=_jobs,
        default=_cores(),
        metavar="N",
        help=translate(N_("processes that share the work on a large file; as many as processors by default")),
    )
    return parser


def schema_languages() -> tuple[str, ...]:
    """Languages reports can be written in, the default first."""
    return ("es", "en")


def _jobs(text: str) -> int:
    """A number of processes. :raises ValueError: for what is none."""
    count = int(text)
    if count < 1:
        raise ValueError(text)
    return count


def _cores() -> int:
    """Processors that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _language(arguments: Sequence[str]) -> str:
    """The language of the help itself, wanted before arguments are read."""
    for at, each in enumerate(arguments):
        if each.startswith("--lang="):
            return "en" if each[7:] == "en" else "es"
        if each == "--lang" and at + 1 < len(arguments):
            return "en" if arguments[at + 1] == "en" else "es"
    return "es"


def _validate(name: str, options: Options) -> Report:
    if name == "-":
        return validator.validate(sys.stdin.buffer, options)
    with open(name, "rb") as file:
        return validator.validate(file, options)


def _write(reports: list[tuple[str, Report]], form: str, lang: str) -> None:
    out = sys.stdout
    if form == "json":
        # one file: the documented shape itself; several: a list of them, each with its file's name
        if len(reports) == 1:
            out.write(render.as_json(reports[0][1], lang) + "\n")
        else:
            listed = [{"file": name, **render.as_dict(report, lang)} for name, report in reports]
            out.write(json.dumps(listed, ensure_ascii=False, indent=2) + "\n")
    elif form == "html":
        for name, report in reports:
            out.write(render.as_html(report, lang, name))
    else:
        out.write("\n".join(render.as_text(report, lang, name) for name, report in reports))


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; the exit status."""
    arguments = sys.argv[1:] if arguments is None else arguments
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            # a terminal in another encoding shows a question mark rather than a traceback
            stream.reconfigure(encoding="utf-8" if not stream.isatty() else None, errors="replace")
    parsed = _parser(_language(arguments)).parse_args(arguments)
    translate = translator(parsed.lang).gettext
    previous = None
    try:
        if parsed.previous:
            with open(parsed.previous, "rb") as file:
                previous = previous_version(file)
    except (OSError, Unreadable) as error:
        reason = error.strerror if isinstance(error, OSError) else error.code
        print(
            translate(N_("The earlier version cannot be read:")),
            f"{parsed.previous}: {reason}",
            file=sys.stderr,
        )
        return UNREADABLE
    options = Options(as_of=parsed.as_of, prefix=parsed.prefix, previous=previous, jobs=parsed.jobs)
    worst = VALID
    reports: list[tuple[str, Report]] = []
    for name in parsed.files:
        try:
            report = _validate(name, options)
        except OSError as error:
            print(translate(N_("The file cannot be opened:")), f"{name}: {error.strerror}", file=sys.stderr)
            worst = UNREADABLE
            continue
        reports.append((name, report))
        worst = max(worst, UNREADABLE if report.unreadable else VALID if report.valid else INVALID)
    if reports:
        _write(reports, parsed.format, parsed.lang)
    return worst
