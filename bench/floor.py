"""What nobody who validates can go under: orjson and jsonschema-rs alone, every error counted, collector off.

``python bench/floor.py PROJECT_SCHEMA PACKAGE_SCHEMA FILE`` prints how many projects and errors there were.
"""

from __future__ import annotations

import gc
import sys
from pathlib import Path

import jsonschema_rs
import orjson


def main(project_schema: str, package_schema: str, file: str) -> None:
    gc.disable()
    project = jsonschema_rs.Draft4Validator(
        orjson.loads(Path(project_schema).read_bytes()), validate_formats=True
    )
    shell = orjson.loads(Path(package_schema).read_bytes())
    # an error at the root of a large package copies it: the shell is validated apart, as anybody would
    shell["properties"]["projects"] = {"type": "array"}
    package = orjson.loads(Path(file).read_bytes())
    projects = package.pop("projects")
    around = jsonschema_rs.Draft4Validator(shell, validate_formats=True)
    errors = sum(1 for _ in around.iter_errors({**package, "projects": []}))
    errors += sum(1 for each in projects for _ in project.iter_errors(each))
    print(len(projects), errors)


if __name__ == "__main__":
    main(*sys.argv[1:])
