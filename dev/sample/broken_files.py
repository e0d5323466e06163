"""Write the files of ``con_errores/`` again: ``python dev/sample/broken_files.py``.

Each is one correct file (``base`` in ``muestra.yaml``) with one mistake, which stands beside its title and its remedy
in ``muestra.yaml``. All other files of this folder are written by hand. A test compares the files with this program.
"""

from __future__ import annotations

import json
from copy import deepcopy
from pathlib import Path
from typing import Any

import yaml

HERE = Path(__file__).parent


def manifest() -> dict[str, Any]:
    """Return ``muestra.yaml``."""
    found: dict[str, Any] = yaml.safe_load((HERE / "muestra.yaml").read_text(encoding="utf-8"))
    return found


def encode(value: Any) -> str:
    """Return a value as the JSON text of the sample files."""
    return json.dumps(value, ensure_ascii=False, indent=2) + "\n"


def _resolve(document: Any, path: str) -> tuple[Any, Any]:
    """Return the object or array that a JSON Pointer (RFC 6901) leads to, and the key or index in it."""
    *parents, last = path.split("/")[1:]
    for part in parents:
        document = document[int(part) if isinstance(document, list) else part]
    return document, int(last) if isinstance(document, list) else last


def apply_patch(document: Any, patch: list[dict[str, Any]]) -> Any:
    """Return a copy of a document with a JSON Patch applied.

    :param patch: operations of RFC 6902, but for ``test``; pointers without ``~`` and ``-``.
    :raises ValueError: an operation is unknown.
    :raises LookupError: a pointer leads nowhere.
    """
    changed = deepcopy(document)
    for operation in patch:
        name, value = operation["op"], operation.get("value")
        if name in {"copy", "move"}:
            source, key = _resolve(changed, operation["from"])
            value = deepcopy(source[key])
            if name == "move":
                del source[key]
        target, key = _resolve(changed, operation["path"])
        if name == "remove":
            del target[key]
        elif name == "replace":
            target[key]  # raises where there is nothing to replace
            target[key] = value
        elif name not in {"add", "copy", "move"}:
            raise ValueError(name)
        elif isinstance(target, list):
            target.insert(key, value)
        else:
            target[key] = value
    return changed


def broken_files() -> dict[str, bytes]:
    """Return the content of each file that is made of another, by its path in this folder."""
    listed = manifest()
    source = json.loads((HERE / listed["base"]["file"]).read_text(encoding="utf-8"))
    base = apply_patch(source, listed["base"]["patch"])
    made = {}
    for entry in listed["broken"]:
        if "copy" in entry:
            made[entry["file"]] = (HERE / entry["copy"]).read_bytes()
        elif {"patch", "text", "encoding", "size"} & set(entry):
            text = encode(apply_patch(base, entry.get("patch", [])))
            if "text" in entry:
                old, new = entry["text"]
                text = text.replace(old, new, 1)
            content = text.encode(entry.get("encoding", "utf-8"), "replace")
            made[entry["file"]] = content[: entry.get("size")]
    return made


def main() -> None:
    """Write the files."""
    for name, content in broken_files().items():
        (HERE / name).write_bytes(content)


if __name__ == "__main__":
    main()
