"""Runs libcoveoc4ids over files, with its schema requests answered from a folder instead of the internet.

A program of its own, because libcoveoc4ids and its forty dependencies live in another virtual environment than CKAN::

    python libcove_worker.py REFERENCE                    lines of JSON in, lines of JSON out, until the input ends
    python libcove_worker.py REFERENCE --report FILE      the whole report on one file, printed, as its own command does

``REFERENCE`` holds ``<version>/project-package-schema.json``, ``project-schema.json`` and ``codelists/``.
A request is ``{"file": path}`` or ``{"json": text}``; the answer is one of::

    {"errors": [[keyword, path, detail], …], "closed": {path: [code, …]}, "open": {…}}
    {"crash": "ExceptionType: message"}                   libcoveoc4ids failed on the file

``path`` has slashes and indexes (``projects/0/period/endDate``); ``detail`` is the missing property of a ``required``
error, the format of a ``format`` error, the id(s) of a ``uniqueItems`` error, else an empty text.
"""

from __future__ import annotations

import io
import json
import re
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any, TextIO
from urllib.parse import urlparse

import requests

VERSION = "0.9.5"
#: every codelist file of the standard; fewer means that its checks would vanish without a word
CODELIST_FILES = 36


def serve_from(reference: Path) -> None:
    """Answer every ``requests.get`` of this process from ``reference``; anything else is an error, never a network call."""
    folder = reference / VERSION
    served: dict[str, bytes] = {path.name: path.read_bytes() for path in folder.glob("*.json")}
    served |= {path.name: path.read_bytes() for path in (folder / "codelists").glob("*.csv")}

    def get(url: str, **_ignored: Any) -> requests.Response:
        name = urlparse(url).path.rsplit("/", 1)[-1]
        response = requests.Response()
        response.url = url
        response.encoding = "utf-8"
        response.status_code = 200 if name in served else 404
        response.raw = io.BytesIO(served.get(name, b""))
        if name not in served:
            # a RequestException would be swallowed by the library, and its codelist checks with it
            raise AssertionError(f"libcoveoc4ids asked for an unknown address: {url}")
        return response

    requests.get = get


def loaded() -> Callable[..., dict[str, Any]]:
    """The report function, after proving that the codelists really arrive."""
    from libcoveoc4ids.api import oc4ids_json_output
    from libcoveoc4ids.config import LibCoveOC4IDSConfig
    from libcoveoc4ids.schema import SchemaOC4IDS

    config = LibCoveOC4IDSConfig()
    schema = SchemaOC4IDS(config)
    schema.process_codelists()
    empty = [name for name, codes in schema.core_codelists.items() if not codes]
    if len(schema.core_codelists) != CODELIST_FILES or empty:
        raise AssertionError(
            f"codelists not served: {len(schema.core_codelists)} of {CODELIST_FILES}, empty: {empty}"
        )

    def report(**source: Any) -> dict[str, Any]:
        return oc4ids_json_output(lib_cove_oc4ids_config=config, **source)

    return report


def errors_of(result: dict[str, Any]) -> list[list[str]]:
    """The schema errors of a libcoveoc4ids report as ``[keyword, path, detail]``, one for each place."""
    found = []
    for key, places in result["validation_errors"]:
        about = json.loads(key)
        keyword = about["validator"]
        for place in places:
            detail = ""
            if keyword == "required":
                match = re.match(r"'(.*)' is missing but required", about["message"], re.DOTALL)
                detail = match.group(1) if match else ""
            elif keyword == "format":
                detail = str(about["validator_value"])
            elif keyword == "uniqueItems":
                detail = str(place.get("value", ""))
            found.append([keyword, place["path"], detail])
    return found


def codes_of(values: dict[str, Any]) -> dict[str, list[str]]:
    """Unknown codes by path without indexes."""
    return {path: list(about["values"]) for path, about in values.items()}


def answer(report: Callable[..., dict[str, Any]], request: dict[str, Any]) -> dict[str, Any]:
    """Judge one request."""
    try:
        if "file" in request:
            result = report(file=request["file"])
        else:
            data = json.loads(request["json"])
            if not data:
                return {"crash": "nothing to validate"}
            result = report(json_data=data)
    except AssertionError:
        raise
    except Exception as error:
        place = traceback.extract_tb(error.__traceback__)[-1]
        return {
            "crash": f"{type(error).__name__}: {error} ({Path(place.filename).name}:{place.lineno})"[:500]
        }
    return {
        "errors": errors_of(result),
        "closed": codes_of(result["additional_closed_codelist_values"]),
        "open": codes_of(result["additional_open_codelist_values"]),
        "additional": sorted(result["additional_fields"]),
        "missing_ids": result.get("structure_warnings", {}).get("missing_ids", []),
        "checks": {
            check["check_id"]: check.get("paths") or [place["path"] for place in check["path_values"]]
            for check in result["additional_checks"] + result["conformance_checks"]
        },
    }


def serve(report: Callable[..., dict[str, Any]], lines: TextIO, out: TextIO) -> None:
    """One answer a line, until the input ends."""
    for line in lines:
        print(json.dumps(answer(report, json.loads(line))), file=out, flush=True)


def main(arguments: list[str]) -> int:
    """Command line; see the module."""
    sys.setrecursionlimit(20_000)
    serve_from(Path(arguments[0]))
    report = loaded()
    if len(arguments) == 3 and arguments[1] == "--report":
        json.dump(report(file=arguments[2]), sys.stdout, default=str)
        return 0
    print(json.dumps({"ready": VERSION}), flush=True)
    serve(report, sys.stdin, sys.stdout)
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
