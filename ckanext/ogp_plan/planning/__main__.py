"""``python -m ckanext.ogp_plan.planning read FILE --family paac|ptep|cost|ogp``: a plan read without CKAN.

Ends with 0 when all was understood, 1 when something is asked, 2 when the file cannot be
read (the reason, the place and the remedy go to standard error).
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from ckanext.ogp_plan.planning import data, families
from ckanext.ogp_plan.planning.importers import Unreadable, read
from ckanext.ogp_plan.planning.output import to_dict, to_text
from ckanext.ogp_plan.planning.words.i18n import N_
from ckanext.ogp_plan.planning.words.render import Renderer


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m ckanext.ogp_plan.planning")
    commands = parser.add_subparsers(dest="command", required=True)
    command = commands.add_parser(
        "read", help=Renderer("es").translate(N_("read a document as a plan and say what was understood"))
    )
    command.add_argument("file", type=Path)
    command.add_argument("--family", required=True)
    command.add_argument("--layout")
    command.add_argument("--format", choices=("text", "json"), default="text")
    command.add_argument("--answers", type=Path)
    command.add_argument("--lang", default="es")
    command.add_argument("--schemas", type=Path, help=argparse.SUPPRESS)
    return parser


def _answers(path: Path | None) -> dict[str, str]:
    """Read a file of answers. :raises ValueError: it is no JSON object."""
    if path is None:
        return {}
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ValueError(f"{path.name}: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{path.name}: {error}") from error
    if not isinstance(found, dict):
        raise ValueError(path.name)
    return {str(question): str(answer) for question, answer in found.items()}


def main(arguments: list[str] | None = None) -> int:
    """Do what the command line says; return the exit code."""
    given = _parser().parse_args(arguments)
    words = Renderer(given.lang)
    try:
        answers = _answers(given.answers)
    except ValueError as error:
        text = N_("The file of answers is no JSON object of question and answer: %(reason)s")
        print(words.translate(text, {"reason": str(error)}), file=sys.stderr)
        return 2
    try:
        family = families.load(given.family, given.schemas)
        reading = read(given.file, given.family, given.layout, answers=answers, schemas=given.schemas)
    except Unreadable as error:
        _say_why(error, words)
        return 2
    except data.DataError as error:
        print(words.translate(N_("Not understood: %(reason)s"), {"reason": str(error)}), file=sys.stderr)
        return 2
    if given.format == "json":
        json.dump(to_dict(reading, given.lang, family), sys.stdout, ensure_ascii=False, indent=1)
        sys.stdout.write("\n")
    else:
        sys.stdout.write(to_text(reading, given.lang, family))
    return 1 if reading.act.asked else 0


def _say_why(error: Unreadable, words: Renderer) -> None:
    reason, remedy = words.reason(error)
    print(words.translate(N_("Not understood: %(reason)s"), {"reason": reason}), file=sys.stderr)
    place = words.place(error.place) or words.translate(N_("whole document"))
    print(words.translate(N_("Place: %(place)s"), {"place": place}), file=sys.stderr)
    print(words.translate(N_("What to do: %(remedy)s"), {"remedy": remedy}), file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
